"""What a mesh tells of cameras: where up is, which side a face has, whether a camera stands in a wall."""

import numpy as np
import pytest
import trimesh
from worlds import World, furnished, pose

from spargen.geometry.claims import Claims, meet
from spargen.geometry.plausible import Standing, boxed_in, fronts, held_over, is_wound, planes, standing, up_axis
from spargen.geometry.rays import Rays
from spargen.scene.types import Mesh

ROOM = furnished(frames=12)


def turned(mesh, R):
    return Mesh(mesh.vertices_m @ R.T, mesh.faces, mesh.face_object)


def about_x(deg):
    c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


@pytest.mark.parametrize("deg", [0, 10, 25, 90, 180, -135])
def test_up_turns_with_the_world(deg):
    R = about_x(deg)
    T = np.array(ROOM.poses)
    T[:, :3] = R @ T[:, :3]
    up = up_axis(planes(turned(ROOM.mesh(), R)), T)
    np.testing.assert_allclose(up, R @ [0, 0, 1], atol=1e-6)


@pytest.mark.parametrize("elevation", [-75, -60, 0, 50])
def test_looking_steeply_from_one_side_does_not_tilt_the_world(elevation):
    w = World().add("floor", (2, 0, -0.05), (4, 4, 0.1)).add("table", (2, 0, 0.4), (1, 1, 0.8))
    T = np.array([pose((0, 0.1 * i, 2.5), heading_deg=5 * i, elevation_deg=elevation) for i in range(-3, 4)])
    np.testing.assert_allclose(up_axis(planes(w.mesh()), T), [0, 0, 1], atol=1e-6)


@pytest.mark.parametrize("slope_deg", [8, 15, 25])
def test_a_roof_that_slopes_does_not_tilt_the_world(slope_deg):
    # A roof as large as the floor, at one slope, over a floor with a table.
    w = World().add("floor", (0, 0, -0.05), (6, 6, 0.1)).add("table", (1, 1, 0.4), (1, 1, 0.8))
    floor = w.mesh()
    roof = turned(World().add("roof", (0, 0, 2.5), (6, 6, 0.1)).mesh(), about_x(slope_deg))
    n = len(floor.vertices_m)
    both = Mesh(
        np.concatenate([floor.vertices_m, roof.vertices_m]),
        np.concatenate([floor.faces, roof.faces + n]),
        np.zeros(len(floor.faces) + len(roof.faces)),
    )
    T = np.array([pose((0, 0, 1.5), heading_deg=36 * i, elevation_deg=-15) for i in range(10)])
    np.testing.assert_allclose(up_axis(planes(both), T), [0, 0, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("elevation", "roll", "over"), [(-15, 0, False), (-15, 180, True), (15, 180, False), (-15, 90, False)]
)
def test_cameras_held_upside_down_look_down_all_the_same(elevation, roll, over):
    T = np.array([pose((0, 0, 1.5), 36 * i, elevation, roll) for i in range(10)])
    assert held_over(T) == over
    if over:
        np.testing.assert_allclose(up_axis(planes(ROOM.mesh()), T), [0, 0, 1], atol=1e-6)


def test_floor_and_ceiling_camera_by_camera():
    w = World().add("floor", (0, 0, -0.05), (4, 4, 0.1)).add("table", (1, 0, 0.4), (1, 1, 0.8))
    mesh = w.add("ceiling", (0, 0, 2.55), (2, 2, 0.1)).mesh()
    at = standing(Rays(mesh.vertices_m, mesh.faces), np.array([[0, 0, 1.5], [1.2, 0, 1.5], [9, 9, 1.5]]))
    np.testing.assert_allclose(at.below_m, [1.5, 0.7, np.inf], atol=1e-6)
    np.testing.assert_allclose(at.above_m, [1.0, np.inf, np.inf], atol=1e-6)
    assert at.above_floor_m == pytest.approx(1.1)
    assert np.isnan(at.room_height_m)  # one of three
    alone = Standing(at.below_m[:1], at.above_m[:1])
    assert alone.room_height_m == pytest.approx(2.5)


def test_cameras_that_do_not_agree_about_up_tell_nothing():
    rolled = np.array([pose((0, 0, 1), 0, 0, roll) for roll in (0, 90, 180, 270)])
    assert up_axis(planes(ROOM.mesh()), rolled) is None
    straight_down = np.array([pose((0, 0, 2), h, -90) for h in range(0, 360, 45)])
    assert up_axis(planes(ROOM.mesh()), straight_down) is None


def test_areas_and_normals_face_by_face():
    mesh = ROOM.mesh()
    flat = planes(mesh)
    for k in range(0, len(mesh.faces), 97):
        a, b, c = mesh.vertices_m[mesh.faces[k]].astype(float)
        cross = np.cross(b - a, c - a)
        assert flat.area_m2[k] == pytest.approx(np.linalg.norm(cross) / 2)
        np.testing.assert_allclose(flat.normal[k], cross / np.linalg.norm(cross), atol=1e-6)


def of(shape):
    return Mesh(shape.vertices, shape.faces, np.zeros(len(shape.faces)))


def test_which_meshes_have_fronts():
    ball = trimesh.creation.icosphere(subdivisions=2)
    assert is_wound(of(ball))
    inside_out = ball.copy()
    inside_out.invert()
    assert is_wound(of(inside_out))
    holed = ball.copy()
    holed.update_faces(np.arange(len(ball.faces)) % 9 != 0)
    assert is_wound(of(holed))
    mixed = of(ball)
    faces = mixed.faces.copy()
    faces[::3] = faces[::3, ::-1]
    assert not is_wound(Mesh(mixed.vertices_m, faces, mixed.face_object))
    crowd = trimesh.util.concatenate([ball.copy().apply_translation([3.0 * i, 0, 0]) for i in range(3)])
    assert not is_wound(of(crowd))
    assert not is_wound(ROOM.mesh())  # boxes of six sides that do not hang together


def loop_fronts(mesh, claims, met):
    shares = []
    for f in range(len(met.face)):
        seen = []
        for p, k in enumerate(met.face[f]):
            if k >= 0:
                a, b, c = mesh.vertices_m[mesh.faces[k]].astype(float)
                seen.append(np.cross(b - a, c - a) @ claims.directions()[f, p] < 0)
        shares.append(np.mean(seen) if seen else np.nan)
    return shares


def test_fronts_face_by_face():
    # A ball around one camera, seen from its inside; a second camera sees it from without, a third not at all.
    ball = of(trimesh.creation.icosphere(subdivisions=2, radius=2.0))
    w = World()
    w.camera((0, 0, 0)).camera((-5, 0, 0)).camera((-5, 0, 0), heading_deg=180)
    claims = Claims.of(w.cameras(), np.full((3, 768), np.nan))
    met = meet(Rays(ball.vertices_m, ball.faces), claims)
    found = fronts(ball, claims, met)
    np.testing.assert_allclose(found[:2], [0, 1])
    assert np.isnan(found[2])
    mesh, room = ROOM.mesh(), Claims.of(ROOM.cameras().take([0, 1]), np.full((2, 768), np.nan))
    met = meet(Rays(mesh.vertices_m, mesh.faces), room)
    np.testing.assert_allclose(fronts(mesh, room, met), loop_fronts(mesh, room, met))


@pytest.mark.parametrize(("half_m", "boxed"), [(0.1, True), (0.19, False), (0.5, False)])
def test_a_camera_in_a_box(half_m, boxed):
    # In a cube of half side 0.1 every wall is within 0.174 m; of 0.19, only the middles of the walls are within 0.2 m.
    mesh = World().add("box", (0, 0, 1), (2 * half_m,) * 3).mesh()
    caster = Rays(mesh.vertices_m, mesh.faces)
    assert boxed_in(caster, np.array([[0, 0, 1.0], [3, 3, 3]])).tolist() == [boxed, False]


def test_a_camera_close_to_a_corner_of_a_room_is_not_boxed_in():
    mesh = ROOM.mesh()
    caster = Rays(mesh.vertices_m, mesh.faces)
    assert not boxed_in(caster, np.array([[0.1, 0.1, 0.1], [5, 3.5, 1.5]])).any()
