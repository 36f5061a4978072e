"""Makes a bench out of an output: its rows with marks drawn in, and the files that the two harnesses read."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spargen.bench.choose import choose
from spargen.bench.files import write_card, write_parquet, write_tsv
from spargen.bench.harness import knows
from spargen.bench.metrics import metric_of
from spargen.bench.row import ROWS, BenchRow, lines_of
from spargen.errors import OutputError
from spargen.export.columns import load_pyarrow
from spargen.export.row import ExportRow, neutral_row
from spargen.export.run import read_manifest
from spargen.export.store import Store
from spargen.run.executors import WorkerLostError, run_each
from spargen.run.files import make_folder, write_lines, writing

IMAGES = "images"

_DRAWING = ".drawing"
"""Stands in the folder of a bench until it is finished."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bench asks of one task: its form, level and metric, its rows and scenes, and who can score them."""

    task: str
    form: str
    level: str
    metric: str
    rows: int
    scenes: int
    harnesses: bool


@dataclass(frozen=True, slots=True)
class Bench:
    """What came of `make_bench`: what each task is asked, and the tasks without any form that has a metric."""

    asked: tuple[Asked, ...]
    unscored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Drawer:
    """Draws the images of a row; goes to the worker processes."""

    store: Store

    def __call__(self, row: ExportRow) -> None:
        for image in row.images:
            self.store.put(image)


def make_bench(
    out: Path,
    dest: Path,
    *,
    split: str,
    rows: int,
    levels: Mapping[str, str],
    workers: int = 1,
    watch: Callable[[int, int], None] | None = None,
) -> Bench:
    """Write a bench.

    Parameters
    ----------
    out, dest : the output folder, and an empty folder or none. Where a bench was not finished, it is begun anew.
    split : the split whose scenes are asked about, and no others.
    rows : of each task at most.
    levels : SPAR's level of each task.
    workers : processes that draw; any number gives the same bytes.
    watch : called with the rows that are drawn, and all of them.

    Raises
    ------
    OutputError, JobError
        If `out` is no finished output or has no such split, `dest` is not empty, an image cannot be read, or pyarrow is
        missing.
    """
    load_pyarrow()  # what is lacking is told before the work and not after it
    _, terms = read_manifest(out)
    store = Store(dest / IMAGES, dest / _DRAWING)
    _take_folder(dest, store)
    published, unscored = choose(out, split, rows)
    if not published:
        raise OutputError("no row of this split has a metric", where=out, mend="choose another --split")
    shown = [neutral_row(row, draw=True) for row in published]
    bench = [_row(n, row, str(p.record["id"]), levels) for n, (row, p) in enumerate(zip(shown, published, strict=True))]
    with writing(dest):
        make_folder(store.scratch)
    _draw(shown, store, workers, watch)
    _write_for_harnesses(dest, shown, bench, store)
    result = Bench(_asked(bench), tuple(unscored))
    write_card(dest, result, split, terms)
    write_lines(dest / ROWS, lines_of(bench))
    shutil.rmtree(store.scratch, ignore_errors=True)
    return result


def _take_folder(dest: Path, store: Store) -> None:
    """Refuse a folder that has anything but a bench that was not finished; of that, take the images away."""
    if store.scratch.is_dir() and not (dest / ROWS).exists():
        with writing(dest):
            for folder in (store.folder, store.scratch):
                shutil.rmtree(folder, ignore_errors=True)
    elif dest.exists() and any(dest.iterdir()):
        raise OutputError("the folder is not empty", where=dest, mend="choose an empty folder as --dest")


def _write_for_harnesses(dest: Path, shown: Sequence[ExportRow], bench: Sequence[BenchRow], store: Store) -> None:
    known = {row.id: own for row, own in zip(shown, bench, strict=True) if knows(own.task, own.form)}
    if known:
        write_parquet(dest, known, [row for row in shown if row.id in known], store)
        write_tsv(dest, list(known.values()))


def _draw(rows: Sequence[ExportRow], store: Store, workers: int, watch: Callable[[int, int], None] | None) -> None:
    for done, (row, answer) in enumerate(run_each(_Drawer(store), rows, workers=workers), start=1):
        if isinstance(answer, WorkerLostError):
            raise OutputError(str(answer), where=row.id, mend="give the same command again")
        if watch is not None:
            watch(done, len(rows))


def _row(index: int, row: ExportRow, name: str, levels: Mapping[str, str]) -> BenchRow:
    cell = row.cell
    images = [f"{IMAGES}/{image.name}" for image in row.images]
    where = (cell.dataset, cell.split, row.scene, name)
    return BenchRow(index, *where, cell.task, cell.form, levels.get(cell.task, ""), row.question, row.answer, images)


def _asked(rows: Sequence[BenchRow]) -> tuple[Asked, ...]:
    number = Counter(row.task for row in rows)
    scenes = {task: len({(r.dataset, r.scene) for r in rows if r.task == task}) for task in number}
    first = {row.task: row for row in reversed(rows)}
    return tuple(
        Asked(
            task,
            row.form,
            row.level,
            str(metric_of(row.form, row.answer)),
            number[task],
            scenes[task],
            knows(task, row.form),
        )
        for task in number
        for row in (first[task],)
    )
