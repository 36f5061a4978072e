"""Which object is seen where: one table of views x objects a scene, whatever there is to see.

The thresholds and what follows from them stand here. What they are held against is measured by an eye, which counts
pixels: of the images that a mesh is drawn into (`mesh_eye`), or of instance images (`image_eye`).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.points import SurfacePoints, surface_points
from spargen.geometry.rounding import permille
from spargen.scene.cameras import Cameras
from spargen.scene.images import InstanceImages
from spargen.scene.types import Objects, Surface
from spargen.settings import Settings

if TYPE_CHECKING:
    from spargen.geometry.unnamed import Pieces

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Visibility:
    """What V views show of N objects. Of objects that are not askable, only their `share`, seen and glimpsed count.

    Parameters
    ----------
    share : (V, N) share of the image's pixels that show the object.
    unoccluded : (V, N) those pixels over the pixels that it would cover if it stood there alone; where there is no
        mesh, that its box would.
    in_frame : (V, N) share of its surface inside the frustum; where there is no mesh, of its box's.
    depth_m, distance_m : (V, N) camera Z of its centre, and straight-line distance to it.
    bbox : (V, N, 4) tight box of its visible pixels on the 0..1000 scale; zeros where not visible.
    point : (V, N, 2) projection of its centre on the 0..1000 scale; zeros where not visible.
    seen, glimpsed : (V, N) shares of the image from `Settings.seen_share` on, and from `glimpsed_share` up to that.
    visible : (V, N) may be asked about: askable, seen, before the camera, and as large, as little hidden and as far
        inside the image as the settings want.
    boxed : (V, N) visible, and its box may be drawn: it is not the whole image, nor does it hang on single pixels or
        rest on specks.
    pointed : (V, N) visible, and its point lies on it.
    unannotated : (V,) share of the pixels that show anything which belongs to no object.
    surface : (V, 2 S) which of S points spread over all there is to see the view sees: first those that it sees from
        the front of the face they lie on, then those from the back.
    median_depth_m : (V,) the depth that half of the pixels that show anything exceed; inf where none does.
    pieces : (V, M) whether the view sees any of the points that are spread over each of M pieces without annotation.
    """

    share: Floats
    unoccluded: Floats
    in_frame: Floats
    depth_m: Floats
    distance_m: Floats
    bbox: Ints
    point: Ints
    seen: Bools
    glimpsed: Bools
    visible: Bools
    boxed: Bools
    pointed: Bools
    unannotated: Floats
    surface: Bools
    median_depth_m: Floats
    pieces: Bools

    @property
    def sees_point(self) -> Bools:
        """(V, S) which of the points the view sees, from whichever side."""
        front, back = np.split(self.surface, 2, axis=1)
        return np.asarray(front | back)

    def __len__(self) -> int:
        return len(self.share)

    def take(self, views: NDArray[np.int64]) -> Visibility:
        """Return the rows of the given views (R,)."""
        return Visibility(*(getattr(self, f.name)[views] for f in fields(self)))


class Glance(Protocol):
    """One view, and what it shows of N objects. It lasts until the same thread takes the next.

    raster : columns and rows that boxes count in.
    """

    raster: tuple[int, int]

    def share(self) -> Floats:
        """Return shares (N,) of the image that show objects."""

    def unoccluded(self, obj: Ints) -> Floats:
        """Return visible pixels over pixels covered alone, for objects (R,) that the view shows."""

    def in_frame(self, obj: Ints) -> Floats:
        """Return shares (R,) of objects' surfaces inside the image."""

    def boxes(self, obj: Ints) -> tuple[Ints, Ints, Bools]:
        """Return boxes (R, 4) of visible pixels: first column and row, one past the last column and row.

        And these `without_specks`, and whether each is the same, within 3/1000, in smaller images.
        """

    def shows(self, at: Floats, obj: Ints) -> Bools:
        """Tell where the view shows objects (R,): at pixel positions (R, K, 2) of its camera."""

    def unannotated(self) -> float:
        """Return the share of `Visibility.unannotated`."""

    def median_depth_m(self) -> float:
        """Return the metres of `Visibility.median_depth_m`."""

    def surface(self) -> Bools:
        """Return the row (2 S,) of `Visibility.surface`."""

    def pieces(self) -> Bools:
        """Return the row (M,) of `Visibility.pieces`."""


class Eye(Protocol):
    """Looks at what there is to see in a scene, view by view; several threads may look at a time.

    min_unoccluded : share of what an object would cover alone from which on it is visible.
    """

    min_unoccluded: float

    def glance(self, view: int) -> Glance:
        """Look from a view."""


def see(
    surface: Surface,
    objects: Objects,
    cameras: Cameras,
    askable: Bools,
    settings: Settings,
    *,
    points: SurfacePoints | None = None,
    pieces: Pieces | None = None,
    threads: int = 0,
) -> Visibility:
    """Fill the table.

    Parameters
    ----------
    surface, objects, cameras : of one scene; of instance images, those of the cameras.
    askable : (N,) objects that questions may be about; the others cover what is behind them, and may be seen.
    settings : the thresholds.
    points, pieces : as `surface_points` spreads and `pieces_of` finds them, if they are there already.
    threads : cores, 0 = all. The result does not depend on it.
    """
    # What they bring, `spargen list` need not wait for.
    from spargen.geometry.image_eye import ImageEye
    from spargen.geometry.mesh_eye import MeshEye
    from spargen.geometry.unnamed import pieces_of

    threads = threads or os.cpu_count() or 1
    if points is None:
        points = surface_points(surface, cameras, len(objects), threads=threads)
    if pieces is None:
        pieces = pieces_of(surface)
    eye: Eye
    if isinstance(surface, InstanceImages):
        eye = ImageEye(surface, objects, cameras, points, settings)
    else:
        eye = MeshEye(surface, objects, cameras, askable, points, pieces, settings)
    table = _Table(eye, objects, cameras, askable, settings, len(points.points_m), len(pieces.center_m))
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(table.fill, range(len(cameras))):
            pass
    return table.judged()


class _Table:
    """Fills rows of the table with what an eye measures, and holds all of it against the thresholds."""

    def __init__(
        self,
        eye: Eye,
        objects: Objects,
        cameras: Cameras,
        askable: Bools,
        settings: Settings,
        points: int,
        pieces: int,
    ) -> None:
        self.eye, self.cameras, self.settings = eye, cameras, settings
        X, size = cameras.to_camera(objects.center_m), cameras.size_px[:, None]
        uv = cameras.pixels(np.arange(len(cameras)), X)
        self.asked = askable & (X[..., 2] > 0)
        self.marked = self.asked & ((uv >= 0) & (uv < size)).all(axis=2)
        self.uv = np.where(self.marked[..., None], uv, 0.0)
        self.raster = cameras.size_px.copy()
        shape = self.asked.shape
        self.inner = np.zeros((*shape, 4), dtype=np.int64)
        flags, shares = np.zeros((5, *shape), dtype=bool), np.zeros((3, *shape))
        self.whole = Visibility(
            share=shares[0],
            unoccluded=shares[1],
            in_frame=shares[2],
            depth_m=X[..., 2].copy(),
            distance_m=np.linalg.norm(X, axis=-1),
            bbox=np.zeros((*shape, 4), dtype=np.int64),
            point=permille(self.uv, size),
            seen=flags[0],
            glimpsed=flags[1],
            visible=flags[2],
            boxed=flags[3],
            pointed=flags[4],
            unannotated=np.zeros(shape[0]),
            surface=np.zeros((shape[0], 2 * points), dtype=bool),
            median_depth_m=np.zeros(shape[0]),
            pieces=np.zeros((shape[0], pieces), dtype=bool),
        )

    def fill(self, view: int) -> None:
        """Put down what a view shows: boxes in pixels, and more than will be visible."""
        glance, t = self.eye.glance(view), self.whole
        self.raster[view], t.share[view] = glance.raster, glance.share()
        t.unannotated[view], t.median_depth_m[view] = glance.unannotated(), glance.median_depth_m()
        t.surface[view], t.pieces[view] = glance.surface(), glance.pieces()
        t.seen[view] = t.share[view] >= self.settings.seen_share
        obj = np.flatnonzero(t.seen[view] & self.asked[view])
        if not len(obj):
            return
        t.unoccluded[view, obj], t.in_frame[view, obj] = glance.unoccluded(obj), glance.in_frame(obj)
        t.bbox[view, obj], self.inner[view, obj], t.boxed[view, obj] = glance.boxes(obj)
        marked = obj[self.marked[view, obj]]
        if len(marked):
            t.pointed[view, marked] = self._lie_on(glance, view, marked)

    def _lie_on(self, glance: Glance, view: int, obj: Ints) -> Bools:
        """Tell which marks at projected centres lie on their objects: own pixel and most of a disc."""
        size = self.cameras.size_px[view]
        printed = self.whole.point[view, obj] / 1000 * size
        # The mark is right where it is printed, not only before rounding; 1000 is in the last pixel.
        centres = np.stack([self.uv[view, obj], np.minimum(printed, size - 0.5)], axis=1)
        disc = printed[:, None] + _disc(self.settings.point_disc * float(size[0]))
        hit = glance.shows(np.concatenate([centres, disc], axis=1), obj)
        # The disc is sampled, so a little more than the wanted share is asked for.
        enough = hit[:, 2:].mean(axis=1) >= self.settings.point_disc_share + 0.05
        return np.asarray(hit[:, :2].all(axis=1) & enough)

    def judged(self) -> Visibility:
        """Return the whole table, once all views were looked at."""
        t, s = self.whole, self.settings
        side, inner = ((box[..., 2:] - box[..., :2]) / self.raster[:, None] for box in (t.bbox, self.inner))
        # The short side counts in widths of the image, whichever side it is; no speck makes a thing large.
        width, height = self.cameras.size_px.T[..., None]
        large = np.minimum(inner[..., 0], inner[..., 1] * (height / width)) >= s.min_short_side
        unstretched = (inner == side).all(axis=2)
        enough = (t.unoccluded >= self.eye.min_unoccluded) & (t.in_frame >= s.min_in_frame)
        visible = t.seen & self.asked & enough & large
        bbox, (view, obj) = np.zeros_like(t.bbox), np.nonzero(visible)
        bbox[view, obj] = permille(t.bbox[view, obj], self.raster[view])
        return replace(
            t,
            glimpsed=(t.share >= s.glimpsed_share) & ~t.seen,
            visible=visible,
            boxed=visible & t.boxed & unstretched & (side <= s.max_box_share).any(axis=2),
            pointed=visible & t.pointed,
            bbox=bbox,
            point=t.point * visible[..., None],
        )


@lru_cache(maxsize=64)
def _disc(radius: float) -> Floats:
    """Offsets (256, 2) that fill a disc evenly, along a spiral (Vogel 1979): a lattice beats with bars and slats."""
    k = np.arange(256) + 0.5
    distance, turn = radius * np.sqrt(k / 256), np.pi * (1 + 5**0.5) * k
    return np.stack([distance * np.cos(turn), distance * np.sin(turn)], axis=-1)
