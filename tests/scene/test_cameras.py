"""Cameras against one-point-at-a-time arithmetic."""

import naive
import numpy as np
import pytest
from worlds import lens, pose

from spargen.errors import SceneError
from spargen.scene.cameras import Cameras, nearest_rigid, valid_poses


def some(n=8, seed=0):
    rng = np.random.default_rng(seed)
    angles = [(rng.uniform(-180, 180), rng.uniform(-80, 80), rng.uniform(-170, 170)) for _ in range(n)]
    poses = [pose(rng.uniform(-3, 3, 3), *a) for a in angles]
    sizes = rng.integers(100, 900, (n, 2))
    K = [lens((rng.uniform(200, 900), rng.uniform(200, 900)), tuple(rng.uniform(0.3, 0.7, 2) * s), s) for s in sizes]
    return Cameras(np.array(K), np.array(poses), sizes), angles


def test_heading_elevation_and_roll_are_those_it_was_made_from():
    cameras, angles = some(200)
    for i, (heading, elevation, roll) in enumerate(angles):
        off = np.degrees(cameras.heading_rad[i]) - heading
        assert (off + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
        assert cameras.elevation_deg[i] == pytest.approx(elevation, abs=1e-6)
        # Roll is the angle of camera X to the horizontal.
        x = cameras.T_world_camera[i, :3, 0]
        angle = np.degrees(np.arcsin(x[2]))
        upside_down = abs(roll) > 90
        expected = angle if not upside_down else np.copysign(180, angle) - angle
        assert cameras.roll_deg[i] == pytest.approx(expected, abs=1e-6)


def test_roll_of_a_level_camera_is_the_angle_it_was_turned_by():
    for roll in (-170, -100, -45, 0, 20, 89, 91, 150):
        c = Cameras(np.eye(3)[None], pose((0, 0, 0), 30, 0, roll)[None], [[10, 10]])
        assert c.roll_deg[0] == pytest.approx(roll, abs=1e-6)


def test_levelled_axes_keep_the_heading():
    cameras, angles = some()
    for i, (heading, _, _) in enumerate(angles):
        np.testing.assert_allclose(cameras.R_world_levelled[i], pose((0, 0, 0), heading)[:3, :3], atol=1e-9)


def test_a_camera_that_looks_along_y_has_x_to_its_right():
    right, down, forward = Cameras(np.eye(3)[None], pose((0, 0, 0), 90)[None], [[10, 10]]).R_world_levelled[0].T
    np.testing.assert_allclose(right, [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(down, [0, 0, -1], atol=1e-12)
    np.testing.assert_allclose(forward, [0, 1, 0], atol=1e-12)


def test_to_camera_and_project_point_by_point():
    cameras, _ = some()
    points = np.random.default_rng(1).uniform(-5, 5, (20, 3))
    X, (uv, z) = cameras.to_camera(points), cameras.project(points)
    assert X.shape == (8, 20, 3)
    for v in range(8):
        expected = naive.camera_coordinates(cameras.T_world_camera[v], points)
        np.testing.assert_allclose(X[v], expected, atol=1e-9)
        np.testing.assert_allclose(z[v], expected[:, 2], atol=1e-9)
        K = cameras.K[v]
        for p in range(20):
            x, y, depth = expected[p]
            np.testing.assert_allclose(uv[v, p], [K[0, 0] * x / depth + K[0, 2], K[1, 1] * y / depth + K[1, 2]])


def test_project_on_paper():
    # 1 m right of and 0.5 m above the axis at 4 m, f = 500: 125 pixels right of, 62.5 above the middle.
    c = Cameras(lens()[None], pose((0, 0, 1))[None], [[640, 480]])
    uv, z = c.project([[4, -1, 1.5], [0, 0, 1]])
    np.testing.assert_allclose(uv[0, 0], [445, 177.5])
    assert z[0, 0] == pytest.approx(4)
    assert np.isnan(uv[0, 1]).all()


def test_rays_hit_what_projects_to_their_pixel():
    cameras, _ = some()
    points = np.random.default_rng(2).uniform(-5, 5, (20, 3))
    uv, z = cameras.project(points)
    for v in range(8):
        origin, direction = cameras.rays(v, uv[v])
        np.testing.assert_allclose(origin + z[v][:, None] * direction, points, atol=1e-6)
        np.testing.assert_allclose(direction @ cameras.T_world_camera[v, :3, 2], 1, atol=1e-9)


def test_taking_views_keeps_their_order():
    cameras, _ = some()
    part = cameras.take([5, 2])
    assert len(part) == 2
    np.testing.assert_array_equal(part.K, cameras.K[[5, 2]])
    np.testing.assert_array_equal(part.position_m, cameras.T_world_camera[[5, 2], :3, 3])
    np.testing.assert_array_equal(part.size_px, cameras.size_px[[5, 2]])


def test_which_poses_are_valid():
    good = pose((1, 2, 3), 40, -20, 5)
    lost = np.full((4, 4), -np.inf)
    scaled, mirrored, row, hole = good.copy(), good @ np.diag([-1.0, 1, 1, 1]), good.copy(), good.copy()
    scaled[:3, :3] *= 1.01
    row[3, 0] = 0.1
    hole[0, 3] = np.nan
    nearly = good.copy()
    nearly[:3, :3] *= 1.0001
    assert valid_poses([good, lost, scaled, mirrored, row, hole, nearly, np.zeros((4, 4))]).tolist() == [
        True, False, False, False, False, False, True, False,
    ]  # fmt: skip


def test_cameras_refuse_what_is_not_a_camera():
    with pytest.raises(SceneError, match="not rigid"):
        Cameras(np.eye(3)[None], np.full((1, 4, 4), -np.inf), [[1, 1]])
    with pytest.raises(SceneError, match="shape"):
        Cameras(np.eye(3), pose((0, 0, 0))[None], [[1, 1]])
    with pytest.raises(ValueError, match="read-only"):
        some()[0].K[0] = 0


def bad_lens(*at, value=0.0, by=None):
    K = lens()
    if by is None:
        K[at] = value
    else:
        K[0, 0] = K[1, 1] = by
    return K


@pytest.mark.parametrize(
    "K",
    [
        bad_lens(by=1e30),
        bad_lens(by=640 * 201.0),
        bad_lens(by=480 * 0.049),
        bad_lens(by=-500.0),
        bad_lens(by=np.inf),
        bad_lens(2, 2, value=7.0),
        bad_lens(2, 2, value=0.0),
        bad_lens(2, 0, value=1e-3),
        bad_lens(2, 1, value=1e-3),
        bad_lens(1, 0, value=2.0),
        bad_lens(0, 2, value=np.nan),
        np.zeros((3, 3)),
        np.full((3, 3), np.nan),
    ],
)
def test_intrinsics_that_are_none(K):
    with pytest.raises(SceneError, match=r"intrinsics \[1\] are none of their images"):
        Cameras([lens(), K], [pose((0, 0, 0))] * 2, [[640, 480]] * 2)


@pytest.mark.parametrize("size", [(0, 480), (640, 0), (-640, 480)])
def test_images_without_pixels(size):
    with pytest.raises(SceneError, match="are none of their images"):
        Cameras([lens()], [pose((0, 0, 0))], [size])


@pytest.mark.parametrize("f", [33.0, 9000.0, 95_000.0])
def test_wide_and_long_lenses_are_lenses(f):
    K = lens((f, f), c=(700.0, -20.0))  # a crop may leave the principal point outside
    K[0, 1] = 0.3  # skew
    assert len(Cameras([K], [pose((0, 0, 0))], [[640, 480]])) == 1


@pytest.mark.parametrize("digits", [3, 4, 6, 9])
def test_printed_poses_become_the_nearest_rigid_ones(digits):
    rng = np.random.default_rng(digits)
    whole = np.array([pose(rng.uniform(-3, 3, 3), *rng.uniform(-90, 90, 3)) for _ in range(300)])
    printed = whole.copy()
    printed[:, :3] = np.round(printed[:, :3], digits)
    rigid, mended = nearest_rigid(printed)
    assert valid_poses(rigid).all()
    assert mended.mean() > 0.95 if digits < 5 else not mended.any()
    R = rigid[:, :3, :3]
    tolerance = 1e-12 if digits < 5 else 1e-5
    np.testing.assert_allclose(
        R[mended] @ R[mended].transpose(0, 2, 1), np.tile(np.eye(3), (mended.sum(), 1, 1)), atol=tolerance
    )
    # No farther from what was meant than the printed one is.
    off = np.linalg.norm(R - whole[:, :3, :3], axis=(1, 2))
    assert (off <= np.linalg.norm(printed - whole, axis=(1, 2)) + 1e-12).all()
    np.testing.assert_array_equal(rigid[:, :3, 3], printed[:, :3, 3])
    np.testing.assert_array_equal(rigid[~mended], printed[~mended])


def test_what_is_no_pose_is_handed_back_as_it_is():
    good = pose((1, 2, 3), 40, -20, 5)
    lost, mirrored = np.full((4, 4), -np.inf), good @ np.diag([-1.0, 1, 1, 1])
    scaled = good.copy()
    scaled[:3, :3] *= 1.003  # R R^T is 0.006 off
    barely = good.copy()
    barely[:3, :3] *= 1.002
    given = np.array([lost, mirrored, scaled, np.zeros((4, 4)), good, barely])
    poses, mended = nearest_rigid(given)
    assert mended.tolist() == [False] * 5 + [True]
    np.testing.assert_array_equal(poses[:5], given[:5])
    np.testing.assert_allclose(poses[5], good, atol=1e-12)
    assert valid_poses(poses).tolist() == [False, False, False, False, True, True]
    assert nearest_rigid(np.zeros((0, 4, 4)))[0].shape == (0, 4, 4)
