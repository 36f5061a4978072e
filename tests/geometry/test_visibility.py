"""The visibility table against a look at every pixel of the image."""

from __future__ import annotations

import itertools
from dataclasses import fields

import naive
import numpy as np
import pytest
from worlds import World, shell

from spargen.geometry.frustum import show
from spargen.geometry.surface import scene_points
from spargen.geometry.visibility import Visibility, _disc, see
from spargen.scene.labels import LabelTable, label_rules
from spargen.scene.lenses import PINHOLE, Lens
from spargen.scene.types import Mesh
from spargen.settings import Settings
from spargen.verify.site import DISC

S = Settings()
SMALL = (320, 240)
ROUNDED_PX = 4
"""Pixels of an object that rounding may tell otherwise."""
BENT_PX = 20
"""The same where a lens bends: where a pixel looks is known to 0.02 pixels, and there are hundreds along an outline."""


def table(world, settings=S, threads=1):
    objects = world.objects()
    askable = LabelTable.of(objects.label, label_rules()).askable
    return see(world.mesh(), objects, world.cameras(), askable, settings, threads=threads)


def heap(seed, views=3, things=14, size=SMALL, **lens):
    """A room full of boxes of all sizes, some of them hidden, cut by the border, far, thin or not annotated."""
    rng = np.random.default_rng(seed)
    w = shell(World(), (0, 0, 0), (7, 6, 2.7))
    for i in range(things):
        size_m = rng.uniform(0.12, 1.1, 3)
        x, y = rng.uniform([1.5, 0.6], [6.4, 5.4])
        center = (x, y, size_m[2] / 2 + rng.choice([0, 0, 0.6]))
        w.add(None if i == 5 else f"lamp{i}", center, size_m, yaw_deg=rng.uniform(0, 90))
    for _ in range(views):
        w.camera(
            rng.uniform([0.3, 0.5, 1.2], [1.2, 5.5, 1.7]),
            heading_deg=rng.uniform(-40, 40),
            elevation_deg=rng.uniform(-30, 5),
            roll_deg=rng.uniform(-10, 10),
            f=lens.get("f", 250.0),
            c=lens.get("c"),
            size=size,
            optics=lens.get("optics", PINHOLE),
        )
    return w


def near(value, threshold, slack):
    return abs(value - threshold) < slack


def compare(world, rounded_px=ROUNDED_PX):
    """Check every entry of the table of a world. Returns how many objects were seen, visible and pointed at.

    Of an object's pixels so many may be told otherwise.
    """
    t = table(world)
    met = {"seen": 0, "visible": 0, "pointed": 0, "hidden": 0}
    for view in range(len(world.poses)):
        ids, _ = naive.picture(world, view)
        rays = naive.pixel_rays(world, view)
        h, w = ids.shape
        on_mesh = np.count_nonzero(ids != naive.BACKGROUND)
        nobody, every = np.count_nonzero(ids == naive.NOBODY), max(on_mesh, 1)
        assert t.unannotated[view] == pytest.approx(nobody / every, abs=rounded_px / every)
        for o, solid in enumerate(world.annotated):
            share = np.count_nonzero(ids == o) / ids.size
            # Where two things touch, and on edges, rounding decides for some pixels.
            assert t.share[view, o] == pytest.approx(share, abs=rounded_px / ids.size)
            if not near(share, S.seen_share, rounded_px / ids.size):
                assert t.seen[view, o] == (share >= S.seen_share), (view, o, share, t.share[view, o])
                if not near(share, S.glimpsed_share, rounded_px / ids.size):
                    assert t.glimpsed[view, o] == (S.glimpsed_share <= share < S.seen_share)
            met["seen"] += bool(t.seen[view, o])
            x, y, z = naive.camera_coordinates(world.poses[view], solid.center)[0]
            assert t.depth_m[view, o] == pytest.approx(z)
            assert t.distance_m[view, o] == pytest.approx((x * x + y * y + z * z) ** 0.5)
            if solid.label in ("wall", "floor", "ceiling") or not t.seen[view, o] or z <= 0:
                assert not t.visible[view, o]
                continue
            alone = naive.alone_share(solid, *rays, ids, o)
            in_frame = naive.surface_share_in_frame(world, view, solid)
            slack = 2 * rounded_px / np.count_nonzero(ids == o)
            assert t.unoccluded[view, o] == pytest.approx(alone, abs=slack)
            assert t.in_frame[view, o] == pytest.approx(in_frame, abs=0.06)
            met["hidden"] += alone < 0.9
            box = naive.tight_box(ids == o)
            short = min(box[2] - box[0], (box[3] - box[1]) * h / w) / 1000
            doubtful = (
                near(alone, S.min_unoccluded, slack)
                or near(in_frame, S.min_in_frame, 0.06)
                or near(short, S.min_short_side, 0.004)
            )
            if not doubtful:
                visible = alone >= S.min_unoccluded and in_frame >= S.min_in_frame and short >= S.min_short_side
                assert t.visible[view, o] == visible, (view, o, alone, in_frame, short)
            if not t.visible[view, o]:
                assert not t.bbox[view, o].any()
                assert not t.point[view, o].any()
                assert not t.pointed[view, o]
                assert not t.boxed[view, o]
                continue
            met["visible"] += 1
            assert np.abs(t.bbox[view, o] - box).max() <= 1000 / min(w, h) + 1, (view, o, t.bbox[view, o], box)
            if not near(max(box[2] - box[0], box[3] - box[1]), 900, 4):
                assert t.boxed[view, o] == (box[2] - box[0] <= 900 or box[3] - box[1] <= 900)
            met["pointed"] += check_point(t, world, view, o, ids, (x, y, z))
    return met


def check_point(t, world, view, o, ids, at):
    h, w = ids.shape
    K = world.intrinsics[view]
    x, y = naive.distorted(naive.lens_of(world, view), at[0] / at[2], at[1] / at[2])
    u, v = K[0, 0] * x + K[0, 2], K[1, 1] * y + K[1, 2]
    if not (0 <= u < w and 0 <= v < h):
        assert not t.pointed[view, o]
        return 0
    assert np.abs(t.point[view, o] - [int(u / w * 1000 + 0.5), int(v / h * 1000 + 0.5)]).max() == 0
    y, x = np.mgrid[0:h, 0:w] + 0.5
    disc = (x - u) ** 2 + (y - v) ** 2 <= (S.point_disc * w) ** 2
    # Parts of the disc outside the image show nothing.
    area = np.pi * (S.point_disc * w) ** 2
    shown = np.count_nonzero(disc & (ids == o)) / max(area, np.count_nonzero(disc))
    own = ids[int(v), int(u)] == o
    if t.pointed[view, o]:
        assert own
        assert shown >= S.point_disc_share - 0.03
    else:
        around = ids[max(0, int(v) - 1) : int(v) + 2, max(0, int(u) - 1) : int(u) + 2]
        assert not ((around == o).all() and shown >= S.point_disc_share + 0.15)
    return int(t.pointed[view, o])


@pytest.mark.parametrize("seed", [0, 2, 3, 8, 22])
def test_a_room_full_of_boxes(seed):
    met = compare(heap(seed))
    assert met["seen"] > 15
    assert met["visible"] > 5
    assert met["pointed"] > 2
    assert met["hidden"] > 2


def test_pixels_that_are_not_square_and_a_principal_point_off_the_middle():
    met = compare(heap(44, f=(300.0, 200.0), c=(120.0, 150.0)))
    assert met["visible"] > 5


def test_an_image_higher_than_wide():
    met = compare(heap(42, size=(240, 320), f=200.0))
    assert met["visible"] > 3


def test_images_larger_than_the_fine_grid():
    met = compare(heap(34, views=1, size=(1296, 968), f=900.0))
    assert met["visible"] > 3


BARREL = Lens("OPENCV", (-0.18, 0.03, 0.001, -0.0006))
PINCUSHION = Lens("OPENCV", (0.14, -0.12, -0.0008, 0.0012, 0.05))
FISHEYE = Lens("OPENCV_FISHEYE", (-0.03, -0.008, 0.001, -0.0002))
"""As of a phone's wide camera, a phone's main camera, and a DSLR with a fisheye."""


@pytest.mark.parametrize("seed", [0, 3, 22])
@pytest.mark.parametrize(("optics", "f"), [(BARREL, 250.0), (PINCUSHION, 250.0), (FISHEYE, 150.0), (FISHEYE, 95.0)])
def test_lenses_that_bend(seed, optics, f):
    # The last one shows a half of the room: the image's corners lie 120 degrees off each other.
    met = compare(heap(seed, f=f, optics=optics), rounded_px=BENT_PX)
    assert met["seen"] > 15
    assert met["visible"] > 5
    assert met["pointed"] > 2


def test_a_lens_that_shows_nothing_in_the_corners():
    # The polynomial turns back at 46 degrees; the image's corners lie beyond.
    # The references find the angle in steps, so the outermost ring of pixels is in doubt.
    met = compare(heap(3, f=160.0, optics=Lens("OPENCV", (-0.3,))), rounded_px=40)
    assert met["visible"] > 3


def test_a_long_thing_that_a_lens_bends_beyond_its_ends():
    # A pipe along the upper edge: its middle stands higher in the image than both of its ends.
    w = World().add("pipe", (1.5, 0, 2.2), (0.05, 5.0, 0.2))
    w.camera((0, 0, 1.2), size=(640, 480), f=200.0, optics=Lens("OPENCV_FISHEYE", (0.02,)))
    compare(w, rounded_px=BENT_PX)
    ids, _ = naive.picture(w, 0)
    assert np.abs(table(w).bbox[0, 0] - naive.tight_box(ids == 0)).max() <= 3


def test_several_lenses_in_one_call():
    lenses = (PINHOLE, FISHEYE, BARREL, FISHEYE, PINHOLE)
    whole = heap(14, views=5, f=150.0)
    whole.optics = list(lenses)
    together = table(whole)
    for k, lens in enumerate(lenses):
        one = World(whole.solids, [whole.poses[k]], [whole.intrinsics[k]], [whole.sizes[k]], optics=[lens])
        for f in fields(Visibility):
            np.testing.assert_array_equal(getattr(table(one), f.name)[0], getattr(together, f.name)[k])


def test_cameras_of_several_sizes_in_one_call():
    sizes = [(320, 240), (240, 320), (320, 240), (200, 150), (240, 320)]
    worlds = [heap(14, views=1, size=s, f=0.8 * s[0]) for s in sizes]
    mixed = heap(14, views=0)
    for k, w in enumerate(worlds):
        mixed.poses.append(w.poses[0] @ np.diag([1, 1, 1, 1.0]))
        mixed.poses[-1][:3, 3] += [0, 0.2 * k, 0]
        w.poses[0] = mixed.poses[-1]
        mixed.intrinsics.append(w.intrinsics[0])
        mixed.sizes.append(w.sizes[0])
        mixed.optics.append(PINHOLE)
    together, alone = table(mixed), [table(w) for w in worlds]
    for f in fields(Visibility):
        np.testing.assert_array_equal(getattr(together, f.name), np.concatenate([getattr(a, f.name) for a in alone]))
    # The sizes really are told apart.
    assert not np.array_equal(together.bbox[0], together.bbox[1])


def test_more_views_than_one_chunk_are_the_same_views():
    w = heap(15, views=35, size=(160, 120), f=120.0)
    whole = table(w)
    picked = np.array([34, 0, 16, 17])
    few = World(w.solids, [w.poses[i] for i in picked], [w.intrinsics[i] for i in picked], [w.sizes[0]] * 4)
    for f in fields(Visibility):
        np.testing.assert_array_equal(getattr(table(few), f.name), getattr(whole.take(picked), f.name))


def test_the_number_of_threads_changes_nothing():
    w = heap(16, views=4)
    one, all_of_them = table(w, threads=1), table(w, threads=0)
    for f in fields(Visibility):
        np.testing.assert_array_equal(getattr(one, f.name), getattr(all_of_them, f.name))


def test_a_hole_in_the_mesh_shows_what_is_behind_it():
    w = World()
    w.add("cabinet", (3, 0, 1), (1, 1, 1), missing=("-x", "+x"))
    w.add("lamp", (5, 0, 1), (0.6, 0.6, 0.6))
    w.camera((0, 0, 1))
    t = table(w)
    ids, _ = naive.mesh_picture(w, 0)
    assert np.count_nonzero(ids == 1) > 100
    for o in range(2):
        assert t.share[0, o] == pytest.approx(np.count_nonzero(ids == o) / ids.size, rel=0.05)
    assert t.visible[0, 1]
    assert np.abs(t.bbox[0, 1] - naive.tight_box(ids == 1)).max() <= 3
    # The centre of the cabinet shows the lamp: its point would lie on something else.
    assert t.visible[0, 0]
    assert not t.pointed[0, 0]
    assert t.pointed[0, 1]


def test_the_two_references_agree():
    w = World()
    w.add("chair", (3, 0.3, 1), (1, 0.4, 0.7), yaw_deg=25)
    w.add("lamp", (4, -0.5, 1.2), (0.6, 0.6, 0.6))
    w.camera((0, 0, 1), elevation_deg=-3, size=(80, 60), f=60.0)
    for mine, other in zip(naive.picture(w, 0), naive.mesh_picture(w, 0), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5)


def test_an_object_behind_the_camera_is_not_there():
    w = World().add("chair", (-3, 0, 1), (1, 1, 1)).add("lamp", (3, 0, 1), (1, 1, 1)).camera((0, 0, 1))
    t = table(w)
    assert t.seen.tolist() == [[False, True]]
    assert t.visible.tolist() == [[False, True]]
    assert t.depth_m[0, 0] == pytest.approx(-3)
    assert t.share[0, 0] == 0


def test_an_object_that_reaches_behind_the_camera_has_a_box_up_to_the_border():
    # A long table beside the camera: its centre is ahead, its near end behind.
    w = (
        World()
        .add("table", (1.5, -0.8, 0.5), (4.0, 0.5, 0.1))
        .camera((0, 0, 1.2), elevation_deg=-25, size=SMALL, f=200.0)
    )
    met = compare(w)
    assert met["visible"] == 1
    assert table(w).bbox[0, 0, 2] == 1000


def test_an_object_cut_by_the_border():
    # A cube whose near face spans y from 1 to 2 at depth 2.5; the image ends at y = 1.6 there (f = 200, 320 pixels).
    w = World().add("chair", (3, 1.5, 1), (1, 1, 1)).camera((0, 0, 1), size=SMALL, f=250.0)
    met = compare(w)
    t = table(w)
    assert met["visible"] == 1
    assert t.bbox[0, 0, 0] == 0
    assert 0.3 < t.in_frame[0, 0] < 0.9
    assert t.unoccluded[0, 0] == 1.0


@pytest.mark.parametrize(("gap", "visible"), [(0.25, False), (0.4, True)])
def test_an_occluder_hides_all_but_a_strip(gap, visible):
    # The wall's edge, half as far away, stands so that a strip of that width stays in sight.
    w = World().add("chair", (4.0005, 0, 1), (0.001, 1, 1)).add("wall", (2, 2.25 + gap / 2, 1), (0.001, 5, 3))
    w.camera((0, 0, 1), size=SMALL, f=250.0)
    t = table(w)
    assert t.unoccluded[0, 0] == pytest.approx(gap, abs=0.04)
    assert t.visible[0, 0] == visible


@pytest.mark.parametrize(
    ("wide", "high", "boxed"), [(0.93, 0.93, False), (0.93, 0.87, True), (0.87, 0.93, True), (0.98, 0.5, True)]
)
def test_a_box_over_nine_tenths_of_both_sides_is_not_drawn(wide, high, boxed):
    # At depth 5 the image is 6.4 x 4.8 m.
    w = World().add("cabinet", (5.005, 0, 1), (0.01, 6.4 * wide, 4.8 * high)).camera((0, 0, 1))
    t = table(w)
    assert t.visible[0, 0]
    assert t.boxed[0, 0] == boxed
    assert table(w, Settings(max_box_share=0.99)).boxed[0, 0]


def test_the_depth_that_half_of_the_mesh_pixels_exceed():
    # To the left of the middle a wall, and one that fills half of what is right of it; beside it nothing.
    def depth_m(left, right):
        w = World().add("wall", (left + 0.05, 10, 1), (0.1, 20, 20))
        return table(w.add("wall", (right + 0.05, -0.16 * right, 1), (0.1, 0.32 * right, 20)).camera((0, 0, 1)))

    assert depth_m(2.0, 6.0).median_depth_m[0] == pytest.approx(2)
    assert depth_m(6.0, 2.0).median_depth_m[0] == pytest.approx(6)
    assert np.isinf(table(World().add("chair", (-3, 0, 1), (1, 1, 1)).camera((0, 0, 1))).median_depth_m[0])


def test_an_unannotated_thing_hides_but_is_nobody():
    w = World().add("chair", (4, 0, 1), (1, 1, 1)).add(None, (2, 0, 1), (0.1, 1.5, 1.5)).camera((0, 0, 1))
    t = table(w)
    assert not t.seen.any()
    assert t.unannotated[0] == 1.0


def test_nothing_at_all():
    w = World().camera((0, 0, 1))
    t = table(w)
    assert t.share.shape == (1, 0)
    assert t.unannotated[0] == 0


def test_a_mesh_without_any_object():
    t = table(World().add(None, (3, 0, 1), (1, 1, 1)).camera((0, 0, 1)))
    assert t.share.shape == (1, 0)
    assert t.unannotated[0] == 1


def test_no_camera():
    assert len(table(World().add("chair", (1, 0, 0), (1, 1, 1)))) == 0


@pytest.mark.parametrize(
    ("edge_m", "seen", "glimpsed"),
    [(0.45, True, False), (0.34, False, True), (0.19, False, True), (0.14, False, False)],
)
def test_seen_and_glimpsed_at_their_thresholds(edge_m, seen, glimpsed):
    # A square at depth 10 with f = 500 has (50 edge)^2 of 640 x 480 pixels: 0.001 of them is a side of 17.5 pixels.
    w = World().add("clock", (10.005, 0.11, 1.07), (0.01, edge_m, edge_m)).camera((0, 0, 1))
    t = table(w)
    assert t.share[0, 0] == pytest.approx((50 * edge_m) ** 2 / (640 * 480), rel=0.12)
    assert (bool(t.seen[0, 0]), bool(t.glimpsed[0, 0])) == (seen, glimpsed)


def test_a_narrow_thing_is_seen_but_not_visible():
    # 7 pixels wide of 640, against 1.5 %: 9.6.
    narrow, wide = [
        table(World().add("lamp", (5.005, 0.1, 1), (0.01, width, 2)).camera((0, 0, 1))) for width in (0.07, 0.12)
    ]
    assert narrow.seen[0, 0]
    assert not narrow.visible[0, 0]
    assert wide.visible[0, 0]


def test_the_short_side_counts_in_widths_of_the_image_even_if_it_is_the_height():
    # 8.5 pixels high of 480: 1.8 % of the height, but 1.3 % of the width.
    low, high = [
        table(World().add("lamp", (5.005, 0.1, 1), (0.01, 2, height)).camera((0, 0, 1))) for height in (0.085, 0.12)
    ]
    assert low.seen[0, 0]
    assert not low.visible[0, 0]
    assert high.visible[0, 0]


def test_a_point_must_lie_on_its_object_itself_not_only_near_it():
    # A pole of 4 pixels before the centre leaves three quarters of the disc (radius 9.6) to the chair.
    bare = World().add("chair", (4, 0, 1), (1, 1, 1)).camera((0, 0, 1))
    behind = World(list(bare.solids), bare.poses, bare.intrinsics, bare.sizes)
    behind.add("lamp", (2, 0, 1), (0.01, 0.016, 2))
    assert table(bare).pointed[0, 0]
    assert table(behind).visible[0, 0]
    assert not table(behind).pointed[0, 0]
    aside = World(list(bare.solids), bare.poses, bare.intrinsics, bare.sizes)
    aside.add("lamp", (2, 0.024, 1), (0.01, 0.016, 2))
    assert table(aside).pointed[0, 0]


def test_things_far_away_do_not_count_as_what_an_object_would_cover_alone():
    # Half of the chair is hidden. The cabinet lies far below, where no lattice of objects may bring it into the way.
    w = World().add("chair", (25, 0, 1), (2, 2, 2)).add("cabinet", (12, 0, -9), (3, 3, 3))
    w.add(None, (5, -2, 1), (0.1, 4, 4)).camera((0, 0, 1))
    assert table(w).unoccluded[0, 0] == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("offset", [0.0, 0.004, 0.008, 0.012, 0.016, 0.02, 0.024, 0.028, 0.032, 0.036])
@pytest.mark.parametrize("flat", [False, True], ids=["pole", "board"])
def test_a_thin_thing_cannot_hide_between_the_rays(offset, flat):
    # 3 pixels by 300: 0.29 % of the image, three times what counts as seen.
    size, at = ((0.01, 3.0, 0.03), (5, 0, 1 + offset)) if flat else ((0.01, 0.03, 3.0), (5, offset, 1))
    w = World().add("lamp", at, size).camera((0, 0, 1))
    assert table(w).seen[0, 0]


@pytest.mark.parametrize("offset", [0.0, 0.004, 0.008, 0.012, 0.016, 0.02, 0.024, 0.028, 0.032, 0.036])
def test_a_thin_thing_is_not_taken_for_more_than_it_is(offset):
    # About 1 pixel by 240, 0.08 % of the image, or twice that where it touches two columns: as a full cast sees it.
    w = World().add("lamp", (5, offset, 1), (0.01, 0.01, 2.4)).camera((0, 0, 1))
    assert table(w).share[0, 0] == pytest.approx(np.mean(naive.picture(w, 0)[0] == 0), abs=1e-4)


def points_of(world):
    return scene_points(world.mesh())[0]


@pytest.mark.parametrize("distance_m", [2.0, 5.0, 9.0])
def test_a_wall_is_seen_from_one_side_only(distance_m):
    """From afar a tolerance of 3 cm + 2 % is more than a wall is thick."""
    w = World()
    w.add("wall", (0, 0, 1.5), (0.08, 6, 3))
    w.camera((-distance_m, 0, 1.5), heading_deg=0, f=200.0)
    w.camera((distance_m, 0, 1.5), heading_deg=180, f=200.0)
    one, two = table(w).sees_point
    side = points_of(w)[:, 0] / 0.04
    assert min(one.sum(), two.sum()) > 1000
    assert (side[one] < 0.5).all()
    assert (side[two] > -0.5).all()
    assert (one & two).sum() < 0.02 * one.sum()


@pytest.mark.parametrize("height_m", [0.2, 0.6, 1.5])
def test_a_floor_that_is_looked_at_askew_is_seen_as_far_as_it_goes(height_m):
    # At 10 m a row of pixels is as long as 2.5 m of the floor for the lowest of these cameras.
    w = World().add("floor", (6, 0, -0.05), (12, 6, 0.1)).camera((0, 0, height_m), f=200.0, size=SMALL)
    sees, points = table(w).sees_point[0], points_of(w)
    uv, z = w.cameras().project(points)
    inside = (z[0] > 0.05) & ((uv[0] >= 0) & (uv[0] < SMALL)).all(axis=1)
    top = points[:, 2] > -1e-6
    # At its borders some pixels around a point show something else: a row of pixels above, the floor is narrower.
    away_m = np.maximum(points[:, 0], 0.05)
    low_px, aside_px = 200 * height_m / away_m, 200 * points[:, 1] / away_m
    half_px = 3 * (low_px - 1) / height_m
    within = inside & top & (low_px - 1 > 200 * height_m / 12) & (abs(aside_px) + 1 < half_px)
    assert within.sum() > 1000
    assert sees[within].mean() > 0.99
    assert sees[inside & top].mean() > 0.85
    assert sees[inside & ~top & (points[:, 0] > 0.1)].mean() < 0.01


def test_surface_points_are_seen_where_nothing_stands_before_them():
    w = heap(5)
    seen, points = table(w).sees_point, points_of(w)
    for view, cam in enumerate(w.poses):
        towards = points - cam[:3, 3]
        length = np.linalg.norm(towards, axis=1)
        first = np.min([naive.hit_solid(s, cam[:3, 3], towards) for s in w.solids], axis=0)
        before_m = (1 - first) * length
        uv, z = w.cameras().take([view]).project(points)
        inside = (z[0] > 0.05) & ((uv[0] >= 0) & (uv[0] < SMALL)).all(axis=1)
        assert not seen[view][~inside].any()
        # What is behind something is seen where the middle of its pixel is not, at its own depth.
        for k in np.flatnonzero(seen[view] & (before_m > 0.04)):
            _, middle = w.cameras().take([view]).rays(0, np.floor(uv[0, k]) + 0.5)
            shown = np.min([naive.hit_solid(s, cam[:3, 3], middle) for s in w.solids])
            assert shown == pytest.approx(z[0, k], abs=0.03 + 0.02 * z[0, k])
        assert (seen[view] & (before_m > 0.04)).sum() < 0.03 * seen[view].sum()
        # Beside an edge the middle of a pixel shows something else.
        assert seen[view][inside & (before_m < 0.02)].mean() > 0.9


@pytest.mark.parametrize(
    ("slit_px", "boxed"),
    [
        (None, True),
        ((800.2, 800.8), False),  # one column of pixels sees through: half of the pixels would not tell
        ((801.2, 801.8), False),  # nor if it is the other half
        ((800.8, 801.2), True),  # no pixel sees through
        ((800.2, 802.8), True),  # three columns do
        ((620.0, 623.0), True),  # next to what is in sight anyway
    ],
)
def test_a_box_that_hangs_on_single_pixels_is_not_drawn(slit_px, boxed):
    """1280 x 960, f = 1000: at 2 m depth a pixel is 2 mm wide; x_px = 640 - 1000 * y / 2.

    Columns 440 to 620 of the cabinet are in sight: one more is no speck.
    """
    w = World()
    w.add("cabinet", (4, 0, 1), (0.5, 1.5, 1))
    edges = [1400.0, *(slit_px or ()), 620.0] if slit_px != (620.0, 623.0) else [1400.0, 623.0]
    edges = sorted(edges)
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        low, high = (640 - right) / 500, (640 - left) / 500
        w.add(None, (2, (low + high) / 2, 1), (0.0, high - low, 2))
    w.camera((0, 0, 1), f=1000.0, size=(1280, 960))
    t = table(w)
    assert t.visible[0, 0]
    assert t.boxed[0, 0] == boxed


@pytest.mark.parametrize("left", [448.2, 449.2, 450.2, 451.2])
@pytest.mark.parametrize("wide", [1.3, 2.6])
def test_what_shows_through_a_crack_in_one_smooth_thing_is_in_the_box(left, wide):
    """640 x 480, f = 500: the cabinet fills columns 120 to 520, a screen 2 m off those from 260 on but for a crack."""
    w = World().add("cabinet", (4, 0, 1), (0.5, 3, 1))
    for first, last in ((260.0, left), (left + wide, 600.0)):
        low, high = (320 - last) / 250, (320 - first) / 250
        w.add("screen", (2, (low + high) / 2, 1), (0.001, high - low, 2))
    w.camera((0, 0, 1), f=500.0)
    mesh, objects = w.mesh(), w.objects()
    # Both parts of the screen are one thing, as a scan with a crack in it has it.
    mesh = Mesh(mesh.vertices_m, mesh.faces, np.minimum(mesh.face_object, 1))
    t = see(mesh, objects, w.cameras(), np.array([True, False, False]), S, threads=1)
    right = np.ceil(left + wide - 0.5)  # of the last pixel whose centre lies in the crack
    assert t.visible[0, 0]
    np.testing.assert_allclose(t.bbox[0, 0, [0, 2]], [1000 * 120 / 640, 1000 * right / 640], atol=1.6)


def pierced(w, u, v, wide):
    """A screen of one thing before the right half of a cabinet, with a hole of `wide` pixels at (u, v)."""
    hole, columns, rows = (u - wide / 2, u + wide / 2, v - wide / 2, v + wide / 2), (260.0, 600.0), (40.0, 440.0)
    spans = [
        (columns[0], hole[0], *rows),
        (hole[1], columns[1], *rows),
        (hole[0], hole[1], rows[0], hole[2]),
        (hole[0], hole[1], hole[3], rows[1]),
    ]
    w.add("cabinet", (4, 0, 1), (0.5, 3, 1))
    for left, right, top, bottom in spans:
        low, high = (320 - right) / 250, (320 - left) / 250
        floor, ceiling = 1 + (240 - bottom) / 250, 1 + (240 - top) / 250
        w.add("screen", (2, (low + high) / 2, (floor + ceiling) / 2), (0.001, high - low, ceiling - floor))
    mesh, objects = w.mesh(), w.objects()
    return Mesh(mesh.vertices_m, mesh.faces, np.minimum(mesh.face_object, 1)), objects


@pytest.mark.parametrize("x", range(400, 404))
@pytest.mark.parametrize("y", range(200, 204))
def test_what_shows_in_one_pixel_through_one_smooth_thing_is_in_the_box(x, y):
    w = World().camera((0, 0, 1), f=500.0)
    mesh, objects = pierced(w, x + 0.5, y + 0.5, 0.6)
    t = see(mesh, objects, w.cameras(), np.array([True, *[False] * 4]), S, threads=1)
    assert t.visible[0, 0]
    np.testing.assert_allclose(t.bbox[0, 0, [0, 2]], [1000 * 120 / 640, 1000 * (x + 1) / 640], atol=1.6)


@pytest.mark.parametrize(
    ("first", "wide", "boxed"),
    [
        (400, 1, False),
        (400, 9, False),  # 81 pixels of 18600, less than 0.5 %
        (400, 10, True),
        (262, 1, True),  # 3 columns out, not 5/1000 of the image
        (263, 1, False),
        (264, 10, True),
    ],
)
def test_a_box_that_rests_on_what_shows_through_a_small_hole_is_not_drawn(first, wide, boxed):
    # Columns 120 to 260 of the cabinet are in sight beside the screen.
    w = World().camera((0, 0, 1), f=500.0)
    mesh, objects = pierced(w, first + wide / 2, 200 + wide / 2, wide - 0.4)
    t = see(mesh, objects, w.cameras(), np.array([True, *[False] * 4]), S, threads=1)
    assert t.visible[0, 0]
    np.testing.assert_allclose(t.bbox[0, 0, [0, 2]], [187.5, 1000 * (first + wide) / 640], atol=0.6)
    assert t.boxed[0, 0] == boxed


@pytest.mark.parametrize("x", range(400, 404))
@pytest.mark.parametrize("y", range(150, 154))
def test_a_scrap_of_an_object_that_shows_in_one_pixel_far_from_the_rest_is_in_the_box(x, y):
    # The chair fills columns 274 to 365 and rows 194 to 285; a triangle 2 px wide, 3 m off, shows in pixel (x, y). The
    # outermost of the chair is a scrap behind the wall, so its corners tell nothing.
    w = World().add("chair", (3, 0, 1), (0.5, 0.5, 0.5)).add("wall", (5, 0, 1), (0.1, 9, 5)).camera((0, 0, 1), f=500.0)
    mesh, objects, cameras = w.mesh(), w.objects(), w.cameras()
    u, v = (np.array([x - 0.3, x + 1.3, x + 0.5]), np.array([y - 0.3, y - 0.3, y + 1.4]))
    scrap = np.stack([np.full(3, 3.0), -(u - 320) * 3 / 500, 1 - (v - 240) * 3 / 500], axis=-1)
    hidden = np.array([[6, -1.5, 2.2], [6, -1.5, 2.3], [6, -1.6, 2.2]])
    p = len(mesh.vertices_m)
    vertices, faces = np.concatenate([mesh.vertices_m, scrap, hidden]), np.arange(p, p + 6).reshape(2, 3)
    mesh = Mesh(vertices, np.concatenate([mesh.faces, faces]), np.append(mesh.face_object, [0, 0]))
    t = see(mesh, objects, cameras, np.array([True, False]), S, threads=1)
    np.testing.assert_allclose(t.bbox[0, 0], [1000 * 274 / 640, 1000 * y / 480, 1000 * (x + 1) / 640, 595], atol=2.2)
    assert not t.boxed[0, 0]


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("low", [False, True])
@pytest.mark.parametrize("aside", [0.2, 0.45, 0.7])
def test_a_tip_that_a_corner_of_the_image_cuts_off_is_in_the_box(right, low, aside):
    # The chair fills columns 274 to 365; of a triangle beyond a corner of the image one pixel shows.
    w = World().add("chair", (3, 0, 1), (0.5, 0.5, 0.5)).add("wall", (5, 0, 1), (0.1, 9, 5)).camera((0, 0, 1), f=500.0)
    mesh, objects = w.mesh(), w.objects()
    # Pixels from the corner, outwards: its edge passes `aside` pixels outside the centre of the last pixel but one.
    out = np.array([[-25, 25], [25, -25], [25, 25]]) + np.array([-1.5 + aside, -0.5])
    u, v = (out[:, 0] + 640 if right else -out[:, 0]), (out[:, 1] + 480 if low else -out[:, 1])
    tip = np.stack([np.full(3, 3.0), -(u - 320) * 3 / 500, 1 - (v - 240) * 3 / 500], axis=-1)
    faces = np.concatenate([mesh.faces, len(mesh.vertices_m) + np.arange(3)[None]])
    mesh = Mesh(np.concatenate([mesh.vertices_m, tip]), faces, np.append(mesh.face_object, 0))
    t = see(mesh, objects, w.cameras(), np.array([True, False]), S, threads=1)
    across = (1000 * 274 / 640, 1000) if right else (0, 1000 * 366 / 640)
    assert t.visible[0, 0]
    np.testing.assert_allclose(t.bbox[0, 0, [0, 2]], across, atol=2.2)


def test_thin_things_that_only_a_lens_shows_are_looked_for():
    # Rods at 50 to 58 degrees off the axis, where a pinhole of that focal length shows nothing: a pixel wide each, so
    # that the coarse rays go between most of them.
    w = World()
    for k, angle in enumerate(np.radians(np.linspace(50, 58, 9))):
        w.add(f"rod{k}", (4 * np.cos(angle), 4 * np.sin(angle), 1.2), (0.028, 0.028, 0.7))
    w.camera((0, 0, 1.2), size=SMALL, f=150.0, optics=FISHEYE)
    t = table(w)
    ids, _ = naive.picture(w, 0)
    coarse = set(np.unique(ids[2::4, 2::4]).tolist())
    assert len(coarse & set(range(9))) < 6
    for o in range(9):
        assert t.share[0, o] > 0.3 * np.count_nonzero(ids == o) / ids.size, o


@pytest.mark.parametrize("period", [2, 3, 4, 5, 7])
@pytest.mark.parametrize("disc", [_disc(1.0), DISC], ids=["engine", "second path"])
def test_a_disc_tells_how_much_of_it_slats_leave_open(disc, period):
    # The back of a chair 6 m off: bars and gaps of a pixel or two each, at which a coarse lattice would blunder.
    radius, y, x = S.point_disc * 640, *np.mgrid[:60, :60]
    for bar, first, upright in itertools.product(range(1, period), range(period), (False, True)):
        ids = np.where(((x if upright else y) + first) % period < bar, 0, -2).astype(np.int32)
        for at in ((30.0, 30.0), (30.4, 29.7), (29.5, 30.5)):
            pixels = (x + 0.5 - at[0]) ** 2 + (y + 0.5 - at[1]) ** 2 <= radius**2
            told = show(ids, np.array([at + radius * disc]), (60, 60), np.array([0])).mean()
            assert told == pytest.approx((ids[pixels] == 0).mean(), abs=0.04), (bar, first, upright, at)
