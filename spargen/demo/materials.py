"""Procedural textures: one small tile a material, multiplied onto an object's colour."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from spargen.seeds import rng_for

Floats = NDArray[np.float64]

SIZE_PX = 256
LEVELS = 6
"""Mip levels: each is the tile blurred to half the sharpness of the one before."""


def _grid() -> tuple[Floats, Floats]:
    v, u = np.meshgrid(np.arange(SIZE_PX) / SIZE_PX, np.arange(SIZE_PX) / SIZE_PX, indexing="ij")
    return u, v


def _noise(rng: np.random.Generator, sigma: tuple[float, float]) -> Floats:
    """Tileable noise of zero mean and unit deviation, smoothed by sigma (v, u) pixels."""
    field = gaussian_filter(rng.standard_normal((SIZE_PX, SIZE_PX)), sigma, mode="wrap")
    return np.asarray((field - field.mean()) / field.std())


def _grey(value: Floats) -> Floats:
    return np.repeat(value[..., None], 3, axis=2)


def _plain(rng: np.random.Generator) -> Floats:
    return _grey(1 + 0.012 * _noise(rng, (2, 2)))


def _paint(rng: np.random.Generator) -> Floats:
    return _grey(1 + 0.018 * _noise(rng, (14, 14)) + 0.010 * _noise(rng, (1, 1)))


def _wood(rng: np.random.Generator) -> Floats:
    _, v = _grid()
    rings = np.sin(2 * np.pi * (7 * v + 0.35 * _noise(rng, (10, 60))))
    return _grey(0.93 + 0.07 * rings + 0.035 * _noise(rng, (0.7, 14)))


def _planks(rng: np.random.Generator) -> Floats:
    """Floor boards: six rows to the tile, butt joints staggered, every board of its own tone."""
    u, v = _grid()
    row = (v * 6).astype(int)
    shifted = (u * 2 + np.array([0.0, 0.62, 0.27, 0.81, 0.45, 0.1])[row]) % 2
    tone = rng.uniform(0.84, 1.06, (6, 2))[row, shifted.astype(int)]
    joint = (np.minimum(v * 6 % 1, 1 - v * 6 % 1) < 0.03) | (np.minimum(shifted % 1, 1 - shifted % 1) < 0.006)
    return _grey(tone + 0.04 * _noise(rng, (0.8, 16)) - 0.30 * joint)


def _tiles(rng: np.random.Generator) -> Floats:
    """Square tiles, three to the side, with pale grout."""
    u, v = _grid()
    tone = rng.uniform(0.90, 1.03, (3, 3))[(v * 3).astype(int), (u * 3).astype(int)]
    edge = np.minimum(np.minimum(u * 3 % 1, 1 - u * 3 % 1), np.minimum(v * 3 % 1, 1 - v * 3 % 1))
    return _grey(np.where(edge < 0.025, 0.72, tone) + 0.015 * _noise(rng, (6, 6)))


def _fabric(rng: np.random.Generator) -> Floats:
    u, v = _grid()
    weave = np.sin(2 * np.pi * 64 * u) * np.sin(2 * np.pi * 64 * v)
    return _grey(0.97 + 0.05 * weave + 0.03 * _noise(rng, (5, 5)) + 0.03 * _noise(rng, (0.7, 0.7)))


def _checks(rng: np.random.Generator) -> Floats:
    u, v = _grid()
    bands = 0.5 * ((u * 8 % 1) < 0.45) + 0.5 * ((v * 8 % 1) < 0.45)
    return _grey(1.08 - 0.42 * bands) + 0.02 * _grey(_noise(rng, (1, 1)))


def _stripes(rng: np.random.Generator) -> Floats:
    _, v = _grid()
    tint = np.where(((v * 7 % 1) < 0.4)[..., None], [0.62, 0.66, 0.78], [1.08, 1.05, 1.0])
    return tint + 0.02 * _grey(_noise(rng, (1, 1)))


def _carpet(rng: np.random.Generator) -> Floats:
    u, v = _grid()
    diamond = np.abs((u * 4 % 1) - 0.5) + np.abs((v * 4 % 1) - 0.5)
    tint = np.select(
        [(diamond < 0.22)[..., None], (diamond < 0.34)[..., None]], [[1.2, 1.1, 0.8], [0.6, 0.6, 0.75]], 1.0
    )
    return np.asarray(tint) + 0.06 * _grey(_noise(rng, (0.8, 0.8)))


def _leaf(rng: np.random.Generator) -> Floats:
    return _grey(1 + 0.22 * _noise(rng, (4, 4))) * [0.9, 1.0, 0.8]


def _metal(rng: np.random.Generator) -> Floats:
    return _grey(1 + 0.06 * _noise(rng, (0.6, 40)))


def _marble(rng: np.random.Generator) -> Floats:
    vein = np.abs(_noise(rng, (18, 26)))
    return _grey(1.02 - 0.22 * np.exp(-((vein / 0.08) ** 2)) + 0.02 * _noise(rng, (1, 1)))


def _painting(rng: np.random.Generator) -> Floats:
    """Soft hills under a bright sky, a different stretch for every picture."""
    _, v = _grid()
    tint = np.broadcast_to([1.0, 1.0, 1.0], (SIZE_PX, SIZE_PX, 3)).copy()
    for level, color in ((0.62, (0.45, 0.62, 0.85)), (0.45, (0.30, 0.55, 0.40)), (0.28, (0.85, 0.55, 0.25))):
        edge = level + 0.10 * _noise(rng, (40, 24))[0]
        tint[v < edge[None]] = color
    return tint * _grey(1 + 0.06 * _noise(rng, (2, 2)))


def _screen(rng: np.random.Generator) -> Floats:
    """Build a dark panel with a soft oblique gleam."""
    u, v = _grid()
    gleam = np.exp(-(((u + v) % 1 - 0.5) ** 2) / 0.01)
    return _grey(0.9 + 0.9 * gleam + 0.02 * _noise(rng, (3, 3)))


def _mirror(rng: np.random.Generator) -> Floats:
    u, v = _grid()
    streak = np.exp(-(((u + v) % 0.5 - 0.25) ** 2) / 0.002)
    return _grey(0.86 + 0.18 * streak + 0.01 * _noise(rng, (2, 2)))


def _sky(rng: np.random.Generator) -> Floats:
    """Clouds over a blue sky."""
    cloud = 1 / (1 + np.exp(-2 * _noise(rng, (12, 26))))
    return (1 - cloud)[..., None] * [0.80, 0.92, 1.08] + cloud[..., None] * [1.05, 1.05, 1.05]


_TILES: dict[str, tuple[float, float, Callable[[np.random.Generator], Floats]]] = {
    # name: tile side in metres, light it gives off itself, picture
    "plain": (0.5, 0.0, _plain),
    "paint": (1.6, 0.0, _paint),
    "wood": (0.6, 0.0, _wood),
    "planks": (1.0, 0.0, _planks),
    "tiles": (0.9, 0.0, _tiles),
    "small tiles": (0.42, 0.0, _tiles),
    "fabric": (0.4, 0.0, _fabric),
    "checks": (0.7, 0.0, _checks),
    "stripes": (0.6, 0.0, _stripes),
    "carpet": (1.1, 0.0, _carpet),
    "leaf": (0.3, 0.0, _leaf),
    "metal": (0.5, 0.0, _metal),
    "marble": (0.9, 0.0, _marble),
    "painting": (0.8, 0.15, _painting),
    "screen": (0.9, 0.10, _screen),
    "mirror": (1.0, 0.25, _mirror),
    "sky": (1.5, 1.0, _sky),
    "lit": (0.5, 1.0, _plain),
}
MATERIALS: tuple[str, ...] = tuple(_TILES)
TILE_M: NDArray[np.float32] = np.array([_TILES[name][0] for name in MATERIALS], dtype=np.float32)
GLOW: NDArray[np.float32] = np.array([_TILES[name][1] for name in MATERIALS], dtype=np.float32)


@cache
def texture_stack() -> NDArray[np.uint8]:
    """Return all tiles at all levels, (M, LEVELS, SIZE_PX, SIZE_PX, 3): 128 keeps the colour.

    They are made once a process, and are the same for all houses.
    """
    stack = np.zeros((len(MATERIALS), LEVELS, SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
    for m, name in enumerate(MATERIALS):
        tile = _TILES[name][2](rng_for("demo", "texture", name))
        for level in range(LEVELS):
            blurred = tile if level == 0 else _shrunk(tile, 2**level)
            stack[m, level] = np.clip(blurred * 128, 0, 255)
    return stack


def _shrunk(tile: Floats, factor: int) -> Floats:
    """Average `factor` x `factor` texels and repeat the result up to full size."""
    small = tile.reshape(SIZE_PX // factor, factor, SIZE_PX // factor, factor, 3).mean(axis=(1, 3))
    return np.asarray(small.repeat(factor, axis=0).repeat(factor, axis=1))
