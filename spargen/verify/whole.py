"""What only several rows together show: rows that contradict each other, options that are nobody's answer, shares."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from spargen.run.naming import Cell
from spargen.verify.bounds import Bounds
from spargen.verify.judge import Verdict
from spargen.verify.layout import LAYOUTS
from spargen.verify.record import ONE_OBJECT
from spargen.verify.row import Halt, Row
from spargen.verify.site import Site

VERTICAL = 1
"""Position of above / below in tuples."""
MOST_ALONE = 0.1
"""Largest share of a cell's sets whose marks one image alone shows."""
SHARED = ("depth_prediction", "distance_prediction", "camera_motion")
"""Tasks whose options are true answers of other rows. A scene has one floor, so areas are made up."""
CUT = 3
"""Rows of a cell and scene that may offer an answer of no row: four rows share their options, and a quota cuts the last
four short."""


@dataclass(slots=True)
class Counts:
    """What is counted over the rows of a cell."""

    rows: int = 0
    varied: int = 0
    vertical: int = 0
    alone: int = 0

    def note(self, record: Mapping[str, Any], site: Site, cell: Cell, verdict: Verdict) -> None:
        """Count one row."""
        self.rows += 1
        self.varied += bool(verdict.varied)
        self.vertical += VERTICAL in (verdict.varied or {})
        layout = LAYOUTS[cell.task]
        if layout.images == "multi" and layout.kind and cell.task not in ONE_OBJECT and verdict.kind == "right":
            row = Row(record, site, cell.task, cell.form, layout)
            try:
                shows = (all(site.share(f, t) >= site.bounds.seen_share for t in row.things) for f in row.frames)
                self.alone += any(shows)
            except Halt:  # a row that is right by another reading of its marks
                return

    def add(self, other: Counts) -> None:
        """Add those of another scene."""
        self.rows += other.rows
        self.varied += other.varied
        self.vertical += other.vertical
        self.alone += other.alone


def check_cell(task: str, counts: Counts, bounds: Bounds) -> list[str]:
    """Say what is wrong with a cell as a whole."""
    found = []
    if counts.varied and counts.vertical > math.ceil(bounds.height_share * counts.varied):
        found.append(f"above / below is varied or claimed in {counts.vertical} of {counts.varied} rows of {task}")
    if counts.alone > MOST_ALONE * counts.rows + 1:
        found.append(f"one image alone shows all that is marked in {counts.alone} of {counts.rows} sets of {task}")
    return found


def refuse_twins(verdict: Verdict, record: Mapping[str, Any], cell: Cell, seen: dict[int, int]) -> Verdict:
    """Return a verdict, or that a row of the cell has its id, or asks the same and answers otherwise."""
    apart = {key: value for key, value in record.items() if key not in ("id", "conversations")}
    question, said = _turns(record)
    asked = hash((cell, question, orjson.dumps(apart, option=orjson.OPT_SORT_KEYS)))
    answer = hash(said)
    name = hash((cell, str(record.get("id"))))
    if name in seen:
        return Verdict("wrong", ("its id stands twice", *verdict.why))
    seen[name] = answer
    if seen.setdefault(asked, answer) != answer:
        return Verdict("wrong", ("another row asks the same and answers otherwise", *verdict.why))
    return verdict


def is_shared(cell: Cell) -> bool:
    """Tell whether options of a cell's rows are answers of other rows of it."""
    return cell.form == "select" and cell.task in LAYOUTS and cell.task.startswith(SHARED)


def shared_answers(read: Callable[[], Iterable[tuple[Cell, Mapping[str, Any]]]]) -> dict[Cell, set[str]]:
    """Return what rows answer, in cells of which more than `CUT` rows offer an option that is no row's answer.

    `read` reads the rows of a scene whose cells share options, from the first on whenever it is called.
    """
    known: dict[Cell, set[str]] = {}
    for cell, record in read():
        known.setdefault(cell, set()).add(_plain(_options(record).get(_turns(record)[1], "")))
    rows = Counter(cell for cell, record in read() if _foreign(record, known[cell]))
    return {cell: answers for cell, answers in known.items() if rows[cell] > CUT}


def _foreign(record: Mapping[str, Any], known: set[str]) -> list[str]:
    return [option for option in _options(record).values() if _plain(option) not in known]


def refuse_foreign(verdict: Verdict, record: Mapping[str, Any], known: set[str]) -> Verdict:
    """Return a verdict, or that a row offers an option that is not among the answers known."""
    foreign = _foreign(record, known)
    if not foreign or verdict.kind in ("wrong", "unread"):
        return verdict
    return Verdict("wrong", (f"options that are no row's answer: {foreign}",), verdict.varied)


def _options(record: Mapping[str, Any]) -> dict[str, str]:
    return dict(re.findall(r"^([A-Z])\. (.*)$", _turns(record)[0], re.MULTILINE))


def _turns(record: Mapping[str, Any]) -> tuple[str, str]:
    """Return question and answer, as far as the record has them."""
    try:
        human, gpt = record["conversations"]
        return str(human["value"]), str(gpt["value"])
    except (KeyError, TypeError, ValueError):
        return "", ""


def _plain(option: str) -> str:
    """Return an option without the depth that all of a row's options share."""
    return option.partition(", Depth")[0]
