"""The generated house in Matterport3D's layout, read by the letter of its description and by both adapters."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scene_adapters.formats.house import read_house
from spargen.demo import LAYOUTS, build_house, clean_scan, dirty_scan, house_truth, walk_cameras, write_demo
from spargen.demo.directions import room_at, ways_through
from spargen.demo.matterport import panoramas, write_matterport
from spargen.demo.render import Renderer, prepare
from spargen.demo.tripods import VIEWS, places_of, tripod_cameras
from spargen.demo.walk import lost_frames
from spargen.geometry.raycast import RayCaster
from spargen.plugins import find_adapter
from spargen.run.generate import generate
from spargen.run.job import make_job
from spargen.scene.cameras import Cameras
from spargen.scene.walks import walks_of
from spargen.settings import Settings
from spargen.verify.run import verify_rows
from spargen.views.check import check_scene

SEED, FRAMES, ID = 6, 10, "demo0000"
GL = np.diag([1.0, -1, -1, 1])


@pytest.fixture(scope="module")
def house():
    built = build_house(SEED, 0.4)
    assert len(built.plan.rooms) > 2
    return built


@pytest.fixture(scope="module")
def cameras(house):
    return tripod_cameras(house, walk_cameras(house, FRAMES))


@pytest.fixture(scope="module")
def folder(house, cameras, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("matterport")
    return write_matterport(house, clean_scan(house), cameras, root, ID, folder=root / "v1/scans" / ID, workers=1)


@pytest.fixture(scope="module")
def scene(folder):
    return find_adapter("matterport")(folder.parents[2]).load(ID)


@pytest.fixture(scope="module")
def walked(folder):
    return find_adapter("rxr")(folder.parents[2]).load(ID)


def there(house, cameras) -> list[int]:
    return np.setdiff1d(np.arange(len(cameras)), lost_frames(house, len(cameras))).tolist()


def name_of(house, cameras, i: int, letter: str) -> str:
    place, view = divmod(i, 18)
    return f"{panoramas(house, len(cameras) // 18)[place]}_{letter}{view // 6}_{view % 6}"


def image(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened)


def test_a_tripod_turns_right_by_sixty_degrees_below_and_above_too(cameras) -> None:
    T = cameras.T_world_camera.reshape(-1, 3, 6, 4, 4)
    heading = np.degrees(np.arctan2(T[..., 0, 2], T[..., 1, 2]))
    turn = (np.diff(heading, axis=-1) + 180) % 360 - 180
    np.testing.assert_allclose(turn, 60, atol=1e-6)
    up = np.degrees(np.arcsin(T[..., 2, 2])).mean(axis=(0, 2))
    assert up[0] > 36
    assert abs(up[1]) < 5
    assert up[2] < -37
    center = cameras.position_m.reshape(-1, 18, 3).mean(axis=1, keepdims=True)
    assert np.linalg.norm(cameras.position_m.reshape(-1, 18, 3) - center, axis=-1).max() < 0.073


def test_tripods_stand_along_the_walk_and_apart(house, cameras) -> None:
    walk = walk_cameras(house, FRAMES)
    center = cameras.position_m.reshape(-1, VIEWS, 3).mean(axis=1)
    assert np.linalg.norm(center[:, None] - walk.position_m, axis=-1).min(axis=1).max() < 1e-6
    gap = np.linalg.norm((center[:, None] - center)[..., :2], axis=-1)
    assert gap[~np.eye(len(gap), dtype=bool)].min() >= 1.2
    many = tripod_cameras(house, walk_cameras(house, 320))
    assert set(room_at(house, many.position_m)) == set(range(len(house.plan.rooms)))
    assert VIEWS * 5 <= len(many) <= VIEWS * 14


def test_the_camera_file_reads_by_its_description(house, cameras, folder) -> None:
    lines = (folder / f"undistorted_camera_parameters/{ID}.conf").read_text().splitlines()
    assert lines[0] == "dataset matterport"
    own = there(house, cameras)
    assert lines[1] == f"n_images {len(own)}"
    K, found = None, []
    for words in (line.split() for line in lines[2:]):
        if words[:1] == ["intrinsics_matrix"]:
            K = np.array(words[1:], dtype=float).reshape(3, 3)
        if words[:1] == ["scan"]:
            found.append((words[1], words[2], K, np.array(words[3:], dtype=float).reshape(4, 4)))
    assert [(d, c) for d, c, _, _ in found] == [
        (f"{name_of(house, cameras, i, 'd')}.png", f"{name_of(house, cameras, i, 'i')}.jpg") for i in own
    ]
    for i, (_, _, K, T) in zip(own, found, strict=True):
        np.testing.assert_allclose(T @ GL, cameras.T_world_camera[i], atol=1e-4)
        # Centres of pixels are at whole numbers, rows are counted from the bottom.
        x, y = cameras.K[i, :2, 2] - 0.5
        np.testing.assert_allclose([K[0, 2], 1023 - K[1, 2]], [x, y], atol=1e-2)
        np.testing.assert_allclose([K[0, 0], K[1, 1]], cameras.K[i, [0, 1], [0, 1]], atol=1e-2)
    images = sorted(path.name for path in (folder / "undistorted_color_images").iterdir())
    assert images == sorted(c for _, c, _, _ in found)


def test_the_house_file_reads_by_its_description(house, cameras, folder) -> None:
    lines = (folder / f"house_segmentations/{ID}.house").read_text().splitlines()
    assert lines[0] == "ASCII 1.1"
    words = [line.split() for line in lines[1:]]
    lengths = {(w[0], len(w)) for w in words}
    kinds = ["H29", "L18", "R20", "P15", "S22", "V13", "P13", "I41", "C11", "O24", "E19"]
    assert lengths == {(k[0], int(k[1:])) for k in kinds}
    order = [f"{w[0]}{len(w)}" for w in words]
    assert list(dict.fromkeys(order)) == kinds
    E = {f"{w[3]}_i{w[4]}_{w[5]}": np.array(w[6:22], dtype=float).reshape(4, 4) for w in words if w[0] == "I"}
    for i in there(house, cameras):
        T = np.linalg.inv(E[name_of(house, cameras, i, "i")]) @ GL
        np.testing.assert_allclose(T, cameras.T_world_camera[i], atol=1e-4)
    read = read_house(folder / f"house_segmentations/{ID}.house")
    assert [thing.label for thing in read.objects] == list(house.labels)
    assert [thing.region for thing in read.objects] == house.room.tolist()
    lying = [np.abs(thing.R[2]).argmax() for thing in read.objects]
    assert set(lying) == {0, 1, 2}
    # The adapter could do without these boxes: where one does not fit its object, it takes the object's points.
    built = {i: thing for thing in house_truth(house, clean_scan(house), cameras)["objects"] for i in thing["ids"]}
    told = [(thing.extent, built[i]["extent_m"]) for i, thing in enumerate(read.objects) if i in built]
    np.testing.assert_allclose(*(np.sort(side, axis=1) for side in zip(*told, strict=True)), atol=0.01)


def test_the_adapter_finds_the_house_as_it_was_built(house, cameras, scene) -> None:
    truth = house_truth(house, clean_scan(house), cameras)
    built = {i: thing for thing in truth["objects"] for i in thing["ids"]}
    assert len(scene.objects) > 0.95 * len(built)
    for row, number in enumerate(scene.objects.id.tolist()):
        assert scene.objects.label[row] in built[number]["labels"]
        np.testing.assert_allclose(scene.objects.center_m[row], built[number]["center_m"], atol=0.01)
        extents = np.sort(scene.objects.extent_m[row]), np.sort(built[number]["extent_m"])
        np.testing.assert_allclose(*extents, atol=0.01)
    step = {name_of(house, cameras, i, "i"): i for i in there(house, cameras)}
    assert set(scene.frames) == set(step)
    own = [step[name] for name in scene.frames]
    np.testing.assert_allclose(scene.cameras.T_world_camera, cameras.T_world_camera[own], atol=2e-4)
    np.testing.assert_allclose(scene.cameras.K, cameras.K[own], atol=0.01)
    assert scene.room_of_object == tuple(map(str, house.room[scene.objects.id]))
    centers = cameras.position_m.reshape(-1, VIEWS, 3).mean(axis=1)
    assert scene.room_of_view == tuple(map(str, room_at(house, centers)[[i // VIEWS for i in own]]))
    assert not {note for note in scene.notes if "elsewhere" in note or "another region" in note}
    found = check_scene(scene, Settings())
    assert (found.what, found.faults, found.remark) == ("", {}, "")


def test_depths_are_quarters_of_a_millimetre_along_the_axis(house, cameras, folder, scene) -> None:
    caster = RayCaster(house.vertices_m, house.faces)
    near = []
    for i in there(house, cameras)[::13]:
        own = image(folder / f"undistorted_depth_images/{name_of(house, cameras, i, 'd')}.png")
        assert (own.shape, own.dtype) == ((1024, 1280), np.uint16)
        v, u = np.mgrid[5:1024:41, 5:1280:41]
        face, z = (a.reshape(u.shape) for a in caster.cast(*cameras.rays(i, np.stack([u, v], axis=-1) + 0.5)))
        near.append(np.abs(own[v, u] / 4000 - np.where(face < 0, 0, z)).ravel())
    off = np.concatenate(near)
    assert np.quantile(off, 0.9) < 0.01
    handed_out = np.asarray(Image.open(io.BytesIO(scene.store.depth(0).read())))
    first = image(folder / f"undistorted_depth_images/{scene.frames[0].replace('_i', '_d')}.png")
    assert np.abs(handed_out.astype(float) - first / 4).max() <= 0.5


def test_the_mesh_of_the_house_and_those_of_its_regions_say_the_same(folder, scene, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "v1/scans" / ID)
    shutil.rmtree(copy / "region_segmentations")
    whole = find_adapter("matterport")(tmp_path).load(ID)
    np.testing.assert_array_equal(whole.objects.id, scene.objects.id)
    np.testing.assert_allclose(whole.objects.center_m, scene.objects.center_m, atol=1e-6)
    areas = [s.surface.face_object for s in (whole, scene)]
    np.testing.assert_array_equal(*(np.bincount(a[a >= 0]) for a in areas))


def test_one_walks_where_nothing_is_in_the_way(house, cameras, folder) -> None:
    places = places_of(house, cameras)
    graph = json.loads((folder.parents[2] / f"connectivity/{ID}_connectivity.json").read_text())
    names = [entry["image_id"] for entry in graph]
    assert names == panoramas(house, len(places.center_m))
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in names)
    free = np.array([entry["unobstructed"] for entry in graph])
    visible = np.array([entry["visible"] for entry in graph])
    assert free.any()
    assert not (free & ~visible).any()
    caster = RayCaster(house.vertices_m, house.faces)
    for a, b in np.argwhere(free):
        for z in (0.35, 1.0, places.center_m[a, 2]):
            start, end = (np.array([*places.center_m[k, :2], z]) for k in (a, b))
            end[2] = places.center_m[b, 2] if z > 1.0 else z
            (face,), (reach,) = caster.cast(start, (end - start)[None])
            assert face < 0 or reach > 1
    for k, entry in enumerate(graph):
        pose = np.array(entry["pose"]).reshape(4, 4)
        np.testing.assert_allclose(pose[:3, 3], places.center_m[k], atol=1e-4)
        # The front looks where the level camera looks at its third step.
        np.testing.assert_allclose(pose[:2, 2], _flat(cameras.T_world_camera[18 * k + 8]), atol=1e-4)


def _flat(T):
    return T[:2, 2] / np.linalg.norm(T[:2, 2])


def test_walks_are_told_by_their_rooms_and_turns(house) -> None:
    cameras = tripod_cameras(house, walk_cameras(house, 320))
    places = places_of(house, cameras)
    ways = ways_through(house, places)
    assert len(ways) == 12
    rooms = np.array([r.name for r in house.plan.rooms])[room_at(house, places.center_m)]
    told = 0
    for way in ways:
        assert all(places.free[a, b] for a, b in pairwise(way.path))
        steps = np.diff(places.center_m[list(way.path), :2], axis=0)
        headings = np.degrees(np.arctan2(steps[:, 0], steps[:, 1]))
        turns = (np.diff([np.degrees(way.heading), *headings]) + 180) % 360 - 180
        for text in way.instructions:
            assert f"in the {rooms[way.path[0]]}." in text
            for name in {rooms[k] for k in way.path if rooms[k] != rooms[way.path[0]]}:
                assert f"into the {name}" in text
            assert text.lower().count("turn right") == ((turns > 30) & (turns < 150)).sum()
            assert text.lower().count("turn left") == ((turns < -30) & (turns > -150)).sum()
            told += 1
    assert told == 36


def test_views_of_walks_show_the_house_from_where_the_graph_says(house, walked) -> None:
    """Cut from the right sides of the skyboxes: rendered anew there, a view is the same, and nowhere else."""
    renderer = Renderer(prepare(house), threads=1)
    frames = [walk.frames[k] for walk in walks_of(walked)[:3] for k in (0, 1, len(walk.frames) // 2)]
    for frame in dict.fromkeys(frames):
        cut = np.asarray(Image.open(io.BytesIO(walked.store.color(frame).read()))).astype(float)
        here = _unlike(renderer, walked.cameras, frame, cut, 0)
        assert here < 6
        for other in (5, -5, 90, 180, 270):
            assert _unlike(renderer, walked.cameras, frame, cut, other) > 1.5 * here, other


def _unlike(renderer, cameras, frame, shown, turned_deg) -> float:
    """How far an image's colours are from those of a view, turned to the right, on average."""
    c, s = np.cos(np.radians(turned_deg)), np.sin(np.radians(turned_deg))
    T = cameras.T_world_camera[frame].copy()
    T[:3, :3] = T[:3, :3] @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    color, _ = renderer.render(Cameras(cameras.K[[frame]], T[None], cameras.size_px[[frame]]), 0)
    return float(np.abs(color - shown).mean())


def test_sides_above_and_below_lie_as_the_simulator_has_them(folder) -> None:
    """What is at the upper edge of the side at the back is at the lower edge of that above."""
    first = sorted((folder / "matterport_skybox_images").iterdir())[0].name.partition("_")[0]
    sides = [image(folder / f"matterport_skybox_images/{first}_skybox{k}_sami.jpg").astype(float) for k in range(6)]
    assert {side.shape for side in sides} == {(1024, 1024, 3)}
    for above, around in (
        (sides[0][-8:].mean(axis=0), sides[1][:8].mean(axis=0)),
        (sides[5][:8].mean(axis=0), sides[1][-8:].mean(axis=0)),
    ):
        assert np.abs(above - around).mean() < 0.6 * np.abs(above[::-1] - around).mean() + 1
    for left, right in ((1, 2), (2, 3), (3, 4), (4, 1)):
        seam = sides[left][:, -8:].mean(axis=1), sides[right][:, :8].mean(axis=1)
        assert np.abs(seam[0] - seam[1]).mean() < 12


def test_r2r_and_rxr_tell_the_same_walks(folder, walked) -> None:
    root = folder.parents[2]
    paths = json.loads((root / "R2R_train.json").read_text())
    with gzip.open(root / "rxr_train_guide.jsonl.gz") as file:
        rows = [json.loads(line) for line in file]
    assert [row["path"] for row in rows] == [path["path"] for path in paths]
    assert {row["language"] for row in rows} <= {"en-US", "en-IN"}
    for row, path in zip(rows, paths, strict=True):
        assert len(path["instructions"]) == 3
        assert row["instruction"] == " ".join(word["word"] for word in row["timed_instruction"])
        assert row["instruction"] == path["instructions"][-1]
    told = {row["instruction"] for row in rows}
    assert {walk.instruction for walk in walks_of(walked)} <= told
    r2r = find_adapter("rxr")(root, walks="r2r").load(ID)
    assert len(walks_of(r2r)) == 3 * len(walks_of(walked)) > 0


def test_what_an_annotator_does_shows_in_both_meshes(house, tmp_path: Path) -> None:
    cameras = tripod_cameras(house, walk_cameras(house, FRAMES, tilted=True))
    scan = dirty_scan(house, cameras)
    place = tmp_path / "v1/scans" / ID
    write_matterport(house, scan, cameras, tmp_path, ID, folder=place, workers=1)
    scene = find_adapter("matterport")(tmp_path).load(ID)
    assert set(scene.objects.id.tolist()) <= set(range(len(scan.groups)))
    assert len(scene.objects) > 0.9 * len(scan.groups)
    assert scene.notes["share of faces without object"] > 0.1
    assert check_scene(scene, Settings()).what == ""


def test_a_house_of_which_a_file_is_gone_is_written_again(tmp_path: Path) -> None:
    def demo():
        return write_demo(tmp_path, seed=5, houses=2, frames=2, layout="matterport", cell_m=0.4, workers=1)

    ids, layout = demo(), LAYOUTS["matterport"]
    files = [list(layout.files(tmp_path, scene_id)) for scene_id in ids]
    before = {path: path.read_bytes() for own in files for path in own}
    assert all(len(own) > 6 + 18 for own in files)
    files[0][-1].unlink()
    demo()
    assert {path: path.read_bytes() for own in files for path in own} == before


def test_rows_of_both_adapters_are_right(folder, tmp_path: Path) -> None:
    root = str(folder.parents[2])
    job = make_job(
        {
            "out": str(tmp_path / "out"),
            "sources": [{"adapter": name, "root": root} for name in ("matterport", *LAYOUTS["matterport"].also)],
            "tasks": ["nav_video", "distance_prediction_oc"],
            "rows_per_cell": 3,
            "rgbd": True,
        }
    )
    generate(job, workers=1)
    report = verify_rows(tmp_path / "out")
    assert report.ok, report.told()
    found = {(cell.dataset, cell.task) for cell, result in report.cells.items() if result.rows["right"]}
    assert found == {("rxr", "nav_video"), ("matterport3d", "distance_prediction_oc")}
    assert report.total("unread") == 0
    depths = list((tmp_path / f"out/spar/matterport3d/images/{ID}/image_depth").iterdir())
    assert depths
    assert not (tmp_path / f"out/spar/rxr/images/{ID}/image_depth").exists()
