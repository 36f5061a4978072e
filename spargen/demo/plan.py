"""The floor plan: two rows of rooms, openings between neighbours, and the shell of walls, floors and ceilings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spargen.demo.fixtures import door_frame
from spargen.demo.furniture import WHITE, Piece, Rng, finish, wood
from spargen.demo.solids import Part, Rgb, box, panel

WALL_M = 0.12
DOOR_H_M = 2.05
_JAMB_M = 0.05
_ROWS = (("living room", "kitchen", "hallway"), ("bedroom", "study", "bathroom"))
_WIDTHS_M = {"living room": 5.0, "kitchen": 3.5, "hallway": 2.2, "bedroom": 4.1, "study": 3.5, "bathroom": 2.7}
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
    outer: tuple[int, ...]

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


def draw_plan(rng: Rng) -> Plan:
    """Draw room sizes, their order and a connected set of doorways."""
    rows = [list(rng.permutation(row)) for row in _ROWS]
    depths = rng.uniform((4.0, 3.4), (4.5, 3.8))
    widths = [np.array([_WIDTHS_M[str(n)] for n in row]) * rng.uniform(0.93, 1.07, 3) for row in rows]
    total = float(np.mean([w.sum() for w in widths]))
    rooms: list[Room] = []
    for r, (row, width) in enumerate(zip(rows, widths, strict=True)):
        y0 = 0.0 if r == 0 else float(depths[0]) + WALL_M
        x = 0.0
        for i, name in enumerate(row):
            w = float(width[i] * total / width.sum()) - (WALL_M if i < 2 else 0.0)
            outer = (SOUTH if r == 0 else NORTH, *((WEST,) if i == 0 else ()), *((EAST,) if i == 2 else ()))
            rooms.append(Room(str(name), x, y0, x + w, y0 + float(depths[r]), outer))
            x += w + WALL_M
    return Plan(tuple(rooms), _doorways(rooms, rng), float(rng.uniform(2.45, 2.7)))


def _doorways(rooms: list[Room], rng: Rng) -> tuple[Opening, ...]:
    """Join the rooms by a random spanning tree of neighbours and two doorways more."""
    pairs = [
        (a, b) for a in range(len(rooms)) for b in range(a + 1, len(rooms)) if _shared(rooms[a], rooms[b]) is not None
    ]
    group = list(range(len(rooms)))
    chosen, spare = [], []
    for a, b in (pairs[i] for i in rng.permutation(len(pairs))):
        if group[a] == group[b]:
            spare.append((a, b))
        else:
            chosen.append((a, b))
            group = [group[a] if g == group[b] else g for g in group]
    return tuple(_opening(rooms, a, b, rng) for a, b in [*chosen, *spare[:2]])


def _shared(a: Room, b: Room) -> tuple[bool, float, float, float] | None:
    """Return (runs along x, position across, from, to) of the wall two rooms share, if it holds a door."""
    if abs(b.x0 - a.x1 - WALL_M) < 1e-6:
        along_x, across, low, high = False, (a.x1 + b.x0) / 2, max(a.y0, b.y0), min(a.y1, b.y1)
    elif abs(b.y0 - a.y1 - WALL_M) < 1e-6:
        along_x, across, low, high = True, (a.y1 + b.y0) / 2, max(a.x0, b.x0), min(a.x1, b.x1)
    else:
        return None
    return (along_x, across, low, high) if high - low > 1.5 else None


def _opening(rooms: list[Room], a: int, b: int, rng: Rng) -> Opening:
    shared = _shared(rooms[a], rooms[b])
    if shared is None:
        raise ValueError(f"rooms {a} and {b} share no wall")
    along_x, across, low, high = shared
    names = {rooms[a].name, rooms[b].name}
    wide = "living room" in names and not names & {"bathroom", "bedroom"} and high - low > 2.4
    width = float(rng.uniform(1.4, 1.7)) if wide else float(rng.uniform(0.92, 1.02))
    margin = width / 2 + 0.2
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


def shell(plan: Plan, rng: Rng) -> list[tuple[int, Piece]]:
    """Return (room, piece) for walls, floors, ceilings, door frames and the unannotated skirting, in world metres."""
    pieces: list[tuple[int, Piece]] = []
    trim, paints = wood(rng) if rng.random() < 0.5 else WHITE, rng.permutation(len(_PAINTS))
    for i, room in enumerate(plan.rooms):
        paint = _PAINTS[paints[i % len(_PAINTS)]]
        wet = room.name in ("kitchen", "bathroom")
        pieces.append((i, Piece("floor", (_floor(room, wet, rng), *_thresholds(plan, i, trim)))))
        corner = (room.x0, room.y1, plan.height_m)
        size_x, size_y = (room.x1 - room.x0, 0, 0), (0, room.y0 - room.y1, 0)
        pieces.append((i, Piece("ceiling", (panel(corner, size_x, size_y, WHITE, "paint"),))))
        for side in range(4):
            material = "tiles" if room.name == "bathroom" else "paint"
            pieces.append((i, Piece("wall", tuple(_wall(plan, i, side, paint, material)))))
            pieces.append((i, Piece("", tuple(_skirting(plan, i, side, trim)))))
    for o in plan.openings:
        frame = door_frame(o.width_m, DOOR_H_M, WALL_M + 0.02, trim)
        pieces.append((o.a, frame.moved((o.x, o.y, 0), 0.0 if o.along_x else np.pi / 2)))
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
