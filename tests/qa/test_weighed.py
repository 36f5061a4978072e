"""What rows would teach, beside the same counted anew for every way of every fact."""

import math
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spargen.qa.weighed import OF_ONE_QUANTITY, Rows, Slots, best, count, look_back, ranks_of

OPTIONS, NUMBERS, EVEN, NAMES, COUNTS = 4, 3, 2, 12, np.array([2.0, 6.0])


def rng(seed):
    return np.random.Generator(np.random.PCG64(seed))


@given(st.integers(0, 10_000), st.integers(2, 7), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_ranks_are_how_many_stand_below_the_right_one(seed, values, wrong):
    chance = rng(seed)
    numbers, away = (
        chance.integers(0, 4, (values, 2)).astype(float),
        chance.integers(0, 4, (values, values)).astype(float),
    )
    clear = chance.random((values, values)) < 0.7
    options = np.array([(0, *rest) for rest in combinations(range(1, values), wrong)], dtype=np.int64)
    options = options.reshape(-1, 1 + wrong)
    if wrong == 1:
        clear, away = clear[:0, :0], away[:0, :0]
    good, ranks = ranks_of(numbers, clear, away, options)
    for way, (right, *rest) in enumerate(options.tolist()):
        expected = [sum(numbers[o, k] < numbers[right, k] for o in rest) for k in range(2)]
        if wrong > 1:
            apart = [sum(away[o, other] for other in (right, *rest)) for o in (right, *rest)]
            expected.append(sum(other < apart[0] for other in apart[1:]))
            assert good[way] == all(clear[b, a] for a, b in combinations(rest, 2))
        else:
            assert good[way]
        assert ranks[way].tolist() == expected


class Naive:
    """Facts and rows as lists; whatever is asked is counted anew."""

    def __init__(self, slots, quantities):
        self.slots, self.quantities, self.taken = slots, quantities, []

    def teaches(self, s, w):
        q = self.slots.quantity[s]
        rows = [ranks for quantity, ranks, _ in self.taken if quantity == q]
        agree = [int((ranks == self.slots.ranks[s, w]).sum()) for ranks in rows]
        chance = NUMBERS / OPTIONS + math.comb(NUMBERS, 2) / OPTIONS**2
        names = sum(
            COUNTS[m] * (self.taught[right] - sum(self.taught[name] for name in self.slots.names[s, :, m]) / OPTIONS)
            for m, right in enumerate(self.slots.names[s, 0])
        )
        return sum(n + math.comb(n, 2) for n in agree) - len(rows) * chance + names

    def taught_of(self, name):
        return sum(np.sum(names[0] == name) - np.sum(names == name) / OPTIONS for _, _, names in self.taken)

    def fits(self, s, w, loose):
        q, asked = self.slots.quantity[s], [quantity for quantity, _, _ in self.taken]
        if self.quantities > 1 and asked.count(q) >= math.ceil((len(asked) + 1) * OF_ONE_QUANTITY):
            return False
        share = max(self.slots.most[s], 1 / OPTIONS) if loose else 1 / OPTIONS
        rows = [ranks for quantity, ranks, _ in self.taken if quantity == q]
        most = max(sum(ranks[k] == self.slots.ranks[s, w, k] for ranks in rows) for k in range(EVEN))
        return self.slots.good[s, w] and most <= math.ceil((len(rows) + 1) * share)

    def best(self, loose):
        self.taught = [self.taught_of(name) for name in range(NAMES)]
        able = [
            (self.teaches(s, w), self.slots.came[s], s, w)
            for s, w in np.ndindex(self.slots.good.shape)
            if self.fits(s, w, loose)
        ]
        return min(able)[2:] if able else (-1, -1)


@given(st.integers(0, 10_000), st.integers(1, 2), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_next_row_is_the_one_that_teaches_least(seed, quantities, loose):
    chance = rng(seed)
    slots = Slots.free(8, 5, NUMBERS, (OPTIONS, 2))
    rows, taught = Rows.none(quantities, NUMBERS, OPTIONS), np.zeros(NAMES)
    naive, coming = Naive(slots, quantities), 0

    def hold(s):
        nonlocal coming
        coming += 1
        slots.good[s], slots.ranks[s] = chance.random(5) < 0.8, chance.integers(0, OPTIONS, (5, NUMBERS))
        slots.quantity[s], slots.came[s], slots.most[s] = chance.integers(quantities), coming, chance.choice([0, 0.5])
        slots.names[s] = np.array([0, 6]) + chance.integers(0, 6, (OPTIONS, 2))
        look_back(slots, s, rows, EVEN)

    for s in chance.permutation(8):
        hold(s)
    for _ in range(20):
        slot, way = best(slots, rows, taught, COUNTS, EVEN, loose)
        assert (slot, way) == naive.best(loose)
        if slot < 0:
            break
        count(slots, slot, way, rows, taught, EVEN)
        naive.taken.append((slots.quantity[slot], slots.ranks[slot, way].copy(), slots.names[slot].copy()))
        hold(slot)
