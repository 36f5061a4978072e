"""The doors of a scene: each thing that cannot be is refused in words, at one place, or made right and noted."""

from dataclasses import replace

import numpy as np
import pytest
from worlds import furnished, measured, pictured, three_boxes

from spargen.errors import SceneError
from spargen.scene.cameras import Cameras
from spargen.scene.types import Mesh
from spargen.settings import Settings
from spargen.views.check import check_scene, frames_to_ask

SCENE = three_boxes().camera((0, 0, 1.2)).scene()


def objects(**change):
    """The scene with one number of the second object changed: name = (index, value)."""
    arrays = {}
    for name, (at, value) in change.items():
        arrays[name] = getattr(SCENE.objects, name).copy()
        arrays[name][(1, *at)] = value
    return lambda: replace(SCENE.objects, **arrays)


def cameras(name, at, value):
    array = getattr(SCENE.cameras, name).copy()
    array[(1, *at)] = value
    return lambda: replace(SCENE.cameras, **{name: array})


def scene(**change):
    return lambda: replace(SCENE, **change)


LEFT_HANDED = np.diag([1.0, 1.0, -1.0])
SHEARED = np.array([[1, 0.1, 0], [0, 1, 0], [0, 0, 1.0]])
NOWHERE = np.eye(4)
NOWHERE[0, 3] = np.nan
BOX = "^object 101: the box of 'lamp' "
DOORS = {
    "a centre of nan": (objects(center_m=((0,), np.nan)), BOX + "is not finite"),
    "a side of nan": (objects(extent_m=((0,), np.nan)), BOX + "is not finite"),
    "an infinite side": (objects(extent_m=((2,), np.inf)), BOX + "is not finite"),
    "a negative side": (objects(extent_m=((1,), -0.1)), BOX + "has a side below zero"),
    "axes of zeros": (objects(R_world_box=((), 0.0)), BOX + "has axes that are no rotation"),
    "axes of nan": (objects(R_world_box=((0, 0), np.nan)), BOX + "has axes that are no rotation"),
    "axes not at right angles": (objects(R_world_box=((), SHEARED)), BOX + "has axes that are no rotation"),
    "left-handed axes": (objects(R_world_box=((), LEFT_HANDED)), BOX + "has left-handed axes"),
    "ids repeated": (objects(id=((), 100)), "two objects share an id"),
    "faces of no object": (
        lambda: replace(SCENE.surface, face_object=SCENE.surface.face_object - 2),
        "objects below -1",
    ),
    "faces of objects that do not exist": (
        scene(surface=replace(SCENE.surface, face_object=SCENE.surface.face_object + 3)),
        "faces name objects that do not exist",
    ),
    "instance images of other frames": (
        scene(surface=pictured(SCENE).surface.take([0])),
        "2 frames but instance images of 1",
    ),
    "K of zeros": (cameras("K", (), 0.0), r"intrinsics \[1\] are none of their images"),
    "K with another last row": (cameras("K", (2, 0), 1.0), r"intrinsics \[1\] are none"),
    "K of nan": (cameras("K", (0, 0), np.nan), r"intrinsics \[1\] are none"),
    "a negative focal length": (cameras("K", (0, 0), -500.0), r"intrinsics \[1\] are none"),
    "an image without pixels": (
        lambda: Cameras([np.diag([0.0, 0.0, 1.0])], [np.eye(4)], [(0, 0)]),
        r"intrinsics \[0\] are none",
    ),
    "a pose with another last row": (cameras("T_world_camera", (3, 0), 1.0), r"poses \[1\] are not rigid"),
    "a pose of nan": (cameras("T_world_camera", (0, 3), np.nan), r"poses \[1\] are not rigid"),
    "frames and cameras of different number": (scene(frames=("0",), color_suffix=".jpg"), "1 frames but 2 cameras"),
    "a frame name twice": (scene(frames=("7", "7")), "two frames have the name '7'"),
    "a frame number that leaves its folder": (
        scene(frame_number=("0", "../7")),
        "number of a frame: .*cannot name a file",
    ),
    "a frame number twice": (scene(frame_number=("7", "7")), "two frames have one number"),
    "an ending without a dot": (scene(color_suffix="jpg"), "'jpg' is no ending of a file"),
    "an ending that leads elsewhere": (scene(color_suffix="./../a"), "cannot name a file"),
    "a data set that is no folder": (scene(dataset="../x"), "^data set: '../x' cannot name a file"),
    "a scene that is no folder": (scene(id="a/b"), "^scene: 'a/b' cannot name a file"),
    "an alignment of zeros": (scene(T_world_released=np.zeros((4, 4))), "T_world_released is no motion"),
    "an alignment with another last row": (
        scene(T_world_released=np.diag([1, 1, 1, 2.0])),
        "T_world_released is no motion",
    ),
    "an alignment to nowhere": (scene(T_world_released=NOWHERE), "T_world_released is no motion"),
    "an alignment that flattens": (scene(T_world_released=np.diag([1, 1, 0, 1.0])), "T_world_released is no motion"),
    **{
        f"a frame named {name!r}": (scene(frames=("0", name)), "frame: .* cannot name a file")
        for name in ("", ".", "..", "../0", "a/b", "a\\b", "C:", ".hidden", "a\0", "a\nb", " a", "a ")
    },
}


@pytest.mark.parametrize("door", DOORS)
def test_what_cannot_be_is_refused(door):
    make, says = DOORS[door]
    with pytest.raises(SceneError, match=says) as caught:
        make()
    assert caught.value.mend


@pytest.mark.parametrize("name", ["0", "000120", "DSC02345", "frame-7_a", "a.b", "büro 2"])
def test_names_that_files_have_pass(name):
    assert replace(SCENE, frames=("0x", name)).frames == ("0x", name)


def test_millimetres_made_metres_are_a_motion():
    assert replace(SCENE, T_world_released=np.diag([1e-3, 1e-3, 1e-3, 1])).T_world_released[0, 0] == 1e-3


def test_axes_of_three_digits_pass():
    R = np.round(furnished().objects().R_world_box, 3)
    assert len(replace(furnished().objects(), R_world_box=R)) == len(R)


@pytest.mark.parametrize(("sides", "doubtful"), [((1, 1, 0), False), ((1, 0, 0), True), ((0, 0, 0), True)])
def test_a_picture_is_flat_but_a_line_is_no_thing(sides, doubtful):
    made = objects(extent_m=((), sides))()
    assert made.doubtful.tolist() == [False, doubtful, False]
    noted = {"objects whose box is a line or a point": 1} if doubtful else {}
    assert replace(SCENE, objects=made).notes == noted


def test_a_far_scene_of_images_is_moved_by_where_its_cameras_are():
    by_m = np.array([3000.4, -20000, 7])
    far = replace(
        pictured(SCENE),
        objects=replace(SCENE.objects, center_m=SCENE.objects.center_m + by_m),
        cameras=Cameras(
            SCENE.cameras.K,
            SCENE.cameras.T_world_camera + np.array([[0, 0, 0, b] for b in (*by_m, 0)]),
            SCENE.cameras.size_px,
        ),
    )
    np.testing.assert_allclose(far.cameras.position_m - SCENE.cameras.position_m, [[0.4, 0, -1]] * 2, atol=1e-6)
    np.testing.assert_allclose(far.objects.center_m - SCENE.objects.center_m, [[0.4, 0, -1]] * 3, atol=1e-6)
    np.testing.assert_array_equal(far.T_world_released[:3, 3], [-3000, 20000, -8])
    assert far.notes["moved to the origin by, in m"] == "-3000, 20000, -8"


# --- how wide a scene is ---------------------------------------------------------------------------------------------


def stretched(pieces, away_m):
    """A good scan with far pieces of a triangle each."""
    good = measured(furnished(frames=12).scene())
    mesh = good.surface
    corner = np.array([[away_m, 0, 1.0], [away_m, 0.1, 1], [away_m, 0, 1.1]])
    vertices = np.concatenate([mesh.vertices_m, np.tile(corner, (pieces, 1))])
    faces = np.concatenate([mesh.faces, len(mesh.vertices_m) + np.arange(3 * pieces).reshape(-1, 3)])
    owner = np.concatenate([mesh.face_object, np.full(pieces, -1)])
    return replace(good, surface=Mesh(vertices, faces, owner))


def test_a_scene_wider_than_300_m_is_refused_unless_told():
    wide = stretched(400, 320.0)
    found = check_scene(wide, Settings())
    assert (found.what, "settings.widest_m" in found.mend) == ("the scene is 320 m wide", True)
    with pytest.raises(SceneError, match="the scene is 320 m wide"):
        frames_to_ask(wide, Settings())
    assert not check_scene(wide, Settings(widest_m=400)).what
    assert len(frames_to_ask(wide, Settings(widest_m=400))[0]) == 12


def test_a_stray_piece_and_unused_vertices_make_no_scene_wide():
    assert not check_scene(stretched(3, 900.0), Settings()).what
    good = stretched(0, 0.0)
    unused = np.concatenate([good.surface.vertices_m, np.full((5000, 3), 700.0)])
    mesh = Mesh(unused, good.surface.faces, good.surface.face_object)
    assert not check_scene(replace(good, surface=mesh), Settings()).what
