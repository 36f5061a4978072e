"""Right answers do not stand out among the wrong ones that their facts bring."""

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest

from spargen.qa.answers import BOX, CANDIDATE, SIGHTING, Sighting
from spargen.qa.fact import Fact, Looks, Thing
from spargen.qa.looks import AKIN
from spargen.settings import Settings

S = Settings()


def rng(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def named(number, wrong=8, skew=0.0, looks=2, most=0.0, **more):
    """A fact about things of random looks; the right one's first look is larger by `skew` standard deviations."""
    numbers = rng(number).normal(size=(1 + wrong, looks))
    numbers[0, 0] += skew
    things = [Thing("box", f"Object{k}") for k in range(1 + wrong)]
    rows = tuple(map(tuple, numbers.tolist()))
    return Fact((number,), (number,), things[0], {}, wrong=tuple(things[1:]), looks=Looks(rows, most), **more)


def offer(facts, count, wrong=3, kind=CANDIDATE):
    return kind.options(facts, wrong, count, S, rng())


def ranks(found, look):
    """How often the right one has each rank along a look."""
    times = Counter()
    for c in found:
        numbers = {str(t): row[look] for t, row in zip((c.fact.answer, *c.fact.wrong), c.fact.looks.rows, strict=True)}
        times[sum(numbers[t] < numbers[str(c.fact.answer)] for t in c.texts)] += 1
    return times


@pytest.mark.parametrize("skew", [0.0, 0.7])
@pytest.mark.parametrize("count", [8, 41, 100])
def test_the_right_one_has_every_rank_equally_often(skew, count):
    found = offer([named(k, skew=skew) for k in range(400)], count)
    assert len(found) == count
    for look in (0, 1):
        times = ranks(found, look)
        assert max(times.values()) <= -(-count // 4) + 1
    assert Counter(c.letter for c in found)["A"] <= -(-count // 4)
    assert len({c.fact.frames for c in found}) == count


def test_facts_are_offered_in_the_way_that_fits_in():
    assert len(offer([named(k) for k in range(100)], 100)) >= 90


def test_of_two_options_the_right_one_is_the_larger_in_half_of_the_rows():
    found = offer([named(k, wrong=1, looks=1, skew=1.5) for k in range(400)], 100, wrong=1)
    assert len(found) >= 99
    assert max(ranks(found, 0).values()) <= 51


def test_each_quantity_has_every_rank_equally_often():
    facts = [named(k, skew=3 * (k % 2) - 1.5, quantity=("nearest", "farthest")[k % 2]) for k in range(600)]
    by_quantity = defaultdict(list)
    for c in offer(facts, 80):
        by_quantity[c.fact.quantity].append(c)
    assert set(by_quantity) == {"nearest", "farthest"}
    for found in by_quantity.values():
        assert max(ranks(found, 0).values()) <= -(-len(found) // 4) + 1


def test_a_quantity_has_at_most_two_thirds_of_the_rows():
    facts = [named(k, quantity="farthest" if k % 10 == 0 else "nearest") for k in range(200)]
    times = Counter(c.fact.quantity for c in offer(facts, 200))
    assert times["farthest"] >= 12
    assert 1.8 * times["farthest"] <= times["nearest"] <= 2 * times["farthest"] + 2
    assert len(offer([named(k, quantity="nearest") for k in range(60)], 40)) == 40


def test_facts_that_do_not_fit_in_are_left_out_and_wait_for_others():
    """One that is always the largest is so in a quarter of the rows; the first ones wait until others came."""
    large, other = [named(k, skew=20) for k in range(30)], [named(100 + k) for k in range(30)]
    found = offer([*large, *other], 60)
    numbers = [c.fact.frames[0] for c in found]
    assert 2 <= sum(n < 100 for n in numbers) <= ranks(found, 0)[3] <= -(-len(found) // 4) + 1
    assert len(offer(large, 30)) == 2


def test_where_a_scene_has_too_few_others_a_rank_may_have_more_rows():
    large, other = ([named(n + k, skew=skew, most=0.4) for k in range(40)] for n, skew in ((0, 20), (100, 0.0)))
    found = offer([*other[:20], *large], 60)
    assert 0.3 * len(found) < ranks(found, 0)[3] <= 0.4 * len(found) + 2
    strict = offer([f._replace(looks=replace(f.looks, most=0.0)) for f in (*other[:20], *large)], 60)
    assert len(found) >= len(strict) + 3
    even = offer([*large, *other], 20)
    assert max(ranks(even, 0).values()) <= 6


def test_wrong_boxes_are_chosen_from_those_most_like_the_right_one():
    box = (400, 400, 500, 600)
    near = [(10 + 100 * k, 400 + k, 105 + 100 * k, 600 + k) for k in range(4)]
    near += [(505 + 110 * k, 402, 605 + 110 * k, 602) for k in range(4)]
    far = [(0, 0, 990, 60), (0, 60, 20, 90), (900, 900, 905, 1000), (0, 800, 300, 830)]
    for kind, one in ((BOX, lambda b, k: b), (SIGHTING, lambda b, k: Sighting(k, f"thing {k}", 0, b))):
        brought = tuple(one(b, k) for k, b in enumerate([*far, *near], start=1))
        facts = [Fact((n,), (0,), one(box, 0), {}, wrong=brought, looks=Looks(((0.0,),) * 13, 1.0)) for n in range(4)]
        texts = {kind.option(one(b, k), None) for k, b in enumerate([*far, *near], start=1) if b in near}
        found = offer(facts, 4, kind=kind)
        assert len(near) == AKIN
        assert found
        for c in found:
            assert set(c.texts) - {kind.option(c.fact.answer, None)} <= texts


def test_without_looks_the_first_honest_ones_are_offered():
    facts = [named(k, most=0.0) for k in range(6)]
    bare = [Fact(f.frames, f.objects, f.answer, {}, wrong=f.wrong) for f in facts]
    for c in offer(bare, 6):
        assert set(c.texts) == {str(c.fact.answer), *map(str, c.fact.wrong[:3])}


def shown(number, right, others, beside="", quantity=""):
    """A fact whose options have names; the looks are all alike."""
    things = [Thing(name, f"Object{k}") for k, name in enumerate((right, *others))]
    looks = Looks(((0.0,),) * len(things), 1.0, names=tuple((t.label,) for t in things), beside=beside)
    return Fact((number,), (number,), things[0], {}, wrong=tuple(things[1:]), looks=looks, quantity=quantity)


def named_right(found, beside=None):
    """How often each name is right beyond its share of the options."""
    beyond = Counter()
    for c in found:
        if beside is None or c.fact.looks.beside == beside:
            names = [names[0] for names in c.fact.looks.names]
            beyond[names[0]] += 1
            beyond.update({name: -1 / len(names) for name in names} if len(set(names)) == len(names) else {})
    return beyond


def test_no_name_is_right_more_often_than_it_is_offered():
    chance = rng()
    pairs = [("lamp", "picture") if chance.random() < 0.8 else ("picture", "lamp") for _ in range(400)]
    found = offer([shown(k, right, [wrong]) for k, (right, wrong) in enumerate(pairs)], 80, wrong=1)
    assert len(found) == 80
    assert max(map(abs, named_right(found).values())) <= 2


def test_nor_beside_what_it_is_related_to_nor_where_another_quantity_is_asked_for():
    chance, facts = rng(1), []
    for k in range(800):
        # Lamps are near beds and pictures near sofas, mostly; as often the one as the other.
        beside, quantity = ("bed", "sofa")[k % 2], ("closer", "farther")[k // 2 % 2]
        usual = (beside == "bed") == (quantity == "closer")
        lamp = usual if chance.random() < 0.8 else not usual
        pair = ("lamp", "picture") if lamp else ("picture", "lamp")
        facts.append(shown(k, pair[0], [pair[1]], beside, quantity))
    found = offer(facts, 120, wrong=1)
    assert len(found) == 120
    for beside in ("bed", "sofa"):
        assert max(map(abs, named_right(found, beside).values())) <= 4
        for quantity in ("closer", "farther"):
            one = [c for c in found if c.fact.quantity == quantity]
            assert max(map(abs, named_right(one, beside).values())) <= 4


def test_the_right_one_is_as_often_unlike_the_others_as_in_their_middle():
    """Those most like the right one would leave it in their middle in nearly all rows."""
    facts = []
    for k in range(400):
        x, y, w, h = rng(k).integers((50, 50, 40, 40), (700, 700, 200, 200), size=(12, 4)).T
        boxes = [tuple(map(int, box)) for box in zip(x, y, x + w, y + h, strict=True)]
        looks = Looks(((0.0,),) * 12, 1.0, even=0)
        facts.append(Fact((k,), (k,), boxes[0], {}, wrong=tuple(boxes[1:]), looks=looks))
    times, found = Counter(), offer(facts, 100, kind=BOX)
    for c in found:
        values = [tuple(map(int, text[1:-1].split(","))) for text in c.texts]
        apart = [sum(BOX.away(value, values)) for value in values]
        times[sum(a < apart[c.right] - 1e-9 for a in apart)] += 1
    assert len(found) >= 90
    assert max(times.values()) <= 0.4 * len(found)


def test_two_looks_together_do_not_tell_the_right_one():
    """Each alone is even; that the right one is large and low, or small and high, is not."""
    facts = []
    for k in range(600):
        numbers = rng(k).normal(size=(9, 2))
        sign = 1 if rng(k).random() < 0.5 else -1
        numbers[0] = sign * (3 + np.abs(numbers[0])) * (1, 1 if rng(10_000 + k).random() < 0.85 else -1)
        things = [Thing("box", f"Object{i}") for i in range(9)]
        looks = Looks(tuple(map(tuple, numbers.tolist())), 1.0)
        facts.append(Fact((k,), (k,), things[0], {}, wrong=tuple(things[1:]), looks=looks))
    found, corner = offer(facts, 100, wrong=1), 0
    for c in found:
        at = [int(text.split("Object")[1].rstrip(")")) for text in c.texts]
        looks = [c.fact.looks.rows[i] for i in sorted(at)]
        corner += (looks[0][0] > looks[1][0]) == (looks[0][1] > looks[1][1])
    assert 40 <= corner <= 60
