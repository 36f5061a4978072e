"""The audit of a tree: all its kinds of question, spread over processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import orjson

from spargen.audit.against import Difference, counts_of, difference
from spargen.audit.blind import SCENES
from spargen.audit.cell import CHANCE, CellAudit, audit_cell
from spargen.audit.counts import asked_twice, holm
from spargen.audit.learn import sklearn
from spargen.audit.lore import Lore, gather
from spargen.audit.tree import Asked, Tree
from spargen.errors import OutputError, SpargenError
from spargen.run.executors import WorkerLostError, run_each

Watch = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in a tree.

    Parameters
    ----------
    root, has_facts : the tree, and whether its rows have facts.
    seed : of all draws.
    cells : by task and form.
    other, against : name of another tree, and how it differs, by task and form; "" and nothing without one.
    """

    root: Path
    has_facts: bool
    seed: int
    cells: Sequence[CellAudit]
    other: str
    against: Mapping[Asked, Difference]

    def failing(self, points: float) -> list[CellAudit]:
        """Return the select and judge cells that gain more than so many points by text alone."""
        return [cell for cell in self.cells if cell.fails_above(points)]

    @property
    def uneven(self) -> dict[Asked, float]:
        """How likely right letters, or Yes and No, are as uneven as they are, adjusted for the number of cells."""
        found = {cell.name: cell.counts.p_value for cell in self.cells}
        return holm({name: p for name, p in found.items() if p is not None})

    @property
    def asked_twice(self) -> dict[str, float]:
        """The share of the facts of select and judge rows that fill and sentence rows ask as well, by task."""
        found = {}
        for task in dict.fromkeys(cell.task for cell in self.cells):
            of_task = [cell for cell in self.cells if cell.task == task]
            chosen, told = ([c.counts for c in of_task if (c.form in CHANCE) is drawn] for drawn in (True, False))
            if (share := asked_twice(chosen, told)) is not None:
                found[task] = share
        return found

    def as_json(self) -> bytes:
        """Return everything as indented JSON."""
        uneven = self.uneven
        found = {
            "tree": self.root.name,
            "seed": self.seed,
            "cells": [{**cell.as_json(), "uneven_p": uneven.get(cell.name)} for cell in self.cells],
            "asked_in_two_forms": self.asked_twice,
            "against": {str(name): found.as_json() for name, found in self.against.items()},
        }
        return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def audit(
    root: Path, *, against: Path | None = None, seed: int = 0, workers: int = 1, watch: Watch = lambda *_: None
) -> Audit:
    """Judge a SPAR-layout tree by its rows alone.

    Parameters
    ----------
    root : an output of spargen, or any folder with ``<dataset>/qa_jsonl/<split>/<task>/<form>/*.jsonl``.
    against : another such tree, whose answers, labels and questions are compared.
    seed : of the folds, the samples and the shuffled answers; the same seed gives the same bytes.
    workers : processes.
    watch : called after each kind of question with how many are done, how many there are, and its name.

    Raises
    ------
    OutputError
        If there is no such tree, a line is damaged, or no kind of question stands on ten scenes.
    JobError
        If scikit-learn is not installed.
    """
    sklearn("base")
    tree, other = Tree(root), None if against is None else Tree(against)
    found: dict[Asked, CellAudit] = {}
    for asked, cell in run_each(_Judge(tree, seed), tree.asked, workers=workers):
        if isinstance(cell, WorkerLostError):
            raise SpargenError(f"this was not judged: {cell}", where=str(asked), mend="use fewer --workers")
        found[asked] = cell
        watch(len(found), len(tree.asked), str(asked))
    most = max(cell.scenes for cell in found.values())
    if most < SCENES:
        what = f"the rows are of {most} scenes: what is learnt in so few says nothing of others"
        raise OutputError(what, where=root, mend=f"generate {SCENES} scenes or more")
    common = [asked for asked in tree.asked if other is not None and asked in other.asked]
    apart = {asked: difference(found[asked].counts, counts_of(other, asked)) for asked in common if other is not None}
    cells = [found[asked] for asked in tree.asked]
    return Audit(root, tree.has_facts, seed, cells, "" if against is None else against.name, apart)


class _Judge:
    """Judges one kind of question after another; each process gathers what all cells tell of labels once."""

    def __init__(self, tree: Tree, seed: int) -> None:
        self._tree, self._seed = tree, seed

    def __call__(self, asked: Asked) -> CellAudit:
        return audit_cell(self._tree, asked, self._seed, self._lore)

    @cached_property
    def _lore(self) -> Lore:
        return gather(self._tree)
