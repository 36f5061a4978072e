"""Pairs and sets of views, against loops."""

from collections import Counter

import numpy as np
import pytest
from worlds import furnished, lens, pose

from spargen.scene.cameras import Cameras
from spargen.scene.labels import label_rules
from spargen.settings import Settings
from spargen.views.sets import Links, link, overlaps, pick_sets
from spargen.views.table import Views

S = Settings()


def rng(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def cameras(poses):
    n = len(poses)
    return Cameras(np.broadcast_to(lens(), (n, 3, 3)), np.array(poses), np.broadcast_to([640, 480], (n, 2)))


def some(n=14, seed=0):
    r = rng(seed)
    centers = np.sort(r.uniform(0, 500, n))
    surface = np.array(
        [[abs(s - c) < w for s in range(600)] for c, w in zip(centers, r.uniform(5, 90, n), strict=True)]
    )
    poses = [pose((c / 300, 0, 1), r.uniform(0, 20)) for c in centers]
    return surface, cameras(poses)


def test_overlap_is_shared_points_over_those_of_the_view_that_sees_fewer():
    surface, _ = some()
    surface[3] = False
    fewer, more = overlaps(surface)
    for i, a in enumerate(surface):
        for j, b in enumerate(surface):
            shared = sum(1 for x, y in zip(a, b, strict=True) if x and y)
            assert fewer[i, j] == pytest.approx(shared / max(1, min(a.sum(), b.sum())))
            assert more[i, j] == pytest.approx(shared / max(1, max(a.sum(), b.sum())))


def test_what_is_linked():
    surface, cams = some()
    links = link(surface, cams, S)
    n = 0
    for i in range(len(surface)):
        for j in range(len(surface)):
            shared = (surface[i] & surface[j]).sum()
            apart = np.linalg.norm(cams.position_m[i] - cams.position_m[j])
            cosine = cams.T_world_camera[i, :3, 2] @ cams.T_world_camera[j, :3, 2]
            duplicate = i == j or (apart < 0.2 and np.degrees(np.arccos(min(1, cosine))) < 10)
            ratios = shared / surface[i].sum(), shared / surface[j].sum()
            # At least 5 % of the one that sees fewer; of the two directions one is at most 90 %.
            wanted = not duplicate and max(ratios) >= 0.05 and min(ratios) <= 0.9
            assert links.duplicate[i, j] == duplicate
            assert links.linked[i, j] == wanted
            n += wanted
    assert 10 < n < len(surface) * (len(surface) - 1)
    assert links.duplicate.sum() > len(surface)


@pytest.mark.parametrize(
    ("fewer", "more", "shared", "linked"),
    [
        (4000, 4000, 120, False),  # 3 % of either
        (4000, 4000, 280, True),  # 7 %
        (2000, 4000, 140, True),  # 7 % of the one that sees fewer
        (4000, 4000, 3480, True),  # 87 %
        (4000, 4000, 3720, False),  # 93 % of both
        (2000, 4000, 1960, True),  # 98 % of one, 49 % of the other
    ],
)
def test_views_overlap_enough_but_not_too_much(fewer, more, shared, linked):
    surface = np.zeros((2, 10_000), dtype=bool)
    surface[0, :fewer] = True
    surface[1, fewer - shared : fewer - shared + more] = True
    found = link(surface, cameras([pose((0, 0, 1)), pose((1, 0, 1), 40)]), S)
    assert found.overlap[0, 1] == pytest.approx(shared / fewer)
    assert found.linked.tolist() == [[False, linked], [linked, False]]


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_sets_are_distinct_connected_and_without_duplicates(size):
    surface, cams = some(30, seed=1)
    links = link(surface, cams, S)
    allowed = np.arange(0, 30, 1)[::-1][:25]
    sets = pick_sets(links, allowed, size, 200, S, rng())
    assert sets.shape[1] == size
    assert len(sets) > 10
    assert len({frozenset(s) for s in sets.tolist()}) == len(sets)
    assert set(sets.ravel().tolist()) <= set(allowed.tolist())
    for views in sets:
        assert len(set(views.tolist())) == size
        reached = {views[0]}
        for _ in range(size):
            reached |= {b for a in reached for b in views if links.linked[a, b]}
        assert reached == set(views)
        for a in views:
            for b in views:
                assert a == b or not links.duplicate[a, b]
    # Anyone may be the observer.
    assert np.mean(sets[:, 0] < sets[:, 1]) == pytest.approx(0.5, abs=0.2)


def test_overlaps_are_spread_over_the_range():
    # 60 views with many small overlaps and few large ones.
    r = rng(4)
    overlap = np.clip(r.beta(0.6, 1.5, (60, 60)), 0.05, 1).astype(np.float32)
    overlap = np.maximum(np.triu(overlap), np.triu(overlap).T)
    off = ~np.eye(60, dtype=bool)
    links = Links(overlap, off, ~off)
    plenty = Counter(np.minimum((overlap[np.triu(off)] - 0.05) // 0.19, 4).astype(int).tolist())
    assert min(plenty.values()) >= 10
    pairs = pick_sets(links, np.arange(60), 2, 100, S, rng())
    fifths = Counter(np.minimum((overlap[pairs[:, 0], pairs[:, 1]] - 0.05) // 0.19, 4).astype(int).tolist())
    assert len(fifths) == 5
    assert min(fifths.values()) >= 0.1 * len(pairs)


def test_nothing_linked_no_sets():
    n = 4
    links = Links(np.zeros((n, n), dtype=np.float32), np.zeros((n, n), dtype=bool), np.eye(n, dtype=bool))
    assert pick_sets(links, np.arange(n), 3, 10, S, rng()).shape == (0, 3)
    one = link(*some(1), S)
    assert pick_sets(one, np.arange(1), 2, 10, S, rng()).shape == (0, 2)


def test_the_same_seed_draws_the_same():
    links = link(*some(20), S)
    a, b, c = (pick_sets(links, np.arange(20), 3, 50, S, rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert a.shape != c.shape or not np.array_equal(a, c)


def test_pairs_come_in_both_orders():
    t = Views(furnished().scene(), S, rules=label_rules(), seed=0, video=False, threads=1)
    forward = {tuple(p) for p in t.pairs.tolist()}
    assert forward
    assert {(b, a) for a, b in forward} == forward
    assert len(forward) == len(t.pairs)
