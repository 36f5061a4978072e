"""Points spread over surfaces fall where the area is."""

import re
from pathlib import Path

import numpy as np
import pytest
from worlds import World

import spargen
from spargen.geometry.noticed import noticed
from spargen.geometry.points import surface_points
from spargen.geometry.surface import (
    SCENE_POINTS,
    face_areas_m2,
    normals,
    scene_points,
    spread_points,
    triangle_areas_m2,
)
from spargen.scene.types import Mesh


def test_areas_by_heron():
    rng = np.random.default_rng(0)
    vertices, faces = rng.normal(size=(30, 3)), rng.integers(0, 30, (40, 3))
    for face, area in zip(faces, triangle_areas_m2(vertices, faces), strict=True):
        a, b, c = (np.linalg.norm(vertices[face[i]] - vertices[face[i - 1]]) for i in range(3))
        s = (a + b + c) / 2
        assert area == pytest.approx(max(0, s * (s - a) * (s - b) * (s - c)) ** 0.5, abs=1e-6)


def test_areas_of_a_mesh_are_worked_out_once_and_are_its_own():
    small, large = (World().add("chair", (0, 0, 0), np.full(3, side)).mesh() for side in (1.0, 2.0))
    assert face_areas_m2(small) is face_areas_m2(small)
    np.testing.assert_allclose(face_areas_m2(large), 4 * face_areas_m2(small))


def test_each_side_of_a_box_gets_its_share_and_is_covered_evenly():
    size = np.array([2.0, 1.0, 0.5])
    mesh = World().add("chair", (0, 0, 0), size).mesh()
    count = 4000
    (points,), _ = spread_points(mesh, mesh.face_object, 1, count)
    total = 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    for axis in range(3):
        u, v = [k for k in range(3) if k != axis]
        for sign in (-1, 1):
            here = points[np.abs(points[:, axis] - sign * size[axis] / 2) < 1e-6]
            assert len(here) == pytest.approx(count * size[u] * size[v] / total, rel=0.02, abs=2)
            # Quarters of the side and of each of its triangles hold equally many.
            for part in ((here[:, u] > 0), (here[:, v] > 0), (here[:, u] / size[u] > here[:, v] / size[v])):
                assert part.mean() == pytest.approx(0.5, abs=0.08)
            inner = (np.abs(here[:, u]) < size[u] / 4) & (np.abs(here[:, v]) < size[v] / 4)
            assert inner.mean() == pytest.approx(0.25, abs=0.06)


def test_groups_are_kept_apart_and_outsiders_take_no_part():
    w = World().add("a", (0, 0, 0), (1, 1, 1)).add(None, (5, 0, 0), (1, 1, 1)).add("b", (10, 0, 0), (1, 1, 1))
    mesh = w.mesh()
    points, face = spread_points(mesh, mesh.face_object, 3, 100)
    assert points.shape == (3, 100, 3)
    assert (np.abs(points[0, :, 0]) <= 0.5 + 1e-6).all()
    assert (np.abs(points[1, :, 0] - 10) <= 0.5 + 1e-6).all()
    assert np.isnan(points[2]).all()
    assert (face[2] == -1).all()
    assert set(mesh.face_object[face[1]].tolist()) == {1}


def test_the_same_points_every_time():
    mesh = World().add("a", (0, 0, 0), (1, 2, 3)).mesh()
    first, second = (spread_points(mesh, mesh.face_object, 1, 50) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_faces_without_area_get_nothing():
    mesh = Mesh([[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 1, 0]], [[0, 1, 2], [0, 1, 3]], [0, 0])
    (points,), _ = spread_points(mesh, mesh.face_object, 1, 64)
    assert (points[:, 0] + points[:, 1] <= 1 + 1e-6).all()
    flat = Mesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], [0])
    assert np.isnan(spread_points(flat, flat.face_object, 1, 4)[0]).all()


def test_points_lie_on_their_faces():
    rng = np.random.default_rng(1)
    mesh = Mesh(rng.normal(size=(30, 3)), rng.integers(0, 30, (20, 3)), np.zeros(20))
    points, face = scene_points(mesh)
    assert points.shape == (SCENE_POINTS, 3)
    a, b, c = mesh.vertices_m[mesh.faces[face]].transpose(1, 0, 2)
    # The three triangles that a point makes with the corners fill its face if it lies on it.
    parts = sum(np.linalg.norm(np.cross(p - points, q - points), axis=1) for p, q in ((a, b), (b, c), (c, a)))
    np.testing.assert_allclose(parts, np.linalg.norm(np.cross(b - a, c - a), axis=1), atol=1e-5)


def test_normals_point_to_where_the_corners_run_counter_clockwise():
    mesh = Mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2], [0, 2, 1]], [0, 0])
    np.testing.assert_allclose(normals(mesh, np.array([0, 1, 0])), [[0, 0, 1], [0, 0, -1], [0, 0, 1]])


def test_each_point_of_the_scene_knows_its_object():
    w = World().add("chair", (0, 0, 0), (1, 1, 1)).add(None, (5, 0, 0), (1, 1, 1)).add("lamp", (9, 0, 0), (1, 1, 1))
    points_m, _, owner = surface_points(w.mesh(), w.cameras(), len(w.annotated))
    np.testing.assert_array_equal(points_m, scene_points(w.mesh())[0])
    for at, number in ((0, 0), (5, -1), (9, 1)):
        assert set(owner[np.abs(points_m[:, 0] - at) <= 0.51].tolist()) == {number}


def test_a_mesh_without_area_has_no_points():
    flat = Mesh(np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0.0]]), [[0, 1, 2]], [0])
    points_m, face = scene_points(flat)
    assert points_m.shape == (0, 3)
    assert face.shape == (0,)


def test_a_quick_look_notices_what_stands_in_any_part_of_the_image():
    w = World().camera((0, 0, 1), 0, 0).camera((0, 0, 1), 180, 0)
    for label, side_m in (("chair", 1.5), ("lamp", 0), ("box", -1.5)):
        w.add(label, (4, side_m, 1), (0.6, 0.6, 0.6))
    w.add("table", (-4, 0, 1), (0.6, 0.6, 0.6))
    assert [found.tolist() for found in noticed(w.mesh(), w.cameras(), 4)] == [[0, 1, 2], [3]]


def test_no_task_and_no_run_looks_at_triangles():
    """They ask the surface: another kind of surface then needs no change of theirs."""
    package = Path(spargen.__file__).parent
    files = [f for part in ("cli", "tasks", "run", "views", "qa") for f in (package / part).glob("*.py")]
    assert len(files) > 30
    told = {f.name for f in files if re.search(r"vertices_m|face_object|\.faces", f.read_text())}
    assert not told


def test_a_mesh_tells_how_much_there_is_of_it():
    assert World().mesh().is_empty
    mesh = World().add("chair", (0, 0, 0), (1, 1, 1)).mesh()
    assert not mesh.is_empty
    assert mesh.describe() == {"faces": 12}
    assert [a.shape for a in mesh.parts()] == [(24, 3), (12, 3), (12,)]
