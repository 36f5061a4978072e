"""The triangles of a mesh in clusters, and where those of a cluster lie in the plane of an image.

A *plane* stands for the image. Of a pinhole it is the image itself, in pixels. Of a lens that bends it is the plane at
Z = 1 before the camera, where triangles are straight; `lens_table` tells which pixels look at which part of it.

Whether a place of the plane lies in a triangle is told in homogeneous coordinates (Olano and Greer 1997, "Triangle scan
conversion using 2D homogeneous coordinates"), so nothing is cut where a triangle reaches behind the camera. Two
triangles that share an edge work out the same numbers for it: no pixel lies between them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.compiled import Scratch, Whole, compiled
from spargen.geometry.surface import box_of_most
from spargen.scene.images import NOTHING
from spargen.scene.types import Mesh

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]

CLUSTER = 64
"""Triangles that lie near each other and are told to be out of sight together, at most."""
CELLS, CURVE_BITS = 1024, 30
"""Cells along the longest side of a mesh by which triangles are told to lie near each other; bits to number all."""
NEAR_M = 1e-4
"""What is nearer than this to the eye, along the camera's axis, has no place in the image."""
EDGE_ON = 1e-9
"""A triangle whose plane passes the eye as closely as this, in shares of where its corners are, is a line."""
DEPTH_BITS, OBJECT_BITS, NOBODY = np.int64(32), np.int64(0xFFFFFFFF), np.int64(-NOTHING)
"""A pixel is one number: its inverse depth as the bits of a float32, which are in its order, and below them its object
+ 2. Pixels that show nothing are 0."""

# What is worked out for the triangles of a cluster: rows of scratch. They count unsigned, so that no step asks whether
# to count from the end, and lie in one array at fixed places, so that several triangles are worked on at a time.
ROWS = 18
(X_LOW, X_HIGH, Y_LOW, Y_HIGH, NEAREST, TURN, Z_X, Z_Y, Z_1) = (np.uint64(CLUSTER * k) for k in range(9))
(A0, B0, C0, A1, B1, C1, A2, B2, C2) = (np.uint64(CLUSTER * k) for k in range(9, ROWS))


class Triangles(NamedTuple):
    """F triangles of a mesh in C clusters, those of an object side by side.

    corners (9, F): x, y and z of the three corners, in metres. first (C + 1,) triangle of each cluster. owner (C,) what
    its triangles belong to. low, high (C, 3) corners of the box around it, in metres. begins (N + 1,) first cluster of
    each of N objects.
    """

    corners: Singles
    first: Ints
    owner: Ids
    low: Floats
    high: Floats
    begins: Ints

    @classmethod
    def of(cls, mesh: Mesh, n: int) -> Triangles:
        """Sort the triangles of a mesh of n objects."""
        vertices = np.ascontiguousarray(mesh.vertices_m, dtype=np.float32)
        faces = np.ascontiguousarray(mesh.faces, dtype=np.int64)
        number = along_a_curve(vertices, faces) | mesh.face_object.astype(np.int64) << CURVE_BITS
        order = np.argsort(number, kind="stable")
        owner = mesh.face_object[order].astype(np.int32)
        edges = np.append(np.flatnonzero(np.diff(owner, prepend=owner[:1] - 1)), len(owner))
        starts = [np.arange(a, b, CLUSTER) for a, b in pairwise(edges.tolist())]
        first = np.concatenate([np.zeros(0, dtype=np.int64), *starts, [len(owner)]]).astype(np.int64)
        corners, low_m, high_m = arranged(vertices, faces, order, first)
        begins = np.searchsorted(owner[first[:-1]], np.arange(n + 1)).astype(np.int64)
        return cls(corners, first, owner[first[:-1]], low_m, high_m, begins)


def along_a_curve(vertices_m: Singles, faces: Ints) -> Ints:
    """Number faces (F, 3) along a curve that keeps together what lies together (Morton 1966), in `CURVE_BITS` bits."""
    number = np.zeros(len(faces), dtype=np.int64)
    low, high = box_of_most(vertices_m, faces)
    side = float((high - low).max()) or 1.0
    _along_a_curve(vertices_m, faces, low, (CELLS - 1) / (3 * side), number)
    return number


def arranged(vertices_m: Singles, faces: Ints, order: Ints, first: Ints) -> tuple[Singles, Floats, Floats]:
    """Return the corners (9, F) of triangles in an order, and the box around each of C clusters, (C, 3) twice."""
    corners, (low_m, high_m) = np.empty((9, len(order)), dtype=np.float32), np.empty((2, len(first) - 1, 3))
    _arrange(vertices_m, faces, order, first, corners, low_m, high_m)
    return corners, low_m, high_m


@compiled
def _along_a_curve(vertices: Singles, faces: Ints, low: Floats, scale: float, number: Ints) -> None:
    for f in range(len(faces)):
        for axis in range(3):
            middle = np.float64(0.0)
            for k in range(3):
                middle += np.float64(vertices[faces[f, k], axis]) - low[axis]
            bits = np.int64(min(max(middle * scale, 0.0), CELLS - 1.0))
            bits = (bits | bits << 16) & 0x030000FF
            bits = (bits | bits << 8) & 0x0300F00F
            bits = (bits | bits << 4) & 0x030C30C3
            bits = (bits | bits << 2) & 0x09249249
            number[f] |= bits << axis


@compiled
def _arrange(
    vertices: Singles, faces: Ints, order: Ints, first: Ints, corners: Singles, low: Floats, high: Floats
) -> None:
    for c in range(len(first) - 1):
        for axis in range(3):
            least, most = np.float32(np.inf), np.float32(-np.inf)
            for i in range(first[c], first[c + 1]):
                for k in range(3):
                    value = vertices[faces[order[i], k], axis]
                    corners[3 * k + axis, i] = value
                    least, most = min(least, value), max(most, value)
            low[c, axis], high[c, axis] = least, most


@compiled
def reach(P: Floats, low: Floats, high: Floats, plane: Floats) -> tuple[float, float, float, float, float]:
    """Return how near a box of the world comes, and the rectangle (columns, rows) around what may show of it.

    Its columns are empty, the first beyond the last, where it lies outside the plane's part that the image shows:
    plane (4,) least and greatest column, least and greatest row. How near it comes is not told then.
    """
    nearest, x_low, x_high, y_low, y_high = np.inf, np.inf, -np.inf, np.inf, -np.inf
    for side in range(4):
        if _is_beyond(P, side // 2, plane[side], 1.0 - 2.0 * (side % 2), low, high):
            return nearest, 1.0, 0.0, 1.0, 0.0
    for k in range(8):
        x, y, z = high[0] if k & 1 else low[0], high[1] if k & 2 else low[1], high[2] if k & 4 else low[2]
        u, v, w = projected(P, x, y, z)
        nearest = min(nearest, w)
        if w > NEAR_M:
            x_low, x_high, y_low, y_high = min(x_low, u / w), max(x_high, u / w), min(y_low, v / w), max(y_high, v / w)
    if x_low > x_high:
        return nearest, 1.0, 0.0, 1.0, 0.0
    if nearest <= NEAR_M:
        return nearest, plane[0], plane[1], plane[2], plane[3]
    return nearest, max(x_low, plane[0]), min(x_high, plane[1]), max(y_low, plane[2]), min(y_high, plane[3])


@compiled
def _is_beyond(P: Floats, axis: Whole, limit: float, sign: float, low: Floats, high: Floats) -> bool:
    """Tell whether all of a box lies before a limit of columns (axis 0) or rows (1), or, of sign -1, past it.

    The corner decides that is farthest along the normal of the plane through the eye in which the limit lies.
    """
    most = sign * (P[axis, 3] - limit * P[2, 3])
    for k in range(3):
        n = sign * (P[axis, k] - limit * P[2, k])
        most += n * (high[k] if n > 0 else low[k])
    return bool(most < 0)


@compiled
def _on(p: tuple[float, ...], x: float, y: float, z: float) -> float:
    return p[0] * x + p[1] * y + p[2] * z + p[3]


@compiled
def _three(a: float, b: float, c: float) -> tuple[float, float]:
    """Return the least and the greatest of three numbers."""
    low, high = a if a < b else b, a if a > b else b
    return low if low < c else c, high if high > c else c


@compiled
def set_up(P: Floats, corners: Singles, begin: Whole, end: Whole, S: Scratch) -> None:
    """Work out where triangles begin..end lie in the plane that P (3, 4) projects to, and their edges.

    corners (9, F): x, y and z of the three corners. Inside, a x + b y + c of every edge has the sign of TURN, and
    Z_X x + Z_Y y + Z_1 is the inverse depth.
    """
    pu, pv = (P[0, 0], P[0, 1], P[0, 2], P[0, 3]), (P[1, 0], P[1, 1], P[1, 2], P[1, 3])
    pw, first = (P[2, 0], P[2, 1], P[2, 2], P[2, 3]), np.uint64(begin)
    for i in range(np.uint64(end - begin)):
        x, y, z = _vertex(corners, 0, first + i)
        u0, v0, w0 = _on(pu, x, y, z), _on(pv, x, y, z), _on(pw, x, y, z)
        x, y, z = _vertex(corners, 1, first + i)
        u1, v1, w1 = _on(pu, x, y, z), _on(pv, x, y, z), _on(pw, x, y, z)
        x, y, z = _vertex(corners, 2, first + i)
        u2, v2, w2 = _on(pu, x, y, z), _on(pv, x, y, z), _on(pw, x, y, z)
        r0, r1, r2 = 1 / w0, 1 / w1, 1 / w2
        S[X_LOW + i], S[X_HIGH + i] = _three(u0 * r0, u1 * r1, u2 * r2)
        S[Y_LOW + i], S[Y_HIGH + i] = _three(v0 * r0, v1 * r1, v2 * r2)
        S[NEAREST + i], _ = _three(w0, w1, w2)
        a0, b0, c0 = v1 * w2 - w1 * v2, w1 * u2 - u1 * w2, u1 * v2 - v1 * u2
        a1, b1, c1 = v2 * w0 - w2 * v0, w2 * u0 - u2 * w0, u2 * v0 - v2 * u0
        a2, b2, c2 = v0 * w1 - w0 * v1, w0 * u1 - u0 * w1, u0 * v1 - v0 * u1
        volume, of = a0 * u0 + b0 * v0 + c0 * w0, abs(a0 * u0) + abs(b0 * v0) + abs(c0 * w0)
        r = 1 / volume if abs(volume) > EDGE_ON * of else 0.0
        S[TURN + i], S[Z_X + i], S[Z_Y + i], S[Z_1 + i] = r, (a0 + a1 + a2) * r, (b0 + b1 + b2) * r, (c0 + c1 + c2) * r
        S[A0 + i], S[B0 + i], S[C0 + i] = a0, b0, c0
        S[A1 + i], S[B1 + i], S[C1 + i] = a1, b1, c1
        S[A2 + i], S[B2 + i], S[C2 + i] = a2, b2, c2
    for j in range(end - begin):
        if not S[NEAREST + np.uint64(j)] > NEAR_M:
            _cut(P, corners, begin + j, np.uint64(j), S)


@compiled
def _cut(P: Floats, corners: Singles, face: Whole, i: Whole, S: Scratch) -> None:
    """Set the rectangle of a triangle that is not wholly before the camera: of what is before it."""
    x_low, x_high, y_low, y_high = np.inf, -np.inf, np.inf, -np.inf
    for k in range(3):
        n = (k + 1) % 3
        u, v, w = _corner(P, corners, face, k)
        to_u, to_v, to_w = _corner(P, corners, face, n)
        if w > NEAR_M:
            x_low, x_high, y_low, y_high = min(x_low, u / w), max(x_high, u / w), min(y_low, v / w), max(y_high, v / w)
        if (w > NEAR_M) != (to_w > NEAR_M):
            # Where the edge to the next corner comes as near as that.
            part = (NEAR_M - w) / (to_w - w)
            x, y = (u + part * (to_u - u)) / NEAR_M, (v + part * (to_v - v)) / NEAR_M
            x_low, x_high, y_low, y_high = min(x_low, x), max(x_high, x), min(y_low, y), max(y_high, y)
    S[X_LOW + i], S[X_HIGH + i], S[Y_LOW + i], S[Y_HIGH + i] = x_low, x_high, y_low, y_high


@compiled
def _corner(P: Floats, corners: Singles, face: Whole, k: Whole) -> tuple[float, float, float]:
    """Project a corner of a triangle."""
    x, y, z = _vertex(corners, k, face)
    return projected(P, x, y, z)


@compiled
def projected(P: Floats, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Project a point of the world by P (3, 4): position in the plane times depth, and depth."""
    return (
        P[0, 0] * x + P[0, 1] * y + P[0, 2] * z + P[0, 3],
        P[1, 0] * x + P[1, 1] * y + P[1, 2] * z + P[1, 3],
        P[2, 0] * x + P[2, 1] * y + P[2, 2] * z + P[2, 3],
    )


@compiled
def _vertex(corners: Singles, k: Whole, face: Whole) -> tuple[float, float, float]:
    """Return where a corner of a triangle is in the world."""
    return np.float64(corners[3 * k, face]), np.float64(corners[3 * k + 1, face]), np.float64(corners[3 * k + 2, face])


@compiled
def is_drawn(i: Whole, S: Scratch) -> bool:
    """Tell whether a triangle that is set up has a place in the plane."""
    return bool(S[TURN + i] != 0 and S[X_LOW + i] <= S[X_HIGH + i] and S[Y_LOW + i] <= S[Y_HIGH + i])


@compiled
def packed(inverse_depth: float, low_bits: Whole) -> Whole:
    """Return a pixel; see `OBJECT_BITS`."""
    return (np.int64(np.float32(inverse_depth).view(np.int32)) << DEPTH_BITS) | low_bits
