"""What views show where there is no mesh: instance images are counted pixel by pixel.

What an object would cover alone cannot be seen in them. Its box stands in for it.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from spargen.geometry.alone import outlines
from spargen.geometry.edges import SURE_SHARE
from spargen.geometry.grid import Grid
from spargen.geometry.images import pixel_of
from spargen.geometry.points import SurfacePoints
from spargen.geometry.solid_boxes import box_corners, box_points, meets_box
from spargen.scene.cameras import Cameras
from spargen.scene.images import NOT_ANNOTATED, NOTHING, InstanceImages
from spargen.scene.types import Objects
from spargen.settings import Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SURFACE_POINTS = 2048
"""Points a box for the share of its surface inside the image."""
BOX_RAYS = 40
"""Positions along each side of the window around a box at which it is told which share of the window the box covers."""
SURFACE_M, SURFACE_SHARE = 0.03, 0.02
"""How far the depth at a point of the scene may be from that point, and which share of its depth besides."""
NEAREST_M = 0.05
"""A point nearer than this is not looked at."""
TIP_PX = 2
"""Pixels by which every other pixel may tell a side less, besides: corners of things end in few pixels."""
MEDIAN_STEP = 4
"""Every how-manieth pixel, in each direction, tells the median depth."""


class ImageEye:
    """Reads instance images; see `spargen.geometry.visibility.Eye`."""

    at_once = 1

    def __init__(
        self,
        images: InstanceImages,
        objects: Objects,
        cameras: Cameras,
        points: SurfacePoints,
        settings: Settings,
    ) -> None:
        self.images, self.objects, self.cameras, self.scene_points = images, objects, cameras, points
        self.min_unoccluded = settings.min_unoccluded_box
        self.corners, self.points = box_corners(objects), box_points(objects, SURFACE_POINTS)

    def glance(self, views: Ints) -> ImageGlance:
        """Read the images of one view; or of none."""
        return ImageGlance(self, views)


class ImageGlance:
    """One view of instance images, or none; see `spargen.geometry.visibility.Glance`."""

    def __init__(self, eye: ImageEye, views: Ints) -> None:
        self.eye, self.views, self.cameras, self.n = eye, views, eye.cameras, len(eye.objects)
        self.ids, self.depth_m = np.full((1, 1), NOTHING, dtype=np.int32), np.full((1, 1), np.nan, dtype=np.float32)
        for view in views.tolist():
            self.ids, self.depth_m = eye.images.read(view, self.cameras.size_px[view], self.n)
        self.raster = (self.ids.shape[1], self.ids.shape[0])
        self._pixels = np.bincount(self.ids.ravel() - NOTHING, minlength=self.n - NOTHING)

    def share(self, X: Floats) -> Floats:
        """Count the pixels."""
        return np.broadcast_to(self._pixels[-NOTHING:] / self.ids.size, X.shape[:2]).copy()

    def unoccluded(self, row: Ints, obj: Ints) -> Floats:
        """Compare the pixels of objects with those that their boxes would cover alone."""
        view, size = self.views[row], self.cameras.size_px[self.views[0]]
        window = outlines(list(self.eye.corners), self.cameras, view, obj, Grid(*size.tolist())).side
        at = (np.arange(BOX_RAYS) + 0.5) / BOX_RAYS
        x, y = (window[:, k, None] + (window[:, k + 2] - window[:, k])[:, None] * at for k in (0, 1))
        uv = np.stack(np.broadcast_arrays(x[:, None], y[:, :, None]), axis=-1)
        origin_m, direction = self.cameras.rays(int(view[0]), uv)
        covered = meets_box(
            self.eye.objects, obj, np.broadcast_to(origin_m, (len(obj), 3)), direction.reshape(len(obj), -1, 3)
        )
        area = (window[:, 2] - window[:, 0]) * (window[:, 3] - window[:, 1]) / size.prod()
        visible = self._pixels[obj - NOTHING] / self.ids.size
        # Where a box is no wider than a pixel, the object covers more than its box does.
        return np.asarray(visible / np.maximum(covered.mean(axis=1) * area, visible))

    def in_frame(self, row: Ints, obj: Ints) -> Floats:
        """Project points of the objects' boxes."""
        T, size = self.cameras.T_world_camera[self.views[0]], self.cameras.size_px[self.views[0]]
        X = (self.eye.points[obj] - T[:3, 3]) @ T[:3, :3]
        uv = self.cameras.pixels(self.views[row], X)
        return np.asarray(((X[..., 2] > 0) & (uv >= 0).all(axis=2) & (uv < size).all(axis=2)).mean(axis=1))

    def boxes(self, row: Ints, obj: Ints) -> tuple[Ints, Bools]:  # noqa: ARG002 - there is one view
        """Take the outermost pixels; the box is steady if every other pixel tells about the same."""
        size = np.array(self.raster * 2)
        box, steady = _boxes(self.ids, obj), np.ones(len(obj), dtype=bool)
        for first in (0, 1):
            coarser = 2 * _boxes(self.ids[first::2, first::2], obj) + np.array([first, first, first - 1, first - 1])
            steady &= (np.abs(coarser - box) <= TIP_PX + SURE_SHARE * size).all(axis=1)
        exact = (size[:2] == self.cameras.size_px[self.views[0]]).all() or (1 / size <= SURE_SHARE).all()
        return box, steady & exact

    def objects_at(self, row: Ints, uv: Floats) -> NDArray[np.int32]:  # noqa: ARG002 - there is one view
        """Look up the pixels."""
        x, y = pixel_of(uv, self.cameras.size_px[self.views[0]], self.ids.shape)
        return np.asarray(self.ids[y, x])

    def unannotated(self) -> Floats:
        """Count the pixels."""
        shown = self.ids.size - self._pixels[0]
        return np.full(len(self.views), self._pixels[NOT_ANNOTATED - NOTHING] / max(shown, 1))

    def median_depth_m(self) -> Floats:
        """Take some of the pixels that were measured."""
        depth_m = self.depth_m[::MEDIAN_STEP, ::MEDIAN_STEP]
        measured = depth_m[np.isfinite(depth_m)]
        return np.full(len(self.views), np.median(measured) if len(measured) else np.inf, dtype=np.float64)

    def surface(self) -> Bools:
        """Tell which of the scene's points lie at the depth of the pixel that shows the place where they are."""
        points, cameras = self.eye.scene_points, self.cameras.take(self.views)
        uv, z = cameras.project(points.points_m)
        sees = np.zeros(z.shape, dtype=bool)
        for k, size in enumerate(cameras.size_px):
            inside = np.flatnonzero((z[k] > NEAREST_M) & ((uv[k] >= 0) & (uv[k] < size)).all(axis=1))
            x, y = pixel_of(uv[k, inside], size, self.ids.shape)
            apart_m = np.abs(z[k, inside] - self.depth_m[y, x])
            sees[k, inside] = apart_m <= SURFACE_M + SURFACE_SHARE * z[k, inside]
        row, point = np.nonzero(sees)
        return points.sides(row, point, cameras.position_m)


def _boxes(ids: NDArray[np.int32], obj: Ints) -> Ints:
    """Boxes (R, 4) of the pixels of objects: first column and row, one past the last; zeros where there are none."""
    found = scipy.ndimage.find_objects(np.maximum(ids + 1, 0), max_label=int(obj.max()) + 1)
    box = np.zeros((len(obj), 4), dtype=np.int64)
    for k, o in enumerate(obj.tolist()):
        if found[o] is not None:
            rows, columns = found[o]
            box[k] = columns.start, rows.start, columns.stop, rows.stop
    return box
