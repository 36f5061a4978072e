"""Cameras for the second path: where a point is shown, and along which ray a pixel looks, worked out anew.

Only the data of `spargen.scene.cameras` and `spargen.scene.lenses` are taken: poses, intrinsics, and the coefficients
of lenses, whose formulas stand in the docstring of `spargen.scene.lenses`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spargen.scene.lenses import Lens

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Window = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of a picture; right and bottom are one past the last."""

STEPS = 20_000
"""Angles at which a lens is tabulated, from the axis to a right angle."""
NEAREST_M = 0.05
"""A point of the surface that is nearer than this is not looked for."""
NEWTON = 40
"""Steps of Newton's method at most; it ends sooner."""


class Bend:
    """What a lens does to directions: from the plane Z = 1 to where the image shows them, and back.

    A lens holds up to the first angle at which its radial polynomial stops rising, and never beyond a right angle.
    """

    def __init__(self, lens: Lens) -> None:
        self.fisheye = lens.model == "OPENCV_FISHEYE"
        self.k = lens.coefficients
        angle = np.linspace(0.0, math.pi / 2, STEPS + 1)[:-1]
        radius = self._radial(angle if self.fisheye else np.tan(angle))
        falls = np.flatnonzero(np.diff(radius) <= 0)
        end = int(falls[0]) + 1 if len(falls) else len(angle)
        self._angle, self._radius = angle[:end], radius[:end]
        self.limit_rad = float(self._angle[-1]) if len(falls) else math.pi / 2

    def _radial(self, s: Floats) -> Floats:
        """Return the radius shown for an undistorted radius, or of a fisheye for an angle."""
        powers = self.k[:4] if self.fisheye else (self.k[0], self.k[1], self.k[4])
        return np.asarray(s * (1 + sum(k * s ** (2 * n + 2) for n, k in enumerate(powers))))

    def shown(self, X: Floats) -> Floats:
        """Return positions (n, 2) of points (n, 3) in camera axes; nan where the lens does not show them."""
        angle = np.arctan2(np.hypot(X[:, 0], X[:, 1]), X[:, 2])
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = self._moved(X[:, :2] / X[:, 2:]) if not self.fisheye else self._turned(X, angle)
        return np.where((angle < self.limit_rad)[:, None], moved, np.nan)

    def held(self, X: Floats) -> Floats:
        """Return positions (n, 2) of points (n, 3); those beyond the limit are held at it, in their own direction."""
        across = np.hypot(X[:, 0], X[:, 1])
        angle = np.arctan2(across, X[:, 2])
        radius = np.interp(np.minimum(angle, self._angle[-1]), self._angle, self._radius)
        return np.asarray(X[:, :2] * (radius / np.maximum(across, 1e-12))[:, None])

    def _turned(self, X: Floats, angle: Floats) -> Floats:
        across = np.maximum(np.hypot(X[:, 0], X[:, 1]), 1e-12)
        return np.asarray(X[:, :2] * (self._radial(angle) / across)[:, None])

    def _moved(self, p: Floats) -> Floats:
        """Brown-Conrady: radial and tangential."""
        _, _, p1, p2, _ = self.k
        x, y = p.T
        r = np.hypot(x, y)
        scale = self._radial(r) / np.maximum(r, 1e-12)
        tangential = 2 * p1 * x * y + p2 * (r * r + 2 * x * x), p1 * (r * r + 2 * y * y) + 2 * p2 * x * y
        return np.stack([x * scale + tangential[0], y * scale + tangential[1]], axis=-1)

    def unbent(self, q: Floats) -> Floats:
        """Return positions (n, 2) in the plane Z = 1 that are shown at positions (n, 2); nan where none is."""
        radius = np.hypot(q[:, 0], q[:, 1])
        angle = np.interp(radius, self._radius, self._angle)
        if self.fisheye:
            for _ in range(3):  # the table is right to 1e-8 already
                slope = (self._radial(angle + 1e-6) - self._radial(angle - 1e-6)) / 2e-6
                angle = angle - (self._radial(angle) - radius) / np.where(np.abs(slope) < 1e-9, 1.0, slope)
        start = q * (np.tan(angle) / np.maximum(radius, 1e-12))[:, None]
        found = start if self.fisheye else self._newton(q, start)
        good = np.abs(self.shown(np.column_stack([found, np.ones(len(q))])) - q).max(axis=1, initial=0) < 1e-8
        return np.where(good[:, None], found, np.nan)

    def _newton(self, q: Floats, p: Floats) -> Floats:
        """Solve for the position that is moved to q, from a first guess, with the derivative taken by differences."""
        step = 1e-6
        for _ in range(NEWTON):
            error = self._moved(p) - q
            if not (np.abs(error) > 1e-12).any():
                break
            along_x, along_y = ((self._moved(p + way) - self._moved(p - way)) / (2 * step) for way in np.eye(2) * step)
            det = along_x[:, 0] * along_y[:, 1] - along_x[:, 1] * along_y[:, 0]
            det = np.where(np.abs(det) < 1e-9, 1.0, det)
            dx = (along_y[:, 1] * error[:, 0] - along_y[:, 0] * error[:, 1]) / det
            dy = (along_x[:, 0] * error[:, 1] - along_x[:, 1] * error[:, 0]) / det
            p = p - np.clip(np.stack([dx, dy], axis=-1), -0.3, 0.3)
        return p


@dataclass(frozen=True)
class View:
    """One camera.

    Parameters
    ----------
    frame : its frame's name.
    T : (4, 4) camera-to-world, OpenCV axes, metres.
    K : (3, 3) intrinsics in pixels, corner convention.
    size : width and height of the image.
    lens : its lens.
    """

    frame: str
    T: Floats
    K: Floats
    size: tuple[int, int]
    lens: Lens
    lattices: dict[int, Floats] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def bend(self) -> Bend | None:
        """The lens where it bends anything, else None."""
        return Bend(self.lens) if self.lens.bends else None

    @property
    def position(self) -> Floats:
        """(3,) where the camera is."""
        return self.T[:3, 3]

    @cached_property
    def heading(self) -> float:
        """Degrees, counter-clockwise from world +X, of the optical axis seen from above."""
        return math.degrees(math.atan2(self.T[1, 2], self.T[0, 2]))

    @cached_property
    def elevation(self) -> float:
        """Degrees of the optical axis above the horizontal."""
        return math.degrees(math.asin(max(-1.0, min(1.0, self.T[2, 2]))))

    @cached_property
    def roll(self) -> float:
        """Degrees of camera X to the horizontal; beyond 90 where the camera is upside down."""
        tilt = math.degrees(math.asin(max(-1.0, min(1.0, self.T[2, 0]))))
        return tilt if self.T[2, 1] <= 0 else 180 - tilt

    @cached_property
    def ahead(self) -> Floats:
        """(3,) the heading as a horizontal unit vector; of a camera that looks straight down or up, nan."""
        x, y = float(self.T[0, 2]), float(self.T[1, 2])
        length = math.hypot(x, y)
        return np.array([x / length, y / length, 0.0]) if length > 1e-9 else np.full(3, np.nan)

    @cached_property
    def aside(self) -> Floats:
        """(3,) horizontal unit vector to the right of the heading."""
        return np.array([self.ahead[1], -self.ahead[0], 0.0])

    def camera(self, points: Floats) -> Floats:
        """Right, down and forward of world points (..., 3)."""
        # No matrix product: of many points, one would be spread over cores that other workers need.
        return np.asarray(np.einsum("...i,ij->...j", points - self.position, self.T[:3, :3]))

    def depth(self, point: Floats) -> float:
        """Camera Z of one point."""
        return float(self.camera(point)[2])

    def distance(self, point: Floats) -> float:
        """Straight-line distance of one point."""
        return math.dist(self.position, point)

    def pixels(self, points: Floats) -> Floats:
        """(n, 2) pixels of world points (n, 3); nan behind the camera and where the lens shows nothing."""
        return self._in_pixels(self.camera(points))

    def thousandths(self, point: Floats) -> tuple[float, float]:
        """Where a point is shown on the 0-1000 scale of the image's sides; nan where it is not."""
        ((u, v),) = self.pixels(np.asarray(point)[None])
        return 1000 * float(u) / self.size[0], 1000 * float(v) / self.size[1]

    def _in_pixels(self, X: Floats) -> Floats:
        if self.bend is not None:
            at = self.bend.shown(X)
        else:
            z = np.where(X[:, 2] > 1e-6, X[:, 2], np.nan)
            at = X[:, :2] / z[:, None]
        return np.asarray(at @ self.K[:2, :2].T + self.K[:2, 2])

    def inside(self, pixels: Floats) -> Bools:
        """Tell which pixels (n, 2) lie in the image."""
        u, v = pixels.T
        with np.errstate(invalid="ignore"):
            return np.asarray((u >= 0) & (u < self.size[0]) & (v >= 0) & (v < self.size[1]))

    def shown_in(self, points: Floats, shape: tuple[int, int]) -> tuple[Ints, Ints, Ints]:
        """Return which points (n, 3) lie in the image, and where in a picture (rows, columns) of it: row and column."""
        pixels, (rows, columns) = self.pixels(points), shape
        near = np.flatnonzero(self.inside(pixels) & (self.camera(points)[:, 2] > NEAREST_M))
        u = (pixels[near, 0] / self.size[0] * columns).astype(np.int64).clip(0, columns - 1)
        v = (pixels[near, 1] / self.size[1] * rows).astype(np.int64).clip(0, rows - 1)
        return near, v, u

    def looks(self, pixels: Floats) -> Floats:
        """Directions (n, 2) in the plane Z = 1 of the camera's axes in which pixels (n, 2) look; nan where none."""
        (fx, skew, cx), (_, fy, cy) = self.K[:2]
        y = (pixels[:, 1] - cy) / fy
        at = np.stack([(pixels[:, 0] - cx - skew * y) / fx, y], axis=1)
        return at if self.bend is None else self.bend.unbent(at)

    def lattice(self, columns: int, window: Window | None = None) -> Floats:
        """Directions (rows, columns, 2) of the middles of the pixels of a picture's window.

        The whole picture is so many columns wide. Those of a lens that bends are worked out once.
        """
        whole = (0, 0, columns, rows_of(self.size, columns))
        if self.bend is None:
            return self._lattice(columns, window or whole)
        if columns not in self.lattices:
            self.lattices[columns] = self._lattice(columns, whole)
        left, top, right, bottom = window or whole
        return self.lattices[columns][top:bottom, left:right]

    def _lattice(self, columns: int, window: Window) -> Floats:
        left, top, right, bottom = window
        v, u = np.meshgrid(
            (np.arange(top, bottom) + 0.5) / rows_of(self.size, columns) * self.size[1],
            (np.arange(left, right) + 0.5) / columns * self.size[0],
            indexing="ij",
        )
        return self.looks(np.stack([u.ravel(), v.ravel()], axis=1)).reshape(*u.shape, 2)


def rows_of(size: tuple[int, int], columns: int) -> int:
    """Rows of a picture of an image that is so many columns wide."""
    return max(1, round(columns * size[1] / size[0]))
