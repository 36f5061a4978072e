"""What rows would teach, beside the same counted anew for every way of every fact."""

import math
from itertools import combinations, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spargen.qa.weighed import OF_ONE_QUANTITY, Rows, Waiting, offered, ranks_of

OPTIONS, NUMBERS, EVEN, NAMES, COUNTS = 4, 3, 2, 12, np.array([2.0, 6.0])


def rng(seed):
    return np.random.Generator(np.random.PCG64(seed))


@given(st.integers(0, 10_000), st.integers(2, 7), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_ranks_are_how_many_stand_below_the_right_one(seed, values, wrong):
    chance = rng(seed)
    numbers, away = (
        chance.integers(0, 4, (3, values, 2)).astype(float),
        chance.integers(0, 4, (3, values, values)).astype(float),
    )
    clear, many = chance.random((3, values, values)) < 0.7, chance.integers(1, values + 1, 3)
    options = np.array([(0, *rest) for rest in combinations(range(1, values), wrong)], dtype=np.int64)
    options = options.reshape(-1, 1 + wrong)
    if wrong == 1:
        clear, away = clear[:, :0, :0], away[:, :0, :0]
    good, ranks = ranks_of(numbers, many, clear, away, options)
    for fact, (way, (right, *rest)) in product(range(3), enumerate(options.tolist())):
        expected = [sum(numbers[fact, o, k] < numbers[fact, right, k] for o in rest) for k in range(2)]
        there = max(rest) < many[fact]
        if wrong > 1:
            apart = [sum(away[fact, o, other] for other in (right, *rest)) for o in (right, *rest)]
            expected.append(sum(other < apart[0] for other in apart[1:]))
            assert good[fact, way] == (there and all(clear[fact, b, a] for a, b in combinations(rest, 2)))
        else:
            assert good[fact, way] == there
        assert ranks[fact, way].tolist() == expected


class Naive:
    """Facts and rows as lists; whatever is asked is counted anew."""

    def __init__(self, waiting, quantities):
        self.waiting, self.quantities, self.taken = waiting, quantities, []

    def rows_of(self, fact):
        quantity = self.waiting.quantity
        return [self.waiting.ranks[f, w] for f, w in self.taken if quantity[f] == quantity[fact]]

    def teaches(self, fact, way):
        rows, named = self.rows_of(fact), self.waiting.names[fact]
        agree = [int((ranks == self.waiting.ranks[fact, way]).sum()) for ranks in rows]
        chance = NUMBERS / OPTIONS + math.comb(NUMBERS, 2) / OPTIONS**2
        names = sum(
            COUNTS[m] * (self.taught[right] - sum(self.taught[name] for name in named[:, m]) / OPTIONS)
            for m, right in enumerate(named[0])
        )
        return sum(n + math.comb(n, 2) for n in agree) - len(rows) * chance + names

    def taught_of(self, name):
        named = [self.waiting.names[f] for f, _ in self.taken]
        return sum(np.sum(names[0] == name) - np.sum(names == name) / OPTIONS for names in named)

    def fits(self, fact, way, loose):
        rows = self.rows_of(fact)
        if self.quantities > 1 and len(rows) >= math.ceil((len(self.taken) + 1) * OF_ONE_QUANTITY):
            return False
        share = max(self.waiting.most[fact], 1 / OPTIONS) if loose else 1 / OPTIONS
        most = max(sum(ranks[k] == self.waiting.ranks[fact, way, k] for ranks in rows) for k in range(EVEN))
        return self.waiting.good[fact, way] and most <= math.ceil((len(rows) + 1) * share)

    def best(self, held, loose):
        self.taught = [self.taught_of(name) for name in range(NAMES)]
        able = [
            (self.teaches(fact, way), place, way)
            for place, fact in enumerate(held)
            for way in range(self.waiting.good.shape[1])
            if self.fits(fact, way, loose)
        ]
        return min(able)[1:] if able else None

    def offered(self, at_once, count):
        order = list(range(len(self.waiting.good)))
        for loose in (False, True):
            before = None
            while before != len(order):
                before, held, later = len(order), [], []
                while order or held:
                    while order and len(held) < at_once:
                        held.append(order.pop(0))
                    if len(self.taken) == count:
                        return self.taken
                    if (found := self.best(held, loose)) is None:
                        later, held = later + held, []
                    else:
                        self.taken.append((held.pop(found[0]), found[1]))
                order = later
        return self.taken


@given(st.integers(0, 10_000), st.integers(1, 2), st.integers(1, 9), st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_the_next_row_is_the_one_that_teaches_least_of_those_that_wait(seed, quantities, at_once, count):
    chance, facts, ways = rng(seed), 24, 5
    waiting = Waiting(
        good=chance.random((facts, ways)) < 0.8,
        # Where the right ones never have the last rank, the others come too often.
        ranks=chance.integers(0, OPTIONS - chance.integers(2), (facts, ways, NUMBERS)).astype(np.int8),
        quantity=chance.integers(0, quantities, facts),
        most=chance.choice([0, 0.5], facts),
        names=np.array([0, 6]) + chance.integers(0, 6, (facts, OPTIONS, 2)),
    )
    found = offered(waiting, Rows.none(quantities, NUMBERS, OPTIONS), COUNTS, EVEN, at_once, count)
    assert list(map(tuple, found.tolist())) == Naive(waiting, quantities).offered(at_once, count)
