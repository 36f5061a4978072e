"""Which surface without annotation may be a thing."""

import numpy as np
import pytest
from worlds import World

from spargen.geometry.surface import scene_points
from spargen.geometry.unnamed import unnamed_things


def unnamed(mesh):
    """Unannotated things of a mesh, each of its points seen by a view of its own."""
    points = len(scene_points(mesh)[0])
    return unnamed_things(mesh, World().cameras(), 0, np.eye(points, dtype=bool), 0.0)


@pytest.mark.parametrize(
    ("size", "is_thing"),
    [
        ((0.4, 0.5, 0.6), True),
        ((0.12, 0.5, 0.6), True),
        ((0.08, 0.5, 0.6), False),
        ((0.3, 0.5, 2.4), True),
        ((0.3, 0.5, 2.6), False),
        ((4, 0, 2.5), False),
    ],
)
def test_a_thing_is_neither_thin_nor_wide(size, is_thing):
    mesh = World().add("wall", (0, 3, 1), (4, 0.1, 2)).add(None, (1, 0, 1), size).mesh()
    found = unnamed(mesh)
    assert len(found.center_m) == is_thing
    if is_thing:
        np.testing.assert_allclose(found.center_m, [[1, 0, 1]], atol=1e-9)
        _, face = scene_points(mesh)
        np.testing.assert_array_equal(found.seen[:, 0], mesh.face_object[face] < 0)
        assert not found.reach_m.any()


def test_pieces_are_told_apart_and_what_is_annotated_is_none():
    w = World().add("chair", (0, 0, 0), (1, 1, 1)).add(None, (2, 0, 0), (1, 1, 1)).add(None, (3.2, 0, 0), (1, 1, 1))
    found = unnamed(w.mesh())
    np.testing.assert_allclose(sorted(found.center_m.tolist()), [[2, 0, 0], [3.2, 0, 0]], atol=1e-9)
    points, _ = scene_points(w.mesh())
    for k, center in enumerate(found.center_m):
        assert np.abs(points[found.seen[:, k]] - center).max() <= 0.5 + 1e-6
    assert (~found.seen.any(axis=1)).sum() == (points[:, 0] < 0.6).sum()
    assert len(unnamed(World().add("chair", (0, 0, 0), (1, 1, 1)).mesh()).center_m) == 0
    assert len(unnamed(World().mesh()).center_m) == 0
