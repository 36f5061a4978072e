"""The generated house in Structured3D's layout, read by the letter of its description and by the adapter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spargen.demo import LAYOUTS, build_house, clean_scan, dirty_scan, walk_cameras, write_demo
from spargen.demo.outlines import room_id
from spargen.demo.structured3d import write_structured3d
from spargen.geometry.raycast import RayCaster
from spargen.plugins import find_adapter
from spargen.scene.cameras import Cameras
from spargen.settings import Settings
from spargen.views.check import check_scene

SEED, FRAMES, ID = 6, 10, "scene_00000"
NYU40 = {"wall": 1, "floor": 2, "bed": 4, "chair": 5, "table": 7, "door": 8, "window": 9, "ceiling": 22}
BUILDING = ("wall", "floor", "ceiling", "door frame", "window")


@pytest.fixture(scope="module")
def house():
    built = build_house(SEED, 0.4)
    assert len(built.plan.rooms) > 2
    return built


@pytest.fixture(scope="module")
def cameras(house):
    return walk_cameras(house, FRAMES)


@pytest.fixture(scope="module")
def folder(house, cameras, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("structured3d")
    return write_structured3d(house, clean_scan(house), cameras, root, ID, workers=1)


def views(folder: Path) -> list[tuple[int, int, Path]]:
    """Room, step of the walk and folder of each view."""
    found = folder.glob("2D_rendering/*/perspective/full/*")
    return sorted((int(path.parts[-4]), int(path.name), path) for path in found)


def image(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened)


def view_camera(here: Path) -> Cameras:
    line = np.array((here / "camera_pose.txt").read_text().split(), dtype=float)
    assert len(line) == 12
    assert line[11] == 1
    eye, forward, up, (half_x, half_y) = line[:3] / 1000, line[3:6], line[6:9], line[9:11]
    T = np.eye(4)
    T[:3] = np.stack([np.cross(forward, up), -up, forward, eye], axis=1)
    height, width, _ = image(here / "rgb_rawlight.png").shape
    K = [[width / 2 / np.tan(half_x), 0, width / 2], [0, height / 2 / np.tan(half_y), height / 2], [0, 0, 1]]
    return Cameras(np.array([K]), T[None], np.array([[width, height]]))


def test_views_stand_where_the_walk_was_in_their_room(house, cameras, folder) -> None:
    found = views(folder)
    assert len(found) > FRAMES / 2
    assert len({room for room, _, _ in found}) > 1
    for number, step, here in found:
        camera = view_camera(here)
        np.testing.assert_allclose(camera.T_world_camera[0], cameras.T_world_camera[step], atol=1e-5)
        room = house.plan.rooms[[room_id(i) for i in range(len(house.plan.rooms))].index(number)]
        x, y, _ = camera.position_m[0]
        assert room.x0 < x < room.x1
        assert room.y0 < y < room.y1
        fx, fy = camera.K[0, [0, 1], [0, 1]]
        assert fx != fy
        assert int(fx) != fx


def test_pixels_show_what_their_rays_meet(house, folder) -> None:
    caster = RayCaster(house.vertices_m, house.faces)
    bare: list[bool] = []
    # In a clean scan a group is a thing, and its number is the thing's.
    for _, _, here in views(folder):
        camera = view_camera(here)
        width, height = (int(n) for n in camera.size_px[0])
        images = [image(here / f"{name}.png") for name in ("instance", "semantic", "depth")]
        assert [found.dtype for found in images] == [np.uint16, np.uint8, np.uint16]
        v, u = np.mgrid[3:height:7, 3:width:7]
        face, z = (found.reshape(u.shape) for found in caster.cast(*camera.rays(0, np.stack([u, v], axis=-1) + 0.5)))
        instance, semantic, mm = (found[v, u] for found in images)
        thing = np.where(face < 0, -1, house.face_object[face])
        kind = np.array([*house.kinds, ""])[thing]
        own = (thing >= 0) & ~np.isin(kind, BUILDING)
        assert (np.where(own, thing, 65535) == instance).mean() > 0.995
        assert (np.abs(mm / 1000 - np.where(face < 0, 0, z)) < 2e-3).mean() > 0.99
        for name, number in NYU40.items():
            assert (semantic[kind == name] == number).mean() > 0.97 if (kind == name).sum() > 50 else True
        assert own.any()
        bare += (semantic[(thing < 0) & (face >= 0) & (instance == 65535)] == 38).tolist()
    # Skirting boards, which nobody annotates.
    assert len(bare) > 50
    assert np.mean(bare) > 0.9


def test_boxes_hold_their_things_and_the_building_has_none(house, folder) -> None:
    boxes = {entry["ID"]: entry for entry in json.loads((folder / "bbox_3d.json").read_text())}
    assert set(boxes) == {i for i, kind in enumerate(house.kinds) if kind not in BUILDING}
    for number, entry in boxes.items():
        points = house.vertices_m[house.vertex_object == number] * 1000 - entry["centroid"]
        along = np.abs(points @ np.array(entry["basis"]).T).max(axis=0)
        np.testing.assert_allclose(along, entry["coeffs"], atol=1)


def test_the_annotation_tells_the_outlines_of_rooms(house, folder) -> None:
    document = json.loads((folder / "annotation_3d.json").read_text())
    for name in ("planes", "lines", "junctions"):
        assert [part["ID"] for part in document[name]] == list(range(len(document[name])))
    lines_of, ends_of = (np.array(document[name]) for name in ("planeLineMatrix", "lineJunctionMatrix"))
    assert (ends_of.sum(axis=1) == 2).all()
    points = np.array([junction["coordinate"] for junction in document["junctions"]])
    doors = [plane for part in document["semantics"] if part["type"] == "door" for plane in part["planeID"]]
    of_doors = set(np.flatnonzero(lines_of[doors].any(axis=0)).tolist())
    rooms = {part["ID"]: part["planeID"] for part in document["semantics"] if part["type"] != "door"}
    assert list(rooms) == [room_id(i) for i in range(len(house.plan.rooms))]
    for room, own in zip(house.plan.rooms, rooms.values(), strict=True):
        middle = np.array([room.x0 + room.x1, room.y0 + room.y1, house.plan.height_m]) / 2 * 1000
        for plane in (document["planes"][k] for k in own):
            # Normals point into the room.
            assert np.dot(plane["normal"], middle) + plane["offset"] > 0
        (floor,) = [k for k in own if document["planes"][k]["type"] == "floor"]
        outline = sorted(set(np.flatnonzero(lines_of[floor]).tolist()) - of_doors)
        assert len(outline) == 4 < lines_of[floor].sum()
        corners = points[np.unique(np.nonzero(ends_of[outline])[1])] / 1000
        assert set(map(tuple, corners.round(6))) == {
            (round(x, 6), round(y, 6), 0.0) for x in (room.x0, room.x1) for y in (room.y0, room.y1)
        }
    for k, opening in enumerate(house.plan.openings):
        # A doorway is a hole in the walls of both its rooms.
        for plane in doors[2 * k : 2 * k + 2]:
            corners = points[np.unique(np.nonzero(ends_of[lines_of[plane] == 1])[1])] / 1000
            np.testing.assert_allclose(corners.mean(axis=0)[:2], (opening.x, opening.y), atol=0.07)
            np.testing.assert_allclose(np.ptp(corners, axis=0)[:2].max(), opening.width_m, atol=1e-5)


def test_the_adapter_finds_things_in_the_rooms_where_they_were_put(house, folder) -> None:
    scene = find_adapter("structured3d")(folder.parent).load(ID)
    assert check_scene(scene, Settings()).what == ""
    things = [(int(i), room) for i, room in zip(scene.objects.id, scene.room_of_object, strict=True) if i < 65536]
    assert len(things) > 20
    for thing, room in things:
        # What hangs in a wall is in no room.
        assert room in (None, str(room_id(house.room[thing]))), house.kinds[thing]
    assert sum(room is None for _, room in things) < 0.1 * len(things)


def test_what_an_annotator_does_shows_in_ids_and_boxes(house, cameras, tmp_path: Path) -> None:
    scan = dirty_scan(house, cameras)
    short = cameras.take(range(4))
    folder = write_structured3d(house, scan, short, tmp_path, ID, workers=1)
    boxes = {entry["ID"] for entry in json.loads((folder / "bbox_3d.json").read_text())}
    merged = [i for i, group in enumerate(scan.groups) if len(group.things) > 1]
    assert boxes <= set(range(len(scan.groups)))
    assert merged
    forgotten = set(range(len(house.kinds))) - {thing for group in scan.groups for thing in group.things}
    assert forgotten
    scene = find_adapter("structured3d")(tmp_path).load(ID)
    assert check_scene(scene, Settings()).what == ""


def test_a_house_of_which_a_file_is_gone_is_written_again(tmp_path: Path) -> None:
    layout = LAYOUTS["structured3d"]
    (scene_id,) = write_demo(tmp_path, seed=5, frames=2, layout="structured3d", dirt=False, workers=1)
    files = list(layout.files(tmp_path, scene_id))
    before = {path: path.read_bytes() for path in files}
    assert len(files) >= 3 + 5
    truth = json.loads((tmp_path / f"truth/{scene_id}.json").read_text())
    words = {label for thing in truth["objects"] for label in thing["labels"]}
    assert {"wall", "floor", "sofa", "night stand", "refrigerator", "otherprop"} <= words
    assert not words & {"couch", "nightstand", "refridgerator", "plant"}
    files[-1].unlink()
    write_demo(tmp_path, seed=5, frames=2, layout="structured3d", dirt=False, workers=1)
    assert {path: path.read_bytes() for path in files} == before
