"""Which object is seen where: one table of views x objects a scene, made in one pass of ray casts.

A coarse grid of rays finds what each view shows. Everything that decides an answer or is printed is then measured
again on a fine grid (4 x 4 rays a coarse cell, 640 columns): shares near a threshold, the edges of boxes, marks.
The coarse rays are a subset of the fine ones, so a box on the fine grid holds everything that the coarse one saw.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.alone import NOTHING, Alone, hull_corners, outlines
from spargen.geometry.edges import Edges
from spargen.geometry.grid import FINE, Grid
from spargen.geometry.rounding import permille
from spargen.geometry.shares import Shares
from spargen.geometry.sight import Sight
from spargen.geometry.surface import edge_points, normals, scene_points, spread_points
from spargen.scene.cameras import Cameras
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
"""How far in front of such a point a surface may be met, and for the first choice which share of its depth besides."""
UNANNOTATED = -1
"""What a ray meets that hits the mesh where it belongs to no object."""
CHUNK = 25
"""Views worked on together: bounds memory."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """What V views show of N objects. Of objects that are not askable, only their `share`, seen and glimpsed count.

    Parameters
    ----------
    share : (V, N) share of the image's pixels that show the object.
    unoccluded : (V, N) those pixels over the pixels that it would cover if it stood there alone.
    in_frame : (V, N) share of its surface inside the frustum.
    depth_m, distance_m : (V, N) camera Z of its centre, and straight-line distance to it.
    bbox : (V, N, 4) tight box of its visible pixels on the 0..1000 scale; zeros where not visible.
    point : (V, N, 2) projection of its centre on the 0..1000 scale; zeros where not visible.
    seen, glimpsed, visible : (V, N) as defined for the labels.
    boxed : (V, N) visible, and its box may be drawn: it is not the whole image, nor does it hang on single pixels.
    pointed : (V, N) visible, and its point lies on it.
    unannotated : (V,) share of the mesh pixels that belong to no object.
    surface : (V, 2 S) which of S points spread over the whole mesh the view sees: first those that it sees from the
        front of the face they lie on, then those from the back.
    median_depth_m : (V,) the depth that half of the mesh pixels exceed; inf where the view shows no mesh.
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


def see(
    mesh: Mesh,
    objects: Objects,
    cameras: Cameras,
    askable: Bools,
    settings: Settings,
    *,
    present: Bools | None = None,
    threads: int = 0,
) -> Visibility:
    """Fill the table.

    Parameters
    ----------
    mesh, objects, cameras : of one scene.
    askable : (N,) objects that questions may be about; the others cover what is behind them, and may be seen.
    settings : the thresholds.
    present : (N,) objects that may change an answer, though no question is about them: they are looked for as
        carefully as those that are askable. None by default.
    threads : cores for the ray casts, 0 = all. The result does not depend on it.
    """
    threads = threads or os.cpu_count() or 1
    sought = askable if present is None else askable | present
    eye = _Eye(mesh, objects, cameras, askable, sought, settings, threads)
    # As many chunks for each thread, so that none waits for another.
    rounds = max(1, -(-len(cameras) // (CHUNK * threads)))
    views = np.array_split(np.arange(len(cameras)), rounds * threads)
    # The ray caster keeps the interpreter while it casts, but uses all threads; numpy's steps run between its casts.
    with ThreadPoolExecutor(threads) as pool:
        chunks = list(pool.map(eye.look, views))
    return Visibility(*(np.concatenate([getattr(c, f.name) for c in chunks]) for f in fields(Visibility)))


class _Eye:
    """The sample points of one scene, and the steps that fill the table for a chunk of views."""

    def __init__(
        self,
        mesh: Mesh,
        objects: Objects,
        cameras: Cameras,
        askable: Bools,
        sought: Bools,
        settings: Settings,
        threads: int,
    ) -> None:
        self.objects, self.cameras, self.settings = objects, cameras, settings
        self.askable, self.sought = askable, sought
        self.hulls = hull_corners(mesh, len(objects), sought)
        self.radius_m = np.array(
            [np.linalg.norm(h - c, axis=1).max(initial=0.0) for h, c in zip(self.hulls, objects.center_m, strict=True)]
        )
        self.sight = Sight(mesh, cameras, Alone(mesh, objects.center_m, self.radius_m, askable, threads), threads)
        of_face = np.where(mesh.belongs_to(sought), mesh.face_object, np.int32(-1))
        self.traces = edge_points(mesh, len(objects), askable)
        self.points, _ = spread_points(mesh, of_face, len(objects), SURFACE_POINTS)
        self.scene_points, face = scene_points(mesh)
        self.normals = normals(mesh, face).astype(np.float32)

    def look(self, views: Ints) -> Visibility:
        """Fill the rows of a few views. Their images share one size, or the chunk is split."""
        sizes = np.unique(self.cameras.size_px[views], axis=0)
        if len(sizes) > 1:
            rows = [self.look(views[(self.cameras.size_px[views] == s).all(axis=1)]) for s in sizes]
            order = np.concatenate([np.flatnonzero((self.cameras.size_px[views] == s).all(axis=1)) for s in sizes])
            back = np.argsort(order)
            return Visibility(*(np.concatenate([getattr(r, f.name) for r in rows])[back] for f in fields(Visibility)))
        grid = Grid(*(int(x) for x in (sizes[0] if len(sizes) else (1, 1))))
        ids, depth_m = self.sight.cast_grid(views, grid)
        shares = Shares(self.sight, views, grid, ids, self.settings)

        X = self.cameras.take(views).to_camera(self.objects.center_m)
        share = self._share(shares, X)
        seen = share >= self.settings.seen_share
        unoccluded, in_frame = np.zeros(share.shape), np.zeros(share.shape)
        row, obj = np.nonzero(seen & self.askable & (X[..., 2] > 0))
        if len(row):
            whole = outlines(self.hulls, self.cameras, views[row], obj, grid)
            unoccluded[row, obj] = shares.unoccluded(row, obj, whole)
            in_frame[row, obj] = self._in_frame(views[row], obj, grid)

        s = self.settings
        visible = seen & (unoccluded >= s.min_unoccluded) & (in_frame >= s.min_in_frame)
        box, steady = np.zeros((*share.shape, 4), dtype=np.int64), np.zeros(share.shape, dtype=bool)
        keep = visible[row, obj]
        if keep.any():
            row, obj = row[keep], obj[keep]
            edges = Edges(self.sight, views, grid, ids, depth_m, self.traces)
            box[row, obj], steady[row, obj] = edges.measure(row, obj, whole.take(keep))
        size = np.array([grid.w, grid.h]) * FINE
        side = (box[..., 2:] - box[..., :2]) / size
        # The short side counts in widths of the image, whichever side it is.
        visible &= (side * [1.0, grid.height / grid.width]).min(axis=-1) >= s.min_short_side
        point, pointed = self._points(views, visible, X, grid)
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
            unannotated=_unannotated(ids),
            surface=self._surface(views, depth_m, grid),
            median_depth_m=_median_depth_m(depth_m),
        )

    def _share(self, shares: Shares, X: Floats) -> Floats:
        """Shares (V, N) of the images that show objects, with centres X (V, N, 3) in the cameras."""
        share = shares.of_image(len(self.objects))
        row, obj = np.nonzero((share == 0) & self.sought & self._near_frustum(shares.views, X, shares.grid))
        if not len(row):
            return share
        return share + shares.of_missed(row, obj, self.points[obj, ::MISSED_STEP], share.shape)

    def _near_frustum(self, views: Ints, X: Floats, grid: Grid) -> Bools:
        """Tell which objects, with centres X (V, N, 3) in the cameras, reach into the images as far as a ball tells."""
        near = self._near_pinhole(views, X, grid)
        bent = np.flatnonzero(self.cameras.bends[views])
        if len(bent):
            # The planes bound what a pinhole shows. What a lens shows lies within a cone around its axis.
            away_m = np.linalg.norm(X[bent], axis=2)
            off_axis = np.arctan2(np.linalg.norm(X[bent, :, :2], axis=2), X[bent, :, 2])
            ball = np.arcsin(np.minimum(self.radius_m / np.maximum(away_m, 1e-9), 1.0))
            widest = self.cameras.half_angle_rad(views[bent])
            near[bent] = (off_axis - ball <= widest[:, None]) | (away_m <= self.radius_m)
        return near

    def _near_pinhole(self, views: Ints, X: Floats, grid: Grid) -> Bools:
        K, size = self.cameras.K[views], np.array([grid.width, grid.height])
        # The first rows of K give u * z and v * z: the planes are at u = 0, v = 0, u = width and v = height.
        planes = np.concatenate([K[:, :2], size[:, None] * K[:, 2:] - K[:, :2]], axis=1)
        planes /= np.linalg.norm(planes, axis=2, keepdims=True)
        return np.asarray((np.matmul(X, planes.transpose(0, 2, 1)) >= -self.radius_m[:, None]).all(axis=2))

    def _in_frame(self, view: Ints, obj: Ints, grid: Grid) -> Floats:
        """Share of the objects' surface points inside the frustum, for pairs (R,)."""
        share = self._share_inside(view, obj, grid, ROUGHLY)
        s = self.settings
        unsure = np.minimum(np.abs(share - s.min_in_frame), np.abs(share - s.volume_in_frame)) < UNSURE
        if unsure.any():
            share[unsure] = self._share_inside(view[unsure], obj[unsure], grid, 1)
        return share

    def _share_inside(self, view: Ints, obj: Ints, grid: Grid, step: int) -> Floats:
        _, inside = self.sight.project(view, self.points[obj, ::step], grid)
        return np.asarray(inside.mean(axis=1))

    def _points(self, views: Ints, visible: Bools, X: Floats, grid: Grid) -> tuple[Ints, Bools]:
        """Marks at projected centres, and whether each lies on its object: own pixel and most of a disc around it."""
        point, pointed = np.zeros((*visible.shape, 2), dtype=np.int64), np.zeros(visible.shape, dtype=bool)
        row, obj = np.nonzero(visible)
        if not len(row):
            return point, pointed
        uv = self.cameras.pixels(views[row], X[row, obj][:, None])[:, 0]
        size = np.array([grid.width, grid.height])
        inside = ((uv >= 0) & (uv < size)).all(axis=1)
        row, obj, uv = row[inside], obj[inside], uv[inside]
        mark = permille(uv, size)
        printed = mark / 1000 * size
        # The mark is right where it is printed, not only before rounding.
        centres = np.stack([uv, np.floor(uv) + 0.5, printed, np.minimum(np.floor(printed), size - 1) + 0.5], axis=1)
        disc = printed[:, None] + _disc(self.settings.point_disc * grid.width)
        rays = np.concatenate([centres, disc], axis=1)
        k = rays.shape[1]
        hit = self.sight.objects_at(np.repeat(views[row], k), rays.reshape(-1, 2)).reshape(-1, k) == obj[:, None]
        hit[:, 4:] &= ((disc >= 0) & (disc < size)).all(axis=2)
        # The disc is sampled, so a little more than the wanted share is asked for.
        enough = hit[:, 4:].mean(axis=1) >= self.settings.point_disc_share + 0.05
        point[row, obj], pointed[row, obj] = mark, hit[:, :4].all(axis=1) & enough
        return point, pointed

    def _surface(self, views: Ints, depth_m: NDArray[np.float32], grid: Grid) -> Bools:
        """Which of the scene's spread points each view sees, from the front and from the back: (V, 2 S).

        The coarse depths choose, with a tolerance of 3 cm + 2 %. From afar that is as much as a wall is thick, so a
        ray to each chosen point decides.
        """
        uvw, inside = self.sight.project(views, self.scene_points[None], grid)
        row, point = np.nonzero(inside & (uvw[..., 2] > 0.05))
        u, v, z = uvw[row, point].T
        x, y = grid.cell_of(u / z, v / z)
        near = z - depth_m[row, y, x] <= SURFACE_M + SURFACE_SHARE * z
        row, point = row[near], point[near]
        reached = self.sight.in_front_m(views[row], self.scene_points[point]) <= SURFACE_M
        row, point = row[reached], point[reached]
        towards = self.cameras.position_m[views[row]] - self.scene_points[point]
        back = np.einsum("ri,ri->r", towards, self.normals[point]) < 0
        sees = np.zeros((len(views), 2 * len(self.scene_points)), dtype=bool)
        sees[row, point + back * len(self.scene_points)] = True
        return sees


def _unannotated(ids: NDArray[np.int32]) -> Floats:
    """Share (V,) of what coarse rays (V, h, w) met that belongs to no object."""
    on_mesh = np.count_nonzero(ids != NOTHING, axis=(1, 2))
    return np.asarray(np.count_nonzero(ids == UNANNOTATED, axis=(1, 2)) / np.maximum(on_mesh, 1))


def _median_depth_m(depth_m: NDArray[np.float32]) -> Floats:
    """Median (V,) of the depths (V, h, w) that are finite; inf where none is."""
    met = (d[np.isfinite(d)] for d in depth_m)
    return np.array([np.median(d) if len(d) else np.inf for d in met], dtype=np.float64)


def _disc(radius: float) -> Floats:
    """Offsets (69, 2) of a square lattice that fills a disc evenly."""
    k = np.arange(-4, 5) / 4.5
    x, y = np.meshgrid(k, k)
    inside = x**2 + y**2 <= 1.0
    return np.stack([x[inside], y[inside]], axis=-1) * radius
