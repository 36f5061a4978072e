"""A handheld camera's walk through the house: where it goes, and where it looks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter1d
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from spargen.demo.house import STRUCTURAL, House
from spargen.geometry.raycast import RayCaster
from spargen.scene.cameras import Cameras
from spargen.seeds import rng_for

Floats = NDArray[np.float64]

SIZE_PX = (640, 480)
K = np.array([[519.6, 0.0, 317.9], [0.0, 521.3, 242.6], [0.0, 0.0, 1.0]])
"""Intrinsics in pixels, corner convention: fx and fy differ and the centre is off, so that mistakes show."""

_ORDER = (0, 1, 2, 5, 4, 3)
"""Along the first row of rooms, back along the second."""
_CELL_M = 0.06
_BODY_M = 0.40
_HEADINGS = 60
_HEAD_Z_M = 1.05
"""What reaches higher than this stands in the camera's way."""


def walk_cameras(house: House, frames: int = 320, *, cruise: int = 3) -> Cameras:
    """Walk through all rooms and back again.

    Parameters
    ----------
    house : the house to walk through.
    frames : number of views.
    cruise : places to stand at in each room.

    Returns
    -------
    Cameras of 640 x 480 pixels, 1.3-1.7 m above the floor.
    """
    rng = rng_for(house.seed, "demo", "walk")
    caster = RayCaster(house.vertices_m, house.faces)
    ground = _Ground(house)
    track = ground.tour(rng, cruise)
    position = np.empty((frames, 3))
    position[:, :2] = _paced(house, ground.rounded(track), frames, caster)
    position[:, 2] = 1.5 + 0.12 * _drift(rng, frames, 25)
    heading = _headings(house, position, caster, rng)
    elevation = np.radians(-14 + 12 * _drift(rng, frames, 9)).clip(np.radians(-35), np.radians(5))
    roll = np.radians(2.2 * _drift(rng, frames, 7)).clip(np.radians(-4), np.radians(4))
    T = _poses(position, heading, elevation, roll)
    return Cameras(np.repeat(K[None], frames, 0), T, np.repeat([SIZE_PX], frames, 0))


class _Ground:
    """Where a head can be: a raster of the floor with the clearance of every cell."""

    def __init__(self, house: House) -> None:
        rooms = house.plan.rooms
        self._low = np.array([min(r.x0 for r in rooms), min(r.y0 for r in rooms)]) - 0.3
        high = np.array([max(r.x1 for r in rooms), max(r.y1 for r in rooms)]) + 0.3
        self._shape = tuple(np.ceil((high - self._low) / _CELL_M).astype(int))
        self._rooms = rooms
        free = np.zeros(self._shape, dtype=bool)
        for r in rooms:
            free[self._window(r.x0, r.y0, r.x1, r.y1)] = True
        for o in house.plan.openings:
            half = (o.width_m / 2, 0.12) if o.along_x else (0.12, o.width_m / 2)
            free[self._window(o.x - half[0], o.y - half[1], o.x + half[0], o.y + half[1])] = True
        head, low = self._stands_in(house, _HEAD_Z_M, 1.9), self._stands_in(house, 0.25, _HEAD_Z_M)
        self._clear_m = distance_transform_edt(free & ~head) * _CELL_M
        self._over_furniture = low
        self._graph = self._edges()

    def _window(self, x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice]:
        a = np.round((np.array([x0, y0]) - self._low) / _CELL_M).astype(int)
        b = np.round((np.array([x1, y1]) - self._low) / _CELL_M).astype(int)
        return slice(a[0], b[0]), slice(a[1], b[1])

    def _stands_in(self, house: House, z0: float, z1: float) -> NDArray[np.bool_]:
        """Cells under which the objects between two heights lie, found by dense points on the faces."""
        mask = np.zeros(self._shape, dtype=bool)
        building = np.array([label in STRUCTURAL for label in house.labels])
        owner = house.face_object
        corners = house.vertices_m[house.faces[(owner >= 0) & ~building[owner]]].astype(np.float64)
        step = np.linspace(0, 1, 7)
        for s in step:
            for t in step[step <= 1 - s + 1e-9]:
                p = corners[:, 0] + s * (corners[:, 1] - corners[:, 0]) + t * (corners[:, 2] - corners[:, 0])
                p = p[(p[:, 2] > z0) & (p[:, 2] < z1)]
                cell = self._cell(p[:, :2])
                mask[cell[:, 0], cell[:, 1]] = True
        return mask

    def _cell(self, xy: Floats) -> NDArray[np.int64]:
        return np.floor((xy - self._low) / _CELL_M).astype(np.int64).clip(0, np.array(self._shape) - 1)

    def _edges(self) -> coo_array:
        """Neighbouring cells with the cost of a step: dearer near obstacles and over low furniture."""
        passable = self._clear_m > _BODY_M
        cost = 1 + 3 * np.exp(-(self._clear_m - _BODY_M) / 0.15) + 4.0 * self._over_furniture
        index = np.arange(passable.size).reshape(self._shape)
        rows, columns, weights = [], [], []
        for di, dj in ((1, 0), (0, 1), (1, 1), (1, -1)):
            a = (slice(0, self._shape[0] - di), slice(max(-dj, 0), self._shape[1] - max(dj, 0)))
            b = (slice(di, None), slice(max(dj, 0), self._shape[1] + min(dj, 0)))
            ok = passable[a] & passable[b]
            rows.append(index[a][ok])
            columns.append(index[b][ok])
            weights.append((cost[a] + cost[b])[ok] / 2 * np.hypot(di, dj))
        data, where = np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))
        return coo_array((data, where), shape=(passable.size, passable.size)).tocsr()

    def tour(self, rng: np.random.Generator, cruise: int) -> Floats:
        """Return (S, 2) points of a walk that visits places in every room, room after room, and comes back."""
        places = [p for room in _ORDER for p in self._places(room, cruise, rng)]
        cells = [np.ravel_multi_index(tuple(self._cell(p[None])[0]), self._shape) for p in places]
        start = cells[0]
        near = dijkstra(self._graph, directed=False, indices=start)
        cells = [c for c in cells if np.isfinite(near[c])]
        path = [start]
        for a, b in zip(cells, [*cells[1:], start], strict=True):
            _, before = dijkstra(self._graph, directed=False, indices=a, return_predecessors=True)
            leg = [b]
            while leg[-1] != a:
                leg.append(int(before[leg[-1]]))
            path += leg[-2::-1]
        return (np.stack(np.unravel_index(path, self._shape), -1) + 0.5) * _CELL_M + self._low

    def _places(self, room: int, count: int, rng: np.random.Generator) -> list[Floats]:
        """Places of one room, far from each other, with room to stand and floor below."""
        r = self._rooms[room]
        inside = np.zeros(self._shape, dtype=bool)
        inside[self._window(r.x0, r.y0, r.x1, r.y1)] = True
        cells = np.argwhere(inside & (self._clear_m > _BODY_M + 0.08) & ~self._over_furniture)
        if len(cells) == 0:
            return []
        points = (cells + 0.5) * _CELL_M + self._low
        chosen = [points[int(rng.integers(len(points)))]]
        for _ in range(count - 1):
            apart = np.min([np.linalg.norm(points - c, axis=1) for c in chosen], axis=0)
            chosen.append(points[int(np.argmax(apart * rng.uniform(0.8, 1.0, len(points))))])
        return chosen

    def rounded(self, track: Floats) -> Floats:
        """Round the corners of a track as far as the clearance allows."""
        smooth = gaussian_filter1d(track, 6.0, axis=0, mode="nearest")
        for _ in range(8):
            cell = self._cell(smooth)
            tight = self._clear_m[cell[:, 0], cell[:, 1]] < _BODY_M
            near = gaussian_filter1d(tight.astype(np.float64), 4.0)[:, None] > 0.02
            smooth = np.where(near, smooth + 0.5 * (track - smooth), smooth)
        return np.asarray(smooth)


def _paced(house: House, track: Floats, frames: int, caster: RayCaster) -> Floats:
    """Return (V, 2) places along a track, closer together where there is more to see."""
    step = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(track, axis=0), axis=1))])
    fine = np.linspace(0, step[-1], 400)
    points = np.stack([np.interp(fine, step, track[:, k]) for k in range(2)], -1)
    best = _things_in_view(house, np.column_stack([points, np.full(len(fine), 1.5)]), caster).max(axis=1)
    slowness = gaussian_filter1d(0.25 + (best.clip(0) / max(float(best.max()), 1e-9)) ** 1.5, 4.0)
    clock = np.cumsum(slowness)
    at = np.interp(np.linspace(clock[0], clock[-1], frames), clock, fine)
    return np.stack([np.interp(at, fine, points[:, k]) for k in range(2)], -1)


def _headings(house: House, position: Floats, caster: RayCaster, rng: np.random.Generator) -> Floats:
    """Choose where to look in every frame: where much can be seen, turning slowly, all round in the course of time.

    The best sequence over `_HEADINGS` directions is found by dynamic programming.
    """
    gain = _things_in_view(house, position, caster) + _restlessness(len(position), rng)
    turn = np.array([-2, -1, 0, 1, 2])
    price = np.array([1.2, 0.15, 0.25, 0.15, 1.2])
    value, choice = gain[0], np.zeros(gain.shape, dtype=np.int64)
    for i in range(1, len(gain)):
        options = np.stack([np.roll(value, t) - p for t, p in zip(turn, price, strict=True)])
        choice[i] = options.argmax(axis=0)
        value = options.max(axis=0) + gain[i]
    heading = np.empty(len(gain), dtype=np.int64)
    heading[-1] = int(value.argmax())
    for i in range(len(gain) - 1, 0, -1):
        heading[i - 1] = (heading[i] - turn[choice[i, heading[i]]]) % _HEADINGS
    angle = np.unwrap(heading * 2 * np.pi / _HEADINGS)
    return np.asarray(gaussian_filter1d(angle, 2.0))


def _things_in_view(house: House, position: Floats, caster: RayCaster) -> Floats:
    """(V, _HEADINGS) how many objects at 1-5 m each direction shows, less what stands right before the camera."""
    named = [i for i, label in enumerate(house.labels) if label not in STRUCTURAL]
    middle = np.stack([house.vertices_m[house.vertex_object == i].mean(0) for i in named]).astype(np.float64)
    way = middle[None] - position[:, None]
    face, t = caster.cast(position[:, None], way)
    owner = np.where(face >= 0, house.face_object[face], -1)
    far = np.linalg.norm(way, axis=-1)
    seen = ((owner == np.array(named)) | (t > 0.93)) * (far > 0.9) * np.clip(1.6 - far / 5, 0, 1)
    angle = np.arange(_HEADINGS) * 2 * np.pi / _HEADINGS
    off = np.abs((np.arctan2(way[..., 1], way[..., 0])[..., None] - angle + np.pi) % (2 * np.pi) - np.pi)
    count = (seen[..., None] * (off < np.radians(27))).sum(1)
    ray = np.stack([np.cos(angle), np.sin(angle), np.full_like(angle, -0.15)], -1)
    gap = np.minimum(caster.cast(position[:, None], np.broadcast_to(ray, (len(position), _HEADINGS, 3)))[1], 2.0)
    blocked = np.mean([np.roll(gap < 1.3, k, axis=1) for k in range(-4, 5)], axis=0)
    return np.asarray(count * (1 - blocked) - 8.0 * blocked)


def _restlessness(frames: int, rng: np.random.Generator) -> Floats:
    """(V, _HEADINGS) a wish that turns steadily, now this way and now that, so that the walk looks all round."""
    pace = 2 * np.pi / 55 * np.sign(_drift(rng, frames, 40)) * rng.uniform(0.8, 1.2)
    wish = rng.uniform(0, 2 * np.pi) + np.cumsum(pace)
    angle = np.arange(_HEADINGS) * 2 * np.pi / _HEADINGS
    return np.asarray(4.0 * np.cos(angle[None] - wish[:, None]))


def _drift(rng: np.random.Generator, frames: int, smooth: float) -> Floats:
    """(V,) slow noise of unit deviation, without its mean."""
    noise = gaussian_filter1d(rng.standard_normal(frames + int(8 * smooth)), smooth)[int(4 * smooth) :][:frames]
    noise -= noise.mean()
    return np.asarray(noise / max(float(noise.std()), 1e-9)).clip(-1.6, 1.6)


def _poses(position: Floats, heading: Floats, elevation: Floats, roll: Floats) -> Floats:
    """(V, 4, 4) camera-to-world poses: +X right, +Y down, +Z forward."""
    ch, sh, ce, se = np.cos(heading), np.sin(heading), np.cos(elevation), np.sin(elevation)
    forward = np.stack([ce * ch, ce * sh, se], -1)
    level = np.stack([sh, -ch, np.zeros_like(ch)], -1)
    down = np.cross(forward, level)
    right = np.cos(roll)[:, None] * level - np.sin(roll)[:, None] * down
    T = np.tile(np.eye(4), (len(position), 1, 1))
    T[:, :3, 0], T[:, :3, 1], T[:, :3, 2], T[:, :3, 3] = right, np.cross(forward, right), forward, position
    return T
