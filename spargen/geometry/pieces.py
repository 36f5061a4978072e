"""The connected pieces of an annotated object: which of them is the object, and which are strays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.apart import apart_m
from spargen.geometry.bounds import bounds
from spargen.geometry.boxes import footprint_hull, outside_m
from spargen.geometry.linked import linked

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LINK_M = 0.1
"""Pieces with a smaller gap between them are one."""
STRAY_SHARE, STRAY_M = 0.05, 0.3
"""A stray has less than this share of its object's area, and lies farther than this outside the largest's footprint."""
MOST_STRAYED = 0.1
"""Strays that are more than this share of an object's area together are none: the object is doubtful."""
APART_M = 0.5
"""Parts that are no strays and have a larger gap between them make an object doubtful."""
GRAIN_M = 0.05
"""Gaps are measured between points no farther apart than this on a surface."""
MOST_SPLITS, MOST_GRAINS = 64, 250_000
"""Lines into which a side of a face is cut at most, and about how many points are added to an object so: bounds memory
and time where a mesh is in millimetres."""
MOST_PIECES = 5_000
"""An object in more pieces is doubtful without a look at the gaps between them: they take time by their square."""


@dataclass(frozen=True, slots=True)
class MainBody:
    """What an object is.

    kept : (P,) bool, its points that are no strays'. strays : how many pieces were left out. doubtful : it has parts
    that lie apart, or hardly a body among its strays, so no box around them can be trusted. In the latter case nothing
    is left out.
    """

    kept: Bools
    strays: int
    doubtful: bool


def linked_closely(points_m: Floats, owner: NDArray[np.integer], corners: NDArray[np.integer]) -> Ints:
    """Number pieces (P,) of points that faces link, or that are so near that no gap of `LINK_M` parts them: most links.

    Points of an object in one cell of a raster whose diagonal is `LINK_M` are linked without a look at distances, and
    only faces that reach over several cells link anything else.

    Parameters
    ----------
    points_m : (P, 3) vertices of objects. owner : (P,) the object of each.
    corners : (F, 3) the objects' faces, as indices of points; -1 where a corner is not the object's.
    """
    if not len(points_m):
        return np.zeros(0, dtype=np.int64)
    cell = np.floor((points_m - np.median(points_m[:: 1 + len(points_m) // 10_000], axis=0)) / (LINK_M / np.sqrt(3)))
    # What lies kilometres off may share the last cell.
    x, y, z = np.clip(cell, -(2**15), 2**15 - 1).astype(np.int64).T
    code = (((owner.astype(np.int64) << 16) + x << 16) + y << 16) + z
    _, cell_of = np.unique(code, return_inverse=True)
    a, b, c = np.append(cell_of.ravel(), -1)[corners].T
    first, second = (np.concatenate(pair) for pair in ((a, b, c), (b, c, a)))
    across = (first != second) & (first >= 0) & (second >= 0)
    return linked(first[across], second[across], int(cell_of.max(initial=-1)) + 1)[cell_of.ravel()]


def main_body(points_m: Floats, piece: Ints, corners: NDArray[np.integer], area_m2: Floats) -> MainBody:
    """Tell an object from its stray pieces.

    Parameters
    ----------
    points_m : (P, 3) its vertices.
    piece : (P,) which of them are linked closely, by any numbers.
    corners : (F, 3) its faces, as indices of points; -1 for a corner that is not the object's.
    area_m2 : (F,) their areas.
    """
    piece = np.unique(piece, return_inverse=True)[1].ravel()
    k = int(piece.max(initial=0)) + 1
    if k == 1:
        return MainBody(np.ones(len(points_m), dtype=bool), 0, doubtful=False)
    if k > MOST_PIECES:
        return MainBody(np.ones(len(points_m), dtype=bool), 0, doubtful=True)
    of_face = piece[np.ascontiguousarray(corners.T).max(axis=0)]
    size = np.bincount(of_face, weights=area_m2, minlength=k)
    if not size.any():  # points without a face between them
        size = np.bincount(piece).astype(np.float64)
    a, b, gap_m = _gaps_m(*_grained(points_m, piece, corners, of_face))
    group = linked(a[gap_m < LINK_M], b[gap_m < LINK_M], k)
    share = np.bincount(group, weights=size) / size.sum()
    stays = share >= STRAY_SHARE
    small = np.flatnonzero(~stays[group[piece]])
    hull = footprint_hull(points_m[group[piece] == share.argmax()][:, :2])
    stays[group[piece[small[outside_m(points_m[small, :2], hull) <= STRAY_M]]]] = True
    if share[~stays].sum() > MOST_STRAYED:  # bars, tiles: like pieces, none of which is more the object than others
        return MainBody(np.ones(len(points_m), dtype=bool), 0, doubtful=True)
    left = stays[group]
    # What is no stray may bridge a gap: the scraps of a pole join the foot of a lamp and its shade.
    near = (gap_m <= APART_M) & left[a] & left[b]
    part = linked(a[near], b[near], k)
    large = np.bincount(part, weights=size * left) >= STRAY_SHARE * size.sum()
    return MainBody(left[piece], int(np.count_nonzero(~stays)), doubtful=bool(np.count_nonzero(large) > 1))


def _grained(points_m: Floats, piece: Ints, corners: NDArray[np.integer], of_face: Ints) -> tuple[Floats, Ints]:
    """Points and their pieces, with points added on large faces so that none is farther than `GRAIN_M` from the next.

    Between vertices alone the top of a table would lie far from the leg that carries its middle.
    """
    whole = (np.ascontiguousarray(corners.T) >= 0).all(axis=0)
    triangle, owner = points_m[corners[whole]], of_face[whole]
    # Axis after axis: numpy is slow along one of three.
    a, b, c = np.ascontiguousarray(triangle.transpose(1, 2, 0))
    longest_m = np.sqrt(np.max([((p - q) ** 2).sum(axis=0) for p, q in ((a, b), (b, c), (c, a))], axis=0))
    splits = np.clip(np.ceil(longest_m / GRAIN_M), 1, MOST_SPLITS)
    coarser = np.sqrt(MOST_GRAINS / max(1, (splits**2 / 2).sum()))
    splits = np.maximum(1, splits * min(1, coarser)).astype(np.int64)
    points, pieces = [points_m], [piece]
    for n in np.unique(splits[splits > 1]):
        u, v = (g[np.add.outer(np.arange(n + 1), np.arange(n + 1)) <= n] / n for g in np.mgrid[: n + 1, : n + 1])
        weight = np.stack([1 - u - v, u, v], axis=-1)
        points.append(np.matmul(weight, triangle[splits == n]).reshape(-1, 3))
        pieces.append(np.repeat(owner[splits == n], len(weight)))
    return np.concatenate(points), np.concatenate(pieces)


def _gaps_m(points_m: Floats, piece: Ints) -> tuple[Ints, Ints, Floats]:
    """Pairs of pieces that come nearer to each other than `APART_M`, or as near, and the gaps between them."""
    order = np.argsort(piece, kind="stable")
    own = np.split(points_m[order], np.flatnonzero(np.diff(piece[order])) + 1)
    low, high = bounds(points_m, piece)
    found = []
    for i in range(len(own)):
        between = np.maximum(np.maximum(low[i + 1 :] - high[i], low[i] - high[i + 1 :]), 0)
        for j in (i + 1 + np.flatnonzero(np.linalg.norm(between, axis=1) <= APART_M)).tolist():
            found.append((i, j, apart_m(own[i], own[j], APART_M + LINK_M)))
    a, b, gap = np.array(found, dtype=np.float64).reshape(-1, 3).T
    return a.astype(np.int64), b.astype(np.int64), gap
