"""Objects of which one layer was scanned: how deep they are, nobody can tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.scene.images import InstanceImages
from spargen.scene.types import Objects, Surface

Bools = NDArray[np.bool_]

ALONG, ONE_WAY = 0.8, 0.9
"""A face looks along an axis if the cosine between its normal and that is as large, whichever way it turns; and so
large a share of the area of a sheet does."""
ONE_LAYER = 0.25
"""By so much of a sheet's thickness its faces are off their middle, at most (root mean square); of a board that was
scanned from both sides it is a half."""


def are_sheets(surface: Surface, objects: Objects, chosen: Bools) -> Bools:
    """Tell which objects (N,) have nearly all of their area in one layer across the shortest side of their boxes.

    Fronts of cabinets that are built in are such, and tops of tables whose legs are annotated as something else: their
    boxes are as thick as a handle sticks out. Instance images are no measure of a box, so none is told of them.

    Parameters
    ----------
    surface, objects : of the scene.
    chosen : (N,) which are asked about; of others it is not told.
    """
    if isinstance(surface, InstanceImages):
        return np.zeros(len(objects), dtype=bool)
    own = surface.belongs_to(chosen)
    owner, (a, b, c) = surface.face_object[own], surface.vertices_m[surface.faces[own]].transpose(1, 2, 0)
    (ux, uy, uz), (vx, vy, vz) = b - a, c - a
    normal = np.stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx])  # as long as twice the area
    area = np.sqrt((normal**2).sum(axis=0))
    axis = objects.R_world_box[np.arange(len(objects)), :, objects.extent_m.argmin(axis=1)]
    axis, n = axis[owner].T, len(objects)
    total = np.bincount(owner, area, n)
    looks = np.bincount(owner, area * (np.abs((normal * axis).sum(axis=0)) >= ALONG * area), n)
    deep_m = (((a + b + c) / 3 - objects.center_m[owner].T) * axis).sum(axis=0)
    middle_m = np.bincount(owner, area * deep_m, n) / np.maximum(total, 1e-12)
    off_m = np.sqrt(np.bincount(owner, area * (deep_m - middle_m[owner]) ** 2, n) / np.maximum(total, 1e-12))
    one_layer = off_m <= ONE_LAYER * objects.extent_m.min(axis=1, initial=np.inf)
    return np.asarray(chosen & (total > 0) & (looks >= ONE_WAY * total) & one_layer)
