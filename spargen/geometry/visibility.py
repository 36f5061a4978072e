"""Which object is seen where: one table of views x objects a scene, whatever there is to see.

The thresholds and what follows from them stand here. What they are held against is measured by an eye: by rays on a
mesh (`mesh_eye`), or by counting the pixels of instance images (`image_eye`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.image_eye import ImageEye
from spargen.geometry.mesh_eye import MeshEye
from spargen.geometry.points import SurfacePoints, surface_points
from spargen.geometry.rounding import permille
from spargen.scene.cameras import Cameras
from spargen.scene.images import InstanceImages
from spargen.scene.types import Objects, Surface
from spargen.settings import Settings

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
    seen, glimpsed, visible : (V, N) as defined for the labels.
    boxed : (V, N) visible, and its box may be drawn: it is not the whole image, nor does it hang on single pixels.
    pointed : (V, N) visible, and its point lies on it.
    unannotated : (V,) share of the pixels that show anything which belongs to no object.
    surface : (V, 2 S) which of S points spread over all there is to see the view sees: first those that it sees from
        the front of the face they lie on, then those from the back.
    median_depth_m : (V,) the depth that half of the pixels that show anything exceed; inf where none does.
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

    @property
    def sees_point(self) -> Bools:
        """(V, S) which of the points the view sees, from whichever side."""
        front, back = np.split(self.surface, 2, axis=1)
        return np.asarray(front | back)

    def __len__(self) -> int:
        return len(self.share)

    def take(self, views: NDArray[np.int64]) -> Visibility:
        """Return the rows of the given views."""
        return Visibility(*(getattr(self, f.name)[views] for f in fields(self)))


class Glance(Protocol):
    """A few views, V of them, whose images share one size, and what they show. Pairs are a row of V and an object.

    raster : columns and rows that boxes count in.
    """

    raster: tuple[int, int]

    def share(self, X: Floats) -> Floats:
        """Return shares (V, N) of the images that show objects, with centres X (V, N, 3) in the cameras."""

    def unoccluded(self, row: Ints, obj: Ints) -> Floats:
        """Return visible pixels over pixels covered alone, for pairs (R,) in order."""

    def in_frame(self, row: Ints, obj: Ints) -> Floats:
        """Return shares (R,) of the objects' surfaces inside the image."""

    def boxes(self, row: Ints, obj: Ints) -> tuple[Ints, Bools]:
        """Return boxes (R, 4) of visible pixels: first column and row, one past the last column and row.

        And whether each is the same, within 3/1000, however fine one looks. Of the pairs that were last asked how much
        of them is not hidden, these are some, in their order.
        """

    def objects_at(self, row: Ints, uv: Floats) -> NDArray[np.int32]:
        """Return what rows of V show at pixel positions (R, 2) of their cameras."""

    def unannotated(self) -> Floats:
        """Return `Visibility.unannotated`."""

    def median_depth_m(self) -> Floats:
        """Return `Visibility.median_depth_m`."""

    def surface(self) -> Bools:
        """Return `Visibility.surface`."""


class Eye(Protocol):
    """Looks at what there is to see in a scene, some views at a time.

    at_once : views worked on together, at most: bounds memory. min_unoccluded : share of what an object would cover
    alone from which on it is visible.
    """

    at_once: int
    min_unoccluded: float

    def glance(self, views: Ints) -> Glance:
        """Look from some views whose images share one size."""


def see(
    surface: Surface,
    objects: Objects,
    cameras: Cameras,
    askable: Bools,
    settings: Settings,
    *,
    present: Bools | None = None,
    points: SurfacePoints | None = None,
    threads: int = 0,
) -> Visibility:
    """Fill the table.

    Parameters
    ----------
    surface, objects, cameras : of one scene; of instance images, those of the cameras.
    askable : (N,) objects that questions may be about; the others cover what is behind them, and may be seen.
    settings : the thresholds.
    present : (N,) objects that may change an answer, though no question is about them: they are looked for as
        carefully as those that are askable. None by default.
    points : as `surface_points` spreads them, if they are there already.
    threads : cores, 0 = all. The result does not depend on it.
    """
    threads = threads or os.cpu_count() or 1
    sought = askable if present is None else askable | present
    if points is None:
        points = surface_points(surface, cameras, len(objects), threads=threads)
    eye: Eye
    if isinstance(surface, InstanceImages):
        eye = ImageEye(surface, objects, cameras, points, settings)
    else:
        eye = MeshEye(surface, objects, cameras, askable, sought, points, settings, threads)
    table = _Table(eye, objects, cameras, askable, settings)
    # As many chunks for each thread, so that none waits for another.
    rounds = max(1, -(-len(cameras) // (eye.at_once * threads)))
    views = np.array_split(np.arange(len(cameras)), rounds * threads)
    # The ray caster keeps the interpreter while it casts, but uses all threads; numpy's steps run between its casts.
    with ThreadPoolExecutor(threads) as pool:
        return _joined(list(pool.map(table.rows, views)))


def _joined(tables: Sequence[Visibility]) -> Visibility:
    return Visibility(*(np.concatenate([getattr(t, f.name) for t in tables]) for f in fields(Visibility)))


class _Table:
    """Fills rows of the table: holds what an eye measured against the thresholds."""

    def __init__(self, eye: Eye, objects: Objects, cameras: Cameras, askable: Bools, settings: Settings) -> None:
        self.eye, self.objects, self.cameras, self.askable, self.settings = eye, objects, cameras, askable, settings

    def rows(self, views: Ints) -> Visibility:
        """Fill the rows of a few views. Their images share one size, or the chunk is split."""
        sizes = np.unique(self.cameras.size_px[views], axis=0)
        if len(sizes) <= 1:
            return self._rows(views)
        of_size = [np.flatnonzero((self.cameras.size_px[views] == size).all(axis=1)) for size in sizes]
        whole = _joined([self._rows(views[of]) for of in of_size])
        return whole.take(np.argsort(np.concatenate(of_size)))

    def _rows(self, views: Ints) -> Visibility:
        glance, s = self.eye.glance(views), self.settings
        X = self.cameras.take(views).to_camera(self.objects.center_m)
        share = glance.share(X)
        seen = share >= s.seen_share
        unoccluded, in_frame = np.zeros(share.shape), np.zeros(share.shape)
        row, obj = np.nonzero(seen & self.askable & (X[..., 2] > 0))
        if len(row):
            unoccluded[row, obj] = glance.unoccluded(row, obj)
            in_frame[row, obj] = glance.in_frame(row, obj)

        visible = seen & (unoccluded >= self.eye.min_unoccluded) & (in_frame >= s.min_in_frame)
        box, steady = np.zeros((*share.shape, 4), dtype=np.int64), np.zeros(share.shape, dtype=bool)
        keep = visible[row, obj]
        if keep.any():
            row, obj = row[keep], obj[keep]
            box[row, obj], steady[row, obj] = glance.boxes(row, obj)
        size = np.array(glance.raster)
        side = (box[..., 2:] - box[..., :2]) / size
        # The short side counts in widths of the image, whichever side it is.
        width, height = self.cameras.size_px[views[0]].tolist() if len(views) else (1, 1)
        visible &= (side * [1.0, height / width]).min(axis=-1) >= s.min_short_side
        point, pointed = self._points(glance, views, visible, X)
        return Visibility(
            share=share,
            unoccluded=unoccluded,
            in_frame=in_frame,
            depth_m=X[..., 2],
            distance_m=np.linalg.norm(X, axis=-1),
            bbox=np.where(visible[..., None], permille(box, size), 0),
            point=point,
            seen=seen,
            glimpsed=(share >= s.glimpsed_share) & ~seen,
            visible=visible,
            boxed=visible & steady & (side <= s.max_box_share).any(axis=-1),
            pointed=pointed,
            unannotated=glance.unannotated(),
            surface=glance.surface(),
            median_depth_m=glance.median_depth_m(),
        )

    def _points(self, glance: Glance, views: Ints, visible: Bools, X: Floats) -> tuple[Ints, Bools]:
        """Marks at projected centres, and whether each lies on its object: own pixel and most of a disc around it."""
        point, pointed = np.zeros((*visible.shape, 2), dtype=np.int64), np.zeros(visible.shape, dtype=bool)
        row, obj = np.nonzero(visible)
        if not len(row):
            return point, pointed
        uv = self.cameras.pixels(views[row], X[row, obj][:, None])[:, 0]
        size = self.cameras.size_px[views[0]]
        inside = ((uv >= 0) & (uv < size)).all(axis=1)
        row, obj, uv = row[inside], obj[inside], uv[inside]
        mark = permille(uv, size)
        printed = mark / 1000 * size
        # The mark is right where it is printed, not only before rounding.
        centres = np.stack([uv, np.floor(uv) + 0.5, printed, np.minimum(np.floor(printed), size - 1) + 0.5], axis=1)
        disc = printed[:, None] + _disc(self.settings.point_disc * float(size[0]))
        rays = np.concatenate([centres, disc], axis=1)
        k = rays.shape[1]
        hit = glance.objects_at(np.repeat(row, k), rays.reshape(-1, 2)).reshape(-1, k) == obj[:, None]
        hit[:, 4:] &= ((disc >= 0) & (disc < size)).all(axis=2)
        # The disc is sampled, so a little more than the wanted share is asked for.
        enough = hit[:, 4:].mean(axis=1) >= self.settings.point_disc_share + 0.05
        point[row, obj], pointed[row, obj] = mark, hit[:, :4].all(axis=1) & enough
        return point, pointed


def _disc(radius: float) -> Floats:
    """Offsets (69, 2) of a square lattice that fills a disc evenly."""
    k = np.arange(-4, 5) / 4.5
    x, y = np.meshgrid(k, k)
    inside = x**2 + y**2 <= 1.0
    return np.stack([x[inside], y[inside]], axis=-1) * radius
