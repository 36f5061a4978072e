"""The door of every scene: images decoded, frames left out and counted, scenes refused, findings kept."""

import io
from dataclasses import dataclass, replace

import numpy as np
import pytest
from asking import ask_all
from PIL import Image
from worlds import DepthStore, FakeStore, World, depth_png, furnished, measured, pictured

import spargen
from spargen.errors import SceneError
from spargen.scene.cameras import Cameras
from spargen.scene.lenses import Lens
from spargen.scene.types import Blob, FrameStore, Scene
from spargen.settings import Settings
from spargen.views import check as module
from spargen.views.check import check_scene, frames_to_ask, in_words
from spargen.views.pictures import colour_fault, depth_image_mm, measured_m

SCENE = measured(furnished(frames=40).scene())
LOOKED_AT = [2, 6, 10, 14, 18, 22, 26, 30, 34, 38]
FLIPPED = replace(
    SCENE,
    cameras=Cameras(SCENE.cameras.K, SCENE.cameras.T_world_camera @ np.diag([1.0, -1, -1, 1]), SCENE.cameras.size_px),
)
STRICT, LENIENT, OFF = (Settings(scene_check=how) for how in ("strict", "lenient", "off"))


@dataclass
class Other(FrameStore):
    """The store with some frames' files replaced: bytes, None, or what is raised."""

    store: FakeStore
    colors: dict
    depths: dict

    def color(self, frame):
        return self._given(self.colors, frame, self.store.color)

    def depth(self, frame):
        return self._given(self.depths, frame, self.store.depth)

    def pose_as_released(self, frame):
        return self.store.pose_as_released(frame)

    def _given(self, files, frame, otherwise):
        found = files.get(frame, otherwise)
        if isinstance(found, Exception):
            raise found
        return Blob(".png", data=found) if isinstance(found, bytes) else found and found(frame)


class Packed(FakeStore):
    """Depth as pixels of a container."""

    def __init__(self, pixels):
        super().__init__([(32, 24)])
        self.pixels = pixels

    def depth(self, frame):
        return Blob(".png", pixels=self.pixels)


def with_files(colors=(), depths=()):
    return replace(SCENE, store=Other(SCENE.store, dict(colors), dict(depths)))


def png(size, mode="RGB"):
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, "PNG")
    return buffer.getvalue()


GONE = FileNotFoundError(2, "no such file")
BROKEN = SceneError("frame 3 is broken", where="x.sens", mend="download it again")
CUT = SCENE.store.color(0).read()[:-900]


# --- images -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [b"", b"no image", CUT, GONE, BROKEN])
def test_colour_that_cannot_be_read(file):
    assert colour_fault(with_files({3: file}), 3) == "its colour image cannot be read"
    assert colour_fault(with_files({3: file}), 4) == ""


def test_a_jpeg_that_was_cut_and_has_zeros_to_its_full_size():
    buffer = io.BytesIO()
    Image.effect_noise((640, 480), 80).convert("RGB").save(buffer, "JPEG")
    whole = buffer.getvalue()
    scene = with_files(
        {3: whole[:-9000] + bytes(9000), 4: whole + bytes(900), 5: whole + b"\xff\xd9 a maker's own notes"}
    )
    assert [colour_fault(scene, f) for f in (3, 4, 5)] == ["its colour image is cut short", "", ""]


def test_colour_of_another_size_than_the_camera():
    scene = with_files({3: png((640, 360)), 4: png((640, 480))})
    assert colour_fault(scene, 3) == "its image has 640x360 pixels, its camera 640x480"
    assert colour_fault(scene, 4) == ""


@pytest.mark.parametrize("file", [b"", b"no image", GONE, BROKEN, None, png((4, 3)), png((4, 3), "L")])
def test_depth_that_there_is_none_of(file):
    scene = with_files(depths={3: file})
    assert depth_image_mm(scene, 3) is None
    assert np.isnan(measured_m(scene, 3)).all()


def test_depth_is_read_pixel_by_pixel():
    depth = np.arange(12 * 16).reshape(12, 16) / 100
    depth[0, 0], depth[3, 5] = 0.0, 65.535
    scene = with_files(depths={3: depth_png(depth)})
    np.testing.assert_array_equal(depth_image_mm(scene, 3), np.rint(depth * 1000))
    packed = replace(scene, store=Packed(np.rint(depth * 1000).astype(np.uint16)))
    np.testing.assert_array_equal(depth_image_mm(packed, 3), depth_image_mm(scene, 3))
    at = measured_m(scene, 3).reshape(24, 32)
    for y in range(24):
        for x in range(32):
            there = depth[y * 12 // 24, x * 16 // 32]
            assert np.isnan(at[y, x]) if there in (0.0, 65.535) else at[y, x] == pytest.approx(there)


# --- which frames -----------------------------------------------------------------------------------------------------


def test_ten_frames_are_looked_at_each_in_the_middle_of_its_stretch(monkeypatch):
    seen = []
    monkeypatch.setattr(module, "image_fault", lambda scene, frame, rgbd: seen.append(frame) or "")
    check_scene(SCENE, STRICT)
    assert seen == LOOKED_AT
    seen.clear()
    check_scene(SCENE, Settings(check_frames=4))
    assert seen == [5, 15, 25, 35]
    seen.clear()
    check_scene(SCENE, Settings(check_frames=60))
    assert seen == list(range(40))


def test_frames_that_do_not_fit_are_left_out_and_counted():
    swapped = DepthStore(SCENE).depth(0).data
    scene = with_files({2: b"", 6: png((640, 360)), 7: b"found at the second look"}, {10: swapped, 11: swapped})
    usable, notes = frames_to_ask(scene, STRICT)
    assert usable.tolist() == [f for f in range(40) if f not in (2, 6, 7, 10, 11)]
    said = notes["frames left out"]
    assert said.startswith("5 of 40 looked at: 20: its colour image cannot be read; 60: its image has 640x360 pixels")
    assert "; 100: its depth agrees with the mesh at " in said
    rows = ask_all(scene, tasks=("depth_prediction_oc", "distance_prediction_oo_mv"), quota=30)
    assert {"20", "60", "70", "100", "110"}.isdisjoint(name for row in rows.rows for name in row.fact["frames"])
    assert rows.notes["frames left out"] == said
    assert rows.seconds["check"] > 0


FEW = Settings(views_per_scene=8, video_frames=5)


@pytest.mark.parametrize("settings", [FEW, Settings(views_per_scene=30), STRICT])
def test_one_frame_that_does_not_fit_lets_all_be_looked_at_that_may_be_asked(settings):
    T = SCENE.cameras.T_world_camera.copy()
    wrong = [2, *range(1, 40, 4)]
    T[wrong, :3, 3] += [0, 0, 40.0]
    scene = replace(SCENE, cameras=Cameras(SCENE.cameras.K, T, SCENE.cameras.size_px))
    usable, notes = frames_to_ask(scene, settings, video=True)
    chosen = np.union1d(*module.choose_frames(usable, settings, video=True))
    assert set(wrong).isdisjoint(chosen.tolist())
    left_out, _, looked_at = notes["frames left out"].split()[:3]
    assert int(left_out) == 40 - len(usable)
    assert len(chosen) < int(looked_at) <= 40


def test_where_the_few_fit_no_other_is_held_against_the_mesh(monkeypatch):
    monkeypatch.setattr(module, "find_faults", lambda *a, **k: pytest.fail("looked"))
    assert len(frames_to_ask(SCENE, STRICT)[0]) == 40
    assert len(frames_to_ask(with_files({3: CUT}), STRICT)[0]) == 39


@pytest.mark.parametrize("how", ["strict", "lenient", "off"])
def test_no_image_that_cannot_be_read_is_asked_about(how):
    # Frames 0 and 39 are none of the ten, but the first and the last of every choice; 1 comes in the place of 0.
    scene = with_files({0: CUT, 1: CUT, 39: b"", 17: GONE})
    settings = Settings(scene_check=how, views_per_scene=8, video_frames=5)
    usable, notes = frames_to_ask(scene, settings, video=True)
    chosen = np.union1d(*module.choose_frames(usable, settings, video=True)).tolist()
    assert {0, 1, 17, 39}.isdisjoint(chosen)
    assert int(notes["frames left out"].split()[0]) in (3, 4)
    rows = ask_all(scene, tasks=("depth_prediction_oc",), quota=40, settings=settings)
    assert {"0", "10", "390", "170"}.isdisjoint(name for row in rows.rows for name in row.fact["frames"])


def test_a_scene_is_refused_most_of_whose_frames_turn_out_bad_though_the_few_do_not():
    scene = with_files({f: b"" for f in range(40) if f % 4 != 2 or f == 2})
    with pytest.raises(SceneError, match="most frames do not fit, 31 of 40 looked at: 20: its colour"):
        frames_to_ask(scene, STRICT)
    usable, notes = frames_to_ask(scene, LENIENT)
    assert usable.tolist() == LOOKED_AT[1:]
    assert notes["frames left out"].startswith("31 of 40 looked at: ")
    for settings in (LENIENT, OFF):
        with pytest.raises(SceneError, match="no frame can be used: "):
            frames_to_ask(with_files(dict.fromkeys(range(40), b"")), settings)


def test_a_long_list_of_faults_is_cut():
    assert in_words({"a": "bad", "b": "worse"}) == "a: bad; b: worse"
    assert in_words(dict.fromkeys("abcde", "bad")) == "a: bad; b: bad; c: bad; and 2 more"


@pytest.mark.parametrize(("bad", "refused"), [(5, False), (6, True)])
def test_a_scene_most_of_whose_images_cannot_be_read_is_refused(bad, refused):
    found = check_scene(with_files(dict.fromkeys(LOOKED_AT[:bad], b"")), STRICT)
    assert len(found.faults) == bad
    assert found.what.startswith("most images that were looked at cannot be used: 20: its colour") == refused


def test_resized_colour_beside_the_intrinsics_of_another_size():
    found = check_scene(with_files(dict.fromkeys(range(40), png((512, 384)))), STRICT)
    assert found.what == (
        "the colour images were resized, or the intrinsics are those of another size: "
        "its image has 512x384 pixels, its camera 640x480"
    )


# --- how strict -------------------------------------------------------------------------------------------------------


def test_strict_refuses():
    with pytest.raises(SceneError, match="the camera axes are OpenGL's") as caught:
        frames_to_ask(FLIPPED, STRICT)
    assert caught.value.where == SCENE.id
    assert "settings.scene_check: lenient" in caught.value.mend


def test_lenient_asks_all_the_same_and_says_so():
    usable, notes = frames_to_ask(FLIPPED, LENIENT)
    assert notes["scene check"].startswith("the camera axes are OpenGL's")
    assert usable.tolist() == list(range(40))
    assert frames_to_ask(SCENE, LENIENT)[1] == {}


def test_off_looks_at_nothing(monkeypatch):
    monkeypatch.setattr(module, "check_scene", lambda *a, **k: pytest.fail("looked"))
    usable, notes = frames_to_ask(FLIPPED, OFF)
    assert usable.tolist() == list(range(40))
    assert not notes


def test_off_is_possible_from_every_door_and_strict_the_default():
    assert next(spargen.questions(FLIPPED, ["depth_prediction_oc"], settings=OFF))
    with pytest.raises(SceneError, match="OpenGL"):
        next(spargen.questions(FLIPPED, ["depth_prediction_oc"]))
    with pytest.raises(SceneError, match="OpenGL"):
        ask_all(FLIPPED, tasks=("depth_prediction_oc",))


def test_scenes_with_nothing_to_check_pass():
    assert frames_to_ask(World().add("chair", (3, 0, 1), (1, 1, 1)).scene(), STRICT)[0].tolist() == []
    empty = World().camera((0, 0, 1)).scene()
    usable, notes = frames_to_ask(empty, STRICT)
    assert (usable.tolist(), notes) == ([0], {"scene check": "the mesh has no faces"})


def test_a_scene_that_gives_no_row_says_why():
    walls = World(cell_m=1.0).add("wall", (3, 0, 1), (0.1, 4, 2)).add("object", (2, 0, 1), (1, 1, 1)).camera((0, 0, 1))
    asked = ask_all(walls.scene(), tasks=("depth_prediction_oc",), quota=2, settings=OFF)
    assert (asked.rows, asked.notes["no rows"]) == ([], "none of its 2 objects can be asked about")
    one = World(cell_m=1.0).add("chair", (3, 0, 1), (0.5, 0.5, 0.5)).camera((0, 0, 1)).scene()
    asked = ask_all(one, tasks=("distance_prediction_oo",), quota=2, settings=OFF)
    assert (asked.rows, asked.notes["no rows"]) == ([], "its images show nothing that can be asked about")
    twins = World(cell_m=1.0).add("lamp", (3, 1, 1), (0.5, 0.5, 0.5)).add("tv", (3, -1, 1), (0.5, 0.5, 0.5))
    asked = ask_all(twins.camera((0, 0, 1)).scene(), tasks=("distance_infer_center_oc",), quota=2, settings=OFF)
    why = "every candidate was dropped: no clear and visible nearest or farthest object (2)"
    assert (asked.rows, asked.notes["no rows"]) == ([], why)
    assert "no rows" not in ask_all(SCENE, tasks=("depth_prediction_oc",), quota=2, settings=OFF).notes


# --- depth that is asked for ------------------------------------------------------------------------------------------


def test_frames_without_depth_are_replaced_until_all_have_it():
    missing = {0: None, 5: b"", 17: GONE, 39: BROKEN}
    usable, notes = frames_to_ask(with_files(depths=missing), FEW, video=True, rgbd=True)
    chosen = np.union1d(*module.choose_frames(usable, FEW, video=True))
    assert set(missing).isdisjoint(chosen.tolist())
    assert len(module.choose_frames(usable, FEW, video=True)[1]) == 5
    bad = sum(f not in usable for f in missing)
    assert bad >= 2
    assert notes["frames left out for want of depth"].startswith(f"{bad} of ")


def test_depth_of_all_frames_is_not_decoded():
    decoded = []

    class Counting(DepthStore):
        def depth(self, frame):
            decoded.append(frame)
            return super().depth(frame)

    scene = replace(SCENE, store=Counting(SCENE))
    settings = Settings(views_per_scene=8, video_frames=5, scene_check="off")
    usable, notes = frames_to_ask(scene, settings, video=True, rgbd=True)
    assert (usable.tolist(), notes) == (list(range(40)), {})
    assert sorted(set(decoded)) == np.union1d(*module.choose_frames(usable, FEW, video=True)).tolist()
    assert len(decoded) == len(set(decoded))


def test_without_any_depth_an_rgbd_run_is_refused():
    bare = furnished(frames=12).scene()
    with pytest.raises(SceneError, match="no frame has a depth image that can be read") as caught:
        ask_all(bare, tasks=("depth_prediction_oc",), quota=2, rgbd=True)
    assert "rgbd: false" in caught.value.mend


def test_an_rgbd_run_names_no_frame_without_depth():
    scene = with_files(depths=dict.fromkeys(range(0, 40, 3)))
    found = ask_all(scene, tasks=("depth_prediction_oc",), quota=40, rgbd=True)
    assert found.rows
    assert all(int(row.fact["frames"][0]) // 10 % 3 for row in found.rows)
    assert found.notes["frames left out for want of depth"] == "14 of 40 looked at"


# --- what was found is kept -------------------------------------------------------------------------------------------


def test_findings_are_kept_and_read_again(tmp_path, monkeypatch):
    scene = replace(FLIPPED, fingerprint="a")
    first = check_scene(scene, STRICT, keep_in=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(module, "judge", lambda *a, **k: pytest.fail("looked again"))
    assert check_scene(scene, STRICT, keep_in=tmp_path) == first
    with pytest.raises(SceneError, match="OpenGL"):
        frames_to_ask(scene, STRICT, keep_in=tmp_path)
    assert frames_to_ask(scene, LENIENT, keep_in=tmp_path)[1]["scene check"] == first.what


@pytest.mark.parametrize("change", ["files", "frames", "width", "mesh", "poses", "intrinsics", "lenses"])
def test_anything_that_matters_is_looked_at_anew(tmp_path, change):
    scene: Scene = replace(SCENE, fingerprint="a")
    check_scene(scene, STRICT, keep_in=tmp_path)
    settings, c, m = STRICT, scene.cameras, scene.surface
    if change == "files":
        scene = replace(scene, fingerprint="b")
    elif change == "frames":
        settings = Settings(check_frames=9)
    elif change == "width":
        settings = Settings(widest_m=9)
    elif change == "mesh":
        scene = replace(scene, surface=type(m)(m.vertices_m * 1.001, m.faces, m.face_object))
    elif change == "poses":
        scene = replace(scene, cameras=Cameras(c.K, np.roll(c.T_world_camera, 1, axis=0), c.size_px))
    elif change == "intrinsics":
        scene = replace(scene, cameras=Cameras(c.K * [[[1.01], [1.01], [1]]], c.T_world_camera, c.size_px))
    else:
        bent = [Lens("OPENCV", (0.01,))] * len(c)
        scene = replace(scene, cameras=Cameras(c.K, c.T_world_camera, c.size_px, bent))
    check_scene(scene, settings, keep_in=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_damaged_file_is_made_anew_and_a_scene_without_fingerprint_is_not_kept(tmp_path):
    check_scene(SCENE, STRICT, keep_in=tmp_path)
    assert not list(tmp_path.iterdir())
    scene = replace(SCENE, fingerprint="a")
    first = check_scene(scene, STRICT, keep_in=tmp_path)
    (path,) = tmp_path.iterdir()
    for rubbish in (b"", b"{}", b"[1"):
        path.write_bytes(rubbish)
        assert check_scene(scene, STRICT, keep_in=tmp_path) == first
    assert len(list(tmp_path.iterdir())) == 1


# --- instance images --------------------------------------------------------------------------------------------------


def with_ids(change):
    """The scene as instance images, some frames of which are changed: {frame: objects}."""
    scene = pictured(SCENE)

    def objects(frame):
        if isinstance(change.get(frame), Exception):
            raise change[frame]
        return change.get(frame, scene.surface.objects(frame))

    return replace(scene, surface=replace(scene.surface, objects=objects))


def test_frames_whose_instance_images_cannot_be_used_are_left_out():
    bad = {4: np.zeros((480, 600), dtype=int), 6: OSError("no such file"), 9: np.full((480, 640), 999)}
    usable, notes = frames_to_ask(with_ids(bad), STRICT)
    assert sorted(set(range(40)) - set(usable.tolist())) == [4, 6, 9]
    told = notes["frames left out"]
    assert told.startswith("3 of 40 looked at:")
    for fault in (
        "40: its instance images cannot be used: objects are int64 of (480, 600), depths of (480, 640)",
        "60: its instance images cannot be read",
        "90: its instance images cannot be used: pixels name objects 999 .. 999 of",
    ):
        assert fault in told


def test_instance_images_of_another_size_are_no_resized_colour():
    small = with_ids({})
    images = replace(small.surface, objects=lambda f: np.zeros((480, 600), int), depth_m=lambda f: np.ones((480, 600)))
    found = check_scene(replace(small, surface=images), STRICT)
    assert found.what.startswith("most images that were looked at cannot be used")


def test_frames_that_do_not_fit_their_boxes_are_left_out():
    scene = pictured(SCENE)
    other = {k: (k + 17) % 40 for k in (*LOOKED_AT[2:3], LOOKED_AT[2] + 1)}
    images = replace(
        scene.surface,
        objects=lambda f: scene.surface.objects(other.get(f, f)),
        depth_m=lambda f: scene.surface.depth_m(other.get(f, f)),
    )
    usable, notes = frames_to_ask(replace(scene, surface=images), STRICT)
    assert sorted(set(range(40)) - set(usable.tolist())) == sorted(other)
    assert "of its pixels of objects lie in the objects' boxes" in notes["frames left out"]


def test_findings_on_images_are_kept_by_their_fingerprint(tmp_path, monkeypatch):
    scene = replace(pictured(SCENE), fingerprint="x")
    first = check_scene(scene, STRICT, keep_in=tmp_path)
    monkeypatch.setattr(module, "_examine", None)
    assert check_scene(scene, STRICT, keep_in=tmp_path) == first
    with pytest.raises(TypeError):
        check_scene(replace(scene, surface=replace(scene.surface, fingerprint="new")), STRICT, keep_in=tmp_path)
