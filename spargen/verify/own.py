"""Checks that tasks of plug-ins bring along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, get_args, get_type_hints

from spargen.errors import PluginError, SpargenError, nearest, short
from spargen.plugins import line_in, load_task_file, record_types
from spargen.verify.layout import COLOURS, LAYOUTS, LIST, Layout
from spargen.verify.row import Halt, Row, Unread

Check = Callable[[Row], None]


class OwnCheck(NamedTuple):
    """A check, and what records of its task look like."""

    function: Check
    layout: Layout


OWN: dict[str, OwnCheck] = {}
"""Checks by the names of their tasks."""


def check(task: str, layout: Layout) -> Callable[[Check], Check]:
    """Register a function as the check of a plug-in's task; both stand in files of the job, the same or two.

    It works the answer out again from what the row says and shows, by its own code, and calls
    `row.need(holds, what)` for whatever must hold. Names of things, marks and images are checked before it is called.

    Parameters
    ----------
    task : name of the task.
    layout : how many images its rows show, the kind of their marks, and the marks' colours in order.

    Raises
    ------
    PluginError
        If spargen checks a task of that name itself, or the layout names what there is not.
    """
    where = f"check {task}"
    if task in LAYOUTS:
        raise PluginError("spargen checks this task itself", where=where, mend="give the task another name")
    _check_layout(layout, where)

    def register(function: Check) -> Check:
        OWN[task] = OwnCheck(function, layout)
        return function

    return register


def _check_layout(layout: Layout, where: str) -> None:
    """Raise `PluginError` where a layout names images, a kind of marks or a colour that no record has."""
    hints = get_type_hints(Layout)
    colours = () if layout.colours == LIST else layout.colours
    said = [("images", layout.images, get_args(hints["images"])), ("kind", layout.kind, get_args(hints["kind"]))]
    for key, value, known in [*said, *(("colours", colour, COLOURS) for colour in colours)]:
        if value not in known:
            there_are = ", ".join(map(repr, known))
            what = f"Layout has {short(value)} among its {key}, and there are {there_are}"
            raise PluginError(what, where=where, mend="name one of them")


def load_checks(files: Sequence[str]) -> None:
    """Run the files of a job's own tasks and checks; tasks of a file that is gone are left unread.

    Raises
    ------
    PluginError
        If a file cannot be run, or has a check for a task that none of them defines.
    """
    gone = [path for path in files if not Path(path).is_file()]
    for path in files:
        if path not in gone:
            load_task_file(Path(path))
    if gone:  # what lacks a task may be a check of one of theirs
        return
    for task in OWN:
        function = OWN[task].function
        if task not in record_types() and function.__code__.co_filename in files:
            mend = nearest(task, record_types(), "name the task as @task does, and its file in `plugins` of the job")
            raise PluginError(
                f"there is a check of {task}, a task that no file defines", where=_at(function), mend=mend
            )


def own_layout(task: str) -> Layout | None:
    """Return what records of a plug-in's task look like; None where it brings no check, or its file was not run."""
    return OWN[task].layout if task in OWN and task in record_types() else None


def record_type(task: str) -> str:
    """Return the `type` that records of a plug-in's task have, by its registration."""
    return record_types()[task]


def call_check(row: Row) -> None:
    """Call the check of a row's task, a plug-in's.

    Raises
    ------
    PluginError
        If the check raises what is none of spargen's: that is no fault of the row.
    """
    function = OWN[row.task].function
    try:
        function(row)
    except (Halt, Unread, SpargenError):
        raise
    except Exception as error:
        text = str(error).partition("\n")[0]
        what = f"the check of {row.task} raised at {row.form} row {row.record['id']}: {type(error).__name__}: {text}"
        mend = "mend that line; what a row may have wrong, a check says by row.need"
        raise PluginError(what, where=_at(function, error), mend=mend) from error


def _at(function: Check, error: Exception | None = None) -> str:
    """Return file and line of a check: where an error arose in its file, else where it begins."""
    code = function.__code__
    line = line_in(Path(code.co_filename), error) if error else None
    return f"{code.co_filename}:{line or code.co_firstlineno}"
