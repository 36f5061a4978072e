"""The size of a room's floor, from the mesh: tasks.md section 5, room_size. Nothing of spargen is imported.

What stands on the floor is measured twice, sparingly (its faces, seen from above) and generously (the rectangle of its
box, and the hull of what touches it), because the definition leaves room there: a right answer lies between the two.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from oracle.body import hull, least_rectangles
from oracle.labels import listed, part
from oracle.scene import sprinkle

CELL = 0.05


class Floor:
    """The floor of a scan: ``areas`` are [least, most] m2 by radius of the closing; None where there is no floor."""

    def __init__(self, scan):
        things = scan.things.values()
        self.corners = np.concatenate([np.zeros((0, 3, 3)), *(t.corners for t in things if part(t.label) == "floor")])
        if not len(self.corners):
            self.areas = None
            return
        points, _ = sprinkle(self.corners, 4000)
        self.points = points
        self.storeys = float(np.diff(np.percentile(points[:, 2], [1, 99]))[0])
        standing = [t for t in things if part(t.label) is None and self.stands(t)]
        nameless = [t for t in standing if listed(t.label, "meaningless")]
        resting, more = [], standing
        while more:
            rest = [t for t in things if part(t.label) is None and t not in standing and t not in resting]
            more = [t for t in rest if any(t.gap(s, 0.12) < 0.1 for s in more)]
            resting += more
        shapes = [fan(least_rectangles(t.points[:, :2])[0].corners) for t in standing]
        shapes += [fan(hull(t.points[:, :2])) for t in resting]
        self.grid = Grid(np.concatenate([self.corners[:, :, :2], *shapes]), 1.0)
        floor = self.floor_cells = self.grid.fill(self.corners[:, :, :2])
        named = [self.grid.fill(t.corners[:, :, :2]) for t in standing if t not in nameless]
        least = self.add(floor, named, self.grid.grow(floor, 1.5 * CELL))
        most = self.add(floor, [self.grid.fill(s) for s in shapes], self.grid.grow(floor, 3 * CELL))
        self.standing, self.result = standing, self.grid.close(least, 0.5)
        self.scanned = self.grid.area(floor, 0.5)
        self.unsure = self.apart(scan._spread[0], [self.grid.close(mask, 0.5) for mask in (least, most)])
        self.areas = {r: [self.grid.area(mask, r) for mask in (least, most)] for r in (0.3, 0.5, 1.0)}

    def apart(self, points, grounds, margin=72):
        """Square metres, at least, that are ground or lie between walls, but not both; strips under 0.5 m apart."""
        outline = np.pad(self.floor_cells, margin)
        cells = np.floor((points[:, :2] - self.grid.low) / CELL).astype(int) + margin
        inside = (cells >= 12) & (cells < np.array(outline.shape) - 12)  # what grows stays clear of the border
        outline[tuple(cells[inside.all(axis=1)].T)] = True
        near = self.grid.grow(outline, 0.45)
        outline |= ~self.grid.grow(~(near | holes(near)), 0.45)
        inner = (~self.grid.grow(~(np.pad(g, margin) ^ outline), 0.25) for g in grounds)
        return min(float(self.grid.grow(mask, 0.25).sum()) * CELL * CELL if mask.any() else 0.0 for mask in inner)

    def over(self):
        """Share of the floor's cells of 0.25 m with floor half a metre above floor."""
        cells, row = np.unique(np.floor(self.points[:, :2] / 0.25).astype(int), axis=0, return_inverse=True)
        z = [self.points[row.ravel() == i, 2] for i in range(len(cells))]
        return float(np.mean([np.ptp(heights) > 0.6 for heights in z]))

    def stands(self, thing):
        """Whether a thing's lowest point is within 0.15 m of the floor around it."""
        way = np.linalg.norm(self.points[:, :2] - thing.center[:2], axis=1)
        near = way <= way.min() + np.hypot(*thing.sides[:2]) / 2
        return abs(thing.points[:, 2].min() - np.median(self.points[near, 2])) <= 0.15

    def seen(self, scan, frames):
        """Share of the room of whose floor, or of what stands there, some frame sees a point within 0.2 m."""
        points = np.concatenate([self.points, *(scan.samples(t.id)[::8] for t in self.standing)])
        seen = points[np.any([scan.sees(scan.views[f], points) for f in frames], axis=0)]
        mask = np.zeros(self.grid.shape, bool)
        mask[tuple(np.floor((seen[:, :2] - self.grid.low) / CELL).astype(int).T)] = True
        return float((self.grid.grow(mask, 0.2) & self.result).sum() / self.result.sum())

    @staticmethod
    def add(floor, footprints, touching):
        return floor | np.any([f for f in footprints if (f & touching).any()] or [floor], axis=0)


def fan(polygon):
    """A convex polygon as triangles."""
    corners = np.array(polygon)
    return np.array([(corners[0], a, b) for a, b in pairwise(corners[1:])]).reshape(-1, 3, 2)


class Grid:
    """A raster of the ground, cells of 5 cm."""

    def __init__(self, triangles, margin):
        self.low = triangles.min(axis=(0, 1)) - margin - 5 * CELL
        self.shape = tuple(np.ceil((triangles.max(axis=(0, 1)) + margin + 5 * CELL - self.low) / CELL).astype(int))

    def fill(self, triangles):
        """The cells whose centres lie in one of the triangles (n, 3, 2)."""
        filled = np.zeros(self.shape, bool)
        corners = (triangles - self.low) / CELL - 0.5  # cell (i, j) has its centre at (i, j)
        first = np.floor(corners.min(axis=1)).astype(int)
        span = np.ceil(corners.max(axis=1)).astype(int) - first + 1
        small = span.max(axis=1) <= 6
        for i in range(span[small, 0].max(initial=0)):
            for j in range(span[small, 1].max(initial=0)):
                self.mark(filled, corners[small], first[small] + (i, j))
        for rows, start, size in zip(corners[~small], first[~small], span[~small], strict=True):
            cells = start + np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), axis=-1).reshape(-1, 2)
            self.mark(filled, rows[None], cells)
        return filled

    def mark(self, filled, corners, cells):
        a, b, c = corners.transpose(1, 0, 2)

        def side(s, e):
            return (e[:, 0] - s[:, 0]) * (cells[:, 1] - s[:, 1]) - (e[:, 1] - s[:, 1]) * (cells[:, 0] - s[:, 0])

        sides = np.stack([side(a, b), side(b, c), side(c, a)])
        inside = (sides >= 0).all(axis=0) | (sides <= 0).all(axis=0)
        flat = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) < 1e-9  # seen edge-on
        filled[tuple(cells[inside & ~flat].T)] = True

    def grow(self, mask, radius):
        return distance_to(mask) * CELL <= radius

    def area(self, mask, closing):
        """Square metres of a mask that was closed by a disc, holes filled."""
        return float(self.close(mask, closing).sum()) * CELL * CELL

    def close(self, mask, radius):
        closed = mask | (distance_to(~self.grow(mask, radius)) * CELL > radius)
        return closed | holes(closed)


def distance_to(mask):
    """Distance, in cells, of every cell to the nearest set one: exact, one axis at a time."""
    columns = np.where(mask, 0.0, 1e6)
    for i in range(1, len(mask)):
        columns[i] = np.minimum(columns[i], columns[i - 1] + 1)
    for i in range(len(mask) - 2, -1, -1):
        columns[i] = np.minimum(columns[i], columns[i + 1] + 1)
    squares, j = columns**2, np.arange(mask.shape[1])
    return np.sqrt(np.stack([(squares + (j - k) ** 2).min(axis=1) for k in j], axis=1))


def holes(mask):
    """Cells that are not set and cannot be reached from the border."""
    outside = np.zeros_like(mask)
    queue = [(0, 0)]
    while queue:
        i, j = queue.pop()
        if 0 <= i < mask.shape[0] and 0 <= j < mask.shape[1] and not mask[i, j] and not outside[i, j]:
            outside[i, j] = True
            queue += [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
    return ~mask & ~outside
