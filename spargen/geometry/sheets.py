"""Objects of which only one side was scanned: how deep they are, nobody can tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.scene.images import InstanceImages
from spargen.scene.types import Objects, Surface

Bools = NDArray[np.bool_]

ALONG, ONE_SIDE = 0.8, 0.9
"""A face lies along an axis if the cosine between its normal and that is as large; and only one side of an object was
scanned if so large a share of its area lies along one. Of a whiteboard that is 5 cm thick, edges are a seventh."""


def are_sheets(surface: Surface, objects: Objects, chosen: Bools) -> Bools:
    """Tell of which objects (N,) only the one side was scanned that lies across the shortest side of their boxes.

    Fronts of cabinets that are built in are such, and tops of tables whose legs are annotated as something else: their
    boxes are as thick as a handle sticks out. A board that was scanned from both sides, but without edges, counts as
    well, for nobody says which way faces turn. Instance images are no measure of a box, so none is told of them.

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
    along = np.abs((normal * axis[owner].T).sum(axis=0)) >= ALONG * area
    total, flat = np.bincount(owner, area, len(objects)), np.bincount(owner, area * along, len(objects))
    return np.asarray(chosen & (total > 0) & (flat >= ONE_SIDE * total))
