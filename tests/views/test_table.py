"""Which views are looked at, and that what was seen is kept."""

from dataclasses import fields, replace

import numpy as np
import pytest
from worlds import World, furnished, pictured

from spargen.geometry.visibility import Visibility
from spargen.scene.labels import label_rules
from spargen.settings import Settings
from spargen.views import table as module
from spargen.views.table import Views, evenly_spaced

SMALL = Settings(views_per_scene=10, video_frames=8)


def look(*args, **more):
    """The views of a scene, looked at."""
    views = Views(*args, rules=label_rules(), **more)
    assert len(views.vis) == len(views.frames)
    return views


def scene(frames=40, fingerprint=""):
    w = World().add("chair", (3, 0, 0.5), (1, 1, 1)).add("lamp", (4, 1, 1), (0.5, 0.5, 0.5))
    for i in range(frames):
        w.camera((0.02 * i, 0.05 * i, 1), size=(80, 60), f=60.0)
    return replace(w.scene(), fingerprint=fingerprint)


@pytest.mark.parametrize(
    ("total", "count"), [(5, 10), (10, 10), (11, 10), (100, 32), (33, 32), (1000, 240), (2, 2), (7, 3)]
)
def test_even_spacing_as_a_loop(total, count):
    got = evenly_spaced(total, count).tolist()
    expected = list(range(total)) if total <= count else [int((total - 1) * k / (count - 1)) for k in range(count)]
    assert got == expected
    assert len(set(got)) == min(total, count)
    assert (got[0], got[-1]) == (0, total - 1)


def test_stills_and_clip_point_into_the_table():
    t = look(scene(), SMALL, seed=0, video=True, threads=1)
    assert t.frames[t.stills].tolist() == evenly_spaced(40, 10).tolist()
    assert t.frames[t.clip].tolist() == evenly_spaced(40, 8).tolist()
    assert sorted(set(t.frames.tolist())) == t.frames.tolist()
    assert len(t.vis) == len(t.cameras) == len(t.frames)
    np.testing.assert_array_equal(t.cameras.position_m[:, 1], 0.05 * t.frames)


def test_no_clip_unless_there_are_frames_enough():
    assert len(look(scene(7), SMALL, seed=0, video=True, threads=1).clip) == 0
    assert len(look(scene(8), SMALL, seed=0, video=True, threads=1).clip) == 8
    without = look(scene(40), SMALL, seed=0, video=False, threads=1)
    assert len(without.clip) == 0
    assert len(without.frames) == 10


def test_what_was_seen_is_kept_and_read_again(tmp_path, monkeypatch):
    first = look(scene(fingerprint="a"), SMALL, seed=0, video=True, keep_in=tmp_path, threads=1)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(module, "see", lambda *a, **k: pytest.fail("looked again"))
    again = look(scene(fingerprint="a"), SMALL, seed=0, video=True, keep_in=tmp_path, threads=1)
    for f in fields(Visibility):
        np.testing.assert_array_equal(getattr(first.vis, f.name), getattr(again.vis, f.name))
        assert getattr(first.vis, f.name).dtype == getattr(again.vis, f.name).dtype


@pytest.mark.parametrize("change", ["scene", "settings", "views", "lens"])
def test_anything_that_matters_makes_a_new_table(tmp_path, change):
    look(scene(fingerprint="a"), SMALL, seed=0, video=True, keep_in=tmp_path, threads=1)
    other, settings = scene(fingerprint="a"), SMALL
    if change == "scene":
        nothing = np.full_like(other.surface.face_object, -1)
        other = replace(other, surface=replace(other.surface, face_object=nothing))
    if change == "settings":
        settings = Settings(views_per_scene=10, video_frames=8, seen_share=0.01)
    if change == "views":
        other = scene(39, fingerprint="a")
    if change == "lens":
        cameras = replace(other.cameras, K=other.cameras.K * [[[2.0], [2.0], [1.0]]])
        other = replace(other, cameras=cameras)
    look(other, settings, seed=0, video=True, keep_in=tmp_path, threads=1)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("rubbish", [b"", b"PK\x03\x04 not a table"])
def test_a_damaged_file_is_made_anew(tmp_path, rubbish):
    first = look(scene(fingerprint="a"), SMALL, seed=0, video=False, keep_in=tmp_path, threads=1)
    (path,) = tmp_path.iterdir()
    path.write_bytes(rubbish)
    again = look(scene(fingerprint="a"), SMALL, seed=0, video=False, keep_in=tmp_path, threads=1)
    np.testing.assert_array_equal(first.vis.bbox, again.vis.bbox)
    assert len(path.read_bytes()) > 100


@pytest.mark.parametrize("fingerprint", ["", "a"])
def test_what_decides_is_what_the_scene_holds_whatever_its_fingerprint_says(tmp_path, fingerprint):
    there = scene(fingerprint=fingerprint)
    look(there, SMALL, seed=0, video=False, keep_in=tmp_path, threads=1)
    look(replace(there, fingerprint="other"), SMALL, seed=0, video=False, keep_in=tmp_path, threads=1)
    assert len(list(tmp_path.iterdir())) == 1
    moved = there.surface.vertices_m + np.array([0.0, 0.0, 1e-9])
    look(replace(there, surface=replace(there.surface, vertices_m=moved)), SMALL, seed=0, video=False, keep_in=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_the_seed_draws_other_sets_of_the_same_views():
    world = furnished().scene()
    a, b, c = (look(world, Settings(), seed=s, video=True, threads=1) for s in (0, 0, 1))
    np.testing.assert_array_equal(a.sets, b.sets)
    assert not np.array_equal(a.sets, c.sets)
    np.testing.assert_array_equal(a.vis.bbox, c.vis.bbox)


def test_the_overlap_of_each_two_of_some_frames_is_told_to_a_hundredth():
    t = look(scene(), SMALL, seed=0, video=False, threads=1)
    some = [int(t.frames[k]) for k in (7, 0, 3)]
    seen = [set(np.flatnonzero(t.vis.surface[k]).tolist()) for k in (7, 0, 3)]
    two = [(seen[a], seen[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    expected = [round(len(a & b) / min(len(a), len(b)), 2) for a, b in two]
    assert t.overlaps_of(some) == expected
    assert len(set(expected)) == 3
    assert t.overlaps_of(some[:2]) == expected[:1]
    stranger = next(f for f in range(40) if f not in t.frames)
    assert t.overlaps_of([some[0], stranger]) is None


def test_a_nose_at_a_door_is_in_no_pair_and_no_set():
    # The last three cameras stand 0.35 m before a door, the others 0.45 m, all turned a little from each other.
    w = World().add("door", (3, 0, 1), (0.1, 30, 6))
    for i in range(12):
        w.camera((2.6 if i >= 9 else 2.5, 0.25 * i, 1), heading_deg=5 * (i % 3), size=(160, 120), f=90.0)
    t = look(w.scene(), Settings(views_per_scene=12), seed=0, video=False, threads=1)
    assert t.vis.median_depth_m[[0, 9]] == pytest.approx([0.45, 0.35], abs=0.02)
    assert len(t.stills) == 12
    assert set(t.pairs.ravel().tolist()) == set(t.sets.ravel().tolist()) == set(range(9))
    near = Settings(views_per_scene=12, min_median_depth_m=0.3)
    assert set(look(w.scene(), near, seed=0, video=False, threads=1).sets.ravel().tolist()) == set(range(12))


def test_what_is_present_is_looked_for_though_nothing_asks_about_it():
    # A pole between two columns of coarse rays, under a label that says nothing.
    w = World().add("object", (5, 320 / 100 - 4.0, 0), (0.01, 0.02, 4.0)).add("chair", (3, 1, 0), (1, 1, 1))
    for _ in range(3):
        w.camera((0, 0, 0), size=(640, 480), f=500.0)
    t = look(w.scene(), SMALL, seed=0, video=False, threads=1)
    assert t.labels.askable.tolist() == [False, True]
    assert t.vis.seen.all()


def test_a_doubtful_object_is_seen_but_not_asked_about():
    w = World().add("chair", (3, 0, 1), (1, 1, 1)).add("lamp", (4, 1.5, 1), (0.5, 0.5, 0.5)).camera((0, 0, 1))
    scene = w.scene()
    scene = replace(scene, objects=replace(scene.objects, doubtful=[True, False]))
    t = look(scene, SMALL, seed=0, video=False, threads=1)
    assert t.labels.askable.tolist() == [False, True]
    assert t.vis.seen.tolist() == [[True, True]]
    assert t.vis.visible.tolist() == [[False, True]]
    assert not t.labels.countable[0]


def test_a_scan_far_from_its_origin_shows_the_same():
    here, there = (
        look(furnished(frames=12).moved(by=by).scene(), SMALL, seed=0, video=False, threads=1).vis
        for by in ((0, 0, 0), (500_000.3, -7_000_000.7, 30.0))
    )
    assert here.boxed.sum() > 30
    np.testing.assert_array_equal(here.seen, there.seen)
    np.testing.assert_array_equal(here.visible, there.visible)
    assert np.abs(here.bbox - there.bbox).max() <= 1
    assert (here.surface != there.surface).mean() < 1e-4


def test_what_touches_another_of_its_kind_is_present_but_not_asked_about():
    # Two halves of a shelf, a chair at an office chair, a lamp on a desk, and a wall beside a wall.
    w = (
        World()
        .add("shelf", (3, 0, 1), (0.4, 1, 2))
        .add("shelf", (3, 1.02, 1), (0.4, 1, 2))
        .add("shelf", (3, 3, 1), (1, 1, 2))
    )
    w.add("chair", (3, -2, 0.5), (0.5, 0.5, 1)).add("office chair", (3, -2.52, 0.5), (0.5, 0.5, 1))
    w.add("desk", (5, 0, 0.4), (1, 1, 0.8)).add("lamp", (5, 0, 1), (0.3, 0.3, 0.4))
    w.add("wall", (7, 0, 1), (0.1, 4, 2)).add("wall", (7, 4, 1), (0.1, 4, 2))
    labels = look(w.camera((0, 0, 1)).scene(), SMALL, seed=0, video=False, threads=1).labels
    halves = [True, True, False, True, True, False, False]
    np.testing.assert_array_equal(labels.askable, [*np.logical_not(halves), False, False])
    np.testing.assert_array_equal(labels.countable, labels.askable)
    np.testing.assert_array_equal(labels.doubtful, [*halves, False, False])
    assert labels.present[:7].all()


def test_of_instance_images_only_those_of_the_views_are_read(tmp_path):
    whole, asked = pictured(scene()), set()

    def objects(frame):
        asked.add(frame)
        return whole.surface.objects(frame)

    images = replace(whole.surface, objects=objects)
    few = Settings(views_per_scene=3, video_frames=2)
    views = look(replace(whole, surface=images), few, seed=0, video=True, threads=1, keep_in=tmp_path)
    assert asked == set(views.frames.tolist()) == {0, 19, 39}
    assert views.unnamed.seen.shape == (3, 0)
    # What was seen is kept by the images' fingerprint, and by which of them were seen.
    asked.clear()
    again = look(replace(whole, surface=images), few, seed=0, video=True, threads=1, keep_in=tmp_path)
    assert not asked
    np.testing.assert_array_equal(again.vis.surface, views.vis.surface)
    others = replace(whole, surface=replace(images, fingerprint="others"))
    look(others, few, seed=0, video=True, threads=1, keep_in=tmp_path)
    assert asked
