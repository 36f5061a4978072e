"""Where an answer would tip over, nothing is asked: rounding edges, exact zeros, half turns, glimpses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from asking import SCENE, TASKS, ask_all, context
from worlds import World, pose

from spargen.geometry.directions import UNCLEAR
from spargen.qa.answers import OC_AXES, OO_MULTI_AXES
from spargen.settings import Settings
from spargen.tasks.relation import Relations

FAR = 1e-3
"""A metre's thousandth is far enough from an edge."""


def asked(world, task, **more):
    """How many sentences, the form that has no options, a world gives."""
    # Things that hang in the void are no scan.
    out = ask_all(world.scene(), tasks=(task,), quota=40, settings=Settings(scene_check="off"), **more)
    return sum(row.form == "sentence" for row in out.rows)


def things(*centers, size=0.3):
    w = World()
    for k, center in enumerate(centers):
        w.add(f"thing {'abcdefgh'[k]}", center, (size, size, size))
    return w.camera((0, 0, 1))


def proposed(task, ctx):
    return list(TASKS[task].propose(ctx))


# -- rounding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("off", "count"), [(0.0, 0), (0.00005, 0), (-0.00005, 0), (FAR, 1), (-FAR, 1)])
def test_distances_to_the_camera_that_end_on_a_half_are_not_asked(off, count):
    assert asked(things((2.25 + off, 0, 1)), "distance_prediction_oc") == count


@pytest.mark.parametrize(("off", "count"), [(0.0, 0), (FAR, 1)])
def test_distances_between_objects_that_end_on_a_half_are_not_asked(off, count):
    assert asked(things((3, -0.5, 1), (3, 0.75 + off, 1)), "distance_prediction_oo") == count


@pytest.mark.parametrize(("off", "count"), [(0.0, 0), (FAR, 1)])
def test_neither_the_told_depth_nor_the_asked_one_ends_on_a_half(off, count):
    assert asked(things((2.25 + off, 0.5, 1), (3, -0.5, 1)), "depth_prediction_oc") == count


@pytest.mark.parametrize(
    ("depths", "count"),
    [
        # Told: any of three; asked: the difference of the other two (blue and green may change places).
        ((3.0, 3.5, 4.2), 6),
        ((3.0, 3.5, 4.25), 0),  # told 4.25, or a difference of 0.75 or 1.25
        ((3.02, 3.52, 4.27), 2),  # told 4.27 with a difference of 0.5
        ((3.05, 3.55, 4.15), 0),  # differences of 0.5, 0.6 and 1.1, but told 3.05, 3.55 and 4.15
    ],
)
def test_neither_the_told_depth_nor_the_difference_ends_on_a_half(depths, count):
    world = things(*((z, y, 1) for z, y in zip(depths, (-1, 0, 1), strict=True)))
    facts = proposed("depth_prediction_oo", context(world.scene()))
    told = {f.truth["ref_depth_m"] for f in facts}
    gaps = {abs(f.truth["second_depth_m"] - f.truth["first_depth_m"]) for f in facts}
    for value in told | gaps:
        assert abs(value * 10 % 1 - 0.5) > 1e-3
    assert len(facts) == count


@pytest.mark.parametrize(("side", "count"), [(0.505, 0), (0.506, 1)])
def test_sides_that_end_on_half_a_centimetre_are_not_asked(side, count):
    world = World().add("box", (3, 0, 1), (0.4, 0.6, side)).camera((0, 0, 1))
    assert asked(world, "spatial_volume_infer") == count


@pytest.mark.parametrize(("x", "count"), [(1.25, 0), (1.253, 1)])
def test_maps_with_a_coordinate_on_an_edge_are_not_asked(x, count):
    world = World()
    centers = [(-x, 4.0, 0.5), (0.2, 5.0, 0.5), (3.0, 4.0, 0.5)]
    for k, center in enumerate(centers):
        world.add(f"thing {'abc'[k]}", center, (0.5, 0.5, 0.5))
    for heading in (90, 118, 62):
        world.camera((0, 0, 1.0), heading, f=700)
    scene = world.scene()
    facts = proposed("spatial_imagination_map_mv", context(scene, sets=np.array([[0, 1, 2]])))
    assert bool(facts) == bool(count)


# -- camera motion -------------------------------------------------------------------------------------------------


def two(at, heading_deg=0.0, elevation_deg=0.0, roll_deg=0.0, first_heading=0.0, **lens):
    """Two cameras: one at the origin, and another."""
    world = World().add("box", (9, 0, 0), (1, 1, 1))
    world.camera((0, 0, 0), first_heading, **lens).camera(
        at, first_heading + heading_deg, elevation_deg, roll_deg, **lens
    )
    return world.scene()


def moves(scene, task="view_change_infer"):
    return proposed(task, context(scene, pairs=np.array([[0, 1]])))


def printed(fact):
    return TASKS["view_change_infer"].answer.text(fact.answer)


@pytest.mark.parametrize("heading", [0.0, 33.0, 127.3, -71.9])
def test_words_of_what_does_not_change_at_all(heading):
    h = np.radians(heading)
    ahead = (np.cos(h), np.sin(h), 0)
    (fact,) = moves(two(ahead, first_heading=heading))
    assert printed(fact) == "move_right:0,move_down:0,move_forward:1,rotate_down:0,rotate_right:0"
    assert fact.margin.by == 0
    (fact,) = moves(two((0, 0, 1), first_heading=heading))
    assert printed(fact) == "move_right:0,move_up:1,move_forward:0,rotate_down:0,rotate_right:0"


@pytest.mark.parametrize(("axis", "moved"), [(0, "move_right"), (1, "move_down"), (2, "move_forward")])
def test_what_a_rotation_multiplied_out_leaves_of_nothing_is_nothing(axis, moved):
    # Along its own axes the tilted camera moves by -1e-17 m or so across them.
    at = tuple(pose((0, 0, 0), -1, 2, 11)[:3, axis])
    scene = World().camera((0, 0, 0), -1, 2, 11).camera(at, -1, 2, 11).scene()
    (fact,) = moves(scene)
    assert 0 in fact.truth["shift_m"]
    words = [f"{word}:{int(word == moved)}" for word in ("move_right", "move_down", "move_forward")]
    assert printed(fact) == ",".join([*words, "rotate_down:0", "rotate_right:0"])


def test_words_follow_the_sign_of_what_rounds_to_nothing():
    (fact,) = moves(two((1, 0.01, 0.01), -1.0, 1.0))
    assert printed(fact) == "move_left:0,move_up:0,move_forward:1,rotate_up:0,rotate_right:0"
    (fact,) = moves(two((-1, -0.01, -0.01), 1.0, -1.0))
    assert printed(fact) == "move_right:0,move_down:0,move_backward:1,rotate_down:0,rotate_left:0"


@pytest.mark.parametrize(
    ("turn", "said"), [(170, "rotate_left:170"), (177, "rotate_left:175"), (178, None), (180, None)]
)
def test_a_turn_that_rounds_to_a_half_turn_is_not_asked(turn, said):
    for sign in (1, -1):
        found = moves(two((1, 0, 0), sign * turn))
        assert len(found) == (said is not None)
        for fact in found:
            assert printed(fact).endswith(said if sign > 0 else said.replace("left", "right"))


@pytest.mark.parametrize(("roll", "count"), [(0, 1), (14.9, 1), (15.1, 0), (-14.9, 1), (-15.1, 0)])
def test_a_change_of_roll_is_not_told(roll, count):
    assert len(moves(two((1, 0, 0), 20, 0, roll))) == count


def test_cameras_that_stand_in_one_place_are_not_asked_about():
    assert moves(two((0, 0, 0))) == []
    assert moves(two((0.04, 0, 0), 2.0)) == []
    assert len(moves(two((0.06, 0, 0), 2.0))) == 1


@pytest.mark.parametrize(
    ("second", "count"),
    [
        (((0.25, 0, 0), 20), 0),
        (((0.253, 0, 0), 20), 1),
        (((1, 0.35, 0), 20), 0),
        (((1, 0, 0), 7.5), 0),
        (((1, 0, 0), 7.6), 1),
        (((1, 0, 0), 20, 12.5), 0),
        (((1, 0, 0), 20, 12.6), 1),
    ],
)
def test_moves_and_turns_on_a_rounding_edge_are_not_asked(second, count):
    assert len(moves(two(*second))) == count


@pytest.mark.parametrize(
    ("at", "count"),
    [
        ((2.0, 0.2, 0.1), 1),
        ((2.25, 0.225, 0.1125), 0),  # the depth
        ((2.0, 0.20096, 0.1), 0),  # x: 320 - 500 * 0.10048 = 269.76 px, 421.5 / 1000
        ((2.0, 0.2, 0.30048), 0),  # y: 240 - 500 * 0.15024 = 164.88 px, 343.5 / 1000
        ((0.29, 0.029, 0.0145), 0),  # too near
        ((2.0, 1.5, 0.1), 0),  # outside the image
    ],
)
def test_the_second_camera_is_asked_where_its_place_is_clear(at, count):
    assert len(moves(two(at), "camera_motion_infer")) == count


# -- glimpses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "quantities"), [(0.005, {"nearest", "farthest"}), (0.05, {"farthest"})])
def test_a_thing_that_is_glimpsed_spoils_the_answer_that_it_would_change(side, quantities):
    # 0.05 m at 2 m are 12.5 pixels, 0.05 % of the image; 0.005 m are less than 0.02 %.
    world = World().add("phone", (2, 0.6, 1), (side, side, side))
    world.add("chair", (3, -0.5, 1), (0.5, 0.5, 0.5)).add("table", (5, 0.5, 1), (0.8, 0.8, 0.8)).camera((0, 0, 1))
    facts = proposed("distance_infer_center_oc", context(world.scene()))
    assert {f.quantity for f in facts} == quantities


@pytest.mark.parametrize("sight", ["seen", "glimpsed"])
def test_an_answer_over_several_images_is_noticed_in_one_of_them_only(sight):
    ctx = context(SCENE)
    fact = proposed("distance_infer_center_oc_mv", ctx)[0]
    (obj,), image = fact.objects, fact.answer.image
    other = next(v for k, v in enumerate(fact.frames) if k != image)
    noticed = getattr(ctx.vis, sight).copy()
    noticed[other, obj] = True
    vis = replace(ctx.vis, **{sight: noticed})
    sets = np.array([fact.frames])
    same = proposed("distance_infer_center_oc_mv", context(SCENE, sets=sets))
    assert fact.key in {f.key for f in same}
    assert fact.key not in {f.key for f in proposed("distance_infer_center_oc_mv", context(SCENE, sets=sets, vis=vis))}


def test_a_kind_that_is_glimpsed_before_it_is_seen_well_is_in_no_order():
    ctx = context(SCENE)
    facts = proposed("appearance_order", ctx)
    label, first = max(
        ((f.answer[k], f.truth["first_frames"][k]) for f in facts for k in range(4)), key=lambda found: found[1]
    )
    members = next(m for name, m in ctx.labels.kinds(SCENE.objects.label) if name == label)
    glimpsed = ctx.vis.glimpsed.copy()
    glimpsed[ctx.clip[first - 1], members[0]] = True
    again = proposed("appearance_order", context(SCENE, vis=replace(ctx.vis, glimpsed=glimpsed)))
    assert again
    assert any(label in f.answer for f in facts)
    assert not any(label in f.answer for f in again)


def test_a_frame_that_only_glimpses_an_object_is_not_asked_about():
    ctx = context(SCENE)
    fact = proposed("obj_frame_locate", ctx)[0]
    glimpsed, seen = ctx.vis.glimpsed.copy(), ctx.vis.seen.copy()
    frame = next(k for k in range(len(ctx.clip)) if k not in fact.answer)
    glimpsed[ctx.clip[frame], fact.objects[0]] = True
    again = proposed("obj_frame_locate", context(SCENE, vis=replace(ctx.vis, glimpsed=glimpsed, seen=seen)))
    assert again
    assert fact.objects not in {f.objects for f in again}


def test_things_are_counted_where_the_clip_shows_every_one_of_them_well():
    ctx = context(SCENE)
    facts = proposed("obj_count", ctx)
    label, members = facts[0].slots["label"], facts[0].objects
    for member in members:
        visible = ctx.vis.visible.copy()
        visible[ctx.clip, member] = False
        again = proposed("obj_count", context(SCENE, vis=replace(ctx.vis, visible=visible)))
        assert label not in {f.slots["label"] for f in again}


# -- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "clear"),
    [
        ((1, 0, 0), True),
        ((0, 0, -1), True),
        ((0, 0, 0), False),
        ((1, UNCLEAR, 0), False),
        ((0, 0, 0, 1, 1), False),
        ((0, 1, 0, 0, 0), True),
        ((1, 1, 1, UNCLEAR, 1), False),
    ],
)
def test_an_answer_has_a_word_among_its_first_three_parts(states, clear):
    axes = OC_AXES if len(states) == 3 else OO_MULTI_AXES
    found = Relations(axes, np.array([states], dtype=np.int8), np.zeros((1, len(states))), np.zeros(1))
    assert found.clear.tolist() == [clear]


@pytest.mark.parametrize(("apart_m", "count"), [(0.0, 0), (0.4, 2)])
def test_a_relation_without_any_word_is_not_asked(apart_m, count):
    # As high, as far, and 8 cm to the side of each other: no words. 0.4 m: left, right.
    world = World()
    for name, y in (("box", 0.04 + apart_m / 2), ("lamp", -0.04 - apart_m / 2)):
        world.add(name, (3, y, 1), (0.04, 0.04, 0.04) if not apart_m else (0.3, 0.3, 0.3))
    facts = proposed("obj_spatial_relation_oo", context(world.camera((0, 0, 1), f=1500).scene()))
    assert sorted(str(f.answer) for f in facts) == ["left, , ", "right, , "][:count]
