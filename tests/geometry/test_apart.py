"""The distance of two lots of points, against all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from spargen.geometry.apart import apart_m


@pytest.mark.parametrize("seed", range(40))
def test_the_nearest_two_of_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, scale = rng.integers(1, 40, 2), rng.choice([0.0, 0.1, 1.0, 3.0], (2, 3))
    a, b = (rng.normal(size=(n, 3)) * s for n, s in zip(size, scale, strict=True))
    b += rng.normal(size=3) * rng.choice([0.0, 0.2, 1.0])
    least = np.linalg.norm(a[:, None] - b, axis=2).min()
    assert apart_m(a, b, 10.0) == pytest.approx(least, rel=1e-12)
    assert apart_m(b, a, least * 1.001) == pytest.approx(least, rel=1e-12)
    assert apart_m(a, b, least * 0.999) == (np.inf if least else 0.0)
