"""What is done to each of tens of thousands of candidates, compiled: loaded by what draws them, not before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.compiled import compiled

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2^64 by the golden ratio: what is multiplied by it lies far from its neighbours (Knuth, vol. 3, 6.4)."""


@compiled
def anywhere(ok: Bools, sets: Ints) -> Bools:
    """Tell what is ok (V, N) in any view of each set (M, K): (M, N)."""
    found = np.zeros((len(sets), ok.shape[1]), dtype=np.bool_)
    for m in range(len(sets)):
        for k in range(sets.shape[1]):
            view = ok[sets[m, k]]
            for n in range(len(view)):
                found[m, n] |= view[n]
    return found


@compiled
def smallest(keys: Floats, counts: Ints, size: int) -> Ints:
    """Columns (R, size) of the smallest keys of each row, in order; of row r its first `counts[r]` keys are looked at.

    The keys are used up.
    """
    found = np.empty((len(keys), size), dtype=np.int64)
    for r in range(len(keys)):
        key = keys[r]
        for k in range(size):
            # No branch that chance decides: a processor cannot foresee it.
            best, at = np.inf, 0
            for column in range(counts[r]):
                smaller = key[column] < best
                at = column if smaller else at
                best = key[column] if smaller else best
            found[r, k] = at
            key[at] = np.inf
    return found


@compiled
def first_of_equal(rows: Ints) -> Bools:
    """Tell which rows (R, S) equal none before them."""
    first = np.zeros(len(rows), dtype=np.bool_)
    slots = 4
    while slots < 2 * len(rows):
        slots *= 2
    held = np.full(slots, -1, dtype=np.int64)
    for r in range(len(rows)):
        mixed = np.uint64(0)
        for s in range(rows.shape[1]):
            mixed = (mixed ^ np.uint64(rows[r, s])) * SPREAD
            mixed ^= mixed >> np.uint64(32)
        at = np.int64(mixed & np.uint64(slots - 1))
        while held[at] >= 0 and not _equal(rows[held[at]], rows[r]):
            at = (at + 1) & (slots - 1)
        if held[at] < 0:
            held[at], first[r] = r, True
    return first


@compiled
def _equal(one: Ints, other: Ints) -> bool:
    equal = True
    for k in range(len(one)):
        equal &= one[k] == other[k]
    return equal


@compiled
def shown_together(may_show: Bools, views: Ints, objects: Ints) -> Bools:
    """Tell of which candidates one view alone may show (V, N) all objects; a single object, the first view.

    views (R, K), objects (R, S); returns (R,).
    """
    together = np.zeros(len(views), dtype=np.bool_)
    for r in range(len(views)):
        for k in range(views.shape[1] if objects.shape[1] > 1 else 1):
            every = True
            for s in range(objects.shape[1]):
                every &= may_show[views[r, k], objects[r, s]]
            together[r] |= every
    return together


@compiled
def pick_images(ok: Bools, views: Ints, objects: Ints, keys: Floats, own: bool) -> tuple[Ints, Bools]:
    """Pick for each object one of the views in which it may be marked: the one of the largest key.

    Parameters
    ----------
    ok : (V, N) where an object may be marked.
    views, objects : (R, K), (R, S).
    keys : (R, K, S) random ones of 0 or more.
    own : whether each object of a candidate takes another view.

    Returns
    -------
    image (R, S) position in the views; found (R,) whether there was one for every object.
    """
    image, found = np.zeros(objects.shape, dtype=np.int64), np.ones(len(views), dtype=np.bool_)
    for r in range(len(views)):
        for s in range(objects.shape[1]):
            best = -1.0
            for k in range(views.shape[1]):
                if keys[r, k, s] > best and ok[views[r, k], objects[r, s]]:
                    taken = False
                    for before in range(s if own else 0):
                        taken |= image[r, before] == k
                    if not taken:
                        best, image[r, s] = keys[r, k, s], k
            found[r] &= best >= 0
    return image, found


@compiled
def points_apart(point: Floats, view: Ints, gap: float) -> Bools:
    """Tell of which candidates no two points (R, S, 2) in one view (R, S) are closer than a gap."""
    apart = np.ones(len(point), dtype=np.bool_)
    for r in range(len(point)):
        for a in range(point.shape[1]):
            for b in range(a):
                if view[r, a] == view[r, b]:
                    x, y = point[r, a, 0] - point[r, b, 0], point[r, a, 1] - point[r, b, 1]
                    apart[r] &= np.sqrt(x * x + y * y) >= gap
    return apart
