"""The boxes around groups of points, against a loop over the groups."""

from __future__ import annotations

import numpy as np
import pytest

from spargen.geometry.bounds import bounds


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_corners_are_the_extremes_of_each_groups_points(dtype: type) -> None:
    rng = np.random.default_rng(1)
    points, group = rng.normal(size=(300, 3)).astype(dtype), rng.integers(0, 12, 300)
    points, group = points[group != 5], group[group != 5]
    low, high = bounds(points, group)
    assert low.shape == high.shape == (12, 3)
    assert np.isposinf(low[5]).all()
    assert np.isneginf(high[5]).all()
    for g in set(group.tolist()):
        assert low[g].tolist() == points[group == g].min(axis=0).tolist()
        assert high[g].tolist() == points[group == g].max(axis=0).tolist()


def test_without_points_there_is_no_group() -> None:
    low, high = bounds(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))
    assert low.shape == high.shape == (0, 3)
