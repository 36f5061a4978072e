"""Posed scenes of instance and depth images: the same room as a mesh and as pictures of itself."""

from __future__ import annotations

import json
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from asking import ask_all
from worlds import World, furnished

from scene_adapters.posed import PosedAdapter
from spargen.errors import SceneError
from spargen.geometry.raycast import RayCaster
from spargen.scene.images import InstanceImages
from spargen.scene.types import Scene
from spargen.settings import Settings
from spargen.testing import check_adapter
from spargen.verify.judge import judge
from spargen.verify.lexicon import Lexicon
from spargen.verify.site import Site
from spargen.views.check import check_scene
from tests.adapters.posed_files import GL, jpeg, png, put

SIZE, SMALLER, FIRST = (160, 120), 2, 400
FRAMES = 12


@cache
def room() -> World:
    world = furnished(frames=FRAMES)
    world.intrinsics = [np.diag([1 / 4, 1 / 4, 1]) @ K for K in world.intrinsics]
    world.sizes = [SIZE] * FRAMES
    return world


@cache
def pictures(view: int) -> tuple[np.ndarray, np.ndarray]:
    """Ids and millimetres at half the size of the colour image, both uint16; 0 = nobody's."""
    mesh, cameras = room().mesh(), room().cameras()
    caster = RayCaster(mesh.vertices_m, mesh.faces)
    u, v = np.meshgrid(np.arange(SIZE[0] // SMALLER) + 0.5, np.arange(SIZE[1] // SMALLER) + 0.5)
    origin, direction = cameras.rays(view, np.stack([u.ravel(), v.ravel()], -1) * SMALLER)
    face, depth_m = caster.cast(origin, direction)
    owner = np.append(mesh.face_object, -1)[face]
    ids = np.where(owner >= 0, owner + FIRST, 0).reshape(u.shape)
    return ids.astype(np.uint16), np.rint(np.where(face < 0, 0, depth_m) * 1000).reshape(u.shape).astype(np.uint16)


def write(root: Path, told: str = "up: z\nunit_m: 1\n") -> Path:
    folder, world = root / "room", room()
    frames = []
    for i, (K, T) in enumerate(zip(world.intrinsics, world.poses, strict=True)):
        ids, mm = pictures(i)
        put(folder / f"images/{i}.jpg", jpeg(SIZE, 20 * i))
        put(folder / f"instance/{i}.png", png(ids))
        put(folder / f"depth/{i}.png", png(mm))
        own = {"fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
        frames.append({"file_path": f"images/{i}.jpg", "transform_matrix": (T @ GL).tolist(), **own})
    put(folder / "transforms.json", json.dumps({"w": SIZE[0], "h": SIZE[1], "frames": frames}))
    objects = world.objects()
    boxes = {
        str(FIRST + row): {
            "label": objects.label[row],
            "center": objects.center_m[row].tolist(),
            "size": objects.extent_m[row].tolist(),
            "axes": objects.R_world_box[row].T.tolist(),
        }
        for row in range(len(objects))
    }
    put(folder / "boxes.json", json.dumps(boxes))
    put(folder / "scene.yaml", told)
    return folder


def loaded(root: Path) -> Scene:
    return PosedAdapter(root).load("room")


def test_pixels_have_the_object_that_boxes_name_and_metres(tmp_path: Path) -> None:
    write(tmp_path)
    assert PosedAdapter(tmp_path).scenes() == ["room"]
    scene = pickle.loads(pickle.dumps(loaded(tmp_path)))
    assert isinstance(scene.surface, InstanceImages)
    objects = room().objects()
    assert scene.objects.label == objects.label
    np.testing.assert_allclose(scene.objects.center_m, objects.center_m, atol=1e-9)
    assert scene.objects.id.tolist() == list(range(FIRST, FIRST + len(objects)))
    for view in (0, 5):
        rows, depth_m = scene.surface.read(view, scene.cameras.size_px[view], len(scene.objects))
        ids, mm = pictures(view)
        np.testing.assert_array_equal(rows, np.where(ids > 0, ids.astype(int) - FIRST, -1))
        np.testing.assert_allclose(np.nan_to_num(depth_m), mm / 1000, atol=1e-6)


def test_frames_that_lack_an_image_are_left_out_and_counted(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "instance/3.png").unlink()
    (folder / "depth/7.png").unlink()
    scene = loaded(tmp_path)
    assert scene.frames == tuple(str(i) for i in range(FRAMES) if i not in (3, 7))
    assert scene.notes["frames without an image of instances or of depth"] == 2
    np.testing.assert_allclose(scene.cameras.T_world_camera[3], room().poses[4], atol=1e-9)
    ids, _ = pictures(4)
    rows, _ = scene.surface.read(3, SIZE, len(scene.objects))
    np.testing.assert_array_equal(rows, np.where(ids > 0, ids.astype(int) - FIRST, -1))
    for path in (folder / "instance").iterdir():
        path.unlink()
    with pytest.raises(SceneError, match="no frame has an image of instances"):
        loaded(tmp_path)


def test_ids_that_no_box_has_are_not_annotated_and_boxes_that_lean_are_doubtful(tmp_path: Path) -> None:
    folder = write(tmp_path)
    boxes = json.loads((folder / "boxes.json").read_text())
    del boxes[str(FIRST)]
    leaning = boxes[str(FIRST + 6)]
    leaning["axes"] = [[1, 0, 0], [0, 0.9, np.sqrt(1 - 0.81)], [0, -np.sqrt(1 - 0.81), 0.9]]
    put(folder / "boxes.json", json.dumps(boxes))
    scene = loaded(tmp_path)
    ids, _ = pictures(0)
    rows, _ = scene.surface.read(0, SIZE, len(scene.objects))
    np.testing.assert_array_equal(rows, np.where(ids > FIRST, ids.astype(int) - FIRST - 1, -1))
    assert np.flatnonzero(scene.objects.doubtful).tolist() == [5]


def test_boxes_are_wanted_and_the_world_is_asked_for(tmp_path: Path) -> None:
    folder = write(tmp_path, told="")
    with pytest.raises(SceneError, match="which way is up and how many metres") as caught:
        loaded(tmp_path)
    assert caught.value.mend.splitlines()[1].startswith("up: z ")
    assert caught.value.mend.splitlines()[2].startswith("unit_m: 1 ")
    (folder / "boxes.json").unlink()
    with pytest.raises(SceneError, match="instance images need boxes"):
        loaded(tmp_path)


def test_the_fingerprint_changes_with_the_images(tmp_path: Path) -> None:
    folder = write(tmp_path)
    before = loaded(tmp_path)
    put(folder / "instance/3.png", (folder / "instance/3.png").read_bytes() + b"\0")
    after = loaded(tmp_path)
    assert before.fingerprint != after.fingerprint
    assert before.surface.parts()[0] != after.surface.parts()[0]


def test_the_adapter_keeps_the_contract(tmp_path: Path) -> None:
    write(tmp_path)
    assert int(check_adapter(PosedAdapter(tmp_path))["room"]["rows"]) > 50


def test_the_second_path_judges_rows_by_the_boxes_that_the_data_set_has(tmp_path: Path) -> None:
    folder = write(tmp_path)
    tasks = ("distance_prediction_oo", "depth_prediction_oc", "distance_infer_center_oo")
    rows = ask_all(loaded(tmp_path), quota=4, tasks=tasks).rows
    assert {row.task for row in rows} == set(tasks)
    boxes = json.loads((folder / "boxes.json").read_text())
    for box in boxes.values():
        box["center"][1] += 0.5
    for by_m, kind in ((0.0, "right"), (0.5, "wrong")):
        if by_m:
            put(folder / "boxes.json", json.dumps(boxes))
        site = Site(loaded(tmp_path), Lexicon())
        assert {judge(row.record, site, row.task, row.form, None).kind for row in rows} == {kind}


def test_the_check_holds_and_refuses_what_does_not_belong(tmp_path: Path) -> None:
    folder = write(tmp_path)
    assert check_scene(loaded(tmp_path), Settings()).what == ""
    document = json.loads((folder / "transforms.json").read_text())
    for frame in document["frames"]:
        frame["transform_matrix"] = (np.array(frame["transform_matrix"]) @ GL).tolist()
    put(folder / "transforms.json", json.dumps(document))
    assert "OpenGL" in check_scene(loaded(tmp_path), Settings()).what
