"""Triangles drawn into images: which object each pixel shows, exactly at its centre, and how far away it is.

A z-buffer: of all triangles that a pixel's centre lies in, the nearest stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.bits import Bits, bits_in, set_bits
from spargen.geometry.compiled import Scratch, Whole, compiled
from spargen.geometry.lens_table import LensTable, cover_bent, fill_bent
from spargen.geometry.surface import NEAREST_M, SURFACE_M
from spargen.geometry.triangles import (
    A0,
    A1,
    A2,
    B0,
    B1,
    B2,
    C0,
    C1,
    C2,
    CLUSTER,
    DEPTH_BITS,
    NEAR_M,
    NEAREST,
    NOBODY,
    OBJECT_BITS,
    ROWS,
    TURN,
    X_HIGH,
    X_LOW,
    Y_HIGH,
    Y_LOW,
    Z_1,
    Z_X,
    Z_Y,
    Triangles,
    is_drawn,
    packed,
    reach,
    set_up,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]
Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]

TILE = 16
"""Pixels along each side of the squares of which it is known how far away their farthest pixel is."""
FIRST_PART, GROWTH = 0.1, 2.0
"""After which part of the clusters, the nearest first, this is looked up, and by how much later each time again."""
SLACK_PX = 1e-6
"""How much wider than rounding may make it the rectangle is in which a triangle's pixels are looked for."""
FOUR = 4
"""Rows of a triangle, and pixels of a row, that are worked out at a time, whether or not it has as many: a machine's
vector of numbers."""
BEHIND = 0.02
"""By which share of its distance the surface may be behind a point, besides: rays that just miss the edge that the
point lies on meet what is close behind."""
SLIGHTLY = 1e-6
"""By which share of its depth a triangle may be nearer than its corners or its cluster's box, by rounding."""


@compiled
def find_near(P: Floats, plane: Floats, mesh: Triangles, which: Ints, nearest: Floats, window: Floats) -> Whole:
    """Find the clusters of a mesh that may show in an image; return how many there are, K.

    P, plane : (3, 4) projects the world to a plane, times depth; (4,) of that the least and the greatest column and row
        that the image shows. which, nearest, window : (C,), (C,), (C, 4) are overwritten: the first K are the clusters,
        how near each comes, and the part of the plane that it lies in.
    """
    near = 0
    for c in range(len(mesh.owner)):
        nearest[near], x_low, x_high, y_low, y_high = reach(P, mesh.low[c], mesh.high[c], plane)
        if x_low <= x_high and y_low <= y_high:
            which[near] = c
            window[near, 0], window[near, 1], window[near, 2], window[near, 3] = x_low, x_high, y_low, y_high
            near += 1
    return near


@compiled
def draw(
    P: Floats,
    mesh: Triangles,
    lens: LensTable,
    order: Ints,
    which: Ints,
    nearest: Floats,
    window: Floats,
    width: Whole,
    height: Whole,
    pixels: Ints,
) -> None:
    """Draw the clusters of a mesh that `find_near` found, in an order (K,).

    Parameters
    ----------
    lens : which pixels look where in the plane; empty if it is the image itself.
    width, height : of the image.
    pixels : (height * width + `FOUR`,) is overwritten, and of no meaning beyond the image; see `OBJECT_BITS`.
    """
    pixels[:] = 0
    S, tiles = np.empty(ROWS * CLUSTER), np.zeros(_tiles(width) * _tiles(height))
    spans = np.empty(height + FOUR, np.int32), np.empty(height + FOUR, np.int32)
    ranks = pixels.view(np.float64)  # of all of them at once, see `_rank`
    look_up, inside = np.int64(FIRST_PART * len(order)), np.empty(len(lens.pixel), np.int64)
    for k in range(len(order)):
        i, c = order[k], which[order[k]]
        begin, end, key = mesh.first[c], mesh.first[c + 1], np.int64(mesh.owner[c]) + NOBODY
        if len(lens.pixel):
            set_up(P, mesh.corners, begin, end, S)
            fill_bent(end - begin, lens, key, S, inside, pixels)
            continue
        if k == look_up and k > 0:
            _find_farthest(ranks, width, height, tiles)
            look_up = np.int64(GROWTH * look_up)
        left, right = max(window[i, 0] - 1, 0.0), min(window[i, 1] + 1, width - 1.0)
        top, bottom = max(window[i, 2] - 1, 0.0), min(window[i, 3] + 1, height - 1.0)
        if not _is_hidden(nearest[i], left, right, top, bottom, _tiles(width), tiles):
            set_up(P, mesh.corners, begin, end, S)
            _to_pixels(end - begin, width, height, S)
            _fill(end - begin, width, key, S, spans[0], spans[1], tiles, ranks)


@compiled
def count_alone(
    P: Floats, plane: Floats, mesh: Triangles, lens: LensTable, width: Whole, height: Whole, obj: Ints
) -> Ints:
    """Count the pixels (R,) that objects (R,) would cover if they stood there alone; see `draw`."""
    S, inside, counts = np.empty(ROWS * CLUSTER), np.empty(len(lens.pixel), np.int64), np.empty(len(obj), np.int64)
    spans = np.empty(height + FOUR, np.int32), np.empty(height + FOUR, np.int32)
    covered = np.empty(height * width // 64 + 1, np.uint64)
    for k, o in enumerate(obj):
        covered[:] = 0
        for c in range(mesh.begins[o], mesh.begins[o + 1]):
            _, x_low, x_high, y_low, y_high = reach(P, mesh.low[c], mesh.high[c], plane)
            if not (x_low <= x_high and y_low <= y_high):
                continue
            begin, end = mesh.first[c], mesh.first[c + 1]
            set_up(P, mesh.corners, begin, end, S)
            if len(lens.pixel):
                cover_bent(end - begin, lens, S, inside, covered)
            else:
                _to_pixels(end - begin, width, height, S)
                _cover(end - begin, width, S, spans[0], spans[1], covered)
        counts[k] = bits_in(covered)
    return counts


@compiled
def tally(ids: Ids, counts: Ints, boxes: Ints) -> None:
    """Count the pixels of each object + 2, and find the box around them: ids (h, w), counts (N + 2,), boxes (N + 2, 4).

    Boxes are first column and row, one past the last column and row. Both are overwritten.
    """
    height, width = ids.shape
    counts[:] = 0
    boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3] = width, height, 0, 0
    for y in range(height):
        x = 0
        while x < width:
            o, begin = ids[y, x], x
            while x < width and ids[y, x] == o:
                x += 1
            n = o + NOBODY
            counts[n] += x - begin
            boxes[n, 0], boxes[n, 1] = min(boxes[n, 0], begin), min(boxes[n, 1], y)
            boxes[n, 2], boxes[n, 3] = max(boxes[n, 2], x), y + 1


@compiled
def objects_in(pixels: Ints, ids: Ids) -> None:
    """Put into ids (h, w) which objects pixels (h, w) show."""
    for y in range(len(pixels)):
        for x in range(pixels.shape[1]):
            ids[y, x] = np.int32(pixels[y, x] & OBJECT_BITS) - np.int32(NOBODY)


@compiled
def find_shown(uvw: Floats, inside: Bools, points_m: Singles, eye_m: Floats, pixels: Ints, shown: Bools) -> None:
    """Tell which points (P,) of surfaces an image shows: those as far away as what it shows there.

    Where the four pixels around a point show one thing, and it goes on evenly between them, its depth is known at the
    point itself: the inverse depth of a plane is linear in the image. The pixel that the point lies in tells as well.
    A tolerance that allows for surfaces that are looked at askew would be as much, from afar, as a wall is thick.

    Parameters
    ----------
    uvw, inside : (P, 3), (P,) as `in_image` gives them.
    points_m, eye_m : (P, 3), (3,) in the world.
    pixels : (h, w); see `OBJECT_BITS`.
    shown : (P,) is overwritten.
    """
    height, width = pixels.shape
    for k in range(len(uvw)):
        z = uvw[k, 2]
        shown[k] = inside[k] and z > NEAREST_M
        if not shown[k]:
            continue
        u, v = uvw[k, 0] / z, uvw[k, 1] / z
        x, y = min(np.int64(u), width - 1), min(np.int64(v), height - 1)
        own = _inverse_depth(pixels[y, x])
        inverse = own
        left, top = np.int64(np.floor(u - 0.5)), np.int64(np.floor(v - 0.5))
        if 0 <= left < width - 1 and 0 <= top < height - 1:
            a, b, c, d = pixels[top, left], pixels[top, left + 1], pixels[top + 1, left], pixels[top + 1, left + 1]
            if a & OBJECT_BITS == b & OBJECT_BITS == c & OBJECT_BITS == d & OBJECT_BITS:
                e, f, g, h = _inverse_depth(a), _inverse_depth(b), _inverse_depth(c), _inverse_depth(d)
                if abs(e + h - f - g) * z * z <= SURFACE_M:
                    across, down = u - 0.5 - left, v - 0.5 - top
                    inverse = (1 - down) * ((1 - across) * e + across * f) + down * ((1 - across) * g + across * h)
        square = 0.0
        for i in range(3):
            square += (np.float64(points_m[k, i]) - eye_m[i]) ** 2
        # Along the ray, not along the axis.
        distance_m = np.sqrt(square)
        before_m, own_before_m = (z - 1 / inverse) * (distance_m / z), (z - 1 / own) * (distance_m / z)
        least = -SURFACE_M - BEHIND * distance_m
        shown[k] = least <= before_m <= SURFACE_M or least <= own_before_m <= SURFACE_M


@compiled
def _inverse_depth(pixel: Whole) -> float:
    return np.float64(np.int32(pixel >> DEPTH_BITS).view(np.float32))


@compiled
def _tiles(length: Whole) -> Whole:
    return (length + TILE - 1) // TILE


@compiled
def _in_fours(count: Whole) -> Whole:
    """Return how many are worked out where so many are wanted, unsigned."""
    return np.uint64(count + FOUR - 1) // np.uint64(FOUR) * np.uint64(FOUR)


@compiled
def _rank(pixel: Whole) -> float:
    """Return the number that has a pixel's bits: what is not negative is in the same order, and compared faster."""
    return np.int64(pixel).view(np.float64)


@compiled
def _find_farthest(ranks: Floats, width: Whole, height: Whole, tiles: Floats) -> None:
    """Look up the farthest pixel of each tile."""
    across, least = _tiles(width), np.empty(width)
    for row in range(_tiles(height)):
        least[:] = np.inf
        for y in range(row * TILE, min((row + 1) * TILE, height)):
            start = np.uint64(y * width)
            for x in range(np.uint64(width)):
                least[x] = min(_loaded(least[x]), ranks[start + x])
        for column in range(across):
            tiles[row * across + column] = least[column * TILE : (column + 1) * TILE].min()


@compiled
def _is_hidden(
    nearest: float, left: float, right: float, top: float, bottom: float, across: Whole, tiles: Floats
) -> bool:
    """Tell whether all tiles show what is nearer than this that a rectangle of pixels touches."""
    if not nearest > NEAR_M:
        return False
    key = _rank(packed((1 + SLIGHTLY) / nearest, OBJECT_BITS))
    first, last = np.int64(left) // TILE, np.int64(right) // TILE
    for row in range(np.int64(top) // TILE, np.int64(bottom) // TILE + 1):
        for column in range(first, last + 1):
            if tiles[row * across + column] < key:
                return False
    return True


@compiled
def _to_pixels(count: Whole, width: Whole, height: Whole, S: Scratch) -> None:
    """Turn rectangles into the first and last pixels whose centres they hold, and edges into where rows cross them.

    Of the row at height y an edge lets columns A + B y to C + B y in, counted from the centre of the first pixel; one
    of the two is infinite, or both.
    """
    right, low = width - 1.0, height - 1.0
    for i in range(np.uint64(count)):
        x, y = np.ceil(S[X_LOW + i] - 0.5 - SLACK_PX), np.ceil(S[Y_LOW + i] - 0.5 - SLACK_PX)
        S[X_LOW + i], S[Y_LOW + i] = x if x > 0.0 else 0.0, y if y > 0.0 else 0.0
        x, y = np.floor(S[X_HIGH + i] - 0.5 + SLACK_PX), np.floor(S[Y_HIGH + i] - 0.5 + SLACK_PX)
        S[X_HIGH + i], S[Y_HIGH + i] = x if x < right else right, y if y < low else low
        turn = S[TURN + i]
        S[A0 + i], S[B0 + i], S[C0 + i] = _let_in(S[A0 + i], S[B0 + i], S[C0 + i], turn)
        S[A1 + i], S[B1 + i], S[C1 + i] = _let_in(S[A1 + i], S[B1 + i], S[C1 + i], turn)
        S[A2 + i], S[B2 + i], S[C2 + i] = _let_in(S[A2 + i], S[B2 + i], S[C2 + i], turn)


@compiled
def _let_in(a: float, b: float, c: float, turn: float) -> tuple[float, float, float]:
    """Return which columns an edge lets in: the least at height 0, their growth from row to row, and the greatest."""
    q, sign = -1 / a, a * turn
    at, growth = c * q - 0.5, b * q
    return at if sign > 0 else -np.inf, growth if sign != 0 else 0.0, at if sign < 0 else np.inf


@compiled
def _find_spans(i: Whole, S: Scratch, begin: Ids, end: Ids) -> tuple[Whole, Whole]:
    """Find the first pixel of each row of a triangle, and one past its last; return the first row and how many follow.

    begin, end : of which as many as there are rows are overwritten, and `FOUR` - 1 more at most. An empty row ends
        where it begins.
    """
    first, last, top = S[X_LOW + i], S[X_HIGH + i], S[Y_LOW + i]
    # Out of scratch once: what is written might lie there, as far as the compiler knows.
    a0, a1, a2 = S[A0 + i], S[A1 + i], S[A2 + i]
    b0, b1, b2 = S[B0 + i], S[B1 + i], S[B2 + i]
    c0, c1, c2 = S[C0 + i], S[C1 + i], S[C2 + i]
    rows = np.int64(S[Y_HIGH + i] - top + 1)
    for r in range(_in_fours(rows)):
        y = top + np.int32(r) + 0.5
        low = max(a0 + b0 * y, max(a1 + b1 * y, a2 + b2 * y))
        high = min(c0 + b0 * y, min(c1 + b1 * y, c2 + b2 * y))
        # In this order what is not a number gives way to the image's own sides.
        x = min(np.ceil(low if low > first else first), last + 1)
        begin[r], end[r] = np.int32(x), np.int32(max(np.floor(high if high < last else last) + 1, x))
    return np.int64(top), np.uint64(rows)


@compiled
def _loaded(rank: float) -> float:
    """Return a number as it is, but so that the compiler does not know it for what stands at its place in memory.

    A maximum of what it knows to stand there already it would store through a mask, which slows some machines down.
    """
    return rank + 0.0


@compiled
def _fill(
    count: Whole, width: Whole, key: Whole, S: Scratch, begin: Ids, end: Ids, tiles: Floats, ranks: Floats
) -> None:
    """Draw the triangles of a cluster where nothing nearer was drawn."""
    for j in range(count):
        i = np.uint64(j)
        first, last, top, bottom = S[X_LOW + i], S[X_HIGH + i], S[Y_LOW + i], S[Y_HIGH + i]
        if not is_drawn(i, S) or _is_hidden(S[NEAREST + i], first, last, top, bottom, _tiles(width), tiles):
            continue
        at_0, by_column, by_row = S[Z_1 + i], S[Z_X + i], S[Z_Y + i]
        row, rows = _find_spans(i, S, begin, end)
        for r in range(rows):
            z = at_0 + by_row * (row + 0.5) + by_column * 0.5
            x, past = begin[r], end[r]
            at = np.uint64(row * width + x)
            for k in range(_in_fours(past - x)):
                column = np.int32(x + np.int32(k))
                rank = _rank(packed(z + by_column * column, key)) if column < past else 0.0
                ranks[at + k] = max(_loaded(ranks[at + k]), rank)
            row += 1


@compiled
def _cover(count: Whole, width: Whole, S: Scratch, begin: Ids, end: Ids, covered: Bits) -> None:
    """Set the bits of all pixels in which the triangles of a cluster lie."""
    for j in range(count):
        i = np.uint64(j)
        if not is_drawn(i, S):
            continue
        row, rows = _find_spans(i, S, begin, end)
        for r in range(rows):
            if begin[r] < end[r]:
                at = row * width
                set_bits(covered, np.uint64(at + begin[r]), np.uint64(at + end[r] - 1))
            row += 1
