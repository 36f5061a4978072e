"""Meshes whose parts have names, and polygons cut into triangles: what the readers of mesh files share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class NamedParts(NamedTuple):
    """A mesh in the unit and the axes of its file, and its M parts that may be objects.

    vertices (P, 3) float64; faces (F, 3) int32; face_part (F,) the part that each face is of, -1 = none; names of the
    parts, in the file's order, "" where it has none; inner (M,), whether other parts hang on one.
    """

    vertices: Floats
    faces: NDArray[np.int32]
    face_part: Ints
    names: tuple[str, ...]
    inner: NDArray[np.bool_]


def fans(corner: NDArray[Any], length: Ints) -> tuple[Ints, Ints]:
    """Return triangles (T, 3) around the first corner of each polygon, and which polygon (T,) each is of.

    Parameters
    ----------
    corner : the corners of all polygons, one polygon after the other; length : (F,) how many each has.
    """
    if (length == 3).all():
        return corner.reshape(-1, 3).astype(np.int64), np.arange(len(length))
    fan = np.maximum(length - 2, 0)
    polygon = np.repeat(np.arange(len(length)), fan)
    step = np.arange(len(polygon)) - np.repeat(np.cumsum(fan) - fan, fan)
    first = (np.cumsum(length) - length)[polygon]
    rows = np.stack([first, first + step + 1, first + step + 2], axis=-1)
    with np.errstate(invalid="ignore"):  # what is no index is refused later
        return np.asarray(corner[rows].astype(np.int64)), polygon
