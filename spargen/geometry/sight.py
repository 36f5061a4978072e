"""Rays from the cameras of one scene: what they meet in it, or would meet if an object stood there alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.alone import Alone
from spargen.geometry.grid import Grid
from spargen.geometry.raycast import RayCaster
from spargen.geometry.unbend import Unbend
from spargen.scene.cameras import Cameras
from spargen.scene.images import NOTHING, InstanceImages
from spargen.scene.types import Mesh, Surface

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Singles = NDArray[np.float32]
Pixels = Singles | NDArray[np.float64]

NOTICED = (80, 60)
"""Columns and rows of rays by which objects are noticed, roughly."""


class Sight:
    """Casts rays through pixels; `view` and `obj` are rows of the cameras and of the objects.

    Parameters
    ----------
    mesh, cameras : of one scene.
    alone : the objects that `alone_at` may be asked of; none by default.
    threads : cores for the ray casts.
    """

    def __init__(self, mesh: Mesh, cameras: Cameras, alone: Alone | None = None, threads: int = 1) -> None:
        self._cameras = cameras
        self._caster = RayCaster(mesh.vertices_m, mesh.faces, threads=threads)
        # One more entry, so that face -1 (no hit) looks up NOTHING.
        self._object_of_face = np.append(mesh.face_object, np.int32(NOTHING)).astype(np.int32)
        self._alone = alone or Alone.of_none(mesh)
        # World direction of pixel (u, v) in view i, as a pinhole has it: (u, v, 1) @ unproject[i]; its camera Z is 1,
        # so hits count in depth. Where a lens bends, a table for its camera tells the directions.
        K_inv = np.linalg.inv(cameras.K) if len(cameras) else np.zeros((0, 3, 3))
        self._unproject = np.matmul(cameras.T_world_camera[:, :3, :3], K_inv).transpose(0, 2, 1).astype(np.float32)
        self._bends, self._R = cameras.bends, cameras.T_world_camera[:, :3, :3].transpose(0, 2, 1).astype(np.float32)
        self._unbend = _tables(cameras)
        # By columns, as it is handed out for rays by the million.
        self._origin = np.ascontiguousarray(cameras.position_m.T, dtype=np.float32)

    def cast_grid(self, views: Ints, grid: Grid) -> tuple[NDArray[np.int32], Singles]:
        """Object ids and depths on the coarse grid: two (V, h, w) arrays."""
        # Of three million faces, rays in this order find a sixth more of what they need in the processor's cache.
        coarse = grid.coarse.reshape(-1, 3)[grid.by_tile]
        towards = np.matmul(coarse, self._unproject[views])
        for k in np.flatnonzero(self._bends[views]):
            towards[k] = self._through_lens(views[k], coarse[:, :2])
        face, met_m = self._caster.cast(self._origin.T[views, None], towards)
        ids, depth_m = np.empty(face.shape, dtype=np.int32), np.empty_like(met_m)
        ids[:, grid.by_tile], depth_m[:, grid.by_tile] = self._object_of_face[face], met_m
        return ids.reshape(-1, grid.h, grid.w), depth_m.reshape(-1, grid.h, grid.w)

    def objects_at(self, view: Ints, uv: Pixels) -> NDArray[np.int32]:
        """First object at pixel positions (R, 2); -1 or NOTHING where there is none."""
        face, _ = self._caster.cast(self._origin.take(view, axis=1).T, self._directions(view, uv))
        return self._object_of_face[face]

    def alone_at(self, view: Ints, obj: Ints, uv: Pixels) -> Bools:
        """Tell at pixel positions (R, 2) whether an object (R,) would be seen there if nothing else stood there."""
        return self._alone.covers(obj, self._origin.take(view, axis=1).T, self._directions(view, uv))

    def in_front_m(self, view: Ints, points_m: Singles) -> Singles:
        """How far before points (R, 3) the first surface is met from views (R,)."""
        origin = self._origin.take(view, axis=1).T
        towards = points_m - origin
        _, reached = self._caster.cast(origin, towards)
        return np.asarray((1 - reached) * np.linalg.norm(towards, axis=1))

    def project(self, view: Ints, points_m: Singles, grid: Grid) -> tuple[Singles, Bools]:
        """Project points (R, P, 3), each row in its own view (R,).

        Returns pixels times depth, and depth (R, P, 3), nan where a lens does not show them; and which lie in the image
        (R, P).
        """
        T = self._cameras.T_world_camera[view]
        P = np.matmul(T[:, :3, :3], self._cameras.K[view].transpose(0, 2, 1)).astype(np.float32)
        uvw = np.matmul(points_m - self._origin.T[view, None], P)
        bent = np.flatnonzero(self._bends[view])
        if len(bent):
            R, t = T[bent, :3, :3], T[bent, None, :3, 3]
            X = np.matmul(np.broadcast_to(points_m, (len(view), *points_m.shape[1:]))[bent] - t, R)
            uvw[bent] = np.concatenate([self._cameras.pixels(view[bent], X) * X[..., 2:], X[..., 2:]], axis=-1)
        u, v, w = uvw[..., 0], uvw[..., 1], uvw[..., 2]
        inside = (w > 0) & (u >= 0) & (v >= 0) & (u < grid.width * w) & (v < grid.height * w)
        return uvw, inside

    def _directions(self, view: Ints, uv: Pixels) -> Singles:
        """World directions of pixel positions: view (R,), uv (R, 2) -> (R, 3)."""
        uv1 = np.ones((len(uv), 3), dtype=np.float32)
        uv1[:, :2] = uv
        out = np.empty_like(uv1)
        # Rays come view by view, and a matrix product a view is far faster than a matrix a ray.
        edge = [0, *(np.flatnonzero(np.diff(view)) + 1), len(uv)]
        for first, last in pairwise(edge):
            if last > first and self._bends[view[first]]:
                out[first:last] = self._through_lens(view[first], uv[first:last])
            elif last > first:
                np.matmul(uv1[first:last], self._unproject[view[first]], out=out[first:last])
        return out

    def _through_lens(self, view: int, uv: Pixels) -> Singles:
        return np.asarray(self._unbend[view].directions(uv) @ self._R[view])


def noticed(surface: Surface, cameras: Cameras, n_objects: int) -> list[Ints]:
    """Return which objects each view shows, as far as a quick look tells.

    Parameters
    ----------
    surface, cameras : of some views of a scene.
    n_objects : how many objects the scene has.
    """
    if isinstance(surface, InstanceImages):
        shown = [surface.read(view, size, n_objects)[0] for view, size in enumerate(cameras.size_px)]
    else:
        u, v = np.meshgrid(*((np.arange(count) + 0.5) / count for count in NOTICED))
        at, sight = np.stack([u.ravel(), v.ravel()], axis=-1), Sight(surface, cameras)
        shown = [sight.objects_at(np.full(len(at), k), at * size) for k, size in enumerate(cameras.size_px)]
    return [np.unique(ids[ids >= 0]).astype(np.int64) for ids in shown]


def _tables(cameras: Cameras) -> dict[int, Unbend]:
    """Return the tables of the views whose lens bends; views of one camera share theirs."""
    by_camera: dict[object, Unbend] = {}
    tables = {}
    for view in np.flatnonzero(cameras.bends).tolist():
        camera = (cameras.lens[view], cameras.K[view].tobytes(), cameras.size_px[view].tobytes())
        if camera not in by_camera:
            by_camera[camera] = Unbend(cameras, view)
        tables[view] = by_camera[camera]
    return tables
