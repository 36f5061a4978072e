"""Choosing: every prefix in balance, no question twice."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spargen.qa.answers import AREA, COUNT, DIRECTIONS, LENGTH, OC_AXES, Directions
from spargen.qa.fact import Fact
from spargen.qa.sample import Pool, balanced_order


def rng(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


@given(st.lists(st.integers(0, 5), max_size=60), st.integers(0, 5))
@settings(max_examples=60)
def test_every_prefix_is_as_even_as_can_be(codes, seed):
    order = balanced_order(codes, rng(seed))
    assert sorted(order.tolist()) == list(range(len(codes)))
    total, used = Counter(codes), Counter()
    for i in order:
        # No class is more than one ahead of a class that still has members.
        left = [used[c] for c in total if used[c] < total[c]]
        assert used[codes[i]] == min(left)
        used[codes[i]] += 1


def test_order_within_a_class_is_random_but_repeatable():
    codes = np.zeros(50, dtype=int)
    assert balanced_order(codes, rng(1)).tolist() == balanced_order(codes, rng(1)).tolist()
    assert balanced_order(codes, rng(1)).tolist() != balanced_order(codes, rng(2)).tolist()
    firsts = Counter(int(balanced_order([0, 0, 1, 1], rng(s))[0]) for s in range(200))
    assert len(firsts) == 4
    assert min(firsts.values()) > 25


def choose(facts, kind, form, count, chance, **more):
    pool = Pool(facts, kind)
    return pool.choose(pool.meant(form), count, chance, **more)


def fact(answer, frames=(0,), objects=(0,), **more):
    return Fact(frames=frames, objects=objects, answer=answer, slots={}, **more)


def test_no_question_twice():
    facts = [
        fact(1.0, objects=(1, 2)),
        fact(1.0, objects=(2, 1)),
        fact(1.0, objects=(1, 2), frames=(3,)),
        fact(1.0, objects=(1, 2), quantity="farthest"),
        fact(9.0, objects=(1, 2)),
    ]
    for seed in range(10):
        chosen = choose(facts, LENGTH, "fill", 10_000, rng(seed))
        assert len(chosen) == len({f.key for f in chosen}) == 3


def test_no_more_than_wanted_and_the_first_of_those_that_would_come():
    facts = [fact(i % 5, frames=(i,)) for i in range(50)]
    assert choose(facts, COUNT, "fill", 7, rng(3)) == choose(facts, COUNT, "fill", 50, rng(3))[:7]
    assert choose([], COUNT, "fill", 7, rng(3)) == []


def test_only_facts_that_may_take_the_form():
    facts = [fact(1, frames=(i,), forms=("select",) if i % 2 else None) for i in range(10)]
    assert len(choose(facts, COUNT, "select", 10_000, rng())) == 10
    assert sorted(f.frames[0] for f in choose(facts, COUNT, "fill", 10_000, rng())) == [0, 2, 4, 6, 8]


def test_buckets_take_turns():
    facts = [fact(2 if i < 50 else 3 if i < 60 else 4, frames=(i,)) for i in range(64)]
    chosen = choose(facts, COUNT, "fill", 10_000, rng())
    assert len(chosen) == 64
    assert Counter(f.answer for f in chosen[:12]) == {2: 4, 3: 4, 4: 4}
    assert Counter(f.answer for f in chosen[:24]) == {2: 10, 3: 10, 4: 4}


def test_a_fact_s_own_bucket_counts_first():
    facts = [fact(i, frames=(i,), bucket=i % 2) for i in range(20)]
    assert Counter(f.bucket for f in choose(facts, COUNT, "fill", 10_000, rng())[:10]) == {0: 5, 1: 5}


def test_words_are_balanced_part_by_part():
    r = rng(7)
    facts = [
        fact(Directions(OC_AXES, tuple(int(s) for s in r.choice([-1, 0, 1], 3, p=[0.7, 0.2, 0.1]))), frames=(i,))
        for i in range(3000)
    ]
    chosen = choose(facts, DIRECTIONS, "select", 10_000, rng())[:60]
    for part in range(3):
        counts = Counter(f.answer.states[part] for f in chosen)
        assert min(counts[s] for s in (-1, 0, 1)) >= 14, counts


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_chooses_the_same(seed):
    facts = [fact(float(v), frames=(i,)) for i, v in enumerate(rng().uniform(0.5, 6, 80))]
    assert choose(facts, LENGTH, "fill", 10_000, rng(seed)) == choose(facts, LENGTH, "fill", 10_000, rng(seed))
    assert choose(facts, LENGTH, "fill", 10_000, rng(seed)) != choose(facts, LENGTH, "fill", 10_000, rng(seed + 1))


def test_facts_that_another_form_asks_are_left_out_as_long_as_others_are_left():
    facts = [Fact((k,), (k, 99), 1.0, {}) for k in range(60)]
    others = {fact.key for fact in facts[:20]}
    chosen = choose(facts, LENGTH, "select", 60, rng(), rows=20, spare=40, asked=others)
    assert len(chosen) == 40
    assert not others & {fact.key for fact in chosen}
    more = choose(facts, LENGTH, "select", 60, rng(), rows=20, spare=45, asked=others)
    assert len(more) == 45
    assert len(others & {fact.key for fact in more}) == 5


def test_no_pair_of_objects_has_more_than_its_share_where_there_are_others():
    facts = [Fact((k,), (0, 1), 1.0, {}) for k in range(50)]
    facts += [Fact((100 + k,), (2, 3 + k % 25), 1.0, {}) for k in range(75)]
    for rows, most in ((100, 3), (20, 1), (70, 2)):
        times = Counter(fact.objects for fact in choose(facts, LENGTH, "fill", 200, rng(), rows=rows))
        assert max(times.values()) == most
    times = Counter(fact.objects for fact in choose(facts, LENGTH, "fill", 200, rng(), rows=100, spare=90))
    assert times[0, 1] == 90 - 75
    assert len(choose(facts, LENGTH, "fill", 200, rng())) == 125


def test_decks_are_not_taken_for_repetitions():
    facts = [Fact((0,), (), 20.0, {}, quantity=str(k), deck="room") for k in range(20)]
    assert len(choose(facts, AREA, "fill", 20, rng(), rows=20)) == 20
