"""How answers are printed, and which of them are clearly different."""

from collections import Counter

import numpy as np
import pytest

from spargen.qa import answers
from spargen.qa.answers import (
    AREA,
    BOX,
    CANDIDATE,
    COUNT,
    DIRECTIONS,
    DIRECTIONS_LR_CF,
    FRAMES,
    LENGTH,
    MAP,
    MOVES,
    OC_AXES,
    OO_AXES,
    OO_MULTI_AXES,
    ORDER,
    PLACE,
    SIGHTING,
    SIZE,
    TOLD,
    WINNER,
    Directions,
    Place,
    Sighting,
    metres,
    size_class,
)
from spargen.qa.fact import Thing
from spargen.settings import Settings

S = Settings()
WORDS_ALONG_AXES = (DIRECTIONS, DIRECTIONS_LR_CF)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (LENGTH, 2.0, "2.0"),
        (LENGTH, 1.25, "1.3"),
        (LENGTH, 0.149, "0.1"),
        (AREA, 23.5, "24"),
        (AREA, 23.49, "23"),
        (COUNT, 3, "3"),
        (BOX, (1, 20, 300, 1000), "[1, 20, 300, 1000]"),
        (SIZE, (120, 60, 75), "120,60,75"),
        (WINNER, Thing("chair", "green point"), "chair (green point)"),
        (PLACE, Place(606, 69, 2.849), "(606,69),2.8"),
        (FRAMES, [3, 4, 9], "Frame-3, Frame-4, Frame-9"),
        (ORDER, ["chair", "table", "lamp", "door"], "chair, table, lamp, door"),
        (MAP, [(-0.3, 1.44), (-1.06, 2.0)], "Object0 :(-0.3,1.4). Object1 :(-1.1,2.0)."),
        (MAP, [(-0.04, 0.04)], "Object0 :(0.0,0.0)."),
        (
            MOVES,
            [
                ("move_right", 1.6),
                ("move_down", 0.0),
                ("move_backward", 0.4),
                ("rotate_up", 15.0),
                ("rotate_left", 75.0),
            ],
            "move_right:1.6,move_down:0,move_backward:0.4,rotate_up:15,rotate_left:75",
        ),
        (SIGHTING, Sighting(4, "chair", 1, (1, 2, 3, 4)), "the second image, [1, 2, 3, 4]"),
    ],
)
def test_the_syntax_of_every_kind(kind, value, text):
    assert kind.text(value) == text


def test_options_of_places_all_have_the_true_depth():
    true, other = Place(606, 69, 2.8), Place(10, 20, 9.0)
    assert PLACE.option(other, true) == "Image Coor:(10, 20), Depth:2.8 meters"
    assert SIGHTING.option(Sighting(4, "chair", 0, (1, 2, 3, 4)), None) == "chair: the first image, [1, 2, 3, 4]"


def test_directions_are_joined_with_empty_parts():
    assert str(Directions(OC_AXES, (1, 0, 1))) == "right, , front"
    assert str(Directions(OC_AXES, (-1, -1, -1))) == "left, below, behind"
    assert str(Directions(OO_AXES, (1, 0, 1))) == "right, , farther"
    assert str(Directions(OO_AXES, (1, 1, 0))) == "right, above, "
    five = Directions(OO_MULTI_AXES, (-1, 0, -1, 1, -1))
    assert str(five) == "left, , closer, front, behind"
    assert str(five.part(0, 3)) == "left, , closer"
    assert str(five.part(4, 5)) == "behind"


def test_things_say_what_tells_them_apart():
    assert str(Thing("chair", "red point")) == "chair (red point)"
    assert str(Thing("tv", "green bbox", "in Frame-16, Object0")) == "tv (in Frame-16, Object0) (green bbox)"
    assert str(Thing("window", "Object2")) == "window (Object2)"
    assert str(Thing("lamp")) == "lamp"


@pytest.mark.parametrize(
    ("a", "b", "clear"),
    [
        (1.0, 1.31, True),
        (1.0, 1.29, False),
        (4.0, 4.69, False),
        (4.0, 4.71, True),
        (4.71, 4.0, True),
        (2.0, 2.0, False),
    ],
)
def test_lengths_are_clear_by_metres_and_by_share_of_the_larger(a, b, clear):
    assert LENGTH.clear(a, [b], S).tolist() == [clear]


def test_areas_boxes_and_places_are_clear():
    assert AREA.clear(20.0, [21.9, 22.1, 17.9], S).tolist() == [False, True, True]
    boxes = [(0, 0, 10, 10), (0, 4, 10, 14), (0, 3, 10, 13), (50, 50, 60, 60)]
    assert BOX.clear(boxes[0], boxes, S).tolist() == [False, True, False, True]
    assert BOX.clear((0, 0, 10, 10), [], S).tolist() == []
    at = Place(500, 500, 1.0)
    assert PLACE.clear(at, [Place(600, 600, 1), Place(640, 450, 1), Place(500, 660, 1)], S).tolist() == [
        False,
        False,
        True,
    ]


def test_sightings_are_clear_if_names_and_boxes_are():
    chair = Sighting(1, "chair", 0, (0, 0, 10, 10), frozenset({1, 2, 5}))
    others = [
        (Sighting(1, "chair", 1, (50, 50, 90, 90)), "the same object elsewhere"),
        (Sighting(2, "office chair", 1, (50, 50, 90, 90)), "a label that clashes"),
        (Sighting(3, "chair", 1, (50, 50, 90, 90)), "the same label"),
        (Sighting(4, "lamp", 0, (1, 0, 10, 10)), "nearly the same box"),
        (Sighting(4, "lamp", 0, (2, 2, 4, 4)), "a box within the other"),
    ]
    for other, why in others:
        assert SIGHTING.clear(chair, [other], S).tolist() == [False], why
    far = [Sighting(4, "lamp", 1, (0, 0, 10, 10)), Sighting(4, "lamp", 0, (50, 50, 90, 90))]
    assert SIGHTING.clear(chair, far, S).tolist() == [True, True]
    assert SIGHTING.clear(chair, [], S).tolist() == []


def test_boxes_apart_cell_by_cell():
    rng = np.random.default_rng(0)
    boxes = np.sort(rng.integers(0, 21, (60, 2, 2)), axis=1).reshape(60, 4)
    boxes[:, 2:] += 1
    masks = np.zeros((60, 25, 25), dtype=bool)
    for m, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        m[y1:y2, x1:x2] = True
    told = Counter()
    for i in range(60):
        got = BOX.clear(boxes[i].tolist(), boxes.tolist(), S)
        for j in range(60):
            both, least = (masks[i] & masks[j]).sum(), min(masks[i].sum(), masks[j].sum())
            overlap, held = both / (masks[i] | masks[j]).sum() >= 0.5, both / least >= 0.8
            assert got[j] == (not overlap and not held)
            told[bool(overlap), bool(held)] += 1
    # Each of the two rules decides somewhere.
    assert min(told[True, False], told[False, True]) >= 10


@pytest.mark.parametrize(
    ("other", "away"),
    [
        ((750, 400, 850, 600), 0.3 * 4),  # as large, beside it
        ((400, 450, 600, 550), np.log(4) + 50 / 250),  # laid down, so its lower edge is higher
        ((400, 300, 600, 700), np.log(4) / 2 + 100 / 250),  # twice as large
    ],
)
def test_boxes_differ_by_proportions_size_lower_edge_and_distance_from_the_middle(other, away):
    assert BOX.away((450, 400, 550, 600), [other]) == pytest.approx([away])


@pytest.mark.parametrize("kind", [BOX, SIGHTING, CANDIDATE, SIZE])
def test_all_options_at_once_are_compared_as_one_by_one(kind):
    rng = np.random.default_rng(1)
    low = rng.integers(0, 8, (40, 2))
    values = np.hstack([low, low + rng.integers(1, 8, (40, 2))]).tolist()
    if kind is SIGHTING:
        things = zip(rng.integers(0, 12, (40, 3)).tolist(), values, strict=True)
        values = [Sighting(o, f"thing {n % 5}", n % 3, tuple(box), frozenset({o, c})) for (o, n, c), box in things]
    elif kind is CANDIDATE:
        values = [Thing("lamp", f"Object{box[0] // 3}") for box in values]
    elif kind is SIZE:
        values = [box[:1] * 3 for box in values]
    every = np.arange(len(values))
    one, other = np.repeat(every, len(every)), np.tile(every, len(every))
    clear, away = (told.reshape(len(every), -1) for told in kind.compared(values, one, other, S))
    assert 0.1 < clear.mean() < 0.9
    for i, one in enumerate(values):
        others = [k for k in range(len(values)) if k != i]
        told = [values[k] for k in others]
        assert clear[i, others].tolist() == [bool(kind.clear(one, [other], S)[0]) for other in told]
        assert clear[i, others].tolist() == [kind.apart(one, other, S) for other in told]
        assert away[i, others].tolist() == [float(kind.away(one, [other])[0]) for other in told]


@pytest.mark.parametrize("other", [(0, 0, 1000, 1000), (300, 300, 400, 400), (480, 200, 500, 600)])
def test_a_box_that_holds_another_is_not_apart_from_it(other):
    mine = (200, 200, 500, 600)
    assert BOX.clear(mine, [other], S).tolist() == [False]
    assert BOX.clear(other, [mine], S).tolist() == [False]
    assert BOX.clear(mine, [other], S.model_copy(update={"option_box_held": 1.01})).tolist() == [True]


def test_a_fifth_outside_is_not_quite_enough():
    mine = (0, 0, 500, 1000)
    assert BOX.clear(mine, [(420, 0, 520, 10), (419, 0, 519, 10), (425, 0, 525, 10)], S).tolist() == [
        False,
        False,
        True,
    ]


def test_classes_of_sizes_grow_by_a_third():
    classes = size_class([0.5, 0.6, 1.0, 2.0, 4.0])
    assert (np.diff(classes) >= 0).all()
    assert size_class(1.0) != size_class(1.4)
    for value in (0.11, 1.1, 7.0):
        assert size_class(value * (4 / 3) ** 2) - size_class(value) == 2
    assert size_class(0.0) == size_class(0.01)


def test_metres_never_print_minus_zero():
    assert [metres(v) for v in (-0.04, 0.0, -0.0, 0.05, -0.05, 2.349)] == ["0.0", "0.0", "0.0", "0.1", "-0.1", "2.3"]


def test_ninths_of_the_image():
    assert BOX.bucket((0, 0, 10, 10)) == (0, 0)
    assert BOX.bucket((450, 450, 550, 550)) == (1, 1)
    assert BOX.bucket((990, 0, 1000, 10)) == (2, 0)
    assert PLACE.bucket(Place(1000, 332, 1)) == (2, 0)
    assert PLACE.bucket(Place(334, 999, 1)) == (1, 2)


@pytest.mark.parametrize("kind", [k for k in vars(answers).values() if isinstance(k, answers.AnswerKind)])
def test_what_a_kind_can_be_asked_as_is_known_from_the_kind(kind):
    if kind is TOLD:
        assert [kind.serves(form, 4) for form in ("fill", "select", "judge", "sentence")] == [False, False, False, True]
        return
    for form in ("fill", "sentence"):
        assert kind.serves(form, 0)
    for form in ("select", "judge"):
        assert kind.serves(form, 1)
        assert kind.serves(form, 0) == kind.makes_wrong == (kind in (LENGTH, AREA, COUNT, PLACE, *WORDS_ALONG_AXES))
    assert kind.takes_wrong == (kind not in WORDS_ALONG_AXES)
