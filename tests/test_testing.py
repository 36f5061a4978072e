"""The kit for adapters: a right one passes, and each way of being wrong is named."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from worlds import DepthStore, depth_png, furnished, grey_jpeg

from spargen.errors import AdapterError, SceneError
from spargen.scene.adapter import SceneAdapter
from spargen.scene.types import Blob, FrameStore
from spargen.testing import check_adapter

FULL = furnished().scene()
KEPT = np.arange(0, len(FULL.frames), 8)
DEPTH = DepthStore(FULL)
PNG = [depth_png(DEPTH.depth_m(int(f))) for f in KEPT]


@dataclass
class Store(FrameStore):
    poses: np.ndarray
    suffix: str = ".jpg"
    size: tuple = (640, 480)
    depths: list = field(default_factory=lambda: PNG)
    masks: object = None

    def color(self, frame):
        return Blob(self.suffix, data=grey_jpeg(*self.size))

    def depth(self, frame):
        return Blob(".png", data=self.depths[frame])

    def mask(self, frame):
        return self.masks

    def pose_as_released(self, frame):
        return self.poses[frame]


class Unpicklable(Store):
    def __reduce__(self):
        raise TypeError("a file that is open")


class Changing(Store):
    def color(self, frame):
        self.times = getattr(self, "times", 0) + 1
        return Blob(".jpg", data=grey_jpeg(*self.size) + b"\x00" * self.times)


CAMERAS = FULL.cameras.take(KEPT)
GOOD = replace(
    FULL,
    id="room",
    dataset="mine",
    cameras=CAMERAS,
    frames=tuple(FULL.frames[f] for f in KEPT),
    frame_number=(),
    color_suffix=".jpg",
    store=Store(CAMERAS.T_world_camera),
    fingerprint="as it is",
)


class Adapter(SceneAdapter):
    dataset = "mine"
    terms_of_use = "none"

    def __init__(self, root, scene=GOOD, ids=("room",), unknown=SceneError, splits=None, **changes):
        super().__init__(root)
        self.scene, self.ids, self.unknown, self.splits = replace(scene, **changes), ids, unknown, splits or {}
        self.loads = 0

    def scenes(self):
        return self.ids

    def load(self, scene_id):
        self.loads += 1
        if scene_id not in self.ids and self.unknown is SceneError:
            raise SceneError("there is no such scene", where=scene_id, mend="name another")
        if scene_id not in self.ids and self.unknown:
            raise self.unknown(scene_id)
        return self.scene

    def split(self, scene_id):
        return self.splits.get(scene_id, "train")

    def space(self, scene_id):
        return scene_id[:4]


class Restless(Adapter):
    def load(self, scene_id):
        scene = super().load(scene_id)
        return replace(scene, fingerprint=f"load {self.loads}")


class Drifting(Adapter):
    def load(self, scene_id):
        scene = super().load(scene_id)
        moved = scene.cameras.T_world_camera.copy()
        moved[:, 0, 3] += 1e-9 * self.loads
        return replace(scene, cameras=replace(scene.cameras, T_world_camera=moved))


class Timed(Adapter):
    def fingerprint(self, scene_id):
        self.loads += 1
        return str(self.loads)


def store(**changes):
    return {"store": Store(CAMERAS.T_world_camera, **changes)}


def test_a_right_adapter_passes_and_the_figures_are_told(tmp_path):
    found = check_adapter(Adapter(tmp_path))
    assert list(found) == ["room"]
    assert found["room"]["frames looked at"].startswith(f"{len(KEPT)} of")
    assert int(found["room"]["rows"]) > 40


WRONG = {
    "lists no scene": Adapter(".", ids=()),
    "ids are not sorted": Adapter(".", ids=("room", "attic")),
    "repeat": Adapter(".", ids=("room", "room")),
    "'a/b' cannot name a folder": Adapter(".", ids=("a/b", "room")),
    "is '', which cannot name a folder": Adapter(".", splits={"room": ""}),
    "the space 'room' has scenes in train and in val": Adapter(".", ids=("room", "room2"), splits={"room2": "val"}),
    "raises KeyError, not SceneError": Adapter(".", unknown=KeyError),
    "raises nothing": Adapter(".", unknown=None),
    "load gives mine/other, not mine/room": Adapter(".", id="other"),
    "load gives yours/room": Adapter(".", dataset="yours"),
    "fingerprint is empty": Adapter(".", fingerprint=""),
    "two loads give two different scenes": Restless("."),
    "loads give two different scenes": Drifting("."),
    "changes though no file did": Timed("."),
    "cannot be sent to another process: a file that is open": Adapter(".", store=Unpicklable(CAMERAS.T_world_camera)),
    "other bytes the second time": Adapter(".", store=Changing(CAMERAS.T_world_camera)),
    "no frame is left": Adapter(
        ".", cameras=CAMERAS.take([]), frames=(), frame_number=(), color_suffix=(), store=Store(np.zeros((0, 4, 4)))
    ),
    "its image has 320x240 pixels, its camera 640x480": Adapter(".", **store(size=(320, 240))),
    "ends in .jpg, color_suffix says .jpeg": Adapter(".", color_suffix=".jpeg"),
    "is a JPEG image, but ends in .png": Adapter(".", color_suffix=".png", **store(suffix=".png")),
    "its depth image is no 16-bit PNG": Adapter(".", **store(depths=[grey_jpeg(160, 120)] * len(KEPT))),
    "its depth image has shape (120, 120)": Adapter(".", **store(depths=[depth_png(np.ones((120, 120)))] * len(KEPT))),
    "its mask has shape (5, 5)": Adapter(".", **store(masks=np.zeros((5, 5), dtype=bool))),
    "is not the camera's pose": Adapter(".", T_world_released=np.diag([1.0, 1, 1, 1]) + np.eye(4, k=3)),
    "metres": Adapter(".", **store(depths=[depth_png(np.ones((120, 160)) * 0.004)] * len(KEPT))),
    "no question can be asked of it": Adapter(
        ".",
        cameras=CAMERAS.take([0]),
        frames=GOOD.frames[:1],
        frame_number=(),
        color_suffix=".jpg",
        objects=replace(GOOD.objects, doubtful=np.ones(len(GOOD.objects), dtype=bool)),
    ),
}


@pytest.mark.parametrize("said", WRONG)
def test_each_way_of_being_wrong_is_named(said):
    with pytest.raises(AdapterError) as raised:
        check_adapter(WRONG[said])
    assert said in str(raised.value)
    assert type(WRONG[said]).__name__ in raised.value.where


def test_all_faults_are_told_at_once():
    wrong = Adapter(".", unknown=KeyError, fingerprint="", **store(masks=np.zeros((5, 5), dtype=bool)))
    with pytest.raises(AdapterError) as raised:
        check_adapter(wrong, ["room"])
    for said in ("raises KeyError", "fingerprint is empty", f"frame {GOOD.frames[0]}: its mask has shape"):
        assert said in str(raised.value)


def test_only_the_scenes_that_are_named_are_looked_at(tmp_path):
    with pytest.raises(AdapterError, match="other: other: there is no such scene"):
        check_adapter(Adapter(tmp_path), ["other"])
