"""Posed scenes: what is told of them, their meshes, and their objects by ids, names and boxes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

import spargen
from scene_adapters.posed import PosedAdapter
from scene_adapters.posed_labels import read_labels
from scene_adapters.posed_told import rotation_to_z
from spargen.errors import SceneError
from spargen.scene.types import Scene
from tests.adapters.posed_files import (
    LABELS,
    Place,
    box,
    glb_bytes,
    obj_text,
    put,
    turned,
    write_labels,
    write_nerfstudio,
    write_ply,
    write_scene,
)

TURN = {
    "x": [[0, 0, 1], [0, 1, 0], [-1, 0, 0]],
    "y": [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
    "-y": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
    "-z": [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
    "-x": [[0, 0, -1], [0, 1, 0], [1, 0, 0]],
    "z": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}
"""From +Z up to each other axis up: the axis's column is what +Z becomes."""


def loaded(root: Path, scene: str = "room") -> Scene:
    return PosedAdapter(root).load(scene)


def elsewhere(place: Place, up: str, unit_m: float) -> Place:
    """The place with its files in other axes and another unit."""
    R = np.array(TURN[up], dtype=float)
    place.vertices = place.vertices @ R.T / unit_m
    place.poses = [
        np.block([[R @ T[:3, :3], (R @ T[:3, 3:]) / unit_m], [np.zeros((1, 3)), np.ones((1, 1))]]) for T in place.poses
    ]
    return place


def assert_the_place(scene: Scene, ids: tuple[int, ...] = (3, 5, 70000)) -> None:
    """The floor, the table and the chair of `Place`, and its walk."""
    assert scene.objects.id.tolist() == list(ids)
    assert scene.objects.label == ("floor", "table", "office chair")
    np.testing.assert_allclose(scene.objects.center_m, [[2, 1.5, 0], [1, 1, 0.35], [3, 2, 0.45]], atol=1e-5)
    sizes = np.sort(scene.objects.extent_m, axis=1)
    np.testing.assert_allclose(sizes, [[0, 3, 4], [0.6, 0.7, 1.2], [0.4, 0.4, 0.9]], atol=1e-5)
    np.testing.assert_allclose(scene.cameras.T_world_camera, Place().poses, atol=1e-5)
    faces = [2, 12, 12]
    assert [int((scene.surface.face_object == row).sum()) for row in range(3)] == faces
    assert len(scene.surface.faces) == 28


# --- the world --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("up", TURN)
@pytest.mark.parametrize("unit_m", [1.0, 0.001, 0.3048])
def test_up_and_unit_bring_mesh_and_poses_into_one_world(tmp_path: Path, up: str, unit_m: float) -> None:
    write_scene(tmp_path, elsewhere(Place(), up, unit_m), told=f"up: {up}\nunit_m: {unit_m}\n")
    scene = loaded(tmp_path)
    assert_the_place(scene)
    # What stands in the world before the alignment is brought there by it, in metres.
    for frame in range(5):
        T = scene.T_world_released @ scene.store.pose_as_released(frame)
        np.testing.assert_allclose(T, scene.cameras.T_world_camera[frame], atol=1e-9)
    np.testing.assert_allclose(scene.T_world_released[:3, :3] @ TURN[up], np.eye(3))
    assert np.linalg.det(scene.T_world_released) > 0
    told = scene.notes.get("world of the files")
    assert told == (None if (up, unit_m) == ("z", 1.0) else f"{up} up, a unit is {unit_m:g} m")


@pytest.mark.parametrize(
    ("up", "unit_m", "told", "lacks", "proposed"),
    [
        ("y", 0.001, "", "which way is up and how many metres", ["up: y ", "unit_m: 0.001 "]),
        ("-y", 0.01, "unit_m: 0.01\n", "which way is up$", ["up: -y "]),
        ("-z", 1.0, "", "which way", ["up: -z ", "unit_m: 1 "]),
        ("x", 0.3048, "up: x\n", "how many metres a unit has$", ["unit_m: 0.3048 "]),
        ("z", 0.0254, "up: z\n", "how many metres", ["unit_m: 0.0254 "]),
        ("z", 7.0, "up: z\n", "how many metres", ["unit_m: 7.3 ", "a mere guess"]),
    ],
)
def test_what_cannot_be_seen_is_asked_for_with_a_guess(
    tmp_path: Path, up: str, unit_m: float, told: str, lacks: str, proposed: list[str]
) -> None:
    folder = write_scene(tmp_path, elsewhere(Place(), up, unit_m), told=told)
    with pytest.raises(SceneError) as caught:
        loaded(tmp_path)
    assert caught.value.where == str(folder)
    assert re.search(f"neither the mesh nor the cameras say .*{lacks}", caught.value.what)
    lines = caught.value.mend.splitlines()
    assert str(folder / "scene.yaml") in lines[0]
    for text in proposed:
        assert any(text in line for line in lines[1:])
    # What is proposed can be pasted as it stands.
    put(folder / "scene.yaml", told + "\n".join(lines[1:]) + "\n")
    if "mere" not in caught.value.mend:
        assert_the_place(loaded(tmp_path))


def test_cameras_that_do_not_agree_say_nothing_of_up(tmp_path: Path) -> None:
    place = Place()
    place.poses = [turned(0, 0, (1, 1, 1)) @ np.diag([1.0, s, s, 1]) for s in (1, -1)]
    write_scene(tmp_path, place, told="unit_m: 1\n")
    with pytest.raises(SceneError) as caught:
        loaded(tmp_path)
    assert "up: z  # a mere guess" in caught.value.mend


@pytest.mark.parametrize("told", [[0.02, -0.6, 0.4], [0, 0, -2], [0, 0, 7], [1, 2, -3]])
def test_up_may_be_any_direction_and_is_proposed_as_one(tmp_path: Path, told: list) -> None:
    R = rotation_to_z(tuple(map(float, told)))
    np.testing.assert_allclose(R[:3, :3] @ told / np.linalg.norm(told), [0, 0, 1], atol=1e-9)
    np.testing.assert_allclose(R @ R.T, np.eye(4), atol=1e-9)
    assert np.linalg.det(R) > 0
    place = Place()
    place.vertices = place.vertices @ R[:3, :3]
    place.poses = [R.T @ T for T in place.poses]
    folder = write_scene(tmp_path, place, told=f"up: {told}\nunit_m: 1\n")
    assert_the_place(loaded(tmp_path))
    put(folder / "scene.yaml", "unit_m: 1\n")
    with pytest.raises(SceneError) as caught:
        loaded(tmp_path)
    put(folder / "scene.yaml", "unit_m: 1\n" + "\n".join(caught.value.mend.splitlines()[1:]) + "\n")
    scene = loaded(tmp_path)
    heights = np.sort(scene.objects.extent_m[:, 2])
    np.testing.assert_allclose(heights, [0, 0.7, 0.9], atol=1e-3)


def test_gltf_says_metres_and_y_up_and_is_overruled(tmp_path: Path) -> None:
    place = elsewhere(Place(), "y", 1.0)
    folder = write_scene(tmp_path, place, told="")
    (folder / "mesh.ply").unlink()
    (folder / "labels.json").unlink()
    put(folder / "house.glb", glb_of(place))
    assert_the_place(loaded(tmp_path), ids=(0, 1, 2))
    other = elsewhere(Place(), "z", 0.01)
    put(folder / "house.glb", glb_of(other))
    write_nerfstudio(folder, other)
    put(folder / "scene.yaml", "up: Z\nunit_m: 0.01\n")
    assert_the_place(loaded(tmp_path), ids=(0, 1, 2))


def test_the_scenes_own_file_counts_before_that_of_all_scenes(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, elsewhere(Place(), "y", 0.01), told="up: y\nspace: house\n")
    put(tmp_path / "scene.yaml", "up: z\nunit_m: 0.01\nsplit: val\n")
    assert_the_place(loaded(tmp_path))
    adapter = PosedAdapter(tmp_path)
    assert (adapter.split("room"), adapter.space("room")) == ("val", "house")
    (folder / "scene.yaml").unlink()
    assert (adapter.split("room"), adapter.space("room")) == ("val", "room")
    (tmp_path / "scene.yaml").unlink()
    assert adapter.split("room") == "train"


@pytest.mark.parametrize(
    ("text", "says", "mend"),
    [
        ("unit: 1", "`unit` is no key", "unit_m"),
        ("Up: z", "`Up` is no key", "up"),
        ("colour: red", "`colour` is no key", "the keys are up"),
        ("up: w", "`up`", "description"),
        ("up: [0, 0, 0]", "`up`", "description"),
        ("up: [0, 1]", "`up`", "description"),
        ("up: [0, .nan, 1]", ".nan is no number", "give a number"),
        ("unit_m: 0", "`unit_m`", "description"),
        ("unit_m: -1", "`unit_m`", "description"),
        ("unit_m: .inf", "`unit_m`", "description"),
        ("unit_m: metre", "`unit_m`", "description"),
        ("mesh: 3", "`mesh`", "description"),
        ("intrinsics: 3", "`intrinsics`", "description"),
        ("- up", "no mapping", "description"),
        ("up: [", "not valid YAML", "syntax"),
    ],
)
@pytest.mark.parametrize("whose", ["scene", "root"])
def test_mistakes_in_what_is_told_are_named(tmp_path: Path, text: str, says: str, mend: str, whose: str) -> None:
    folder = write_scene(tmp_path)
    file = put((folder if whose == "scene" else tmp_path) / "scene.yaml", text)
    with pytest.raises(SceneError, match=says) as caught:
        loaded(tmp_path)
    assert caught.value.where.removesuffix(":1") == str(file)
    assert mend in caught.value.mend


def test_what_stands_far_away_is_brought_near(tmp_path: Path) -> None:
    """Surveyed coordinates, to the tenth of a millimetre."""
    far = np.array([443_210.25, 5_411_987.5, 287.0])
    place = Place()
    place.vertices = place.vertices + far
    for T in place.poses:
        T[:3, 3] += far
    write_scene(tmp_path, place)
    scene = loaded(tmp_path)
    assert "moved to the origin by, in m" in scene.notes
    assert np.abs(scene.surface.vertices_m).max() < 10
    shift = scene.T_world_released[:3, 3]
    np.testing.assert_allclose(
        scene.objects.center_m, np.array([[2, 1.5, 0], [1, 1, 0.35], [3, 2, 0.45]]) + far + shift, atol=1e-6
    )
    near = [np.block([[T[:3, :3], T[:3, 3:] + shift[:, None]], [T[3:]]]) for T in place.poses]
    np.testing.assert_allclose(scene.cameras.T_world_camera, near, atol=1e-6)


# --- which files ------------------------------------------------------------------------------------------------------


def test_scenes_are_folders_with_a_mesh(tmp_path: Path) -> None:
    write_scene(tmp_path, scene="b")
    write_scene(tmp_path, scene="a.1")
    write_scene(tmp_path, scene=".half")
    put(tmp_path / "truth/a.json", "{}")
    put(tmp_path / "told/scene.yaml", "mesh: parts/x.ply")
    assert PosedAdapter(tmp_path).scenes() == ["a.1", "b", "told"]
    assert loaded(tmp_path, "a.1").id == "a.1"
    with pytest.raises(SceneError, match="there is no scene 'c'"):
        loaded(tmp_path, "c")
    with pytest.raises(SceneError, match="nothing that may be the cameras"):
        loaded(tmp_path, "told")
    for root in (tmp_path / "truth", tmp_path / "nowhere"):
        with pytest.raises(SceneError):
            PosedAdapter(root).scenes()


def test_several_meshes_are_asked_about_and_mesh_is_the_usual_name(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    put(folder / "points.ply", b"ply")
    assert_the_place(loaded(tmp_path))
    (folder / "mesh.ply").rename(folder / "house.PLY")
    with pytest.raises(SceneError, match=r"several that may be the mesh: house\.PLY, points\.ply") as caught:
        loaded(tmp_path)
    assert "mesh: house.PLY" in caught.value.mend
    put(folder / "scene.yaml", "up: z\nunit_m: 1\nmesh: house.PLY\n")
    assert_the_place(loaded(tmp_path))
    for key in ("mesh", "labels", "boxes", "cameras"):
        others = "" if key == "mesh" else "mesh: house.PLY\n"
        put(folder / "scene.yaml", f"up: z\nunit_m: 1\n{others}{key}: no/such\n")
        with pytest.raises(SceneError, match="there is no no/such"):
            loaded(tmp_path)
        put(folder / "scene.yaml", f"up: z\nunit_m: 1\n{others}{key}: {'x' * 300}\n")
        with pytest.raises(SceneError, match="there is no xxx"):
            loaded(tmp_path)
    (folder / "house.PLY").rename(folder / "mesh.stl")
    put(folder / "scene.yaml", "up: z\nunit_m: 1\nmesh: mesh.stl\n")
    with pytest.raises(SceneError, match="no mesh that can be read"):
        loaded(tmp_path)
    (folder / "mesh.stl").unlink()
    (folder / "points.ply").unlink()
    put(folder / "scene.yaml", "up: z\nunit_m: 1\n")
    with pytest.raises(SceneError, match="nothing that may be the mesh"):
        loaded(tmp_path)


def test_a_scene_without_cameras_says_what_they_may_be(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    (folder / "transforms.json").unlink()
    with pytest.raises(SceneError, match="nothing that may be the cameras") as caught:
        loaded(tmp_path)
    assert "COLMAP" in caught.value.mend


def test_both_fingerprints_change_with_what_is_read_and_the_scenes_own_with_nothing_else(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    adapter = PosedAdapter(tmp_path)
    seen = {(adapter.fingerprint("room"), loaded(tmp_path).fingerprint)}
    for change in (
        lambda: put(tmp_path / "scene.yaml", "split: val"),
        lambda: put(folder / "scene.yaml", "up: z\nunit_m: 1.0\n"),
        lambda: write_labels(folder / "labels.json", LABELS | {9: "x"}),
        lambda: write_nerfstudio(folder, Place(K=np.array([[37.0, 0, 20], [0, 36, 15], [0, 0, 1]]))),
        lambda: put(folder / "images/0.jpg", (folder / "images/0.jpg").read_bytes() + b"\0"),
        lambda: put(folder / "depth_images/0.png", (folder / "depth_images/0.png").read_bytes() + b"\0"),
    ):
        change()
        seen.add((adapter.fingerprint("room"), loaded(tmp_path).fingerprint))
    assert len({a for a, _ in seen}) == len({b for _, b in seen}) == 7
    before = loaded(tmp_path).fingerprint, adapter.fingerprint("room")
    os.utime(folder / "images/1.jpg", (5, 5))
    assert loaded(tmp_path).fingerprint == before[0]
    assert adapter.fingerprint("room") != before[1]
    folder.rename(tmp_path / "other")
    assert loaded(tmp_path, "other").fingerprint == before[0]


# --- objects by ids ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", ["face", "vertex"])
def test_ids_of_faces_or_of_vertices(tmp_path: Path, ids: str) -> None:
    folder = write_scene(tmp_path)
    write_ply(folder / "mesh.ply", Place(), ids=ids)
    scene = loaded(tmp_path)
    assert_the_place(scene)
    assert scene.notes["share of faces without object"] == round(2 / 28, 4)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", "id,label\n3,floor\n70000,office chair\n5,table\n"),
        ("labels.txt", '\ufeffid, label\r\n3, floor\r\n70000,"office chair"\r\n5, table \r\n\r\n'),
    ],
)
def test_labels_as_a_table(tmp_path: Path, name: str, text: str) -> None:
    folder = write_scene(tmp_path)
    (folder / "labels.json").unlink()
    put(folder / name, text)
    assert_the_place(loaded(tmp_path))
    assert read_labels(put(tmp_path / "x.csv", 'id,label\n1,"box, with a comma"\n')) == {"1": "box, with a comma"}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("labels.json", '{"3": 4}', "'3' has no label"),
        ("labels.json", '{"3": "a", "03": "b"}', "'03' is no id, or there twice"),
        ("labels.json", '{"three": "a"}', "'three' is no id"),
        ("labels.json", '["a"]', "not a JSON object"),
        ("labels.json", '{"90": "a"}', r"none of the ids in the mesh, such as \[-1, 3, 5, 70000\], has a label"),
        ("labels.csv", "3,floor\n", "first line is not id,label"),
        ("labels.csv", "id,label\n3\n", "'3' has no label"),
        ("labels.csv", "id,label\n3,a,b\n", "'3' has no label"),
        ("labels.csv", "id,label\n3,a\n3,b\n", "'3' is named twice"),
    ],
)
def test_labels_that_are_none_are_named(tmp_path: Path, name: str, text: str, says: str) -> None:
    folder = write_scene(tmp_path)
    (folder / "labels.json").unlink()
    put(folder / name, text)
    with pytest.raises(SceneError, match=says):
        loaded(tmp_path)


def test_ids_without_a_label_and_labels_without_a_face_are_counted(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    write_labels(folder / "labels.json", {3: "floor", 5: " ", 8: "ghost"})
    scene = loaded(tmp_path)
    assert scene.objects.label == ("floor", "unknown")
    assert scene.notes["ids of the mesh without a label"] == 1
    assert scene.notes["objects without vertices"] == 1


def test_ids_that_are_no_whole_numbers_are_refused(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    text = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    text += "property float object_id\nelement face 1\nproperty list uchar int vertex_index\nend_header\n"
    put(folder / "mesh.ply", text + "0 0 0 1\n1 0 0 1.5\n0 1 0 1\n3 0 1 2\n")
    with pytest.raises(SceneError, match="no whole numbers"):
        loaded(tmp_path)


def test_a_mesh_of_which_nothing_says_the_objects_is_refused(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    write_ply(folder / "mesh.ply", Place(), ids="none")
    with pytest.raises(SceneError, match="nothing says which objects there are") as caught:
        loaded(tmp_path)
    assert "boxes.json" in caught.value.mend


# --- objects by the names of nodes ------------------------------------------------------------------------------------

NAMES = {3: "floor", 5: "table.001", 70000: "office_chair"}


def flat(place: Place, number: int) -> np.ndarray:
    """(F, 3, 3) triangles of an object."""
    quads = [f for f, i in zip(place.faces, place.ids, strict=True) if i == number]
    return np.array([place.vertices[[a, *two]] for a, b, c, d in quads for two in ((b, c), (c, d))])


def glb_of(place: Place) -> bytes:
    nodes = [{"name": name, "mesh": k} for k, name in enumerate(NAMES.values())] + [{"mesh": 3}]
    return glb_bytes(nodes, [[flat(place, i)] for i in (*NAMES, -1)])


def test_groups_of_an_obj_are_objects(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    (folder / "labels.json").unlink()
    (folder / "mesh.ply").unlink()
    put(folder / "mesh.obj", obj_text(Place(), NAMES | {-1: ""}))
    assert_the_place(loaded(tmp_path), ids=(0, 1, 2))
    put(folder / "mesh.obj", obj_text(Place(), NAMES | {-1: ""}).replace("\no ", "\ng "))
    assert_the_place(loaded(tmp_path), ids=(0, 1, 2))


def test_a_labels_file_may_name_nodes(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    (folder / "mesh.ply").unlink()
    put(folder / "mesh.obj", obj_text(Place(), {3: "a", 5: "b.001", 70000: "c", -1: "d"}))
    put(folder / "labels.json", json.dumps({"c": "office chair", "b.001": "table", "a": "floor", "x": "ghost"}))
    scene = loaded(tmp_path)
    assert_the_place(scene, ids=(0, 1, 2))
    assert scene.notes["labels of nodes that are not there"] == 1
    put(folder / "labels.json", json.dumps({"x": "ghost"}))
    with pytest.raises(SceneError, match="no node is named by the labels file"):
        loaded(tmp_path)
    put(folder / "mesh.obj", obj_text(Place(), dict.fromkeys(LABELS, "") | {-1: ""}))
    (folder / "labels.json").unlink()
    with pytest.raises(SceneError, match="no node is named by its author"):
        loaded(tmp_path)


def test_a_node_on_which_others_hang_is_no_object_unless_it_is_named(tmp_path: Path) -> None:
    place = elsewhere(Place(), "y", 1.0)
    folder = write_scene(tmp_path, place, told="")
    (folder / "mesh.ply").unlink()
    (folder / "labels.json").unlink()
    nodes = [
        {"name": "room", "children": [1, 3]},
        {"name": "table", "mesh": 0, "children": [2]},
        {"name": "chair", "mesh": 1},
        {"name": "floor", "mesh": 2, "children": [4]},
        {"name": "a lamp without a mesh"},
    ]
    glb = glb_bytes(nodes, [[flat(place, i)] for i in (5, 70000, 3)], scenes=[{"nodes": [0]}], scene=0)
    put(folder / "mesh.glb", glb)
    scene = loaded(tmp_path)
    assert scene.objects.label == ("chair", "floor")
    assert scene.notes["nodes that are no objects, for others hang on them"] == 1
    assert (scene.surface.face_object == -1).sum() == 12  # the table is there, and nobody's
    put(folder / "labels.json", json.dumps({"table": "table", "chair": "chair"}))
    assert loaded(tmp_path).objects.label == ("table", "chair")


# --- objects by boxes -------------------------------------------------------------------------------------------------


def box_file(changes: dict | None = None) -> str:
    boxes = {
        "3": {"label": "floor", "center": [2, 1.5, 0], "size": [4, 3, 0.05]},
        "5": {"label": "table", "center": [1, 1, 0.35], "size": [1.2, 0.6, 0.7]},
        "70000": {"label": "office chair", "center": [3, 2, 0.45], "size": [0.4, 0.4, 0.9]},
    }
    return json.dumps(boxes | (changes or {}))


def boxed(tmp_path: Path, place: Place, text: str, told: str = "up: z\nunit_m: 1\n") -> Path:
    folder = write_scene(tmp_path, place, told=told)
    write_ply(folder / "mesh.ply", place, ids="none")
    (folder / "labels.json").unlink()
    put(folder / "boxes.json", text)
    return folder


def fine_floor(place: Place) -> Place:
    """The floor in cells of 0.1 m, so that some lie below the table and the chair."""
    x, y = np.meshgrid(np.arange(41) / 10, np.arange(31) / 10, indexing="ij")
    base = len(place.vertices)
    k = base + np.arange(41 * 31).reshape(41, 31)
    cells = np.stack([k[:-1, :-1], k[1:, :-1], k[1:, 1:], k[:-1, 1:]], axis=-1).reshape(-1, 4)
    place.vertices = np.concatenate([place.vertices, np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=-1)])
    place.faces = [*place.faces[1:], *map(tuple, cells.tolist())]
    place.ids = [*place.ids[1:], *[3] * len(cells)]
    return place


def test_faces_belong_to_the_smallest_box_that_holds_them(tmp_path: Path) -> None:
    place = fine_floor(Place())
    place.vertices[4:8, 2] -= 0.01  # the table's feet are a little in the floor
    text = box_file({"9": {"label": "dining corner", "center": [1.5, 1.2, 0.6], "size": [2.9, 2.3, 1.2]}})
    boxed(tmp_path, place, text)
    scene = loaded(tmp_path)
    labels = np.array([*scene.objects.label, "nobody's"])[scene.surface.face_object]
    told = np.array([LABELS.get(i, "nobody's") for i in place.ids]).repeat(2)
    # The floor below the table is the floor's, and what holds the whole corner holds nothing of its own.
    bottoms = [0, 1, 12, 13]  # of table and chair: they lie flat where these stand
    others = np.setdiff1d(np.arange(len(told)), bottoms)
    np.testing.assert_array_equal(labels[others], told[others])
    assert set(labels[bottoms]) == {"floor"}


def test_boxes_bring_their_own_sides_and_stand_in_the_unit_of_the_mesh(tmp_path: Path) -> None:
    place, c, s = Place(), np.cos(0.3), np.sin(0.3)
    turned_axes = [[c, s, 0], [s, -c, 0], [0, 0, 1]]  # left-handed, as some programs have them
    R = np.array(turned_axes).T
    table, _ = box((0, 0), (1.2, 0.6, 0.7))
    place.vertices[4:12] = table @ R.T + [1, 1, 0]
    corner = {"label": "table", "center": [1, 1, 0.36], "size": [1.22, 0.62, 0.72], "axes": turned_axes}
    boxes = json.loads(box_file({"5": corner}))
    to_files = np.array(TURN["y"], dtype=float)
    for value in boxes.values():
        value["axes"] = (np.array(value.get("axes", np.eye(3))) @ to_files.T).tolist()
        value["center"] = (to_files @ value["center"] * 100).tolist()
        value["size"] = [100 * side for side in value["size"]]
    boxed(tmp_path, elsewhere(place, "y", 0.01), json.dumps(boxes), "up: y\nunit_m: 0.01\n")
    scene = loaded(tmp_path)
    row = scene.objects.id.tolist().index(5)
    np.testing.assert_allclose(scene.objects.center_m[row], [1, 1, 0.36], atol=1e-9)
    np.testing.assert_allclose(scene.objects.extent_m[row], [1.22, 0.62, 0.72], atol=1e-9)
    np.testing.assert_allclose(np.abs(scene.objects.R_world_box[row].T @ R), np.eye(3), atol=1e-9)
    assert (scene.surface.face_object == row).sum() == 12 - 2


def test_boxes_of_ids_replace_fitted_ones_and_say_labels(tmp_path: Path) -> None:
    folder = write_scene(tmp_path)
    write_labels(folder / "labels.json", {3: "floor"})
    leaning = {
        "label": "table",
        "center": [1, 1, 0.4],
        "size": [9, 9, 9],
        "axes": [[1, 0, 0], [0, 0.8, 0.6], [0, -0.6, 0.8]],
    }
    put(
        folder / "boxes.json",
        json.dumps({"5": leaning, "70000": {"label": "stool", "center": [3, 2, 0.5], "size": [0.5, 0.5, 1]}}),
    )
    scene = loaded(tmp_path)
    assert scene.objects.label == ("floor", "table", "stool")
    np.testing.assert_allclose(scene.objects.extent_m[2], [0.5, 0.5, 1])
    np.testing.assert_allclose(np.sort(scene.objects.extent_m[1]), [0.6, 0.7, 1.2])  # the box that leans is not used
    assert [int((scene.surface.face_object == row).sum()) for row in range(3)] == [2, 12, 12]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"label": "a", "center": [0, 0, 0]}, "'5' is no box: field required"),
        ({"label": "a", "center": [0, 0], "size": [1, 1, 1]}, "'5' is no box"),
        ({"label": "a", "center": [0, 0, 0], "size": [1, 1, 1], "yaw": 3}, "'5' is no box: extra"),
        ({"label": "a", "center": [0, 0, 0], "size": [1, -1, 1]}, "the axes or the sides of '5' cannot be"),
        ({"label": "a", "center": [0, 0, 0], "size": [1, 1, 1], "axes": [[2, 0, 0], [0, 1, 0], [0, 0, 1]]}, "axes"),
        (3, "'5' is no box"),
    ],
)
def test_boxes_that_cannot_be_are_named(tmp_path: Path, value: object, says: str) -> None:
    boxed(tmp_path, Place(), json.dumps({"5": value}))
    with pytest.raises(SceneError, match=f"(?i){says}") as caught:
        loaded(tmp_path)
    assert caught.value.where.endswith("boxes.json")
    boxed(tmp_path, Place(), json.dumps({"five": {"label": "a", "center": [0, 0, 0], "size": [1, 1, 1]}}))
    with pytest.raises(SceneError, match="'five' is no box: the id is no whole number"):
        loaded(tmp_path)


def test_the_adapter_is_found_by_its_name(tmp_path: Path) -> None:
    write_scene(tmp_path)
    assert_the_place(spargen.load("posed", tmp_path, "room"))
