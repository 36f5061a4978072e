"""Replies as the `sparbench` task of lmms-eval reads them (snapshot 75571cf), oddities included.

- A letter is right if the reply begins with it, in either case, or is empty.
- A number is the first one of the reply, without its sign and not right after a ``^``; for the four tasks that ask for
  depths and distances in several images the last one.
- A change of view must be ``key:number`` between all its commas, else it is worth nothing. Errors are counted as a
  share of the *reply*, so a reply that is too large loses less than one that is too small.
"""

from __future__ import annotations

import re

from spargen.bench.metrics import five_axes, mean_relative_accuracy, metric_of
from spargen.bench.row import BenchRow

NOT_IN_A_LEVEL = frozenset({"view_change_infer"})
"""Its levels are matched by names of columns, and that of this task does not fit: it counts in the total alone."""
_LAST_NUMBER = (
    "depth_prediction_oc_mv",
    "depth_prediction_oo_mv",
    "distance_prediction_oc_mv",
    "distance_prediction_oo_mv",
)
_NUMBER = re.compile(r"(?<!\^)\d+(?:\.\d+)?")


def score(reply: str, row: BenchRow) -> float:
    """Score a reply, between 0 and 1."""
    match metric_of(row.form, row.answer):
        case "five axes":
            return moves(reply, row.answer)
        case "MRA":
            return number(reply, row.answer, row.task)
        case _:
            return letter(reply, row.answer)


def letter(reply: str, truth: str) -> float:
    """Score the reply to a question with options."""
    return float(reply.lower()[:1] in ("", truth.lower()))


def number(reply: str, truth: str, task: str) -> float:
    """Score the reply to a question for a number."""
    found = _NUMBER.findall(reply)
    if not found:
        return 0.0
    return mean_relative_accuracy(float(found[-1 if task in _LAST_NUMBER else 0]), float(truth))


def moves(reply: str, truth: str) -> float:
    """Score the reply to a question for a change of view."""
    try:
        given, true = _moves(reply), _moves(truth)
    except ValueError:
        return 0.0
    return five_axes(true, given)


def _moves(text: str) -> dict[str, float]:
    """Read a change of view; `ValueError` where an item is not one word, one colon and one number."""
    items = (item.split(":") for item in text.split(","))
    return {word: float(value) for word, value in items}
