"""The oriented boxes that a release gives beside its annotation.

The tool that made them boxed all vertices of a group, strays and what smaller groups claim included.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spargen.scene.types import MAX_SKEW

Floats = NDArray[np.float64]
Box = tuple[Floats, Floats, Floats]


def released_box(fields: Mapping[str, object]) -> Box | None:
    """Return the box of a group: centre (3,), full sides (3,), axes (3, 3) as columns; None where there is none.

    ``obb`` has `centroid`, `axesLengths` (full), and `normalizedAxes`, one axis after the other, in any order and with
    any signs.
    """
    obb = fields.get("obb")
    try:
        center, extent, axes = (
            np.array(obb[key], dtype=np.float64).reshape(shape)  # type: ignore[index]
            for key, shape in (("centroid", 3), ("axesLengths", 3), ("normalizedAxes", (3, 3)))
        )
    except (KeyError, TypeError, ValueError):
        return None
    R = axes.T
    finite = np.isfinite(center).all() and np.isfinite(extent).all() and np.isfinite(R).all()
    if not finite or (extent < 0).any() or np.abs(R @ R.T - np.eye(3)).max() >= MAX_SKEW:
        return None
    if np.linalg.det(R) < 0:
        R = R * [1, 1, -1]
    return center, extent, R


def boxes_of(ids: NDArray[np.int64], boxes: Mapping[int, Box]) -> tuple[Floats, Floats, Floats]:
    """Return centres (N, 3), full sides (N, 3) and axes (N, 3, 3) of the boxes of N ids; nan where there is none."""
    none = np.full(3, np.nan), np.full(3, np.nan), np.full((3, 3), np.nan)
    center, extent, R = zip(*(boxes.get(i, none) for i in ids.tolist()), strict=True) if len(ids) else ((), (), ())
    return np.reshape(center, (-1, 3)), np.reshape(extent, (-1, 3)), np.reshape(R, (-1, 3, 3))
