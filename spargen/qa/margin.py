"""By how much the number behind an answer may change before another answer would be printed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from spargen.settings import Settings

Unit = Literal["m", "cm", "m2", "deg", "1/1000", "frames", "of image"]

STEP: dict[Unit, float] = {"m": 0.1, "cm": 1.0, "m2": 1.0, "deg": 5.0, "1/1000": 1.0, "frames": 1.0, "of image": 0.001}
"""The steps in which numbers are printed, by unit; of the share of an image, the least that is seen."""


class Margin(NamedTuple):
    """A change that is just not enough for another answer.

    Parameters
    ----------
    by : the change, in `unit`.
    unit : of the number that decides.
    share : the change as a share of that number (of two that are compared, of the smaller); None if it is 0.
    """

    by: float
    unit: Unit
    share: float | None

    @classmethod
    def of(cls, by: float, unit: Unit, value: float) -> Margin:
        """A change of a value."""
        return cls(by, unit, by / abs(value) if value else None)


def of_rounding(value: float, unit: Unit, *, signed: bool = False) -> Margin:
    """A printed number: to the edge at which it is rounded to another one.

    Parameters
    ----------
    value : in `unit`, unrounded.
    signed : whether a word tells its sign, also of what rounds to 0: then the number tips at 0 as well.
    """
    return of_roundings([value], unit, signed=signed)


def of_roundings(values: Sequence[float], unit: Unit, *, signed: bool = False) -> Margin:
    """Several printed numbers of a unit: to the edge at which the first of them is rounded to another one."""
    step, by = STEP[unit], []
    for value in values:
        steps = abs(value) / step
        edge = abs(steps - math.floor(steps) - 0.5) * step
        by.append(min(edge, abs(value)) if signed else edge)
    decides = by.index(min(by))
    return Margin.of(by[decides], unit, values[decides])


def of_lead(best: float, runner_up: float, unit: Unit) -> Margin:
    """A comparison: to the point at which both are equal."""
    return Margin.of(abs(best - runner_up), unit, min(best, runner_up))


def of_words(
    offsets_m: Sequence[float],
    axes: Sequence[str],
    states: Sequence[int],
    settings: Settings,
    nearer_m: float = 0.0,
) -> Margin:
    """Words along axes: to the offset at which the first of them would be another one, empty parts included.

    A word stands until its offset is as small as that of an empty part, an empty part until its offset is as large as
    that of a word: what lies between is no answer.

    Parameters
    ----------
    offsets_m, axes, states : of each part.
    settings : the thresholds.
    nearer_m : the smaller of the two distances that ``cf``, closer / farther, compares.
    """
    word_m = settings.word_m
    farther_m = max(settings.word_distance_m, settings.word_distance_share * nearer_m)
    by_m = [
        abs(offset_m) - settings.empty_m if state else (farther_m if axis == "cf" else word_m) - abs(offset_m)
        for offset_m, axis, state in zip(offsets_m, axes, states, strict=True)
    ]
    decides = by_m.index(min(by_m))
    return Margin.of(by_m[decides], "m", offsets_m[decides])


def of_shares(least_seen: float, most_unseen: float | None, settings: Settings) -> Margin:
    """Which images show a thing: to the share of pixels at which one less shows it, or one more.

    Parameters
    ----------
    least_seen, most_unseen : its smallest share of an image that shows it, and its largest of one that does not; what
        lies between, a glimpse, is no answer. None if every image shows it.
    settings : the thresholds.
    """
    lost = Margin.of(least_seen - settings.glimpsed_share, "of image", least_seen)
    if most_unseen is None:
        return lost
    return least([lost, Margin.of(settings.seen_share - most_unseen, "of image", most_unseen)])


def least(margins: Iterable[Margin]) -> Margin:
    """Return the margin of an answer that several numbers decide: the least, in steps of its unit."""
    return min(margins, key=lambda margin: margin.by / STEP[margin.unit])
