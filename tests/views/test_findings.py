"""Images are decoded once: findings are kept for files of the same size and time, and for what a container holds."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from worlds import FakeStore, furnished, measured

from spargen.scene.types import Blob, FrameStore
from spargen.settings import Settings
from spargen.views import findings
from spargen.views.check import frames_to_ask
from spargen.views.findings import ImageFaults

SCENE = replace(measured(furnished(frames=6).scene()), fingerprint="a")
OFF = Settings(scene_check="off")


@dataclass
class Files(FrameStore):
    """The frames of a store as files of a folder."""

    folder: Path
    store: FakeStore

    def color(self, frame):
        return Blob(".jpg", path=self.folder / f"{frame}.jpg")

    def depth(self, frame):
        return Blob(".png", path=self.folder / f"{frame}.png")

    def pose_as_released(self, frame):
        return self.store.pose_as_released(frame)


@pytest.fixture
def scene(tmp_path):
    """Return a scene whose frames are files, the third of them cut short."""
    (tmp_path / "scan").mkdir()
    for frame in range(6):
        for suffix, blob in ((".jpg", SCENE.store.color(frame)), (".png", SCENE.store.depth(frame))):
            (tmp_path / f"scan/{frame}{suffix}").write_bytes(blob.read())
    file = tmp_path / "scan/2.jpg"
    file.write_bytes(file.read_bytes()[:-90])
    return replace(SCENE, store=Files(tmp_path / "scan", SCENE.store))


@pytest.fixture
def decoded(monkeypatch):
    """Return the frames that were decoded."""
    seen, look = [], findings.image_fault
    monkeypatch.setattr(findings, "image_fault", lambda s, f, *, rgbd: seen.append(f) or look(s, f, rgbd=rgbd))
    return seen


@pytest.mark.parametrize("container", [False, True])
def test_a_second_run_decodes_nothing_and_finds_the_same(scene, tmp_path, decoded, container):
    scene = SCENE if container else scene
    first = frames_to_ask(scene, OFF, keep_in=tmp_path / "cache")
    assert sorted(decoded) == [0, 1, 2, 3, 4, 5]
    assert (2 in first[0]) == container
    decoded.clear()
    usable, notes = frames_to_ask(scene, replace_views(OFF), keep_in=tmp_path / "cache")
    assert (usable.tolist(), notes, decoded) == (first[0].tolist(), first[1], [])


def replace_views(settings):
    """Another profile of questions, which looks at the same frames."""
    return settings.model_copy(update={"min_visible_px": 99, "views_per_scene": settings.views_per_scene + 1})


@pytest.mark.parametrize("rgbd", [False, True])
@pytest.mark.parametrize("file", ["2.jpg", "3.jpg", "3.png"])
def test_a_file_that_was_changed_is_decoded_again_though_its_size_is_the_same(scene, tmp_path, decoded, file, rgbd):
    images = ImageFaults(scene, rgbd=rgbd, keep_in=tmp_path / "cache")
    assert list(images.among(range(6))) == [scene.frames[2]]
    decoded.clear()
    path = scene.store.folder / file
    path.write_bytes(bytes(path.stat().st_size))
    os.utime(path, ns=(5, 5))
    again = ImageFaults(scene, rgbd=rgbd, keep_in=tmp_path / "cache").among(range(6))
    matters = file.endswith(".jpg") or rgbd
    assert decoded == ([int(file[0])] if matters else [])
    assert set(again) == {scene.frames[2]} | ({scene.frames[int(file[0])]} if matters else set())


def test_a_file_that_is_gone_and_comes_back_is_decoded_again(scene, tmp_path, decoded):
    path = scene.store.folder / "1.jpg"
    text = path.read_bytes()
    path.unlink()
    assert scene.frames[1] in ImageFaults(scene, rgbd=False, keep_in=tmp_path / "cache").among([1])
    path.write_bytes(text)
    assert ImageFaults(scene, rgbd=False, keep_in=tmp_path / "cache").among([1]) == {}


@pytest.mark.parametrize("change", ["fingerprint", "rgbd", "frames", "nothing kept", "no fingerprint"])
def test_findings_of_something_else_do_not_count(tmp_path, decoded, change):
    ImageFaults(SCENE, rgbd=False, keep_in=tmp_path).among([0])
    other, rgbd, folder = SCENE, change == "rgbd", None if change == "nothing kept" else tmp_path
    if change == "fingerprint":
        other = replace(SCENE, fingerprint="b")
    elif change == "frames":
        other = replace(SCENE, frames=tuple(f"x{name}" for name in SCENE.frames))
    elif change == "no fingerprint":
        other = replace(SCENE, fingerprint="")
    ImageFaults(other, rgbd=rgbd, keep_in=folder).among([0])
    assert decoded == [0, 0]


@pytest.mark.parametrize("rubbish", [b"", b"[]", b"[1", b'{"0": 1}', b'{"0": [1]}'])
def test_what_is_kept_may_be_damaged(scene, tmp_path, decoded, rubbish):
    first = ImageFaults(scene, rgbd=False, keep_in=tmp_path / "cache").among(range(6))
    (kept,) = (tmp_path / "cache").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(rubbish)
    assert ImageFaults(scene, rgbd=False, keep_in=tmp_path / "cache").among(range(6)) == first
    assert kept.read_bytes() == whole
    assert len(decoded) == 12
