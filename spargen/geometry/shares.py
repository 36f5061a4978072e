"""Which share of an image shows an object, and which share of an object is not hidden.

The coarse grid counts a hundred small things at once, but of one that covers three or eight of its cells it cannot say
whether it passes a threshold of four. Whatever comes near one is counted again, ray by ray, on the fine grid.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.alone import Outlines
from spargen.geometry.grid import FINE, Grid
from spargen.geometry.sight import Sight
from spargen.scene.images import NOTHING
from spargen.settings import Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Ids = NDArray[np.int32]

BORDER = 2.0
"""The coarse count of a thing that covers n cells may be off by this times the root of n, unless it is slender."""
ALONE_RAYS = 400
"""Rays an object and view, about, that first tell how many pixels it would cover alone."""
SPARSE_DOUBT = 0.05
"""How far an unoccluded share told by these may be off besides. Told by the rays of n cells it may be off by
1 / sqrt(n): measured against all fine rays, on 1,345 objects in 100 views, none was off by more."""
NEITHER, OWN, HIDDEN = 0, 1, 2
"""What a ray meets in the window of an object."""
UNTRIED = -1
"""Of a cell, that none of its fine rays was cast yet."""


class Shares:
    """Counts what the images of a chunk of views, which share one size, show.

    Parameters
    ----------
    sight : casts the rays.
    views : (V,) of the chunk.
    grid : of their images.
    ids : (V, h, w) what the coarse grid met.
    settings : the thresholds.
    """

    def __init__(self, sight: Sight, views: Ints, grid: Grid, ids: Ids, settings: Settings) -> None:
        self.sight, self.views, self.grid, self.ids, self.settings = sight, views, grid, ids, settings
        at = np.tile(grid.rim, (len(views), 1))
        self.rim = sight.objects_at(np.repeat(views, len(grid.rim)), at).reshape(len(views), len(grid.rim))

    def coarsely(self, n: int) -> tuple[Floats, Bools]:
        """Share (V, N) of each image that shows each of n objects, by the coarse rays; and which may be wrong by that.

        What shares up to twice `seen_share` are said to be depends on more than these rays tell.
        """
        count = np.zeros((len(self.ids), n + 2))
        for i, ids in enumerate(self.ids):
            count[i] = np.bincount(ids.ravel() + 2, minlength=n + 2)
        share = count[:, 2:] / self.grid.cells
        seen = self.settings.seen_share
        near = (share > 0) & (share < 2 * seen + BORDER * np.sqrt(2 * seen / self.grid.cells))
        slender = (share > 0) & (share < (FINE + 0.5) * seen) & _slender(self.ids, n)
        return share, near | slender

    def in_sight(self, row: Ints, obj: Ints, points_m: NDArray[np.float32]) -> Bools:
        """Tell which objects (R,) show in views (R,), though no coarse ray met them.

        Either one of their points (R, P, 3) does: what stands in gaps, poles. Or they are met at the rim, beyond the
        outermost coarse rays: the edge of a sofa may be one pixel high there, and long.
        """
        pair, _ = self._points_in_sight(row, obj, points_m)
        return np.asarray((np.bincount(pair, minlength=len(row)) > 0) | (self.rim[row] == obj[:, None]).any(axis=1))

    def finely(self, row: Ints, obj: Ints, points_m: NDArray[np.float32]) -> Floats:
        """Share (R,) of the images in rows (R,) that shows objects, by all fine rays of the cells that show them.

        These are the cells in which a coarse ray, one at the rim or one of the points (R, P, 3) met the object, and
        from there on all neighbours of cells that show it. No less is shown than the pixels at the rim.
        """
        met, at_rim = self.ids[row] == obj[:, None, None], self.rim[row] == obj[:, None]
        pair, ray = np.nonzero(at_rim)
        x, y = self.grid.cell_of(*self.grid.rim[ray].T)
        met[pair, y, x] = True
        hits = np.full(met.shape, UNTRIED, dtype=np.int8)
        count = self._count_around(np.nonzero(met), row, obj, hits)
        pair, uv = self._points_inside(row, points_m)
        x, y = self.grid.cell_of(*uv.T)
        # A point in a cell that is known to show the object tells nothing new.
        new = hits[pair, y, x] <= 0
        pair, y, x, uv = pair[new], y[new], x[new], uv[new]
        hit = self.sight.objects_at(self.views[row[pair]], uv) == obj[pair]
        count += self._count_around((pair[hit], y[hit], x[hit]), row, obj, hits)
        least = at_rim @ self.grid.rim_pixels / (self.grid.width * self.grid.height)
        return np.asarray(np.maximum(count / (self.grid.cells * FINE * FINE), least))

    def _count_around(self, cells: tuple[Ints, ...], row: Ints, obj: Ints, hits: NDArray[np.int8]) -> Floats:
        """Count the fine rays that meet the objects around cells, on and on where they show; return how many (R,) do.

        Parameters
        ----------
        cells : pairs, rows and columns of `hits`.
        hits : (R, h, w) what was counted in each cell, or UNTRIED; it is filled in.
        """
        k, count = FINE * FINE, np.zeros(len(row))
        while len((cells := _grown(cells, hits))[0]):
            pair, y, x = cells
            view = np.repeat(self.views[row[pair]], k)
            hit = self.sight.objects_at(view, self.grid.fine_of_cells(y, x)) == np.repeat(obj[pair], k)
            hits[cells] = each = hit.reshape(-1, k).sum(axis=1)
            count += np.bincount(pair, each, len(row))
            shown = each > 0
            cells = (pair[shown], y[shown], x[shown])
        return count

    def _points_in_sight(self, row: Ints, obj: Ints, points_m: NDArray[np.float32]) -> tuple[Ints, Floats]:
        """Return which points (R, P, 3) are seen: the pair of each, and where it is in the image."""
        pair, uv = self._points_inside(row, points_m)
        hit = self.sight.objects_at(self.views[row[pair]], uv) == obj[pair]
        return pair[hit], uv[hit]

    def _points_inside(self, row: Ints, points_m: NDArray[np.float32]) -> tuple[Ints, Floats]:
        """Return which points (R, P, 3) lie in the image: the pair of each, and where."""
        uvw, inside = self.sight.project(self.views[row], points_m, self.grid)
        pair, uvw = np.nonzero(inside)[0], uvw[inside]
        return np.asarray(pair), np.asarray(uvw[:, :2] / uvw[:, 2:])

    def unoccluded(self, row: Ints, obj: Ints, outlines: Outlines) -> Floats:
        """Visible pixels over pixels covered alone, for pairs (R,) with `outlines`.

        Some hundred coarse rays tell it to 5 %. Where a threshold is as near as that, all of them count; and where it
        still is, the fine ones.
        """
        low = np.stack(self.grid.cell_of(*outlines.side[:, :2].T), axis=-1)
        high = np.stack(self.grid.cell_of(*outlines.side[:, 2:].T), axis=-1) + 1
        step = np.sqrt((high - low).prod(axis=1) / ALONE_RAYS).round().astype(np.int64)
        share, alone, kinds = self._coarsely(row, obj, low, high, np.maximum(step, 1))
        doubt = SPARSE_DOUBT * (step > 1)
        again = np.flatnonzero((step > 1) & self._is_unsure(share, alone, doubt))
        if len(again):
            every = np.ones(len(again), dtype=np.int64)
            share[again], alone[again], more = self._coarsely(row[again], obj[again], low[again], high[again], every)
            for i, kind in zip(again.tolist(), more, strict=True):
                kinds[i], doubt[i] = kind, 0
        fine = np.flatnonzero(self._is_unsure(share, alone, doubt))
        if len(fine):
            share[fine] = self._finely(row[fine], obj[fine], low[fine], [kinds[i] for i in fine])
        return share

    def _is_unsure(self, share: Floats, alone: Floats, doubt: Floats) -> Bools:
        """Tell which shares (R,) of the cells that objects would cover alone may lie beyond a threshold.

        What no coarse ray met stays hidden: nobody could draw a box around it.
        """
        doubt = doubt + 1 / np.sqrt(np.maximum(alone, 1))
        limits = np.array([self.settings.min_unoccluded, self.settings.volume_unoccluded])
        return np.asarray((share > 0) & (np.abs(share[:, None] - limits) <= doubt[:, None]).any(axis=1))

    def _coarsely(
        self, row: Ints, obj: Ints, low: Ints, high: Ints, step: Ints
    ) -> tuple[Floats, Floats, list[NDArray[np.int8]]]:
        """Count the coarse rays of pairs (R,) in windows [low, high) of cells, the hidden ones only every `step`.

        Returns the share that is not hidden, the cells that the object would cover alone, and (where `step` is 1) what
        each ray of the windows (h, w) meets: OWN, the object HIDDEN behind something else, or NEITHER.
        """
        own, others, kinds = np.empty(len(row), dtype=np.int64), [], []
        for k, (r, o, (x0, y0), (x1, y1), s) in enumerate(zip(row, obj, low, high, step, strict=True)):
            window = self.ids[r, y0:y1, x0:x1]
            kinds.append((window == o).astype(np.int8))
            own[k] = np.count_nonzero(kinds[-1])
            sparse = window[::s, ::s]
            others.append(np.nonzero((sparse != o) & (sparse != NOTHING)))
        length = np.array([len(y) for y, _ in others])
        pair = np.repeat(np.arange(len(row)), length)
        y, x = (np.concatenate(axis) for axis in zip(*others, strict=True))
        uv = self.grid.coarse[low[pair, 1] + y * step[pair], low[pair, 0] + x * step[pair], :2].astype(np.float64)
        hidden = self.sight.alone_at(self.views[row[pair]], obj[pair], uv)
        for kind, (down, right), is_hidden in zip(kinds, others, np.split(hidden, np.cumsum(length)[:-1]), strict=True):
            kind[down[is_hidden], right[is_hidden]] = HIDDEN
        alone = own + np.bincount(pair, weights=hidden, minlength=len(row)) * step**2
        return own / np.maximum(alone, 1), alone, kinds

    def _finely(self, row: Ints, obj: Ints, low: Ints, kinds: list[NDArray[np.int8]]) -> Floats:
        """The share that is not hidden, for pairs (R,), by the fine rays.

        Cells among cells of their own kind count whole; of the others all fine rays are cast.
        """
        k, mixed = FINE * FINE, [_mixed(kind) for kind in kinds]
        inner = [np.bincount(kind[~m], minlength=3) * k for kind, m in zip(kinds, mixed, strict=True)]
        own, hidden = np.array(inner)[:, [OWN, HIDDEN]].T
        cells = [np.argwhere(m) for m in mixed]
        number = np.repeat(np.arange(len(row)), [len(c) for c in cells])
        y, x = (np.concatenate(cells) + low[number, ::-1]).T
        pair, uv = np.repeat(number, k), self.grid.fine_of_cells(y, x)
        view = self.views[row[pair]]
        sees = self.sight.objects_at(view, uv) == obj[pair]
        own = own + np.bincount(pair[sees], minlength=len(row))
        pair, view, uv = pair[~sees], view[~sees], uv[~sees]
        hidden = hidden + np.bincount(pair[self.sight.alone_at(view, obj[pair], uv)], minlength=len(row))
        return np.asarray(own / np.maximum(own + hidden, 1))


def _mixed(kind: NDArray[np.int8]) -> Bools:
    """Tell which cells of a window (h, w) are not among eight neighbours of their own kind."""
    around = np.pad(kind, 1, constant_values=NEITHER)
    h, w = kind.shape
    return np.asarray(np.any([around[i : i + h, j : j + w] != kind for i in range(3) for j in range(3)], axis=0))


def _slender(ids: NDArray[np.int32], n: int) -> Bools:
    """Tell which objects cover cells without neighbours of their own on all four sides, mostly: (V, N)."""
    middle = ids[:, 1:-1, 1:-1]
    inner = (middle == ids[:, :-2, 1:-1]) & (middle == ids[:, 2:, 1:-1])
    inner &= (middle == ids[:, 1:-1, :-2]) & (middle == ids[:, 1:-1, 2:])
    count = [np.bincount(i.ravel() + 2, minlength=n + 2)[2:] for i in ids]
    core = [np.bincount(m[k] + 2, minlength=n + 2)[2:] for m, k in zip(middle, inner, strict=True)]
    return np.asarray(np.reshape(core, (len(ids), n)) < np.reshape(count, (len(ids), n)) / 4)


def _grown(cells: tuple[Ints, ...], hits: NDArray[np.int8]) -> tuple[Ints, ...]:
    """Add the eight neighbours of cells, given as pairs, rows and columns of `hits`; those not yet tried, each once."""
    _, h, w = hits.shape
    step = np.arange(-1, 2)
    pair, y, x = (c[:, None, None] for c in cells)
    y, x = np.clip(y + step[:, None], 0, h - 1), np.clip(x + step, 0, w - 1)
    number = ((pair * h + y) * w + x).ravel()
    return np.unravel_index(np.unique(number[hits.ravel()[number] == UNTRIED]), hits.shape)
