"""Cameras of posed scenes: every format, and what is wrong with some of the files that people have."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scene_adapters.formats.quaternions import rotation_matrix
from scene_adapters.posed import PosedAdapter
from spargen.errors import SceneError
from spargen.scene.lenses import Lens
from spargen.scene.types import Scene
from tests.adapters.colmap_files import quaternion
from tests.adapters.posed_files import (
    CAMERAS,
    GL,
    Place,
    colmap_model,
    frames,
    intrinsics,
    jpeg,
    png,
    put,
    turned,
    write_nerfstudio,
    write_scene,
    write_wai,
)


def loaded(root: Path, scene: str = "room") -> Scene:
    return PosedAdapter(root).load(scene)


def depth_mm(scene: Scene, frame: int) -> np.ndarray:
    blob = scene.store.depth(frame)
    assert blob is not None
    return np.asarray(Image.open(io.BytesIO(blob.read()))).astype(int)


@pytest.mark.parametrize("form", CAMERAS)
def test_every_format_gives_the_same_cameras(tmp_path: Path, form: str) -> None:
    place = Place()
    write_scene(tmp_path, place, cameras=form)
    scene = loaded(tmp_path)
    np.testing.assert_allclose(scene.cameras.T_world_camera, place.poses, atol=1e-9)
    np.testing.assert_allclose(scene.cameras.K, [place.K] * 5, atol=1e-9)
    assert scene.cameras.size_px.tolist() == [[40, 30]] * 5
    assert not any(lens.bends for lens in scene.cameras.lens)
    stem = "frame-{:06d}" if form == "7-Scenes" else "{}"
    assert scene.frames == tuple(stem.format(i) for i in range(5))
    assert set(scene.color_suffix) == {".png" if form in ("TUM", "7-Scenes") else ".jpg"}
    for i in range(5):
        np.testing.assert_array_equal(depth_mm(scene, i), place.depth(i))
        assert Image.open(io.BytesIO(scene.store.color(i).read())).size == (40, 30)
        np.testing.assert_allclose(scene.store.pose_as_released(i), place.poses[i], atol=1e-9)
    released = scene.store.intrinsics_as_released()
    assert set(released) == {"intrinsic_color"}
    np.testing.assert_allclose(released["intrinsic_color"][:3, :3], place.K, atol=1e-9)
    assert scene.notes.keys() <= {"share of faces without object", "images without a pose"}


# --- nerfstudio -------------------------------------------------------------------------------------------------------


def edited(tmp_path: Path, change: Callable[[dict], None], place: Place | None = None) -> Scene:
    """The scene of a transforms.json after a change."""
    folder = write_scene(tmp_path, place)
    document = json.loads((folder / "transforms.json").read_text())
    change(document)
    put(folder / "transforms.json", json.dumps(document))
    return loaded(tmp_path)


APPLIED = [[0, 0.6, -0.8, 3], [1, 0, 0, -2], [0, -0.8, -0.6, 7]]


def move(document: dict, scale: float = 1.0, A: list = APPLIED) -> None:
    """Put the listed poses where nerfstudio puts them."""
    A4 = np.vstack([A, [0, 0, 0, 1]])
    for frame in document["frames"]:
        T = A4 @ frame["transform_matrix"]
        T[:3, 3] *= scale
        frame["transform_matrix"] = T.tolist()


@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_the_applied_transform_and_scale_are_undone(tmp_path: Path, scale: float) -> None:
    def change(document: dict) -> None:
        move(document, scale)
        document |= {"applied_transform": APPLIED, "applied_scale": scale}

    np.testing.assert_allclose(edited(tmp_path, change).cameras.T_world_camera, Place().poses, atol=1e-9)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 0]], "mirrors"),
        ([[1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0]], "keeps shapes"),
        ("none", "keeps shapes"),
        ([[0] * 4] * 3, "keeps shapes"),
    ],
)
def test_an_applied_transform_that_is_none_is_refused(tmp_path: Path, value: object, says: str) -> None:
    with pytest.raises(SceneError, match=says):
        edited(tmp_path, lambda document: document.update(applied_transform=value))
    with pytest.raises(SceneError, match="applied_scale"):
        edited(tmp_path, lambda document: document.update(applied_scale=0))


@pytest.mark.parametrize("ending", [".png", ".jpg", ".JPG", ".jpeg"])
def test_the_ending_of_a_file_may_be_left_out_and_slashes_turned(tmp_path: Path, ending: str) -> None:
    folder = write_scene(tmp_path)
    document = json.loads((folder / "transforms.json").read_text())
    put(folder / f"train/r_0.5{ending}", png(np.zeros((30, 40, 3), np.uint8)) if "png" in ending else jpeg((40, 30), 0))
    document["frames"] = document["frames"][:1]
    document["frames"][0] |= {"file_path": "./train\\r_0.5", "depth_file_path": "depth_images\\0.png"}
    put(folder / "transforms.json", json.dumps(document))
    scene = loaded(tmp_path)
    assert (scene.frames, scene.color_suffix) == (("r_0.5",), (ending.lower(),))
    np.testing.assert_array_equal(depth_mm(scene, 0), Place().depth(0))


@pytest.mark.parametrize(
    ("of_frame", "of_all", "focal"),
    [
        ({}, {"camera_angle_x": 1.0}, (20 / np.tan(0.5),) * 2),
        ({}, {"camera_angle_x": 1.0, "camera_angle_y": 0.8}, (20 / np.tan(0.5), 15 / np.tan(0.4))),
        ({}, {"camera_angle_x": 1.0, "fl_x": 30, "fl_y": 31}, (30, 31)),
        ({}, {"fl_x": 30}, (30, 30)),
        ({"camera_angle_x": 1.0, "fl_x": 32}, {"fl_x": 30, "fl_y": 31}, (32, 31)),
        ({"camera_angle_x": 1.0}, {"fl_x": 30, "fl_y": 31}, (20 / np.tan(0.5),) * 2),
        ({"fl_x": 32, "fl_y": 33}, {"camera_angle_x": 1.0}, (32, 33)),
    ],
)
def test_focal_lengths_of_the_frame_count_before_those_of_all_and_lengths_before_angles(
    tmp_path: Path, of_frame: dict, of_all: dict, focal: tuple
) -> None:
    def change(document: dict) -> None:
        for key in ("fl_x", "fl_y", "cx", "cy", "w", "h", "camera_model"):
            del document[key]
        document |= of_all
        document["frames"][2] |= of_frame

    K = edited(tmp_path, change).cameras.K[2]
    np.testing.assert_allclose(K, [[focal[0], 0, 20], [0, focal[1], 15], [0, 0, 1]], atol=1e-12)


def test_several_cameras_in_one_file_each_have_their_size_and_lens(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    document = json.loads((folder / "transforms.json").read_text())
    put(folder / "other/1.jpg", jpeg((60, 20), 9))
    own = {"fl_x": 50, "fl_y": 51, "cx": 31, "cy": 9, "w": 60, "h": 20, "camera_model": "OPENCV_FISHEYE", "k1": 0.01}
    document["frames"][1] |= {"file_path": "other/1.jpg", **own}
    document["frames"][2] |= {"camera_model": "OPENCV", "k1": 0.1, "k2": 0.02, "p1": 0.001, "p2": 0.002, "k3": 0.003}
    put(folder / "transforms.json", json.dumps(document))
    scene = loaded(tmp_path)
    assert scene.frames == ("0", "2", "3", "4", "1")  # by their files: other/ comes behind images/
    assert scene.cameras.size_px.tolist() == [[40, 30]] * 4 + [[60, 20]]
    np.testing.assert_allclose(scene.cameras.K[4], [[50, 0, 31], [0, 51, 9], [0, 0, 1]])
    assert scene.cameras.lens[4] == Lens("OPENCV_FISHEYE", (0.01,))
    assert scene.cameras.lens[1] == Lens("OPENCV", (0.1, 0.02, 0.001, 0.002, 0.003))
    assert not scene.cameras.lens[0].bends
    assert set(scene.store.intrinsics_as_released()) == {f"intrinsic_color_{name}" for name in scene.frames}


def test_two_cameras_may_number_their_images_alike(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    document = json.loads((folder / "transforms.json").read_text())
    for i, frame in enumerate(document["frames"]):
        frame["file_path"] = f"cam{i % 2}/{i // 2}.jpg"
        put(folder / frame["file_path"], jpeg((40, 30), i))
    put(folder / "transforms.json", json.dumps(document))
    scene = loaded(tmp_path)
    assert scene.frames == ("cam0_0", "cam0_1", "cam0_2", "cam1_0", "cam1_1")
    np.testing.assert_allclose(scene.cameras.T_world_camera, [Place().poses[i] for i in (0, 2, 4, 1, 3)], atol=1e-9)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"camera_model": "FULL_OPENCV"}, "camera model FULL_OPENCV is not read"),
        ({"camera_model": "EQUIRECTANGULAR"}, "EQUIRECTANGULAR"),
        ({"camera_model": "PINHOLE", "k1": 0.1}, "`k1` is no coefficient of PINHOLE"),
        ({"camera_model": "OPENCV", "k4": 0.1}, "`k4` is no coefficient of OPENCV"),
        ({"camera_model": "OPENCV_FISHEYE", "p1": 0.1}, "`p1` is no coefficient of OPENCV_FISHEYE"),
        ({"fl_x": "40"}, "`fl_x` is no number"),
        ({"cx": None}, "`cx` is no number"),
        ({"camera_convention": "blender"}, "`camera_convention` is 'blender'"),
        ({"frames": 3}, "no list `frames`"),
        ({"frames": [3]}, "no list `frames`"),
        ({"frames": []}, "none of the 0 listed images"),
    ],
)
def test_what_is_not_read_is_named(tmp_path: Path, change: dict, says: str) -> None:
    with pytest.raises(SceneError, match=says) as caught:
        edited(tmp_path, lambda document: document.update(change))
    assert "transforms.json" in caught.value.where


def test_no_focal_length_is_named_and_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="no focal length"):
        edited(tmp_path, lambda document: document.pop("fl_x"))


def test_instant_ngp_says_fisheye_by_a_flag(tmp_path: Path) -> None:
    def change(document: dict) -> None:
        del document["camera_model"]
        document |= {"is_fisheye": True, "k1": 0.02}

    assert edited(tmp_path, change).cameras.lens[0] == Lens("OPENCV_FISHEYE", (0.02,))


@pytest.mark.parametrize("number", [float("nan"), float("-inf")])
def test_poses_that_are_none_are_dropped_and_counted(tmp_path: Path, number: float) -> None:
    def change(document: dict) -> None:
        document["frames"][0]["transform_matrix"][1][2] = number
        document["frames"][1]["transform_matrix"] = "lost"
        del document["frames"][2]["transform_matrix"]
        document["frames"][3]["transform_matrix"] = np.diag([1.0, 1, -1, 1]).tolist()

    scene = edited(tmp_path, change)
    assert scene.frames == ("4",)
    assert scene.notes["poses dropped"] == 4


def test_poses_of_three_digits_are_made_rigid(tmp_path: Path) -> None:
    def change(document: dict) -> None:
        for frame in document["frames"]:
            frame["transform_matrix"] = np.round(frame["transform_matrix"], 3).tolist()

    scene = edited(tmp_path, change)
    assert scene.notes["poses made rigid"] == 5
    np.testing.assert_allclose(scene.cameras.T_world_camera, Place().poses, atol=2e-3)


def test_images_that_are_not_there_elsewhere_or_damaged_are_counted(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    document = json.loads((folder / "transforms.json").read_text())
    put(folder / "images/0.jpg", b"")
    put(folder / "images/1.jpg", b"\xff\xd8 no picture")
    (folder / "images/2.jpg").unlink()
    put(tmp_path / "outside.jpg", jpeg((40, 30), 1))
    document["frames"][3]["file_path"] = "../outside.jpg"
    document["frames"].append({"transform_matrix": np.eye(4).tolist()})
    document["frames"].append(document["frames"][4])
    put(folder / "transforms.json", json.dumps(document))
    scene = loaded(tmp_path)
    assert scene.frames == ("4",)
    assert scene.notes["images that cannot be read"] == 2
    assert scene.notes["images listed but not in the scene's folder"] == 2
    assert scene.notes["frames without the name of an image"] == 1
    assert scene.notes["images listed twice"] == 1
    document["frames"][4] = document["frames"][4] | {"transform_matrix": np.eye(4).tolist()}
    put(folder / "transforms.json", json.dumps(document))
    with pytest.raises(SceneError, match=r"4.jpg is listed twice, with two poses"):
        loaded(tmp_path)
    (folder / "images/4.jpg").unlink()
    document["frames"].pop()
    put(folder / "transforms.json", json.dumps(document))
    with pytest.raises(SceneError, match=r"none of the 5 listed images can be used: .*folder: 3; images that cannot"):
        loaded(tmp_path)


def test_intrinsics_of_another_size_are_scaled_and_crops_left_out(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    put(folder / "images/1.jpg", jpeg((20, 15), 3))
    put(folder / "images/2.jpg", jpeg((40, 20), 3))
    scene = loaded(tmp_path)
    assert scene.frames == ("0", "1", "3", "4")
    np.testing.assert_allclose(scene.cameras.K[1], [[18, 0, 9.625], [0, 17.5, 7.75], [0, 0, 1]])
    np.testing.assert_allclose(scene.cameras.K[0], Place().K)
    assert scene.notes["frames whose intrinsics were scaled to the image"] == 1
    assert scene.notes["frames whose intrinsics cannot be those of the image"] == 1


def test_depth_images_and_masks(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    document = json.loads((folder / "transforms.json").read_text())
    (folder / "depth_images/1.png").unlink()
    document["frames"][2]["depth_file_path"] = "depth_images/2.npy"
    del document["frames"][3]["depth_file_path"]
    put(folder / "depth/3.png", png(np.full((15, 20), 777, np.uint16)))
    mask = np.full((30, 40), 255, np.uint8)
    mask[:10, 5:] = 0
    put(folder / "masks/0.png", png(mask))
    put(folder / "masks/1.png", png(np.dstack([mask, mask // 2, mask * 0])))
    document["frames"][0]["mask_path"] = "masks\\0.png"
    document["frames"][1]["mask_path"] = "masks/1.png"
    document["frames"][2]["mask_path"] = "masks/2.png"
    put(folder / "transforms.json", json.dumps(document))
    scene = loaded(tmp_path)
    assert [scene.store.depth(i) is not None for i in range(5)] == [True, False, False, True, True]
    assert (depth_mm(scene, 3) == 777).all()
    blob = scene.store.depth(0)
    assert blob is not None
    assert blob.path == folder / "depth_images/0.png"  # millimetres are handed out as they lie there
    assert scene.notes["depth images listed but not there"] == 1
    assert scene.notes["depth images that are no PNG"] == 1
    assert scene.notes["masks listed but not there"] == 1
    np.testing.assert_array_equal(scene.store.mask(0), mask == 0)
    np.testing.assert_array_equal(scene.store.mask(1), mask == 0)
    assert scene.store.mask(2) is None
    assert scene.store.mask(3) is None
    put(folder / "masks/0.png", b"no picture")
    with pytest.raises(SceneError, match="cannot be read"):
        loaded(tmp_path).store.mask(0)


def test_depth_of_another_size_has_intrinsics_of_its_own(tmp_path: Path) -> None:
    place = Place()
    place.depth_mm = [np.full((15, 20), 900, np.uint16)] * 5
    write_scene(tmp_path, place)
    released = loaded(tmp_path).store.intrinsics_as_released()
    assert set(released) == {"intrinsic_color", "intrinsic_depth"}
    np.testing.assert_allclose(released["intrinsic_depth"][:3, :3], [[18, 0, 9.625], [0, 17.5, 7.75], [0, 0, 1]])


def test_the_unit_of_depth_may_be_told(tmp_path: Path) -> None:
    write_scene(tmp_path, told="up: z\nunit_m: 1\ndepth_unit_m: 0.01\n")
    place = Place()
    wanted = place.depth(0).astype(int) * 10
    np.testing.assert_array_equal(depth_mm(loaded(tmp_path), 0), wanted)
    place.depth_mm = [np.array([[1, 6553], [6554, 65535]], np.uint16)] * 5
    write_scene(tmp_path, place, told="up: z\nunit_m: 1\ndepth_unit_m: 0.01\n")
    np.testing.assert_array_equal(depth_mm(loaded(tmp_path), 0), [[10, 65530], [0, 0]])  # 0 where 16 bits end


def test_frames_stand_in_natural_order(tmp_path: Path) -> None:
    place = Place()
    place.poses = [turned(3.0 * i, 10, (0.1 * i, 1, 1.5)) for i in range(12)]
    assert edited(tmp_path, lambda d: d["frames"].reverse(), place).frames == tuple(map(str, range(12)))


# --- WAI --------------------------------------------------------------------------------------------------------------

AXES = GL.tolist()
WORLD = [*APPLIED, [0, 0, 0, 1]]


def wai(tmp_path: Path, change: Callable[[dict], None]) -> Scene:
    folder = write_scene(tmp_path, cameras="WAI")
    document = json.loads((folder / "scene_meta.json").read_text())
    change(document)
    put(folder / "scene_meta.json", json.dumps(document))
    return loaded(tmp_path)


@pytest.mark.parametrize("word", ["_applied_transform", "_applied_transformation"])
@pytest.mark.parametrize(
    ("single", "several", "moved"),
    [
        (WORLD, {}, True),
        (WORLD, {"opengl2opencv": AXES}, True),
        (None, {"opengl2opencv": AXES, "to_floor": WORLD}, True),
        (AXES, {"opengl2opencv": AXES}, False),
        (AXES, {}, False),
        (WORLD, {"image_rotation": WORLD}, False),
        (np.eye(4).tolist(), {}, False),
        (None, None, False),
    ],
)
def test_changes_of_the_world_are_undone_and_those_of_the_cameras_axes_are_not(
    tmp_path: Path, word: str, single: object, several: object, moved: bool
) -> None:
    def change(document: dict) -> None:
        if moved:
            move(document)
        document |= {key: value for key, value in ((word, single), (f"{word}s", several)) if value is not None}

    np.testing.assert_allclose(wai(tmp_path, change).cameras.T_world_camera, Place().poses, atol=1e-9)


def test_a_frame_of_wai_may_name_its_image_only_as_image(tmp_path: Path) -> None:
    def change(document: dict) -> None:
        for frame in document["frames"]:
            del frame["file_path"]
            frame["transform_matrix"] = np.ravel(frame["transform_matrix"]).tolist()

    np.testing.assert_allclose(wai(tmp_path, change).cameras.T_world_camera, Place().poses, atol=1e-9)


def test_wai_says_whether_its_scale_is_metric(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, cameras="WAI", told="up: z\n")
    assert loaded(tmp_path).frames
    write_wai(folder, Place(), scale_type="colmap")
    with pytest.raises(SceneError, match="how many metres a unit has"):
        loaded(tmp_path)


# --- COLMAP, TUM, 7-Scenes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["sparse/0", "sparse", "colmap/sparse/0", "colmap", "."])
@pytest.mark.parametrize("binary", [False, True])
def test_colmap_models_lie_in_several_places_and_lost_images_are_counted(
    tmp_path: Path, place: str, binary: bool
) -> None:
    folder = write_scene(tmp_path)
    (folder / "transforms.json").unlink()
    model = colmap_model(Place())
    for i, number in ((0, np.nan), (1, -np.inf)):
        model.images[i][1][0, 3] = number
    (model.write_binary if binary else model.write_text)(folder / place)
    scene = loaded(tmp_path)
    assert scene.frames == ("0", "1", "2")
    assert scene.notes["images of the model without a pose"] == 2


def test_colmap_images_may_lie_in_the_scenes_folder_and_have_lenses(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, cameras="COLMAP text")
    put(folder / "left/0.jpg", (folder / "images/0.jpg").read_bytes())
    model = colmap_model(Place())
    (width, height), f = Place().size, 36.0
    model.cameras = [(1, "SIMPLE_RADIAL_FISHEYE", width, height, [f, 20, 15, 0.02])]
    model.images = [(*image[:3], "left/0.jpg", []) for image in model.images[-1:]]
    model.write_text(folder / "sparse/0")
    scene = loaded(tmp_path)
    assert scene.frames == ("0",)
    assert scene.cameras.lens[0] == Lens("OPENCV_FISHEYE", (0.02,))


def test_quaternions_of_tum_have_their_real_part_last(tmp_path: Path) -> None:
    R = turned(40, 25, (0, 0, 0))[:3, :3]
    w, x, y, z = quaternion(R)
    np.testing.assert_allclose(rotation_matrix([3 * x, 3 * y, 3 * z, 3 * w]), R, atol=1e-12)


def tum(tmp_path: Path, file: str, change: Callable[[list[str]], list[str]]) -> Scene:
    folder = write_scene(tmp_path, cameras="TUM")
    lines = (folder / file).read_text().splitlines()
    put(folder / file, "\n".join(change(lines)) + "\n")
    return loaded(tmp_path)


def test_times_of_tum_that_are_too_far_apart_find_no_partner(tmp_path: Path) -> None:
    def late(lines: list[str]) -> list[str]:
        lines[1] = lines[1].replace("100.004", "100.021")
        lines[3] = lines[3].replace("100.104", "100.119")
        return lines

    scene = tum(tmp_path, "groundtruth.txt", late)
    assert scene.frames == ("1", "2", "3", "4")
    assert scene.notes["images without a pose"] == 1
    assert [scene.store.depth(i) is None for i in range(4)] == [False] * 4
    scene = tum(tmp_path, "depth.txt", lambda lines: lines[:2] + [line.replace("115", "121") for line in lines[2:]])
    assert [scene.store.depth(i) is None for i in range(5)] == [False, True, False, False, False]


def test_a_pose_of_tum_belongs_to_one_image(tmp_path: Path) -> None:
    put(tmp_path / "room/rgb/9.png", png(np.zeros((30, 40, 3), np.uint8)))
    scene = tum(tmp_path, "rgb.txt", lambda lines: [*lines, "100.0110 rgb/9.png"])
    assert scene.frames == ("0", "1", "2", "3", "4")
    assert scene.notes["images without a pose"] == 1


def test_lost_poses_of_tum_are_dropped(tmp_path: Path) -> None:
    scene = tum(
        tmp_path,
        "groundtruth.txt",
        lambda lines: [lines[0], "100.004 nan 0 0 0 0 0 1", "nan 0 0 0 0 0 0 1", *lines[3:]],
    )
    assert (scene.frames, scene.notes["poses dropped"]) == (("1", "2", "3", "4"), 1)
    scene = tum(tmp_path, "groundtruth.txt", lambda lines: [lines[0], "100.004 0 0 0 0 0 0 0", *lines[2:]])
    assert (scene.frames, scene.notes["poses dropped"]) == (("1", "2", "3", "4"), 1)


@pytest.mark.parametrize(
    ("file", "line", "says"),
    [
        ("groundtruth.txt", "100.0 1 2 3 0 0 0", "line 2 is no pose"),
        ("groundtruth.txt", "100.0 1 2 3 0 0 0 one", "line 2 is no pose"),
        ("rgb.txt", "100.0", "line 2 is no time and a file"),
        ("depth.txt", "now depth/0.png", "line 2 is no time and a file"),
    ],
)
def test_lines_of_tum_that_are_none_are_named(tmp_path: Path, file: str, line: str, says: str) -> None:
    with pytest.raises(SceneError, match=says) as caught:
        tum(tmp_path, file, lambda lines: [lines[0], line, *lines[2:]])
    assert caught.value.where.endswith(file)


@pytest.mark.parametrize("key", ["file_path", "depth_file_path", "mask_path"])
@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3000 + "y", "x\0y"])
def test_a_file_of_a_name_that_none_can_have_is_not_there(tmp_path: Path, key: str, name: str) -> None:
    folder = write_scene(tmp_path)
    document = json.loads((folder / "transforms.json").read_text())
    document["frames"][1][key] = f"{name}.png"
    put(folder / "transforms.json", json.dumps(document))
    scene = loaded(tmp_path)
    assert len(scene.frames) == (4 if key == "file_path" else 5)
    assert sum(number for note, number in scene.notes.items() if "listed but not" in note) == 1


def test_an_image_of_a_colmap_model_of_such_a_name_is_not_there_either(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, cameras="COLMAP text")
    file = next(folder.rglob("images.txt"))
    file.write_text(file.read_text().replace("1.jpg", f"{'x' * 300}.jpg", 1))
    assert len(loaded(tmp_path).frames) == 4


def test_poses_of_seven_scenes_that_are_no_matrix_are_lost_and_sequences_are_one_scene(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, cameras="7-Scenes")
    for path in list(folder.glob("frame-*")):
        for part in ("seq-01", "seq-02"):
            put(folder / part / path.name, path.read_bytes())
        path.unlink()
    put(folder / "seq-02/frame-000001.pose.txt", "-inf " * 16)
    put(folder / "seq-02/frame-000002.pose.txt", "no matrix")
    scene = loaded(tmp_path)
    names = [f"seq-01_frame-{i:06d}" for i in range(5)] + [f"seq-02_frame-{i:06d}" for i in (0, 3, 4)]
    assert list(scene.frames) == names
    assert scene.notes["poses dropped"] == 2


def test_the_last_pose_of_tum_is_left_out_where_its_line_has_no_end(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, cameras="TUM")
    file = folder / "groundtruth.txt"
    put(file, "\n".join(file.read_text().splitlines()[:-1]))
    scene = loaded(tmp_path)
    assert scene.frames == ("0", "1", "2", "3")
    assert scene.notes["last pose left out, for its line has no end"] == 1
    put(file, file.read_text() + "\n")
    scene = loaded(tmp_path)
    assert scene.frames == ("0", "1", "2", "3", "4")
    assert "last pose left out, for its line has no end" not in scene.notes


def test_images_of_seven_scenes_without_a_pose_are_counted(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, cameras="7-Scenes")
    assert "images without a pose" not in loaded(tmp_path).notes
    (folder / "frame-000002.pose.txt").unlink()
    scene = loaded(tmp_path)
    assert scene.notes["images without a pose"] == 1
    assert len(scene.frames) == 4


@pytest.mark.parametrize("form", ["TUM", "7-Scenes"])
def test_recordings_without_intrinsics_ask_for_them(tmp_path: Path, form: str) -> None:
    folder = write_scene(tmp_path, cameras=form)
    put(folder / "scene.yaml", "up: z\nunit_m: 1\n")
    with pytest.raises(SceneError, match="do not say their intrinsics") as caught:
        loaded(tmp_path)
    assert "intrinsics: {fl_x:" in caught.value.mend
    put(folder / "scene.yaml", "up: z\nunit_m: 1\nintrinsics: {fl_x: 36, fly: 35}\n")
    with pytest.raises(SceneError, match=r"no 'fly'") as caught:
        loaded(tmp_path)
    assert "fl_y" in caught.value.mend
    put(folder / "scene.yaml", "up: z\nunit_m: 1\nintrinsics: {fl_x: 36, fl_y: 35, camera_model: OPENCV, k1: 0.1}\n")
    scene = loaded(tmp_path)
    assert scene.cameras.lens[0] == Lens("OPENCV", (0.1,))
    np.testing.assert_allclose(scene.cameras.K[0], [[36, 0, 20], [0, 35, 15], [0, 0, 1]])


def test_intrinsics_that_are_told_beside_others_are_refused(tmp_path: Path) -> None:
    write_scene(tmp_path, told=f"up: z\nunit_m: 1\nintrinsics: {json.dumps(intrinsics(Place()))}\n")
    with pytest.raises(SceneError, match="intrinsics of their own"):
        loaded(tmp_path)


def test_several_kinds_of_cameras_are_asked_about(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, cameras="COLMAP binary")
    other = Place()
    other.poses = other.poses[:3]
    write_nerfstudio(folder, other)
    frames(folder, Place(), "images/{}.jpg", "depth/{}.png")
    with pytest.raises(SceneError, match=r"several that may be the cameras: transforms\.json, sparse/0") as caught:
        loaded(tmp_path)
    assert "cameras: transforms.json" in caught.value.mend
    put(folder / "scene.yaml", "up: z\nunit_m: 1\ncameras: sparse/0\n")
    assert len(loaded(tmp_path).frames) == 5
    put(folder / "scene.yaml", "up: z\nunit_m: 1\ncameras: transforms.json\n")
    assert len(loaded(tmp_path).frames) == 3
    put(folder / "scene.yaml", "up: z\nunit_m: 1\ncameras: images\n")
    with pytest.raises(SceneError, match="no cameras of a known format"):
        loaded(tmp_path)
