"""Where objects are, for an observer, and relative to each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.directions import UNCLEAR, Observers, States, object_states, pair_states
from spargen.qa.answers import DIRECTIONS, DIRECTIONS_LR_CF, OC_AXES, OO_AXES, OO_MULTI_AXES, Directions
from spargen.qa.fact import COLOURS, Colour, Fact
from spargen.qa.margin import Margin, of_words
from spargen.settings import Settings
from spargen.tasks.context import Bools, Candidates, Ints, TaskContext
from spargen.tasks.registry import task

Floats = NDArray[np.float64]
NUMBERS = {
    OC_AXES: ("right_m", "up_m", "front_m"),
    OO_AXES: ("right_m", "up_m", "farther_m"),
    OO_MULTI_AXES: ("right_m", "up_m", "farther_m", "first_front_m", "second_front_m"),
}
"""What the offset along each axis is called in the facts."""


@dataclass(frozen=True, slots=True)
class Relations:
    """Where R targets are, for an observer each, or first targets relative to second ones.

    Parameters
    ----------
    axes : A of them: three for a target, three or five for two of them.
    states : (R, A) state along each axis.
    offsets_m : (R, A) the offsets behind them.
    nearer_m : (R,) the smaller of the two distances from the observer that closer / farther compares; 0 for a target.
    """

    axes: tuple[str, ...]
    states: States
    offsets_m: Floats
    nearer_m: Floats

    @classmethod
    def between(cls, observers: Observers, targets_m: Floats, axes: tuple[str, ...], settings: Settings) -> Relations:
        """Relations of targets (R, T, 3), one or two for each of R observers.

        With five axes, front or behind of each target stands behind the three of the pair.
        """
        if axes == OC_AXES:
            return cls(axes, *object_states(observers, targets_m[:, 0], settings), np.zeros(len(targets_m)))
        both = targets_m[:, 0], targets_m[:, 1]
        parts = [pair_states(observers, *both, settings)]
        if axes == OO_MULTI_AXES:
            each = [object_states(observers, center_m, settings) for center_m in both]
            parts += [(states[:, 2:], offsets_m[:, 2:]) for states, offsets_m in each]
        states, offsets_m = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
        distance_m = np.linalg.norm(targets_m - observers.position_m[:, None], axis=2)
        return cls(axes, states, offsets_m, distance_m.min(axis=1))

    def __len__(self) -> int:
        return len(self.states)

    def take(self, rows: Ints, axis: int = 0) -> Relations:
        """Some of them, by number, as numpy takes rows of an array."""
        states, offsets_m = self.states.take(rows, axis), self.offsets_m.take(rows, axis)
        return Relations(self.axes, states, offsets_m, self.nearer_m.take(rows, axis))

    @property
    def clear(self) -> Bools:
        """(R,) no part is unclear, and one of the first three has a word."""
        return np.asarray((self.states != UNCLEAR).all(axis=1) & (self.states[:, :3] != 0).any(axis=1))

    @property
    def codes(self) -> Ints:
        """(R,) one number for each combination of states."""
        return np.asarray((self.states.astype(np.int64) + 1) @ 4 ** np.arange(len(self.axes)))

    def words(self, row: int) -> Directions:
        """The words of one row."""
        return Directions(self.axes, tuple(self.states[row].tolist()))

    def truth(self, row: int) -> dict[str, float]:
        """The numbers behind them."""
        numbers = dict(zip(NUMBERS[self.axes], self.offsets_m[row].tolist(), strict=True))
        return numbers if self.axes == OC_AXES else {**numbers, "nearer_m": float(self.nearer_m[row])}

    def leans(self, row: int, *labels: str) -> tuple[tuple[str, str, float], ...]:
        """On which side the first label stands along each axis, and the second on the other."""
        states = dict(zip(self.axes[:3], self.states[row, :3].tolist(), strict=True))
        sides = zip(labels, (1.0, -1.0), strict=False)
        return tuple((axis, label, side * state) for label, side in sides for axis, state in states.items() if state)

    def margin(self, row: int, settings: Settings) -> Margin:
        """How far those are from other words."""
        offsets_m, states = self.offsets_m[row].tolist(), self.states[row].tolist()
        return of_words(offsets_m, self.axes, states, settings, float(self.nearer_m[row]))


@task("obj_spatial_relation_oo", views="single", level="high", answer=DIRECTIONS, slots="first second relation")
def obj_spatial_relation_oo(ctx: TaskContext) -> Iterator[Fact]:
    """Where an object is relative to another, as the camera sees it.

    Words of the offset between the two centres: along the camera's right, world +Z, and closer or farther by
    distance.
    """
    c = ctx.draw("single", ctx.vis.boxed, 2, upright=True)
    c, found = _clear(ctx, c, OO_AXES)
    for i in ctx.balanced(found.codes):
        red, blue = marks = ctx.marks(c, i, COLOURS[:2], "bbox")
        relation = found.words(i)
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=c.objects_of(i),
            answer=relation,
            slots={"first": ctx.thing(red), "second": ctx.thing(blue), "relation": relation},
            marks=marks,
            truth=found.truth(i),
            margin=found.margin(i, ctx.settings),
            leans=found.leans(i, ctx.label(red.obj), ctx.label(blue.obj)),
        )


@task("obj_spatial_relation_oc_mv", views="multi", level="high", answer=DIRECTIONS, slots="target relation")
def obj_spatial_relation_oc_mv(ctx: TaskContext) -> Iterator[Fact]:
    """Where an object that another image shows is, for the observer of the first image.

    Words of the offset from the first image's camera to the centre of the box: right, up and front of the level
    camera.
    """
    c = ctx.draw("multi", ctx.vis.boxed, 1, upright=True)
    c, found = _clear(ctx, c, OC_AXES)
    for i in ctx.balanced(found.codes):
        red = ctx.mark(c, i, 0, "red", "bbox")
        relation = found.words(i)
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=c.objects_of(i),
            answer=relation,
            slots={"target": ctx.thing(red), "relation": relation},
            marks=(red,),
            truth=found.truth(i),
            margin=found.margin(i, ctx.settings),
            leans=found.leans(i, ctx.label(red.obj)),
        )


TWO_COLOURS: tuple[tuple[Colour, Colour], ...] = (("red", "blue"), ("red", "green"), ("blue", "green"))
"""The pairs of colours, in the order in which SPAR's tools read them."""


@task(
    "obj_spatial_relation_oo_mv",
    views="multi",
    level="high",
    answer=DIRECTIONS_LR_CF,  # both objects are in front of the observer nearly always
    slots="first second relation first_fb second_fb",
)
def obj_spatial_relation_oo_mv(ctx: TaskContext) -> Iterator[Fact]:
    """Where an object is relative to another, and where each is, for the observer of the first of several images.

    Words of the offset between the two centres along that camera's axes, and whether each is in front or
    behind.
    """
    c = ctx.draw("multi", ctx.vis.boxed, 2, upright=True)
    c, found = _clear(ctx, c, OO_MULTI_AXES)
    for i in ctx.balanced(found.codes):
        first, second = marks = ctx.marks(c, i, TWO_COLOURS[int(ctx.rng.integers(len(TWO_COLOURS)))], "bbox")
        relation = found.words(i)
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=c.objects_of(i),
            answer=relation,
            slots={
                "first": ctx.thing(first),
                "second": ctx.thing(second),
                "relation": relation.part(0, 3),
                "first_fb": relation.part(3, 4),
                "second_fb": relation.part(4, 5),
            },
            marks=marks,
            truth=found.truth(i),
            margin=found.margin(i, ctx.settings),
            leans=found.leans(i, ctx.label(first.obj), ctx.label(second.obj)),
        )


def _clear(ctx: TaskContext, c: Candidates, axes: tuple[str, ...]) -> tuple[Candidates, Relations]:
    """The candidates whose words are clear for the camera of the first image, and those words."""
    found = Relations.between(ctx.observers(c.observer), ctx.centers_m(c.objects), axes, ctx.settings)
    return ctx.keep(found.clear, "a direction is not clear", c, found)
