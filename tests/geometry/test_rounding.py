"""Rounding against decimal arithmetic."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spargen.geometry.rounding import permille, round_half_away


@given(st.integers(-(10**6), 10**6), st.integers(0, 3), st.integers(0, 2))
@settings(max_examples=200)
def test_half_away_from_zero_as_on_paper(digits, places, decimals):
    text = Decimal(digits).scaleb(-places)
    expected = text.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    assert round_half_away(float(text), decimals) == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize(
    ("value", "decimals", "printed"),
    [
        (0.25, 1, "0.3"),
        (-0.25, 1, "-0.3"),
        (0.15, 1, "0.2"),
        (1.005, 2, "1.01"),
        (2.5, 0, "3.0"),
        (-2.5, 0, "-3.0"),
        (-0.04, 1, "0.0"),
        (-0.4, 0, "0.0"),
        (-0.0, 1, "0.0"),
        (0.049, 1, "0.0"),
        (1.949, 1, "1.9"),
        (1.95, 1, "2.0"),
    ],
)
def test_what_is_printed(value, decimals, printed):
    assert str(float(round_half_away(value, decimals))) == printed


def test_arrays_keep_their_shape():
    np.testing.assert_array_equal(round_half_away([[0.5, -1.5], [2.4, -0.2]]), [[1, -2], [2, 0]])
    assert not np.signbit(round_half_away([-0.2, -0.0])).any()


def test_permille_one_by_one():
    rng = np.random.default_rng(0)
    boxes = rng.uniform(-50, 700, (40, 4))
    got = permille(boxes, [640, 480])
    assert got.dtype == np.int64
    for box, row in zip(boxes, got, strict=True):
        for k in range(4):
            whole = (640, 480)[k % 2]
            assert row[k] == min(1000, max(0, int(np.floor(box[k] / whole * 1000 + 0.5))))
    np.testing.assert_array_equal(
        permille([[320, 240], [640, 480], [-3, 481]], [640, 480]), [[500, 500], [1000, 1000], [0, 1000]]
    )
    # One size an entry.
    np.testing.assert_array_equal(permille([[10, 10], [10, 10]], [[20, 40], [100, 10]]), [[500, 250], [100, 1000]])
