"""What a lens does to an image: from undistorted positions in the plane Z = 1 to distorted ones, and back.

Three models, their coefficients in COLMAP's order (colmap/src/colmap/sensor/models.h; the first two are OpenCV's):

- ``PINHOLE``: none.
- ``OPENCV``: k1 k2 p1 p2, and k3 where there is one. Brown-Conrady: with r = |(x, y)| the distorted position is
  (x, y) (1 + k1 r^2 + k2 r^4 + k3 r^6) + (2 p1 x y + p2 (r^2 + 2 x^2), p1 (r^2 + 2 y^2) + 2 p2 x y).
- ``OPENCV_FISHEYE``: k1 k2 k3 k4. Kannala-Brandt: a ray at an angle t to the optical axis is met at the radius
  t (1 + k1 t^2 + k2 t^4 + k3 t^6 + k4 t^8).

A polynomial that turns back would show things twice. A lens therefore holds up to the first radius, or angle, at which
its polynomial stops rising; nothing beyond that is projected, and no ray is cast there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.errors import SceneError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Model = Literal["PINHOLE", "OPENCV", "OPENCV_FISHEYE"]

COEFFICIENTS = 5
NEGLIGIBLE = 1e-12
NEWTON_STEPS = 60
CLOSE_ENOUGH = 1e-12
"""Distance in the plane Z = 1 at which the search for an undistorted position ends: 1e-9 pixels of a sharp image."""


@dataclass(frozen=True, slots=True)
class Lens:
    """One model with its coefficients, those that the model does not have being zero.

    Parameters
    ----------
    model : its name.
    coefficients : up to five numbers, in COLMAP's order.
    """

    model: Model = "PINHOLE"
    coefficients: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        most = {"PINHOLE": 0, "OPENCV": 5, "OPENCV_FISHEYE": 4}.get(self.model)
        if most is None:
            raise SceneError(
                f"the lens model {self.model} is not known", where="Lens", mend=f"use {', '.join(get_args(Model))}"
            )
        given = tuple(0.0 if abs(c) <= NEGLIGIBLE else float(c) for c in self.coefficients)
        if len(given) > most or not np.isfinite(given).all():
            raise SceneError(
                f"{self.model} takes up to {most} finite coefficients, not {list(given)}",
                where="Lens",
                mend="check the calibration",
            )
        object.__setattr__(self, "coefficients", given + (0.0,) * (COEFFICIENTS - len(given)))

    @property
    def bends(self) -> bool:
        """Tell whether the lens does anything at all."""
        return self.model == "OPENCV_FISHEYE" or any(self.coefficients)

    @property
    def limit(self) -> float:
        """Return the radius in the plane Z = 1, or for a fisheye the angle in rad, up to which the model holds."""
        return _limit(self)

    def distort(self, xy: ArrayLike) -> tuple[Floats, Bools]:
        """Move undistorted positions (..., 2) in the plane Z = 1 to where the lens shows them.

        Returns
        -------
        positions (..., 2), and which of them (...) the model holds for.
        """
        p = np.asarray(xy, dtype=np.float64)
        if self.model == "OPENCV_FISHEYE":
            radius = np.hypot(p[..., 0], p[..., 1])
            angle = np.arctan(radius)
            scale = np.divide(self._fisheye(angle), radius, out=np.ones_like(radius), where=radius > 0)
            return p * scale[..., None], np.asarray(angle < self.limit)
        if not self.bends:
            return p, np.asarray(np.isfinite(p).all(axis=-1))
        moved, jacobian = self._brown(p)
        inside = (np.hypot(p[..., 0], p[..., 1]) < self.limit) & (np.linalg.det(jacobian) > 0)
        return moved, np.asarray(inside)

    def undistort(self, xy: ArrayLike) -> tuple[Floats, Bools]:
        """Find the positions (..., 2) in the plane Z = 1 that the lens shows at distorted ones (..., 2).

        Returns
        -------
        positions (..., 2), and for which of them (...) there is one within what the model holds for.
        """
        p = np.asarray(xy, dtype=np.float64)
        if not self.bends:
            return p, np.asarray(np.isfinite(p).all(axis=-1))
        return self._undistort_fisheye(p) if self.model == "OPENCV_FISHEYE" else self._undistort_brown(p)

    def _fisheye(self, angle: Floats) -> Floats:
        k1, k2, k3, k4, _ = self.coefficients
        s = angle * angle
        return np.asarray(angle * (1 + s * (k1 + s * (k2 + s * (k3 + s * k4)))))

    def _undistort_fisheye(self, p: Floats) -> tuple[Floats, Bools]:
        """Newton's method on the angle, kept between the axis and the limit, where the polynomial only rises."""
        k1, k2, k3, k4, _ = self.coefficients
        shown = np.hypot(p[..., 0], p[..., 1])
        low, high = np.zeros_like(shown), np.full_like(shown, min(self.limit, np.pi / 2))
        angle = np.minimum(shown, high)
        for _ in range(NEWTON_STEPS):
            error = self._fisheye(angle) - shown
            if (np.abs(error) < CLOSE_ENOUGH).all():
                break
            low, high = np.where(error < 0, angle, low), np.where(error > 0, angle, high)
            s = angle * angle
            slope = 1 + s * (3 * k1 + s * (5 * k2 + s * (7 * k3 + s * 9 * k4)))
            step = angle - np.divide(error, slope, out=np.full_like(error, np.inf), where=slope > 0)
            # Where Newton leaves the bracket, halve it.
            angle = np.where((step > low) & (step < high), step, (low + high) / 2)
        good = (np.abs(self._fisheye(angle) - shown) < 1e-9) & (angle < self.limit)
        scale = np.divide(np.tan(angle), shown, out=np.ones_like(shown), where=shown > 0)
        return p * scale[..., None], np.asarray(good)

    def _brown(self, p: Floats) -> tuple[Floats, Floats]:
        """Return the distorted positions (..., 2) and the derivative (..., 2, 2) of the distortion."""
        k1, k2, p1, p2, k3 = self.coefficients
        x, y = p[..., 0], p[..., 1]
        s = x * x + y * y
        radial = 1 + s * (k1 + s * (k2 + s * k3))
        slope = 2 * (k1 + s * (2 * k2 + s * 3 * k3))
        moved = np.stack(
            [x * radial + 2 * p1 * x * y + p2 * (s + 2 * x * x), y * radial + p1 * (s + 2 * y * y) + 2 * p2 * x * y], -1
        )
        across = x * y * slope + 2 * p1 * x + 2 * p2 * y
        along_x = radial + x * x * slope + 2 * p1 * y + 6 * p2 * x
        along_y = radial + y * y * slope + 6 * p1 * y + 2 * p2 * x
        return moved, np.stack([np.stack([along_x, across], -1), np.stack([across, along_y], -1)], -2)

    def _undistort_brown(self, p: Floats) -> tuple[Floats, Bools]:
        """Newton's method in two dimensions, its steps bounded so that it stays on the near side of a fold."""
        target = p.reshape(-1, 2)
        limit = self.limit
        found = target * np.minimum(1.0, 0.9 * limit / np.maximum(np.linalg.norm(target, axis=1, keepdims=True), 1e-30))
        reach = 0.2 * (1 + np.linalg.norm(target, axis=1, keepdims=True))
        todo = np.arange(len(target))
        for _ in range(NEWTON_STEPS):
            moved, jacobian = self._brown(found[todo])
            error = moved - target[todo]
            far = np.abs(error).max(axis=1) >= CLOSE_ENOUGH
            todo, error, ((a, b), (c, d)) = todo[far], error[far], np.moveaxis(jacobian[far], 0, -1)
            if not len(todo):
                break
            step = np.stack([d * error[:, 0] - b * error[:, 1], a * error[:, 1] - c * error[:, 0]], -1)
            step /= np.where(np.abs(a * d - b * c) < 1e-6, 1e-6, a * d - b * c)[:, None]
            length = np.linalg.norm(step, axis=1, keepdims=True)
            found[todo] -= step * np.minimum(1.0, reach[todo] / np.maximum(length, 1e-30))
        moved, valid = self.distort(found)
        good = valid & (np.abs(moved - target).max(axis=1) < 1e-9)
        return found.reshape(p.shape), good.reshape(p.shape[:-1])


@lru_cache
def _limit(lens: Lens) -> float:
    k1, k2, k3_or_p1, k4_or_p2, k3 = lens.coefficients
    if lens.model == "PINHOLE":
        return np.inf
    powers = (k1, k2, k3) if lens.model == "OPENCV" else (k1, k2, k3_or_p1, k4_or_p2)
    # The derivative of r (1 + k1 r^2 + ...), as a polynomial in r^2, the highest power first.
    slope = [1.0, *((2 * n + 3) * k for n, k in enumerate(powers))]
    roots = np.roots(slope[::-1])
    real = roots.real[(np.abs(roots.imag) < 1e-9 * np.maximum(np.abs(roots.real), 1e-9)) & (roots.real > 0)]
    limit = float(np.sqrt(real.min())) if len(real) else np.inf
    # What lies behind a camera is in none of its images, however wide its lens.
    return min(limit, np.pi / 2) if lens.model == "OPENCV_FISHEYE" else limit


PINHOLE = Lens()

_COLMAP: dict[str, tuple[Model, int, int]] = {
    # model, focal lengths (1 or 2), coefficients behind cx cy
    "SIMPLE_PINHOLE": ("PINHOLE", 1, 0),
    "PINHOLE": ("PINHOLE", 2, 0),
    "SIMPLE_RADIAL": ("OPENCV", 1, 1),
    "RADIAL": ("OPENCV", 1, 2),
    "OPENCV": ("OPENCV", 2, 4),
    "SIMPLE_RADIAL_FISHEYE": ("OPENCV_FISHEYE", 1, 1),
    "RADIAL_FISHEYE": ("OPENCV_FISHEYE", 1, 2),
    "OPENCV_FISHEYE": ("OPENCV_FISHEYE", 2, 4),
}


def lens_of_colmap(model: str, params: Sequence[float]) -> tuple[Floats, Lens]:
    """Return the (3, 3) intrinsics and the lens of a COLMAP camera.

    Parameters
    ----------
    model : COLMAP's name of it.
    params : its numbers, in COLMAP's order; pixel centres at halves, as in `Cameras`.

    Raises
    ------
    SceneError
        For models that are not read, by name, and for a wrong number of parameters.
    """
    if model not in _COLMAP:
        raise SceneError(
            f"the camera model {model} is not read",
            where="COLMAP camera",
            mend=f"undistort the images, or calibrate as {', '.join(_COLMAP)}",
        )
    ours, focals, count = _COLMAP[model]
    if len(params) != focals + 2 + count:
        raise SceneError(
            f"{model} has {focals + 2 + count} parameters, not {len(params)}",
            where="COLMAP camera",
            mend="check the file",
        )
    fx, fy = params[0], params[focals - 1]
    cx, cy = params[focals : focals + 2]
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]), Lens(ours, tuple(params[focals + 2 :]))
