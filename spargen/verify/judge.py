"""The verdict on one row: right, wrong, ambiguous or unread, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from spargen.errors import SceneError
from spargen.verify.answers import CHECKS
from spargen.verify.asked import check_frames_named, check_marks
from spargen.verify.body import Thing
from spargen.verify.layout import LAYOUTS
from spargen.verify.own import call_check, own_layout
from spargen.verify.record import check_clip, check_record, check_set, check_words
from spargen.verify.row import Halt, Row, Unread
from spargen.verify.site import Site

Kind = Literal["right", "wrong", "ambiguous", "unread"]
KINDS: tuple[Kind, ...] = ("right", "wrong", "ambiguous", "unread")


NO_CHECK = "the task brings no check of its own: see docs/adding_a_task.md"
_BROKEN = (KeyError, IndexError, TypeError, ValueError)
"""What a record that is no record makes of the reading of it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a row was found to be, why, and which parts of a tuple it varies or claims, with the word that is right."""

    kind: Kind
    why: tuple[str, ...] = ()
    varied: Mapping[int, str] | None = None


def judge(record: Mapping[str, Any], site: Site, task: str, form: str, images: Path | None) -> Verdict:
    """Check a record.

    A mark that may mean several things is taken in each way: where these do not lead to one verdict, the row is
    ambiguous. So is a row that is wrong, but hangs on how a threshold of the main body is read. A box of the same
    least footprint is as good as the one that was tried first.

    Parameters
    ----------
    record : the row as published.
    site : its scene.
    task, form : of its cell.
    images : folder that its paths start at; None where the run wrote no images.

    Raises
    ------
    PluginError
        If the check that a plug-in's task brings fails.
    """
    layout = LAYOUTS.get(task) or own_layout(task)
    if layout is None:
        return Verdict("unread", (NO_CHECK,))
    try:
        row = Row(record, site, task, form, layout)
        _check(row, images)
        ways = row.choices[1:] if row.kind and "candidates" in vars(row) else []
        verdicts = {not row.wrong, *(_right_again(row, images, way) for way in ways)}
        if len(verdicts) > 1:
            return Verdict("ambiguous", (f"marks may mean {row.candidates}", *row.wrong), row.varied)
        if not row.wrong or right_by_a_tie(row, images):
            return Verdict("right", (), row.varied)
    except (Unread, SceneError) as unread:
        return Verdict("unread", (str(unread),))
    except _BROKEN as error:
        return Verdict("wrong", (f"it is no record: {type(error).__name__} {error}",))
    if any(thing.unsure or thing.doubtful is None for thing in row.involved):
        return Verdict("ambiguous", ("it hangs on what is stray of an object", *row.wrong), row.varied)
    return Verdict("wrong", tuple(row.wrong), row.varied)


def _check(row: Row, images: Path | None) -> None:
    """Leave in the row what is wrong with it."""
    try:
        check_record(row, images)
        check_words(row)
        if row.is_video:
            check_clip(row, images)
        elif len(row.frames) > 1 and not row.is_own and not row.is_walk:
            check_set(row)
        if row.kind:
            check_marks(row)
            if row.is_video:
                check_frames_named(row)
        (call_check if row.is_own else CHECKS[row.task])(row)
    except Halt:
        pass
    except _BROKEN as error:
        row.wrong.append(f"it cannot be read: {type(error).__name__} {error}")


def right_by_a_tie(row: Row, images: Path | None) -> bool:
    """Tell whether a wrong row is right with another box of a thing that has several of the same least footprint."""
    return any(_right_again(row, images) for _ in _other_boxes(row))


def _right_again(row: Row, images: Path | None, choice: Sequence[int] | None = None) -> bool:
    again = Row(row.record, row.site, row.task, row.form, row.layout, choice)
    _check(again, images)
    return not again.wrong


def _other_boxes(row: Row) -> Iterator[Thing]:
    """Give each thing of a row each of its other boxes in turn."""
    for thing in sorted(row.involved, key=lambda t: t.id):
        known = thing.center, thing.sides
        try:
            for box in thing.ties:
                thing.center, thing.sides = box
                row.site.forget()
                yield thing
        finally:  # whoever found one that fits asks for no more
            thing.center, thing.sides = known
            row.site.forget()
