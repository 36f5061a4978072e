"""The oriented boxes that a release gives beside its annotation, and which of them can be believed.

The tool that made them boxed all vertices of a group, strays and what smaller groups claim included. A box is believed
where it is near gravity, as everywhere, and where each of its six sides touches the object as the mesh shows it. Where
one does not, the mesh is right: it is what images show, marks are drawn on, and rays meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.annotation import MAX_TILT_DEG, Annotated
from spargen.geometry.boxes import tilt_deg
from spargen.scene.types import MAX_SKEW, Objects

Floats = NDArray[np.float64]
Box = tuple[Floats, Floats, Floats]

TOUCHES_M = 0.03
"""How far a side may be from the outermost vertex: a box of the same vertices has millimetres."""


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


def with_released_boxes(annotated: Annotated, boxes: Mapping[int, Box]) -> tuple[Objects, int]:
    """Put the released boxes that can be believed in the place of those around the vertices.

    Parameters
    ----------
    annotated : mesh and objects, stray pieces left out.
    boxes : by object id; not all objects need have one.

    Returns
    -------
    The objects, and how many released boxes were not used.
    """
    mesh, objects = annotated.mesh, annotated.objects
    center, extent, R = (np.array(x) for x in (objects.center_m, objects.extent_m, objects.R_world_box))
    order = np.argsort(mesh.face_object, kind="stable")
    first = np.searchsorted(mesh.face_object[order], np.arange(len(objects) + 1))
    left = 0
    for row, object_id in enumerate(objects.id.tolist()):
        if object_id not in boxes:
            continue
        box, own = boxes[object_id], np.unique(mesh.faces[order[first[row] : first[row + 1]]])
        if tilt_deg(box[2]) <= MAX_TILT_DEG and len(own) and _off_m(box, mesh.vertices_m[own]) <= TOUCHES_M:
            center[row], extent[row], R[row] = box
        else:
            left += 1
    return replace(objects, center_m=center, extent_m=extent, R_world_box=R), left


def _off_m(box: Box, points_m: Floats) -> float:
    """Return how far the farthest side of a box is from the outermost of points (P, 3) on that side."""
    center, extent, R = box
    along = (points_m - center) @ R
    ends = np.concatenate([along.max(axis=0) - extent / 2, along.min(axis=0) + extent / 2])
    return float(np.abs(ends).max())
