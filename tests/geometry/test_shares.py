"""Shares near a threshold; what shows between pixels and at the rim; what would be seen of a thing alone."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from worlds import World

from spargen.geometry.visibility import see
from spargen.settings import Settings

S = Settings()


def table(world, askable=None, settings=S):
    objects = world.objects()
    askable = np.ones(len(objects), dtype=bool) if askable is None else np.array(askable)
    return see(world.mesh(), objects, world.cameras(), askable, settings, threads=1)


def fine_share(world, number):
    """Share of 640 x 480 pixels, one ray each."""
    return float(np.mean(naive.picture(world, 0)[0] == number))


# -- shares of the image -----------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(
    share=st.floats(0.5, 2.0),
    limit=st.sampled_from([S.seen_share, S.glimpsed_share]),
    aspect=st.floats(0.3, 3.0),
    at=st.tuples(st.floats(-1.5, 1.5), st.floats(-1.0, 1.0)),
)
@example(share=2.0, limit=S.seen_share, aspect=0.3125, at=(0.0, 0.0))  # one pixel in sixteen tells 44 for 38
def test_a_share_within_a_factor_of_two_of_its_threshold_is_that_of_all_pixels(share, limit, aspect, at):
    # A board at depth 4: 1 m is 125 pixels of 640.
    area = share * limit * 640 * 480 / 125**2
    w = World().add("clock", (4.005, *at), (0.01, (area * aspect) ** 0.5, (area / aspect) ** 0.5)).camera((0, 0, 0))
    truth = fine_share(w, 0)
    t = table(w)
    assert t.share[0, 0] == pytest.approx(truth, abs=1.5 / (640 * 480))
    if abs(truth - S.seen_share) > 1e-5:
        assert t.seen[0, 0] == (truth >= S.seen_share)
    if abs(truth - S.glimpsed_share) > 1e-5:
        assert t.glimpsed[0, 0] == (S.glimpsed_share <= truth < S.seen_share)


def test_a_thing_of_dots_that_one_pixel_in_sixteen_would_find_each_time_is_not_seen():
    # Eight dots of 1.5 pixels each, 0.07 % of the image if each stood for the square of four pixels around it.
    w = World().camera((0, 0, 0))
    for k in range(8):
        x, y = (4 * (20 + k) + 2 + 0.5) - 320, (4 * 60 + 2.5) - 240
        w.add("beads", (5, -x / 100, -y / 100), (0.0001, 0.013, 0.013))
    objects, mesh = w.objects(), w.mesh()
    one = type(objects)([1], ("beads",), objects.center_m[:1], objects.extent_m[:1], objects.R_world_box[:1])
    whole = type(mesh)(mesh.vertices_m, mesh.faces, np.zeros(len(mesh.faces)))
    t = see(whole, one, w.cameras(), np.array([True]), S, threads=1)
    pixels = np.mean(naive.picture(w, 0)[0] >= 0)
    assert pixels < S.glimpsed_share
    assert t.share[0, 0] == pytest.approx(pixels, abs=2e-6)
    assert not t.glimpsed[0, 0]


@pytest.mark.parametrize("met", [True, False])
def test_a_thing_that_shows_in_several_gaps_is_counted_in_all_of_them(met):
    """Every fourth column meets it in one gap at most; the other gaps are two pixels wide, between these columns."""
    w = World().camera((0, 0, 0)).add("clock", (5.0, 0, 0), (0.01, 0.6, 0.1))
    gaps_px = [*([(-2, 2)] if met else []), (-27.9, -26.1), (20.1, 21.9), (28.1, 29.9)]
    edges = [-60, *(edge for gap in sorted(gaps_px) for edge in gap), 60]
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        w.add("board", (4.0, -(low + high) / 2 / 125, 0), (0.01, (high - low) / 125, 0.6))
    truth, t = fine_share(w, 0), table(w)
    assert 0 < truth < S.seen_share
    assert t.share[0, 0] == pytest.approx(truth, abs=1.5 / (640 * 480))


def test_a_thing_that_few_points_find_in_a_long_gap_is_counted_along_all_of_it():
    w = World().camera((0, 0, 0)).add("curtain", (5.0, 0, 0), (0.01, 3.0, 2.4))
    for low, high in ((-260, 20.1), (21.9, 260)):
        w.add("board", (4.0, -(low + high) / 2 / 125, 0), (0.01, (high - low) / 125, 4.0))
    truth, t = fine_share(w, 0), table(w)
    assert S.seen_share < truth < 2 * S.seen_share
    assert t.share[0, 0] == pytest.approx(truth, abs=1.5 / (640 * 480))


@pytest.mark.parametrize("size", [(640, 480), (1280, 960)])
@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_line_of_pixels_at_the_rim_is_seen(side, size):
    """Of a large thing most of which lies outside, the outermost pixels show an edge; every fourth lies beside."""
    px, first = size[0] / 640, side in ("left", "top")
    scale, half = 125 * px, (size[1] / 2 if side in ("top", "bottom") else size[0] / 2)
    # 0.03 to 0.04 % of the pixels. Before the first of every fourth there are two more, behind the last one.
    shown_px, long_px = (1.9 * px, 60 * px) if first else (0.9, 90 * px * px)
    long_m, away_m, far_m = long_px / scale, 200.0, (half - shown_px) / scale + 100.0
    sign = 1 if side in ("top", "left") else -1
    center, extent = ((4.0, 0.1, sign * far_m), (1e-4, long_m, away_m))
    if side in ("left", "right"):
        center, extent = ((4.0, sign * far_m, 0.1), (1e-4, away_m, long_m))
    w = World().camera((0, 0, 0), f=500.0 * px, size=size).add("couch", center, extent)
    truth, t = fine_share(w, 0), table(w)
    assert S.glimpsed_share < truth < S.seen_share
    assert t.share[0, 0] == pytest.approx(truth, abs=1.5 / (size[0] * size[1]))
    assert t.glimpsed[0, 0]


# -- what is never asked about -----------------------------------------------------------------------------------------


def between_columns():
    """A pole 2 pixels wide between every fourth columns, 0.2 % of the image."""
    x_px = 4 * 100.0 - 320  # these columns stand at 4 k + 2.5
    return World().add("object", (5, -x_px / 100, 0), (0.01, 0.02, 4.0)).camera((0, 0, 0))


def test_what_is_not_asked_about_is_seen_as_well():
    w = between_columns()
    assert fine_share(w, 0) > 0.0015
    for askable in (True, False):
        t = table(w, askable=[askable])
        assert t.share[0, 0] == pytest.approx(fine_share(w, 0), abs=1e-5)
        assert t.seen[0, 0]
        assert not t.visible[0, 0]  # it is narrow
        assert (t.unoccluded[0, 0] > 0) == askable


def test_what_is_not_asked_about_changes_nothing_for_what_is():
    w = (
        World()
        .add("chair", (3, 0.5, 0), (0.5, 0.5, 0.5))
        .add("object", (2.5, 0.1, 0), (0.3, 0.4, 0.5))
        .camera((0, 0, 0))
    )
    one, both = table(w, askable=[True, False]), table(w, askable=[True, True])
    for name in ("bbox", "visible", "unoccluded", "share"):
        np.testing.assert_array_equal(getattr(one, name)[:, 0], getattr(both, name)[:, 0])
    assert not one.visible[0, 1]
    assert both.visible[0, 1]


# -- what is not hidden -----------------------------------------------------------------------------------------------


def half_hidden(gap, size_m, at=(0.0, 0.0), depth=4.0):
    """A board of which a share on the right is left in sight by another, half as far away."""
    y, z = at
    right, left = y - size_m / 2, y + size_m / 2
    edge = right + gap * size_m
    w = World().add("picture", (depth, y, z), (0.0001, size_m, size_m))
    return w.add(None, (depth / 2, (edge + left + 1) / 4, z / 2), (0.0001, (left + 1 - edge) / 2, size_m * 2)).camera(
        (0, 0, 0)
    )


@settings(max_examples=30)
@given(
    gap=st.floats(0.2, 0.6),
    size_m=st.floats(0.15, 1.2),
    at=st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)),
)
def test_the_share_that_is_not_hidden_is_that_of_all_pixels(gap, size_m, at):
    w = half_hidden(gap, size_m, at)
    ids, _ = naive.picture(w, 0)
    truth = naive.alone_share(w.solids[0], *naive.pixel_rays(w, 0), ids, 0)
    t = table(w)
    if not t.seen[0, 0]:
        return
    assert t.unoccluded[0, 0] == pytest.approx(truth, abs=1e-3)


def test_what_shows_in_a_slit_only_has_a_box_there():
    # A slit of 3 pixels between two boards shows a third of a narrow chair.
    w = World().add("chair", (4, -0.66, 0), (0.001, 0.08, 2.4)).camera((0, 0, 0))
    middle = -(4 * 100.5 - 320 - 1.5) / 500
    for side in (-1, 1):
        edge = 2 * middle + side * 2 * 1.5 / 500
        w.add(None, (2, edge + side * 0.5, 0), (0.001, 1.0, 4.0))
    ids, _ = naive.picture(w, 0)
    t = table(w, settings=Settings(min_unoccluded=0.05, min_short_side=0.001))
    assert np.mean(ids == 0) > S.seen_share
    assert t.visible[0, 0]
    np.testing.assert_allclose(t.bbox[0, 0], naive.tight_box(ids == 0), atol=1)
    assert t.unoccluded[0, 0] == pytest.approx(0.3, abs=0.1)


# -- alone ------------------------------------------------------------------------------------------------------------


def vase_behind_a_board(distance_m):
    """The lower three quarters of a vase are hidden; a long lens keeps it as large, however far the camera stands."""
    w = World()
    w.add("vase", (0, 0, 0.5), (0.3, 0.3, 1.0))
    w.add("book", (0.9, -0.8, 0.2), (0.2, 0.2, 0.3))
    w.add("cabinet", (0, -1.2, 0.5), (2.0, 0.4, 1.2))
    w.add("box", (-0.9, -0.2, 0.2), (0.4, 0.4, 0.4))
    w.add(None, (0, 0.4, 0.38), (0.5, 0.05, 0.76))
    return w.camera((0, distance_m, 0.5), -90, 0, f=300.0 * distance_m)


@pytest.mark.parametrize("distance_m", [3.0, 12.0, 20.0, 100.0])
def test_a_thing_is_as_hidden_from_afar(distance_m):
    t = table(vase_behind_a_board(distance_m))
    assert t.unoccluded[0, 0] == pytest.approx(0.24, abs=0.03)
    assert not t.visible[0, 0]


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), distance_m=st.floats(2.0, 100.0))
def test_things_of_all_sizes_alone_from_everywhere(seed, distance_m):
    rng = np.random.default_rng(seed)
    w = World()
    for k in range(9):
        size = np.exp(rng.uniform(-2.5, 1.0, 3))
        w.add(f"lamp{k}", rng.uniform([-3, -3, 0], [3, 3, 2.5]), size, yaw_deg=rng.uniform(0, 90))
    heading = rng.uniform(0, 360)
    a = np.radians(heading)
    w.camera((-distance_m * np.cos(a), -distance_m * np.sin(a), 1.2), heading, 0, f=60.0 * distance_m, size=(320, 240))
    t = table(w)
    ids, _ = naive.picture(w, 0)
    rays = naive.pixel_rays(w, 0)
    for o, solid in enumerate(w.solids):
        if t.seen[0, o] and t.depth_m[0, o] > np.linalg.norm(solid.size):
            alone = naive.alone_share(solid, *rays, ids, o)
            assert t.unoccluded[0, o] == pytest.approx(alone, abs=4 / np.count_nonzero(ids == o))
