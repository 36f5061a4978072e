"""The second path sees what is wrong: each rule that it reads anew, on the smallest input that breaks it."""

from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial import ConvexHull, cKDTree
from second import block, looking, row, sheet, site

from spargen.run.naming import Cell
from spargen.settings import Settings
from spargen.verify import clips
from spargen.verify.asked import check_apart, check_boxes_apart, check_metres, faults
from spargen.verify.body import MOST_SAMPLES, MOST_STEPS, SPACING_M, Thing, gaps_m, lattice
from spargen.verify.bounds import Bounds
from spargen.verify.directions import check_relation, check_tuples, word
from spargen.verify.ground import Ground
from spargen.verify.judge import Verdict, judge
from spargen.verify.lexicon import Lexicon
from spargen.verify.nearest import check_candidates, check_extreme, check_rivals
from spargen.verify.row import Halt
from spargen.verify.two_views import view_change
from spargen.verify.whole import MOST_ALONE, Counts, check_cell, refuse_foreign, shared_answers
from spargen.verify.words import asks_for_far, image_said, moved_first, polarity, said_words

WORDS = "Parts of the building (walls, floors, ceilings, doors, door and window frames) do not count. Which is nearest?"
LEXICON = Lexicon()
FLOORS_ALONE = {"remove": {"building": "all"}, "building": [["floors", ["floor"]]]}


# --------------------------------------------------------------------------------------------------------------- labels
@pytest.mark.parametrize(
    ("label", "kind"),
    [
        *[("shower wall", "wall"), ("closet floor", "floor"), ("pantry walls", "wall"), ("stair rail", "railing")],
        *[
            ("door", "door"),
            ("sliding door", "door"),
            ("closet doorframe", "door frame"),
            ("divider", "partition"),
        ],
        *[("cabinet door", "furniture door"), ("mirror doors", "furniture door"), ("car door", "furniture door")],
        *[
            ("washer door", "furniture door"),
            ("tv stand door", "furniture door"),
            ("cieling", "ceiling"),
            ("wall2", "wall"),
        ],
        *[("bannister", "railing"), ("door jamb", "door frame"), ("door/window", "several"), ("box of tissue", None)],
        *[("window", None), ("towel rail", None), ("picture frame", None), ("floor lamp", None), ("wall clock", None)],
    ],
)
def test_last_words_tell_a_part_of_the_building(label, kind):
    assert LEXICON.part(label) == kind
    assert LEXICON.askable(label) == (kind is None)


@pytest.mark.parametrize(
    ("said", "label", "kind"),
    [
        ({"remove": {"building": ["doors"]}}, "door", None),
        ({"remove": {"building": ["doors"]}}, "doorway", "door"),  # of the list of what is there but not asked about
        ({"remove": {"building": ["doors"]}}, "window frame", "window frame"),
        ({"remove": {"building": ["stair step"]}}, "stair step", None),
        ({"remove": {"building": ["stair step"]}}, "staircase", "stairs"),
        ({"remove": {"building": ["Door Frame"]}}, "doorframe", None),
        ({"remove": {"building": ["walls"]}}, "drywall", None),  # a word of verify's own for the same
        (FLOORS_ALONE, "wall", None),
        (FLOORS_ALONE, "ceiling", None),
        (FLOORS_ALONE, "windowsill", "sill"),
        (FLOORS_ALONE, "floor", "floor"),
        ({"remove": {"unasked": ["windowsill"]}}, "windowsill", None),
        ({"building": [["floors", ["screed"]]]}, "screed", "floor"),  # the room is measured on it
        ({"building": [["windows", ["window"]]]}, "window", "windows"),
        ({"unasked": ["tatami edge"]}, "tatami edge", "named by the job"),
    ],
)
def test_a_job_takes_parts_of_the_building_out_and_adds_some(said, label, kind):
    assert Lexicon([said]).part(label) == kind


def test_a_later_list_takes_out_what_an_earlier_one_adds():
    lists = [{"building": [["windows", ["window"]]], "unasked": ["hatch"]}, {"remove": {"building": ["windows"]}}]
    assert Lexicon(lists).part("window") is None
    assert Lexicon(lists).part("hatch") == "named by the job"
    assert Lexicon([*lists, {"remove": {"unasked": "all"}}]).part("hatch") is None


def test_a_name_that_says_nothing_says_something_where_a_job_wants_it():
    assert not LEXICON.askable("furniture")
    assert Lexicon([{"remove": {"meaningless": ["furniture", "stuff"]}}]).askable("stuff")
    assert not Lexicon([{"remove": {"meaningless": ["furniture"]}}]).askable("stuff")


def test_a_question_says_itself_what_does_not_count():
    own = Lexicon([{"building": [["windows", ["window"]]]}])
    assert own.left_out("Walls and windows do not count.") == {"wall", "windows"}
    assert LEXICON.left_out(WORDS) == {"wall", "floor", "ceiling", "door", "door frame", "window frame"}
    assert LEXICON.left_out("Walls, floor and ceiling do not count.") == {"wall", "floor", "ceiling"}
    assert "door" not in LEXICON.left_out("Door and window frames do not count.")
    assert {"stairs", "railing", "column"} <= LEXICON.left_out("apart from stairs, railings and columns")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        *[("chair", "office chair", True), ("coat rack", "coatrack", True), ("chairs", "chair", True)],
        *[("refridgerator", "refrigerator", True), ("toaster", "toatser", True), ("couch", "sofa", True)],
        *[("box", "box of tissue", True), ("chair", "stack of folded chairs", True), ("chair", "chair 2", True)],
        *[
            ("cable", "table", False),
            ("lamp", "lump", False),
            ("kettle", "nettle", False),
            ("bottle", "battle axe", False),
        ],
    ],
)
def test_labels_clash(one, other, same):
    assert LEXICON.clash(one, other) == same
    assert LEXICON.clash(other, one) == same


def test_several_things_are_not_counted():
    assert LEXICON.countable("chair")
    assert not any(
        map(LEXICON.countable, ("books", "chairs", "clothes", "door", "object", "cds", "box of tissue", "sofa/bed"))
    )


@pytest.mark.parametrize(
    ("sentence", "far"),
    [
        *[("Which object is closest to the camera?", False), ("What is farther from the chair, A or B?", True)],
        *[("How far is it?", None), ("The depth is 2.0 meters.", None), ("Which comes last?", True)],
        *[("Sort them by distance, nearest first.", None), ("all other objects are farther away than the lamp", False)],
        *[("no other is as far from the camera as the lamp", True), ("No object is closer than the lamp", False)],
    ],
)
def test_near_and_far_are_read(sentence, far):
    assert polarity(sentence) is far


@pytest.mark.parametrize(
    ("question", "far"),
    [
        ("Sort the objects by distance, nearest first. Which one comes last?", True),
        ("Sort the objects by distance, farthest first. Which one comes last?", False),
        ("Sort the objects by distance, beginning with the farthest. Which one comes first?", True),
        ("Of the lamp (red point) and the bed (blue point), which is closer?", False),
        ("How far is the lamp?", None),
    ],
)
def test_the_order_of_sorting_is_read(question, far):
    assert asks_for_far(question) is far


# ------------------------------------------------------------------------------------------------------------ main body
TABLE = [block((0, 0, 0.7), (1, 1, 0.75)), block((0.4, 0.4, 0), (0.6, 0.6, 0.7))]


def only(parts, label="table"):
    return site([(label, parts), ("wall", [block((9, 9, 0), (9.1, 9.5, 2))])]).things[0]


def test_a_stray_piece_is_not_the_object():
    table = only([*TABLE, block((30, 0, 0), (30.1, 0.1, 0.1))])
    assert table.sides == pytest.approx((1, 1, 0.75))
    assert table.doubtful is False
    assert not table.unsure


def test_pieces_below_or_beside_the_body_stay():
    castor = block((1.15, 0, 0), (1.2, 0.05, 0.05))
    assert only([*TABLE, castor]).sides[0] == pytest.approx(1.2)
    assert only([*TABLE, castor - (0, 0, 5)]).sides[2] == pytest.approx(5.75)


def test_parts_of_the_building_keep_all_their_pieces():
    assert only([*TABLE, block((30, 0, 0), (30.1, 0.1, 0.1))], "wall").sides[0] > 30


def test_a_door_of_furniture_is_no_part_of_the_building():
    assert only([*TABLE, block((30, 0, 0), (30.1, 0.1, 0.1))], "cabinet door").sides[0] == pytest.approx(1)


def test_boxes_of_the_same_footprint_are_a_tie():
    corners = np.array([(0.0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)])
    faces = np.array([(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)])
    wedge = Thing(0, "wedge", corners, np.arange(4), faces, exempt=False)
    assert {round(float(max(sides[:2])), 3) for sides in (wedge.sides, *(s for _, s in wedge.ties))} == {1.0, 1.414}
    assert not wedge.unsure
    assert not only(TABLE).ties


def test_a_box_that_was_fitted_is_used_where_it_is_around_the_thing():
    corners = block((0, 0, 0), (1, 0.6, 0.4))
    faces = ConvexHull(corners).simplices
    around = np.array([0.5, 0.3, 0.2]), np.array([1.01, 0.61, 0.41]), np.eye(3)
    wider = around[0] + (0, 0, 0.05), around[1] + (0, 0, 0.1), np.eye(3)
    for box, fitted, height in ((around, True, 0.41), (wider, True, 0.4), (wider, False, 0.51)):
        thing = Thing(0, "bench", corners, np.arange(len(corners)), faces, exempt=False, own=box, fitted=fitted)
        assert thing.sides[2] == pytest.approx(height)


def test_large_pieces_apart_make_an_object_doubtful():
    assert only([TABLE[0], TABLE[0] + (0, 1.8, 0)], "towel").doubtful is True
    assert only([TABLE[0], TABLE[0] + (0, 1.3, 0)], "towel").doubtful is False


def test_scraps_that_lead_from_a_large_piece_to_the_next_leave_it_open():
    foot, shade = block((0, 0, 0), (0.4, 0.4, 0.1)), block((0, 0, 1.2), (0.4, 0.4, 1.5))
    scraps = [block((0.2, 0.2, z), (0.21, 0.21, z + 0.1)) for z in (0.4, 0.8)]
    assert only([foot, shade], "lamp").doubtful is True
    assert only([foot, shade, scraps[0]], "lamp").doubtful is True
    assert only([foot, shade, *scraps], "lamp").doubtful is None


def test_many_like_pieces_make_an_object_doubtful():
    bars = only([block((0.22 * k, 0, 0), (0.22 * k + 0.02, 0.02, 1)) for k in range(30)], "rack")
    assert bars.doubtful is True
    assert bars.sides[0] == pytest.approx(6.4)


def test_a_piece_on_the_border_leaves_an_object_unsure():
    assert only([*TABLE, block((1.3, 0, 0), (1.35, 0.05, 0.05))]).unsure


def test_a_gap_is_that_of_the_surfaces():
    one, other = (np.array([(x, 0.0, 0.0) for x in span]) for span in ((0, 1), (1.07, 2)))
    assert gaps_m([one, other])[0, 1] == pytest.approx(0.07)
    things = site([("box", [block((0, 0, 0), (1, 1, 1))]), ("box", [block((1.02, 0.4, 0.4), (2, 0.6, 0.6))])]).things
    assert things[0].gap_m(things[1], 0.2) == pytest.approx(0.02, abs=0.003)


@pytest.mark.parametrize(("asked_m", "near"), [(0.03, False), (0.3, False), (0.5, True)])
def test_two_of_a_kind_are_near_where_a_job_holds_them_for_near(asked_m, near):
    where = site([("box", [block((0, 0, 0), (1, 1, 1))]), ("box", [block((1.4, 0, 0), (2, 1, 1))])])
    where.bounds = Bounds.of({"count_gap_m": asked_m})
    assert (where.neighbour(where.list[0]) is where.list[1]) == near


# ---------------------------------------------------------------------------------------------------------------- sight
ROOM = [("floor", [sheet((0, 0, 0), (8, 4, 0), 2)]), ("wall", [sheet((4, 0, 0), (4, 4, 3), 0)])]
ROOM_FAR = [("floor", [sheet((0, 0, 0), (9, 4, 0), 2)]), ("wall", [sheet((8, 0, 0), (8, 4, 3), 0)])]
SIDES = [looking((2, 2, 1.5), "+x"), looking((5.5, 1.5, 1.5), "-x"), looking((2.5, 1.5, 1.5), "+x")]


def test_nothing_is_shared_through_a_single_sheet():
    world = site(ROOM, SIDES)
    assert not world.linked(0, 1)
    assert world.linked(0, 2)


def test_nearness_to_a_door_shows_in_the_median_depth():
    world = site(ROOM, [looking((3.7, 2, 1.5), "+x"), SIDES[0]])
    assert world.look(0).median_depth_m == pytest.approx(0.3, abs=0.01)
    assert world.look(1).median_depth_m > 1


def test_a_point_in_the_middle_of_a_ring_shows_something_else():
    ring = [
        block((3.5, y, z), (3.6, y + w, z + h))
        for y, z, w, h in ((1.5, 1, 1, 0.1), (1.5, 1.9, 1, 0.1), (1.5, 1, 0.1, 1), (2.4, 1, 0.1, 1))
    ]
    world = site([*ROOM, ("hoop", ring), ("box", [block((3.2, 2.55, 1.2), (3.3, 2.75, 1.8))])], SIDES)
    assert world.disc(0, world.things[2]) == (False, 0.0)
    assert world.disc(0, world.things[3]) == (True, 1.0)


def test_covered_objects_may_not_be_asked_about():
    cover = ("screen", [block((2.8, 1.4, 0.9), (2.82, 2.15, 2.1))])
    box = ("box", [block((3.5, 1.6, 1.1), (3.6, 2.4, 1.9))])
    world = site([*ROOM, box], SIDES)
    assert not faults(world, 0, world.things[2])
    world = site([*ROOM, box, cover], SIDES)
    assert "unoccluded" in faults(world, 0, world.things[2])[0]


# ---------------------------------------------------------------------------------------------------------------- floor
def floor_of(*things):
    world = site(list(things))
    return Ground(world, world.sight)


GROUND = ("floor", [sheet((0, 0, 0), (4, 2, 0), 2)])


def test_floor_counts_under_what_stands_on_it():
    bed = ("bed", [block((0, 2, 0), (2, 3, 0.5))])
    assert floor_of(GROUND).areas_m2[0.5] == pytest.approx([8, 8], abs=0.2)
    assert floor_of(GROUND, bed).areas_m2[0.5] == pytest.approx([10, 10], abs=0.3)


def test_what_lies_far_off_takes_no_ground():
    """One corner of a bed is 300 m away."""
    bed = block((0, 2, 0), (2, 3, 0.5))
    bed[7, 0] = 300
    ground = floor_of(GROUND, ("bed", [bed]))
    assert max(ground.grid.shape) < 20 / 0.05
    low, high = ground.areas_m2[0.5]
    assert 9.8 < low <= high < 30
    assert ground.grid.fill(np.array([[[-900.0, -900], [900, -900], [0, 900]]])).all()
    assert not ground.grid.fill(np.array([[[-900.0, -900], [-800, -900], [-850, -800]]])).any()
    far_edge = ground.grid.low + 0.05 * np.array(ground.grid.shape)
    small = np.array([[0, 0], [0.2, 0], [0, 0.2]])
    filled = ground.grid.fill(np.stack([far_edge - 3 + small, far_edge - 0.12 + 1.4 * small]))
    assert 0 < filled[-3:, -3:].sum() < 9


def test_no_size_is_told_of_a_floor_that_reaches_far_off(monkeypatch):
    monkeypatch.setattr(clips, "Ground", lambda *_: pytest.fail("it was drawn"))
    asked = row(site=site([("floor", [sheet((0, 0, 0), (101, 2, 0), 2)])]))
    with pytest.raises(Halt):
        clips.room_size(asked)
    assert asked.wrong == ["the floor is 101 m wide: something of it lies far off"]


@pytest.mark.parametrize("what", [("shelf", 1.0, 2.0), ("bed", 0.0, 2.6), ("wall", 0.0, 2.0)])
def test_floor_does_not_count_under_what_hangs_lies_apart_or_is_a_wall(what):
    label, z, y = what
    thing = (label, [block((0, y, z), (2, y + 1, z + 0.5))])
    assert floor_of(GROUND, thing).areas_m2[0.5] == pytest.approx([8, 8], abs=0.2)


def test_walls_around_more_than_the_floor_show_and_floor_above_floor():
    sides = [((0, -0.02), (8, 0)), ((0, 2), (8, 2.02)), ((-0.02, 0), (0, 2)), ((8, 0), (8.02, 2))]
    walls = [("wall", [block((*low, 0), (*high, 2.5))]) for low, high in sides]
    assert floor_of(GROUND).unsure_m2 == 0
    assert floor_of(GROUND, *walls).unsure_m2 == pytest.approx(8.4, abs=0.8)
    assert floor_of(GROUND, *walls[:3]).unsure_m2 == 0
    assert floor_of(GROUND).over == 0
    assert floor_of(GROUND, ("floor", [sheet((0, 0, 1.3), (1, 2, 1.3), 2)])).over == pytest.approx(0.25, abs=0.05)


def test_two_storeys_and_little_scanned_floor_show():
    upper = ("closet floor", [sheet((0, 0, 3), (4, 2, 3), 2)])
    assert floor_of(GROUND, upper).storeys_m == pytest.approx(3)
    hall = floor_of(("floor", [sheet((0, 0, 0), (4, 0.5, 0), 2)]), ("bed", [block((0, 0.5, 0), (4, 4, 0.5))]))
    assert hall.scanned_m2 < 0.43 * hall.areas_m2[0.5][0]


# ----------------------------------------------------------------------------------------------------------------- rows
def test_what_nobody_annotated_is_a_rival():
    for near, wrong in ((3.0, True), (4.2, False)):
        box = ("box", [block((3.7, 1.8, 1.2), (3.9, 2.2, 1.8))])
        world = site([*ROOM, box, ("spare", [block((near, 1.4, 1), (near + 0.3, 1.7, 1.3))])], SIDES, bare=[3])
        asked = row(question=WORDS, site=world, frames=[0])
        check_rivals(asked, world.things[2], world.view(0).position, 1)
        assert bool(asked.wrong) == wrong, asked.wrong


@pytest.mark.parametrize(
    ("high", "side", "wrong"),
    [(0.07, 0.4, True), (0.04, 0.4, False), (0.065, 0.065, True)],
    ids=["as a shoe", "as a mat", "small"],
)
def test_a_rival_may_be_low_and_small(high, side, wrong):
    box = ("box", [block((3.7, 1.8, 1.2), (3.9, 2.2, 1.8))])
    world = site([*ROOM, box, ("spare", [block((3, 1.4, 1), (3 + side, 1.4 + side, 1 + high))])], SIDES, bare=[3])
    asked = row(question=WORDS, site=world, frames=[0])
    check_rivals(asked, world.things[2], world.view(0).position, 1)
    assert bool(asked.wrong) == wrong, asked.wrong


def test_what_the_words_do_not_name_counts():
    rail, frame = (
        ("railing", [block((2.9, 1.9, 1), (3, 2.1, 1.8))]),
        ("door frame", [block((3, 1, 1), (3.1, 1.2, 1.8))]),
    )
    box = ("box", [block((3.7, 1.8, 1.2), (3.9, 2.2, 1.8))])
    world = site([*ROOM, rail, frame, box], SIDES)
    asked = row(question=WORDS, site=world, frames=[0])
    check_rivals(asked, world.things[4], world.view(0).position, 1)
    assert len(asked.wrong) == 1
    assert "railing 2" in asked.wrong[0]
    told = row(question=WORDS.replace("doors,", "doors, railings,"), site=world, frames=[0])
    check_rivals(told, world.things[4], world.view(0).position, 1)
    assert not told.wrong


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("The lamp (blue point) is closer to the bed (red point) than the chair (green point).", True),
        ("Of the chair (green point) and the lamp (blue point), the lamp (blue point) is nearer to the bed.", True),
        ("Compared with the chair (green point), the lamp (blue point) is at the smaller distance.", True),
        ("Compared with the lamp (blue point), the chair (green point) is at the smaller distance.", False),
        ("The lamp (blue point) is farther from the bed (red point) than the chair (green point).", False),
    ],
)
def test_a_sentence_names_the_winner_before_the_loser(answer, right):
    things = [SimpleNamespace(center=np.array([x, 0.0, 0.0])) for x in (0, 3, 1)]
    asked = row(question="Which is closer to the bed (red point)?", answer=answer)
    asked.form = "sentence"
    check_candidates(asked, things[0], things[1:], ["chair (green point)", "lamp (blue point)"])
    assert bool(asked.wrong) != right


def test_an_object_without_a_name_spoils_the_nearest():
    world = site(
        [*ROOM, ("object", [block((2.9, 1.9, 1), (3, 2.1, 1.8))]), ("box", [block((3.7, 1, 1), (3.9, 1.5, 2))])], SIDES
    )
    asked = row(question=WORDS, site=world, frames=[0])
    check_rivals(asked, world.things[3], world.view(0).position, 1)
    assert "object 2" in asked.wrong[0]


def test_a_length_on_the_edge_of_rounding_may_be_printed_either_way():
    for answer, value, wrong in (("2.0", 2.05 - 1e-9, False), ("2.1", 2.05 - 1e-9, False), ("2.1", 2.049, True)):
        asked = row(question="", answer=answer, right=answer)
        check_metres(asked, value)
        assert bool(asked.wrong) == wrong, (answer, value)


def test_the_length_that_is_told_is_right():
    for told, wrong in ((1.5, False), (1.6, True), (None, True)):
        asked = row(question="If that of the bed is 1.5 meters?", answer="2.0", right="2.0")
        check_metres(asked, 2.0, told=told)
        assert bool(asked.wrong) == wrong, told


@pytest.mark.parametrize(
    ("box", "fault"), [((0, 0, 100, 100), "overlap"), ((40, 40, 60, 60), "holds"), ((80, 80, 200, 200), None)]
)
def test_options_are_clear_of_each_other(box, fault):
    asked = row()
    check_boxes_apart(asked, (0, 0, 100, 101), box)
    assert [w for w in asked.wrong if fault and fault in w] or (fault is None and not asked.wrong)


@pytest.mark.parametrize(
    ("values", "clear"),
    [((1.0, 1.3), True), ((1.0, 1.2), False), ((8.0, 9.2), True), ((8.0, 9.0), False), ((9.0, 8.0, 1.0), False)],
)
def test_numbers_of_options_are_apart_by_a_length_and_by_a_share(values, clear):
    asked = row()
    check_apart(asked, values, 0.3, 0.15)
    assert bool(asked.wrong) != clear, asked.wrong


@pytest.mark.parametrize(("alone", "told"), [(3, False), (4, True)])
def test_one_image_alone_shows_all_that_is_marked_in_few_sets_only(alone, told):
    assert MOST_ALONE == 0.1
    found = check_cell("depth_prediction_oo_mv", Counts(rows=20, alone=alone), Bounds())
    assert [what for what in found if f"alone shows all that is marked in {alone} of 20 sets" in what] == found
    assert bool(found) == told


@pytest.mark.parametrize(
    ("side", "sign", "wrong"),
    [(0.08, 1, True), (0.04, 1, False), (0.08, -1, False), (0.16, 1, True)],
)
def test_a_thing_that_is_but_glimpsed_may_not_beat_the_answer(side, sign, wrong):
    """Seen from 1.7 m, so large a thing covers 0.02 % to 0.1 % of the image; less does not count, more is a rival."""
    near = ("key", [block((3.7, 1.5, 1.5), (3.7 + side / 4, 1.5 + side / 4, 1.5 + side / 2))])
    box = ("box", [block((3.9, 1.8, 1.2), (3.95, 2.2, 1.8))])
    world = site([*ROOM, near, box], SIDES)
    asked = row(question=WORDS, site=world, frames=[0])
    check_rivals(asked, world.things[3], world.view(0).position, sign)
    assert [w for w in asked.wrong if "key 2" in w and ("glimpsed" in w) == (side < 0.16)] == asked.wrong
    assert bool(asked.wrong) == wrong, (asked.wrong, world.share(0, world.things[2]))


@pytest.mark.parametrize(("said", "fault"), [("box", None), ("boxes", "does not name"), ("lamp", "does not name")])
def test_a_sentence_names_what_its_box_shows(said, fault):
    world = site([*ROOM, ("box", [block((3.2, 1.8, 1.2), (3.4, 2.2, 1.8))])], SIDES)
    thing = world.things[2]
    box = [round(n) for n in world.box(0, thing)]
    answer = f"The {said} at {box} is nearest."
    asked = row(question=WORDS, site=world, frames=[0], answer=answer, right=answer)
    asked.form, asked.one_box, asked.boxed = "sentence", lambda text: box, lambda *_: [thing]
    check_extreme(asked, world.view(0).position)
    assert [w for w in asked.wrong if fault and fault in w] == asked.wrong
    assert bool(asked.wrong) == bool(fault)


def test_an_image_is_read_beside_its_box():
    assert image_said("the second image, [1, 2, 3, 4]") == 1
    assert image_said("farther from the camera of the first image than the lamp in the third image, [1, 2, 3, 4]") == 2
    assert image_said("the lamp at [1, 2, 3, 4] in the second image") == 1
    assert image_said("the lamp at [1, 2, 3, 4]") is None


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["left, above, ", "right, above, ", "left, below, ", "right, below, "], None),
        (["left, above, ", ", above, ", "left, below, ", ", below, "], "varies by"),
        (["left, above, ", "right, above, ", "left, below, ", "left, above, closer"], "two parts"),
    ],
)
def test_tuples_vary_by_opposites(options, fault):
    asked = row(right=options[0])
    check_tuples(asked, ("lr", "ab", "cf"), [o.split(", ") for o in options])
    assert [w for w in asked.wrong if fault and fault in w] or (fault is None and not asked.wrong)


def test_two_objects_vary_left_and_closer_in_several_views():
    options = [f"{a}, {b}, closer, front, front".split(", ") for a in ("left", "right") for b in ("above", "below")]
    asked = row(right="left, above, closer, front, front")
    asked.task = "obj_spatial_relation_oo_mv"
    check_tuples(asked, ("lr", "ab", "cf", "fb", "fb"), options)
    assert "not left / right and closer / farther" in asked.wrong[0]


LAMP = "the center of the lamp (red bbox) is"
PLAIN, MOVED = (
    "to the left, above and behind",
    "to the right, at about the same height and not clearly in front or behind",
)
BED = "someone at the bed (green bbox)"


def test_a_sentence_may_tell_the_moved_view_first():
    before = f"Before the move, {LAMP} {PLAIN}; for {BED}, it is {MOVED}."
    after = f"For {BED}, {LAMP} {MOVED}; before, for the camera, it is {PLAIN}."
    assert not moved_first(before)
    assert moved_first(after)
    asked = row(answer=after)
    assert said_words(after, ())["fb"] == ["", "behind"]
    aside = f"{LAMP} not clearly to either side, but below and behind"
    assert said_words(aside, ()) == {"lr": [""], "ab": ["below"], "fb": ["behind"]}
    asked.form = "sentence"
    check_relation(asked, "oc", ["left", "above", "behind"], ["right", "", ""])
    assert not asked.wrong
    check_relation(asked, "oc", ["right", "", ""], ["left", "above", "behind"])
    assert asked.wrong


def test_instances_that_touch_are_not_counted():
    boxes = [("bookshelf", [block((3, y, 1), (3.3, y + 0.5, 1.6))]) for y in (1.0, 1.52)]
    for gap, wrong in ((0.0, True), (0.3, False)):
        world = site([*ROOM, boxes[0], (boxes[1][0], [boxes[1][1][0] + (0, gap, 0)])], SIDES)
        asked = row(site=world, question="How many bookshelves are there?", answer="2", frames=[0])
        clips.obj_count(asked)
        assert bool(asked.wrong) == wrong, asked.wrong


def test_thresholds_are_those_of_the_definition_and_of_a_job_that_sets_others():
    """The two lists of defaults were written apart; where they differ, one of them is not the definition's."""
    given = Settings().model_dump(mode="json")
    assert Bounds.of(given) == Bounds()
    assert {field.name for field in fields(Bounds)} <= set(given)
    assert Bounds.of({**given, "word_m": 0.5}).word_m == 0.5


@pytest.mark.parametrize(("word_m", "said"), [(0.3, "right"), (0.5, None)])
def test_a_job_that_sets_another_threshold_is_held_to_it(word_m, said):
    assert word(Bounds(word_m=word_m), "lr", 0.4) == said


def made_row(world, point, label="wedge"):
    """A question about the distance of one thing, marked at a point of the first frame."""
    talk = f"How far is the {label} (red point) from the camera?", "2.5"
    record = {
        "id": "s_00_0",
        "conversations": [{"from": who, "value": text} for who, text in zip(("human", "gpt"), talk, strict=True)],
        "image": ["s_00/image_color/0.jpg"],
        "type": "distance_prediction_oc",
        "red_point": [point],
    }
    record["conversations"][1]["value"] = f"{world.view(0).distance(world.things[2].center):.1f}"
    return record


def test_a_box_of_the_same_footprint_is_as_good_and_is_put_back():
    """A prism on a right triangle: a square holds its footprint, and so does a rectangle along its longest side, of the
    same area. A row made of either box is right, and afterwards the first is the thing's again."""
    prism = block((3, 1, 0.9), (4, 2, 1.9))
    prism[[6, 7]] = prism[[4, 5]]  # the corner at (4, 2) is drawn in
    world = site([*ROOM_FAR, ("wedge", [prism])], SIDES)
    thing = world.things[2]
    assert thing.ties
    known, (other, _) = thing.center.copy(), thing.ties[0]
    seen = world.view(0)
    for center in (known, other):
        thing.center = center
        record = made_row(world, [round(n) for n in seen.thousandths(center)])
        thing.center = known
        assert judge(record, world, "distance_prediction_oc", "fill", None).kind == "right"
        np.testing.assert_array_equal(thing.center, known)
    assert judge(made_row(world, [10, 10]), world, "distance_prediction_oc", "fill", None).kind == "wrong"


def test_a_mark_that_fits_an_unsure_object_only_by_another_reading_is_ambiguous():
    """A piece 0.3 m beside a table, the border of what is stray: with it, the box has another centre."""
    top = block((3, 1.2, 0.9), (4, 2.2, 1.6))
    world = site([*ROOM_FAR, ("table", [top, block((3.4, 2.5, 0.9), (3.45, 2.52, 0.95))])], SIDES)
    assert world.things[2].unsure
    verdict = judge(made_row(world, [400, 400], "table"), world, "distance_prediction_oc", "fill", None)
    assert verdict.kind == "ambiguous", verdict


@pytest.mark.parametrize("noise", [0, 1e-14, -1e-14])
def test_what_rounding_leaves_of_no_turn_has_no_direction(noise):
    poses = [looking((0, 0, 1), "+x"), looking((1, 0, 1), "+x")]
    poses[1][2, 2] += noise
    here = site([("chair", [block((3, 0, 0), (4, 1, 1))])], poses)
    said = row(views=[here.view(0), here.view(1)])
    said.answer = "move_right:0,move_down:0,move_forward:1,rotate_down:0,rotate_right:0"
    view_change(said)
    assert said.wrong == []
    said.answer = said.answer.replace("rotate_down", "rotate_up")
    view_change(said)
    assert len(said.wrong) == 1


@pytest.mark.parametrize(("strangers", "wrong"), [(0, 0), (3, 0), (4, 4)])
def test_only_the_last_rows_of_a_cell_may_offer_what_no_row_answers(strangers, wrong):
    cell = Cell("scannet", "train", "depth_prediction_oc", "select")
    rows = [(["1.0", "2.0", "3.0", "4.0"], letter) for letter in "ABCD"]
    rows += [(["1.0", "2.0", "3.0", "9.0"], "A")] * strangers
    records = []
    for options, letter in rows:
        question = "\n".join(["How deep?", *(f"{of}. {o}" for of, o in zip("ABCD", options, strict=True))])
        records.append({"conversations": [{"value": question}, {"value": letter}]})
    answers = shared_answers(lambda: ((cell, record) for record in records))
    refused = [refuse_foreign(Verdict("right"), record, answers[cell]) for record in records if cell in answers]
    assert sum(verdict.kind == "wrong" for verdict in refused) == wrong


def test_samples_of_a_surface_are_bounded_however_large_it_is():
    """One corner may lie kilometres off; a mesh may be in millimetres."""
    side = np.array([[0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]])
    points, source = lattice(np.stack([side, side * [3000, 1, 1]]))
    at_most = (MOST_STEPS + 1) * (MOST_STEPS + 2) // 2
    assert np.bincount(source, minlength=2)[1] == at_most
    assert cKDTree(points[source == 0]).query(side.mean(axis=0))[0] < SPACING_M
    many, of = lattice(np.repeat(side[None] * 40, 900, axis=0))
    assert len(of) < 1.2 * MOST_SAMPLES
    assert len(many) == len(of) > MOST_SAMPLES / 2
