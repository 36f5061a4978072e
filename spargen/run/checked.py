"""What must hold of every fact, whoever made it: what a task does wrong is told here, not where it does harm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from spargen.errors import PluginError, short
from spargen.phrase.templates import FORMS
from spargen.qa.fact import Fact, Mark
from spargen.qa.values import WHOLE, only, places, rows, within
from spargen.scene.types import Scene
from spargen.tasks.registry import Images, Task

_IMAGES: dict[Images, tuple[float, float]] = {
    "single": (1, 1),
    "pair": (2, 2),
    "multi": (2, math.inf),
    "video": (1, math.inf),
}
"""How many frames a fact has at least, and at most, by what its task shows."""
_NUMBERS_OF = {("point", 2), ("bbox", 4)}
"""Kinds of marks, each with how many numbers say where it is."""
_COLOUR = attrgetter("colour")


class _Facts:
    """Facts, taken apart once for all rules.

    Parameters
    ----------
    each : one by one.
    """

    def __init__(self, each: Sequence[Any]) -> None:
        self.each = each

    @cached_property
    def fields(self) -> Any:
        """A `Fact` whose fields are those of all facts."""
        return _fields_of(Fact, self.each)

    @cached_property
    def marks(self) -> list[Any]:
        """The marks of all facts."""
        return [*chain.from_iterable(self.fields.marks)]

    @cached_property
    def mark_fields(self) -> Any:
        """A `Mark` whose fields are those of all marks."""
        return _fields_of(Mark, self.marks)


def _fields_of(kind: type[Any], tuples: Sequence[Any]) -> Any:
    return kind(*zip(*tuples, strict=True)) if tuples else kind(*[()] * len(kind._fields))


class _Rule(NamedTuple):
    """What must hold of facts.

    Parameters
    ----------
    part : the field that it is about, "" for the fact itself.
    what, mend : what is wrong where it does not hold, and how to mend it.
    holds : tells it of many facts at once, of which the rules before hold: one by one it would take ten times as long.
    """

    part: str
    what: str
    mend: str
    holds: Callable[[_Facts], bool]


def check_facts(task: Task, facts: Sequence[Any], scene: Scene) -> None:
    """Look at the facts that a task has made of a scene.

    Raises
    ------
    PluginError
        If they are not such as `Fact` says, for the first that is not; the first one of all is number 1.
    """
    rules = chain(_of_kind(), _of_images(task, scene), _of_marks(task, scene), _of_words(task), _of_answers(task))
    every = _Facts(facts)
    for rule in rules:
        if not _holds(rule, every):
            number, fact = next((n, fact) for n, fact in enumerate(facts, 1) if not _holds(rule, _Facts([fact])))
            found = f"{rule.part}={short(getattr(fact, rule.part))}" if rule.part else short(fact)
            raise PluginError(f"fact {number}: {rule.what}: {found}", where=task.where, mend=rule.mend)


def _holds(rule: _Rule, facts: _Facts) -> bool:
    try:
        return rule.holds(facts)
    except (AttributeError, TypeError):  # it cannot even be looked at: a list where a word should be, say
        return False


def _of_kind() -> Iterator[_Rule]:
    yield _Rule("", "this is no Fact", "let it yield Fact(...), nothing else", lambda facts: only(Fact, facts.each))


def _of_images(task: Task, scene: Scene) -> Iterator[_Rule]:
    """What holds of frames and objects."""
    frames, objects = "ctx.frames_of(views) makes them of rows of the table", "c.objects_of(row) has a candidate's"
    yield from _of_positions("frames", len(scene.frames), f"name positions in ctx.scene.frames: {frames}")
    yield from _of_positions("objects", len(scene.objects), f"name rows of ctx.scene.objects: {objects}")
    least, most = _IMAGES[task.views]
    yield _Rule(
        "frames",
        f"so many images are no {task.views}, which has {least}{'' if least == most else ' or more'}",
        "name as many frames as `views` says in @task, or let it say what they are",
        lambda facts: all(least <= number <= most for number in {*map(len, facts.fields.frames)}),
    )


def _of_positions(part: str, total: int, mend: str) -> Iterator[_Rule]:
    """What holds of positions among so many things of a scene."""
    named = attrgetter(part)
    yield _Rule(part, "this is no tuple of whole numbers", mend, lambda facts: rows(named(facts.fields)))
    what = f"the scene has no such {part}, only 0 to {total - 1}" if total else f"the scene has no {part}"
    yield _Rule(part, what, mend, lambda facts: within(chain.from_iterable(named(facts.fields)), total))


def _of_marks(task: Task, scene: Scene) -> Iterator[_Rule]:
    """What holds of what is drawn into the images."""

    def once(facts: _Facts) -> bool:
        found = {tuple(map(_COLOUR, marks)) for marks in facts.fields.marks}
        return all(max((colours.count(c) for c in {*colours} - {"none"}), default=1) == 1 for colours in found)

    def inside(facts: _Facts) -> bool:
        if not only(WHOLE, facts.mark_fields.image):
            return False
        # Mostly all facts have as many frames, and marks need not be held against those of each.
        every = within(facts.mark_fields.image, min(map(len, facts.fields.frames), default=0))
        return every or all(within((mark.image for mark in fact.marks), len(fact.frames)) for fact in facts.each)

    rule, made = partial(_Rule, "marks"), "ctx.mark(...) makes marks"
    yield rule("this is no tuple of marks", made, lambda facts: only(tuple, facts.fields.marks))
    yield rule("this is no tuple of marks", made, lambda facts: only(Mark, facts.marks))
    yield rule(
        "a mark is neither a point of x and y nor a bbox of x1, y1, x2, y2",
        made,
        lambda facts: {*zip(facts.mark_fields.kind, map(len, facts.mark_fields.at), strict=True)} <= _NUMBERS_OF,
    )
    yield rule(
        "a mark is not at whole numbers from 0 to 1000",
        "count places in thousandths of the image's width and height",
        lambda facts: places(facts.mark_fields.at, [2, 4]),
    )
    yield rule(
        "a mark has a colour that the task does not say",
        f"use {', '.join(task.marks)} or none, or name all colours in their order: @task(..., marks=...)",
        lambda facts: {*facts.mark_fields.colour} <= {*task.marks, "none"},
    )
    yield rule("two marks have one colour", 'give each its own, or number them all: "none"', once)
    yield rule(
        f"a mark is on an object that the scene has not: there are {len(scene.objects)}",
        "name the row in ctx.scene.objects",
        lambda facts: only(WHOLE, facts.mark_fields.obj) and within(facts.mark_fields.obj, len(scene.objects)),
    )
    yield rule("a mark is in an image that the fact has not", "name a position in its `frames`", inside)


def _of_words(task: Task) -> Iterator[_Rule]:
    """What holds of what templates may say, and of the forms."""
    slots = {*task.slots} - {"answer", "claim"}
    yield _Rule(
        "slots",
        "these are no slots",
        'let it be a dict of the names in @task: {"target": ctx.thing(red)}',
        lambda facts: only(Mapping, facts.fields.slots),
    )
    yield _Rule(
        "slots",
        "a slot has no value",
        "give it one, or leave it out of a fact whose `forms` do not say it",
        lambda facts: (
            not {*map(type, chain.from_iterable(slots.values() for slots in facts.fields.slots))} & {type(None)}
        ),
    )
    yield _Rule(
        "forms",
        "these are no forms",
        f"name some of {', '.join(FORMS)} in a tuple, or leave it out: all",
        lambda facts: _are_forms({*facts.fields.forms} - {None}),
    )
    yield _Rule(
        "slots",
        f"a fact of all forms has fewer than the slots {', '.join(sorted(slots))}",
        "fill what @task names, or say in `forms` which the fact is for",
        lambda facts: all(slots <= {*names} for names in {(*fact.slots,) for fact in facts.each if fact.forms is None}),
    )


def _are_forms(found: set[Any]) -> bool:
    return only(tuple, found) and {*chain.from_iterable(found)} <= {*FORMS}


def _of_answers(task: Task) -> Iterator[_Rule]:
    """What holds of answers, true ones and wrong ones."""
    kind = task.answer
    mend = f"a value of that kind is {kind.value}"
    if not task.wrong:
        yield _Rule(
            "wrong",
            "it brings wrong answers, but the task does not say so",
            "say how many: @task(..., wrong=3)",
            lambda facts: all(wrong is None for wrong in facts.fields.wrong),
        )
    what = f"this is no {type(kind).__name__}"
    yield _Rule("answer", what, mend, lambda facts: kind.takes(facts.fields.answer))

    def right(facts: _Facts) -> bool:
        brought = [wrong for wrong in facts.fields.wrong if wrong is not None]
        return only(tuple, brought) and kind.takes([*chain.from_iterable(brought)])

    if task.wrong:
        yield _Rule("wrong", f"this is no tuple, each of it a {type(kind).__name__}", f"{mend}; or bring none", right)
