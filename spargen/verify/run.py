"""Checks every row of an output folder, scene by scene, by the second path, and tells how many are right."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from spargen.errors import OutputError, SceneError
from spargen.run.executors import WorkerLostError, run_each
from spargen.run.ledger import read_run
from spargen.run.naming import Cell, images_folder
from spargen.run.raw import RawScene, raw_scenes
from spargen.verify.bounds import Bounds
from spargen.verify.judge import KINDS, Kind, Verdict, judge
from spargen.verify.layout import LAYOUTS
from spargen.verify.lexicon import Lexicon
from spargen.verify.own import load_checks
from spargen.verify.rows import RowIndex, index_rows, read_rows
from spargen.verify.site import Site
from spargen.verify.whole import Counts, check_cell, is_shared, refuse_foreign, refuse_twins, shared_answers

TOLD = 20
"""Findings that a terminal shows."""
LISTED = 100
"""Rows of a cell that are told with what is wrong, of each scene and over all."""
Watch = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that is not right, or a cell that is not (then `row` is "")."""

    cell: Cell
    row: str
    kind: Kind
    why: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}: {self.cell} {self.row}: {'; '.join(self.why)}"


@dataclass(slots=True)
class CellResult:
    """Rows of one cell by verdict, and what is counted over all of them."""

    rows: Counter[str] = field(default_factory=Counter)
    counts: Counts = field(default_factory=Counts)

    def add(self, other: CellResult) -> None:
        """Add the rows of another scene."""
        self.rows.update(other.rows)
        self.counts.add(other.counts)


@dataclass(slots=True)
class VerifyReport:
    """What was found.

    Parameters
    ----------
    cells : rows by cell and verdict. findings : those that are not right, at most `LISTED` of a cell.
    faults : what is wrong with whole cells. complete : whether all rows were looked at. lost : scenes with rows that
    could not be read.
    """

    cells: dict[Cell, CellResult] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)
    complete: bool = True
    lost: list[str] = field(default_factory=list)

    def total(self, kind: Kind) -> int:
        """Return how many rows have a verdict."""
        return sum(cell.rows[kind] for cell in self.cells.values())

    @property
    def ok(self) -> bool:
        """Whether no row and no cell is wrong."""
        return not self.total("wrong") and not self.faults

    def totals(self) -> dict[Kind, int]:
        """Return how many rows have each verdict."""
        return {kind: self.total(kind) for kind in KINDS}

    def by_form(self) -> dict[tuple[str, str], dict[Kind, int]]:
        """Return rows by (task, form) and verdict, those of all data sets and splits together."""
        found: dict[tuple[str, str], dict[Kind, int]] = {}
        for cell, result in sorted(self.cells.items()):
            at = found.setdefault((cell.task, cell.form), dict.fromkeys(KINDS, 0))
            for kind in KINDS:
                at[kind] += result.rows[kind]
        return found

    def told(self) -> list[str]:
        """Say what is wrong, the worst first, and not more than a person reads."""
        order = {"wrong": 0, "ambiguous": 1, "unread": 2, "right": 3}
        every = [*self.faults, *sorted(self.findings, key=lambda finding: order[finding.kind])]
        lines = [str(finding) for finding in every[:TOLD]]
        if len(every) > TOLD:
            lines.append("and more: see --json")
        return lines

    def as_json(self) -> bytes:
        """Return everything as JSON, indented."""
        rows = [
            {"dataset": c.dataset, "split": c.split, "task": c.task, "form": c.form, **_numbers(result)}
            for c, result in sorted(self.cells.items())
        ]
        found = [
            {"cell": str(f.cell), "row": f.row, "verdict": f.kind, "why": list(f.why)}
            for f in (*self.faults, *self.findings)
        ]
        whole = {"ok": self.ok, "complete": self.complete, "lost": self.lost, "rows": self.totals()}
        whole |= {"cells": rows, "findings": found}
        return orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _numbers(result: CellResult) -> dict[str, int]:
    return {"rows": result.rows.total(), **{kind: result.rows[kind] for kind in KINDS}}


@dataclass(frozen=True, slots=True)
class _Work:
    """One scene with its rows."""

    raw: RawScene
    bounds: Bounds
    plugins: Sequence[str]
    files: Mapping[Cell, Path]
    places: array[int]
    images: Path | None
    fail_fast: bool
    whole: bool


@dataclass(slots=True)
class _Found:
    cells: dict[Cell, CellResult] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    lost: str = ""


def verify_rows(
    out: Path,
    *,
    data: Mapping[str, Path] | None = None,
    workers: int = 1,
    sample: int | None = None,
    fail_fast: bool = False,
    trust: bool = False,
    watch: Watch | None = None,
) -> VerifyReport:
    """Work the answer of every row out again, from its words and marks and from the raw scene, and compare.

    Parameters
    ----------
    out : a finished output folder.
    data : where data sets lie now, by the names of their folders in the output; where the run found them by default.
    workers : scenes at a time.
    sample : only so many rows of each cell.
    fail_fast : stop at the first wrong row.
    trust : whether code may be run that the folder names: its own adapters, and its tasks with their checks.
    watch : called after each scene with its name, how many are done, and how many there are.

    Raises
    ------
    OutputError, JobError
        If the folder is no output, or a data set is not where it should be.
    PluginError
        If a file of tasks cannot be run, or the check that a task brings fails or is no task's.
    """
    run, index = read_run(out), index_rows(out, sample)
    bounds = Bounds.of(run.identity["settings"])
    report = VerifyReport({cell: CellResult() for cell in index.files})
    report.faults = [Finding(cell, "", "wrong", (what,)) for cell, what in index.faults]
    raw = {(found.dataset, found.scene): found for found in raw_scenes(run, data or {}, trust=trust)}
    plugins = run.plugins if trust else ()
    works = list(_works(out, raw, index, bounds, plugins, fail_fast=fail_fast, whole=sample is None))
    for done, (work, found) in enumerate(run_each(_verify_scene, works, workers=workers), start=1):
        if isinstance(found, WorkerLostError):
            where, mend = f"{work.raw.dataset}/{work.raw.scene}", "give it more memory, or fewer --workers"
            raise OutputError(str(found), where=where, mend=mend)
        _add(report, found)
        if found.lost:
            report.lost.append(f"{work.raw.dataset}/{work.raw.scene}")
        if watch:
            watch(f"{work.raw.dataset}/{work.raw.scene}", done, len(works))
        if fail_fast and not report.ok:
            report.complete = False
            return report
    if sample is None:
        for cell, result in report.cells.items():
            report.faults += [
                Finding(cell, "", "wrong", (what,)) for what in check_cell(cell.task, result.counts, bounds)
            ]
    report.complete = sample is None
    return report


def _add(report: VerifyReport, found: _Found) -> None:
    listed = Counter(finding.cell for finding in report.findings)
    for cell, result in found.cells.items():
        report.cells[cell].add(result)
    for finding in found.findings:
        if listed[finding.cell] < LISTED:
            listed[finding.cell] += 1
            report.findings.append(finding)


def _works(
    out: Path,
    raw: Mapping[tuple[str, str], RawScene],
    index: RowIndex,
    bounds: Bounds,
    plugins: Sequence[str],
    *,
    fail_fast: bool,
    whole: bool,
) -> Iterator[_Work]:
    """Yield the scenes that have rows, with the adapters and folders that read them."""
    for dataset, scene in sorted(index.rows):
        if (dataset, scene) not in raw:
            raise OutputError("the run knows of no such scene", where=f"{dataset}/{scene}", mend="generate it anew")
        found = raw[dataset, scene]
        if not found.root.is_dir():
            mend = f"bring the data set back there, or say --data {dataset}=DIR"
            raise OutputError("the scenes are not where they lay", where=found.root, mend=mend)
        images = images_folder(out, dataset)
        there = images if images.is_dir() and any(images.iterdir()) else None
        places = index.rows[dataset, scene]
        yield _Work(found, bounds, plugins, index.files, places, there, fail_fast, whole)


def _verify_scene(work: _Work) -> _Found:
    """Check the rows of one scene."""
    load_checks(work.plugins)
    found, site = _Found(), None
    try:
        site = Site(work.raw.load(), Lexicon(work.raw.said), work.bounds)
    except SceneError as error:
        found.lost = f"the scene cannot be read: {error.what}"
    seen: dict[int, int] = {}
    files = dict(work.files)
    shared = shared_answers(lambda: read_rows(files, work.places, is_shared)) if work.whole else {}
    for cell, record in read_rows(files, work.places):
        if site is None:
            verdict = Verdict("unread", (found.lost,))
        else:
            verdict = judge(record, site, cell.task, cell.form, work.images)
        verdict = refuse_twins(verdict, record, cell, seen)
        if cell in shared:
            verdict = refuse_foreign(verdict, record, shared[cell])
        result = found.cells.setdefault(cell, CellResult())
        result.rows[verdict.kind] += 1
        if site is not None and cell.task in LAYOUTS:
            result.counts.note(record, site, cell, verdict)
        if verdict.kind != "right" and result.rows.total() - result.rows["right"] <= LISTED:
            found.findings.append(Finding(cell, str(record.get("id")), verdict.kind, verdict.why))
        if verdict.kind == "wrong" and work.fail_fast:
            break
    return found
