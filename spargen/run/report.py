"""``report.json`` and ``report.md``: what came of a run, for a person. The only files that hold times."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from spargen.errors import printable
from spargen.run.compile import Run
from spargen.run.files import write_json, write_lines
from spargen.run.naming import Cell
from spargen.run.parts import failures
from spargen.run.row import NO_ROWS
from spargen.run.totals import Totals


@dataclass(frozen=True, slots=True)
class CellReport:
    """Rows of one cell against its quota; `scenes_short` of the scenes had fewer than theirs."""

    dataset: str
    split: str
    task: str
    form: str
    rows: int
    quota: int
    scenes_short: int


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run.

    Parameters
    ----------
    rows, images : totals of the output, colour images only; scenes : how many are in it.
    waiting : scenes that no run has done yet; failed : why scenes failed, by ``dataset/split/scene``.
    cells : rows against quota; dropped : candidates by ``task/reason``.
    seconds : time by stage, added over scenes; notes : remarks by topic; remarks : of the whole run.
    """

    rows: int
    scenes: int
    images: int
    waiting: list[str]
    failed: dict[str, str]
    cells: list[CellReport]
    dropped: dict[str, float]
    seconds: dict[str, float]
    notes: dict[str, dict[str, str]]
    remarks: list[str]

    @property
    def total(self) -> str:
        """Rows, images and scenes, in words."""
        scenes = "1 scene" if self.scenes == 1 else f"{self.scenes:,} scenes"
        return f"{self.rows:,} rows and {self.images:,} images of {scenes}"

    @property
    def complete(self) -> bool:
        """Tell whether every scene of the job is in the output."""
        return not self.waiting and not self.failed


def make_report(out: Path, run: Run, totals: Totals, counts: Mapping[Cell, int], remarks: Sequence[str]) -> Report:
    """Tell what the parts add up to.

    Parameters
    ----------
    out, run, totals : the output folder, its run, and what is in it.
    counts : rows by cell.
    remarks : of the merge, beside those of the run.
    """
    failed = failures(out, run)
    without_rows = (f"{ref}: {NO_ROWS}: {notes[NO_ROWS]}" for ref, notes in totals.notes.items() if NO_ROWS in notes)
    return Report(
        rows=sum(counts.values()),
        scenes=len(totals.scenes),
        images=totals.images,
        waiting=[str(ref) for ref in run.scenes if ref not in totals.scenes and ref not in failed],
        failed={str(ref): "; ".join(map(str.strip, text.splitlines())) for ref, text in sorted(failed.items())},
        cells=_cells(run, totals, counts),
        dropped=dict(sorted(totals.dropped.items())),
        seconds={stage: round(s, 3) for stage, s in sorted(totals.seconds.items())},
        notes={str(ref): notes for ref, notes in totals.notes.items()},
        remarks=[*filter(None, run.notes), *without_rows, *remarks],
    )


def write_report(out: Path, report: Report) -> None:
    """Write the report for programs and for people."""
    values = {field.name: getattr(report, field.name) for field in fields(report)}
    write_json(out / "report.json", {**values, "cells": [asdict(cell) for cell in report.cells]})
    write_lines(out / "report.md", (f"{line}\n".encode() for line in _markdown(report)))


def _cells(run: Run, totals: Totals, counts: Mapping[Cell, int]) -> list[CellReport]:
    """Return every cell of the job in every split that has a scene, empty ones included."""
    quotas: dict[Cell, int] = defaultdict(int)
    scenes = Counter((ref.dataset, ref.split, ref.source) for ref in totals.scenes)
    for (dataset, split, source), number in scenes.items():
        for name, quota in run.cells[source].items():
            task, _, form = name.partition("/")
            quotas[Cell(dataset, split, task, form)] += number * quota
    return [
        CellReport(cell.dataset, cell.split, cell.task, cell.form, counts.get(cell, 0), quota, totals.short[cell])
        for cell, quota in quotas.items()
    ]


def escaped(text: str) -> str:
    """Return a text that comes from files as Markdown shows it: without tags, links, code and lines of its own."""
    return re.sub(r"[\\`|<&]|\](?=[(\[:])", lambda found: f"&#{ord(found[0])};", printable(text))


def _markdown(report: Report) -> Iterable[str]:
    yield "# Report"
    yield f"\n{report.total}."
    yield from (f"\n{escaped(remark)}" for remark in report.remarks)
    if report.failed:
        yield "\n## Scenes that failed\n"
        yield from (f"- {escaped(scene)}: {escaped(text)}" for scene, text in report.failed.items())
    if report.waiting:
        yield f"\n{len(report.waiting)} scenes are not done yet: {', '.join(report.waiting[:10])} ..."
    yield "\n## Rows\n\n| data set | split | task | form | rows | quota | scenes short |\n|---|---|---|---|--:|--:|--:|"
    for c in report.cells:
        yield f"| {c.dataset} | {c.split} | {c.task} | {c.form} | {c.rows} | {c.quota} | {c.scenes_short or ''} |"
    yield "\nA scene is short of a cell where it has fewer honest questions than the quota: nothing is padded."
    yield "\n## Candidates dropped\n\n| task | reason | candidates |\n|---|---|--:|"
    for key, number in report.dropped.items():
        task, _, reason = key.partition("/")
        yield f"| {task} | {reason} | {number:.0f} |"
    yield "\n## Time, added over scenes\n\n| stage | seconds |\n|---|--:|"
    yield from (f"| {stage} | {seconds:.2f} |" for stage, seconds in report.seconds.items())
    yield "\n## Notes\n"
    for scene, notes in report.notes.items():
        yield f"- {scene}"
        yield from (f"  - {topic}: {escaped(text)}" for topic, text in notes.items())
