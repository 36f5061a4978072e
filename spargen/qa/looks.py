"""Wrong answers beside which the right one does not stand out: by its size, its place, or anything but the truth."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cache
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.qa.fact import Fact
from spargen.settings import Settings

if TYPE_CHECKING:
    from spargen.qa.answers import AnswerKind

Ints = NDArray[np.int64]
Ranks = NDArray[np.int8]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
AKIN = 8
"""The wrong answers that are chosen from: so many of those that are most like the right one."""
OF_ONE_QUANTITY = 2 / 3
"""Largest share of the rows that ask for one of several quantities."""
WEIGHED = 2_688
"""Ways to offer facts that are weighed against each other for the next row: those of 48 facts, or of more with few."""
NAMED, BESIDE = 2.0, 6.0
"""How much it counts that a name is right more often than it is offered: alone, and beside what it is related to. An
equal rank counts 1."""


def unobtrusive(
    kind: AnswerKind, facts: Sequence[Fact], wrong: int, count: int, settings: Settings
) -> Iterator[tuple[Fact, list[Any]]]:
    """Yield up to `count` facts, each with `wrong` of the wrong answers that it brings.

    The answers to a quantity have every rank among their options equally often, along each number of their `Looks`, as
    far as they have any. A fact that does not fit in waits until others have made room; what waits in the end is left
    out. Of those that fit in, the next is the one that adds least to what the rows so far would teach: which ranks are
    right, alone and two together, and which names.

    Parameters
    ----------
    facts : in the order of preference; all have looks of as many numbers and names, or none has.
    """
    # Worked out as they come: most facts are there in case others do not fit in.
    waiting: Iterable[_Ways] = (_ways(kind, fact, wrong, settings) for fact in facts)
    weighed, left = _Weighed(facts, wrong), len(facts)
    for loose in (False, True):
        moved = True
        while moved:
            source, later = iter(waiting), list[_Ways]()
            while weighed.fill(source):
                if weighed.rows.sum() == count:
                    return
                best = weighed.best(loose=loose)
                if best is None:
                    later += weighed.clear()
                    continue
                ways, way = weighed.take(*best)
                yield ways.fact, [ways.values[k] for k in ways.options[way, 1:].tolist()]
            moved = len(later) < left
            waiting, left = later, len(later)


class _Ways(NamedTuple):
    """W ways to offer a fact.

    `values` are its answer and wrong ones, `options` (W, O) which of them stand together, the right one first; `good`
    (W,) whether those are clear of each other, `ranks` (W, L) of the right one among them.
    """

    fact: Fact
    values: Sequence[Any]
    options: Ints
    good: Bools
    ranks: Ranks


@cache
def _choices(many: int, wrong: int) -> Ints:
    """The right one, which is 0, with all choices (W, 1 + wrong) of wrong ones among so many."""
    found = np.array(list(combinations(range(1, 1 + many), wrong)), dtype=np.int64).reshape(-1, wrong)
    return np.pad(found, ((0, 0), (1, 0)))


@cache
def _pairs(many: int, wrong: int) -> tuple[Ints, Ints]:
    """Any two of the wrong ones (P, W) in each of those choices, P of them."""
    options = _choices(many, wrong)
    a, b = np.triu_indices(wrong, k=1)
    return options[:, 1 + a].T, options[:, 1 + b].T


def honest(kind: AnswerKind, truth: Any, candidates: Iterable[Any], count: int, settings: Settings) -> list[Any]:
    """Take the first candidates that are clear of the truth and of each other: `count` of them, or all there are."""
    taken: list[Any] = []
    for candidate in candidates:
        if len(taken) == count:
            break
        if all(kind.apart(candidate, other, settings) for other in (truth, *taken)):
            taken.append(candidate)
    return taken


def _ways(kind: AnswerKind, fact: Fact, wrong: int, settings: Settings) -> _Ways:
    """Combine the wrong answers that are most like the right one; the first honest ones, where a fact has no looks."""
    brought, looks = fact.wrong or (), fact.looks
    if looks is None:
        values = [fact.answer, *honest(kind, fact.answer, brought, wrong, settings)]
        options = _choices(wrong, wrong)
        return _Ways(fact, values, options, np.array([len(values) > wrong]), np.zeros((1, 0), dtype=np.int8))
    order = np.argsort(kind.away(fact.answer, brought), kind="stable")
    able = order[kind.clear(fact.answer, brought, settings)[order]][:AKIN].tolist()
    values = [fact.answer, *(brought[i] for i in able)]
    options = _choices(len(able), wrong)
    good: Bools = np.ones(len(options), dtype=bool)
    numbers = np.array([looks.rows[0], *(looks.rows[1 + i] for i in able)], dtype=np.float64)[options]
    if wrong > 1:
        clear, away = kind.compared(values, settings)
        good = np.asarray(clear[_pairs(len(able), wrong)].all(axis=0))
        # How unlike the others it is: wrong ones that are most like it would leave it in their middle.
        apart = away[options[:, :, None], options[:, None, :]].sum(axis=2)
        numbers = np.concatenate([numbers, apart[..., None]], axis=2)
    ranks = (numbers[:, 1:] < numbers[:, :1]).sum(axis=1, dtype=np.int8)
    return _Ways(fact, values, options, good, ranks)


def _names(fact: Fact) -> list[list[Hashable]]:
    """What the options of a fact say, the right one's first: their names, and those beside what they are related to."""
    looks, asked = fact.looks, fact.quantity
    if looks is None:
        return []
    alone: list[list[Hashable]] = [[(asked, name) for name in names] for names in looks.names]
    beside = [[(asked, looks.beside, names[0])] if looks.beside else [] for names in looks.names]
    return [a + b for a, b in zip(alone, beside, strict=True)]


class _Weighed:
    """Facts from which the next row is taken, in S slots, each with up to W ways to offer it; and the rows so far.

    What those would teach is what right options have in common beyond chance: equal ranks, alone and two together, and
    names. It is kept small in sum, so that a model of options finds nothing that pays.
    """

    def __init__(self, facts: Sequence[Fact], wrong: int) -> None:
        looks = facts[0].looks if facts else None
        brought = max((len(fact.wrong or ()) for fact in facts), default=0)
        ways = len(_choices(min(brought, AKIN), wrong)) if looks else 1
        slots = max(1, min(len(facts), WEIGHED // max(1, ways)))
        numbers = len(looks.rows[0]) + (wrong > 1) if looks else 0
        names = _names(facts[0]) if facts else []
        self.options, self.even = 1 + wrong, 0
        self.asked = {quantity: q for q, quantity in enumerate(sorted({fact.quantity for fact in facts}))}
        if looks:
            self.even = len(looks.rows[0]) if looks.even is None else looks.even
        # Of the facts in the slots
        self.held: dict[int, _Ways] = {}
        self.free = list(range(slots))
        self.good = np.zeros((slots, ways), dtype=bool)
        # Number by number: along the last axis, short as it is, numpy would take several times as long.
        self.ranks = np.zeros((numbers, slots, ways), dtype=np.int8)
        self.alike, self.most_often = np.zeros((2, slots, ways), dtype=np.int64)
        self.names = np.zeros((slots, len(names), len(names[0]) if names else 0), dtype=np.int64)
        self.counts = np.full(self.names.shape[2], NAMED)
        self.counts[-1:] = BESIDE if looks and looks.beside else NAMED
        self.quantity, self.came, self.coming = *np.zeros((2, slots), dtype=np.int64), 0
        self.most = np.zeros(slots)
        # Of the rows so far
        self.rows = np.zeros(len(self.asked), dtype=np.int64)
        self.times = np.zeros((len(self.asked), numbers, 1 + wrong), dtype=np.int64)
        self.two = np.triu_indices(numbers, k=1)
        self.together = np.zeros((len(self.asked), len(self.two[0]), 1 + wrong, 1 + wrong), dtype=np.int64)
        self.known: dict[Hashable, int] = {}
        self.taught = np.zeros(0)

    def fill(self, source: Iterator[_Ways]) -> bool:
        """Put facts into the slots that are free; tell whether any is taken."""
        for ways in islice(source, len(self.free)):
            self._hold(self.free.pop(), ways)
        return bool(self.held)

    def _hold(self, slot: int, ways: _Ways) -> None:
        fact, many = ways.fact, len(ways.good)
        q = self.asked[fact.quantity]
        self.held[slot], self.quantity[slot] = ways, q
        self.coming += 1
        self.came[slot] = self.coming
        self.most[slot] = fact.looks.most if fact.looks else 0.0
        self.good[slot, :many], self.good[slot, many:] = ways.good, False
        self.ranks[:, slot, :many] = ways.ranks.T
        self.alike[slot], self.most_often[slot] = 0, 0
        if self.rows[q]:
            self.alike[slot, :many] = self._agreeing(q, ways.ranks)
            held = self.times[q, np.arange(self.even), ways.ranks[:, : self.even]]
            self.most_often[slot, :many] = held.max(axis=1, initial=0)
        for at, names in enumerate(_names(fact)):
            self.names[slot, at] = [self.known.setdefault(name, len(self.known)) for name in names]
        if len(self.known) > len(self.taught):
            self.taught = np.pad(self.taught, (0, len(self.known)))

    def _agreeing(self, q: int, ranks: Ranks) -> Ints:
        """Return how many ranks (W, L), alone and two together, the rows of a quantity have in common with each way."""
        first, second = self.two
        alone = self.times[q, np.arange(ranks.shape[1]), ranks]
        both = self.together[q, np.arange(len(first)), ranks[:, first], ranks[:, second]]
        return np.asarray(alone.sum(axis=1) + both.sum(axis=1))

    def best(self, *, loose: bool) -> tuple[int, int] | None:
        """Return slot and way of the fact that teaches least among those that fit in; None if none does.

        Each rank may be one row ahead of its share: else few facts would fit in.
        """
        q, numbers = self.quantity, len(self.ranks)
        good = self.good
        if len(self.rows) > 1:
            full = self.rows >= math.ceil((self.rows.sum() + 1) * OF_ONE_QUANTITY)
            good = good & ~full[q][:, None]
        if self.even:
            share = np.maximum(self.most, 1 / self.options) if loose else 1 / self.options
            good = good & (self.most_often <= np.ceil((self.rows[q] + 1) * share)[:, None])
        if not good.any():
            return None
        by_chance = numbers / self.options + numbers * (numbers - 1) / 2 / self.options**2
        teaches = self.alike - (self.rows[q] * by_chance)[:, None]
        if self.names.size:
            taught = self.taught[self.names]
            teaches += ((taught[:, 0] - taught.mean(axis=1)) @ self.counts)[:, None]
        teaches = np.where(good, teaches, np.inf)
        first = np.where(teaches.min(axis=1) == teaches.min(), self.came, np.inf).argmin()
        return int(first), int(teaches[first].argmin())

    def take(self, slot: int, way: int) -> tuple[_Ways, int]:
        """Take a fact out, as a row in one of its ways."""
        ways, q, ranks = self._leave(slot), self.quantity[slot], self.ranks[:, slot, way].copy()
        self.rows[q] += 1
        self.times[q, np.arange(len(ranks)), ranks] += 1
        self.together[q, np.arange(len(self.two[0])), ranks[self.two[0]], ranks[self.two[1]]] += 1
        # Of the other ways to ask for it: ranks, and pairs of them, that agree; and how often those were right by now.
        mine = (self.quantity == q)[:, None]
        agrees = (self.ranks == ranks[:, None, None]) & mine
        many = agrees.sum(axis=0)
        self.alike += many * (many + 1) // 2
        for k in range(self.even):
            np.maximum(self.most_often, agrees[k] * self.times[q, k, ranks[k]], out=self.most_often)
        if self.names.size:
            np.add.at(self.taught, self.names[slot], -1 / self.names.shape[1])
            np.add.at(self.taught, self.names[slot, 0], 1.0)
        return ways, way

    def clear(self) -> list[_Ways]:
        """Take all facts out, in the order in which they came."""
        return [self._leave(slot) for slot in sorted(self.held, key=self.came.item)]

    def _leave(self, slot: int) -> _Ways:
        self.good[slot] = False
        self.free.append(slot)
        return self.held.pop(slot)
