"""First hits against the intersection formula."""

import builtins
import subprocess
import sys

import naive
import numpy as np
import pytest
from worlds import World

from spargen.errors import SpargenError
from spargen.geometry import raycast
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

    monkeypatch.setattr(raycast, "_bindings", raycast._bindings.__wrapped__)
    monkeypatch.setattr(builtins, "__import__", without_libgl)
    with pytest.raises(SpargenError, match=r"open3d: .*libGL\.so\.1(?s:.*)libgl1 libx11-6 libgomp1"):
        RayCaster(np.eye(3), [[0, 1, 2]])


def run_alone(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


TRIANGLE = [[0, 0, 2], [4, 0, 2], [0, 4, 2]]
CAST = f"from spargen.geometry.raycast import RayCaster; caster = RayCaster({TRIANGLE}, [[0, 1, 2]]);"
HIT = "print(caster.cast([0.5, 0.5, 0], [[0, 0, 1]])[1][0].round(3));"


def test_a_cast_needs_nothing_of_open3d_but_its_compiled_part():
    code = f"import sys; {CAST} {HIT} print(*[n for n in ('open3d', 'pandas', 'sklearn', 'dash') if n in sys.modules])"
    assert run_alone(code) == ["2.0"]


@pytest.mark.parametrize("first", ["", "import open3d;"], ids=["after", "before"])
def test_the_whole_of_open3d_can_be_imported_as_well(first):
    code = f"{first}{CAST} import open3d; print(type(caster._scene) is open3d.t.geometry.RaycastingScene); {HIT}"
    assert run_alone(code) == ["True", "2.0"]


def test_a_build_that_chooses_its_compiled_part_is_imported_as_a_package(monkeypatch, tmp_path):
    for part in ("cpu", "cuda"):
        (tmp_path / "open3d" / part).mkdir(parents=True)
    (tmp_path / "open3d/__init__.py").write_text("chosen = True")
    for name in [name for name in sys.modules if name.partition(".")[0] == "open3d"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    assert raycast._bindings.__wrapped__().chosen
    monkeypatch.delitem(sys.modules, "open3d")


def test_a_ray_of_nan_hits_nothing_wherever_it_stands():
    mesh = World().add("chair", (3, 3, 3), (1, 1, 1)).mesh()
    caster = RayCaster(mesh.vertices_m, mesh.faces)
    towards = np.array([[1.0, 1, 1], [np.nan] * 3, [1.0, 1, 1]])
    face, t = caster.cast(np.zeros(3), towards)
    assert (face >= 0).tolist() == [True, False, True]
    assert np.isinf(t).tolist() == [False, True, False]
