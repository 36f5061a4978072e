"""How large a room is, and how many of a kind are in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from spargen.errors import SceneError
from spargen.qa.answers import AREA, COUNT
from spargen.qa.fact import Fact
from spargen.qa.margin import of_rounding
from spargen.qa.options import OPTIONS
from spargen.settings import Settings
from spargen.tasks.context import TaskContext, off_rounding_edge
from spargen.tasks.registry import task

if TYPE_CHECKING:
    from spargen.geometry.floor import FloorPlan

TIMES = 20
"""How often one fact is asked, each time in other words."""
ROUNDING_M2 = 0.1
"""The raster is no more exact than this."""
UNSURE_SHARE, OVER_SHARE = 0.08, 0.02
"""Shares of the area of which nobody knows whether they belong to the room, and that lie above more floor, at most."""
APART_SHARE, WIDEST = 0.1, 1.5
"""Options lie apart by this share of the smaller one, or more: by at most so many times what they must."""


@task("room_size", views="video", level="high", answer=AREA, slots="", wrong=OPTIONS - 1)
def room_size(ctx: TaskContext) -> Iterator[Fact]:
    """How large the floor of the scene is that a clip shows.

    Area of the scanned floor with the ground below furniture and inner walls, in whole square metres.
    """
    s = ctx.settings
    plan = _plan(ctx)
    if plan is None:
        return
    area = plan.area_m2(s.room_closing_m)
    low, high = (plan.area_m2(closing_m) for closing_m in (s.room_small_m, s.room_large_m))
    scanned = plan.area_m2(s.room_closing_m, furniture=False)
    # One after the other: the later ones take longest to tell.
    rules: dict[str, Callable[[], bool]] = {
        "the floor's outline is not clear": lambda: area < 1 or abs(high - low) > s.room_agreement * min(low, high),
        "too little of the floor was scanned": lambda: scanned < s.room_floor_share * area,
        "the floor has several storeys": lambda: plan.rise_m > s.room_storey_m or plan.over > OVER_SHARE,
        "floor and walls tell different areas": lambda: plan.unsure_m2(s.room_closing_m) > UNSURE_SHARE * area,
        "the clip does not show enough of the floor": lambda: _seen_share(ctx, plan) < s.room_seen_share,
        "area on a rounding edge": lambda: not off_rounding_edge(area, ROUNDING_M2),
    }
    for reason, is_broken in rules.items():
        if is_broken():
            ctx.dropped[reason] += 1
            return
    for time in range(TIMES):
        yield Fact(
            frames=ctx.frames_of(ctx.clip),
            objects=(),
            answer=area,
            slots={},
            quantity=str(time),
            truth={
                "area_m2": area,
                f"closed_by_{s.room_small_m:.1f}_m2": low,
                f"closed_by_{s.room_large_m:.1f}_m2": high,
                "scanned_m2": scanned,
            },
            margin=of_rounding(area, "m2"),
            wrong=_other_areas_m2(area, time % OPTIONS, s, ctx.rng),
            deck="room",
        )


def _plan(ctx: TaskContext) -> FloorPlan | None:
    """The ground of the scene, or the reason why there is none."""
    from spargen.geometry.floor import floor_plan  # lists do without what is compiled

    if not len(ctx.clip):
        return None
    scene, labels = ctx.scene, ctx.labels
    if len({*scene.room_of_view, *scene.room_of_object} - {None}) > 1:
        ctx.dropped["the scene has several rooms"] += 1
        return None
    try:
        return floor_plan(scene.surface, scene.objects, labels.floor, labels.present, ctx.settings.room_stands_m)
    except SceneError as error:
        ctx.dropped[error.what] += 1
        return None


def _seen_share(ctx: TaskContext, plan: FloorPlan) -> float:
    """Share of the floor that the clip sees, of what can be seen from above: not of what lies below furniture."""
    points = ctx.views.points
    floor = np.flatnonzero(np.append(ctx.labels.floor, np.False_)[points.owner])
    floor = floor[plan.is_open(points.points_m[floor])]
    return float(ctx.vis.sees_point[ctx.clip][:, floor].any(axis=0).mean()) if len(floor) else 0.0


def _other_areas_m2(area: float, smaller: int, settings: Settings, rng: np.random.Generator) -> tuple[float, ...]:
    """Draw other areas, clear of the true one and of each other, so many of them smaller.

    A scene has one area, and its rows must not depend on other scenes. The truth has each rank among the options in
    turn, and all lie close together, so that what rooms usually measure does not tell it. Rooms so small that there is
    no place for as many below take one less.
    """
    for below in range(smaller, -1, -1):
        found = [area]
        for wide in rng.uniform(1.0, WIDEST, below).tolist():
            gap_m2, share = wide * settings.option_gap_m2, wide * APART_SHARE
            found.append(min(found[-1] - gap_m2, found[-1] / (1 + share)))
        if found[-1] >= 1:
            break
    last = area
    for wide in rng.uniform(1.0, WIDEST, OPTIONS - len(found)).tolist():
        last = max(last + wide * settings.option_gap_m2, last * (1 + wide * APART_SHARE))
        found.append(last)
    return tuple(found[1 + k] for k in rng.permutation(OPTIONS - 1).tolist())


@task("obj_count", views="video", level="high", answer=COUNT, slots="label")
def obj_count(ctx: TaskContext) -> Iterator[Fact]:
    """How many objects of a kind there are in the scene that a clip shows.

    Number of annotated objects of the label; the clip shows every one.
    """
    shown = np.asarray(ctx.vis.visible[ctx.clip].any(axis=0))
    kinds = [k for k in ctx.labels.kinds(ctx.scene.objects.label) if len(k[1]) >= 2]
    whole = [(name, members) for name, members in kinds if shown[members].all()]
    ctx.dropped["the clip does not show all of them"] += len(kinds) - len(whole)
    for time in range(TIMES):
        for name, members in whole:
            yield Fact(
                frames=ctx.frames_of(ctx.clip),
                objects=tuple(int(o) for o in members),
                answer=len(members),
                slots={"label": name},
                quantity=str(time),
                truth={"count": len(members)},
                margin=None,  # annotated things are counted: no number decides
                deck=name,
            )
