"""One kind of question judged: what blind models reach in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from spargen.audit.amounts import Amounts, AmountTrial, all_amounts
from spargen.audit.blind import SCENES, Blind, ChoiceTrial
from spargen.audit.choices import Choices, choices_of, in_arrays
from spargen.audit.learn import one_thread
from spargen.audit.tree import Asked, Tree, TreeRow
from spargen.seeds import digest, rng_for

ROWS = 4000
"""Rows of a cell that blind models learn from and are asked: with more, errors under a point become smaller still."""
CHANCE = ("select", "judge")
"""Forms whose answers are drawn from what the question offers, so that a guess is worth a known share."""


@dataclass(slots=True)
class CellAudit:
    """What was found in one kind of question.

    Parameters
    ----------
    task, form : which one.
    rows, scenes : how many there are.
    sampled : rows that the models saw.
    metric : what they were measured by; "" if they were not.
    why_not : why they were not.
    text, marks : what is reached by text, and by text and the coordinates of marks.
    control : what is reached, by text and marks, where answers were shuffled.
    """

    task: str
    form: str
    rows: int = 0
    scenes: int = 0
    sampled: int = 0
    metric: str = ""
    why_not: str = ""
    text: Blind | None = None
    marks: Blind | None = None
    control: Blind | None = None

    def fails_above(self, points: float) -> bool:
        """Tell whether a select or judge cell gains more than so many points by text, by over two standard errors."""
        return self.form in CHANCE and self.text is not None and self.text.exceeds(points)

    @property
    def control_found(self) -> bool:
        """Whether something was found where there is nothing: more than four standard errors, as one in 30,000."""
        return self.control is not None and self.control.gain > max(4 * self.control.error, 0.01)

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        levels = {"text": self.text, "text and marks": self.marks, "shuffled": self.control}
        return {
            "task": self.task,
            "form": self.form,
            "rows": self.rows,
            "scenes": self.scenes,
            "sampled": self.sampled,
            "metric": self.metric,
            "why_not": self.why_not,
            "blind": {name: found.as_json() for name, found in levels.items() if found is not None},
        }


def audit_cell(tree: Tree, asked: Asked, seed: int) -> CellAudit:
    """Read the rows of one kind of question, and judge them."""
    found = CellAudit(*asked)
    places: set[str] = set()

    def noted() -> Iterator[TreeRow]:
        for row in tree.rows(asked):
            found.rows += 1
            places.add(row.place)
            yield row

    rows = nsmallest(ROWS, noted(), key=lambda row: digest(seed, row.place, row.id))
    found.scenes, found.sampled = len(places), len(rows)
    if asked.form == "sentence":
        found.why_not = "sentences are not judged blind"
    elif found.scenes < SCENES:
        found.why_not = f"only {found.scenes} scenes"
    else:
        _judge(found, rows, seed)
    return found


def _judge(found: CellAudit, rows: Sequence[TreeRow], seed: int) -> None:
    with one_thread():
        found.metric, cell = _measured(found.form, rows)
        if cell is None:
            found.why_not = "its answers are neither choices nor numbers"
            return
        trial = _trial(cell, seed)
        found.text, found.marks = trial.run(marks=False), trial.run(marks=True)
        shuffled = cell.shuffled(rng_for("control", seed, found.task, found.form))
        found.control = _trial(shuffled, seed).run(marks=True)


def _measured(form: str, rows: Sequence[TreeRow]) -> tuple[str, Choices | Amounts | None]:
    """Return by what rows are measured, and the rows as choices or as numbers."""
    choices = [choices_of(row, form) for row in rows]
    if sum(map(bool, choices)) >= 0.95 * len(rows):
        metric = "accuracy" if max(map(len, choices)) == 1 else "pairs in order"
        return metric, in_arrays(
            [one for each in choices for one in each], "yes or no" if form == "judge" else "choice"
        )
    amounts = all_amounts(rows) if form == "fill" else None
    return "MRA" if amounts else "", amounts


def _trial(cell: Choices | Amounts, seed: int) -> ChoiceTrial | AmountTrial:
    return ChoiceTrial(cell, seed) if isinstance(cell, Choices) else AmountTrial(cell, seed)
