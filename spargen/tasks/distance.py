"""Straight-line distances: from the camera, between objects, and which is nearest or farthest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spargen.geometry.directions import leads
from spargen.qa.answers import BOX, LENGTH, WINNER, box_text, size_class
from spargen.qa.fact import Fact
from spargen.tasks.context import Bools, Ints, TaskContext
from spargen.tasks.registry import task


@task("distance_prediction_oc", views="single", level="low", answer=LENGTH, slots="target")
def distance_prediction_oc(ctx: TaskContext) -> Iterator[Fact]:
    """Distance from the camera to the red point's object."""
    c = ctx.tuples(ctx.usable(ctx.vis.pointed), 1)
    distance_m = ctx.vis.distance_m[c[:, 0], c[:, 1]]
    good = (distance_m >= ctx.settings.min_length_m) & ctx.rounds_clearly(distance_m)
    c, distance_m = ctx.keep(c, good, "distance too small or on a rounding edge"), distance_m[good]
    for i, (view, target) in ctx.balanced(c, size_class(distance_m)):
        red = ctx.point("red", view, target)
        yield Fact(
            views=(view,),
            objects=(target,),
            answer=float(distance_m[i]),
            slots={"target": ctx.thing(red)},
            marks=(red,),
            truth={"distance_m": float(distance_m[i])},
        )


@task("distance_prediction_oo", views="single", level="low", answer=LENGTH, slots="first second")
def distance_prediction_oo(ctx: TaskContext) -> Iterator[Fact]:
    """Distance between the objects of the red and the blue point."""
    c = ctx.tuples(ctx.usable(ctx.vis.pointed), 2)
    c = ctx.keep(c, ctx.points_apart(c), "points too close together")
    distance_m = np.linalg.norm(ctx.centers_m(c[:, 1]) - ctx.centers_m(c[:, 2]), axis=1)
    good = (distance_m >= ctx.settings.min_length_m) & ctx.rounds_clearly(distance_m)
    c, distance_m = ctx.keep(c, good, "distance too small or on a rounding edge"), distance_m[good]
    for i, (view, first, second) in ctx.balanced(c, size_class(distance_m)):
        red, blue = ctx.point("red", view, first), ctx.point("blue", view, second)
        yield Fact(
            views=(view,),
            objects=(first, second),
            answer=float(distance_m[i]),
            slots={"first": ctx.thing(red), "second": ctx.thing(blue)},
            marks=(red, blue),
            truth={"distance_m": float(distance_m[i])},
        )


def extremes(ctx: TaskContext, distance_m: np.ndarray, present: Bools, nearest: bool) -> tuple[Ints, Bools, np.ndarray]:
    """Find the nearest or farthest of the present objects in each row of (R, N), and whether it leads clearly.

    Parameters
    ----------
    distance_m : (R, N) distances.
    present : (R, N) everything that could be the answer, glimpsed and nameless things too.
    nearest : nearest or farthest.

    Returns
    -------
    best : (R,) object; clear : (R,) it leads the runner-up by the margin; lead_m : (R,) by how much.
    """
    rows = np.arange(len(distance_m))
    ranked = np.where(present, distance_m if nearest else -distance_m, np.inf)
    best = ranked.argmin(axis=1)
    first = distance_m[rows, best]
    ranked[rows, best] = np.inf
    second = distance_m[rows, ranked.argmin(axis=1)]
    two = present.sum(axis=1) >= 2
    clear = leads(first, second, ctx.settings.compare_m, ctx.settings.compare_oc_share)
    return best, two & clear, np.abs(first - second)


@task("distance_infer_center_oc", views="single", level="high", answer=BOX, slots="nearest answer_label")
def distance_infer_center_oc(ctx: TaskContext) -> Iterator[Fact]:
    """Which of all objects seen is nearest to the camera, or farthest from it; the answer is its box."""
    vis, views = ctx.vis, ctx.candidates
    covered = vis.unannotated[views] <= ctx.settings.max_unannotated
    views = ctx.keep(views, covered, "too much of the image is not annotated")
    present = (vis.seen | vis.glimpsed)[views] & ~ctx.labels.structural
    found = []
    for nearest in (True, False):
        best, clear, lead_m = extremes(ctx, vis.distance_m[views], present, nearest)
        good = clear & vis.boxed[views, best] & ctx.labels.askable[best]
        good &= vis.distance_m[views, best] >= ctx.settings.min_length_m
        rows = np.stack([views, best, np.full(len(views), nearest)], axis=1)
        found.append(ctx.keep(np.column_stack([rows, lead_m]), good, "no clear and visible nearest or farthest object"))
    table = np.concatenate(found)
    c = table[:, :3].astype(np.int64)
    for i, (view, obj, nearest) in ctx.balanced(c, c[:, 2]):
        box = tuple(int(x) for x in vis.bbox[view, obj])
        yield Fact(
            views=(view,),
            objects=(obj,),
            answer=box,
            slots={"nearest": bool(nearest), "answer_label": ctx.scene.objects.label[obj]},
            quantity="nearest" if nearest else "farthest",
            truth={"distance_m": float(vis.distance_m[view, obj]), "box": box_text(box)},
            margin=float(table[i, 3]),
        )


@task("distance_infer_center_oo", views="single", level="high", answer=WINNER, slots="ref green blue nearest winner loser")
def distance_infer_center_oo(ctx: TaskContext) -> Iterator[Fact]:
    """Which of the blue and the green point's objects is closer to the red one's, or farther from it."""
    c = ctx.tuples(ctx.usable(ctx.vis.pointed), 3)
    c = ctx.keep(c, ctx.points_apart(c), "points too close together")
    to_blue = np.linalg.norm(ctx.centers_m(c[:, 1]) - ctx.centers_m(c[:, 2]), axis=1)
    to_green = np.linalg.norm(ctx.centers_m(c[:, 1]) - ctx.centers_m(c[:, 3]), axis=1)
    good = leads(to_blue, to_green, ctx.settings.compare_m, ctx.settings.compare_share)
    c = ctx.keep(c, good, "neither candidate clearly closer")
    to_blue, to_green = to_blue[good], to_green[good]
    nearest = ctx.rng.random(len(c)) < 0.5
    green_wins = (to_green < to_blue) == nearest
    for i, (view, ref, first, second) in ctx.balanced(c, 2 * green_wins + nearest):
        red, blue, green = ctx.point("red", view, ref), ctx.point("blue", view, first), ctx.point("green", view, second)
        winner, loser = (green, blue) if green_wins[i] else (blue, green)
        yield Fact(
            views=(view,),
            objects=(ref, first, second),
            answer=ctx.thing(winner),
            slots={
                "ref": ctx.thing(red),
                "blue": ctx.thing(blue),
                "green": ctx.thing(green),
                "nearest": bool(nearest[i]),
                "winner": ctx.thing(winner),
                "loser": ctx.thing(loser),
            },
            marks=(red, blue, green),
            truth={"blue_distance_m": float(to_blue[i]), "green_distance_m": float(to_green[i])},
            margin=float(abs(to_blue[i] - to_green[i])),
        )
