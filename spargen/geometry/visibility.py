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

from spargen.geometry.alone import DIAGONALS, NOTHING, Outlines, hull_corners
from spargen.geometry.edges import Edges
from spargen.geometry.grid import FINE, Grid
from spargen.geometry.rounding import permille
from spargen.geometry.sight import Sight
from spargen.geometry.surface import spread_points_m
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
SCENE_POINTS = 8192
"""Points a scene for the overlap of views."""
SURFACE_M, SURFACE_SHARE = 0.03, 0.02
"""How far in front of such a point a surface may be met, and for the first choice which share of its depth besides."""
ALONE_RAYS = 400
"""Rays an object and view, about, for the pixels it would cover alone."""
CHUNK = 25
"""Views worked on together: bounds memory."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """What V views show of N objects. Rows of structural objects hold their `share` only.

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
    surface : (V, S) which of S points spread over the whole mesh the view sees.
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

    def __len__(self) -> int:
        return len(self.share)

    def take(self, views: NDArray[np.int64]) -> Visibility:
        """Return the rows of the given views."""
        return Visibility(*(getattr(self, f.name)[views] for f in fields(self)))


def see(
    mesh: Mesh, objects: Objects, cameras: Cameras, askable: Bools, settings: Settings, *, threads: int = 0
) -> Visibility:
    """Fill the table.

    Parameters
    ----------
    mesh, objects, cameras : of one scene.
    askable : (N,) objects that questions may be about; the others only cover what is behind them and count as seen.
    settings : the thresholds.
    threads : cores for the ray casts, 0 = all. The result does not depend on it.
    """
    threads = threads or os.cpu_count() or 1
    eye = _Eye(mesh, objects, cameras, askable, settings, threads)
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
        self, mesh: Mesh, objects: Objects, cameras: Cameras, askable: Bools, settings: Settings, threads: int
    ) -> None:
        self.objects, self.cameras, self.askable, self.settings = objects, cameras, askable, settings
        self.sight = Sight(mesh, objects, cameras, askable, threads)
        self.hulls = hull_corners(mesh, len(objects), askable)
        self.radius_m = np.array(
            [np.linalg.norm(h - c, axis=1).max(initial=0.0) for h, c in zip(self.hulls, objects.center_m, strict=True)]
        )
        asked = np.where(mesh.belongs_to(askable), mesh.face_object, np.int32(-1))
        self.points = spread_points_m(mesh, asked, len(objects), SURFACE_POINTS)
        whole = np.zeros(len(mesh.faces), dtype=np.int32)
        self.scene_points = spread_points_m(mesh, whole, 1, SCENE_POINTS)[0]

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
        n = len(self.objects)
        counts = (
            np.stack([np.bincount(i.ravel() + 2, minlength=n + 2) for i in ids]) if len(views) else np.zeros((0, n + 2))
        )
        on_mesh = np.maximum(counts[:, 1:].sum(axis=1), 1)

        X = self.cameras.take(views).to_camera(self.objects.center_m)
        share = self._measure_share(views, grid, ids, counts[:, 2:] / grid.cells)
        share = self._find_missed(views, grid, X, share)
        seen = share >= self.settings.seen_share
        unoccluded, in_frame = np.zeros(share.shape), np.zeros(share.shape)
        row, obj = np.nonzero(seen & self.askable & (X[..., 2] > 0))
        if len(row):
            outlines = self._outlines(views, row, obj, grid)
            unoccluded[row, obj] = self._unoccluded(views, row, obj, ids, grid, outlines)
            in_frame[row, obj] = self._in_frame(views[row], obj, grid)

        s = self.settings
        visible = seen & (unoccluded >= s.min_unoccluded) & (in_frame >= s.min_in_frame)
        box, steady = np.zeros((*share.shape, 4), dtype=np.int64), np.zeros(share.shape, dtype=bool)
        keep = visible[row, obj]
        if keep.any():
            row, obj = row[keep], obj[keep]
            edges = Edges(self.sight, views, grid, ids, depth_m)
            box[row, obj], steady[row, obj] = edges.measure(row, obj, outlines.take(keep))
        size = np.array([grid.w, grid.h]) * FINE
        side = (box[..., 2:] - box[..., :2]) / size
        # The short side counts in widths of the image, whichever side it is.
        visible &= (side * [1.0, grid.height / grid.width]).min(axis=-1) >= s.min_short_side
        bbox = np.where(visible[..., None], permille(box, size), 0)
        point, pointed = self._points(views, visible, X, grid)
        return Visibility(
            share=share,
            unoccluded=unoccluded,
            in_frame=in_frame,
            depth_m=X[..., 2],
            distance_m=np.linalg.norm(X, axis=-1),
            bbox=bbox,
            point=point,
            seen=seen,
            glimpsed=(share >= s.glimpsed_share) & ~seen,
            visible=visible,
            boxed=visible & steady & (side <= s.max_box_share).any(axis=-1),
            pointed=pointed,
            unannotated=counts[:, 1] / on_mesh,
            surface=self._surface(views, depth_m, grid),
        )

    def _measure_share(self, views: Ints, grid: Grid, ids: NDArray[np.int32], share: Floats) -> Floats:
        """Measure shares near a threshold again, on the fine grid around the cells that show the object."""
        s, cell = self.settings, 1 / grid.cells
        near_seen = np.abs(share - s.seen_share) < 0.6 * s.seen_share
        near_glimpsed = (share > 0) & (share < s.glimpsed_share + 5 * cell)
        slender = (share > 0) & (share < (FINE + 0.5) * s.seen_share) & _slender(ids, share.shape[1])
        wanted = near_seen | near_glimpsed | slender
        found = [_grown_cells(ids[i], np.flatnonzero(wanted[i])) for i in range(len(views))]
        row = np.repeat(np.arange(len(views)), [len(f) for f in found])
        if not len(row):
            return share
        obj, y, x = np.concatenate(found).T
        return np.where(wanted, self._fine_share(views, grid, row, obj, y, x, share.shape), share)

    def _fine_share(
        self, views: Ints, grid: Grid, row: Ints, obj: Ints, y: Ints, x: Ints, shape: tuple[int, ...]
    ) -> Floats:
        """Shares (V, N) of the image that show objects inside given coarse cells (C,), counted with all fine rays."""
        k = FINE * FINE
        hit = self.sight.objects_at(np.repeat(views[row], k), grid.fine_of_cells(y, x)) == np.repeat(obj, k)
        share = np.zeros(shape)
        np.add.at(share, (np.repeat(row, k), np.repeat(obj, k)), hit / (grid.cells * k))
        return share

    def _find_missed(self, views: Ints, grid: Grid, X: Floats, share: Floats) -> Floats:
        """Shoot at points of the objects that no coarse ray met: poles, edges of boards, what shows through a gap.

        Where a point is in sight, the fine rays around it measure the share.
        """
        row, obj = np.nonzero((share == 0) & self.askable & self._near_frustum(views, X, grid))
        if not len(row):
            return share
        uvw, inside = self.sight.project(views[row], self.points[obj, ::MISSED_STEP], grid)
        pair, uvw = np.nonzero(inside)[0], uvw[inside]
        uv = uvw[:, :2] / uvw[:, 2:]
        hit = self.sight.objects_at(views[row[pair]], uv) == obj[pair]
        x, y = grid.cell_of(*uv[hit].T)
        found = _grow(np.stack([pair[hit], y, x], axis=1), grid.h, grid.w)
        if not len(found):
            return share
        pair, y, x = found.T
        return share + self._fine_share(views, grid, row[pair], obj[pair], y, x, share.shape)

    def _near_frustum(self, views: Ints, X: Floats, grid: Grid) -> Bools:
        """Tell which objects, with centres X (V, N, 3) in the cameras, reach into the images as far as a ball tells."""
        K, size = self.cameras.K[views], np.array([grid.width, grid.height])
        # The first rows of K give u * z and v * z: the planes are at u = 0, v = 0, u = width and v = height.
        planes = np.concatenate([K[:, :2], size[:, None] * K[:, 2:] - K[:, :2]], axis=1)
        planes /= np.linalg.norm(planes, axis=2, keepdims=True)
        return np.asarray((np.matmul(X, planes.transpose(0, 2, 1)) >= -self.radius_m[:, None]).all(axis=2))

    def _outlines(self, views: Ints, row: Ints, obj: Ints, grid: Grid) -> Outlines:
        """Outlines of whole objects, as if nothing hid them, for pairs (R,)."""
        side, corner = np.empty((len(row), 4)), np.empty((len(row), 4, 2))
        nearest_m, reach = np.empty(len(row)), np.empty((len(row), len(DIAGONALS), 2))
        limit = np.array([grid.width, grid.height] * 2)
        T, K = self.cameras.T_world_camera[views], self.cameras.K[views]
        for o in np.unique(obj):
            of = np.flatnonzero(obj == o)
            X = np.matmul(self.hulls[o] - T[row[of], None, :3, 3], T[row[of], :3, :3])
            z = X[..., 2]
            with np.errstate(divide="ignore", invalid="ignore"):
                uv = np.matmul(X, K[row[of]].transpose(0, 2, 1))[..., :2] / z[..., None]
            nearest_m[of] = z.min(axis=1)
            # Where it reaches behind the camera its outline is unbounded: nan here, the whole image below.
            uv[nearest_m[of] < 0.05] = np.nan
            ends = np.stack([uv.argmin(axis=1), uv.argmax(axis=1)], axis=1).reshape(-1, 4)
            corner[of] = uv[np.arange(len(of))[:, None], ends]
            along = uv @ DIAGONALS.T
            reach[of] = np.stack([along.min(axis=1), along.max(axis=1)], axis=-1)
        side[:] = np.clip(corner[:, np.arange(4), [0, 1, 0, 1]], 0, limit)
        side = np.where(np.isnan(side), [0, 0, grid.width, grid.height], side)
        reach = np.where(np.isnan(reach), [-np.inf, np.inf], reach)
        return Outlines(side, corner, reach, nearest_m)

    def _unoccluded(
        self, views: Ints, row: Ints, obj: Ints, ids: NDArray[np.int32], grid: Grid, outlines: Outlines
    ) -> Floats:
        """Visible pixels over pixels covered alone, for pairs (R,)."""
        low = np.stack(grid.cell_of(*outlines.side[:, :2].T), axis=-1)
        high = np.stack(grid.cell_of(*outlines.side[:, 2:].T), axis=-1) + 1
        step = np.maximum(1, np.round(np.sqrt((high - low).prod(axis=1) / ALONE_RAYS))).astype(np.int64)
        own, others = np.empty(len(row)), []
        for k, (r, o, (x0, y0), (x1, y1), s) in enumerate(zip(row, obj, low, high, step, strict=True)):
            window = ids[r, y0:y1, x0:x1]
            own[k] = np.count_nonzero(window == o)
            sparse = window[::s, ::s]
            others.append(np.nonzero((sparse != o) & (sparse != NOTHING)))
        pair = np.repeat(np.arange(len(row)), [len(y) for y, _ in others])
        y, x = (np.concatenate(axis) for axis in zip(*others, strict=True))
        uv = grid.coarse[low[pair, 1] + y * step[pair], low[pair, 0] + x * step[pair], :2].astype(np.float64)
        view = views[row[pair]]
        hidden = self.sight.alone_at(view, obj[pair], uv)
        alone = own + np.bincount(pair, weights=hidden, minlength=len(row)) * step**2
        return np.asarray(own / np.maximum(alone, 1))

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
        uvw = np.einsum("rij,rj->ri", self.cameras.K[views[row]], X[row, obj])
        uv = uvw[:, :2] / uvw[:, 2:]
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
        """Which of the scene's spread points each view sees: (V, S).

        The coarse depths choose, with a tolerance of 3 cm + 2 %. From afar that is as much as a wall is thick, so a
        ray to each chosen point decides.
        """
        uvw, inside = self.sight.project(views, self.scene_points[None], grid)
        row, point = np.nonzero(inside & (uvw[..., 2] > 0.05))
        u, v, z = uvw[row, point].T
        x, y = grid.cell_of(u / z, v / z)
        near = z - depth_m[row, y, x] <= SURFACE_M + SURFACE_SHARE * z
        row, point = row[near], point[near]
        sees = np.zeros(inside.shape, dtype=bool)
        sees[row, point] = self.sight.in_front_m(views[row], self.scene_points[point]) <= SURFACE_M
        return sees


def _slender(ids: NDArray[np.int32], n: int) -> Bools:
    """Tell which objects cover cells without neighbours of their own on all four sides, mostly: (V, N)."""
    middle = ids[:, 1:-1, 1:-1]
    inner = (middle == ids[:, :-2, 1:-1]) & (middle == ids[:, 2:, 1:-1])
    inner &= (middle == ids[:, 1:-1, :-2]) & (middle == ids[:, 1:-1, 2:])
    count = [np.bincount(i.ravel() + 2, minlength=n + 2)[2:] for i in ids]
    core = [np.bincount(m[k] + 2, minlength=n + 2)[2:] for m, k in zip(middle, inner, strict=True)]
    return np.asarray(np.reshape(core, (len(ids), n)) < np.reshape(count, (len(ids), n)) / 4)


def _grown_cells(ids: NDArray[np.int32], objects: Ints) -> Ints:
    """Coarse cells within one cell of each object's own: (C, 3) rows of object, y, x."""
    wanted = np.zeros(int(ids.max(initial=0)) + 3, dtype=bool)
    wanted[objects[objects < len(wanted) - 2] + 2] = True
    y, x = np.nonzero(wanted[ids + 2])
    return _grow(np.stack([ids[y, x].astype(np.int64), y, x], axis=1), *ids.shape)


def _grow(cells: Ints, h: int, w: int) -> Ints:
    """Add the eight neighbours of cells (C, 3), rows of owner, y, x; each once."""
    dy, dx = np.meshgrid([-1, 0, 1], [-1, 0, 1])
    owner, y, x = (cells[:, k, None] + d for k, d in enumerate((np.zeros(9, dtype=np.int64), dy.ravel(), dx.ravel())))
    inside = (y >= 0) & (y < h) & (x >= 0) & (x < w)
    code = np.unique(((owner * h + y) * w + x)[inside])
    return np.stack([code // (h * w), code // w % h, code % w], axis=-1)


def _disc(radius: float) -> Floats:
    """Offsets (69, 2) of a square lattice that fills a disc evenly."""
    k = np.arange(-4, 5) / 4.5
    x, y = np.meshgrid(k, k)
    inside = x**2 + y**2 <= 1.0
    return np.stack([x[inside], y[inside]], axis=-1) * radius
