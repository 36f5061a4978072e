"""The area of a floor."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from spargen.geometry.surface import triangle_areas_m2

CELL_M = 0.05
SAMPLES_PER_CELL = 16


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
    raster = _paint(
        np.asarray(vertices_m, dtype=np.float64), np.asarray(floor_faces), margin=int(closing_m / CELL_M) + 2
    )
    if not raster.any():
        return 0.0
    radius = closing_m / CELL_M
    # Distances do what a disc-shaped structuring element would, in time that does not grow with its size.
    grown = ndimage.distance_transform_edt(~raster) <= radius
    closed = ndimage.distance_transform_edt(grown) > radius
    return float(np.count_nonzero(ndimage.binary_fill_holes(closed | raster)) * CELL_M**2)


def _paint(vertices_m: NDArray[np.float64], faces: NDArray[np.int64], margin: int) -> NDArray[np.bool_]:
    """Mark the cells that faces cover, seen from above."""
    if not len(faces):
        return np.zeros((1, 1), dtype=bool)
    corner = vertices_m[faces][:, :, :2]
    origin = corner.reshape(-1, 2).min(axis=0)
    shape = np.ceil((corner.reshape(-1, 2).max(axis=0) - origin) / CELL_M).astype(int) + 2 * margin + 1
    flat = np.concatenate([corner, np.zeros((*corner.shape[:2], 1))], axis=2).reshape(-1, 3)
    area = triangle_areas_m2(flat, np.arange(len(flat)).reshape(-1, 3))
    # Faces get samples by their area, on a regular lattice of each triangle, dense enough to leave no cell out.
    side = np.ceil(np.sqrt(area * SAMPLES_PER_CELL / CELL_M**2)).astype(int) + 1
    side = np.maximum(side, np.ceil(np.ptp(corner, axis=1).max(axis=1) / CELL_M * 2).astype(int) + 1)
    raster = np.zeros(shape, dtype=bool)
    for n in np.unique(side):
        u, v = np.meshgrid((np.arange(n) + 0.5) / n, (np.arange(n) + 0.5) / n)
        weights = np.stack([1 - u - v, u, v], axis=-1)[u + v <= 1]
        points = np.einsum("kc,fcx->fkx", weights, corner[side == n]).reshape(-1, 2)
        cell = np.floor((points - origin) / CELL_M).astype(int) + margin
        raster[cell[:, 0], cell[:, 1]] = True
    return raster
