"""Points spread evenly over all there is to see in a scene, by which views are told to overlap."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.images import cubes, facing, located, sample
from spargen.geometry.surface import SCENE_POINTS, normals, scene_points
from spargen.scene.cameras import Cameras
from spargen.scene.images import NOTHING, InstanceImages
from spargen.scene.types import Surface
from spargen.seeds import rng_for

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CUBE_M, COLUMNS = 0.10, 320
"""Of what images show, each cube of this side gives one point at most; and so many pixels across are looked at, which
are 3 cm apart at 5 m in a view of 90 degrees."""
VIEWS_JOINED = 32
"""Views whose points are put together at a time: bounds memory."""


class SurfacePoints(NamedTuple):
    """S points spread evenly over all there is to see, by which views are told to overlap.

    points_m (S, 3). normal (S, 3), of any length, out of the front of what each lies on. owner (S,) the object that it
    belongs to, -1 where nobody annotated any.
    """

    points_m: Singles
    normal: Singles
    owner: NDArray[np.int32]

    def sides(self, point: Ints, position_m: Floats) -> Bools:
        """Tell, of points (R,) that a camera sees from a position (3,), those seen from the front from the others.

        Returns
        -------
        (2 S,) the points that it sees from the front of what they lie on, then those that it sees from the back.
        """
        back = np.einsum("ij,ij->i", position_m - self.points_m[point], self.normal[point]) < 0
        sees = np.zeros(2 * len(self.points_m), dtype=bool)
        sees[point + back * len(self.points_m)] = True
        return sees


def surface_points(surface: Surface, cameras: Cameras, n_objects: int, *, threads: int = 1) -> SurfacePoints:
    """Spread points over what there is to see: over all of a mesh, or over what views show together.

    Parameters
    ----------
    surface, cameras : of one scene; of instance images, those of the cameras.
    n_objects : how many objects the scene has.
    threads : that read images, 0 = as many as there are cores.
    """
    if isinstance(surface, InstanceImages):
        return _image_points(surface, cameras, n_objects, threads)
    points_m, face = scene_points(surface)
    return SurfacePoints(points_m, normals(surface, face).astype(np.float32), surface.face_object[face])


class _Cubes(NamedTuple):
    """One point each, or more, of cubes: (P,) numbers, (P, 3) points and normals, (P,) owners."""

    number: Ints
    points_m: Singles
    normal: Singles
    owner: NDArray[np.int32]

    @classmethod
    def joined(cls, parts: Sequence[_Cubes]) -> _Cubes:
        """Put several together; of each cube the first point stays."""
        number, points_m, normal, owner = (np.concatenate(same) for same in zip(*parts, strict=True))
        _, first = np.unique(number, return_index=True)
        return cls(number[first], points_m[first], normal[first], owner[first])


def _image_points(images: InstanceImages, cameras: Cameras, n_objects: int, threads: int) -> SurfacePoints:
    """Choose one point a cube of what all views show, and of these some, evenly.

    A plane that lies askew runs through more cubes than one along them, by the sum of its normal's parts: so many more
    of its points are left out.
    """

    def of_view(view: int) -> _Cubes:
        ids, depth_m, uv = sample(images, cameras, view, n_objects, COLUMNS)
        points_m = located(cameras, view, uv, depth_m)
        row, column = np.nonzero(np.isfinite(points_m).all(axis=2) & (ids != NOTHING))
        number, first = np.unique(cubes(points_m[row, column], CUBE_M), return_index=True)
        row, column = row[first], column[first]
        normal = facing(points_m, row, column, cameras.position_m[view])
        own = points_m[row, column]
        return _Cubes(number, own.astype(np.float32), normal.astype(np.float32), ids[row, column])

    found: list[_Cubes] = []
    with ThreadPoolExecutor(threads or None) as pool:
        for first in range(0, len(cameras), VIEWS_JOINED):
            views = range(first, min(first + VIEWS_JOINED, len(cameras)))
            found = [_Cubes.joined([*found, *pool.map(of_view, views)])]
    if not found:
        return SurfacePoints(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32), np.zeros(0, np.int32))
    _, points_m, normal, owner = found[0]
    askew = np.abs(normal).sum(axis=1) / np.linalg.norm(normal, axis=1)
    kept = np.flatnonzero(rng_for("image points", len(askew)).random(len(askew)) * askew < 1)
    if len(kept) > SCENE_POINTS:
        kept = kept[np.arange(SCENE_POINTS) * len(kept) // SCENE_POINTS]
    return SurfacePoints(points_m[kept], normal[kept], owner[kept])
