"""What rows of options would teach, and the facts that wait for a row weighed by it.

It is compiled, for each row thousands of ways to offer a fact are weighed against each other, and loaded by what offers
options, not before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.compiled import Whole, compiled

Ints = NDArray[np.int64]
Ranks = NDArray[np.int8]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

OF_ONE_QUANTITY = 2 / 3
"""Largest share of the rows that ask for one of several quantities."""


class Rows(NamedTuple):
    """The rows so far: how many ask for each of Q quantities, and the ranks of their right options along L numbers.

    many (Q,); times (Q, L, O) how often each rank was right; together (Q, L, L, O, O) how often two were, of a number
    and of a later one.
    """

    many: Ints
    times: Ints
    together: Ints

    @classmethod
    def none(cls, quantities: int, numbers: int, options: int) -> Rows:
        """Return no rows."""
        shape = quantities, numbers, options
        together = np.zeros((quantities, numbers, numbers, options, options), dtype=np.int64)
        return cls(np.zeros(quantities, dtype=np.int64), np.zeros(shape, dtype=np.int64), together)


class Waiting(NamedTuple):
    """F facts that wait for a row, with W ways each to offer them.

    good (F, W) ways that may be taken; ranks (F, W, L) of the right option among the others; quantity (F,) what is
    asked for; most (F,) see `Looks.most`; names (F, O, M) see `Looks.names`, the right option's first.
    """

    good: Bools
    ranks: Ranks
    quantity: Ints
    most: Floats
    names: Ints


class Common(NamedTuple):
    """What the rows so far have in common with W ways to offer each of F facts.

    alike (F, W) how many ranks, alone and two together; most_often (F, W) how often the rank of a number was right by
    now that is to be even, the most of them.
    """

    alike: Ints
    most_often: Ints


@compiled
def ranks_of(numbers: Floats, many: Ints, clear: Bools, away: Floats, options: Ints) -> tuple[Bools, Ranks]:
    """Tell how the right one of V values stands among the others, for each of F facts and W ways to choose from them.

    Parameters
    ----------
    numbers : (F, V, K) by which it might be told.
    many : (F,) values that each fact has: the first ones.
    clear, away : (F, V, V) which are clearly different, and how unlike each other they are; of a single wrong one,
        (F, 0, 0).
    options : (W, O) values that stand together, the right one first.

    Returns
    -------
    good (F, W) whether there are such wrong ones, clear of each other; ranks (F, W, L) of the right one, in the end by
    how unlike the others it is: wrong ones that are most like it would leave it in their middle.
    """
    told, known, compares = options.shape[1], numbers.shape[2], away.shape[1] > 0
    good = np.ones((len(many), len(options)), dtype=np.bool_)
    ranks = np.zeros((len(many), len(options), known + (1 if compares else 0)), dtype=np.int8)
    apart = np.zeros(told)
    for f in range(len(many)):
        for w in range(len(options)):
            for o in range(1, told):
                good[f, w] &= options[w, o] < many[f]
                for k in range(known):
                    ranks[f, w, k] += numbers[f, options[w, o], k] < numbers[f, options[w, 0], k]
            if compares:
                for o in range(told):
                    apart[o] = 0.0
                    for other in range(told):
                        apart[o] += away[f, options[w, o], options[w, other]]
                        if 0 < other < o:
                            good[f, w] &= clear[f, options[w, o], options[w, other]]
                    ranks[f, w, known] += apart[o] < apart[0]
    return good, ranks


@compiled
def offered(waiting: Waiting, rows: Rows, counts: Floats, even: Whole, at_once: Whole, count: Whole) -> Ints:
    """Choose up to `count` facts, each in a way to offer it (N, 2): those that teach least, in the order of the rows.

    A fact that does not fit in waits until others have made room. First each rank may be one row ahead of its share,
    for else few facts would fit in; then of the larger share that a fact allows.

    Parameters
    ----------
    waiting : the first ones rather.
    rows : those before, which the new ones are counted among.
    counts : (M,) how much it counts, beside a rank, that a name is right more often than it is offered.
    even : how many numbers have even ranks.
    at_once : facts that are weighed against each other.
    """
    many, shape = len(waiting.good), waiting.good.shape
    taught = np.zeros(waiting.names.max() + 1 if waiting.names.size else 0)
    common = Common(np.zeros(shape, np.int64), np.zeros(shape, np.int64))
    found, taken = np.empty((min(count, many), 2), dtype=np.int64), 0
    order, left, held, weighed = np.arange(many), many, np.empty(at_once, dtype=np.int64), 0
    for loose in (False, True):
        moved = True
        while moved:
            came, later = 0, 0
            while True:
                while weighed < at_once and came < left:
                    held[weighed] = order[came]
                    _look_back(waiting, held[weighed], rows, common, even)
                    came, weighed = came + 1, weighed + 1
                if weighed == 0:
                    break
                if taken == len(found):
                    return found
                at, way = _best(waiting, held[:weighed], rows, common, taught, counts, even, loose)
                if at < 0:  # none of them fits in
                    order[later : later + weighed] = held[:weighed]
                    later, weighed = later + weighed, 0
                    continue
                found[taken, 0], found[taken, 1] = held[at], way
                _count(waiting, held[at], way, held[:weighed], rows, common, taught, even)
                taken, weighed = taken + 1, weighed - 1
                held[at:weighed] = held[at + 1 : weighed + 1].copy()
            moved = later < left
            left = later
    return found[:taken]


@compiled
def _look_back(waiting: Waiting, fact: Whole, rows: Rows, common: Common, even: Whole) -> None:
    """Find what a fact that is weighed from now on has in common with the rows so far."""
    times, together = rows.times[waiting.quantity[fact]], rows.together[waiting.quantity[fact]]
    for w in range(waiting.ranks.shape[1]):
        alike, most_often, ranks = 0, 0, waiting.ranks[fact, w]
        for k in range(len(ranks)):
            alike += times[k, ranks[k]]
            if k < even:
                most_often = max(most_often, times[k, ranks[k]])
            for j in range(k):
                alike += together[j, k, ranks[j], ranks[k]]
        common.alike[fact, w], common.most_often[fact, w] = alike, most_often


@compiled
def _best(
    waiting: Waiting, held: Ints, rows: Rows, common: Common, taught: Floats, counts: Floats, even: Whole, loose: bool
) -> tuple[Whole, Whole]:
    """Return which of the facts that are held teaches least among those that fit in, and its way; -1 if none does.

    `taught` tells of each name how much more often it was right than it was offered.
    """
    found, way, least = -1, -1, np.inf
    numbers, options = rows.times.shape[1], rows.times.shape[2]
    by_chance = numbers / options + numbers * (numbers - 1) / 2 / options**2
    full = np.ceil((rows.many.sum() + 1) * OF_ONE_QUANTITY) if len(rows.many) > 1 else np.inf
    for h in range(len(held)):
        f = held[h]
        asked = rows.many[waiting.quantity[f]]
        if asked >= full:
            continue
        share = max(waiting.most[f], 1 / options) if loose else 1 / options
        limit = np.ceil((asked + 1) * share) if even else np.inf
        names = 0.0
        for m in range(waiting.names.shape[2]):
            mean = 0.0
            for o in range(waiting.names.shape[1]):
                mean += taught[waiting.names[f, o, m]]
            names += (taught[waiting.names[f, 0, m]] - mean / waiting.names.shape[1]) * counts[m]
        for w in range(waiting.good.shape[1]):
            if waiting.good[f, w] and common.most_often[f, w] <= limit:
                teaches = common.alike[f, w] - asked * by_chance + names
                if teaches < least:
                    found, way, least = h, w, teaches
    return found, way


@compiled
def _count(
    waiting: Waiting, fact: Whole, way: Whole, held: Ints, rows: Rows, common: Common, taught: Floats, even: Whole
) -> None:
    """Count a fact, offered in a way, among the rows, and for those that are held."""
    q, ranks = waiting.quantity[fact], waiting.ranks[fact, way]
    rows.many[q] += 1
    for k in range(len(ranks)):
        rows.times[q, k, ranks[k]] += 1
        for j in range(k):
            rows.together[q, j, k, ranks[j], ranks[k]] += 1
    for f in held:
        if waiting.quantity[f] == q:
            for w in range(waiting.good.shape[1]):
                agree = 0
                for k in range(len(ranks)):
                    if waiting.ranks[f, w, k] == ranks[k]:
                        agree += 1
                        if k < even:
                            common.most_often[f, w] = max(common.most_often[f, w], rows.times[q, k, ranks[k]])
                common.alike[f, w] += agree * (agree + 1) // 2  # alone, and two together
    for m in range(waiting.names.shape[2]):
        for o in range(waiting.names.shape[1]):
            taught[waiting.names[fact, o, m]] -= 1 / waiting.names.shape[1]
        taught[waiting.names[fact, 0, m]] += 1.0
