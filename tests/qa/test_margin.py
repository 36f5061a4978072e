"""A margin is a change that is just not enough for another answer."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spargen.geometry.directions import UNCLEAR, distance_state, offset_state
from spargen.geometry.rounding import round_half_away
from spargen.qa.answers import AREA, metres
from spargen.qa.margin import STEP, Margin, least, of_lead, of_rounding, of_shares, of_words
from spargen.settings import Settings

S = Settings()
PRINTED = {
    "m": metres,
    "m2": AREA.text,
    "cm": lambda v: str(round_half_away(v)),
    "1/1000": lambda v: str(round_half_away(v)),
    "deg": lambda v: str(5 * round_half_away(v / 5)),
}
"""How a number of a unit is printed."""

tenths = settings(max_examples=200)


@pytest.mark.parametrize("unit", PRINTED)
@given(st.floats(0.001, 400))
@tenths
def test_a_printed_number_changes_once_the_margin_is_used_up(unit, value):
    margin = of_rounding(value, unit)
    assert margin.unit == unit
    assert 0 <= margin.by <= STEP[unit] / 2
    assert margin.share == pytest.approx(margin.by / value)
    assume(margin.by > 1e-4)
    printed = PRINTED[unit]
    less, more = margin.by * 0.999, margin.by + 2e-5
    assert printed(value - less) == printed(value + less) == printed(value)
    assert {printed(value - more), printed(value + more)} != {printed(value)}


@pytest.mark.parametrize(
    ("value", "unit", "signed", "by"),
    [
        (4.41493872620776, "m", False, 4.45 - 4.41493872620776),
        (-4.41493872620776, "m", False, 4.45 - 4.41493872620776),
        (0.02, "m", False, 0.03),
        (0.02, "m", True, 0.02),
        (-0.04, "m", True, 0.01),
        (0.0, "m", True, 0.0),
        (23.2, "m2", False, 0.3),
        (58.6, "cm", False, 0.1),
        (13.0, "deg", False, 0.5),
        (1.5, "deg", False, 1.0),
        (1.5, "deg", True, 1.0),
        (-0.7, "deg", True, 0.7),
        (606.2, "1/1000", False, 0.3),
    ],
)
def test_margins_of_printed_numbers_on_paper(value, unit, signed, by):
    margin = of_rounding(value, unit, signed=signed)
    assert margin.by == pytest.approx(by)
    assert margin.share == (pytest.approx(by / abs(value)) if value else None)


def test_the_lead_of_a_comparison():
    assert of_lead(2.0, 2.5, "m") == of_lead(2.5, 2.0, "m") == Margin(0.5, "m", 0.25)
    assert of_lead(0, 3, "frames") == Margin(3, "frames", None)


offset = st.floats(-1.5, 1.5)


@given(offset, st.floats(0.1, 8))
@tenths
def test_another_word_is_printed_once_the_margin_is_used_up(value, nearer):
    for axis, state_of in {
        "lr": lambda v: offset_state(v, S),
        "cf": lambda v: distance_state(nearer + max(v, 0), nearer + max(-v, 0), S),
    }.items():
        state = int(state_of(value))
        if state == UNCLEAR:
            continue
        margin = of_words([value], [axis], [state], S, nearer)
        assert margin.unit == "m"
        assert margin.share == (pytest.approx(margin.by / abs(value)) if value else None)
        toward = -1 if state else 1
        sign = np.sign(value) or 1
        for change, another in ((margin.by - 1e-6, False), (margin.by + 1e-6, True)):
            found = int(state_of(value + toward * sign * change))
            assert (found not in (state, UNCLEAR)) == another, (value, state, change, found)


def test_margins_of_words_on_paper():
    axes = ("lr", "ab", "cf")
    assert of_words([0.5, -0.34, 0.02], axes, (1, -1, 0), S, 1.0).by == pytest.approx(0.18)
    assert of_words([0.5, -0.34, 0.02], axes, (1, -1, 0), S, 4.0).by == pytest.approx(0.24)
    assert of_words([0.5, -0.9, 0.23], axes, (1, -1, 1), S, 1.0) == Margin(
        pytest.approx(0.13), "m", pytest.approx(0.13 / 0.23)
    )
    assert of_words([0.5, 0.0, 0.9], ("lr", "ab", "fb"), (1, 0, 1), S) == Margin(pytest.approx(0.3), "m", None)


def test_shares_of_images():
    assert of_shares(0.0012, 0.0001, S) == Margin(pytest.approx(0.0009), "of image", pytest.approx(9.0))
    assert of_shares(0.0010, 0.0, S) == Margin(pytest.approx(0.0008), "of image", pytest.approx(0.8))
    assert of_shares(0.5, None, S) == Margin(pytest.approx(0.4998), "of image", pytest.approx(0.4998 / 0.5))


def test_of_several_the_one_that_tips_first_counts_in_steps_of_its_unit():
    metres, degrees = Margin(0.03, "m", 0.001), Margin(1.2, "deg", 0.9)
    assert least([metres, degrees]) is degrees
    assert least([metres, Margin(1.6, "deg", 0.9)]) is metres
    assert least([Margin(0.4, "1/1000", None), Margin(0.05, "m", 0.5)]).unit == "1/1000"
