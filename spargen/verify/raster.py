"""A z-buffer in plain numpy: which face every pixel of a picture shows, and how deep it lies.

Edge functions are taken in the camera's axes (Olano & Greer 1997): with corners a, b, c and a pixel's direction d, the
ray passes the edge ab on the side that the sign of d . (a x b) tells. So there is no clipping, and a lens that bends
costs nothing but other directions. The two faces of a shared edge compute the same product with the opposite sign, to
the last bit, and a pixel on the edge belongs to both: meshes have no gaps that their triangles do not have. Of several
faces at one depth (to float32) the one with the lowest number is shown. Both sides of a face are seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spargen.verify.optics import View, rows_of

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEAR_M = 1e-3
"""What has a smaller camera Z is not seen."""
AT_ONCE = 400_000
"""Pairs of a face and a pixel worked on together: bounds memory, and keeps them in the cache."""
SPANS = np.array([*range(1, 7), *(n * 2**k for k in range(2, 14) for n in (2, 3))])
"""Sides of the blocks of pixels that faces are sorted into; no picture is wider than the last, 24,576."""
_NOTHING = np.uint64(2**64 - 1)
Window = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of a picture; right and bottom are one past the last."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a view sees.

    face : (rows, columns) int32 number of the face shown, -1 = none. depth_m : (rows, columns) float32 camera Z of it,
    inf where there is none.
    """

    face: NDArray[np.int32]
    depth_m: Singles


def draw(
    view: View, vertices_m: Floats, faces: NDArray[np.integer], columns: int, window: Window | None = None
) -> Picture:
    """Draw triangles as a view sees them.

    Parameters
    ----------
    view : the camera.
    vertices_m : (P, 3) metres in the world. faces : (F, 3) indices of vertices.
    columns : width of the whole image's picture in pixels; its rows follow from the image's shape.
    window : the part of that picture to be drawn; all of it by default.
    """
    left, top, right, bottom = window or (0, 0, columns, rows_of(view.size, columns))
    looks = view.lattice(columns)[top:bottom, left:right]
    shape = looks.shape[:2]
    buffer = np.full(shape[0] * shape[1], _NOTHING)
    if len(faces) and buffer.size:
        X = view.camera(vertices_m)
        low, high = _bounds(view, X, faces, columns)
        first = np.maximum(np.ceil(low - 0.5 - [left, top] - 1e-6), 0)
        last = np.minimum(np.floor(high - 0.5 - [left, top] + 1e-6), [shape[1] - 1, shape[0] - 1])
        chosen = np.flatnonzero((last >= first).all(axis=1))
        _fill(buffer, looks, X[faces[chosen]], chosen, first[chosen].astype(np.int64), last[chosen].astype(np.int64))
    shown = buffer != _NOTHING
    face = np.where(shown, (buffer & np.uint64(2**32 - 1)).astype(np.int64), -1).astype(np.int32)
    depth = np.where(shown, (buffer >> np.uint64(32)).astype(np.uint32).view(np.float32), np.float32(np.inf))
    return Picture(face.reshape(shape), depth.reshape(shape))


def window_around(view: View, points_m: Floats, columns: int) -> Window:
    """Return the part of a picture so many columns wide in which what lies within points (P, 3) can be seen."""
    rows = rows_of(view.size, columns)
    pixels = view.pixels(points_m)
    if view.bend is not None or not len(pixels) or not np.isfinite(pixels).all():
        return 0, 0, columns, rows
    step = np.array([columns / view.size[0], rows / view.size[1]])
    low = np.clip(np.floor(pixels.min(axis=0) * step) - 1, 0, [columns, rows])
    high = np.clip(np.ceil(pixels.max(axis=0) * step) + 1, 0, [columns, rows])
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _bounds(view: View, X: Floats, faces: NDArray[np.integer], columns: int) -> tuple[Floats, Floats]:
    """Return the corners (F, 2), (F, 2) of a rectangle of the picture that each face lies in; empty where in none."""
    scale = np.array([columns / view.size[0], rows_of(view.size, columns) / view.size[1]])
    K, c = view.K[:2, :2].T * scale, view.K[:2, 2] * scale
    if view.bend is not None:
        return _bent_bounds(view, X, faces, K, c)
    in_front = X[:, 2] > NEAR_M
    at = X[:, :2] / np.where(in_front, X[:, 2], 1.0)[:, None] @ K + c
    count = in_front[faces].sum(axis=1)
    a, b, d = (at[faces[:, k]] for k in range(3))
    low, high = np.minimum(np.minimum(a, b), d), np.maximum(np.maximum(a, b), d)
    high[count == 0] = -np.inf
    for f in np.flatnonzero((count == 1) | (count == 2)).tolist():
        at_f = _clipped(X[faces[f]]) @ K + c
        low[f], high[f] = at_f.min(axis=0), at_f.max(axis=0)
    return low, high


def _clipped(corners: Floats) -> Floats:
    """Return where the corners of what a triangle has in front of the camera are, in the plane Z = 1."""
    front, behind = corners[corners[:, 2] > NEAR_M], corners[corners[:, 2] <= NEAR_M]
    share = (NEAR_M - behind[None, :, 2:]) / (front[:, None, 2:] - behind[None, :, 2:])
    cut = (behind[None] + share * (front[:, None] - behind[None])).reshape(-1, 3)
    both = np.concatenate([front, cut])
    return np.asarray(both[:, :2] / both[:, 2:])


def _bent_bounds(view: View, X: Floats, faces: NDArray[np.integer], K: Floats, c: Floats) -> tuple[Floats, Floats]:
    """Return the same for a lens that bends: the edges are looked at in steps, with a margin for what bulges."""
    bend = view.bend
    if bend is None:
        raise TypeError("a pinhole has straight edges")
    corners = X[faces]
    middle = corners.mean(axis=1)
    reach = np.linalg.norm(corners - middle[:, None], axis=2).max(axis=1)
    distance = np.linalg.norm(middle, axis=1)
    # A face that may reach around the camera is as wide as can be.
    wide = np.where(reach < distance, np.arcsin(np.minimum(reach / np.maximum(distance, 1e-9), 1)), math.pi)
    angle = np.arccos(np.clip(middle[:, 2] / np.maximum(distance, 1e-9), -1, 1))
    share = np.linspace(0, 1, 5)[:-1, None, None, None]
    edges = corners[None] * (1 - share) + np.roll(corners, -1, axis=1)[None] * share
    at = (bend.held(edges.reshape(-1, 3)) @ K + c).reshape(-1, len(faces), 3, 2)
    low, high = at.min(axis=(0, 2)), at.max(axis=(0, 2))
    margin = 0.5 + 0.1 * (high - low)
    low, high = low - margin, high + margin
    huge = wide > 0.5
    low[huge], high[huge] = -np.inf, np.inf
    high[angle - wide > bend.limit_rad] = -np.inf
    return low, high


def _fill(buffer: NDArray[np.uint64], looks: Floats, corners: Floats, number: Ints, first: Ints, last: Ints) -> None:
    """Write what is nearest into a buffer of (float32 depth, number of the face), one word a pixel.

    Parameters
    ----------
    looks : (rows, columns, 2) directions of the pixels. corners : (C, 3, 3) of the faces in the camera's axes.
    number : (C,) of the faces. first, last : (C, 2) column and row of the pixels that each may cover.
    """
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    edges = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)])
    volume = (a * edges[0]).sum(axis=1)
    edges *= np.sign(volume)[None, :, None]
    volume = np.abs(volume)
    for rows, (width, height) in _blocks(last - first + 1, volume > 0):
        column = first[rows, 0][:, None] + np.arange(width)
        row = first[rows, 1][:, None] + np.arange(height)
        good = ((row <= last[rows, 1][:, None])[:, :, None]) & ((column <= last[rows, 0][:, None])[:, None, :])
        pixel = row[:, :, None] * looks.shape[1] + column[:, None, :]
        pixel[~good] = 0
        x, y = looks.reshape(-1, 2)[pixel].transpose(3, 0, 1, 2)
        total = np.zeros(x.shape)
        for n in edges[:, rows]:
            side = n[:, 0, None, None] * x + n[:, 1, None, None] * y + n[:, 2, None, None]
            good &= side >= 0
            total += side
        which, *_ = hit = np.nonzero(good)
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = (volume[rows][which] / total[hit]).astype(np.float32)
        good_depth = np.isfinite(depth) & (depth > NEAR_M)
        key = (depth.view(np.uint32).astype(np.uint64) << np.uint64(32)) | number[rows][which].astype(np.uint64)
        np.minimum.at(buffer, pixel[hit][good_depth], key[good_depth])


def _cross(a: Floats, b: Floats) -> Floats:
    """Cross products (C, 3) whose signs turn round exactly where the two are exchanged."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)


def _blocks(span: Ints, chosen: Bools) -> Iterator[tuple[Ints, tuple[int, int]]]:
    """Yield faces of like sizes, with a width and a height that hold them, few enough to be worked on together."""
    size = np.searchsorted(SPANS, span)
    kind = np.where(chosen, size[:, 0] * len(SPANS) + size[:, 1], -1)
    order = np.argsort(kind, kind="stable")
    start = np.searchsorted(kind[order], np.arange(len(SPANS) ** 2 + 1))
    for k in np.unique(kind[kind >= 0]).tolist():
        width, height = int(SPANS[k // len(SPANS)]), int(SPANS[k % len(SPANS)])
        step = max(1, AT_ONCE // (width * height))
        members = order[start[k] : start[k + 1]]
        for i in range(0, len(members), step):
            yield members[i : i + step], (width, height)
