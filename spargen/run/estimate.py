"""What a job will come to, told without opening a scene, and how that compares with SPAR-7M.

Two files of numbers stand in configs/: ``spar7m_counts.json``, what SPAR-7M has (a fact), and ``yields.json``, what
generated houses gave (a measurement, by benchmarks/yields.py). Scenes of a data set that is not there count as many as
its release has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import orjson

from spargen.phrase.plain import remarks
from spargen.resources import data_dir
from spargen.run.compile import Run
from spargen.run.job import Job
from spargen.run.recipe import Recipe
from spargen.run.scenes import adapter_of

_ROW_BYTES = 1_000
_FACT_BYTES = 700
_COLOR_BYTES = 150_000
_DEPTH_BYTES = 250_000


@dataclass(frozen=True, slots=True)
class CellEstimate:
    """Rows that a cell will come to. `spar` is what SPAR-7M has, scaled to as many scenes; 0 where it has none."""

    task: str
    form: str
    rows: int
    spar: int
    why: str

    @property
    def is_short(self) -> bool:
        """Whether SPAR-7M has more rows of it."""
        return self.rows < self.spar


class Amount(NamedTuple):
    """Rows, colour images, and what they take on disk."""

    rows: int
    images: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a source will come to.

    Parameters
    ----------
    dataset, scenes : its data set, and how many scenes.
    here : whether they were counted on disk; else they are those of the release.
    measured : how many generated scenes the yields were measured on; 0 = none, so that numbers are upper bounds.
    cells : rows by cell.
    like_spar : whether the job asks for every cell that SPAR-7M has of the data set, so that the two can be compared.
    most : what there would be if every cell of every scene were full; likely : by the yields.
    seconds : of work, added over scenes, 0.0 where that was not measured.
    """

    dataset: str
    scenes: int
    here: bool
    measured: int
    cells: tuple[CellEstimate, ...]
    like_spar: bool
    most: Amount
    likely: Amount
    seconds: float

    @property
    def spar(self) -> int:
        """Return how many rows SPAR-7M has in these cells, for as many scenes."""
        return sum(cell.spar for cell in self.cells)


def estimates(job: Job, recipes: Sequence[Recipe], run: Run | None) -> list[Estimate]:
    """Return what each source of a job will come to.

    Parameters
    ----------
    job, recipes : the job, and what is asked of the scenes of each source.
    run : the job compiled; None where none of its data sets is there.
    """
    there = {index for index in range(len(recipes)) if run and index not in run.left_out}
    out = []
    for index, (source, recipe) in enumerate(zip(job.sources, recipes, strict=True)):
        dataset = source.dataset or adapter_of(source).dataset
        found = sum(ref.source == index for ref in run.scenes) if run and index in there else 0
        scenes = found if index in there else _published("scenes").get(dataset, 0)
        out.append(_estimate(job, recipe, dataset, scenes, here=index in there))
    return out


def _estimate(job: Job, recipe: Recipe, dataset: str, scenes: int, *, here: bool) -> Estimate:
    measured = _yields().get(dataset, {})
    cells = tuple(_cell(name, quota, dataset, scenes, measured) for name, quota in recipe.quotas.items())
    images = scenes * _most_images(job, recipe)
    likely = min(images, round(scenes * measured.get("images", images)))
    return Estimate(
        dataset=dataset,
        scenes=scenes,
        here=here,
        measured=measured.get("scenes", 0),
        cells=cells,
        like_spar=_like_spar(dataset, recipe),
        most=_amount(job, scenes * sum(recipe.quotas.values()), images),
        likely=_amount(job, sum(cell.rows for cell in cells), likely),
        seconds=scenes * measured.get("seconds", 0.0),
    )


def _most_images(job: Job, recipe: Recipe) -> int:
    """Return how many images of one scene rows can name."""
    from spargen.tasks.registry import TASKS

    if job.images == "none":
        return 0
    stills = sum(n for cell, n in recipe.quotas.items() if TASKS[cell.partition("/")[0]].views != "video")
    clip = any(TASKS[task].views == "video" for task in recipe.forms) * job.settings.video_frames
    return min(stills, job.settings.views_per_scene) + clip


def _amount(job: Job, rows: int, images: int) -> Amount:
    each = 0 if job.images == "link" else _COLOR_BYTES + _DEPTH_BYTES * job.rgbd
    # Rows and facts stand in the parts and again in the output, until the merge is through.
    return Amount(rows, images, 2 * rows * (_ROW_BYTES + _FACT_BYTES) + images * each)


def _cell(name: str, quota: int, dataset: str, scenes: int, measured: Mapping[str, Any]) -> CellEstimate:
    """Return what a cell will come to: as much of each scene as the measured ones gave, and never more than asked."""
    task, _, form = name.partition("/")
    counts = measured.get("rows", {}).get(name) or [quota]
    each = sum(min(quota, count) for count in counts) / len(counts)
    released = _published("scenes").get(dataset, 0)
    published = _published("rows").get(task, {}).get(dataset, {}).get(form, 0)
    spar = round(published * scenes / released) if released else 0
    why = measured.get("why", {}).get(name, "") if each < quota else "the job asks for no more"
    return CellEstimate(task, form, round(each * scenes), spar, why)


def _like_spar(dataset: str, recipe: Recipe) -> bool:
    """Tell whether a recipe asks for every cell that SPAR-7M has of a data set, so that the two can be compared."""
    cells = {f"{task}/{form}" for task, found in _published("rows").items() for form in found.get(dataset, ())}
    return bool(cells) and cells <= recipe.quotas.keys()


def remarks_on(recipes: Sequence[Recipe]) -> Iterator[str]:
    """Look through the words of every cell, and yield what is not plain or too long."""
    from spargen.tasks.registry import TASKS

    asked = dict.fromkeys((task, form) for recipe in recipes for task, forms in recipe.forms.items() for form in forms)
    for task, form in asked:
        yield from remarks(recipes[0].templates, task, form, video=TASKS[task].views == "video")


def _published(what: str) -> dict[str, Any]:
    """Return ``rows`` of SPAR-7M, by task, data set and form, or ``scenes`` of the releases that it was made of."""
    return dict(_numbers("spar7m_counts.json")[what])


def _yields() -> dict[str, Any]:
    return _numbers("yields.json")


@cache
def _numbers(name: str) -> dict[str, Any]:
    return dict(orjson.loads((data_dir("configs") / name).read_bytes()))
