"""Wrong answers beside which the right one does not stand out: by its size, its place, or anything but the truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.qa.fact import Fact, Looks
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
    if not facts:
        return
    from spargen.qa.weighed import Rows, Waiting, offered  # what is compiled takes long to load, and lists do without

    looks = facts[0].looks
    ways = _first_ways(kind, facts, wrong, settings) if looks is None else _ways(kind, facts, wrong, settings)
    asked = {quantity: q for q, quantity in enumerate(sorted({fact.quantity for fact in facts}))}
    even = 0 if looks is None else len(looks.rows[0]) if looks.even is None else looks.even
    names = _names(facts)
    counts = np.full(names.shape[2], NAMED)
    counts[-1:] = BESIDE if looks and looks.beside else NAMED
    waiting = Waiting(
        ways.good,
        ways.ranks,
        np.array([asked[fact.quantity] for fact in facts], dtype=np.int64),
        np.array([fact.looks.most if fact.looks else 0.0 for fact in facts], dtype=np.float64),
        names,
    )
    rows = Rows.none(len(asked), ways.ranks.shape[2], 1 + wrong)
    at_once = WEIGHED // max(1, len(ways.options))
    for i, way in offered(waiting, rows, counts, even, at_once, count).tolist():
        yield facts[i], [ways.values[k] for k in ways.at[i, ways.options[way, 1:]].tolist()]


class _Ways(NamedTuple):
    """W ways to offer each of F facts.

    `values` are answers and wrong ones, `at` (F, V) where those of each fact stand, its answer first. `options`
    (W, O) tell which of the V stand together, the right one first; `good` (F, W) whether a fact has those, clear of
    each other; `ranks` (F, W, L) of the right one among them.
    """

    values: Sequence[Any]
    at: Ints
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


def _first_ways(kind: AnswerKind, facts: Sequence[Fact], wrong: int, settings: Settings) -> _Ways:
    """Offer the first honest wrong answers, the one way for facts that have no looks."""
    taken = [[f.answer, *honest(kind, f.answer, f.wrong or (), wrong, settings)] for f in facts]
    good = np.array([[len(values) > wrong] for values in taken])
    index = (np.cumsum([0, *map(len, taken)])[:-1, None] + np.arange(1 + wrong)) * good
    return _Ways([*chain(*taken)], index, _choices(wrong, wrong), good, np.zeros((len(facts), 1, 0), dtype=np.int8))


def _ways(kind: AnswerKind, facts: Sequence[Fact], wrong: int, settings: Settings) -> _Ways:
    """Combine the wrong answers of each fact that are most like its right one."""
    from spargen.qa.weighed import ranks_of

    brought = [fact.wrong or () for fact in facts]
    values = [value for fact, some in zip(facts, brought, strict=True) for value in (fact.answer, *some)]
    index, many = _akin(kind, values, np.array([len(some) for some in brought]), settings)
    size = index.shape[1] if wrong > 1 else 0  # a single wrong one is compared with no other
    clear, away = np.zeros((len(facts), size, size), dtype=bool), np.zeros((len(facts), size, size))
    one, other = np.tril_indices(size, -1)
    found = kind.compared(values, index[:, one].ravel(), index[:, other].ravel(), settings)
    for square, told in zip((clear, away), found, strict=True):
        square[:, one, other] = square[:, other, one] = told.reshape(len(facts), len(one))
    numbers = np.array([row for fact in facts if fact.looks for row in fact.looks.rows], dtype=np.float64)[index]
    options = _choices(index.shape[1] - 1, wrong)
    return _Ways(values, index, options, *ranks_of(numbers, many, clear, away, options))


def _akin(kind: AnswerKind, values: Sequence[Any], brought: Ints, settings: Settings) -> tuple[Ints, Ints]:
    """Find the answers of F facts and, after each, its wrong ones that are most like it and clear of it.

    Parameters
    ----------
    values : each fact's answer, then as many wrong ones as it `brought` (F,).

    Returns
    -------
    index (F, V) of them in the values, of the answer again where a fact has fewer; many (F,) it has, the answer among
    them.
    """
    first = np.cumsum(brought + 1) - brought - 1
    fact = np.repeat(np.arange(len(brought)), brought)
    wrong = np.delete(np.arange(len(values)), first)
    clear, away = kind.compared(values, first[fact], wrong, settings)
    order = np.lexsort((away, ~clear, fact))
    rank = np.arange(len(wrong)) - (first - np.arange(len(first)))[fact]
    akin = clear[order] & (rank < AKIN)
    many = 1 + np.bincount(fact[akin], minlength=len(first))
    index = np.repeat(first[:, None], 1 + min(brought.max(), AKIN), axis=1)
    index[fact[akin], 1 + rank[akin]] = wrong[order][akin]
    return index, many


def _names(facts: Sequence[Fact]) -> Ints:
    """What the options of each fact say, the right one's first: numbers of their M names, (F, O, M).

    They are the names of each, and the first one beside what the question relates it to.
    """
    known: dict[Hashable, int] = defaultdict(lambda: len(known))
    found = []
    for fact in facts:
        looks, asked = fact.looks or Looks(()), fact.quantity
        said = looks.names or ((),)
        alone: list[list[Hashable]] = [[(asked, name) for name in names] for names in said]
        beside = [[(asked, looks.beside, name) for name in names[:1]] if looks.beside else [] for names in said]
        found.append([[known[name] for name in a + b] for a, b in zip(alone, beside, strict=True)])
    return np.array(found, dtype=np.int64)
