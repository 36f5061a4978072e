"""Figures in the plane: hulls of points, and the rectangles of least area around them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEW = 64
"""So many points are sorted at once; of more, those that plainly lie inside are dropped before."""
EQUAL = 1.0001
"""Rectangles whose areas differ by less than this factor are of the same area: which is taken is chance."""


def hull(points: Floats) -> Floats:
    """Return the corners (H, 2) of the convex hull of points (P, 2), counter-clockwise (monotone chain)."""
    points = np.asarray(points, dtype=np.float64)
    if len(points) > FEW:
        points = _outer(points)
    points = np.unique(points, axis=0)
    if len(points) < 3:
        return points
    ordered = [(float(x), float(y)) for x, y in points]
    return np.array(_chain(ordered)[:-1] + _chain(reversed(ordered))[:-1])


def _outer(points: Floats) -> Floats:
    """Drop points that lie inside the polygon of those that reach farthest in sixteen directions."""
    angle = np.arange(16) * math.pi / 8
    reach = points @ np.stack([np.cos(angle), np.sin(angle)])
    corner = points[reach.argmax(axis=0)]
    edge = np.roll(corner, -1, axis=0) - corner
    inside = np.ones(len(points), dtype=bool)
    for (x, y), (along_x, along_y) in zip(corner, edge, strict=True):
        if along_x or along_y:
            inside &= along_x * (points[:, 1] - y) - along_y * (points[:, 0] - x) > 1e-12
    return np.asarray(points[~inside])


def _chain(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    chain: list[tuple[float, float]] = []
    for p in points:
        while len(chain) > 1:
            (ax, ay), (bx, by) = chain[-2], chain[-1]
            if (bx - ax) * (p[1] - ay) > (by - ay) * (p[0] - ax):
                break
            chain.pop()
        chain.append(p)
    return chain


def beyond(polygon: Floats, points: Floats) -> float:
    """Return how far the nearest of some points (P, 2) lies outside a convex polygon (H, 2); 0 where one is inside."""
    edge = np.roll(polygon, -1, axis=0) - polygon
    way = points[:, None] - polygon
    inside = (edge[:, 0] * way[..., 1] - edge[:, 1] * way[..., 0] >= 0).all(axis=1)
    if len(polygon) > 2 and inside.any():
        return 0.0
    along = np.clip((way * edge).sum(-1) / np.maximum((edge**2).sum(-1), 1e-12), 0, 1)
    return float(np.linalg.norm(way - along[..., None] * edge, axis=-1).min())


class Rectangle(NamedTuple):
    """Centre (2,), the longer and the shorter side, and the corners (4, 2) in turn."""

    center: Floats
    long_side: float
    short_side: float
    corners: Floats


def least_rectangles(points: Floats) -> list[Rectangle]:
    """Return the rectangle of least area around points (P, 2), and its equals to 0.01 %; one side is a hull edge."""
    around = hull(points)
    edge = np.roll(around, -1, axis=0) - around
    length = np.linalg.norm(edge, axis=1)
    u = edge[length > 1e-9] / length[length > 1e-9, None]
    if not len(u):
        return [Rectangle(around[0], 0.0, 0.0, np.repeat(around[:1], 4, axis=0))]
    v = np.stack([-u[:, 1], u[:, 0]], axis=1)
    (s, s_end), (t, t_end) = ((x.min(axis=1), x.max(axis=1)) for x in (u @ around.T, v @ around.T))
    area = (s_end - s) * (t_end - t)
    order = [int(i) for i in np.argsort(area, kind="stable") if area[i] <= EQUAL * area.min()]
    found = []
    for i in order:
        ends = ((s[i], t[i]), (s_end[i], t[i]), (s_end[i], t_end[i]), (s[i], t_end[i]))
        sides = float(s_end[i] - s[i]), float(t_end[i] - t[i])
        center = u[i] * (s[i] + s_end[i]) / 2 + v[i] * (t[i] + t_end[i]) / 2
        found.append(Rectangle(center, max(sides), min(sides), np.array([u[i] * x + v[i] * y for x, y in ends])))
    return found
