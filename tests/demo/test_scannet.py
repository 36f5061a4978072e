import hashlib
import io
import json
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

import spargen
from spargen.demo import build_house, clean_scan, house_truth, walk_cameras, write_demo
from spargen.demo.scannet import SCANNET, axis_alignment, released_intrinsics, write_scannet
from spargen.demo.walk import lost_frames
from spargen.plugins import find_adapter
from spargen.scene.adapter import TERMS_FILE
from spargen.settings import Settings
from spargen.views.check import check_scene
from tests.demo.release_files import read_ply, read_sens

ID = "demo0000_00"
FRAMES = 24


@pytest.fixture(scope="module")
def house():
    return build_house(11)


@pytest.fixture(scope="module")
def cameras(house):
    return walk_cameras(house, FRAMES)


@pytest.fixture(scope="module")
def scan(house, cameras, tmp_path_factory):
    """A scan without dirt."""
    return write_scannet(house, clean_scan(house), cameras, tmp_path_factory.mktemp("scannet"), ID, workers=1)


def test_the_sens_file_reads_by_its_description(house, cameras, scan):
    version, sensor, matrices, kinds, sizes, shift, frames, imus = read_sens(scan / f"{ID}.sens")
    assert (version, sensor, kinds, sizes, shift) == (4, "StructureSensor", (2, 1), (640, 480, 640, 480), 1000.0)
    assert len(frames) == FRAMES
    assert imus > 0
    assert np.allclose(matrices[0], matrices[2])
    assert np.allclose(matrices[1], np.eye(4))
    assert np.allclose(matrices[0][:2, 2], cameras.K[0, :2, 2] - 0.5, atol=1e-4)
    _, color, depth = frames[3]
    assert Image.open(io.BytesIO(color)).size == (640, 480)
    assert Image.open(io.BytesIO(color)).format == "JPEG"
    assert len(zlib.decompress(depth)) == 640 * 480 * 2


def test_lost_frames_have_poses_of_minus_infinity_and_no_others(house, scan):
    frames = read_sens(scan / f"{ID}.sens")[6]
    lost = [i for i, (pose, _, _) in enumerate(frames) if not np.isfinite(pose).all()]
    assert lost == lost_frames(house, FRAMES).tolist()
    assert 0 < len(lost) < FRAMES / 4
    assert all((frames[i][0] == -np.inf).all() for i in lost)


def test_the_alignment_takes_what_is_stored_to_the_house(house, cameras, scan):
    info = dict(line.split(" = ", 1) for line in (scan / f"{ID}.txt").read_text().splitlines())
    A = np.array(info["axisAlignment"].split(), dtype=float).reshape(4, 4)
    assert np.array_equal(A, axis_alignment(house))
    assert np.degrees(np.arccos(A[0, 0])) > 5
    _, vertex, face = read_ply(scan / f"{ID}_vh_clean_2.ply")
    assert np.allclose(vertex["xyz"] @ A[:3, :3].T + A[:3, 3], house.vertices_m, atol=2e-5)
    assert np.array_equal(face["v"], house.faces)
    assert (face["n"] == 3).all()
    assert vertex["xyz"].min() >= -1e-4
    frames = read_sens(scan / f"{ID}.sens")[6]
    for i, (pose, _, _) in enumerate(frames):
        if np.isfinite(pose).all():
            assert np.allclose(A @ pose, cameras.T_world_camera[i], atol=1e-4)


def test_depth_lies_on_the_stored_mesh_under_the_stored_intrinsics(house, cameras, scan):
    """In ScanNet's convention alone: whole numbers are pixel centres, nothing is aligned."""
    _, _, matrices, _, _, shift, frames, _ = read_sens(scan / f"{ID}.sens")
    _, vertex, _ = read_ply(scan / f"{ID}_vh_clean_2.ply")
    floor_z = np.median(vertex["xyz"][np.isin(house.vertex_object, house.of_kind("floor")), 2])
    K = matrices[2][:3, :3]
    errors = []
    for pose, _, stream in frames:
        if np.isfinite(pose).all():
            z = np.frombuffer(zlib.decompress(stream), "<u2").reshape(480, 640) / shift
            v, u = np.mgrid[:480, :640]
            rays = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(K).T
            height = (z[..., None] * rays) @ pose[2, :3] + pose[2, 3]
            near_floor = np.abs(height - floor_z) < 0.008
            errors.append(np.abs(height - floor_z)[near_floor & (z > 0)])
    assert np.concatenate(errors).size > 10_000
    assert np.median(np.concatenate(errors)) < 0.001


def test_segments_and_groups_fit_the_mesh(house, scan):
    segs = json.loads((scan / f"{ID}_vh_clean_2.0.010000.segs.json").read_text())
    index = np.array(segs["segIndices"])
    assert len(index) == len(house.vertices_m)
    assert all(isinstance(value, str) for value in segs["params"].values())
    assert (index[np.unique(index)] == np.unique(index)).all()
    groups = json.loads((scan / f"{ID}.aggregation.json").read_text())["segGroups"]
    assert [g["label"] for g in groups] == list(house.labels)
    owner = np.full(len(index), -1)
    for g in groups:
        owner[np.isin(index, g["segments"])] = g["objectId"]
    assert np.array_equal(owner, house.vertex_object)


def test_the_finer_aggregation_holds_the_same_groups_in_another_order(scan):
    coarse, fine = (json.loads((scan / f"{ID}{m}.aggregation.json").read_text()) for m in ("", "_vh_clean"))
    listed = [[(g["label"], g["segments"]) for g in body["segGroups"]] for body in (coarse, fine)]
    assert listed[0] != listed[1]
    assert sorted(listed[0]) == sorted(listed[1])
    assert coarse["segmentsFile"] != fine["segmentsFile"]


def test_the_text_file_differs_from_the_calibrated_intrinsics(cameras, scan):
    info = dict(line.split(" = ", 1) for line in (scan / f"{ID}.txt").read_text().splitlines())
    assert 0.001 < abs(float(info["fx_color"]) / released_intrinsics(cameras)[0, 0] - 1) < 0.05
    assert info["numColorFrames"] == str(FRAMES)


def test_the_label_table_names_every_label(house, scan):
    rows = (scan.parents[1] / "scannetv2-labels.combined.tsv").read_text().splitlines()
    columns = rows[0].split("\t")
    raw = {dict(zip(columns, row.split("\t"), strict=True))["raw_category"] for row in rows[1:]}
    assert set(house.labels) <= raw


def sides(extent, R):
    """(3,) sides in world axes' order, for boxes that may be told with their axes swapped."""
    return np.abs(np.asarray(R)) @ np.asarray(extent)


def test_without_dirt_the_written_scan_holds_the_builder_s_boxes_labels_and_poses(house, cameras, scan):
    scene = spargen.load("scannet", scan.parents[1], ID)
    truth = house_truth(house, clean_scan(house), cameras)
    assert list(scene.objects.label) == list(house.labels)
    ties = []
    for i, thing in enumerate(truth["objects"]):
        assert (thing["ids"], thing["labels"], thing["kind"]) == ([i], [house.labels[i]], house.kinds[i])
        found = sides(scene.objects.extent_m[i], scene.objects.R_world_box[i])
        same = np.allclose(found, sides(thing["extent_m"], thing["R_world_box"]), atol=1e-3)
        if same:
            assert np.allclose(scene.objects.center_m[i], thing["center_m"], atol=1e-3), thing["kind"]
        else:  # round and bushy things have boxes of one size in several directions
            assert np.prod(scene.objects.extent_m[i]) == pytest.approx(np.prod(thing["extent_m"]), rel=1e-4)
            ties.append(thing["kind"])
    assert len(ties) < 0.1 * len(house.labels), ties
    assert list(scene.frames) == list(truth["T_world_camera"])
    poses = np.array(list(truth["T_world_camera"].values()))
    assert np.allclose(scene.cameras.T_world_camera, poses, atol=1e-4)
    assert np.allclose(scene.cameras.K[0], truth["K"], atol=1e-4)


def test_the_truth_s_boxes_are_those_that_things_were_built_with(house, cameras):
    """A box is known before anything is meshed: how a piece was drawn, where it stands and how it is turned."""
    by_kind = {}
    for thing in house_truth(house, clean_scan(house), cameras)["objects"]:
        by_kind.setdefault(thing["kind"], []).append(thing)
    for kind in ("stove", "bed", "kitchen cabinet", "window", "radiator", "books"):
        for thing in by_kind.get(kind, []):
            assert np.linalg.det(np.array(thing["R_world_box"])) == pytest.approx(1, abs=1e-5)
    (stove,) = by_kind["stove"]
    assert stove["extent_m"][2] == pytest.approx(0.912, abs=1e-5)
    assert stove["center_m"][2] == pytest.approx(0.456, abs=1e-5)
    for thing in by_kind["ceiling"]:
        assert thing["center_m"][2] == pytest.approx(house.plan.height_m, abs=1e-5)
    for thing, room in zip(by_kind["ceiling"], house.plan.rooms, strict=True):
        assert thing["center_m"][:2] == pytest.approx([(room.x0 + room.x1) / 2, (room.y0 + room.y1) / 2], abs=1e-5)
        want = [room.x1 - room.x0, room.y1 - room.y0, 0]
        assert sides(thing["extent_m"], thing["R_world_box"]) == pytest.approx(want, abs=1e-4)


def test_the_truth_lies_beside_the_scans_and_names_what_the_scan_has(tmp_path):
    write_demo(tmp_path, seed=5, frames=40, cell_m=0.5, workers=1)
    truth = json.loads((tmp_path / "truth" / f"{ID}.json").read_text())
    scene = spargen.load("scannet", tmp_path, ID)
    label = dict(zip(scene.objects.id.tolist(), scene.objects.label, strict=True))
    named = [pair for thing in truth["objects"] for pair in zip(thing["ids"], thing["labels"], strict=True)]
    assert {i for i, _ in named} == set(label)
    assert all(label[i] == word for i, word in named)
    assert set(scene.frames) == set(truth["T_world_camera"])
    assert truth["floor_m2"] >= sum((r["x1"] - r["x0"]) * (r["y1"] - r["y0"]) for r in truth["rooms"])


def test_the_first_house_is_a_flat_of_seven_rooms_whose_clip_begins_level(tmp_path):
    """README shows it: a tilted first frame would leave two tasks without an observer."""
    write_demo(tmp_path, frames=12, cell_m=1.0, workers=1)
    truth = json.loads((tmp_path / "truth" / f"{ID}.json").read_text())
    assert len({room["name"] for room in truth["rooms"]}) == 7
    cameras = spargen.load("scannet", tmp_path, ID).cameras
    assert cameras.elevation_deg[0] > -40
    assert abs(cameras.roll_deg[0]) < 5
    assert np.abs(cameras.elevation_deg[1]) > 60


def test_a_demo_has_names_and_terms_of_its_own(tmp_path):
    assert write_demo(tmp_path, seed=5, houses=2, frames=2, cell_m=0.5, workers=1) == ["demo0000_00", "demo0001_00"]
    adapter = find_adapter("scannet")(tmp_path)
    assert list(adapter.scenes()) == ["demo0000_00", "demo0001_00"]
    assert [adapter.space(i) for i in adapter.scenes()] == ["demo0000", "demo0001"]
    assert adapter.terms() == "generated by spargen, free to use"
    one, two = (spargen.load("scannet", tmp_path, i).surface.vertices_m for i in adapter.scenes())
    assert len(one) != len(two)


def hashes(root):
    return {p.relative_to(root): hashlib.sha256(p.read_bytes()).hexdigest() for p in root.rglob("*") if p.is_file()}


def test_bytes_do_not_depend_on_the_number_of_processes(tmp_path):
    assert write_demo(tmp_path / "a", seed=5, frames=6, workers=1) == [ID]
    write_demo(tmp_path / "b", seed=5, frames=6, workers=2)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")


def test_a_finished_scan_is_left_alone_and_a_changed_one_is_written_anew(tmp_path):
    steps = []
    write_demo(tmp_path, seed=5, frames=3, workers=1, progress=lambda *step: steps.append(step))
    assert steps == [(ID, 1, 3), (ID, 2, 3), (ID, 3, 3)]
    write_demo(tmp_path, seed=5, frames=3, workers=1, progress=lambda *step: steps.append(step))
    assert len(steps) == 3
    write_demo(tmp_path, seed=5, frames=2, workers=1, progress=lambda *step: steps.append(step))
    assert len(steps) == 5
    assert [p.name for p in (tmp_path / "scans").iterdir()] == [ID]


def test_a_scan_that_lost_a_file_is_written_anew(tmp_path):
    write_demo(tmp_path, seed=5, frames=2, workers=1)
    before = hashes(tmp_path)
    for name in [name for name in before if name.parts[0] not in (".demo", "truth", TERMS_FILE)]:
        (tmp_path / name).rename(tmp_path / "aside")
        assert not all(file.is_file() for file in SCANNET.files(tmp_path, ID)), name
        (tmp_path / "aside").rename(tmp_path / name)
    for name in (f"scans/{ID}/{ID}.txt", f"truth/{ID}.json"):
        (tmp_path / name).unlink()
        write_demo(tmp_path, seed=5, frames=2, workers=1)
        assert hashes(tmp_path) == before


def test_a_script_without_a_guard_ends_with_a_message_that_names_it(tmp_path):
    (tmp_path / "script.py").write_text(
        "from pathlib import Path\nfrom spargen.demo import write_demo\n"
        "write_demo(Path('scans'), frames=9, workers=2, cell_m=0.5)\n"
    )
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert 'if __name__ == "__main__":' in done.stderr.splitlines()[-1]


def test_an_interrupted_scan_leaves_nothing_half_done(tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_demo(tmp_path, seed=5, frames=3, workers=1, progress=stop)
    assert not (tmp_path / "scans" / ID).exists()
    assert write_demo(tmp_path, seed=5, frames=2, workers=1) == [ID]
    assert (tmp_path / "scans" / ID / f"{ID}.sens").is_file()


def test_the_scan_passes_the_check_that_every_scene_passes(scan):
    found = check_scene(spargen.load("scannet", scan.parent.parent, ID), Settings())
    assert (found.what, found.remark, dict(found.faults)) == ("", "", {})
    assert found.figures["depth images against the mesh"].startswith("0.00")
