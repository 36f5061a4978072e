"""What views show where there is no mesh: instance images are counted pixel by pixel.

What an object would cover alone cannot be seen in them. Its box stands in for it.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from spargen.geometry.frustum import show
from spargen.geometry.images import pixel_of
from spargen.geometry.points import SurfacePoints
from spargen.geometry.rounding import SURE_SHARE
from spargen.geometry.solid_boxes import BOX_EDGES, box_corners, box_points, meets_box
from spargen.geometry.specks import without_specks
from spargen.geometry.surface import NEAREST_M, SURFACE_M
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
SURFACE_SHARE = 0.02
"""Which share of the depth of a point of the scene the depth there may be off it, besides `SURFACE_M`."""
EDGE_POINTS = 9
"""Points along each edge of a box that a lens bends."""
TIP_PX = 2
"""Pixels by which every other pixel may tell a side less, besides: corners of things end in few pixels."""
MEDIAN_STEP = 4
"""Every how-manieth pixel, in each direction, tells the median depth."""


class ImageEye:
    """Reads instance images; see `spargen.geometry.visibility.Eye`."""

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

    def glance(self, view: int) -> ImageGlance:
        """Read the images of a view."""
        return ImageGlance(self, view)


class ImageGlance:
    """A view of instance images; see `spargen.geometry.visibility.Glance`."""

    def __init__(self, eye: ImageEye, view: int) -> None:
        self.eye, self.view, self.cameras, self.size = eye, view, eye.cameras, eye.cameras.size_px[view]
        n = len(eye.objects)
        self.ids, self.depth_m = eye.images.read(view, self.size, n)
        self.raster = (self.ids.shape[1], self.ids.shape[0])
        self._pixels = np.bincount(self.ids.ravel() - NOTHING, minlength=n - NOTHING)

    def share(self) -> Floats:
        """Count the pixels."""
        return np.asarray(self._pixels[-NOTHING:] / self.ids.size)

    def unoccluded(self, obj: Ints) -> Floats:
        """Compare the pixels of objects with those that their boxes would cover alone."""
        window = windows(self.eye.corners[obj], self.cameras, self.view)
        at = (np.arange(BOX_RAYS) + 0.5) / BOX_RAYS
        x, y = (window[:, k, None] + (window[:, k + 2] - window[:, k])[:, None] * at for k in (0, 1))
        uv = np.stack(np.broadcast_arrays(x[:, None], y[:, :, None]), axis=-1)
        origin_m, direction = self.cameras.rays(self.view, uv)
        covered = meets_box(
            self.eye.objects, obj, np.broadcast_to(origin_m, (len(obj), 3)), direction.reshape(len(obj), -1, 3)
        )
        area = (window[:, 2] - window[:, 0]) * (window[:, 3] - window[:, 1]) / self.size.prod()
        visible = self._pixels[obj - NOTHING] / self.ids.size
        # Where a box is no wider than a pixel, the object covers more than its box does.
        return np.asarray(visible / np.maximum(covered.mean(axis=1) * area, visible))

    def in_frame(self, obj: Ints) -> Floats:
        """Project points of the objects' boxes."""
        T = self.cameras.T_world_camera[self.view]
        X = (self.eye.points[obj] - T[:3, 3]) @ T[:3, :3]
        uv = self.cameras.pixels(np.full(len(obj), self.view), X)
        return np.asarray(((X[..., 2] > 0) & (uv >= 0).all(axis=2) & (uv < self.size).all(axis=2)).mean(axis=1))

    def boxes(self, obj: Ints) -> tuple[Ints, Ints, Bools]:
        """Take the outermost pixels; the box is steady if every other pixel tells about the same."""
        size = np.array(self.raster * 2)
        box, steady = _boxes(self.ids, obj), np.ones(len(obj), dtype=bool)
        for first in (0, 1):
            coarser = 2 * _boxes(self.ids[first::2, first::2], obj) + np.array([first, first, first - 1, first - 1])
            steady &= (np.abs(coarser - box) <= TIP_PX + SURE_SHARE * size).all(axis=1)
        exact = (size[:2] == self.size).all() or (1 / size <= SURE_SHARE).all()
        inner = without_specks(self.ids, obj, self._pixels[obj - NOTHING], box)
        return box, inner, steady & exact

    def shows(self, at: Floats, obj: Ints) -> Bools:
        """Look up the pixels."""
        return show(self.ids, at, self.size, obj)

    def unannotated(self) -> float:
        """Count the pixels."""
        return float(self._pixels[NOT_ANNOTATED - NOTHING] / max(self.ids.size - int(self._pixels[0]), 1))

    def median_depth_m(self) -> float:
        """Take some of the pixels that were measured."""
        depth_m = self.depth_m[::MEDIAN_STEP, ::MEDIAN_STEP]
        measured = depth_m[np.isfinite(depth_m)]
        return float(np.median(measured)) if len(measured) else np.inf

    def surface(self) -> Bools:
        """Tell which of the scene's points lie at the depth of the pixel that shows the place where they are."""
        points, camera = self.eye.scene_points, self.cameras.take([self.view])
        (uv,), (z,) = camera.project(points.points_m)
        inside = np.flatnonzero((z > NEAREST_M) & ((uv >= 0) & (uv < self.size)).all(axis=1))
        x, y = pixel_of(uv[inside], self.size, self.ids.shape)
        apart_m = np.abs(z[inside] - self.depth_m[y, x])
        return points.sides(inside[apart_m <= SURFACE_M + SURFACE_SHARE * z[inside]], camera.position_m[0])

    def pieces(self) -> Bools:
        """There are none: see `unnamed_in_images`."""
        return np.zeros(0, dtype=bool)


def _boxes(ids: NDArray[np.int32], obj: Ints) -> Ints:
    """Boxes (R, 4) of the pixels of objects: first column and row, one past the last; zeros where there are none."""
    found = scipy.ndimage.find_objects(np.maximum(ids + 1, 0), max_label=int(obj.max()) + 1)
    box = np.zeros((len(obj), 4), dtype=np.int64)
    for k, o in enumerate(obj.tolist()):
        if found[o] is not None:
            rows, columns = found[o]
            box[k] = columns.start, rows.start, columns.stop, rows.stop
    return box


def windows(corners: Floats, cameras: Cameras, view: int) -> Floats:
    """Return where hulls of corners (R, P, 3) lie in a view's image: left, top, right and bottom, (R, 4), in pixels.

    The whole image of what reaches behind the camera, or beyond what the lens shows. A lens bends the edges between
    corners, so points all along them are taken.
    """
    size, T = np.tile(cameras.size_px[view], 2), cameras.T_world_camera[view]
    along = np.linspace(0, 1, EDGE_POINTS if cameras.bends[view] else 2)[:, None]
    first, last = corners[:, BOX_EDGES[:, 0], None], corners[:, BOX_EDGES[:, 1], None]
    X = ((first + (last - first) * along).reshape(len(corners), -1, 3) - T[:3, 3]) @ T[:3, :3]
    uv = cameras.pixels(np.full(len(X), view), X)
    uv[X[..., 2].min(axis=1) < NEAREST_M] = np.nan
    side = np.clip(np.concatenate([uv.min(axis=1), uv.max(axis=1)], axis=1), 0, size)
    return np.where(np.isnan(side).any(axis=1, keepdims=True), size * [0, 0, 1, 1], side)
