"""The tasks, found by name. A task is one function that yields facts, and a folder of templates of the same name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import spargen.tasks
from spargen.errors import PluginError, short
from spargen.qa.fact import COLOURS, Colour, Fact
from spargen.qa.kind import AnswerKind
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
    def place(self) -> tuple[str, int]:
        """The file and the line at which its function stands, "" and 0 if nobody knows."""
        return _place(self.propose)

    @property
    def where(self) -> str:
        """How a message names it."""
        return self.where_at(self.place[1])

    def where_at(self, line: int) -> str:
        """The same, at a line of its file."""
        return f"task {self.name} ({self.place[0]}:{line})" if line else f"task {self.name}"

    @property
    def walked(self) -> bool:
        """Whether its questions show walks, each with frames of its own, in place of the scene's clip."""
        return "walks" in self.needs


def _place(propose: Propose) -> tuple[str, int]:
    code = getattr(inspect.unwrap(propose), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else ("", 0)


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
        If another function has that name already, `wrong` is not for this kind of answer, or something is none of
        what may be said.
    """
    _check_said(name, views, level, answer, marks, answer_image, needs or ())
    if wrong and not (answer.takes_wrong and 0 < wrong < len(LETTERS)):
        mend = f"say 1 to {len(LETTERS) - 1}" if answer.takes_wrong else "leave it out: the kind makes its own"
        what = f"answers of the kind {type(answer).__name__} cannot have wrong={wrong}"
        raise PluginError(what, where=f"task {name}", mend=mend)

    reads = NEEDS[views] if needs is None else needs

    def register(propose: Propose) -> Propose:
        said = (*slots.split(), "answer", "claim")
        made = Task(name, views, level, answer, said, propose, wrong, marks, answer_image, reads, type_in_records)
        known = TASKS.get(name)
        if known is not None and _are_two(known, made):
            where = " and ".join(f"{file}:{line}" for file, line in (known.place, made.place))
            raise PluginError(f"two tasks are called {name}", where=where, mend="give one of them another name")
        TASKS[name] = made
        return propose

    return register


def _check_said(
    name: str,
    views: object,
    level: object,
    answer: object,
    marks: Sequence[object],
    answer_image: int | None,
    needs: Sequence[object],
) -> None:
    """Raise if something that `@task` says is none of what it may say."""
    for what, said, known in (
        ("views", [views], get_args(Images)),
        ("level", [level], get_args(Level)),
        ("needs", needs, get_args(Need)),
        ("marks", marks, get_args(Colour)),
    ):
        if odd := [short(one) for one in said if one not in known]:
            raise PluginError(f"{what} cannot be {odd[0]}", where=f"task {name}", mend=f"say {' or '.join(known)}")
    if not isinstance(answer, AnswerKind):
        mend = "name one of spargen.qa.answers, such as LENGTH, or an object of an AnswerKind of your own"
        raise PluginError(f"answer={short(answer)} is no kind of answers", where=f"task {name}", mend=mend)
    images = {"single": 1, "pair": 2}.get(str(views))
    if answer_image is not None and images is not None and not 0 <= answer_image < images:
        mend = "count images from 0, or leave it out where answers hold no boxes"
        raise PluginError(f"answer_image={answer_image} is no image of a {views}", where=f"task {name}", mend=mend)


def _are_two(known: Task, made: Task) -> bool:
    """Tell whether two tasks of one name are of two functions, not of one that was read anew, changed or not."""
    if known.propose.__module__ != made.propose.__module__:
        return True
    (file, line), (other, another) = known.place, made.place
    if file != other or line == another:
        return False
    # A file that is read anew, with lines more or less, has other globals.
    return inspect.unwrap(known.propose).__globals__ is inspect.unwrap(made.propose).__globals__


def load_builtin_tasks() -> dict[str, Task]:
    """Import every module of this folder, so that its tasks stand in `TASKS`; return them."""
    for module in sorted(m.name for m in pkgutil.iter_modules(spargen.tasks.__path__)):
        importlib.import_module(f"spargen.tasks.{module}")
    return TASKS
