"""How a walk through a building is told."""

from __future__ import annotations

from collections.abc import Iterator

from spargen.qa.answers import TOLD
from spargen.qa.fact import Fact
from spargen.tasks.context import TaskContext
from spargen.tasks.registry import task


@task("nav_video", views="video", level="high", answer=TOLD, slots="", needs=("walks",), type_in_records="nav")
def nav_video(ctx: TaskContext) -> Iterator[Fact]:
    """How to walk the way that the frames of a walk show.

    The words with which somebody told it, quoted from the data set.
    """
    walks = ctx.walks
    for i in ctx.rng.permutation(len(walks)).tolist():
        walk = walks[i]
        yield Fact(
            frames=walk.frames,
            objects=(),
            answer=walk.instruction,
            slots={},
            quantity=walk.id,
            truth=dict(walk.told),
            margin=None,  # what was said is quoted: no number decides
        )
