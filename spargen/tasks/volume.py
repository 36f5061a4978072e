"""How large an object is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spargen.geometry.boxes import size_lwh_m
from spargen.geometry.rounding import round_half_away
from spargen.geometry.sheets import are_sheets
from spargen.qa.answers import SIZE, size_class
from spargen.qa.fact import Fact
from spargen.qa.margin import of_roundings
from spargen.tasks.context import TaskContext
from spargen.tasks.registry import task


@task(
    "spatial_volume_infer", views="single", level="low", answer=SIZE, slots="target length_cm width_cm height_cm"
)  # fmt: skip
def spatial_volume_infer(ctx: TaskContext) -> Iterator[Fact]:
    """How long, wide and high an object is.

    Sides of its box in whole centimetres: the longer horizontal one, the other one, the vertical one.
    """
    vis, s, objects = ctx.vis, ctx.settings, ctx.scene.objects
    size_m = size_lwh_m(objects.extent_m, objects.R_world_box)
    whole = vis.boxed & (vis.in_frame >= s.volume_in_frame) & (vis.unoccluded >= s.volume_unoccluded)
    c = ctx.draw("single", whole, 1)
    sheets = are_sheets(ctx.scene.surface, objects, np.asarray(whole.any(axis=0)))
    c = ctx.keep(~sheets[c.objects[:, 0]], "only one side of it was scanned", c)
    sides = size_m[c.objects[:, 0]]
    good = (sides >= s.min_side_m).all(axis=1) & ctx.rounds_clearly(sides, 2).all(axis=1)
    c = ctx.keep(good, "a side too short or on a rounding edge", c)
    size_cm = round_half_away(size_m * 100).astype(np.int64).tolist()
    for i in ctx.balanced(size_class(size_m[c.objects[:, 0]].max(axis=1))):
        (target,), red = c.objects_of(i), ctx.mark(c, i, 0, "red", "bbox")
        size, (length, width, height) = size_m[target].tolist(), size_cm[target]
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=(target,),
            answer=(length, width, height),
            slots={"target": ctx.thing(red), "length_cm": length, "width_cm": width, "height_cm": height},
            marks=(red,),
            truth=dict(zip(("length_m", "width_m", "height_m"), size, strict=True)),
            margin=of_roundings([side * 100 for side in size], "cm"),
        )
