"""One template file: its paraphrases, as jinja reads them.

A file is a list of blocks. A line ``--- question``, ``--- note``, ``--- brief`` or ``--- answer`` opens a block; its
lines are joined with spaces. A row's question is one question block and, where the file has any, one note block, or one
brief block instead in a job with ``words: brief``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nodes
from jinja2.nodes import Filter, Name
from jinja2.sandbox import ImmutableSandboxedEnvironment

from spargen.errors import TemplateError
from spargen.phrase.filling import Slots, filling
from spargen.phrase.filters import filters
from spargen.reading import read_text
from spargen.scene.labels import LabelRules
from spargen.settings import Words

BLOCKS = ("question", "note", "brief", "answer")
_SAYS = (
    *("TemplateData", "Output", "Name", "Const", "Filter", "Keyword", "Getattr", "Getitem"),
    *("CondExpr", "If", "Compare", "Operand", "Test", "And", "Or", "Not"),
)
"""What a template may be made of: nothing that counts, calls or repeats, for a few letters of it can fill a memory."""
_OPENER = re.compile(r"---\s*(\w*)\s*$")
FAULTS = (jinja2.TemplateError, AttributeError, TypeError, ValueError, LookupError, ArithmeticError)
"""What filling a template may end in: the mistakes of whoever wrote it."""


class FilterError(jinja2.TemplateRuntimeError):
    """A filter was given what it is not for; `name` is the filter's."""

    def __init__(self, name: str, value: Any) -> None:
        super().__init__(f"the filter {name} does not fit {str(value)!r}")
        self.name = name


def environment(rules: LabelRules) -> jinja2.Environment:
    """Return what templates are compiled in: the filters, and nothing that reaches out of a template."""
    made = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
    made.filters = {name: partial(_run_filter, name, function) for name, function in filters(rules).items()}
    return made


def _run_filter(name: str, function: Callable[..., str], value: Any, *more: Any, **named: Any) -> str:
    """Return what a filter makes of a value; `FilterError` where it is not for such."""
    try:
        return function(value, *more, **named)
    except jinja2.TemplateError:  # a slot without a value
        raise
    except FAULTS as error:
        raise FilterError(name, value) from error


def _refuse_what_counts(tree: jinja2.nodes.Template) -> None:
    """Raise jinja's error if a template does more than name and choose."""
    for node in tree.find_all(jinja2.nodes.Node):
        if type(node).__name__ not in _SAYS:
            what = f"a template names and chooses, it has no {type(node).__name__}"
            raise jinja2.TemplateSyntaxError(what, getattr(node, "lineno", 1))


@dataclass(frozen=True)
class Block:
    """One paraphrase: of which `BLOCKS` it is, its text, the line of the file on which it starts, and all after it."""

    kind: str
    text: str
    line: int
    source: str
    environment: jinja2.Environment

    @cached_property
    def tree(self) -> jinja2.nodes.Template:
        """The text as jinja parses it."""
        return self.environment.parse(self.text)

    @cached_property
    def fill(self) -> Callable[[Slots], str]:
        """What puts values into the slots of the text. Raises jinja's error if it is no template.

        The line of the error is counted within the block.
        """
        try:
            _refuse_what_counts(self.tree)
            return filling(self.tree, self.environment)
        except jinja2.TemplateSyntaxError:
            _refuse_what_counts(self.environment.parse(self.source))
            self.environment.compile(self.source)
            raise

    @cached_property
    def slots(self) -> set[str]:
        """Names of the slots that the text uses: all its names, for it gives none itself."""
        return {node.name for node in self.tree.find_all(Name)}

    def line_of(self, name: str, what: type[Name] | type[Filter] = Name) -> int:
        """Line of the file on which a slot, or a filter, is first used."""
        used = self.environment.parse(self.source).find_all((Name, Filter))
        return self.line + min(node.lineno for node in used if isinstance(node, what) and node.name == name)

    def line_of_fault(self, error: Exception) -> int:
        """Line of the file on which stands what an error of `fill` names; that of the block if it names nothing."""
        if isinstance(error, FilterError):
            return self.line_of(error.name, Filter)
        missing = self.slots if isinstance(error, jinja2.UndefinedError) else ()
        return min((self.line_of(slot) for slot in missing if repr(slot) in str(error)), default=self.line)


@dataclass(frozen=True)
class Wording:
    """The paraphrases of one task and form. Notes and briefs say the same, in full and in few words."""

    path: Path
    questions: tuple[Block, ...]
    notes: tuple[Block, ...]
    briefs: tuple[Block, ...]
    answers: tuple[Block, ...]

    def blocks(self) -> Iterator[Block]:
        """Yield all blocks."""
        yield from (*self.questions, *self.notes, *self.briefs, *self.answers)

    def ends(self, words: Words) -> tuple[Block, ...]:
        """Return what may follow a question: notes or briefs as wanted, the others in a file without."""
        wanted, others = (self.notes, self.briefs) if words == "full" else (self.briefs, self.notes)
        return wanted or others


def read_wording(path: Path, within: jinja2.Environment) -> Wording:
    """Read a template file, to be compiled within an `environment`. Raises `TemplateError` naming file and line."""
    found: dict[str, list[Block]] = {kind: [] for kind in BLOCKS}
    kind, start, lines = "", 0, []  # type: str, int, list[str]

    def close() -> None:
        text = " ".join(" ".join(lines).split())
        if kind and not text:
            raise TemplateError(
                f"the {kind} block is empty", where=f"{path}:{start}", mend="write its text or delete it"
            )
        if kind:
            found[kind].append(Block(kind, text, start, "\n".join(lines), within))
        elif text and not re.fullmatch(r"(\{#.*?#\}\s*)+", text):
            raise TemplateError("text before the first block", where=f"{path}:1", mend="start with a line --- question")

    for number, line in enumerate(read_text(path, "the templates", TemplateError).splitlines(), start=1):
        opener = _OPENER.match(line)
        if opener is None:
            lines.append(line)
            continue
        close()
        kind, start, lines = opener.group(1), number, []
        if kind not in BLOCKS:
            raise TemplateError(
                f"unknown block {kind!r}", where=f"{path}:{number}", mend=f"use one of {', '.join(BLOCKS)}"
            )
    close()
    if not found["question"]:
        raise TemplateError("no question block", where=path, mend="add a line --- question and a question below it")
    questions, notes, briefs, answers = (tuple(found[kind]) for kind in BLOCKS)
    return Wording(path, questions, notes, briefs, answers)
