"""The floor plan: one or two rows of rooms, openings between neighbours, and the shell of walls, floors, ceilings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from spargen.demo.fixtures import door_frame
from spargen.demo.furniture import WHITE, Piece, Rng, finish, wood
from spargen.demo.solids import Part, Rgb, box, panel

WALL_M = 0.12
DOOR_H_M = 2.05
_DOOR_ASIDE_M = 0.2
"""How far a doorway is from either end of the wall that it is in, at least."""
MOST_ROOMS = 8
_JAMB_M = 0.05
_LARGEST_M2 = 146.0
# Room: (share of the flat's area, smallest area, smallest side), m2 and metres.
_KINDS: dict[str, tuple[float, float, float]] = {
    "studio": (26, 15.0, 3.4),
    "living room": (21, 14.0, 3.4),
    "dining room": (13, 9.0, 2.9),
    "bedroom": (14, 9.0, 2.8),
    "kitchen": (11, 8.0, 2.5),
    "study": (10, 7.5, 2.6),
    "bathroom": (7, 4.8, 2.1),
    "hallway": (7, 4.5, 1.9),
    "closet": (6, 4.2, 1.9),
}
_FIRST = ("living room", "bedroom", "bathroom", "kitchen")
_THEN = ("hallway", "study", "closet", "dining room", "bedroom", "bathroom")
_PAINTS: tuple[Rgb, ...] = (
    (0.90, 0.88, 0.82), (0.80, 0.86, 0.88), (0.86, 0.89, 0.80), (0.93, 0.86, 0.78),
    (0.85, 0.82, 0.88), (0.92, 0.91, 0.90),
)  # fmt: skip

SOUTH, EAST, NORTH, WEST = range(4)


@dataclass(frozen=True, slots=True)
class Room:
    """A rectangular room between (x0, y0) and (x1, y1), metres; `outer` are its sides without a neighbour."""

    name: str
    x0: float
    y0: float
    x1: float
    y1: float
    outer: tuple[int, ...] = ()

    @property
    def area_m2(self) -> float:
        """Floor between its own walls."""
        return (self.x1 - self.x0) * (self.y1 - self.y0)

    def side(self, side: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Return a wall's start, its unit direction (the room lies to the left of it) and its length."""
        corner = [(self.x0, self.y0), (self.x1, self.y0), (self.x1, self.y1), (self.x0, self.y1)]
        a, b = np.array(corner[side]), np.array(corner[(side + 1) % 4])
        length = float(np.linalg.norm(b - a))
        return a, (b - a) / length, length


@dataclass(frozen=True, slots=True)
class Opening:
    """A doorway of clear `width_m` between rooms a and b; (x, y) is the middle of the wall's thickness."""

    a: int
    b: int
    x: float
    y: float
    width_m: float
    along_x: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Rooms, the doorways between them, and the height of the ceilings."""

    rooms: tuple[Room, ...]
    openings: tuple[Opening, ...]
    height_m: float

    @property
    def floor_m2(self) -> float:
        """Ground inside the outer walls: the rooms and what the walls between them stand on."""
        rows = [[r for r in self.rooms if r.y0 == y0] for y0 in sorted({r.y0 for r in self.rooms})]
        spans = [(min(r.x0 for r in row), max(r.x1 for r in row)) for row in rows]
        area = sum((x1 - x0) * (row[0].y1 - row[0].y0) for row, (x0, x1) in zip(rows, spans, strict=True))
        between = sum(min(a[1], b[1]) - max(a[0], b[0]) for a, b in pairwise(spans))
        return float(area + WALL_M * between)


def draw_plan(rng: Rng) -> Plan:
    """Draw one to eight rooms, their sizes and order, and a connected set of doorways."""
    names = _programme(int(rng.integers(1, MOST_ROOMS + 1)), rng)
    rooms: list[Room] = []
    while not rooms:
        rooms = _layout([str(n) for n in rng.permutation(names)], rng)
    rooms = [
        Room(r.name, r.x0, r.y0, r.x1, r.y1, tuple(s for s in range(4) if _is_outer(rooms, i, s)))
        for i, r in enumerate(rooms)
    ]
    return Plan(tuple(rooms), _doorways(rooms, rng), float(rng.uniform(2.4, 3.0)))


def _programme(count: int, rng: Rng) -> tuple[str, ...]:
    """Name the rooms of a flat of so many."""
    if count < 3:
        return ("studio", "bathroom")[:count]
    return (*_FIRST, *(str(n) for n in rng.permutation(_THEN)))[:count]


def _layout(names: Sequence[str], rng: Rng) -> list[Room]:
    """Lay rooms out in rows; an empty list if one of them came out too small or too narrow."""
    share, least, narrowest = np.array([_KINDS[n] for n in names]).T
    smallest = float((least / share).max() * share.sum())
    area = smallest * (min(2.8, _LARGEST_M2 / smallest)) ** float(rng.random() ** 2)
    cut = len(names) if len(names) < 3 or (len(names) == 3 and rng.random() < 0.5) else (len(names) + 1) // 2
    width = float(np.sqrt(area * rng.uniform(1.0, 2.2)))
    rooms: list[Room] = []
    y = 0.0
    for row in (range(cut), range(cut, len(names))):
        if not row:
            continue
        # One flat in three is an L: its second row is shorter, at either end.
        span = width * float(rng.uniform(0.7, 0.95)) if row.start and rng.random() < 0.35 else width
        x = (width - span) * float(rng.integers(2))
        depth = area * float(share[row].sum() / share.sum()) / span
        clear = span - WALL_M * (len(row) - 1)
        side = np.maximum(clear * share[row] / share[row].sum(), narrowest[row])
        side *= clear / side.sum()
        for i, w in zip(row, side, strict=True):
            if min(w, depth) < 0.95 * narrowest[i] or w * depth < least[i] or max(w, depth) > 4.5 * min(w, depth):
                return []
            rooms.append(Room(names[i], x, y, x + float(w), y + depth))
            x += float(w) + WALL_M
        y += depth + WALL_M
    return rooms


def _is_outer(rooms: Sequence[Room], room: int, side: int) -> bool:
    """Tell whether nothing but the outside lies behind a wall."""
    r = rooms[room]
    for other in rooms:
        level = (other.y1, other.x0, other.y0, other.x1)[side] - (r.y0, r.x1, r.y1, r.x0)[side]
        reach = (r.x0, r.x1, other.x0, other.x1) if side in (SOUTH, NORTH) else (r.y0, r.y1, other.y0, other.y1)
        facing = min(reach[1], reach[3]) - max(reach[0], reach[2]) > 1e-6
        if other is not r and abs(abs(level) - WALL_M) < 1e-6 and facing:
            return False
    return True


def _doorways(rooms: list[Room], rng: Rng) -> tuple[Opening, ...]:
    """Join the rooms by a random spanning tree of neighbours, and some more of them by second ways.

    A bathroom or closet is passed through only where there is no other way.
    """
    pairs = [(a, b) for a, b in combinations(range(len(rooms)), 2) if shared_wall(rooms[a], rooms[b]) is not None]
    pairs = [pairs[i] for i in rng.permutation(len(pairs))]
    pairs.sort(key=lambda pair: bool({rooms[i].name for i in pair} & {"bathroom", "closet"}))
    group = list(range(len(rooms)))
    chosen, spare = [], []
    for a, b in pairs:
        if group[a] == group[b]:
            spare.append((a, b))
        else:
            chosen.append((a, b))
            group = [group[a] if g == group[b] else g for g in group]
    return tuple(_opening(rooms, a, b, rng) for a, b in [*chosen, *spare[: len(rooms) // 3]])


def shared_wall(a: Room, b: Room) -> tuple[bool, float, float, float] | None:
    """Return (runs along x, position across, from, to) of the wall two rooms share, if it holds a door."""
    if abs(b.x0 - a.x1 - WALL_M) < 1e-6:
        along_x, across, low, high = False, (a.x1 + b.x0) / 2, max(a.y0, b.y0), min(a.y1, b.y1)
    elif abs(b.y0 - a.y1 - WALL_M) < 1e-6:
        along_x, across, low, high = True, (a.y1 + b.y0) / 2, max(a.x0, b.x0), min(a.x1, b.x1)
    else:
        return None
    return (along_x, across, low, high) if high - low > 1.5 else None


def _opening(rooms: list[Room], a: int, b: int, rng: Rng) -> Opening:
    shared = shared_wall(rooms[a], rooms[b])
    if shared is None:
        raise ValueError(f"rooms {a} and {b} share no wall")
    along_x, across, low, high = shared
    names = {rooms[a].name, rooms[b].name}
    wide = bool(names & {"living room", "dining room"}) and not names & {"bathroom", "bedroom", "closet"}
    wide = wide and high - low > 2.4 and rng.random() < 0.7
    width = float(rng.uniform(1.4, 1.7)) if wide else float(rng.uniform(0.9, 1.18))
    width = min(width, high - low - 2 * _DOOR_ASIDE_M - 1e-3)
    margin = width / 2 + _DOOR_ASIDE_M
    middle = float(rng.uniform(low + margin, high - margin))
    return Opening(a, b, *((middle, across) if along_x else (across, middle)), width, along_x)


def holes(plan: Plan, room: int, side: int) -> list[tuple[float, float]]:
    """Return where doorways (frames included) cut one wall, as sorted (from, to) along it."""
    start, direction, _ = plan.rooms[room].side(side)
    cuts = []
    for o in plan.openings:
        if room not in (o.a, o.b) or o.along_x != (side in (SOUTH, NORTH)):
            continue
        offset = np.array([o.x, o.y]) - start
        if abs(offset @ [-direction[1], direction[0]]) < WALL_M:
            middle, half = float(offset @ direction), o.width_m / 2 + _JAMB_M
            cuts.append((middle - half, middle + half))
    return sorted(cuts)


def shell(plan: Plan, rng: Rng, showers: Collection[tuple[int, int]] = ()) -> list[tuple[int, Piece]]:
    """Return (room, piece) for walls, floors, ceilings, door frames and the unannotated skirting, in world metres.

    Labels are what annotators write, with the longer names of closets and of the walls (room, side) of a shower.
    """
    pieces: list[tuple[int, Piece]] = []
    trim, paints = wood(rng) if rng.random() < 0.5 else WHITE, rng.permutation(len(_PAINTS))
    frame = str(rng.choice(["door frame", "doorframe"]))
    for i, room in enumerate(plan.rooms):
        paint = _PAINTS[paints[i % len(_PAINTS)]]
        wet, prefix = room.name in ("kitchen", "bathroom"), "closet " if room.name == "closet" else ""
        floor = Piece("floor", (_floor(room, wet, rng), *_thresholds(plan, i, trim)))
        corner = (room.x0, room.y1, plan.height_m)
        size_x, size_y = (room.x1 - room.x0, 0, 0), (0, room.y0 - room.y1, 0)
        ceiling = Piece("ceiling", (panel(corner, size_x, size_y, WHITE, "paint"),))
        pieces += [(i, piece.labelled(prefix + piece.label)) for piece in (floor, ceiling)]
        for side in range(4):
            material = "tiles" if room.name == "bathroom" else "paint"
            wall = Piece("wall", tuple(_wall(plan, i, side, paint, material)))
            pieces.append((i, wall.labelled(("shower " if (i, side) in showers else prefix) + "wall")))
            pieces.append((i, Piece("", tuple(_skirting(plan, i, side, trim)))))
    for o in plan.openings:
        closet = "closet" in (plan.rooms[o.a].name, plan.rooms[o.b].name)
        lining = door_frame(o.width_m, DOOR_H_M, WALL_M + 0.02, trim)
        lining = lining.labelled("closet doorframe" if closet else frame)
        pieces.append((o.a, lining.moved((o.x, o.y, 0), 0.0 if o.along_x else np.pi / 2)))
    return pieces


def _floor(room: Room, wet: bool, rng: Rng) -> Part:
    tone: Rgb = (0.80, 0.79, 0.76) if wet else wood(rng)
    size_x, size_y = (room.x1 - room.x0, 0, 0), (0, room.y1 - room.y0, 0)
    return panel((room.x0, room.y0, 0), size_x, size_y, tone, "tiles" if wet else "planks")


def _thresholds(plan: Plan, room: int, tone: Rgb) -> list[Part]:
    """Build the strips of floor in the doorways that this room owns."""
    parts = []
    for o in plan.openings:
        if o.a == room:
            w, d = (o.width_m, WALL_M) if o.along_x else (WALL_M, o.width_m)
            parts.append(panel((o.x - w / 2, o.y - d / 2, 0), (w, 0, 0), (0, d, 0), tone, finish(tone)))
    return parts


def _wall(plan: Plan, room: int, side: int, paint: Rgb, material: str) -> list[Part]:
    """One wall as panels between, and above, its doorways."""
    start, direction, length = plan.rooms[room].side(side)
    top, edge, parts = plan.height_m, 0.0, []

    def strip(low: float, high: float, z: float) -> Part:
        a, b = start + direction * high, direction * (low - high)
        return panel((a[0], a[1], z), (b[0], b[1], 0), (0, 0, top - z), paint, material)

    for low, high in holes(plan, room, side):
        parts += [strip(edge, low, 0.0), strip(low, high, DOOR_H_M + _JAMB_M)]
        edge = high
    return [*parts, strip(edge, length, 0.0)]


def _skirting(plan: Plan, room: int, side: int, tone: Rgb) -> list[Part]:
    start, direction, length = plan.rooms[room].side(side)
    inward = np.array([-direction[1], direction[0]])
    cuts = [0.012, *(x for cut in holes(plan, room, side) for x in cut), length - 0.012]
    parts = []
    for low, high in zip(cuts[::2], cuts[1::2], strict=True):
        middle = start + direction * (low + high) / 2 + inward * 0.006
        yaw = float(np.arctan2(direction[1], direction[0]))
        parts.append(box((high - low, 0.012, 0.07), (0, 0, 0), tone, finish(tone)).moved((*middle, 0), yaw=yaw))
    return parts
