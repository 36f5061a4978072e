"""What views show of a mesh, told by rays: a coarse grid finds it, and a fine one measures what decides.

A coarse grid of rays finds what each view shows. Everything that decides an answer or is printed is then measured
again on a fine grid (4 x 4 rays a coarse cell, 640 columns): shares near a threshold, the edges of boxes, marks.
The coarse rays are a subset of the fine ones, so a box on the fine grid holds everything that the coarse one saw.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.alone import Alone, Outlines, hull_corners, outlines
from spargen.geometry.edges import Edges
from spargen.geometry.grid import FINE, Grid
from spargen.geometry.points import SurfacePoints
from spargen.geometry.shares import Shares
from spargen.geometry.sight import Sight
from spargen.geometry.surface import edge_points, spread_points
from spargen.scene.cameras import Cameras
from spargen.scene.images import NOT_ANNOTATED, NOTHING
from spargen.scene.types import Mesh, Objects
from spargen.settings import Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SURFACE_POINTS, ROUGHLY, UNSURE = 2048, 8, 0.08
"""Points an object for the share of its surface inside the frustum; every how-manieth is tried first; and all of them
if that share is this close to a threshold."""
MISSED_STEP = 4
"""Every how-manieth of them is shot at where no coarse ray met an object."""
SURFACE_M, SURFACE_SHARE = 0.03, 0.02
"""How far in front of a point of the scene a surface may be met, and for the first choice which share of its depth
besides."""
NEAREST_M = 0.05
"""A point nearer than this is not looked at."""


class MeshEye:
    """Looks at a mesh; see `spargen.geometry.visibility.Eye`."""

    at_once = 25

    def __init__(
        self,
        mesh: Mesh,
        objects: Objects,
        cameras: Cameras,
        askable: Bools,
        sought: Bools,
        points: SurfacePoints,
        settings: Settings,
        threads: int,
    ) -> None:
        self.objects, self.cameras, self.settings, self.sought = objects, cameras, settings, sought
        self.min_unoccluded = settings.min_unoccluded
        self.hulls = hull_corners(mesh, len(objects), sought)
        self.radius_m = np.array(
            [np.linalg.norm(h - c, axis=1).max(initial=0.0) for h, c in zip(self.hulls, objects.center_m, strict=True)]
        )
        self.sight = Sight(mesh, cameras, Alone(mesh, objects.center_m, self.radius_m, askable, threads), threads)
        of_face = np.where(mesh.belongs_to(sought), mesh.face_object, np.int32(-1))
        self.traces = edge_points(mesh, len(objects), askable)
        self.points, _ = spread_points(mesh, of_face, len(objects), SURFACE_POINTS)
        self.scene_points = points

    def glance(self, views: Ints) -> MeshGlance:
        """Cast the coarse rays of a few views."""
        return MeshGlance(self, views)


class MeshGlance:
    """A few views of a mesh; see `spargen.geometry.visibility.Glance`."""

    def __init__(self, eye: MeshEye, views: Ints) -> None:
        self.eye, self.sight, self.cameras, self.views = eye, eye.sight, eye.cameras, views
        sizes = self.cameras.size_px[views]
        self.grid = Grid(*(int(x) for x in (sizes[0] if len(sizes) else (1, 1))))
        self.raster = (self.grid.w * FINE, self.grid.h * FINE)
        self.ids, self.depth_m = self.sight.cast_grid(views, self.grid)
        self.shares = Shares(self.sight, views, self.grid, self.ids, eye.settings)
        none = np.zeros(0, dtype=np.int64)
        self._pairs, self._whole = none, self._outlines(none, none)

    def share(self, X: Floats) -> Floats:
        """Count what the coarse rays met; look closer at what is near a threshold, and for what they missed."""
        eye = self.eye
        share, unsure = self.shares.coarsely(len(eye.objects))
        row, obj = np.nonzero((share == 0) & eye.sought & self._near_frustum(X))
        if len(row):
            unsure[row, obj] = self.shares.in_sight(row, obj, eye.points[obj, ::MISSED_STEP])
        row, obj = np.nonzero(unsure)
        if len(row):
            share[row, obj] = self.shares.finely(row, obj, eye.points[obj])
        return share

    def unoccluded(self, row: Ints, obj: Ints) -> Floats:
        """Count the rays that would meet the objects if they stood there alone."""
        self._pairs, self._whole = self._number(row, obj), self._outlines(row, obj)
        return self.shares.unoccluded(row, obj, self._whole)

    def in_frame(self, row: Ints, obj: Ints) -> Floats:
        """Project points of the objects' surfaces: some, and all of them near a threshold."""
        share = self._share_inside(row, obj, ROUGHLY)
        s = self.eye.settings
        unsure = np.minimum(np.abs(share - s.min_in_frame), np.abs(share - s.volume_in_frame)) < UNSURE
        if unsure.any():
            share[unsure] = self._share_inside(row[unsure], obj[unsure], 1)
        return share

    def boxes(self, row: Ints, obj: Ints) -> tuple[Ints, Bools]:
        """Measure the edges of what is in sight."""
        edges = Edges(self.sight, self.views, self.grid, self.ids, self.eye.traces)
        return edges.measure(row, obj, self._whole.take(np.isin(self._pairs, self._number(row, obj))))

    def objects_at(self, row: Ints, uv: Floats) -> NDArray[np.int32]:
        """Cast a ray through each position."""
        return self.sight.objects_at(self.views[row], uv)

    def unannotated(self) -> Floats:
        """Count the coarse rays."""
        on_mesh = np.count_nonzero(self.ids != NOTHING, axis=(1, 2))
        return np.asarray(np.count_nonzero(self.ids == NOT_ANNOTATED, axis=(1, 2)) / np.maximum(on_mesh, 1))

    def median_depth_m(self) -> Floats:
        """Take the coarse rays that met anything."""
        met = (d[np.isfinite(d)] for d in self.depth_m)
        return np.array([np.median(d) if len(d) else np.inf for d in met], dtype=np.float64)

    def surface(self) -> Bools:
        """Tell which of the scene's points each view sees.

        The coarse depths choose, with a tolerance of 3 cm + 2 %. From afar that is as much as a wall is thick, so a
        ray to each chosen point decides.
        """
        points = self.eye.scene_points
        uvw, inside = self.sight.project(self.views, points.points_m[None], self.grid)
        row, point = np.nonzero(inside & (uvw[..., 2] > NEAREST_M))
        u, v, z = uvw[row, point].T
        x, y = self.grid.cell_of(u / z, v / z)
        near = z - self.depth_m[row, y, x] <= SURFACE_M + SURFACE_SHARE * z
        row, point = row[near], point[near]
        reached = self.sight.in_front_m(self.views[row], points.points_m[point]) <= SURFACE_M
        return points.sides(row[reached], point[reached], self.cameras.position_m[self.views])

    def _number(self, row: Ints, obj: Ints) -> Ints:
        return row * len(self.eye.objects) + obj

    def _outlines(self, row: Ints, obj: Ints) -> Outlines:
        return outlines(self.eye.hulls, self.cameras, self.views[row], obj, self.grid)

    def _share_inside(self, row: Ints, obj: Ints, step: int) -> Floats:
        _, inside = self.sight.project(self.views[row], self.eye.points[obj, ::step], self.grid)
        return np.asarray(inside.mean(axis=1))

    def _near_frustum(self, X: Floats) -> Bools:
        """Tell which objects, with centres X (V, N, 3) in the cameras, reach into the images as far as a ball tells."""
        near, radius_m = self._near_pinhole(X), self.eye.radius_m
        bent = np.flatnonzero(self.cameras.bends[self.views])
        if len(bent):
            # The planes bound what a pinhole shows. What a lens shows lies within a cone around its axis.
            away_m = np.linalg.norm(X[bent], axis=2)
            off_axis = np.arctan2(np.linalg.norm(X[bent, :, :2], axis=2), X[bent, :, 2])
            ball = np.arcsin(np.minimum(radius_m / np.maximum(away_m, 1e-9), 1.0))
            widest = self.cameras.half_angle_rad(self.views[bent])
            near[bent] = (off_axis - ball <= widest[:, None]) | (away_m <= radius_m)
        return near

    def _near_pinhole(self, X: Floats) -> Bools:
        K, size = self.cameras.K[self.views], np.array([self.grid.width, self.grid.height])
        # The first rows of K give u * z and v * z: the planes are at u = 0, v = 0, u = width and v = height.
        planes = np.concatenate([K[:, :2], size[:, None] * K[:, 2:] - K[:, :2]], axis=1)
        planes /= np.linalg.norm(planes, axis=2, keepdims=True)
        return np.asarray((np.matmul(X, planes.transpose(0, 2, 1)) >= -self.eye.radius_m[:, None]).all(axis=2))
