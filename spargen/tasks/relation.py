"""Where one object is relative to another, for the camera."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.directions import UNCLEAR, clearness_m, pair_states
from spargen.qa.answers import DIRECTIONS, OO_AXES, Directions
from spargen.qa.fact import Fact
from spargen.tasks.context import TaskContext
from spargen.tasks.registry import task


def clear_words(states: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Tell which (R, A) rows have no unclear part, and a word among their first three."""
    return np.asarray((states != UNCLEAR).all(axis=1) & (states[:, :3] != 0).any(axis=1))


def state_codes(states: NDArray[np.int8]) -> NDArray[np.int64]:
    """One number for each combination of (R, A) states."""
    return np.asarray((states.astype(np.int64) + 1) @ 4 ** np.arange(states.shape[1]))


def directions(axes: tuple[str, ...], states: NDArray[np.int8]) -> Directions:
    """The words of one row of states."""
    return Directions(axes, tuple(int(s) for s in states))


@task("obj_spatial_relation_oo", views="single", level="high", answer=DIRECTIONS, slots="first second relation claim")
def obj_spatial_relation_oo(ctx: TaskContext) -> Iterator[Fact]:
    """Where the red box's object is relative to the blue one's, as the camera sees it."""
    c = ctx.tuples(ctx.usable(ctx.vis.boxed, upright=True), 2)
    first_m, second_m = ctx.centers_m(c[:, 1]), ctx.centers_m(c[:, 2])
    states, offsets = pair_states(ctx.observers(c[:, 0]), first_m, second_m, ctx.settings)
    good = clear_words(states)
    c, states, offsets = ctx.keep(c, good, "a direction is not clear"), states[good], offsets[good]
    for i, (view, first, second) in ctx.balanced(c, state_codes(states)):
        red, blue = ctx.bbox("red", view, first), ctx.bbox("blue", view, second)
        relation = directions(OO_AXES, states[i])
        yield Fact(
            views=(view,),
            objects=(first, second),
            answer=relation,
            slots={"first": ctx.thing(red), "second": ctx.thing(blue), "relation": relation},
            marks=(red, blue),
            truth=dict(zip(("right_m", "up_m", "farther_m"), offsets[i].tolist(), strict=True)),
            margin=float(clearness_m(offsets[i, :2], states[i, :2], ctx.settings)),
        )
