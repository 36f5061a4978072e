"""What is asked of every scene: the tasks and forms of a job with their words, loaded and checked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from spargen.errors import FULL, JobError, TemplateError, nearest
from spargen.plugins import load_task_file
from spargen.run.difficulty import Filters
from spargen.run.job import Forms, Job, Source
from spargen.scene.labels import LabelRules
from spargen.scene.lists import rules_of
from spargen.settings import Settings, Words

if TYPE_CHECKING:
    from spargen.phrase.templates import TemplateSet
    from spargen.tasks.registry import Task


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that the questions about a scene depend on, the scene apart.

    Parameters
    ----------
    forms : the tasks and their forms, in the order of the output.
    templates : the words.
    quotas : rows that a scene gives at most, by ``task/form``.
    seed : of the run.
    settings : thresholds.
    rgbd : whether records name depth images too.
    filters : which questions are left out.
    """

    forms: Mapping[str, Sequence[str]]
    templates: TemplateSet
    quotas: Mapping[str, int]
    seed: int
    settings: Settings
    rgbd: bool = False
    filters: Filters = field(default_factory=Filters)

    @property
    def rules(self) -> LabelRules:
        """The label lists. They stand with the words, so that what is asked and what is said are by the same ones."""
        return self.templates.rules


def make_recipe(job: Job, source: Source | None = None) -> Recipe:
    """Load the plug-ins, templates and label lists of a job and check that it asks for what there is.

    Parameters
    ----------
    job : the job.
    source : of whose scenes it is asked; None = of those of a source without tasks and quotas of its own.
    """
    templates = load_texts(tuple(job.plugins), tuple(job.templates), job.words, rules_of(job.labels))
    forms = chosen_forms(job.tasks_of(source), templates)
    for rows in (job.rows_per_cell, source.rows_per_cell if source else None):
        _check_quotas(rows or {}, templates)
    quotas = {f"{task}/{form}": job.quota(task, form, source) for task, names in forms.items() for form in names}
    filters = Filters(job.min_margin, job.min_visible_px, job.difficulty)
    return Recipe(forms, templates, quotas, job.seed, job.settings, job.rgbd, filters)


def make_recipes(job: Job) -> tuple[Recipe, ...]:
    """Return the recipe of each source of a job, in their order, after a look at the folder of what they keep."""
    if job.cache is not None:
        _check_cache(job.cache)
    return tuple(make_recipe(job, source) for source in job.sources)


def _check_cache(folder: Path) -> None:
    """Raise `JobError` if nothing can be kept in a folder, which need not be there yet; nothing stays of the trial."""
    there = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    try:
        TemporaryDirectory(dir=there).cleanup()
    except OSError as error:
        full = "the disk is full" if error.errno in FULL else error.strerror
        mend = "make room, or name a folder that you may write to; without one: cache: null"
        raise JobError(f"nothing can be kept in `cache`: {full}", where=folder, mend=mend) from error


@cache
def load_texts(
    plugins: tuple[Path, ...], folders: tuple[Path, ...], words: Words = "full", rules: LabelRules | None = None
) -> TemplateSet:
    """Register all tasks and return all templates, once a process.

    Raises
    ------
    PluginError, TemplateError
        If a task file cannot be run; if there are no templates in a folder, or some for a task that is misspelt.
    """
    from spargen.phrase.templates import TemplateSet
    from spargen.tasks.registry import TASKS, load_builtin_tasks

    load_builtin_tasks()
    for file in plugins:
        load_task_file(file)
    texts = TemplateSet.load(folders, words, rules)
    for task in texts.tasks():
        # One that is called like no other may be that of a task file which is not asked for now.
        if task not in TASKS and (mend := nearest(task, TASKS, "")):
            where = texts.wording(task, texts.forms(task)[0]).path
            raise TemplateError(f"there is no task {task!r}", where=where, mend=mend)
    return texts


def chosen_forms(tasks: Mapping[str, Forms] | None, templates: TemplateSet) -> dict[str, tuple[str, ...]]:
    """Return the forms of each task asked for, in the registry's and the templates' order, their templates checked.

    Parameters
    ----------
    tasks : task names, each with its forms or None for all of them; None for all tasks.
    templates : the words.

    Raises
    ------
    JobError, TemplateError
        If no such task or form is there to ask, or a form lacks wrong answers; if a template has a mistake.
    """
    from spargen.tasks.registry import TASKS

    asked = tasks if tasks is not None else dict.fromkeys(TASKS)
    if not asked:
        raise JobError("no task is asked", where="tasks", mend="name some, or leave `tasks` out to ask all of them")
    for task, forms in asked.items():
        if forms is not None and not forms:
            mend = f"name some, or write `{task}: null` to ask all of them"
            raise JobError("no form is asked", where=f"tasks.{task}", mend=mend)
        if task not in TASKS:
            mend = nearest(task, TASKS, "see `spargen list tasks`")
            raise JobError(f"there is no task {task!r}", where="tasks", mend=mend)
        for form in forms or ():
            if form not in templates.forms(task):
                known = templates.forms(task)
                mend = nearest(form, known, f"its forms: {', '.join(known) or 'none'}")
                raise JobError(f"there is no form {form!r}", where=f"tasks.{task}", mend=mend)
    chosen = {}
    for task in (name for name in TASKS if name in asked):
        chosen[task] = tuple(form for form in templates.forms(task) if form in (asked[task] or templates.forms(task)))
        if not chosen[task]:
            raise JobError(
                "the task has no templates", where=f"tasks.{task}", mend=f"write {task}/fill.j2 in `templates`"
            )
        templates.check(task, TASKS[task].slots)
        _check_wrong_answers(TASKS[task], chosen[task], templates)
        if "sentence" in chosen[task] and TASKS[task].answer.needs_sentence:
            _check_sentences(task, templates)
    return chosen


def _check_wrong_answers(task: Task, forms: Sequence[str], templates: TemplateSet) -> None:
    """Refuse forms that offer or claim something wrong where neither the kind of answer nor the task has any."""
    for form in forms:
        if not task.answer.serves(form, task.wrong):
            kind = type(task.answer).__name__
            raise JobError(
                f"{task.name} cannot be asked in the form {form}: a {kind} has no wrong answers of its own, "
                "and the task brings none",
                where=templates.wording(task.name, form).path,
                mend="let its facts bring `wrong` and say how many in @task(..., wrong=3), or take the form out",
            )


def _check_sentences(task: str, templates: TemplateSet) -> None:
    """Refuse a sentence form that would print the bare answer."""
    wording = templates.wording(task, "sentence")
    if not wording.answers:
        mend = "add a line --- answer and a sentence with {{ answer }} below it"
        raise TemplateError("no answer block: its answers would be no sentences", where=wording.path, mend=mend)


def _check_quotas(rows: Iterable[str], templates: TemplateSet) -> None:
    """Refuse quotas of what does not exist. A task that is not asked now may have one: `--set tasks=` leaves them."""
    from spargen.tasks.registry import TASKS

    known = {"default", *TASKS, *(f"{task}/{form}" for task in TASKS for form in templates.forms(task))}
    for key in rows:
        if key not in known:
            mend = nearest(key, known, "give `default`, a task, or task/form")
            raise JobError(f"no cell is called {key!r}", where="rows_per_cell", mend=mend)
