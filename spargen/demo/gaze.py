"""Where a walk goes slowly, and where it looks: at what few other places show, and in all directions over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from spargen.demo.house import STRUCTURAL, House
from spargen.demo.plan import Room
from spargen.geometry.raycast import RayCaster

Floats = NDArray[np.float64]

_HEADINGS, _FIELD, _ROUNDS = 60, 9, 3
"""Number of directions to look into, how many of them one image shows, and how often the choice is improved."""


class Sights:
    """What can be looked at from each of V positions: T targets, things and pieces of floor, 1-5 m away.

    weight : (V, T) how well a position shows a target, 0 = not at all. bearing : (V, T) its direction, a row of
    `_HEADINGS`. blocked : (V, _HEADINGS) how much stands right before the camera.
    """

    def __init__(self, house: House, position: Floats, caster: RayCaster) -> None:
        named = np.array([i for i, kind in enumerate(house.kinds) if kind not in STRUCTURAL])
        things = np.stack([house.vertices_m[house.vertex_object == i].mean(0) for i in named]).astype(np.float64)
        floor = np.concatenate([_lattice(r) for r in house.plan.rooms])
        way = np.concatenate([things, floor])[None] - position[:, None]
        face, t = caster.cast(position[:, None], way)
        owner = np.where(face >= 0, house.face_object[face], -1)
        far, near = np.linalg.norm(way, axis=-1), np.repeat([0.9, 1.3], [len(things), len(floor)])
        hit = (owner == np.append(named, np.full(len(floor), -2))) | (t > 0.93)
        self.weight = hit * (far > near) * np.clip(1.6 - far / 5, 0, 1)
        turn = np.arctan2(way[..., 1], way[..., 0]) / (2 * np.pi) * _HEADINGS
        self.bearing = np.rint(turn).astype(np.int64) % _HEADINGS
        angle = np.arange(_HEADINGS) * 2 * np.pi / _HEADINGS
        ray = np.stack([np.cos(angle), np.sin(angle), np.full_like(angle, -0.15)], -1)
        gap = np.minimum(caster.cast(position[:, None], np.broadcast_to(ray, (len(position), _HEADINGS, 3)))[1], 2.0)
        self.blocked = _in_view(gap < 1.3) / _FIELD

    def gain(self, worth: Floats) -> Floats:
        """(V, _HEADINGS) what each direction shows of targets that are worth so much, (T,)."""
        ahead = np.zeros((len(self.weight), _HEADINGS))
        np.add.at(ahead, (np.arange(len(ahead))[:, None], self.bearing), self.weight * worth)
        return _in_view(ahead) * (1 - self.blocked) - 8.0 * self.blocked

    def shown(self, heading: NDArray[np.int64]) -> Floats:
        """(T,) how often, and how well, a sequence of headings shows each target."""
        off = np.abs((self.bearing - heading[:, None] + _HEADINGS // 2) % _HEADINGS - _HEADINGS // 2)
        return np.asarray((self.weight * (off <= _FIELD // 2)).sum(axis=0))


def _lattice(room: Room) -> Floats:
    """(L, 3) points of a room's floor, less than a metre apart."""
    x, y = (
        np.linspace(low + 0.3, high - 0.3, max(2, int((high - low) / 0.8)))
        for low, high in ((room.x0, room.x1), (room.y0, room.y1))
    )
    return np.stack([*np.meshgrid(x, y), np.zeros((len(y), len(x)))], -1).reshape(-1, 3)


def _in_view(ahead: NDArray[Any]) -> Floats:
    """Sum (V, _HEADINGS) over the directions that an image shows around each."""
    half = _FIELD // 2
    return np.asarray(np.sum([np.roll(ahead, k, axis=1) for k in range(-half, half + 1)], axis=0, dtype=np.float64))


def paced(track: Floats, sights: Callable[[Floats], Sights], frames: int, lingering: float) -> Floats:
    """Return (V, 2) places along a track, closer together where it shows what few other places show.

    `lingering` is how much longer the walk stays at the best of them than in passing.
    """
    step = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(track, axis=0), axis=1))])
    fine = np.linspace(0, step[-1], 400)
    points = np.stack([np.interp(fine, step, track[:, k]) for k in range(2)], -1)
    weight = sights(points).weight
    rare = (weight / np.maximum(weight.sum(axis=0), 1e-9)).sum(axis=1)
    slowness = gaussian_filter1d(1 + lingering * rare / rare.max(), 4.0)
    clock = np.cumsum(slowness)
    at = np.interp(np.linspace(clock[0], clock[-1], frames), clock, fine)
    return np.stack([np.interp(at, fine, points[:, k]) for k in range(2)], -1)


def headings(sights: Sights, rng: np.random.Generator) -> Floats:
    """Choose where to look in every frame: at what was little looked at, turning slowly.

    The best sequence over `_HEADINGS` directions is found by dynamic programming, a few times over: what a sequence
    shows often is worth less to the next.
    """
    wish = _restlessness(len(sights.weight), rng)
    worth = np.ones(sights.weight.shape[1])
    heading = _best_turns(sights.gain(worth) + wish)
    for _ in range(_ROUNDS):
        worth = (worth + 4 / (1 + sights.shown(heading))) / 2
        heading = _best_turns(sights.gain(worth) + wish)
    angle = np.unwrap(heading * 2 * np.pi / _HEADINGS)
    return np.asarray(gaussian_filter1d(angle, 2.0))


def _best_turns(gain: Floats) -> NDArray[np.int64]:
    """(V,) headings of the largest sum of (V, _HEADINGS) gains, less the price of turning."""
    turn = np.array([-2, -1, 0, 1, 2])
    price = np.array([1.2, 0.15, 0.25, 0.15, 1.2])
    before = (np.arange(_HEADINGS) - turn[:, None]) % _HEADINGS
    value, choice = gain[0], np.zeros(gain.shape, dtype=np.int64)
    for i in range(1, len(gain)):
        options = value[before] - price[:, None]
        choice[i] = options.argmax(axis=0)
        value = options.max(axis=0) + gain[i]
    heading = np.empty(len(gain), dtype=np.int64)
    heading[-1] = int(value.argmax())
    for i in range(len(gain) - 1, 0, -1):
        heading[i - 1] = (heading[i] - turn[choice[i, heading[i]]]) % _HEADINGS
    return heading


def _restlessness(frames: int, rng: np.random.Generator) -> Floats:
    """(V, _HEADINGS) a wish that turns steadily, one way all the time, so that the walk looks all round everywhere."""
    pace = 2 * np.pi / rng.uniform(54, 64) * float(rng.choice([-1, 1]))
    wish = rng.uniform(0, 2 * np.pi) + pace * np.arange(frames)
    angle = np.arange(_HEADINGS) * 2 * np.pi / _HEADINGS
    return np.asarray(8.0 * np.cos(angle[None] - wish[:, None]))
