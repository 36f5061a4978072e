"""Sides of boxes that rest on specks, on images drawn by hand."""

import numpy as np
import pytest

from spargen.geometry.specks import without_specks


def sides_moved(marks, image=(640, 480), o=3):
    """How many pixels each side of an object's box moves in: 40 x 20 at (300, 200), and marks (x, y, wide, high)."""
    ids = np.full(image[::-1], -2, dtype=np.int32)
    ids[100:110] = 1
    for x, y, wide, high in ((300, 200, 40, 20), *marks):
        ids[y : y + high, x : x + wide] = o
    at = np.argwhere(ids == o)[:, ::-1]
    box = np.append(at.min(axis=0), at.max(axis=0) + 1)[None]
    inner = without_specks(ids, np.array([o]), np.array([len(at)]), box)
    return np.abs(inner - box)[0].tolist()


def test_each_side_is_looked_at():
    assert sides_moved([]) == [0, 0, 0, 0]
    assert sides_moved([(50, 205, 1, 1)]) == [250, 0, 0, 0]
    assert sides_moved([(310, 30, 1, 1)]) == [0, 170, 0, 0]
    assert sides_moved([(600, 205, 1, 1)]) == [0, 0, 261, 0]
    assert sides_moved([(310, 470, 1, 1)]) == [0, 0, 0, 251]
    assert sides_moved([(50, 30, 1, 1), (600, 470, 1, 1)]) == [250, 170, 261, 251]


@pytest.mark.parametrize(("image", "most"), [((640, 480), 4), ((1280, 960), 16), ((640, 960), 8)])
def test_specks_are_few_pixels_of_the_image(image, most):
    assert sides_moved([(50, 205, most, 1)], image)[0] == 250
    assert sides_moved([(50, 205, most + 1, 1)], image)[0] == 0


def test_specks_are_a_small_part_of_a_large_object():
    # 0.5 % of 4824 pixels are 24.
    assert sides_moved([(300, 200, 60, 80), (50, 205, 6, 4)])[0] == 250
    assert sides_moved([(300, 200, 60, 80), (50, 205, 5, 5)])[0] == 0


def test_only_specks_beyond_a_gap_count_and_only_far_out():
    assert sides_moved([(290, 205, 10, 1)]) == [0, 0, 0, 0]
    # 5/1000 are 3.2 columns and 2.4 rows.
    assert [sides_moved([(x, 205, 1, 1)])[0] for x in (296, 297)] == [4, 0]
    assert [sides_moved([(310, y, 1, 1)])[1] for y in (197, 198)] == [3, 0]
    # Of several specks the last one before the rest of the object tells.
    assert sides_moved([(50, 205, 1, 1), (90, 205, 2, 1)])[0] == 250
