"""A data set of instance images and depths, without any mesh, through the whole program."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from corrupted import FALSE, MAYBE_FALSE, spoil_all
from PIL import Image
from worlds import furnished, grey_jpeg, pictured

from spargen.run.preview import draw_boxes
from spargen.run.read import read
from spargen.scene.labels import label_rules
from spargen.verify.run import verify_rows

ADAPTER = '''
"""Scenes as folders: scene.npz, and for each frame a JPEG, and 16-bit PNGs of objects (row + 2) and millimetres."""

from pathlib import Path

import numpy as np
from PIL import Image

from spargen.scene.adapter import SceneAdapter
from spargen.scene.cameras import Cameras
from spargen.scene.images import InstanceImages
from spargen.scene.types import Blob, FrameStore, Objects, Scene


class Store(FrameStore):
    def __init__(self, folder):
        self.folder = folder

    def color(self, frame):
        return Blob(".jpg", path=self.folder / f"{frame}.jpg")

    def pose_as_released(self, frame):
        return np.eye(4)


class RoomsAdapter(SceneAdapter):
    dataset = "rooms"
    terms_of_use = "none"

    def scenes(self):
        return sorted(path.name for path in self.root.iterdir())

    def load(self, scene_id):
        folder = self.root / scene_id
        with np.load(folder / "scene.npz") as found:
            objects = Objects(found["id"], tuple(found["label"]), found["center"], found["extent"], found["R"])
            cameras = Cameras(found["K"], found["T"], found["size"])
        names = tuple(str(k) for k in range(len(cameras)))
        files = sorted(folder.iterdir())
        told = " ".join(f"{path.name}:{path.stat().st_size}" for path in files)
        images = InstanceImages(
            lambda frame: np.asarray(Image.open(folder / f"{frame}_objects.png"), dtype=np.int32) - 2,
            lambda frame: np.asarray(Image.open(folder / f"{frame}_depth.png")) / 1000.0,
            np.arange(len(names)),
            told,
        )
        return Scene(scene_id, "rooms", images, objects, cameras, names, Store(folder), fingerprint=told)
'''


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rooms")
    (folder / "rooms_adapter.py").write_text(ADAPTER)
    room = folder / "data" / "room_1"
    room.mkdir(parents=True)
    scene = pictured(furnished(36).scene(), 1)
    o, c = scene.objects, scene.cameras
    arrays = {"id": o.id, "label": np.array(o.label), "center": o.center_m, "extent": o.extent_m, "R": o.R_world_box}
    np.savez(room / "scene.npz", **arrays, K=c.K, T=c.T_world_camera, size=c.size_px)
    for k in range(36):
        (room / f"{k}.jpg").write_bytes(grey_jpeg(640, 480))
        Image.fromarray((scene.surface.objects(k) + 2).astype(np.uint16)).save(room / f"{k}_objects.png")
        millimetres = np.rint(scene.surface.depth_m(k) * 1000).astype(np.uint16)
        Image.fromarray(millimetres).save(room / f"{k}_depth.png")
    return folder


def spargen(root, *words):
    repository = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{repository}{os.pathsep}{root}"}
    command = [sys.executable, "-m", "spargen.cli", *map(str, words)]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


SOURCE = ("--adapter", "rooms_adapter:RoomsAdapter", "--root", "data")


@pytest.fixture(scope="module")
def made(root):
    """A small output of all tasks."""
    code, said = spargen(root, "generate", *SOURCE, "--out", "out", "--set", "rows_per_cell=8", "--workers", 1, "-q")
    assert code == 0, said
    return root / "out"


def test_rows_are_made_and_every_one_is_right(root, made):
    tasks = {row.cell.task for row in read(made)}
    assert len(tasks) >= 32
    assert "room_size" not in tasks
    code, said = spargen(root, "verify", "out", "--trust-plugins", "--json", "found.json", "--workers", 1)
    assert code == 0, said
    found = json.loads((root / "found.json").read_text())
    assert found["rows"] == {"right": len(list(read(made))), "wrong": 0, "ambiguous": 0, "unread": 0}
    assert found["rows"]["right"] > 300


def test_rows_that_are_spoilt_are_found(root, made, monkeypatch):
    """Each way of spoiling that makes a row false whatever it says, on two rows of each cell."""
    monkeypatch.syspath_prepend(root)
    monkeypatch.chdir(root)
    table, left = spoil_all(made, 2)
    missed = [(way, task, form, verdict) for way, task, form, verdict, *_ in left if way in FALSE]
    rows = sum(table[way].total() for way in FALSE)
    assert rows > 300
    assert len(missed) <= 0.01 * rows, missed
    assert sum(table[way]["wrong"] for way in MAYBE_FALSE) > 0.8 * sum(table[way].total() for way in MAYBE_FALSE)


def test_rows_of_frames_whose_images_are_gone_are_unread(root, made, monkeypatch, tmp_path):
    """What can be read is still judged."""
    monkeypatch.syspath_prepend(root)
    data = shutil.copytree(root / "data", tmp_path / "data")
    for k in range(0, 36, 2):
        (data / "room_1" / f"{k}_objects.png").write_bytes(b"not a PNG")
    found = verify_rows(made, data={"rooms": data}, sample=2, trust=True).totals()
    assert found["unread"] > 20
    assert found["right"] > 20
    assert found["wrong"] == 0


def test_a_scene_is_inspected(root):
    code, said = spargen(root, "inspect", "rooms_adapter:RoomsAdapter", "data", "room_1", "--out", "drawn.jpg")
    assert code == 0, said
    for told in ("instance images", "36", "pixels that lie in their", "100%"):
        assert told in said
    assert (root / "drawn.jpg").stat().st_size > 1000


def test_the_frame_that_shows_most_is_drawn():
    scene = pictured(furnished(12).scene())
    (mesh, name), (images, same) = (draw_boxes(of, label_rules()) for of in (furnished(12).scene(), scene))
    assert name == same
    assert np.abs(np.asarray(mesh, dtype=int) - np.asarray(images)).mean() < 1
