"""Labels that lean to one side are set straight."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from qa.test_looks import rng

from spargen.qa.answers import DIRECTIONS, LENGTH, OO_AXES, Directions
from spargen.qa.fact import Fact, Thing
from spargen.qa.sample import Pool
from spargen.qa.tilt import WEIGHED, Tilt
from spargen.settings import Settings

S = Settings()


def related(number, first, second, farther):
    """A fact that says first is farther than second, or closer; left or right at random."""
    states = (1 if rng(number).random() < 0.5 else -1, 0, farther)
    axes = zip(OO_AXES, states, strict=True)
    sides = ((first, 1.0), (second, -1.0))
    leans = tuple((axis, label, side * s) for axis, s in axes if s for label, side in sides)
    return Fact((number,), (0, 1), Directions(OO_AXES, states), {}, leans=leans)


def leaning(count, share):
    """Pictures are farther than chairs in that share, tables at random."""
    chance, out = rng(), []
    for k in range(count):
        picture_first, far = chance.random() < 0.5, chance.random() < share
        pair = ("picture", "chair") if picture_first else ("chair", "picture")
        out.append(related(k, *pair, 1 if far == picture_first else -1))
    return out


def test_claims_are_true_as_often_whatever_labels_they_are_about():
    claims = DIRECTIONS.claims(leaning(400, 0.8), 0, 80, S, rng())
    assert len(claims) == 80
    far = Counter()
    for claim in claims:
        for axis, label, side in claim.fact.leans:
            if axis == OO_AXES[2] and claim.said.axes == (axis,) and label == "picture":
                far[side] += 1
    assert sum(far.values()) >= 30
    assert abs(far[1.0] - far[-1.0]) <= 4


def test_options_leave_labels_as_often_on_either_side():
    choices = DIRECTIONS.options(leaning(400, 0.75), 0, 60, S, rng())
    assert len(choices) == 60
    assert (
        abs(sum(side for c in choices for axis, label, side in c.fact.leans if (axis, label) == ("cf", "picture"))) <= 6
    )


def test_numbers_are_as_large_with_one_label_as_with_another():
    """Lamps stand near, curtains far; both are chosen where that is not so as far as there is such a row."""
    chance, facts = rng(3), []
    for k in range(400):
        lamp = k % 2 == 0
        near = chance.random() < (0.75 if lamp else 0.25)
        value = 1.0 if near else 4.0
        label = "lamp" if lamp else "curtain"
        facts.append(Fact((k,), (k,), value, {}, leans=(("far", label, -1.0 if near else 1.0),)))
    chosen = Pool(facts, LENGTH).choose(range(len(facts)), 100, rng())
    for label in ("lamp", "curtain"):
        leans = [fact.leans[0][2] for fact in chosen if fact.leans[0][1] == label]
        assert len(leans) >= 30
        assert abs(sum(leans)) <= 6


def test_without_leanings_the_order_stays():
    facts = [Fact((k,), (k,), Thing("box"), {}) for k in range(9)]
    waiting, tilt = list(range(9)), Tilt(facts)
    assert [tilt.pop(waiting) for _ in facts] == list(range(9))[::-1]
    assert waiting == []


def test_only_the_axis_that_is_asked_for_counts():
    leaning = [("lr", 1.0), ("cf", 1.0)], [("lr", 1.0)], [("lr", -1.0)]
    facts = [Fact((k,), (), 0, {}, leans=tuple((of, "a", w) for of, w in lean)) for k, lean in enumerate(leaning)]
    tilt = Tilt(facts)
    assert tilt.pop([0], "lr") == 0
    assert tilt.leans.sums[[tilt.labels["lr", "a"], tilt.labels["cf", "a"]]].tolist() == [1.0, 0.0]
    assert tilt.pop([2, 1], "lr") == 2
    assert np.isclose(tilt.leans.sums, 0.0).all()
    assert tilt.pop([0, 1], "ab") == 1  # along which nothing leans


def test_what_leans_along_another_axis_weighs_nothing():
    leaning = [("lr", 1.0), ("cf", 1.0)], [("lr", -1.0), ("cf", 1.0)], [("cf", -1.0)]
    facts = [Fact((k,), (), 0, {}, leans=tuple((of, "a", w) for of, w in lean)) for k, lean in enumerate(leaning)]
    tilt = Tilt(facts)
    assert tilt.pop([0]) == 0
    assert tilt.pop([1, 2], "lr") == 1


def naive_turns(facts, buckets, parts, count):
    """One row after the other, everything added up anew."""
    buckets, used, times, sums = [list(b) for b in buckets], Counter(), Counter(), Counter()
    ordered = []
    while any(buckets) and len(ordered) < count:
        waiting = [b for b in range(len(buckets)) if buckets[b]]
        b = min(waiting, key=lambda b: (sum(used[p] for p in parts[b]) / len(parts[b]), times[b], b))
        last = buckets[b][-WEIGHED:][::-1]
        tilts = [sum(sums[axis, label] * weight for axis, label, weight in facts[f].leans) for f in last]
        chosen = last[tilts.index(min(tilts))] if facts[last[0]].leans else last[0]
        buckets[b].remove(chosen)
        ordered.append(chosen)
        for axis, label, weight in facts[chosen].leans:
            sums[axis, label] += weight
        times[b] += 1
        used.update(parts[b])
    return ordered


@given(st.integers(0, 10_000), st.integers(0, 150), st.integers(1, 8), st.integers(0, 120))
@settings(max_examples=80, deadline=None)
def test_turns_are_those_of_a_loop_that_adds_up_everything(seed, many, buckets, count):
    chance = rng(seed)
    facts = []
    for k in range(many):
        labels = chance.integers(0, 4, int(chance.integers(0, 4)))
        leans = tuple((OO_AXES[chance.integers(3)], f"label {i}", float(chance.choice([-1, 1, 0.5]))) for i in labels)
        facts.append(Fact((k,), (k,), 0, {}, leans=leans))
    filled = [b for b in (np.flatnonzero(chance.integers(0, buckets, many) == b) for b in range(buckets)) if len(b)]
    filled = [chance.permutation(b).tolist() for b in filled]
    parts = [chance.permutation(buckets)[: chance.integers(1, buckets + 1)].tolist() for _ in filled]
    assert Tilt(facts).in_turns(filled, parts, count) == naive_turns(facts, filled, parts, count)
