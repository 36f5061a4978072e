import numpy as np
import pytest
from PIL import Image

from spargen.run.marks import (
    Drawn,
    answer_box,
    answer_image,
    draw,
    draw_record,
    marked_images,
    marker_order,
    marks_of_fact,
)
from spargen.tasks.registry import load_builtin_tasks

RED, BLUE, GREEN, YELLOW = (255, 0, 0), (0, 0, 255), (0, 128, 0), (255, 255, 0)
WHITE, BLACK, LIME = (255, 255, 255), (0, 0, 0), (0, 255, 0)


def blank(n=1, size=(1296, 968)):
    return [Image.new("RGB", size) for _ in range(n)]


def record(task, answer="x", **marks):
    return {"type": task, "conversations": [{"value": "?"}, {"value": answer}], **marks}


def colours(image):
    """Those of an image but black, and but white where a mark is cased in it."""
    found = {colour for _, colour in image.getcolors(image.width * image.height)} - {BLACK}
    return found if found == {WHITE} else found - {WHITE}


def test_a_point_is_a_disc_of_spars_size_at_its_place():
    (image,) = blank()
    draw_record(record("depth_prediction_oc", red_point=[[500, 250]], blue_point=[[100, 900]]), [image])
    where = np.argwhere((np.asarray(image) == RED).all(-1))
    assert where.mean(0) == pytest.approx([242, 648], abs=1)
    assert np.ptp(where, axis=0) == pytest.approx([40, 40], abs=2)
    assert image.getpixel((129, 871)) == BLUE


def test_marks_shrink_with_the_picture():
    (image,) = blank(size=(320, 240))
    draw_record(record("depth_prediction_oc", red_point=[[500, 500]]), [image])
    assert np.ptp(np.argwhere((np.asarray(image) == RED).all(-1)), axis=0) == pytest.approx([10, 10], abs=1)


def test_a_box_frames_what_it_names_and_covers_nothing_of_its_middle():
    (image,) = blank(size=(1000, 1000))
    draw_record(record("spatial_volume_infer", red_bbox=[[200, 300, 600, 700]]), [image])
    where = np.argwhere((np.asarray(image) == RED).all(-1))
    assert where.min(0).tolist() == pytest.approx([287, 187], abs=1)
    assert where.max(0).tolist() == pytest.approx([713, 613], abs=1)
    assert image.getpixel((400, 500)) == BLACK


@pytest.mark.parametrize("width", [224, 448, 1296])
@pytest.mark.parametrize("ground", [BLACK, WHITE])
@pytest.mark.parametrize("colour", ["red", "green", "blue", "yellow"])
@pytest.mark.parametrize(("kind", "at"), [("point", (500, 500)), ("bbox", (400, 400, 600, 600))])
def test_a_mark_is_told_from_any_ground(kind, at, colour, ground, width):
    """Mark or casing, one of them is far from the ground in brightness, all the way round and at any size."""
    image = Image.new("RGB", (width, width * 3 // 4), ground)
    draw(image, [Drawn(kind, at, colour)])
    row = np.asarray(image.convert("L")).astype(int)[image.height // 2]
    ends = np.flatnonzero(np.abs(row - row[0]) > 12)[[0, -1]]
    left = row[ends[0] : ends[0] + max(3, width // 60)]
    assert np.ptp(np.append(left, row[0])) > 100
    assert ends[1] - ends[0] >= 2 * 20 * width / 1296 - 1


@pytest.mark.parametrize(("colour", "casing"), [("red", WHITE), ("yellow", BLACK)])
def test_a_casing_is_contrary_and_lies_around_a_mark_of_spars_size(colour, casing):
    image = Image.new("RGB", (1296, 968), "gray")
    draw(image, [Drawn("point", (500, 500), colour)])
    row = np.asarray(image)[484]
    assert [tuple(row[648 + x].tolist()) for x in (-22, -19)] == [
        casing,
        Image.new("RGB", (1, 1), colour).getpixel((0, 0)),
    ]
    assert tuple(row[648 - 26].tolist()) == (128, 128, 128)


def test_labels_lie_over_all_marks():
    marks = [Drawn("point", (500, 500), "red", "object0"), Drawn("point", (510, 510), "red")]
    image = blank()[0]
    draw(image, marks)
    alone = blank()[0]
    draw(alone, [Drawn("point", (510, 510), "red"), marks[0]])
    lime = [(np.asarray(i) == LIME).all(-1).sum() for i in (image, alone)]
    assert lime[0] == lime[1] > 100


def test_labels_of_one_place_stand_apart():
    """Together they have as many bright pixels as each alone."""
    marks = [Drawn("bbox", (100, 100, 900 - n, 900), "red", f"object{n}") for n in range(3)]
    images = blank(4, (448, 336))
    for image, shown in zip(images, [marks, *([m] for m in marks)], strict=True):
        draw(image, shown)
    lime = [(np.asarray(i) == LIME).all(-1).sum() for i in images]
    assert lime[0] == sum(lime[1:])


@pytest.mark.parametrize("width", [224, 448, 1296])
def test_labels_are_whole_at_the_edge(width):
    middle, edge = blank(2, (width, width * 3 // 4))
    draw(middle, [Drawn("point", (300, 300), "blue", "object0")])
    draw(edge, [Drawn("point", (1000, 1000), "blue", "object0")])
    lime = [(np.asarray(i) == LIME).all(-1).sum() for i in (middle, edge)]
    assert lime[0] == pytest.approx(lime[1], rel=0.1)


def test_marks_of_a_fact_are_those_that_its_record_draws():
    marks = [
        ("red", (1, 1, 99, 99), 1),
        ("green", (9, 9, 500, 500), 0),
        ("none", (7, 7, 90, 90), 1),
        ("none", (3, 3, 9, 9), 0),
    ]
    fact = {"marks": [{"colour": c, "kind": "bbox", "object": 5, "at": list(at), "image": i} for c, at, i in marks]}
    assert marks_of_fact(fact, 3) == [
        (Drawn("bbox", (9, 9, 500, 500), "green"), Drawn("bbox", (3, 3, 9, 9), "red", "object1")),
        (Drawn("bbox", (1, 1, 99, 99), "red"), Drawn("bbox", (7, 7, 90, 90), "red", "object0")),
        (),
    ]
    points = [{"colour": "none", "kind": "point", "object": 5, "at": [5, n], "image": 0} for n in range(3)]
    assert [m.label for m in marks_of_fact({"marks": points}, 1)[0]] == ["objectA", "object0", "object1"]
    assert marks_of_fact({}, 2) == [(), ()]


@pytest.mark.parametrize(
    ("task", "marks", "expected"),
    [
        (
            "distance_infer_center_oo_mv",
            {c: [[500, 500]] for c in ("red_point", "blue_point", "green_point")},
            [RED, GREEN, BLUE],
        ),
        (
            "depth_prediction_oo_mv",
            {c: [[500, 500]] for c in ("red_point", "blue_point", "green_point")},
            [RED, BLUE, GREEN],
        ),
        ("obj_spatial_relation_oo_mv", {c: [[1, 1, 500, 500]] for c in ("blue_bbox", "green_bbox")}, [BLUE, GREEN]),
        (
            "spatial_imagination_oo_mv",
            {f"{c}_bbox": [[1, 1, 500, 500]] for c in ("red", "blue", "green", "yellow")},
            [GREEN, BLUE, RED, YELLOW],
        ),
    ],
)
def test_marks_of_several_images_stand_where_spar_draws_them(task, marks, expected):
    images = blank(len(expected))
    kind = next(iter(marks)).rpartition("_")[2]
    entry = record(task, **marks, **{f"{kind}_img_idx": [list(range(len(expected)))]})
    draw_record(entry, images)
    assert [colours(image) for image in images] == [{colour} for colour in expected]
    assert marked_images(entry) == set(range(len(expected)))


def test_lists_are_labelled():
    images = blank(3)
    points = [[[100, 100], [500, 500], [900, 900]]]
    draw_record(record("distance_infer_center_oo_video", point_list=points, point_img_idx=[[0, 2, 2]]), images)
    assert RED in colours(images[0])
    assert LIME in colours(images[0])
    assert not colours(images[1])
    assert images[2].getpixel((648, 484)) == RED


@pytest.mark.parametrize("lead", ["", "Seen from the first image, the farthest is the lamp in "])
@pytest.mark.parametrize("end", ["", ", is the nearest object from where the first image was taken."])
def test_an_answer_that_is_a_box_is_shown(lead, end):
    images = blank(3, (1000, 1000))
    draw_record(record("distance_infer_center_oc_mv", f"{lead}the second image, [100, 200, 300, 400]{end}"), images)
    assert [bool(colours(image)) for image in images] == [False, True, False]
    assert images[1].getpixel((100, 300)) == WHITE


def test_the_answer_of_a_matching_stands_in_the_second_image():
    images = blank(2, (1000, 1000))
    draw_record(
        record("position_matching", "[100, 200, 300, 400]", red_bbox=[[1, 1, 99, 99]], bbox_img_idx=[[0]]), images
    )
    assert [colours(image) for image in images] == [{RED}, {WHITE}]


def test_the_box_of_an_answer_is_told_with_its_image():
    assert answer_box(record("position_matching", "[100, 200, 300, 400]")) == (1, (100, 200, 300, 400))
    assert answer_box(record("distance_infer_center_oc_mv", "lamp: the third image, [1, 2, 3, 4]")) == (2, (1, 2, 3, 4))
    assert answer_box(record("depth_prediction_oc", "2.4")) is None


def test_the_order_of_colours():
    assert marker_order("spatial_imagination_oc")[:3] == ("green", "blue", "red")
    assert marker_order("depth_prediction_oo")[:3] == ("red", "blue", "green")
    assert marker_order("a task of somebody else")[:3] == ("red", "blue", "green")


def test_where_boxes_of_answers_lie():
    expected = {"distance_infer_center_oc": 0, "position_matching": 1, "distance_infer_center_oc_mv": 0}
    assert {name: answer_image(name) for name in load_builtin_tasks() if answer_image(name) is not None} == expected
    assert answer_image("a task of somebody else") is None
