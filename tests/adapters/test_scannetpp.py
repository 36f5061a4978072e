"""The ScanNet++ adapter: a tiny room read from every layout and stream, every known trap, broken files of each kind."""

from __future__ import annotations

import inspect
import io
import json
import os
import pickle
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scene_adapters import scannetpp
from scene_adapters.scannetpp import ScanNetPPAdapter
from spargen.errors import JobError, SceneError
from spargen.geometry.boxes import size_lwh_m
from spargen.run.job import Source
from spargen.run.scenes import open_adapter
from spargen.scene.adapter import SceneAdapter
from spargen.scene.labels import LabelTable, label_rules
from spargen.scene.lenses import PINHOLE, Lens
from spargen.scene.types import Scene
from tests.adapters.scannetpp_files import (
    DSLR_NAMES,
    DSLR_SIZE,
    FISHEYE,
    ID,
    OPENCV,
    POSED,
    SIZE,
    UNDISTORTED_K,
    Room,
    W,
    arkit_intrinsics,
    group,
    jpeg,
    obb,
    pose,
    rigid,
    to_json_world,
    write_arkit,
    write_colmap,
    write_iphone,
    write_scans,
    write_scene,
)

K_IPHONE = np.array([[OPENCV[0], 0, OPENCV[2]], [0, OPENCV[1], OPENCV[3]], [0, 0, 1]])


def loaded(root: Path, room: Room | None = None, **options: object) -> Scene:
    write_scene(root, room)
    return ScanNetPPAdapter(root, **options).load(ID)


def grouped(*groups: dict) -> Room:
    room = Room()
    room.groups = list(groups)
    return room


def test_one_adapter_in_the_module() -> None:
    own = [c for c in vars(scannetpp).values() if inspect.isclass(c) and issubclass(c, SceneAdapter)]
    assert [c for c in own if c.__module__ == scannetpp.__name__] == [ScanNetPPAdapter]
    assert ScanNetPPAdapter.dataset == "scannetpp"


# --- the room, read right ---------------------------------------------------------------------------------------------


def test_objects_and_mesh_are_in_the_released_world(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    assert scene.objects.id.tolist() == [2, 4, 7]
    assert scene.objects.label == ("table", "office chair", "floor")
    np.testing.assert_allclose(scene.objects.center_m, [[1, 1, 0.35], [3, 2, 0.45], [2, 1.5, 0]], atol=1e-6)
    sides = size_lwh_m(scene.objects.extent_m, scene.objects.R_world_box)
    np.testing.assert_allclose(sides, [[1.2, 0.6, 0.7], [0.4, 0.4, 0.9], [4, 3, 0]], atol=1e-6)
    assert scene.surface.face_object.tolist() == [2] * 2 + [0] * 12 + [1] * 12 + [-1] * 2
    np.testing.assert_array_equal(scene.T_world_released, np.eye(4))
    np.testing.assert_allclose(scene.surface.vertices_m, Room().vertices, atol=1e-6)


def test_frames_are_called_by_rank_among_all_files_and_numbered_as_released(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    assert scene.frames == ("1", "2", "4")  # of 0, 10, 20, 30, 40
    assert scene.frame_number == ("10", "20", "40")
    assert scene.color_suffix == (".jpg",) * 3
    assert [scene.store.color(k).read() for k in range(3)] == [jpeg(n) for n in POSED]
    assert scene.store.color(0).path == tmp_path / "data" / ID / "iphone/rgb/frame_000010.jpg"
    assert dict(scene.notes) == {
        "frames without a pose": 2,
        "class list": "not found",
        "share of vertices without object": round(4 / 24, 4),
    }


def test_files_are_ranked_by_number_and_not_by_name(tmp_path: Path) -> None:
    folder = write_scene(tmp_path) / "iphone/rgb"
    (folder / "frame_000040.jpg").rename(folder / "frame_40.jpg")
    (folder / "frame_000010.jpg").rename(folder / "frame_10.jpg")
    (folder / "frame_9.jpg").write_bytes(jpeg(9))
    (folder / "Thumbs.db").write_bytes(b"no frame")
    scene = ScanNetPPAdapter(tmp_path).load(ID)
    assert (scene.frames, scene.frame_number) == (("2", "3", "5"), ("10", "20", "40"))


def test_cameras_are_those_of_the_colmap_model(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    for k, number in enumerate(POSED):
        np.testing.assert_allclose(scene.cameras.T_world_camera[k], pose(number), atol=1e-9)
        np.testing.assert_allclose(scene.store.pose_as_released(k), pose(number), atol=1e-9)
        np.testing.assert_allclose(scene.cameras.K[k], K_IPHONE)  # corner convention, as COLMAP has it
    assert scene.cameras.lens == (Lens("OPENCV", OPENCV[4:]),) * 3
    assert scene.cameras.size_px.tolist() == [list(SIZE)] * 3
    released = scene.store.intrinsics_as_released()
    np.testing.assert_allclose(released["intrinsic_color"][:3, :3], K_IPHONE)
    scale = np.array([256 / 40, 192 / 30, 1])[:, None]
    np.testing.assert_allclose(released["intrinsic_depth"][:3, :3], scale * K_IPHONE)


def test_a_binary_model_does_as_well(tmp_path: Path) -> None:
    folder = write_scene(tmp_path) / "iphone/colmap"
    shutil.rmtree(folder)
    write_colmap(folder, Room(), "binary")
    assert ScanNetPPAdapter(tmp_path).load(ID).frame_number == ("10", "20", "40")


def test_depth_is_found_by_number_and_not_by_rank(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    depth = np.asarray(Image.open(io.BytesIO(scene.store.depth(1).read())))
    assert (depth.shape, depth.dtype) == ((192, 256), np.uint16)
    assert depth[0, 0] == 1020


def test_a_scene_survives_pickling(tmp_path: Path) -> None:
    before = loaded(tmp_path)
    before.store.depth(0)
    scene = pickle.loads(pickle.dumps(before))
    assert scene.store.color(1).read() == jpeg(20)
    assert scene.store.depth(1).read() == before.store.depth(1).read()


def test_extracted_depth_goes_before_the_container(tmp_path: Path) -> None:
    folder = write_scene(tmp_path) / "iphone"
    (folder / "depth").mkdir()
    Image.fromarray(np.full((192, 256), 777, dtype=np.uint16)).save(folder / "depth/frame_000020.png")
    scene = ScanNetPPAdapter(tmp_path).load(ID)
    assert np.asarray(Image.open(scene.store.depth(1).path)).max() == 777
    assert scene.store.depth(0) is None
    assert scene.notes["frames without depth"] == 2


def test_without_any_depth(tmp_path: Path) -> None:
    folder = write_scene(tmp_path) / "iphone"
    (folder / "depth.bin").unlink()
    scene = ScanNetPPAdapter(tmp_path).load(ID)
    assert scene.store.depth(0) is None
    assert "intrinsic_depth" not in scene.store.intrinsics_as_released()
    assert "frames without depth" not in scene.notes  # the check of the frames says that there is none


# --- poses ------------------------------------------------------------------------------------------------------------


def test_aligned_pose_is_read_and_pose_is_not(tmp_path: Path) -> None:
    room = Room()
    del room.tracked[40]
    scene = loaded(tmp_path, room, poses="aligned_pose")
    assert (scene.frames, scene.frame_number) == (("0", "1", "2", "3"), ("0", "10", "20", "30"))
    for k, number in enumerate((0, 10, 20, 30)):
        np.testing.assert_allclose(scene.cameras.T_world_camera[k], pose(number), atol=1e-9)
        # ARKit counts the centre of the first pixel as 0; each frame has its own matrix.
        own = arkit_intrinsics(number)
        np.testing.assert_allclose(scene.cameras.K[k] - own, [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])
        released = scene.store.intrinsics_as_released()[f"intrinsic_color_{k}"]
        np.testing.assert_allclose(released[:3, :3], own)
    assert scene.cameras.lens == (PINHOLE,) * 4
    assert scene.notes["frames without a pose"] == 1
    assert "poses" not in scene.notes


def test_arkit_is_used_where_there_is_no_model(tmp_path: Path) -> None:
    folder = write_scene(tmp_path) / "iphone"
    shutil.rmtree(folder / "colmap")
    scene = ScanNetPPAdapter(tmp_path).load(ID)
    assert len(scene.frames) == 5
    assert scene.notes["poses"] == "aligned_pose: there is no COLMAP model"
    with pytest.raises(SceneError, match=r"iphone/colmap: there is no COLMAP model"):
        ScanNetPPAdapter(tmp_path, poses="colmap").load(ID)
    (folder / "pose_intrinsic_imu.json").unlink()
    with pytest.raises(SceneError, match=r"pose_intrinsic_imu\.json: the file is missing"):
        ScanNetPPAdapter(tmp_path).load(ID)


@pytest.mark.parametrize("broken", ["left out", None, [[1, 2], [3]], "text", np.full((4, 4), np.nan).tolist()])
@pytest.mark.parametrize("key", ["aligned_pose", "intrinsic"])
def test_a_broken_pose_costs_its_own_frame(tmp_path: Path, key: str, broken: object) -> None:
    path = write_scene(tmp_path) / "iphone/pose_intrinsic_imu.json"
    content = json.loads(path.read_text())
    content["frame_000010"][key] = broken
    if broken == "left out":
        del content["frame_000010"][key]
    path.write_text(json.dumps(content).replace("NaN", "null"))
    scene = ScanNetPPAdapter(tmp_path, poses="aligned_pose").load(ID)
    assert scene.frame_number == ("0", "20", "30", "40")
    what = "poses dropped" if key == "aligned_pose" else "frames whose image is not of its camera's size"
    assert scene.notes[what] == 1


def test_images_that_colmap_gave_no_finite_pose_are_counted(tmp_path: Path) -> None:
    room = Room()
    room.posed[20] = np.full((4, 4), np.nan)
    scene = loaded(tmp_path, room)
    assert scene.frame_number == ("10", "40")
    assert scene.notes["images without a finite pose"] == 1


def test_registered_frames_without_an_image_are_counted(tmp_path: Path) -> None:
    room = Room()
    room.posed[15] = pose(15)
    scene = loaded(tmp_path, room)
    assert scene.frame_number == ("10", "20", "40")
    assert scene.notes["posed frames without an image"] == 1


def test_a_model_of_other_frames(tmp_path: Path) -> None:
    room = Room()
    room.posed = {11: pose(11)}
    with pytest.raises(SceneError, match="no frame has both an image and a pose"):
        loaded(tmp_path, room)


def test_two_images_of_one_number(tmp_path: Path) -> None:
    path = write_scene(tmp_path) / "iphone/colmap/images.txt"
    path.write_text(path.read_text().replace("video/frame_000020", "other/frame_000010"))
    with pytest.raises(SceneError, match=r"images\.txt: two images are frame 10"):
        ScanNetPPAdapter(tmp_path).load(ID)


def test_images_that_are_no_frames_of_the_video(tmp_path: Path) -> None:
    path = write_scene(tmp_path) / "iphone/colmap/images.txt"
    path.write_text(path.read_text().replace("video/frame_000020", "video/DSC2").replace("frame_000040", "DSC4"))
    scene = ScanNetPPAdapter(tmp_path).load(ID)
    assert scene.frame_number == ("10",)
    assert scene.notes["images that are no frames"] == 2


# --- images -----------------------------------------------------------------------------------------------------------


def test_images_of_another_size_are_left_out_and_counted(tmp_path: Path) -> None:
    folder = write_scene(tmp_path) / "iphone/rgb"
    (folder / "frame_000020.jpg").write_bytes(jpeg(20, (80, 60)))
    (folder / "frame_000040.jpg").write_bytes(b"damaged")
    scene = ScanNetPPAdapter(tmp_path).load(ID)
    assert scene.frame_number == ("10",)
    assert scene.notes["frames whose image is not of its camera's size"] == 1
    assert scene.notes["frames whose image cannot be read"] == 1


@pytest.mark.parametrize("poses", ["colmap", "aligned_pose"])
def test_resized_images_are_refused_in_words(tmp_path: Path, poses: str) -> None:
    folder = write_scene(tmp_path) / "iphone/rgb"
    for path in folder.iterdir():
        path.write_bytes(jpeg(1, (80, 60)))
    with pytest.raises(SceneError, match="the images have 80x60 pixels, which are not those of their cameras"):
        ScanNetPPAdapter(tmp_path, poses=poses).load(ID)
    for path in folder.iterdir():
        path.write_bytes(b"damaged")
    with pytest.raises(SceneError, match="no image can be read"):
        ScanNetPPAdapter(tmp_path, poses=poses).load(ID)


def test_two_files_of_one_number(tmp_path: Path) -> None:
    folder = write_scene(tmp_path) / "iphone/rgb"
    (folder / "frame_10.png").write_bytes(b"")
    with pytest.raises(SceneError, match=r"frame_000010\.jpg and frame_10\.png are both frame 10"):
        ScanNetPPAdapter(tmp_path).load(ID)


def test_masks_tell_what_was_hidden(tmp_path: Path) -> None:
    folder = write_scene(tmp_path) / "iphone"
    assert ScanNetPPAdapter(tmp_path).load(ID).store.mask(0) is None
    (folder / "rgb_masks").mkdir()
    mask = np.full((30, 40), 255, dtype=np.uint8)
    Image.fromarray(mask).save(folder / "rgb_masks/frame_000010.png")
    mask[5:9, 20:] = 0
    Image.fromarray(mask).save(folder / "rgb_masks/frame_000020.png")
    store = ScanNetPPAdapter(tmp_path).load(ID).store
    assert store.mask(0) is None  # all 255
    assert store.mask(2) is None  # absent
    np.testing.assert_array_equal(store.mask(1), mask == 0)
    (folder / "rgb_masks/frame_000020.png").write_bytes(b"\x89PNG damaged")
    with pytest.raises(SceneError, match=r"frame_000020\.png: the mask cannot be read"):
        store.mask(1)


def test_no_frames_and_no_stream(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    shutil.rmtree(folder / "iphone/rgb")
    with pytest.raises(SceneError, match=r"iphone: the stream has no frames"):
        ScanNetPPAdapter(tmp_path).load(ID)
    shutil.rmtree(folder / "iphone")
    with pytest.raises(SceneError, match=r"has no iphone/\n.*options: \{stream: dslr\}"):
        ScanNetPPAdapter(tmp_path).load(ID)
    shutil.rmtree(folder / "dslr")
    with pytest.raises(SceneError, match=r"has no iphone/\n.*download iphone/ or dslr/"):
        ScanNetPPAdapter(tmp_path).load(ID)


# --- videos -----------------------------------------------------------------------------------------------------------


def video_bytes(path: Path, frames: int, size: tuple[int, int], gray: Callable[[int], np.ndarray]) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=60)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for k in range(frames):
            image = np.repeat(gray(k)[..., None], 3, axis=-1).astype(np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


@pytest.fixture
def filmed(tmp_path: Path) -> Path:
    """The scene with rgb.mkv and rgb_mask.mkv of 45 frames in the place of what is extracted from them."""
    folder = write_scene(tmp_path) / "iphone"
    shutil.rmtree(folder / "rgb")
    video_bytes(folder / "rgb.mkv", 45, SIZE, lambda k: np.full((30, 40), 40 + 4 * k))
    hidden = np.zeros((30, 40))
    hidden[3:7] = 1
    video_bytes(folder / "rgb_mask.mkv", 45, SIZE, lambda k: 255 - 255 * hidden * (k == 20))
    return tmp_path


def test_of_a_video_rank_and_number_are_one(filmed: Path) -> None:
    scene = ScanNetPPAdapter(filmed).load(ID)
    assert scene.frames == scene.frame_number == ("10", "20", "40")
    for k, number in enumerate(POSED):
        blob = scene.store.color(k)
        image = Image.open(io.BytesIO(blob.read()))
        assert (blob.suffix, image.format, image.size) == (".jpg", "JPEG", SIZE)
        assert abs(int(np.asarray(image).mean()) - (40 + 4 * number)) <= 2
    assert "frames without a pose" not in scene.notes


def test_frames_of_a_video_have_the_same_bytes_in_any_order(filmed: Path) -> None:
    scene = ScanNetPPAdapter(filmed, poses="aligned_pose").load(ID)
    forward = [scene.store.color(k).read() for k in range(5)]
    again = pickle.loads(pickle.dumps(scene)).store
    assert [again.color(k).read() for k in (4, 0, 3, 3, 1, 2)] == [forward[k] for k in (4, 0, 3, 3, 1, 2)]


def test_a_mask_video_is_looked_up_by_number(filmed: Path) -> None:
    store = ScanNetPPAdapter(filmed).load(ID).store
    hidden = store.mask(1)
    assert store.mask(0) is None
    assert hidden is not None
    assert np.flatnonzero(hidden.any(axis=1)).tolist() == [3, 4, 5, 6]


def test_extracted_frames_go_before_the_video(filmed: Path) -> None:
    folder = filmed / "data" / ID / "iphone"
    (folder / "rgb").mkdir()
    (folder / "rgb/frame_000020.jpg").write_bytes(jpeg(20))
    scene = ScanNetPPAdapter(filmed).load(ID)
    assert (scene.frames, scene.frame_number) == (("0",), ("20",))


def test_a_video_of_another_size(filmed: Path) -> None:
    video_bytes(filmed / "data" / ID / "iphone/rgb.mkv", 3, (20, 14), lambda k: np.full((14, 20), 9))
    with pytest.raises(SceneError, match="the images have 20x14 pixels"):
        ScanNetPPAdapter(filmed).load(ID)


@pytest.mark.parametrize("file", ["rgb.mkv", "rgb_mask.mkv"])
def test_the_packages_that_are_lacking_are_named(filmed: Path, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    if file == "rgb_mask.mkv":
        write_iphone(filmed / "data" / ID / "iphone", Room())
    with pytest.raises(SceneError, match=rf'{file}: PyAV is not installed.*\n.*pip install "spargen\[scannetpp\]"'):
        ScanNetPPAdapter(filmed).load(ID)


# --- the DSLR ---------------------------------------------------------------------------------------------------------


def test_fisheye_images_have_their_own_lens(tmp_path: Path) -> None:
    scene = loaded(tmp_path, stream="dslr")
    assert scene.frames == scene.frame_number or scene.frame_number == ()
    assert scene.frames == DSLR_NAMES
    assert scene.color_suffix == (".jpg",) * 3
    assert scene.cameras.lens == (Lens("OPENCV_FISHEYE", FISHEYE[4:]),) * 3
    assert scene.cameras.size_px.tolist() == [list(DSLR_SIZE)] * 3
    np.testing.assert_allclose(scene.cameras.K[0][:2, 2], FISHEYE[2:4])
    for k in range(3):
        np.testing.assert_allclose(scene.cameras.T_world_camera[k], pose(7 * k), atol=1e-9)
    assert scene.store.depth(0) is None
    assert scene.notes["stream"] == "dslr"
    assert "frames without depth" not in scene.notes


def test_undistorted_images_have_the_json_files_camera_and_the_meshs_world(tmp_path: Path) -> None:
    scene = loaded(tmp_path, stream="dslr_undistorted")
    fisheye = ScanNetPPAdapter(tmp_path, stream="dslr").load(ID)
    np.testing.assert_allclose(scene.cameras.T_world_camera, fisheye.cameras.T_world_camera, atol=1e-9)
    np.testing.assert_allclose(scene.store.pose_as_released(2), pose(14), atol=1e-9)
    assert scene.cameras.lens == (PINHOLE,) * 3
    fx, fy, cx, cy = UNDISTORTED_K  # not the fisheye's, whose middle lies elsewhere
    np.testing.assert_allclose(scene.cameras.K[1], [[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    assert scene.store.color(0).path.parent.name == "resized_undistorted_images"


def test_the_hidden_rotation_is_undone_whole() -> None:
    """The json's world, written out as the toolbox makes it, against the product of matrices that undoes it."""
    T = rigid(33.0, (1, 2, 3)) @ np.array([[0, 0, 1.0, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
    there = to_json_world(T)
    np.testing.assert_allclose(W @ there @ np.diag([1, -1, -1, 1]), T, atol=1e-12)
    assert there[2, 3] == -3  # its up is -Z


@pytest.mark.parametrize("stream", ["dslr", "dslr_undistorted"])
def test_bad_images_are_left_out(tmp_path: Path, stream: str) -> None:
    room = Room(bad=(DSLR_NAMES[0], DSLR_NAMES[2]))  # one of the frames, one of the test frames
    scene = loaded(tmp_path, room, stream=stream)
    assert scene.frames == (DSLR_NAMES[1],)
    assert scene.notes["frames marked as bad"] == 2
    np.testing.assert_allclose(scene.cameras.T_world_camera[0], pose(7), atol=1e-9)


def test_hidden_test_images_and_unposed_ones_are_counted(tmp_path: Path) -> None:
    folder = write_scene(tmp_path) / "dslr"
    for part in ("resized_images", "resized_undistorted_images"):
        (folder / part / "DSC01240.JPG").rename(folder / part / "DSC01299.JPG")
    for stream in ("dslr", "dslr_undistorted"):
        scene = ScanNetPPAdapter(tmp_path, stream=stream).load(ID)
        assert scene.frames == DSLR_NAMES[:2]
        assert scene.notes["posed frames without an image"] == scene.notes["frames without a pose"] == 1


def test_masks_of_the_dslr(tmp_path: Path) -> None:
    folder = write_scene(tmp_path) / "dslr"
    mask = np.full(DSLR_SIZE[::-1], 255, dtype=np.uint8)
    mask[:3] = 0
    for part in ("resized_anon_masks", "resized_undistorted_masks"):
        (folder / part).mkdir()
        Image.fromarray(mask).save(folder / part / "DSC01235.png")
        mask[:9] = 0
    fisheye, undistorted = (ScanNetPPAdapter(tmp_path, stream=s).load(ID).store for s in ("dslr", "dslr_undistorted"))
    assert fisheye.mask(0) is None
    assert [store.mask(1).sum() for store in (fisheye, undistorted)] == [180, 540]


def test_without_the_json_file_nothing_is_bad(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, Room(bad=DSLR_NAMES)) / "dslr"
    with pytest.raises(SceneError, match="no frame has both an image and a pose"):
        ScanNetPPAdapter(tmp_path, stream="dslr").load(ID)
    (folder / "nerfstudio/transforms.json").unlink()
    assert len(ScanNetPPAdapter(tmp_path, stream="dslr").load(ID).frames) == 3
    (folder / "nerfstudio/transforms_undistorted.json").unlink()
    with pytest.raises(SceneError, match=r"transforms_undistorted\.json: the file is missing"):
        ScanNetPPAdapter(tmp_path, stream="dslr_undistorted").load(ID)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda body: body.pop("fl_x"), "lacks a camera or the pose of a frame"),
        (lambda body: body["frames"][0].pop("transform_matrix"), "lacks a camera or the pose of a frame"),
        (lambda body: body["frames"][0].update(transform_matrix=[[1]]), "lacks a camera or the pose of a frame"),
        (lambda body: body["frames"].append(3), "lacks a camera or the pose of a frame"),
        (lambda body: body.update(camera_model="OPENCV_FISHEYE"), "its camera model is OPENCV_FISHEYE"),
        (lambda body: body["frames"].append(body["frames"][0]), "two images are called DSC01234"),
    ],
)
def test_broken_json_files_of_undistorted_images(tmp_path: Path, change: Callable[[dict], object], what: str) -> None:
    path = write_scene(tmp_path) / "dslr/nerfstudio/transforms_undistorted.json"
    body = json.loads(path.read_text())
    change(body)
    path.write_text(json.dumps(body))
    with pytest.raises(SceneError, match=rf"transforms_undistorted\.json: .*{what}"):
        ScanNetPPAdapter(tmp_path, stream="dslr_undistorted").load(ID)


def test_broken_lists_of_bad_images(tmp_path: Path) -> None:
    path = write_scene(tmp_path) / "dslr/nerfstudio/transforms.json"
    path.write_text(json.dumps({"frames": [1]}))
    with pytest.raises(SceneError, match=r"transforms\.json: its lists of frames cannot be read"):
        ScanNetPPAdapter(tmp_path, stream="dslr").load(ID)


# --- annotation -------------------------------------------------------------------------------------------------------


def test_of_several_claimants_the_smallest_keeps_a_vertex(tmp_path: Path) -> None:
    floor, table, chair = Room().groups
    everything = group(9, "room", range(24), obb((2, 1.5, 1.25), (4, 3, 2.5)))
    floor["segments"] += chair["segments"]
    for order in (1, -1):
        scene = loaded(tmp_path, grouped(*[floor, table, everything, chair][::order]))
        assert scene.objects.label == ("table", "office chair", "floor", "room")
        np.testing.assert_allclose(scene.objects.center_m[1], [3, 2, 0.45], atol=1e-6)
        np.testing.assert_allclose(scene.objects.center_m[3], [2, 3, 1.25], atol=1e-6)  # what is left: the wall
        assert scene.notes["vertices claimed twice"] == 20


def test_segments_that_are_no_vertices_do_as_well(tmp_path: Path) -> None:
    room = Room()
    room.segments = [100 - k // 4 for k in range(24)]
    for one, ids in zip(room.groups, ([100], [99, 98], [97, 96]), strict=True):
        one["segments"] = ids
    np.testing.assert_allclose(loaded(tmp_path, room).objects.center_m, loaded(tmp_path).objects.center_m)


def test_the_object_zero_is_none(tmp_path: Path) -> None:
    room = Room()
    room.groups += [group(0, "nothing", [20, 21]), group(-3, "nothing", [22])]
    scene = loaded(tmp_path, room)
    assert scene.objects.id.tolist() == [2, 4, 7]
    assert scene.notes["share of vertices without object"] == round(4 / 24, 4)


@pytest.mark.parametrize("label", ["REMOVE", "SPLIT", "split", "object", "structure", "unknown"])
def test_groups_to_be_ignored_hide_and_are_not_asked_about(tmp_path: Path, label: str) -> None:
    room = Room()
    room.groups.append(group(11, label, range(20, 24), obb((2, 3, 1.25), (4, 0, 2.5))))
    scene = loaded(tmp_path, room)
    assert scene.objects.label[-1] == label
    assert scene.surface.face_object[-1] == 3  # it stays in the mesh
    table = LabelTable.of(scene.objects.label, label_rules())
    assert not table.askable[3]
    assert table.present[3]
    assert table.askable[0]


def test_a_released_box_that_fits_is_used(tmp_path: Path) -> None:
    """A box is released that is turned by 90 degrees, its axes named in another order, and 2 cm too wide."""
    floor, table, chair = Room().groups
    table["obb"] = obb((1, 1, 0.35), (0.6, 1.22, 0.7), (2, 0, 1), 90.0)
    scene = loaded(tmp_path, grouped(floor, table, chair))
    R, extent = scene.objects.R_world_box[0], scene.objects.extent_m[0]
    np.testing.assert_allclose(extent, [0.7, 0.6, 1.22])  # side and axis stay together
    np.testing.assert_allclose(np.abs(R) @ extent, [1.22, 0.6, 0.7], atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(R), 1)
    assert "boxes of the data set not used" not in scene.notes


@pytest.mark.parametrize(
    "box",
    [
        obb((1, 1, 0.35), (1.3, 0.6, 0.7)),  # 5 cm beyond the vertices on two sides
        obb((1.04, 1, 0.35), (1.2, 0.6, 0.7)),  # shifted
        obb((1, 1, 0.35), (0.6, 0.3, 0.35)),  # half lengths
        obb((1, 1, 0.35), (1.2, 0.6, 0.7), turn_deg=20),
        {**obb((1, 1, 0.35), (1.2, 0.6, 0.7)), "normalizedAxes": [0.96, 0, 0.28, 0, 1, 0, -0.28, 0, 0.96]},  # leans
    ],
)
def test_a_released_box_that_does_not_fit_is_not_used(tmp_path: Path, box: dict) -> None:
    floor, table, chair = Room().groups
    table["obb"] = box
    scene = loaded(tmp_path, grouped(floor, table, chair))
    np.testing.assert_allclose(scene.objects.center_m[0], [1, 1, 0.35], atol=1e-6)
    np.testing.assert_allclose(
        size_lwh_m(scene.objects.extent_m, scene.objects.R_world_box)[0], [1.2, 0.6, 0.7], atol=1e-6
    )
    assert scene.notes["boxes of the data set not used"] == 1


def test_a_released_box_that_leans_is_not_used_although_it_fits(tmp_path: Path) -> None:
    """A board leans by 30 degrees, and its box with it; boxes are those of things that stand."""
    room = Room()
    c, s = np.cos(np.radians(30)), np.sin(np.radians(30))
    tilt = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    room.vertices[4:12] = (room.vertices[4:12] - [1, 1, 0.35]) @ tilt.T + [1, 1, 0.6]
    room.groups[1]["obb"] = {**obb((1, 1, 0.6), (1.2, 0.6, 0.7)), "normalizedAxes": tilt.T.ravel().tolist()}
    scene = loaded(tmp_path, room)
    assert np.abs(scene.objects.R_world_box[0, 2]).max() == 1
    sides = size_lwh_m(scene.objects.extent_m, scene.objects.R_world_box)[0]
    np.testing.assert_allclose(sides, [1.2 * c + 0.7 * s, 0.6, 1.2 * s + 0.7 * c], atol=1e-6)
    assert scene.notes["boxes of the data set not used"] == 1


def test_a_released_box_around_strays_is_not_used(tmp_path: Path) -> None:
    """The annotation tool boxed a scrap 2 m off with the table; the table's own box is smaller."""
    room = Room()
    scrap = np.array([[1, 3, 0.3], [1.02, 3, 0.3], [1, 3, 0.32]])
    room.vertices = np.concatenate([room.vertices, scrap])
    room.faces = np.concatenate([room.faces, [[24, 25, 26]]])
    room.segments = list(range(27))
    room.groups[1] = group(2, "table", [*range(4, 12), 24, 25, 26], obb((1, 1.85, 0.35), (1.2, 2.3, 0.7)))
    scene = loaded(tmp_path, room)
    np.testing.assert_allclose(scene.objects.center_m[0], [1, 1, 0.35], atol=1e-6)
    assert scene.notes["stray pieces left out"] == 1
    assert scene.notes["boxes of the data set not used"] == 1


@pytest.mark.parametrize(
    "box",
    [
        None,
        {},
        {"centroid": [1, 2]},
        {**obb((1, 1, 0.35), (1.2, 0.6, 0.7)), "axesLengths": [None, 1, 1]},
        {**obb((1, 1, 0.35), (1.2, 0.6, 0.7)), "axesLengths": [-1.2, 0.6, 0.7]},
        {**obb((1, 1, 0.35), (1.2, 0.6, 0.7)), "normalizedAxes": [0] * 9},
        {**obb((1, 1, 0.35), (1.2, 0.6, 0.7)), "normalizedAxes": [1, 0, 0, 1, 0, 0, 0, 0, 1]},
    ],
)
def test_what_is_no_box_is_not_used(tmp_path: Path, box: object) -> None:
    floor, table, chair = Room().groups
    table["obb"] = box
    scene = loaded(tmp_path, grouped(floor, table, chair))
    np.testing.assert_allclose(scene.objects.center_m[0], [1, 1, 0.35], atol=1e-6)


def test_left_handed_axes_are_turned_round(tmp_path: Path) -> None:
    floor, table, chair = Room().groups
    table["obb"] = {**obb((1, 1, 0.35), (1.2, 0.62, 0.7)), "normalizedAxes": [1, 0, 0, 0, -1, 0, 0, 0, 1]}
    scene = loaded(tmp_path, grouped(floor, table, chair))
    assert scene.objects.extent_m[0].tolist() == [1.2, 0.62, 0.7]
    np.testing.assert_allclose(np.linalg.det(scene.objects.R_world_box), 1)


def test_numbers_of_a_genuine_box_agree_with_its_own_bounds() -> None:
    """A ceiling of a published excerpt: full lengths, and axes one after the other, give its min and max."""
    from scene_adapters.obb import released_box

    fields = {
        "obb": {
            "centroid": [6.650374, 1.900442, 3.092642],
            "axesLengths": [3.630031, 0.299188, 1.279091],
            "normalizedAxes": [-0.001144, -0.999999, -2.2e-16, 0, -2.2e-16, 1, -0.999999, 0.001144, 2.5e-19],
        }
    }
    center, extent, R = released_box(fields)
    np.testing.assert_allclose(center - np.abs(R) @ extent / 2, [6.008753, 0.084696, 2.943048], atol=2e-6)
    np.testing.assert_allclose(center + np.abs(R) @ extent / 2, [7.291996, 3.716188, 3.242236], atol=2e-6)
    np.testing.assert_allclose(np.linalg.det(R), 1, atol=1e-5)


CLASSES_V1 = (
    ",class,count,vertex_count,voxel_count,semantic_map_to,instance_map_to\n1,table,5,5,5,,\n2,floor,1,1,1,None,None\n"
)
CLASSES_V2 = "class,semantic_map_to,instance_map_to\ntable,,\nfloor,None,None\n"


@pytest.mark.parametrize("table", [CLASSES_V1, CLASSES_V2, CLASSES_V2.replace("\n", "\r\n")])
def test_class_lists_only_count_labels(tmp_path: Path, table: str) -> None:
    write_scene(tmp_path)
    benchmark = tmp_path / "metadata/semantic_benchmark/map_benchmark.csv"
    benchmark.parent.mkdir(parents=True)
    benchmark.write_bytes(table.encode())
    scene = ScanNetPPAdapter(tmp_path).load(ID)
    assert scene.notes["objects with labels outside the class list"] == 1
    assert scene.objects.label == ("table", "office chair", "floor")
    (tmp_path / "metadata/semantic_classes.txt").write_text("office chair\nlamp\n")
    notes = ScanNetPPAdapter(tmp_path).load(ID).notes
    assert "class list" not in notes
    assert "objects with labels outside the class list" not in notes
    benchmark.write_text("label,map\nx,y\n")
    with pytest.raises(SceneError, match=r"map_benchmark\.csv: the table has no column class"):
        ScanNetPPAdapter(tmp_path).load(ID)


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("segments.json", '{"segIndices": [0, 1]}', "it has 2 vertices, but the mesh has 24"),
        ("segments.json", "{}", "segIndices is not a list of whole numbers"),
        ("segments.json", "nothing", "the file is not JSON"),
        ("segments_anno.json", "{}", "there is no list segGroups"),
        ("segments_anno.json", '{"segGroups": [{"objectId": 1}]}', r"segGroups\[0\] lacks"),
        ("mesh_aligned_0.05.ply", "ply\n", "the file has no PLY header"),
    ],
)
def test_broken_scans(tmp_path: Path, file: str, text: str, what: str) -> None:
    folder = write_scene(tmp_path) / "scans"
    (folder / file).write_text(text)
    with pytest.raises(SceneError, match=rf"{file}: {what}"):
        ScanNetPPAdapter(tmp_path).load(ID)


# --- layouts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["data", "scans", "."])
def test_scenes_lie_in_data_or_scans_or_the_root(tmp_path: Path, part: str) -> None:
    write_scene(tmp_path, part=part)
    assert ScanNetPPAdapter(tmp_path).scenes() == [ID]
    assert ScanNetPPAdapter(tmp_path).load(ID).id == ID
    if part == "data":
        assert ScanNetPPAdapter(tmp_path / "data").scenes() == [ID]


def test_the_lists_of_splits(tmp_path: Path) -> None:
    names = ("a0", "a1", "a2", "a3", "a4", "a5")
    for name in names:
        write_scans(tmp_path / "data" / name / "scans", Room())
    for name in ("a2", "a3", "a5"):
        (tmp_path / "data" / name / "scans/segments_anno.json").unlink()
    (tmp_path / "data/no scene").mkdir()
    assert {ScanNetPPAdapter(tmp_path).split(name) for name in names} == {"train"}
    (tmp_path / "splits").mkdir()
    lists = {
        "nvs_sem_train": "a0\n",
        "nvs_sem_val": "a1",
        "nvs_test": "a2\r\na4\r\n",
        "sem_test": "a3\n",
        "other": "a5",
    }
    for name, text in lists.items():
        (tmp_path / f"splits/{name}.txt").write_text(text)
    for adapter in (ScanNetPPAdapter(tmp_path), ScanNetPPAdapter(tmp_path / "data")):
        assert [adapter.split(name) for name in names] == ["train", "val", "test", "test", "test", "train"]
        # Not listed: what has no annotation and should have none. Listed: a gap in the download.
        assert adapter.scenes() == ["a0", "a1", "a4", "a5"]
        with pytest.raises(SceneError, match="a scene of the test splits has no annotation"):
            adapter.load("a2")
        with pytest.raises(SceneError, match=r"the scene has no scans/segments_anno\.json"):
            adapter.load("a5")


def test_unknown_scenes_and_empty_roots(tmp_path: Path) -> None:
    write_scene(tmp_path)
    with pytest.raises(SceneError, match=r"there is no scene '02455b3d21'\n.*did you mean 02455b3d20"):
        ScanNetPPAdapter(tmp_path).load("02455b3d21")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SceneError, match=r"no annotated ScanNet\+\+ scene here"):
        ScanNetPPAdapter(tmp_path / "empty").scenes()
    with pytest.raises(SceneError, match="the folder cannot be read"):
        ScanNetPPAdapter(tmp_path / "nowhere").scenes()


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"stream": "iphon"}, r"there is no stream 'iphon'\n.*did you mean iphone"),
        ({"poses": "pose"}, "there is no poses 'pose'"),
        ({"stream": "dslr", "poses": "colmap"}, "the stream dslr has poses of one kind only"),
    ],
)
def test_options_are_checked(tmp_path: Path, options: dict, what: str) -> None:
    with pytest.raises(SceneError, match=what):
        ScanNetPPAdapter(tmp_path, **options)


def test_options_come_from_the_job(tmp_path: Path) -> None:
    write_scene(tmp_path)
    adapter = open_adapter(Source(adapter="scannetpp", root=tmp_path, options={"stream": "dslr"}), label_rules())
    assert adapter.load(ID).frames == DSLR_NAMES
    with pytest.raises(JobError, match="no option 'streams'"):
        open_adapter(Source(adapter="scannetpp", root=tmp_path, options={"streams": "dslr"}), label_rules())


# --- fingerprints -----------------------------------------------------------------------------------------------------

READ = ("scans/segments.json", "scans/segments_anno.json", "scans/mesh_aligned_0.05.ply")
IPHONE = ("iphone/colmap/images.txt", "iphone/colmap/cameras.txt", "iphone/rgb/frame_000010.jpg", "iphone/depth.bin")
DSLR = ("dslr/colmap/images.txt", "dslr/nerfstudio/transforms.json", "dslr/resized_images/DSC01234.JPG")


@pytest.mark.parametrize(("stream", "files"), [("iphone", (*READ, *IPHONE)), ("dslr", (*READ, *DSLR))])
def test_the_cheap_fingerprint_changes_with_each_file(tmp_path: Path, stream: str, files: tuple) -> None:
    folder = write_scene(tmp_path)
    adapter = ScanNetPPAdapter(tmp_path, stream=stream)
    before = adapter.fingerprint(ID)
    assert adapter.fingerprint(ID) == before
    for file in files:
        os.utime(folder / file, ns=(1, 1))
        after = adapter.fingerprint(ID)
        assert after != before, file
        before = after


def test_the_scenes_fingerprint_holds_what_was_read_and_no_time(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    first = ScanNetPPAdapter(tmp_path).load(ID).fingerprint
    os.utime(folder / "iphone/rgb/frame_000010.jpg", ns=(1, 1))
    assert ScanNetPPAdapter(tmp_path).load(ID).fingerprint == first
    found = {first}
    for options in ({"stream": "dslr"}, {"stream": "dslr_undistorted"}, {"poses": "aligned_pose"}):
        found.add(ScanNetPPAdapter(tmp_path, **options).load(ID).fingerprint)
    room = Room()
    room.posed[20] = pose(21)
    write_colmap(folder / "iphone/colmap", room)
    found.add(ScanNetPPAdapter(tmp_path).load(ID).fingerprint)
    (folder / "iphone/rgb/frame_000005.jpg").write_bytes(jpeg(5))  # not posed, but the others' ranks change
    found.add(ScanNetPPAdapter(tmp_path).load(ID).fingerprint)
    (folder / "iphone/rgb/frame_000040.jpg").write_bytes(jpeg(7) + b"more")
    found.add(ScanNetPPAdapter(tmp_path).load(ID).fingerprint)
    room.groups[0]["label"] = "ground"
    write_scans(folder / "scans", room)
    found.add(ScanNetPPAdapter(tmp_path).load(ID).fingerprint)
    assert len(found) == 8


def test_moved_data_is_the_same_data(tmp_path: Path) -> None:
    first = loaded(tmp_path / "a").fingerprint
    shutil.move(tmp_path / "a", tmp_path / "b")
    assert ScanNetPPAdapter(tmp_path / "b").load(ID).fingerprint == first


def test_arkit_alone_is_read_from_its_file(tmp_path: Path) -> None:
    folder = write_scene(tmp_path) / "iphone"
    scene = ScanNetPPAdapter(tmp_path, poses="aligned_pose").load(ID)
    room = Room()
    room.tracked[10] = pose(13)
    write_arkit(folder, room)
    assert ScanNetPPAdapter(tmp_path, poses="aligned_pose").load(ID).fingerprint != scene.fingerprint
