"""One house in every layout, read by every adapter: the same things, and the same truths from the same places."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from asking import facts_of

from spargen.demo import LAYOUTS, write_demo
from spargen.demo.tripods import VIEWS, YAWS, tripod_cameras
from spargen.plugins import find_adapter
from spargen.scene.cameras import Cameras
from spargen.scene.types import Scene
from spargen.settings import Settings
from spargen.testing import check_adapter

FRAMES = 36
FEW = Settings(video_frames=24)
WITHIN_M, WITHIN_DEG = 0.01, 0.1
LEAST_FRAMES = {"scannet": 0.9, "structured3d": 0.3}
"""Share of the walk's steps that a layout has at least."""
LEAST_ALIKE = {"structured3d": (300, 15)}
"""How many facts, and of how many tasks, a layout has in common with ScanNet's at least."""
WITHOUT_BOX = ("wall", "floor", "ceiling", "door frame", "window")
OF_THE_LENS = ("permille", "box", "share", "frames")
"""Truths that say where in an image something is, or how much of it is seen: another lens shows it elsewhere."""


def of_tripod(name):
    """The view that an image of a tripod is: the panorama's name ends in its number, camera and yaw follow."""
    panorama, camera, yaw = name.split("_")
    return VIEWS * int(panorama[-4:], 16) + YAWS * int(camera[1:]) + int(yaw)


STEP_OF = {"matterport": of_tripod}
SMALLER = 4
"""By this many times the images of tripods, which are many, are smaller in the layout that they are held to."""


def small_tripods(house, walk):
    own = tripod_cameras(house, walk)
    scale = np.diag([1 / SMALLER, 1 / SMALLER, 1])
    return Cameras(scale @ own.K, own.T_world_camera, own.size_px // SMALLER)


@dataclass(frozen=True)
class Read:
    """A scene as an adapter reads it, with the builder's own numbers for frames and things."""

    layout: str
    root: object
    scene: Scene
    truth: dict

    @property
    def walked(self):
        """The step of the walk at which each frame was taken."""
        step_of = STEP_OF.get(self.layout, lambda name: int(name.rpartition("_")[2]))
        return [step_of(number) // LAYOUTS[self.layout].frame_step for number in self.scene.frame_number]

    def group(self, row):
        return int(self.scene.objects.id[row]) - LAYOUTS[self.layout].first_id


@pytest.fixture(scope="module", params=LAYOUTS)
def read(request, tmp_path_factory):
    root = tmp_path_factory.mktemp(request.param)
    (scene_id,) = write_demo(root, seed=5, frames=FRAMES, layout=request.param, dirt=False, workers=1)
    scene = find_adapter(request.param)(root).load(scene_id)
    return Read(request.param, root, scene, json.loads((root / f"truth/{scene_id}.json").read_text()))


@pytest.fixture(scope="module")
def scannet(read, tmp_path_factory):
    """The same house in ScanNet's layout, seen from the same places."""
    root = tmp_path_factory.mktemp("reference")
    with pytest.MonkeyPatch.context() as patch:
        if read.layout == "matterport":
            patch.setitem(LAYOUTS, "scannet", replace(LAYOUTS["scannet"], views=small_tripods))
        (scene_id,) = write_demo(root, seed=5, frames=FRAMES, dirt=False, workers=1)
    scene = find_adapter("scannet")(root).load(scene_id)
    return Read("scannet", root, scene, json.loads((root / f"truth/{scene_id}.json").read_text()))


def test_the_adapter_keeps_the_contract(read):
    figures = check_adapter(find_adapter(read.layout)(read.root))[read.scene.id]
    assert int(figures["rows"]) > 60, figures


def test_cameras_stand_where_they_were_built(read):
    built = read.truth["T_world_camera"]
    assert len(read.scene.frames) > LEAST_FRAMES.get(read.layout, 0.45) * len(built)
    step = LAYOUTS[read.layout].frame_step
    for walked, T in zip(read.walked, read.scene.cameras.T_world_camera, strict=True):
        np.testing.assert_allclose(T, built[str(walked * step)], atol=2e-3, err_msg=str(walked))


def test_boxes_are_those_that_were_built(read):
    without = WITHOUT_BOX if read.layout == "structured3d" else ()
    built = {i: thing for thing in read.truth["objects"] for i in thing["ids"] if thing["kind"] not in without}
    rows = {int(i): row for row, i in enumerate(read.scene.objects.id)}
    found = [i for i in built if i in rows]
    # What no image shows has no label in Structured3D.
    assert len(found) > (0.75 if read.layout == "structured3d" else 0.9) * len(built)
    for i in found:
        row, thing = rows[i], built[i]
        assert read.scene.objects.label[row] in thing["labels"]
        center, extent = read.scene.objects.center_m[row], read.scene.objects.extent_m[row]
        np.testing.assert_allclose(center, thing["center_m"], atol=WITHIN_M, err_msg=thing["kind"])
        np.testing.assert_allclose(np.sort(extent), np.sort(thing["extent_m"]), atol=WITHIN_M, err_msg=thing["kind"])


@pytest.mark.parametrize("read", [name for name in LAYOUTS if name != "scannet"], indirect=True)
def test_where_both_ask_both_say_the_same(read, scannet):
    mine, theirs = facts(read, scannet), facts(scannet, read)
    both = mine.keys() & theirs.keys()
    tasks = {task for task, *_ in both}
    for key in sorted(both, key=str):
        for name, (a, b) in paired(mine[key].truth, theirs[key].truth).items():
            within = WITHIN_DEG if "deg" in name else WITHIN_M
            assert np.allclose(a, b, atol=within, rtol=0) if not isinstance(a, str) else a == b, (key, name, a, b)
        # What words there are, they are the same, unless a threshold lies between the two.
        margin = mine[key].margin
        if not set(OF_THE_LENS) & set(" ".join(mine[key].truth).split("_")) and (
            margin is None or margin.by > WITHIN_M
        ):
            assert said(mine[key]) == said(theirs[key]), key
    least, least_tasks = LEAST_ALIKE.get(read.layout, (300, 15))
    assert len(both) > least
    assert len(tasks) >= least_tasks, tasks


def facts(read, other):
    """The facts of all tasks about the frames that two scenes have in common, by what they ask."""
    common = sorted(set(read.walked) & set(other.walked))
    scene = only(read, common)
    found = {}
    for name, fact in facts_of(scene, settings=FEW, pool=300):
        walked = tuple(common[f] for f in fact.frames)
        found[name, walked, tuple(read.group(o) for o in fact.objects), fact.quantity] = fact
    return found


def only(read, steps):
    """The scene with the frames of some steps of the walk."""
    rows = [read.walked.index(step) for step in steps]
    scene = read.scene
    return replace(
        scene,
        cameras=scene.cameras.take(rows),
        frames=tuple(scene.frames[r] for r in rows),
        frame_number=tuple(scene.frame_number[r] for r in rows),
        color_suffix=tuple(scene.color_suffix[r] for r in rows),
    )


def paired(mine, theirs):
    """The truths of two facts beside each other, but for those that the lens decides."""
    flat = {}
    for name in mine.keys() & theirs.keys():
        if isinstance(mine[name], dict):
            flat |= paired(mine[name], theirs[name])
        elif not set(OF_THE_LENS) & set(name.split("_")):
            flat[name] = (mine[name], theirs[name])
    return flat


def said(fact):
    """A fact's answer without lengths, which may be rounded to either side."""
    return getattr(fact.answer, "states", None) or (str(fact.answer) if isinstance(fact.answer, int) else "")
