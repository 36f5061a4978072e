"""The size of a room's floor, from the mesh.

What stands on the floor is measured twice, sparingly (its faces, seen from above) and generously (the rectangle of its
box, and the hull of what touches it), for careful readers may mean either: a right answer lies between the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spargen.verify.body import Thing
from spargen.verify.mesh_sight import FLOOR_POINTS, MeshSight
from spargen.verify.plane import hull, least_rectangles
from spargen.verify.site import Site

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CELL_M = 0.05
WIDEST_M, REACH_M = 100.0, 5.0
"""A wider floor is none of which a size is asked; and how far beyond it things that stand on it count."""
BORDER_M = 1.25
"""Free cells around what is drawn, so that what grows stays inside."""


class Ground:
    """The floor of a scene that has the mesh of `sight`. `areas_m2` are least and most by radius of the closing."""

    def __init__(self, site: Site, sight: MeshSight) -> None:
        lexicon, things, bounds = site.lexicon, site.list, site.bounds
        closing_m = bounds.room_closing_m
        self.site, self.sight = site, sight
        self.corners = _floor(site, sight)
        points, _ = sight.points
        self.points = points[-FLOOR_POINTS:]
        self.storeys_m = float(np.diff(np.percentile(self.points[:, 2], [1, 99]))[0])
        loose = [t for t in things if lexicon.part(t.label) is None]
        self.standing = [t for t in loose if self._stands(t)]
        resting = _resting(self.standing, [t for t in loose if t not in self.standing])
        shapes = [_fan(least_rectangles(t.points_m[:, :2])[0].corners) for t in self.standing]
        shapes += [_fan(hull(t.points_m[:, :2])) for t in resting]
        flat = self.corners[:, :, :2]
        reach = flat.min(axis=(0, 1)) - REACH_M, flat.max(axis=(0, 1)) + REACH_M
        self.grid = Grid(np.concatenate([flat, *shapes]).clip(*reach))  # a stray corner may lie a kilometre off
        floor = self.grid.fill(flat)
        named = [self.grid.fill(t.corners_m[:, :, :2]) for t in self.standing if not lexicon.meaningless(t.label)]
        least = _joined(floor, named, self.grid.grow(floor, 1.5 * CELL_M))
        most = _joined(floor, map(self.grid.fill, shapes), self.grid.grow(floor, 3 * CELL_M))
        self.floor, self._both = floor, (least, most)
        self.result = self.grid.close(least, closing_m)
        self.areas_m2: Mapping[float, list[float]] = {
            r: [self.grid.area_m2(mask, r) for mask in (least, most)]
            for r in (bounds.room_small_m, closing_m, bounds.room_large_m)
        }
        self.scanned_m2 = self.grid.area_m2(floor, closing_m)

    def _stands(self, thing: Thing) -> bool:
        """Tell whether a thing's lowest point is within 0.15 m of the floor around it."""
        way = np.linalg.norm(self.points[:, :2] - thing.center[:2], axis=1)
        near = way <= way.min() + np.hypot(*thing.sides[:2]) / 2
        return bool(abs(thing.points_m[:, 2].min() - np.median(self.points[near, 2])) <= self.site.bounds.room_stands_m)

    @cached_property
    def unsure_m2(self) -> float:
        """Square metres, at least, that are ground or lie between walls, but not both; strips under 0.5 m apart."""
        points, _ = self.sight.points
        grid = self.grid.wider(3.6)
        outline = grid.padded(self.floor)
        cells = grid.cells(points[:-FLOOR_POINTS])
        inside = (cells >= 12) & (cells < np.array(outline.shape) - 12)
        outline[tuple(cells[inside.all(axis=1)].T)] = True
        near = grid.grow(outline, 0.45)
        outline |= ~grid.grow(~ndimage.binary_fill_holes(near), 0.45)
        areas = []
        for mask in self._both:
            apart = grid.padded(self.grid.close(mask, self.site.bounds.room_closing_m)) ^ outline
            inner = ~grid.grow(~apart, 0.25)
            areas.append(float(grid.grow(inner, 0.25).sum()) * CELL_M**2 if inner.any() else 0.0)
        return min(areas)

    @cached_property
    def over(self) -> float:
        """Share of the floor's cells of 0.25 m with floor half a metre above floor."""
        _, row = np.unique(np.floor(self.points[:, :2] / 0.25).astype(int), axis=0, return_inverse=True)
        row, z = row.ravel(), self.points[:, 2]
        low, high = np.full(row.max() + 1, np.inf), np.full(row.max() + 1, -np.inf)
        np.minimum.at(low, row, z)
        np.maximum.at(high, row, z)
        return float((high - low > 0.6).mean())

    def seen(self, frames: Sequence[int]) -> float:
        """Share of the room of whose floor, or of what stands there, some frame sees a point within 0.2 m."""
        points, face = self.sight.points
        rows = {self.site.row[t.id] for t in self.standing} | set(self.sight.floor_rows)
        seen = np.any([self.site.look(frame).side != 0 for frame in frames], axis=0)
        seen &= np.isin(self.sight.owner[face], list(rows))
        mask = np.zeros(self.grid.shape, bool)
        cells = self.grid.cells(points[seen])
        inside = ((cells >= 0) & (cells < np.array(self.grid.shape))).all(axis=1)
        mask[tuple(cells[inside].T)] = True
        return float((self.grid.grow(mask, 0.2) & self.result).sum() / max(1, self.result.sum()))


def width_m(site: Site, sight: MeshSight) -> float:
    """Return how far the floor of a scene reaches along one of the world's axes, at most; 0 where there is none."""
    flat = _floor(site, sight)[..., :2]
    return float(np.ptp(flat, axis=(0, 1)).max()) if len(flat) else 0.0


def _floor(site: Site, sight: MeshSight) -> Floats:
    """Return the faces (n, 3, 3) of the floor."""
    return np.concatenate([np.zeros((0, 3, 3)), *(site.list[row].corners_m for row in sight.floor_rows)])


def _resting(standing: list[Thing], others: list[Thing]) -> list[Thing]:
    """Return the things that rest on what stands on the floor, or on each other."""
    found, more, rest = [], standing, others
    while more:
        more = [t for t in rest if any(t.gap_m(s, 0.12) < 0.1 for s in more)]
        rest = [t for t in rest if t not in more]
        found += more
    return found


def _joined(floor: Bools, footprints: Sequence[Bools] | map[Bools], touching: Bools) -> Bools:
    """Return the floor with those footprints that touch it."""
    joined = floor.copy()
    for footprint in footprints:
        if (footprint & touching).any():
            joined |= footprint
    return joined


def _fan(polygon: Floats) -> Floats:
    """Return a convex polygon as triangles (n, 3, 2)."""
    if len(polygon) < 3:
        return np.zeros((0, 3, 2))
    return np.stack([np.broadcast_to(polygon[0], polygon[2:].shape), polygon[1:-1], polygon[2:]], axis=1)


class Grid:
    """A raster of the ground, in cells of 5 cm, around triangles (n, 3, 2)."""

    def __init__(self, triangles: Floats, border_m: float = BORDER_M) -> None:
        self.low = triangles.min(axis=(0, 1)) - border_m
        rows, columns = np.ceil((triangles.max(axis=(0, 1)) + border_m - self.low) / CELL_M).astype(int).tolist()
        self.shape, self._margin = (rows, columns), 0

    def wider(self, by_m: float) -> Grid:
        """Return the same raster with a wider border."""
        grid, cells = object.__new__(Grid), round(by_m / CELL_M)
        grid.low, grid._margin = self.low - cells * CELL_M, cells
        grid.shape = (self.shape[0] + 2 * cells, self.shape[1] + 2 * cells)
        return grid

    def padded(self, mask: Bools) -> Bools:
        """Return a mask of the narrower raster on this wider one."""
        return np.pad(mask, self._margin)

    def cells(self, points_m: Floats) -> NDArray[np.int64]:
        """Return the cells (P, 2) of points (P, 2 or 3)."""
        return np.asarray(np.floor((points_m[:, :2] - self.low) / CELL_M), dtype=np.int64)

    def fill(self, triangles: Floats) -> Bools:
        """Return the cells whose centres lie in one of the triangles (n, 3, 2), which may reach beyond the raster."""
        filled = np.zeros(self.shape, bool)
        corners = (triangles - self.low) / CELL_M - 0.5  # cell (i, j) has its centre at (i, j)
        first = np.floor(corners.min(axis=1)).clip(0, self.shape).astype(int)
        span = (np.ceil(corners.max(axis=1)).clip(-1, np.array(self.shape) - 1).astype(int) - first + 1).clip(0)
        small = span.max(axis=1, initial=0) <= 6
        for i in range(int(span[small, 0].max(initial=0))):
            for j in range(int(span[small, 1].max(initial=0))):
                _mark(filled, corners[small], first[small] + np.array([i, j]))
        for one, start, size in zip(corners[~small], first[~small], span[~small], strict=True):
            ways = np.meshgrid(np.arange(size[0]), np.arange(size[1]), indexing="ij")
            _mark(filled, one[None], start + np.stack(ways, axis=-1).reshape(-1, 2))
        return filled

    def grow(self, mask: Bools, radius_m: float) -> Bools:
        """Return the cells within a radius of a mask."""
        return _reach(mask) * CELL_M <= radius_m

    def close(self, mask: Bools, radius_m: float) -> Bools:
        """Return a mask closed by a disc, with its holes filled."""
        closed = mask | (_reach(~self.grow(mask, radius_m)) * CELL_M > radius_m)
        return np.asarray(ndimage.binary_fill_holes(closed))

    def area_m2(self, mask: Bools, closing_m: float) -> float:
        """Return the area of a mask that was closed."""
        return float(self.close(mask, closing_m).sum()) * CELL_M**2


def _reach(mask: Bools) -> Floats:
    """Return the distance of every cell to the nearest that is set, in cells."""
    if not mask.any():
        return np.full(mask.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(~mask))


def _mark(filled: Bools, corners: Floats, cells: NDArray[np.int64]) -> None:
    """Set those cells (n, 2) that lie in their triangles (n or 1, 3, 2)."""
    a, b, c = corners.transpose(1, 0, 2)

    def side(s: Floats, e: Floats) -> Floats:
        along, across = e - s, cells - s
        return np.asarray(along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0])

    sides = np.stack([side(a, b), side(b, c), side(c, a)])
    inside = ((sides >= 0).all(axis=0) | (sides <= 0).all(axis=0)) & (cells < filled.shape).all(axis=1)
    seen_edge_on = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) < 1e-9
    filled[tuple(cells[inside & ~seen_edge_on].T)] = True
