"""How deep objects lie in their images, given the depth of another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spargen.qa.answers import LENGTH, metres, size_class
from spargen.qa.fact import COLOURS, Fact
from spargen.qa.margin import of_rounding
from spargen.tasks.context import Source, TaskContext
from spargen.tasks.registry import task

OC, OO = "ref ref_depth_m target", "ref ref_depth_m first second"


@task("depth_prediction_oc", views="single", level="low", answer=LENGTH, slots=OC)
def depth_prediction_oc(ctx: TaskContext) -> Iterator[Fact]:
    """How deep the blue point's object lies in an image, told how deep the red point's lies.

    Depth of the centre of the object's box: along the camera's optical axis, not along the ray.
    """
    return _depth(ctx, "single")


@task("depth_prediction_oc_mv", views="multi", level="low", answer=LENGTH, slots=OC)
def depth_prediction_oc_mv(ctx: TaskContext) -> Iterator[Fact]:
    """How deep an object lies in the image that marks it, told how deep another lies in its own.

    Depth of the centre of the object's box, for the camera of the image in which it is marked.
    """
    return _depth(ctx, "multi")


@task("depth_prediction_oo", views="single", level="low", answer=LENGTH, slots=OO)
def depth_prediction_oo(ctx: TaskContext) -> Iterator[Fact]:
    """By how much the depths of the blue and the green point's objects differ, told the red point's depth.

    Absolute difference of the depths of the centres of the two boxes.
    """
    return _depth_gap(ctx, "single")


@task("depth_prediction_oo_mv", views="multi", level="low", answer=LENGTH, slots=OO)
def depth_prediction_oo_mv(ctx: TaskContext) -> Iterator[Fact]:
    """By how much two objects differ in depth, each in the image that marks it, told the depth of a third.

    Absolute difference of the depths of the centres of the two boxes, each for the camera of its own image.
    """
    return _depth_gap(ctx, "multi")


def _depth(ctx: TaskContext, source: Source) -> Iterator[Fact]:
    c = ctx.draw(source, ctx.vis.pointed, 2, points=True)
    depth_m = ctx.vis.depth_m[c.view_of_mark, c.objects]
    good = ((depth_m >= ctx.settings.min_length_m) & ctx.rounds_clearly(depth_m)).all(axis=1)
    c, depth_m = ctx.keep(good, "depth too small or on a rounding edge", c, depth_m)
    for i in ctx.balanced(size_class(depth_m[:, 1])):
        red, blue = marks = ctx.marks(c, i, COLOURS[:2], "point")
        told, truth = depth_m[i].tolist()
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=c.objects_of(i),
            answer=truth,
            slots={"ref": ctx.thing(red), "ref_depth_m": metres(told), "target": ctx.thing(blue)},
            marks=marks,
            truth={"ref_depth_m": told, "target_depth_m": truth},
            margin=of_rounding(truth, "m"),
            told=told,
        )


def _depth_gap(ctx: TaskContext, source: Source) -> Iterator[Fact]:
    c = ctx.draw(source, ctx.vis.pointed, 3, points=True)
    depth_m = ctx.vis.depth_m[c.view_of_mark, c.objects]
    gap_m = np.abs(depth_m[:, 2] - depth_m[:, 1])
    good = (depth_m.min(axis=1) >= ctx.settings.min_length_m) & (gap_m >= ctx.settings.min_length_m)
    good &= ctx.rounds_clearly(depth_m[:, 0]) & ctx.rounds_clearly(gap_m)
    c, depth_m, gap_m = ctx.keep(good, "depth or difference too small or on a rounding edge", c, depth_m, gap_m)
    for i in ctx.balanced(size_class(gap_m)):
        red, blue, green = marks = ctx.marks(c, i, COLOURS[:3], "point")
        told, first, second = depth_m[i].tolist()
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=c.objects_of(i),
            answer=float(gap_m[i]),
            slots={
                "ref": ctx.thing(red),
                "ref_depth_m": metres(told),
                "first": ctx.thing(blue),
                "second": ctx.thing(green),
            },
            marks=marks,
            truth={"ref_depth_m": told, "first_depth_m": first, "second_depth_m": second},
            margin=of_rounding(float(gap_m[i]), "m"),
            told=told,
        )
