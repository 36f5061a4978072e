"""The edges of what is visible of objects, to one fine ray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.alone import DIAGONALS, Outlines
from spargen.geometry.grid import FINE, Grid, Lattice
from spargen.geometry.sight import Sight

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
ROOKS = np.array([1, 3, 0, 2])
"""Of a cell's fine rays, the column in each row that is tried first: no line as thin as one ray goes between them."""
SURE_SHARE = 0.0025
"""How far a box may lie off that of all pixels, of the image's sides: 3/1000 less the rounding of what is printed."""


class Edges:
    """Measures boxes on the fine grid, given what the coarse grid saw.

    A side lies between the outermost coarse cell and the outermost corner of the whole object. Mostly that corner is
    in sight: then a few rays around it settle the side. Else everything between is cast where the object would be in
    sight if it stood there alone, even behind what is nearer: that may have a crack as thin as one ray.

    Parameters
    ----------
    sight : casts the rays.
    views : (V,) of the chunk.
    grid : of their images.
    ids : (V, h, w) what the coarse grid met.
    traces : of each object, as `edge_points` gives them: scraps may show where no ray but a pixel's own meets them.
    """

    def __init__(
        self,
        sight: Sight,
        views: Ints,
        grid: Grid,
        ids: NDArray[np.int32],
        traces: Sequence[Singles],
    ) -> None:
        self.sight, self.views, self.grid, self.ids, self.traces = sight, views, grid, ids, traces

    def measure(self, row: Ints, obj: Ints, outlines: Outlines) -> tuple[Ints, Bools]:
        """Return boxes (R, 4): first column, first row, one past the last column, one past the last row.

        And for each (R,) whether it is the same, within 3/1000, in an image of all pixels. Seen through gaps and
        beside ragged edges, some few pixels can lie far from the rest, and the box then hangs on how fine one looks.

        Parameters
        ----------
        row, obj : (R,) row of the view in the chunk, and object.
        outlines : of the whole objects.
        """
        found = _Found.coarse(self.ids, row, obj)
        box = found.box
        bound = np.stack([self._index(outlines.side[:, side], side % 2) for side in range(4)], axis=-1)
        bound = np.concatenate([np.minimum(bound[:, :2], box[:, :2]), np.maximum(bound[:, 2:], box[:, 2:])], axis=1)
        for side in range(4):
            settled = self._try_corner(row, obj, side, bound, outlines, found)
            bound[settled, side] = box[settled, side]
        cells = self._open_cells(row, obj, bound, box, outlines)
        found.widen(*self._search(self.grid.fine, row, obj, cells, bound, box))
        return np.asarray(box + np.array([0, 0, 1, 1])), self._holds_in_full(row, obj, cells, bound, found)

    def _holds_in_full(self, row: Ints, obj: Ints, cells: Ints, bound: Ints, found: _Found) -> Bools:
        """Tell for pairs (R,) whether the box is that of all pixels, but for `SURE_SHARE`."""
        holds, grid, full = np.ones(len(row), dtype=bool), self.grid, self.grid.full
        scale = np.tile([grid.width / len(grid.fine.x), grid.height / len(grid.fine.y)], 2)
        if (scale <= 1).all():
            return holds
        one_more = np.array([0, 0, 1, 1])
        outwards = np.array([-1, -1, 1, 1]) * np.floor(SURE_SHARE * np.tile([grid.width, grid.height], 2) - 1)
        box, outer = ((x + one_more) * scale - one_more for x in (found.box, bound))
        box = np.where(one_more, np.ceil(box), np.floor(box)).astype(np.int64)
        outer = np.where(one_more, np.ceil(outer), np.floor(outer)).astype(np.int64)
        # No pixel beyond shows the object,
        limit = box + outwards.astype(np.int64)
        pair, _, _ = self._search(full, row, obj, cells, outer, limit)
        holds[pair] = False
        # and some pixel at each side does: one near the ray that found the side.
        reach = int(np.abs(outwards).max())
        near = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), axis=-1).reshape(-1, 2)
        pixel = np.floor((found.witness + 0.5) * scale[:2]).astype(np.int64)[:, :, None] + near
        x, y = np.clip(pixel, 0, [grid.width - 1, grid.height - 1]).reshape(-1, 2).T
        hit = self._hits(full, np.repeat(np.arange(len(row)), x.size // len(row)), row, obj, x, y)
        for side in range(4):
            along = pixel[:, side, :, side % 2]
            close = np.abs(along - box[:, side, None]) <= reach
            holds &= (hit.reshape(pixel.shape[:3])[:, side] & close).any(axis=1)
        return holds

    def _index(self, position: Floats, axis: int) -> Ints:
        """Fine index of the ray nearest to a position along an axis."""
        pixels, count = ((self.grid.width, self.grid.w), (self.grid.height, self.grid.h))[axis]
        return np.clip((position * (count * FINE / pixels)).astype(np.int64), 0, count * FINE - 1)

    def _hits(self, lattice: Lattice, pair: Ints, row: Ints, obj: Ints, x: Ints, y: Ints) -> Bools:
        uv = np.stack([lattice.x[x], lattice.y[y]], axis=-1)
        return np.asarray(self.sight.objects_at(self.views[row[pair]], uv) == obj[pair])

    def _try_corner(self, row: Ints, obj: Ints, side: int, bound: Ints, outlines: Outlines, found: _Found) -> Bools:
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
        pair, x, y = np.repeat(pair, 10), x.ravel(), y.ravel()
        hit = self._hits(self.grid.fine, pair, row, obj, x, y)
        found.widen(pair[hit], x[hit], y[hit])
        settled[pair[hit]] = True
        return settled

    def _search(
        self, lattice: Lattice, row: Ints, obj: Ints, cells: Ints, bound: Ints, box: Ints
    ) -> tuple[Ints, Ints, Ints]:
        """Cast the rays of a lattice inside `bound` and outside `box`, as far as they lie in open cells.

        Parameters
        ----------
        cells : (C, 3) pair, row, column of coarse cells.
        bound, box : (R, 4) first and last columns and rows of the lattice.

        Returns
        -------
        pair, column, row of the rays that see their object.
        """
        pair = cells[:, 0]
        ray, within, beyond = [], [], []
        for axis, cell in ((1, cells[:, 1]), (0, cells[:, 2])):
            first = lattice.first[axis]
            index = first[cell, None] + np.arange(np.diff(first).max())
            low = np.maximum(first[cell], bound[pair, axis])[:, None]
            high = np.minimum(first[cell + 1] - 1, bound[pair, 2 + axis])[:, None]
            ray.append(index)
            within.append((index >= low) & (index <= high))
            beyond.append((index < box[pair, axis, None]) | (index > box[pair, 2 + axis, None]))
        wanted = within[0][:, :, None] & within[1][:, None] & (beyond[0][:, :, None] | beyond[1][:, None])
        x, y = (np.broadcast_to(index, wanted.shape)[wanted] for index in (ray[1][:, None], ray[0][:, :, None]))
        pair = np.repeat(pair, np.count_nonzero(wanted, axis=(1, 2)))
        hit = self._hits(lattice, pair, row, obj, x, y)
        return pair[hit], x[hit], y[hit]

    def _open_cells(self, row: Ints, obj: Ints, bound: Ints, box: Ints, outlines: Outlines) -> Ints:
        """Coarse cells (C, 3), as pair, row and column, within `bound` and beyond `box` that may show the objects."""
        pairs = np.flatnonzero((bound != box).any(axis=1))
        reached = [self._reached_cells(bound[k] // FINE, box[k], outlines.reach[k]) for k in pairs]
        if not reached:
            return np.zeros((0, 3), dtype=np.int64)
        number = np.repeat(np.arange(len(pairs)), [len(c) for c in reached])
        y, x = np.concatenate(reached).T
        # An object may be in sight where it would be, in the cell or near it, if it stood there alone. A corner of the
        # image may cut off a tip of what lies beyond, so there is one more cell on each side.
        near, asked = np.zeros((2, len(pairs), self.grid.h + 2, self.grid.w + 2), dtype=bool)
        self._trace(near[:, 1:-1, 1:-1], row[pairs], obj[pairs])
        # Where traces lie near, rays can tell nothing new; only those around other cells are cast.
        away = ~_grown(near, 2)[number, y + 1, x + 1]
        asked[number[away], y[away] + 1, x[away] + 1] = True
        asked = _grown(asked, 2)
        k, line, column = np.unravel_index(np.flatnonzero(asked), near.shape)
        pair = np.repeat(pairs[k], FINE)
        alone = self.sight.alone_at(self.views[row[pair]], obj[pair], self._rooks(line - 1, column - 1))
        near[k, line, column] |= alone.reshape(-1, FINE).any(axis=1)
        return np.asarray(np.stack([pairs[number], y, x], axis=-1)[_grown(near, 2)[number, y + 1, x + 1]])

    def _rooks(self, line: Ints, column: Ints) -> Floats:
        """Positions (4 C, 2) of the rays of coarse cells (C,) that are tried first: no line goes between them."""
        uv = np.empty((len(line), FINE, 2))
        uv[..., 0] = (column[:, None] * FINE + ROOKS + 0.5) * (self.grid.width / (self.grid.w * FINE))
        uv[..., 1] = (line[:, None] * FINE + np.arange(FINE) + 0.5) * (self.grid.height / (self.grid.h * FINE))
        return uv.reshape(-1, 2)

    def _trace(self, near: Bools, row: Ints, obj: Ints) -> None:
        """Set the cells (R, h, w) in which points on the edges of the objects' faces lie."""
        for o in np.unique(obj):
            pairs = np.flatnonzero(obj == o)
            uvw, inside = self.sight.project(self.views[row[pairs]], self.traces[o][None], self.grid)
            u, v, z = uvw[inside].astype(np.float64).T
            x, y = self.grid.cell_of(u / z, v / z)
            near[pairs[np.nonzero(inside)[0]], y, x] = True

    def _reached_cells(self, window: Ints, box: Ints, reach: Floats) -> Ints:
        """Cells (C, 2) of a window within the outline: row and column."""
        x0, y0, x1, y1 = window.tolist()
        width, height = self.grid.width / self.grid.w, self.grid.height / self.grid.h
        x, y = (np.arange(x0, x1 + 1) + 0.5) * width, (np.arange(y0, y1 + 1) + 0.5) * height
        within, slack = np.ones((len(y), len(x)), dtype=bool), np.hypot(width, height) / 2
        for (dx, dy), (low, high) in zip(DIAGONALS, reach, strict=True):
            along = dx * x + (dy * y)[:, None]
            within &= (along >= low - slack) & (along <= high + slack)
        # Cells that lie wholly inside the box hold nothing outside it.
        inside = np.concatenate([-(-box[:2] // FINE), (box[2:] + 1) // FINE])
        within[max(0, inside[1] - y0) : max(0, inside[3] - y0), max(0, inside[0] - x0) : max(0, inside[2] - x0)] = False
        return np.asarray(np.argwhere(within) + np.array([y0, x0]))


def _grown(cells: Bools, steps: int) -> Bools:
    """Cells (P, h, w) with all that are so many steps away, along rows, columns and diagonals."""
    out = cells.copy()
    for axis in (1, 2):
        for _ in range(steps):
            before, after = ((slice(None),) * axis + (s,) for s in (slice(None, -1), slice(1, None)))
            one = out.copy()
            out[before] |= one[after]
            out[after] |= one[before]
    return out


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of R objects so far.

    box (R, 4): first column, first row, last column, last row. witness (R, 4, 2): column and row of a ray that reaches
    each side. All in fine rays.
    """

    box: Ints
    witness: Ints

    @classmethod
    def coarse(cls, ids: NDArray[np.int32], row: Ints, obj: Ints) -> _Found:
        """Boxes of what the coarse rays (V, h, w) met."""
        _, h, w = ids.shape
        c, r = np.empty((len(row), w), dtype=bool), np.empty((len(row), h), dtype=bool)
        for k, (view, o) in enumerate(zip(row, obj, strict=True)):
            own = ids[view] == o
            c[k], r[k] = own.any(axis=0), own.any(axis=1)
        box = [c.argmax(1), r.argmax(1), w - 1 - c[:, ::-1].argmax(1), h - 1 - r[:, ::-1].argmax(1)]
        witness = np.empty((len(row), 4, 2), dtype=np.int64)
        for side, at in enumerate(box):
            line = ids[row, :, at] if side % 2 == 0 else ids[row, at]
            aside = (line == obj[:, None]).argmax(axis=1)
            witness[:, side, side % 2], witness[:, side, 1 - side % 2] = at, aside
        return cls(np.stack(box, axis=-1) * FINE + FINE // 2, witness * FINE + FINE // 2)

    def widen(self, pair: Ints, x: Ints, y: Ints) -> None:
        """Take in rays (N,) that see the objects of their pairs."""
        for side, (value, widest) in enumerate(((x, np.minimum), (y, np.minimum), (x, np.maximum), (y, np.maximum))):
            edge = self.box[:, side].copy()
            widest.at(edge, pair, value)
            new = (value == edge[pair]) & (value != self.box[pair, side])
            self.witness[pair[new], side] = np.stack([x[new], y[new]], axis=-1)
            self.box[:, side] = edge
