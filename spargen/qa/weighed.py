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


class Slots(NamedTuple):
    """Facts that wait, in S slots, with up to W ways each to offer them.

    good (S, W) ways that may be taken; ranks (S, W, L) of the right option among the others; alike (S, W) how many
    ranks, alone and two together, the rows so far have in common with a way; most_often (S, W) how often the rank of a
    number was right by now that is to be even, the most of them; quantity (S,) what is asked for; came (S,) their
    order; most (S,) see `Looks.most`; names (S, O, M) see `Looks.names`, the right option's first.
    """

    good: Bools
    ranks: Ranks
    alike: Ints
    most_often: Ints
    quantity: Ints
    came: Ints
    most: Floats
    names: Ints

    @classmethod
    def free(cls, slots: int, ways: int, numbers: int, names: tuple[int, int]) -> Slots:
        """Return slots that are all free."""
        good, ranks = np.zeros((slots, ways), dtype=bool), np.zeros((slots, ways, numbers), dtype=np.int8)
        alike, most_often = np.zeros((2, slots, ways), dtype=np.int64)
        quantity, came = np.zeros((2, slots), dtype=np.int64)
        return cls(good, ranks, alike, most_often, quantity, came, np.zeros(slots), np.zeros((slots, *names), np.int64))


@compiled
def ranks_of(numbers: Floats, clear: Bools, away: Floats, options: Ints) -> tuple[Bools, Ranks]:
    """Tell how the right one of V values stands among the others in each of W ways to choose from them.

    Parameters
    ----------
    numbers : (V, K) by which it might be told.
    clear, away : (V, V) which are clearly different, and how unlike each other they are; of a single wrong one, empty.
    options : (W, O) values that stand together, the right one first.

    Returns
    -------
    good (W,) whether the wrong ones are clear of each other; ranks (W, L) of the right one, in the end by how unlike
    the others it is: wrong ones that are most like it would leave it in their middle.
    """
    many, known = options.shape[1], numbers.shape[1]
    good = np.ones(len(options), dtype=np.bool_)
    ranks = np.zeros((len(options), known + (1 if len(away) else 0)), dtype=np.int8)
    apart = np.zeros(many)
    for w in range(len(options)):
        for o in range(1, many):
            for k in range(known):
                ranks[w, k] += numbers[options[w, o], k] < numbers[options[w, 0], k]
        if len(away):
            for o in range(many):
                apart[o] = 0.0
                for other in range(many):
                    apart[o] += away[options[w, o], options[w, other]]
                    if 0 < other < o:
                        good[w] &= clear[options[w, o], options[w, other]]
                ranks[w, known] += apart[o] < apart[0]
    return good, ranks


@compiled
def look_back(slots: Slots, slot: Whole, rows: Rows, even: Whole) -> None:
    """Find what a fact that has come has in common with the rows so far; the first numbers are to be `even`."""
    times, together = rows.times[slots.quantity[slot]], rows.together[slots.quantity[slot]]
    for w in range(slots.ranks.shape[1]):
        alike, most_often, ranks = 0, 0, slots.ranks[slot, w]
        for k in range(len(ranks)):
            alike += times[k, ranks[k]]
            if k < even:
                most_often = max(most_often, times[k, ranks[k]])
            for j in range(k):
                alike += together[j, k, ranks[j], ranks[k]]
        slots.alike[slot, w], slots.most_often[slot, w] = alike, most_often


@compiled
def best(slots: Slots, rows: Rows, taught: Floats, counts: Floats, even: Whole, loose: bool) -> tuple[Whole, Whole]:
    """Return slot and way of the fact that teaches least among those that fit in, -1 if none does.

    Each rank may be one row ahead of its share: else few facts would fit in.

    Parameters
    ----------
    taught : of each name, how much more often it was right than it was offered.
    counts : (M,) how much that counts, beside a rank.
    even : how many numbers have even ranks.
    loose : whether ranks may have the larger share that their facts allow.
    """
    slot, way, least = -1, -1, np.inf
    numbers, options = rows.times.shape[1], rows.times.shape[2]
    by_chance = numbers / options + numbers * (numbers - 1) / 2 / options**2
    full = np.ceil((rows.many.sum() + 1) * OF_ONE_QUANTITY) if len(rows.many) > 1 else np.inf
    for s in range(len(slots.good)):
        asked = rows.many[slots.quantity[s]]
        if asked >= full:
            continue
        limit = np.ceil((asked + 1) * (max(slots.most[s], 1 / options) if loose else 1 / options)) if even else np.inf
        names = 0.0
        for m in range(slots.names.shape[2]):
            mean = 0.0
            for o in range(slots.names.shape[1]):
                mean += taught[slots.names[s, o, m]]
            names += (taught[slots.names[s, 0, m]] - mean / slots.names.shape[1]) * counts[m]
        for w in range(slots.good.shape[1]):
            if slots.good[s, w] and slots.most_often[s, w] <= limit:
                teaches = slots.alike[s, w] - asked * by_chance + names
                if teaches < least or (teaches == least and slots.came[s] < slots.came[slot]):
                    slot, way, least = s, w, teaches
    return slot, way


@compiled
def count(slots: Slots, slot: Whole, way: Whole, rows: Rows, taught: Floats, even: Whole) -> None:
    """Count a fact, offered in a way, among the rows."""
    q, ranks = slots.quantity[slot], slots.ranks[slot, way].copy()
    rows.many[q] += 1
    for k in range(len(ranks)):
        rows.times[q, k, ranks[k]] += 1
        for j in range(k):
            rows.together[q, j, k, ranks[j], ranks[k]] += 1
    for s in range(len(slots.good)):
        if slots.quantity[s] == q:
            for w in range(slots.good.shape[1]):
                agree = 0
                for k in range(len(ranks)):
                    if slots.ranks[s, w, k] == ranks[k]:
                        agree += 1
                        if k < even:
                            slots.most_often[s, w] = max(slots.most_often[s, w], rows.times[q, k, ranks[k]])
                slots.alike[s, w] += agree * (agree + 1) // 2  # alone, and two together
    for m in range(slots.names.shape[2]):
        for o in range(slots.names.shape[1]):
            taught[slots.names[slot, o, m]] -= 1 / slots.names.shape[1]
        taught[slots.names[slot, 0, m]] += 1.0
