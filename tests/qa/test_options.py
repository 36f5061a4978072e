"""Options: nothing but the scene tells them apart."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest

from spargen.qa import options
from spargen.qa.answers import AREA, BOX, CANDIDATE, COUNT, LENGTH, PLACE, WINNER, Place
from spargen.qa.fact import Fact, Thing
from spargen.settings import Settings

S = Settings()


def rng(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def fact(answer, number=0, **more):
    return Fact(frames=(number,), objects=(number,), answer=answer, slots=more.pop("slots", {}), **more)


def choices(facts, kind, count, settings, rng, wrong=0):
    able = [f for f in facts if kind.able(f, "select", wrong, settings)]
    return kind.options(able, wrong, count, settings, rng)


def claims(facts, kind, count, settings, rng, wrong=0):
    able = [f for f in facts if kind.able(f, "judge", wrong, settings)]
    return kind.claims(able, wrong, count, settings, rng)


def lengths(n, seed=0):
    return [fact(v, i) for i, v in enumerate(rng(seed).uniform(0.4, 7, n))]


def sets_of(found):
    groups = defaultdict(list)
    for c in found:
        groups[frozenset(c.texts)].append(c)
    return groups


def fours(found):
    """Facts that share a set come one after the other; another four may print the same numbers."""
    return [found[k : k + 4] for k in range(0, len(found), 4)]


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
    assert len({c.fact.frames for c in found}) == 48


def test_no_fact_is_asked_twice_and_each_set_begins_with_the_first_that_is_left():
    found = choices(lengths(300), LENGTH, 20, S, rng())
    numbers = [c.fact.frames[0] for c in found]
    assert len(set(numbers)) == 20
    left = set(range(300))
    for k in range(0, 20, 4):
        assert numbers[k] == min(left)
        left -= set(numbers[k : k + 4])


def test_lengths_that_share_a_set_lie_as_close_together_as_the_margin_allows():
    found = choices([fact(v, i) for i, v in enumerate((1.0, 8.0, 1.4, 3.0, 1.2, 1.9, 2.5, 5.0))], LENGTH, 4, S, rng())
    assert {c.fact.answer for c in found} == {1.0, 1.4, 1.9, 2.5}
    for texts in sets_of(choices(lengths(2000), LENGTH, 100, S, rng())):
        values = sorted(map(float, texts))
        assert all(b - a <= max(0.3, 0.15 * b) + 0.25 for a, b in pairwise(values))


def test_areas_counts_and_places_that_share_a_set_lie_close_together():
    areas = [fact(a, i) for i, a in enumerate((20.0, 60.0, 23.0, 40.0, 21.0, 26.0, 17.0))]
    assert {c.fact.answer for c in choices(areas, AREA, 4, S, rng())} == {20.0, 23.0, 26.0, 17.0}
    counts = [fact(n, n) for n in (5, 9, 2, 6, 7, 4, 20)]
    assert {c.fact.answer for c in choices(counts, COUNT, 4, S, rng())} == {5, 6, 4, 7}
    spots = ((500, 500), (0, 0), (700, 500), (900, 900), (500, 700), (700, 700), (560, 560))
    places = [fact(Place(x, y, 1.0), i) for i, (x, y) in enumerate(spots)]
    assert {c.fact.frames[0] for c in choices(places, PLACE, 4, S, rng())} == {0, 2, 4, 5}


def told(n, seed=0, **more):
    known = rng(seed + 1).uniform(0.5, 6, n).tolist()
    return [fact(f.answer, i, told=t, **more) for i, (f, t) in enumerate(zip(lengths(n, seed), known, strict=True))]


def test_facts_that_share_a_set_are_told_about_the_same():
    found = choices(told(800), LENGTH, 400, S, rng())
    assert len(found) >= 300
    for group in fours(found):
        known = [c.fact.told for c in group]
        assert max(known) <= 1.15 * min(known)
    assert len({round(c.fact.told) for c in found}) >= 6
    wider = choices(told(800), LENGTH, 400, S.model_copy(update={"told_share": 1.0}), rng())
    assert any(max(c.fact.told for c in g) > 1.5 * min(c.fact.told for c in g) for g in fours(wider))


def test_what_tells_something_shares_no_set_with_what_tells_nothing():
    found = choices([*told(40), *(fact(f.answer, 100 + k) for k, f in enumerate(lengths(40, 5)))], LENGTH, 80, S, rng())
    kinds = [{c.fact.told is None for c in group} for group in fours(found)]
    assert {True} in kinds
    assert all(len(kind) == 1 for kind in kinds)


def test_facts_that_share_a_set_ask_for_the_same_quantity():
    facts = [fact(f.answer, i, quantity=("width", "height")[i % 2]) for i, f in enumerate(lengths(80))]
    found = choices(facts, LENGTH, 60, S, rng())
    assert len(found) >= 50
    assert all(len({c.fact.quantity for c in group}) == 1 for group in fours(found))


def test_company_is_looked_for_among_so_many_facts_at_a_time(monkeypatch):
    monkeypatch.setattr(options, "AMONG", 40)
    facts = lengths(200)
    together = [sorted(c.fact.frames[0] // 40 for c in four) for four in fours(choices(facts, LENGTH, 200, S, rng()))]
    assert {len(set(block)) for block in together} == {1}
    assert len({block[0] for block in together}) == 5
    block_of = defaultdict(set)
    for f in facts:
        block_of[LENGTH.text(f.answer)].add(f.frames[0] // 40)
    said = claims(facts, LENGTH, 200, S, rng())
    assert len({c.fact.frames for c in said}) == len(said) == 200
    assert all(c.fact.frames[0] // 40 in block_of[c.said] for c in said)


def test_what_is_claimed_falsely_is_the_truth_of_a_fact_that_tells_the_same():
    facts = told(300)
    told_by = {LENGTH.text(f.answer): [] for f in facts}
    for f in facts:
        told_by[LENGTH.text(f.answer)].append(f.told)
    for c in claims(facts, LENGTH, 100, S, rng()):
        near = [t for t in told_by[c.said] if max(t, c.fact.told) <= 1.15 * min(t, c.fact.told)]
        assert near, c.said


def test_lengths_too_close_together_are_left_out():
    near = [fact(2.0 + 0.005 * i, i) for i in range(40)]
    assert choices(near, LENGTH, 20, S, rng()) == []
    found = choices([*near, fact(3.0, 50), fact(4.0, 51), fact(5.0, 52)], LENGTH, 20, S, rng())
    assert len(found) == 4
    assert {0, 50, 51, 52} == {c.fact.frames[0] for c in found}


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


def test_places_and_areas_use_their_own_margins():
    r = rng(3)
    corner = r.integers(0, 700, (80, 2))
    places = [fact(Place(int(x), int(y), 1 + 0.01 * i), i) for i, (x, y) in enumerate(corner)]
    for c in choices(places, PLACE, 20, S, rng()):
        assert len({t.partition("Depth")[2] for t in c.texts}) == 1
        assert f"({c.fact.answer.x}, {c.fact.answer.y})" in c.texts[c.right]
    areas = [fact(a, i) for i, a in enumerate(r.uniform(5, 40, 40))]
    for c in choices(areas, AREA, 20, S, rng()):
        v = sorted(int(t) for t in c.texts)
        assert min(np.diff(v)) >= 2


def test_options_of_marked_things_are_green_then_blue():
    green, blue = Thing("chair", "green point"), Thing("lamp", "blue point")
    facts = [fact(answer, i, wrong=(other,)) for i, (answer, other) in enumerate(((green, blue), (blue, green)))]
    a, b = choices(facts, WINNER, 5, S, rng(), wrong=1)
    assert a.texts == b.texts == ("chair (green point)", "lamp (blue point)")
    assert (a.letter, b.letter) == ("A", "B")


def test_a_third_marked_thing_is_offered_too():
    red, green, blue = (Thing("box", f"{colour} point") for colour in ("red", "green", "blue"))
    (only,) = choices([fact(blue, wrong=(red, green))], WINNER, 5, S, rng(), wrong=2)
    assert only.texts == tuple(map(str, (green, blue, red)))
    assert only.letter == "B"


BOXES = ((110, 100, 300, 300), (500, 500, 600, 600), (505, 500, 600, 600), (0, 700, 90, 900), (800, 0, 900, 90))


def test_given_wrong_answers_are_clear_of_the_truth_and_of_each_other():
    box = (100, 100, 300, 300)
    facts = [fact(box, i, wrong=BOXES) for i in range(40)] + [fact(box, 99, wrong=BOXES[:3])]
    found = choices(facts, BOX, 60, S, rng(), wrong=3)
    assert len(found) == 40
    for c in found:
        assert set(c.texts) == {BOX.text(b) for b in (box, BOXES[1], BOXES[3], BOXES[4])}
        assert c.texts[c.right] == BOX.text(box)
    assert Counter(c.letter for c in found) == dict.fromkeys("ABCD", 10)
    assert len({c.texts for c in found}) > 10


@pytest.mark.parametrize("many", [2, 3, 5, 6])
def test_rows_have_as_many_options_as_the_task_says_and_every_letter_is_right_equally_often(many):
    things = [Thing("box", f"Object{k}") for k in range(many + 1)]
    facts = [fact(things[i % many], i, wrong=tuple(t for t in things if t != things[i % many])) for i in range(60)]
    found = choices(facts, CANDIDATE, 60, S, rng(), wrong=many - 1)
    assert {len(c.texts) for c in found} == {many}
    assert Counter(c.letter for c in found) == dict.fromkeys("ABCDEF"[:many], 60 // many)
    for c in found:
        assert c.texts[c.right] == str(c.fact.answer)
        assert len(set(c.texts)) == many


@pytest.mark.parametrize(("kind", "values"), [(LENGTH, (1.0, 2.0, 3.0)), (COUNT, (1, 2, 3)), (AREA, (9.0, 20.0, 30.0))])
def test_numbers_that_a_fact_brings_come_before_those_of_other_rows(kind, values):
    facts = [fact(values[0], i, wrong=values[1:]) for i in range(9)] + [fact(8.0 * values[0], 10, wrong=None)]
    found = choices(facts, kind, 20, S, rng(), wrong=2)
    assert len(found) == 9
    assert all(set(c.texts) == {kind.text(v) for v in values} for c in found)
    said = claims(facts, kind, 20, S, rng(), wrong=2)
    assert {c.said for c in said} == {kind.text(v) for v in values}


def test_counts_of_other_rows_are_options_of_a_count():
    found = choices([fact(n, n) for n in (2, 2, 3, 4, 5)], COUNT, 5, S, rng())
    assert [set(c.texts) for c in found] == [set("2345")] * 4


def test_false_claims_are_the_fact_s_own_wrong_answers():
    names = [[Thing(f"box {i}", f"{colour} point") for colour in ("red", "green", "blue")] for i in range(30)]
    facts = [fact(own[0], i, wrong=tuple(own[1:])) for i, own in enumerate(names)]
    found = claims(facts, CANDIDATE, 24, S, rng(), wrong=2)
    assert Counter(c.holds for c in found) == {True: 12, False: 12}
    for c in found:
        right, *wrong = map(str, names[c.fact.frames[0]])
        assert c.said == right if c.holds else c.said in wrong
    assert len({c.said.partition("(")[2] for c in found if not c.holds}) == 2
    assert [c.holds for c in found] != [True, False] * 12


def test_a_fact_without_a_wrong_answer_is_not_claimed_about():
    thing = Thing("box", "red point")
    for wrong in (None, (), (thing,)):
        assert claims([fact(thing, wrong=wrong)], CANDIDATE, 5, S, rng(), wrong=2) == []
        assert choices([fact(thing, wrong=wrong)], CANDIDATE, 5, S, rng(), wrong=2) == []


def test_claims_about_lengths_are_other_rows_lengths_or_the_truth():
    found = claims(lengths(60), LENGTH, 40, S, rng())
    assert Counter(c.holds for c in found) == {True: 20, False: 20}
    for c in found:
        assert (c.said == LENGTH.text(c.fact.answer)) == c.holds
        assert c.holds or abs(float(c.said) - c.fact.answer) >= S.option_gap_m - 0.05
    assert claims([fact(2.0 + 0.005 * i, i) for i in range(40)], LENGTH, 20, S, rng()) == []


def test_the_same_seed_gives_the_same_options():
    one, two, other = (choices(lengths(60), LENGTH, 40, S, rng(s)) for s in (1, 1, 2))
    assert one == two
    assert one != other
