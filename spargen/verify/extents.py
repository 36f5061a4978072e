"""Where in a picture faces can be seen at all: a rectangle for each."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spargen.verify.optics import Bend, View, rows_of

Floats = NDArray[np.float64]

NEAR_M = 1e-3
"""What has a smaller camera Z is not seen."""


class Extents:
    """Rectangles of a picture that faces lie in.

    Parameters
    ----------
    view : the camera. X : (P, 3) vertices in its axes. columns : width of the picture.
    """

    def __init__(self, view: View, X: Floats, columns: int) -> None:
        self.view, self.X = view, X
        (fx, skew, cx), (_, fy, cy) = view.K[:2]
        wide, high = columns / view.size[0], rows_of(view.size, columns) / view.size[1]
        self.K = fx * wide, skew * wide, cx * wide, fy * high, cy * high
        self.in_front = X[:, 2] > NEAR_M

    def _shown(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return the columns and rows at which positions in the plane Z = 1 are shown."""
        fx, skew, cx, fy, cy = self.K
        return fx * x + skew * y + cx, fy * y + cy

    @cached_property
    def _places(self) -> tuple[Floats, Floats]:
        """Columns (P,) and rows (P,) of the vertices in front of the camera."""
        x, y, z = self.X.T
        z = np.where(self.in_front, z, 1.0)
        return self._shown(x / z, y / z)

    def of(self, faces: NDArray[np.integer]) -> tuple[Floats, Floats]:
        """Return left and top (2, F), and right and bottom (2, F), of faces (F, 3); empty where a face is in none."""
        bend = self.view.bend
        return self._straight(faces) if bend is None else self._bent(bend, faces)

    def _straight(self, faces: NDArray[np.integer]) -> tuple[Floats, Floats]:
        """Return the rectangles where edges are straight."""
        one, two, three = faces.T
        count = self.in_front[one].astype(np.int8) + self.in_front[two] + self.in_front[three]
        corners = [[at[k] for k in (one, two, three)] for at in self._places]
        low, high = (np.stack([ends(ends(a, b), c) for a, b, c in corners]) for ends in (np.minimum, np.maximum))
        high[:, count == 0] = -np.inf
        passing = np.flatnonzero((count == 1) | (count == 2))
        low[:, passing], high[:, passing] = self._clipped(self.X[faces[passing]])
        return low, high

    def _clipped(self, corners: Floats) -> tuple[Floats, Floats]:
        """Return those of triangles (C, 3, 3) that are partly behind the camera: of what lies in front of it."""
        following = np.roll(corners, -1, axis=1)
        z, z_following = corners[..., 2], following[..., 2]
        crosses = (z > NEAR_M) != (z_following > NEAR_M)
        share = (NEAR_M - z) / np.where(crosses, z_following - z, 1.0)
        points = np.concatenate([corners, corners + share[..., None] * (following - corners)], axis=1)
        points[:, 3:, 2] = NEAR_M
        counts = np.concatenate([z > NEAR_M, crosses], axis=1)
        depth = np.where(counts, points[..., 2], 1.0)
        at = np.stack(self._shown(points[..., 0] / depth, points[..., 1] / depth))
        return np.where(counts, at, np.inf).min(axis=2), np.where(counts, at, -np.inf).max(axis=2)

    def _bent(self, bend: Bend, faces: NDArray[np.integer]) -> tuple[Floats, Floats]:
        """Return those of a lens that bends: the edges are looked at in steps, with a margin for what bulges."""
        corners = self.X[faces]
        middle = corners.mean(axis=1)
        reach = np.linalg.norm(corners - middle[:, None], axis=2).max(axis=1)
        distance = np.linalg.norm(middle, axis=1)
        # A face that may reach around the camera is as wide as can be.
        wide = np.where(reach < distance, np.arcsin(np.minimum(reach / np.maximum(distance, 1e-9), 1)), math.pi)
        angle = np.arccos(np.clip(middle[:, 2] / np.maximum(distance, 1e-9), -1, 1))
        share = np.linspace(0, 1, 5)[:-1, None, None, None]
        edges = corners[None] * (1 - share) + np.roll(corners, -1, axis=1)[None] * share
        x, y = bend.held(edges.reshape(-1, 3)).T
        at = np.stack(self._shown(x, y)).reshape(2, -1, len(faces), 3)
        low, high = at.min(axis=(1, 3)), at.max(axis=(1, 3))
        margin = 0.5 + 0.1 * (high - low)
        low, high = low - margin, high + margin
        huge = wide > 0.5
        low[:, huge], high[:, huge] = -np.inf, np.inf
        high[:, angle - wide > bend.limit_rad] = -np.inf
        return low, high
