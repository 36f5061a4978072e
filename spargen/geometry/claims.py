"""What frames claim against what rays meet: where their cameras are, how they look, what their depth images measured.

Good scans agree: generated ones to 2 mm at the median, genuine ones to centimetres, nine rays in ten within the
tolerance below. Poses, intrinsics or a mesh that do not belong leave at most six in ten, most of them one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.rays import Rays
from spargen.scene.cameras import Cameras, looks_along, shown_at
from spargen.scene.lenses import Lens

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

COLUMNS, ROWS = 32, 24
"""Rays a frame: their first hits come to a millisecond for ten frames."""
AGREES_M, AGREES_SHARE = 0.05, 0.03
"""How far a measured depth and the mesh may be apart, and by which share of the depth besides."""
FEWEST = 0.05
"""Share of a frame's rays that must have been measured, and meet the mesh, to tell anything."""


def lattice() -> Floats:
    """Return (P, 2) positions spread evenly over an image, in shares of its width and height, row by row."""
    u, v = np.meshgrid((np.arange(COLUMNS) + 0.5) / COLUMNS, (np.arange(ROWS) + 0.5) / ROWS)
    return np.stack([u.ravel(), v.ravel()], axis=-1)


@dataclass(frozen=True, slots=True)
class Claims:
    """What F frames claim. It need not be true: poses may even mirror, where somebody tries whether a mirror fits.

    Parameters
    ----------
    T_world_camera : (F, 4, 4) camera-to-world.
    K : (F, 3, 3) intrinsics in pixels, corner convention.
    size_px : (F, 2) image width and height.
    measured_m : (F, P) camera Z at the lattice's positions; nan where nothing was measured.
    lens : F lenses.
    units : of the mesh and the poses in a metre.
    """

    T_world_camera: Floats
    K: Floats
    size_px: NDArray[np.int64]
    measured_m: Floats
    lens: Sequence[Lens]
    units: float = 1.0

    @staticmethod
    def of(cameras: Cameras, measured_m: Floats) -> Claims:
        """Return what cameras and their depth images claim."""
        return Claims(cameras.T_world_camera, cameras.K, cameras.size_px, measured_m, cameras.lens)

    def directions(self) -> Floats:
        """World directions (F, P, 3) through the lattice's positions; their camera Z is 1, so hits count in depth.

        nan where a lens shows nothing.
        """
        frames = zip(self.K, self.lens, self.size_px.tolist(), strict=True)
        in_camera = np.stack([_in_camera(tuple(K.ravel().tolist()), lens, *size) for K, lens, size in frames])
        return np.asarray(np.matmul(in_camera, self.T_world_camera[:, :3, :3].transpose(0, 2, 1)))

    def shown(self, frame: int, X: Floats) -> Floats:
        """Where (P, 2) a frame shows points (P, 3) in front of its camera, in shares of its width and height."""
        K, lens = self.K[frame], self.lens[frame]
        uv = shown_at(K, lens, X) if lens.bends else (X @ K.T)[:, :2] / X[:, 2:]
        return np.asarray(uv / self.size_px[frame])


# Frames of one camera look alike, and hundreds of poses are tried where those given are wrong.
@lru_cache(maxsize=128)
def _in_camera(K: tuple[float, ...], lens: Lens, width: int, height: int) -> Floats:
    """Return the directions (P, 3) of the lattice in the axes of a camera, of which K are the nine numbers."""
    return looks_along(np.reshape(K, (3, 3)), lens, lattice() * (width, height))


@dataclass(frozen=True, slots=True)
class Met:
    """What the rays of F frames met.

    Parameters
    ----------
    face : (F, P) face that a ray meets first, -1 = none.
    depth_m : (F, P) camera Z there; inf = none.
    measured_m : (F, P) what the frames claim; nan = nothing.
    cast : (F, P) which rays there were: none where a lens shows nothing.
    """

    face: Ints
    depth_m: Floats
    measured_m: Floats
    cast: Bools

    @property
    def hits(self) -> Floats:
        """(F,) share of the rays that meet the mesh."""
        return np.asarray((self.face >= 0).sum(axis=1) / np.maximum(self.cast.sum(axis=1), 1))

    @property
    def compared(self) -> Bools:
        """(F, P) rays that meet the mesh and were measured."""
        return np.asarray((self.face >= 0) & np.isfinite(self.measured_m))

    @property
    def agree(self) -> Bools:
        """(F, P) those of them where the two depths are the same."""
        with np.errstate(invalid="ignore"):  # inf and nan: not compared
            apart = np.abs(self.depth_m - self.measured_m)
            return np.asarray(self.compared & (apart <= AGREES_M + AGREES_SHARE * self.measured_m))

    @property
    def agreement(self) -> Floats:
        """(F,) share of the compared rays that agree; nan where too few were measured."""
        compared = self.compared.sum(axis=1)
        enough = compared >= FEWEST * self.cast.sum(axis=1)
        return np.where(enough, self.agree.sum(axis=1) / np.maximum(compared, 1), np.nan)

    @property
    def agreement_of_all(self) -> float:
        """The same share over all frames together; nan where too few were measured."""
        compared = int(self.compared.sum())
        return float(self.agree.sum() / compared) if compared >= FEWEST * self.cast.sum() else np.nan

    @property
    def apart_m(self) -> float:
        """Median of how far measured depth and mesh are apart; nan where nothing was compared."""
        apart = np.abs(self.depth_m[self.compared] - self.measured_m[self.compared])
        return float(np.median(apart)) if len(apart) else np.nan


def meet(rays: Rays, claims: Claims) -> Met:
    """Cast the rays that the frames claim."""
    directions = claims.directions()
    face, depth_m = rays.cast(claims.T_world_camera[:, None, :3, 3], directions)
    cast = np.asarray(np.isfinite(directions).all(axis=2))
    return Met(face, depth_m / claims.units, claims.measured_m, cast)


def frames_agree(claims: Claims, *, hidden: bool = True) -> float:
    """Share of the points measured by one frame that another frame measures where they should be, the mesh apart.

    Points that the other frame does not cover take no part, but hidden ones do: so frames of one scan come to 0.7, and
    others to 0.1. Where they take no part, for `hidden` is false, what is left stands where the other frame looks
    through. nan where no frame covers what another measured.
    """
    T = claims.T_world_camera
    points = T[:, None, :3, 3] + claims.directions() * claims.measured_m[..., None]
    same = covered = 0
    for i in range(len(T)):
        others = np.delete(points, i, axis=0).reshape(-1, 3)
        X = (others[np.isfinite(others).all(axis=1)] - T[i, :3, 3]) @ np.linalg.inv(T[i, :3, :3]).T
        X = X[X[:, 2] > AGREES_M]
        uv = claims.shown(i, X)
        inside = ((uv >= 0) & (uv < 1)).all(axis=1)
        column, row = (uv[inside] * [COLUMNS, ROWS]).astype(np.int64).T
        measured = claims.measured_m[i, row * COLUMNS + column]
        behind_m, slack_m = X[inside, 2] - measured, AGREES_M + AGREES_SHARE * measured
        covered += int((np.isfinite(measured) & (hidden | (behind_m <= slack_m))).sum())
        same += int((np.abs(behind_m) <= slack_m).sum())
    return same / covered if covered >= FEWEST * claims.measured_m.size else np.nan
