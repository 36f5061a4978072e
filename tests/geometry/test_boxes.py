"""Oriented boxes against brute force."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spargen.geometry.boxes import footprint_hull, gravity_box, outside_m, size_lwh_m, tilt_deg


def brute_footprint(points, steps=3600):
    """Smallest area over many angles."""
    best = np.inf
    for k in range(steps):
        a = np.pi / 2 * k / steps
        x = [p[0] * np.cos(a) + p[1] * np.sin(a) for p in points]
        y = [p[1] * np.cos(a) - p[0] * np.sin(a) for p in points]
        best = min(best, (max(x) - min(x)) * (max(y) - min(y)))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_gravity_box_is_the_smallest_around_the_points(seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(12, 3)) * rng.uniform(0.2, 3, 3) + rng.uniform(-20, 20, 3)
    center, extent, R = gravity_box(points)
    np.testing.assert_allclose(R.T @ R, np.eye(3), atol=1e-12)
    assert np.linalg.det(R) == pytest.approx(1)
    np.testing.assert_array_equal(R[2], [0, 0, 1])
    inside = (points - center) @ R
    assert (np.abs(inside) <= extent / 2 + 1e-9).all()
    # Tight: every side touches a point.
    np.testing.assert_allclose(inside.max(axis=0), extent / 2, atol=1e-9)
    np.testing.assert_allclose(inside.min(axis=0), -extent / 2, atol=1e-9)
    brute = brute_footprint(points)
    assert extent[0] * extent[1] <= brute + 1e-9
    assert extent[0] * extent[1] >= brute * 0.995


@pytest.mark.parametrize("yaw", [0, 17, 45, 89, 140, -33])
def test_gravity_box_finds_a_turned_box(yaw):
    a = np.radians(yaw)
    R = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-0.3, 0.3) for z in (-0.5, 0.5)])
    center, extent, _ = gravity_box(corners @ R.T + [4, 5, 6])
    np.testing.assert_allclose(center, [4, 5, 6], atol=1e-9)
    np.testing.assert_allclose(sorted(extent[:2]), [0.6, 2.0], atol=1e-9)
    assert extent[2] == pytest.approx(1.0)


def test_gravity_box_of_points_in_line_and_of_one_point():
    line = np.array([[0, 0, 0], [1, 1, 2], [3, 3, 1], [2, 2, 0.5]], dtype=float)
    center, extent, R = gravity_box(line)
    np.testing.assert_allclose(center, [1.5, 1.5, 1.0])
    np.testing.assert_allclose(sorted(extent), [0, 2, 3 * 2**0.5], atol=1e-9)
    assert (np.abs((line - center) @ R) <= extent / 2 + 1e-9).all()
    center, extent, _ = gravity_box([[1, 2, 3]])
    np.testing.assert_allclose(center, [1, 2, 3])
    np.testing.assert_allclose(extent, 0)
    center, extent, _ = gravity_box([[1, 2, 3], [1, 2, 4], [1, 2, 8]])
    np.testing.assert_allclose(center, [1, 2, 5.5])
    np.testing.assert_allclose(extent, [0, 0, 5])


@pytest.mark.parametrize("angle", [0, 5, 9.9, 10.1, 30, 44])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_tilt_is_the_angle_of_the_most_vertical_axis(angle, order):
    a = np.radians(angle)
    R = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])[:, order]
    assert tilt_deg(R) == pytest.approx(angle, abs=1e-6)
    np.testing.assert_allclose(tilt_deg(np.stack([R, np.eye(3)])), [angle, 0], atol=1e-6)


def test_size_is_length_width_height_whatever_the_axes_are_called():
    rng = np.random.default_rng(3)
    extents, rotations, expected = [], [], []
    for axes in ([0, 1, 2], [1, 2, 0], [2, 0, 1]):
        for tilt in (0, 8):
            (width, length), height = sorted(rng.uniform(0.1, 2, 2)), rng.uniform(0.1, 3)
            a = np.radians(tilt)
            R = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
            extents.append(np.array([width, length, height])[axes])
            rotations.append(R[:, axes])
            expected.append([length, width, height])
    np.testing.assert_allclose(size_lwh_m(extents, rotations), expected)
    assert size_lwh_m(np.zeros((0, 3)), np.zeros((0, 3, 3))).shape == (0, 3)


@pytest.mark.parametrize("seed", range(5))
def test_hulls_and_how_far_points_lie_outside_them(seed):
    rng = np.random.default_rng(seed)
    points, others = rng.normal(size=(12, 2)), rng.normal(size=(60, 2)) * 2
    hull = footprint_hull(points)
    expected = naive.convex_hull([tuple(p) for p in points])
    assert {tuple(p) for p in hull} == set(expected)
    distance = [naive.outside(p, expected) for p in others]
    np.testing.assert_allclose(outside_m(others, hull), distance, atol=1e-12)
    assert 5 < np.count_nonzero(distance) < 60
    np.testing.assert_array_equal(outside_m([points.mean(axis=0)], hull), [0])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40))
def test_hulls_where_many_points_are_in_line_or_the_same(points):
    found = [tuple(p) for p in footprint_hull(points)]
    expected = naive.convex_hull(points)
    if len(expected) > 2:
        start = found.index(expected[0])
        assert found[start:] + found[:start] == expected
    else:
        assert set(found) == set(expected)
        assert len(found) == min(2, len(points))


def test_hulls_of_many_points_by_far_fewer():
    points = np.random.default_rng(0).normal(size=(3000, 2)) @ [[2, 0.5], [0, 0.1]] + [8, -3]
    found, expected = footprint_hull(points), naive.convex_hull([tuple(p) for p in points])
    assert {tuple(p) for p in found} == set(expected)
    assert len(found) > 8


def test_how_far_points_lie_outside_a_line_and_a_point():
    line = footprint_hull([[0, 0], [1, 0], [2, 0.0]])
    np.testing.assert_allclose(outside_m([[1, 0], [1, -3], [5, 4], [2, 0]], line), [0, 3, 5, 0], atol=1e-9)
    np.testing.assert_allclose(outside_m([[3, 4], [0, 0]], footprint_hull([[0, 0], [0, 0.0]])), [5, 0])
