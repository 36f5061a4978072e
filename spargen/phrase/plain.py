"""Looks for words in templates that are not plain, and for questions that are too long: `spargen check` prints both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from spargen.reading import read_shipped
from spargen.resources import data_dir

if TYPE_CHECKING:
    from spargen.phrase.templates import TemplateSet
    from spargen.phrase.wording import Block, Wording
    from spargen.settings import Words

_SLOT = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_STATEMENT = re.compile(r"\{[%#].*?[%#]\}", re.DOTALL)
_LITERAL = re.compile(r"\"(.*?)\"|'(.*?)'")


class PlainRules(BaseModel):
    """The lists of configs/words/plain.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words_at_most: dict[str, int]
    typical: dict[str, str]
    turns: dict[str, str]

    def limit(self, task: str) -> int:
        """Return how many words a task's questions have at most with `words: brief`, options apart."""
        return next(most for pattern, most in self.words_at_most.items() if fnmatchcase(task, pattern))


def words_file() -> Path:
    """Return the lists that are in use."""
    return data_dir("configs") / "words" / "plain.yaml"


@cache
def plain_rules() -> PlainRules:
    """Read the lists."""
    return PlainRules.model_validate(read_shipped(words_file()))


def remarks(templates: TemplateSet, task: str, form: str, *, video: bool) -> list[str]:
    """Say what is not plain, what is too long and what is missing in the file of a task and form.

    Parameters
    ----------
    templates : the words of a job.
    task, form : the file.
    video : whether the task shows a clip, where names are longer.

    Returns
    -------
    One line a remark, ``FILE:LINE: what``.
    """
    wording = templates.wording(task, form)
    return [*_turns(wording), *_missing(wording, templates.words), *_lengths(wording, task, templates.words, video)]


def _turns(wording: Wording) -> Iterator[str]:
    """Name turns that are not plain, wherever the file itself says them: slots may print what they like."""
    for block in wording.blocks():
        said = _SLOT.sub(lambda slot: " ".join(_literals(slot[1])) + "\n" * slot[0].count("\n"), block.source)
        for turn, instead in plain_rules().turns.items():
            for found in re.finditer(turn.replace(" ", r"\s+"), said, re.IGNORECASE):
                line = block.line + 1 + said[: found.start()].count("\n")
                yield f'{wording.path}:{line}: "{" ".join(found[0].split())}" is not plain; write: {instead}'


def _missing(wording: Wording, words: Words) -> Iterator[str]:
    wanted, others = ("note", "brief") if words == "full" else ("brief", "note")
    there = wording.notes if words == "full" else wording.briefs
    if not there and wording.ends(words):
        yield f"{wording.path}:1: no {wanted} block, so `words: {words}` takes the {others} blocks"


def _lengths(wording: Wording, task: str, words: Words, video: bool) -> Iterator[str]:
    """Name questions that are too long with `words: brief`; a file without briefs counts if the job wants some."""
    if words == "full" and not wording.briefs:
        return
    most, things = plain_rules().limit(task), plain_rules().typical["thing_in_a_clip" if video else "thing"]
    end = max((_count(block, things) for block in wording.ends("brief")), default=0)
    for question in wording.questions:
        count = _count(question, things) + end
        if count > most:
            yield f"{wording.path}:{question.line}: about {count} words in all; `words: brief` is for {most} at most"


def _count(block: Block, thing: str) -> int:
    """Count the words of a block whose slots hold what they typically hold."""
    return len(_SLOT.sub(lambda slot: _typical(slot[1], thing), _STATEMENT.sub(" ", block.text)).split())


def _typical(expression: str, thing: str) -> str:
    """Return what an expression typically prints: one of its texts, or what its filter or its slot gives."""
    known, names = plain_rules().typical, re.findall(r"[a-z]\w*", _LITERAL.sub("", expression))
    if "if" in names:
        return max(_literals(expression), key=lambda text: len(text.split()), default=thing)
    return next((known[name] for name in reversed(names) if name in known), thing)


def _literals(expression: str) -> list[str]:
    return ["".join(found) for found in _LITERAL.findall(expression)]
