"""One pass over an output: a few rows of each cell, drawn by a seed, and counts over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import chain, zip_longest
from pathlib import Path

from spargen.gallery.figures import CellFigures
from spargen.run.naming import Cell
from spargen.run.read import PublishedRow, published_cells, read_cell
from spargen.seeds import hashed

SCENES = 12
"""Scenes of each data set and split that samples are drawn from first, so that few scenes have to be opened."""
Watch = Callable[[int, int, str], None]


@dataclass(slots=True)
class Gathered:
    """Samples, one of each cell, then the second of each cell and so on; and the figures of every cell."""

    samples: list[PublishedRow] = field(default_factory=list)
    figures: dict[Cell, CellFigures] = field(default_factory=dict)


def gather(out: Path, samples: int, seed: int, watch: Watch) -> Gathered:
    """Read all rows once.

    Parameters
    ----------
    out : an output folder.
    samples : rows of each cell that are kept; memory grows with them and the cells, not with the rows.
    seed : which ones.
    watch : told after each cell how many are read, and of how many.
    """
    found, chosen = Gathered(), []
    cells = published_cells(out)
    scenes = _scenes_drawn_from(out, cells)
    for done, cell in enumerate(cells, start=1):
        figures = found.figures[cell] = CellFigures()
        near = scenes[cell.dataset, cell.split]

        def place(row: PublishedRow, near: set[str] = near) -> tuple[bool, bytes]:
            scene = scene_of(row)
            return scene not in near, hashed(seed, scene, row.cell, row.record["id"])

        chosen.append(nsmallest(samples, _noted(read_cell(out, cell), figures), key=place))
        watch(done, len(cells), "")
    found.samples = [row for row in chain.from_iterable(zip_longest(*chosen)) if row is not None]
    return found


def scene_of(row: PublishedRow) -> str:
    """Return the scene of a row: its id without the number."""
    return str(row.record["id"]).rpartition("_")[0]


def _noted(rows: Iterator[PublishedRow], figures: CellFigures) -> Iterator[PublishedRow]:
    for row in rows:
        figures.note(row)
        yield row


def _scenes_drawn_from(out: Path, cells: list[Cell]) -> dict[tuple[str, str], set[str]]:
    """Return, for each data set and split, the first `SCENES` scenes of its first cell, whose lines are shuffled."""
    drawn: dict[tuple[str, str], set[str]] = {}
    for cell in cells:
        if (cell.dataset, cell.split) not in drawn:
            scenes = drawn[cell.dataset, cell.split] = set[str]()
            for row in read_cell(out, cell):
                scenes.add(scene_of(row))
                if len(scenes) == SCENES:
                    break
    return drawn
