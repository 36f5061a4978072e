"""How answers are printed, and which of them are clearly different."""

import numpy as np
import pytest

from spargen.qa.answers import (
    AREA,
    BOX,
    COUNT,
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
    WINNER,
    Directions,
    Place,
    Sighting,
    iou,
    metres,
    size_class,
)
from spargen.qa.fact import Thing
from spargen.settings import Settings

S = Settings()


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


def test_areas_boxes_places_and_sightings_are_clear():
    assert AREA.clear(20.0, [21.9, 22.1, 17.9], S).tolist() == [False, True, True]
    boxes = [(0, 0, 10, 10), (0, 0, 10, 21), (0, 0, 10, 19), (50, 50, 60, 60)]
    assert BOX.clear(boxes[0], boxes, S).tolist() == [False, True, False, True]
    assert BOX.clear((0, 0, 10, 10), [], S).tolist() == []
    at = Place(500, 500, 1.0)
    assert PLACE.clear(at, [Place(600, 600, 1), Place(640, 450, 1), Place(500, 660, 1)], S).tolist() == [
        False,
        False,
        True,
    ]
    a = Sighting(1, "chair", 0, (0, 0, 1, 1))
    others = [
        Sighting(1, "chair", 1, (5, 5, 9, 9)),
        Sighting(2, "chair", 0, (5, 5, 9, 9)),
        Sighting(3, "lamp", 0, (0, 0, 1, 1)),
    ]
    assert SIGHTING.clear(a, others, S).tolist() == [False, False, True]


def test_iou_cell_by_cell():
    rng = np.random.default_rng(0)
    boxes = np.sort(rng.integers(0, 21, (30, 2, 2)), axis=1).reshape(30, 4)
    boxes[:, 2:] += 1
    masks = np.zeros((30, 25, 25), dtype=bool)
    for m, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        m[y1:y2, x1:x2] = True
    for i in range(30):
        got = iou(boxes[i], boxes)
        for j in range(30):
            assert got[j] == pytest.approx((masks[i] & masks[j]).sum() / (masks[i] | masks[j]).sum())


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
