import numpy as np
import pytest

from spargen.demo.house import STRUCTURAL, build_house
from spargen.demo.render import Renderer, prepare
from spargen.demo.walk import lost_frames, walk_cameras
from spargen.geometry.raycast import RayCaster


@pytest.fixture(scope="module")
def house():
    return build_house(0)


@pytest.fixture(scope="module")
def cameras(house):
    return walk_cameras(house, 160)


@pytest.fixture(scope="module")
def walks(house, cameras):
    """Walks through a flat of five rooms, one of eight, a single room, and one that is seen from low down."""
    others = [build_house(seed) for seed in (1, 3, 8)]
    return [(house, cameras), *((h, walk_cameras(h, 160)) for h in others)]


def test_the_camera_is_held_as_a_person_holds_it(walks):
    heights = []
    for _, cameras in walks:
        z = cameras.position_m[:, 2]
        heights.append(z.mean())
        assert len(cameras) == 160
        assert z.min() >= 1.1
        assert z.max() <= 1.8
        assert cameras.elevation_deg.min() >= -38.001
        assert cameras.elevation_deg.max() <= 5.001
        assert np.abs(cameras.roll_deg).max() <= 4.001
        assert np.ptp(cameras.elevation_deg) > 15
    assert np.ptp(heights) > 0.25


def test_the_walk_enters_every_room_and_looks_all_round(walks):
    for house, cameras in walks:
        x, y = cameras.position_m[:, 0], cameras.position_m[:, 1]
        for r in house.plan.rooms:
            assert ((x > r.x0) & (x < r.x1) & (y > r.y0) & (y < r.y1)).sum() >= 3, (house.seed, r.name)
        assert len(np.unique(np.floor(np.degrees(cameras.heading_rad) / 30))) >= 10


def test_steps_and_turns_are_small(walks):
    for _, cameras in walks:
        steps = np.linalg.norm(np.diff(cameras.position_m, axis=0), axis=1)
        turns = np.abs(np.diff(np.unwrap(cameras.heading_rad)))
        assert steps.max() < 1.5
        assert np.degrees(turns.max()) < 16


def test_the_camera_keeps_clear_of_what_is_at_its_height(walks):
    angle = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    around = np.stack([np.cos(angle), np.sin(angle), np.zeros(36)], -1)
    for house, cameras in walks:
        caster = RayCaster(house.vertices_m, house.faces)
        _, t = caster.cast(cameras.position_m[:, None], np.broadcast_to(around, (len(cameras), 36, 3)))
        assert t.min() > 0.3


def test_the_camera_is_never_inside_a_thing(walks):
    for house, cameras in walks:
        for thing in range(len(house.kinds)):
            if house.kinds[thing] not in STRUCTURAL:
                v = house.vertices_m[house.vertex_object == thing]
                inside = (cameras.position_m > v.min(axis=0)) & (cameras.position_m < v.max(axis=0))
                assert not inside.all(axis=1).any(), house.kinds[thing]


def test_walks_begin_in_different_rooms_and_turn_both_ways():
    walks = [(h := build_house(seed, cell_m=1.0), walk_cameras(h, 150)) for seed in range(1, 9)]
    starts = [(*c.position_m[0, :2], i, r) for h, c in walks for i, r in enumerate(h.plan.rooms)]
    assert len({i for x, y, i, r in starts if r.x0 < x < r.x1 and r.y0 < y < r.y1}) >= 3
    turned = [np.unwrap(c.heading_rad)[-1] - c.heading_rad[0] for _, c in walks]
    assert min(turned) < -3 * np.pi
    assert max(turned) > 3 * np.pi


def test_the_walk_sees_most_of_the_floor_in_every_tenth_frame(walks):
    """Counted by cells of the floor that a ray from a camera meets; what lies below furniture does not count."""
    for house, _ in walks[:2]:
        cameras = walk_cameras(house, 320)
        floor = house.faces[np.isin(house.face_object, house.of_kind("floor"))]
        p = house.vertices_m[floor].mean(axis=1, dtype=np.float64)
        caster = RayCaster(house.vertices_m, house.faces)
        p = p[caster.cast(p + np.array([0, 0, 0.02]), np.broadcast_to([0.0, 0.0, 1.0], p.shape))[1] > 2.0]
        seen = np.zeros(len(p), bool)
        for view in range(5, 320, 10):
            T, K = cameras.T_world_camera[view], cameras.K[view]
            x, y, z = ((p - T[:3, 3]) @ T[:3, :3]).T
            with np.errstate(divide="ignore", invalid="ignore"):
                u, v = K[0, 0] * x / z + K[0, 2], K[1, 1] * y / z + K[1, 2]
            ahead = np.flatnonzero((z > 0.1) & (u > 0) & (u < 640) & (v > 0) & (v < 480))
            _, t = caster.cast(T[:3, 3], p[ahead] - T[:3, 3])
            seen[ahead] |= np.abs(t - 1) < 0.01
        assert seen.mean() > 0.7


def test_a_tilted_start_is_steep_then_rolled_and_then_over():
    starts = []
    for seed in (0, 1, 3, 8):
        house = build_house(seed, cell_m=1.0)
        level, tilted = walk_cameras(house, 320), walk_cameras(house, 320, tilted=True)
        assert tilted.elevation_deg[:4].min() < -60
        assert np.abs(tilted.roll_deg[:10]).max() > 30
        assert np.array_equal(tilted.T_world_camera[12:], level.T_world_camera[12:])
        assert np.array_equal(tilted.position_m, level.position_m)
        starts.append(tilted.elevation_deg[0] < -60)
    assert set(starts) == {True, False}, "some walks begin tilted, some are level for a moment"


def test_few_frames_are_lost(house):
    for frames in (20, 320):
        lost = lost_frames(house, frames)
        assert 0 < len(lost) < frames / 4
        assert lost.min() > 0
        assert lost.max() < frames


def test_views_show_many_things(house, cameras):
    renderer = RayCaster(house.vertices_m, house.faces)
    pixels = np.stack(np.meshgrid(np.arange(4, 640, 8), np.arange(4, 480, 8)), -1).reshape(-1, 2)
    named = np.array([kind not in STRUCTURAL for kind in house.kinds])
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
    floor = np.isin(owner, house.of_kind("floor")) & (face >= 0)
    assert floor.sum() > 1000
    height = origin[2] + depth.ravel() / 1000 * direction[:, 2]
    assert np.percentile(np.abs(height[floor]), 99) < 0.002
