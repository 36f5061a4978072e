"""Wrong answers beside which the right one does not stand out: by its size, its place, or anything but the truth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spargen.qa.fact import Fact
from spargen.settings import Settings

if TYPE_CHECKING:
    from spargen.qa.answers import AnswerKind

Ints = NDArray[np.int64]
AKIN = 6
"""The wrong answers that are chosen from: so many of those that are most like the right one."""
OF_ONE_QUANTITY = 2 / 3
"""Largest share of the rows that ask for one of several quantities."""


def unobtrusive(
    kind: AnswerKind, facts: Sequence[Fact], wrong: int, count: int, settings: Settings
) -> Iterator[tuple[Fact, list[Any]]]:
    """Yield up to `count` facts, each with `wrong` of the wrong answers that it brings.

    The answers to a quantity have every rank among their options equally often, along each number of their `Looks`, as
    far as they have any. A fact that does not fit in waits until others have made room; what waits in the end is left
    out.

    Parameters
    ----------
    facts : in the order of preference; all have looks of as many numbers, or none has.
    """
    several = len({fact.quantity for fact in facts}) > 1
    ranked: dict[str, _Ranks] = {}
    # Worked out as they come: most facts are there in case others do not fit in.
    waiting: Iterable[tuple[Fact, _Ways]] = ((fact, _ways(kind, fact, wrong, settings)) for fact in facts)
    many, rows = len(facts), 0
    for loose in (False, True):
        moved = True
        while moved:
            later = []
            for fact, ways in waiting:
                if rows == count:
                    return
                mine = ranked.setdefault(fact.quantity, _Ranks.none(ways.ranks.shape[1], 1 + wrong))
                ahead = several and mine.rows >= math.ceil((rows + 1) * OF_ONE_QUANTITY)
                most = fact.looks.most if loose and fact.looks else 0.0
                taken = None if ahead else mine.take(ways.ranks, most)
                if taken is None:
                    later.append((fact, ways))
                else:
                    rows += 1
                    yield fact, [(fact.wrong or ())[i] for i in ways.chosen[taken].tolist()]
            moved = len(later) < many
            waiting, many = later, len(later)


@dataclass(frozen=True, slots=True)
class _Ways:
    """W ways to offer a fact: which wrong answers are `chosen`, (W, wrong), and the right one's `ranks`, (W, L)."""

    chosen: Ints
    ranks: Ints


def _ways(kind: AnswerKind, fact: Fact, wrong: int, settings: Settings) -> _Ways:
    """Combine the wrong answers that are most like the right one, as far as they are clear of it and of each other.

    Of ways that rank alike the first is kept; where a fact has no looks, that is the first of all.
    """
    brought = fact.wrong or ()
    order = np.argsort(kind.away(fact.answer, brought), kind="stable").tolist() if fact.looks else range(len(brought))
    honest = kind.clear(fact.answer, brought, settings)
    able = [i for i in order if honest[i]]
    able = able[:AKIN] if fact.looks else able
    clear = {i: kind.clear(brought[i], [brought[j] for j in able], settings) for i in able}
    good = (
        [able[k] for k in way]
        for way in combinations(range(len(able)), wrong)
        if all(clear[able[a]][b] for a, b in combinations(way, 2))
    )
    if fact.looks is None:
        first = next(good, None)
        chosen = np.array([] if first is None else [first], dtype=np.int64).reshape(-1, wrong)
        return _Ways(chosen, np.zeros((len(chosen), 0), dtype=np.int64))
    chosen = np.array(list(good), dtype=np.int64).reshape(-1, wrong)
    looks = np.array(fact.looks.rows, dtype=np.float64)
    ranks = np.asarray((looks[1:][chosen] < looks[0]).sum(axis=1))
    firsts = np.sort(np.unique(ranks, axis=0, return_index=True)[1])
    return _Ways(chosen[firsts], ranks[firsts])


class _Ranks:
    """How often the answers to a quantity have had each rank: `times` (L, options), in so many `rows`."""

    def __init__(self, times: Ints) -> None:
        self.times, self.rows = times, 0

    @classmethod
    def none(cls, looks: int, options: int) -> _Ranks:
        return cls(np.zeros((looks, options), dtype=np.int64))

    def take(self, ranks: Ints, most: float) -> int | None:
        """Take of W ways, (W, L) ranks, the one that was rarest so far, unless a rank of it becomes too frequent.

        Each rank may be one row ahead of its share: else few facts would fit in.
        """
        if not len(ranks):
            return None
        looks, options = self.times.shape
        times = self.times[np.arange(looks), ranks]
        rarest = int(np.lexsort((times.sum(axis=1), times.max(axis=1, initial=0)))[0])
        if looks and times[rarest].max() > math.ceil((self.rows + 1) * max(most, 1 / options)):
            return None
        self.times[np.arange(looks), ranks[rarest]] += 1
        self.rows += 1
        return rarest
