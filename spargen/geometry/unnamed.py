"""Things that nobody annotated: compact pieces of surface that belong to no object, as far as points on them tell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from spargen.geometry.boxes import gravity_box
from spargen.geometry.surface import scene_points
from spargen.scene.types import Mesh

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

THIN_M, WIDE_M = 0.1, 2.5
"""A piece with a thinner box is a patch of wall or floor, or flat; with a wider one it is no single thing."""


class Unnamed(NamedTuple):
    """M pieces of surface without annotation that may be things.

    center_m (M, 3) of the boxes of least footprint around them. of_point (S,) the piece on which each of the points of
    `scene_points` lies, -1 = none.
    """

    center_m: Floats
    of_point: Ints


def unnamed_things(mesh: Mesh) -> Unnamed:
    """Find the pieces that faces link, which have a point of `scene_points` and the size of a thing."""
    used, corner = np.unique(mesh.faces[mesh.face_object < 0], return_inverse=True)
    # Vertices at one place are one.
    _, node = np.unique(mesh.vertices_m[used].round(3), axis=0, return_inverse=True)
    bare = node.ravel()[corner].reshape(-1, 3)
    a, b = np.concatenate([bare[:, :2], bare[:, 1:]]).T
    links = csr_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(used),) * 2)
    of_used = connected_components(links, directed=False)[1][node.ravel()]
    piece = np.full(len(mesh.vertices_m), -1, dtype=np.int64)
    piece[used] = of_used
    _, face = scene_points(mesh)
    of_point = np.where(mesh.face_object[face] < 0, piece[mesh.faces[face, 0]], -1)
    thing = np.full(int(piece.max(initial=-1)) + 2, -1, dtype=np.int64)  # the last entry is that of points of no piece
    centers: list[Floats] = []
    for k in np.unique(of_point[of_point >= 0]):
        center, extent, _ = gravity_box(mesh.vertices_m[used[of_used == k]])
        if extent.min() >= THIN_M and extent.max() <= WIDE_M:
            thing[k] = len(centers)
            centers.append(center)
    return Unnamed(np.reshape(centers, (-1, 3)), thing[of_point])
