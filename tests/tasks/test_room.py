"""The size of a room: when it is asked, what it is, and wrong areas that are no hint at the right one."""

from collections import Counter

import numpy as np
import pytest
from asking import context
from worlds import World

from spargen.geometry.visibility import see
from spargen.scene.labels import LabelTable, label_rules
from spargen.settings import Settings
from spargen.tasks.room import _other_areas_m2, room_size


@pytest.mark.parametrize("area", [14.0, 21.0, 70.0, 240.0])
def test_the_true_area_takes_every_rank_among_the_options(area):
    rng = np.random.Generator(np.random.PCG64(0))
    ranks = Counter()
    for time in range(20):
        others = _other_areas_m2(area, time % 4, Settings(), rng)
        assert len(others) == 3
        values = sorted([area, *others])
        assert min(np.diff(values)) >= 2
        assert values[0] >= 1
        ranks[values.index(area)] += 1
    assert ranks == dict.fromkeys(range(4), 5)


def test_a_room_too_small_for_three_smaller_ones_has_fewer_below():
    rng = np.random.Generator(np.random.PCG64(0))
    others = _other_areas_m2(4.0, 3, Settings(), rng)
    assert len(others) == 3
    assert sum(a < 4 for a in others) == 1


# -- when the area is asked, and what it is ----------------------------------------------------------------------------


def above(world, at, half_wide):
    """A camera 6 m above the floor that looks straight down and sees so much to the left and to the right."""
    return world.camera((*at, 6.0), heading_deg=90, elevation_deg=-90, f=320 * 6.0 / half_wide)


def floor(world, x0, y0, x1, y1, z=0.0, label="floor"):
    """A sheet of floor."""
    sides = ("-x", "+x", "-y", "+y", "-z")
    return world.add(label, ((x0 + x1) / 2, (y0 + y1) / 2, z - 0.05), (x1 - x0, y1 - y0, 0.1), missing=sides)


def thing(world, label, x0, y0, x1, y1, low=0.0, high=0.8):
    return world.add(label, ((x0 + x1) / 2, (y0 + y1) / 2, (low + high) / 2), (x1 - x0, y1 - y0, high - low))


def asked(world, settings=None, clip=None):
    """The facts about a world's room, and why there are none."""
    settings, scene = settings or Settings(), world.scene()
    labels = LabelTable.of(scene.objects.label, label_rules())
    views = np.arange(len(scene.cameras))
    ctx = context(
        scene,
        settings=settings,
        pool=40,
        labels=labels,
        vis=see(scene.surface, scene.objects, scene.cameras, labels.askable, settings, threads=1),
        clip=views if clip is None else np.array(clip, dtype=np.int64),
    )
    return list(room_size(ctx)), dict(+ctx.dropped)


def test_the_ground_below_what_stands_there_belongs_to_the_room():
    # A wall and a column stand on the floor as well, and a picture hangs where the floor was not scanned.
    w = floor(floor(World(), 0, 0, 4.2, 1.4), 2, 1.4, 4.2, 3)
    thing(w, "bed", 0, 1.4, 2, 3, high=0.6)
    thing(w, "wall", -0.35, 0, 0, 3, high=2.5)
    thing(w, "column", 4.2, 0, 4.55, 3, high=2.0)
    thing(w, "picture", 0, 3, 1, 3.4, low=1.2, high=1.6)
    facts, dropped = asked(above(w, (2, 1.5), 5))
    assert not dropped
    assert len(facts) == 20
    assert facts[0].answer == pytest.approx(12.6, abs=0.12)
    truth = facts[0].truth
    assert truth["area_m2"] == facts[0].answer
    assert truth["scanned_m2"] == pytest.approx(12.6 - 3.2, abs=0.35)
    assert truth["closed_by_0.3_m2"] == pytest.approx(truth["closed_by_1.0_m2"], rel=0.01)


@pytest.mark.parametrize(("gap_m", "clear"), [(0.5, True), (0.9, True), (1.4, False), (2.5, True)])
def test_closings_that_disagree_tell_an_outline_that_is_not_clear(gap_m, clear):
    # A disc of 1.0 m closes a gap that one of 0.3 m leaves open: 0.9 m of 10 are less than a tenth, 1.4 m are more.
    w = floor(floor(World(), 0, 0, 5, 3.2), 5 + gap_m, 0, 10 + gap_m, 3.2)
    above(w, (5, 1.5), 9)
    unclear = "the floor's outline is not clear"
    assert (unclear not in asked(w)[1]) == clear
    assert unclear not in asked(w, Settings(room_agreement=0.2))[1]
    assert (unclear in asked(w, Settings(room_agreement=0.03))[1]) == (0.6 < gap_m < 2)


@pytest.mark.parametrize(("gap_m", "area_m2"), [(0.9, 36.7), (1.1, 34.0)])
def test_a_disc_of_half_a_metre_closes_gaps(gap_m, area_m2):
    # 0.9 m between two rooms are closed but for the rounded ends, 1.1 m are not.
    w = floor(floor(World(), 0, 0, 5, 3.4), 5 + gap_m, 0, 10 + gap_m, 3.4)
    facts, _ = asked(above(w, (5, 1.5), 9), Settings(room_agreement=0.3))
    assert facts[0].answer == pytest.approx(area_m2, abs=0.1)


@pytest.mark.parametrize(("low_m", "area_m2"), [(0.13, 12.6), (0.17, 12.6 - 0.6 * 1.4)])
def test_what_begins_within_15_cm_of_the_floor_stands_on_it(low_m, area_m2):
    w = floor(floor(World(), 0, 0, 4.2, 1.6), 0.6, 1.6, 4.2, 3)
    thing(w, "bed", 0, 1.6, 0.6, 3, low=low_m)
    facts, _ = asked(above(w, (2, 1.5), 5))
    assert facts[0].answer == pytest.approx(area_m2, abs=0.2)


def walled(world, x0, y0, x1, y1, thick=0.05):
    """Four walls around a rectangle."""
    thing(world, "wall", x0 - thick, y0, x0, y1, high=2.5)
    thing(world, "wall", x1, y0, x1 + thick, y1, high=2.5)
    thing(world, "wall", x0, y0 - thick, x1, y0, high=2.5)
    return thing(world, "wall", x0, y1, x1, y1 + thick, high=2.5)


DISAGREE = "floor and walls tell different areas"


@pytest.mark.parametrize(("to_m", "is_asked"), [(10, True), (9.4, True), (9.3, False), (6, False)])
def test_a_floor_of_which_a_part_was_not_scanned_between_walls_is_not_asked(to_m, is_asked):
    # With the wall, 0.65 m of 9.4 are 7 %, 0.75 m of 9.3 are over 8 %.
    w = walled(floor(World(), 0, 0, to_m, 3.1), 0, 0, 10, 3.1)
    facts, dropped = asked(above(w, (5, 1.5), 6))
    assert bool(facts) == is_asked
    assert dropped == ({} if is_asked else {DISAGREE: 1})
    # Without the far wall nobody knows how far the room goes on.
    w.solids = [s for s in w.solids if s.center[0] < 10]
    del w.solids[2:]
    assert asked(w)[0]


@pytest.mark.parametrize(
    ("up_m", "wide_m", "is_asked"), [(1.35, 4, False), (1.35, 0.3, False), (1.35, 0.1, True), (0.4, 4, True)]
)
def test_a_floor_above_a_floor_is_not_asked(up_m, wide_m, is_asked):
    w = floor(floor(World(), 0, 0, 10, 3.1), 0, 0, wide_m, 3.1, z=up_m)
    facts, dropped = asked(above(w, (5, 1.5), 6))
    assert bool(facts) == is_asked
    assert dropped == ({} if is_asked else {"the floor has several storeys": 1})


@pytest.mark.parametrize(("deep_m", "is_asked"), [(1.24, False), (1.46, True)])
def test_most_of_the_room_must_have_been_scanned(deep_m, is_asked):
    # 1.24 of 3 m are 41 %, 1.46 m are 49 %.
    w = thing(floor(World(), 0, 0, 4.1, deep_m), "bed", 0, deep_m, 4.1, 3)
    facts, dropped = asked(above(w, (2, 1.5), 5))
    assert bool(facts) == is_asked
    assert dropped == ({} if is_asked else {"too little of the floor was scanned": 1})
    assert asked(w, Settings(room_floor_share=0.4))[0]


@pytest.mark.parametrize(("step_m", "is_asked"), [(0.5, True), (1.4, True), (1.6, False), (2.8, False)])
def test_a_floor_of_several_storeys_is_not_asked(step_m, is_asked):
    w = floor(floor(World(), 0, 0, 4, 3.1), 4, 0, 6, 3.1, z=step_m)
    facts, dropped = asked(above(w, (3, 1.5), 6))
    assert bool(facts) == is_asked
    assert dropped == ({} if is_asked else {"the floor has several storeys": 1})


@pytest.mark.parametrize(("to_m", "is_asked"), [(7.6, False), (8.4, True)])
def test_the_clip_must_show_the_room(to_m, is_asked):
    w = above(floor(World(), 0, 0, 10, 3.1), (to_m / 2, 1.5), to_m / 2)
    facts, dropped = asked(w)
    assert bool(facts) == is_asked
    assert dropped == ({} if is_asked else {"the clip does not show enough of the floor": 1})
    # Frames that are not in the clip show nothing.
    assert not asked(above(w, (5, 1.5), 6), clip=[0])[0] or is_asked
    assert asked(w, clip=[0, 1])[0]


def test_floor_below_furniture_does_not_count_as_not_seen():
    # Beds hide the last three metres of the floor from above.
    w = above(floor(World(), 0, 0, 10, 3.1), (3.6, 1.5), 3.6)
    assert not asked(w)[0]
    thing(w, "bed", 7.1, 0, 10, 3.1)
    facts, _ = asked(w)
    assert facts[0].answer == pytest.approx(31, abs=0.2)


def test_no_floor_no_clip_and_a_floor_too_wide():
    w = above(thing(World(), "bed", 0, 0, 2, 2), (1, 1), 5)
    assert asked(w) == ([], {"there is no floor": 1})
    assert asked(above(floor(World(), 0, 0, 4, 3.1), (2, 1.5), 5), clip=[]) == ([], {})
    wide = above(floor(World(), 0, 0, 150, 3), (2, 1.5), 5)
    assert asked(wide) == ([], {"the floor is wider than 100 m": 1})
    assert asked(above(floor(World(), 0, 0, 0.5, 0.5), (0, 0), 5))[1] == {"the floor's outline is not clear": 1}
