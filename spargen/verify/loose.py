"""Things that nobody annotated: compact pieces of surface that belong to no object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from spargen.verify.plane import least_rectangles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

THIN_M, WIDE_M = 0.06, 2.4
"""A piece with a thinner box is a patch of a wall; with a wider one it is no single thing: both a little stricter than
what `spargen` goes by, so that a careful reader would agree."""


@dataclass(frozen=True, slots=True)
class Loose:
    """Pieces that may be things.

    number : (F,) the piece of each face, or of each cell where there is no mesh, -1 = none. middle_m : centre (3,) of
    the box around it, by number, of those that have the size of a thing.
    """

    number: Ints
    middle_m: Mapping[int, Floats]

    def shares(self, pieces: Ints, pixels: int) -> dict[int, float]:
        """Return the share of an image of so many pixels, by number, of pieces (p,) that its pixels show."""
        count = np.bincount(pieces + 1, minlength=2)[1:]
        return {n: float(count[n]) / pixels for n in np.flatnonzero(count).tolist() if n in self.middle_m}


def loose_pieces(vertices_m: Floats, faces: Ints, bare: Ints) -> Loose:
    """Find the pieces that faces link among those faces (b,) that nobody annotated."""
    number = np.full(len(faces), -1, dtype=np.int64)
    if not len(bare):
        return Loose(number, {})
    used, corner = np.unique(faces[bare], return_inverse=True)
    # Vertices at one place are one.
    _, node = np.unique(np.round(vertices_m[used], 3), axis=0, return_inverse=True)
    a, b, c = node.ravel()[corner.reshape(-1, 3)].T
    pairs = np.concatenate([a, b]), np.concatenate([b, c])
    links = coo_matrix((np.ones(2 * len(bare), dtype=np.int8), pairs), shape=(int(node.max()) + 1,) * 2)
    number[bare] = connected_components(links, directed=False)[1][a]
    order = bare[np.argsort(number[bare], kind="stable")]
    start = np.flatnonzero(np.diff(number[order], prepend=-1))
    corners = vertices_m[faces[order]]
    low = np.minimum.reduceat(corners.min(axis=1), start)
    high = np.maximum.reduceat(corners.max(axis=1), start)
    span = high - low
    hopeful = (span.max(axis=1) >= THIN_M) & (span[:, 2] >= THIN_M) & (span[:, :2].max(axis=1) <= WIDE_M * 1.5)
    middles: dict[int, Floats] = {}
    for k in np.flatnonzero(hopeful).tolist():
        end = start[k + 1] if k + 1 < len(start) else len(order)
        r = least_rectangles(corners[start[k] : end].reshape(-1, 3)[:, :2])[0]
        bottom, top = float(low[k, 2]), float(high[k, 2])
        if min(r.short_side, top - bottom) >= THIN_M and max(r.long_side, top - bottom) <= WIDE_M:
            middles[int(number[order[start[k]]])] = np.array([*r.center, (bottom + top) / 2])
    return Loose(number, middles)
