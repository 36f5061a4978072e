"""One kind of question judged: what blind models reach in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any

import numpy as np

from spargen.audit.amounts import Amounts, AmountTrial, all_amounts
from spargen.audit.blind import SCENES, Blind, ChoiceTrial
from spargen.audit.choices import Choices, choices_of, in_arrays
from spargen.audit.counts import Counts
from spargen.audit.learn import one_thread
from spargen.audit.lore import Lore
from spargen.audit.models import Lesson
from spargen.audit.tree import Asked, Tree, TreeRow
from spargen.audit.used import Weights, features_used, rule_used, words_used
from spargen.seeds import hashed, rng_for

ROWS = 4000
"""Rows of a cell that blind models learn from and are asked: with more, errors under a point become smaller still."""
CHANCE = ("select", "judge")
"""Forms whose answers are drawn from what the question offers, so that a guess is worth a known share."""


PARSED = 0.95
"""A cell is judged as choices, or as numbers, if this share of its answers can be read so."""
WORST = 3
"""Rows that are shown of a cell, each of another scene."""


@dataclass(slots=True)
class CellAudit:
    """What was found in one kind of question.

    Parameters
    ----------
    task, form : which one.
    counts : what was counted over all rows.
    sampled : rows that the models saw.
    metric : what they were measured by; "" if they were not.
    why_not : why they were not.
    text, marks : what is reached by text, and by text and the coordinates of marks.
    control : what is reached, by text and marks, where answers were shuffled.
    rule, features, words : what the text is used by: see `spargen.audit.used`; nothing where it gains nothing.
    worst : rows that are right without looking, the surest ones.
    """

    task: str
    form: str
    counts: Counts = field(default_factory=Counts)
    sampled: int = 0
    metric: str = ""
    why_not: str = ""
    text: Blind | None = None
    marks: Blind | None = None
    control: Blind | None = None
    rule: str = ""
    features: Weights = field(default_factory=list)
    words: Weights = field(default_factory=list)
    worst: list[TreeRow] = field(default_factory=list)

    @property
    def name(self) -> Asked:
        """Its task and form."""
        return Asked(self.task, self.form)

    @property
    def scenes(self) -> int:
        """In how many places it is asked."""
        return len(self.counts.places)

    @property
    def levels(self) -> dict[str, Blind]:
        """What was reached, by what was seen; nothing if it was not judged."""
        found = {"text": self.text, "text and marks": self.marks, "shuffled": self.control}
        return {name: blind for name, blind in found.items() if blind is not None}

    def fails_above(self, points: float) -> bool:
        """Tell whether a select or judge cell gains more than so many points by text, by over two standard errors."""
        return self.form in CHANCE and self.text is not None and self.text.exceeds(points)

    @property
    def control_found(self) -> bool:
        """Whether something was found where there is nothing: more than four standard errors, as one in 30,000."""
        return self.control is not None and self.control.gain > max(4 * self.control.error, 0.01)

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {
            "task": self.task,
            "form": self.form,
            "rows": self.counts.rows,
            "scenes": self.scenes,
            "sampled": self.sampled,
            "metric": self.metric,
            "why_not": self.why_not,
            "blind": {name: found.as_json() for name, found in self.levels.items()},
            "rule": self.rule,
            "features": self.features,
            "words": self.words,
            "worst": [row.id for row in self.worst],
            "counts": self.counts.as_json(),
        }


def audit_cell(tree: Tree, asked: Asked, seed: int, lore: Lore) -> CellAudit:
    """Read the rows of one kind of question, and judge them; `lore` is what other cells tell of labels."""
    found = CellAudit(*asked)
    rows = nsmallest(ROWS, _noted(tree, asked, found.counts), key=lambda row: hashed(seed, row.place, row.id))
    found.sampled = len(rows)
    if asked.form == "sentence":
        found.why_not = "sentences are not judged blind"
    elif found.scenes < SCENES:
        found.why_not = f"only {found.scenes} scenes"
    else:
        with one_thread():
            _judge(found, rows, seed, lore)
    return found


def _noted(tree: Tree, asked: Asked, counts: Counts) -> Iterator[TreeRow]:
    for row in tree.rows(asked):
        counts.note(row, asked.form)
        yield row


def _judge(found: CellAudit, rows: Sequence[TreeRow], seed: int, lore: Lore) -> None:
    found.metric, cell, asked = _measured(found.form, rows, lore)
    if cell is None:
        found.why_not = "its answers are neither choices nor numbers"
        return
    trial = _trial(cell, seed)
    found.text, found.marks = trial.run(marks=False), trial.run(marks=True)
    shuffled = cell.shuffled(rng_for("control", seed, found.task, found.form))
    found.control = _trial(shuffled, seed).run(marks=True)
    if found.text.exceeds(0):
        lesson = trial.lesson(marks=False)
        found.features = features_used(lesson)
        if isinstance(lesson, Lesson):
            found.rule = rule_used(lesson) if lesson.choices.kind == "choice" else ""
            found.words = words_used(lesson)
        found.worst = _surest(found.text, asked)


def _measured(
    form: str, rows: Sequence[TreeRow], lore: Lore
) -> tuple[str, Choices | Amounts | None, Sequence[TreeRow]]:
    """Return by what rows are measured, the rows as choices or as numbers, and the row of each of those."""
    choices = [(row, one) for row in rows for one in choices_of(row, form)]
    answered = len({id(row) for row, _ in choices})
    if answered >= PARSED * len(rows):
        cell = in_arrays([one for _, one in choices], "yes or no" if form == "judge" else "choice", lore)
        return "accuracy" if answered == len(choices) else "pairs in order", cell, [row for row, _ in choices]
    found = all_amounts(rows) if form == "fill" else None
    return ("MRA", *found) if found else ("", None, [])


def _trial(cell: Choices | Amounts, seed: int) -> ChoiceTrial | AmountTrial:
    return ChoiceTrial(cell, seed) if isinstance(cell, Choices) else AmountTrial(cell, seed)


def _surest(blind: Blind, rows: Sequence[TreeRow]) -> list[TreeRow]:
    """Return the rows that were most surely right, each of another scene."""
    found: dict[str, TreeRow] = {}
    for i in np.argsort(-np.where(blind.rows > blind.rows.mean(), blind.sure, -np.inf), kind="stable"):
        found.setdefault(rows[i].place, rows[i])
        if len(found) == WORST:
            break
    return list(found.values())
