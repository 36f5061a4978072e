"""What pixels of instance images show, and where in the world it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.scene.cameras import Cameras
from spargen.scene.images import InstanceImages

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]

SPAN = 2**20
"""Cubes from the world's origin to where their numbers end: 50 km with cubes of 5 cm."""


class Sample(NamedTuple):
    """Every so-manieth pixel of a view.

    ids (h, w) what they show. depth_m (h, w) nan where none was measured. uv (h, w, 2) where they are in the camera's
    image.
    """

    ids: Ids
    depth_m: NDArray[np.float32]
    uv: Floats


def sample(images: InstanceImages, cameras: Cameras, view: int, n_objects: int, columns: int) -> Sample:
    """Read a view of a scene with so many objects, and take so many columns of its pixels at most, and rows alike."""
    size = cameras.size_px[view]
    ids, depth_m = images.read(view, size, n_objects)
    (h, w), step = ids.shape, -(-ids.shape[1] // columns)
    some = (slice(step // 2, None, step),) * 2
    x, y = np.meshgrid(np.arange(w)[some[1]], np.arange(h)[some[0]])
    return Sample(ids[some], depth_m[some], (np.stack([x, y], axis=-1) + 0.5) * (size / [w, h]))


def located(cameras: Cameras, view: int, uv: Floats, depth_m: NDArray[np.float32]) -> Floats:
    """Return where in the world positions (..., 2) of a view with given depths (...) are: (..., 3), nan without."""
    origin_m, direction = cameras.rays(view, uv)
    return np.asarray(origin_m + direction.reshape(*depth_m.shape, 3) * depth_m[..., None])


def pixel_of(uv: ArrayLike, size_px: ArrayLike, shape: tuple[int, ...]) -> tuple[Ints, Ints]:
    """Return column and row, in images of a shape (h, w), of positions (R, 2) inside a camera's image."""
    h, w = shape
    at = np.asarray(uv) * (np.array([w, h]) / np.asarray(size_px))
    x, y = np.clip(np.floor(at).astype(np.int64), 0, [w - 1, h - 1]).T
    return x, y


def facing(points_m: Floats, row: Ints, column: Ints, position_m: Floats) -> Floats:
    """Return normals (R, 3), of any length, of what a camera sees at some points (h, w, 3) of a sample: they face it.

    Of the neighbours on two sides the one counts that lies nearer in space, for the other may lie on something behind.
    What has no neighbours faces the camera.
    """
    towards = position_m - points_m[row, column]
    normal = np.cross(_to_neighbour(points_m, row, column, 1, 0), _to_neighbour(points_m, row, column, 0, 1))
    along = (normal * towards).sum(axis=1, keepdims=True)
    return np.where(np.abs(along) > 0, normal * np.sign(along), towards)


def _to_neighbour(points_m: Floats, row: Ints, column: Ints, down: int, right: int) -> Floats:
    """Ways (R, 3) from points to the nearer of the two neighbours in a direction; nan where there is none."""
    framed = np.pad(points_m, ((1, 1), (1, 1), (0, 0)), constant_values=np.nan)
    y, x = row + 1, column + 1
    there, back = framed[y + down, x + right] - framed[y, x], framed[y, x] - framed[y - down, x - right]
    far, near = (np.nan_to_num((way**2).sum(axis=1, keepdims=True), nan=np.inf) for way in (there, back))
    return np.where(far <= near, there, back)


def cubes(points_m: Floats, side_m: float) -> Ints:
    """Number (P,) the cubes that points (P, 3) lie in, in the order of x, then y, then z."""
    return numbered(np.floor(points_m / side_m))


def numbered(cells: Floats) -> Ints:
    """Give each of cells (P, 3), which are whole numbers, a number of its own, in the order of x, then y, then z."""
    x, y, z = np.clip(cells + SPAN, 0, 2 * SPAN - 1).astype(np.int64).T
    return np.asarray((x * 2 * SPAN + y) * 2 * SPAN + z)
