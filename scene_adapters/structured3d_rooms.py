"""The outlines of a house's rooms, and which room each object stands in by its box.

``annotation_3d.json`` has planes, the lines where they meet, and the junctions at the lines' ends; two matrices say
which lines each plane has, and which junctions each line. A room lists the planes around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.conventions import MILLIMETRE
from scene_adapters.formats.files import DAMAGED
from spargen.errors import SceneError
from spargen.scene.types import Objects

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_HOLES = frozenset({"door", "window"})
_NO_ROOMS = _HOLES | {"outwall"}
_ACROSS = 7
"""Points along each side of a box at which it is asked which room they are in."""


def outlines(document: Mapping[str, Any], path: Path) -> dict[str, Floats]:
    """Return the outline of the floor of each room by its number: (S, 2, 2) ends of S sides, in metres.

    Sides of doors and windows belong to walls, and count only where the outline has gaps without them. Rooms whose
    floor has no closed outline are left out.

    Raises
    ------
    SceneError
        Where the file is not what it should be.
    """
    try:
        floor, of_hole, ends, xy_m = _read(document)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        what = f"planes, lines, junctions and their matrices are not as they should be ({error})"
        raise SceneError(what, where=path, mend=DAMAGED) from None
    found = {}
    for room, of_floor in floor.items():
        sides = next((s for s in (of_floor & ~of_hole, of_floor) if _closed(ends[s])), None)
        if sides is not None:
            found[room] = xy_m[np.nonzero(ends[sides])[1].reshape(-1, 2)]
    return found


def _read(document: Mapping[str, Any]) -> tuple[dict[str, Bools], Bools, Bools, Floats]:
    """Return the lines (L,) of each room's floor, those of doors and windows, each line's ends (L, J), and (J, 2)."""
    planes, xyz = document["planes"], [junction["coordinate"] for junction in document["junctions"]]
    xy_m = np.reshape(np.array(xyz, dtype=np.float64), (-1, 3))[:, :2] * MILLIMETRE
    shape = len(planes), len(document["lines"])
    lines_of = np.reshape(np.array(document["planeLineMatrix"], dtype=bool), shape)
    ends = np.reshape(np.array(document["lineJunctionMatrix"], dtype=bool), (shape[1], len(xy_m)))
    # Planes are named by their IDs, and the matrix has them in the order of the list.
    row = {plane["ID"]: k for k, plane in enumerate(planes)}
    floors: dict[str, Bools] = {}
    of_hole = np.zeros(shape[1], dtype=bool)
    for part in document["semantics"]:
        rows = [row[plane] for plane in part["planeID"]]
        if part["type"] in _HOLES:
            of_hole[lines_of[rows].any(axis=0)] = True
        elif part["type"] not in _NO_ROOMS:
            own = [k for k in rows if planes[k]["type"] == "floor"]
            floors[str(part["ID"])] = np.asarray(lines_of[own].any(axis=0))
    return floors, of_hole, ends, xy_m


def _closed(ends: Bools) -> bool:
    """Tell whether lines with such ends (S, J) make closed loops."""
    return len(ends) > 2 and bool((ends.sum(axis=1) == 2).all() and (ends.sum(axis=0) % 2 == 0).all())


def inside(outline: Floats, points: Floats) -> Bools:
    """Tell which points (P, 2) lie inside of an outline (S, 2, 2): a ray to +x crosses an odd number of its sides."""
    (ax, ay), (bx, by) = outline[:, 0].T, outline[:, 1].T
    x, y = points[:, None, 0], points[:, None, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        crosses = ((ay > y) != (by > y)) & (x < ax + (y - ay) * (bx - ax) / (by - ay))
    return np.asarray(crosses.sum(axis=1) % 2 == 1)


def rooms_of(objects: Objects, rooms: Mapping[str, Floats]) -> list[str | None]:
    """Return the room that has more of each object's box than any other has, None where there is no such room."""
    steps = (np.arange(_ACROSS) + 0.5) / _ACROSS - 0.5
    local = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    names, found = list(rooms), []
    for center, extent, R in zip(objects.center_m, objects.extent_m, objects.R_world_box, strict=True):
        points = (local * extent @ R.T + center)[:, :2]
        count = np.array([np.count_nonzero(inside(rooms[name], points)) for name in names], dtype=np.int64)
        most = count.max(initial=0)
        found.append(names[int(count.argmax())] if most and np.count_nonzero(count == most) == 1 else None)
    return found
