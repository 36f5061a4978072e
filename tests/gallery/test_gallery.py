"""The gallery's folder: what stands in its data, its pictures and its scenes, without a browser."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import orjson
import pytest
from PIL import Image
from toy_output import CELLS, ROWS
from toy_room import Adapter

from spargen.errors import JobError, OutputError
from spargen.gallery.figures import BINS, LISTED, TEXTS, CellFigures, Histogram, lengths_m
from spargen.gallery.gather import gather
from spargen.gallery.plan import HEADROOM_M, plan
from spargen.gallery.write import _answer_box, write_gallery
from spargen.run.naming import Cell
from spargen.run.read import PublishedRow

PAGE = Path(write_gallery.__code__.co_filename).parent / "page"


def data_of(page):
    text = (page.parent / "data.js").read_bytes()
    assert text.startswith(b"window.GALLERY = ")
    return orjson.loads(text.removeprefix(b"window.GALLERY = ").rstrip(b";\n"))


def reddish(pixels):
    return (pixels[..., 0] > 180) & (pixels[..., 1:] < 90).all(-1)


def test_every_cell_has_its_samples_and_its_rows_are_counted(out):
    data = data_of(write_gallery(out, trust=True, samples=2))
    assert [(Cell(*row["cell"])) for row in data["rows"]] == sorted(CELLS) * 2
    assert [cell["rows"] for cell in data["cells"]] == [ROWS] * len(CELLS)


def test_samples_are_drawn_by_the_seed(out):
    def ids(seed):
        return [row.record["id"] for row in gather(out, 2, seed, lambda *_: None).samples]

    assert ids(0) == ids(0)
    assert len({tuple(ids(seed)) for seed in range(5)}) > 1


def test_the_marks_are_drawn_and_the_answer_is_not(out):
    page = write_gallery(out, trust=True)
    for row in data_of(page)["rows"]:
        for i, (path, width, height) in enumerate(row["images"]):
            image = Image.open(page.parent / path).convert("RGB")
            assert image.size == (width, height)
            pixels = np.asarray(image).astype(int)
            assert reddish(pixels).any() == any(mark["image"] == i for mark in row["fact"]["marks"])
            if not reddish(pixels).any():
                assert not (pixels.min(-1) > 150).any(), "a white frame gives the answer away"


def test_images_are_scaled_those_of_clips_further(out):
    widths = {row["cell"][2]: row["images"][0][1] for row in data_of(write_gallery(out, trust=True))["rows"]}
    assert widths == {"depth_prediction_oc": 480, "position_matching": 480, "appearance_order": 320}


def test_an_image_that_several_rows_show_is_written_once(out):
    page = write_gallery(out, trust=True, samples=ROWS)
    clips = [row["images"] for row in data_of(page)["rows"] if row["cell"][2] == "appearance_order"]
    assert len(clips) == ROWS
    assert all(clip == clips[0] for clip in clips)
    named = {image[0] for row in data_of(page)["rows"] for image in row["images"]}
    assert {f"images/{path.name}" for path in (page.parent / "images").iterdir()} == named


def test_the_box_of_an_answer_is_told_apart_from_the_image(out):
    boxes = {row["cell"][2]: row["box"] for row in data_of(write_gallery(out, trust=True))["rows"]}
    assert boxes["position_matching"] == [1, 500, 250, 750, 750], "option B, in the second image"
    assert boxes["depth_prediction_oc"] is None


def test_any_letter_that_a_task_may_offer_stands_for_its_box():
    turns = [{"from": "human", "value": "Which?"}, {"from": "gpt", "value": "H"}]
    options = [f"[{i}, 1, 900, 900]" for i in range(8)]
    record, cell = {"type": "mine", "conversations": turns}, Cell("toy", "train", "mine", "select")
    assert _answer_box(PublishedRow(cell, record, {"options": options}, Path())) == [0, 7, 1, 900, 900]


def test_a_scene_is_drawn_where_it_can_be_opened(out):
    page = write_gallery(out, trust=True)
    assert data_of(page)["scenes"] == {"toy/room_00": "scenes/toy_room_00.js"}
    text = (page.parent / "scenes/toy_room_00.js").read_text("utf-8")
    name, scene = orjson.loads(re.fullmatch(r"window\.addScene\((.*)\);\n", text)[1].join("[]"))
    assert name == "toy/room_00"
    assert scene["objects"]["9"]["label"] == "table"
    assert scene["cameras"]["3"]["eye"] == [30, 50, 150]


def test_a_scene_that_moved_is_found_by_its_data_set(out, room):
    scenes = data_of(write_gallery(out, trust=True, data={"other": room}))["scenes"]
    assert sorted(scenes) == ["other/room_00", "toy/room_00"]
    with pytest.raises(JobError, match="no data set 'tyo'"):
        write_gallery(out, trust=True, data={"tyo": room})


def test_a_scene_that_broke_since_costs_its_plan_and_no_more(out):
    file = out / ".parts/run.json"
    run = json.loads(file.read_text())
    run["identity"]["sources"][0]["options"] = {"broken": True}
    del run["sha256"]
    file.write_text(json.dumps(run))
    data = data_of(write_gallery(out, trust=True))
    assert data["scenes"] == {}
    assert data["rows"]


def test_a_plan_is_in_centimetres_and_has_no_ceiling(room):
    drawn = plan(Adapter(room).load("room_00"), {"0"})
    points = np.array(drawn["points"])
    assert points[:, 2].max() <= (1.5 + HEADROOM_M) * 100
    assert points.min(0).tolist() == pytest.approx([0, 0, 0], abs=5)
    assert points.max(0)[:2].tolist() == pytest.approx([400, 300], abs=5)
    # Each quarter of the floor holds a quarter of its points.
    quarters = np.histogram2d(points[:, 0], points[:, 1], bins=2, range=[[0, 400], [0, 300]])[0] / len(points)
    assert quarters.ravel().tolist() == pytest.approx([0.25] * 4, abs=0.03)
    assert list(drawn["cameras"]) == ["0"]
    corners = np.array(drawn["objects"]["9"]["box"])
    assert corners.min(0).tolist() == [150, 120, 0]
    assert corners.max(0).tolist() == [250, 180, 80]


def test_a_camera_looks_to_where_its_image_lies(room):
    camera = plan(Adapter(room).load("room_00"), {"0"})["cameras"]["0"]
    (left, _, high), (right, ahead, _), (_, _, low), _ = np.array(camera["corners"]) - camera["eye"]
    assert left < 0 < right
    assert ahead > 0
    assert low < 0 < high
    assert np.linalg.norm(np.array(camera["corners"][0]) - camera["eye"]) == pytest.approx(100, abs=1)


def test_histograms_keep_their_bounds_and_every_number():
    histogram = Histogram(0.1)
    for value in [0.3, *range(1000), float("nan"), float("inf"), -5.0]:
        histogram.add(value)
    told = histogram.as_json()
    places = [place for place, _ in told["bins"]]
    assert sum(n for _, n in told["bins"]) == 1002
    assert max(places) - min(places) < BINS
    assert told["step"] == pytest.approx(0.1 * 2**9)
    one = Histogram(0.1)
    one.add(0.3)
    assert one.as_json()["bins"] == [(3, 1)], "0.3 to 0.4"


def row_with(answer, form="fill", **fact):
    cell = Cell("toy", "train", "task", form)
    turns = [{"value": "Why?"}, {"value": answer}]
    return PublishedRow(cell, {"id": "a_0", "conversations": turns, "image": []}, fact, Path())


def test_answers_are_counted_as_numbers_or_as_texts_and_sentences_not():
    figures = CellFigures()
    for answer in ("2.5", "-1", "lamp", "lamp", "1,2,3"):
        figures.note(row_with(answer))
    figures.note(row_with("It is 2.5 meters.", "sentence"))
    told = figures.as_json()
    assert told["texts"] == [("lamp", 2), ("1,2,3", 1)]
    assert sum(n for _, n in told["numbers"]["bins"]) == 2
    assert told["rows"] == 6
    assert sum(n for _, n in told["letters"]["bins"]) == 6


def test_overlaps_are_those_of_the_fact_and_none_is_above_1():
    figures = CellFigures()
    figures.note(row_with("1.0", overlap=[0.25, 0.29, 1.0]))
    figures.note(row_with("1.0"))
    assert figures.as_json()["overlaps"] == {"step": 0.05, "bins": [(5, 2), (19, 1)]}


def test_answers_of_all_kinds_are_counted_in_bounded_memory():
    figures = CellFigures()
    for i in range(TEXTS + 100):
        figures.note(row_with(f"answer {i}", labels=[f"label {i}"]))
    assert len(figures.texts) <= TEXTS + 1
    told = figures.as_json()
    for name in ("texts", "labels"):
        assert len(told[name]) == LISTED + 1
        assert told[name][-1] == ("", TEXTS + 100 - LISTED), "all others, counted together"


def test_distances_are_those_that_the_fact_names_so():
    truth = {"distance_m": 2, "ref_depth_m": 1.5, "area_m2": 9.0, "box": "[1]", "after": {"right_m": 3.0}, "xy_m": []}
    assert lengths_m({"truth": truth}) == [2.0, 1.5]
    assert lengths_m({}) == []


def test_an_older_gallery_is_replaced_and_another_folder_is_not(out, tmp_path):
    page = write_gallery(out, tmp_path / "pages", trust=True)
    (page.parent / "images/old.webp").write_bytes(b"")
    write_gallery(out, tmp_path / "pages", trust=True)
    assert not (page.parent / "images/old.webp").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("keep me")
    with pytest.raises(OutputError, match="holds other files"):
        write_gallery(out, tmp_path / "mine", trust=True)


def test_images_that_were_not_written_are_missed_by_name(out):
    shutil.rmtree(out / "spar/toy/images")
    with pytest.raises(OutputError, match="images: copy or link"):
        write_gallery(out, trust=True)


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [
            value for name, value in attrs if name in ("src", "href") and not value.startswith(("#", "data:"))
        ]


def test_the_page_reads_only_what_stands_beside_it(out):
    folder = write_gallery(out, trust=True).parent
    links = Links()
    links.feed((folder / "index.html").read_text("utf-8"))
    assert links.found
    assert all((folder / link).is_file() for link in links.found)
    for path in PAGE.iterdir():
        assert not re.search(r"https?://|//cdn|fetch\(|XMLHttpRequest|innerHTML|@import", path.read_text("utf-8")), (
            path.name
        )
