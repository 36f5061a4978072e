"""Options: nothing but the scene tells them apart."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest

from spargen.qa.answers import AREA, BOX, DIRECTIONS, LENGTH, OC_AXES, OO_MULTI_AXES, PLACE, WINNER, Directions, Place
from spargen.qa.fact import Fact, Thing
from spargen.qa.options import choices, claims
from spargen.settings import Settings

S = Settings()


def rng(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def fact(answer, number=0, **more):
    return Fact(views=(number,), objects=(number,), answer=answer, slots=more.pop("slots", {}), **more)


def lengths(n, seed=0):
    return [fact(v, i) for i, v in enumerate(rng(seed).uniform(0.4, 7, n))]


def sets_of(found):
    groups = defaultdict(list)
    for c in found:
        groups[frozenset(c.texts)].append(c)
    return groups


def test_four_lengths_share_one_set_and_each_is_right_once():
    found = choices(lengths(60), LENGTH, 48, S, rng())
    assert len(found) == 48
    groups = sets_of(found)
    assert len(groups) == 12
    for texts, group in groups.items():
        assert len(texts) == 4
        assert {c.texts[c.right] for c in group} == texts
        assert sorted(c.letter for c in group) == list("ABCD")
        values = sorted(c.fact.answer for c in group)
        for a, b in pairwise(values):
            assert b - a >= S.option_gap_m
            assert b - a >= S.option_gap_share * b
    for c in found:
        assert c.texts[c.right] == LENGTH.text(c.fact.answer)
    assert len({c.fact.views for c in found}) == 48


def test_no_fact_is_asked_twice_and_the_first_ones_are_preferred():
    found = choices(lengths(300), LENGTH, 20, S, rng())
    numbers = [c.fact.views[0] for c in found]
    assert len(set(numbers)) == 20
    assert max(numbers) < 100


def test_lengths_too_close_together_are_left_out():
    near = [fact(2.0 + 0.005 * i, i) for i in range(40)]
    assert choices(near, LENGTH, 20, S, rng()) == []
    found = choices([*near, fact(3.0, 50), fact(4.0, 51), fact(5.0, 52)], LENGTH, 20, S, rng())
    assert len(found) == 4
    assert {0, 50, 51, 52} == {c.fact.views[0] for c in found}


def test_a_first_fact_without_companions_does_not_use_them_up():
    # 9 goes with 5 and 2 only; without it 5, 2, 8 and 10 make a set.
    facts = [fact(v, i) for i, v in enumerate((9.0, 5.0, 2.0, 8.0, 10.0))]
    found = choices(facts, LENGTH, 8, S, rng())
    assert {c.fact.answer for c in found} == {5.0, 2.0, 8.0, 10.0}


def test_the_place_of_the_right_option_does_not_follow_the_order_of_the_facts():
    letters = Counter(choices(lengths(40), LENGTH, 4, S, rng(seed))[0].letter for seed in range(80))
    assert set(letters) == set("ABCD")
    assert min(letters.values()) >= 8


@pytest.mark.parametrize("count", [1, 3, 10])
def test_no_more_than_asked_for(count):
    assert len(choices(lengths(80), LENGTH, count, S, rng())) == count


def test_boxes_and_places_and_areas_use_their_own_margins():
    r = rng(3)
    corner = r.integers(0, 700, (80, 2))
    boxes = [fact((int(x), int(y), int(x) + 200, int(y) + 200), i) for i, (x, y) in enumerate(corner)]
    for group in sets_of(choices(boxes, BOX, 20, S, rng())).values():
        b = [c.fact.answer for c in group]
        for i in range(4):
            for j in range(i):
                w = max(0, min(b[i][2], b[j][2]) - max(b[i][0], b[j][0]))
                h = max(0, min(b[i][3], b[j][3]) - max(b[i][1], b[j][1]))
                assert w * h / (2 * 200 * 200 - w * h) < 0.5
    places = [fact(Place(int(x), int(y), 1 + 0.01 * i), i) for i, (x, y) in enumerate(corner)]
    for c in choices(places, PLACE, 20, S, rng()):
        assert len({t.partition("Depth")[2] for t in c.texts}) == 1
        assert f"({c.fact.answer.x}, {c.fact.answer.y})" in c.texts[c.right]
    areas = [fact(a, i) for i, a in enumerate(r.uniform(5, 40, 40))]
    for c in choices(areas, AREA, 20, S, rng()):
        v = sorted(int(t) for t in c.texts)
        assert min(np.diff(v)) >= 2


def tuples(n, axes, seed=0):
    r = rng(seed)
    out = []
    while len(out) < n:
        states = tuple(int(s) for s in r.choice([-1, 0, 1], len(axes), p=[0.5, 0.2, 0.3]))
        if any(states[:3]):
            out.append(fact(Directions(axes, states), len(out)))
    return out


@pytest.mark.parametrize("axes", [OC_AXES, OO_MULTI_AXES])
def test_tuples_vary_two_parts_in_all_four_combinations(axes):
    facts = tuples(200, axes)
    found = choices(facts, DIRECTIONS, 120, S, rng())
    assert len(found) == 120
    for c in found:
        parts = [t.split(", ") for t in c.texts]
        assert len(set(c.texts)) == 4
        values = [sorted({p[k] for p in parts}) for k in range(len(axes))]
        assert sorted(len(v) for v in values) == [1] * (len(axes) - 2) + [2, 2]
        assert c.texts[c.right] == str(c.fact.answer)
        assert all(any(p[:3]) for p in parts)
    letters = Counter(c.letter for c in found)
    assert set(letters.values()) == {30}
    varied = Counter()
    for c in found:
        parts = [t.split(", ") for t in c.texts]
        varied[tuple(k for k in range(len(axes)) if len({p[k] for p in parts}) == 2)] += 1
    # Every pair of parts is varied.
    assert len(varied) == len(axes) * (len(axes) - 1) // 2


def test_the_other_value_of_a_part_is_one_that_occurs_as_a_truth():
    facts = [f for f in tuples(300, OC_AXES) if f.answer.states[1] != 1]
    for c in choices(facts, DIRECTIONS, 100, S, rng()):
        assert not any("above" in t for t in c.texts)


def test_other_values_are_as_frequent_as_among_the_truths():
    # "behind" is three times as frequent as an empty part: as the other value of "front" as well.
    r = rng(5)
    facts = []
    for i in range(900):
        s = int(r.choice([1, -1, 0], p=[0.5, 0.375, 0.125]))
        facts.append(fact(Directions(OC_AXES, (int(r.choice([-1, 1])), int(r.choice([-1, 1])), s)), i))
    other = Counter()
    for c in choices(facts, DIRECTIONS, 900, S, rng()):
        if c.fact.answer.states[2] == 1:
            other.update({t.split(", ")[2] for t in c.texts} - {"front"})
    assert other["behind"] / other[""] == pytest.approx(3, rel=0.35)


def test_one_kind_of_truth_only_gives_no_options():
    same = [fact(Directions(OC_AXES, (1, 0, 1)), i) for i in range(20)]
    assert choices(same, DIRECTIONS, 10, S, rng()) == []
    assert choices([], DIRECTIONS, 10, S, rng()) == []


def test_two_options_are_green_then_blue():
    green, blue = Thing("chair", "green point"), Thing("lamp", "blue point")
    facts = [fact(answer, i, slots={"green": green, "blue": blue}) for i, answer in enumerate((green, blue))]
    a, b = choices(facts, WINNER, 5, S, rng())
    assert a.texts == b.texts == ("chair (green point)", "lamp (blue point)")
    assert (a.letter, b.letter) == ("A", "B")


def test_given_wrong_answers_are_clear_of_the_truth_and_of_each_other():
    box = (100, 100, 300, 300)
    wrong = ((110, 100, 300, 300), (500, 500, 600, 600), (505, 500, 600, 600), (0, 700, 90, 900), (800, 0, 900, 90))
    facts = [fact(box, i, wrong=wrong) for i in range(40)] + [fact(box, 99, wrong=wrong[:3])]
    found = choices(facts, BOX, 60, S, rng())
    assert len(found) == 40
    for c in found:
        assert set(c.texts) == {BOX.text(b) for b in (box, wrong[1], wrong[3], wrong[4])}
        assert c.texts[c.right] == BOX.text(box)
    assert Counter(c.letter for c in found) == dict.fromkeys("ABCD", 10)
    assert len({c.texts for c in found}) > 10


def test_the_same_seed_gives_the_same_options():
    for facts, kind in ((lengths(60), LENGTH), (tuples(60, OC_AXES), DIRECTIONS)):
        one, two, other = (choices(facts, kind, 40, S, rng(s)) for s in (1, 1, 2))
        assert one == two
        assert one != other


@pytest.mark.parametrize("shares", [(0.4, 0.2, 0.4), (0.15, 0.7, 0.15), (0.5, 0.5, 0.0)])
def test_tuples_that_share_their_options_are_each_right_once(shares):
    r = rng(7)
    facts = [fact(Directions(OC_AXES, s), i) for i, s in enumerate(r.choice([-1, 0, 1], (800, 3), p=shares).tolist())]
    facts = [fact(Directions(OC_AXES, tuple(f.answer.states)), i) for i, f in enumerate(facts) if any(f.answer.states)]
    found = choices(facts, DIRECTIONS, 100, S, rng())
    assert len(found) == 100
    assert len({c.fact.views for c in found}) == 100
    groups = sets_of(found)
    for texts, group in groups.items():
        assert len(group) % 4 == 0
        assert set(Counter(c.texts[c.right] for c in group).values()) == {len(group) // 4}
        assert {c.texts[c.right] for c in group} == texts


def test_tuples_without_company_get_options_all_the_same():
    facts = [fact(Directions(OC_AXES, s), i) for i, s in enumerate([(1, 1, 1), (-1, -1, -1), (1, 0, -1)])]
    found = choices(facts, DIRECTIONS, 10, S, rng())
    assert {c.fact.views for c in found} == {(0,), (1,), (2,)}
    assert all(len(set(c.texts)) == 4 for c in found)


def test_of_claims_half_hold_for_each_word():
    r = rng(3)
    facts = []
    while len(facts) < 400:
        states = tuple(int(s) for s in r.choice([-1, 0, 1], 3, p=[0.5, 0.2, 0.3]))
        if any(states):
            facts.append(fact(Directions(OC_AXES, states), len(facts)))
    found = claims(facts, DIRECTIONS, 100, S, rng())
    assert sum(c.holds for c in found) == 50
    said = Counter((c.said.axes, c.said.states, c.holds) for c in found)
    assert len(said) == 12
    for axes, states, holds in said:
        assert abs(said[axes, states, holds] - said[axes, states, not holds]) <= 3
    for c in found:
        k = OC_AXES.index(c.said.axes[0])
        assert (c.fact.answer.states[k] == c.said.states[0]) == c.holds
        assert c.fact.answer.states[k] != 0
