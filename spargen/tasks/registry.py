"""The tasks, found by name. A task is one function that yields facts, and a folder of templates of the same name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import spargen.tasks
from spargen.errors import PluginError
from spargen.qa.answers import AnswerKind
from spargen.qa.fact import COLOURS, Colour, Fact
from spargen.qa.options import LETTERS
from spargen.tasks.context import Need, TaskContext

Images = Literal["single", "pair", "multi", "video"]
Level = Literal["low", "medium", "high"]
NEEDS: dict[Images, tuple[Need, ...]] = {
    "single": ("table",),
    "pair": ("table", "pairs"),
    "multi": ("table", "sets"),
    "video": ("table", "clip"),
}
"""What a task reads whose questions show so many images, unless it says otherwise."""
Propose = Callable[[TaskContext], Iterator[Fact]]


@dataclass(frozen=True, slots=True)
class Task:
    """One question type.

    Parameters
    ----------
    name : the record's `type`, and the name of the template folder.
    views : what a question shows: one image, a pair, several images, or a clip.
    level : SPAR's level of the task.
    answer : kind of its answers.
    slots : names that its templates may use.
    propose : yields facts, in an order whose every prefix is a fair sample.
    wrong : how many of a row's options its facts bring as `Fact.wrong`; 0 = the kind of answer makes them.
    marks : colours of its marks in the order in which records list them, and loaders of such records draw them.
    answer_image : position of the image that boxes in its answers lie in, where they do not name another; None if
        there are none.
    needs : what it reads of a scene's views: the table of what each shows, pairs or sets of them, the clip. One that
        needs nothing casts no ray. Or the walks that a data set brings: it is asked of scenes that have some, and its
        facts are of one walk each, all of its frames, with the walk's id as their `quantity`.
    type_in_records : the `type` that SPAR's tools know it by; its name by default.
    """

    name: str
    views: Images
    level: Level
    answer: AnswerKind
    slots: tuple[str, ...]
    propose: Propose
    wrong: int = 0
    marks: tuple[Colour, ...] = COLOURS
    answer_image: int | None = None
    needs: tuple[Need, ...] = ()
    type_in_records: str = ""

    @property
    def record_type(self) -> str:
        """The `type` that SPAR's tools know the task by."""
        return self.type_in_records or self.name

    @property
    def asks(self) -> str:
        """What it asks: the first line of its function's docstring, "" if there is none."""
        return (inspect.getdoc(self.propose) or "").partition("\n")[0]

    @property
    def truth(self) -> str:
        """What makes an answer true: the rest of the docstring, in one line."""
        return " ".join((inspect.getdoc(self.propose) or "").split("\n")[1:]).strip()

    @property
    def walked(self) -> bool:
        """Whether its questions show walks, each with frames of its own, in place of the scene's clip."""
        return "walks" in self.needs


TASKS: dict[str, Task] = {}


def task(
    name: str,
    *,
    views: Images,
    level: Level,
    answer: AnswerKind,
    slots: str,
    wrong: int = 0,
    marks: tuple[Colour, ...] = COLOURS,
    answer_image: int | None = None,
    needs: tuple[Need, ...] | None = None,
    type_in_records: str = "",
) -> Callable[[Propose], Propose]:
    """Register a function as a task.

    Parameters
    ----------
    name : of the task and its template folder.
    views, level, answer, wrong, marks, answer_image, type_in_records : see `Task`.
    slots : names that its templates may use, separated by spaces; `answer` and, where it judges, `claim` always are.
    needs : what it reads of a scene's views, where that is not what `views` suggests.

    Raises
    ------
    PluginError
        If another function has that name already, or `wrong` is not for this kind of answer.
    """
    if wrong and not (answer.takes_wrong and 0 < wrong < len(LETTERS)):
        mend = f"say 1 to {len(LETTERS) - 1}" if answer.takes_wrong else "leave it out: the kind makes its own"
        what = f"answers of the kind {type(answer).__name__} cannot have wrong={wrong}"
        raise PluginError(what, where=f"task {name}", mend=mend)

    reads = NEEDS[views] if needs is None else needs

    def register(propose: Propose) -> Propose:
        known = TASKS.get(name)
        if known is not None and known.propose.__module__ != propose.__module__:
            raise PluginError(
                f"two tasks are called {name}",
                where=f"{known.propose.__module__} and {propose.__module__}",
                mend="give one of them another name",
            )
        said = (*slots.split(), "answer", "claim")
        TASKS[name] = Task(
            name, views, level, answer, said, propose, wrong, marks, answer_image, reads, type_in_records
        )
        return propose

    return register


def load_builtin_tasks() -> dict[str, Task]:
    """Import every module of this folder, so that its tasks stand in `TASKS`; return them."""
    for module in sorted(m.name for m in pkgutil.iter_modules(spargen.tasks.__path__)):
        importlib.import_module(f"spargen.tasks.{module}")
    return TASKS
