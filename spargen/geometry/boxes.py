"""Oriented boxes around point sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def gravity_box(points_m: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return the gravity-aligned box of minimum footprint around points.

    One side of the smallest enclosing rectangle lies on an edge of the convex hull (Freeman & Shapira 1975), so trying
    every hull edge finds it.

    Parameters
    ----------
    points_m : (P, 3), P >= 1, +Z up.

    Returns
    -------
    center_m : (3,); extent_m : (3,) full sides, the last one vertical; R_world_box : (3, 3) axes as columns.
    """
    from spargen.geometry.hulls import tightest  # lists do without what is compiled

    P = np.asarray(points_m, dtype=np.float64).reshape(-1, 3)
    hull = footprint_hull(P[:, :2])
    edges = np.diff(np.concatenate([hull, hull[:1]]), axis=0)
    edges = edges[np.linalg.norm(edges, axis=1) > 1e-9]
    angle = np.unique(np.round(np.arctan2(edges[:, 1], edges[:, 0]) % (np.pi / 2), 12)) if len(edges) else np.zeros(1)
    c, s = np.cos(angle), np.sin(angle)
    best = tightest(hull, c, s)
    c, s, (x, y) = c[best], s[best], hull.T
    sides = c * x + s * y, c * y - s * x, P[:, 2]
    low, high = (np.array([end(along) for along in sides]) for end in (np.min, np.max))
    R = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    return R @ ((low + high) / 2), high - low, R


def footprint_hull(xy: ArrayLike) -> Floats:
    """Return the corners (H, 2) of the convex hull of points (P, 2), counter-clockwise; two ends if all are in line."""
    from spargen.geometry.hulls import hull_of  # lists do without what is compiled

    return hull_of(np.asarray(xy, dtype=np.float64))


def outside_m(xy: ArrayLike, hull: Floats) -> Floats:
    """Return how far points (P, 2) lie outside a convex hull (H, 2) as `footprint_hull` gives it; 0 inside."""
    offset = np.asarray(xy, dtype=np.float64)[:, None] - hull
    side = np.roll(hull, -1, axis=0) - hull
    along = (offset * side).sum(axis=2) / np.maximum((side**2).sum(axis=1), 1e-18)
    to_side = offset - np.clip(along, 0, 1)[..., None] * side
    inside = (side[:, 0] * offset[..., 1] - side[:, 1] * offset[..., 0] > 0).all(axis=1)
    return np.where(inside, 0.0, np.sqrt((to_side**2).sum(axis=2)).min(axis=1))


def tilt_deg(R_world_box: ArrayLike) -> Floats:
    """Return how far the most vertical axis of each (..., 3, 3) box is from the vertical."""
    vertical = np.abs(np.asarray(R_world_box, dtype=np.float64)[..., 2, :]).max(axis=-1)
    return np.asarray(np.degrees(np.arccos(np.clip(vertical, -1, 1))))


def size_lwh_m(extent_m: ArrayLike, R_world_box: ArrayLike) -> Floats:
    """Return length >= width (the horizontal sides) and height (the most vertical side) of N boxes.

    Parameters
    ----------
    extent_m : (N, 3); R_world_box : (N, 3, 3) axes as columns.

    Returns
    -------
    (N, 3) metres.
    """
    extent, R = np.asarray(extent_m, dtype=np.float64), np.asarray(R_world_box, dtype=np.float64)
    up = np.abs(R[:, 2, :]).argmax(axis=1)
    height = np.take_along_axis(extent, up[:, None], axis=1)
    flat = np.sort(extent[np.arange(3) != up[:, None]].reshape(-1, 2), axis=1)[:, ::-1]
    return np.concatenate([flat, height], axis=1)
