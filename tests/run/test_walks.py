"""Questions about walks: of scenes that have some, with files of their own, and no others of what has nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from asking import SCENE, TASKS, TEMPLATES, ask_all, context, said

from scene_adapters.formats.files import image_file_size
from scene_adapters.rxr import RxrAdapter
from spargen.qa.answers import TOLD
from spargen.run.images import write_images
from spargen.run.naming import is_color
from spargen.run.row import NO_ROWS
from spargen.scene.walks import walks_of
from spargen.views import check, table
from tests.adapters.rxr_files import SCAN, Site, guide_row, write_site

FOUR = [guide_row(k, path) for k, path in enumerate(("abcd", "dcba", "abcba", "bcdcb"))]


@pytest.fixture
def scene(tmp_path: Path):
    write_site(tmp_path, Site(rows=FOUR))
    return RxrAdapter(tmp_path).load(SCAN)


def test_each_walk_is_asked_once_and_answered_word_for_word(scene):
    found = ask_all(scene, quota=10)
    assert [row.record["id"] for row in found.rows] == [f"{SCAN}_{k}" for k in range(4)]
    assert {row.fact["quantity"]: said(row)[1] for row in found.rows} == {
        str(k): f"Walk along {k}. Then stop." for k in range(4)
    }
    assert {row.record["type"] for row in found.rows} == {"nav"}
    assert {row.fact["dataset"] for row in found.rows} == {"rxr"}
    assert dict(found.short) == {("nav_video", "sentence"): 6}
    for row in found.rows:
        walk = walks_of(scene)[int(row.fact["quantity"])]
        assert row.frames == walk.frames
        assert row.fact["truth"] == walk.told
        many = len(walk.frames)
        assert row.record["image"] == [f"{SCAN}/nav/{walk.id}/frame{i}.jpg" for i in range(many)]


def test_another_seed_has_other_walks_first(scene):
    taken = {row.fact["quantity"] for seed in range(12) for row in ask_all(scene, quota=1, seed=seed).rows}
    assert taken == {"0", "1", "2", "3"}
    first = {next(iter(TASKS["nav_video"].propose(walking(scene, seed)))).quantity for seed in range(40)}
    assert first == {"0", "1", "2", "3"}


def walking(scene, seed):
    return replace(context(scene), rng=np.random.default_rng(seed))


def test_what_was_told_can_be_told_only():
    assert [form for form in ("fill", "select", "sentence", "judge") if TOLD.serves(form, 0)] == ["sentence"]


def test_what_has_only_walks_is_asked_nothing_else_and_looked_at_by_nobody(scene, monkeypatch):
    def never(*args, **kwargs):
        pytest.fail("made without need")

    monkeypatch.setattr(table, "see", never)
    monkeypatch.setattr(check, "check_scene", never)
    monkeypatch.setattr(check, "image_fault", never)
    found = ask_all(scene)
    assert {task for task, _ in found.short} == {"nav_video"}
    assert not found.dropped
    found = ask_all(scene, tasks=[task for task in TASKS if task != "nav_video"])
    assert not found.rows
    assert not found.short
    assert found.notes[NO_ROWS] == "it has nothing but walks, and no question about them is asked for"


def test_what_has_no_walks_is_not_asked_about_them():
    found = ask_all(replace(SCENE, extras={}), tasks=("nav_video", "depth_prediction_oc"), quota=2)
    assert {row.task for row in found.rows} == {"depth_prediction_oc"}
    assert not found.short
    assert len(TEMPLATES.forms("nav_video")) == 1


@pytest.mark.parametrize("rgbd", [False, True])
def test_walks_have_folders_of_their_own(scene, tmp_path: Path, rgbd: bool):
    found = ask_all(scene, quota=10, rgbd=rgbd)
    written = write_images(scene, found, tmp_path / "images", mode="copy", rgbd=rgbd)
    named = {path for row in found.rows for path in row.record["image"]}
    assert {path for path in written if is_color(path)} == named
    assert not any("depth" in row.record for row in found.rows)
    assert {path for path in written if path not in named} == (
        {f"{SCAN}/intrinsic/intrinsic_color.txt"} if rgbd else set()
    )
    row = found.rows[0]
    for path, frame in zip(row.record["image"], row.frames, strict=True):
        assert (tmp_path / "images" / path).read_bytes() == scene.store.color(frame).read()
        assert image_file_size(tmp_path / "images" / path) == (640, 480)


def test_walks_and_views_of_one_scene_do_not_disturb_each_other(tmp_path: Path):
    tasks = ("nav_video", "distance_prediction_oo_video")
    both = [row.record for row in ask_all(SCENE, tasks=tasks, quota=4).rows]
    apart = [row.record for task in tasks for row in ask_all(SCENE, tasks=(task,), quota=4).rows]
    assert sorted(map(str, both)) == sorted(map(str, apart))
    assert np.unique([record["image"][0].split("/")[1] for record in both]).tolist() == ["nav", "video_color"]
