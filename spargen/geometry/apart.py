"""How far apart two lots of points are, by compiled code: two pieces of an object need no tree of all their points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.compiled import Whole, compiled

Floats = NDArray[np.float64]


def apart_m(a: Floats, b: Floats, most_m: float) -> float:
    """Return the distance of the two nearest points of lots (A, 3) and (B, 3); inf where it is more than `most_m`."""
    few, many = (np.ascontiguousarray(lot.T) for lot in sorted((a, b), key=len))
    axis = np.argmax(few.max(axis=1) - few.min(axis=1))
    order = np.argsort(few[axis])
    return float(_least_m(few[:, order], many, int(axis), most_m))


@compiled
def _least_m(few: Floats, many: Floats, axis: int, most_m: float) -> float:
    """Return the least distance of points (3, A), in order along an axis, and (3, B); inf where it is too large."""
    low, high = np.empty(3), np.empty(3)
    for k in range(3):
        low[k], high[k] = few[k].min(), few[k].max()
    least, reach = np.inf, most_m
    for i in range(many.shape[1]):
        outside = 0.0
        for k in range(3):
            outside += max(low[k] - many[k, i], 0.0, many[k, i] - high[k]) ** 2
        if outside > reach**2:
            continue
        first = np.searchsorted(few[axis], many[axis, i])
        for step in (-1, 1):
            at: Whole = first + min(step, 0)
            while 0 <= at < few.shape[1] and abs(few[axis, at] - many[axis, i]) <= reach:
                square = 0.0
                for k in range(3):
                    square += (few[k, at] - many[k, i]) ** 2
                if square <= reach**2:
                    least = reach = np.sqrt(square)
                at += step
    return least
