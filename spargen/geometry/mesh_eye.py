"""What views show of a mesh: it is drawn into each image, and its pixels are counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.frustum import share_inside, show
from spargen.geometry.pictures import Pictures, tallied
from spargen.geometry.points import SurfacePoints
from spargen.geometry.rounding import SURE_SHARE
from spargen.geometry.specks import without_specks
from spargen.geometry.surface import spread_points
from spargen.geometry.unnamed import Pieces
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
COLUMNS = 640
"""A box is steady if one finds it in images of as few columns as this."""
MEDIAN_STEP = 8
"""Every how-manieth pixel, in each direction, tells the median depth."""


class MeshEye:
    """Looks at a mesh; see `spargen.geometry.visibility.Eye`."""

    def __init__(
        self,
        mesh: Mesh,
        objects: Objects,
        cameras: Cameras,
        askable: Bools,
        points: SurfacePoints,
        pieces: Pieces,
        settings: Settings,
    ) -> None:
        self.objects, self.cameras, self.settings, self.scene_points = objects, cameras, settings, points
        self.pieces = pieces.points_m.shape[:2]
        self.spread_m = np.concatenate([points.points_m, pieces.points_m.reshape(-1, 3)])
        self.min_unoccluded = settings.min_unoccluded
        self.pictures = Pictures(mesh, cameras, len(objects))
        of_face = np.where(mesh.belongs_to(askable), mesh.face_object, np.int32(-1))
        self.points, _ = spread_points(mesh, of_face, len(objects), SURFACE_POINTS)
        self.few_points = np.ascontiguousarray(self.points[:, ::ROUGHLY])

    def glance(self, view: int) -> MeshGlance:
        """Draw what a view shows."""
        return MeshGlance(self, view)


class MeshGlance:
    """A view of a mesh; see `spargen.geometry.visibility.Glance`."""

    def __init__(self, eye: MeshEye, view: int) -> None:
        self.eye, self.view, self.cameras = eye, view, eye.cameras
        self.picture = eye.pictures.take(view)
        self.ids = self.picture.ids
        self.raster = (self.ids.shape[1], self.ids.shape[0])
        seen = eye.pictures.shows(self.picture, view, eye.spread_m)
        self._surface, self._pieces = np.split(seen, [len(eye.scene_points.points_m)])

    def share(self) -> Floats:
        """Count the pixels."""
        return np.asarray(self.picture.counts[-NOTHING:] / self.ids.size)

    def unoccluded(self, obj: Ints) -> Floats:
        """Compare the pixels of objects with those that they would cover if they stood there alone."""
        return np.asarray(self.picture.counts[obj - NOTHING] / self.eye.pictures.alone(self.view, obj))

    def in_frame(self, obj: Ints) -> Floats:
        """Project points of the objects' surfaces: some, and all of them near a threshold."""
        share = share_inside(self.cameras, self.view, self.eye.few_points[obj])
        s = self.eye.settings
        unsure = np.minimum(np.abs(share - s.min_in_frame), np.abs(share - s.volume_in_frame)) < UNSURE
        if unsure.any():
            share[unsure] = share_inside(self.cameras, self.view, self.eye.points[obj[unsure]])
        return share

    def boxes(self, obj: Ints) -> tuple[Ints, Ints, Bools]:
        """Take the outermost pixels; the box is steady if each of the fewer pixels of smaller images tells the same."""
        box, steady = self.picture.boxes[obj - NOTHING], np.ones(len(obj), dtype=bool)
        step = self.raster[0] // COLUMNS
        for first in range(step if step > 1 else 0):
            fewer = tallied(np.ascontiguousarray(self.ids[first::step, first::step]), len(self.eye.objects))[1]
            coarser = step * (fewer[obj - NOTHING] - [0, 0, 1, 1]) + first + [0, 0, 1, 1]
            steady &= (np.abs(coarser - box) <= step - 1 + SURE_SHARE * np.array(self.raster * 2)).all(axis=1)
        inner = without_specks(self.ids, obj, self.picture.counts[obj - NOTHING], box)
        return box, inner, steady

    def shows(self, at: Floats, obj: Ints) -> Bools:
        """Look up the pixels."""
        return show(self.ids, at, self.cameras.size_px[self.view], obj)

    def unannotated(self) -> float:
        """Count the pixels."""
        counts = self.picture.counts
        return float(counts[NOT_ANNOTATED - NOTHING] / max(int(counts[1:].sum()), 1))

    def median_depth_m(self) -> float:
        """Take some of the pixels that show anything."""
        return self.picture.median_depth_m(MEDIAN_STEP)

    def surface(self) -> Bools:
        """Tell which of the scene's points the view sees."""
        return self.eye.scene_points.sides(np.flatnonzero(self._surface), self.cameras.position_m[self.view])

    def pieces(self) -> Bools:
        """Tell of which pieces the view sees a point."""
        return np.asarray(self._pieces.reshape(self.eye.pieces).any(axis=1))
