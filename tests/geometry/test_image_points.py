"""Where in the world the pixels of instance images are, on paper."""

from dataclasses import replace

import numpy as np
import pytest
from worlds import World, pictured, shell

from spargen.geometry.images import cubes, facing, located, pixel_of, sample
from spargen.geometry.points import CUBE_M, surface_points
from spargen.geometry.surface import SCENE_POINTS
from spargen.scene.images import NOTHING
from spargen.scene.lenses import PINHOLE, Lens

FISHEYE = Lens("OPENCV_FISHEYE", (-0.03, -0.008, 0.001, -0.0002))


def before_a_wall(optics, f):
    """A camera 2 m before a wall, with nothing else there."""
    world = World().add("wall", (2.05, 0, 0), (0.1, 20, 20))
    return world.camera((0, 0, 0), optics=optics, f=f)


@pytest.mark.parametrize("optics", [PINHOLE, FISHEYE])
@pytest.mark.parametrize(("smaller", "columns"), [(1, 160), (1, 640), (2, 320), (4, 100)])
def test_points_of_a_wall_lie_in_it(optics, smaller, columns):
    scene = pictured(before_a_wall(optics, f=300.0 if optics is PINHOLE else 450.0).scene(), smaller)
    ids, depth_m, uv = sample(scene.surface, scene.cameras, 0, 1, columns)
    assert columns / 2 < ids.shape[1] <= columns
    assert ids.shape == depth_m.shape == uv.shape[:2]
    assert (ids == 0).all()
    points_m = located(scene.cameras, 0, uv, depth_m)
    np.testing.assert_allclose(points_m[..., 0], 2.0, atol=1e-5)
    # Left in the image is +Y, and up +Z.
    assert (np.diff(points_m[..., 1], axis=1) < 0).all()
    assert (np.diff(points_m[..., 2], axis=0) < 0).all()
    np.testing.assert_allclose(scene.cameras.project(points_m.reshape(-1, 3))[0][0], uv.reshape(-1, 2), atol=1e-3)


def test_a_position_lies_in_one_pixel():
    uv = [[0, 0], [1.9, 3.9], [2, 4], [639.9, 479.9], [640, 480]]
    x, y = pixel_of(uv, (640, 480), (120, 320))
    assert x.tolist() == [0, 0, 1, 319, 319]
    assert y.tolist() == [0, 0, 1, 119, 119]


def test_what_is_seen_faces_the_camera():
    world = shell(World(), (0, 0, 0), (4, 3, 2.5)).add("bed", (3, 1.5, 0.3), (1, 1, 0.6), yaw_deg=30)
    scene = pictured(world.camera((0.5, 1.5, 1.5), elevation_deg=-20, f=300.0).scene())
    ids, depth_m, uv = sample(scene.surface, scene.cameras, 0, 7, 320)
    points_m = located(scene.cameras, 0, uv, depth_m)
    every = [at.ravel() for at in np.indices(ids.shape)]
    normal = facing(points_m, *every, scene.cameras.position_m[0]).reshape(points_m.shape)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    for label, outwards in (("floor", (0, 0, 1)), ("wall", (-1, 0, 0))):
        wall = ids == scene.objects.label.index(label) + (label == "wall")
        assert wall.sum() > 500
        assert np.quantile(normal[wall] @ outwards, 0.03) > 0.999
    assert ((scene.cameras.position_m[0] - points_m) * normal > -1e-9).any(axis=2).all()


def test_what_has_no_neighbours_faces_the_camera_too():
    points_m = np.full((3, 3, 3), np.nan)
    points_m[1, 1] = (2, 1, 0)
    middle = np.array([1])
    np.testing.assert_allclose(facing(points_m, middle, middle, np.array([0, 0, 1.0])), [(-2, -1, 1)])


def test_cubes_have_numbers_of_their_own():
    rng = np.random.default_rng(0)
    points_m = rng.uniform(-900, 900, (2000, 3))
    points_m[1000:] = np.floor(points_m[:1000] / 0.05) * 0.05 + rng.uniform(0.001, 0.049, (1000, 3))
    number = cubes(points_m, 0.05)
    np.testing.assert_array_equal(number[:1000], number[1000:])
    assert len(set(number.tolist())) == len({tuple(at) for at in np.floor(points_m[:1000] / 0.05).tolist()})


def test_points_of_the_scene_are_even_and_know_their_objects():
    """Whatever is near or far, seen once or often, level or askew: as many points for as much of it."""
    world = World()
    world.add("near", (2, 0.75, 0), (0.02, 1.2, 1.2)).add("far", (6, -3.5, 0), (0.02, 2.4, 2.4))
    world.add("askew", (0.05, 4, 0), (0.02, 2.4, 2.4), yaw_deg=45).add(None, (6, 0, 2.9), (0.02, 2.4, 2.4))
    for k in range(5):
        world.camera((0, 0.02 * k, 0), f=250.0)
    scene = pictured(world.camera((0, 0, 0), heading_deg=90, f=250.0).scene())
    points = surface_points(scene.surface, scene.cameras, len(scene.objects), threads=2)
    assert len(points.points_m) < SCENE_POINTS
    count = np.bincount(points.owner + 1, minlength=4) / (np.array([2.4, 1.2, 2.4, 2.4]) ** 2)
    np.testing.assert_allclose(count, 1 / CUBE_M**2, rtol=0.12)
    for o, (center, half) in enumerate(zip(scene.objects.center_m, scene.objects.extent_m / 2, strict=True)):
        own = points.points_m[points.owner == o]
        local = (own - center) @ scene.objects.R_world_box[o]
        assert (np.abs(local) <= half + 1e-3).all()


def test_many_points_are_thinned_all_over():
    world = shell(World(), (0, 0, 0), (9, 9, 3))
    for k in range(12):
        world.camera((4.5, 4.5, 1.5), heading_deg=30 * k, elevation_deg=(-40, 0, 30)[k % 3], f=250.0)
    scene = pictured(world.scene())
    points = surface_points(scene.surface, scene.cameras, len(scene.objects))
    assert len(points.points_m) == SCENE_POINTS
    floor = points.points_m[points.owner == 0]
    quarters = np.histogram2d(floor[:, 0], floor[:, 1], bins=2, range=[[0, 9], [0, 9]])[0]
    assert quarters.max() < 1.25 * quarters.min()


def test_a_wall_seen_from_both_sides_is_shared_by_no_two_views():
    world = World().add("wall", (2, 0, 0), (0.02, 4, 3))
    world.camera((0, 0, 0), f=300.0).camera((0, 0.3, 0), f=300.0).camera((4, 0, 0), heading_deg=180, f=300.0)
    scene = pictured(world.scene())
    points = surface_points(scene.surface, scene.cameras, 1)
    everyone = np.arange(len(points.points_m))
    sides = np.stack([points.sides(everyone, at) for at in scene.cameras.position_m])
    front, back = np.split(sides, 2, axis=1)
    assert (front ^ back).all()
    assert (front[0] == front[1]).mean() > 0.99
    assert (front[0] != front[2]).mean() > 0.99


def test_of_no_views_there_are_no_points():
    scene = pictured(World().add("chair", (0, 0, 0), (1, 1, 1)).scene())
    assert [part.shape for part in surface_points(scene.surface, scene.cameras, 1)] == [(0, 3), (0, 3), (0,)]


def test_nothing_and_what_was_not_measured_give_no_points():
    """The sky is far, and shows nothing; of what is near, some is not measured."""
    scene = pictured(World().add("chair", (3, 0, 0), (1, 1, 1)).camera((0, 0, 0)).scene())
    ids, depth_m = scene.surface.objects(0), scene.surface.depth_m(0)
    sky = np.where(ids == NOTHING, 80.0, np.where(np.indices(ids.shape)[1] < 320, np.nan, depth_m))
    images = replace(scene.surface, depth_m=lambda frame: sky)
    points_m = surface_points(images, scene.cameras, 1).points_m
    assert len(points_m) > 20
    assert np.abs(points_m - [3, 0, 0]).max() <= 0.51
    assert points_m[:, 1].max() <= 1e-3
