"""The edges of what is visible of objects, to one fine ray."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.alone import DIAGONALS, Outlines
from spargen.geometry.grid import FINE, Grid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
STEP_M, STEP_SHARE = 0.02, 0.02
"""A surface whose depth changes by less than this between neighbouring coarse rays has no step in it."""

FirstObject = Callable[[Ints, Floats], NDArray[np.int32]]


class Edges:
    """Measures boxes on the fine grid, given what the coarse grid saw.

    A side lies between the outermost coarse cell and the outermost corner of the whole object. Mostly that corner is
    in sight: then a few rays around it settle the side. Else everything between is cast, except where the coarse rays
    show one surface nearer than any part of the object.
    """

    def __init__(
        self, objects_at: FirstObject, views: Ints, grid: Grid, ids: NDArray[np.int32], depth_m: NDArray[np.float32]
    ) -> None:
        self.objects_at, self.views, self.grid, self.ids = objects_at, views, grid, ids
        self.cover_m = _cover_depth(ids, depth_m)

    def measure(self, row: Ints, obj: Ints, outlines: Outlines) -> Ints:
        """Return boxes (R, 4): first column, first row, one past the last column, one past the last row.

        Parameters
        ----------
        row, obj : (R,) row of the view in the chunk, and object.
        outlines : of the whole objects.
        """
        box = _coarse_boxes(self.ids, row, obj) * FINE + FINE // 2
        bound = np.stack([self._index(outlines.side[:, side], side % 2) for side in range(4)], axis=-1)
        bound = np.concatenate([np.minimum(bound[:, :2], box[:, :2]), np.maximum(bound[:, 2:], box[:, 2:])], axis=1)
        for side in range(4):
            settled = self._try_corner(row, obj, side, bound, outlines, box)
            bound[settled, side] = box[settled, side]
        self._search_ring(row, obj, bound, box, outlines)
        return np.asarray(box + np.array([0, 0, 1, 1]))

    def _index(self, position: Floats, axis: int) -> Ints:
        """Fine index of the ray nearest to a position along an axis."""
        pixels, count = ((self.grid.width, self.grid.w), (self.grid.height, self.grid.h))[axis]
        return np.clip((position * (count * FINE / pixels)).astype(np.int64), 0, count * FINE - 1)

    def _hits(self, pair: Ints, row: Ints, obj: Ints, x: Ints, y: Ints) -> Bools:
        uv = np.stack([self.grid.fine_x[x], self.grid.fine_y[y]], axis=-1)
        return np.asarray(self.objects_at(self.views[row[pair]], uv) == obj[pair])

    def _try_corner(self, row: Ints, obj: Ints, side: int, bound: Ints, outlines: Outlines, box: Ints) -> Bools:
        """Settle a side by rays around the corner that makes it; returns the pairs for which that worked."""
        axis, across, inwards = side % 2, 1 - side % 2, (1 if side < 2 else -1)
        place, limit = outlines.corner[:, side, across], (self.grid.width, self.grid.height)[across]
        unclipped = outlines.corner[:, side, axis] == outlines.side[:, side]
        pair = np.flatnonzero((place >= 0) & (place < limit) & unclipped)
        settled = np.zeros(len(row), dtype=bool)
        depth, width = np.meshgrid([0, 1], np.arange(-2, 3), indexing="ij")
        sizes = (self.grid.w * FINE, self.grid.h * FINE)
        along = np.clip(bound[pair, side][:, None, None] + inwards * depth, 0, sizes[axis] - 1)
        aside = np.clip(self._index(place[pair], across)[:, None, None] + width, 0, sizes[across] - 1)
        x, y = (along, aside) if axis == 0 else (aside, along)
        hit = self._hits(np.repeat(pair, 10), row, obj, x.ravel(), y.ravel()).reshape(-1, 2, 5)
        hit = np.asarray(hit.any(axis=2))
        settled[pair] = hit.any(axis=1)
        value = bound[pair, side] + inwards * hit.argmax(axis=1)
        value = np.minimum(value, box[pair, side]) if side < 2 else np.maximum(value, box[pair, side])
        box[pair, side] = np.where(hit.any(axis=1), value, box[pair, side])
        return settled

    def _search_ring(self, row: Ints, obj: Ints, bound: Ints, box: Ints, outlines: Outlines) -> None:
        """Cast every fine ray inside `bound` and outside `box` that might see the object, and widen the boxes."""
        pairs = np.flatnonzero((bound != box).any(axis=1))
        cells = [
            self._open_cells(row[k], bound[k] // FINE, box[k], outlines.reach[k], outlines.nearest_m[k]) for k in pairs
        ]
        if not cells:
            return
        pair = np.repeat(pairs, [len(c) for c in cells])
        # Per cell and axis (y, x) the FINE indices, and which of them lie within `bound` and beyond `box`.
        fine = np.concatenate(cells)[:, :, None] * FINE + np.arange(FINE)
        within = (fine >= bound[pair, 1::-1, None]) & (fine <= bound[pair, :1:-1, None])
        beyond = (fine < box[pair, 1::-1, None]) | (fine > box[pair, :1:-1, None])
        wanted = within[:, 0, :, None] & within[:, 1, None] & (beyond[:, 0, :, None] | beyond[:, 1, None])
        cell, down, right = np.unravel_index(np.flatnonzero(wanted), wanted.shape)
        x, y, pair = fine[cell, 1, right], fine[cell, 0, down], pair[cell]
        hit = self._hits(pair, row, obj, x, y)
        for side, (value, widen) in enumerate(((x, np.minimum), (y, np.minimum), (x, np.maximum), (y, np.maximum))):
            edge = box[:, side].copy()
            widen.at(edge, pair[hit], value[hit])
            box[:, side] = edge

    def _open_cells(self, r: int, cells: Ints, box: Ints, reach: Floats, nearest_m: float) -> Ints:
        """Coarse cells (C, 2) as y, x of a window that reach out of `box`, and where the object may be in sight."""
        x0, y0, x1, y1 = cells
        is_open = self.cover_m[r, y0 : y1 + 1, x0 : x1 + 1] >= nearest_m
        # Cells that lie wholly inside the box hold nothing outside it.
        inside = np.concatenate([-(-box[:2] // FINE), (box[2:] + 1) // FINE])
        is_open[max(0, inside[1] - y0) : max(0, inside[3] - y0), max(0, inside[0] - x0) : max(0, inside[2] - x0)] = (
            False
        )
        yx = np.argwhere(is_open) + np.array([y0, x0])
        cell = np.array([self.grid.width / self.grid.w, self.grid.height / self.grid.h])
        along = ((yx[:, ::-1] + 0.5) * cell) @ DIAGONALS.T
        slack = np.linalg.norm(cell) / 2
        return np.asarray(yx[((along >= reach[:, 0] - slack) & (along <= reach[:, 1] + slack)).all(axis=1)])


def _cover_depth(ids: NDArray[np.int32], depth_m: NDArray[np.float32]) -> NDArray[np.float32]:
    """Depth (V, h, w) behind which a coarse cell shows nothing.

    It is the farthest of the cell and its eight neighbours if all show the same object without a step in depth, at
    which there might be a crack to look through; else infinite.
    """
    same, nearest, farthest = ids >= 0, depth_m, depth_m
    # Along the rows, then down the columns: what holds for three columns of three cells holds for all nine.
    for axis in (2, 1):
        left, right = ((slice(None),) * axis + (s,) for s in (slice(None, -1), slice(1, None)))
        equal, agreed = ids[left] == ids[right], same.copy()
        same[left] &= equal & agreed[right]
        same[right] &= equal & agreed[left]
        low, high, nearest, farthest = nearest, farthest, nearest.copy(), farthest.copy()
        for here, there in ((left, right), (right, left)):
            np.minimum(nearest[here], low[there], out=nearest[here])
            np.maximum(farthest[here], high[there], out=farthest[here])
    # Nobody knows what lies beyond the border, so the cells along it cover nothing.
    same[:, [0, -1]] = same[:, :, [0, -1]] = False
    smooth = same & (farthest <= (1 + STEP_SHARE) * nearest + STEP_M)
    return np.where(smooth, farthest, np.float32(np.inf))


def _coarse_boxes(ids: NDArray[np.int32], row: Ints, obj: Ints) -> Ints:
    """First and last coarse column and row of each pair (R,): (R, 4) as left, top, right, bottom, inclusive."""
    n = int(ids.max(initial=0)) + 3
    v, h, w = ids.shape
    columns, rows = np.zeros((v, n, w), dtype=bool), np.zeros((v, n, h), dtype=bool)
    view = np.arange(v)[:, None, None]
    columns[view, ids + 2, np.arange(w)[None, None, :]] = True
    rows[view, ids + 2, np.arange(h)[None, :, None]] = True
    c, r = columns[row, obj + 2], rows[row, obj + 2]
    return np.stack(
        [c.argmax(1), r.argmax(1), w - 1 - c[:, ::-1].argmax(1), h - 1 - r[:, ::-1].argmax(1)], axis=-1
    ).astype(np.int64)
