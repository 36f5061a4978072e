"""Boxes in an image as answers: how they are printed, which clearly differ, and how far by what they look like.

They are x1, y1, x2, y2 on the 0..1000 scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.settings import Settings

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def box_text(box: Sequence[int]) -> str:
    """Print a box: ``[x1, y1, x2, y2]``."""
    return "[" + ", ".join(str(int(v)) for v in box) + "]"


def boxes_apart(boxes: ArrayLike, others: ArrayLike, settings: Settings) -> Bools:
    """Tell of boxes (V, 4) and others (W, 4) which overlap little, and neither holds the other: (V, W)."""
    one, other = (np.asarray(b, dtype=np.int64).reshape(-1, 4) for b in (boxes, others))
    left, top, right, bottom = one.T[:, :, None]
    x1, y1, x2, y2 = other.T
    shared = np.maximum(np.minimum(right, x2) - np.maximum(left, x1), 0)
    shared *= np.maximum(np.minimum(bottom, y2) - np.maximum(top, y1), 0)
    area, other_area = (right - left) * (bottom - top), (x2 - x1) * (y2 - y1)
    overlap_little = shared < settings.option_box_iou * (area + other_area - shared)
    return np.asarray(overlap_little & (shared < settings.option_box_held * np.minimum(area, other_area)))


def box_apart(box: Sequence[int], other: Sequence[int], settings: Settings) -> bool:
    """Tell the same of two boxes: a twentieth of the time that arrays take for so few."""
    (left, top, right, bottom), (x1, y1, x2, y2) = box, other
    shared = max(min(right, x2) - max(left, x1), 0) * max(min(bottom, y2) - max(top, y1), 0)
    area, other_area = (right - left) * (bottom - top), (x2 - x1) * (y2 - y1)
    overlap_little = shared < settings.option_box_iou * (area + other_area - shared)
    return overlap_little and shared < settings.option_box_held * min(area, other_area)


def boxes_away(boxes: Sequence[Sequence[int]], others: Sequence[Any] | Floats) -> Floats:
    """Tell how far from boxes (V, 4) others (W, 4) are by what they look like: (V, W)."""
    mine, theirs = (np.array([_looks_of(*b) for b in some]).reshape(-1, 4) for some in (boxes, others))
    # One after the other, whatever the shape: a sum along an axis may take them in another order.
    a, b, c, d = np.abs(mine[:, None] - theirs).transpose(2, 0, 1)
    return np.asarray(a + b + c + d)


# Many facts of a scene offer the same few boxes.
@lru_cache(maxsize=16_384)
def _looks_of(x1: int, y1: int, x2: int, y2: int) -> tuple[float, float, float, float]:
    """What a box looks like: proportions, size, lower edge, distance from the image's middle."""
    w, h = x2 - x1, y2 - y1
    return math.log(w / h), math.log(w * h) / 2, y2 / 250, math.hypot(x1 + x2 - 1000, y1 + y2 - 1000) / 500
