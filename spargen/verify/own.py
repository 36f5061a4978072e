"""Checks that tasks of plug-ins bring along."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from spargen.errors import PluginError
from spargen.verify.layout import LAYOUTS, Layout
from spargen.verify.row import Row

Check = Callable[[Row], None]


class OwnCheck(NamedTuple):
    """A check, and what records of its task look like."""

    function: Check
    layout: Layout


OWN: dict[str, OwnCheck] = {}
"""Checks by the names of their tasks."""


def check(task: str, layout: Layout) -> Callable[[Check], Check]:
    """Register a function as the check of a plug-in's task; it stands in the file of the task.

    It works the answer out again from what the row says and shows, by its own code, and calls
    `row.need(holds, what)` for whatever must hold. Names of things, marks and images are checked before it is called.

    Parameters
    ----------
    task : name of the task.
    layout : how many images its rows show, the kind of their marks, and the marks' colours in order.

    Raises
    ------
    PluginError
        If spargen checks a task of that name itself.
    """
    if task in LAYOUTS:
        raise PluginError("spargen checks this task itself", where=f"check {task}", mend="give the task another name")

    def register(function: Check) -> Check:
        OWN[task] = OwnCheck(function, layout)
        return function

    return register


def _registered() -> Mapping[str, Any]:
    """Return what `@task` has registered, by name.

    The second path imports no tasks: it looks at what the files of plug-ins have brought, if any was run.
    """
    registry = sys.modules.get("spargen.tasks.registry")
    return registry.TASKS if registry else {}


def own_layout(task: str) -> Layout | None:
    """Return what records of a plug-in's task look like; None where it brings no check, or its file was not run."""
    return OWN[task].layout if task in OWN and task in _registered() else None


def record_type(task: str) -> str:
    """Return the `type` that records of a plug-in's task have, by its registration."""
    return str(_registered()[task].record_type)


def call_check(row: Row) -> None:
    """Call the check of a row's task, a plug-in's."""
    OWN[row.task].function(row)
