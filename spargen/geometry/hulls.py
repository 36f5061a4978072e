"""Convex hulls of points in a plane, and rectangles around them, by compiled code: a scene has hundreds of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.compiled import Whole, compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WAYS = 8
"""Directions whose farthest points leave all within them out of consideration (Akl and Toussaint 1978)."""


def hull_of(xy: Floats) -> Floats:
    """Return the corners (H, 2) of the hull of points (P, 2), counter-clockwise; two ends of what lies in line.

    Points are gone through from left to right, along the lower side and back along the upper one (Andrew 1979).
    """
    kept = np.empty(len(xy), dtype=np.bool_)
    _leave_inner(xy, kept)
    xy = xy[kept]
    xy = xy[np.lexsort((xy[:, 1], xy[:, 0]))]
    corner = np.empty(2 * len(xy), dtype=np.int64)
    return xy[corner[: _go_around(xy, corner)]]


@compiled
def tightest(hull: Floats, c: Floats, s: Floats) -> Whole:
    """Return which of the angles whose cosines and sines (A,) are given turns the smallest rectangle around a hull.

    hull : (H, 2). Of equals it is the first.
    """
    best, least = 0, np.inf
    for k in range(len(c)):
        left, right, bottom, top = np.inf, -np.inf, np.inf, -np.inf
        for i in range(len(hull)):
            x, y = c[k] * hull[i, 0] + s[k] * hull[i, 1], c[k] * hull[i, 1] - s[k] * hull[i, 0]
            left, right, bottom, top = min(left, x), max(right, x), min(bottom, y), max(top, y)
        if (right - left) * (top - bottom) < least:
            best, least = k, (right - left) * (top - bottom)
    return best


@compiled
def _leave_inner(xy: Floats, kept: Bools) -> None:
    """Tell which points (P, 2) may be corners: those that are not within the octagon of the farthest in `WAYS`."""
    far, most = np.zeros(WAYS, np.int64), np.full(WAYS, -np.inf)
    for i in range(len(xy)):
        x, y = xy[i, 0], xy[i, 1]
        for k, along in enumerate((x, x + y, y, y - x, -x, -x - y, -y, x - y)):
            if along > most[k]:
                far[k], most[k] = i, along
    for i in range(len(xy)):
        kept[i] = far[0] == far[WAYS // 2]  # all are above each other
        for k in range(WAYS):
            a, b = far[k], far[(k + 1) % WAYS]
            if a != b and not _turn(xy, a, b, i) > 0:
                kept[i] = True
                break


@compiled
def _go_around(xy: Floats, corner: Ints) -> Whole:
    """Put down which points (P, 2), in order of x and y, are corners (2 P,); return how many are."""
    n, last = 0, len(xy) - 1
    for side in range(2):
        least = n + 1
        for i in range(len(xy)):
            at = last - i if side else i
            while n > least and not _turn(xy, corner[n - 2], corner[n - 1], at) > 0:
                n -= 1
            corner[n] = at
            n += 1
        # The last one begins the other side.
        n -= 1
    return max(n, min(len(xy), 1))


@compiled
def _turn(xy: Floats, a: Whole, b: Whole, c: Whole) -> float:
    """Return how far the way from a by b to c turns to the left, times lengths; below 0, to the right."""
    return float((xy[b, 0] - xy[a, 0]) * (xy[c, 1] - xy[a, 1]) - (xy[b, 1] - xy[a, 1]) * (xy[c, 0] - xy[a, 0]))
