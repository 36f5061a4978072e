"""Whole or resumable, one picture once, the same bytes whoever writes them."""

import json
import shutil
from collections import Counter

import numpy as np
import pytest
from hand_written import CELLS, ROWS, SIZE_PX, tree, write_output
from PIL import Image

from spargen.errors import OutputError
from spargen.export import run, store
from spargen.export.choice import Choice
from spargen.export.row import neutral_row
from spargen.export.run import Pictures, export
from spargen.export.table import FORMATS
from spargen.run.read import read

SMALL = 40
"""Images of a piece, where a test wants several pieces."""


@pytest.fixture
def pieces(monkeypatch):
    monkeypatch.setattr(run, "IMAGES_A_PIECE", SMALL)


def size_of(path):
    with Image.open(path) as image:
        return image.size


def needs(form):
    if form in ("parquet", "trl", "rl"):
        pytest.importorskip("pyarrow", reason="pyarrow writes Parquet")


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_bytes_for_any_number_of_workers(out, tmp_path, form, pieces):
    needs(form)
    for name, workers in (("one", 1), ("three", 3)):
        dest = tmp_path / name / "export"
        export(out, form, dest, choice=Choice(shuffle=True), pictures=Pictures(size_px=64), workers=workers)
    one, three = (tree(tmp_path / name) for name in ("one", "three"))
    place = str(tmp_path / "one").encode(), str(tmp_path / "three").encode()
    assert {name: data.replace(*place) for name, data in one.items()} == three
    assert not any(".parts" in name or name.endswith(".tmp") for name in one)


@pytest.mark.parametrize("form", ["sharegpt", "webdataset"])
def test_what_was_stopped_goes_on_where_it_was(out, tmp_path, form, pieces, monkeypatch):
    export(out, form, tmp_path / "whole")
    put, left = store.Store.put, 60

    def stopping(self, image):
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        return put(self, image)

    monkeypatch.setattr(store.Store, "put", stopping)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            export(out, form, tmp_path / "stopped")
        assert not (tmp_path / "stopped/export.json").exists()
        left = 60
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "stopped").rglob("*-0000*")}
    assert kept
    left = 10_000
    export(out, form, tmp_path / "stopped")
    assert tree(tmp_path / "stopped") == tree(tmp_path / "whole")
    assert all(p.stat().st_mtime_ns == then for p, then in kept.items() if p.exists())


def test_a_finished_export_is_not_made_again(out, exported, monkeypatch):
    dest, summary = exported("sharegpt")
    monkeypatch.setattr(store.Store, "put", None)
    assert export(out, "sharegpt", dest) == summary
    assert summary.rows == ROWS


@pytest.mark.parametrize(
    "change",
    [
        {"form": "swift"},
        {"choice": Choice(limit=2)},
        {"pictures": Pictures(size_px=64)},
        {"pictures": Pictures(draw=False)},
    ],
)
def test_a_folder_of_another_export_is_left_alone(out, exported, change):
    dest, _ = exported("sharegpt")
    before = tree(dest)
    with pytest.raises(OutputError, match="another export stands here"):
        export(out, change.pop("form", "sharegpt"), dest, **change)
    assert tree(dest) == before


def test_an_output_that_changed_is_another_export(tmp_path):
    out = write_output(tmp_path / "out")
    export(out, "sharegpt", tmp_path / "export", choice=Choice(limit=1))
    (out / "manifest.json").write_text(json.dumps({"terms_of_use": {}, "seed": 1}))
    with pytest.raises(OutputError, match="another output was exported"):
        export(out, "sharegpt", tmp_path / "export", choice=Choice(limit=1))


def test_folders_that_cannot_be_used(out, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/a.txt").write_text("dear")
    with pytest.raises(OutputError, match="holds something else"):
        export(out, "sharegpt", tmp_path / "letters")
    unfinished = shutil.copytree(out, tmp_path / "unfinished")
    (unfinished / "manifest.json").unlink()
    with pytest.raises(OutputError, match="not finished"):
        export(unfinished, "sharegpt", tmp_path / "export")
    with pytest.raises(OutputError, match="more images than --frames"):
        export(out, "sharegpt", tmp_path / "none", choice=Choice(tasks=["distance_infer_center_oo_video"], frames=8))


@pytest.mark.parametrize("damage", ["gone", "cut"])
@pytest.mark.parametrize("pictures", [Pictures(), Pictures(size_px=64)])
def test_an_image_that_cannot_be_read_is_named(tmp_path, damage, pictures):
    out = write_output(tmp_path / "out", {k: v for k, v in CELLS.items() if k[1] == "view_change_infer"})
    image = out / "spar/scannet/images/s_00/image_color/1.jpg"
    if damage == "gone":
        image.unlink()
    elif pictures.size_px is None:
        pytest.skip("an image that is not looked at is copied as it is")
    else:
        image.write_bytes(image.read_bytes()[:200])
    with pytest.raises(OutputError, match="the image cannot be read") as caught:
        export(out, "sharegpt", tmp_path / "export", pictures=pictures)
    assert caught.value.where == str(image)


def test_every_image_is_drawn_once_and_the_same_marks_are_one_image(out, tmp_path, monkeypatch):
    drawn = Counter()
    genuine = store.Store._drawn

    def counting(self, image):
        drawn[image.source, image.marks] += 1
        return genuine(self, image)

    monkeypatch.setattr(store.Store, "_drawn", counting)
    export(out, "openai", tmp_path / "export")
    assert set(drawn.values()) == {1}
    # Points in three frames; boxes in three of each colour; five of the clip; red boxes in two more, one being there.
    assert sum(drawn.values()) == 3 + 9 + 5 + 2


def test_marks_are_drawn_and_images_without_are_the_released_files(out, exported):
    dest, _ = exported("sharegpt")
    for line in (dest / "spar_train.jsonl").read_text().splitlines():
        row = json.loads(line)
        for name in row["images"]:
            image = np.asarray(Image.open(dest / name).convert("RGB")).astype(int)
            red = (np.abs(image - [255, 0, 0]).max(-1) < 60).any()
            if "view_change" in row["id"]:
                released = out / "spar/scannet/images" / name.removeprefix("images/scannet/")
                assert (dest / name).read_bytes() == released.read_bytes()
            elif "depth_prediction_oo" in row["id"]:
                assert red
            assert image.shape[:2] == SIZE_PX[::-1]


def test_no_answer_is_drawn(exported):
    dest, _ = exported("sharegpt")
    rows = [json.loads(line) for line in (dest / "spar_train.jsonl").read_text().splitlines()]
    second = [row["images"][1] for row in rows if "position_matching" in row["id"]]
    assert second
    for name in second:
        assert np.ptp(np.asarray(Image.open(dest / name).convert("L")).astype(int)) < 4


@pytest.mark.parametrize(("size", "expected"), [(64, (64, 48)), (200, (200, 150)), (900, SIZE_PX)])
def test_images_are_made_smaller_and_never_larger(out, tmp_path, size, expected):
    export(out, "sharegpt", tmp_path / "e", choice=Choice(limit=1), pictures=Pictures(size_px=size))
    assert {size_of(p) for p in (tmp_path / "e/images").rglob("*.jpg")} == {expected}


def test_marks_are_drawn_after_an_image_is_made_smaller(out, tmp_path):
    """So their edges are sharp, and their size is that of SPAR's for the image as it is."""
    export(
        out,
        "sharegpt",
        tmp_path / "e",
        choice=Choice(limit=1, tasks=["depth_prediction_oo"]),
        pictures=Pictures(size_px=160),
    )
    (path,) = set((tmp_path / "e/images").rglob("*_*.jpg"))
    row = np.asarray(Image.open(path).convert("RGB")).astype(int)[48]
    red = np.flatnonzero(row[:, 0] - row[:, 2] > 90)
    assert red.mean() == pytest.approx(40, abs=1)
    assert 3 <= len(red) <= 8


def test_rows_of_too_many_images_are_left_out_and_counted(out, tmp_path):
    summary = export(out, "sharegpt", tmp_path / "e", choice=Choice(frames=2))
    assert (summary.rows, summary.left_out) == (ROWS - 4 - 7, 11)
    rows = (tmp_path / "e/spar_train.jsonl").read_text().splitlines()
    assert max(len(json.loads(row)["images"]) for row in rows) == 2


def test_progress_ends_with_all_rows(out, tmp_path):
    told = []
    export(out, "sharegpt", tmp_path / "e", watch=lambda done, total: told.append((done, total)))
    assert told[-1] == (ROWS, ROWS)


def test_two_processes_may_make_the_same_image(out, tmp_path):
    """Each writes into a file of its own: none ever takes the name half written."""
    places = store.Store(tmp_path / "images", tmp_path / "scratch")
    image = neutral_row(next(iter(read(out))), draw=True).images[0]
    places.put(image)
    assert not list((tmp_path / "scratch").iterdir())
    (tmp_path / "images" / image.name).unlink()
    other = tmp_path / "scratch/1.jpg"
    other.write_bytes(b"half")
    places.put(image)
    assert other.read_bytes() == b"half"
    assert size_of(places.put(image)) == SIZE_PX
