"""Objects of which one layer was scanned: how deep they are, nobody can tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.surface import face_areas_m2, normals
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
    face, n = np.flatnonzero(surface.belongs_to(chosen)), len(objects)
    owner, area_m2 = surface.face_object[face], face_areas_m2(surface)[face]
    axis = objects.R_world_box[np.arange(n), :, objects.extent_m.argmin(axis=1)][owner]
    weight = area_m2 / np.maximum(np.bincount(owner, area_m2, n), 1e-12)[owner]
    looks = np.abs(np.einsum("fk,fk->f", normals(surface, face), axis)) >= ALONG * 2 * area_m2
    # Corner by corner: numpy is slow along an axis of three.
    a, b, c = surface.vertices_m[surface.faces[face]].transpose(1, 0, 2)
    deep_m = np.einsum("fk,fk->f", (a + b + c) / 3 - objects.center_m[owner], axis)
    off_m = deep_m - np.bincount(owner, weight * deep_m, n)[owner]
    one_way = np.bincount(owner, weight * looks, n) >= ONE_WAY
    one_layer = np.sqrt(np.bincount(owner, weight * off_m**2, n)) <= ONE_LAYER * objects.extent_m.min(axis=1)
    return np.asarray(one_way & one_layer)
