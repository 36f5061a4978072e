"""First hits against the intersection formula."""

import builtins

import naive
import numpy as np
import pytest
from worlds import World

from spargen.errors import SpargenError
from spargen.geometry.raycast import NO_FACE, RayCaster


def test_first_hits_of_many_rays():
    rng = np.random.default_rng(0)
    vertices, faces = rng.uniform(-1, 1, (60, 3)), rng.integers(0, 60, (25, 3))
    caster = RayCaster(vertices, faces, threads=1)
    origin, direction = np.array([0.0, 0.0, -3.0]), rng.normal(size=(800, 3)) * 0.3 + [0, 0, 1.5]
    face, t = caster.cast(origin, direction)
    expected_face, expected_t = naive.hit_triangles(vertices, faces, origin, direction)
    # A ray through an edge may go either way.
    assert (face == expected_face).mean() > 0.995
    same = face == expected_face
    assert (face[same] >= 0).sum() > 100
    np.testing.assert_allclose(t[same], expected_t[same], rtol=1e-4)


def test_the_hit_parameter_counts_in_lengths_of_the_direction():
    w = World().add("wall", (5.5, 0, 0), (1, 9, 9))
    mesh = w.mesh()
    caster = RayCaster(mesh.vertices_m, mesh.faces)
    _, t = caster.cast([0, 0, 0], [[1, 0.3, 0.2], [2, 0, 0], [-1, 0, 0]])
    assert t.tolist() == pytest.approx([5, 2.5, np.inf])


def test_no_faces_and_no_rays():
    face, t = RayCaster(np.zeros((0, 3)), np.zeros((0, 3))).cast([0, 0, 0], [[1, 0, 0]])
    assert face.tolist() == [NO_FACE]
    assert np.isinf(t).all()
    mesh = World().add("wall", (5, 0, 0), (1, 1, 1)).mesh()
    face, t = RayCaster(mesh.vertices_m, mesh.faces).cast(np.zeros((0, 3)), np.zeros((0, 3)))
    assert face.shape == t.shape == (0,)


@pytest.mark.parametrize("kind", [ImportError, OSError])
def test_a_system_library_that_is_missing_is_named(monkeypatch, kind):
    genuine = builtins.__import__

    def without_libgl(name, *args, **kwargs):
        if name.startswith("open3d"):
            raise kind("libGL.so.1: cannot open shared object file")
        return genuine(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_libgl)
    with pytest.raises(SpargenError, match=r"open3d: .*libGL\.so\.1(?s:.*)libgl1 libx11-6 libgomp1"):
        RayCaster(np.eye(3), [[0, 1, 2]])


def test_a_ray_of_nan_hits_nothing_wherever_it_stands():
    mesh = World().add("chair", (3, 3, 3), (1, 1, 1)).mesh()
    caster = RayCaster(mesh.vertices_m, mesh.faces)
    towards = np.array([[1.0, 1, 1], [np.nan] * 3, [1.0, 1, 1]])
    face, t = caster.cast(np.zeros(3), towards)
    assert (face >= 0).tolist() == [True, False, True]
    assert np.isinf(t).tolist() == [False, True, False]
