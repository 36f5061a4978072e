"""A thing of which a box is all that is known: the box stands in for its surface, where there is no mesh."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from spargen.verify.body import Thing, own_box

Floats = NDArray[np.float64]

CORNERS = np.array(list(product((-0.5, 0.5), repeat=3)))
"""Of a box, in its sides; corner 4 x + 2 y + z has its bits for signs."""
FACES = np.array(
    [
        triangle
        for one, two in ((1, 2), (2, 4), (4, 1))
        for base in (0, 7 - one - two)
        for triangle in ((base, base + one, base + one + two), (base, base + one + two, base + two))
    ]
)
"""(12, 3) triangles of its six sides."""
FLAT = 2
"""Sides that a picture on a wall has; a box with fewer is a line or a point."""


class Boxed(Thing):
    """A thing, as its box.

    Parameters
    ----------
    number, label : as the data set has them.
    box : centre (3,), full sides (3,) and axes (3, 3) as columns.
    """

    def __init__(self, number: int, label: str, box: tuple[Floats, Floats, Floats]) -> None:
        self._middle, self._sides, self._axes = box
        corners = self._middle + (CORNERS * self._sides) @ self._axes.T
        super().__init__(number, label, corners, np.arange(len(corners)), FACES, exempt=True, own=box)
        self.doubtful = own_box(box) is None or int((self._sides > 0).sum()) < FLAT

    def gap_m(self, other: Thing, most_m: float) -> float:
        """Return the metres between two boxes, inf beyond `most_m`; 0 where one lies within the other."""
        within = isinstance(other, Boxed) and (self._holds(other) or other._holds(self))
        return 0.0 if within else super().gap_m(other, most_m)

    def _holds(self, other: Boxed) -> bool:
        """Tell whether the middle of another box lies in this one."""
        local = (other._middle - self._middle) @ self._axes
        return bool((np.abs(local) <= self._sides / 2).all())
