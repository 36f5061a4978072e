"""First hits of the check's rays, against the intersection formula and against another caster."""

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import World

from spargen.geometry.raycast import NO_FACE, RayCaster
from spargen.geometry.rays import LEAF, Rays


def rng(seed):
    return np.random.Generator(np.random.PCG64(seed))


def soup(seed, faces, stray=0.0):
    """Triangles of all kinds around the origin, some of them lines, and maybe one far off."""
    chance = rng(seed)
    vertices = chance.uniform(-2, 2, (3 * faces + 3, 3)).round(1)
    vertices[-1] += stray
    return vertices, chance.integers(0, len(vertices), (faces, 3))


@given(st.integers(0, 10_000), st.sampled_from([1, 2, LEAF, LEAF + 1, 5 * LEAF, 40 * LEAF + 3]))
@settings(max_examples=40, deadline=None)
def test_first_hits_are_those_of_the_formula(seed, faces):
    vertices, triangles = soup(seed, faces, stray=500.0 * (seed % 2))
    chance = rng(seed)
    origin, direction = chance.uniform(-3, 3, 3), chance.normal(size=(300, 3))
    face, t = Rays(vertices, triangles).cast(origin, direction)
    expected, at = naive.hit_triangles(vertices.astype(np.float32).astype(float), triangles, origin, direction)
    # Of two faces at one place either may be named, and a ray through an edge may go either way.
    same = np.isclose(t, at, rtol=1e-6) | (np.isinf(t) & np.isinf(at))
    assert same.mean() > 0.99
    assert (face == expected)[same].mean() > 0.95
    assert ((face == NO_FACE) == np.isinf(t)).all()


def test_they_are_those_of_the_other_caster_in_a_whole_room():
    room = World().add("wall", (0, 0, 1.5), (8, 6, 3)).add("chair", (1, 1, 0.5), (1, 1, 1)).mesh()
    origin, direction = np.array([0, 0, 1]) + rng(0).uniform(-0.5, 0.4, (500, 1, 3)), rng(1).normal(size=(500, 4, 3))
    face, t = Rays(room.vertices_m, room.faces).cast(origin, direction)
    other, at = RayCaster(room.vertices_m, room.faces).cast(origin, direction)
    assert (face == other).mean() > 0.998
    assert (face >= 0).all()
    np.testing.assert_allclose(t, at, rtol=1e-4)


def test_no_ray_passes_between_faces_that_share_an_edge():
    """Rays at the very edges and corners of a wall of squares, each of two triangles."""
    steps = np.linspace(-1, 1, 21)
    x, y = np.meshgrid(steps, steps, indexing="ij")
    i = np.arange(x.size).reshape(x.shape)
    squares = np.stack([i[:-1, :-1], i[1:, :-1], i[1:, 1:], i[:-1, 1:]], axis=-1).reshape(-1, 4)
    vertices = np.stack([x, y, np.full(x.shape, 1.7)], axis=-1).reshape(-1, 3)
    rays = Rays(vertices, np.concatenate([squares[:, [0, 1, 2]], squares[:, [0, 2, 3]]]))
    share = rng(0).random((len(squares), 1))
    a, b, c = (vertices.astype(np.float32)[squares[:, k]].astype(float) for k in range(3))
    for at in (a + share * (c - a), a + share * (b - a), a):
        inner = (np.abs(at[:, :2]) < 0.999).all(axis=1)
        origin = np.array([0.013, -0.007, 0.0])
        _, t = rays.cast(origin, at[inner] - origin)
        np.testing.assert_allclose(t, 1, atol=1e-6)


@pytest.mark.parametrize("axis", range(3))
def test_rays_along_an_axis_and_along_the_sides_of_boxes(axis):
    mesh = World().add("wall", (0, 0, 0), (2, 2, 2)).mesh()
    direction = np.eye(3)[axis] * [[1], [-1]]
    _, t = Rays(mesh.vertices_m, mesh.faces).cast([0.25, 0.25, 0.25], direction)
    assert t.tolist() == [0.75, 1.25]
    for side in (1, -1):
        _, t = Rays(mesh.vertices_m, mesh.faces).cast(-3 * direction + side * (1 - np.abs(direction)), direction)
        assert t.tolist() == [2, 2]


def test_no_faces_no_rays_and_rays_of_nan():
    nothing = Rays(np.zeros((0, 3)), np.zeros((0, 3), dtype=int))
    face, t = nothing.cast([0, 0, 0], [[1, 0, 0]])
    assert (face.tolist(), t.tolist()) == ([NO_FACE], [np.inf])
    mesh = World().add("wall", (5, 0, 0), (1, 1, 1)).mesh()
    rays = Rays(mesh.vertices_m, mesh.faces)
    face, t = rays.cast(np.zeros((0, 3)), np.zeros((0, 3)))
    assert face.shape == t.shape == (0,)
    face, t = rays.cast([0, 0, 0], [[np.nan, 0, 0], [1, np.nan, 0], [1, 0, 0], [0, 0, 0]])
    assert (face >= 0).tolist() == [False, False, True, False]
    assert t[2] == 4.5


def test_the_hit_parameter_counts_in_lengths_of_the_direction():
    mesh = World().add("wall", (5.5, 0, 0), (1, 9, 9)).mesh()
    _, t = Rays(mesh.vertices_m, mesh.faces).cast([0, 0, 0], [[1, 0.3, 0.2], [2, 0, 0], [-1, 0, 0]])
    assert t.tolist() == pytest.approx([5, 2.5, np.inf])
