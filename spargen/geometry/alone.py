"""Objects as if nothing else were there: what they would cover, and where their outlines would lie."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
import scipy
from numpy.typing import NDArray

from spargen.geometry.grid import Grid
from spargen.geometry.raycast import RayCaster
from spargen.scene.cameras import Cameras
from spargen.scene.types import Mesh

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DIAGONALS = np.stack(
    [np.cos(np.pi * np.array([1, 2, 3, 5, 6, 7]) / 8), np.sin(np.pi * np.array([1, 2, 3, 5, 6, 7]) / 8)], -1
)
"""Directions besides the image's axes that bound an outline."""
EDGE_POINTS = 9
"""Points along each edge of a hull that a lens bends."""
BOX_CORNERS = np.array(list(product((False, True), repeat=3)))


@dataclass(frozen=True, slots=True)
class Outlines:
    """Where R whole objects lie in an image.

    side (R, 4): left, top, right, bottom of the box, clipped to the image. corner (R, 4, 2): the projected corner that
    makes each side, not clipped, nan if behind the camera. reach (R, D, 2): least and greatest extent along
    `DIAGONALS`. All in pixels.
    """

    side: Floats
    corner: Floats
    reach: Floats

    def take(self, pairs: Bools) -> Outlines:
        """Return some of the outlines."""
        return Outlines(*(getattr(self, f.name)[pairs] for f in fields(self)))


class Alone:
    """Every object in a room of its own: whether a ray would hit it if nothing else were there.

    One ray scene, one cast: the objects stand on a lattice, and a ray that passes through the ball around its object
    begins before it, wherever the camera stands, and ends behind it. There it meets nothing else, and float32 is exact
    enough however far the camera is.
    """

    def __init__(self, mesh: Mesh, center_m: Floats, radius_m: Floats, askable: Bools, threads: int) -> None:
        n = len(center_m)
        # A little more than the farthest corner, so that no ray begins on it.
        radius_m = 1.001 * radius_m + 0.001
        # No ray that passes through its ball comes nearer than a radius to another.
        pitch = 3 * float(radius_m[askable].max(initial=0.0))
        side = int(np.ceil(max(1, n) ** (1 / 3)))
        place = (np.stack(np.unravel_index(np.arange(n), (side, side, side)), axis=-1) - (side - 1) / 2) * pitch
        keep = mesh.belongs_to(askable)
        faces, owner = mesh.faces[keep], mesh.face_object[keep]
        vertices = mesh.vertices_m[faces] + (place - center_m)[owner][:, None]
        # By columns, as rays are: numpy is several times faster along many rays than along three coordinates.
        self._center, self._place = (np.ascontiguousarray(p.T, dtype=np.float32) for p in (center_m, place))
        self._radius = radius_m.astype(np.float32)
        self._caster = RayCaster(vertices.reshape(-1, 3), np.arange(3 * len(faces)).reshape(-1, 3), threads=threads)

    @classmethod
    def of_none(cls, mesh: Mesh) -> Alone:
        """Return rooms in which nothing stands."""
        n = int(mesh.face_object.max(initial=-1)) + 1
        return cls(mesh, np.zeros((n, 3)), np.zeros(n), np.zeros(n, dtype=bool), 1)

    def covers(self, obj: Ints, origin: NDArray[np.float32], direction: NDArray[np.float32]) -> Bools:
        """Tell for rays (R,) whether each would hit its object (R,)."""
        towards = np.array(direction.T, order="C")
        start = origin.T - self._center.take(obj, axis=1)
        square = _dot(towards, towards)
        along = -_dot(start, towards) / square
        start += towards * along  # where the ray comes nearest to the centre
        radius = self._radius.take(obj)
        reach = radius / np.sqrt(square)
        passes = (_dot(start, start) <= radius**2) & (along > -reach)
        start += self._place.take(obj, axis=1)
        start -= towards * np.minimum(reach, along)
        towards *= 2 * reach
        return np.asarray(passes & self._caster.blocked(start.T, towards.T))


def _dot(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


def hull_corners(mesh: Mesh, n: int, askable: Bools) -> list[Floats]:
    """Corners of each askable object's convex hull: the only points that can make a side of its box."""
    out: list[Floats] = []
    order = np.argsort(mesh.face_object, kind="stable")
    first = np.searchsorted(mesh.face_object[order], np.arange(n + 1))
    for o in range(n):
        used = np.unique(mesh.faces[order[first[o] : first[o + 1]]]) if askable[o] else np.zeros(0, dtype=np.int64)
        points = mesh.vertices_m[used]
        # Of flat and tiny ones all points are corners.
        with suppress(scipy.spatial.QhullError, ValueError, IndexError):
            points = points[scipy.spatial.ConvexHull(points).vertices]
        out.append(points)
    return out


def outlines(hulls: Sequence[Floats], cameras: Cameras, view: Ints, obj: Ints, grid: Grid) -> Outlines:
    """Outlines of whole objects, as if nothing hid them.

    The corners of its hull bound what a pinhole shows of an object. A lens bends the edges between them: there points
    all along the edges are taken, and a coarse cell more on each side, so that no corner settles one.

    Parameters
    ----------
    hulls : of all objects, as `hull_corners` gives them.
    view, obj : (R,) of the cameras and of the objects.
    grid : of the images, which share one size.
    """
    corner, reach = np.empty((len(view), 4, 2)), np.empty((len(view), len(DIAGONALS), 2))
    limit, bent = np.array([grid.width, grid.height] * 2), cameras.bends[view]
    for o in np.unique(obj):
        for of in (np.flatnonzero((obj == o) & ~bent), np.flatnonzero((obj == o) & bent)):
            if not len(of):
                continue
            T = cameras.T_world_camera[view[of]]
            X = np.matmul((_along_edges(hulls[o]) if bent[of[0]] else hulls[o]) - T[:, None, :3, 3], T[:, :3, :3])
            uv = cameras.pixels(view[of], X)
            # Where it reaches behind the camera its outline is unbounded: nan here, the whole image below.
            uv[X[..., 2].min(axis=1) < 0.05] = np.nan
            ends = np.stack([uv.argmin(axis=1), uv.argmax(axis=1)], axis=1).reshape(-1, 4)
            corner[of] = uv[np.arange(len(of))[:, None], ends]
            along = uv @ DIAGONALS.T
            reach[of] = np.stack([along.min(axis=1), along.max(axis=1)], axis=-1)
    wider = np.hypot(grid.width / grid.w, grid.height / grid.h) * bent[:, None]
    side = corner[:, np.arange(4), [0, 1, 0, 1]] + wider * [-1, -1, 1, 1]
    reach += wider[..., None] * [-1, 1]
    side = np.clip(side, 0, limit)
    side = np.where(np.isnan(side), [0, 0, grid.width, grid.height], side)
    reach = np.where(np.isnan(reach), [-np.inf, np.inf], reach)
    return Outlines(side, corner, reach)


def _along_edges(hull: Floats) -> Floats:
    """Points (P, 3) along the edges of the hull of some corners; of flat ones, along those of the box around them."""
    try:
        corners, edges = hull, scipy.spatial.ConvexHull(hull).simplices[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    except (scipy.spatial.QhullError, ValueError, IndexError):
        low, high = hull.min(axis=0), hull.max(axis=0)
        corners = np.where(BOX_CORNERS, high, low)
        edges = np.argwhere(np.triu((BOX_CORNERS[:, None] != BOX_CORNERS).sum(axis=2) == 1))
    edges = np.unique(np.sort(edges, axis=1), axis=0)
    first, last = corners[edges[:, :1]], corners[edges[:, 1:]]
    return np.asarray((first + (last - first) * np.linspace(0, 1, EDGE_POINTS)[:, None]).reshape(-1, 3))
