"""What a scanner misses of a house, and the noise of its surface.

There is a surface only where the walk's depth images saw one: no floor below beds and counters, no backs of wardrobes,
few ceilings. Some walls and doors become a single sheet; panes, mirrors and thin rods are lost; there are holes.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from spargen.demo.house import STRUCTURAL, House
from spargen.demo.materials import MATERIALS
from spargen.demo.plan import WALL_M, shared_wall
from spargen.demo.walk import lost_frames
from spargen.geometry.boxes import gravity_box
from spargen.geometry.raycast import RayCaster
from spargen.scene.cameras import Cameras

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Rng = np.random.Generator

_REACH_M = 4.5
"""How far the depth sensor sees."""
_SENSOR_COLUMNS = 160
_BOX_M = 0.008
"""A side of a box may move by this much."""
_SHEET_SHARE, _ROD_SHARE, _PANE_SHARE = 0.35, 0.25, 0.6
_HOLES_PER_M2 = 0.35
_SHAKE_M = 0.001


def depth_pixels(house: House, cameras: Cameras) -> Ints:
    """(F,) how many depth pixels of the whole walk lie on each face, of images that are 160 pixels wide.

    Pixels beyond the sensor's reach do not count, but on things that no nearer one shows: what images show is there.
    """
    caster = RayCaster(house.vertices_m, house.faces, threads=0)
    width, height = (int(n) for n in cameras.size_px[0])
    step = width // _SENSOR_COLUMNS
    u, v = np.arange(step // 2, width, step), np.arange(step // 2, height, step)
    pixels = np.stack(np.meshgrid(u, v), -1).reshape(-1, 2)
    near, far = np.zeros((2, len(house.faces)), dtype=np.int64)
    for view in np.setdiff1d(np.arange(len(cameras)), lost_frames(house, len(cameras))):
        face, z = caster.cast(*cameras.rays(int(view), pixels))
        near += np.bincount(face[(face >= 0) & (z < _REACH_M)], minlength=len(near))
        far += np.bincount(face[(face >= 0) & (z >= _REACH_M)], minlength=len(far))
    distant = house.per_object(near) == 0
    distant[house.of_kind(*STRUCTURAL)] = False
    return np.where(np.append(distant, False)[house.face_object], far, near)


def lost_faces(house: House, hits: Ints, rng: Rng) -> Bools:
    """(F,) faces that the scan lacks; what bounds a thing that was seen is left, but for doors that became a sheet."""
    back, front = _thin_walls(house, rng)
    leaves = _thin_doors(house, hits, rng)
    # Whichever side a thin wall was seen from, its one sheet is there.
    lost = (hits == 0) & ~front | back | leaves | _rods(house, rng) | _holes(house, hits, rng)
    # Panes stand in frames, which bound them.
    return np.asarray(lost & ~_needed(house, lost, hits, leaves) | _panes(house, rng))


def _thin_walls(house: House, rng: Rng) -> tuple[Bools, Bools]:
    """(F,) faces on the side that vanishes of walls that become a single sheet, and on the side that stays."""
    middle = house.middles_m
    walls = np.isin(house.face_object, house.of_kind("wall"))
    room = np.append(house.room, -1)[house.face_object]
    back, front = np.zeros((2, len(house.faces)), dtype=bool)
    pairs = combinations(range(len(house.plan.rooms)), 2)
    shared = [(p, s) for p in pairs if (s := shared_wall(*(house.plan.rooms[i] for i in p))) is not None]
    for k in rng.permutation(len(shared))[: int(np.ceil(_SHEET_SHARE * len(shared)))]:
        pair, (along_x, across, low, high) = shared[k]
        along, off = (middle[:, 0], middle[:, 1]) if along_x else (middle[:, 1], middle[:, 0])
        on_it = walls & (np.abs(off - across) < 0.6 * WALL_M) & (along > low) & (along < high)
        gone, left = rng.permutation(pair)
        back |= on_it & (room == gone)
        front |= on_it & (room == left)
    return back, front


def _thin_doors(house: House, hits: Ints, rng: Rng) -> Bools:
    """(F,) faces that vanish of the leaves of doors of which one side alone was made: the one that was seen best."""
    gone = np.zeros(len(house.faces), dtype=bool)
    for door in house.of_kind("door"):
        if rng.random() < _SHEET_SHARE:
            own = np.flatnonzero(house.face_object == door)
            normal = house.normals[house.faces[own, 0]]
            gone[own[normal @ normal[hits[own].argmax()] < 0.9]] = True
    return gone


def _panes(house: House, rng: Rng) -> Bools:
    """(F,) faces of glass and mirrors, of which a depth sensor gets little."""
    glass = np.isin(house.material[house.faces[:, 0]], [MATERIALS.index("sky"), MATERIALS.index("mirror")])
    return glass & (rng.random(len(glass)) < _PANE_SHARE)


def _rods(house: House, rng: Rng) -> Bools:
    """(F,) faces of parts thinner than a few centimetres, one part in four: legs, stems, springs."""
    start = np.searchsorted(house.vertex_part, np.arange(house.vertex_part[-1] + 1))
    size = np.sort(np.maximum.reduceat(house.vertices_m, start) - np.minimum.reduceat(house.vertices_m, start), axis=1)
    thin = (size[:, 1] < 0.07) & (size[:, 2] > 0.2) & (rng.random(len(size)) < _ROD_SHARE)
    return np.asarray(thin[house.vertex_part[house.faces[:, 0]]])


def _holes(house: House, hits: Ints, rng: Rng) -> Bools:
    """(F,) faces in balls around random places of what was seen."""
    middle, area = house.middles_m, house.areas_m2 * (hits > 0)
    count = int(_HOLES_PER_M2 * house.plan.floor_m2)
    gone = np.zeros(len(middle), dtype=bool)
    for at in middle[rng.choice(len(middle), count, p=area / area.sum())]:
        gone |= ((middle - at) ** 2).sum(1) < rng.uniform(0.06, 0.28) ** 2
    return gone


def _needed(house: House, lost: Bools, hits: Ints, sheets: Bools) -> Bools:
    """(F,) lost faces without which a thing that was seen would have another box."""
    needed = np.zeros(len(lost), dtype=bool)
    order = np.argsort(house.face_object, kind="stable")
    starts = np.searchsorted(house.face_object[order], np.arange(len(house.labels) + 1))
    for thing, kind in enumerate(house.kinds):
        own = order[starts[thing] : starts[thing + 1]]
        if kind in STRUCTURAL or not hits[own].any() or sheets[own].any():
            continue
        center, extent, R = gravity_box(house.vertices_m[np.unique(house.faces[own])])
        corners = ((house.vertices_m[house.faces[own]] - center) @ R) / (extent / 2)
        if not _bounded_alike(corners[~lost[own]].reshape(-1, 3), corners.reshape(-1, 3), extent):
            needed[own] = (np.abs(corners) > 1 - _BOX_M / (extent / 2)).any(axis=(1, 2))
    return needed


def _bounded_alike(left: Floats, whole: Floats, extent: Floats) -> bool:
    """Tell whether points reach as far as the whole does: to each side of its box, and into the corners in plan.

    Points are in the axes of the box, in half sides.
    """
    if not len(left):
        return False
    sides = np.abs([left.min(0) - whole.min(0), left.max(0) - whole.max(0)]) * extent / 2
    plan = np.array([(sx, sy) for sx in (-1, 1) for sy in (-1, 1)])
    off = [np.linalg.norm((p[:, None, :2] - plan) * extent[:2] / 2, axis=-1).min(axis=0) for p in (left, whole)]
    return bool(sides.max() < _BOX_M and (off[0] - off[1]).max() < _BOX_M)


def unevenness(house: House, rng: Rng) -> NDArray[np.float32]:
    """(P, 3) shifts: a millimetre or two everywhere, the same for what lies together; more along plain surfaces.

    On walls, floors and ceilings all vertices but those of the outlines wander within the plane, so triangles are
    irregular and what is cut out of them has ragged edges.
    """
    p = house.vertices_m.astype(np.float64)
    shift = np.zeros_like(p)
    for _ in range(6):
        way = rng.normal(size=3)
        wave = np.sin(p @ (way / np.linalg.norm(way)) * 2 * np.pi / rng.uniform(0.7, 1.8) + rng.uniform(0, 2 * np.pi))
        shift += wave[:, None] * rng.normal(size=3) * _SHAKE_M
    plain = house.faces[np.isin(house.face_object, house.of_kind("wall", "floor", "ceiling"))]
    edges = np.sort(np.concatenate([plain[:, [0, 1]], plain[:, [1, 2]], plain[:, [2, 0]]]), axis=1)
    edge, count = np.unique(edges, axis=0, return_counts=True)
    inner = np.setdiff1d(edge, edge[count == 1])
    step = rng.uniform(-0.25, 0.25, (len(inner), 3)) * np.median(np.linalg.norm(p[edge[:, 0]] - p[edge[:, 1]], axis=1))
    normal = house.normals[inner]
    shift[inner] += step - (step * normal).sum(1, keepdims=True) * normal
    return shift.astype(np.float32)
