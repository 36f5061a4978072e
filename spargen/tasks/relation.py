"""Where objects are, for an observer, and relative to each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.directions import UNCLEAR, Observers, States, clearness_m, object_states, pair_states
from spargen.qa.answers import DIRECTIONS, OC_AXES, OO_AXES, OO_MULTI_AXES, Directions
from spargen.qa.fact import Colour, Fact
from spargen.tasks.context import TaskContext
from spargen.tasks.registry import task

Floats = NDArray[np.float64]


def clear_words(states: States) -> NDArray[np.bool_]:
    """Tell which (R, A) rows have no unclear part, and a word among their first three."""
    return np.asarray((states != UNCLEAR).all(axis=1) & (states[:, :3] != 0).any(axis=1))


def state_codes(states: States) -> NDArray[np.int64]:
    """One number for each combination of (R, A) states."""
    return np.asarray((states.astype(np.int64) + 1) @ 4 ** np.arange(states.shape[1]))


def directions(axes: tuple[str, ...], states: States) -> Directions:
    """The words of one row of states."""
    return Directions(axes, tuple(int(s) for s in states))


def pair_and_depth_states(
    ctx: TaskContext, observers: Observers, first_m: Floats, second_m: Floats
) -> tuple[States, Floats]:
    """States (R, 5) of two objects: left/right, above/below, closer/farther, then front/behind of each; and offsets."""
    pair, offsets = pair_states(observers, first_m, second_m, ctx.settings)
    each = [object_states(observers, center_m, ctx.settings) for center_m in (first_m, second_m)]
    states = np.concatenate([pair, *(s[:, 2:] for s, _ in each)], axis=1)
    return states, np.concatenate([offsets, *(o[:, 2:] for _, o in each)], axis=1)


@task("obj_spatial_relation_oo", views="single", level="high", answer=DIRECTIONS, slots="first second relation")
def obj_spatial_relation_oo(ctx: TaskContext) -> Iterator[Fact]:
    """Where the red box's object is relative to the blue one's, as the camera sees it."""
    c = ctx.place("single", ctx.vis.boxed, 2, upright=True)
    first_m, second_m = ctx.centers_m(c.objects[:, 0]), ctx.centers_m(c.objects[:, 1])
    states, offsets = pair_states(ctx.observers(c.observer), first_m, second_m, ctx.settings)
    good = clear_words(states)
    c, states, offsets = ctx.keep(c, good, "a direction is not clear"), states[good], offsets[good]
    for i in ctx.balanced(state_codes(states)):
        red, blue = ctx.mark(c, i, 0, "red", "bbox"), ctx.mark(c, i, 1, "blue", "bbox")
        relation = directions(OO_AXES, states[i])
        yield Fact(
            views=c.views_of(i),
            objects=c.objects_of(i),
            answer=relation,
            slots={"first": ctx.thing(red), "second": ctx.thing(blue), "relation": relation},
            marks=(red, blue),
            truth=dict(zip(("right_m", "up_m", "farther_m"), offsets[i].tolist(), strict=True)),
            margin=clearness_m(offsets[i], relation.axes, relation.states, ctx.settings),
        )


@task("obj_spatial_relation_oc_mv", views="multi", level="high", answer=DIRECTIONS, slots="target relation")
def obj_spatial_relation_oc_mv(ctx: TaskContext) -> Iterator[Fact]:
    """Where an object that another image shows is, for the observer of the first."""
    c = ctx.place("multi", ctx.vis.boxed, 1, upright=True)
    states, offsets = object_states(ctx.observers(c.observer), ctx.centers_m(c.objects[:, 0]), ctx.settings)
    good = clear_words(states)
    c, states, offsets = ctx.keep(c, good, "a direction is not clear"), states[good], offsets[good]
    for i in ctx.balanced(state_codes(states)):
        red = ctx.mark(c, i, 0, "red", "bbox")
        relation = directions(OC_AXES, states[i])
        yield Fact(
            views=c.views_of(i),
            objects=c.objects_of(i),
            answer=relation,
            slots={"target": ctx.thing(red), "relation": relation},
            marks=(red,),
            truth=dict(zip(("right_m", "up_m", "front_m"), offsets[i].tolist(), strict=True)),
            margin=clearness_m(offsets[i], relation.axes, relation.states, ctx.settings),
        )


TWO_COLOURS: tuple[tuple[Colour, Colour], ...] = (("red", "blue"), ("red", "green"), ("blue", "green"))
"""The pairs of colours, in the order in which SPAR's tools read them."""


@task(
    "obj_spatial_relation_oo_mv",
    views="multi",
    level="high",
    answer=DIRECTIONS,
    slots="first second relation first_fb second_fb",
)
def obj_spatial_relation_oo_mv(ctx: TaskContext) -> Iterator[Fact]:
    """Where one object is relative to another, and both to the observer of the first image."""
    c = ctx.place("multi", ctx.vis.boxed, 2, upright=True)
    first_m, second_m = ctx.centers_m(c.objects[:, 0]), ctx.centers_m(c.objects[:, 1])
    states, offsets = pair_and_depth_states(ctx, ctx.observers(c.observer), first_m, second_m)
    good = clear_words(states)
    c, states, offsets = ctx.keep(c, good, "a direction is not clear"), states[good], offsets[good]
    for i in ctx.balanced(state_codes(states)):
        colours = TWO_COLOURS[int(ctx.rng.integers(len(TWO_COLOURS)))]
        first, second = (ctx.mark(c, i, k, colour, "bbox") for k, colour in enumerate(colours))
        relation = directions(OO_MULTI_AXES, states[i])
        names = ("right_m", "up_m", "farther_m", "first_front_m", "second_front_m")
        yield Fact(
            views=c.views_of(i),
            objects=c.objects_of(i),
            answer=relation,
            slots={
                "first": ctx.thing(first),
                "second": ctx.thing(second),
                "relation": relation.part(0, 3),
                "first_fb": relation.part(3, 4),
                "second_fb": relation.part(4, 5),
            },
            marks=(first, second),
            truth=dict(zip(names, offsets[i].tolist(), strict=True)),
            margin=clearness_m(offsets[i], relation.axes, relation.states, ctx.settings),
        )
