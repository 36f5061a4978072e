"""The area of a floor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

CELL_M = 0.05


def floor_area_m2(vertices_m: ArrayLike, floor_faces: ArrayLike, closing_m: float) -> float:
    """Area of the ground that floor faces cover, gaps up to a size closed and holes filled.

    The faces are painted on a raster of `CELL_M`; a disc of radius `closing_m` closes gaps (walls between rooms, scan
    holes), then what is enclosed on all sides (the ground under furniture) is filled.

    Parameters
    ----------
    vertices_m : (P, 3), +Z up.
    floor_faces : (F, 3) vertex indices.
    closing_m : radius of the closing.
    """
    return floor_areas_m2(vertices_m, floor_faces, [closing_m])[0]


def floor_areas_m2(vertices_m: ArrayLike, floor_faces: ArrayLike, closings_m: Sequence[float]) -> list[float]:
    """`floor_area_m2` for several radii of the closing."""
    raster = _paint(np.asarray(vertices_m, dtype=np.float64), np.asarray(floor_faces))
    return [_closed_area_m2(raster, closing_m / CELL_M) for closing_m in closings_m]


def _closed_area_m2(raster: NDArray[np.bool_], radius: float) -> float:
    if not raster.any():
        return 0.0
    raster = np.pad(raster, int(radius) + 2)
    # Distances do what a disc-shaped structuring element would, in time that does not grow with its size.
    grown = ndimage.distance_transform_edt(~raster) <= radius
    closed = ndimage.distance_transform_edt(grown) > radius
    return float(np.count_nonzero(ndimage.binary_fill_holes(closed | raster)) * CELL_M**2)


def _paint(vertices_m: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the cells whose middle lies on a face, seen from above: on average as much area as the faces have."""
    if not len(faces):
        return np.zeros((1, 1), dtype=bool)
    corner = vertices_m[faces][:, :, :2]
    origin = corner.reshape(-1, 2).min(axis=0)
    shape = np.ceil((corner.reshape(-1, 2).max(axis=0) - origin) / CELL_M).astype(int) + 1
    # In cells, counted so that the middle of a cell is a whole number.
    corner = (corner - origin) / CELL_M - 0.5
    a, b, c = corner.transpose(1, 0, 2)
    upright = np.abs(_cross(b - a, c - a)) < 1e-9
    first = np.ceil(corner.min(axis=1)).astype(int)
    size = np.maximum(np.floor(corner.max(axis=1)).astype(int) - first + 1, 0) * ~upright[:, None]
    count = size.prod(axis=1)
    face = np.repeat(np.arange(len(faces)), count)
    k = np.arange(len(face)) - np.repeat(np.cumsum(count) - count, count)
    cell = first[face] + np.stack(np.divmod(k, size[face, 1]), axis=-1)
    sides = [_cross(q[face] - p[face], cell - p[face]) for p, q in ((a, b), (b, c), (c, a))]
    inside = (np.min(sides, axis=0) >= -1e-9) | (np.max(sides, axis=0) <= 1e-9)
    raster = np.zeros(shape, dtype=bool)
    raster[tuple(cell[inside].T)] = True
    return raster


def _cross(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])
