"""Files of clips: each question brings its own, and none takes the place of another's."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from worlds import FakeStore, depth_png, furnished

from spargen.errors import SceneError
from spargen.phrase.templates import TemplateSet
from spargen.qa.answers import COUNT
from spargen.qa.fact import Fact
from spargen.run.engine import ask
from spargen.run.images import write_images
from spargen.run.recipe import Recipe
from spargen.scene.types import Blob
from spargen.settings import Settings
from spargen.tasks.registry import TASKS, load_builtin_tasks, task

load_builtin_tasks()
WALKS = ((0, 2, 4, 4), (0, 3, 4, 6))


class Numbered(FakeStore):
    """Frames whose images tell them apart."""

    def color(self, frame):
        buffer = io.BytesIO()
        Image.new("RGB", self.sizes[frame], (10 * frame, 0, 0)).save(buffer, "PNG")
        return replace(super().color(frame), suffix=".png", data=buffer.getvalue())

    def depth(self, frame):
        return Blob(".png", data=depth_png(np.zeros((3, 4))))


@pytest.fixture
def scene():
    """Eight frames by rank, their numbers those of the release."""
    made = furnished(frames=8).scene()
    numbers = tuple(str(100 + 7 * i) for i in range(8))
    store = Numbered([tuple(s) for s in made.cameras.size_px.tolist()])
    return replace(made, frames=tuple("01234567"), frame_number=numbers, color_suffix=".png", store=store)


@pytest.fixture
def walked(scene, tmp_path):
    """The rows of a task whose questions walk about, and the files that they name."""
    folder = tmp_path / "templates" / "walk"
    folder.mkdir(parents=True)
    (folder / "fill.j2").write_text("--- question\nHow far?\n--- note\nReply with a number.\n")

    @task("walk", views="video", level="high", answer=COUNT, slots="", needs=())
    def walk(ctx):
        for frames in WALKS:
            yield Fact(frames=frames, objects=(), answer=len(set(frames)), slots={})

    recipe = Recipe({"walk": ("fill",)}, TemplateSet.load([folder.parent]), {"walk/fill": 8}, 0, Settings(), rgbd=True)
    out = ask(scene, recipe)
    TASKS.pop("walk")
    write_images(scene, out, tmp_path / "images", mode="copy", rgbd=True)
    return out.rows, tmp_path / "images"


def test_every_question_finds_its_own_frames(walked, scene):
    rows, folder = walked
    assert {row.frames for row in rows} == set(WALKS)
    for row in rows:
        for name, frame in zip(row.record["image"], row.frames, strict=True):
            red = np.asarray(Image.open(folder / name))[..., 0]
            assert set(np.unique(red)) == {10 * frame}


def test_a_clip_names_frames_by_number_a_still_by_name(walked, scene):
    rows, folder = walked
    for row in rows:
        numbers = [scene.frame_number[f] for f in row.frames]
        assert row.record["image"] == [f"{scene.id}/video_color/frame{i}_{n}.png" for i, n in enumerate(numbers)]
        assert row.fact["frames"] == [scene.frames[f] for f in row.frames]
    assert (folder / scene.id / "video_pose/frame1_114.txt").exists()
    stills = Recipe(
        {"depth_prediction_oc": ("fill",)}, TemplateSet.load(), {"depth_prediction_oc/fill": 2}, 0, Settings()
    )
    names = [name for row in ask(scene, stills).rows for name in row.record["image"]]
    assert names
    assert {name.rpartition("/")[2] for name in names} <= {f"{n}.png" for n in scene.frames}


def test_each_clip_has_its_list_of_numbers(walked, scene):
    rows, folder = walked
    clips = dict.fromkeys(row.frames for row in rows)
    lists = [folder / scene.id / name for name in ("video_idx.txt", "video_idx_2.txt")]
    assert sorted((folder / scene.id).glob("video_idx*")) == sorted(lists)
    for file, clip in zip(lists, clips, strict=True):
        assert file.read_text().split() == [scene.frame_number[f] for f in clip]


def test_numbers_are_the_names_unless_told():
    made = furnished(frames=3).scene()
    assert made.frame_number == made.frames == ("0", "10", "20")
    for numbers in (("1", "2"), ("1", "2", "1")):
        with pytest.raises(SceneError, match="number"):
            replace(made, frame_number=numbers)
