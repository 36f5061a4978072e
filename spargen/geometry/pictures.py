"""What views of a mesh show, pixel by pixel."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spargen.errors import SceneError
from spargen.geometry.frustum import in_image
from spargen.geometry.lens_table import LensTable
from spargen.geometry.raster import FOUR, count_alone, draw, find_near, find_shown, objects_in, tally
from spargen.geometry.triangles import DEPTH_BITS, Triangles
from spargen.scene.cameras import Cameras
from spargen.scene.types import Mesh

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]
Bools = NDArray[np.bool_]

LENSES_KEPT = 8
"""Tables of lenses kept at a time: 50 MB each, at two million pixels."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What one view shows of N objects. It lasts until the same thread draws the next.

    ids (h, w): objects; NOT_ANNOTATED or NOTHING where there is none. counts (N + 2,): pixels of each object + 2.
    boxes (N + 2, 4): first column and row, one past the last column and row, of these pixels. pixels (h, w): see
    `OBJECT_BITS`.
    """

    ids: Ids
    counts: Ints
    boxes: Ints
    pixels: Ints

    def median_depth_m(self, step: int) -> float:
        """Return the median of camera Z at the centres of every `step`-th pixel, in each direction, that shows any.

        inf where none does.
        """
        inverse = (self.pixels[::step, ::step] >> DEPTH_BITS).astype(np.int32).ravel()
        inverse = inverse[inverse > 0]
        if not len(inverse):
            return np.inf
        # Bits of positive numbers are in the numbers' order; of an even count two are in the middle.
        middle = [(len(inverse) - 1) // 2, len(inverse) // 2]
        return float(np.mean(1 / np.partition(inverse, middle)[middle].view(np.float32)))


class Pictures:
    """Draws what V views show of a mesh of n objects. Several threads may draw at a time.

    Raises
    ------
    SceneError
        Where faces belong to an object beyond the n.
    """

    def __init__(self, mesh: Mesh, cameras: Cameras, n: int) -> None:
        if (last := int(mesh.face_object.max(initial=-1))) >= n:
            mend = "pass all objects of the mesh"
            raise SceneError(f"faces belong to object {last} of {n}", where="Pictures", mend=mend)
        self._triangles, self._n, self._cameras = Triangles.of(mesh, n), n, cameras
        R = cameras.T_world_camera[:, :3, :3].transpose(0, 2, 1)
        into = np.concatenate([R, -np.matmul(R, cameras.position_m[:, :, None])], axis=2)
        self._P = np.where(cameras.bends[:, None, None], into, np.matmul(cameras.K, into))
        self._pinhole = LensTable.none()
        # Views of one camera share its table, and some data sets have a camera a view.
        self._lens = lru_cache(LENSES_KEPT)(lambda _camera, view: LensTable.of(cameras, view))
        self._sheets = threading.local()

    def take(self, view: int) -> Picture:
        """Draw what a view shows."""
        sheet, ids = self._sheets_of(view)
        pixels = sheet[: ids.size].reshape(ids.shape)
        P, plane, mesh, lens, width, height = self._camera(view)
        clusters = len(mesh.owner) + 1
        which, nearest, window = np.empty(clusters, np.int64), np.empty(clusters), np.empty((clusters, 4))
        near = find_near(P, plane, mesh, which, nearest, window)
        order = np.argsort(nearest[:near], kind="stable")
        draw(P, mesh, lens, order, which, nearest, window, width, height, sheet)
        objects_in(pixels, ids)
        return Picture(ids, *tallied(ids, self._n), pixels)

    def alone(self, view: int, obj: Ints) -> Ints:
        """Count the pixels (R,) that objects (R,) would cover if nothing else were there."""
        return count_alone(*self._camera(view), np.ascontiguousarray(obj))

    def shows(self, picture: Picture, view: int, points_m: Singles) -> Bools:
        """Tell which points (P, 3) of surfaces a view sees.

        picture : what the view shows.
        """
        uvw, inside = in_image(self._cameras, view, points_m)
        shown = np.empty(len(points_m), dtype=bool)
        find_shown(uvw, inside, points_m, np.ascontiguousarray(self._cameras.position_m[view]), picture.pixels, shown)
        return shown

    def _camera(self, view: int) -> tuple[Floats, Floats, Triangles, LensTable, int, int]:
        c, (width, height) = self._cameras, self._cameras.size_px[view].tolist()
        lens, plane = self._pinhole, np.array([0.0, width, 0.0, height])
        if c.bends[view]:
            lens = self._lens((c.lens[view], c.K[view].tobytes(), width, height), view)
            plane = lens.plane
        return self._P[view], plane, self._triangles, lens, width, height

    def _sheets_of(self, view: int) -> tuple[Ints, Ids]:
        """Return what is drawn on, as large as a view's images: that of the last picture, if it was as large."""
        shape = tuple(self._cameras.size_px[view, ::-1].tolist())
        if getattr(self._sheets, "shape", None) != shape:
            self._sheets.shape = shape
            self._sheets.all = np.empty(shape[0] * shape[1] + FOUR, np.int64), np.empty(shape, np.int32)
        sheets: tuple[Ints, Ids] = self._sheets.all
        return sheets


def tallied(ids: Ids, n: int) -> tuple[Ints, Ints]:
    """Count what an image (h, w) of n objects shows, and find the boxes around it; see `Picture`."""
    counts, boxes = np.empty(n + 2, dtype=np.int64), np.empty((n + 2, 4), dtype=np.int64)
    tally(ids, counts, boxes)
    return counts, boxes
