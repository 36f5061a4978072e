"""Which object is seen where: one table of views x objects a scene, made in one pass of ray casts.

A coarse grid of rays finds what each view shows. Everything that decides an answer or is printed is then measured
again on a fine grid (4 x 4 rays a coarse cell, 640 columns): shares near a threshold, the edges of boxes, marks.
The coarse rays are a subset of the fine ones, so a box on the fine grid holds everything that the coarse one saw.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from spargen.geometry.raycast import RayCaster
from spargen.geometry.rounding import permille
from spargen.geometry.surface import spread_points_m
from spargen.scene.cameras import Cameras
from spargen.scene.types import Mesh, Objects
from spargen.settings import Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

COARSE_COLUMNS = 160
FINE = 4
"""Fine rays a coarse cell, along each side."""
UNANNOTATED, NOTHING = -1, -2
SURFACE_POINTS = 256
"""Points an object for the share of its surface inside the frustum."""
SCENE_POINTS = 4096
"""Points a scene for the overlap of views."""
ALONE_RAYS = 400
"""Rays an object and view, about, for the pixels it would cover alone."""
DIAGONALS = np.stack([np.cos(np.pi * np.array([1, 2, 3, 5, 6, 7]) / 8), np.sin(np.pi * np.array([1, 2, 3, 5, 6, 7]) / 8)], -1)
"""Directions besides the image's axes that bound an outline."""
CHUNK = 16
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
    boxed : (V, N) visible, and its box may be drawn.
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
    eye = _Eye(mesh, objects, cameras, askable, settings, threads)
    chunks = [eye.look(np.arange(first, min(first + CHUNK, len(cameras)))) for first in range(0, len(cameras), CHUNK)]
    if not chunks:
        chunks = [eye.look(np.arange(0))]
    return Visibility(*(np.concatenate([getattr(c, f.name) for c in chunks]) for f in fields(Visibility)))


class _Eye:
    """The ray scenes and the sample points of one scene, and the steps that fill the table for a chunk of views."""

    def __init__(
        self, mesh: Mesh, objects: Objects, cameras: Cameras, askable: Bools, settings: Settings, threads: int
    ) -> None:
        self.objects, self.cameras, self.askable, self.settings = objects, cameras, askable, settings
        self.caster = RayCaster(mesh.vertices_m, mesh.faces, threads=threads)
        # One more entry, so that face -1 (no hit) looks up NOTHING.
        self.object_of_face = np.append(mesh.face_object, np.int32(NOTHING)).astype(np.int32)
        self.alone = _Alone(mesh, objects, askable, threads)
        self.hulls = _hull_corners(mesh, len(objects), askable)
        self.points = spread_points_m(mesh, mesh.face_object, len(objects), SURFACE_POINTS)
        whole = np.zeros(len(mesh.faces), dtype=np.int32)
        self.scene_points = spread_points_m(mesh, whole, 1, SCENE_POINTS)[0]
        # World direction of pixel (u, v) in view i: (u, v, 1) @ lens[i]; its camera Z is 1, so hits count in depth.
        K_inv = np.linalg.inv(cameras.K) if len(cameras) else np.zeros((0, 3, 3))
        self.lens = np.matmul(cameras.T_world_camera[:, :3, :3], K_inv).transpose(0, 2, 1).astype(np.float32)
        self.origin = cameras.position_m.astype(np.float32)

    # -- rays ---------------------------------------------------------------------------------------------------

    def directions(self, view: Ints, uv: Floats) -> NDArray[np.float32]:
        """World directions of pixel positions: view (R,), uv (R, 2) -> (R, 3)."""
        lens, uv = self.lens[view], uv.astype(np.float32)
        return np.asarray(uv[:, :1] * lens[:, 0] + uv[:, 1:] * lens[:, 1] + lens[:, 2])

    def objects_at(self, view: Ints, uv: Floats) -> NDArray[np.int32]:
        """First object at pixel positions; UNANNOTATED or NOTHING where there is none."""
        face, _ = self.caster.cast(self.origin[view], self.directions(view, uv))
        return self.object_of_face[face]

    # -- a chunk of views ------------------------------------------------------------------------------------------

    def look(self, views: Ints) -> Visibility:
        """Fill the rows of a few views. Their images share one size, or the chunk is split."""
        sizes = np.unique(self.cameras.size_px[views], axis=0)
        if len(sizes) > 1:
            rows = [self.look(views[(self.cameras.size_px[views] == s).all(axis=1)]) for s in sizes]
            order = np.concatenate([np.flatnonzero((self.cameras.size_px[views] == s).all(axis=1)) for s in sizes])
            back = np.argsort(order)
            return Visibility(*(np.concatenate([getattr(r, f.name) for r in rows])[back] for f in fields(Visibility)))
        grid = _Grid(*(int(x) for x in (sizes[0] if len(sizes) else (1, 1))))
        ids, depth_m = self._cast_coarse(views, grid)
        n = len(self.objects)
        counts = np.stack([np.bincount(i.ravel() + 2, minlength=n + 2) for i in ids]) if len(views) else np.zeros((0, n + 2))
        on_mesh = np.maximum(counts[:, 1:].sum(axis=1), 1)

        X = self.cameras.take(views).to_camera(self.objects.center_m)
        share = self._measure_share(views, grid, ids, counts[:, 2:] / grid.cells)
        seen = share >= self.settings.seen_share
        unoccluded, in_frame = np.zeros(share.shape), np.zeros(share.shape)
        row, obj = np.nonzero(seen & self.askable & (X[..., 2] > 0))
        if len(row):
            outlines = self._outlines(views, row, obj, grid)
            unoccluded[row, obj] = self._unoccluded(views, row, obj, ids, grid, outlines)
            in_frame[row, obj] = self._in_frame(views[row], obj, grid)

        s = self.settings
        visible = seen & (unoccluded >= s.min_unoccluded) & (in_frame >= s.min_in_frame)
        box = np.zeros((*share.shape, 4), dtype=np.int64)
        keep = visible[row, obj]
        if keep.any():
            row, obj = row[keep], obj[keep]
            box[row, obj] = _Edges(self, views, grid, ids, depth_m).measure(row, obj, outlines.take(keep))
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
            boxed=visible & (side <= s.max_box_share).any(axis=-1),
            pointed=pointed,
            unannotated=counts[:, 1] / on_mesh,
            surface=self._surface(views, depth_m, grid),
        )

    def _cast_coarse(self, views: Ints, grid: _Grid) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Object ids and depths on the coarse grid: two (V, h, w) arrays."""
        ids = np.empty((len(views), grid.h, grid.w), dtype=np.int32)
        depth_m = np.empty(ids.shape, dtype=np.float32)
        for i, view in enumerate(views):
            face, t = self.caster.cast(self.origin[view], grid.coarse @ self.lens[view])
            ids[i], depth_m[i] = self.object_of_face[face], t
        return ids, depth_m

    def _measure_share(self, views: Ints, grid: _Grid, ids: NDArray[np.int32], share: Floats) -> Floats:
        """Measure shares near a threshold again, on the fine grid around the cells that show the object."""
        s, cell = self.settings, 1 / grid.cells
        near_seen = np.abs(share - s.seen_share) < 0.6 * s.seen_share
        near_glimpsed = (share > 0) & (share < s.glimpsed_share + 5 * cell)
        wanted = near_seen | near_glimpsed
        found = [_grown_cells(ids[i], np.flatnonzero(wanted[i])) for i in range(len(views))]
        row = np.repeat(np.arange(len(views)), [len(f) for f in found])
        if not len(row):
            return share
        obj, y, x = np.concatenate(found).T
        hit = self.objects_at(np.repeat(views[row], FINE * FINE), grid.fine_of_cells(y, x)) == np.repeat(obj, FINE * FINE)
        fine = np.zeros(share.shape)
        np.add.at(fine, (np.repeat(row, FINE * FINE), np.repeat(obj, FINE * FINE)), hit)
        return np.where(wanted, fine / (grid.cells * FINE * FINE), share)

    def _outlines(self, views: Ints, row: Ints, obj: Ints, grid: _Grid) -> _Outlines:
        """Outlines of whole objects, as if nothing hid them, for pairs (R,)."""
        side, corner = np.empty((len(row), 4)), np.empty((len(row), 4, 2))
        nearest_m, reach = np.empty(len(row)), np.empty((len(row), len(DIAGONALS), 2))
        limit = np.array([grid.width, grid.height] * 2)
        cameras = self.cameras.take(views)
        for o in np.unique(obj):
            of = np.flatnonzero(obj == o)
            uv, z = cameras.take(row[of]).project(self.hulls[o])
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
        return _Outlines(side, corner, reach, nearest_m)

    def _unoccluded(self, views: Ints, row: Ints, obj: Ints, ids: NDArray[np.int32], grid: _Grid, outlines: _Outlines) -> Floats:
        """Visible pixels over pixels covered alone, for pairs (R,)."""
        own, hidden_weight, view, cells, owner = np.empty(len(row)), np.empty(len(row)), [], [], []
        low_x, low_y = grid.cell_of(*outlines.side[:, :2].T)
        high_x, high_y = grid.cell_of(*outlines.side[:, 2:].T)
        for k, (r, o) in enumerate(zip(row, obj, strict=True)):
            window = ids[r, low_y[k] : high_y[k] + 1, low_x[k] : high_x[k] + 1]
            own[k] = np.count_nonzero(window == o)
            step = max(1, round(np.sqrt(window.size / ALONE_RAYS)))
            sparse = window[::step, ::step]
            y, x = np.nonzero((sparse != o) & (sparse != NOTHING))
            hidden_weight[k] = step * step
            cells.append(np.stack([low_y[k] + y * step, low_x[k] + x * step], axis=1))
            owner.append(np.full(len(y), k))
            view.append(np.full(len(y), views[r]))
        yx, pair, v = np.concatenate(cells), np.concatenate(owner), np.concatenate(view)
        uv = grid.coarse[yx[:, 0], yx[:, 1], :2].astype(np.float64)
        hidden = self.alone.covers(obj[pair], self.origin[v], self.directions(v, uv))
        alone = own + np.bincount(pair, weights=hidden, minlength=len(row)) * hidden_weight
        return np.asarray(own / np.maximum(alone, 1))

    def _in_frame(self, view: Ints, obj: Ints, grid: _Grid) -> Floats:
        """Share of the objects' surface points inside the frustum, for pairs (R,)."""
        T = self.cameras.T_world_camera[view]
        X = np.matmul(self.points[obj] - T[:, None, :3, 3], T[:, :3, :3])
        uvw = np.matmul(X, self.cameras.K[view].transpose(0, 2, 1))
        u, v, w = uvw[..., 0], uvw[..., 1], uvw[..., 2]
        inside = (w > 0) & (u >= 0) & (v >= 0) & (u < grid.width * w) & (v < grid.height * w)
        return np.asarray(inside.mean(axis=1))

    def _points(self, views: Ints, visible: Bools, X: Floats, grid: _Grid) -> tuple[Ints, Bools]:
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
        hit = self.objects_at(np.repeat(views[row], k), rays.reshape(-1, 2)).reshape(-1, k) == obj[:, None]
        hit[:, 4:] &= ((disc >= 0) & (disc < size)).all(axis=2)
        # The disc is sampled, so a little more than the wanted share is asked for.
        enough = hit[:, 4:].mean(axis=1) >= self.settings.point_disc_share + 0.05
        point[row, obj], pointed[row, obj] = mark, hit[:, :4].all(axis=1) & enough
        return point, pointed

    def _surface(self, views: Ints, depth_m: NDArray[np.float32], grid: _Grid) -> Bools:
        """Which of the scene's spread points each view sees: (V, S), depth tolerance 3 cm + 2 %."""
        if not len(views):
            return np.zeros((0, SCENE_POINTS), dtype=bool)
        uv, z = self.cameras.take(views).project(self.scene_points)
        inside = (z > 0.05) & (uv >= 0).all(axis=-1) & (uv < [grid.width, grid.height]).all(axis=-1)
        x, y = grid.cell_of(np.where(inside, uv[..., 0], 0), np.where(inside, uv[..., 1], 0))
        met = depth_m[np.arange(len(views))[:, None], y, x]
        return np.asarray(inside & (np.abs(met - z) <= 0.03 + 0.02 * z))


@dataclass(frozen=True, slots=True)
class _Outlines:
    """Where R whole objects lie in an image.

    side (R, 4): left, top, right, bottom of the box, clipped to the image. corner (R, 4, 2): the projected corner that
    makes each side, not clipped, nan if behind the camera. reach (R, D, 2): least and greatest extent along
    `DIAGONALS`. nearest_m (R,): depth at which the object begins. All in pixels but the last.
    """

    side: Floats
    corner: Floats
    reach: Floats
    nearest_m: Floats

    def take(self, pairs: Bools) -> _Outlines:
        return _Outlines(*(getattr(self, f.name)[pairs] for f in fields(self)))


class _Grid:
    """The pixels of a width x height image that the coarse and the fine grid shoot through."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.w = min(COARSE_COLUMNS, max(1, width // FINE))
        self.h = max(1, round(self.w * height / width))
        self.cells = self.w * self.h
        self.fine_x = (np.arange(self.w * FINE) + 0.5) * (width / (self.w * FINE))
        self.fine_y = (np.arange(self.h * FINE) + 0.5) * (height / (self.h * FINE))
        x, y = np.meshgrid(self.fine_x[FINE // 2 :: FINE], self.fine_y[FINE // 2 :: FINE])
        self.coarse = np.stack([x, y, np.ones_like(x)], axis=-1).astype(np.float32)

    def cell_of(self, u: Floats, v: Floats) -> tuple[Ints, Ints]:
        """Coarse column and row of pixel positions inside the image."""
        x = np.clip((u * (self.w / self.width)).astype(np.int64), 0, self.w - 1)
        y = np.clip((v * (self.h / self.height)).astype(np.int64), 0, self.h - 1)
        return x, y

    def fine_of_cells(self, y: Ints, x: Ints) -> Floats:
        """Pixel positions of all fine rays of coarse cells (C,): (C * FINE * FINE, 2)."""
        k = np.arange(FINE)
        u = np.broadcast_to(self.fine_x[(x[:, None] * FINE + k)][:, None, :], (len(x), FINE, FINE))
        v = np.broadcast_to(self.fine_y[(y[:, None] * FINE + k)][:, :, None], (len(x), FINE, FINE))
        return np.stack([u.ravel(), v.ravel()], axis=-1)


class _Alone:
    """Every object in a room of its own: whether a ray would hit it if nothing else were there.

    The objects stand on a lattice so far apart that a ray shot from the camera's place relative to one object reaches
    that object before any other. One ray scene, one cast.
    """

    def __init__(self, mesh: Mesh, objects: Objects, askable: Bools, threads: int) -> None:
        self.face_object = mesh.face_object
        span = mesh.vertices_m.max(axis=0) - mesh.vertices_m.min(axis=0) if len(mesh.vertices_m) else np.ones(3)
        pitch = 3 * float(np.linalg.norm(span)) + 10
        side = int(np.ceil(max(1, len(objects)) ** (1 / 3)))
        place = np.stack(np.unravel_index(np.arange(len(objects)), (side, side, side)), axis=-1)
        self.offset = ((place - (side - 1) / 2) * pitch).astype(np.float32)
        keep = (mesh.face_object >= 0) & askable[mesh.face_object]
        faces = mesh.faces[keep]
        vertices = mesh.vertices_m[faces] + self.offset[mesh.face_object[keep]][:, None]
        self.object_of_face = np.append(mesh.face_object[keep], np.int32(NOTHING))
        self.caster = RayCaster(vertices.reshape(-1, 3), np.arange(3 * len(faces)).reshape(-1, 3), threads=threads)

    def covers(self, obj: Ints, origin: NDArray[np.float32], direction: NDArray[np.float32]) -> Bools:
        """Tell for rays (R,) whether each would hit its object (R,)."""
        face, _ = self.caster.cast(origin + self.offset[obj], direction)
        return np.asarray(self.object_of_face[face] == obj)


class _Edges:
    """Measures boxes on the fine grid, given what the coarse grid saw.

    A side lies between the outermost coarse cell and the outermost corner of the whole object. Mostly that corner is
    in sight: then a few rays around it settle the side. Else everything between is cast, except where the coarse rays
    show one surface nearer than any part of the object.
    """

    def __init__(self, eye: _Eye, views: Ints, grid: _Grid, ids: NDArray[np.int32], depth_m: NDArray[np.float32]) -> None:
        self.eye, self.views, self.grid, self.ids = eye, views, grid, ids
        self.cover_m = _cover_depth(ids, depth_m)

    def measure(self, row: Ints, obj: Ints, outlines: _Outlines) -> Ints:
        """Return boxes (R, 4): first column, first row, one past the last column, one past the last row.

        Parameters
        ----------
        row, obj : (R,) row of the view in the chunk, and object.
        outlines : of the whole objects.
        """
        box = _coarse_boxes(self.ids, row, obj) * FINE + FINE // 2
        bound = np.stack([self._index(outlines.side[:, side], side % 2) for side in range(4)], axis=-1)
        bound = np.concatenate([np.minimum(bound[:, :2], box[:, :2]), np.maximum(bound[:, 2:], box[:, 2:])], axis=1)
        for side in range(4):
            settled = self._try_corner(row, obj, side, bound, outlines, box)
            bound[settled, side] = box[settled, side]
        self._search_ring(row, obj, bound, box, outlines)
        return box + [0, 0, 1, 1]

    def _index(self, position: Floats, axis: int) -> Ints:
        """Fine index of the ray nearest to a position along an axis."""
        pixels, count = ((self.grid.width, self.grid.w), (self.grid.height, self.grid.h))[axis]
        return np.clip((position * (count * FINE / pixels)).astype(np.int64), 0, count * FINE - 1)

    def _hits(self, pair: Ints, row: Ints, obj: Ints, x: Ints, y: Ints) -> Bools:
        uv = np.stack([self.grid.fine_x[x], self.grid.fine_y[y]], axis=-1)
        return np.asarray(self.eye.objects_at(self.views[row[pair]], uv) == obj[pair])

    def _try_corner(self, row: Ints, obj: Ints, side: int, bound: Ints, outlines: _Outlines, box: Ints) -> Bools:
        """Settle a side by rays around the corner that makes it; returns the pairs for which that worked."""
        axis, across, inwards = side % 2, 1 - side % 2, (1 if side < 2 else -1)
        place, limit = outlines.corner[:, side, across], (self.grid.width, self.grid.height)[across]
        unclipped = outlines.corner[:, side, axis] == outlines.side[:, side]
        pair = np.flatnonzero((place >= 0) & (place < limit) & unclipped)
        settled = np.zeros(len(row), dtype=bool)
        depth, width = np.meshgrid([0, 1], np.arange(-2, 3), indexing="ij")
        sizes = (self.grid.w * FINE, self.grid.h * FINE)
        along = np.clip(bound[pair, side][:, None, None] + inwards * depth, 0, sizes[axis] - 1)
        aside = np.clip(self._index(place[pair], across)[:, None, None] + width, 0, sizes[across] - 1)
        x, y = (along, aside) if axis == 0 else (aside, along)
        hit = self._hits(np.repeat(pair, 10), row, obj, x.ravel(), y.ravel()).reshape(-1, 2, 5).any(axis=2)
        settled[pair] = hit.any(axis=1)
        value = bound[pair, side] + inwards * hit.argmax(axis=1)
        value = np.minimum(value, box[pair, side]) if side < 2 else np.maximum(value, box[pair, side])
        box[pair, side] = np.where(hit.any(axis=1), value, box[pair, side])
        return settled

    def _search_ring(self, row: Ints, obj: Ints, bound: Ints, box: Ints, outlines: _Outlines) -> None:
        """Cast every fine ray inside `bound` and outside `box` that might see the object, and widen the boxes."""
        pairs = np.flatnonzero((bound != box).any(axis=1))
        cells = [self._open_cells(row[k], bound[k] // FINE, box[k], outlines.reach[k], outlines.nearest_m[k]) for k in pairs]
        if not cells:
            return
        pair = np.repeat(pairs, [len(c) for c in cells])
        y, x = (np.concatenate(cells).T[:, :, None] * FINE).astype(np.int64)
        dy, dx = np.divmod(np.arange(FINE * FINE), FINE)
        x, y, pair = (x + dx).ravel(), (y + dy).ravel(), np.repeat(pair, FINE * FINE)
        low, high = bound[pair, :2], bound[pair, 2:]
        wanted = (x >= low[:, 0]) & (y >= low[:, 1]) & (x <= high[:, 0]) & (y <= high[:, 1])
        wanted &= (x < box[pair, 0]) | (y < box[pair, 1]) | (x > box[pair, 2]) | (y > box[pair, 3])
        x, y, pair = x[wanted], y[wanted], pair[wanted]
        hit = self._hits(pair, row, obj, x, y)
        for side, (value, widen) in enumerate(((x, np.minimum), (y, np.minimum), (x, np.maximum), (y, np.maximum))):
            edge = box[:, side].copy()
            widen.at(edge, pair[hit], value[hit])
            box[:, side] = edge

    def _open_cells(self, r: int, cells: Ints, box: Ints, reach: Floats, nearest_m: float) -> Ints:
        """Coarse cells (C, 2) as y, x of a window that reach out of `box`, and where the object may be in sight."""
        x0, y0, x1, y1 = cells
        is_open = self.cover_m[r, y0 : y1 + 1, x0 : x1 + 1] >= nearest_m
        # Cells that lie wholly inside the box hold nothing outside it.
        inside = np.concatenate([-(-box[:2] // FINE), (box[2:] + 1) // FINE])
        is_open[max(0, inside[1] - y0) : max(0, inside[3] - y0), max(0, inside[0] - x0) : max(0, inside[2] - x0)] = False
        yx = np.argwhere(is_open) + [y0, x0]
        cell = np.array([self.grid.width / self.grid.w, self.grid.height / self.grid.h])
        along = ((yx[:, ::-1] + 0.5) * cell) @ DIAGONALS.T
        slack = np.linalg.norm(cell) / 2
        return np.asarray(yx[((along >= reach[:, 0] - slack) & (along <= reach[:, 1] + slack)).all(axis=1)])


def _cover_depth(ids: NDArray[np.int32], depth_m: NDArray[np.float32]) -> NDArray[np.float32]:
    """Depth behind which a coarse cell shows nothing, (V, h, w): the farthest of its 3 x 3 cells if all show the same
    object, else infinite.
    """
    one, two = ids.copy(), depth_m.copy()
    far = np.pad(two, ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = np.pad(one, ((0, 0), (1, 1), (1, 1)), mode="edge")
    h, w = ids.shape[1:]
    same = ids >= 0
    for dy in range(3):
        for dx in range(3):
            same &= around[:, dy : dy + h, dx : dx + w] == ids
            np.maximum(two, far[:, dy : dy + h, dx : dx + w], out=two)
    return np.where(same, two, np.float32(np.inf))


def _coarse_boxes(ids: NDArray[np.int32], row: Ints, obj: Ints) -> Ints:
    """First and last coarse column and row of each pair (R,): (R, 4) as left, top, right, bottom, inclusive."""
    n = int(ids.max(initial=0)) + 3
    v, h, w = ids.shape
    columns, rows = np.zeros((v, n, w), dtype=bool), np.zeros((v, n, h), dtype=bool)
    view = np.arange(v)[:, None, None]
    columns[view, ids + 2, np.arange(w)[None, None, :]] = True
    rows[view, ids + 2, np.arange(h)[None, :, None]] = True
    c, r = columns[row, obj + 2], rows[row, obj + 2]
    return np.stack(
        [c.argmax(1), r.argmax(1), w - 1 - c[:, ::-1].argmax(1), h - 1 - r[:, ::-1].argmax(1)], axis=-1
    ).astype(np.int64)


def _grown_cells(ids: NDArray[np.int32], objects: Ints) -> Ints:
    """Coarse cells within one cell of each object's own: (C, 3) rows of object, y, x."""
    h, w = ids.shape
    wanted = np.zeros(int(ids.max(initial=0)) + 3, dtype=bool)
    wanted[objects[objects < len(wanted) - 2] + 2] = True
    y, x = np.nonzero(wanted[ids + 2])
    o = ids[y, x].astype(np.int64)
    dy, dx = np.meshgrid([-1, 0, 1], [-1, 0, 1])
    yy, xx = y[:, None] + dy.ravel(), x[:, None] + dx.ravel()
    inside = (yy >= 0) & (yy < h) & (xx >= 0) & (xx < w)
    code = ((o[:, None] * h + yy) * w + xx)[inside]
    code = np.unique(code)
    return np.stack([code // (h * w), code // w % h, code % w], axis=-1)


def _hull_corners(mesh: Mesh, n: int, askable: Bools) -> list[Floats]:
    """Corners of each askable object's convex hull: the only points that can make a side of its box."""
    out: list[Floats] = []
    order = np.argsort(mesh.face_object, kind="stable")
    first = np.searchsorted(mesh.face_object[order], np.arange(n + 1))
    for o in range(n):
        used = np.unique(mesh.faces[order[first[o] : first[o + 1]]]) if askable[o] else np.zeros(0, dtype=np.int64)
        points = mesh.vertices_m[used].astype(np.float64)
        try:
            points = points[ConvexHull(points).vertices]
        except (QhullError, ValueError, IndexError):
            pass  # flat or tiny: all points are corners
        out.append(points)
    return out


def _disc(radius: float) -> Floats:
    """Offsets (69, 2) of a square lattice that fills a disc evenly."""
    k = np.arange(-4, 5) / 4.5
    x, y = np.meshgrid(k, k)
    inside = x**2 + y**2 <= 1.0
    return np.stack([x[inside], y[inside]], axis=-1) * radius
