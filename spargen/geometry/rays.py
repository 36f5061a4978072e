"""First hits of rays on a mesh: some thousands of them tell whether frames and mesh are of one scan.

Boxes around few triangles each, along a curve that keeps together what lies together, are the leaves of a tree
(Lauterbach et al. 2009). Whole images of rays are cast several times as fast by `raycast`, but to load that, and to
make it ready, takes longer than those few rays do here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.geometry.compiled import Whole, compiled
from spargen.geometry.raycast import NO_FACE
from spargen.geometry.triangles import along_a_curve, arranged

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

LEAF, DEEP = 8, 64
"""Triangles that are tried one by one, at most; and how many boxes may wait on the way to them."""
NOWHERE_M = 1e30
"""Where boxes lie that hold nothing."""
ALONG = 1e300
"""Instead of the inverse of 0: what a ray runs along is within the bounds of a box for ever, or never."""
BESIDE = 1e-9
"""So far beside a triangle, in shares of its sides, is a hit still: no ray passes between two that share an edge."""


class Rays:
    """First hits on one triangle mesh. Several threads may cast at a time."""

    def __init__(self, vertices_m: ArrayLike, faces: ArrayLike) -> None:
        vertices = np.ascontiguousarray(vertices_m, dtype=np.float32).reshape(-1, 3)
        triangles = np.ascontiguousarray(faces, dtype=np.int64).reshape(-1, 3)
        self._face = np.argsort(along_a_curve(vertices, triangles), kind="stable")
        first = np.append(np.arange(0, len(triangles), LEAF), len(triangles))
        self._corners, low_m, high_m = arranged(vertices, triangles, self._face, first)
        leaves = 1 << max(len(first) - 2, 0).bit_length()
        # Box b holds boxes 2 b and 2 b + 1, the last ones are the leaves; some of those hold nothing.
        self._low_m, self._high_m = np.full((2 * leaves, 3), np.inf), np.full((2 * leaves, 3), -np.inf)
        # A little wider, for rays that run along a side of theirs.
        self._low_m[leaves : leaves + len(low_m)] = low_m - BESIDE * (1 + np.abs(low_m))
        self._high_m[leaves : leaves + len(low_m)] = high_m + BESIDE * (1 + np.abs(high_m))
        while leaves > 1:
            leaves //= 2
            below = slice(2 * leaves, 4 * leaves)
            self._low_m[leaves : 2 * leaves] = self._low_m[below].reshape(-1, 2, 3).min(axis=1)
            self._high_m[leaves : 2 * leaves] = self._high_m[below].reshape(-1, 2, 3).max(axis=1)
        # A box from inf to -inf would be entered by all rays.
        empty = self._low_m[:, 0] > self._high_m[:, 0]
        self._low_m[empty] = self._high_m[empty] = NOWHERE_M

    def cast(self, origin_m: ArrayLike, direction: ArrayLike) -> tuple[Ints, Floats]:
        """Cast rays (..., 3), with parameters and results of `RayCaster.cast`, but t (...) as float64."""
        towards = np.array(direction, dtype=np.float64)
        origin = np.array(np.broadcast_to(origin_m, towards.shape), dtype=np.float64)
        place, t = np.full(towards.shape[:-1], NO_FACE, dtype=np.int64), np.full(towards.shape[:-1], np.inf)
        _cast(
            origin.reshape(-1, 3),
            towards.reshape(-1, 3),
            self._corners,
            self._low_m,
            self._high_m,
            place.reshape(-1),
            t.reshape(-1),
        )
        return np.append(self._face, NO_FACE)[place], t


@compiled
def _cast(
    origin: Floats, towards: Floats, corners: Singles, low: Floats, high: Floats, place: Ints, hit: Floats
) -> None:
    leaves, waiting, enters, inverse = len(low) // 2, np.empty(DEEP, dtype=np.int64), np.empty(DEEP), np.empty(3)
    for r in range(len(towards)):
        o, d, first = origin[r], towards[r], np.inf
        for axis in range(3):
            inverse[axis] = 1 / d[axis] if d[axis] else ALONG
        many, waiting[0], enters[0] = 1, 1, _enters(low, high, 1, o, inverse)
        while many:
            many -= 1
            box = waiting[many]
            if not enters[many] < first:
                continue
            if box >= leaves:
                begin = (box - leaves) * LEAF
                for i in range(begin, min(begin + LEAF, corners.shape[1])):
                    t = _meets(corners, i, o, d)
                    if t < first:
                        place[r], first = i, t
                continue
            # The one that is entered first is looked at first.
            one, other = _enters(low, high, 2 * box, o, inverse), _enters(low, high, 2 * box + 1, o, inverse)
            near = 2 * box + (1 if other < one else 0)
            if max(one, other) < first:
                waiting[many], enters[many] = near ^ 1, max(one, other)
                many += 1
            if min(one, other) < first:
                waiting[many], enters[many] = near, min(one, other)
                many += 1
        hit[r] = first


@compiled
def _enters(low: Floats, high: Floats, box: Whole, o: Floats, inverse: Floats) -> float:
    """Return where a ray enters a box, inf where it passes by."""
    near, far = 0.0, np.inf
    for axis in range(3):
        a, b = (low[box, axis] - o[axis]) * inverse[axis], (high[box, axis] - o[axis]) * inverse[axis]
        enters, leaves = (a, b) if a < b else (b, a)
        near = enters if enters > near else near
        far = leaves if leaves < far else far
    return near if near <= far else np.inf


@compiled
def _meets(corners: Singles, i: Whole, o: Floats, d: Floats) -> float:
    """Return where a ray meets a triangle, inf where it does not (Moeller and Trumbore 1997)."""
    ax, ay, az = np.float64(corners[0, i]), np.float64(corners[1, i]), np.float64(corners[2, i])
    ux, uy, uz = corners[3, i] - ax, corners[4, i] - ay, corners[5, i] - az
    vx, vy, vz = corners[6, i] - ax, corners[7, i] - ay, corners[8, i] - az
    px, py, pz = d[1] * vz - d[2] * vy, d[2] * vx - d[0] * vz, d[0] * vy - d[1] * vx
    volume = ux * px + uy * py + uz * pz
    sx, sy, sz = o[0] - ax, o[1] - ay, o[2] - az
    sign = 1.0 if volume > 0 else -1.0
    most = volume * sign * (1 + BESIDE)
    u = (sx * px + sy * py + sz * pz) * sign
    if volume == 0 or not -BESIDE * most <= u <= most:
        return np.inf
    qx, qy, qz = sy * uz - sz * uy, sz * ux - sx * uz, sx * uy - sy * ux
    v = (d[0] * qx + d[1] * qy + d[2] * qz) * sign
    t = vx * qx + vy * qy + vz * qz
    return t / volume if -BESIDE * most <= v and u + v <= most and t * sign > 0 else np.inf
