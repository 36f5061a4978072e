"""Objects as if nothing else were there: what they would cover, and where their outlines would lie."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from spargen.geometry.raycast import RayCaster
from spargen.scene.types import Mesh, Objects

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DIAGONALS = np.stack(
    [np.cos(np.pi * np.array([1, 2, 3, 5, 6, 7]) / 8), np.sin(np.pi * np.array([1, 2, 3, 5, 6, 7]) / 8)], -1
)
"""Directions besides the image's axes that bound an outline."""
NOTHING = -2
"""What a ray meets that hits no object."""


@dataclass(frozen=True, slots=True)
class Outlines:
    """Where R whole objects lie in an image.

    side (R, 4): left, top, right, bottom of the box, clipped to the image. corner (R, 4, 2): the projected corner that
    makes each side, not clipped, nan if behind the camera. reach (R, D, 2): least and greatest extent along
    `DIAGONALS`. nearest_m (R,): depth at which the object begins. All in pixels but the last.
    """

    side: Floats
    corner: Floats
    reach: Floats
    nearest_m: Floats

    def take(self, pairs: Bools) -> Outlines:
        """Return some of the outlines."""
        return Outlines(*(getattr(self, f.name)[pairs] for f in fields(self)))


class Alone:
    """Every object in a room of its own: whether a ray would hit it if nothing else were there.

    The objects stand on a lattice so far apart that a ray shot from the camera's place relative to one object reaches
    that object before any other. One ray scene, one cast.
    """

    def __init__(self, mesh: Mesh, objects: Objects, askable: Bools, threads: int) -> None:
        self.face_object = mesh.face_object
        span = mesh.vertices_m.max(axis=0) - mesh.vertices_m.min(axis=0) if len(mesh.vertices_m) else np.ones(3)
        pitch = 3 * float(np.linalg.norm(span)) + 10
        side = int(np.ceil(max(1, len(objects)) ** (1 / 3)))
        place = np.stack(np.unravel_index(np.arange(len(objects)), (side, side, side)), axis=-1)
        self.offset = ((place - (side - 1) / 2) * pitch).astype(np.float32)
        keep = mesh.belongs_to(askable)
        faces = mesh.faces[keep]
        vertices = mesh.vertices_m[faces] + self.offset[mesh.face_object[keep]][:, None]
        self.object_of_face = np.append(mesh.face_object[keep], np.int32(NOTHING))
        self.caster = RayCaster(vertices.reshape(-1, 3), np.arange(3 * len(faces)).reshape(-1, 3), threads=threads)

    def covers(self, obj: Ints, origin: NDArray[np.float32], direction: NDArray[np.float32]) -> Bools:
        """Tell for rays (R,) whether each would hit its object (R,)."""
        face, _ = self.caster.cast(origin + self.offset[obj], direction)
        return np.asarray(self.object_of_face[face] == obj)


def hull_corners(mesh: Mesh, n: int, askable: Bools) -> list[Floats]:
    """Corners of each askable object's convex hull: the only points that can make a side of its box."""
    out: list[Floats] = []
    order = np.argsort(mesh.face_object, kind="stable")
    first = np.searchsorted(mesh.face_object[order], np.arange(n + 1))
    for o in range(n):
        used = np.unique(mesh.faces[order[first[o] : first[o + 1]]]) if askable[o] else np.zeros(0, dtype=np.int64)
        points = mesh.vertices_m[used].astype(np.float64)
        # Of flat and tiny ones all points are corners.
        with suppress(QhullError, ValueError, IndexError):
            points = points[ConvexHull(points).vertices]
        out.append(points)
    return out
