"""A handheld camera's walk through the house: where it goes, and where it looks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from spargen.demo.gaze import Sights, headings, paced
from spargen.demo.ground import Ground
from spargen.demo.house import House
from spargen.geometry.raycast import RayCaster
from spargen.scene.cameras import Cameras
from spargen.seeds import rng_for

Floats = NDArray[np.float64]

SIZE_PX = (640, 480)
K = np.array([[519.6, 0.0, 317.9], [0.0, 521.3, 242.6], [0.0, 0.0, 1.0]])
"""Intrinsics in pixels, corner convention: fx and fy differ and the centre is off, so that mistakes show."""

_TILTED_SHARE, _LOST_SHARE = 0.03, 0.015


def walk_cameras(house: House, frames: int = 320, *, tilted: bool = False) -> Cameras:
    """Walk through all rooms and back again, with the height, the way and the pace of the house's seed.

    Parameters
    ----------
    house : the house to walk through.
    frames : number of views.
    tilted : whether the first of them are taken while the device is still being lifted: steep, and rolled aside.

    Returns
    -------
    Cameras of 640 x 480 pixels, 1.1-1.8 m above the floor.
    """
    rng = rng_for(house.seed, "demo", "walk")
    caster = RayCaster(house.vertices_m, house.faces)
    height = float(rng.uniform(1.22, 1.68))
    ground = Ground(house, height)
    track = ground.tour(rng)
    position = np.empty((frames, 3))

    def sights(xy: Floats) -> Sights:
        return Sights(house, np.column_stack([xy, np.full(len(xy), height)]), caster)

    position[:, :2] = paced(ground.rounded(track), sights, frames, float(rng.uniform(0.5, 1.5)))
    position[:, 2] = height + 0.07 * _drift(rng, frames, 25)
    heading = headings(sights(position[:, :2]), rng)
    elevation = np.radians(-22 + 10 * _drift(rng, frames, 9)).clip(np.radians(-38), np.radians(5))
    roll = np.radians(2.2 * _drift(rng, frames, 7)).clip(np.radians(-4), np.radians(4))
    if tilted:
        # It looks down, then it is turned upright; it may have been level for a moment before.
        since = np.arange(frames) - int(rng_for(house.seed, "demo", "lifted").integers(0, 2))
        low, aside = (np.clip(k - since / (_TILTED_SHARE / 2 * frames), 0, 1) * (since >= 0) for k in (1, 2))
        elevation += (np.radians(-72) - elevation) * low
        roll += (np.radians(48) - roll) * aside
    T = poses(position, heading, elevation, roll)
    return Cameras(np.repeat(K[None], frames, 0), T, np.repeat([SIZE_PX], frames, 0))


def lost_frames(house: House, frames: int) -> NDArray[np.int64]:
    """Return the sorted frames whose tracking is lost: a short run and some single ones."""
    rng = rng_for(house.seed, "demo", "lost")
    count = int(np.ceil(_LOST_SHARE * frames))
    single = rng.choice(np.arange(1, max(frames - 1, 2)), size=count, replace=frames <= count + 2)
    run = single[0] + np.arange(3 if frames >= 60 else 1)
    return np.unique(np.concatenate([single, run])).clip(0, frames - 1)


def _drift(rng: np.random.Generator, frames: int, smooth: float) -> Floats:
    """(V,) slow noise of unit deviation, without its mean."""
    noise = gaussian_filter1d(rng.standard_normal(frames + int(8 * smooth)), smooth)[int(4 * smooth) :][:frames]
    noise -= noise.mean()
    return np.asarray(noise / max(float(noise.std()), 1e-9)).clip(-1.6, 1.6)


def poses(position: Floats, heading: Floats, elevation: Floats, roll: Floats) -> Floats:
    """Return (V, 4, 4) camera-to-world poses: +X right, +Y down, +Z forward; `heading` counts from +x to +y."""
    ch, sh, ce, se = np.cos(heading), np.sin(heading), np.cos(elevation), np.sin(elevation)
    forward = np.stack([ce * ch, ce * sh, se], -1)
    level = np.stack([sh, -ch, np.zeros_like(ch)], -1)
    down = np.cross(forward, level)
    right = np.cos(roll)[:, None] * level - np.sin(roll)[:, None] * down
    T = np.tile(np.eye(4), (len(position), 1, 1))
    T[:, :3, 0], T[:, :3, 1], T[:, :3, 2], T[:, :3, 3] = right, np.cross(forward, right), forward, position
    return T
