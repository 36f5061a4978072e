"""Puts facts into words, as questions and answers of each form: one code path for every task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from spargen.errors import TemplateError
from spargen.phrase.plain import plain_rules
from spargen.phrase.templates import TemplateSet
from spargen.phrase.wording import FAULTS, Block, FilterError, Wording
from spargen.qa.fact import Fact
from spargen.qa.kind import AnswerKind
from spargen.qa.options import LETTERS, Choice, Claim
from spargen.settings import Settings, Words


class Phrased(NamedTuple):
    """A fact in words, and which words were taken.

    `used` names the template file by task and form, and the lines of the question, note (or brief) and answer blocks.
    """

    fact: Fact
    question: str
    answer: str
    used: dict[str, Any]


def phrase(
    task: str,
    form: str,
    facts: Sequence[Fact],
    kind: AnswerKind,
    templates: TemplateSet,
    count: int,
    settings: Settings,
    rng: np.random.Generator,
    wrong: int = 0,
) -> list[Phrased]:
    """Put up to `count` facts into words; the first ones, unless they cannot take the form.

    `wrong` is the number of wrong answers that the task's facts bring for the options of a row.
    """
    most = plain_rules().limit(task) if templates.words == "brief" else None
    writer = _Writer(templates.wording(task, form), templates.words, most, f"{task}/{form}", rng)
    if form == "select":
        return [writer.select(choice) for choice in kind.options(facts, wrong, count, settings, rng)]
    if form == "judge":
        return [writer.judge(claim) for claim in kind.claims(facts, wrong, count, settings, rng)]
    return [writer.plain(fact, kind) for fact in facts[:count]]


class _Writer:
    """Draws paraphrases of one file, each equally often, and fills them.

    Where a question has more than `most` words, be it for its labels, the shortest paraphrases are taken instead.
    """

    def __init__(self, wording: Wording, words: Words, most: int | None, name: str, rng: np.random.Generator) -> None:
        self.wording, self.ends, self.most, self.name, self.rng = wording, wording.ends(words), most, name, rng
        self._decks: dict[tuple[int, str], list[int]] = defaultdict(list)

    def plain(self, fact: Fact, kind: AnswerKind) -> Phrased:
        """Fill and sentence: the answer in its syntax, or in a sentence where the file has any."""
        text = kind.text(fact.answer)
        question, used = self._question(fact.slots, fact.deck)
        if self.wording.answers:
            block = self._draw(self.wording.answers)
            said = self._fill(block, {**fact.slots, "answer": text})
            text, used["answer_line"] = _sentence_start(said), block.line
        return Phrased(fact, question, text, used)

    def select(self, choice: Choice) -> Phrased:
        """The question, its options one a line, and the letter."""
        question, used = self._question(choice.fact.slots, choice.fact.deck)
        lines = [question, *[f"{letter}. {text}" for letter, text in zip(LETTERS, choice.texts, strict=False)]]
        return Phrased(choice.fact, "\n".join(lines), choice.letter, {**used, "options": list(choice.texts)})

    def judge(self, claim: Claim) -> Phrased:
        """A claim, and whether it holds."""
        question, used = self._question({**claim.fact.slots, "claim": claim.said}, claim.fact.deck)
        return Phrased(claim.fact, question, "Yes" if claim.holds else "No", {**used, "claim": str(claim.said)})

    def _question(self, slots: Any, deck: str) -> tuple[str, dict[str, Any]]:
        blocks = [self._draw(self.wording.questions, deck), *([self._draw(self.ends)] if self.ends else [])]
        said = self._said(blocks, slots)
        if self.most is not None and _words(said) > self.most:
            blocks = [self._shortest(listed, slots) for listed in (self.wording.questions, self.ends) if listed]
            said = self._said(blocks, slots)
        used = {"template": self.name, "question_line": blocks[0].line}
        if self.ends:
            used["note_line"] = blocks[1].line
        return said, used

    def _said(self, blocks: Sequence[Block], slots: Any) -> str:
        return " ".join([_sentence_start(self._fill(block, slots)) for block in blocks])

    def _shortest(self, blocks: tuple[Block, ...], slots: Any) -> Block:
        return min(blocks, key=lambda block: _words(self._fill(block, slots)))

    def _draw(self, blocks: tuple[Block, ...], deck: str = "") -> Block:
        """Draw without putting back until every block was used, then anew."""
        cards = self._decks[id(blocks), deck]
        if not cards:
            cards.extend(self.rng.permutation(len(blocks)).tolist())
        return blocks[cards.pop()]

    def _fill(self, block: Block, slots: Any) -> str:
        try:
            return block.fill(slots)
        except FAULTS as error:
            task = self.name.partition("/")[0]
            mend = f"see the slots: `spargen list templates {task}`, or `slots` in the @task of a task of your own"
            if isinstance(error, FilterError):
                mend = "take a filter that is for this slot, or none: docs/adding_a_task.md tells what each prints"
            where = f"{self.wording.path}:{block.line_of_fault(error)}"
            raise TemplateError(str(error), where=where, mend=mend) from error


def _words(text: str) -> int:
    return len(text.split())


def _sentence_start(text: str) -> str:
    """Begin with a capital."""
    return text[:1].upper() + text[1:]
