"""Sides of boxes that rest on specks: a pixel or a few, far from the rest of their object.

Scans have cracks, and instance images have stray pixels. The box of all visible pixels reaches out to them, where
nobody who looks at the image sees the object.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.compiled import Whole, compiled

Ints = NDArray[np.int64]
Ids = NDArray[np.int32]

OF_IMAGE, OF_OBJECT = 4 / (640 * 480), 0.005
"""Pixels that are specks at most, the larger of two: as much of the image as four of 640 x 480, the coarsest that boxes
are measured in; and this share of the object's. What is more can be told by eye."""
ASTRAY = 0.005
"""A side is off if specks put it farther out than this share of the image: boxes may differ by 0.003 of it anyway, and
where edges are jagged a pixel or two stand apart."""


@compiled
def without_specks(ids: Ids, obj: Ints, counts: Ints, boxes: Ints) -> Ints:
    """Return boxes (R, 4) of objects (R,) with the sides that rest on specks moved in to where the rest begins.

    A side rests on specks if, line by line from there, an empty one comes before more of the object's pixels than
    specks have. Thin ends of things that are interrupted, such as a pole behind a rail, may count as specks too.

    Parameters
    ----------
    ids : (h, w) the object that each pixel shows.
    counts, boxes : (R,), (R, 4) pixels of the objects, and first column and row, one past the last column and row.
    """
    height, width = ids.shape
    inner = boxes.copy()
    for k, o in enumerate(obj):
        left, top, right, bottom = boxes[k]
        part, most = ids[top:bottom, left:right], max(OF_IMAGE * ids.size, OF_OBJECT * counts[k])
        inner[k, 0] += _lines_off(part.T, o, most, ASTRAY * width)
        inner[k, 1] += _lines_off(part, o, most, ASTRAY * height)
        inner[k, 2] -= _lines_off(part.T[::-1], o, most, ASTRAY * width)
        inner[k, 3] -= _lines_off(part[::-1], o, most, ASTRAY * height)
    return inner


@compiled
def _lines_off(part: Ids, o: Whole, most: float, least: float) -> int:
    """Return how many rows of its part of an image an object owes to specks of at most so many pixels; 0 up to `least`.

    part : (h, w), the object is in its first row.
    """
    first, met, before = 0, 0, 1
    for row in range(len(part)):
        here = 0
        for column in range(part.shape[1]):
            here += part[row, column] == o
        if here > 0 and before == 0:
            first = row
        met, before = met + here, here
        if met > most:
            break
    return first if first > least else 0
