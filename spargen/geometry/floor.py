"""The ground of a scene, and the area of its floor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy
from numpy.typing import NDArray

from spargen.errors import SceneError
from spargen.geometry.boxes import footprint_hull
from spargen.geometry.cells import CELL_M, Cells, widened
from spargen.geometry.surface import scene_points
from spargen.scene.images import InstanceImages
from spargen.scene.types import Mesh, Objects, Surface

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MARGIN_M, WIDEST_M = 5.0, 100.0
"""How far beyond the floor furniture is looked at; a wider floor is refused, for its raster would not fit in memory."""
SCRAPS = 0.01
"""Share of the floor, lowest and highest, that does not tell its height: where a label climbs a wall, say."""
SLAB_M = 0.05
"""A face of the floor this far below another is the underside of a slab."""
STOREY_M = 0.5
"""A face of the floor this far above another is another floor: no slab is so thick."""
WALL_M = 0.4
"""Narrower strips are no ground of which one may be unsure: walls are as thick as that."""


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """The ground of a scene, seen from above on a raster of `CELL_M`.

    origin_m : (2,) corner of the raster. height_m : (w, h) of the floor's topmost face at the middle of each cell, -inf
    where there is none. furniture : (w, h) cells below what stands on the floor. surface : (w, h) cells below or above
    any surface of the scene. rise_m : from the lowest face of the floor to the highest. over : share of the floor that
    lies `STOREY_M` or more above more floor.
    """

    origin_m: Floats
    height_m: Floats
    furniture: Bools
    surface: Bools
    rise_m: float
    over: float

    @property
    def floor(self) -> Bools:
        """(w, h) cells whose middle lies below or above a face of the floor."""
        return np.isfinite(self.height_m)

    def area_m2(self, closing_m: float, *, furniture: bool = True) -> float:
        """Area of the ground, gaps closed by a disc of radius `closing_m`, and what is enclosed on all sides filled.

        Walls between rooms and holes of a scan are such gaps. Without furniture, that of the scanned floor alone.
        """
        ground = self.floor | self.furniture if furniture else self.floor
        return _area_m2(_closed(ground, closing_m / CELL_M))

    def unsure_m2(self, closing_m: float) -> float:
        """Area that is ground or lies inside the outline of the whole scan, but not both; strips of a wall apart.

        Where walls stand all around, that is floor which was not scanned; and what the hull of a counter that bends
        around a corner holds outside the walls.
        """
        ground = _closed(self.floor | self.furniture, closing_m / CELL_M)
        outline = _closed(self.floor | self.surface, closing_m / CELL_M, lines=True)
        return _area_m2(_opened(ground ^ outline, WALL_M / 2 / CELL_M))

    def is_open(self, points_m: NDArray[np.floating]) -> Bools:
        """Tell which points (P, 3) of the floor can be seen from above: neither below furniture nor below a slab."""
        at = np.floor((points_m[:, :2] - self.origin_m) / CELL_M).astype(np.int64)
        at = np.clip(at, 0, np.array(self.furniture.shape) - 1)
        on_top = points_m[:, 2] > self.height_m[tuple(at.T)] - SLAB_M
        return np.asarray(on_top & ~self.furniture[tuple(at.T)])


def floor_plan(surface: Surface, objects: Objects, floor: Bools, furniture: Bools, stands_m: float) -> FloorPlan:
    """Draw the ground of a scene.

    Scanners do not see the floor below beds and along counters, so the footprints of what stands there are ground as
    well. Something stands there if its footprint touches the floor's own area, and its lowest point is within
    `stands_m` of that floor, or of the top of something else that stands there. A footprint is the hull of what an
    object has, seen from above, for a scan has holes; of a doubtful object, only what lies below its faces.

    Parameters
    ----------
    surface, objects : of the scene.
    floor : (N,) objects that are floors.
    furniture : (N,) objects that may stand on them.
    stands_m : how far above or below what carries it an object may begin.

    Raises
    ------
    SceneError
        Where there is no mesh, no floor, or a wider one than `WIDEST_M`.
    """
    if isinstance(surface, InstanceImages):
        what, mend = "images do not show all of the floor", "give a mesh for questions about the size of a room"
        raise SceneError(what, where="floor_plan", mend=mend)
    ground = surface.vertices_m[surface.faces[surface.belongs_to(floor)]]
    if not len(ground):
        raise SceneError("there is no floor", where="floor_plan", mend="see which labels are floors")
    flat = ground[..., :2].reshape(-1, 2)
    low, high = flat.min(axis=0), flat.max(axis=0)
    if (high - low > WIDEST_M).any():
        raise SceneError(f"the floor is wider than {WIDEST_M:.0f} m", where="floor_plan", mend="look for stray faces")
    raster = Cells(low - MARGIN_M, np.ceil((high - low + 2 * MARGIN_M) / CELL_M).astype(np.int64))
    top, bottom = raster.topmost_m(ground), -raster.topmost_m(ground * (1, 1, -1))
    some = np.isfinite(top)
    rise_m = np.quantile(top[some], 1 - SCRAPS) - np.quantile(bottom[some], SCRAPS) if some.any() else 0.0
    over = (top[some] - bottom[some] >= STOREY_M).mean() if some.any() else 0.0
    below = _below_furniture(surface, furniture, objects.doubtful, raster, top, stands_m)
    met, (at, inside) = np.zeros(raster.cells, dtype=bool), raster.cell_of(scene_points(surface)[0])
    met[at[inside]] = True
    below, met = below.reshape(raster.shape), met.reshape(raster.shape)
    return FloorPlan(raster.origin_m, top.reshape(raster.shape), below, met, float(rise_m), float(over))


@dataclass(frozen=True, slots=True)
class _Footprint:
    """An object seen from above: its faces (F,), its cells, those at most one cell aside, and where it begins."""

    faces: Ints
    cells: Ints
    beside: Ints
    lowest_m: float


def _below_furniture(
    mesh: Mesh, furniture: Bools, doubtful: Bools, raster: Cells, height_m: Floats, stands_m: float
) -> Bools:
    """Cells (C,) below objects that stand on the floor, whose height (C,) is -inf where there is none."""
    waiting = list(_footprints(mesh, furniture, doubtful, raster, np.isfinite(height_m)))
    support_m, ground = height_m.copy(), np.zeros(len(height_m), dtype=bool)
    while waiting:
        carried = [bool((np.abs(support_m[f.beside] - f.lowest_m) <= stands_m).any()) for f in waiting]
        if not any(carried):
            break
        standing = [f for f, stands in zip(waiting, carried, strict=True) if stands]
        waiting = [f for f, stands in zip(waiting, carried, strict=True) if not stands]
        asked = np.zeros(len(height_m), dtype=bool)
        for footprint in waiting:
            asked[footprint.beside] = True
        for footprint in standing:
            ground[footprint.cells] = True
            if not asked[footprint.beside].any():
                continue  # it carries nothing of what is left
            corners_m = mesh.vertices_m[mesh.faces[footprint.faces]]
            raster.lift(support_m, corners_m)
            # Upright boards are above the middle of no cell, but carry something all the same.
            vertex = corners_m.reshape(-1, 3)
            cell, inside = raster.cell_of(vertex)
            np.maximum.at(support_m, cell[inside], vertex[inside, 2])
    return ground


def _footprints(mesh: Mesh, furniture: Bools, doubtful: Bools, raster: Cells, is_floor: Bools) -> Iterator[_Footprint]:
    """Yield the footprints of objects that touch the floor's cells (C,)."""
    faces = np.flatnonzero(mesh.belongs_to(furniture))
    faces = faces[np.argsort(mesh.face_object[faces], kind="stable")]
    first = np.searchsorted(mesh.face_object[faces], np.arange(len(furniture) + 1)).tolist()
    for o, (a, b) in enumerate(pairwise(first)):
        if a == b:
            continue
        corners = mesh.faces[faces[a:b]]
        vertices_m = mesh.vertices_m[np.unique(corners)]
        if doubtful[o]:
            seen_from_above = mesh.vertices_m[corners]
        else:
            hull = np.insert(footprint_hull(vertices_m[:, :2]), 2, 0.0, axis=1)
            fan = [np.broadcast_to(hull[0], hull[2:].shape), hull[1:-1], hull[2:]]
            seen_from_above = np.stack(fan, axis=1)
        cells = raster.below(seen_from_above)
        at, inside = raster.cell_of(vertices_m)
        beside = raster.grown(raster.each([cells, at[inside]]))
        if is_floor[beside].any():
            yield _Footprint(faces[a:b], cells, beside, float(vertices_m[:, 2].min()))


def _closed(raster: Bools, radius: float, *, lines: bool = False) -> Bools:
    """Close a raster by a disc, of a radius in cells, and fill its holes.

    Across gaps, thin lines leave nothing when closed: where they bound what is wanted, holes are filled in between.
    """
    if not raster.any():
        return raster
    pad = int(radius) + 2
    raster = np.pad(raster, pad)
    rows, columns = np.nonzero(raster.any(axis=1))[0], np.nonzero(raster.any(axis=0))[0]
    box = slice(rows[0] - pad, rows[-1] + pad + 1), slice(columns[0] - pad, columns[-1] + pad + 1)
    grown = widened(raster[box], radius)
    grown = _filled(grown) if lines else grown
    closed = ~widened(~grown, radius)
    raster[box] |= _filled(closed | raster[box])
    return raster[pad:-pad, pad:-pad]


def _filled(raster: Bools) -> Bools:
    """Fill the holes of a raster whose first cell lies outside: all that no way along rows and columns leads to."""
    # A fifth of the time that `binary_fill_holes` takes.
    piece, _ = scipy.ndimage.label(~raster)
    return np.asarray(piece != piece[0, 0])


def _opened(raster: Bools, radius: float) -> Bools:
    """Leave out of a raster where no disc, of a radius in cells, fits in."""
    return widened(~widened(~raster, radius), radius)


def _area_m2(raster: Bools) -> float:
    return float(np.count_nonzero(raster) * CELL_M**2)
