"""The rays of an image: a coarse grid, a fine one of which it is a part, and one through every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COARSE_COLUMNS = 160
FINE = 4
"""Fine rays a coarse cell, along each side."""
TILE = 8
"""Coarse rays are cast tile by tile, of so many columns and rows: they meet what is near each other."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """Rays at all crossings of some columns and rows.

    x, y : pixel positions of the columns and rows. first : of each coarse column, and of each coarse row, its first
    column or row here; one more at the end.
    """

    x: Floats
    y: Floats
    first: tuple[Ints, Ints]

    @classmethod
    def of(cls, columns: int, rows: int, grid: Grid) -> Lattice:
        """Evenly spaced over the image."""
        x = np.asarray((np.arange(columns) + 0.5) * (grid.width / columns), dtype=np.float64)
        y = np.asarray((np.arange(rows) + 0.5) * (grid.height / rows), dtype=np.float64)
        left = np.arange(grid.w + 1) * (grid.width / grid.w)
        top = np.arange(grid.h + 1) * (grid.height / grid.h)
        return cls(x, y, (np.searchsorted(x, left), np.searchsorted(y, top)))


class Grid:
    """The pixels of a width x height image that the coarse and the fine grid shoot through.

    coarse (h, w, 3): their positions and 1. by_tile (h * w,): the order in which they are cast.
    rim (R, 2): positions of outermost pixels, above and below one a coarse column, left and right one a coarse row.
    rim_pixels (R,): how many pixels each stands for.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.w = min(COARSE_COLUMNS, max(1, width // FINE))
        self.h = max(1, round(self.w * height / width))
        self.cells = self.w * self.h
        self.fine = Lattice.of(self.w * FINE, self.h * FINE, self)
        self.full = Lattice.of(width, height, self)
        x, y = np.meshgrid(self.fine.x[FINE // 2 :: FINE], self.fine.y[FINE // 2 :: FINE])
        self.coarse = np.stack([x, y, np.ones_like(x)], axis=-1).astype(np.float32)
        row, column = np.divmod(np.arange(self.cells), self.w)
        self.by_tile = np.lexsort((column // TILE, row // TILE))
        self.rim = _rim(x[0], y[:, 0], width, height)
        self.rim_pixels = np.repeat([width / self.w, height / self.h], [2 * self.w, 2 * self.h])

    def cell_of(self, u: Floats, v: Floats) -> tuple[Ints, Ints]:
        """Coarse column and row of pixel positions inside the image."""
        x = np.clip((u * (self.w / self.width)).astype(np.int64), 0, self.w - 1)
        y = np.clip((v * (self.h / self.height)).astype(np.int64), 0, self.h - 1)
        return x, y

    def fine_of_cells(self, y: Ints, x: Ints) -> Floats:
        """Pixel positions of all fine rays of coarse cells (C,): (C * FINE * FINE, 2)."""
        k = np.arange(FINE)
        u = np.broadcast_to(self.fine.x[(x[:, None] * FINE + k)][:, None, :], (len(x), FINE, FINE))
        v = np.broadcast_to(self.fine.y[(y[:, None] * FINE + k)][:, :, None], (len(x), FINE, FINE))
        return np.stack([u.ravel(), v.ravel()], axis=-1)


def _rim(x: Floats, y: Floats, width: int, height: int) -> Floats:
    top, bottom = (np.column_stack([x, np.full_like(x, v)]) for v in (0.5, height - 0.5))
    left, right = (np.column_stack([np.full_like(y, u), y]) for u in (0.5, width - 0.5))
    return np.concatenate([top, bottom, left, right])
