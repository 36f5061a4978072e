import hashlib
import io
import json
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

import spargen
from spargen.demo import build_house, walk_cameras, write_demo
from spargen.demo.scannet import axis_alignment, is_whole, lost_frames, released_intrinsics, write_scannet
from spargen.settings import Settings
from spargen.views.check import check_scene

ID = "scene0000_00"
FRAMES = 24


@pytest.fixture(scope="module")
def house():
    return build_house(11)


@pytest.fixture(scope="module")
def cameras(house):
    return walk_cameras(house, FRAMES)


@pytest.fixture(scope="module")
def scan(house, cameras, tmp_path_factory):
    return write_scannet(house, cameras, tmp_path_factory.mktemp("scannet"), ID, workers=1)


def read_sens(path):
    """Read a .sens file by the letter of its description, sharing no code with the writer."""
    raw = path.read_bytes()
    at = 0

    def take(fmt):
        nonlocal at
        values = struct.unpack_from("<" + fmt, raw, at)
        at += struct.calcsize("<" + fmt)
        return values

    (version,) = take("I")
    (n,) = take("Q")
    sensor = raw[at : at + n].decode()
    at += n
    matrices = [np.array(take("16f")).reshape(4, 4) for _ in range(4)]
    kinds, sizes = take("ii"), take("4I")
    (shift,) = take("f")
    (count,) = take("Q")
    frames = []
    for _ in range(count):
        pose = np.array(take("16f")).reshape(4, 4)
        _, _, color_bytes, depth_bytes = take("4Q")
        frames.append((pose, raw[at : at + color_bytes], raw[at + color_bytes : at + color_bytes + depth_bytes]))
        at += color_bytes + depth_bytes
    (imus,) = take("Q")
    at += 128 * imus
    assert at == len(raw)
    return version, sensor, matrices, kinds, sizes, shift, frames, imus


def read_ply(path):
    head, body = path.read_bytes().split(b"end_header\n", 1)
    lines = head.decode().splitlines()
    counts = {words[1]: int(words[2]) for words in (line.split() for line in lines) if words[0] == "element"}
    vertex = np.frombuffer(body, dtype=[("xyz", "<f4", 3), ("rgba", "u1", 4)], count=counts["vertex"])
    face = np.frombuffer(body[vertex.nbytes :], dtype=[("n", "u1"), ("v", "<i4", 3)])
    assert len(face) == counts["face"]
    return lines, vertex, face


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
    floor_z = np.median(
        vertex["xyz"][[house.labels[o] == "floor" if o >= 0 else False for o in house.vertex_object], 2]
    )
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
    for name in [name for name in before if name.parts[0] != ".demo"]:
        (tmp_path / name).rename(tmp_path / "aside")
        assert not is_whole(tmp_path, ID), name
        (tmp_path / "aside").rename(tmp_path / name)
    (tmp_path / "scans" / ID / f"{ID}.txt").unlink()
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
