"""When things come into sight in a clip."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from spargen.qa.answers import FRAMES, ORDER, size_class
from spargen.qa.fact import Fact
from spargen.qa.margin import least, of_lead, of_shares
from spargen.tasks.context import DRAWN, TaskContext, draw_tuples
from spargen.tasks.registry import task

LABELS = 4


@task("obj_frame_locate", views="video", level="medium", answer=FRAMES, slots="target")
def obj_frame_locate(ctx: TaskContext) -> Iterator[Fact]:
    """Which frames of a clip show an object that is marked in one of them.

    The frames in which the object covers at least 0.1 % of the pixels; it is nowhere barely seen.
    """
    vis = ctx.vis
    c = ctx.draw("video", vis.boxed, 1, everywhere=True)
    clear = ~vis.glimpsed[c.views, c.objects].any(axis=1)
    c = ctx.keep(clear, "only glimpsed in a frame", c)
    seen, share = np.asarray(vis.seen[c.views, c.objects]), vis.share[c.views, c.objects]
    # The frame that the question names would be all of the answer.
    more = seen.sum(axis=1) >= 2
    c, seen, share = ctx.keep(more, "seen in one frame only", c, seen, share)
    for i in ctx.balanced(size_class(seen.sum(axis=1))):
        red = ctx.mark(c, i, 0, "red", "bbox")
        frames = [int(f) for f in np.flatnonzero(seen[i])]
        least_seen = float(share[i][seen[i]].min())
        most_unseen = None if seen[i].all() else float(share[i][~seen[i]].max())
        yield Fact(
            frames=ctx.frames_of(c.views[i]),
            objects=c.objects_of(i),
            answer=frames,
            slots={"target": ctx.thing_in_clip(red)},
            marks=(red,),
            truth={"frames": frames, "least_seen_share": least_seen, "most_unseen_share": most_unseen},
            margin=of_shares(least_seen, most_unseen, ctx.settings),
        )


@task("appearance_order", views="video", level="high", answer=ORDER, slots="labels")
def appearance_order(ctx: TaskContext) -> Iterator[Fact]:
    """In which order four kinds of things come into sight in a clip.

    Order of the first frames that show one of a kind; no earlier frame shows any of it, however little.
    """
    vis, clip = ctx.vis, ctx.clip
    names, first = [], []
    for name, members in ctx.labels.kinds(ctx.scene.objects.label):
        noticed = (vis.seen | vis.glimpsed)[np.ix_(clip, members)].any(axis=1)
        visible = vis.visible[np.ix_(clip, members)].any(axis=1)
        # Its first frame shows it well: before, no instance of it is even glimpsed.
        if visible.any() and visible.argmax() == noticed.argmax():
            names.append(name)
            first.append(int(visible.argmax()))
        elif noticed.any():
            ctx.dropped["first sight is not clear"] += 1
    start = np.array(first, dtype=np.int64)
    drawn = draw_tuples(np.ones((1, len(names)), dtype=bool), LABELS, ctx.rng, DRAWN * ctx.pool)[:, 1:]
    order = np.take_along_axis(drawn, np.argsort(start[drawn], axis=1, kind="stable"), axis=1) if len(drawn) else drawn
    apart = (np.diff(start[order], axis=1) > 0).all(axis=1)
    # Any order of the same four labels is the same question.
    order = np.unique(ctx.keep(apart, "two come into sight in one frame", order), axis=0)
    for i in ctx.balanced(order[:, 0]):
        answer = [names[k] for k in order[i]]
        shuffled = [answer[k] for k in ctx.rng.permutation(LABELS)]
        yield Fact(
            frames=ctx.frames_of(clip),
            objects=(),
            answer=answer,
            slots={"labels": ", ".join(shuffled[:-1]) + f" and {shuffled[-1]}"},
            quantity=", ".join(sorted(answer)),
            truth={"first_frames": [int(start[k]) for k in order[i]]},
            margin=least(of_lead(a, b, "frames") for a, b in pairwise(start[order[i]].tolist())),
        )
