"""How another tree's rows differ: answers, labels and lengths of questions, kind by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from spargen.audit.counts import Counts
from spargen.audit.tree import Asked, Tree
from spargen.gallery.figures import Histogram

ROWS = 20_000
"""Rows of a kind that are read of the other tree: the first ones, whose order is that of a hash in trees like ours."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Total variation distances to another tree, from 0 (alike) to 1 (nothing in common); None where one has none.

    Parameters
    ----------
    rows : of the other tree, as many as were read.
    answers, labels, pairs, lengths : of answers, labels and pairs of labels that questions name, lengths of questions.
    """

    rows: int
    answers: float | None
    labels: float | None
    pairs: float | None
    lengths: float | None

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return asdict(self)


def counts_of(tree: Tree, asked: Asked) -> Counts:
    """Return the counts of the first rows of one kind of question."""
    counts = Counts()
    for row in islice(tree.rows(asked), ROWS):
        counts.note(row, asked.form)
    return counts


def difference(ours: Counts, theirs: Counts) -> Difference:
    """Compare two trees in one kind of question."""
    answers = _apart(ours.answers, theirs.answers)
    return Difference(
        theirs.rows,
        histograms_apart(ours.numbers, theirs.numbers) if answers is None else answers,
        _apart(ours.labels, theirs.labels),
        _apart(ours.pairs, theirs.pairs),
        histograms_apart(ours.lengths, theirs.lengths),
    )


def histograms_apart(a: Histogram, b: Histogram) -> float | None:
    """Return the total variation distance of two histograms, in the steps of the coarser one."""
    step = max(a.step, b.step)
    return _apart(*(_in_steps(one, step) for one in (a, b)))


def _in_steps(histogram: Histogram, step: float) -> Counter[int]:
    times, found = round(step / histogram.step), Counter[int]()
    for place, count in histogram.counts.items():
        found[place // times] += count
    return found


def _apart(a: Mapping[Any, int], b: Mapping[Any, int]) -> float | None:
    one, other = sum(a.values()), sum(b.values())
    if not one or not other:
        return None
    return round(sum(abs(a.get(key, 0) / one - b.get(key, 0) / other) for key in a.keys() | b.keys()) / 2, 4)
