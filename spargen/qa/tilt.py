"""Choosing so that labels do not tell the answer: what is near or left in one row is far or right in another.

It is compiled, for each row tens of facts are weighed against each other, and loaded by what chooses, not before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.compiled import Whole, compiled
from spargen.qa.fact import Fact
from spargen.qa.values import numbered

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
WEIGHED = 48
"""Facts that are weighed against each other for the next row."""
ALL, NONE = np.int64(-1), np.int64(-2)
"""Instead of the number of an axis."""


class Leans(NamedTuple):
    """The leans of F facts, L in all, and how far K labels lean along an axis in the rows so far: see `Fact.leans`.

    first (F + 1,) where those of each fact begin; label (L,) which of the K; axis (L,) its number; weight (L,);
    sums (K,).
    """

    first: Ints
    label: Ints
    axis: Ints
    weight: Floats
    sums: Floats


class Tilt:
    """To which side each label leaned in the rows so far, in sum, and which facts set that straight."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        found = [lean for fact in facts for lean in fact.leans]
        number, self.labels = numbered([(axis, label) for axis, label, _ in found])
        self.axes = {axis: k for k, axis in enumerate(sorted({axis for axis, _, _ in found}))}
        self.leans = Leans(
            np.cumsum([0, *(len(fact.leans) for fact in facts)]),
            number,
            np.array([self.axes[axis] for axis, _, _ in found], dtype=np.int64),
            np.array([weight for _, _, weight in found], dtype=np.float64),
            np.zeros(len(self.labels)),
        )

    def pop(self, waiting: list[int], axis: str = "") -> int:
        """Take out of some facts, by their numbers, the one that sets labels straight most, the last if none does.

        Parameters
        ----------
        waiting : the last ones rather; not empty.
        axis : along which labels lean in this row, where it is about one; "" = all.
        """
        last, number = np.array(waiting[-WEIGHED:], dtype=np.int64), self.axes.get(axis, NONE) if axis else ALL
        return waiting.pop(int(_next(last, self.leans, number)) - len(last))

    def in_turns(self, buckets: Iterable[Sequence[int]], parts: Iterable[Sequence[int]], count: int) -> list[int]:
        """Order up to `count` facts, by their numbers: buckets in turn, and of each the one that sets labels straight.

        They are the first rows: how far labels leaned before counts no more.
        The next bucket is the one whose parts came least often on average, then the one that came least often itself.

        Parameters
        ----------
        buckets : facts, the last ones rather.
        parts : of each bucket, numbered from 0 on.
        """
        self.leans.sums[:] = 0.0
        waiting, end = _joined(buckets)
        ordered: list[int] = _in_turns(waiting, end, *_joined(parts), self.leans, count).tolist()
        return ordered


def _joined(rows: Iterable[Sequence[int]]) -> tuple[Ints, Ints]:
    """Return some rows of numbers behind each other, and where each ends."""
    listed = list(rows)
    return np.array([n for row in listed for n in row], dtype=np.int64), np.cumsum([0, *map(len, listed)])[1:]


@compiled
def _next(waiting: Ints, leans: Leans, axis: Whole) -> Whole:
    """Return the place of the next fact, and count it among the rows so far."""
    at = _straightest(waiting, leans, axis)
    _lean(waiting[at], leans, axis)
    return at


@compiled
def _straightest(waiting: Ints, leans: Leans, axis: Whole) -> Whole:
    """Return the place of the fact that sets labels straight most among the last ones, of the last if none does."""
    found, best = len(waiting) - 1, 0.0
    if leans.first[waiting[found]] == leans.first[waiting[found] + 1]:
        return found
    for back in range(min(WEIGHED, len(waiting))):
        at, tilt = len(waiting) - 1 - back, 0.0
        for k in range(leans.first[waiting[at]], leans.first[waiting[at] + 1]):
            if axis in (ALL, leans.axis[k]):
                tilt += leans.sums[leans.label[k]] * leans.weight[k]
        if back == 0 or tilt < best:
            best, found = tilt, at
    return found


@compiled
def _lean(fact: Whole, leans: Leans, axis: Whole) -> None:
    """Count a fact among the rows so far."""
    for k in range(leans.first[fact], leans.first[fact + 1]):
        if axis in (ALL, leans.axis[k]):
            leans.sums[leans.label[k]] += leans.weight[k]


@compiled
def _in_turns(waiting: Ints, end: Ints, parts: Ints, parts_end: Ints, leans: Leans, count: Whole) -> Ints:
    ordered = np.empty(min(count, len(waiting)), dtype=np.int64)
    left, times = np.zeros(len(end), np.int64), np.zeros(len(end), np.int64)
    used = np.zeros(parts.max() + 1 if len(parts) else 0, np.int64)
    for b in range(len(end)):
        left[b] = end[b] - _begin(end, b)
    for n in range(len(ordered)):
        bucket, least = -1, 0.0
        for b in range(len(end)):
            if left[b] == 0:
                continue
            total = 0
            for p in range(_begin(parts_end, b), parts_end[b]):
                total += used[parts[p]]
            place = total / (parts_end[b] - _begin(parts_end, b))
            if bucket < 0 or place < least or (place == least and times[b] < times[bucket]):
                bucket, least = b, place
        begin = _begin(end, bucket)
        last = begin + left[bucket] - 1
        at = begin + _next(waiting[begin : last + 1], leans, ALL)
        ordered[n] = waiting[at]
        for k in range(at, last):
            waiting[k] = waiting[k + 1]
        left[bucket] -= 1
        times[bucket] += 1
        for p in range(_begin(parts_end, bucket), parts_end[bucket]):
            used[parts[p]] += 1
    return ordered


@compiled
def _begin(end: Ints, row: int) -> int:
    """Return where a row begins, of rows that end there."""
    return end[row - 1] if row else 0
