"""Points spread evenly over surfaces."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.scene.types import Mesh
from spargen.seeds import rng_for

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

NEAREST_M, SURFACE_M = 0.05, 0.03
"""A point of a surface that is nearer than this is not looked at. And how far before it, or behind it, another may be
met where it is seen."""
MOST = (1, 99)
"""Between these percentiles, along each axis, most of a mesh lies."""
SCENE_POINTS = 8192
"""Points a scene for the overlap of views."""


def triangle_areas_m2(vertices_m: ArrayLike, faces: ArrayLike) -> Floats:
    """Return the (F,) areas of triangles given by (P, 3) vertices and (F, 3) indices."""
    V, F = np.asarray(vertices_m, dtype=np.float64), np.asarray(faces)
    a = V[F[:, 0]]
    (x1, y1, z1), (x2, y2, z2) = (V[F[:, 1]] - a).T, (V[F[:, 2]] - a).T
    return np.asarray(np.sqrt((y1 * z2 - z1 * y2) ** 2 + (z1 * x2 - x1 * z2) ** 2 + (x1 * y2 - y1 * x2) ** 2) / 2)


_AREAS_M2: WeakKeyDictionary[Mesh, Floats] = WeakKeyDictionary()


def face_areas_m2(mesh: Mesh) -> Floats:
    """Return the areas (F,) of a mesh's faces, worked out once for all who ask."""
    if mesh not in _AREAS_M2:
        _AREAS_M2[mesh] = triangle_areas_m2(mesh.vertices_m, mesh.faces)
    return _AREAS_M2[mesh]


def box_of_most(vertices_m: NDArray[np.floating], faces: NDArray[np.integer]) -> Floats:
    """Return the lowest and the highest corner (2, 3) of where most faces (F, 3) are; 0 of none.

    Some stray one may lie anywhere, and vertices that no face uses; and some thousands of faces tell where most are.
    """
    some = vertices_m[faces[:: 1 + len(faces) // 10_000, 0]]
    return np.percentile(some, MOST, axis=0) if len(some) else np.zeros((2, 3))


def ends(triangles: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and the highest corner (F, D) of the box around each of triangles (F, 3, D)."""
    # Corner by corner: numpy is slow along an axis of three.
    a, b, c = triangles.transpose(1, 0, 2)
    return np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)


def normals(mesh: Mesh, face: Ints) -> Floats:
    """Return what points out of the front of faces (R,), from where their corners run counter-clockwise: (R, 3)."""
    a, b, c = mesh.vertices_m[mesh.faces[face]].transpose(1, 0, 2)
    return np.cross(b - a, c - a)


def spread_points(mesh: Mesh, groups: NDArray[np.int32], n_groups: int, count: int) -> tuple[Singles, Ints]:
    """Spread `count` points over each group of faces, uniform by area, the same ones at every call.

    Systematic sampling: equally spaced positions along the cumulated area of a group's faces, so a share estimated
    from the points is steadier than from independent ones.

    Parameters
    ----------
    mesh : the surface.
    groups : (F,) group of each face; faces with a group outside 0..n_groups-1 take no part.
    n_groups : number of groups.
    count : points a group.

    Returns
    -------
    points_m : (n_groups, count, 3) float32 metres, nan for groups without area.
    face : (n_groups, count) the face that each lies on, -1 for groups without area.
    """
    jitter, u, v = rng_for("spread points", n_groups, count).random((3, count))
    # Turk 1990: folding the unit square keeps the density uniform over a triangle.
    fold = u + v > 1
    u[fold], v[fold] = 1 - u[fold], 1 - v[fold]
    weight = np.stack([1 - u - v, u, v]).astype(np.float32)

    order = np.argsort(groups, kind="stable")
    first = np.searchsorted(groups[order], np.arange(n_groups + 1))
    cumulated = np.append(0.0, np.cumsum(face_areas_m2(mesh)[order]))
    start, end = cumulated[first[:-1]], cumulated[first[1:]]
    points = np.full((n_groups, count, 3), np.nan, dtype=np.float32)
    of_face = np.full((n_groups, count), -1, dtype=np.int64)
    some = np.flatnonzero(end > start)
    place = start[some, None] + (end - start)[some, None] * ((np.arange(count) + jitter) / count)
    chosen = np.searchsorted(cumulated[1:], place.ravel(), side="right").reshape(place.shape)
    of_face[some] = order[np.minimum(chosen, first[some + 1, None] - 1)]
    corner = mesh.faces[of_face[some]]
    points[some] = sum(mesh.vertices_m[corner[..., k]] * weight[k][:, None] for k in range(3))
    return points, of_face


def scene_points(mesh: Mesh) -> tuple[Singles, Ints]:
    """`SCENE_POINTS` points spread over the whole mesh, (S, 3) metres, and the faces (S,) that they lie on.

    A mesh without area has none.
    """
    (points_m,), (face,) = spread_points(mesh, np.zeros(len(mesh.faces), dtype=np.int32), 1, SCENE_POINTS)
    return points_m[face >= 0], face[face >= 0]
