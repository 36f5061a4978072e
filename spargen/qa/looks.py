"""Wrong answers beside which the right one does not stand out: by its size, its place, or anything but the truth."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from spargen.qa.fact import Fact
from spargen.settings import Settings

if TYPE_CHECKING:
    from spargen.qa.answers import AnswerKind

_Ways = dict[tuple[int, ...], list[Any]]
"""Ways to offer a fact: which wrong answers are taken, by the ranks that the right one has among them."""
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
                mine = ranked.setdefault(fact.quantity, _Ranks(1 + wrong))
                ahead = several and mine.rows >= math.ceil((rows + 1) * OF_ONE_QUANTITY)
                most = fact.looks.most if loose and fact.looks else 0.0
                taken = None if ahead else mine.take(ways, most)
                if taken is None:
                    later.append((fact, ways))
                else:
                    rows += 1
                    yield fact, taken
            moved = len(later) < many
            waiting, many = later, len(later)


def _ways(kind: AnswerKind, fact: Fact, wrong: int, settings: Settings) -> _Ways:
    """Combine the wrong answers that are most like the right one, as far as they are clear of it and of each other.

    Returns
    -------
    Of the ways in which the right one ranks alike, the first; where a fact has no looks, the first of all.
    """
    brought = fact.wrong or ()
    order = np.argsort(kind.away(fact.answer, brought), kind="stable").tolist() if fact.looks else range(len(brought))
    honest = kind.clear(fact.answer, brought, settings).tolist()
    able = [i for i in order if honest[i]]
    able = able[:AKIN] if fact.looks else able
    clear = [kind.clear(brought[i], [brought[j] for j in able], settings).tolist() for i in able]
    good = (way for way in combinations(range(len(able)), wrong) if all(clear[a][b] for a, b in combinations(way, 2)))
    right, *others = fact.looks.rows if fact.looks else ((),) * (1 + len(brought))
    below = [[other < mine for other, mine in zip(others[i], right, strict=True)] for i in able]
    ways: _Ways = {}
    for way in good if fact.looks else islice(good, 1):
        ranks = tuple([sum(column) for column in zip(*[below[k] for k in way], strict=True)])
        ways.setdefault(ranks, [brought[able[k]] for k in way])
    return ways


class _Ranks:
    """How often the answers to a quantity have had each rank along each look, in so many `rows`."""

    def __init__(self, options: int) -> None:
        self.options, self.rows = options, 0
        self.times: defaultdict[tuple[int, int], int] = defaultdict(int)

    def take(self, ways: _Ways, most: float) -> list[Any] | None:
        """Take the way whose ranks were rarest so far, unless one of them becomes too frequent.

        Each rank may be one row ahead of its share: else few facts would fit in.
        """
        if not ways:
            return None
        times = {ranks: [self.times[place] for place in enumerate(ranks)] for ranks in ways}
        rarest = min(times, key=lambda ranks: (max(times[ranks], default=0), sum(times[ranks])))
        if max(times[rarest], default=0) > math.ceil((self.rows + 1) * max(most, 1 / self.options)):
            return None
        for place in enumerate(rarest):
            self.times[place] += 1
        self.rows += 1
        return ways[rarest]
