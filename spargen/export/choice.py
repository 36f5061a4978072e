"""Which rows are exported, and in which order. Nothing but the rows at hand is kept in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import numpy as np

from spargen.errors import JobError, OutputError, nearest
from spargen.run.naming import Cell
from spargen.run.read import PublishedRow, choose_cells, published_cells, read_cell, rows_in
from spargen.seeds import rng_for


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows.

    Parameters
    ----------
    datasets, splits, tasks, forms : only these; None = all.
    ratio : which share of the rows of a form, the first ones of each file, which are a fair sample.
    limit : at most so many rows of each file.
    frames : no rows of more images than this. A clip is taken whole or not at all, for its answers count on all of it.
    shuffle : mix the files, instead of one after the other.
    """

    datasets: Collection[str] | None = None
    splits: Collection[str] | None = None
    tasks: Collection[str] | None = None
    forms: Collection[str] | None = None
    ratio: Mapping[str, float] = field(default_factory=dict)
    limit: int | None = None
    frames: int | None = None
    shuffle: bool = False


def count(out: Path, choice: Choice, takes: Callable[[Cell], bool]) -> dict[Cell, int]:
    """Return how many rows of each cell are taken, by the names of their files.

    Parameters
    ----------
    out, choice : the output folder, and what is chosen of it.
    takes : whether a format can hold the rows of a cell.

    Raises
    ------
    OutputError, JobError
        If there is nothing of a name, a ratio is of a form that is not there, or nothing is left.
    """
    forms = {cell.form for cell in published_cells(out)}
    for form in choice.ratio:
        if form not in forms:
            mend = nearest(form, forms, f"there are: {', '.join(sorted(forms))}")
            raise JobError(f"the output has no form {form!r}", where="--ratio", mend=mend)
    cells = choose_cells(out, datasets=choice.datasets, splits=choice.splits, tasks=choice.tasks, forms=choice.forms)
    counts = {}
    for cell in (c for c in cells if takes(c)):
        rows = int(rows_in(out, cell) * choice.ratio.get(cell.form, 1))
        if rows := rows if choice.limit is None else min(rows, choice.limit):
            counts[cell] = rows
    if not counts:
        raise OutputError("no row of the output is chosen", where=out, mend="choose other tasks, forms or ratios")
    return counts


def grouped(counts: Mapping[Cell, int], group: Callable[[Cell], str]) -> dict[str, dict[Cell, int]]:
    """Return the cells that go to one file, by the name of the file."""
    groups: dict[str, dict[Cell, int]] = defaultdict(dict)
    for cell, rows in counts.items():
        groups[group(cell)][cell] = rows
    return dict(sorted(groups.items()))


def rows_of(out: Path, counts: Mapping[Cell, int], *, shuffle: bool) -> Iterator[PublishedRow]:
    """Read the first so many rows of each cell: cell by cell, or mixed as by a shuffle of them all.

    Each file is in the order of a hash already, so it is enough to draw whose turn it is, each cell as often as it has
    rows: all orders of cells are equally likely, and no row waits in memory.
    """
    sources = [_first(out, cell, rows) for cell, rows in counts.items()]
    if not shuffle:
        yield from chain.from_iterable(sources)
        return
    turns = np.repeat(np.arange(len(sources), dtype=np.uint16), list(counts.values()))
    rng_for("export", *counts.items()).shuffle(turns)
    for turn in turns:
        yield next(sources[turn])
    for source in sources:
        yield from source  # nothing is left, and where the file is damaged, reading its end says so


def _first(out: Path, cell: Cell, rows: int) -> Iterator[PublishedRow]:
    lines = read_cell(out, cell)
    return lines if rows == rows_in(out, cell) else islice(lines, rows)
