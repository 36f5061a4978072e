"""Labels that lean to one side are set straight."""

from collections import Counter

import numpy as np
from qa.test_looks import rng

from spargen.qa.answers import DIRECTIONS, LENGTH, OO_AXES, Directions
from spargen.qa.fact import Fact, Thing
from spargen.qa.sample import choose
from spargen.qa.tilt import Tilt
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
    chosen = choose(facts, LENGTH, "fill", 100, rng())
    for label in ("lamp", "curtain"):
        leans = [fact.leans[0][2] for fact in chosen if fact.leans[0][1] == label]
        assert len(leans) >= 30
        assert abs(sum(leans)) <= 6


def test_without_leanings_the_order_stays():
    facts = [Fact((k,), (k,), Thing("box"), {}) for k in range(9)]
    waiting, tilt = list(facts), Tilt()
    assert [tilt.pop(waiting) for _ in facts] == facts[::-1]


def test_only_the_axis_that_is_asked_for_counts():
    tilt = Tilt()
    tilt.pop([Fact((0,), (), 0, {}, leans=(("lr", "a", 1.0), ("cf", "a", 1.0)))], "lr")
    assert dict(tilt.sums) == {("lr", "a"): 1.0}
    right, left = (Fact((k,), (), 0, {}, leans=(("lr", "a", side),)) for k, side in ((1, 1.0), (2, -1.0)))
    assert tilt.pop([left, right], "lr") is left
    assert np.isclose(tilt.sums["lr", "a"], 0.0)
