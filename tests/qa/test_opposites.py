"""Words along axes: two of them against their opposites, or one claimed."""

from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spargen.qa.answers import DIRECTIONS, DIRECTIONS_LR_CF, OC_AXES, OO_AXES, OO_MULTI_AXES, Directions
from spargen.qa.fact import Fact
from spargen.settings import Settings

S = Settings()
ALL_AXES = (OC_AXES, OO_AXES, OO_MULTI_AXES)
OPPOSITE = {"left": "right", "below": "above", "behind": "front", "closer": "farther"}
OPPOSITE |= {v: k for k, v in OPPOSITE.items()}


def rng(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def fact(axes, states, number=0):
    return Fact(frames=(number,), objects=(number,), answer=Directions(axes, tuple(states)), slots={})


def facts_of(axes, n, shares=(0.4, 0.2, 0.4), seed=0):
    """So many facts, each part closer / left ..., empty, or farther / right ... with these shares."""
    drawn = (tuple(row) for row in rng(seed).choice([-1, 0, 1], (3 * n, len(axes)), p=shares).tolist())
    good = [states for states in drawn if any(states[:3])]
    return [fact(axes, states, i) for i, states in enumerate(good[:n])]


def choices(facts, count, kind=DIRECTIONS, seed=0, settings=S):
    able = [f for f in facts if kind.able(f, "select", 0, settings)]
    return kind.options(able, 0, count, settings, rng(seed))


def claims(facts, count, seed=0, settings=S):
    return DIRECTIONS.claims(facts, 0, count, settings, rng(seed))


def columns(choice):
    """What the options say, part by part."""
    return list(zip(*(text.split(", ") for text in choice.texts), strict=True))


def varied(choice):
    return tuple(k for k, said in enumerate(columns(choice)) if len(set(said)) > 1)


@pytest.mark.parametrize("axes", ALL_AXES)
def test_two_words_are_varied_by_their_opposites_in_all_four_combinations(axes):
    found = choices(facts_of(axes, 400), 100)
    assert len(found) >= 96
    for c in found:
        assert len(set(c.texts)) == 4
        assert c.texts[c.right] == str(c.fact.answer)
        own = c.fact.answer.words
        for k, said in enumerate(columns(c)):
            # An empty part is never an option against a word.
            assert Counter(said) == ({own[k]: 2, OPPOSITE[own[k]]: 2} if k in varied(c) else {own[k]: 4})
        assert len(varied(c)) == 2
    assert len({c.fact.frames for c in found}) == len(found)


words = st.integers(-1, 1)
some_facts = st.lists(st.tuples(words, words, words).filter(any), max_size=40)


@given(some_facts, st.integers(1, 30))
@settings(max_examples=150)
def test_no_option_lacks_a_word_whatever_the_facts(states, count):
    found = choices([fact(OO_AXES, s, i) for i, s in enumerate(states)], count)
    assert len(found) <= count
    for c in found:
        for text in c.texts:
            said = text.split(", ")
            assert sum(map(bool, said)) == sum(map(bool, c.fact.answer.states)) >= 2
            assert text in {str(Directions(OO_AXES, s)) for s in states}


@pytest.mark.parametrize("axes", ALL_AXES)
def test_four_facts_share_their_options_and_each_is_right_once(axes):
    found = choices(facts_of(axes, 400), 100)
    groups = defaultdict(list)
    for c in found:
        groups[frozenset(c.texts)].append(c)
    for texts, group in groups.items():
        times = len(group) // 4
        assert Counter(c.texts[c.right] for c in group) == dict.fromkeys(texts, times)
    assert Counter(c.letter for c in found) == dict.fromkeys("ABCD", len(found) // 4)


@pytest.mark.parametrize("count", [2, 6, 22, 50])
def test_the_two_words_of_a_varied_part_are_right_equally_often(count):
    found = choices(facts_of(OC_AXES, 400, (0.6, 0.1, 0.3)), count)
    assert len(found) == count
    right = Counter((k, c.fact.answer.words[k]) for c in found for k in varied(c))
    for k, word in right:
        assert right[k, word] == right[k, OPPOSITE[word]]


@pytest.mark.parametrize("axes", ALL_AXES)
@pytest.mark.parametrize("count", [8, 36, 40, 100])
def test_above_and_below_are_varied_in_a_tenth_of_the_rows_at_most(axes, count):
    found = choices(facts_of(axes, 800), count)
    of_height = sum(1 in varied(c) for c in found)
    assert of_height <= len(found) / 10
    assert of_height > 0 or count < 100


def test_rows_that_only_height_and_one_word_tell_are_a_tenth_at_most():
    flat = [fact(OC_AXES, s, i) for i, s in enumerate(list(product((-1, 1), (-1, 1), (0,))) * 20)]
    assert choices(flat, 40) == []
    deep = [fact(OC_AXES, s, 100 + i) for i, s in enumerate(list(product((-1, 1), (0,), (-1, 1))) * 18)]
    mixed = [(flat + deep)[i] for i in rng().permutation(len(flat + deep))]
    found = choices(mixed, 100)
    assert Counter(varied(c) for c in found) == {(0, 2): 72, (0, 1): 8}
    assert len(choices(flat, 40, settings=Settings(height_share=1.0))) == 40


def test_the_relation_over_several_images_varies_left_right_and_closer_farther():
    found = choices(facts_of(OO_MULTI_AXES, 800), 100, DIRECTIONS_LR_CF)
    assert len(found) >= 90
    assert {varied(c) for c in found} == {(0, 2)}
    assert len({varied(c) for c in choices(facts_of(OO_MULTI_AXES, 800), 100)}) >= 6


@pytest.mark.parametrize(
    ("axes", "states", "kind", "able"),
    [
        (OC_AXES, (1, 0, 0), DIRECTIONS, False),
        (OC_AXES, (1, 0, -1), DIRECTIONS, True),
        (OC_AXES, (0, 1, -1), DIRECTIONS, True),
        (OO_MULTI_AXES, (1, 0, 0, 1, 0), DIRECTIONS, True),
        (OO_MULTI_AXES, (1, 0, 0, 1, 1), DIRECTIONS_LR_CF, False),
        (OO_MULTI_AXES, (1, 1, 0, 1, 1), DIRECTIONS_LR_CF, False),
        (OO_MULTI_AXES, (1, 0, 1, 0, 0), DIRECTIONS_LR_CF, True),
    ],
)
def test_options_take_two_words_that_may_be_varied(axes, states, kind, able):
    assert kind.able(fact(axes, states), "select", 0, S) is able
    assert kind.able(fact(axes, states), "judge", 0, S)
    assert kind.able(fact(axes, states), "sentence", 0, S)


def test_a_claim_takes_a_word():
    assert not DIRECTIONS.able(fact(OO_MULTI_AXES, (0, 0, 0, 1, 1)), "judge", 0, S)


def test_facts_without_company_are_left_out():
    alone = [fact(OC_AXES, s, i) for i, s in enumerate([(1, 1, 1), (-1, -1, -1), (1, 0, -1)])]
    assert choices(alone, 10) == []
    square = [fact(OC_AXES, (a, 0, b), 10 + i) for i, (a, b) in enumerate(product((-1, 1), (-1, 1)))]
    assert sorted(c.fact.frames[0] for c in choices(alone + square, 10)) in ([2, 10, 11, 13], [10, 11, 12, 13])
    assert choices([], 10) == []


def test_the_same_seed_gives_the_same_options():
    one, two, other = (choices(facts_of(OC_AXES, 200), 40, seed=s) for s in (1, 1, 2))
    assert one == two
    assert one != other


@pytest.mark.parametrize("axes", ALL_AXES)
@pytest.mark.parametrize("count", [1, 2, 5, 20, 100, 198])
def test_of_claims_half_hold_for_each_word(axes, count):
    found = claims(facts_of(axes, 800, (0.5, 0.2, 0.3)), count)
    assert len(found) == count
    assert len({c.fact.frames for c in found}) == count
    assert abs(sum(c.holds for c in found) - count / 2) <= 0.5
    said = Counter((str(c.said), c.holds) for c in found)
    for word, holds in said:
        assert abs(said[word, holds] - said[word, not holds]) <= count % 2
    for c in found:
        (axis,) = c.said.axes
        k = axes.index(axis)
        assert k < 3
        assert c.fact.answer.states[k] != 0
        assert c.said.states[0] == (1 if c.holds else -1) * c.fact.answer.states[k]
    if count >= 100:
        assert len(said) == 12
        assert [c.holds for c in found] != [True, False] * (count // 2)


@pytest.mark.parametrize("count", [5, 36, 40, 100, 137])
def test_above_and_below_are_claimed_in_a_tenth_of_the_rows_at_most(count):
    found = claims(facts_of(OO_AXES, 800), count)
    assert len(found) == count
    of_height = sum(c.said.axes == ("ab",) for c in found)
    assert of_height <= count / 10
    assert of_height >= 4 or count < 100


def test_a_word_that_is_always_true_is_not_claimed():
    found = claims([fact(OC_AXES, (1, 0, (-1) ** i), i) for i in range(100)], 40)
    assert Counter((str(c.said), c.holds) for c in found) == {(w, h): 10 for w in ("front", "behind") for h in (0, 1)}


def test_of_what_only_height_tells_little_is_claimed():
    assert claims([fact(OO_AXES, (0, (-1) ** i, 0), i) for i in range(40)], 20) == []
    states = [*product((-1, 1), (-1, 1), (0,)), *[(0, 1, 0), (0, -1, 0)] * 4]
    found = claims([fact(OO_AXES, states[k], i) for i, k in enumerate(rng().integers(0, len(states), 400))], 60)
    axes = Counter(c.said.axes for c in found)
    assert axes["ab",] == 4
    assert axes["lr",] == 56
    assert len(claims([fact(OO_AXES, (0, (-1) ** i, 0), i) for i in range(40)], 20, settings=Settings(height_share=1)))
