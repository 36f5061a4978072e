"""Checks that tasks of plug-ins bring along."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

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
