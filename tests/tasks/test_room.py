"""The wrong areas of a room: honest, and no hint at the right one."""

from collections import Counter

import numpy as np
import pytest

from spargen.settings import Settings
from spargen.tasks.room import _other_areas_m2


@pytest.mark.parametrize("area", [14.0, 21.0, 70.0, 240.0])
def test_the_true_area_takes_every_rank_among_the_options(area):
    rng = np.random.Generator(np.random.PCG64(0))
    ranks = Counter()
    for time in range(20):
        others = _other_areas_m2(area, time % 4, Settings(), rng)
        assert len(others) == 3
        values = sorted([area, *others])
        assert min(np.diff(values)) >= 2
        assert values[0] >= 1
        ranks[values.index(area)] += 1
    assert ranks == dict.fromkeys(range(4), 5)


def test_a_room_too_small_for_three_smaller_ones_has_fewer_below():
    rng = np.random.Generator(np.random.PCG64(0))
    others = _other_areas_m2(4.0, 3, Settings(), rng)
    assert len(others) == 3
    assert sum(a < 4 for a in others) == 1
