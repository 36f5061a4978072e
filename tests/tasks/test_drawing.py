"""Candidates are drawn fairly: distinct, allowed, all of them when few."""

import itertools
from collections import Counter

import numpy as np
import pytest

from spargen.tasks.context import _arrangements, draw_tuples, off_rounding_edge


def rng(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def allowed(views, objects, p=0.5, seed=0):
    return rng(seed).random((views, objects)) < p


@pytest.mark.parametrize("size", [1, 2, 3])
def test_when_few_every_combination_comes_once(size):
    ok = allowed(5, 6)
    expected = {
        (v, *objects) for v in range(5) for objects in itertools.permutations([o for o in range(6) if ok[v, o]], size)
    }
    rows = draw_tuples(ok, size, rng(), 10_000)
    assert len(rows) == len(expected) > 5
    assert {tuple(r) for r in rows.tolist()} == expected
    # In random order, not sorted.
    assert rows.tolist() != sorted(rows.tolist())


@pytest.mark.parametrize("size", [1, 2, 4])
def test_when_many_a_sample_of_distinct_allowed_rows(size):
    ok = allowed(40, 30, 0.6)
    rows = draw_tuples(ok, size, rng(), 400)
    assert 300 < len(rows) <= 400 or size == 1
    assert len({tuple(r) for r in rows.tolist()}) == len(rows)
    for view, *objects in rows.tolist():
        assert len(set(objects)) == size
        assert all(ok[view, o] for o in objects)


def test_every_view_is_drawn_equally_often_however_rich_it_is():
    ok = np.zeros((10, 50), dtype=bool)
    ok[:, :6] = True
    ok[0] = True
    counts = Counter(draw_tuples(ok, 3, rng(), 500)[:, 0].tolist())
    assert len(counts) == 10
    assert max(counts.values()) <= 1.6 * min(counts.values())


def test_every_object_is_drawn_about_equally_often_in_every_role():
    ok = np.ones((20, 12), dtype=bool)
    rows = draw_tuples(ok, 3, rng(), 3000)
    for role in (1, 2, 3):
        counts = Counter(rows[:, role].tolist())
        assert len(counts) == 12
        assert min(counts.values()) > 0.6 * len(rows) / 12


def test_fewer_draws_than_views_still_come_from_everywhere():
    ok = np.ones((240, 5), dtype=bool)
    views = draw_tuples(ok, 2, rng(), 60)[:, 0]
    assert len(set(views.tolist())) > 40
    assert Counter((views // 80).tolist()).keys() == {0, 1, 2}
    assert max(Counter((views // 80).tolist()).values()) < 40


def test_nothing_to_draw():
    assert draw_tuples(np.zeros((3, 4), dtype=bool), 1, rng(), 10).shape == (0, 2)
    assert draw_tuples(np.zeros((0, 4), dtype=bool), 2, rng(), 10).shape == (0, 3)
    assert draw_tuples(np.zeros((3, 0), dtype=bool), 2, rng(), 10).shape == (0, 3)
    assert draw_tuples(np.eye(3, dtype=bool), 2, rng(), 10).shape == (0, 3)
    assert len(draw_tuples(np.ones((3, 4), dtype=bool), 2, rng(), 0)) == 0


def test_the_same_seed_draws_the_same():
    ok = allowed(30, 20)
    a, b, c = (draw_tuples(ok, 3, rng(s), 200) for s in (4, 4, 5))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a[:50], c[:50])


def test_values_on_a_rounding_edge():
    values = [0.5, -0.5, 2.4995, 2.499, 2.4, 0.0, 1.5008, 1.502, 3.0]
    assert off_rounding_edge(values).tolist() == [False, False, False, False, True, True, False, True, True]
    assert off_rounding_edge(70.45, 0.1).tolist() is False


@pytest.mark.parametrize("size", [1, 2, 4])
def test_arrangements_are_the_permutations_in_order(size):
    assert _arrangements(5, size).tolist() == [list(p) for p in itertools.permutations(range(5), size)]
