"""Plain templates are joined from pieces: the text is jinja's own, and whatever is not plain is left to jinja."""

from __future__ import annotations

from functools import partial

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spargen.phrase.filling import _join, filling
from spargen.phrase.templates import TemplateSet
from spargen.phrase.wording import environment
from spargen.qa.fact import Thing
from spargen.scene.labels import label_rules

SLOTS = {"a": "chair", "b": Thing("scissors", "red point"), "c": 3, "yes": True, "no": False, "name": "bed"}
WITHIN = environment(label_rules())

texts = st.text("abc xyz.,?!%#\"'", max_size=12)
names = st.sampled_from(["a", "b", "c", "name"])
values = st.one_of(
    names,
    st.tuples(st.sampled_from(["a", "b", "name"]), st.sampled_from(["a", "label", "is"])).map(" | ".join),
    st.tuples(names, st.sampled_from(["yes", "no", "c"]), names).map(lambda t: f"{t[0]} if {t[1]} else {t[2]}"),
    st.sampled_from(['"near" if yes else "far"', '"near" if no else name | a', '"only"', "7"]),
)
templates = st.lists(st.one_of(texts, values.map(lambda value: f"{{{{ {value} }}}}")), max_size=6).map("".join)


def is_joined(text: str) -> bool:
    made = filling(WITHIN.parse(text), WITHIN)
    return isinstance(made, partial) and made.func is _join


@given(templates)
def test_a_plain_template_is_joined_to_the_text_that_jinja_makes_of_it(text: str) -> None:
    assert is_joined(text)
    assert filling(WITHIN.parse(text), WITHIN)(SLOTS) == WITHIN.from_string(text).render(SLOTS)


@pytest.mark.parametrize(
    "text",
    [
        "{% for letter in name %}{{ letter }}-{% endfor %}",
        "{{ a.upper() }}",
        "{{ c + 1 }}",
        "{{ a ~ name }}",
        "{% if yes %}{{ a }}{% endif %} and {{ name }}",
        "{{ 'x' if c == 3 else 'y' }}",
        "{{ a if yes }}",
    ],
)
def test_what_is_not_plain_is_left_to_jinja(text: str) -> None:
    assert not is_joined(text)
    assert filling(WITHIN.parse(text), WITHIN)(SLOTS) == WITHIN.from_string(text).render(SLOTS)


@pytest.mark.parametrize("text", ["{{ lamp }}", "{{ lamp | label }}", "{{ a if lamp else name }}", "{{ lamp ~ a }}"])
def test_a_slot_without_a_value_raises_what_jinja_raises(text: str) -> None:
    with pytest.raises(jinja2.UndefinedError, match="'lamp' is undefined"):
        filling(WITHIN.parse(text), WITHIN)(SLOTS)


def test_only_the_branch_that_is_taken_needs_a_value() -> None:
    assert filling(WITHIN.parse("{{ a if yes else lamp }}"), WITHIN)(SLOTS) == "chair"


def test_an_unknown_filter_is_found_before_anything_is_filled() -> None:
    with pytest.raises(jinja2.TemplateAssertionError, match="No filter named 'shout'"):
        filling(WITHIN.parse("{{ a | shout }}"), WITHIN)


def test_every_shipped_template_is_joined_so_that_none_is_compiled() -> None:
    shipped = TemplateSet.load()
    slow = [
        f"{task}/{form}:{block.line}"
        for task in shipped.tasks()
        for form in shipped.forms(task)
        for block in shipped.wording(task, form).blocks()
        if not is_joined(block.text)
    ]
    assert not slow
