"""Straight-line distances: from the camera to an object, and between objects."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spargen.qa.answers import LENGTH, size_class
from spargen.qa.fact import COLOURS, Fact
from spargen.qa.margin import of_rounding
from spargen.tasks.context import Candidates, Source, TaskContext
from spargen.tasks.registry import task

NEAR_M = 0.9
"""Two things that are nearer than this are of one class. Most of them always stand together (a lamp on its table), so
that their labels tell how far apart they are."""


@task("distance_prediction_oc", views="single", level="low", answer=LENGTH, slots="target")
def distance_prediction_oc(ctx: TaskContext) -> Iterator[Fact]:
    """How far an object is from the camera.

    Straight line from the camera to the centre of the object's box.
    """
    return _to_camera(ctx, "single")


@task("distance_prediction_oc_mv", views="multi", level="low", answer=LENGTH, slots="target")
def distance_prediction_oc_mv(ctx: TaskContext) -> Iterator[Fact]:
    """How far an object that another image shows is from the camera of the first image.

    Straight line from the first image's camera to the centre of the object's box.
    """
    return _to_camera(ctx, "multi")


@task("distance_prediction_oo", views="single", level="low", answer=LENGTH, slots="first second")
def distance_prediction_oo(ctx: TaskContext) -> Iterator[Fact]:
    """How far apart two objects of an image are.

    Straight line between the centres of the two boxes.
    """
    return _between(ctx, "single")


@task("distance_prediction_oo_mv", views="multi", level="low", answer=LENGTH, slots="first second")
def distance_prediction_oo_mv(ctx: TaskContext) -> Iterator[Fact]:
    """How far apart two objects are of which no single image shows both.

    Straight line between the centres of the two boxes.
    """
    return _between(ctx, "multi")


@task("distance_prediction_oo_video", views="video", level="low", answer=LENGTH, slots="first second")
def distance_prediction_oo_video(ctx: TaskContext) -> Iterator[Fact]:
    """How far apart two objects are that different frames of a clip show.

    Straight line between the centres of the two boxes.
    """
    return _between(ctx, "video")


def _to_camera(ctx: TaskContext, source: Source) -> Iterator[Fact]:
    c = ctx.draw(source, ctx.vis.pointed, 1)
    distance_m = ctx.vis.distance_m[c.observer, c.objects[:, 0]]
    c, distance_m = _askable(ctx, c, distance_m)
    for i in ctx.balanced(size_class(distance_m)):
        red = ctx.mark(c, i, 0, "red", "point")
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=c.objects_of(i),
            answer=float(distance_m[i]),
            slots={"target": ctx.thing(red)},
            marks=(red,),
            truth={"distance_m": float(distance_m[i])},
            margin=of_rounding(float(distance_m[i]), "m"),
        )


def _between(ctx: TaskContext, source: Source) -> Iterator[Fact]:
    c = ctx.draw(source, ctx.vis.pointed, 2, points=True)
    distance_m = np.linalg.norm(ctx.centers_m(c.objects[:, 0]) - ctx.centers_m(c.objects[:, 1]), axis=1)
    c, distance_m = _askable(ctx, c, distance_m)
    name = ctx.thing_in_clip if source == "video" else ctx.thing
    classes = np.maximum(size_class(distance_m), size_class(NEAR_M))
    far = classes - np.unique(classes).mean() if len(classes) else classes
    for i in ctx.balanced(classes):
        red, blue = marks = ctx.marks(c, i, COLOURS[:2], "point")
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=c.objects_of(i),
            answer=float(distance_m[i]),
            slots={"first": name(red), "second": name(blue)},
            marks=marks,
            truth={"distance_m": float(distance_m[i])},
            margin=of_rounding(float(distance_m[i]), "m"),
            bucket=classes.item(i),
            leans=tuple(("far", ctx.label(mark.obj), far.item(i)) for mark in marks),
        )


def _askable(
    ctx: TaskContext, c: Candidates, distance_m: NDArray[np.float64]
) -> tuple[Candidates, NDArray[np.float64]]:
    good = (distance_m >= ctx.settings.min_length_m) & ctx.rounds_clearly(distance_m)
    return ctx.keep(good, "distance too small or on a rounding edge", c, distance_m)
