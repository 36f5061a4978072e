"""What is done to each candidate, beside the same in plain words."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spargen.qa.picks import anywhere, first_of_equal, pick_images, points_apart, shown_together, smallest


def rng(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def drawn(seed, rows, views, objects):
    """A table of 9 views and 7 objects, and candidates of some views and objects each."""
    chance = rng(seed)
    ok = chance.random((9, 7)) < chance.random()
    return ok, chance.integers(0, 9, (rows, views)), chance.integers(0, 7, (rows, objects)), chance


def test_the_smallest_keys_of_each_row_as_sorting_finds_them():
    keys = rng().permuted(np.arange(40.0 * 9).reshape(40, 9), axis=1)
    counts = rng(1).integers(4, 10, 40)
    assert set(counts.tolist()) == {4, 5, 6, 7, 8, 9}
    found = smallest(keys.copy(), counts, 4)
    rows = zip(keys.tolist(), counts.tolist(), strict=True)
    assert found.tolist() == [sorted(range(many), key=row.__getitem__)[:4] for row, many in rows]


@pytest.mark.parametrize(("highest", "size"), [(3, 4), (3000, 8), (2**62, 2)])
def test_the_first_of_equal_rows_as_a_set_tells_them(highest, size):
    rows = rng().integers(0, highest, (60, size))
    rows = rows[rng(1).integers(0, 60, 200)]
    known: set[tuple[int, ...]] = set()
    expected = [not (row in known or known.add(row)) for row in map(tuple, rows.tolist())]
    assert first_of_equal(rows).tolist() == expected
    assert 0 < sum(expected) < 200
    assert first_of_equal(rows[:0]).tolist() == []


def test_rows_that_share_a_place_are_told_apart():
    """Any two of 5,000 rows in 16,384 places: hundreds meet by chance. They begin alike."""
    rows = np.stack([np.full(5_000, 7), np.unique(rng().integers(0, 2**60, 5_000))], axis=1)
    assert first_of_equal(np.concatenate([rows, rows])).tolist() == [True] * 5_000 + [False] * 5_000


@given(st.integers(0, 10_000), st.integers(0, 5), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_what_is_ok_anywhere(seed, rows, views):
    ok, sets, _, _ = drawn(seed, rows, views, 1)
    assert anywhere(ok, sets).tolist() == [[any(ok[v, o] for v in row) for o in range(7)] for row in sets.tolist()]


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_whether_one_view_shows_all(seed, views, objects):
    ok, sets, asked, _ = drawn(seed, 6, views, objects)
    expected = []
    for row, things in zip(sets.tolist(), asked.tolist(), strict=True):
        looked_at = row if objects > 1 else row[:1]
        expected.append(any(all(ok[v, o] for o in things) for v in looked_at))
    assert shown_together(ok, sets, asked).tolist() == expected


@pytest.mark.parametrize("own", [False, True])
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_each_object_is_marked_where_its_key_is_largest(own, seed, views, objects):
    ok, sets, asked, chance = drawn(seed, 6, views, objects)
    keys = chance.random((6, views, objects))
    image, found = pick_images(ok, sets, asked, keys, own)
    for r in range(6):
        taken = []
        for s in range(objects):
            able = [k for k in range(views) if ok[sets[r, k], asked[r, s]] and not (own and k in taken)]
            if not able:
                assert not found[r]
                break
            taken.append(max(able, key=lambda k: keys[r, k, s]))
        else:
            assert found[r]
            assert image[r].tolist() == taken


@given(st.integers(0, 10_000), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_points_in_one_view_lie_apart(seed, objects):
    chance = rng(seed)
    point, view = chance.integers(0, 9, (8, objects, 2)) / 10, chance.integers(0, 3, (8, objects))
    expected = []
    for at, where in zip(point.tolist(), view.tolist(), strict=True):
        pairs = [(a, b) for a in range(objects) for b in range(a) if where[a] == where[b]]
        expected.append(all(math.dist(at[a], at[b]) >= 0.25 for a, b in pairs))
    assert points_apart(point, view, 0.25).tolist() == expected
