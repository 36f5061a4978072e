"""Baked light: how bright each vertex is by lamps, windows and the room around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.demo.house import House
from spargen.demo.materials import GLOW
from spargen.geometry.raycast import RayCaster

_AMBIENT, _LAMP, _WINDOW = 0.58, 0.42, 0.26
_NEAR_M = 0.7
"""Surfaces nearer than this darken a corner."""
_SKIN_M = 0.004


def bake(house: House, caster: RayCaster) -> NDArray[np.float32]:
    """Return (P,) float32 brightness of every vertex; about 1 where a surface is well lit.

    A hemispheric term dimmed by what stands near, one lamp a room and the rooms' windows, both with soft shadows.
    """
    start = house.vertices_m + _SKIN_M * house.normals
    light = _ambient(start, house.normals, caster)
    for kind, strength, reach in (("ceiling light", _LAMP, 7.0), ("window", _WINDOW, 6.0)):
        for at, facing in _sources(house, kind):
            light += strength * _received(start, house.normals, caster, at, facing, reach)
    glow = GLOW[house.material]
    return np.asarray(light * (1 - glow) + 1.06 * glow, dtype=np.float32)


def _ambient(start: NDArray[np.float32], normals: NDArray[np.float32], caster: RayCaster) -> NDArray[np.float32]:
    """Light from all around: cosine-weighted directions, each dimmed by how near it meets a surface."""
    total, weight = np.zeros(len(start), np.float32), np.zeros(len(start), np.float32)
    for d in _sphere(26):
        cosine = normals @ d
        facing = np.flatnonzero(cosine > 0.08)
        _, t = caster.cast(start[facing], np.broadcast_to(d, (len(facing), 3)))
        total[facing] += cosine[facing] * (0.55 + 0.45 * np.minimum(t / _NEAR_M, 1.0) ** 0.7)
        weight[facing] += cosine[facing]
    sky = 0.86 + 0.14 * normals[:, 2]
    return np.asarray(_AMBIENT * sky * total / np.maximum(weight, 1e-6), dtype=np.float32)


def _received(
    start: NDArray[np.float32],
    normals: NDArray[np.float32],
    caster: RayCaster,
    at: NDArray[np.float64],
    facing: NDArray[np.float64],
    reach: float,
) -> NDArray[np.float32]:
    """Light from one small source, by three points of it so that shadows have a rim."""
    across = np.cross(facing, [0.3, 0.5, 0.81])
    across /= np.linalg.norm(across)
    spread = np.stack(
        [across, -0.5 * across + 0.8 * np.cross(facing, across), -0.5 * across - 0.8 * np.cross(facing, across)]
    )
    light = np.zeros(len(start), dtype=np.float32)
    for point in at + 0.22 * spread:
        way = (point - start).astype(np.float32)
        distance = np.linalg.norm(way, axis=1)
        lambert = np.einsum("pk,pk->p", way, normals) / np.maximum(distance, 0.05)
        lit = np.flatnonzero((lambert > 0.0) & (distance < reach) & (way @ facing < 0))
        _, t = caster.cast(start[lit], way[lit])
        fade = (1 - distance[lit] / reach) ** 2 * 2.2
        light[lit] += (t > 0.97) * lambert[lit] * np.minimum(fade, 1.4) / 3
    return light


def _sources(house: House, kind: str) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return (position, direction it shines in) of the objects of a kind."""
    sources = []
    for i in house.of_kind(kind):
        points = house.vertices_m[house.vertex_object == i].astype(np.float64)
        middle = (points.min(0) + points.max(0)) / 2
        facing = np.array([0.0, 0.0, -1.0]) if kind == "ceiling light" else _inward(house, int(i), middle)
        sources.append((middle + 0.3 * facing, facing))
    return sources


def _inward(house: House, thing: int, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the horizontal direction from a point on a wall into the thing's room."""
    r = house.plan.rooms[house.room[thing]]
    gaps = [at[0] - r.x0, at[1] - r.y0, r.x1 - at[0], r.y1 - at[1]]
    return np.array([[1.0, 0, 0], [0, 1.0, 0], [-1.0, 0, 0], [0, -1.0, 0]][int(np.argmin(gaps))])


def _sphere(n: int) -> NDArray[np.float32]:
    """Return (n, 3) unit vectors spread evenly (Fibonacci lattice)."""
    i = np.arange(n) + 0.5
    z, angle = 1 - 2 * i / n, np.pi * (1 + np.sqrt(5)) * i
    r = np.sqrt(1 - z * z)
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], -1).astype(np.float32)
