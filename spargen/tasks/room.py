"""How large a room is, and how many of a kind are in it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import ndtr, ndtri

from spargen.geometry.floor import floor_areas_m2
from spargen.geometry.gaps import any_within
from spargen.qa.answers import AREA, COUNT
from spargen.qa.fact import Fact
from spargen.qa.options import OPTIONS
from spargen.settings import Settings
from spargen.tasks.context import TaskContext, off_rounding_edge
from spargen.tasks.registry import task

CLOSING_M, CHECKS_M = 0.5, (0.3, 1.0)
TIMES = 20
"""How often one fact is asked, each time in other words."""
ROUNDING_M2 = 0.1
"""The raster is no more exact than this."""
TYPICAL_M2, SPREAD = 20.0, 0.7
"""Floor areas of indoor scans, about: median, and standard deviation of the logarithm.

A scene has one area, and its rows must not depend on other scenes, so wrong answers come from here."""
TRIES = 100
"""How often areas are drawn until all are clear of each other."""


@task("room_size", views="video", level="high", answer=AREA, slots="")
def room_size(ctx: TaskContext) -> Iterator[Fact]:
    """Floor area of the scene."""
    mesh, labels = ctx.scene.mesh, ctx.labels
    if not len(ctx.clip):
        return
    floor = mesh.faces[mesh.belongs_to(labels.floor)]
    area, low, high = floor_areas_m2(mesh.vertices_m, floor, (CLOSING_M, *CHECKS_M))
    if area < 1 or abs(high - low) > ctx.settings.room_agreement * min(low, high):
        ctx.dropped["the floor's outline is not clear"] += 1
        return
    if not off_rounding_edge(area, ROUNDING_M2):
        ctx.dropped["area on a rounding edge"] += 1
        return
    for time in range(TIMES):
        yield Fact(
            views=tuple(int(v) for v in ctx.clip),
            objects=(),
            answer=area,
            slots={},
            quantity=str(time),
            truth={"area_m2": area, "closed_by_0.3_m2": low, "closed_by_1.0_m2": high},
            margin=ctx.settings.room_agreement - abs(high - low) / min(low, high),
            wrong=_other_areas_m2(area, time % OPTIONS, ctx.settings, ctx.rng),
            deck="room",
        )


def _other_areas_m2(area: float, smaller: int, settings: Settings, rng: np.random.Generator) -> tuple[float, ...]:
    """Draw other areas, clear of the true one and of each other, so many of them smaller.

    The truth thus has each rank among the options in turn. Rooms so small that there is no place for as many below
    take one less.
    """
    rank = ndtr(np.log(area / TYPICAL_M2) / SPREAD)
    for below in range(smaller, -1, -1):
        low, high = np.repeat([[0.0, rank], [rank, 1.0]], [below, OPTIONS - 1 - below], axis=0).T
        for _ in range(TRIES):
            drawn = TYPICAL_M2 * np.exp(SPREAD * ndtri(rng.uniform(low, high)))
            others = [area, *drawn.tolist()]
            if drawn.min() >= 1 and all(AREA.clear(a, others[i + 1 :], settings).all() for i, a in enumerate(others)):
                return tuple(rng.permutation(drawn).tolist())
    return ()


@task("obj_count", views="video", level="high", answer=COUNT, slots="label")
def obj_count(ctx: TaskContext) -> Iterator[Fact]:
    """How many objects of a kind the scene has; the clip shows every one."""
    shown = np.asarray(ctx.vis.visible[ctx.clip].any(axis=0))
    kinds = [k for k in ctx.labels.kinds(ctx.scene.objects.label) if len(k[1]) >= 2]
    whole = [(name, members) for name, members in kinds if shown[members].all()]
    ctx.dropped["the clip does not show all of them"] += len(kinds) - len(whole)
    # Annotators split bookshelves: what touches may be one thing.
    apart = [k for k in whole if not any_within(ctx.scene.mesh, k[1], ctx.settings.count_gap_m)]
    ctx.dropped["two of them touch: perhaps one thing in two pieces"] += len(whole) - len(apart)
    for time in range(TIMES):
        for name, members in apart:
            yield Fact(
                views=tuple(int(v) for v in ctx.clip),
                objects=tuple(int(o) for o in members),
                answer=len(members),
                slots={"label": name},
                quantity=str(time),
                truth={"count": len(members)},
                deck=name,
            )
