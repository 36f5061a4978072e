"""A z-buffer in plain numpy: which face every pixel of a picture shows, and how deep it lies.

Edge functions are taken in the camera's axes (Olano & Greer 1997): with corners a, b, c and a pixel's direction d, the
ray passes the edge ab on the side that the sign of d . (a x b) tells. So there is no clipping, and a lens that bends
costs nothing but other directions. The two faces of a shared edge compute the same product with the opposite sign, to
the last bit, and a pixel on the edge belongs to both: meshes have no gaps that their triangles do not have. Of several
faces at one depth (to float32) the one with the lowest number is shown. Both sides of a face are seen.

Without a lens that bends, the columns at which a row of pixels passes the edges follow from the row, and only pixels
between them are looked at. Faces are drawn from the nearest on, and those behind all that is drawn already where they
could be seen are left out (hierarchical z-buffer: Greene, Kass & Miller 1993).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.verify.extents import NEAR_M, Extents
from spargen.verify.optics import View, Window, rows_of

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]
"""Keys of pixels: the bits of a float32 depth, and below them the number of the face. The nearest has the least."""

AT_ONCE = 200_000
"""Pixels that faces drawn together may cover: bounds memory, and keeps them in the cache."""
FACES_AT_ONCE = 200_000
"""Faces whose place in the picture is worked out together."""
TILE = 8
"""Pixels a side of the smallest tiles of whose depths the greatest is known."""
_NOTHING = np.uint64(0x7F800000_FFFFFFFF)
"""The key of a pixel that shows no face, -1, at a depth of inf."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a view sees.

    face : (rows, columns) int32 number of the face shown, -1 = none. depth_m : (rows, columns) float32 camera Z of it,
    inf where there is none.
    """

    face: NDArray[np.int32]
    depth_m: Singles


@dataclass(frozen=True, slots=True)
class Triangles:
    """Faces that may be seen.

    corners : (C, 3, 3) in the camera's axes. number : (C,) of the faces. first, last : (C, 2) column and row of the
    pixels that each may cover. nearest_m : (C,) least camera Z.
    """

    corners: Floats
    number: Ints
    first: Ints
    last: Ints
    nearest_m: Floats

    @classmethod
    def of(cls, corners: Floats, number: Ints, first: Floats, last: Floats) -> Triangles:
        """Return triangles, the nearest first."""
        nearest = corners[:, :, 2].min(axis=1)
        order = np.argsort(nearest, kind="stable")
        whole = first.astype(np.int64), last.astype(np.int64)
        return cls(corners, number, *whole, nearest).take(order)

    def take(self, which: Ints | Bools | slice) -> Triangles:
        """Return some of them."""
        first, last = self.first[which], self.last[which]
        return Triangles(self.corners[which], self.number[which], first, last, self.nearest_m[which])

    def few_at_once(self) -> Iterator[Triangles]:
        """Yield them in turn, as many as cover `AT_ONCE` pixels at most; never none."""
        width, height = (self.last - self.first + 1).T
        pixels = np.cumsum(width * height)
        start = 0
        while start < len(self.number):
            drawn = int(pixels[start - 1]) if start else 0
            end = max(start + 1, int(np.searchsorted(pixels, drawn + AT_ONCE, side="right")))
            yield self.take(slice(start, end))
            start = end


class _Strips(NamedTuple):
    """Rows of pixels of triangles: the triangle, the row, and the first and last column that it may cover there."""

    one: Ints
    row: Ints
    first: Ints
    last: Ints


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
    buffer = np.full((bottom - top, right - left), _NOTHING)
    if len(faces) and buffer.size:
        bends = view.bend is not None
        looks = view.lattice(columns, (left, top, right if bends else left + 1, bottom))
        per_column = None if bends else view.size[0] / columns / float(view.K[0, 0])
        seen = _in_sight(view, view.camera(vertices_m), faces, columns, (left, top), buffer.shape)
        for n, triangles in enumerate(seen.few_at_once()):
            _fill(buffer, triangles.take(_in_front(buffer, triangles)) if n else triangles, looks, per_column)
    depth = (buffer >> np.uint64(32)).astype(np.uint32).view(np.float32)
    return Picture(buffer.astype(np.uint32).view(np.int32), depth)


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


def _in_sight(
    view: View, X: Floats, faces: NDArray[np.integer], columns: int, corner: tuple[int, int], shape: tuple[int, ...]
) -> Triangles:
    """Return the faces that may cover pixels of the part of a picture that begins at a corner and has a shape."""
    extents = Extents(view, X, columns)
    found = []
    for start in range(0, len(faces), FACES_AT_ONCE):
        some = faces[start : start + FACES_AT_ONCE]
        low, high = extents.of(some)
        (left, top), (right, bottom) = low - 0.5 - 1e-6, high - 0.5 + 1e-6
        left, right = np.maximum(np.ceil(left) - corner[0], 0), np.minimum(np.floor(right) - corner[0], shape[1] - 1)
        top, bottom = np.maximum(np.ceil(top) - corner[1], 0), np.minimum(np.floor(bottom) - corner[1], shape[0] - 1)
        chosen = np.flatnonzero((right >= left) & (bottom >= top))
        first, last = np.stack([left, top], axis=1)[chosen], np.stack([right, bottom], axis=1)[chosen]
        found.append((X[some[chosen]], chosen + start, first, last))
    corners, number, first, last = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Triangles.of(corners, number, first, last)


def _in_front(buffer: Words, triangles: Triangles) -> Bools:
    """Tell which triangles are not behind all that is drawn where they may be seen."""
    levels = _farthest(buffer)
    first, last = triangles.first // TILE, triangles.last // TILE
    _, level = np.frexp((last - first).max(axis=1))  # from there on, they touch two tiles a side at most
    level = np.minimum(level, len(levels) - 1)
    result = np.zeros(len(level), dtype=bool)
    nearest = _key(triangles.nearest_m * (1 - 1e-6), np.zeros_like(triangles.number))
    for k, farthest in enumerate(levels):
        rows = np.flatnonzero(level == k)
        (left, top), (right, bottom) = (first[rows] >> k).T, (last[rows] >> k).T
        ends = (farthest[top, left], farthest[top, right], farthest[bottom, left], farthest[bottom, right])
        result[rows] = nearest[rows] <= np.maximum.reduce(ends)
    return result


def _farthest(buffer: Words) -> list[Words]:
    """Return the greatest keys in tiles of a buffer, tiles of each level twice as wide as those before."""
    levels = [_greatest(buffer, TILE)]
    while max(levels[-1].shape) > 1:
        levels.append(_greatest(levels[-1], 2))
    return levels


def _greatest(keys: Words, side: int) -> Words:
    """Return the greatest keys in squares of keys."""
    rows, columns = (math.ceil(n / side) for n in keys.shape)
    whole = np.zeros((rows * side, columns * side), dtype=np.uint64)  # what is added is never the greatest
    whole[: keys.shape[0], : keys.shape[1]] = keys
    flat = whole.reshape(rows, side, columns * side).max(axis=1)
    return np.asarray(flat.reshape(rows, columns, side).max(axis=2))


def _key(depth_m: Floats, number: Ints) -> Words:
    bits = np.maximum(depth_m, 0).astype(np.float32).view(np.uint32)
    return np.asarray(bits.astype(np.uint64) << np.uint64(32) | number.astype(np.uint64))


def _fill(buffer: Words, triangles: Triangles, looks: Floats, per_column: float | None) -> None:
    """Write what is nearest into a buffer.

    Parameters
    ----------
    looks : directions (rows, columns, 2) of its pixels; of the first column alone where rows are straight.
    per_column : what x of a direction grows by from one column to the next; None where rows are not straight.
    """
    a, b, c = triangles.corners.transpose(1, 2, 0)
    edges = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)])
    volume = (a * edges[0]).sum(axis=0)
    edges *= np.sign(volume)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = edges.sum(axis=0) / np.abs(volume)  # its product with a direction is 1 / depth
    height = np.where(volume != 0, triangles.last[:, 1] - triangles.first[:, 1] + 1, 0)
    one, step = _runs(height)
    strips = _Strips(one, triangles.first[one, 1] + step, triangles.first[one, 0], triangles.last[one, 0])
    if per_column is None:
        one, pixel, inverse = _bent_pixels(strips, edges, inverse, looks)
    else:
        one, pixel, inverse = _straight_pixels(strips, edges, inverse, looks[:, 0], per_column, buffer.shape[1])
    good = (inverse > 0) & (inverse < 1 / NEAR_M)
    if not good.all():
        one, pixel, inverse = one[good], pixel[good], inverse[good]
    np.minimum.at(buffer.reshape(-1), pixel, _key(1 / inverse, triangles.number[one]))


def _bent_pixels(strips: _Strips, edges: Floats, inverse: Floats, looks: Floats) -> tuple[Ints, Ints, Floats]:
    """Return the triangle, the pixel and 1 / depth of each pixel that a triangle covers, any pixel being looked at."""
    run, step = _runs(np.maximum(strips.last - strips.first + 1, 0))
    pixel, one = (strips.row * looks.shape[1] + strips.first)[run] + step, strips.one[run]
    x, y = looks.reshape(-1, 2)[pixel].T
    inside = np.all([n[0][one] * x + n[1][one] * y + n[2][one] >= 0 for n in edges], axis=0)
    one, x, y = one[inside], x[inside], y[inside]
    return one, pixel[inside], inverse[0][one] * x + inverse[1][one] * y + inverse[2][one]


def _straight_pixels(
    strips: _Strips, edges: Floats, inverse: Floats, looks: Floats, per_column: float, columns: int
) -> tuple[Ints, Ints, Floats]:
    """Return the same, given the directions (rows, 2) of the first column, from which rows of pixels go straight on."""
    one, row, first, last = strips
    x, y = looks[row].T
    for along, down, ahead in edges[:, :, one]:
        level = down * y + ahead
        with np.errstate(divide="ignore", invalid="ignore"):
            passes = (-level / along - x) / per_column
        first = np.where(along > 0, np.maximum(first, np.ceil(passes)), first)
        last = np.where(along < 0, np.minimum(last, np.floor(passes)), last)
        last = np.where((along == 0) & (level < 0), -1, last)
    kept = np.flatnonzero(last >= first)
    one, row, first, last = one[kept], row[kept], first[kept].astype(np.int64), last[kept].astype(np.int64)
    run, step = _runs(last - first + 1)
    along, down, ahead = inverse[:, one]
    begin = along * (x[kept] + first * per_column) + down * y[kept] + ahead
    return one[run], (row * columns + first)[run] + step, begin[run] + (along * per_column)[run] * step


def _runs(length: Ints) -> tuple[Ints, Ints]:
    """Return the run that each step of runs of some lengths belongs to, and its place in it."""
    run = np.repeat(np.arange(len(length)), length)
    return run, np.arange(len(run)) - (np.cumsum(length) - length)[run]


def _cross(a: Floats, b: Floats) -> Floats:
    """Cross products (3, C) whose signs turn round exactly where the two are exchanged."""
    (ax, ay, az), (bx, by, bz) = a, b
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])
