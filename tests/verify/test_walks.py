"""`spargen verify` of rows about walks: what the room's builder made is right, and what is spoilt is found."""

from copy import deepcopy

import numpy as np
import pytest
from asking import ask_all

from scene_adapters.rxr import RxrAdapter
from spargen.scene.cameras import Cameras
from spargen.verify.judge import judge
from spargen.verify.lexicon import Lexicon
from spargen.verify.site import Site
from tests.adapters.rxr_files import SCAN, guide_row, write_site
from tests.adapters.rxr_files import Site as Files


@pytest.fixture
def scene(tmp_path):
    # Sharp turns, a turn back, and somebody who said a word that questions may not say.
    rows = [guide_row(k, path) for k, path in enumerate(("abcd", "dcba", "abcba"))]
    write_site(tmp_path, Files(rows=[*rows, guide_row(3, "bcdcb", instruction="Stop at the picture.")]))
    return RxrAdapter(tmp_path).load(SCAN)


@pytest.fixture
def records(scene):
    return {row.fact["quantity"]: deepcopy(row.record) for row in ask_all(scene, quota=10).rows}


def verdict(scene, record):
    return judge(record, Site(scene, Lexicon()), "nav_video", "sentence", None)


def test_rows_as_they_were_made_are_right(scene, records):
    assert len(records) == 4
    for record in records.values():
        found = verdict(scene, record)
        assert (found.kind, found.why) == ("right", ())


def swapped(record):
    record["image"][1:3] = record["image"][2:0:-1]


def said(words):
    return lambda record: record["conversations"][1].update(value=words)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (said("Walk along 1. Then stop."), "not what was told"),
        (swapped, "the scene has no image"),
        (lambda r: r["image"].pop(), "not those of this walk"),
        (lambda r: r["image"].append(f"{SCAN}/nav/0/frame6.jpg"), "the scene has no image"),
        (lambda r: r["image"].__setitem__(0, f"{SCAN}/nav/9/frame0.jpg"), "the scene has no image"),
        (lambda r: r.update(type="nav_video"), "type nav_video"),
        (lambda r: r["conversations"][0].update(value="Tell the way."), "the first frame is Frame-0"),
        (lambda r: r["conversations"][0].update(value="Frame-0 is the first picture."), "picture"),
    ],
)
def test_spoilt_rows_are_found(scene, records, spoil, why):
    record = records["0"]
    spoil(record)
    found = verdict(scene, record)
    assert found.kind == "wrong"
    assert any(why in reason for reason in found.why), found.why


def turned(scene, frame, axis, degrees):
    """The scene with one view turned about an axis of its own."""
    a = np.radians(degrees)
    c, s = np.cos(a), np.sin(a)
    T = np.eye(4)
    i, j = [k for k in range(3) if k != axis]
    T[[i, i, j, j], [i, j, i, j]] = c, -s, s, c
    poses = scene.cameras.T_world_camera.copy()
    poses[frame] = poses[frame] @ T
    cameras = Cameras(scene.cameras.K, poses, scene.cameras.size_px)
    object.__setattr__(scene, "cameras", cameras)
    return scene


@pytest.mark.parametrize(
    ("frame", "axis", "degrees", "why"),
    [
        (0, 1, 2, "past the next place"),
        (2, 1, -2, "past the next place"),
        (5, 1, 2, "not that of arrival"),
        (1, 1, 60, "turns too far"),
        (3, 0, 1, "is not level"),
    ],
)
def test_views_that_look_elsewhere_are_found(scene, records, frame, axis, degrees, why):
    """Walk 0 leads from A north to B, there east to C, there south to D."""
    found = verdict(turned(scene, frame, axis, degrees), records["0"])
    assert found.kind == "wrong"
    assert any(why in reason for reason in found.why), found.why
