"""Where things are after an imagined walk to one object and a turn to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.directions import Observers
from spargen.geometry.rounding import round_half_away
from spargen.qa.answers import DIRECTIONS, MAP, OC_AXES, OO_AXES, OO_MULTI_AXES, Directions
from spargen.qa.fact import Colour, Fact, Mark, Thing
from spargen.qa.margin import least, of_roundings
from spargen.tasks.context import Candidates, Source, TaskContext
from spargen.tasks.registry import task
from spargen.tasks.relation import Relations

ROLES: tuple[tuple[Colour, str], ...] = (("green", "stand"), ("blue", "face"), ("red", "target"), ("yellow", "second"))
"""Colour and role of the objects of a candidate, in the order in which multi-image records list them."""

MARKS = tuple(colour for colour, _ in ROLES)

OC, OO = "stand face target before after", "stand face first second before after"
OO_PARTS = " before_first_fb before_second_fb after_first_fb after_second_fb"
MAP_OBJECTS = (3, 7)


@dataclass(frozen=True, slots=True)
class Variant:
    """What distinguishes the tasks of this family.

    Parameters
    ----------
    source : where the views come from.
    axes : of the answer: three for one target, three or five for a pair of them.
    naming : how the objects are marked and named.
    before : whether there is a sentence form that tells the words before the move as well.
    """

    source: Source
    axes: tuple[str, ...]
    naming: Literal["box", "clip", "label"] = "box"
    before: bool = True

    @property
    def pair(self) -> bool:
        """Whether one target is asked relative to another."""
        return self.axes != OC_AXES


@task("spatial_imagination_oc", views="single", level="high", answer=DIRECTIONS, slots=OC, marks=MARKS)
def spatial_imagination_oc(ctx: TaskContext) -> Iterator[Fact]:
    """Where an object is for somebody who walks to a second one and faces a third.

    Words of the offset from the second object's centre, the way to the third one's being forward and world +Z
    up.
    """
    return imagine(ctx, Variant("single", OC_AXES))


@task("spatial_imagination_oo", views="single", level="high", answer=DIRECTIONS, slots=OO, marks=MARKS)
def spatial_imagination_oo(ctx: TaskContext) -> Iterator[Fact]:
    """Where an object is relative to another for somebody who walks to a third and faces a fourth.

    Words of the offset between the two centres along that observer's axes, closer or farther by distance.
    """
    return imagine(ctx, Variant("single", OO_AXES))


@task("spatial_imagination_oc_mv", views="multi", level="high", answer=DIRECTIONS, slots=OC, marks=MARKS)
def spatial_imagination_oc_mv(ctx: TaskContext) -> Iterator[Fact]:
    """Where an object is for somebody who walks to a second one and faces a third; several images show them.

    Words of the offset from the second object's centre, the way to the third one's being forward and world +Z
    up.
    """
    return imagine(ctx, Variant("multi", OC_AXES))


@task("spatial_imagination_oo_mv", views="multi", level="high", answer=DIRECTIONS, slots=OO + OO_PARTS, marks=MARKS)
def spatial_imagination_oo_mv(ctx: TaskContext) -> Iterator[Fact]:
    """Where two objects are for somebody who walks to a third and faces a fourth; several images show them.

    Words of the offset between the two centres along that observer's axes, and whether each is in front or
    behind.
    """
    return imagine(ctx, Variant("multi", OO_MULTI_AXES))


@task("spatial_imagination_oc_video", views="video", level="high", answer=DIRECTIONS, slots=OC, marks=MARKS)
def spatial_imagination_oc_video(ctx: TaskContext) -> Iterator[Fact]:
    """Where an object of a clip is, before and after a walk to a second one that ends facing a third.

    Words of the offset from the camera of Frame-0, and from the second object's centre facing the third one's.
    """
    return imagine(ctx, Variant("video", OC_AXES, "clip"))


@task("spatial_imagination_oo_video", views="video", level="high", answer=DIRECTIONS, slots=OO + OO_PARTS, marks=MARKS)
def spatial_imagination_oo_video(ctx: TaskContext) -> Iterator[Fact]:
    """Where two objects of a clip are, before and after a walk to a third one that ends facing a fourth.

    Words of the offset between the two centres, and front or behind for each: for the camera of Frame-0, then
    after the walk.
    """
    return imagine(ctx, Variant("video", OO_MULTI_AXES, "clip"))


@task(
    "spatial_imagination_oc_video_hard", views="video", level="high", answer=DIRECTIONS, slots="stand face target after"
)
def spatial_imagination_oc_video_hard(ctx: TaskContext) -> Iterator[Fact]:
    """Where an object of a clip is after a walk to a second one that ends facing a third; nothing is marked.

    Words of the offset from the second object's centre; each label stands for the only object of its kind.
    """
    return imagine(ctx, Variant("video", OC_AXES, "label", before=False))


@task(
    "spatial_imagination_oo_video_hard",
    views="video",
    level="high",
    answer=DIRECTIONS,
    slots="stand face first second after after_first_fb after_second_fb",
)
def spatial_imagination_oo_video_hard(ctx: TaskContext) -> Iterator[Fact]:
    """Where two objects of a clip are after a walk to a third one that ends facing a fourth; nothing is marked.

    Words of the offset between the two centres, and front or behind for each; each label is the only one of its
    kind.
    """
    return imagine(ctx, Variant("video", OO_MULTI_AXES, "label", before=False))


def imagine(ctx: TaskContext, variant: Variant) -> Iterator[Fact]:
    """Yield the facts of any task of the family: candidates are (stand, face, target[, second target])."""
    ok = ctx.vis.visible & ctx.labels.unique if variant.naming == "label" else ctx.vis.boxed
    c = ctx.draw(variant.source, ok, 4 if variant.pair else 3, upright=variant.naming != "label")
    centers_m = ctx.centers_m(c.objects)
    level_m = np.linalg.norm((centers_m[:, 1] - centers_m[:, 0])[:, :2], axis=1)
    good = level_m >= ctx.settings.min_facing_m
    c, centers_m = ctx.keep(good, "standpoint too close to what is faced", c, centers_m)
    stand, face, targets = centers_m[:, 0], centers_m[:, 1], centers_m[:, 2:]
    after = Relations.between(Observers.standing(stand, face), targets, variant.axes, ctx.settings)
    c, after, targets = ctx.keep(after.clear, "a direction is not clear", c, after, targets)
    before = Relations.between(ctx.observers(c.observer), targets, variant.axes, ctx.settings)
    told = before.clear
    if variant.source == "video" and variant.before:
        # The only form of these tasks tells both.
        reason = "a direction is not clear before the move"
        c, after, before, told = ctx.keep(told, reason, c, after, before, told)
    if variant.before:
        ctx.noted["same words before and after"] += int((told & (before.states == after.states).all(axis=1)).sum())
    for i in ctx.balanced(after.codes + 4 ** len(variant.axes) * told):
        yield _fact(ctx, variant, c, i, after, before if told[i] and variant.before else None)


def _fact(
    ctx: TaskContext, variant: Variant, c: Candidates, i: int, after: Relations, before: Relations | None
) -> Fact:
    marks = ctx.marks(c, i, MARKS[: c.objects.shape[1]], "bbox")
    roles = ("stand", "face", "first", "second") if variant.pair else ("stand", "face", "target")
    slots: dict[str, Any] = {role: _name(ctx, variant, k, marks[k]) for k, role in enumerate(roles)}
    told = {"after": after} if before is None else {"after": after, "before": before}
    for time, found in told.items():
        slots |= _parts(time, found.words(i))
    return Fact(
        frames=ctx.frames_of(c.views[i]),
        objects=c.objects_of(i),
        answer=after.words(i),
        slots=slots,
        marks=() if variant.naming == "label" else marks,
        truth={time: found.truth(i) for time, found in told.items()},
        margin=least([found.margin(i, ctx.settings) for found in told.values()]),
        forms=None if before is not None or not variant.before else ("select",),
    )


def _name(ctx: TaskContext, variant: Variant, number: int, mark: Mark) -> Thing:
    if variant.naming == "box":
        return ctx.thing(mark)
    if variant.naming == "clip":
        return ctx.thing_in_clip(mark, f"Object{number}")
    return Thing(ctx.label(mark.obj), f"Object{number}")


def _parts(time: str, words: Directions) -> dict[str, Directions]:
    """The slots that tell words before or after the move."""
    if words.axes != OO_MULTI_AXES:
        return {time: words}
    first, second = words.part(3, 4), words.part(4, 5)
    return {time: words.part(0, 3), f"{time}_first_fb": first, f"{time}_second_fb": second}


@task("spatial_imagination_map_mv", views="multi", level="high", answer=MAP, slots="objects")
def spatial_imagination_map_mv(ctx: TaskContext) -> Iterator[Fact]:
    """Where several objects lie on a map seen from above, drawn around the observer of the first image.

    Centres of the boxes in metres: x to the observer's right, y along the heading, the camera at the origin.
    """
    sizes = range(MAP_OBJECTS[0], MAP_OBJECTS[1] + 1)
    xy_m = _around_observers_m(ctx)
    for size in sizes:
        yield from _maps(replace(ctx, pool=-(-ctx.pool // len(sizes))), size, xy_m)


def _around_observers_m(ctx: TaskContext) -> NDArray[np.float64]:
    """Where objects lie on the map around the observer of each view: (V, N, 2) metres to the right and ahead."""
    right, ahead = (ctx.cameras.R_world_levelled[:, None, :2, k] for k in (0, 2))
    offset_m = (ctx.scene.objects.center_m - ctx.cameras.position_m[:, None])[..., :2]
    # All are level. Axis by axis: to multiply thousands of small matrices takes numpy four times as long.
    return np.stack([(offset_m * axis)[..., 0] + (offset_m * axis)[..., 1] for axis in (right, ahead)], axis=-1)


def _maps(ctx: TaskContext, size: int, xy_m: NDArray[np.float64]) -> Iterator[Fact]:
    c = ctx.draw("multi", ctx.vis.boxed, size, upright=True)
    good = ctx.rounds_clearly(xy_m)[c.observer[:, None], c.objects].all(axis=(1, 2))
    c = ctx.keep(good, "a coordinate on a rounding edge", c)
    for i in ctx.rng.permutation(len(c))[: ctx.pool].tolist():
        xy = xy_m[c.observer[i], c.objects[i]]
        marks = ctx.marks(c, i, ["none"] * size, "bbox")
        named = [Thing(ctx.label(m.obj), f"Object{k}") for k, m in enumerate(marks)]
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=c.objects_of(i),
            answer=[tuple(p) for p in round_half_away(xy, 1).tolist()],
            slots={"objects": ", ".join(map(str, named[:-1])) + f" and {named[-1]}"},
            marks=marks,
            truth={"xy_m": xy.tolist()},
            margin=of_roundings(xy.ravel().tolist(), "m"),
        )
