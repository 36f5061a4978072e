"""What a job will come to at most, told without opening a scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spargen.phrase.plain import remarks
from spargen.run.job import Job
from spargen.run.order import Order, load_texts, make_order
from spargen.run.plan import Plan, make_plan

_ROW_BYTES = 1_000
_FACT_BYTES = 700
_COLOR_BYTES = 150_000
_DEPTH_BYTES = 250_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """Upper bounds of a job's output, and remarks on its words."""

    plan: Plan
    tasks: int
    cells: int
    rows: int
    images: int
    disk_bytes: int
    remarks: tuple[str, ...]


def estimate(job: Job) -> Estimate:
    """Check a job and its templates, and return what it comes to if every cell of every scene is full."""
    from spargen.tasks.registry import TASKS

    order, plan = make_order(job), make_plan(job)
    scenes = len(plan.items)
    rows = scenes * sum(order.quotas.values())
    stills = sum(n for cell, n in order.quotas.items() if TASKS[cell.partition("/")[0]].views != "video")
    clip = any(TASKS[task].views == "video" for task in order.forms) * job.settings.video_frames
    images = 0 if job.images == "none" else scenes * (min(stills, job.settings.views_per_scene) + clip)
    each = 0 if job.images == "link" else _COLOR_BYTES + _DEPTH_BYTES * job.rgbd
    # Rows and facts stand in the parts, which a resume needs, and again in the output.
    disk = 2 * rows * (_ROW_BYTES + _FACT_BYTES) + images * each
    return Estimate(plan, len(order.forms), len(order.quotas), rows, images, disk, tuple(_remarks(order)))


def _remarks(order: Order) -> Iterator[str]:
    """Look through the words of every cell."""
    from spargen.tasks.registry import TASKS

    templates = load_texts(tuple(order.job.plugins), tuple(order.job.templates), order.job.words)
    for task, forms in order.forms.items():
        for form in forms:
            yield from remarks(templates, task, form, video=TASKS[task].views == "video")
