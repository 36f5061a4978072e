"""The scene's types refuse what cannot be."""

import numpy as np
import pytest
from worlds import FakeStore, three_boxes

from spargen.errors import SceneError
from spargen.scene.types import Blob, Mesh, Objects, Scene


def test_arrays_are_copied_and_read_only():
    vertices = np.zeros((3, 3), dtype=np.float32)
    mesh = Mesh(vertices, [[0, 1, 2]], [0])
    vertices[0] = 7
    assert mesh.vertices_m[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        mesh.faces[0] = 0


@pytest.mark.parametrize(
    ("vertices", "faces", "owner", "what"),
    [
        (np.zeros((3, 3)), [[0, 1, 3]], [0], "do not exist"),
        (np.zeros((3, 3)), [[0, 1, -1]], [0], "do not exist"),
        (np.zeros((3, 3)), [[0, 1, 2]], [0, 1], "shape"),
        (np.zeros((3, 2)), [[0, 1, 2]], [0], "shape"),
        (np.full((3, 3), np.nan), [[0, 1, 2]], [0], "finite"),
    ],
)
def test_a_damaged_mesh(vertices, faces, owner, what):
    with pytest.raises(SceneError, match=what):
        Mesh(vertices, faces, owner)


def test_objects_have_one_id_each():
    with pytest.raises(SceneError, match="share an id"):
        Objects([1, 1], ("a", "b"), np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((2, 3, 3)))
    assert len(Objects([], (), [], [], [])) == 0
    assert Objects([], (), [], [], []).R_world_box.shape == (0, 3, 3)


def test_a_scene_needs_a_camera_for_each_frame_and_an_object_for_each_face():
    w = three_boxes()
    with pytest.raises(SceneError, match="2 frames but 1 cameras"):
        Scene("a", "b", w.mesh(), w.objects(), w.cameras(), ("0", "1"), FakeStore())
    none = Objects([], (), [], [], [])
    with pytest.raises(SceneError, match="objects that do not exist"):
        Scene("a", "b", w.mesh(), none, w.cameras(), ("0",), FakeStore())


def test_a_blob_reads_from_where_it_is(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"1")
    assert Blob(".jpg", path=tmp_path / "a.jpg").read() == b"1"
    assert Blob(".jpg", data=b"").read() == b""
    with pytest.raises(SceneError, match="neither"):
        Blob(".jpg").read()
