"""Where a tripod stands along a walk, the images that it takes there, and where one can walk from there.

A tripod has three cameras, one above the other: one looks up, one ahead, one down. It turns to the right in six steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spargen.demo.house import House
from spargen.demo.walk import poses
from spargen.geometry.raycast import RayCaster
from spargen.scene.cameras import Cameras
from spargen.seeds import rng_for

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CAMERAS, YAWS = 3, 6
VIEWS = CAMERAS * YAWS
SIZE_PX = (1280, 1024)
FOCAL_PX = ((1076.4, 1077.2), (1075.2, 1076.6), (1077.9, 1078.3))
CENTER_PX = ((631.6, 514.3), (649.2, 502.1), (640.8, 521.7))
"""Intrinsics of the cameras, corner convention."""
_ELEVATION_DEG = (42.0, 1.0, -41.0)
_RING_M, _ABOVE_M = 0.05, (0.04, 0.0, -0.04)
_TILT_DEG = 1.2
_LEAST, _STEPS = 5, 24
_APART_M = (1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4)
_REACH_M = 4.5
_FREE_M = (0.35, 1.0)
"""Heights at which nothing is in the way between two places that one can walk between, beside that of the eye."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a tripod stood. N places.

    Parameters
    ----------
    center_m : (N, 3). heading : (N,) radians clockwise from +y, in which the level camera looked at its third step.
    visible, free : (N, N) which other places are seen from each, and to which of these one can walk straight.
    """

    center_m: Floats
    heading: Floats
    visible: Bools
    free: Bools


def tripod_cameras(house: House, walk: Cameras) -> Cameras:
    """Return the views of a tripod that is set up along a walk: for each place those of its cameras, in turn.

    There is one place for every so many steps of the walk, and five of them at least.
    """
    center = _standpoints(walk.position_m, max(_LEAST, -(-len(walk) // _STEPS)))
    n, rng = len(center), rng_for(house.seed, "demo", "tripod")
    turned = rng.uniform(0, 2 * np.pi, n)[:, None, None] - np.radians(360 / YAWS) * np.arange(YAWS)
    heading = np.broadcast_to(turned, (n, CAMERAS, YAWS))
    tilt, roll = (np.radians(rng.uniform(-_TILT_DEG, _TILT_DEG, heading.shape)) for _ in range(2))
    position = np.empty((*heading.shape, 3))
    position[..., 0], position[..., 1] = np.cos(heading), np.sin(heading)
    position[..., 2] = np.array(_ABOVE_M)[:, None] / _RING_M
    position = center[:, None, None] + _RING_M * position
    elevation = np.radians(np.array(_ELEVATION_DEG))[:, None] + tilt
    T = poses(position.reshape(-1, 3), *(a.reshape(-1) for a in (heading, elevation, roll)))
    K = np.zeros((CAMERAS, 3, 3))
    K[:, [0, 1], [0, 1]], K[:, :2, 2], K[:, 2, 2] = FOCAL_PX, CENTER_PX, 1
    return Cameras(np.tile(np.repeat(K, YAWS, axis=0), (n, 1, 1)), T, np.tile(SIZE_PX, (len(T), 1)))


def _standpoints(position_m: Floats, most: int) -> Floats:
    """Return places (N, 3) along a walk (V, 3) that are apart: spread over all of it, or else its first ones."""
    chosen: list[int] = []
    for apart_m in _APART_M:
        chosen = []
        for i, at in enumerate(position_m):
            if all(np.hypot(*(position_m[k] - at)[:2]) >= apart_m for k in chosen):
                chosen.append(i)
        if len(chosen) <= most:
            break
    return position_m[chosen[:most]]


def places_of(house: House, cameras: Cameras) -> Places:
    """Return the places that `tripod_cameras` were taken at."""
    center = cameras.position_m.reshape(-1, VIEWS, 3).mean(axis=1)
    ahead = cameras.T_world_camera.reshape(-1, CAMERAS, YAWS, 4, 4)[:, 1, 2, :2, 2]
    caster = RayCaster(house.vertices_m, house.faces)
    visible = _clear(caster, center)
    gap_m = np.linalg.norm(center[:, None] - center, axis=-1)
    free = visible & (gap_m < _REACH_M)
    for height in _FREE_M:
        free &= _clear(caster, np.column_stack([center[:, :2], np.full(len(center), height)]))
    return Places(center, np.arctan2(ahead[:, 0], ahead[:, 1]), visible, free)


def _clear(caster: RayCaster, at_m: Floats) -> Bools:
    """(N, N) between which of some points nothing is; a point and itself are no pair."""
    clear = np.zeros((len(at_m), len(at_m)), dtype=bool)
    for i, here in enumerate(at_m):
        others = np.delete(np.arange(len(at_m)), i)
        face, reach = caster.cast(here, at_m[others] - here)
        clear[i, others] = (face < 0) | (reach > 1)
    return clear & clear.T
