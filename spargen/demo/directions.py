"""Ways through a house from place to place, and the words that tell somebody to take them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import shortest_path

from spargen.demo.house import STRUCTURAL, House
from spargen.demo.tripods import Places
from spargen.seeds import rng_for

Rng = np.random.Generator

MOST_WAYS = 12
TOLD_BY = 3
"""Instructions for each way."""
_SHORT, _LONG = 3, 8
"""Places that a way leads over."""
_SLIGHT, _BACK = 30.0, 150.0
"""Up to this a turn is not told, and from this on it is a turn round; degrees."""
_HANGS_M = 1.8
"""What is higher does not help to find a place."""
_GO, _STOP = ("walk", "go", "head"), ("Stop", "Wait", "Come to a halt")
_START = ("You start in the {}.", "Begin in the {}.", "You are standing in the {}.")


@dataclass(frozen=True, slots=True)
class Way:
    """A way over the places `path`; `heading` is where one looks at first, radians clockwise from +y."""

    path: tuple[int, ...]
    heading: float
    length_m: float
    instructions: tuple[str, ...]


def ways_through(house: House, places: Places) -> list[Way]:
    """Return shortest ways between some places, in an order that belongs to the house's seed."""
    rng = rng_for(house.seed, "demo", "ways")
    gap_m = np.linalg.norm(places.center_m[:, None] - places.center_m, axis=-1)
    length_m, before = shortest_path(np.where(places.free, gap_m, 0), directed=False, return_predecessors=True)
    paths = [path for a, b in np.argwhere(before >= 0).tolist() if _SHORT <= len(path := _path(before, a, b)) <= _LONG]
    ways = []
    for i in rng.permutation(len(paths))[:MOST_WAYS].tolist():
        path, heading = paths[i], float(rng.uniform(0, 2 * np.pi))
        told = tuple(_told(house, places, path, heading, rng) for _ in range(TOLD_BY))
        ways.append(Way(path, heading, float(length_m[path[0], path[-1]]), told))
    return ways


def _path(before: NDArray[np.int32], start: int, end: int) -> tuple[int, ...]:
    path = [end]
    while path[-1] != start:
        path.append(int(before[start, path[-1]]))
    return tuple(path[::-1])


def room_at(house: House, points_m: NDArray[Any]) -> NDArray[np.int64]:
    """Return the room (N,) that each of some points (N, 2) or (N, 3) lies in, or else is nearest to."""
    rooms = house.plan.rooms
    low, high = np.array([(r.x0, r.y0) for r in rooms]), np.array([(r.x1, r.y1) for r in rooms])
    outside = np.maximum(np.maximum(low - points_m[:, None, :2], points_m[:, None, :2] - high), 0)
    return np.asarray(np.linalg.norm(outside, axis=-1).argmin(axis=1))


def _told(house: House, places: Places, path: tuple[int, ...], heading: float, rng: Rng) -> str:
    """Tell a way: the rooms, the turns, and what stands at its end."""
    rooms = [house.plan.rooms[i].name for i in room_at(house, places.center_m[list(path)])]
    said = [str(rng.choice(_START)).format(rooms[0])]
    for k, (here, there) in enumerate(pairwise(path)):
        x, y, _ = places.center_m[there] - places.center_m[here]
        onward = float(np.arctan2(x, y))
        turn = (np.degrees(onward - heading) + 180) % 360 - 180
        crossed = rooms[k + 1] != rooms[k]
        if abs(turn) > _SLIGHT or crossed or k == 0:
            said.append(_step(float(turn), rooms[k + 1] if crossed else "", rng))
        heading = onward
    return " ".join([*said, f"{rng.choice(_STOP)} {_landmark(house, places.center_m[path[-1]])}."])


def _step(turn: float, room: str, rng: Rng) -> str:
    """Tell one turn and where it leads; "" = on through the same room."""
    around = "turn around and " if abs(turn) >= _BACK else f"turn {'right' if turn > 0 else 'left'} and "
    onward = f"{rng.choice(_GO)} {f'into the {room}' if room else 'straight on'}."
    step = (around if abs(turn) > _SLIGHT else "") + onward
    return step[0].upper() + step[1:]


def _landmark(house: House, at_m: NDArray[np.float64]) -> str:
    """Say what is nearest to a place, of all that stands in its room."""
    (room,) = room_at(house, at_m[None])
    area = house.per_object(house.areas_m2)
    middle = np.stack([house.per_object(house.middles_m[:, k] * house.areas_m2) / area for k in range(3)], axis=1)
    gap_m = np.linalg.norm((middle - at_m)[:, :2], axis=1)
    gap_m[(house.room != room) | np.isin(house.kinds, list(STRUCTURAL)) | (middle[:, 2] > _HANGS_M)] = np.inf
    return f"near the {house.kinds[int(gap_m.argmin())]}" if np.isfinite(gap_m).any() else "there"
