"""Every setting decides something, and none can be what it may not be."""

import math
import re
from pathlib import Path
from typing import get_origin

import hypothesis
import pytest
from asking import ask_all
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from worlds import furnished

import spargen
from spargen.errors import JobError
from spargen.run.job import make_job
from spargen.settings import ASCENDING, Settings

CODE = "\n".join(p.read_text("utf-8") for p in Path(spargen.__file__).parent.rglob("*.py") if p.name != "settings.py")
FIELDS = Settings.model_fields
NUMBERS = [name for name, field in FIELDS.items() if field.annotation in (int, float)]
DEFAULT = Settings()


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_is_read_somewhere_and_says_what_it_does(name):
    assert re.search(rf"\.{name}\b", CODE)
    assert FIELDS[name].description


# --- bounds -----------------------------------------------------------------------------------------------------------


def bounds(name):
    """The least and the largest value of a setting, and whether the least itself is one."""
    told = {k: getattr(m, k) for m in FIELDS[name].metadata for k in ("ge", "gt", "le", "lt") if hasattr(m, k)}
    return told.get("ge", told.get("gt")), told["le"], "ge" in told


def made(**settings):
    return make_job({"out": "x", "sources": [{"adapter": "a", "root": "r"}], "settings": settings}).settings


def test_every_setting_is_a_number_or_one_of_a_few_words():
    words = [name for name, field in FIELDS.items() if name not in NUMBERS]
    assert words == ["scene_check"]
    assert get_origin(FIELDS["scene_check"].annotation) is not None


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_has_two_bounds_that_the_default_keeps(name):
    low, high, included = bounds(name)
    assert 0 <= low < high < math.inf
    value = getattr(DEFAULT, name)
    assert low < value <= high or (included and low == value)


def may_be(name, value):
    low, high, included = bounds(name)
    others = DEFAULT.model_dump() | {name: value}
    inside = low <= value <= high and (included or low < value)
    return inside and all(others[lesser] <= others[greater] for lesser, greater in ASCENDING)


@pytest.mark.parametrize("name", NUMBERS)
@hypothesis.settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_what_may_be_is_taken_and_what_may_not_is_refused_by_name_value_and_bound(name, data):
    low, high, _ = bounds(name)
    whole = FIELDS[name].annotation is int
    odd = [math.nan, math.inf, -math.inf, low, high, -1, 0, 10**9]
    if not whole:
        odd += [-1e300, 1e300, 1e-9, high + 1e-6]
    near = st.integers(-5, 2 * high) if whole else st.floats(-1, 2 * high)
    value = data.draw(st.one_of(st.sampled_from(odd), near, st.floats(allow_nan=True) if not whole else near))
    if may_be(name, value):
        assert getattr(made(**{name: value}), name) == value
        return
    with pytest.raises(JobError) as caught:
        made(**{name: value})
    said = caught.value.what
    assert name in said
    assert f"not {value!r}" in said or f"is {value!r}" in said
    assert "finite" in said or re.search(r"(greater|less) than (or equal to )?", said)
    assert math.isfinite(value) or "finite number" in said
    with pytest.raises(ValidationError, match=name):
        Settings(**{name: value})


@pytest.mark.parametrize(("low", "high"), ASCENDING)
def test_two_that_contradict_each_other_are_refused(low, high):
    a, b = sorted((getattr(DEFAULT, low), getattr(DEFAULT, high)))
    assert made(**{low: a, high: a})
    with pytest.raises(JobError) as caught:
        made(**{low: b, high: a})
    assert f"{low} should be less than or equal to {high}, which is {a}, not {b}" in caught.value.what
    assert caught.value.mend == f"lower `{low}`, or raise `{high}`"


@pytest.mark.parametrize("text", ["much", None, [1.0], {}])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(JobError, match=r"`settings.word_m`: input should be a valid number"):
        made(word_m=text)


ROOM = furnished(frames=12).scene()
OUTLINE = [name for name in NUMBERS if name.startswith("room_")]


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("name", OUTLINE)
def test_rooms_can_be_asked_about_at_every_bound(name, at):
    low, high, included = bounds(name)
    value = high if at else low if included else 1e-3
    order = ("room_small_m", "room_closing_m", "room_large_m")
    more = (
        dict.fromkeys(order[order.index(name) :] if at else order[: order.index(name) + 1], value)
        if name in order
        else {}
    )
    settings = Settings(**{name: value, **more}, views_per_scene=12, video_frames=8)
    ask_all(ROOM, tasks=("room_size",), quota=2, settings=settings)
