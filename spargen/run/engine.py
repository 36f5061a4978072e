"""From one scene to its questions: look, propose, choose, phrase, record. The straight line of the whole program."""

from __future__ import annotations

import gc
import logging
import time
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from itertools import islice
from operator import and_
from pathlib import Path
from typing import Any

import numpy as np

from spargen.errors import PluginError, SpargenError, TaskError, short, unexpected
from spargen.phrase.forms import Phrased, phrase
from spargen.plugins import line_in
from spargen.qa.fact import Fact
from spargen.qa.sample import Pool
from spargen.run.checked import check_facts
from spargen.run.recipe import Recipe
from spargen.run.record import Records, sight_of
from spargen.run.row import NO_ROWS, SceneQuestions
from spargen.scene.types import Scene
from spargen.scene.walks import walks_of
from spargen.seeds import rng_for
from spargen.settings import Settings
from spargen.tasks.context import TaskContext
from spargen.tasks.registry import TASKS, Task
from spargen.views.check import frames_to_ask
from spargen.views.table import Views

_log = logging.getLogger(__name__)
WRONG = {"select": "too few honest options", "judge": "no honest claim"}
"""The forms that need something wrong beside the truth, and why a fact is dropped for which there is none."""
POOL, FEW = 4, 24
"""Facts proposed for each row wanted, so that there is something to choose from; and rows that count as too few."""
SPARE, SPARE_WRONG = 1.5, 3
"""Facts for each row wanted that are chosen from though some repeat others: more where answers must be wrong, too."""

_RAISED = "{}\n  to mend: mend the task there if it is your own, else see what is odd about the scene, or report it"
"""What is said of an error that a task raises."""


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from searching tens of thousands of facts, none of which is part of a cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Freezing and thawing moves them all to the oldest generation, where the next collection passes them by.
        gc.freeze()
        gc.unfreeze()
        if was_on:
            gc.enable()


@_collector_paused()
def ask(scene: Scene, recipe: Recipe, *, cache: Path | None = None, threads: int = 0) -> SceneQuestions:
    """Ask all questions about one scene. Depends on nothing but scene and recipe.

    Parameters
    ----------
    scene, recipe : the scene, and what to ask of it; the tasks are registered.
    cache : folder that keeps visibility tables.
    threads : cores for looking, 0 = all.
    """
    seed, out = recipe.seed, SceneQuestions()
    asked = {name: forms for name, forms in recipe.forms.items() if _is_for(TASKS[name], scene)}
    views = _views(scene, asked, recipe, out, cache, threads)
    records = Records(views, recipe)
    _log.info("%s: asking about it, %d tasks", scene.id, len(asked))
    for name, forms in asked.items():
        _log.debug("%s: asking %s", scene.id, name)
        task = TASKS[name]
        wanted = {form: recipe.quotas[f"{name}/{form}"] for form in forms}
        with _timed(out, "facts"):
            pool = Pool(_propose(task, views, recipe, max(wanted.values(), default=0), out), task.answer)
        told: dict[bool, set[Hashable]] = {True: set(), False: set()}
        for form, quota in wanted.items():
            rng = rng_for(seed, scene.dataset, scene.id, name, form)
            # One fact told, and offered as a choice, is nearly the same row twice.
            known = told[form not in WRONG]
            with _timed(out, "words"):
                phrased = _in_words(task, form, quota, pool, known, recipe, rng, out)
            told[form in WRONG].update(p.fact.key for p in phrased)
            with _timed(out, "records"):
                out.rows.extend([records.row(task, form, number, p) for number, p in enumerate(phrased)])
            _note_alone(task, form, phrased, views, out)
    if not out.rows:
        out.notes[NO_ROWS] = _why_none(views, out)
    return out


def _in_words(
    task: Task,
    form: str,
    quota: int,
    pool: Pool,
    known: Collection[Hashable],
    recipe: Recipe,
    rng: np.random.Generator,
    out: SceneQuestions,
) -> list[Phrased]:
    """Choose facts for up to `quota` rows of a form, rather such as are not known, and phrase them."""
    settings = recipe.settings
    # Some facts find no company for their options, so more are handed on where others must be wrong.
    enough = POOL * max(quota, FEW) if form in WRONG else quota
    spare = int((SPARE_WRONG if form in WRONG else SPARE) * max(quota, 2 * FEW))
    able = _able(task, form, pool, settings, out)
    chosen = pool.choose(able, enough, rng, rows=quota, spare=spare, asked=known)
    phrased = phrase(task.name, form, chosen, task.answer, recipe.templates, quota, settings, rng, task.wrong)
    if len(phrased) < quota:
        out.short[task.name, form] = quota - len(phrased)
        if form in WRONG and len(chosen) > len(phrased):
            out.dropped[task.name, WRONG[form]] += min(quota, len(chosen)) - len(phrased)
    return phrased


def _note_alone(task: Task, form: str, phrased: Sequence[Phrased], views: Views, out: SceneQuestions) -> None:
    """Count the rows over several images of which one shows everything, where there are marks to tell it by."""
    if ("sets" in task.needs or "clip" in task.needs) and phrased and phrased[0].fact.marks:
        alone = sum(_answered_by_one(p.fact, views) for p in phrased)
        note = f"{task.name}/{form}: rows of which one image alone shows everything"
        out.notes[note] = f"{alone} of {len(phrased)}"


def _is_for(task: Task, scene: Scene) -> bool:
    """Tell whether a task is asked of a scene: of walks where there are some, of views where there is something to see.

    Views of a scene that has nothing to see are asked all the same, so that it says why nothing came of it; but not
    where it has walks, which are all there is to it.
    """
    walks = bool(walks_of(scene))
    return walks if task.walked else not (walks and task.needs and scene.surface.is_empty)


def _views(
    scene: Scene, asked: Iterable[str], recipe: Recipe, out: SceneQuestions, cache: Path | None, threads: int
) -> Views:
    """The views of a scene: what the tasks need of them is checked and seen, nothing is where they need none."""
    needs = {need for name in asked for need in TASKS[name].needs if not TASKS[name].walked}
    usable, video = None, "clip" in needs
    if needs:
        _log.info("%s: checking its frames", scene.id)
        with _timed(out, "check"):
            usable, out.notes = frames_to_ask(scene, recipe.settings, video=video, rgbd=recipe.rgbd, keep_in=cache)
    views = Views(
        scene,
        recipe.settings,
        rules=recipe.rules,
        seed=recipe.seed,
        video=video,
        usable=usable,
        keep_in=cache,
        threads=threads,
    )
    if "table" in needs:
        _log.info("%s: looking at what its frames show", scene.id)
        with _timed(out, "visibility"):
            views.vis  # noqa: B018 - the views are drawn here, and timed as such
        if touching := np.count_nonzero(views.labels.doubtful & ~scene.objects.doubtful):
            out.notes["objects not asked about: each touches another of its kind"] = str(touching)
    return views


def _why_none(views: Views, out: SceneQuestions) -> str:
    """Say why a scene gave no row at all."""
    if views.scene.surface.is_empty and walks_of(views.scene):
        return "it has nothing but walks, and no question about them is asked for"
    askable = views.labels.askable
    if not askable.any():
        return f"none of its {len(askable)} objects can be asked about" if len(askable) else "no object is annotated"
    reasons: Counter[str] = Counter()
    for (_, reason), times in out.dropped.items():
        reasons[reason] += times
    told = ", ".join(f"{reason} ({times})" for reason, times in reasons.most_common(3))
    return f"every candidate was dropped: {told}" if told else "its images show nothing that can be asked about"


def _propose(task: Task, views: Views, recipe: Recipe, quota: int, out: SceneQuestions) -> list[Fact]:
    """Facts of one task, several for each row wanted, as far as the job asks for such."""
    scene = views.scene
    ctx = TaskContext(
        task=task.name,
        needs=task.needs,
        views=views,
        rng=rng_for(recipe.seed, scene.dataset, scene.id, task.name),
        pool=POOL * max(quota, FEW) if quota else 0,
    )
    facts = _facts_of(task, ctx)
    check_facts(task, facts, scene)
    out.dropped.update({(task.name, reason): n for reason, n in ctx.dropped.items() if n})
    out.notes.update({f"{task.name}: {what}": str(n) for what, n in ctx.noted.items()})
    return _asked_for(task, facts, views, recipe, out) if recipe.filters else facts


def _facts_of(task: Task, ctx: TaskContext) -> list[Any]:
    """Return what a task yields; what it raises says which task it was, and where."""
    try:
        found = task.propose(ctx)
        if isinstance(found, Iterable) and not isinstance(found, Fact):
            return list(islice(found, ctx.pool))
    except (SpargenError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        file, line = task.place
        where = task.where_at(line_in(Path(file), error) or line)
        raise TaskError(f"{where}: {unexpected(error, _RAISED)}") from error
    what, mend = f"it gives {short(found)} in place of facts", "let it yield them; with none to yield, nothing"
    raise PluginError(what, where=task.where, mend=mend)


def _asked_for(task: Task, facts: Sequence[Fact], views: Views, recipe: Recipe, out: SceneQuestions) -> list[Fact]:
    """Count and leave out the facts that the job's filters leave out."""
    kept = []
    for fact in facts:
        if why := recipe.filters.against(fact, sight_of(task, fact, views)):
            out.dropped[task.name, why] += 1
        else:
            kept.append(fact)
    return kept


def _able(task: Task, form: str, pool: Pool, settings: Settings, out: SceneQuestions) -> list[int]:
    """Return which facts have what a form takes, and count those that are meant for it and have not."""
    meant = pool.meant(form)
    if form not in WRONG:
        return meant
    able = [i for i in meant if task.answer.able(pool.facts[i], form, task.wrong, settings)]
    if len(able) < len(meant):
        out.dropped[task.name, WRONG[form]] += len(meant) - len(able)
    return able


def _answered_by_one(fact: Fact, views: Views) -> bool:
    """Tell whether one of a question's images alone shows all its objects; of a single object, the observer's."""
    if (rows := views.rows_of(fact.frames)) is None:
        return False  # frames of its own, of which nothing is known
    showing = rows[:1] if len(fact.objects) == 1 else rows
    show_all = reduce(and_, [views.showing[obj] for obj in fact.objects], -1)
    return any(show_all >> row & 1 for row in showing)


@contextmanager
def _timed(out: SceneQuestions, stage: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    out.seconds[stage] += time.perf_counter() - begin
