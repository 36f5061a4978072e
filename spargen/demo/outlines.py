"""A floor plan as Structured3D's ``annotation_3d.json`` has it: planes, the lines where they meet, and junctions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from spargen.demo.plan import DOOR_H_M, Opening, Plan, Room

Point = tuple[float, float, float]
"""In millimetres."""

_FIRST_ROOM, _ROOM_STEP = 482136, 37
_FIRST_HOLE = 900
_KNOWN = ("living room", "kitchen", "bedroom", "bathroom", "study", "dining room")


def room_id(room: int) -> int:
    """Return the number that a room of the plan has."""
    return _FIRST_ROOM + _ROOM_STEP * room


def annotation_of(plan: Plan) -> dict[str, Any]:
    """Return the document; lines of doorways lie on floors, and are no part of their outlines."""
    draft = _Draft()
    semantics = []
    for i, room in enumerate(plan.rooms):
        own = _room_planes(draft, room, plan.height_m, [o for o in plan.openings if i in (o.a, o.b)])
        kind = room.name if room.name in _KNOWN else "undefined"
        semantics.append({"ID": room_id(i), "type": kind, "planeID": own})
    for k, opening in enumerate(plan.openings):
        holes = [draft.plane("wall", _hole(opening, plan.rooms[i])) for i in (opening.a, opening.b)]
        semantics.append({"ID": _FIRST_HOLE + k, "type": "door", "planeID": holes})
    return {**draft.document(), "semantics": semantics, "cuboids": [], "manhattan": []}


class _Draft:
    """Planes, lines and junctions, each told once."""

    def __init__(self) -> None:
        self.junctions: dict[Point, int] = {}
        self.lines: dict[tuple[int, int], int] = {}
        self.planes: list[dict[str, Any]] = []
        self.lines_of: list[list[int]] = []

    def line(self, a: Point, b: Point) -> int:
        ends = sorted(self.junctions.setdefault(point, len(self.junctions)) for point in (a, b))
        return self.lines.setdefault((ends[0], ends[1]), len(self.lines))

    def plane(self, kind: str, loop: list[Point], more: Sequence[int] = ()) -> int:
        """Add a plane with a loop of lines around it, counter-clockwise as the room sees it, and more lines on it."""
        normal = np.cross(np.subtract(loop[1], loop[0]), np.subtract(loop[2], loop[1]))
        normal = normal / np.linalg.norm(normal)
        own = {"ID": len(self.planes), "type": kind, "normal": normal.tolist(), "offset": float(-normal @ loop[0])}
        self.planes.append(own)
        self.lines_of.append([*(self.line(a, b) for a, b in pairwise([*loop, loop[0]])), *more])
        return len(self.planes) - 1

    def document(self) -> dict[str, Any]:
        points, lines = list(self.junctions), list(self.lines)
        return {
            "junctions": [{"ID": i, "coordinate": list(point)} for i, point in enumerate(points)],
            "lines": [
                {"ID": i, "point": list(points[a]), "direction": _unit(points[a], points[b])}
                for i, (a, b) in enumerate(lines)
            ],
            "planes": self.planes,
            "planeLineMatrix": [[int(k in own) for k in range(len(lines))] for own in self.lines_of],
            "lineJunctionMatrix": [[int(k in ends) for k in range(len(points))] for ends in lines],
        }


def _unit(a: Point, b: Point) -> list[float]:
    way = np.subtract(b, a)
    return [float(x) for x in way / np.linalg.norm(way)]


def _mm(x_m: float, y_m: float, z_m: float) -> Point:
    return round(x_m * 1000, 3), round(y_m * 1000, 3), round(z_m * 1000, 3)


def _room_planes(draft: _Draft, room: Room, height_m: float, openings: list[Opening]) -> list[int]:
    corners = [(room.x0, room.y0), (room.x1, room.y0), (room.x1, room.y1), (room.x0, room.y1)]
    low, high = ([_mm(x, y, z) for x, y in corners] for z in (0.0, height_m))
    sills = [draft.line(*_hole(opening, room)[:2]) for opening in openings]
    planes = [draft.plane("floor", low, sills), draft.plane("ceiling", high[::-1])]
    around = [*zip(low, high, strict=True), (low[0], high[0])]
    planes += [draft.plane("wall", [b, a, a_up, b_up]) for (a, a_up), (b, b_up) in pairwise(around)]
    return planes


def _hole(opening: Opening, room: Room) -> list[Point]:
    """Return the corners of a doorway in the wall of a room, its sill first."""
    half = opening.width_m / 2
    if opening.along_x:
        y = min((room.y0, room.y1), key=lambda side: abs(side - opening.y))
        ends = [(opening.x - half, y), (opening.x + half, y)]
    else:
        x = min((room.x0, room.x1), key=lambda side: abs(side - opening.x))
        ends = [(x, opening.y - half), (x, opening.y + half)]
    (ax, ay), (bx, by) = ends
    return [_mm(ax, ay, 0), _mm(bx, by, 0), _mm(bx, by, DOOR_H_M), _mm(ax, ay, DOOR_H_M)]
