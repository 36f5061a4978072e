"""The boxes of objects as solid bodies, which stand in for the objects where there is no mesh."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.geometry.surface import spread_points
from spargen.scene.types import Mesh, Objects

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SIGNS = np.array(list(product((-0.5, 0.5), repeat=3)))
BOX_EDGES = np.argwhere(np.triu((_SIGNS[:, None] != _SIGNS).sum(axis=2) == 1))
"""The two corners of each of the twelve edges, (12, 2)."""
_SIDES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]], dtype=np.int32)
"""Corners of each side of a box, counter-clockwise as seen from outside."""
_NO_AXIS = 1e-6


def box_corners(objects: Objects) -> Floats:
    """Return the corners (N, 8, 3) of the objects' boxes, in metres."""
    local = _SIGNS * objects.extent_m[:, None]
    return np.asarray(local @ objects.R_world_box.transpose(0, 2, 1) + objects.center_m[:, None])


def box_points(objects: Objects, count: int) -> Floats:
    """Return points (N, count, 3) spread evenly over the sides of the boxes; nan for lines and points."""
    n = len(objects)
    sides = np.concatenate([_SIDES[:, [0, 1, 2]], _SIDES[:, [0, 2, 3]]])
    owner = np.repeat(np.arange(n, dtype=np.int32), len(sides))
    faces = np.tile(sides, (n, 1)) + 8 * owner[:, None]
    mesh = Mesh(box_corners(objects).reshape(-1, 3), faces, owner)
    return spread_points(mesh, mesh.face_object, n, count)[0].astype(np.float64)


def meets_box(objects: Objects, obj: Ints, origin_m: Floats, direction: Floats) -> Bools:
    """Tell which rays would meet a box if nothing else stood there.

    Kay & Kajiya 1986: a ray is in a box while it is between each of three pairs of planes.

    Parameters
    ----------
    obj : (R,) whose box; origin_m : (R, 3); direction : (R, P, 3), a ray of nan meets nothing.

    Returns
    -------
    (R, P)
    """
    R, half = objects.R_world_box[obj], objects.extent_m[obj] / 2
    start = np.einsum("ri,rij->rj", origin_m - objects.center_m[obj], R)[:, None]
    along = direction @ R
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (-half[:, None] - start) / along, (half[:, None] - start) / along
    into, out = np.fmin(a, b).max(axis=2), np.fmax(a, b).min(axis=2)
    return np.asarray((into <= out) & (out > 0))


def holds(objects: Objects, obj: Ints, points_m: Floats, more_m: ArrayLike) -> Bools:
    """Tell which points (P, 3) lie in the boxes of objects (P,), grown by `more_m` (P,) on all sides."""
    local = np.einsum("pi,pij->pj", points_m - objects.center_m[obj], objects.R_world_box[obj])
    return np.asarray((np.abs(local) <= objects.extent_m[obj] / 2 + np.asarray(more_m)[:, None]).all(axis=1))


def boxes_touch(objects: Objects, kind: NDArray[np.integer], gap_m: float) -> Bools:
    """Tell which boxes (N,) come within `gap_m` of another of their kind, as far as planes between them tell.

    Gottschalk et al. 1996: two boxes are apart where they are so along an axis of either, or across one of each. The
    widest such gap is never more than their distance, so none that is nearer goes unnoticed.

    `kind` (N,) numbers the kinds; a box of kind -1 touches nothing.
    """
    near = np.zeros(len(kind), dtype=bool)
    for k in np.unique(kind[kind >= 0]):
        for a, b in combinations(np.flatnonzero(kind == k).tolist(), 2):
            near[[a, b]] |= _gap_m(objects, a, b) <= gap_m
    return near


def _gap_m(objects: Objects, a: int, b: int) -> float:
    Ra, Rb = objects.R_world_box[[a, b]]
    across = np.cross(Ra.T[:, None], Rb.T[None]).reshape(-1, 3)
    length = np.linalg.norm(across, axis=1)
    parallel = length < _NO_AXIS
    axes = np.concatenate([Ra.T, Rb.T, across[~parallel] / length[~parallel, None]])
    reach = (np.abs(axes @ Ra) @ objects.extent_m[a] + np.abs(axes @ Rb) @ objects.extent_m[b]) / 2
    return float((np.abs(axes @ (objects.center_m[a] - objects.center_m[b])) - reach).max())
