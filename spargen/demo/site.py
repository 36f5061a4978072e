"""Puts pieces into rooms so that nothing stands in anything else, in a wall or in a doorway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.demo.furniture import Piece, Rng
from spargen.demo.plan import DOOR_H_M, EAST, NORTH, SOUTH, WEST, Plan
from spargen.demo.solids import rotation
from spargen.geometry.compiled import compiled

Floats = NDArray[np.float64]

FLOOR_GAP_M = 0.015
"""Gap between standing furniture and the wall behind it: room for the skirting."""
WALL_GAP_M = 0.002
_TRIES = 200
_YAW = {SOUTH: np.pi, EAST: -np.pi / 2, NORTH: 0.0, WEST: np.pi / 2}
_SLACK_M = 1e-4


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece in the house: where its origin stands, how it is turned, in which room, on or in which other piece."""

    piece: Piece
    at_m: Floats
    yaw: float
    room: int
    host: int

    @property
    def footprint(self) -> Floats:
        """(7,): centre x, y; half sides; yaw; lowest and highest z of the oriented box."""
        low, high = self.piece.bounds_m
        middle = rotation(self.yaw) @ ((low + high) / 2) + self.at_m
        half = (high - low) / 2
        return np.array([middle[0], middle[1], half[0], half[1], self.yaw, middle[2] - half[2], middle[2] + half[2]])


class Site:
    """The flat while it is furnished. Placing methods return the index of what they placed, None without room."""

    def __init__(self, plan: Plan, rng: Rng) -> None:
        self.plan, self.rng = plan, rng
        self.placed: list[Placed] = []
        self._footprints: list[Floats] = []
        self._kept_free = [_doorway_zones(plan, i) for i in range(len(plan.rooms))]

    def against(
        self,
        room: int,
        piece: Piece,
        sides: Sequence[int] = range(4),
        *,
        z: float | None = None,
        share: float | None = None,
    ) -> int | None:
        """Put a piece's back against a wall; `z` hangs it, `share` fixes where along the wall (0..1)."""
        low, high = piece.bounds_m
        gap = FLOOR_GAP_M if z is None else WALL_GAP_M
        for _ in range(_TRIES):
            side = int(sides[int(self.rng.integers(len(sides)))])
            start, direction, length = self.plan.rooms[room].side(side)
            slack = length - (high[0] - low[0]) - 2 * gap
            if slack < 0:
                continue
            along = gap + (high[0] - low[0]) / 2 + slack * (self.rng.random() if share is None else share)
            foot = start + direction * along
            yaw = _YAW[side]
            back = rotation(yaw) @ [(low[0] + high[0]) / 2, high[1] + gap, 0]
            at = np.array([*foot, -low[2] if z is None else z]) - back
            index = self._add(Placed(piece, at, yaw, room, -1))
            if index is not None:
                return index
        return None

    def free(self, room: int, piece: Piece, *, clear: float = 0.12, yaw: float | None = None) -> int | None:
        """Stand a piece anywhere on a room's floor, turned at random unless `yaw` is given."""
        r = self.plan.rooms[room]
        for _ in range(_TRIES):
            x, y = self.rng.uniform((r.x0, r.y0), (r.x1, r.y1))
            turn = float(self.rng.uniform(-np.pi, np.pi)) if yaw is None else yaw
            at = np.array([x, y, -float(piece.bounds_m[0, 2])])
            index = self._add(Placed(piece, at, turn, room, -1), clear=clear)
            if index is not None:
                return index
        return None

    def beside(
        self, host: int | None, piece: Piece, x: float, y: float, yaw: float = 0.0, *, z: float = 0.0
    ) -> int | None:
        """Place a piece at (x, y, z) in another one's frame, turned by `yaw` against it."""
        if host is None:
            return None
        h = self.placed[host]
        at = h.at_m + rotation(h.yaw) @ [x, y, z]
        return self._add(Placed(piece, at, h.yaw + yaw, h.room, h.host))

    def on(
        self,
        host: int | None,
        piece: Piece,
        top: int = 0,
        *,
        x: float | None = None,
        y: float | None = None,
        sway: float = 0.4,
    ) -> int | None:
        """Stand a piece on one of another's tops: at (x, y) of the top's middle, else anywhere that it fits."""
        if host is None or top >= len(self.placed[host].piece.tops):
            return None
        h, t = self.placed[host], self.placed[host].piece.tops[top]
        low, high = piece.bounds_m
        if high[2] - low[2] > t.room:
            return None
        for _ in range(_TRIES // 4):
            turn = float(self.rng.uniform(-sway, sway))
            turned = np.abs(rotation(turn)) @ ((high - low) / 2)
            slack = np.array([t.width, t.depth]) / 2 - turned[:2]
            if (slack < -1e-9).any():
                continue
            offset = self.rng.uniform(-slack.clip(0), slack.clip(0))
            offset = np.array([offset[0] if x is None else x, offset[1] if y is None else y])
            middle = np.append(np.array([t.x, t.y]) + offset, t.z - low[2])
            middle -= rotation(turn) @ [*(low + high)[:2] / 2, 0]
            at = h.at_m + rotation(h.yaw) @ middle
            index = self._add(Placed(piece, at, h.yaw + turn, h.room, host))
            if index is not None:
                return index
        return None

    def stand(self, room: int, piece: Piece, at_m: ArrayLike, yaw: float = 0.0) -> int | None:
        """Place a piece at a position in the house."""
        return self._add(Placed(piece, np.asarray(at_m, dtype=np.float64), yaw, room, -1))

    def side_of(self, index: int) -> int:
        """Return the wall that a piece has its back to."""
        return min(_YAW, key=lambda side: float(-np.cos(_YAW[side] - self.placed[index].yaw)))

    def _add(self, new: Placed, clear: float = 0.0) -> int | None:
        """Take a piece in if its box is inside its room and meets no other box but its hosts'."""
        f = new.footprint
        corners = _corners(f)
        r = self.plan.rooms[new.room]
        if (corners < [r.x0, r.y0]).any() or (corners > [r.x1, r.y1]).any() or f[6] > self.plan.height_m + 1e-6:
            return None
        hosts, h = set(), new.host
        while h >= 0:
            hosts.add(h)
            h = self.placed[h].host
        others = [g for i, g in enumerate(self._footprints) if i not in hosts and self.placed[i].room == new.room]
        grown = f + np.array([0, 0, clear, clear, 0, 0, 0])
        zones = self._kept_free[new.room] if new.host < 0 else []
        if boxes_meet(grown, np.array([*others, *zones]).reshape(-1, 7)).any():
            return None
        self.placed.append(new)
        self._footprints.append(f)
        return len(self.placed) - 1


def _doorway_zones(plan: Plan, room: int) -> list[Floats]:
    """Return the boxes in front of a room's doorways that stay empty."""
    zones = []
    for o in plan.openings:
        if room in (o.a, o.b):
            half = o.width_m / 2 + 0.12
            hx, hy = (half, 0.80) if o.along_x else (0.80, half)
            zones.append(np.array([o.x, o.y, hx, hy, 0.0, 0.0, DOOR_H_M + 0.1]))
    return zones


def _corners(f: Floats) -> Floats:
    """(4, 2) corners of a footprint."""
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return np.asarray(f[:2] + (signs * f[2:4]) @ rotation(f[4])[:2, :2].T)


def boxes_meet(f: Floats, others: Floats) -> NDArray[np.bool_]:
    """Tell which boxes interpenetrate one box by more than a tenth of a millimetre (separating axes).

    Parameters
    ----------
    f : (7,) centre x, y; half sides; yaw; z from, to. others : (N, 7) the same.

    Returns
    -------
    (N,) bool
    """
    meet = np.empty(len(others), dtype=bool)
    _meet(f, others, _SLACK_M, meet)
    return meet


@compiled
def _meet(f: Floats, others: Floats, slack_m: float, meet: NDArray[np.bool_]) -> None:
    for k, other in enumerate(others):
        meet[k] = (
            min(f[6], other[6]) - max(f[5], other[5]) > slack_m
            and _overlap_m(f, other) > slack_m
            and _overlap_m(other, f) > slack_m
        )


@compiled
def _overlap_m(f: Floats, other: Floats) -> float:
    """Return by how much two footprints reach into each other along that axis of the first where it is least."""
    c, s = np.cos(f[4]), np.sin(f[4])
    dx, dy = other[0] - f[0], other[1] - f[1]
    turn = other[4] - f[4]
    turn_c, turn_s = abs(np.cos(turn)), abs(np.sin(turn))
    across = f[2] + other[2] * turn_c + other[3] * turn_s - abs(dx * c + dy * s)
    along = f[3] + other[2] * turn_s + other[3] * turn_c - abs(dy * c - dx * s)
    return float(min(across, along))
