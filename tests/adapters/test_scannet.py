"""The ScanNet adapter: a tiny room read from every layout, every known trap, and broken files of each kind."""

from __future__ import annotations

import inspect
import json
import os
import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import spargen
from scene_adapters import scannet
from scene_adapters.scannet import ScanNetAdapter
from spargen.errors import SceneError
from spargen.scene.adapter import SceneAdapter
from spargen.scene.cameras import valid_poses
from spargen.scene.types import Scene
from tests.adapters.scannet_files import (
    COLOR_SIZE,
    DEPTH_SIZE,
    K_COLOR,
    K_DEPTH,
    LOST,
    TSV,
    A,
    Room,
    ply_bytes,
    sens_bytes,
    write_annotated,
    write_export,
    write_groups,
    write_scan,
    write_segments,
)

ID = "scene0000_00"
CORNER = np.array([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])


def loaded(root: Path, room: Room | None = None) -> Scene:
    write_scan(root, room)
    return ScanNetAdapter(root).load(ID)


def grouped(groups: list[dict]) -> Room:
    room = Room()
    room.groups = groups
    return room


def test_one_adapter_in_the_module() -> None:
    own = [c for c in vars(scannet).values() if inspect.isclass(c) and issubclass(c, SceneAdapter)]
    assert [c for c in own if c.__module__ == scannet.__name__] == [ScanNetAdapter]
    assert ScanNetAdapter.dataset == "scannet"


# --- the room, read right ---------------------------------------------------------------------------------------------


def test_objects_are_keyed_on_object_id_and_boxed_when_aligned(tmp_path: Path) -> None:
    objects = loaded(tmp_path).objects
    assert objects.id.tolist() == [2, 4, 7]
    assert objects.label == ("table", "office chair", "floor")
    np.testing.assert_allclose(objects.center_m, [[1, 1, 0.35], [3, 2, 0.45], [2, 1.5, 0]], atol=1e-5)
    # The released room is turned by 30 degrees: its sides lie along the world's axes only when aligned.
    sides = (np.abs(objects.R_world_box) @ objects.extent_m[:, :, None])[..., 0]
    np.testing.assert_allclose(sides, [[1.2, 0.6, 0.7], [0.4, 0.4, 0.9], [4, 3, 0]], atol=1e-5)


def test_vertices_and_poses_are_aligned_once(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    np.testing.assert_allclose(scene.surface.vertices_m.min(0), [0, 0, 0], atol=1e-5)
    np.testing.assert_allclose(scene.surface.vertices_m.max(0), [4, 3, 2.5], atol=1e-5)
    np.testing.assert_allclose(scene.cameras.position_m[2], [1.0, 1.5, 1.4], atol=1e-5)
    np.testing.assert_allclose(np.degrees(scene.cameras.heading_rad), [0, 15, 30, 45], atol=1e-4)
    np.testing.assert_allclose(scene.T_world_released, A, atol=1e-6)
    again = scene.T_world_released @ scene.store.pose_as_released(2)
    np.testing.assert_allclose(again, scene.cameras.T_world_camera[2])


def test_faces_belong_to_the_object_of_two_corners(tmp_path: Path) -> None:
    room = Room()
    # two corners on the floor, then thrice on the chair; floor, table, chair -> nobody's; wall, wall, table too
    pairs = [[0, 1, 4], [20, 12, 13], [12, 20, 13], [12, 13, 20]]
    room.faces = np.concatenate([room.faces, pairs, [[0, 4, 12], [20, 21, 4]]])
    scene = loaded(tmp_path, room)
    assert scene.surface.face_object.tolist() == [2] * 2 + [0] * 12 + [1] * 12 + [-1] * 2 + [2, 1, 1, 1, -1, -1]
    np.testing.assert_array_equal(scene.surface.faces, room.faces)


def test_intrinsics_are_calibrated_and_moved_to_the_corner_convention(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    for K, size in zip(scene.cameras.K, scene.cameras.size_px, strict=True):
        np.testing.assert_allclose(K, K_COLOR[:3, :3] + CORNER, rtol=1e-6)  # not the factory values of the .txt
        assert tuple(size) == COLOR_SIZE
    np.testing.assert_allclose(scene.store.intrinsics_as_released()["intrinsic_color"], K_COLOR, rtol=1e-6)


def test_colour_and_depth_pixels_agree_about_a_direction(tmp_path: Path) -> None:
    # The release scales its principal point by (W - 1) ratios, which is a plain scaling between image corners only
    # if its pixels are counted at their centres.
    color = loaded(tmp_path).cameras.K[0]
    depth = K_DEPTH[:3, :3] + CORNER
    np.testing.assert_allclose(color[:2, 2] / COLOR_SIZE, depth[:2, 2] / DEPTH_SIZE, atol=0.001)


def test_sizes_come_from_the_header(tmp_path: Path) -> None:
    # Some scans were recorded with colour images of the depth images' size.
    folder = write_scan(tmp_path)
    small = [Room().color(i, DEPTH_SIZE) for i in range(4)]
    (folder / f"{ID}.sens").write_bytes(sens_bytes(Room(), colors=small, color_size=DEPTH_SIZE, k_color=K_DEPTH))
    scene = ScanNetAdapter(tmp_path).load(ID)
    assert scene.cameras.size_px[0].tolist() == list(DEPTH_SIZE)
    np.testing.assert_allclose(scene.cameras.K[0], K_DEPTH[:3, :3] + CORNER, rtol=1e-6)
    assert "colour intrinsics" not in scene.notes


def test_nothing_amiss_leaves_one_note(tmp_path: Path) -> None:
    assert dict(loaded(tmp_path).notes) == {"share of vertices without object": round(4 / 24, 4)}


def test_a_scene_survives_pickling(tmp_path: Path) -> None:
    scene = pickle.loads(pickle.dumps(loaded(tmp_path)))
    assert scene.store.color(1).read() == Room().color(1)


# --- lost poses -------------------------------------------------------------------------------------------------------


def test_lost_poses_are_dropped_before_the_alignment(tmp_path: Path) -> None:
    room = Room()
    room.poses[0], room.poses[2] = LOST, np.zeros((4, 4))
    scene = loaded(tmp_path, room)
    assert scene.frames == ("1", "3")
    assert scene.notes["poses dropped"] == 2
    assert scene.store.color(1).read() == room.color(3)
    np.testing.assert_allclose(scene.cameras.position_m[:, 0], [0.75, 1.25], atol=1e-5)


def test_a_quarter_turn_is_a_valid_pose(tmp_path: Path) -> None:
    # T[0][0] == 0 is no sign of a lost pose, whatever one published exporter thinks.
    room = Room()
    room.poses[0] = np.array([[0, -1.0, 0, 1], [0, 0, -1, 1], [1, 0, 0, 1], [0, 0, 0, 1]])
    assert loaded(tmp_path, room).frames == ("0", "1", "2", "3")


def sheared(by: float) -> Room:
    """The room with poses that stretch along one diagonal of the floor: R R^T is off the identity by `by`."""
    room = Room()
    E = np.eye(3)
    E[:2, :2] += by / 2
    for pose in room.poses:
        pose[:3, :3] = E @ pose[:3, :3]
    return room


def test_poses_of_three_digits_are_made_rigid_and_counted(tmp_path: Path) -> None:
    room = Room()
    whole = [pose.copy() for pose in room.poses]
    room.poses = [np.round(pose, 3) for pose in room.poses]
    scene = loaded(tmp_path, room)
    assert scene.notes["poses made rigid"] == 3  # one has nothing to round
    assert "poses dropped" not in scene.notes
    R = scene.cameras.T_world_camera[:, :3, :3]
    np.testing.assert_allclose(R @ R.transpose(0, 2, 1), np.broadcast_to(np.eye(3), R.shape), atol=1e-6)
    np.testing.assert_allclose(R, (A @ np.array(whole))[:, :3, :3], atol=1.2e-3)
    # as released, to the last digit
    np.testing.assert_allclose(scene.store.pose_as_released(1), room.poses[1], atol=1e-6)


def test_poses_that_are_rigid_before_the_alignment_and_not_after_it_are_no_lost_scene(tmp_path: Path) -> None:
    room = sheared(0.0009)
    assert valid_poses(room.poses).all()
    assert not valid_poses(A @ np.array(room.poses)).all()
    scene = loaded(tmp_path, room)
    assert (len(scene.frames), scene.notes["poses made rigid"]) == (4, 4)


def test_poses_that_are_not_rigid_are_dropped(tmp_path: Path) -> None:
    room = Room()
    room.poses[1] = sheared(0.006).poses[1]
    room.poses[2][:3, :3] *= 1.01
    scene = loaded(tmp_path, room)
    assert scene.frames == ("0", "3")
    assert scene.notes["poses dropped"] == 2
    assert "poses made rigid" not in scene.notes


def test_no_valid_pose_at_all(tmp_path: Path) -> None:
    room = Room()
    room.poses = [LOST] * 3
    with pytest.raises(SceneError, match="no frame has a valid pose"):
        loaded(tmp_path, room)
    room.poses = []
    with pytest.raises(SceneError, match="no frame has a valid pose"):
        loaded(tmp_path, room)


# --- alignment --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [None, "colorWidth = 40\nsceneType = Bedroom / Hotel\n"])
def test_missing_alignment_is_identity_and_noted(tmp_path: Path, text: str | None) -> None:
    room = Room()
    room.text = text
    scene = loaded(tmp_path, room)
    np.testing.assert_array_equal(scene.T_world_released, np.eye(4))
    np.testing.assert_allclose(scene.surface.vertices_m, room.vertices, atol=1e-5)
    assert scene.notes["axis alignment"] == "none released, identity used"


MARKED = ("utf-8-sig", "utf-16", "utf-32")
"""Encodings whose texts Python writes a mark before."""


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\r\r\n"])
def test_line_endings(tmp_path: Path, ending: str) -> None:
    room = Room()
    room.text = (room.text or "").replace("\n", ending)
    folder = write_scan(tmp_path, room)
    table = TSV.replace("office chair", "stool").replace("\n", "\t\t" + ending)
    (tmp_path / "scannetv2-labels.combined.tsv").write_bytes(table.encode())
    scene = ScanNetAdapter(tmp_path).load(folder.name)
    np.testing.assert_allclose(scene.T_world_released, A, atol=1e-6)
    assert scene.notes["objects with labels outside the table"] == 1


@pytest.mark.parametrize("numbers", ["1 0 0 0", "nan " * 16, "2 0 0 0 0 2 0 0 0 0 2 0 0 0 0 1", "a b c"])
def test_broken_alignment(tmp_path: Path, numbers: str) -> None:
    room = Room()
    room.text = f"axisAlignment = {numbers}\n"
    with pytest.raises(SceneError, match=r"scene0000_00\.txt: axisAlignment is not a rigid"):
        loaded(tmp_path, room)


# --- annotation -------------------------------------------------------------------------------------------------------


def test_ids_that_are_text_or_null_do_not_matter(tmp_path: Path) -> None:
    room = Room()
    for group, other in zip(room.groups, ["17", None, 2], strict=True):
        group["id"] = other
    del room.groups[2]["id"]
    room.groups[0]["objectId"] = "7"
    assert loaded(tmp_path, room).objects.id.tolist() == [2, 4, 7]


def test_objects_of_one_label_do_not_share_segments(tmp_path: Path) -> None:
    room = Room()
    for group in room.groups:
        group["label"] = "table"
    objects = loaded(tmp_path, room).objects
    assert objects.label == ("table",) * 3
    np.testing.assert_allclose(objects.center_m[:, :2], [[1, 1], [3, 2], [2, 1.5]], atol=1e-5)


@pytest.mark.parametrize("order", [1, -1])
def test_the_smaller_of_two_claimants_keeps_a_segment(tmp_path: Path, order: int) -> None:
    # The floor (4 vertices of its own) claims the chair (8), the table (8) claims the floor's segment.
    groups = [
        {"id": 0, "objectId": 7, "segments": [0, 12], "label": "floor"},
        {"id": 1, "objectId": 4, "segments": [12], "label": "chair"},
        {"id": 2, "objectId": 2, "segments": [8, 4], "label": "table"},
    ][::order]
    scene = loaded(tmp_path, grouped(groups))
    np.testing.assert_allclose(scene.objects.extent_m[1, 2], 0.9, atol=1e-5)
    np.testing.assert_allclose(scene.objects.extent_m[2, 2], 0.0, atol=1e-5)
    assert scene.notes["vertices claimed twice"] == 8


def test_smaller_means_fewer_vertices_not_fewer_segments(tmp_path: Path) -> None:
    room = Room()
    room.segments = [0, 1, 2, 3, *room.segments[4:]]
    room.groups[0]["segments"] = [0, 1, 2, 3]  # the floor: 4 vertices
    room.groups[2]["segments"] = [12, 0]  # the chair: 8, and it claims one of the floor's
    objects = loaded(tmp_path, room).objects
    np.testing.assert_allclose(objects.center_m[1], [3, 2, 0.45], atol=1e-5)


def test_groups_without_vertices_are_absent(tmp_path: Path) -> None:
    room = Room()
    empty = [{"id": 5, "objectId": 0, "segments": [], "label": "lamp"}]
    stray = [{"id": 6, "objectId": 3, "segments": [999], "label": "ghost"}]
    room.groups = empty + stray + room.groups
    scene = loaded(tmp_path, room)
    assert scene.objects.id.tolist() == [2, 4, 7]
    assert scene.surface.face_object.max() == 2
    assert (scene.notes["objects without vertices"], scene.notes["segments not in the mesh"]) == (2, 1)


def test_a_scan_without_objects(tmp_path: Path) -> None:
    scene = loaded(tmp_path, grouped([]))
    assert len(scene.objects) == 0
    assert scene.notes["objects"] == "none is annotated"
    assert scene.notes["share of vertices without object"] == 1.0


def test_labels_stay_raw_and_unknown_ones_are_counted(tmp_path: Path) -> None:
    room = Room()
    for group, label in zip(room.groups, [" wppd [ame;owood paneling ", "Table", ""], strict=True):
        group["label"] = label
    scene = loaded(tmp_path, room)
    assert scene.objects.label == ("Table", "unknown", "wppd [ame;owood paneling")
    assert scene.notes["objects with labels outside the table"] == 3


def test_label_table_of_version_1_and_none(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    table = tmp_path / "scannetv2-labels.combined.tsv"
    table.write_text("id\tcategory\tnyu40id\n1\ttable\t7\n2\tchair\t5\n3\tfloor\t2\n")
    assert ScanNetAdapter(tmp_path).load(ID).notes["objects with labels outside the table"] == 1
    table.write_text("nothing\tof\tthe kind\n")
    with pytest.raises(SceneError, match="no column raw_category"):
        ScanNetAdapter(tmp_path).load(ID)
    table.unlink()
    assert ScanNetAdapter(tmp_path).load(folder.name).notes["label table"] == "not found"


def test_annotation_of_the_high_resolution_mesh_is_refused(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    # In the release the two files hold the same segments: only segmentsFile tells.
    write_groups(folder, Room().groups, segments_file="_vh_clean.segs.json")
    with pytest.raises(SceneError, match="high-resolution") as caught:
        ScanNetAdapter(tmp_path).load(ID)
    assert caught.value.where.endswith("scene0000_00.aggregation.json")


def test_segments_of_another_mesh_are_refused(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    write_segments(folder, [*Room().segments, 20])
    with pytest.raises(SceneError, match=r"segs\.json: it has 25 vertices, but the mesh has 24"):
        ScanNetAdapter(tmp_path).load(ID)


@pytest.mark.parametrize("file", ["segs", "groups"])
@pytest.mark.parametrize("named", ["scannet.scene0001_00", "scene0001_00"])
def test_the_annotation_of_another_scan_is_refused_by_its_name(tmp_path: Path, file: str, named: str) -> None:
    folder = write_scan(tmp_path)
    path = folder / (f"{ID}_vh_clean_2.0.010000.segs.json" if file == "segs" else f"{ID}.aggregation.json")
    path.write_text(path.read_text().replace(f"scannet.{ID}", named))
    with pytest.raises(SceneError, match=f"annotation of another scan: its sceneId is {named}") as caught:
        ScanNetAdapter(tmp_path).load(ID)
    assert caught.value.where == str(path)


@pytest.mark.parametrize("named", [f"scannet.{ID}", ID, "", None])
def test_the_scan_may_be_named_with_the_data_set_or_without_or_not_at_all(tmp_path: Path, named: str | None) -> None:
    folder = write_scan(tmp_path)
    for path in folder.glob("*.json"):
        content = json.loads(path.read_text())
        path.write_text(json.dumps({**content, "sceneId": named}))
    assert len(ScanNetAdapter(tmp_path).load(ID).objects) == 3


def test_groups_of_another_scan_are_refused(tmp_path: Path) -> None:
    room = Room()
    room.groups = [{"id": 0, "objectId": 0, "segments": [0, 1001, 1002], "label": "sofa"}]
    with pytest.raises(SceneError, match="2 of its 3 segments are not in"):
        loaded(tmp_path, room)


# --- layouts ----------------------------------------------------------------------------------------------------------


def test_listing_splits_and_spaces(tmp_path: Path) -> None:
    write_scan(tmp_path, scene_id="scene0010_01")
    write_scan(tmp_path, scene_id="scene0010_00")
    test = write_scan(tmp_path, scene_id="scene0707_00", part="scans_test")
    (test / "scene0707_00.aggregation.json").unlink()
    write_scan(tmp_path, scene_id="scene0708_00", part="scans_test")  # somebody annotated this one
    gap = write_scan(tmp_path, scene_id="scene0011_00")
    (gap / "scene0011_00.aggregation.json").unlink()
    (tmp_path / "scans" / "notes").mkdir()
    (tmp_path / "scans" / "scene0012_00").write_text("a file, no folder")
    adapter = ScanNetAdapter(tmp_path)
    assert adapter.scenes() == ["scene0010_00", "scene0010_01", "scene0011_00", "scene0708_00"]
    assert [adapter.split(s) for s in ("scene0010_00", "scene0707_00", "scene0708_00")] == ["train", "test", "test"]
    assert adapter.space("scene0010_00") == adapter.space("scene0010_01") == "scene0010"
    assert adapter.space("kitchen") == "kitchen"
    assert adapter.load("scene0708_00").id == "scene0708_00"
    with pytest.raises(SceneError, match="a test scan has no annotation"):
        adapter.load("scene0707_00")
    with pytest.raises(SceneError, match=r"no scene0011_00\.aggregation\.json"):
        adapter.load("scene0011_00")


@pytest.mark.parametrize("root", [".", "scans"])
def test_the_official_list_tells_validation_scans(tmp_path: Path, root: str) -> None:
    for name in ("scene0010_00", "scene0011_00"):
        write_scan(tmp_path, scene_id=name)
    write_scan(tmp_path, scene_id="scene0708_00", part="scans_test")
    names = ("scene0010_00", "scene0011_00", "scene0708_00") if root == "." else ("scene0010_00", "scene0011_00")
    assert [ScanNetAdapter(tmp_path / root).split(name) for name in names][:2] == ["train", "train"]
    (tmp_path / "scannetv2_val.txt").write_text("scene0011_00\r\nscene0708_00\r\n", encoding="utf-8-sig")
    found = [ScanNetAdapter(tmp_path / root).split(name) for name in names]
    assert found == ["train", "val", "test"][: len(names)]


def test_the_root_may_be_the_scans_folder(tmp_path: Path) -> None:
    write_scan(tmp_path)
    adapter = ScanNetAdapter(tmp_path / "scans")
    assert adapter.scenes() == [ID]
    assert "label table" not in adapter.load(ID).notes
    write_scan(tmp_path, scene_id="scene0708_00", part="scans_test")
    assert ScanNetAdapter(tmp_path / "scans_test").split("scene0708_00") == "test"


def test_unknown_scans_get_a_suggestion(tmp_path: Path) -> None:
    write_scan(tmp_path)
    adapter = ScanNetAdapter(tmp_path)
    with pytest.raises(SceneError, match="did you mean scene0000_00"):
        adapter.load("scene000_00")
    for name in ("", "..", "qqqq", f"../scans/{ID}"):
        with pytest.raises(SceneError, match="there is no scan"):
            adapter.load(name)


def test_a_root_without_scans(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="no annotated ScanNet scan here"):
        ScanNetAdapter(tmp_path).scenes()
    with pytest.raises(SceneError, match="cannot be read"):
        ScanNetAdapter(tmp_path / "nowhere").scenes()


def exported(root: Path, room: Room, **options: object) -> Scene:
    """The room with frames exported into the scan's own folder."""
    write_annotated(root / "scans" / ID, room)
    write_export(root / "scans" / ID, room, **options)
    return ScanNetAdapter(root).load(ID)


def test_exported_frames_in_the_scans_folder(tmp_path: Path) -> None:
    room = Room()
    scene = exported(tmp_path, room)
    assert scene.frames == ("0", "40", "80", "120")  # as numbers: "120" comes last
    np.testing.assert_allclose(scene.cameras.position_m[:, 0], [0.5, 0.75, 1.0, 1.25], atol=1e-5)
    np.testing.assert_allclose(scene.cameras.K[0], K_COLOR[:3, :3] + CORNER, atol=1e-5)
    blob = scene.store.color(3)
    assert blob.path == tmp_path / "scans" / ID / "color" / "120.jpg"
    assert (blob.suffix, blob.read()) == (".jpg", room.color(3))
    depth = scene.store.depth(3)
    assert depth is not None
    assert depth.path == tmp_path / "scans" / ID / "depth" / "120.png"
    assert set(scene.store.intrinsics_as_released()) == {
        f"{kind}_{of}" for kind in ("intrinsic", "extrinsic") for of in ("color", "depth")
    }
    np.testing.assert_allclose(scene.store.pose_as_released(1), room.poses[1], atol=1e-6)


def test_frames_as_spars_preparation_exports_them(tmp_path: Path) -> None:
    room = Room()
    write_annotated(tmp_path / "scans" / ID, room)
    write_export(tmp_path / "scans" / ID / "image", room)
    adapter = ScanNetAdapter(tmp_path)
    scene, before = adapter.load(ID), adapter.fingerprint(ID)
    assert scene.frames == ("0", "40", "80", "120")
    assert scene.store.color(3).path == tmp_path / "scans" / ID / "image" / "color" / "120.jpg"
    (tmp_path / "scans" / ID / "image" / "pose" / "40.txt").unlink()
    assert adapter.fingerprint(ID) != before
    # What lies in the scan's own folder comes first.
    write_export(tmp_path / "scans" / ID, room)
    assert adapter.load(ID).store.color(3).path == tmp_path / "scans" / ID / "color" / "120.jpg"


def test_frames_25k_beside_the_scans(tmp_path: Path) -> None:
    room = Room()
    room.poses[1] = LOST
    write_annotated(tmp_path / "scans" / ID, room)
    write_export(tmp_path / "scannet_frames_25k" / ID, room, step=100, width=6, flat=True)
    for root in (tmp_path, tmp_path / "scans"):
        scene = ScanNetAdapter(root).load(ID)
        assert scene.frames == ("0", "200", "300")
        assert scene.notes["poses dropped"] == 1
        color = scene.store.color(1)
        assert color.path is not None
        assert color.path.name == "000200.jpg"
        assert set(scene.store.intrinsics_as_released()) == {"intrinsic_color", "intrinsic_depth"}


def test_frame_names_do_not_depend_on_padding_or_listing_order(tmp_path: Path) -> None:
    room = Room()
    room.poses = room.poses * 3
    assert exported(tmp_path, room, step=1).frames == tuple(str(n) for n in range(12))


def test_single_missing_files_drop_their_frame(tmp_path: Path) -> None:
    room = Room()
    exported(tmp_path, room, step=1)
    folder = tmp_path / "scans" / ID
    (folder / "color" / "0.jpg").unlink()
    (folder / "pose" / "2.txt").unlink()
    (folder / "depth" / "3.png").unlink()
    (folder / "color" / "Thumbs.jpg").write_bytes(b"")
    scene = ScanNetAdapter(tmp_path).load(ID)
    assert scene.frames == ("1", "3")
    assert (scene.notes["frames incomplete"], scene.notes["frames without depth"]) == (2, 1)
    assert scene.store.color(1).read() == room.color(3)
    np.testing.assert_allclose(scene.cameras.position_m[:, 0], [0.75, 1.25], atol=1e-5)
    assert scene.store.depth(1) is None


def test_colour_exported_at_depth_size_takes_the_depth_intrinsics(tmp_path: Path) -> None:
    scene = exported(tmp_path, Room(), size=DEPTH_SIZE)
    np.testing.assert_allclose(scene.cameras.K[0], K_DEPTH[:3, :3] + CORNER, atol=1e-5)
    assert scene.cameras.size_px[0].tolist() == list(DEPTH_SIZE)
    assert "intrinsic_depth used" in str(scene.notes["colour intrinsics"])


def scaled(K: np.ndarray, size: tuple[int, int], to: tuple[int, int]) -> np.ndarray:
    """The release's rule, number by number, in the convention of the release."""
    (w, h), (w2, h2) = size, to
    return np.array(
        [
            [K[0, 0] * w2 / w, 0, K[0, 2] * (w2 - 1) / (w - 1)],
            [0, K[1, 1] * h2 / h, K[1, 2] * (h2 - 1) / (h - 1)],
            [0, 0, 1],
        ]
    )


@pytest.mark.parametrize("size", [(32, 24), (80, 60), (200, 151)])
def test_resized_colour_takes_the_intrinsics_scaled(tmp_path: Path, size: tuple[int, int]) -> None:
    scene = exported(tmp_path, Room(), size=size)
    np.testing.assert_allclose(scene.cameras.K[0], scaled(K_COLOR, COLOR_SIZE, size) + CORNER, atol=1e-5)
    assert scene.cameras.size_px.tolist() == [list(size)] * 4
    assert scene.notes["colour intrinsics"] == f"intrinsic_color of 40x30 scaled to {size[0]}x{size[1]}"


def test_the_rule_of_scaling_is_what_the_release_made_its_depth_intrinsics_with(tmp_path: Path) -> None:
    np.testing.assert_allclose(scaled(K_COLOR, COLOR_SIZE, DEPTH_SIZE), K_DEPTH[:3, :3], atol=1e-12)


@pytest.mark.parametrize("size", [(40, 20), (30, 30), (40, 31)])
def test_cropped_colour_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(SceneError, match=f"no intrinsics belong .* which have {size[0]}x{size[1]} pixels"):
        exported(tmp_path, Room(), size=size)


def test_every_frame_has_its_own_size(tmp_path: Path) -> None:
    room = Room()
    exported(tmp_path, room)
    color = tmp_path / "scans" / ID / "color"
    for stem, size in (("40", (32, 24)), ("80", (40, 20)), ("120", DEPTH_SIZE)):
        (color / f"{stem}.jpg").write_bytes(room.color(1, size))
    scene = ScanNetAdapter(tmp_path).load(ID)
    assert scene.frames == ("0", "40", "120")
    assert scene.cameras.size_px.tolist() == [[40, 30], [32, 24], [20, 15]]
    expected = [K_COLOR[:3, :3], scaled(K_COLOR, COLOR_SIZE, (32, 24)), K_DEPTH[:3, :3]]
    np.testing.assert_allclose(scene.cameras.K, np.array(expected) + CORNER, atol=1e-5)
    assert scene.notes["frames of a shape that no intrinsics fit"] == 1
    how = "intrinsic_color of 40x30 scaled to 32x24; intrinsic_depth used, it fits the image size"
    assert scene.notes["colour intrinsics"] == how


def test_a_sens_header_that_is_wider_than_its_images(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    small = [Room().color(i, (32, 24)) for i in range(4)]
    (folder / f"{ID}.sens").write_bytes(sens_bytes(Room(), colors=small))
    scene = ScanNetAdapter(tmp_path).load(ID)
    assert scene.cameras.size_px.tolist() == [[32, 24]] * 4
    np.testing.assert_allclose(scene.cameras.K[0], scaled(K_COLOR, COLOR_SIZE, (32, 24)) + CORNER, rtol=1e-5)
    assert scene.notes["colour intrinsics"] == "intrinsic_color of 40x30 scaled to 32x24"


RELEASED = np.array([[1169.6212, 0, 646.2950, 0], [0, 1167.1051, 489.9270, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize("size", [(1296, 968), (640, 480), (648, 484)])
def test_without_depth_the_release_knows_its_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    room = Room()
    folder = tmp_path / "scans" / ID
    write_annotated(folder, room)
    write_export(folder, room, size=size)
    for file in [*(folder / "depth").iterdir(), folder / "intrinsic" / "intrinsic_depth.txt"]:
        file.unlink()
    np.savetxt(folder / "intrinsic" / "intrinsic_color.txt", RELEASED)
    K = ScanNetAdapter(tmp_path).load(ID).cameras.K[0]
    np.testing.assert_allclose(K, scaled(RELEASED, (1296, 968), size) + CORNER, atol=1e-5)


def test_intrinsics_for_another_size_than_the_header_says_are_told_by_their_focal_length(tmp_path: Path) -> None:
    K = scaled(K_COLOR, COLOR_SIZE, (60, 45))
    whole = np.eye(4)
    whole[:3, :3] = K
    folder = write_scan(tmp_path)
    (folder / f"{ID}.sens").write_bytes(sens_bytes(Room(), k_color=whole))
    scene = ScanNetAdapter(tmp_path).load(ID)
    np.testing.assert_allclose(scene.cameras.K[0], K_COLOR[:3, :3] + CORNER, rtol=1e-5)
    assert scene.notes["colour intrinsics"] == "intrinsic_color of 60x45 scaled to 40x30"


def test_without_depth_unknown_sizes_are_those_with_the_principal_point_in_the_middle(tmp_path: Path) -> None:
    room = Room()
    folder = tmp_path / "scans" / ID
    write_annotated(folder, room)
    write_export(folder, room)
    for file in (folder / "depth").iterdir():
        file.unlink()
    (folder / "color" / "40.jpg").write_bytes(room.color(1, (32, 24)))
    scene = ScanNetAdapter(tmp_path).load(ID)
    np.testing.assert_allclose(scene.cameras.K[0], K_COLOR[:3, :3] + CORNER, atol=1e-5)
    np.testing.assert_allclose(scene.cameras.K[1], scaled(K_COLOR, COLOR_SIZE, (32, 24)) + CORNER, atol=1e-5)
    for stem in ("0", "40", "80", "120"):
        (folder / "color" / f"{stem}.jpg").write_bytes(room.color(1, (32, 24)))
    with pytest.raises(SceneError, match="no intrinsics belong to the colour images, which have 32x24"):
        ScanNetAdapter(tmp_path).load(ID)


@pytest.mark.parametrize("damage", ["focal", "last", "zeros", "nan", "skewed"])
def test_colour_intrinsics_that_are_none_are_replaced_by_those_of_depth(tmp_path: Path, damage: str) -> None:
    K = K_COLOR.copy()
    if damage == "focal":
        K[0, 0] = K[1, 1] = 1e30
    elif damage == "last":
        K[2, 2] = 7.0
    elif damage == "zeros":
        K[:] = 0.0
    elif damage == "nan":
        K[0, 2] = np.nan
    else:
        K[1, 0] = 3.0
    folder = write_scan(tmp_path)
    (folder / f"{ID}.sens").write_bytes(sens_bytes(Room(), k_color=K))
    scene = ScanNetAdapter(tmp_path).load(ID)
    np.testing.assert_allclose(scene.cameras.K[0], K_COLOR[:3, :3] + CORNER, rtol=1e-5)
    assert scene.notes["colour intrinsics"] == "intrinsic_depth of 20x15 scaled to 40x30"


def test_the_sens_file_comes_before_an_export(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    write_export(folder, Room(), step=40)
    assert ScanNetAdapter(tmp_path).load(ID).frames == ("0", "1", "2", "3")


def test_a_scan_without_frames(tmp_path: Path) -> None:
    (write_scan(tmp_path) / f"{ID}.sens").unlink()
    with pytest.raises(SceneError, match="the scan has no frames"):
        ScanNetAdapter(tmp_path).load(ID)


def png_head(width: int, height: int) -> bytes:
    """The beginning of a PNG that says it is as large as a bomb."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"\0\0\0\0IDAT"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "color" / "0000.png").write_bytes(b""), "are both frame 0"),
        (
            lambda f: (f / "intrinsic" / "intrinsic_color.txt").write_bytes(b"\xff"),
            r"intrinsic_color\.txt: .* is no number",
        ),
        (lambda f: (f / "pose").rename(f / "poses"), "no frame has both"),
        (lambda f: [p.unlink() for p in (f / "intrinsic").iterdir()], "no intrinsics belong"),
        (lambda f: [p.write_bytes(b"") for p in (f / "color").iterdir()], "no image can be read"),
        (
            lambda f: [p.write_text("") for p in (f / "pose").iterdir()],
            r"pose/0\.txt: the file holds 0 numbers, not 4x4",
        ),
        (lambda f: [p.write_text("1 0 0 0 " * 3) for p in (f / "pose").iterdir()], "holds 12 numbers, not 4x4"),
        (lambda f: [p.write_text("1,0 " * 16) for p in (f / "pose").iterdir()], r"pose/0\.txt: '1,0' is no number"),
        (lambda f: [p.write_text("# 1\n" * 16) for p in (f / "pose").iterdir()], r"pose/0\.txt: '#' is no number"),
        (lambda f: [p.write_text("nan " * 16) for p in (f / "pose").iterdir()], "no frame has a valid pose"),
    ],
)
def test_broken_exports(tmp_path: Path, damage: Callable[[Path], object], message: str) -> None:
    exported(tmp_path, Room())
    damage(tmp_path / "scans" / ID)
    with pytest.raises(SceneError, match=message):
        ScanNetAdapter(tmp_path).load(ID)


@pytest.mark.parametrize(
    ("damage", "note"),
    [
        (lambda f: (f / "pose" / "40.txt").write_text("1 0 0"), "poses dropped"),
        (lambda f: (f / "pose" / "40.txt").write_text("one " * 16), "poses dropped"),
        (lambda f: (f / "color" / "40.jpg").write_bytes(b""), "frames whose image cannot be read"),
        (lambda f: (f / "color" / "40.jpg").write_bytes(b"\xff\xd8 no image"), "frames whose image cannot be read"),
        (lambda f: (f / "color" / "40.jpg").write_bytes(b"\xff\xd8\xff"), "frames whose image cannot be read"),
        (lambda f: (f / "color" / "40.jpg").write_bytes(png_head(0, 60)), "frames whose image cannot be read"),
        (lambda f: (f / "color" / "40.jpg").write_bytes(png_head(60, 60)), "frames of a shape that no intrinsics fit"),
    ],
)
def test_one_damaged_file_costs_its_own_frame(tmp_path: Path, damage: Callable[[Path], object], note: str) -> None:
    exported(tmp_path, Room())
    damage(tmp_path / "scans" / ID)
    scene = ScanNetAdapter(tmp_path).load(ID)
    assert scene.frames == ("0", "80", "120")
    assert scene.notes[note] == 1
    assert scene.store.color(1).read() == Room().color(2)


@pytest.mark.parametrize("stem", ["9" * 20, "9" * 19, "1" + "0" * 200])
def test_a_number_that_no_frame_can_have_is_passed_over(tmp_path: Path, stem: str) -> None:
    exported(tmp_path, Room())
    folder = tmp_path / "scans" / ID
    for kind, ending in (("color", ".jpg"), ("pose", ".txt")):
        (folder / kind / f"{stem}{ending}").write_bytes((folder / kind / f"40{ending}").read_bytes())
        (folder / kind / f"40{ending}").rename(folder / kind / f"{40:030}{ending}")
    assert ScanNetAdapter(tmp_path).load(ID).frames == ("0", "40", "80", "120")


@pytest.mark.parametrize("encoding", MARKED)
def test_texts_may_begin_with_the_mark_of_an_editor(tmp_path: Path, encoding: str) -> None:
    exported(tmp_path, Room())
    folder = tmp_path / "scans" / ID
    for path in (folder / f"{ID}.txt", *(folder / "pose").iterdir(), *(folder / "intrinsic").iterdir()):
        path.write_bytes(path.read_text().encode(encoding))
    scene = ScanNetAdapter(tmp_path).load(ID)
    np.testing.assert_allclose(scene.T_world_released, A, atol=1e-6)
    assert scene.frames == ("0", "40", "80", "120")
    assert "axis alignment" not in scene.notes


def test_images_of_several_kinds_keep_their_endings(tmp_path: Path) -> None:
    room = Room()
    exported(tmp_path, room)
    color = tmp_path / "scans" / ID / "color"
    (color / "40.jpg").unlink()
    (color / "40.png").write_bytes(room.color(1, form="PNG"))
    (color / "80.jpg").rename(color / "80.JPEG")
    scene = ScanNetAdapter(tmp_path).load(ID)
    assert scene.color_suffix == (".jpg", ".png", ".jpeg", ".jpg")
    assert [scene.store.color(i).suffix for i in range(4)] == list(scene.color_suffix)


def test_the_size_in_a_header_behind_a_long_preface_is_found(tmp_path: Path) -> None:
    room = Room()
    exported(tmp_path, room)
    path = tmp_path / "scans" / ID / "color" / "40.jpg"
    plain = path.read_bytes()
    path.write_bytes(plain[:2] + b"\xff\xe1" + struct.pack(">H", 50_002) + bytes(50_000) + plain[2:])
    scene = ScanNetAdapter(tmp_path).load(ID)
    assert scene.frames == ("0", "40", "80", "120")
    assert scene.cameras.size_px[1].tolist() == list(COLOR_SIZE)


# --- fingerprint ------------------------------------------------------------------------------------------------------


def test_the_fingerprint_follows_the_files(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    adapter = ScanNetAdapter(tmp_path)
    first = adapter.load(ID).fingerprint
    assert adapter.load(ID).fingerprint == first
    seen = {first}
    write_groups(folder, [*Room().groups[:2]])
    seen.add(adapter.load(ID).fingerprint)
    write_segments(folder, [0] * 5 + Room().segments[5:])
    seen.add(adapter.load(ID).fingerprint)
    room = Room()
    room.poses = room.poses[:3]
    (folder / f"{ID}.sens").write_bytes(sens_bytes(room))
    seen.add(adapter.load(ID).fingerprint)
    (folder / f"{ID}.txt").unlink()
    seen.add(adapter.load(ID).fingerprint)
    assert len(seen) == 5


def scan_files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", ["sens", "exported"])
def test_both_fingerprints_follow_every_file_and_only_one_follows_times(tmp_path: Path, kind: str) -> None:
    if kind == "sens":
        write_scan(tmp_path)
    else:
        exported(tmp_path, Room())
    (tmp_path / "scannetv2-labels.combined.tsv").write_text("id\traw_category\n1\tchair\n")
    adapter = ScanNetAdapter(tmp_path)
    quick, full = adapter.fingerprint(ID), adapter.load(ID).fingerprint
    assert adapter.fingerprint(ID) == quick
    for path in scan_files(tmp_path):
        stat = path.stat()
        os.utime(path, ns=(1, 1))
        assert adapter.fingerprint(ID) != quick, path
        assert adapter.load(ID).fingerprint == full, path
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert adapter.fingerprint(ID) == quick
    for path in scan_files(tmp_path):
        if path.suffix in (".jpg", ".png", ".txt", ".tsv"):
            whole = path.read_bytes()
            path.write_bytes(whole + b"\n")
            assert adapter.fingerprint(ID) != quick, path
            assert adapter.load(ID).fingerprint != full, path
            path.write_bytes(whole)


def test_the_quick_fingerprint_opens_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_scan(tmp_path)
    monkeypatch.setattr(Path, "open", lambda *a, **k: pytest.fail("opened"))
    monkeypatch.setattr(Path, "read_bytes", lambda *a, **k: pytest.fail("read"))
    assert len(ScanNetAdapter(tmp_path).fingerprint(ID)) == 32


def test_a_recording_of_the_same_size_with_other_poses_is_another(tmp_path: Path) -> None:
    folder, room = write_scan(tmp_path), Room()
    before = ScanNetAdapter(tmp_path).load(ID).fingerprint
    room.poses = [room.poses[1], room.poses[0], *room.poses[2:]]
    (folder / f"{ID}.sens").write_bytes(sens_bytes(room))
    assert ScanNetAdapter(tmp_path).load(ID).fingerprint != before


# --- broken files -----------------------------------------------------------------------------------------------------

PLY = f"{ID}_vh_clean_2.ply"
SEGS = f"{ID}_vh_clean_2.0.010000.segs.json"
GROUPS = f"{ID}.aggregation.json"


def group(**changes: object) -> bytes:
    good = {"id": 0, "objectId": 0, "segments": [0], "label": "floor"}
    return json.dumps({"segGroups": [good, {**good, "objectId": 1, **changes}]}).encode()


@pytest.mark.parametrize(
    ("file", "data", "message"),
    [
        (PLY, None, "missing"),
        (PLY, b"", "no PLY header"),
        (PLY, b"ply\nformat ascii 1.0\nend_header", "no PLY header"),
        (PLY, b"ply\nformat ascii 1.0\nelement vertex 1\nend_header\n", "vertices and faces"),
        (SEGS, None, "missing"),
        (SEGS, b'{"segIndices": [1, 2', "not JSON"),
        (SEGS, b"[]", "not a JSON object"),
        (SEGS, b"{}", "not a list of whole numbers"),
        (SEGS, b'{"segIndices": [1.5]}', "not a list of whole numbers"),
        (SEGS, b'{"segIndices": [[1], [1, 2]]}', "not a list of whole numbers"),
        (SEGS, b'{"segIndices": [1, null]}', "not a list of whole numbers"),
        (GROUPS, b"\xff\xfe", "not JSON"),
        (GROUPS, b'{"segGroups": {}}', "no list segGroups"),
        (GROUPS, b'{"segGroups": [3]}', r"segGroups\[0\] lacks"),
        (GROUPS, group(objectId=None), r"segGroups\[1\] lacks"),
        (GROUPS, group(objectId=-1), r"segGroups\[1\] lacks"),
        (GROUPS, group(label=None), r"segGroups\[1\] lacks"),
        (GROUPS, group(segments=["a"]), r"segGroups\[1\] lacks"),
        (GROUPS, group(objectId=0), r"segGroups\[1\] repeats objectId 0"),
        (f"{ID}.sens", b"x" * 400, "not a .sens file"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, file: str, data: bytes | None, message: str) -> None:
    path = write_scan(tmp_path) / file
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(SceneError, match=message) as caught:
        ScanNetAdapter(tmp_path).load(ID)
    assert caught.value.where == str(path)
    assert caught.value.mend


def ply(edit: Callable[[np.ndarray, np.ndarray], None]) -> bytes:
    room = Room()
    edit(room.vertices, room.faces)
    return ply_bytes(room.vertices, room.faces)


def set_corner(faces: np.ndarray, value: int) -> None:
    faces[3, 1] = value


WHOLE = ply(lambda v, f: None)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (WHOLE[:-1], "bytes of data, its header asks for"),
        (WHOLE + b"\0", "bytes of data, its header asks for"),
        (WHOLE[:-13] + struct.pack("<B4i", 4, 0, 1, 2, 3), "no triangles"),
        (WHOLE[:-13] + struct.pack("<B3i", 4, 0, 1, 2), "bytes of data, its header asks for more"),
        (ply(lambda v, f: set_corner(f, 24)), "do not exist"),
        (ply(lambda v, f: set_corner(f, -1)), "do not exist"),
        (ply(lambda v, f: v.fill(np.nan)), "not finite"),
        (WHOLE.replace(b"property float x", b"property float q"), "properties"),
        (WHOLE.replace(b"uchar red", b"float x"), "properties"),
        (WHOLE.replace(b" uchar red", b""), "properties"),
        (WHOLE.replace(b"uchar red", b"octet red"), "properties"),
        (WHOLE.replace(b"vertex_indices\n", b"vertex_indices\nproperty int flags\n"), "bytes of data"),
        (WHOLE.replace(b"list uchar int", b"list uchar float"), "properties"),
        (WHOLE.replace(b"element vertex 24", b"element vertex 0"), "no faces"),
        (WHOLE.replace(b"binary_little_endian", b"binary_middle_endian"), "no PLY header"),
    ],
)
def test_broken_meshes(tmp_path: Path, data: bytes, message: str) -> None:
    (write_scan(tmp_path) / PLY).write_bytes(data)
    with pytest.raises(SceneError, match=message) as caught:
        ScanNetAdapter(tmp_path).load(ID)
    assert caught.value.where.endswith(PLY)


def ascii_ply(room: Room) -> str:
    head = WHOLE[: WHOLE.find(b"end_header\n") + 11].decode().replace("binary_little_endian", "ascii")
    rows = [f"{x:.9f} {y:.9f} {z:.9f} 1 2 3 255" for x, y, z in room.vertices]
    return head + "\n".join(rows + [f"3 {a} {b} {c}" for a, b, c in room.faces]) + "\n"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_ascii_meshes(tmp_path: Path, ending: str) -> None:
    binary = loaded(tmp_path).surface
    path = tmp_path / "scans" / ID / PLY
    text = ascii_ply(Room()).replace("\n", ending)
    path.write_bytes(text.encode())
    mesh = ScanNetAdapter(tmp_path).load(ID).surface
    np.testing.assert_allclose(mesh.vertices_m, binary.vertices_m, atol=1e-6)
    np.testing.assert_array_equal(mesh.faces, binary.faces)
    for broken, message in (
        (text[:-6], "numbers, its header asks for"),
        (text.replace("3 0 1 2", "3 0 a 2"), "no number"),
    ):
        path.write_bytes(broken.encode())
        with pytest.raises(SceneError, match=message):
            ScanNetAdapter(tmp_path).load(ID)


def test_big_endian_and_unreferenced_vertices(tmp_path: Path) -> None:
    room = Room()
    room.faces = room.faces[:2]  # only the floor's: all 24 vertices must stay, in their order
    mesh = loaded(tmp_path, room).surface
    assert len(mesh.vertices_m) == 24
    head = WHOLE[: WHOLE.find(b"end_header\n") + 11].replace(b"little", b"big").replace(b"face 28", b"face 2")
    body = [struct.pack(">fff4B", *v, 9, 9, 9, 255) for v in room.vertices]
    body += [struct.pack(">B3i", 3, *f) for f in room.faces]
    (tmp_path / "scans" / ID / PLY).write_bytes(head + b"".join(body))
    big = ScanNetAdapter(tmp_path).load(ID).surface
    np.testing.assert_array_equal(big.vertices_m, mesh.vertices_m)
    np.testing.assert_array_equal(big.faces, mesh.faces)


def test_double_coordinates_keep_their_digits(tmp_path: Path) -> None:
    room = Room()
    room.vertices = np.add(room.vertices, [300_000.0, 0, 0])
    room.poses = [np.block([[p[:3, :3], p[:3, 3:] + [[300_000.0], [0], [0]]], [p[3:]]]) for p in room.poses]
    folder = write_scan(tmp_path, room)
    head = WHOLE[: WHOLE.find(b"end_header\n") + 11].replace(b"property float", b"property double")
    body = [struct.pack("<ddd4B", *v, 9, 9, 9, 255) for v in room.vertices]
    body += [struct.pack("<B3i", 3, *f) for f in room.faces]
    (folder / PLY).write_bytes(head + b"".join(body))
    far, near = ScanNetAdapter(tmp_path).load(ID), loaded(tmp_path / "near")
    by = far.surface.vertices_m[0] - near.surface.vertices_m[0]
    np.testing.assert_allclose(far.surface.vertices_m, near.surface.vertices_m + by, atol=1e-6)
    np.testing.assert_allclose(far.objects.center_m, near.objects.center_m + by, atol=1e-6)
    assert "moved to the origin by, in m" in far.notes
    assert np.abs(far.surface.vertices_m).max() < 10


def test_a_stray_triangle_is_left_out_and_counted(tmp_path: Path) -> None:
    room = Room()
    n, table = len(room.vertices), 4
    corner = room.vertices[np.flatnonzero(np.array(room.segments) == table)[0]]
    room.vertices = np.concatenate([room.vertices, np.add(corner, [[30, 0, 0], [30, 0.01, 0], [30, 0, 0.01]])])
    room.faces = np.concatenate([room.faces, [[n, n + 1, n + 2]]])
    room.segments = [*room.segments, table, table, table]
    scene, clean = loaded(tmp_path, room), loaded(tmp_path / "clean")
    np.testing.assert_allclose(scene.objects.extent_m, clean.objects.extent_m, atol=1e-6)
    np.testing.assert_array_equal(scene.surface.face_object[:-1], clean.surface.face_object)
    assert scene.surface.face_object[-1] == -1
    assert scene.notes["stray pieces left out"] == 1
    assert "stray pieces left out" not in clean.notes


def test_what_may_lie_in_pieces_is_by_the_label_lists_of_the_run(tmp_path: Path) -> None:
    groups = [
        {"id": 0, "objectId": 7, "segments": [0, 12], "label": "sol"},
        {"id": 1, "objectId": 2, "segments": [8, 4], "label": "table"},
    ]
    room = grouped(groups)
    room.vertices[12:20, 2] += 5  # far above the floor that it is said to be of
    loaded(tmp_path, room)
    lists = tmp_path / "mine.yaml"
    lists.write_text("building: {floors: [sol]}\n")
    shipped, mine = (spargen.load("scannet", tmp_path, ID, labels=files) for files in ((), lists))
    assert [scene.notes.get("doubtful objects", 0) for scene in (shipped, mine)] == [1, 0]
