"""The scene's types refuse what cannot be."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from worlds import FakeStore, furnished, three_boxes

from spargen.errors import SceneError
from spargen.scene.labels import LabelTable, label_rules
from spargen.scene.types import FAR_M, Annotation, Blob, Mesh, Objects, Scene


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


@pytest.mark.parametrize(
    ("raw", "printed"),
    [
        ("office chair", "office chair"),
        ("office\nchair", "office chair"),
        ("  office \t\r\n chair\x00", "office chair"),
        ("office\x1b\x7f\x85chair", "office chair"),
        ("office\u2028chair\u2029", "office chair"),
        ("office\u00a0\u3000chair\u200b\ufeff", "office chair"),
        ("lamp\ud800", "lamp"),
        ("tường", "tường"),
        (" \n\x00", ""),
        ("", ""),
    ],
)
def test_a_label_stands_on_one_line(raw, printed):
    objects = Objects([1], (raw,), np.zeros((1, 3)), np.ones((1, 3)), np.eye(3)[None])
    assert objects.label == (printed,)
    table = LabelTable.of(objects.label, label_rules())
    assert table.present.tolist() == [printed != "tường"]
    assert table.askable.tolist() == [printed not in ("", "tường")]  # without a name, or the Vietnamese for a wall


def test_no_object_is_doubtful_unless_it_is_said():
    nothing = Objects([], (), [], [], [])
    assert nothing.doubtful.shape == (0,)
    two = Objects([1, 2], ("a", "b"), np.zeros((2, 3)), np.ones((2, 3)), [np.eye(3)] * 2)
    assert two.doubtful.tolist() == [False, False]
    assert two.doubtful.dtype == bool
    assert replace(two, doubtful=[False, True]).doubtful.tolist() == [False, True]
    with pytest.raises(SceneError, match="doubtful"):
        replace(two, doubtful=[True])


def test_coordinates_keep_what_float32_would_lose():
    vertices = np.array([[1e6 + 0.001, 0, 0], [1, 0, 0], [0, 1, 0]])
    assert Mesh(vertices, [[0, 1, 2]], [0]).vertices_m[0, 0] == 1e6 + 0.001


@pytest.mark.parametrize("by", [(500_000.4, -3_000_000.3, 12.0), (0, 0, 1200.0), (-1500.0, 20, 0)])
def test_a_far_scene_is_moved_to_the_origin_all_of_it(by):
    here, there = furnished().scene(), furnished().moved(by=by).scene()
    shift = there.surface.vertices_m[0] - here.surface.vertices_m[0] - by
    np.testing.assert_allclose(shift, np.round(shift), atol=1e-9)
    assert np.abs(shift).max() > 900
    assert np.abs(there.surface.vertices_m).max() < 20
    np.testing.assert_allclose(there.surface.vertices_m, here.surface.vertices_m + by + shift, atol=1e-8)
    np.testing.assert_allclose(there.objects.center_m, here.objects.center_m + by + shift, atol=1e-8)
    np.testing.assert_allclose(there.cameras.position_m, here.cameras.position_m + by + shift, atol=1e-8)
    np.testing.assert_array_equal(there.T_world_released[:3, 3], np.round(shift))
    np.testing.assert_array_equal(there.T_world_released[:3, :3], np.eye(3))
    assert there.notes["moved to the origin by, in m"] == ", ".join(f"{x:.0f}" for x in np.round(shift))
    again = replace(there, fingerprint="a")
    np.testing.assert_array_equal(again.surface.vertices_m, there.surface.vertices_m)
    np.testing.assert_array_equal(again.T_world_released, there.T_world_released)


@pytest.mark.parametrize("by", [(0, 0, 0), (FAR_M - 12, 0, 0), (300, -900, 5)])
def test_a_near_scene_stays_where_it_is(by):
    scene = furnished().moved(by=by).scene()
    np.testing.assert_allclose(scene.surface.vertices_m, furnished().mesh().vertices_m + by, atol=1e-9)
    np.testing.assert_array_equal(scene.T_world_released, np.eye(4))
    assert not scene.notes


def test_a_far_stray_does_not_make_a_scene_far_nor_a_near_one_near():
    w = three_boxes()
    stray = np.array([[0, 0, 90_000.0], [1, 0, 90_000], [0, 1, 90_000]])

    def scene(mesh):
        vertices = np.concatenate([mesh.vertices_m, stray])
        faces = np.concatenate([mesh.faces, [np.arange(3) + len(mesh.vertices_m)]])
        owner = np.append(mesh.face_object, -1)
        return replace(w.scene(), surface=Mesh(vertices, faces, owner))

    np.testing.assert_array_equal(scene(w.mesh()).surface.vertices_m[:-3], w.mesh().vertices_m)
    far = w.moved(by=(0, 0, 90_000.0)).mesh()
    # Vertices that no face uses say nothing of where a scene is.
    unused = Mesh(np.concatenate([far.vertices_m, np.zeros((500, 3))]), far.faces, far.face_object)
    assert np.abs(replace(w.scene(), surface=unused).surface.vertices_m[: len(far.vertices_m)]).max() < 10


def test_the_released_alignment_moves_along():
    w, T = three_boxes().moved(by=(2000.0, 0, 0)), np.eye(4)
    T[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    T[:3, 3] = [2000, 5, 6]
    scene = replace(w.scene(), T_world_released=T)
    np.testing.assert_array_equal(scene.T_world_released, T)  # it was near by then
    far = Scene("a", "b", w.mesh(), w.objects(), w.cameras(), ("0",), FakeStore(), T_world_released=T)
    by = far.surface.vertices_m[0] - w.mesh().vertices_m[0]
    np.testing.assert_allclose(far.T_world_released[:3, 3], T[:3, 3] + by)
    np.testing.assert_array_equal(far.T_world_released[:3, :3], T[:3, :3])


def test_a_scene_needs_a_camera_for_each_frame_and_an_object_for_each_face():
    w = three_boxes()
    with pytest.raises(SceneError, match="2 frames but 1 cameras"):
        Scene("a", "b", w.mesh(), w.objects(), w.cameras(), ("0", "1"), FakeStore())
    none = Objects([], (), [], [], [])
    with pytest.raises(SceneError, match="objects that do not exist"):
        Scene("a", "b", w.mesh(), none, w.cameras(), ("0",), FakeStore())


def test_an_annotation_belongs_to_the_surface_and_moves_with_it():
    w = three_boxes().moved(by=(2000.0, 0, 0))
    mesh, boxes = w.mesh(), (w.objects().center_m, w.objects().extent_m, w.objects().R_world_box)
    given = Annotation([1, 2, 3], ("chair", "lamp", "tv"), face_object=mesh.face_object, boxes=boxes)
    far = Scene("a", "b", mesh, w.objects(), w.cameras(), ("0",), FakeStore(), annotation=given)
    np.testing.assert_array_equal(far.annotation.boxes[0], far.objects.center_m)
    assert not np.array_equal(far.objects.center_m, w.objects().center_m)
    for other in ({"vertex_object": np.zeros(len(mesh.vertices_m) + 1)}, {}):
        with pytest.raises(SceneError, match="annotation is that of another surface"):
            replace(far, annotation=Annotation([1], ("chair",), **other))
    with pytest.raises(SceneError, match="of vertices and of faces"):
        Annotation([1], ("chair",), vertex_object=[0], face_object=[0])


def test_every_frame_has_an_ending_of_its_colour_file():
    w = three_boxes().camera((0, 0, 1))
    scene = w.scene()
    assert scene.color_suffix == (".jpg", ".jpg")
    for given in (".png", [".png", ".png"]):
        assert replace(scene, color_suffix=given).color_suffix == (".png", ".png")
    assert replace(scene, color_suffix=[".jpg", ".png"]).color_suffix == (".jpg", ".png")
    with pytest.raises(SceneError, match="2 frames but 1 endings of colour files"):
        replace(scene, color_suffix=[".jpg"])


def test_a_blob_reads_from_where_it_is(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"1")
    assert Blob(".jpg", path=tmp_path / "a.jpg").read() == b"1"
    assert Blob(".jpg", data=b"").read() == b""
    with pytest.raises(SceneError, match="neither"):
        Blob(".jpg").read()


@pytest.mark.parametrize(("mode", "shape", "dtype"), [("I;16", (3, 5), np.uint16), ("RGB", (3, 5, 3), np.uint8)])
def test_pixels_become_a_png_file(mode, shape, dtype):
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)
    with Image.open(io.BytesIO(Blob(".png", pixels=pixels).read())) as image:
        assert (image.format, image.mode) == ("PNG", mode)
        np.testing.assert_array_equal(np.asarray(image), pixels)
