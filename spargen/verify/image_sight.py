"""A scene without a mesh: of each frame there is an image of things and one of depths, and pixels are counted.

Boxes stand in for what the images do not show: what a thing would cover if it stood there alone, its surface inside of
an image, and how near it comes to another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spargen.errors import SceneError
from spargen.scene.images import InstanceImages
from spargen.scene.types import Scene
from spargen.verify.bounds import Bounds
from spargen.verify.boxed import Boxed
from spargen.verify.look import NONE, Box, Look
from spargen.verify.loose import Loose
from spargen.verify.optics import View
from spargen.verify.survey import CELL_M, COLUMNS, Shot, Survey, located, numbers_of, survey

Floats = NDArray[np.float64]

UNREADABLE = (OSError, SyntaxError, ValueError)
"""What readers of images raise besides errors of their own."""
REACHED_M, REACHED_SHARE = 0.03, 0.02
"""A point of the surface is seen where the depth at its pixel is as near to it as this, and a share of its depth."""
WITHIN = 0.501
"""Thousandths by which a box may differ: it is that of the pixels, rounded."""


class ImageSight:
    """See `spargen.verify.look.Sight`.

    Parameters
    ----------
    scene : whose `images` they are.
    view : gives the camera of a frame.
    bounds : the thresholds.
    """

    noise = 0.0

    def __init__(self, scene: Scene, images: InstanceImages, view: Callable[[int], View], bounds: Bounds) -> None:
        self.images, self.least_unoccluded = images, bounds.min_unoccluded_box
        self.things, self._view = _things(scene), view

    def _shot(self, frame: int) -> Shot:
        view = self._view(frame)
        try:
            return Shot(*self.images.read(frame, view.size, len(self.things)))
        except UNREADABLE as error:
            what = f"the instance images of frame {view.frame} cannot be read"
            raise SceneError(f"{what}: {error}", where="verify", mend="bring the files back") from error

    @cached_property
    def survey(self) -> Survey:
        """What all frames show together."""
        return survey(self._readable())

    def _readable(self) -> Iterator[tuple[Shot, View]]:
        """Yield what frames show, but for those whose images cannot be used."""
        for frame in range(len(self.images)):
            with suppress(SceneError):
                yield self._shot(frame), self._view(frame)

    @property
    def loose(self) -> Loose:
        """Compact pieces of surface that nobody annotated."""
        return self.survey.loose

    def look(self, frame: int, view: View) -> Look:
        """Count the pixels of an image."""
        shot = self._shot(frame)
        measured = shot.depth_m[np.isfinite(shot.depth_m)]
        return Look.of(
            shot.ids.astype(np.int16),
            len(self.things),
            median_depth_m=float(np.median(measured)) if len(measured) else np.inf,
            side=self._sides(view, shot),
            loose=self._loose_in(view, shot),
            within=WITHIN,
        )

    def fine_box(self, frame: int, view: View, row: int) -> Box | None:
        """Return the box of a thing: nothing is finer than the images themselves."""
        return self.look(frame, view).boxes[row]

    def _sides(self, view: View, shot: Shot) -> NDArray[np.int8]:
        """Tell which of the surface's points are seen, and from which side: the depth of their pixels is theirs."""
        points, normals = self.survey.points_m, self.survey.normals
        side = np.zeros(len(points), dtype=np.int8)
        near, row, column = view.shown_in(points, shot.depth_m.shape)
        z = view.camera(points[near])[:, 2]
        seen = np.abs(shot.depth_m[row, column] - z) <= REACHED_M + REACHED_SHARE * z
        front = ((view.position - points[near]) * normals[near]).sum(axis=1) > 0
        side[near] = np.where(seen, np.where(front, 1, -1), 0)
        return side

    def _loose_in(self, view: View, shot: Shot) -> dict[int, float]:
        """Return the share of the image, by number, that pieces have which nobody annotated."""
        if not len(self.survey.cells) or not (shot.ids == NONE).any():
            return {}
        step = -(-shot.ids.shape[1] // COLUMNS)
        at_m, ids = located(shot, view, step), shot.ids[::step, ::step]
        cells = numbers_of(at_m[(ids == NONE) & np.isfinite(at_m).all(axis=2)], CELL_M)
        place = np.searchsorted(self.survey.cells, cells)
        return self.loose.shares(self.loose.number[place], ids.size)


def _things(scene: Scene) -> list[Boxed]:
    """Return the objects that pixels name; their boxes are the data set's own, where it hands them on."""
    objects, given = scene.objects, scene.annotation
    boxes = [*zip(objects.center_m, objects.extent_m, objects.R_world_box, strict=True)]
    if given is not None and given.boxes is not None:
        told = zip(given.id.tolist(), zip(*given.boxes, strict=True), strict=True)
        own = {number: box for number, box in told if np.isfinite(box[0]).all()}
        boxes = [own.get(number, box) for number, box in zip(objects.id.tolist(), boxes, strict=True)]
    labelled = zip(objects.id.tolist(), objects.label, boxes, strict=True)
    return [Boxed(number, label, box) for number, label, box in labelled]
