"""Finding an object of one image in another."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from spargen.qa.answers import BOX
from spargen.qa.boxes import box_text
from spargen.qa.fact import Fact, Looks
from spargen.qa.options import OPTIONS
from spargen.tasks.context import DRAWN, Candidates, TaskContext, draw_tuples
from spargen.tasks.registry import task


@task("position_matching", views="pair", level="medium", answer=BOX, slots="target", wrong=OPTIONS - 1, answer_image=1)
def position_matching(ctx: TaskContext) -> Iterator[Fact]:
    """Where in the second image an object is that the first image marks.

    Box of the object's visible part in the second image, on a scale of 0 to 1000.
    """
    vis = ctx.vis
    both = np.asarray(vis.boxed[ctx.pairs].all(axis=1))
    rows = draw_tuples(both, 1, ctx.rng, DRAWN * ctx.pool)
    c = Candidates(ctx.pairs[rows[:, 0]], rows[:, 1:], np.zeros((len(rows), 1), dtype=np.int64))
    boxes = vis.bbox[c.views[:, 1], c.objects[:, 0]]
    # The ninth of the second image that the box lies in.
    ninth = (boxes[:, [0, 1]] + boxes[:, [2, 3]]) * 3 // 2001
    for i in ctx.balanced(ninth @ [3, 1]):
        view, (target,) = int(c.views[i, 1]), c.objects_of(i)
        red, box = ctx.mark(c, i, 0, "red", "bbox"), ctx.box(view, target)
        wrong = [ctx.box(view, o) for o in ctx.rng.permutation(np.flatnonzero(vis.boxed[view])).tolist()]
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=(target,),
            answer=box,
            slots={"target": ctx.thing(red)},
            marks=(red,),
            truth={"box": box_text(box)},
            margin=None,  # which object it is, no number decides; and a box is a count of pixels
            wrong=tuple(wrong),
            looks=Looks(tuple(_unlike(red.at, b) for b in (box, *wrong)), even=2),
        )


def _unlike(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[float, ...]:
    """By how much two boxes differ in their proportions, and in their size; then what the other is like."""
    w1, h1 = one[2] - one[0], one[3] - one[1]
    x1, y1, x2, y2 = other
    w2, h2 = x2 - x1, y2 - y1
    middle = abs(x1 + x2 - 1000), y1 + y2, math.hypot(x1 + x2 - 1000, y1 + y2 - 1000)
    return abs(math.log(w1 * h2 / (h1 * w2))), abs(math.log(w1 * h1 / (w2 * h2))), *middle, y2, w2 * h2, w2 / h2
