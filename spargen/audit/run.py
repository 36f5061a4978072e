"""The audit of a tree: all its kinds of question, spread over processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson

from spargen.audit.blind import SCENES
from spargen.audit.cell import CellAudit, audit_cell
from spargen.audit.learn import sklearn
from spargen.audit.tree import Asked, Tree
from spargen.errors import OutputError, SpargenError
from spargen.run.executors import WorkerLostError, run_each

Watch = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in a tree.

    Parameters
    ----------
    root : the tree.
    seed : of all draws.
    cells : by task and form.
    """

    root: Path
    seed: int
    cells: Sequence[CellAudit]

    def failing(self, points: float) -> list[CellAudit]:
        """Return the select and judge cells that gain more than so many points by text alone."""
        return [cell for cell in self.cells if cell.fails_above(points)]

    def as_json(self) -> bytes:
        """Return everything as indented JSON."""
        found = {"tree": self.root.name, "seed": self.seed, "cells": [cell.as_json() for cell in self.cells]}
        return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def audit(root: Path, *, seed: int = 0, workers: int = 1, watch: Watch = lambda *_: None) -> Audit:
    """Judge a SPAR-layout tree by its rows alone.

    Parameters
    ----------
    root : an output of spargen, or any folder with ``<dataset>/qa_jsonl/<split>/<task>/<form>/*.jsonl``.
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
    tree = Tree(root)
    found: dict[Asked, CellAudit] = {}
    for asked, cell in run_each(partial(_audit_cell, tree, seed), tree.asked, workers=workers):
        if isinstance(cell, WorkerLostError):
            raise SpargenError(f"this was not judged: {cell}", where=str(asked), mend="use fewer --workers")
        found[asked] = cell
        watch(len(found), len(tree.asked), str(asked))
    most = max(cell.scenes for cell in found.values())
    if most < SCENES:
        what = f"the rows are of {most} scenes: what is learnt in so few says nothing of others"
        raise OutputError(what, where=root, mend=f"generate {SCENES} scenes or more")
    return Audit(root, seed, [found[asked] for asked in tree.asked])


def _audit_cell(tree: Tree, seed: int, asked: Asked) -> CellAudit:
    return audit_cell(tree, asked, seed)
