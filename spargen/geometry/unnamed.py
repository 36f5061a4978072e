"""Things that nobody annotated: compact pieces of surface that belong to no object, as far as points on them tell."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.bounds import bounds
from spargen.geometry.boxes import gravity_box
from spargen.geometry.images import SPAN, cubes, located, numbered, sample
from spargen.geometry.linked import linked
from spargen.geometry.surface import spread_points
from spargen.scene.cameras import Cameras
from spargen.scene.images import NOT_ANNOTATED, InstanceImages
from spargen.scene.types import Mesh, Surface

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

THIN_M, WIDE_M = 0.05, 2.5
"""A piece with a thinner box is a patch of wall or floor, or flat; with a wider one it is no single thing. A shoe is
thicker, and seen at once."""
SMALL_M = 0.1
"""What images show of a piece is no thing where its longest side is shorter: less than two cubes tell nothing."""
ON_PIECE = 64
"""Points that are spread over a piece, to see it by."""
CUBE_M, CUT_M, COLUMNS = 0.05, 1.0, 320
"""Of what images show, cubes of the first side that touch make a piece; a wide one is cut into parts of the second. So
many pixels across are looked at, which are 3 cm apart at 5 m in a view of 90 degrees."""


class Unnamed(NamedTuple):
    """M pieces of surface without annotation that may be things, seen by V views.

    center_m (M, 3) of the boxes of least footprint around them. reach_m (M,) how far from there the thing's own centre
    may be. seen (V, M) which views show them.
    """

    center_m: Floats
    reach_m: Floats
    seen: Bools


class Pieces(NamedTuple):
    """M pieces of a mesh without annotation that may be things.

    center_m (M, 3) of the boxes of least footprint around them. points_m (M, P, 3) spread over each, to see it by.
    """

    center_m: Floats
    points_m: Singles


def pieces_of(surface: Surface) -> Pieces:
    """Find what may be a thing and belongs to no object of a mesh; instance images have no such pieces of their own.

    Points of its own show a piece however small a part of the scene it is.
    """
    if isinstance(surface, InstanceImages):
        return Pieces(np.zeros((0, 3)), np.zeros((0, ON_PIECE, 3), dtype=np.float32))
    center_m, of_face = _in_mesh(surface)
    return Pieces(center_m, spread_points(surface, of_face, len(center_m), ON_PIECE)[0])


def _in_mesh(mesh: Mesh) -> tuple[Floats, NDArray[np.int32]]:
    """Find the pieces that faces link and that have the size of a thing.

    Returns
    -------
    centres (M, 3) of their boxes; (F,) the piece that each face belongs to, -1 = none.
    """
    bare = mesh.face_object < 0
    corners, is_used = mesh.faces[bare], np.zeros(len(mesh.vertices_m), dtype=bool)
    is_used[corners] = True
    used = np.flatnonzero(is_used)
    points_m, of_face = mesh.vertices_m[used], np.full(len(mesh.faces), -1, dtype=np.int32)
    node = _of_one_place(points_m)
    corners = node[(np.cumsum(is_used) - 1)[corners]]
    a, b = np.concatenate([corners[:, :2], corners[:, 1:]]).T
    piece = linked(a, b, len(used))
    low, high = bounds(points_m, piece[node])
    size, order = high - low, np.argsort(piece[node], kind="stable")
    first = np.searchsorted(piece[node][order], np.arange(len(size) + 1))
    hopeful = (size >= [0, 0, THIN_M]).all(axis=1) & (size <= [2 * WIDE_M, 2 * WIDE_M, WIDE_M]).all(axis=1)
    thing, centers = np.full(len(size), -1, dtype=np.int32), list[Floats]()
    for k in np.flatnonzero(hopeful).tolist():
        center, extent, _ = gravity_box(points_m[order[first[k] : first[k + 1]]])
        if extent.min() >= THIN_M and extent.max() <= WIDE_M:
            thing[k] = len(centers)
            centers.append(center)
    of_face[bare] = thing[piece[corners[:, 0]]]
    return np.reshape(centers, (-1, 3)), of_face


def _of_one_place(points_m: Floats) -> Ints:
    """Number (P,) the places of points (P, 3), to the millimetre."""
    place = np.rint(points_m * 1000)
    # From one of them on, for a world's origin may lie anywhere.
    return np.unique(numbered(place - place[:1]), return_inverse=True)[1]


def unnamed_in_images(
    images: InstanceImages, cameras: Cameras, n_objects: int, least: float, *, threads: int = 1
) -> Unnamed:
    """Find the pieces without annotation that the pixels of all views make together.

    Images show a thing from some sides only, so it may look flat, and its centre lies somewhere within half its longest
    side. A piece that is too wide for one thing may be a wall with things before it: any part of it may be one.

    Parameters
    ----------
    images, cameras : of V views.
    n_objects : how many objects the scene has.
    least : share of an image that shows a piece from which on the view counts.
    threads : that read images, 0 = as many as there are cores.
    """

    def of_view(view: int) -> tuple[Floats, Floats]:
        ids, depth_m, uv = sample(images, cameras, view, n_objects, COLUMNS)
        bare = (ids == NOT_ANNOTATED) & np.isfinite(depth_m)
        points_m = located(cameras, view, uv[bare], depth_m[bare])
        points_m = points_m[np.isfinite(points_m).all(axis=1)]
        _, first, count = np.unique(cubes(points_m, CUBE_M), return_index=True, return_counts=True)
        return points_m[first], count / ids.size

    with ThreadPoolExecutor(threads or None) as pool:
        found = list(pool.map(of_view, range(len(cameras))))
    points_m = np.concatenate([np.zeros((0, 3)), *(points for points, _ in found)])
    view, part = np.repeat(np.arange(len(found)), [len(points) for points, _ in found]), _parts(points_m)
    low, high = bounds(points_m, part)
    longest = (high - low).max(axis=1, initial=0.0) + CUBE_M
    shown = np.zeros((len(cameras), len(longest)))
    np.add.at(shown, (view, part), np.concatenate([np.zeros(0), *(share for _, share in found)]))
    thing = longest >= SMALL_M
    return Unnamed(((low + high) / 2)[thing], longest[thing] / 2, (shown >= least)[:, thing])


def _parts(points_m: Floats) -> Ints:
    """Number (P,) what points (P, 3) lie on: pieces of cubes that touch, and the parts that wide ones are cut into."""
    number, first, cube = np.unique(cubes(points_m, CUBE_M), return_index=True, return_inverse=True)
    links = []
    for x, y, z in product((-1, 0, 1), repeat=3):
        beside = number + (x * 2 * SPAN + y) * 2 * SPAN + z
        at = np.minimum(np.searchsorted(number, beside), len(number) - 1)
        links.append(np.stack([np.arange(len(number)), at])[:, number[at] == beside])
    a, b = np.concatenate(links, axis=1)
    piece = linked(a, b, len(number))
    low, high = bounds(points_m[first], piece)
    wide = ((high - low).max(axis=1, initial=0.0) > WIDE_M)[piece]
    cut = np.where(wide, cubes(points_m[first], CUT_M), -1)
    _, part = np.unique(np.stack([piece, cut]), axis=1, return_inverse=True)
    return np.asarray(part.ravel()[cube.ravel()], dtype=np.int64)
