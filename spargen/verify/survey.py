"""What the images of a scene show together, where there is no mesh: points of its surface, and what has no name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from spargen.verify.look import NONE, NOTHING, SURFACE_POINTS
from spargen.verify.loose import WIDE_M, Loose
from spargen.verify.optics import View

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = 320
"""Pixels across that are looked at, at most: 3 cm apart at 5 m in a view of 90 degrees."""
POINT_M, CELL_M = 0.08, 0.06
"""Sides of the cells of which each gives one point of the surface at most, and of those that nameless things fill."""
SMALL_M = 0.12
"""What cells show is no thing where its longest side is less than this and one cell more."""
TOUCH = 1.8
"""Cells whose middles are so many sides apart, at most, touch at a corner."""
BITS = 21
"""Of each number of a cell: enough for 60 km."""
AT_ONCE = 32
"""Frames put together at a time: bounds memory."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What one frame shows: ids (h, w), rows of things, `NONE` or `NOTHING`; depth_m (h, w), nan where unmeasured."""

    ids: NDArray[np.int32]
    depth_m: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Survey:
    """What all frames show together.

    points_m, normals (S, 3) : spread evenly over the surface; a normal points to where the point was seen from.
    cells : (C,) sorted numbers of the cells that hold what nobody annotated. loose : the pieces that they make.
    """

    points_m: Floats
    normals: Floats
    cells: Ints
    loose: Loose


def survey(shots: Iterable[tuple[Shot, View]]) -> Survey:
    """Look at all frames, one after the other.

    A plane that lies askew runs through more cells than one along them, by the sum of its normal's parts: so many more
    of its points are left out.
    """
    points, cells = np.zeros((0, 6)), np.zeros(0, dtype=np.int64)
    for some in _by(AT_ONCE, (_of_frame(shot, view) for shot, view in shots)):
        points = np.concatenate([points, *(p for p, _ in some)])
        points = points[np.unique(numbers_of(points[:, :3], POINT_M), return_index=True)[1]]
        cells = np.unique(np.concatenate([cells, *(c for _, c in some)]))
    rng = np.random.default_rng(0)
    points = points[rng.random(len(points)) * np.abs(points[:, 3:]).sum(axis=1) < 1]
    points = rng.permutation(points)[:SURFACE_POINTS]
    return Survey(points[:, :3], points[:, 3:], cells, _pieces(cells))


def _by(count: int, found: Iterator[tuple[Floats, Ints]]) -> Iterator[list[tuple[Floats, Ints]]]:
    some = []
    for one in found:
        some.append(one)
        if len(some) == count:
            yield some
            some = []
    yield some


def _of_frame(shot: Shot, view: View) -> tuple[Floats, Ints]:
    """Return points with unit normals (p, 6), one a cell, and the cells (c,) of what nobody annotated."""
    step = -(-shot.ids.shape[1] // COLUMNS)
    ids, at_m = shot.ids[::step, ::step], located(shot, view, step)
    measured = np.isfinite(at_m).all(axis=2)
    bare = at_m[measured & (ids == NONE)]
    rows, columns = np.nonzero(measured & (ids != NOTHING))
    _, first = np.unique(numbers_of(at_m[rows, columns], POINT_M), return_index=True)
    rows, columns = rows[first], columns[first]
    points = at_m[rows, columns]
    towards = view.position - points
    with np.errstate(invalid="ignore"):
        normals = np.cross(_slope(at_m, 0)[rows, columns], _slope(at_m, 1)[rows, columns])
        side = np.sign((normals * towards).sum(axis=1, keepdims=True))
    normals = np.where(np.abs(side) > 0, normals * side, towards)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return np.concatenate([points, normals], axis=1), np.unique(numbers_of(bare, CELL_M))


def located(shot: Shot, view: View, step: int = 1) -> Floats:
    """Return where in the world every so-manieth pixel of a frame is: (rows, columns, 3), nan where unmeasured."""
    height, width = shot.ids.shape
    v, u = np.meshgrid(np.arange(0, height, step) + 0.5, np.arange(0, width, step) + 0.5, indexing="ij")
    pixels = np.stack([u.ravel() * view.size[0] / width, v.ravel() * view.size[1] / height], axis=1)
    ahead = np.column_stack([view.looks(pixels), np.ones(len(pixels))])
    depth_m = shot.depth_m[::step, ::step].astype(np.float64)
    return view.position + (ahead * depth_m.reshape(-1, 1) @ view.T[:3, :3].T).reshape(*depth_m.shape, 3)


def _slope(at_m: Floats, axis: int) -> Floats:
    """Return the way from each place to its neighbour after or before it along an axis, whichever lies nearer."""
    gap = np.full_like(np.take(at_m, [0], axis=axis), np.nan)
    way = np.diff(at_m, axis=axis)
    ahead, back = np.concatenate([way, gap], axis=axis), np.concatenate([gap, way], axis=axis)
    far, near = (np.nan_to_num((x**2).sum(axis=2, keepdims=True), nan=np.inf) for x in (ahead, back))
    return np.where(far <= near, ahead, back)


def numbers_of(points_m: Floats, side_m: float) -> Ints:
    """Return numbers of the cells of a side in which points (p, 3) lie."""
    x, y, z = (np.floor(points_m / side_m).astype(np.int64) + 2 ** (BITS - 1)).T
    return np.asarray(((x << BITS) + y << BITS) + z)


def _pieces(cells: Ints) -> Loose:
    """Number the pieces that cells which touch make, and find the middles of those as large as a thing.

    Images show a thing from some sides only, so it may look flat.
    """
    if not len(cells):
        return Loose(np.zeros(0, dtype=np.int64), {})
    mask = 2**BITS - 1
    at = np.stack([cells >> 2 * BITS, cells >> BITS & mask, cells & mask], axis=1) - 2 ** (BITS - 1)
    a, b = cKDTree(at).query_pairs(TOUCH, output_type="ndarray").T
    links = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(at),) * 2)
    count, number = connected_components(links, directed=False)
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    np.minimum.at(low, number, at * CELL_M)
    np.maximum.at(high, number, (at + 1) * CELL_M)
    longest = (high - low).max(axis=1)
    middles = (low + high) / 2
    things = np.flatnonzero((longest >= SMALL_M + CELL_M) & (longest <= WIDE_M))
    return Loose(number.astype(np.int64), {n: middles[n] for n in things.tolist()})
