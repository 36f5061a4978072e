"""Wrong answers beside which the right one does not stand out: by its size, its place, or anything but the truth."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cache
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.qa.fact import Fact
from spargen.settings import Settings

if TYPE_CHECKING:
    from spargen.qa.kind import AnswerKind

Ints = NDArray[np.int64]
Ranks = NDArray[np.int8]
Bools = NDArray[np.bool_]
AKIN = 8
"""The wrong answers that are chosen from: so many of those that are most like the right one."""
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
                if weighed.taken == count:
                    return
                if (found := weighed.take(loose=loose)) is None:
                    later += weighed.clear()
                    continue
                ways, way = found
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
    from spargen.qa.weighed import ranks_of  # what is compiled takes long to load, and lists do without

    order = np.argsort(kind.away(fact.answer, brought), kind="stable")
    able = order[kind.clear(fact.answer, brought, settings)[order]][:AKIN].tolist()
    values = [fact.answer, *(brought[i] for i in able)]
    options = _choices(len(able), wrong)
    numbers = np.array([looks.rows[0], *(looks.rows[1 + i] for i in able)], dtype=np.float64)
    clear, away = kind.compared(values, settings) if wrong > 1 else (np.zeros((0, 0), dtype=bool), np.zeros((0, 0)))
    return _Ways(fact, values, options, *ranks_of(numbers, clear, away, options))


def _names(fact: Fact) -> list[list[Hashable]]:
    """What the options of a fact say, the right one's first: their names, and those beside what they are related to."""
    looks, asked = fact.looks, fact.quantity
    if looks is None:
        return []
    alone: list[list[Hashable]] = [[(asked, name) for name in names] for names in looks.names]
    beside = [[(asked, looks.beside, names[0])] if looks.beside else [] for names in looks.names]
    return [a + b for a, b in zip(alone, beside, strict=True)]


class _Weighed:
    """Facts from which the next row is taken, in slots, each with some ways to offer it; and the rows so far.

    What those would teach is what right options have in common beyond chance: equal ranks, alone and two together, and
    names. It is kept small in sum, so that a model of options finds nothing that pays.
    """

    def __init__(self, facts: Sequence[Fact], wrong: int) -> None:
        from spargen.qa.weighed import Rows, Slots

        looks = facts[0].looks if facts else None
        brought = max((len(fact.wrong or ()) for fact in facts), default=0)
        ways = len(_choices(min(brought, AKIN), wrong)) if looks else 1
        numbers = len(looks.rows[0]) + (wrong > 1) if looks else 0
        names = _names(facts[0]) if facts else []
        self.asked = {quantity: q for q, quantity in enumerate(sorted({fact.quantity for fact in facts}))}
        self.even = 0 if looks is None else len(looks.rows[0]) if looks.even is None else looks.even
        # Of the facts in the slots
        self.held: dict[int, _Ways] = {}
        self.free = list(range(max(1, min(len(facts), WEIGHED // max(1, ways)))))
        self.slots = Slots.free(len(self.free), ways, numbers, (len(names), len(names[0]) if names else 0))
        self.counts = np.full(self.slots.names.shape[2], NAMED)
        self.counts[-1:] = BESIDE if looks and looks.beside else NAMED
        self.coming = 0
        # Of the rows so far
        self.rows, self.taken = Rows.none(len(self.asked), numbers, 1 + wrong), 0
        self.known: dict[Hashable, int] = {}
        self.taught = np.zeros(0)

    def fill(self, source: Iterator[_Ways]) -> bool:
        """Put facts into the slots that are free; tell whether any is taken."""
        for ways in islice(source, len(self.free)):
            self._hold(self.free.pop(), ways)
        return bool(self.held)

    def _hold(self, slot: int, ways: _Ways) -> None:
        from spargen.qa.weighed import look_back

        fact, many, slots = ways.fact, len(ways.good), self.slots
        self.coming += 1
        self.held[slot], slots.quantity[slot], slots.came[slot] = ways, self.asked[fact.quantity], self.coming
        slots.most[slot] = fact.looks.most if fact.looks else 0.0
        slots.good[slot, :many], slots.good[slot, many:] = ways.good, False
        slots.ranks[slot, :many] = ways.ranks
        look_back(slots, slot, self.rows, self.even)
        for at, names in enumerate(_names(fact)):
            slots.names[slot, at] = [self.known.setdefault(name, len(self.known)) for name in names]
        if len(self.known) > len(self.taught):
            self.taught = np.pad(self.taught, (0, len(self.known)))

    def take(self, *, loose: bool) -> tuple[_Ways, int] | None:
        """Take out, as the next row, the fact that teaches least among those that fit in, and its way.

        None where none fits in. Each rank may be one row ahead of its share; if `loose`, of the larger one that a fact
        allows.
        """
        from spargen.qa.weighed import best, count

        slot, way = best(self.slots, self.rows, self.taught, self.counts, self.even, loose)
        if slot < 0:
            return None
        count(self.slots, slot, way, self.rows, self.taught, self.even)
        self.taken += 1
        return self._leave(int(slot)), int(way)

    def clear(self) -> list[_Ways]:
        """Take all facts out, in the order in which they came."""
        return [self._leave(slot) for slot in sorted(self.held, key=self.slots.came.item)]

    def _leave(self, slot: int) -> _Ways:
        self.slots.good[slot] = False
        self.free.append(slot)
        return self.held.pop(slot)
