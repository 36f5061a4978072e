"""Points spread evenly over surfaces."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.linked import linked
from spargen.scene.types import Mesh
from spargen.seeds import rng_for

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

EDGE_M, MOST_ON_EDGE = 0.03, 256
"""Points on an edge are as far apart as this at most, unless there would be more than so many of them."""
SCENE_POINTS = 8192
"""Points a scene for the overlap of views."""


def triangle_areas_m2(vertices_m: ArrayLike, faces: ArrayLike) -> Floats:
    """Return the (F,) areas of triangles given by (P, 3) vertices and (F, 3) indices."""
    V, F = np.asarray(vertices_m, dtype=np.float64), np.asarray(faces)
    a = V[F[:, 0]]
    (x1, y1, z1), (x2, y2, z2) = (V[F[:, 1]] - a).T, (V[F[:, 2]] - a).T
    return np.asarray(np.sqrt((y1 * z2 - z1 * y2) ** 2 + (z1 * x2 - x1 * z2) ** 2 + (x1 * y2 - y1 * x2) ** 2) / 2)


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
    cumulated = np.append(0.0, np.cumsum(triangle_areas_m2(mesh.vertices_m, mesh.faces)[order]))
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


def edge_points(mesh: Mesh, n: int, chosen: NDArray[np.bool_]) -> list[Singles]:
    """Return for each of n objects points (P, 3) along the edges of its faces, in metres; none unless it is chosen.

    Each connected piece, however small, has one at least, and one in every cube of `EDGE_M` that its edges are in.
    """
    order = np.argsort(mesh.face_object, kind="stable")
    first = np.searchsorted(mesh.face_object[order], np.arange(n + 1))
    return [_along_edges(mesh, order[first[o] : first[o + 1] if chosen[o] else first[o]]) for o in range(n)]


def _along_edges(mesh: Mesh, face: Ints) -> Singles:
    vertex, corner = np.unique(mesh.faces[face], return_inverse=True)
    points, corner = mesh.vertices_m[vertex], corner.reshape(-1, 3)
    # Two of its edges link the corners of a face.
    piece = linked(corner[:, :2].ravel(), corner[:, 1:].ravel(), len(points))
    a, b = corner[:, [0, 1, 2]].ravel(), corner[:, [1, 2, 0]].ravel()
    steps = np.ceil(np.linalg.norm(points[b] - points[a], axis=1) / EDGE_M)
    k = np.flatnonzero(steps > 1)
    a, b, steps = a[k], b[k], np.minimum(steps[k], MOST_ON_EDGE).astype(np.int64)
    which = np.repeat(np.arange(len(a)), steps - 1)
    share = (1 + np.arange(len(which)) - np.repeat(np.cumsum(steps - 1) - (steps - 1), steps - 1)) / steps[which]
    between = points[a[which]] + (points[b[which]] - points[a[which]]) * share[:, None]
    points, piece = np.concatenate([points, between]), np.append(piece, piece[a[which]])
    cube = np.floor((points - points.min(axis=0, initial=np.inf)) / EDGE_M).clip(0, 2**14 - 1).astype(np.int64)
    code = ((piece * 2**14 + cube[:, 0]) * 2**14 + cube[:, 1]) * 2**14 + cube[:, 2]
    return points[np.unique(code, return_index=True)[1]].astype(np.float32)


def scene_points(mesh: Mesh) -> tuple[Singles, Ints]:
    """`SCENE_POINTS` points spread over the whole mesh, (S, 3) metres, and the faces (S,) that they lie on.

    A mesh without area has none.
    """
    (points_m,), (face,) = spread_points(mesh, np.zeros(len(mesh.faces), dtype=np.int32), 1, SCENE_POINTS)
    return points_m[face >= 0], face[face >= 0]
