"""Structured3D houses, written byte for byte: what is read of them, and what is said of broken ones."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from asking import facts_of
from PIL import Image

from scene_adapters.structured3d import Structured3DAdapter
from scene_adapters.structured3d_rooms import inside
from scene_adapters.structured3d_views import read_camera
from spargen.errors import SceneError
from spargen.run.generate import generate
from spargen.run.job import make_job
from spargen.scene.images import InstanceImages
from spargen.scene.types import Scene
from spargen.settings import Settings
from spargen.testing import check_adapter
from spargen.views.check import check_scene, frames_to_ask
from tests.adapters.posed_files import png, put
from tests.adapters.structured3d_files import (
    BACKGROUND,
    BEHIND,
    CEILING,
    FLOOR,
    FURNITURE,
    ID,
    IN_ROOM,
    OTHER,
    POSES,
    ROOM,
    SIZE,
    WALL,
    WINDOW,
    House,
    K,
    annotation,
    camera_line,
    colours,
    pictures,
    view_folder,
)

NAMES = ("485142_0", "485142_1", "485142_2", "485142_10", "906322_0", "906322_1")
VIEWS = list(POSES)


def loaded(root: Path, name: str = ID) -> Scene:
    return Structured3DAdapter(root).load(name)


def read(root: Path, house: House) -> Scene:
    house.write(root)
    return loaded(root)


def row_of(scene: Scene, number: int) -> int:
    return scene.objects.id.tolist().index(number)


def of_class(scene: Scene, kind: int) -> int:
    return row_of(scene, 65536 + kind)


def doubted(scene: Scene) -> set[int]:
    """IDs of boxes that are not trusted."""
    return {int(i) for i in scene.objects.id[scene.objects.doubtful] if i < 65536}


# -------------------------------------------------------------------------------------------------------- what is read


def test_frames_are_called_by_room_and_position_and_sorted_by_number(tmp_path: Path) -> None:
    scene = read(tmp_path, House())
    assert scene.frames == NAMES
    assert scene.dataset == "structured3d"
    assert scene.room_of_view == tuple(room for room, _ in VIEWS)
    assert set(scene.color_suffix) == {".jpg"}


def test_cameras_are_opencvs_in_metres(tmp_path: Path) -> None:
    scene = read(tmp_path, House())
    np.testing.assert_allclose(scene.cameras.T_world_camera, list(POSES.values()), atol=1e-7)
    np.testing.assert_allclose(scene.cameras.K, np.tile(K, (6, 1, 1)), atol=1e-9)
    np.testing.assert_array_equal(scene.cameras.size_px, [SIZE] * 6)
    for frame, T in enumerate(POSES.values()):
        np.testing.assert_allclose(scene.store.pose_as_released(frame), T, atol=1e-7)
    np.testing.assert_allclose(scene.store.intrinsics_as_released()["intrinsic_color"][:3, :3], K)


def test_each_view_has_its_own_field_of_view(tmp_path: Path) -> None:
    house = House()
    house.poses[ROOM, "0"] = camera_line(POSES[ROOM, "0"], (0.8, 0.5))
    scene = read(tmp_path, house)
    fx, fy = SIZE[0] / 2 / np.tan(0.8), SIZE[1] / 2 / np.tan(0.5)
    np.testing.assert_allclose(scene.cameras.K[0], [[fx, 0, SIZE[0] / 2], [0, fy, SIZE[1] / 2], [0, 0, 1]])
    released = scene.store.intrinsics_as_released()
    assert list(released) == [f"intrinsic_color_{name}" for name in NAMES]
    np.testing.assert_allclose(released[f"intrinsic_color_{NAMES[1]}"][:3, :3], K)


def test_directions_are_normalised_and_focal_lengths_are_no_whole_numbers(tmp_path: Path) -> None:
    # cos(asin(0.6)) = 0.8: down by 36.87 degrees, towards +X.
    put(tmp_path / "camera_pose.txt", "1000 2000 1500 8 0 -6 3 0 4 0.698132 0.440615 1")
    T, K = read_camera(tmp_path / "camera_pose.txt", (1280, 720))
    np.testing.assert_allclose(T[:3, 0], [0, -1, 0], atol=1e-12)
    np.testing.assert_allclose(T[:3, 1], [-0.6, 0, -0.8], atol=1e-12)
    np.testing.assert_allclose(T[:3, 2], [0.8, 0, -0.6], atol=1e-12)
    np.testing.assert_allclose(T[:3, 3], [1, 2, 1.5])
    assert np.linalg.det(T[:3, :3]) == pytest.approx(1)
    np.testing.assert_allclose([K[0, 0], K[1, 1]], [640 / np.tan(0.698132), 360 / np.tan(0.440615)])
    assert abs(K[0, 0] - 762.72) < 0.01
    assert (K[0, 2], K[1, 2]) == (640, 360)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("1 2 3 1 0 0 0 0 1 0.7 0.4", "12 numbers"),
        ("1 2 3 1 0 0 0 0 1 0.7 0.4 1 1", "12 numbers"),
        ("1 2 3 1 0 0 0 0 up 0.7 0.4 1", "12 numbers"),
        ("1 2 nan 1 0 0 0 0 1 0.7 0.4 1", "12 numbers"),
        ("1 2 3 1 0 0 1 0 0 0.7 0.4 1", "right angles"),
        ("1 2 3 0 0 0 0 0 1 0.7 0.4 1", "right angles"),
        ("1 2 3 1 0 0 0 0 1 0 0.4 1", "field of view"),
        ("1 2 3 1 0 0 0 0 1 1.6 0.4 1", "field of view"),
        ("1 2 3 1 0 0 0 0 1 3.5 0.4 1", "field of view"),
        ("1 2 3 1 0 0 0 0 1 0.7 0.0001 1", "field of view"),
        ("", "12 numbers"),
    ],
)
def test_a_view_whose_camera_cannot_be_is_left_out_and_named(tmp_path: Path, line: str, what: str) -> None:
    house = House()
    house.poses[ROOM, "1"] = line
    scene = read(tmp_path, house)
    assert scene.frames == NAMES[:1] + NAMES[2:]
    assert what in scene.notes["views left out"]
    assert "485142_1: camera_pose.txt" in scene.notes["views left out"]


def test_boxes_and_their_pixels_are_in_one_world(tmp_path: Path) -> None:
    scene = read(tmp_path, House())
    for number, (_, label, center, size, yaw) in FURNITURE.items():
        row, a = row_of(scene, number), np.radians(yaw)
        assert scene.objects.label[row] == label
        np.testing.assert_allclose(scene.objects.center_m[row], center)
        np.testing.assert_allclose(scene.objects.extent_m[row], size)
        np.testing.assert_allclose(scene.objects.R_world_box[row][:, 0], [np.cos(a), np.sin(a), 0], atol=1e-12)
    # The projected centre of a box lies on its own pixels, where nothing hides it.
    uv, z = scene.cameras.project(scene.objects.center_m[[row_of(scene, 59), row_of(scene, 300)]])
    ids, _ = scene.surface.read(0, scene.cameras.size_px[0], len(scene.objects))
    u, v = uv[0, 0].astype(int)
    assert ids[v, u] == row_of(scene, 59)
    assert z[0, 0] > 0
    assert check_scene(scene, Settings()).what == ""


def test_pixels_are_of_the_objects_that_boxes_name_and_depth_is_in_metres(tmp_path: Path) -> None:
    house = House()
    house.shown[ROOM, "0"][2][5, 5] = 65535
    house.shown[ROOM, "0"][2][6, 6] = 0
    scene = read(tmp_path, house)
    assert isinstance(scene.surface, InstanceImages)
    kinds = {WALL: of_class(scene, WALL), FLOOR: of_class(scene, FLOOR), WINDOW: -1}
    for frame, view in enumerate(VIEWS):
        instance, semantic, mm = pictures(*view)
        rows, depth_m = scene.surface.read(frame, SIZE, len(scene.objects))
        for number in FURNITURE:
            np.testing.assert_array_equal(rows == row_of(scene, number), instance == number)
        for kind, row in kinds.items():
            assert (rows[(instance == BACKGROUND) & (semantic == kind)] == row).all()
        if frame:
            np.testing.assert_allclose(np.nan_to_num(depth_m), mm / 1000, atol=1e-6)
        else:
            assert np.isnan(depth_m[[5, 6], [5, 6]]).all()
        assert scene.store.depth(frame).read() == png(house.shown[view][2])


def test_walls_and_floors_are_annotated_and_never_asked_about(tmp_path: Path) -> None:
    scene = read(tmp_path, House())
    for kind, label in ((WALL, "wall"), (FLOOR, "floor"), (WINDOW, "window")):
        row = of_class(scene, kind)
        assert scene.objects.label[row] == label
        assert scene.objects.doubtful[row]
        assert scene.room_of_object[row] is None
        low = scene.objects.center_m[row] - scene.objects.extent_m[row] / 2
        high = scene.objects.center_m[row] + scene.objects.extent_m[row] / 2
        assert (low < [0.4, 0.4, 0]).all()
        assert (high > [7.6, 2.9, 2.5]).all()
    assert 65536 + CEILING not in scene.objects.id
    assert doubted(scene) == set()
    ids = scene.annotation.id.tolist()
    center, extent, R = scene.annotation.boxes
    assert np.isnan(center[ids.index(65536 + WALL)]).all()
    assert np.isnan(extent[ids.index(65536 + WALL)]).all()
    assert np.isnan(R[ids.index(65536 + WALL)]).all()
    np.testing.assert_allclose(center[ids.index(59)], FURNITURE[59][2])


def test_colour_images_are_published_as_the_authors_of_spar_write_them(tmp_path: Path) -> None:
    scene = read(tmp_path, House())
    for frame in (0, 3):
        buffer = io.BytesIO()
        Image.fromarray(colours(frame)[..., :3].copy(), "RGB").save(buffer, "JPEG", quality=95, optimize=True)
        blob = scene.store.color(frame)
        assert blob.suffix == ".jpg"
        assert blob.read() == buffer.getvalue()


def test_of_three_kinds_of_colour_the_first_that_is_there_counts(tmp_path: Path) -> None:
    folder = House().write(tmp_path)
    raw, other = (view_folder(folder, *view) for view in VIEWS[:2])
    for here, names in ((raw, ("rgb_nolight", "rgb_shading")), (other, ("rgb_shading",))):
        for name in names:
            put(here / f"{name}.png", (view_folder(folder, *VIEWS[4]) / "rgb_rawlight.png").read_bytes())
    scene = loaded(tmp_path)
    assert [view.color.name for view in scene.store.views[:2]] == ["rgb_rawlight.png"] * 2
    (raw / "rgb_rawlight.png").unlink()
    (other / "rgb_rawlight.png").unlink()
    scene = loaded(tmp_path)
    assert [view.color.name for view in scene.store.views[:2]] == ["rgb_nolight.png", "rgb_shading.png"]
    assert (scene.notes["images of rgb_nolight.png"], scene.notes["images of rgb_shading.png"]) == (1, 1)
    (other / "rgb_shading.png").unlink()
    assert "485142_1: rgb_rawlight.png, the file is missing" in loaded(tmp_path).notes["views left out"]


# --------------------------------------------------------------------------------------------------------------- labels


def test_labels_are_what_most_pixels_of_all_views_say(tmp_path: Path) -> None:
    house = House()
    # The last view of the bed calls it a sofa, others do not.
    last = [view for view in VIEWS if (pictures(*view)[0] == 59).any()][-1]
    instance, semantic, _ = house.shown[last]
    semantic[instance == 59] = 6
    assert (instance == 59).sum() < sum((pictures(*view)[0] == 59).sum() for view in VIEWS) / 2
    scene = read(tmp_path, house)
    assert scene.objects.label[row_of(scene, 59)] == "bed"
    assert doubted(scene) == set()


def test_a_label_that_not_most_pixels_say_is_doubtful(tmp_path: Path) -> None:
    house = House()
    for instance, semantic, _ in house.shown.values():
        bed = np.flatnonzero(instance == 59)
        semantic.flat[bed[: len(bed) // 2]] = 6
        semantic.flat[bed[len(bed) // 2 : len(bed) // 2 + len(bed) // 4]] = 7
    scene = read(tmp_path, house)
    assert doubted(scene) == {59}
    assert scene.notes["objects on whose label votes do not agree"] == 1


def test_unlabelled_pixels_have_no_vote_and_nobody_knows_what_has_none(tmp_path: Path) -> None:
    house = House()
    for instance, semantic, _ in house.shown.values():
        semantic[instance == 7] = 0
        bed = np.flatnonzero(instance == 59)
        semantic.flat[bed[5:]] = 0
        semantic[instance == 60] = 41  # no class
    scene = read(tmp_path, house)
    assert scene.objects.label[row_of(scene, 59)] == "bed"
    assert not {7, 60, BEHIND} & set(scene.objects.id.tolist())
    assert scene.notes["objects that no vote reaches"] == 3
    rows, _ = scene.surface.read(0, SIZE, len(scene.objects))
    assert (rows[pictures(ROOM, "0")[0] == 7] == -1).all()


def test_objects_that_no_view_shows_are_left_out_and_counted(tmp_path: Path) -> None:
    scene = read(tmp_path, House())
    assert BEHIND not in scene.objects.id
    assert scene.notes["objects that no vote reaches"] == 1


def test_an_image_without_background_keeps_its_highest_id(tmp_path: Path) -> None:
    house = House()
    instance, semantic, _ = house.shown[ROOM, "0"]
    semantic[instance == BACKGROUND] = 3
    instance[instance == BACKGROUND] = 300
    scene = read(tmp_path, house)
    rows, _ = scene.surface.read(0, SIZE, len(scene.objects))
    assert (rows[instance == 300] == row_of(scene, 300)).all()


def test_lamps_that_are_called_sofas_are_doubtful(tmp_path: Path) -> None:
    house = House()
    for instance, semantic, _ in house.shown.values():
        semantic[instance == 7] = 6
    scene = read(tmp_path, house)
    assert scene.objects.label[row_of(scene, 7)] == "sofa"
    assert doubted(scene) == {7}
    assert scene.notes["objects that hang too high for their label"] == 1


def test_what_has_no_box_keeps_others_from_being_the_only_one(tmp_path: Path) -> None:
    house = House()
    house.boxes = [entry for entry in house.boxes if entry["ID"] != 41]
    scene = read(tmp_path, house)
    assert scene.notes["ids in images that have no box"] == 1
    assert scene.objects.label[of_class(scene, 25)] == "television"
    rows, _ = scene.surface.read(4, SIZE, len(scene.objects))
    television = pictures(OTHER, "0")[0] == 41
    assert television.any()
    assert (rows[television] == -1).all()


# ---------------------------------------------------------------------------------------------------------------- boxes


def test_half_sides_may_be_negative_and_axes_left_handed(tmp_path: Path) -> None:
    house = House()
    for entry in house.boxes:
        entry["coeffs"] = [-x for x in entry["coeffs"]]
        entry["basis"][0] = [-x for x in entry["basis"][0]]
    scene = read(tmp_path, house)
    row = row_of(scene, 60)
    np.testing.assert_allclose(scene.objects.extent_m[row], FURNITURE[60][3])
    assert np.linalg.det(scene.objects.R_world_box[row]) > 0
    assert doubted(scene) == set()


@pytest.mark.parametrize("fault", ["skew", "infinite", "twice"])
def test_boxes_that_cannot_be_are_left_out_and_counted(tmp_path: Path, fault: str) -> None:
    house = House()
    entry = next(entry for entry in house.boxes if entry["ID"] == 41)
    if fault == "skew":
        entry["basis"][0] = [0.9, 0.3, 0.0]
    elif fault == "infinite":
        entry["centroid"] = [float("inf"), 0, 0]
    else:
        house.boxes.append({**entry, "centroid": [0, 0, 0]})
    scene = read(tmp_path, house)
    assert 41 not in scene.objects.id
    assert scene.notes["boxes that cannot be"] == (2 if fault == "twice" else 1)
    assert scene.objects.label[of_class(scene, 25)] == "television"


def test_boxes_that_lean_are_doubtful(tmp_path: Path) -> None:
    house = House()
    entry = next(entry for entry in house.boxes if entry["ID"] == 59)
    entry["basis"] = [[1, 0, 0], [0, np.cos(0.2), np.sin(0.2)], [0, -np.sin(0.2), np.cos(0.2)]]
    assert 59 in doubted(read(tmp_path, house))


def test_boxes_of_old_downloads_that_are_turned_are_doubtful(tmp_path: Path) -> None:
    house = House()
    entry = next(entry for entry in house.boxes if entry["ID"] == 12)
    entry["basis"] = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]
    entry["coeffs"][0] *= 2.5
    entry["coeffs"][1] /= 4
    scene = read(tmp_path, house)
    assert doubted(scene) == {12}
    assert scene.notes["objects that are not in their boxes"] == 1


# ---------------------------------------------------------------------------------------------------------------- rooms


@pytest.mark.parametrize("door", ["beside", "in"])
def test_objects_are_of_the_room_that_holds_their_box(tmp_path: Path, door: str) -> None:
    scene = read(tmp_path, House(annotation=annotation(door)))
    # The first view shows the chair behind the doorway.
    assert (pictures(ROOM, "0")[0] == 61).sum() > 20
    assert {n: scene.room_of_object[row_of(scene, n)] for n in FURNITURE} == IN_ROOM


def test_questions_stay_in_one_room(tmp_path: Path) -> None:
    scene = read(tmp_path, House())
    asked = 0
    for _, fact in facts_of(scene, settings=Settings(video_frames=24), pool=200):
        rooms = {scene.room_of_view[f] for f in fact.frames}
        assert len(rooms) == 1
        assert {scene.room_of_object[o] for o in fact.objects} <= rooms
        asked += 1
    assert asked > 40


def test_a_room_may_have_several_loops_and_planes_any_order(tmp_path: Path) -> None:
    document = annotation()
    order = [len(document["planes"]) - 1 - k for k in range(len(document["planes"]))]
    document["planes"] = [document["planes"][k] for k in order]
    document["planeLineMatrix"] = [document["planeLineMatrix"][k] for k in order]
    scene = read(tmp_path, House(annotation=document))
    assert {n: scene.room_of_object[row_of(scene, n)] for n in FURNITURE} == IN_ROOM


def test_what_an_outline_holds() -> None:
    def loop(*corners: tuple[float, float]) -> np.ndarray:
        return np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)

    outline = np.concatenate(
        [
            loop((0, 0), (4, 0), (4, 4), (2, 4), (2, 2), (0, 2)),
            loop((3, 0.5), (3.5, 0.5), (3.5, 1.5), (3, 1.5)),
        ]
    )
    points = np.array([(1, 1), (1, 3), (3, 3), (3.2, 1), (5, 1), (-1, 1), (2.5, 1.0)])
    assert inside(outline, points).tolist() == [True, False, True, False, False, False, True]


def test_a_room_without_an_outline_is_counted_and_what_stands_there_is_of_none(tmp_path: Path) -> None:
    document = annotation()
    # One side of the second room's floor is lost.
    (floor,) = [k for k, plane in enumerate(document["planes"]) if plane["type"] == "floor"][1:]
    row = document["planeLineMatrix"][floor]
    row[row.index(1)] = 0
    scene = read(tmp_path, House(annotation=document))
    assert scene.notes["rooms without an outline"] == 1
    assert scene.notes["objects in no room"] == 3
    assert scene.room_of_object[row_of(scene, 61)] is None
    assert scene.room_of_object[row_of(scene, 59)] == ROOM


def test_a_box_that_two_rooms_hold_alike_is_of_none(tmp_path: Path) -> None:
    document = annotation()
    for junction in document["junctions"]:
        # The second room reaches over all of the first.
        junction["coordinate"][0] *= junction["coordinate"][0] != 4200
    scene = read(tmp_path, House(annotation=document))
    found = {n: scene.room_of_object[row_of(scene, n)] for n in FURNITURE}
    assert found == {n: OTHER if room == OTHER else None for n, room in IN_ROOM.items()}


# --------------------------------------------------------------------------------------------------------------- errata


def test_invalid_houses_are_no_scenes(tmp_path: Path) -> None:
    house = House()
    for number in ("01155", "01714", "01816", "03398", "01192", "01852", "00017"):
        house.write(tmp_path, f"scene_{number}")
    adapter = Structured3DAdapter(tmp_path)
    assert adapter.scenes() == [ID]
    with pytest.raises(SceneError, match="call this house invalid"):
        adapter.load("scene_01852")
    assert "six invalid houses" in adapter.load(ID).notes["errata"]


def test_errata_of_the_release_are_read_and_noted(tmp_path: Path) -> None:
    root = tmp_path / "Structured3D"
    house = House()
    house.write(root)
    house.write(root, "scene_00018")
    lines = [
        "# invalid",
        "scene_01155",
        "scene_00018\r",
        "",
        f"# {ID} is good",
        f"{ID}_room_{OTHER}",
        "scene_00019_room_7",
    ]
    put(tmp_path / "metadata/errata.txt", "\n".join(lines))
    adapter = Structured3DAdapter(root)
    assert adapter.scenes() == [ID]
    with pytest.raises(SceneError, match=r"errata\.txt"):
        adapter.load("scene_00018")
    scene = adapter.load(ID)
    assert scene.frames == NAMES[:4]
    assert scene.notes["errata"] == f"rooms left out: {OTHER}"
    assert OTHER not in scene.room_of_object
    put(tmp_path / "metadata/errata.txt", "scene_01155\n")
    again = adapter.load(ID)
    assert "errata" not in again.notes
    assert again.frames == NAMES


# --------------------------------------------------------------------------------------------------------------- layout


def test_archives_may_lie_beside_each_other(tmp_path: Path) -> None:
    folder = House().write(tmp_path / "whole")
    for name, parts in {
        "Structured3D_annotation_3d/Structured3D": ("annotation_3d.json", "instance.png"),
        "Structured3D_bbox": ("bbox_3d.json",),
        "perspective_full/Structured3D": ("rgb_rawlight.png", "depth.png", "semantic.png", "camera_pose.txt"),
    }.items():
        for path in folder.rglob("*"):
            if path.name in parts:
                put(tmp_path / "apart" / name / ID / path.relative_to(folder), path.read_bytes())
    whole, apart = loaded(tmp_path / "whole"), loaded(tmp_path / "apart")
    assert Structured3DAdapter(tmp_path / "apart").scenes() == [ID]
    assert apart.frames == whole.frames
    assert apart.objects.label == whole.objects.label
    assert apart.notes == whole.notes


def test_splits_go_by_number() -> None:
    adapter = Structured3DAdapter(Path())
    splits = [adapter.split(f"scene_{number}") for number in ("00000", "02999", "03000", "03249", "03250", "03499")]
    assert splits == ["train", "train", "val", "val", "test", "test"]


def test_panoramas_and_empty_rooms_are_not_read(tmp_path: Path) -> None:
    folder = House().write(tmp_path)
    full = view_folder(folder, ROOM, "0")
    for other in ("panorama/full", "perspective/empty/7"):
        put(folder / "2D_rendering" / ROOM / other / "rgb_rawlight.png", (full / "rgb_rawlight.png").read_bytes())
        put(folder / "2D_rendering" / ROOM / other / "instance.png", png(np.full((512, 1024), 59, dtype=np.uint16)))
    scene = loaded(tmp_path)
    assert scene.frames == NAMES
    assert "views left out" not in scene.notes


# --------------------------------------------------------------------------------------------------------- broken files


@pytest.mark.parametrize("name", ["instance.png", "semantic.png", "depth.png"])
@pytest.mark.parametrize("fault", ["missing", "cut", "no image", "size", "colours"])
def test_a_view_with_a_broken_image_is_left_out_and_named(tmp_path: Path, name: str, fault: str) -> None:
    folder = House().write(tmp_path)
    path = view_folder(folder, ROOM, "2") / name
    data = path.read_bytes()
    if fault == "missing":
        path.unlink()
    else:
        broken = {
            "cut": data[: len(data) // 2],
            "no image": b"<html>",
            "size": png(np.zeros((SIZE[1] // 2, SIZE[0] // 2), dtype=np.uint16)),
            "colours": png(np.zeros((*SIZE[::-1], 3), dtype=np.uint8)),
        }
        put(path, broken[fault])
    scene = loaded(tmp_path)
    assert scene.frames == NAMES[:2] + NAMES[3:]
    assert f"485142_2: {name}" in scene.notes["views left out"]
    assert (
        fault not in ("size", "colours") or {"size": "160x90", "colours": fault}[fault] in scene.notes["views left out"]
    )
    # Those that follow have their own images still.
    rows, _ = scene.surface.read(2, SIZE, len(scene.objects))
    np.testing.assert_array_equal(rows == row_of(scene, 59), pictures(ROOM, "10")[0] == 59)


def test_a_colour_image_that_is_cut_is_not_asked_about(tmp_path: Path) -> None:
    folder = House().write(tmp_path)
    path = view_folder(folder, ROOM, "2") / "rgb_rawlight.png"
    path.write_bytes(path.read_bytes()[:400])
    scene = loaded(tmp_path)
    with pytest.raises(SceneError, match="cannot be read"):
        scene.store.color(2)
    usable, _ = frames_to_ask(scene, Settings())
    assert 2 not in usable
    path.write_bytes(b"\x89PNG")
    assert "485142_2: rgb_rawlight.png" in loaded(tmp_path).notes["views left out"]


def test_a_house_of_which_no_view_can_be_used_is_refused(tmp_path: Path) -> None:
    house = House()
    house.poses = dict.fromkeys(house.poses, "1 2 3")
    with pytest.raises(SceneError, match=r"no view can be used: 485142_0: camera_pose.txt.*and 1 more"):
        read(tmp_path, house)
    for path in tmp_path.glob(f"{ID}/2D_rendering/*/perspective/full"):
        path.rename(path.with_name("empty"))
    with pytest.raises(SceneError, match="no perspective full renders"):
        loaded(tmp_path)


@pytest.mark.parametrize("name", ["annotation_3d.json", "bbox_3d.json"])
@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "missing"), (b'{"planes": [', "not JSON"), (b"7", "not a JSON"), (b"[7]", "not"), (b"{}", "not")],
)
def test_broken_annotations_are_one_clear_error(tmp_path: Path, name: str, content: bytes | None, what: str) -> None:
    path = House().write(tmp_path) / name
    House().write(tmp_path, "scene_00020")
    if content is None:
        path.unlink()
    else:
        put(path, content)
    with pytest.raises(SceneError, match=what) as caught:
        loaded(tmp_path)
    assert Path(str(caught.value.where)).name == name
    assert "Structured3D_" in caught.value.mend or content is not None
    assert loaded(tmp_path, "scene_00020").frames == NAMES


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("bbox_3d.json", b"[]", "it has no box of anything that the images show"),
        ("annotation_3d.json", None, "no box stands in an outline of a room"),
    ],
)
def test_a_house_of_whose_objects_none_has_a_room_is_refused(
    tmp_path: Path, name: str, content: bytes | None, what: str
) -> None:
    path = House().write(tmp_path) / name
    told = json.loads(path.read_text())
    put(path, content or json.dumps({**told, "semantics": []}).encode())
    with pytest.raises(SceneError, match=rf"{name}: {what}\n.*Structured3D_"):
        loaded(tmp_path)


@pytest.mark.parametrize("key", ["planes", "lines", "junctions", "planeLineMatrix", "lineJunctionMatrix", "semantics"])
def test_an_annotation_whose_parts_do_not_fit_is_refused(tmp_path: Path, key: str) -> None:
    document = annotation()
    document[key] = document[key][:-1] if key != "semantics" else [{"ID": 1, "type": "study", "planeID": [77]}]
    with pytest.raises(SceneError, match="not as they should be"):
        read(tmp_path, House(annotation=document))


def test_no_house_and_no_such_house(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="no Structured3D house"):
        Structured3DAdapter(tmp_path).scenes()
    with pytest.raises(SceneError, match="cannot be read"):
        Structured3DAdapter(tmp_path / "nowhere").scenes()
    House().write(tmp_path)
    with pytest.raises(SceneError, match="there is no house") as caught:
        loaded(tmp_path, "scene_00016")
    assert ID in caught.value.mend
    with pytest.raises(SceneError, match="there is no house"):
        loaded(tmp_path, "..")


# --------------------------------------------------------------------------------------------------------- the contract


def test_fingerprints_change_with_what_is_read(tmp_path: Path) -> None:
    folder = House().write(tmp_path)
    adapter = Structured3DAdapter(tmp_path)
    here = view_folder(folder, ROOM, "0")
    before, quick = adapter.load(ID).fingerprint, adapter.fingerprint(ID)
    for path in (here / "camera_pose.txt", here / "instance.png", here / "rgb_rawlight.png", folder / "bbox_3d.json"):
        path.write_bytes(path.read_bytes() + b"\n")
        assert before != (before := adapter.load(ID).fingerprint)
        assert quick != (quick := adapter.fingerprint(ID))
    put(tmp_path / "metadata/errata.txt", "# nothing")
    assert before != adapter.load(ID).fingerprint
    assert quick != adapter.fingerprint(ID)
    moved = tmp_path / "elsewhere"
    folder.rename(moved.with_name(ID + "_moved"))
    House().write(moved)
    first = Structured3DAdapter(moved).load(ID).fingerprint
    moved.rename(tmp_path / "there")
    assert Structured3DAdapter(tmp_path / "there").load(ID).fingerprint == first


def test_the_adapter_keeps_the_contract(tmp_path: Path) -> None:
    House().write(tmp_path)
    assert int(check_adapter(Structured3DAdapter(tmp_path))[ID]["rows"]) > 40
    scene = pickle.loads(pickle.dumps(loaded(tmp_path)))
    assert scene.store.color(1).read() == loaded(tmp_path).store.color(1).read()


def test_a_run_passes_by_a_broken_house_and_writes_depths_splits_and_terms(tmp_path: Path) -> None:
    root, tasks = tmp_path / "data", {"distance_prediction_oc": ["fill"], "depth_prediction_oc": ["fill"]}
    House().write(root)
    House().write(root, "scene_03000")
    put(House().write(root, "scene_00020") / "bbox_3d.json", "{}")
    source = {"adapter": "structured3d", "root": str(root)}
    tree = {"out": str(tmp_path / "out"), "sources": [source], "tasks": tasks, "rows_per_cell": 4, "rgbd": True}
    report = generate(make_job(tree))
    assert list(report.failed) == ["structured3d/train/scene_00020"]
    assert "bbox_3d.json" in report.failed["structured3d/train/scene_00020"]
    images = tmp_path / "out/spar/structured3d/images"
    for split, name in (("train", ID), ("val", "scene_03000")):
        files = list((tmp_path / f"out/spar/structured3d/qa_jsonl/{split}").rglob("*.jsonl"))
        rows = [json.loads(line) for path in files for line in path.read_text().splitlines()]
        assert rows, split
        for row in rows:
            (color,), (depth,) = row["image"], row["depth"]
            assert color.startswith(f"{name}/image_color/")
            room, position = Path(color).stem.split("_")
            released = view_folder(root / name, room, position) / "depth.png"
            assert (images / depth).read_bytes() == released.read_bytes()
    assert "Structured3D Terms of Use" in (tmp_path / "out/manifest.json").read_text()
