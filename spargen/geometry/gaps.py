"""How near the surfaces of objects come to each other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import scipy
from numpy.typing import NDArray

from spargen.geometry.solid_boxes import boxes_touch
from spargen.geometry.surface import ends
from spargen.scene.images import InstanceImages
from spargen.scene.types import Mesh, Objects, Surface

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STEP_M = 0.01
"""Surfaces are compared at points no farther apart than this: gaps of 3 cm come out right to a millimetre."""


def touching(surface: Surface, objects: Objects, kind: NDArray[np.integer], gap_m: float) -> Bools:
    """Tell which objects (N,) come within `gap_m` of another of their kind, surface to surface.

    Where there is no mesh their boxes tell, which are never farther apart than what is in them.

    `kind` (N,) numbers the kinds; an object of kind -1 touches nothing.
    """
    if isinstance(surface, InstanceImages):
        return boxes_touch(objects, kind, gap_m)
    return _faces_touch(surface, kind, gap_m)


def _faces_touch(mesh: Mesh, kind: NDArray[np.integer], gap_m: float) -> Bools:
    order = np.argsort(mesh.face_object, kind="stable")
    first = np.searchsorted(mesh.face_object[order], np.arange(len(kind) + 1))
    near = np.zeros(len(kind), dtype=bool)
    for k in np.unique(kind[kind >= 0]):
        members = [int(o) for o in np.flatnonzero(kind == k) if first[o] < first[o + 1]]
        surface = {o: mesh.vertices_m[mesh.faces[order[first[o] : first[o + 1]]]] for o in members}
        bounds = {o: _bounds(surface[o]) for o in members}
        for a, b in combinations(members, 2):
            if near[a] and near[b]:
                continue
            low, high = _meeting(bounds[a], bounds[b], gap_m)
            if (low <= high).all() and _within(surface[a], surface[b], gap_m):
                near[[a, b]] = True
    return near


def _bounds(triangles: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest corner (3,) of the box around triangles (F, 3, 3)."""
    # Axis after axis: numpy is slow along one of three.
    axes = np.ascontiguousarray(triangles.reshape(-1, 3).T)
    return axes.min(axis=1, initial=np.inf), axes.max(axis=1, initial=-np.inf)


def _meeting(a: tuple[Floats, Floats], b: tuple[Floats, Floats], gap_m: float) -> tuple[Floats, Floats]:
    """Lowest and highest corner (3,) of the box in which lie all parts of two boxes that may be within a gap.

    Along an axis where they are farther apart, the lowest is above the highest.
    """
    return np.maximum(a[0], b[0]) - gap_m, np.minimum(a[1], b[1]) + gap_m


def _within(a: Floats, b: Floats, gap_m: float) -> bool:
    """Tell whether triangles (A, 3, 3) and (B, 3, 3) come within a gap, from coarse to fine.

    Corners within the gap settle it. Else only those triangles stay that may be within it away from their corners, for
    no point of a triangle is farther than its longest side from a corner; and these are cut finer.
    """
    a, b = _facing(a, b, gap_m)
    while len(a) and len(b):
        to_b, to_a = _corner_distance_m(a, b), _corner_distance_m(b, a)
        if to_b.min() <= gap_m:
            return True
        side_a, side_b = _sides_m(a).max(axis=1), _sides_m(b).max(axis=1)
        longest_m = max(side_a.max(), side_b.max())
        if longest_m <= STEP_M:
            return False
        a, b = a[to_b <= gap_m + side_a + side_b.max()], b[to_a <= gap_m + side_b + side_a.max()]
        # The longest first: while one face is hundreds of metres long, nothing is known of the others.
        most_m = max(STEP_M, longest_m / 2)
        a, b = _facing(_halved(a, most_m), _halved(b, most_m), gap_m)
    return False


def _facing(a: Floats, b: Floats, gap_m: float) -> tuple[Floats, Floats]:
    """Return those of two lots of triangles that reach into the box in which both may lie."""
    low, high = _meeting(_bounds(a), _bounds(b), gap_m)
    return _reaching(a, low, high), _reaching(b, low, high)


def _reaching(triangles: Floats, low: Floats, high: Floats) -> Floats:
    """Return the triangles that may reach into a box."""
    lowest, highest = ends(triangles)
    return np.asarray(triangles[((highest >= low) & (lowest <= high)).all(axis=1)])


def _corner_distance_m(triangles: Floats, others: Floats) -> Floats:
    """Distance (F,) of the nearest corner of each triangle to any corner of the others."""
    distance_m, _ = scipy.spatial.cKDTree(others.reshape(-1, 3)).query(triangles.reshape(-1, 3))
    return np.asarray(distance_m.reshape(-1, 3).min(axis=1))


def _sides_m(triangles: Floats) -> Floats:
    """Lengths (F, 3) of the sides, each from a corner to the next."""
    return np.asarray(np.linalg.norm(triangles - np.roll(triangles, -1, axis=1), axis=2))


def _halved(triangles: Floats, most_m: float) -> Floats:
    """Cut triangles at the middle of their longest side, unless that is no longer than `most_m`."""
    sides = _sides_m(triangles)
    long = np.flatnonzero(sides.max(axis=1) > most_m)
    a, b, c = (triangles[long, (sides[long].argmax(axis=1) + k) % 3] for k in range(3))
    middle = (a + b) / 2
    kept = np.delete(triangles, long, axis=0)
    return np.concatenate([kept, np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)])
