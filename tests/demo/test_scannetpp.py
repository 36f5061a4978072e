"""The generated house in ScanNet++'s layout, read by the letter of its description and by the adapter."""

import io
import json
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from asking import facts_of
from PIL import Image

from spargen.demo import (
    LAYOUTS,
    build_house,
    clean_scan,
    dirty_scan,
    house_truth,
    walk_cameras,
    write_demo,
    write_scannetpp,
)
from spargen.demo.recordings import NUMBER_STEP
from spargen.demo.walk import lost_frames
from spargen.geometry.raycast import RayCaster
from spargen.plugins import find_adapter
from spargen.run.generate import generate
from spargen.run.job import make_job
from spargen.settings import Settings
from spargen.verify.run import verify_rows
from spargen.views.check import check_scene

FRAMES = 32
W = np.array([[0, 1.0, 0, 0], [1, 0, 0, 0], [0, 0, -1, 0], [0, 0, 0, 1]])
GL = np.diag([1.0, -1, -1, 1])
ID = LAYOUTS["scannetpp"].scene_id(0)


@pytest.fixture(scope="module")
def house():
    return build_house(11)


@pytest.fixture(scope="module")
def cameras(house):
    return walk_cameras(house, FRAMES)


@pytest.fixture(scope="module")
def dirty(house, cameras):
    return dirty_scan(house, cameras)


@pytest.fixture(scope="module")
def root(house, cameras, dirty, tmp_path_factory):
    root = tmp_path_factory.mktemp("scannetpp")
    write_scannetpp(house, dirty, cameras, root, ID, workers=1)
    return root


@pytest.fixture(scope="module")
def folder(root):
    return root / "data" / ID


@pytest.fixture(scope="module")
def groups(folder):
    return json.loads((folder / "scans/segments_anno.json").read_text())["segGroups"]


def load(root, **options):
    return find_adapter("scannetpp")(root, **options).load(ID)


# --- the scan ---------------------------------------------------------------------------------------------------------


def test_ids_have_ten_hexadecimal_digits():
    ids = [LAYOUTS["scannetpp"].scene_id(i) for i in range(20)]
    assert len(set(ids)) == 20
    assert all(len(name) == 10 and int(name, 16) >= 0 for name in ids)


def test_the_mesh_is_in_the_houses_frame_and_each_vertex_a_segment(folder, dirty):
    head, body = (folder / "scans/mesh_aligned_0.05.ply").read_bytes().split(b"end_header\n", 1)
    assert b"property uchar blue\nelement face" in head  # no alpha
    vertex = np.frombuffer(body, dtype=[("xyz", "<f4", 3), ("rgb", "u1", 3)], count=len(dirty.vertices_m))
    face = np.frombuffer(body[vertex.nbytes :], dtype=[("n", "u1"), ("v", "<i4", 3)])
    np.testing.assert_array_equal(vertex["xyz"], dirty.vertices_m)
    np.testing.assert_array_equal(face["v"], dirty.faces)
    index = json.loads((folder / "scans/segments.json").read_text())["segIndices"]
    assert index == list(range(len(vertex)))


def test_groups_count_from_one_and_their_boxes_hold_their_vertices(groups, dirty):
    assert [group["objectId"] for group in groups] == list(range(1, len(groups) + 1))
    assert [group["label"] for group in groups[: len(dirty.groups)]] == [group.label for group in dirty.groups]
    orders = set()
    for group in groups:
        box = group["obb"]
        R = np.reshape(box["normalizedAxes"], (3, 3)).T
        along = (dirty.vertices_m[group["segments"]] - box["centroid"]) @ R
        np.testing.assert_allclose(np.abs(along).max(axis=0), np.array(box["axesLengths"]) / 2, atol=1e-4)
        reach = np.abs(R) @ box["axesLengths"] / 2
        np.testing.assert_allclose(np.add(box["centroid"], reach), box["max"], atol=1e-6)
        orders.add(int(np.abs(R[2]).argmax()))
    assert orders == {0, 1, 2}  # any of the axes may be the vertical one


def test_some_things_claim_what_others_have(groups, dirty):
    times = np.zeros(len(dirty.vertices_m), dtype=int)
    for group in groups:
        times[group["segments"]] += 1
    owner = dirty.vertex_group
    assert 0 < (times > 1).sum() < 0.2 * len(times)
    assert times.max() == 2
    own = [np.flatnonzero(owner == i) for i in range(len(dirty.groups))]
    larger = [i for i, vertices in enumerate(own) if len(groups[i]["segments"]) > len(vertices)]
    assert 1 <= len(larger) <= 3
    for i in larger:
        (other,) = {int(owner[v]) for v in np.setdiff1d(groups[i]["segments"], own[i])}
        assert len(own[other]) < len(own[i])


def test_some_groups_are_to_be_ignored(groups, dirty):
    ignored = groups[len(dirty.groups) :]
    assert [group["label"] for group in ignored] == ["REMOVE", "REMOVE", "SPLIT", "split"]
    for group in ignored:
        assert (dirty.vertex_group[group["segments"]] < 0).all()


def test_a_clean_scan_has_none_of_this(house, cameras, tmp_path):
    folder = write_scannetpp(house, clean_scan(house), cameras.take(range(3)), tmp_path, ID, workers=1)
    groups = json.loads((folder / "scans/segments_anno.json").read_text())["segGroups"]
    assert [group["label"] for group in groups] == list(house.labels)
    assert sum(len(group["segments"]) for group in groups) == (house.vertex_object >= 0).sum()


def test_the_lists_of_the_release(root, house):
    assert (root / "splits/nvs_sem_train.txt").read_text() == f"{ID}\n"
    assert (root / "splits/nvs_sem_val.txt").read_text() == ""
    assert find_adapter("scannetpp")(root).split(ID) == "train"
    classes = (root / "metadata/semantic_classes.txt").read_text().splitlines()
    assert set(house.labels) <= set(classes)
    table = (root / "metadata/semantic_benchmark/map_benchmark.csv").read_text().splitlines()
    assert table[0] == "class,semantic_map_to,instance_map_to"
    assert [row.split(",")[0] for row in table[1:]] == classes


# --- the iPhone -------------------------------------------------------------------------------------------------------


def test_every_tenth_frame_is_extracted_and_lost_ones_are_not_registered(folder, house):
    files = sorted(path.name for path in (folder / "iphone/rgb").iterdir())
    assert files == [f"frame_{10 * i:06d}.jpg" for i in range(FRAMES)]
    lines = (folder / "iphone/colmap/images.txt").read_text().splitlines()
    images = [line.split() for line in lines if not line.startswith("#")][::2]
    lost = set(lost_frames(house, FRAMES).tolist())
    assert lost
    assert [words[9] for words in images] == [f"video/frame_{10 * i:06d}.jpg" for i in range(FRAMES) if i not in lost]
    _, model, width, height, *params = (folder / "iphone/colmap/cameras.txt").read_text().splitlines()[-1].split()
    assert (model, width, height, len(params)) == ("OPENCV", "640", "480", 8)


def test_both_poses_of_arkit(folder, cameras):
    frames = json.loads((folder / "iphone/pose_intrinsic_imu.json").read_text())
    assert list(frames) == [f"frame_{10 * i:06d}" for i in range(FRAMES)]
    for frame, T in zip(frames.values(), cameras.T_world_camera, strict=True):
        np.testing.assert_allclose(frame["aligned_pose"], T)
        assert np.abs(np.subtract(frame["pose"], T))[:3, 3].max() > 0.3
        np.testing.assert_allclose(np.array(frame["intrinsic"])[:2, 2], cameras.K[0, :2, 2] - 0.5)


def depth_blocks(path):
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        found.append(zlib.decompress(data[at + 4 : at + 4 + size], -15))
        at += 4 + size
    return found


def test_depth_has_a_block_for_each_frame_of_the_video(folder, house):
    found = depth_blocks(folder / "iphone/depth.bin")
    assert len(found) == 10 * (FRAMES - 1) + 1
    scene = load(folder.parent.parent)
    caster = RayCaster(house.vertices_m, house.faces)
    for k in (0, 7, len(scene.frames) - 1):
        depth = np.frombuffer(found[int(scene.frame_number[k])], "<f4").reshape(192, 256)
        v, u = np.mgrid[5:192:23, 5:256:23].reshape(2, -1)
        pixels = (np.stack([u, v], -1) + 0.5) * [640 / 256, 480 / 192]
        origin, direction = scene.cameras.rays(k, pixels)
        _, z = caster.cast(origin, direction)
        # Colour is four times as fine: the two middles lie up to half of one of its pixels apart.
        assert (np.abs(depth[v, u] - z) < 0.01 + 0.02 * z).mean() > 0.9
        image = np.asarray(Image.open(io.BytesIO(scene.store.depth(k).read())))
        np.testing.assert_array_equal(image, np.rint(depth * 1000).astype(np.uint16))
    between = np.frombuffer(found[13], "<f4")
    assert not between.any()


def test_what_is_masked_is_grey(folder):
    hidden = 0
    for path in sorted((folder / "iphone/rgb_masks").iterdir()):
        mask = np.asarray(Image.open(path))
        assert mask.shape == (480, 640)
        assert set(np.unique(mask)) <= {0, 255}
        if (mask == 0).any():
            hidden += 1
            image = np.asarray(Image.open(folder / "iphone/rgb" / f"{path.stem}.jpg"))
            off = np.abs(image[mask == 0].astype(int) - 128)
            assert np.median(off) <= 1
            assert (off < 30).mean() > 0.95  # JPEG smears the edge
    assert hidden == 1
    scene = load(folder.parent.parent)
    assert sum(scene.store.mask(k) is not None for k in range(len(scene.frames))) == hidden


# --- the DSLR ---------------------------------------------------------------------------------------------------------


def test_the_json_files_hold_colmaps_poses_in_a_world_of_their_own(root, folder):
    scene = load(root, stream="dslr")
    for file in ("transforms", "transforms_undistorted"):
        body = json.loads((folder / f"dslr/nerfstudio/{file}.json").read_text())
        frames = body["frames"] + body["test_frames"]
        assert [frame["is_bad"] for frame in frames].count(True) == 1
        poses = {frame["file_path"][:-4]: np.array(frame["transform_matrix"]) for frame in frames}
        for name, T in zip(scene.frames, scene.cameras.T_world_camera, strict=True):
            np.testing.assert_allclose(W @ poses[name] @ GL, T, atol=1e-9)
            assert not np.allclose(poses[name] @ GL, T, atol=0.1)
    assert body["camera_model"] == "PINHOLE"
    assert (body["cx"], body["cy"]) == (body["w"] / 2, body["h"] / 2)


# --- what adapters make of it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"poses": "aligned_pose"}, {"stream": "dslr"}, {"stream": "dslr_undistorted"}])
def test_every_stream_passes_the_check(root, options):
    scene = load(root, **options)
    found = check_scene(scene, Settings())
    assert (found.what, dict(found.faults)) == ("", {})


def test_boxes_are_the_builders_whatever_was_claimed(root, house, dirty, cameras):
    scene = load(root)
    truth = house_truth(house, dirty, cameras, first_id=1, frame_step=NUMBER_STEP)
    row = {int(i): k for k, i in enumerate(scene.objects.id)}
    groups = json.loads((root / "data" / ID / "scans/segments_anno.json").read_text())["segGroups"]
    owner = dirty.vertex_group
    checked = claiming = 0
    for thing in truth["objects"]:
        alone = len(thing["ids"]) == 1 and sum(thing["ids"][0] in other["ids"] for other in truth["objects"]) == 1
        if not alone or thing["kind"] in ("wall", "floor", "ceiling", "door", "door frame"):
            continue
        (i,) = thing["ids"]
        if i not in row or scene.objects.doubtful[row[i]]:
            continue
        np.testing.assert_allclose(scene.objects.center_m[row[i]], thing["center_m"], atol=0.03, err_msg=thing["kind"])
        checked += 1
        claiming += len(groups[i - 1]["segments"]) > (owner == i - 1).sum()
    assert checked > 15
    assert claiming
    assert scene.notes["boxes of the data set not used"] >= claiming
    assert scene.notes["vertices claimed twice"] > 0


def test_the_bytes_do_not_depend_on_the_number_of_workers(house, cameras, tmp_path):
    few = cameras.take(range(3))
    for workers in (1, 2):
        write_scannetpp(house, clean_scan(house), few, tmp_path / str(workers), ID, workers=workers)
    one, two = (
        {path.relative_to(tmp_path / n): path.read_bytes() for path in (tmp_path / n).rglob("*.*") if path.is_file()}
        for n in "12"
    )
    assert one == two


def test_a_scene_that_lost_a_file_is_written_anew(tmp_path):
    layout = LAYOUTS["scannetpp"]
    (scene_id,) = write_demo(tmp_path, seed=5, frames=2, layout="scannetpp", workers=1)
    files = list(layout.files(tmp_path, scene_id))
    listed = {path.relative_to(tmp_path) for path in files}
    there = {path.relative_to(tmp_path) for path in (tmp_path / "data").rglob("*.*") if path.is_file()}
    assert there - listed == {path for path in there if path.name == "points3D.txt"}
    before = files[-1].read_bytes()
    files[-1].unlink()
    write_demo(tmp_path, seed=5, frames=2, layout="scannetpp", workers=1)
    assert files[-1].read_bytes() == before


# --- one place, three lenses ------------------------------------------------------------------------------------------

SINGLE = ("depth_prediction_oc", "distance_prediction_oc", "depth_prediction_oo", "distance_prediction_oo")
STREAMS = ("iphone", "dslr", "dslr_undistorted")


@pytest.fixture(scope="module")
def at_one_place(root):
    """What each stream sees from where the DSLR was, the frames in one order."""
    dslr = load(root, stream="dslr")
    scenes = {stream: load(root, stream=stream) for stream in STREAMS}
    for stream, scene in scenes.items():
        gap = np.abs(dslr.cameras.T_world_camera[:, None] - scene.cameras.T_world_camera).max(axis=(2, 3))
        rows = gap.argmin(axis=1).tolist()
        assert gap.min(axis=1).max() < 1e-6
        scenes[stream] = replace(
            scene,
            cameras=scene.cameras.take(rows),
            frames=tuple(scene.frames[k] for k in rows),
            frame_number=tuple(scene.frame_number[k] for k in rows),
            color_suffix=tuple(scene.color_suffix[k] for k in rows),
        )
    return scenes


def test_three_lenses_at_one_place_print_the_same_depths_and_distances(at_one_place):
    bends = [scene.cameras.lens[0].model for scene in at_one_place.values()]
    assert bends == ["OPENCV", "OPENCV_FISHEYE", "PINHOLE"]
    told = []
    for scene in at_one_place.values():
        told.append({(task, fact.frames, fact.objects): fact for task, fact in facts_of(scene, SINGLE, pool=4000)})
    for other in told[1:]:
        both = told[0].keys() & other.keys()
        assert len(both) > 60
        assert {task for task, *_ in both} == set(SINGLE)
        for key in both:
            first, second = told[0][key], other[key]
            assert first.answer == pytest.approx(second.answer, abs=1e-5), key
            for name in first.truth:
                if name.endswith("_m"):
                    np.testing.assert_allclose(first.truth[name], second.truth[name], atol=1e-5, err_msg=str(key))


def test_rows_of_every_lens_are_right(root, tmp_path):
    sources = [
        {"adapter": "scannetpp", "root": root, "dataset": stream, "options": {"stream": stream}} for stream in STREAMS
    ]
    tasks = {"depth_prediction_oc": ["fill"], "position_matching": ["fill"]}
    job = make_job({"sources": sources, "out": tmp_path, "tasks": tasks, "rows_per_cell": 8, "images": "none"})
    generate(job)
    report = verify_rows(tmp_path)
    assert report.totals() == {"right": 3 * 2 * 8, "wrong": 0, "ambiguous": 0, "unread": 0}, report.told()
