"""Which of several things is nearest or farthest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.directions import leads
from spargen.qa.answers import BOX, CANDIDATE, SIGHTING, WINNER, Sighting
from spargen.qa.boxes import box_text
from spargen.qa.fact import Colour, Fact, Looks, Thing
from spargen.qa.margin import of_lead
from spargen.qa.options import OPTIONS
from spargen.tasks.context import Bools, Candidates, Ints, Source, TaskContext
from spargen.tasks.registry import task

Floats = NDArray[np.float64]
CANDIDATES = 4
RED_GREEN_BLUE: tuple[Colour, ...] = ("red", "green", "blue")


def extremes(
    distance_m: Floats, present: Bools, nearest: Bools, gap_m: float, share: float
) -> tuple[Ints, Floats, Bools]:
    """Find the nearest or farthest of what is present in each row of (R, N).

    Parameters
    ----------
    distance_m : (R, N) distances.
    present : (R, N) everything that could be the answer.
    nearest : (R,) nearest, or farthest.
    gap_m, share : by how much, and by which share of the smaller, the answer leads the runner-up.

    Returns
    -------
    best (R,) column; second_m (R,) distance of the runner-up; clear (R,) there is one, and the lead suffices.
    """
    rows = np.arange(len(distance_m))
    ranked = np.where(present, np.where(nearest[:, None], distance_m, -distance_m), np.inf)
    best = ranked.argmin(axis=1)
    ranked[rows, best] = np.inf
    first, second = distance_m[rows, best], distance_m[rows, ranked.argmin(axis=1)]
    clear = (present.sum(axis=1) >= 2) & leads(first, second, gap_m, share)
    return best, second, clear


@task(
    "distance_infer_center_oc",
    views="single",
    level="high",
    answer=BOX,
    slots="nearest answer_label building",
    wrong=OPTIONS - 1,
    answer_image=0,
)
def distance_infer_center_oc(ctx: TaskContext) -> Iterator[Fact]:
    """Which of all objects that an image shows is nearest to the camera, or farthest from it, as a box.

    The object, parts of the building left out, with the smallest or largest distance from the camera to its
    centre.
    """
    for view, obj, second_m, nearest in _extremes_seen(ctx, ctx.stills[:, None]):
        box, distance_m = ctx.box(view[0], obj), float(ctx.vis.distance_m[view[0], obj])
        wrong = [ctx.box(view[0], o) for o in ctx.rng.permutation(np.flatnonzero(ctx.vis.boxed[view[0]])).tolist()]
        yield Fact(
            frames=ctx.frames_of(view),
            objects=(obj,),
            answer=box,
            slots=_slots(ctx, obj, nearest),
            quantity="nearest" if nearest else "farthest",
            truth={"distance_m": distance_m, "runner_up_m": second_m, "box": box_text(box)},
            margin=of_lead(distance_m, second_m, "m"),
            wrong=tuple(wrong),
            looks=Looks(tuple(_looks(b) for b in (box, *wrong)), ctx.settings.rank_share),
        )


@task(
    "distance_infer_center_oc_mv",
    views="multi",
    level="high",
    answer=SIGHTING,
    slots="nearest answer_label building",
    wrong=OPTIONS - 1,
    answer_image=0,
)
def distance_infer_center_oc_mv(ctx: TaskContext) -> Iterator[Fact]:
    """Which of all objects in several images is nearest to the first image's camera, or farthest from it.

    The object, parts of the building left out, with the smallest or largest distance from that camera to its
    centre.
    """
    clashes = [frozenset(np.flatnonzero(row).tolist()) for row in ctx.labels.clash]
    for views, obj, second_m, nearest in _extremes_seen(ctx, ctx.sets):
        image = int(np.flatnonzero(ctx.vis.seen[list(views), obj])[0])
        answer, distance_m = _sighting(ctx, views, image, obj, clashes), float(ctx.vis.distance_m[views[0], obj])
        wrong = [_sighting(ctx, views, k, other, clashes) for k, other in _others_seen(ctx, views)]
        yield Fact(
            frames=ctx.frames_of(views),
            objects=(obj,),
            answer=answer,
            slots=_slots(ctx, obj, nearest),
            quantity="nearest" if nearest else "farthest",
            bucket=(image, nearest),
            truth={"distance_m": distance_m, "runner_up_m": second_m, "box": box_text(answer.box), "image": image},
            margin=of_lead(distance_m, second_m, "m"),
            wrong=tuple(wrong),
            looks=Looks(tuple(_looks(one.box) for one in (answer, *wrong)), ctx.settings.rank_share),
        )


def _looks(box: tuple[int, ...]) -> tuple[float, float, float]:
    """Size and lower edge of a box, and how far its middle lies from that of the image."""
    x1, y1, x2, y2 = box
    return (x2 - x1) * (y2 - y1), y2, math.hypot(x1 + x2 - 1000, y1 + y2 - 1000)


def _others_seen(ctx: TaskContext, views: tuple[int, ...]) -> Iterable[tuple[int, int]]:
    """All objects that a set of views shows, each behind one of the images that show it well, in random order.

    The right one is seen in a single image, so others of which that holds come first.
    """
    rows = list(views)
    boxed, noticed = ctx.vis.boxed[rows], (ctx.vis.seen | ctx.vis.glimpsed)[rows].sum(axis=0)
    objects = ctx.rng.permutation(np.flatnonzero(boxed.any(axis=0)))
    objects = objects[np.argsort(noticed[objects] > 1, kind="stable")]
    shows = boxed[:, objects]
    # Of each object first the images that show it.
    images = np.argsort(~shows, axis=0, kind="stable")
    chosen = images[ctx.rng.integers(shows.sum(axis=0)), np.arange(len(objects))]
    return zip(chosen.tolist(), objects.tolist(), strict=True)


def _sighting(
    ctx: TaskContext, views: tuple[int, ...], image: int, obj: int, clashes: Sequence[frozenset[int]]
) -> Sighting:
    return Sighting(obj, ctx.label(obj), image, ctx.box(views[image], obj), clashes[obj])


def _extremes_seen(ctx: TaskContext, sets: Ints) -> Iterator[tuple[tuple[int, ...], int, float, bool]]:
    """Yield clear and visible extremes of what sets of views show: views, object, the runner-up's distance, nearest."""
    vis, s = ctx.vis, ctx.settings
    if not len(sets) or not len(ctx.scene.objects):
        return
    annotated = (vis.unannotated[sets] <= s.max_unannotated).all(axis=1)
    sets = ctx.keep(annotated, "too much of an image is not annotated", sets)
    # Glimpsed and nameless things could be the answer too: they must not be able to change it.
    present = (vis.seen | vis.glimpsed)[sets].any(axis=1) & ctx.labels.present
    sets, present = np.repeat(sets, 2, axis=0), np.repeat(present, 2, axis=0)
    nearest = np.arange(len(sets)) % 2 == 0
    distance_m = vis.distance_m[sets[:, 0]]
    # A doubtful box may hold several things: one of them may be anywhere in it.
    reach_m = np.where(ctx.labels.doubtful, np.linalg.norm(ctx.scene.objects.extent_m, axis=1) / 2, 0.0)
    limit_m = np.maximum(distance_m + np.where(nearest, -1, 1)[:, None] * reach_m, 0.0)
    best, second_m, clear = extremes(limit_m, present, nearest, s.compare_m, s.compare_oc_share)
    where = best[:, None]
    once = (vis.seen | vis.glimpsed)[sets, where].sum(axis=1) == 1
    boxed = (vis.boxed[sets, where] & vis.seen[sets, where]).any(axis=1)
    good = clear & once & boxed & ctx.labels.askable[best]
    best_m = distance_m[np.arange(len(sets)), best]
    good &= best_m >= s.min_length_m
    hidden = _beaten_by_unnamed(ctx, sets, best_m, nearest)
    c, reason = np.column_stack([sets, best, nearest]), "no clear and visible nearest or farthest object"
    c, second_m, hidden = ctx.keep(good, reason, c, second_m, hidden)
    c, second_m = ctx.keep(~hidden, "something that is not annotated may be nearer, or farther", c, second_m)
    image = vis.boxed[c[:, :-2], c[:, -2:-1]].argmax(axis=1) if len(c) else np.zeros(0, dtype=np.int64)
    for i in ctx.balanced(2 * image + c[:, -1]):
        yield tuple(int(v) for v in c[i, :-2]), int(c[i, -2]), float(second_m[i]), bool(c[i, -1])


def _beaten_by_unnamed(ctx: TaskContext, sets: Ints, best_m: Floats, nearest: Bools) -> Bools:
    """Tell which sets (R, K) of views show something that nobody annotated and that beats the best distance (R,)."""
    things = ctx.views.unnamed
    away_m = np.linalg.norm(things.center_m - ctx.cameras.position_m[:, None], axis=2)[sets[:, 0]]
    low_m, high_m = away_m - things.reach_m, away_m + things.reach_m
    beats = np.where(nearest[:, None], low_m < best_m[:, None], high_m > best_m[:, None])
    return np.asarray((beats & things.seen[sets].any(axis=1)).any(axis=1))


def _slots(ctx: TaskContext, obj: int, nearest: bool) -> dict[str, str | bool]:
    """What the words say: also which parts of the building do not count, by the lists that left them out."""
    return {"nearest": nearest, "answer_label": ctx.label(obj), "building": ctx.labels.rules.building_phrase}


@task(
    "distance_infer_center_oo",
    views="single",
    level="high",
    answer=WINNER,
    slots="ref green blue nearest winner loser",
    wrong=1,
    marks=RED_GREEN_BLUE,
)
def distance_infer_center_oo(ctx: TaskContext) -> Iterator[Fact]:
    """Which of two marked objects is closer to a third, or farther from it.

    The one with the smaller or larger straight line between the centres of the boxes.
    """
    return _between_two(ctx, "single")


@task(
    "distance_infer_center_oo_mv",
    views="multi",
    level="high",
    answer=WINNER,
    slots="ref green blue nearest winner loser",
    wrong=1,
    marks=RED_GREEN_BLUE,
)
def distance_infer_center_oo_mv(ctx: TaskContext) -> Iterator[Fact]:
    """Which of two objects marked in several images is closer to a third, or farther from it.

    The one with the smaller or larger straight line between the centres of the boxes.
    """
    return _between_two(ctx, "multi")


def _between_two(ctx: TaskContext, source: Source) -> Iterator[Fact]:
    c = ctx.draw(source, ctx.vis.pointed, 3, points=True)
    distance_m = _from_first(ctx, c.objects)
    good = leads(distance_m[:, 0], distance_m[:, 1], ctx.settings.compare_m, ctx.settings.compare_share)
    c, distance_m = ctx.keep(good, "neither candidate clearly closer", c, distance_m)
    nearest = ctx.rng.random(len(c)) < 0.5
    green_wins = (distance_m[:, 0] < distance_m[:, 1]) == nearest
    away = _away_in_image(ctx, c)
    # Where the one that is nearer in the image is the farther one, spacing misleads: half of the rows, where there are.
    deceptive = (away[:, 0] < away[:, 1]) != (distance_m[:, 0] < distance_m[:, 1])
    for i in ctx.balanced(4 * deceptive + 2 * green_wins + nearest):
        red, green, blue = marks = ctx.marks(c, i, RED_GREEN_BLUE, "point")
        winner, loser = (green, blue) if green_wins[i] else (blue, green)
        right, wrong = ctx.thing(winner), ctx.thing(loser)
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=c.objects_of(i),
            answer=right,
            slots={
                "ref": ctx.thing(red),
                "green": ctx.thing(green),
                "blue": ctx.thing(blue),
                "nearest": bool(nearest[i]),
                "winner": right,
                "loser": wrong,
            },
            marks=marks,
            quantity="closer" if nearest[i] else "farther",
            bucket=(winner.colour, bool(deceptive[i])),
            truth={"green_distance_m": float(distance_m[i, 0]), "blue_distance_m": float(distance_m[i, 1])},
            margin=of_lead(distance_m.item(i, 0), distance_m.item(i, 1), "m"),
            wrong=(wrong,),
            looks=Looks(
                tuple((away.item(i, 0 if mark is green else 1),) for mark in (winner, loser)),
                names=tuple((ctx.label(mark.obj), mark.colour) for mark in (winner, loser)),
                beside=ctx.label(red.obj),
            ),
        )


def _away_in_image(ctx: TaskContext, c: Candidates) -> Floats:
    """Distances (R, S - 1) of marks from the first one's as if all lay in one image, as shares of its width."""
    at = ctx.vis.point[c.view_of_mark, c.objects] / 1000.0
    size = ctx.cameras.size_px[c.view_of_mark]
    at[..., 1] *= size[..., 1] / size[..., 0]
    return np.asarray(np.linalg.norm(at[:, 1:] - at[:, :1], axis=-1))


@task(
    "distance_infer_center_oo_video",
    views="video",
    level="high",
    answer=CANDIDATE,
    slots="ref candidates nearest winner",
    wrong=CANDIDATES - 1,
)
def distance_infer_center_oo_video(ctx: TaskContext) -> Iterator[Fact]:
    """Which of four objects, each marked in its own frame of a clip, is closest to a fifth, or farthest from it.

    The one with the smallest or largest straight line between the centres of the boxes.
    """
    c = ctx.draw("video", ctx.vis.pointed, 1 + CANDIDATES, points=True)
    distance_m = _from_first(ctx, c.objects)
    nearest = ctx.rng.random(len(c)) < 0.5
    everyone = np.ones(distance_m.shape, dtype=bool)
    best, second_m, clear = extremes(distance_m, everyone, nearest, ctx.settings.compare_m, ctx.settings.compare_share)
    reason, found = "no candidate clearly closest or farthest", (distance_m, nearest, best, second_m)
    c, distance_m, nearest, best, second_m = ctx.keep(clear, reason, c, *found)
    gap = np.abs(c.image[:, 1:] - c.image[:, :1])
    rank = (gap < gap[np.arange(len(c)), best][:, None]).sum(axis=1)
    for i in ctx.balanced(8 * rank + 2 * best + nearest):
        order = [int(best[i]), *(k for k in range(CANDIDATES) if k != best[i])]
        marks = ctx.marks(c, i, ["none"] * (1 + CANDIDATES), "point")
        named = [ctx.thing_in_clip(m, f"point{k}") for k, m in enumerate(marks[1:])]
        answers = [Thing(ctx.label(m.obj), f"Object{k}") for k, m in enumerate(marks[1:])]
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=c.objects_of(i),
            answer=answers[best[i]],
            slots={
                "ref": ctx.thing_in_clip(marks[0], "objectA"),
                "candidates": ", ".join(map(str, named[:-1])) + f" and {named[-1]}",
                "nearest": bool(nearest[i]),
                "winner": answers[best[i]],
            },
            marks=marks,
            quantity="closest" if nearest[i] else "farthest",
            truth={"distances_m": distance_m[i].tolist()},
            margin=of_lead(distance_m.item(i, best[i]), second_m.item(i), "m"),
            wrong=tuple(answers[k] for k in order[1:]),
            looks=Looks(
                tuple((float(gap[i, k]),) for k in order),
                names=tuple((answers[k].label, answers[k].mark) for k in order),
                beside=ctx.label(marks[0].obj),
            ),
        )


def _from_first(ctx: TaskContext, objects: Ints) -> Floats:
    """Distances (R, S - 1) of the centres of objects (R, S) from the first one's."""
    centers_m = ctx.centers_m(objects)
    return np.asarray(np.linalg.norm(centers_m[:, 1:] - centers_m[:, :1], axis=-1))
