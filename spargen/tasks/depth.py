"""How deep an object lies in an image, given the depth of another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spargen.qa.answers import LENGTH, metres, size_class
from spargen.qa.fact import Fact
from spargen.tasks.context import TaskContext
from spargen.tasks.registry import task


@task("depth_prediction_oc", views="single", level="low", answer=LENGTH, slots="ref ref_depth_m target")
def depth_prediction_oc(ctx: TaskContext) -> Iterator[Fact]:
    """Depth of the blue point; that of the red one is told."""
    c = ctx.tuples(ctx.usable(ctx.vis.pointed), 2)
    c = ctx.keep(c, ctx.points_apart(c), "points too close together")
    depth_m = ctx.vis.depth_m[c[:, :1], c[:, 1:]]
    good = (depth_m >= ctx.settings.min_length_m) & ctx.rounds_clearly(depth_m)
    c = ctx.keep(c, good.all(axis=1), "depth too small or on a rounding edge")
    for _, (view, ref, target) in ctx.balanced(c, size_class(ctx.vis.depth_m[c[:, 0], c[:, 2]])):
        red, blue = ctx.point("red", view, ref), ctx.point("blue", view, target)
        told, truth = float(ctx.vis.depth_m[view, ref]), float(ctx.vis.depth_m[view, target])
        yield Fact(
            views=(view,),
            objects=(ref, target),
            answer=truth,
            slots={"ref": ctx.thing(red), "ref_depth_m": metres(told), "target": ctx.thing(blue)},
            marks=(red, blue),
            truth={"ref_depth_m": told, "target_depth_m": truth},
        )


@task("depth_prediction_oo", views="single", level="low", answer=LENGTH, slots="ref ref_depth_m first second")
def depth_prediction_oo(ctx: TaskContext) -> Iterator[Fact]:
    """How much the depths of the blue and the green point differ; that of the red one is told."""
    c = ctx.tuples(ctx.usable(ctx.vis.pointed), 3)
    c = ctx.keep(c, ctx.points_apart(c), "points too close together")
    depth_m = ctx.vis.depth_m[c[:, :1], c[:, 1:]]
    gap_m = np.abs(depth_m[:, 2] - depth_m[:, 1])
    good = (depth_m.min(axis=1) >= ctx.settings.min_length_m) & (gap_m >= ctx.settings.min_length_m)
    good &= ctx.rounds_clearly(depth_m[:, 0]) & ctx.rounds_clearly(gap_m)
    c, gap_m = ctx.keep(c, good, "depth or difference too small or on a rounding edge"), gap_m[good]
    for i, (view, ref, first, second) in ctx.balanced(c, size_class(gap_m)):
        red, blue, green = (ctx.point("red", view, ref), ctx.point("blue", view, first), ctx.point("green", view, second))
        depth = {name: float(ctx.vis.depth_m[view, o]) for name, o in (("ref", ref), ("first", first), ("second", second))}
        yield Fact(
            views=(view,),
            objects=(ref, first, second),
            answer=float(gap_m[i]),
            slots={
                "ref": ctx.thing(red),
                "ref_depth_m": metres(depth["ref"]),
                "first": ctx.thing(blue),
                "second": ctx.thing(green),
            },
            marks=(red, blue, green),
            truth={f"{name}_depth_m": value for name, value in depth.items()},
        )
