"""Where a camera can be carried: the free floor of a house, and a track through all of its rooms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter1d
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from spargen.demo.house import STRUCTURAL, House

Floats = NDArray[np.float64]

_CELL_M = 0.06
_BODY_M = 0.40
_HEAD_M = 0.45
"""What reaches closer than this below the camera's mean height stands in its way."""
_STANDING_M2 = 3.5
"""Square metres of a room for each place that a walk stands at."""


class Ground:
    """Where a head can be: a raster of the floor with the clearance of every cell."""

    def __init__(self, house: House, height_m: float) -> None:
        rooms, head_z = house.plan.rooms, height_m - _HEAD_M
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
        head, low = self._stands_in(house, head_z, 1.9), self._stands_in(house, 0.25, head_z)
        self._clear_m = distance_transform_edt(free & ~head) * _CELL_M
        self._over_furniture = low
        self._graph = self._edges()
        doors = house.plan.openings
        self._doors = [[o.a + o.b - i for o in doors if i in (o.a, o.b)] for i in range(len(rooms))]

    def _window(self, x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice]:
        a = np.round((np.array([x0, y0]) - self._low) / _CELL_M).astype(int)
        b = np.round((np.array([x1, y1]) - self._low) / _CELL_M).astype(int)
        return slice(a[0], b[0]), slice(a[1], b[1])

    def _stands_in(self, house: House, z0: float, z1: float) -> NDArray[np.bool_]:
        """Cells under which the objects between two heights lie, found by dense points on the faces."""
        mask = np.zeros(self._shape, dtype=bool)
        building = np.array([kind in STRUCTURAL for kind in house.kinds])
        owner = house.face_object
        corners = house.vertices_m[house.faces[(owner >= 0) & ~building[owner]]].astype(np.float64)
        z = corners[..., 2]
        corners = corners[(z.max(axis=1) > z0) & (z.min(axis=1) < z1)]
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

    def tour(self, rng: np.random.Generator) -> Floats:
        """Return (S, 2) points of a walk that visits places in every room, room after room, and comes back."""
        places = [p for room in self._order(rng) for p in self._places(room, rng)]
        cells = [int(np.ravel_multi_index(tuple(self._cell(p[None])[0]), self._shape)) for p in places]
        # What cannot be walked to, such as a closet full of boxes, is left out; most can.
        _, island = connected_components(self._graph, directed=False)
        mainland = np.bincount(island[cells]).argmax()
        cells = [c for c in cells if island[c] == mainland]
        path = [cells[0]]
        for a, b in zip(cells, [*cells[1:], cells[0]], strict=True):
            _, before = dijkstra(self._graph, directed=False, indices=a, return_predecessors=True)
            leg = [b]
            while leg[-1] != a:
                leg.append(int(before[leg[-1]]))
            path += leg[-2::-1]
        return (np.stack(np.unravel_index(path, self._shape), -1) + 0.5) * _CELL_M + self._low

    def _order(self, rng: np.random.Generator) -> list[int]:
        """Return the rooms from a random one on, each followed by what lies behind its doorways."""
        order, waiting = [], [int(rng.integers(len(self._rooms)))]
        while waiting:
            room = waiting.pop()
            if room not in order:
                order.append(room)
                waiting += [int(i) for i in rng.permutation(self._doors[room])]
        return order

    def _places(self, room: int, rng: np.random.Generator) -> list[Floats]:
        """Places of one room, far from each other, with room to stand and floor below."""
        r = self._rooms[room]
        inside = np.zeros(self._shape, dtype=bool)
        inside[self._window(r.x0, r.y0, r.x1, r.y1)] = True
        cells = np.argwhere(inside & (self._clear_m > _BODY_M + 0.08) & ~self._over_furniture)
        if len(cells) == 0:
            return []
        points = (cells + 0.5) * _CELL_M + self._low
        chosen = [points[int(rng.integers(len(points)))]]
        for _ in range(int(np.clip(r.area_m2 / _STANDING_M2, 1, 5)) - 1):
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
