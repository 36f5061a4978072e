"""Things that nobody annotated: compact pieces of surface that belong to no object, as far as points on them tell."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from spargen.geometry.boxes import gravity_box
from spargen.geometry.images import SPAN, cubes, located, sample
from spargen.geometry.surface import scene_points
from spargen.scene.cameras import Cameras
from spargen.scene.images import NOT_ANNOTATED, InstanceImages
from spargen.scene.types import Mesh, Surface

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

THIN_M, WIDE_M = 0.1, 2.5
"""A piece with a thinner box is a patch of wall or floor, or flat; with a wider one it is no single thing."""
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


def unnamed_things(
    surface: Surface, cameras: Cameras, n_objects: int, sees_point: Bools, least: float, *, threads: int = 1
) -> Unnamed:
    """Find what may be a thing and belongs to none of the objects.

    Parameters
    ----------
    surface, cameras : of V views.
    n_objects : how many objects the scene has.
    sees_point : (V, S) which of the points of `surface_points` each view sees.
    least : share of an image that shows a piece from which on the view counts, where images are counted.
    threads : that read images.
    """
    if isinstance(surface, InstanceImages):
        return _in_images(surface, cameras, n_objects, least, threads)
    center_m, of_point = _in_mesh(surface)
    seen = [sees_point[:, of_point == k].any(axis=1) for k in range(len(center_m))]
    return Unnamed(center_m, np.zeros(len(center_m)), np.reshape(seen, (len(center_m), len(sees_point))).T)


def _in_mesh(mesh: Mesh) -> tuple[Floats, Ints]:
    """Find the pieces that faces link, which have a point of `scene_points` and the size of a thing.

    Returns
    -------
    centres (M, 3) of their boxes; (S,) the piece on which each of the points lies, -1 = none.
    """
    used, corner = np.unique(mesh.faces[mesh.face_object < 0], return_inverse=True)
    # Vertices at one place are one.
    _, node = np.unique(mesh.vertices_m[used].round(3), axis=0, return_inverse=True)
    bare = node.ravel()[corner].reshape(-1, 3)
    a, b = np.concatenate([bare[:, :2], bare[:, 1:]]).T
    links = csr_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(used),) * 2)
    of_used = connected_components(links, directed=False)[1][node.ravel()]
    piece = np.full(len(mesh.vertices_m), -1, dtype=np.int64)
    piece[used] = of_used
    _, face = scene_points(mesh)
    of_point = np.where(mesh.face_object[face] < 0, piece[mesh.faces[face, 0]], -1)
    thing = np.full(int(piece.max(initial=-1)) + 2, -1, dtype=np.int64)  # the last entry is that of points of no piece
    centers: list[Floats] = []
    for k in np.unique(of_point[of_point >= 0]):
        center, extent, _ = gravity_box(mesh.vertices_m[used[of_used == k]])
        if extent.min() >= THIN_M and extent.max() <= WIDE_M:
            thing[k] = len(centers)
            centers.append(center)
    return np.reshape(centers, (-1, 3)), thing[of_point]


def _in_images(images: InstanceImages, cameras: Cameras, n_objects: int, least: float, threads: int) -> Unnamed:
    """Find the pieces that the pixels of all views make together.

    Images show a thing from some sides only, so it may look flat, and its centre lies somewhere within half its longest
    side. A piece that is too wide for one thing may be a wall with things before it: any part of it may be one.
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
    low, high = _bounds(points_m, part)
    longest = (high - low).max(axis=1, initial=0.0) + CUBE_M
    shown = np.zeros((len(cameras), len(longest)))
    np.add.at(shown, (view, part), np.concatenate([np.zeros(0), *(share for _, share in found)]))
    thing = longest >= THIN_M
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
    linked = csr_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(number),) * 2)
    piece = connected_components(linked, directed=False)[1]
    low, high = _bounds(points_m[first], piece)
    wide = ((high - low).max(axis=1, initial=0.0) > WIDE_M)[piece]
    cut = np.where(wide, cubes(points_m[first], CUT_M), -1)
    _, part = np.unique(np.stack([piece, cut]), axis=1, return_inverse=True)
    return np.asarray(part.ravel()[cube.ravel()], dtype=np.int64)


def _bounds(points_m: Floats, group: Ints) -> tuple[Floats, Floats]:
    """Lowest and highest corner (G, 3) of the points (P, 3) of each group (P,)."""
    low = np.full((int(group.max(initial=-1)) + 1, 3), np.inf)
    high = -low
    np.minimum.at(low, group, points_m)
    np.maximum.at(high, group, points_m)
    return low, high
