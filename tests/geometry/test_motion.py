"""How cameras moved, on paper."""

import numpy as np
import pytest
from worlds import lens, pose

from spargen.geometry.motion import camera_moves
from spargen.scene.cameras import Cameras


def moves(*poses):
    n = len(poses)
    cameras = Cameras(np.broadcast_to(lens(), (n, 3, 3)), np.array(poses), np.broadcast_to([640, 480], (n, 2)))
    return camera_moves(cameras, np.zeros(n - 1, dtype=int), np.arange(1, n))


def test_the_worked_example():
    # Heading +Y is 90; 40 clockwise from it is 50.
    shift, turn, roll = moves(pose((0, 0, 1.5), 90, -30), pose((0, 1, 1.5), 50, 0))
    np.testing.assert_allclose(shift, [[0, -0.5, np.sqrt(0.75)]], atol=1e-12)
    np.testing.assert_allclose(turn, [[30, 40]], atol=1e-9)
    assert roll[0] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("at", "shift"),
    [((1, 0, 0), (0, 0, 1)), ((-1, 0, 0), (0, 0, -1)), ((0, 1, 0), (-1, 0, 0)), ((0, 0, 1), (0, -1, 0))],
)
def test_a_camera_along_x_moves(at, shift):
    np.testing.assert_allclose(moves(pose((0, 0, 0)), pose(at, 33, 5))[0], [shift], atol=1e-12)


@pytest.mark.parametrize(("one", "two", "right"), [(10, -10, 20), (-170, 170, 20), (170, -170, -20), (0, 179, -179)])
def test_turns_are_clockwise_and_take_the_short_way(one, two, right):
    assert moves(pose((0, 0, 0), one, 10), pose((0, 0, 0), two, -10))[1][0].tolist() == pytest.approx([-20, right])


def test_roll_is_compared_the_short_way():
    assert moves(pose((0, 0, 0), 0, 0, 170), pose((0, 0, 0), 0, 0, -170))[2][0] == pytest.approx(20)
    assert moves(pose((0, 0, 0), 0, 0, 10), pose((0, 0, 0), 50, 0, -10))[2][0] == pytest.approx(20)


def test_going_back_undoes_the_turn():
    rng = np.random.default_rng(0)
    poses = [pose(rng.normal(size=3), rng.uniform(0, 360), rng.uniform(-50, 50)) for _ in range(20)]
    cameras = Cameras(np.broadcast_to(lens(), (20, 3, 3)), np.array(poses), np.broadcast_to([640, 480], (20, 2)))
    a, b = np.arange(10), np.arange(10, 20)
    there, back = camera_moves(cameras, a, b), camera_moves(cameras, b, a)
    np.testing.assert_allclose(there[1], -back[1], atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(there[0], axis=1), np.linalg.norm(back[0], axis=1))
    np.testing.assert_allclose(there[2], back[2], atol=1e-9)
