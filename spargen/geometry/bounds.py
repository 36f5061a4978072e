"""The boxes along the axes around groups of points, by compiled code: numpy is slow along an axis of three."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.compiled import Whole, compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def bounds(points_m: Floats, group: Ints) -> tuple[Floats, Floats]:
    """Return the lowest and the highest corner (G, 3) of the points (P, 3) of each group (P,), numbered from 0 on.

    Of a group without points the lowest is inf, and the highest -inf.
    """
    low = np.full((int(group.max(initial=-1)) + 1, 3), np.inf)
    high = -low
    _stretch(points_m, group, low, high)
    return low, high


@compiled
def _stretch(points_m: Floats, group: Ints, low: Floats, high: Floats) -> None:
    """Move the corners (G, 3) apart until all points (P, 3) of their groups (P,) are between them."""
    for i in range(len(points_m)):
        for axis in range(3):
            at: float = points_m[i, axis]
            g: Whole = group[i]
            low[g, axis], high[g, axis] = min(low[g, axis], at), max(high[g, axis], at)
