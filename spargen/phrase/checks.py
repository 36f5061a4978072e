"""What the template files of each form may say, looked at before any row is asked in their words."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import jinja2

from spargen.errors import TemplateError
from spargen.phrase.wording import Block, Wording

_ONLY = {
    "answer": "{{ answer }} would tell the answer: only an answer block of sentence.j2 may say it",
    "claim": "{{ claim }} is not filled here: only judge.j2 claims something",
}
"""Slots that no task declares, and where they are filled."""
_TAG = re.compile(r"<(image|video|audio)>")
"""What loaders replace by a file."""


def check_wording(wording: Wording, form: str, known: Collection[str]) -> None:
    """Check the file of a form.

    Parameters
    ----------
    wording : the file.
    form : which of the `FORMS` it is for.
    known : slots that its task fills; `answer` and `claim` are known wherever they are filled.

    Raises
    ------
    TemplateError
        naming file, line and what is wrong there.
    """
    for block in wording.blocks():
        _check_jinja(wording.path, block)
        own = {"answer"} if block.kind == "answer" else {"claim"} if form == "judge" else set()
        _check_slots(wording.path, block, set(known) - _ONLY.keys() | own)
        _check_tags(wording.path, block)
    _check_answers(wording, form)
    if form == "judge":
        _check_claims(wording)
    _check_repeats(wording)


def _check_jinja(path: Path, block: Block) -> None:
    try:
        block.fill  # noqa: B018 - made here, so that a mistake is found before the first scene
    except (jinja2.TemplateSyntaxError, RecursionError) as error:
        where = f"{path}:{block.line + getattr(error, 'lineno', 0)}"
        what = getattr(error, "message", "it is nested too deeply")
        raise TemplateError(
            f"not a template: {what}", where=where, mend="close every {{ with }}, say no more than slots"
        ) from None


def _check_slots(path: Path, block: Block, may_say: Collection[str]) -> None:
    if wrong := block.slots - set(may_say):
        unknown = wrong - _ONLY.keys()
        raise TemplateError(
            f"unknown slot {', '.join(sorted(unknown))}" if unknown else _ONLY[min(wrong)],
            where=f"{path}:{min(map(block.line_of, unknown or wrong))}",
            mend=f"use one of: {', '.join(sorted(may_say))}" if may_say else "say it without slots",
        )


def _check_tags(path: Path, block: Block) -> None:
    if tag := _TAG.search(block.source):
        line = block.line + 1 + block.source[: tag.start()].count("\n")
        mend = "leave it out: loaders put it in themselves"
        raise TemplateError(f"{tag[0]} stands for a file", where=f"{path}:{line}", mend=mend)


def _check_answers(wording: Wording, form: str) -> None:
    """Refuse answer blocks of forms that have their answer as it is, and those that say nothing new."""
    asked = {slot for block in wording.blocks() if block.kind != "answer" for slot in block.slots}
    for block in wording.answers:
        where = f"{wording.path}:{block.line}"
        if form != "sentence":
            mend = "delete it; sentences stand in sentence.j2"
            raise TemplateError(f"the form {form} has no answer blocks", where=where, mend=mend)
        if not block.slots - asked:
            mend = "say {{ answer }} in it, or a slot that no question says"
            raise TemplateError("the answer block does not say the answer", where=where, mend=mend)


def _check_claims(wording: Wording) -> None:
    for block in wording.questions:
        if "claim" not in block.slots:
            mend = "say {{ claim }} in it: what is answered with Yes or No"
            raise TemplateError("the question claims nothing", where=f"{wording.path}:{block.line}", mend=mend)


def _check_repeats(wording: Wording) -> None:
    lines: dict[tuple[str, str], int] = {}
    for block in wording.blocks():
        line = lines.setdefault((block.kind, block.text), block.line)
        if line != block.line:
            raise TemplateError(
                f"the {block.kind} block says the same as the one on line {line}",
                where=f"{wording.path}:{block.line}",
                mend="delete one of them, or put it into other words",
            )
