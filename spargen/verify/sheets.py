"""Objects of which only one side was scanned, so that nobody can tell how deep they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALONG, ALIKE = 0.8, 0.93
"""A face looks one way if the cosine between its normal and that is as large; a sheet is where so much of an area looks
the same way, or the opposite one: clearly more than a careful reader might let pass."""
UPRIGHT, LEVEL = 0.97, 0.25
"""Of the vertical part of that way: a sheet that leans between the two has a box as deep as it leans."""


def one_sheet(corners_m: Floats) -> bool:
    """Tell whether faces (F, 3, 3) are a sheet, upright or level, as the front of a cabinet alone is."""
    normal = np.cross(corners_m[:, 1] - corners_m[:, 0], corners_m[:, 2] - corners_m[:, 0])
    area = np.linalg.norm(normal, axis=1)
    if not area.sum() > 0:
        return False
    unit = normal / np.maximum(area, 1e-15)[:, None]
    way = np.linalg.eigh((unit * area[:, None]).T @ unit)[1][:, 2]
    flat = area[np.abs(unit @ way) >= ALONG].sum() >= ALIKE * area.sum()
    return bool(flat and not LEVEL < abs(way[2]) < UPRIGHT)
