"""Houses as posed scenes: read by the letter of the description, and against the same houses in ScanNet's layout."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import spargen
from spargen.demo import LAYOUTS, build_house, clean_scan, house_truth, walk_cameras, write_demo, write_scannet
from spargen.demo.posed import write_posed
from spargen.demo.walk import lost_frames
from spargen.geometry.boxes import footprint_hull
from spargen.scene.types import Scene
from spargen.settings import Settings
from spargen.views.check import check_scene

FRAMES = 20
SEED = 11


@pytest.fixture(scope="module")
def house():
    return build_house(SEED)


@pytest.fixture(scope="module")
def cameras(house):
    return walk_cameras(house, FRAMES)


@pytest.fixture(scope="module")
def folder(house, cameras, tmp_path_factory) -> Path:
    """A scan without dirt."""
    return write_posed(house, clean_scan(house), cameras, tmp_path_factory.mktemp("posed"), "home", workers=1)


@pytest.fixture(scope="module")
def scene(folder) -> Scene:
    return spargen.load("posed", folder.parent, "home")


@pytest.fixture(scope="module")
def scanned(house, cameras, tmp_path_factory) -> Scene:
    """The same scan in ScanNet's layout."""
    root = tmp_path_factory.mktemp("scannet")
    write_scannet(house, clean_scan(house), cameras, root, "home_00", workers=1)
    return spargen.load("scannet", root, "home_00")


def image(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


def fits_one_way(house, thing: int) -> bool:
    """Whether one box alone is the smallest around a thing; around a mug with its handle, two are."""
    hull = footprint_hull(house.vertices_m[house.vertex_object == thing][:, :2])
    edges = np.roll(hull, -1, axis=0) - hull
    angle = np.arctan2(edges[:, 1], edges[:, 0]) % (np.pi / 2)
    c, s = np.cos(angle), np.sin(angle)
    sides = [np.ptp(np.outer(a, hull[:, 0]) + np.outer(b, hull[:, 1]), axis=1) for a, b in ((c, s), (-s, c))]
    area = sides[0] * sides[1]
    best = angle[area <= area.min() * (1 + 1e-5)]
    apart = np.abs(best - best[0])
    return bool((np.minimum(apart, np.pi / 2 - apart) < 1e-3).all())


def test_the_files_read_by_their_description(house, cameras, folder):
    assert (folder / "scene.yaml").read_text() == "up: y\nunit_m: 0.01\n"
    document = json.loads((folder / "transforms.json").read_text())
    A = np.vstack([document["applied_transform"], [0, 0, 0, 1]])
    assert np.abs(A - np.eye(4)).max() > 1
    tracked = np.setdiff1d(np.arange(FRAMES), lost_frames(house, FRAMES)).tolist()
    assert [frame["file_path"] for frame in document["frames"]] == [f"images/{i}.jpg" for i in tracked]
    frame, view = document["frames"][3], tracked[3]
    T = np.linalg.inv(A) @ frame["transform_matrix"]
    x, y, z, at = T[:3].T  # right, up, backward, in a world of centimetres that is +Y up
    to_house = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    own = cameras.T_world_camera[view]
    np.testing.assert_allclose(np.stack([to_house @ v for v in (x, -y, -z)], axis=1), own[:3, :3], atol=1e-9)
    np.testing.assert_allclose(to_house @ at / 100, own[:3, 3], atol=1e-9)
    assert image(folder / frame["file_path"]).size == (640, 480)
    depth = np.asarray(image(folder / frame["depth_file_path"]))
    assert (depth.shape, depth.dtype) == ((480, 640), np.uint16)
    labels = json.loads((folder / "labels.json").read_text())
    assert labels == {str(i + 1): label for i, label in enumerate(house.labels)}


def test_the_adapter_finds_the_house_as_it_was_built(house, cameras, scene):
    truth = house_truth(house, clean_scan(house), cameras, first_id=LAYOUTS["posed"].first_id)
    wanted = {i: thing for thing in truth["objects"] for i in thing["ids"]}
    assert scene.objects.id.tolist() == sorted(wanted)
    for row, number in enumerate(scene.objects.id.tolist()):
        assert scene.objects.label[row] == wanted[number]["labels"][0]
    assert list(scene.frames) == list(truth["T_world_camera"])
    np.testing.assert_allclose(scene.cameras.T_world_camera, list(truth["T_world_camera"].values()), atol=1e-5)
    np.testing.assert_allclose(scene.cameras.K, [truth["K"]] * len(scene.frames), atol=1e-5)


def test_the_same_house_through_scannets_adapter_is_the_same(house, scene, scanned):
    """Common frames have the same poses and depths, and things the same boxes: to less than a centimetre."""
    assert scene.objects.label == scanned.objects.label
    assert (scene.objects.id - 1).tolist() == scanned.objects.id.tolist()
    one_way = np.array([fits_one_way(house, thing) for thing in range(len(scene.objects))])
    assert one_way.mean() > 0.7
    boxes = [(o.center_m, np.sort(o.extent_m, axis=1)) for o in (scene.objects, scanned.objects)]
    for ours, theirs in zip(*boxes, strict=True):
        np.testing.assert_allclose(ours[one_way], theirs[one_way], atol=0.001)
    np.testing.assert_array_equal(scene.objects.doubtful, scanned.objects.doubtful)
    assert scene.frames == scanned.frames
    np.testing.assert_allclose(scene.cameras.T_world_camera, scanned.cameras.T_world_camera, atol=1e-4)
    np.testing.assert_allclose(scene.cameras.K, scanned.cameras.K, atol=1e-4)
    np.testing.assert_array_equal(scene.surface.face_object, scanned.surface.face_object)
    np.testing.assert_allclose(scene.surface.vertices_m, scanned.surface.vertices_m, atol=1e-4)
    for frame in (0, len(scene.frames) // 2, len(scene.frames) - 1):
        depths = [np.asarray(Image.open(io.BytesIO(s.store.depth(frame).read()))) for s in (scene, scanned)]
        np.testing.assert_array_equal(*depths)
        assert scene.store.color(frame).read() == scanned.store.color(frame).read()


def test_frames_and_mesh_fit_each_other(scene):
    found = check_scene(scene, Settings())
    assert (found.what, found.faults, found.remark) == ("", {}, "")


def test_the_demo_writes_it_once_and_whole(tmp_path):
    def demo():
        return write_demo(tmp_path, frames=8, layout="posed", workers=1)

    assert demo() == ["demo0000"]
    folder = tmp_path / "demo0000"
    assert (tmp_path / "TERMS_OF_USE.txt").exists()
    assert spargen.load("posed", tmp_path, "demo0000").notes["share of faces without object"] > 0.1
    truth = json.loads((tmp_path / "truth/demo0000.json").read_text())
    ids = {i for thing in truth["objects"] for i in thing["ids"]}
    assert ids == set(map(int, json.loads((folder / "labels.json").read_text())))
    before = (folder / "mesh.ply").stat().st_mtime_ns
    demo()
    assert (folder / "mesh.ply").stat().st_mtime_ns == before
    first = json.loads((folder / "transforms.json").read_text())["frames"][0]["file_path"]
    (folder / first).unlink()
    demo()
    assert (folder / first).is_file()
