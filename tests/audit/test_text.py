"""What is read off a question: options, marked things, numbers, what is claimed."""

import numpy as np
import pytest

from spargen.audit.amounts import amounts_of
from spargen.audit.choices import choices_of
from spargen.audit.columns import ranks
from spargen.audit.encode import counted_elsewhere
from spargen.audit.sight import marks_in
from spargen.audit.text import (
    claim,
    directions_in,
    label_of_option,
    masked,
    numbers,
    polarity,
    role_of_option,
    take_apart,
    told,
)
from spargen.audit.tree import TreeRow

VIDEO = (
    "Which is closest to the kitchen cabinet (in Frame-28, objectA): bench (in Frame-13, point0) or box (in Frame-8, "
    "point1)? Frame-0 is the first.\nA. box (Object1)\nB. bench (Object0)"
)


def row(question, answer, **keys):
    turns = [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]
    record = {"id": "scene0000_00_1", "conversations": turns, "image": ["scene0000_00/a.jpg"], "type": "t", **keys}
    return TreeRow("scannet", record, None, None)


def test_options_and_mentions_of_a_clip():
    question = take_apart(VIDEO)
    assert question.options == ("box (Object1)", "bench (Object0)")
    assert [(m.label, m.role, m.frame) for m in question.mentions] == [
        ("kitchen cabinet", "A", 28),
        ("bench", "0", 13),
        ("box", "1", 8),
    ]
    assert (label_of_option("box (Object1)"), role_of_option("box (Object1)")) == ("box", "1")


def test_mentions_stand_in_the_order_of_marks_and_not_of_the_text():
    question = take_apart("Is the center of the coat rack (blue bbox) left of that of a bed (red bbox)?")
    assert [(m.label, m.role) for m in question.mentions] == [("bed", "red"), ("coat rack", "blue")]


def test_a_stem_may_have_lines_like_options():
    question = take_apart("Look:\nA. one\nthen\nA. 1.0\nB. 2.0")
    assert question.options == ("1.0", "2.0")
    assert take_apart("A. one thing only").options == ()


def test_numbers_of_names_are_none():
    assert numbers("painting (Object3)") == []
    assert numbers("the first image, [1, 2, 3, 4]") == [1, 2, 3, 4]
    assert told("The depth in Frame-3 is 2.5 meters, and 4 m, on a scale of 0 to 1000.") == [2.5, 4.0]


@pytest.mark.parametrize(
    ("stem", "far"),
    [
        ("Which is closest?", -1),
        ("Which is at the larger distance?", 1),
        ("Sorted by distance, nearest first, which comes last?", 1),
        ("How far is it?", 0),
    ],
)
def test_near_and_far(stem, far):
    assert polarity(stem) == far


def test_a_claim_is_read_where_the_marked_things_stand():
    question = take_apart("Above follows gravity. Is the bed (red bbox) lower than the lamp (blue bbox)? Left is left.")
    assert claim(question) == "below"
    assert directions_in("further ahead") == ("farther", "front")


def test_one_wording_is_one_text():
    a, b = (take_apart(f"How far is the {label} (red point) at {n}?") for label, n in (("bed", 1.0), ("coat rack", 22)))
    assert masked(a.stem, a.mentions) == masked(b.stem, b.mentions)


def test_a_change_of_view_is_five_signed_numbers():
    assert amounts_of("move_right:1.6,move_up:0.5,move_backward:0.4,rotate_up:15,rotate_left:75") == [
        1.6,
        0.5,
        -0.4,
        -75,
        15,
    ]
    assert amounts_of("120,60,75") == [120, 60, 75]
    assert amounts_of("chair") is None


def test_what_can_be_chosen():
    (letter,) = choices_of(row("Which?\nA. 1.0\nB. 2.0", "B"), "select")
    assert letter.right == (False, True)
    assert choices_of(row("Which?\nA. 1.0\nB. 2.0", "C"), "select") == []
    (of_eight,) = choices_of(row("\n".join(["Which?", *(f"{c}. {c * 2}" for c in "ABCDEFGH")]), "H"), "select")
    assert of_eight.right == (False,) * 7 + (True,)
    question = "Is the bed (blue point) or the mug (green point) farther from the sink (red point)?"
    (named,) = choices_of(row(question, "mug (green point)"), "fill")
    assert named.options == ("bed (blue point)", "mug (green point)")
    pairs = choices_of(row("In what order: sofa, bed and chair?", "chair, bed, sofa"), "fill")
    assert [(one.options, one.right) for one in pairs] == [
        (("bed", "chair"), (False, True)),
        (("bed", "sofa"), (True, False)),
        (("chair", "sofa"), (True, False)),
    ]
    assert choices_of(row("How?", "bed, bath, beyond"), "fill") == []


def test_marks_know_their_role_and_image():
    keys = {
        "type": "distance_infer_center_oo_mv",
        "red_point": [[1, 2]],
        "green_point": [[3, 4]],
        "blue_point": [[5, 6]],
    }
    found = marks_in({**keys, "point_img_idx": [[0, 1, 2]]})
    # This task's indexes are those of red, green, blue.
    assert [(m.role, m.image, m.box[:2]) for m in found] == [
        ("red", 0, (1, 2)),
        ("blue", 2, (5, 6)),
        ("green", 1, (3, 4)),
    ]
    listed = marks_in({"type": "t", "point_list": [[[9, 9], [8, 8]]], "point_img_idx": [[7, 3]]})
    assert [(m.role, m.image) for m in listed] == [("A", 7), ("0", 3)]


def test_ranks_within_a_row():
    found = ranks(np.array([[3.0, 1.0, 1.0, np.nan], [1.0, 2.0, 3.0, 4.0]]))
    assert np.array_equal(found, [[2, 0.5, 0.5, np.nan], [0, 1, 2, 3]], equal_nan=True)


def test_what_is_counted_of_a_row_leaves_its_scene_out():
    rng = np.random.default_rng(0)
    key, scene, value, train = rng.integers(0, 4, 60), rng.integers(0, 5, 60), rng.random(60), rng.random(60) < 0.7
    counts, sums = counted_elsewhere(key, value, scene, train)
    for i in range(60):
        others = [j for j in range(60) if train[j] and key[j] == key[i] and scene[j] != scene[i]]
        assert counts[i] == len(others)
        assert sums[i] == pytest.approx(sum(value[others]))
