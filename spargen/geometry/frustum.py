"""Which points of the world lie inside the image of a view, and what is seen at positions in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.geometry.compiled import Whole, compiled
from spargen.geometry.triangles import projected
from spargen.scene.cameras import Cameras

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]
Bools = NDArray[np.bool_]


def in_image(cameras: Cameras, view: int, points_m: Singles) -> tuple[Floats, Bools]:
    """Project points by the ten thousand.

    Parameters
    ----------
    points_m : (..., 3) in the world.

    Returns
    -------
    (..., 3) column times depth, row times depth, and depth, in pixels and metres; nan where a lens does not show them.
    And which of them lie in the image, (...).
    """
    T, points = cameras.T_world_camera[view], np.ascontiguousarray(points_m.reshape(-1, 3))
    uvw, inside = np.empty(points.shape), np.empty(len(points), dtype=bool)
    width, height = cameras.size_px[view].tolist()
    if cameras.bends[view]:
        X = (points - T[:3, 3]) @ T[:3, :3]
        uvw[:, :2], uvw[:, 2] = cameras.pixels([view], X[None])[0] * X[:, 2:], X[:, 2]
    else:
        _project(_onto(cameras, view), points, uvw)
    _within(uvw, width, height, inside)
    return uvw.reshape(points_m.shape), inside.reshape(points_m.shape[:-1])


def share_inside(cameras: Cameras, view: int, points_m: Singles) -> Floats:
    """Return which share of each of R lots of points (R, P, 3) lies in the image: (R,)."""
    if cameras.bends[view]:
        return np.asarray(in_image(cameras, view, points_m)[1].mean(axis=1))
    shares, (width, height) = np.empty(len(points_m)), cameras.size_px[view].tolist()
    _count_inside(_onto(cameras, view), points_m, width, height, shares)
    return shares


def _onto(cameras: Cameras, view: int) -> Floats:
    """Return what projects the world into a pinhole's image, times depth: (3, 4)."""
    T, P = cameras.T_world_camera[view], np.empty((3, 4))
    KR = cameras.K[view] @ T[:3, :3].T
    P[:, :3], P[:, 3] = KR, -(KR @ T[:3, 3])
    return P


@compiled
def _count_inside(P: Floats, points_m: Singles, width: Whole, height: Whole, shares: Floats) -> None:
    for r in range(len(points_m)):
        inside = 0
        for k in range(points_m.shape[1]):
            u, v, w = projected(P, points_m[r, k, 0], points_m[r, k, 1], points_m[r, k, 2])
            inside += _is_within(u, v, w, width, height)
        shares[r] = inside / points_m.shape[1]


@compiled
def _is_within(u: float, v: float, w: float, width: Whole, height: Whole) -> bool:
    return w > 0 and 0 <= u < width * w and 0 <= v < height * w


@compiled
def _project(P: Floats, points_m: Singles, uvw: Floats) -> None:
    for k in range(len(points_m)):
        uvw[k, 0], uvw[k, 1], uvw[k, 2] = projected(P, points_m[k, 0], points_m[k, 1], points_m[k, 2])


@compiled
def _within(uvw: Floats, width: Whole, height: Whole, inside: Bools) -> None:
    for k in range(len(uvw)):
        inside[k] = _is_within(uvw[k, 0], uvw[k, 1], uvw[k, 2], width, height)


def show(ids: Ids, at: Floats, size_px: ArrayLike, obj: Ints) -> Bools:
    """Tell where an image (h, w) of a camera's view shows objects (R,): at positions (R, K, 2) of the camera's image.

    Beyond its border it shows nothing.
    """
    shown = np.empty(at.shape[:2], dtype=bool)
    _look_up(ids, at, np.array(ids.shape[::-1]) / np.asarray(size_px), obj, shown)
    return shown


@compiled
def _look_up(ids: Ids, at: Floats, scale: Floats, obj: Ints, shown: Bools) -> None:
    height, width = ids.shape
    for r in range(len(at)):
        for k in range(at.shape[1]):
            x, y = at[r, k, 0] * scale[0], at[r, k, 1] * scale[1]
            inside = 0 <= x < width and 0 <= y < height
            shown[r, k] = inside and ids[np.int64(y), np.int64(x)] == obj[r]
