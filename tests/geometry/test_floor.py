"""Floor areas against arithmetic."""

import numpy as np
import pytest
from worlds import World

from spargen.geometry.floor import floor_area_m2


def grid(width, depth, yaw_deg=0.0, cell_m=0.5, at=(0.0, 0.0)):
    """A rectangle of faces, turned and shifted."""
    nx, ny = max(1, round(width / cell_m)), max(1, round(depth / cell_m))
    x, y = np.meshgrid(np.linspace(0, width, nx + 1), np.linspace(0, depth, ny + 1), indexing="ij")
    a = np.radians(yaw_deg)
    points = np.stack([x * np.cos(a) - y * np.sin(a) + at[0], x * np.sin(a) + y * np.cos(a) + at[1], 0 * x], axis=-1)
    i = np.arange(x.size).reshape(x.shape)
    q = np.stack([i[:-1, :-1], i[1:, :-1], i[1:, 1:], i[:-1, 1:]], axis=-1).reshape(-1, 4)
    return points.reshape(-1, 3), np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]])


def joined(*parts):
    vertices, faces, first = [], [], 0
    for v, f in parts:
        vertices.append(v)
        faces.append(f + first)
        first += len(v)
    return np.concatenate(vertices), np.concatenate(faces)


@pytest.mark.parametrize("yaw", [0, 10, 30, 45])
@pytest.mark.parametrize("cell", [0.03, 0.5, 20.0])
def test_a_rectangle_however_it_is_turned_and_cut(yaw, cell):
    v, f = grid(5, 3.5, yaw, cell, at=(-3.21, 7.77))
    for closing in (0.3, 0.5, 1.0):
        assert floor_area_m2(v, f, closing) == pytest.approx(17.5, abs=0.1)


def test_a_large_room_is_no_larger_than_it_is():
    v, f = grid(10, 7, 17)
    assert floor_area_m2(v, f, 0.5) == pytest.approx(70, abs=0.15)
    # The sides of a slab that is the floor add nothing.
    mesh = World(cell_m=1.0).add("floor", (5, 3.5, -0.05), (10, 7, 0.1)).mesh()
    assert floor_area_m2(mesh.vertices_m, mesh.faces, 0.5) == pytest.approx(70, abs=0.15)


def test_ground_under_furniture_is_filled_but_not_what_lies_outside():
    v, f = grid(6, 5, cell_m=0.25)
    middle = v[f].mean(axis=1)
    hole = (np.abs(middle[:, 0] - 3) < 1) & (np.abs(middle[:, 1] - 2.5) < 1)
    assert hole.any()
    assert floor_area_m2(v, f[~hole], 0.3) == pytest.approx(30, abs=0.15)
    corner = (middle[:, 0] > 4) & (middle[:, 1] > 3)
    assert floor_area_m2(v, f[~corner], 0.3) == pytest.approx(30 - 4, abs=0.25)


def test_gaps_are_closed_up_to_their_size():
    # Two rooms of 3 x 3 m, 0.4 m of wall between them: a disc of 0.3 m closes it but for the rounded ends.
    rooms = joined(grid(3, 3), grid(3, 3, at=(3.4, 0)))
    assert floor_area_m2(*rooms, 0.3) == pytest.approx(18 + 0.4 * 3, abs=0.2)
    assert floor_area_m2(*rooms, 0.1) == pytest.approx(18, abs=0.15)
    far = joined(grid(3, 3), grid(3, 3, at=(6, 0)))
    assert floor_area_m2(*far, 0.5) == pytest.approx(18, abs=0.15)


def test_no_floor():
    assert floor_area_m2(np.zeros((0, 3)), np.zeros((0, 3), dtype=int), 0.5) == 0
    wall = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 2.0]])
    assert floor_area_m2(wall, [[0, 1, 2]], 0.5) == 0
