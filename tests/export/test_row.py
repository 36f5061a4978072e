from dataclasses import replace
from itertools import groupby

import pytest
from PIL import ExifTags, Image, ImageOps

from spargen.errors import OutputError
from spargen.export.row import ShownImage, neutral_row
from spargen.export.store import Store
from spargen.run.marks import Drawn
from spargen.run.read import read


def rows(out, task, **more):
    return [neutral_row(row, draw=more.get("draw", True)) for row in read(out, tasks=[task])]


def test_one_tag_for_each_image_a_line_each_before_the_question(out):
    for published in read(out):
        row = neutral_row(published, draw=True)
        assert row.prompt.count("<image>") == len(row.images) == len(published.record["image"])
        *tags, question = row.prompt.split("\n")
        assert all(tag.endswith("<image>") for tag in tags)
        assert question == row.question == published.record["conversations"][0]["value"]


def test_frames_of_a_clip_are_named_from_0_and_other_images_are_not(out):
    clip, single = rows(out, "distance_infer_center_oo_video")[0], rows(out, "depth_prediction_oo")[0]
    assert clip.prompt.startswith("Frame-0: <image>\nFrame-1: <image>\n")
    assert "Frame-31: <image>\nQuestion" in clip.prompt
    assert single.prompt.startswith("<image>\nQuestion")


def test_parts_say_what_the_prompt_says(out):
    for task in ("distance_infer_center_oo_video", "spatial_imagination_oc_mv"):
        row = rows(out, task)[0]
        parts = list(row.parts)
        assert [p for p in parts if not isinstance(p, str)] == list(row.images)
        texts = "".join(p if isinstance(p, str) else "<image>\n" for p in parts)
        assert texts == row.prompt


def test_an_image_has_one_name_for_each_set_of_marks(out):
    shown = {image.name: image for row in read(out) for image in neutral_row(row, draw=True).images}
    by_name = [
        (image.name, (image.source, image.marks)) for row in read(out) for image in neutral_row(row, draw=True).images
    ]
    assert len(set(by_name)) == len(shown) == len({what for _, what in by_name})
    assert all(name.startswith("scannet/s_00/") for name in shown)
    assert {i.name for i in shown.values() if not i.marks} >= {"scannet/s_00/image_color/2.jpg"}


def test_without_marks_an_image_is_the_released_one(out):
    for row in rows(out, "depth_prediction_oo", draw=False):
        assert [(i.marks, i.name) for i in row.images] == [
            ((), f"scannet/s_00/image_color/{i.source.name}") for i in row.images
        ]


def test_the_box_of_an_answer_is_no_mark(out):
    for row in rows(out, "position_matching"):
        assert row.answer == "[100, 200, 300, 400]"
        assert [[mark.at for mark in image.marks] for image in row.images] == [[(700, 100, 900, 400)], []]


def test_an_id_comes_once_in_all_files(out):
    ids = [neutral_row(row, draw=True).id for row in read(out)]
    assert len(set(ids)) == len(ids)
    assert ids[0] == "scannet/train/depth_prediction_oo/fill/s_00_0"
    assert [k for k, _ in groupby(i.rpartition("/")[0] for i in ids)] == sorted({i.rpartition("/")[0] for i in ids})


@pytest.mark.parametrize("tag", ["<image>", "<video>", "<audio>"])
@pytest.mark.parametrize("turn", [0, 1])
def test_words_that_trainers_take_for_files_are_refused(out, tag, turn):
    published = next(iter(read(out)))
    talk = [dict(turn) for turn in published.record["conversations"]]
    talk[turn]["value"] += f" {tag}"
    wrong = replace(published, record={**published.record, "conversations": talk})
    with pytest.raises(OutputError, match=f"hold {tag}"):
        neutral_row(wrong, draw=True)


@pytest.mark.parametrize("marks", [(), (Drawn("point", (500, 500), "red", ""),)])
def test_no_copy_says_that_it_is_to_be_turned(tmp_path, marks):
    note = Image.Exif()
    note[ExifTags.Base.Orientation] = 6  # held upright, says a camera of pixels that are none the less stored as seen
    Image.new("RGB", (64, 48), "white").save(tmp_path / "a.jpg", exif=note)
    file = Store(tmp_path / "images", tmp_path / "scratch").put(ShownImage(tmp_path / "a.jpg", "b.jpg", marks))
    with Image.open(file) as copy:
        assert ImageOps.exif_transpose(copy).size == (64, 48)
