import numpy as np
import pytest

from spargen.demo.house import STRUCTURAL, build_house
from spargen.demo.render import Renderer, prepare
from spargen.demo.walk import walk_cameras
from spargen.geometry.raycast import RayCaster


@pytest.fixture(scope="module")
def house():
    return build_house(0)


@pytest.fixture(scope="module")
def cameras(house):
    return walk_cameras(house, 160)


def test_the_camera_is_held_as_a_person_holds_it(cameras):
    assert len(cameras) == 160
    assert (np.abs(cameras.position_m[:, 2] - 1.5) <= 0.2 + 1e-9).all()
    assert cameras.elevation_deg.min() >= -35.001
    assert cameras.elevation_deg.max() <= 5.001
    assert np.abs(cameras.roll_deg).max() <= 4.001
    assert np.ptp(cameras.elevation_deg) > 15


def test_the_walk_enters_every_room_and_looks_all_round(house, cameras):
    x, y = cameras.position_m[:, 0], cameras.position_m[:, 1]
    for r in house.plan.rooms:
        assert ((x > r.x0) & (x < r.x1) & (y > r.y0) & (y < r.y1)).sum() >= 3, r.name
    assert len(np.unique(np.floor(np.degrees(cameras.heading_rad) / 30))) >= 10


def test_steps_and_turns_are_small(cameras):
    steps = np.linalg.norm(np.diff(cameras.position_m, axis=0), axis=1)
    turns = np.abs(np.diff(np.unwrap(cameras.heading_rad)))
    assert steps.max() < 1.0
    assert np.degrees(turns.max()) < 16


def test_the_camera_keeps_clear_of_what_is_at_its_height(house, cameras):
    caster = RayCaster(house.vertices_m, house.faces)
    angle = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    around = np.stack([np.cos(angle), np.sin(angle), np.zeros(36)], -1)
    _, t = caster.cast(cameras.position_m[:, None], np.broadcast_to(around, (len(cameras), 36, 3)))
    assert t.min() > 0.3


def test_views_show_many_things(house, cameras):
    renderer = RayCaster(house.vertices_m, house.faces)
    pixels = np.stack(np.meshgrid(np.arange(4, 640, 8), np.arange(4, 480, 8)), -1).reshape(-1, 2)
    named = np.array([label not in STRUCTURAL for label in house.labels])
    counts = []
    for view in range(0, len(cameras), 4):
        face, _ = renderer.cast(*cameras.rays(view, pixels))
        owner = house.face_object[face[face >= 0]]
        seen = np.bincount(owner[owner >= 0], minlength=len(named))
        counts.append(int(((seen >= 5) & named).sum()))
    assert np.mean(counts) >= 8


def test_a_seed_gives_one_walk(house, cameras):
    assert walk_cameras(house, 160).T_world_camera.tobytes() == cameras.T_world_camera.tobytes()


def test_depth_is_the_camera_z_of_what_each_pixel_shows(house, cameras):
    renderer = Renderer(prepare(house))
    caster = RayCaster(house.vertices_m, house.faces)
    pixels = np.stack(np.meshgrid(np.arange(640), np.arange(480)), -1).reshape(-1, 2)
    for view in (0, 57, 120):
        color, depth = renderer.render(cameras, view)
        assert color.shape == (480, 640, 3)
        assert depth.dtype == np.uint16
        _, t = caster.cast(*cameras.rays(view, pixels + 0.5))
        true_mm = np.where(np.isfinite(t), t * 1000, 0).reshape(480, 640)
        off = np.abs(depth - true_mm)
        assert (off <= 1.5).mean() > 0.998
        assert color.std() > 20


def test_depth_maps_back_onto_the_floor(house, cameras):
    view = int(np.argmin(cameras.elevation_deg))
    _, depth = Renderer(prepare(house)).render(cameras, view)
    caster = RayCaster(house.vertices_m, house.faces)
    pixels = np.stack(np.meshgrid(np.arange(640), np.arange(480)), -1).reshape(-1, 2)
    origin, direction = cameras.rays(view, pixels + 0.5)
    face, _ = caster.cast(origin, direction)
    owner = house.face_object[face]
    floor = np.array([label == "floor" for label in house.labels])[owner] & (face >= 0) & (owner >= 0)
    assert floor.sum() > 1000
    height = origin[2] + depth.ravel() / 1000 * direction[:, 2]
    assert np.percentile(np.abs(height[floor]), 99) < 0.002
