"""Words for directions: thresholds, axes, observers; each against a plain loop."""

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import pose

from spargen.geometry.directions import (
    UNCLEAR,
    Observers,
    agreed,
    distance_state,
    leads,
    object_states,
    offset_state,
    pair_states,
)
from spargen.scene.cameras import Cameras
from spargen.settings import Settings

S = Settings()


def none_is_unclear(state):
    return UNCLEAR if state is None else state


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (0, 0),
        (0.1, 0),
        (-0.1, 0),
        (0.11, UNCLEAR),
        (0.29, UNCLEAR),
        (-0.29, UNCLEAR),
        (0.3, 1),
        (-0.3, -1),
        (9, 1),
        (-9, -1),
    ],
)
def test_an_offset_is_a_word_or_empty_or_unclear(value, state):
    assert offset_state(value, S) == state
    assert none_is_unclear(naive.direction_word(value)) == state


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        (2.0, 1.0, 1),
        (1.0, 2.0, -1),
        (1.0, 1.21, -1),  # 0.21 m and 21 %
        (1.15, 1.0, UNCLEAR),  # less than 0.2 m
        (4.0, 4.5, UNCLEAR),  # 0.5 m, but only 12.5 %
        (4.0, 4.61, -1),  # 15 % of the smaller; 13 % of the larger
        (3.0, 3.09, 0),
        (3.11, 3.0, UNCLEAR),
        (2.0, 2.0, 0),
    ],
)
def test_closer_and_farther_need_metres_and_percent(first, second, state):
    assert distance_state(first, second, S) == state
    assert distance_state(second, first, S) == (state if state in (0, UNCLEAR) else -state)


def test_measures_must_agree():
    a, b = np.array([1, 1, 0, UNCLEAR, 0], dtype=np.int8), np.array([1, -1, 0, UNCLEAR, 1], dtype=np.int8)
    assert agreed(a, b).tolist() == [1, UNCLEAR, 0, UNCLEAR, UNCLEAR]


@pytest.mark.parametrize(
    ("best", "other", "gap", "share", "clear"),
    [
        (1.0, 1.25, 0.2, 0.15, True),
        (1.0, 1.19, 0.2, 0.15, False),
        (5.0, 5.7, 0.2, 0.15, False),
        (5.0, 5.76, 0.2, 0.15, True),
        (5.0, 5.7, 0.2, 0.10, True),
        (2.5, 2.0, 0.2, 0.15, True),
        (3.4, 3.0, 0.2, 0.13, True),  # of the smaller: 13.3 %; of the larger it would be 11.8 %
    ],
)
def test_leads(best, other, gap, share, clear):
    assert bool(leads(best, other, gap, share)) == clear
    assert bool(leads(other, best, gap, share)) == clear


def naive_object_states(T, target, real):
    """States and offsets of one target for one observer with a camera-to-world pose."""
    (x, y, z) = naive.camera_coordinates(T, target)[0]
    flat = np.hypot(T[0, 2], T[1, 2])
    ahead = sum((target[k] - T[k, 3]) * T[k, 2] / flat for k in range(2))
    up = target[2] - T[2, 3]
    above, front = naive.direction_word(up), naive.direction_word(ahead)
    if real:
        above = above if naive.direction_word(-y) == above else None
        front = front if naive.direction_word(z) == front else None
    return [none_is_unclear(s) for s in (naive.direction_word(x), above, front)], [x, up, ahead]


def naive_pair_states(T, first, second, real):
    a, b = naive.camera_coordinates(T, [first, second])
    x, y, _ = a - b
    up = first[2] - second[2]
    above = naive.direction_word(up)
    if real and naive.direction_word(-y) != above:
        above = None
    da, db = (float(np.sqrt(sum((p[k] - T[k, 3]) ** 2 for k in range(3)))) for p in (first, second))
    farther = naive.distance_word(da, db)
    if real and a[2] > 0 and b[2] > 0 and farther and (a[2] - b[2]) * farther < 0:
        farther = None
    return [none_is_unclear(s) for s in (naive.direction_word(x), above, farther)], [x, up, da - db]


def observers_of(poses):
    T = np.array(poses)
    n = len(T)
    return Observers.cameras(T, Cameras(np.broadcast_to(np.eye(3), (n, 3, 3)), T, np.ones((n, 2))).R_world_levelled)


def many(seed, n=600):
    rng = np.random.default_rng(seed)
    poses = [
        pose(rng.uniform(-3, 3, 3), rng.uniform(0, 360), rng.uniform(-60, 60), rng.uniform(-30, 30)) for _ in range(n)
    ]
    points = rng.uniform(-3, 3, (2, n, 3))
    points[1, ::3] = points[0, ::3] + rng.normal(0, 0.3, points[0, ::3].shape)
    return poses, points


@pytest.mark.parametrize("seed", [0, 1])
def test_object_states_of_real_observers(seed):
    poses, (target, _) = many(seed)
    states, offsets = object_states(observers_of(poses), target, S)
    for i, T in enumerate(poses):
        expected, numbers = naive_object_states(T, target[i], real=True)
        assert states[i].tolist() == expected
        np.testing.assert_allclose(offsets[i], numbers, atol=1e-9)
    assert {-1, 0, 1, UNCLEAR} <= set(states[:, 0].tolist())


@pytest.mark.parametrize("seed", [0, 1])
def test_pair_states_of_real_observers(seed):
    poses, (first, second) = many(seed)
    states, offsets = pair_states(observers_of(poses), first, second, S)
    for i, T in enumerate(poses):
        expected, numbers = naive_pair_states(T, first[i], second[i], real=True)
        assert states[i].tolist() == expected
        np.testing.assert_allclose(offsets[i], numbers, atol=1e-9)
    assert {-1, 0, 1, UNCLEAR} <= set(states[:, 2].tolist())


def test_the_order_of_depths_may_not_contradict_the_order_of_distances():
    # The first is farther away, but to the side: its depth is smaller.
    states, _ = pair_states(observers_of([pose((0, 0, 0))]), np.array([[2.0, 4.0, 0]]), np.array([[3.0, 0.0, 0]]), S)
    assert states[0, 2] == UNCLEAR
    imagined = Observers.standing(np.array([[0.0, 0, 0]]), np.array([[1.0, 0, 0]]))
    states, _ = pair_states(imagined, np.array([[2.0, 4.0, 0]]), np.array([[3.0, 0.0, 0]]), S)
    assert states[0, 2] == 1


def test_a_tilted_camera_needs_its_own_up_and_the_world_s_to_agree():
    # Looking 45 degrees down: 1 m ahead on the level lies 0.71 m up in the picture, but no higher in the world.
    states, _ = object_states(observers_of([pose((0, 0, 0), elevation_deg=-45)]), np.array([[1.0, 0, 0]]), S)
    assert states[0].tolist() == [0, UNCLEAR, 1]


@pytest.mark.parametrize("seed", [3, 4])
def test_imagined_observers_look_level(seed):
    rng = np.random.default_rng(seed)
    stand, face, first, second = rng.uniform(-3, 3, (4, 300, 3))
    observers = Observers.standing(stand, face)
    one, offset_one = object_states(observers, first, S)
    two, offset_two = pair_states(observers, first, second, S)
    for i in range(300):
        heading = np.degrees(np.arctan2(*(face[i] - stand[i])[[1, 0]]))
        T = pose(stand[i], heading)
        np.testing.assert_allclose(observers.R_world_view[i], T[:3, :3], atol=1e-9)
        expected, numbers = naive_object_states(T, first[i], real=False)
        assert one[i].tolist() == expected
        np.testing.assert_allclose(offset_one[i], numbers, atol=1e-9)
        expected, numbers = naive_pair_states(T, first[i], second[i], real=False)
        assert two[i].tolist() == expected
        np.testing.assert_allclose(offset_two[i], numbers, atol=1e-9)


def test_the_worked_example_of_an_imagined_move():
    # Green at (0, 0, 0.4), blue at (0, 2, 1): facing +Y. Red at (1, 1, 0.4) is to the right and in front, not above.
    observers = Observers.standing(np.array([[0, 0, 0.4]]), np.array([[0, 2, 1.0]]))
    states, offsets = object_states(observers, np.array([[1, 1, 0.4]]), S)
    assert states.tolist() == [[1, 0, 1]]
    np.testing.assert_allclose(offsets, [[1, 0, 1]], atol=1e-12)


coordinate = st.floats(-4, 4).map(lambda v: round(v, 2))
place = st.tuples(coordinate, coordinate, coordinate)


@given(place, place, place, st.floats(0, 360), st.floats(-60, 60), st.floats(0, 360), place)
@settings(max_examples=60)
def test_turning_the_world_changes_no_word_and_a_mirror_swaps_left_and_right(at, a, b, heading, elevation, yaw, shift):
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    T = np.array([[c, -s, 0, shift[0]], [s, c, 0, shift[1]], [0, 0, 1, shift[2]], [0, 0, 0, 1]])
    M = np.diag([-1.0, 1, 1, 1])
    first, second, camera = np.array([a]), np.array([b]), pose(at, heading, elevation)
    states, offsets = pair_states(observers_of([camera]), first, second, S)
    alone, alone_offsets = object_states(observers_of([camera]), first, S)

    def through(P, p):
        return p @ P[:3, :3].T + P[:3, 3]

    for P, sign, back in ((T, 1, np.eye(4)), (M, -1, M)):
        seen = observers_of([P @ camera @ back])
        _, moved = pair_states(seen, through(P, first), through(P, second), S)
        _, moved_alone = object_states(seen, through(P, first), S)
        np.testing.assert_allclose(moved, offsets * [sign, 1, 1], atol=1e-9)
        np.testing.assert_allclose(moved_alone, alone_offsets * [sign, 1, 1], atol=1e-9)
    # Exchanging the two turns every word round.
    swapped, _ = pair_states(observers_of([camera]), second, first, S)
    for k in range(3):
        assert swapped[0, k] == (states[0, k] if states[0, k] in (0, UNCLEAR) else -states[0, k])
    assert alone.shape == (1, 3)
