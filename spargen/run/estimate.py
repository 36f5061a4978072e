"""What a job will come to at most, told without opening a scene."""

from __future__ import annotations

from collections.abc import Iterator

from spargen.phrase.plain import remarks
from spargen.run.job import Job
from spargen.run.recipe import Recipe

_ROW_BYTES = 1_000
_FACT_BYTES = 700
_COLOR_BYTES = 150_000
_DEPTH_BYTES = 250_000


def estimate(job: Job, recipe: Recipe, scenes: int) -> dict[str, int]:
    """Return upper bounds of a job's rows, images and disk_bytes, as if every cell of every scene were full."""
    from spargen.tasks.registry import TASKS

    rows = scenes * sum(recipe.quotas.values())
    stills = sum(n for cell, n in recipe.quotas.items() if TASKS[cell.partition("/")[0]].views != "video")
    clip = any(TASKS[task].views == "video" for task in recipe.forms) * job.settings.video_frames
    images = 0 if job.images == "none" else scenes * (min(stills, job.settings.views_per_scene) + clip)
    each = 0 if job.images == "link" else _COLOR_BYTES + _DEPTH_BYTES * job.rgbd
    # Rows and facts stand in the parts and again in the output, until the merge is through.
    disk = 2 * rows * (_ROW_BYTES + _FACT_BYTES) + images * each
    return {"rows": rows, "images": images, "disk_bytes": disk}


def remarks_on(recipe: Recipe) -> Iterator[str]:
    """Look through the words of every cell, and yield what is not plain or too long."""
    from spargen.tasks.registry import TASKS

    for task, forms in recipe.forms.items():
        for form in forms:
            yield from remarks(recipe.templates, task, form, video=TASKS[task].views == "video")
