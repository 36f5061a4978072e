"""What a terminal shows: lines, bars and tables."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from spargen.errors import printable

if TYPE_CHECKING:
    from spargen.run.estimate import Estimate
    from spargen.run.report import Report

Step = Callable[[int, int, str], None]
SHOWN = "spargen.shown"
"""The logger of what the terminal shows anyway."""

_shown = logging.getLogger(SHOWN)
_shown.addHandler(logging.NullHandler())  # without a log, Python would print errors a second time


def console(width: int | None = None) -> Console:
    """Return a terminal that prints texts as they are: names and notes may hold what rich reads as its own marks."""
    return Console(width=width, markup=False, emoji=False, highlight=False)


def say(text: str, quiet: bool) -> None:
    """Print a line at once, unless quiet."""
    _shown.info(text)
    if not quiet:
        print(printable(text), flush=True)


def complain(text: str) -> None:
    """Print what is wrong to stderr."""
    _shown.error(text)
    print(text, file=sys.stderr, flush=True)


@contextmanager
def bar(title: str, quiet: bool) -> Iterator[Step]:
    """Give a function to be called after each step: a bar on a terminal, lines elsewhere, nothing if quiet.

    Beside a bar stands what is being done at the moment, by the log.
    """

    def line(done: int, total: int, text: str) -> None:
        if text:
            say(f"[{done}/{total}] {text}", quiet or shown)

    if not (shown := not quiet and sys.stdout.isatty()):
        yield line
        return
    now = TextColumn("{task.fields[now]}", markup=False, table_column=Column(ratio=1, no_wrap=True))
    columns = (TextColumn("{task.description}"), BarColumn(12), MofNCompleteColumn(), TimeElapsedColumn(), now)
    with Progress(*columns, console=console(), expand=True) as progress:
        task = progress.add_task(title, total=None, now="")

        def step(done: int, total: int, text: str) -> None:
            line(done, total, text)
            progress.update(task, completed=done, total=total, now=printable(text), refresh=bool(text))

        with _listening(lambda text: progress.update(task, now=text)):
            yield step


@contextmanager
def _listening(tell: Callable[[str], None]) -> Iterator[None]:
    """Hand on what spargen logs meanwhile and the terminal does not show yet."""

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name != SHOWN:
                tell(printable(record.getMessage()))

    logger, listener = logging.getLogger("spargen"), Listener()
    logger.addHandler(listener)
    try:
        yield
    finally:
        logger.removeHandler(listener)


def print_whole(table: Table) -> None:
    """Print a table with every name in full: folded where a terminal is narrow, in long lines for what reads them."""
    shown = console()
    if shown.is_terminal:
        for column in table.columns:
            column.overflow = "fold"
        shown.print(table)
        return
    needed = shown.measure(table, options=shown.options.update(max_width=10_000)).maximum
    console(width=max(shown.width, needed)).print(table)


def print_rows(report: Report) -> None:
    """Print rows by task and form."""
    forms = list(dict.fromkeys(cell.form for cell in report.cells))
    table = Table("task", *forms)
    for task in dict.fromkeys(cell.task for cell in report.cells):
        rows = {form: [c for c in report.cells if (c.task, c.form) == (task, form)] for form in forms}
        table.add_row(task, *(f"{sum(c.rows for c in cells):,}" if cells else "" for cells in rows.values()))
    print_whole(table)


def print_estimates(found: Sequence[Estimate], *, every_cell: bool) -> None:
    """Print what data sets will come to beside what SPAR-7M has, and the cells of which it has more, or all cells."""
    from spargen.run.executors import cores

    name = f"hours on {cores()} cores"
    table = Table(
        "data set", "scenes", "cells", "rows", "SPAR-7M", "images", "disk", name, title="Estimated, by data set"
    )
    for e in found:
        scenes = f"{e.scenes:,}{'' if e.here else ' of its release'}"
        hours = f"{e.seconds / 3600 / cores():,.1f}" if e.seconds else ""
        rows, images, size = e.likely
        counts = f"{rows:,}", f"{e.spar:,}", f"{images:,}", f"{size / 1e9:,.1f} GB"
        table.add_row(e.dataset, scenes, f"{len(e.cells)}", *counts, hours)
    table.add_section()
    sums = [sum(n) for n in zip(*((len(e.cells), e.likely.rows, e.spar, *e.likely[1:]) for e in found), strict=True)]
    hours = f"{sum(e.seconds for e in found) / 3600 / cores():,.1f}"
    table.add_row("all", "", *(f"{n:,}" for n in sums[:-1]), f"{sums[-1] / 1e9:,.1f} GB", hours)
    print_whole(table)
    for e in found:
        how = f"as {e.measured} generated houses gave" if e.measured else "not measured: as if every cell were full"
        print(f"{e.dataset}: rows of a scene {how}")
    if every_cell:
        _print_cells(found)
    _print_short(found)


def _print_cells(found: Sequence[Estimate]) -> None:
    for e in found:
        forms = list(dict.fromkeys(cell.form for cell in e.cells))
        table = Table(e.dataset, *forms, title=f"{e.dataset}: rows, estimated / SPAR-7M")
        for task in dict.fromkeys(cell.task for cell in e.cells):
            rows = {c.form: f"{c.rows:,} / {c.spar:,}" for c in e.cells if c.task == task}
            table.add_row(task, *(rows.get(form, "") for form in forms))
        print_whole(table)


def _print_short(found: Sequence[Estimate]) -> None:
    short = [(e.dataset, cell) for e in found for cell in e.cells if cell.is_short]
    if not short:
        print("no cell is estimated to have fewer rows than SPAR-7M")
        return
    table = Table(
        "data set", "task", "form", "rows", "SPAR-7M", "why", title="Estimated to have fewer rows than SPAR-7M"
    )
    for dataset, c in short:
        table.add_row(dataset, c.task, c.form, f"{c.rows:,}", f"{c.spar:,}", c.why)
    print_whole(table)
    print("why: what most candidates were dropped for, and its share of those dropped")
