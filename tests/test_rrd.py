"""A scene as a recording for the Rerun viewer: what is logged, and, where rerun-sdk is installed, that it takes it."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner
from worlds import World

from spargen.cli import app
from spargen.errors import JobError
from spargen.rrd import FRAMES, write_rrd
from spargen.scene.types import Blob


class Recording:
    """Keeps what is logged; the file is there once it is disconnected."""

    def __init__(self, name, recording_id):
        self.name, self.id, self.logged, self.frame = name, recording_id, [], None

    def save(self, path):
        self.path = path

    def set_time(self, timeline, *, sequence):
        assert timeline == "frame"
        self.frame = sequence

    def log(self, entity, what, static=False):
        self.logged.append((entity, None if static else self.frame, what))

    def disconnect(self):
        self.path.write_bytes(b"recorded")

    def of(self, kind):
        return [(entity, frame, what) for entity, frame, what in self.logged if what.kind == kind]


@pytest.fixture
def recordings(monkeypatch):
    """A stand-in for rerun-sdk; the recordings that were made with it."""
    made, stub = [], ModuleType("rerun")

    def begin(name, recording_id):
        made.append(Recording(name, recording_id))
        return made[-1]

    stub.RecordingStream = begin
    for kind in ("Mesh3D", "Boxes3D", "LineStrips3D", "Transform3D", "Pinhole", "EncodedImage"):
        setattr(stub, kind, lambda *parts, kind=kind, **named: SimpleNamespace(kind=kind, parts=parts, **named))
    stub.ViewCoordinates = SimpleNamespace(RIGHT_HAND_Z_UP=SimpleNamespace(kind="up"), RDF="RDF")
    monkeypatch.setitem(sys.modules, "rerun", stub)
    return made


@pytest.fixture
def scene():
    world = World().add("chair", (3, 0, 0.5), (1, 1, 1)).add("lamp", (4, 1, 1), (0.5, 0.5, 0.5))
    for i in range(FRAMES + 20):
        world.camera((0.01 * i, 0, 1), size=(80, 60), f=60.0)
    return world.scene()


def test_mesh_and_boxes_have_the_same_colours_and_boxes_their_labels(recordings, scene, tmp_path):
    write_rrd(scene, tmp_path / "new/scene.rrd")
    (made,) = recordings
    ((_, still, boxes),) = made.of("Boxes3D")
    assert still is None
    assert boxes.labels == [f"chair ({scene.objects.id[0]})", f"lamp ({scene.objects.id[1]})"]
    np.testing.assert_allclose(2 * boxes.half_sizes, scene.objects.extent_m)
    np.testing.assert_allclose(boxes.centers, scene.objects.center_m)
    assert len({tuple(colour) for colour in boxes.colors.tolist()}) == 2
    ((_, still, mesh),) = made.of("Mesh3D")
    assert still is None
    for face in np.flatnonzero(scene.surface.face_object >= 0):
        painted = mesh.vertex_colors[scene.surface.faces[face]]
        assert (painted == boxes.colors[scene.surface.face_object[face]]).all()
    assert made.of("up")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["scene.rrd"]


def test_the_camera_goes_through_some_frames_and_shows_what_it_saw(recordings, scene, tmp_path):
    write_rrd(scene, tmp_path / "scene.rrd")
    (made,) = recordings
    frames = [frame for _, frame, _ in made.of("Pinhole")]
    assert len(frames) == FRAMES
    assert (frames[0], frames[-1]) == (0, len(scene.frames) - 1)
    assert frames == [frame for _, frame, _ in made.of("Transform3D")] == [f for _, f, _ in made.of("EncodedImage")]
    _, last, pose = made.of("Transform3D")[-1]
    np.testing.assert_allclose(pose.translation, scene.cameras.position_m[last])
    np.testing.assert_allclose(pose.mat3x3[:, 2], scene.cameras.T_world_camera[last, :3, 2])
    lens, image = made.of("Pinhole")[-1][2], made.of("EncodedImage")[-1][2]
    np.testing.assert_allclose(lens.image_from_camera, scene.cameras.K[last])
    assert (lens.camera_xyz, lens.resolution) == ("RDF", [80, 60])
    assert (image.contents, image.media_type) == (scene.store.color(last).read(), "image/jpeg")
    ((_, _, way),) = made.of("LineStrips3D")
    assert len(way.parts[0][0]) == len(scene.frames)


def test_an_image_that_cannot_be_read_is_left_out(recordings, scene, tmp_path):
    whole = type(scene.store).color
    scene.store.color = lambda frame: Blob(".jpg", data=b"no image") if frame == 0 else whole(scene.store, frame)
    write_rrd(scene, tmp_path / "scene.rrd")
    shown = [frame for _, frame, _ in recordings[0].of("EncodedImage")]
    assert len(shown) == FRAMES - 1
    assert 0 not in shown


def test_without_rerun_the_error_says_what_to_install(monkeypatch, scene, tmp_path):
    monkeypatch.setitem(sys.modules, "rerun", None)
    with pytest.raises(JobError, match=r"--rrd: rerun-sdk is not installed\s+to mend: pip install \"spargen\[view\]\""):
        write_rrd(scene, tmp_path / "scene.rrd")
    assert list(tmp_path.iterdir()) == []


def test_rerun_takes_it(scene, tmp_path):
    pytest.importorskip("rerun", reason="rerun-sdk is not installed")
    write_rrd(scene, tmp_path / "scene.rrd")  # its complaints are warnings, and warnings are errors here
    assert (tmp_path / "scene.rrd").read_bytes()[:3] == b"RRF"
    assert (tmp_path / "scene.rrd").stat().st_size > 10_000


def test_inspect_writes_it_where_it_is_told_to(recordings, scene, tmp_path, monkeypatch):
    monkeypatch.setattr("spargen.cli.look._load_scene", lambda *_: scene)
    arguments = ["inspect", "scannet", str(tmp_path), "room0000_00", "--out", str(tmp_path / "a.jpg")]
    told = CliRunner().invoke(app, [*arguments, "--rrd", str(tmp_path / "a.rrd")]).stdout
    assert f"recorded: {tmp_path / 'a.rrd'}" in told
    assert (tmp_path / "a.rrd").read_bytes() == b"recorded"
    assert "recorded" not in CliRunner().invoke(app, arguments).stdout
