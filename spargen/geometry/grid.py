"""The rays of an image: a coarse grid, and a fine one of which it is a part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COARSE_COLUMNS = 160
FINE = 4
"""Fine rays a coarse cell, along each side."""


class Grid:
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
