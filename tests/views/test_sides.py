"""A point is shared by two views only if both see it from the same side."""

import numpy as np
import pytest
from worlds import lens, pose

from spargen.geometry.visibility import see
from spargen.scene.cameras import Cameras
from spargen.scene.types import Mesh, Objects
from spargen.settings import Settings
from spargen.views.sets import link

S = Settings()


def seen(sheets, poses):
    """The table of some rectangles (four corners each), every one an object of its own."""
    corners = np.array(sheets, dtype=float)
    n = len(corners)
    first = 4 * np.arange(n)[:, None, None]
    faces = (np.array([[0, 1, 2], [0, 2, 3]]) + first).reshape(-1, 3)
    mesh = Mesh(corners.reshape(-1, 3), faces, np.repeat(np.arange(n), 2))
    objects = Objects(np.arange(n), ("wall",) * n, corners.mean(axis=1), np.ones((n, 3)), np.tile(np.eye(3), (n, 1, 1)))
    k = len(poses)
    cameras = Cameras(np.tile(lens(), (k, 1, 1)), np.array(poses), np.tile([640, 480], (k, 1)))
    return see(mesh, objects, cameras, np.zeros(n, dtype=bool), S, threads=1), cameras


def wall(x, y0=-2.0, y1=2.0, turned=False):
    """An upright sheet, 2.5 m high."""
    corners = [[x, y0, 0], [x, y1, 0], [x, y1, 2.5], [x, y0, 2.5]]
    return corners[::-1] if turned else corners


def floor(x0, x1):
    return [[x0, -2, 0], [x1, -2, 0], [x1, 2, 0], [x0, 2, 0]]


LEFT, RIGHT = pose((-2.5, 0, 1.3), 0, -20), pose((1.8, 0.9, 1.3), 180, -20)
"""Cameras in two rooms, both of which look at the wall between them."""


@pytest.mark.parametrize("gap_m", [0.0, 0.01, 0.02, 0.08])
@pytest.mark.parametrize("turned", [(False, False), (False, True), (True, False), (True, True)])
def test_nothing_is_shared_through_a_wall(gap_m, turned):
    sheets = [wall(0, turned=turned[0]), floor(-4, -0.001), floor(gap_m + 0.001, 4)]
    if gap_m:
        sheets.append(wall(gap_m, turned=turned[1]))
    vis, cameras = seen(sheets, [LEFT, RIGHT])
    assert vis.sees_point.sum(axis=1).min() > 300
    found = link(vis.surface, cameras, S)
    # What is less than 3 cm behind the foot of the wall counts as seen.
    assert found.overlap[0, 1] < 0.03
    assert not found.linked[0, 1]


def test_views_of_one_side_share_what_they_see():
    vis, cameras = seen([wall(0), floor(-4, 4)], [LEFT, pose((-1.5, 1.2, 1.3), -25, -20)])
    found = link(vis.surface, cameras, S)
    assert found.overlap[0, 1] > 0.5
    assert found.linked[0, 1]


def test_rooms_are_linked_through_an_opening():
    # The wall leaves 1.6 m open: both see the floor on either side of it, and the one side's of the wall only.
    sheets = [wall(0, -2, -0.8), wall(0, 0.8, 2), floor(-4, 4)]
    vis, cameras = seen(sheets, [LEFT, pose((2.5, 0, 1.3), 180, -20)])
    assert link(vis.surface, cameras, S).overlap[0, 1] > 0.05


def test_each_point_is_seen_from_one_side_by_one_view():
    vis, _ = seen([wall(0), floor(-4, 4)], [LEFT, RIGHT])
    front, back = np.split(vis.surface, 2, axis=1)
    assert not (front & back).any()
    np.testing.assert_array_equal(front | back, vis.sees_point)
    # Both see the floor from above, its front; of the wall, the one sees the front and the other the back.
    assert front.any(axis=1).all()
    assert back.any(axis=1).sum() == 1
