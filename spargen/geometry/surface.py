"""Points spread evenly over surfaces."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.scene.types import Mesh
from spargen.seeds import rng_for

Floats = NDArray[np.float64]


def triangle_areas_m2(vertices_m: ArrayLike, faces: ArrayLike) -> Floats:
    """Return the (F,) areas of triangles given by (P, 3) vertices and (F, 3) indices."""
    V, F = np.asarray(vertices_m, dtype=np.float64), np.asarray(faces)
    a, b, c = V[F[:, 0]], V[F[:, 1]], V[F[:, 2]]
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)


def spread_points_m(mesh: Mesh, groups: NDArray[np.int32], n_groups: int, count: int) -> Floats:
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
    (n_groups, count, 3) metres; nan for groups without area.
    """
    rng = rng_for("spread points", n_groups, count)
    area = triangle_areas_m2(mesh.vertices_m, mesh.faces)
    points = np.full((n_groups, count, 3), np.nan)
    order = np.argsort(groups, kind="stable")
    first = np.searchsorted(groups[order], np.arange(n_groups + 1))
    for g in range(n_groups):
        faces = order[first[g] : first[g + 1]]
        cumulated = np.cumsum(area[faces])
        jitter, u, v = rng.random(count), rng.random(count), rng.random(count)
        if not len(faces) or cumulated[-1] <= 0:
            continue
        chosen = np.searchsorted(cumulated, (np.arange(count) + jitter) / count * cumulated[-1])
        corner = mesh.vertices_m[mesh.faces[faces[np.minimum(chosen, len(faces) - 1)]]].astype(np.float64)
        # Turk 1990: folding the unit square keeps the density uniform over a triangle.
        fold = u + v > 1
        u[fold], v[fold] = 1 - u[fold], 1 - v[fold]
        points[g] = (1 - u - v)[:, None] * corner[:, 0] + u[:, None] * corner[:, 1] + v[:, None] * corner[:, 2]
    return points
