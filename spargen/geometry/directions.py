"""Where things are relative to an observer or to each other, and which of it is clear enough to be a word.

An axis's state is +1 (right, above, front, farther), -1 (left, below, behind, closer), 0 (clearly no difference: the
word is left empty) or `UNCLEAR` (the sample is rejected).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.settings import Settings

Floats = NDArray[np.float64]
States = NDArray[np.int8]

UNCLEAR = 9


def offset_state(value_m: ArrayLike, settings: Settings) -> States:
    """State of an offset along an axis, elementwise."""
    v = np.asarray(value_m, dtype=np.float64)
    state = np.where(np.abs(v) >= settings.word_m, np.sign(v), UNCLEAR)
    return np.where(np.abs(v) <= settings.empty_m, 0, state).astype(np.int8)


def distance_state(first_m: ArrayLike, second_m: ArrayLike, settings: Settings) -> States:
    """State of two distances to the observer: +1 if the first is farther, elementwise."""
    a, b = np.asarray(first_m, dtype=np.float64), np.asarray(second_m, dtype=np.float64)
    d = a - b
    word = (np.abs(d) >= settings.word_distance_m) & (np.abs(d) >= settings.word_distance_share * np.minimum(a, b))
    return np.where(word, np.sign(d), np.where(np.abs(d) <= settings.empty_m, 0, UNCLEAR)).astype(np.int8)


def agreed(*states: States) -> States:
    """State that several measures of one axis give; unclear where they differ."""
    first = states[0]
    same = np.logical_and.reduce([s == first for s in states])
    return np.where(same, first, UNCLEAR).astype(np.int8)


@dataclass(frozen=True, slots=True)
class Observers:
    """R observers, real cameras or imagined standpoints.

    position_m (R, 3). R_world_view (R, 3, 3) with columns right, down, forward: the camera's own axes, or the levelled
    ones where imagined. R_world_levelled (R, 3, 3) likewise. `real` tells whether a real image was taken there.
    """

    position_m: Floats
    R_world_view: Floats
    R_world_levelled: Floats
    real: bool

    @classmethod
    def cameras(cls, T_world_camera: Floats, R_world_levelled: Floats) -> Observers:
        """Observers at real cameras: (R, 4, 4) poses and their levelled axes (R, 3, 3)."""
        return cls(T_world_camera[:, :3, 3], T_world_camera[:, :3, :3], R_world_levelled, True)

    @classmethod
    def standing(cls, at_m: Floats, facing_m: Floats) -> Observers:
        """Observers at `at_m` (R, 3) who face `facing_m` (R, 3) and look level; undefined if straight above."""
        forward = (facing_m - at_m) * [1.0, 1.0, 0.0]
        with np.errstate(invalid="ignore", divide="ignore"):
            forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
        up = np.broadcast_to([0.0, 0.0, 1.0], forward.shape)
        axes = np.stack([np.cross(forward, up), -up, forward], axis=-1)
        return cls(at_m, axes, axes, False)


def object_states(observers: Observers, target_m: Floats, settings: Settings) -> tuple[States, Floats]:
    """Where targets are for observers: (R, 3) states of left/right, above/below, front/behind, and the offsets.

    Parameters
    ----------
    observers : R of them.
    target_m : (R, 3) centres.

    Returns
    -------
    states (R, 3); offsets (R, 3) metres to the right, up, and forward (levelled).
    """
    offset = target_m - observers.position_m
    right, up, ahead, depth = _along_axes(observers, offset)
    above = _height_state(observers, up, offset[:, 2], settings)
    front = agreed(offset_state(depth, settings), offset_state(ahead, settings))
    return np.stack([offset_state(right, settings), above, front], -1), np.stack([right, offset[:, 2], ahead], -1)


def pair_states(observers: Observers, first_m: Floats, second_m: Floats, settings: Settings) -> tuple[States, Floats]:
    """Where first objects are relative to second ones: (R, 3) states of left/right, above/below, closer/farther.

    Returns
    -------
    states (R, 3); offsets (R, 3): metres to the right, up, and farther from the observer.
    """
    offset = first_m - second_m
    right, up, _, _ = _along_axes(observers, offset)
    above = _height_state(observers, up, offset[:, 2], settings)
    a = np.linalg.norm(first_m - observers.position_m, axis=-1)
    b = np.linalg.norm(second_m - observers.position_m, axis=-1)
    farther = distance_state(a, b, settings)
    if observers.real:
        z = [_along_axes(observers, p - observers.position_m)[3] for p in (first_m, second_m)]
        contradicts = (z[0] > 0) & (z[1] > 0) & (np.sign(z[0] - z[1]) * farther < 0) & (farther != UNCLEAR)
        farther = np.where(contradicts, UNCLEAR, farther).astype(np.int8)
    return np.stack([offset_state(right, settings), above, farther], -1), np.stack([right, offset[:, 2], a - b], -1)


def _along_axes(observers: Observers, offset: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Components of world offsets (R, 3): right and up in the view, forward when levelled, forward in the view."""
    view = np.einsum("rij,ri->rj", observers.R_world_view, offset)
    ahead = np.einsum("ri,ri->r", observers.R_world_levelled[..., 2], offset)
    return view[:, 0], -view[:, 1], ahead, view[:, 2]


def _height_state(observers: Observers, up_in_view: Floats, up: Floats, settings: Settings) -> States:
    state = offset_state(up, settings)
    return agreed(state, offset_state(up_in_view, settings)) if observers.real else state


def leads(best_m: ArrayLike, runner_up_m: ArrayLike, gap_m: float, share: float) -> NDArray[np.bool_]:
    """Tell whether two distances differ by `gap_m` and by `share` of the smaller, elementwise."""
    a, b = np.asarray(best_m, dtype=np.float64), np.asarray(runner_up_m, dtype=np.float64)
    gap = np.abs(a - b)
    return np.asarray((gap >= gap_m) & (gap >= share * np.minimum(a, b)))
