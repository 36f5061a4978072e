"""The ground in square cells, and what lies above or below their middles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.compiled import Whole, compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CELL_M = 0.05
UPRIGHT, TOUCHES = 1e-9, -1e-9
"""Twice the area in cells below which a face is seen from its edge; and the weight of a corner at which the middle of a
cell still counts as below the face, for rounding."""
_AROUND = np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1])).reshape(2, 9)


class Cells:
    """Square cells of `CELL_M` on the ground, numbered row by row."""

    def __init__(self, origin_m: Floats, shape: Ints) -> None:
        self.origin_m, self.shape = origin_m, (int(shape[0]), int(shape[1]))
        self.cells = self.shape[0] * self.shape[1]

    def cell_of(self, points_m: NDArray[np.floating]) -> tuple[Ints, Bools]:
        """Return the cells (P,) that points (P, 2 or 3) lie above, and which of them are in the raster."""
        row, column = np.floor((points_m[:, :2] - self.origin_m) / CELL_M).T
        inside = (row >= 0) & (row < self.shape[0]) & (column >= 0) & (column < self.shape[1])
        return np.where(inside, row * self.shape[1] + column, 0).astype(np.int64), inside

    def grown(self, cells: Ints) -> Ints:
        """Return cells (n,) and their eight neighbours, each once, ascending."""
        row, column = (x[:, None] + step for x, step in zip(np.divmod(cells, self.shape[1]), _AROUND, strict=True))
        inside = (row >= 0) & (row < self.shape[0]) & (column >= 0) & (column < self.shape[1])
        return self.each([(row * self.shape[1] + column)[inside]])

    def each(self, cells: Sequence[Ints]) -> Ints:
        """Return each of some cells (n,) once, ascending."""
        # Marks between the first and the last take a tenth of the time that sorting does.
        numbers = np.concatenate([np.zeros(0, dtype=np.int64), *cells])
        if not len(numbers):
            return numbers
        low = numbers.min()
        marked = np.zeros(numbers.max() - low + 1, dtype=bool)
        marked[numbers - low] = True
        return np.asarray(low + np.flatnonzero(marked))

    def below(self, corners_m: NDArray[np.floating]) -> Ints:
        """Return the cells, ascending, whose middle lies below or above one of faces (F, 3, 3)."""
        # Only rows that faces reach into: a floor may be many times as wide as what stands on it.
        row = np.floor((corners_m[..., 0] - self.origin_m[0]) / CELL_M)
        reach = [row.min(), row.max() + 1] if row.size else [0, 0]
        begin, end = self.shape[1] * np.clip(reach, 0, self.shape[0]).astype(np.int64)
        top_m = np.full(end - begin, -np.inf)
        self.lift(top_m, corners_m, begin)
        return np.asarray(begin + np.flatnonzero(np.isfinite(top_m)))

    def topmost_m(self, corners_m: NDArray[np.floating]) -> Floats:
        """Return the height (C,) of the topmost of faces (F, 3, 3) at the middle of each cell, -inf where none is."""
        top_m = np.full(self.cells, -np.inf)
        self.lift(top_m, corners_m)
        return top_m

    def lift(self, top_m: Floats, corners_m: NDArray[np.floating], begin: int = 0) -> None:
        """Lift heights to those of faces (F, 3, 3) that are above them at the middle of a cell.

        They are those of all cells that faces lie above or below, from cell `begin` on.
        """
        _lift(top_m, np.int64(begin), np.asarray(corners_m, dtype=np.float64), self.origin_m, *self.shape)


@compiled
def _lift(top_m: Floats, begin: Whole, corners_m: Floats, origin_m: Floats, rows: Whole, columns: Whole) -> None:
    for face in corners_m:
        # In cells, counted so that the middle of a cell is a whole number.
        ax, ay = (face[0, 0] - origin_m[0]) / CELL_M - 0.5, (face[0, 1] - origin_m[1]) / CELL_M - 0.5
        bx, by = (face[1, 0] - origin_m[0]) / CELL_M - 0.5, (face[1, 1] - origin_m[1]) / CELL_M - 0.5
        cx, cy = (face[2, 0] - origin_m[0]) / CELL_M - 0.5, (face[2, 1] - origin_m[1]) / CELL_M - 0.5
        twice = _area(ax, ay, bx, by, cx, cy)
        if abs(twice) < UPRIGHT:
            continue
        first, behind = _middles(min(ay, by, cy), max(ay, by, cy), columns)
        for row in range(*_middles(min(ax, bx, cx), max(ax, bx, cx), rows)):
            for column in range(first, behind):
                a = _area(bx, by, cx, cy, row, column) / twice
                b = _area(cx, cy, ax, ay, row, column) / twice
                c = _area(ax, ay, bx, by, row, column) / twice
                if min(a, b, c) >= TOUCHES:
                    cell = row * columns + column - begin
                    top_m[cell] = max(top_m[cell], a * face[0, 2] + b * face[1, 2] + c * face[2, 2])


@compiled
def _area(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> float:
    """Return twice the area of a triangle, below 0 if it runs clockwise."""
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@compiled
def _middles(low: float, high: float, many: Whole) -> tuple[Whole, Whole]:
    """Return the first of the middles from low to high, and the one behind the last."""
    return int(max(np.ceil(low), 0.0)), int(min(np.floor(high), many - 1.0)) + 1


def widened(raster: Bools, radius: float) -> Bools:
    """Return a raster (w, h) with all cells that lie within a radius, in cells, of one that it holds.

    In time that does not grow with the radius: of each column, the nearest cell that the raster holds tells how far
    along a row it reaches.
    """
    off = np.arange(int(radius) + 1)
    across = np.array([np.flatnonzero(np.sqrt(off**2 + k**2) <= radius)[-1] for k in off])
    out = np.empty(raster.shape, dtype=np.bool_)
    _widen(raster, across, out)
    return out


@compiled
def _widen(raster: Bools, across: Ints, out: Bools) -> None:
    """Set all cells within reach of one that a raster holds: `across[k]` cells along the row that is k rows away."""
    rows, columns, beyond = raster.shape[0], raster.shape[1], len(across)
    off = np.full((rows, columns), beyond, np.int64)
    for row in range(rows):
        for column in range(columns):
            before = off[row - 1, column] + 1 if row > 0 else beyond
            off[row, column] = 0 if raster[row, column] else min(before, beyond)
    for row in range(rows - 1, -1, -1):
        for column in range(columns):
            if row + 1 < rows:
                off[row, column] = min(off[row, column], off[row + 1, column] + 1)
        # Up to where cells that were met reach, from the left and then from the right.
        out[row, :] = False
        for back in range(2):
            reach = -1
            for step in range(columns):
                column = columns - 1 - step if back else step
                if off[row, column] < beyond:
                    reach = max(reach, step + across[off[row, column]])
                out[row, column] |= step <= reach
