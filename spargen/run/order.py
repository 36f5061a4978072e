"""What a job comes to once its plug-ins and templates are loaded, and the fingerprint that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spargen.errors import JobError
from spargen.fingerprint import code, digest, libraries, tree
from spargen.phrase.plain import words_file
from spargen.plugins import adapter_module, adapter_names, load_task_file
from spargen.run.job import Forms, Job, nearest
from spargen.scene.labels import label_file
from spargen.settings import Words

if TYPE_CHECKING:
    from spargen.phrase.templates import TemplateSet
    from spargen.tasks.registry import Task

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Order:
    """A job that has been looked through and can be worked on, in this process or in another.

    Parameters
    ----------
    job : the job as given.
    forms : every task with its forms, in the order of the output.
    identity : what makes the job this job, wherever its files lie.
    code, templates : fingerprints of what makes the rows beside the job.
    """

    job: Job
    forms: dict[str, tuple[str, ...]]
    identity: dict[str, Any]
    code: str
    templates: str

    @property
    def key(self) -> str:
        """Return one fingerprint of everything that rows depend on, the scene's own files excepted."""
        return digest(FORMAT_VERSION, self.identity, self.code, self.templates)

    @property
    def quotas(self) -> dict[str, int]:
        """Return how many rows a scene gives at most, by ``task/form``."""
        return {f"{t}/{f}": self.job.quota(t, f) for t, forms in self.forms.items() for f in forms}


def make_order(job: Job) -> Order:
    """Load the plug-ins and templates of a job and check that it asks for what there is."""
    templates = load_texts(tuple(job.plugins), tuple(job.templates), job.words)
    forms = chosen_forms(job.tasks, templates)
    _check_quotas(job, templates)
    return Order(job, forms, _identity(job, forms), code_fingerprint(job), templates.fingerprint)


@cache
def load_texts(plugins: tuple[Path, ...], folders: tuple[Path, ...], words: Words = "full") -> TemplateSet:
    """Register all tasks and return all templates, once a process."""
    from spargen.phrase.templates import TemplateSet
    from spargen.tasks.registry import load_builtin_tasks

    load_builtin_tasks()
    for file in plugins:
        load_task_file(file)
    return TemplateSet.load(folders, words)


def code_fingerprint(job: Job) -> str:
    """Return a fingerprint of the program, its label and word lists, the adapters and the job's task files."""
    named = {source.adapter for source in job.sources}
    adapters = sorted(adapter_module(name) for name in named if ":" in name or name in adapter_names())
    own = tree(Path(__file__).parent.parent), label_file().read_bytes(), words_file().read_bytes()
    return digest(*own, code([*adapters, *job.plugins]), libraries())


def chosen_forms(tasks: Mapping[str, Forms] | None, templates: TemplateSet) -> dict[str, tuple[str, ...]]:
    """Return the forms of each task asked for, in the registry's and the templates' order, their templates checked.

    Parameters
    ----------
    tasks : task names, each with its forms or None for all of them; None for all tasks.
    templates : the words.
    """
    from spargen.tasks.registry import TASKS

    asked = tasks if tasks is not None else dict.fromkeys(TASKS)
    for task, forms in asked.items():
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


def _check_quotas(job: Job, templates: TemplateSet) -> None:
    """Refuse quotas of what does not exist. A task that is not asked now may have one: `--set tasks=` leaves them."""
    from spargen.tasks.registry import TASKS

    known = {"default", *TASKS, *(f"{task}/{form}" for task in TASKS for form in templates.forms(task))}
    for key in job.rows_per_cell:
        if key not in known:
            mend = nearest(key, known, "give `default`, a task, or task/form")
            raise JobError(f"no cell is called {key!r}", where="rows_per_cell", mend=mend)


def _identity(job: Job, forms: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return what rows and images depend on, without the choice of scenes and without what the fingerprints cover."""
    return {
        "seed": job.seed,
        "sources": [{"adapter": s.adapter, "dataset": s.dataset, "options": s.options} for s in job.sources],
        "tasks": {task: list(names) for task, names in forms.items()},
        "rows_per_cell": {f"{t}/{f}": job.quota(t, f) for t, names in forms.items() for f in names},
        "images": job.images,
        "rgbd": job.rgbd,
        "words": job.words,
        "settings": job.settings.model_dump(mode="json"),
    }
