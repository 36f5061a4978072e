"""The Matterport3D adapter: a tiny house read from every layout, every known trap, broken files of each kind."""

from __future__ import annotations

import inspect
import io
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scene_adapters import matterport
from scene_adapters.formats.house import read_house
from scene_adapters.matterport import MatterportAdapter
from spargen.errors import SceneError
from spargen.geometry.boxes import size_lwh_m
from spargen.scene.adapter import SceneAdapter
from spargen.scene.cameras import Cameras
from spargen.scene.types import Scene
from tests.adapters.matterport_files import (
    CONF_K,
    GL,
    MILLION,
    PANORAMAS,
    SCAN,
    YAWS,
    House,
    Thing,
    house_text,
    jpeg,
    pose,
    write_house,
    write_images,
    write_json,
    write_regions,
    write_scan,
    write_whole,
)

LABELS = ("floor", "coffee table", "dining chair", "floor", "bed")
CENTERS = [[2, 1.5, 0], [1, 1, 0.35], [3, 2, 0.45], [2, 4.5, 0], [2, 4.5, 0.25]]
SIDES = [[4, 3, 0], [1.2, 0.6, 0.7], [0.4, 0.4, 0.9], [4, 3, 0], [2, 1.5, 0.5]]
FACE_OBJECT = [0] * 2 + [1] * 12 + [2] * 12 + [-1] * 2 + [3] * 2 + [4] * 12
NAMES = tuple(f"{panorama}_i1_{yaw}" for panorama in PANORAMAS for yaw in YAWS)
HOUSE, REGIONS = "house_segmentations", "region_segmentations"
CONF = f"undistorted_camera_parameters/{SCAN}.conf"


def loaded(root: Path, house: House | None = None) -> Scene:
    write_scan(root, house)
    return MatterportAdapter(root).load(SCAN)


def read_text(folder: Path, house: House) -> object:
    (folder / "x.house").write_text(house_text(house))
    return read_house(folder / "x.house")


def test_one_adapter_in_the_module() -> None:
    own = [c for c in vars(matterport).values() if inspect.isclass(c) and issubclass(c, SceneAdapter)]
    assert [c for c in own if c.__module__ == matterport.__name__] == [MatterportAdapter]
    assert MatterportAdapter.dataset == "matterport3d"


# --- the house, read right --------------------------------------------------------------------------------------------


def test_objects_are_those_of_the_house_file(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    assert scene.objects.id.tolist() == [0, 1, 2, 3, 4]
    assert scene.objects.label == LABELS
    np.testing.assert_allclose(scene.objects.center_m, CENTERS, atol=1e-6)
    # The released boxes have half lengths, and the vertical axis is the first.
    sides = size_lwh_m(scene.objects.extent_m, scene.objects.R_world_box)
    np.testing.assert_allclose(sides, SIDES, atol=1e-6)
    assert "boxes of the data set not used" not in scene.notes
    assert scene.surface.face_object.tolist() == FACE_OBJECT
    np.testing.assert_array_equal(scene.T_world_released, np.eye(4))
    assert scene.notes["share of faces without object"] == round(2 / 42, 4)


def test_frames_are_called_by_their_colour_files(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    assert scene.frames == NAMES
    assert [scene.store.color(k).read() for k in range(4)] == [jpeg(k) for k in range(4)]
    assert scene.color_suffix == (".jpg",) * 4


def test_cameras_have_opengl_axes_and_rows_from_the_bottom(tmp_path: Path) -> None:
    """One line of the file and its pose: columns two and three turned round, cy = 1023 - cy."""
    scene = loaded(tmp_path)
    for k, (p, yaw) in enumerate((p, yaw) for p in range(2) for yaw in YAWS):
        np.testing.assert_allclose(scene.cameras.T_world_camera[k], pose(p, yaw), atol=1e-7)
        np.testing.assert_allclose(scene.store.pose_as_released(k), pose(p, yaw), atol=1e-7)
        fx, fy, cx, cy = CONF_K[p]
        # Corner convention: half a pixel more than the centres of pixels as whole numbers.
        np.testing.assert_allclose(scene.cameras.K[k], [[fx, 0, cx + 0.5], [0, fy, 1023 - cy + 0.5], [0, 0, 1]])
    assert scene.cameras.size_px.tolist() == [[1280, 1024]] * 4


def test_intrinsics_hold_until_others_come(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    assert scene.cameras.K[0, 0, 0] == scene.cameras.K[1, 0, 0] == CONF_K[0][0]
    assert scene.cameras.K[2, 0, 0] == scene.cameras.K[3, 0, 0] == CONF_K[1][0]
    assert set(scene.store.intrinsics_as_released()) == {f"intrinsic_color_{name}" for name in NAMES}


def test_the_next_yaw_turns_right(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    ahead = scene.cameras.T_world_camera[:2, :3, 2]
    assert np.cross(ahead[0], ahead[1])[2] == pytest.approx(-np.sin(np.radians(60)))


def test_smaller_images_get_scaled_intrinsics(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    write_images(folder, House(), (40, 32))
    scene = MatterportAdapter(tmp_path).load(SCAN)
    fx, _, cx, cy = CONF_K[0]
    np.testing.assert_allclose(scene.cameras.K[0, 0], np.array([fx, 0, cx + 0.5]) / 32)
    np.testing.assert_allclose(scene.cameras.K[0, 1, 2], (1023.5 - cy) / 32)


def test_depth_has_quarters_of_a_millimetre(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    depth = np.asarray(Image.open(io.BytesIO(scene.store.depth(2).read())))
    assert (depth.dtype, depth.shape) == (np.uint16, (1024, 1280))
    assert (depth[0, 0], depth[5, 5]) == (0, 1002)


def test_a_frame_may_lack_its_depth(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    (folder / f"undistorted_depth_images/{PANORAMAS[0]}_d1_1.png").unlink()
    scene = MatterportAdapter(tmp_path).load(SCAN)
    assert scene.store.depth(1) is None
    assert scene.store.depth(0) is not None
    assert scene.notes["depth images listed but not there"] == 1


def test_a_scene_survives_pickling(tmp_path: Path) -> None:
    scene = pickle.loads(pickle.dumps(loaded(tmp_path)))
    assert scene.store.color(1).read() == jpeg(1)


# --- rooms ------------------------------------------------------------------------------------------------------------


def test_rooms_are_regions(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    assert scene.room_of_view == ("0", "0", "1", "1")
    assert scene.room_of_object == ("0", "0", "0", "1", "1")


def test_panoramas_stand_in_the_room_that_the_newer_file_says(tmp_path: Path) -> None:
    house = House()
    folder = write_scan(tmp_path, house)
    house.regions_of_panoramas = [1, 1]
    (folder / HOUSE / f"{SCAN}.house").write_text(house_text(house))
    scene = MatterportAdapter(tmp_path).load(SCAN)
    assert scene.room_of_view == ("0", "0", "1", "1")
    assert scene.notes["panoramas that the house file has in another region"] == 1


def test_without_the_newer_file_the_house_file_tells_the_rooms(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    (folder / HOUSE / "panorama_to_region.txt").unlink()
    assert MatterportAdapter(tmp_path).load(SCAN).room_of_view == ("0", "0", "1", "1")


def test_no_region_is_no_room(tmp_path: Path) -> None:
    house = House(regions_of_panoramas=[0, -1])
    house.things[2].region = -1
    folder = write_scan(tmp_path)
    lines = house_text(house).replace(f" {-MILLION + 9} ", " 9 ")
    (folder / HOUSE / f"{SCAN}.house").write_text(lines)
    (folder / HOUSE / "panorama_to_region.txt").unlink()
    scene = MatterportAdapter(tmp_path).load(SCAN)
    assert scene.room_of_view == ("0", "0", None, None)
    assert scene.room_of_object == ("0", "0", None, "1", "1")


def test_a_house_without_rooms_of_panoramas_has_none(tmp_path: Path) -> None:
    """Objects have regions, views have none: a question could not stay in one."""
    scene = loaded(tmp_path, House(regions_of_panoramas=[-1, -1]))
    assert (scene.room_of_view, scene.room_of_object) == ((), ())


# --- the house file ---------------------------------------------------------------------------------------------------


def test_poses_of_the_house_file_are_world_to_camera_with_opengl_axes(tmp_path: Path) -> None:
    house = read_text(tmp_path, House())
    assert list(house.T_world_camera) == list(NAMES)
    np.testing.assert_allclose(house.T_world_camera[NAMES[3]], pose(1, 1), atol=1e-7)


def test_a_frame_that_the_house_file_poses_elsewhere_is_counted(tmp_path: Path) -> None:
    house = House()
    folder = write_scan(tmp_path, house)
    house.poses[1, 1] = house.poses[1, 1].copy()
    house.poses[1, 1][0, 3] += 0.02
    (folder / HOUSE / f"{SCAN}.house").write_text(house_text(house))
    notes = MatterportAdapter(tmp_path).load(SCAN).notes
    assert notes["frames that the house file poses elsewhere"] == 1
    assert "frames that the house file poses elsewhere" not in loaded(tmp_path / "other").notes


@pytest.mark.parametrize("letter", ["P", "R"])
def test_portals_are_told_from_panoramas_and_regions_by_their_words(tmp_path: Path, letter: str) -> None:
    house = read_text(tmp_path, House(portal_letter=letter))
    assert dict(house.region_of_panorama) == dict(zip(PANORAMAS, (0, 1), strict=True))
    assert dict(house.region_label) == {0: "b", 1: "k"}


def test_names_have_spaces_and_may_be_empty(tmp_path: Path) -> None:
    house = House()
    house.categories[1] = (20, "-", 5, "dining#table")
    house.categories[2] = (25, "-", 0, "-")
    house.things[4].category = -1
    labels = [thing.label for thing in read_text(tmp_path, house).objects]
    assert labels == ["floor", "dining table", "unknown", "floor", "unknown"]


def test_segments_of_a_region_have_its_million(tmp_path: Path) -> None:
    house = read_text(tmp_path, House())
    assert house.segment.tolist() == [7, 3, 4, 9, MILLION + 7, MILLION + 3]
    assert house.segment_object.tolist() == [0, 1, 1, 2, 3, 4]


def test_segments_may_be_counted_and_left_out_where_there_are_no_objects(tmp_path: Path) -> None:
    """As a genuine house file does."""
    house = House()
    house.things = []
    text = house_text(house).replace("H  -  -  4 2 4 1 0 0 ", "H  -  -  4 2 4 1 5864 0 ")
    (tmp_path / "x.house").write_text(text.replace("ASCII 1.1", "ASCII 1."))
    assert read_house(tmp_path / "x.house").objects == ()


def test_a_box_that_is_none_is_fitted(tmp_path: Path) -> None:
    """Both axes are the vertical, and the third has no length: all its sides touch the chair."""
    folder = write_scan(tmp_path)
    edit(f"{HOUSE}/{SCAN}.house", "3 2 0.45  0 0 1  1 -0 0  0.45 0.2 0.2", "3 2 0.45  0 0 1  0 0 1  0.45 0.45 0")(
        folder
    )
    scene = MatterportAdapter(tmp_path).load(SCAN)
    np.testing.assert_allclose(scene.objects.center_m[2], [3, 2, 0.45], atol=1e-6)
    np.testing.assert_allclose(np.sort(scene.objects.extent_m[2]), [0.4, 0.4, 0.9], atol=1e-6)


def test_a_box_beside_its_faces_is_fitted_anew(tmp_path: Path) -> None:
    house = House()
    house.things[2].center = (3.4, 2, 0.45)
    scene = loaded(tmp_path, house)
    np.testing.assert_allclose(scene.objects.center_m[2], [3, 2, 0.45], atol=1e-6)
    assert scene.notes["boxes of the data set not used"] == 1


# --- meshes -----------------------------------------------------------------------------------------------------------


def test_the_mesh_of_the_house_does_as_well(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    shutil.rmtree(folder / REGIONS)
    write_whole(folder / HOUSE, House())
    scene = MatterportAdapter(tmp_path).load(SCAN)
    assert scene.surface.face_object.tolist() == FACE_OBJECT
    assert scene.objects.label == LABELS


def test_regions_go_first_and_only_if_all_are_there(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    house = House()
    house.vertices = [v + np.array([0, 0, 0.125]) for v in house.vertices]
    write_whole(folder / HOUSE, house)
    assert MatterportAdapter(tmp_path).load(SCAN).surface.vertices_m[0, 2] == 0
    (folder / REGIONS / "region1.ply").unlink()
    assert MatterportAdapter(tmp_path).load(SCAN).surface.vertices_m[0, 2] == 0.125
    (folder / HOUSE / f"{SCAN}.ply").unlink()
    with pytest.raises(SceneError, match=r"region1\.ply: the mesh is missing"):
        MatterportAdapter(tmp_path).load(SCAN)


def test_a_vertex_may_belong_to_several_objects(tmp_path: Path) -> None:
    """The annotation is of faces: table and floor share corners, and both keep their boxes."""
    house = House()
    house.vertices[0][4:8] = house.vertices[0][0:4][[0, 1, 3, 2]] * 0.25
    house.faces[0][0] = [4, 5, 6]
    scene = loaded(tmp_path, house)
    np.testing.assert_allclose(scene.objects.center_m[0], [2, 1.5, 0], atol=1e-6)
    assert scene.surface.face_object[0] == 0
    assert scene.annotation.face_object.tolist() == FACE_OBJECT


def test_a_face_without_segment_is_of_no_object_in_any_region(tmp_path: Path) -> None:
    """-1 in region 1 is not segment 999,999, which region 0 has here."""
    house = House()
    house.segments[0] = [s if s != 9 else MILLION - 1 for s in house.segments[0]]
    house.things[2].segments = (MILLION - 1,)
    house.segments[1][0] = -1
    scene = loaded(tmp_path, house)
    assert scene.surface.face_object.tolist() == [*FACE_OBJECT[:28], -1, *FACE_OBJECT[29:]]


@pytest.mark.parametrize("texts", [False, True])
def test_without_the_property_segments_come_from_json(tmp_path: Path, texts: bool) -> None:
    folder = write_scan(tmp_path)
    write_regions(folder / REGIONS, House(), "")
    write_json(folder / REGIONS, House(), texts=texts)
    assert MatterportAdapter(tmp_path).load(SCAN).surface.face_object.tolist() == FACE_OBJECT


@pytest.mark.parametrize("texts", [False, True])
def test_without_objects_in_the_house_file_they_come_from_json(tmp_path: Path, texts: bool) -> None:
    folder = write_scan(tmp_path)
    write_house(folder / HOUSE, House(version="1.0"))
    write_json(folder / REGIONS, House(), texts=texts)
    scene = MatterportAdapter(tmp_path).load(SCAN)
    assert scene.objects.id.tolist() == [0, 1, 2, MILLION, MILLION + 1]
    assert scene.objects.label == LABELS
    assert scene.surface.face_object.tolist() == FACE_OBJECT
    np.testing.assert_allclose(scene.objects.center_m, CENTERS, atol=1e-6)
    assert scene.room_of_object == ("0", "0", "0", "1", "1")


def test_a_scan_without_annotation_says_so(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    write_house(folder / HOUSE, House(version="1.0"))
    with pytest.raises(SceneError, match=r"region0\.semseg\.json: the scan has no annotation"):
        MatterportAdapter(tmp_path).load(SCAN)
    for r in range(2):
        (folder / REGIONS / f"region{r}.semseg.json").write_text('{"segGroups": []}')
    with pytest.raises(SceneError, match=r"region0\.semseg\.json: the scan has no annotation"):
        MatterportAdapter(tmp_path).load(SCAN)


def test_a_house_file_of_another_scan_is_refused(tmp_path: Path) -> None:
    house = House()
    for thing in house.things:
        thing.segments = tuple(s + 50 for s in thing.segments)
    folder = write_scan(tmp_path)
    write_house(folder / HOUSE, house)
    with pytest.raises(SceneError, match=r"region0\.ply: 6 of the house file's 6 segments are not in the mesh"):
        MatterportAdapter(tmp_path).load(SCAN)


def test_an_object_that_the_mesh_has_nothing_of_is_left_out(tmp_path: Path) -> None:
    house = House()
    house.things.append(Thing(1, 2, (1, 4, 0.5), (1, 1, 1), (30,)))
    scene = loaded(tmp_path, house)
    assert len(scene.objects) == 5
    assert len(scene.room_of_object) == 5
    assert scene.notes["objects without vertices"] == 1
    assert scene.notes["segments not in the mesh"] == 1


# --- folders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["v1/scans", "scans", ""])
def test_scans_are_found_where_the_release_puts_them(tmp_path: Path, part: str) -> None:
    write_scan(tmp_path, part=part)
    assert MatterportAdapter(tmp_path).scenes() == [SCAN]


def test_zips_unpacked_in_the_folder_of_their_scan(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    inner = tmp_path / "inner"
    folder.rename(inner)
    folder.mkdir()
    inner.rename(folder / SCAN)
    adapter = MatterportAdapter(tmp_path)
    assert adapter.scenes() == [SCAN]
    assert adapter.load(SCAN).frames == NAMES
    assert adapter.fingerprint(SCAN)


def test_splits_are_those_of_the_lists(tmp_path: Path) -> None:
    write_scan(tmp_path)
    assert MatterportAdapter(tmp_path).split(SCAN) == "train"
    (tmp_path / "scenes_val.txt").write_text(f"abc\r\n{SCAN}\r\n")
    assert MatterportAdapter(tmp_path).split(SCAN) == "val"


def test_fingerprints_change_with_each_file(tmp_path: Path) -> None:
    folder = write_scan(tmp_path)
    adapter = MatterportAdapter(tmp_path)
    before, content = adapter.fingerprint(SCAN), adapter.load(SCAN).fingerprint
    assert (adapter.fingerprint(SCAN), adapter.load(SCAN).fingerprint) == (before, content)
    for file in (
        f"{HOUSE}/{SCAN}.house",
        f"{HOUSE}/panorama_to_region.txt",
        f"{REGIONS}/region1.ply",
        CONF,
        f"undistorted_color_images/{NAMES[0]}.jpg",
        f"undistorted_depth_images/{PANORAMAS[0]}_d1_0.png",
    ):
        data = (folder / file).read_bytes()
        changed = data + (b"\n" if not file.endswith("ply") else b"")
        (folder / file).write_bytes(
            changed.replace(b"\x09\x09\x09", b"\x09\x09\x08", 1) if file[-1] == "y" else changed
        )
        assert adapter.fingerprint(SCAN) != before, file
        assert adapter.load(SCAN).fingerprint != content, file
        (folder / file).write_bytes(data)


def test_other_scans_are_not_known(tmp_path: Path) -> None:
    write_scan(tmp_path)
    with pytest.raises(SceneError, match=r"there is no scan '17DRP5sb8fz'"):
        MatterportAdapter(tmp_path).load("17DRP5sb8fz")
    with pytest.raises(SceneError, match=r"no Matterport3D scan here"):
        MatterportAdapter(tmp_path / "v1" / "scans" / SCAN).scenes()


# --- broken files -----------------------------------------------------------------------------------------------------


def edit(file: str, before: str, after: str) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        text = (folder / file).read_text()
        assert before in text
        (folder / file).write_text(text.replace(before, after, 1))

    return apply


def cut(file: str, share: float = 0.5) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        data = (folder / file).read_bytes()
        (folder / file).write_bytes(data[: int(share * len(data))])

    return apply


def gone(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (gone(f"{HOUSE}/{SCAN}.house"), r"the scan has no house file"),
        (edit(f"{HOUSE}/{SCAN}.house", "ASCII 1.1", "BINARY 1.1"), r"does not begin with ASCII 1\.0 or 1\.1"),
        (edit(f"{HOUSE}/{SCAN}.house", "ASCII 1.1", "ASCII 2.0"), r"does not begin with ASCII 1\.0 or 1\.1"),
        (cut(f"{HOUSE}/{SCAN}.house", 0), r"does not begin with ASCII 1\.0 or 1\.1"),
        (cut(f"{HOUSE}/{SCAN}.house"), r"\.house: (line \d+ is no record|the header counts)"),
        (edit(f"{HOUSE}/{SCAN}.house", "O  4 1 3", "Q  4 1 3"), r"line \d+ is no record: 'Q' and 23 more words"),
        (edit(f"{HOUSE}/{SCAN}.house", "C  3  11 bed  11 bed  0 0 0 0 0\n", ""), r"the header counts 4 categories"),
        (edit(f"{HOUSE}/{SCAN}.house", "O  4 1 3", "O  4 x 3"), r"holds what is no number"),
        (edit(f"{HOUSE}/{SCAN}.house", "O  4 1 3", "O  4 1 9"), r"it names category 9, which is not in it"),
        (edit(f"{HOUSE}/{SCAN}.house", "O  4 1 3", "O  4 7 3"), r"it names region 7, which is not in it"),
        (edit(f"{HOUSE}/{SCAN}.house", "O  4 1 3", "O  3 1 3"), r"it names object 4, which is not in it"),
        (edit(f"{HOUSE}/{SCAN}.house", "E  0 0 7", "E  0 0 9"), r"two objects or two segments have one id"),
        (edit(f"{HOUSE}/{SCAN}.house", "H  -", "L  -"), r"line 2 is no record"),
        (edit(f"{HOUSE}/panorama_to_region.txt", " 0 b", " b"), r"line 1 is not: index panorama region letter"),
        (gone(CONF), r"\.conf: the file is missing"),
        (cut(CONF), r"\.conf: (it says 4 images and lists|line \d+: scan has)"),
        (edit(CONF, "scan ", "scan x "), r"line 7: scan has 19 values, not 18"),
        (edit(CONF, "n_images 4", "n_images 5"), r"it says 5 images and lists 4"),
        (edit(CONF, "1076.45", "x"), r"line 6 holds what is no number"),
        (edit(CONF, "intrinsics_matrix", "intrinsics"), r"line 7 has no intrinsics before it"),
        (cut(f"{REGIONS}/region1.ply"), r"region1\.ply: the PLY has"),
        (lambda folder: shutil.rmtree(folder / "undistorted_color_images"), r"none of the 4 listed images can be used"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, harm: Callable[[Path], None], message: str) -> None:
    harm(write_scan(tmp_path))
    with pytest.raises(SceneError, match=message):
        MatterportAdapter(tmp_path).load(SCAN)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (gone(f"{REGIONS}/region1.fsegs.json"), r"region1\.fsegs\.json: the file is missing"),
        (cut(f"{REGIONS}/region1.fsegs.json"), r"region1\.fsegs\.json: the file is not JSON"),
        (edit(f"{REGIONS}/region1.fsegs.json", "[7, ", "["), r"it has 13 faces, but the mesh has 14"),
        (edit(f"{REGIONS}/region1.fsegs.json", "segIndices", "segs"), r"segIndices is not a list of whole numbers"),
        (
            edit(f"{REGIONS}/region0.semseg.json", '"objectId": 1', '"objectId": 0'),
            r"segGroups\[1\] repeats objectId 0",
        ),
        (edit(f"{REGIONS}/region0.semseg.json", '"label"', '"name"'), r"segGroups\[0\] lacks an objectId, a label"),
    ],
)
def test_broken_json_is_named(tmp_path: Path, harm: Callable[[Path], None], message: str) -> None:
    folder = write_scan(tmp_path)
    write_house(folder / HOUSE, House(version="1.0"))
    write_regions(folder / REGIONS, House(), "")
    write_json(folder / REGIONS, House())
    harm(folder)
    with pytest.raises(SceneError, match=message):
        MatterportAdapter(tmp_path).load(SCAN)


def test_a_lost_pose_and_a_damaged_image_are_left_out(tmp_path: Path) -> None:
    house = House()
    house.poses[0, 1] = np.full((4, 4), np.nan)
    folder = write_scan(tmp_path)
    (folder / CONF).write_text((folder / CONF).read_text())
    write_images(folder, house)
    (folder / f"undistorted_color_images/{NAMES[2]}.jpg").write_bytes(b"no image")
    scene = MatterportAdapter(tmp_path).load(SCAN)
    assert scene.frames == (NAMES[0], NAMES[3])
    assert scene.room_of_view == ("0", "1")
    assert (scene.notes["poses dropped"], scene.notes["images that cannot be read"]) == (1, 1)


def test_points_project_where_they_are_seen(tmp_path: Path) -> None:
    """A point that the release's own convention shows at a place: rows from the bottom, OpenGL's axes."""
    cameras: Cameras = loaded(tmp_path).cameras
    point = np.array([3.4, 2.4, 1.0])
    T_gl, (fx, fy, cx, cy) = pose(0, 0) @ GL, CONF_K[0]
    x, y, z = (np.linalg.inv(T_gl) @ [*point, 1])[:3]
    column, row_from_below = cx + fx * x / -z, cy + fy * y / -z
    pixels = cameras.project(point[None])[0][0, 0]
    np.testing.assert_allclose(pixels, [column + 0.5, 1023 - row_from_below + 0.5], atol=1e-3)
