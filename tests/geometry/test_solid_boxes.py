"""Boxes as solid bodies, against the meshes of the same boxes and against many points."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
from worlds import World

from spargen.geometry.gaps import touching
from spargen.geometry.raycast import RayCaster
from spargen.geometry.solid_boxes import box_corners, box_points, boxes_touch, holds, meets_box
from spargen.scene.images import InstanceImages

TURNED = World().add("chair", (1, 2, 3), (0.4, 0.6, 1.0), yaw_deg=30).add("lamp", (-1, 0, 0.5), (2, 1, 0.5))
OBJECTS = TURNED.objects()
IMAGES = InstanceImages(lambda frame: None, lambda frame: None, np.arange(0), "none")


def test_corners_are_those_of_the_mesh():
    for o, corners in enumerate(box_corners(OBJECTS)):
        mesh = World([TURNED.solids[o]]).mesh()
        assert {tuple(c) for c in corners.round(9)} == {tuple(c) for c in mesh.vertices_m.round(9)}


def test_points_lie_on_the_sides_evenly():
    for o, points in enumerate(box_points(OBJECTS, 6000)):
        local = (points - OBJECTS.center_m[o]) @ OBJECTS.R_world_box[o] / (OBJECTS.extent_m[o] / 2)
        assert np.abs(np.abs(local).max(axis=1) - 1).max() < 1e-5
        x, y, z = OBJECTS.extent_m[o]
        on = [np.isclose(local[:, k], sign, atol=1e-5).mean() for k in range(3) for sign in (-1, 1)]
        np.testing.assert_allclose(on, np.repeat([y * z, x * z, x * y], 2) / (2 * (x * y + y * z + x * z)), atol=0.01)


def test_a_ray_meets_a_box_where_it_meets_its_mesh():
    rng = np.random.default_rng(0)
    for o in range(2):
        mesh = World([TURNED.solids[o]]).mesh()
        origin = OBJECTS.center_m[o] + rng.uniform(-2, 2, (500, 3))
        towards = OBJECTS.center_m[o] + rng.uniform(-0.9, 0.9, (500, 7, 3)) - origin[:, None]
        face, _ = RayCaster(mesh.vertices_m, mesh.faces).cast(origin[:, None], towards)
        np.testing.assert_array_equal(meets_box(OBJECTS, np.full(500, o), origin, towards), face >= 0)


def test_a_box_behind_is_not_met_and_one_around_is():
    ahead, obj = np.array([[[1.0, 0, 0], [-1, 0, 0], [np.nan, np.nan, np.nan], [0, 0, 1]]]), np.array([0])
    box = World().add("chair", (2, 0, 0), (1, 1, 1)).objects()
    assert meets_box(box, obj, np.zeros((1, 3)), ahead).tolist() == [[True, False, False, False]]
    assert meets_box(box, obj, np.array([[2.1, 0.2, -0.3]]), ahead).tolist() == [[True, True, False, True]]


def test_a_box_holds_what_is_in_it_and_what_is_a_little_outside():
    box = World().add("chair", (2, 0, 0), (1, 0.5, 2), yaw_deg=90).objects()
    points = np.array([[2, 0.49, 0], [2, 0.51, 0], [2, 0.56, 0], [2.26, 0, 0], [2, 0, 1.04]])
    for more_m, expected in ((0.0, "10000"), (0.05, "11011")):
        found = holds(box, np.zeros(5, dtype=int), points, np.full(5, more_m))
        assert "".join(map(str, found.astype(int))) == expected


GRID = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, 13)] * 3), axis=-1).reshape(-1, 3)


@pytest.mark.parametrize("seed", range(150))
def test_boxes_touch_where_points_in_them_are_near(seed):
    """By planes they may touch a little earlier than by points, but never later."""
    rng = np.random.default_rng(seed)
    world, gap_m = World(), rng.uniform(0, 0.3)
    for _ in range(2):
        world.add("shelf", rng.uniform(-1, 1, 3), rng.uniform(0.05, 1.2, 3), yaw_deg=rng.uniform(0, 90))
    objects = world.objects()
    inside = [
        GRID * e @ R.T + c for e, R, c in zip(objects.extent_m, objects.R_world_box, objects.center_m, strict=True)
    ]
    apart_m = float(cKDTree(inside[0]).query(inside[1])[0].min())
    step_m = float(np.linalg.norm(objects.extent_m, axis=1).max()) / 12
    found = boxes_touch(objects, np.zeros(2, dtype=int), gap_m)
    assert found[0] == found[1]
    if apart_m <= gap_m:
        assert found.all()
    if apart_m > np.sqrt(3) * gap_m + 2 * step_m:
        assert not found.any()


@pytest.mark.parametrize(("away_m", "touch"), [(0.029, True), (0.031, False)])
@pytest.mark.parametrize("yaw_deg", [0, 90])
def test_two_of_a_kind_touch_at_three_centimetres(away_m, touch, yaw_deg):
    world = World().add("shelf", (0, 0, 0), (1, 1, 1), yaw_deg).add("shelf", (1 + away_m, 0.3, 0.2), (1, 1, 1), yaw_deg)
    assert touching(IMAGES, world.objects(), np.array([0, 0]), 0.03).tolist() == [touch] * 2
    assert not touching(IMAGES, world.objects(), np.array([0, 1]), 0.03).any()
    assert not touching(IMAGES, world.objects(), np.array([-1, -1]), 0.03).any()


def test_what_stands_in_another_touches_it():
    world = World().add("shelf", (0, 0, 0), (2, 2, 2)).add("shelf", (0, 0, 0.1), (0.2, 0.2, 0.2), yaw_deg=20)
    assert touching(IMAGES, world.objects(), np.array([0, 0]), 0.03).all()


def test_corner_to_corner_boxes_are_told_apart():
    world = World().add("shelf", (0, 0, 0), (1, 1, 1)).add("shelf", (1.05, 1.05, 1.05), (1, 1, 1))
    assert not touching(IMAGES, world.objects(), np.array([0, 0]), 0.03).any()
