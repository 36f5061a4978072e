"""Cameras with their lenses, many at once: the only door between pixels and space.

Conventions: world in metres, right-handed, +Z up. Camera axes as in OpenCV: +X right, +Y down, +Z forward.
Pixel (0, 0) is the top-left *corner* of the image, so the first pixel's centre is (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.errors import SceneError
from spargen.scene.lenses import PINHOLE, Lens

Floats = NDArray[np.float64]

EXACT, NEARLY = 1e-5, 5e-3
"""How far R R^T is from the identity: float32 or six printed digits; three printed digits (2e-3 at most), amply."""
MIN_FOCAL, MAX_FOCAL = 0.05, 200.0
"""Focal lengths in image sides: fields of view from 169 to 0.3 degrees."""


def valid_poses(T_world_camera: ArrayLike) -> NDArray[np.bool_]:
    """Tell which poses are rigid: finite, orthonormal within 1e-3, right-handed.

    Parameters
    ----------
    T_world_camera : (V, 4, 4), untouched by any product (-inf times an alignment becomes nan, but so does less).

    Returns
    -------
    (V,) bool
    """
    T = np.asarray(T_world_camera, dtype=np.float64).reshape(-1, 4, 4)
    finite = np.asarray(np.isfinite(T).all(axis=(1, 2)))
    R = np.where(finite[:, None, None], T[:, :3, :3], 0.0)
    orthonormal = np.abs(R @ R.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2)) < 1e-3
    last_row = np.asarray(np.abs(np.where(finite[:, None], T[:, 3], 0.0) - [0, 0, 0, 1]).max(axis=1) < 1e-6)
    return np.asarray(finite & orthonormal & last_row & (np.linalg.det(R) > 0))


def nearest_rigid(T_world_camera: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Put the nearest rotation in the place of what is nearly one, as poses printed with three digits are.

    The nearest rotation in the Frobenius norm is the orthogonal factor of the polar decomposition (Schoenemann 1966).
    Do it before any product with another motion, which may turn the error to where it is larger.

    Parameters
    ----------
    T_world_camera : (V, 4, 4), some of which may be lost or no poses at all; those are handed back as they are.

    Returns
    -------
    poses : (V, 4, 4); mended : (V,) bool, which of them were changed.
    """
    T = np.array(T_world_camera, dtype=np.float64).reshape(-1, 4, 4)
    finite = np.asarray(np.isfinite(T).all(axis=(1, 2)))
    R = np.where(finite[:, None, None], T[:, :3, :3], 0.0)
    off = np.asarray(np.abs(R @ R.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2)))
    mended = np.asarray((off > EXACT) & (off < NEARLY))
    U, _, Vt = np.linalg.svd(R[mended])
    T[mended, :3, :3] = U @ Vt
    return T, mended


def are_lenses(K: ArrayLike, size_px: ArrayLike) -> NDArray[np.bool_]:
    """Tell which matrices can be the intrinsics of images of these sizes; where the principal point is, is left open.

    Parameters
    ----------
    K : (V, 3, 3); size_px : (V, 2) or (2,).

    Returns
    -------
    (V,) bool
    """
    K, size = np.asarray(K, dtype=np.float64).reshape(-1, 3, 3), np.asarray(size_px, dtype=np.float64)
    finite = np.asarray(np.isfinite(K).all(axis=(1, 2)))
    K = np.where(finite[:, None, None], K, 0.0)
    focal = np.stack([K[:, 0, 0], K[:, 1, 1]], axis=-1)
    triangular = (np.abs(K[:, [1, 2, 2], [0, 0, 1]]) <= EXACT).all(axis=1) & (np.abs(K[:, 2, 2] - 1) <= EXACT)
    possible = (focal >= MIN_FOCAL * size) & (focal <= MAX_FOCAL * size)
    return np.asarray(triangular & possible.all(axis=1) & np.broadcast_to(size > 0, focal.shape).all(axis=1))


def shown_at(K: Floats, lens: Lens, X: Floats) -> Floats:
    """Return where cameras of one lens that bends show points in their own axes: nan where they do not.

    Parameters
    ----------
    K : (..., 3, 3) intrinsics; X : (..., P, 3).

    Returns
    -------
    (..., P, 2) pixels.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        moved, shown = lens.distort(X[..., :2] / X[..., 2:])
        bent = np.matmul(moved, K[..., :2, :2].swapaxes(-1, -2)) + K[..., None, :2, 2]
    return np.where((shown & (X[..., 2] > 0))[..., None], bent, np.nan)


def looks_along(K: Floats, lens: Lens, pixels: Floats) -> Floats:
    """Return the directions (P, 3) in which a camera looks at pixels (P, 2), in its own axes.

    Their Z is 1; nan where the lens shows nothing.
    """
    in_camera = np.concatenate([pixels, np.ones((len(pixels), 1))], axis=1) @ np.linalg.inv(K).T
    if lens.bends:
        xy, shown = lens.undistort(in_camera[:, :2])
        in_camera[:, :2] = np.where(shown[:, None], xy, np.nan)
    return np.asarray(in_camera)


@dataclass(frozen=True, slots=True)
class Cameras:
    """V cameras; `bends` (V,) tells which have a lens that bends straight lines: the others are pinholes.

    Parameters
    ----------
    K : (V, 3, 3) intrinsics in pixels, corner convention.
    T_world_camera : (V, 4, 4) rigid camera-to-world poses, metres.
    size_px : (V, 2) image width and height.
    lens : V lenses; none given = all are pinholes.

    Raises
    ------
    SceneError
        Where a shape is wrong, a pose is not rigid, or a matrix is no intrinsic matrix of an image of that size.
    """

    K: Floats
    T_world_camera: Floats
    size_px: NDArray[np.int64]
    lens: Sequence[Lens] = ()
    bends: NDArray[np.bool_] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        n = len(self.T_world_camera)
        object.__setattr__(self, "lens", tuple(self.lens) or (PINHOLE,) * n)
        if len(self.lens) != n:
            raise SceneError(
                f"{len(self.lens)} lenses for {n} poses", where="Cameras", mend="pass one per view, or none"
            )
        bends = np.array([lens.bends for lens in self.lens], dtype=bool)
        bends.setflags(write=False)
        object.__setattr__(self, "bends", bends)
        for name, dtype, shape in (
            ("K", np.float64, (n, 3, 3)),
            ("T_world_camera", np.float64, (n, 4, 4)),
            ("size_px", np.int64, (n, 2)),
        ):
            array = np.array(getattr(self, name), dtype=dtype)
            if array.shape != shape:
                raise SceneError(
                    f"{name} has shape {array.shape}, not {shape}", where="Cameras", mend="pass one entry per view"
                )
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if not valid_poses(self.T_world_camera).all():
            bad = np.flatnonzero(~valid_poses(self.T_world_camera))
            raise SceneError(
                f"poses {bad[:5].tolist()} are not rigid", where="Cameras", mend="drop frames with valid_poses() first"
            )
        if not are_lenses(self.K, self.size_px).all():
            bad = np.flatnonzero(~are_lenses(self.K, self.size_px))
            raise SceneError(
                f"intrinsics {bad[:5].tolist()} are none of their images: the first is {self.K[bad[0]].tolist()} "
                f"for {self.size_px[bad[0]].tolist()} pixels",
                where="Cameras",
                mend="K is fx s cx / 0 fy cy / 0 0 1, in pixels of the image whose size stands beside it",
            )

    def __len__(self) -> int:
        return len(self.T_world_camera)

    def parts(self) -> tuple[NDArray[Any] | str, ...]:
        """Return all that decides what they see, to be hashed."""
        return self.T_world_camera, self.K, self.size_px, repr(self.lens)

    def take(self, views: ArrayLike) -> Cameras:
        """Return the cameras of the given view indices, in that order."""
        i = np.asarray(views, dtype=np.int64)
        taken = object.__new__(Cameras)
        # These were checked when `self` was made.
        for name in ("K", "T_world_camera", "size_px", "bends"):
            array = getattr(self, name)[i]
            array.setflags(write=False)
            object.__setattr__(taken, name, array)
        object.__setattr__(taken, "lens", tuple(self.lens[k] for k in i.tolist()))
        return taken

    @property
    def position_m(self) -> Floats:
        """(V, 3) camera centres in the world."""
        return self.T_world_camera[:, :3, 3]

    @property
    def heading_rad(self) -> Floats:
        """(V,) direction of the optical axis in the horizontal plane, counter-clockwise from world +X."""
        return np.arctan2(self.T_world_camera[:, 1, 2], self.T_world_camera[:, 0, 2])

    @property
    def elevation_deg(self) -> Floats:
        """(V,) angle of the optical axis above the horizontal."""
        return np.degrees(np.arcsin(np.clip(self.T_world_camera[:, 2, 2], -1, 1)))

    @property
    def roll_deg(self) -> Floats:
        """(V,) signed angle of camera X to the horizontal; positive when the right side points up.

        A camera held upside down has a roll beyond 90, not near 0.
        """
        R = self.T_world_camera[:, :3, :3]
        angle = np.degrees(np.arcsin(np.clip(R[:, 2, 0], -1, 1)))
        upright = R[:, 2, 1] <= 0
        return np.where(upright, angle, np.where(angle < 0, -180.0, 180.0) - angle)

    @property
    def R_world_levelled(self) -> Floats:
        """(V, 3, 3) axes (columns: right, down, forward) with the heading kept, no elevation, no roll."""
        c, s, zero = np.cos(self.heading_rad), np.sin(self.heading_rad), np.zeros(len(self))
        forward = np.stack([c, s, zero], -1)
        right = np.stack([s, -c, zero], -1)
        down = np.broadcast_to([0.0, 0.0, -1.0], forward.shape)
        return np.stack([right, down, forward], axis=-1)

    def to_camera(self, points_m: ArrayLike) -> Floats:
        """Express world points in every camera's axes.

        Parameters
        ----------
        points_m : (P, 3) world points.

        Returns
        -------
        (V, P, 3) camera coordinates; the last one is the depth.
        """
        P = np.asarray(points_m, dtype=np.float64).reshape(-1, 3)
        R, t = self.T_world_camera[:, :3, :3], self.T_world_camera[:, :3, 3]
        return np.asarray(np.matmul(P[None] - t[:, None], R))

    def project(self, points_m: ArrayLike) -> tuple[Floats, Floats]:
        """Project world points into every camera.

        Returns
        -------
        pixels : (V, P, 2), meaningless where the depth is not positive (nan where it is 0); nan where the lens does not
            show the point, which of a lens that bends is everywhere outside the range that it is calibrated for.
        depth_m : (V, P) camera Z.
        """
        X = self.to_camera(points_m)
        return self.pixels(np.arange(len(self)), X), X[..., 2]

    def pixels(self, view: ArrayLike, X: ArrayLike) -> Floats:
        """Return where R cameras show points that are given in the cameras' own axes.

        Parameters
        ----------
        view : (R,) of the cameras; X : (R, P, 3), each row in the axes of its own camera.

        Returns
        -------
        (R, P, 2) pixels, as `project` gives them.
        """
        rows, in_camera = np.asarray(view, dtype=np.int64), np.asarray(X, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            uvw = np.matmul(in_camera, self.K[rows].transpose(0, 2, 1))
            uv = np.asarray(uvw[..., :2] / uvw[..., 2:])
            if self.bends[rows].any():
                for lens, of in self._bent(rows):
                    uv[of] = shown_at(self.K[rows[of]], lens, in_camera[of])
        return uv

    def rays(self, view: int, pixels: ArrayLike) -> tuple[Floats, Floats]:
        """Unproject pixel positions of one view to world rays whose parameter is the camera's Z.

        Parameters
        ----------
        view : view index.
        pixels : (P, 2) positions in pixels.

        Returns
        -------
        origin : (3,); direction : (P, 3) with camera Z equal to 1, so a hit's ray parameter *is* its depth; nan where
        the lens shows nothing.
        """
        uv = np.asarray(pixels, dtype=np.float64).reshape(-1, 2)
        in_camera = looks_along(self.K[view], self.lens[view], uv)
        return self.position_m[view], in_camera @ self.T_world_camera[view, :3, :3].T

    def _bent(self, view: NDArray[np.int64]) -> Iterator[tuple[Lens, NDArray[np.int64]]]:
        """Yield each lens that bends among those of views (R,), with the rows that it belongs to."""
        rows = np.flatnonzero(self.bends[view])
        of_lens: dict[Lens, list[int]] = {}
        for one in np.unique(view[rows]).tolist():
            of_lens.setdefault(self.lens[one], []).append(one)
        for lens, ones in of_lens.items():
            yield lens, rows[np.isin(view[rows], ones)]
