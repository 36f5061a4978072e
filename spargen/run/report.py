"""``report.json`` and ``report.md``: what came of a run, for a person. The only files that hold times."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from spargen.errors import printable
from spargen.run.compile import Run
from spargen.run.files import write_bytes, write_json
from spargen.run.naming import Cell
from spargen.run.parts import Part, failures
from spargen.run.row import NO_ROWS
from spargen.run.scenes import SceneRef


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


def make_report(
    out: Path,
    run: Run,
    parts: Mapping[SceneRef, Part],
    counts: Mapping[Cell, int],
    *,
    images: int,
    remarks: Sequence[str],
) -> Report:
    """Add up what the parts say of themselves.

    Parameters
    ----------
    out, run, parts : the output folder, its run, and the parts that are in it.
    counts, images : rows by cell, and colour images.
    remarks : of the merge, beside those of the run.
    """
    failed = failures(out, run)
    return Report(
        rows=sum(counts.values()),
        scenes=len(parts),
        images=images,
        waiting=[str(ref) for ref in run.scenes if ref not in parts and ref not in failed],
        failed={str(ref): "; ".join(map(str.strip, text.splitlines())) for ref, text in sorted(failed.items())},
        cells=_cells(run, parts, counts),
        dropped=_sum(part.dropped for part in parts.values()),
        seconds={stage: round(s, 3) for stage, s in _sum(part.seconds for part in parts.values()).items()},
        notes={str(ref): dict(part.notes) for ref, part in sorted(parts.items()) if part.notes},
        remarks=[*filter(None, run.notes), *_without_rows(parts), *remarks],
    )


def write_report(out: Path, report: Report) -> None:
    """Write the report for programs and for people."""
    write_json(out / "report.json", asdict(report))
    write_bytes(out / "report.md", "\n".join(_markdown(report)).encode())


def _without_rows(parts: Mapping[SceneRef, Part]) -> Iterable[str]:
    for ref, part in sorted(parts.items()):
        if NO_ROWS in part.notes:
            yield f"{ref}: {NO_ROWS}: {part.notes[NO_ROWS]}"


def _cells(run: Run, parts: Mapping[SceneRef, Part], counts: Mapping[Cell, int]) -> list[CellReport]:
    """Return every cell of the job in every split that has a scene, empty ones included."""
    quotas: dict[Cell, int] = defaultdict(int)
    short: dict[Cell, int] = defaultdict(int)
    for ref, part in sorted(parts.items()):
        for name, quota in run.cells[ref.source].items():
            task, _, form = name.partition("/")
            cell = Cell(ref.dataset, ref.split, task, form)
            quotas[cell] += quota
            short[cell] += name in part.short
    return [
        CellReport(cell.dataset, cell.split, cell.task, cell.form, counts.get(cell, 0), quota, short[cell])
        for cell, quota in quotas.items()
    ]


def _sum(counts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for count in counts:
        for key, number in count.items():
            total[key] += number
    return dict(sorted(total.items()))


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
    yield ""
