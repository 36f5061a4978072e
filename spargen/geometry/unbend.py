"""Where a lens looks, from a table: exact positions at every few pixels, and straight lines between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.scene.cameras import Cameras

Singles = NDArray[np.float32]
Pixels = Singles | NDArray[np.float64]
STEP = 4
"""Pixels from node to node: it takes a tenth of the time that solving for every ray does."""
TOLERANCE_PX = 0.02
"""How far a straight line may lead astray in the middle of a cell."""


class Unbend:
    """The directions in which the pixels of one camera look, in its own axes.

    `Cameras.rays` is exact. This is for rays by the million, and asks it only where straight lines between the nodes
    will not do: at the limit of the lens, and where it looks almost sideways.
    """

    def __init__(self, cameras: Cameras, view: int) -> None:
        size_px = cameras.size_px[[view]]
        self._camera = Cameras(cameras.K[[view]], np.eye(4)[None], size_px, [cameras.lens[view]])
        self._last = size_px[0] // STEP
        x, y = (np.arange(last + 2) * STEP for last in self._last)
        nodes = np.stack(np.meshgrid(x, y), axis=-1)
        towards = self._camera.rays(0, nodes)[1].reshape(*nodes.shape[:2], 3)
        unit = towards / np.linalg.norm(towards, axis=-1, keepdims=True)
        middle = (unit[1:, 1:] + unit[1:, :-1] + unit[:-1, 1:] + unit[:-1, :-1]).reshape(1, -1, 3)
        off_px = np.abs(self._camera.pixels([0], middle)[0] - nodes[:-1, :-1].reshape(-1, 2) - STEP / 2).max(axis=1)
        self._straight = (off_px <= TOLERANCE_PX).reshape(len(y) - 1, len(x) - 1)
        self._nodes = np.nan_to_num(unit).astype(np.float32)

    def directions(self, uv: Pixels) -> Singles:
        """Return directions (P, 3) of positions (P, 2) in the image, their Z 1; nan where the lens shows nothing."""
        at = np.asarray(uv, dtype=np.float32) / STEP
        node = np.clip(at.astype(np.int64), 0, self._last)
        (a, b), (x, y) = (at - node.astype(np.float32)).T[..., None], node.T
        upper = (1 - a) * self._nodes[y, x] + a * self._nodes[y, x + 1]
        lower = (1 - a) * self._nodes[y + 1, x] + a * self._nodes[y + 1, x + 1]
        towards = (1 - b) * upper + b * lower
        bent = ~self._straight[y, x]
        if bent.any():
            towards[bent] = self._camera.rays(0, uv[bent])[1]
        return np.asarray(towards / towards[:, 2:])
