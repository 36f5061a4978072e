"""Where things are after an imagined walk to one object and a turn to another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spargen.geometry.directions import Observers, clearness_m, object_states, pair_states
from spargen.qa.answers import DIRECTIONS, OC_AXES, OO_AXES
from spargen.qa.fact import Fact
from spargen.tasks.context import Bools, Ints, TaskContext
from spargen.tasks.registry import task
from spargen.tasks.relation import clear_words, directions, state_codes


def can_face(ctx: TaskContext, stand: Ints, face: Ints) -> Bools:
    """Tell where an observer at the centre of `stand` knows in which direction to face the centre of `face`."""
    level = (ctx.centers_m(face) - ctx.centers_m(stand))[:, :2]
    return np.asarray(np.linalg.norm(level, axis=1) >= ctx.settings.min_facing_m)


@task("spatial_imagination_oc", views="single", level="high", answer=DIRECTIONS, slots="stand face target before after")
def spatial_imagination_oc(ctx: TaskContext) -> Iterator[Fact]:
    """Where red is for someone who walks to green and faces blue."""
    c = ctx.tuples(ctx.usable(ctx.vis.boxed, upright=True), 3)
    c = ctx.keep(c, can_face(ctx, c[:, 1], c[:, 2]), "standpoint too close to what is faced")
    imagined = Observers.standing(ctx.centers_m(c[:, 1]), ctx.centers_m(c[:, 2]))
    after, offsets = object_states(imagined, ctx.centers_m(c[:, 3]), ctx.settings)
    good = clear_words(after)
    c, after, offsets = ctx.keep(c, good, "a direction is not clear"), after[good], offsets[good]
    before, _ = object_states(ctx.observers(c[:, 0]), ctx.centers_m(c[:, 3]), ctx.settings)
    told = clear_words(before)
    ctx.noted["same words before and after"] += int((told & (before == after).all(axis=1)).sum())
    for i, (view, stand, face, target) in ctx.balanced(c, state_codes(after) + 4**3 * told):
        green, blue, red = ctx.bbox("green", view, stand), ctx.bbox("blue", view, face), ctx.bbox("red", view, target)
        answer = directions(OC_AXES, after[i])
        yield Fact(
            views=(view,),
            objects=(stand, face, target),
            answer=answer,
            slots={
                "stand": ctx.thing(green),
                "face": ctx.thing(blue),
                "target": ctx.thing(red),
                "after": answer,
                **({"before": directions(OC_AXES, before[i])} if told[i] else {}),
            },
            marks=(red, blue, green),
            truth=dict(zip(("right_m", "up_m", "front_m"), offsets[i].tolist(), strict=True)),
            margin=float(clearness_m(offsets[i], after[i], ctx.settings)),
            forms=None if told[i] else ("select",),
        )


@task(
    "spatial_imagination_oo", views="single", level="high", answer=DIRECTIONS, slots="stand face first second before after"
)  # fmt: skip
def spatial_imagination_oo(ctx: TaskContext) -> Iterator[Fact]:
    """Where red is relative to yellow for someone who walks to green and faces blue."""
    c = ctx.tuples(ctx.usable(ctx.vis.boxed, upright=True), 4)
    c = ctx.keep(c, can_face(ctx, c[:, 1], c[:, 2]), "standpoint too close to what is faced")
    first_m, second_m = ctx.centers_m(c[:, 3]), ctx.centers_m(c[:, 4])
    imagined = Observers.standing(ctx.centers_m(c[:, 1]), ctx.centers_m(c[:, 2]))
    after, offsets = pair_states(imagined, first_m, second_m, ctx.settings)
    good = clear_words(after)
    c, after, offsets = ctx.keep(c, good, "a direction is not clear"), after[good], offsets[good]
    before, _ = pair_states(ctx.observers(c[:, 0]), first_m[good], second_m[good], ctx.settings)
    told = clear_words(before)
    ctx.noted["same words before and after"] += int((told & (before == after).all(axis=1)).sum())
    for i, (view, stand, face, first, second) in ctx.balanced(c, state_codes(after) + 4**3 * told):
        green, blue = ctx.bbox("green", view, stand), ctx.bbox("blue", view, face)
        red, yellow = ctx.bbox("red", view, first), ctx.bbox("yellow", view, second)
        answer = directions(OO_AXES, after[i])
        yield Fact(
            views=(view,),
            objects=(stand, face, first, second),
            answer=answer,
            slots={
                "stand": ctx.thing(green),
                "face": ctx.thing(blue),
                "first": ctx.thing(red),
                "second": ctx.thing(yellow),
                "after": answer,
                **({"before": directions(OO_AXES, before[i])} if told[i] else {}),
            },
            marks=(red, blue, green, yellow),
            truth=dict(zip(("right_m", "up_m", "farther_m"), offsets[i].tolist(), strict=True)),
            margin=float(clearness_m(offsets[i, :2], after[i, :2], ctx.settings)),
            forms=None if told[i] else ("select",),
        )
