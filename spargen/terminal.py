"""What a terminal shows: lines, bars and tables."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from spargen.run.report import Report

Step = Callable[[int, int, str], None]


def say(text: str, quiet: bool) -> None:
    """Print a line at once, unless quiet."""
    if not quiet:
        print(text, flush=True)


@contextmanager
def bar(title: str, quiet: bool) -> Iterator[Step]:
    """Give a function to be called after each step: a bar on a terminal, lines elsewhere, nothing if quiet."""
    if quiet or not sys.stdout.isatty():
        yield lambda done, total, text: say(f"[{done}/{total}] {text}", quiet or not text)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console()) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total, text: progress.update(task, completed=done, total=total, refresh=bool(text))


def print_whole(table: Table) -> None:
    """Print a table with every name in full, in longer lines than the terminal has where they must be."""
    console = Console()
    needed = console.measure(table, options=console.options.update(max_width=10_000)).maximum
    Console(width=max(console.width, needed)).print(table)


def print_rows(report: Report) -> None:
    """Print rows by task and form."""
    forms = list(dict.fromkeys(cell.form for cell in report.cells))
    table = Table("task", *forms)
    for task in dict.fromkeys(cell.task for cell in report.cells):
        rows = {form: [c for c in report.cells if (c.task, c.form) == (task, form)] for form in forms}
        table.add_row(task, *(f"{sum(c.rows for c in cells):,}" if cells else "" for cells in rows.values()))
    print_whole(table)
