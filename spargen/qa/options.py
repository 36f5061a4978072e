"""Wrong answers, which only the scene can tell from the right one: those a fact brings, and truths of other rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from spargen.qa.fact import Fact
from spargen.settings import Settings

if TYPE_CHECKING:
    from spargen.qa.answers import AnswerKind

OPTIONS = 4
"""Options of a row, unless its task says otherwise."""
LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class Choice:
    """A fact with its options: `texts` in printing order, `right` the position of the truth."""

    fact: Fact
    texts: tuple[str, ...]
    right: int

    @property
    def letter(self) -> str:
        """The letter of the right option."""
        return LETTERS[self.right]


@dataclass(frozen=True, slots=True)
class Claim:
    """A fact, what a yes-or-no question claims about it, and whether that holds."""

    fact: Fact
    said: Any
    holds: bool


def honest(kind: AnswerKind, truth: Any, candidates: Iterable[Any], count: int, settings: Settings) -> list[Any]:
    """Take the first candidates that are clear of the truth and of each other: `count` of them, or all there are."""
    taken: list[Any] = []
    clear = (c for c in candidates if kind.clear(c, [truth, *taken], settings).all())
    for candidate in islice(clear, count):
        taken.append(candidate)
    return taken


def given(
    kind: AnswerKind, facts: Sequence[Fact], wrong: int, count: int, settings: Settings, rng: np.random.Generator
) -> list[Choice]:
    """Offer beside each truth `wrong` of the wrong answers that the fact brings; each letter is right equally often."""
    out: list[Choice] = []
    at: list[int] = []
    for fact in facts[:count]:
        at = at or rng.permutation(1 + wrong).tolist()
        others = honest(kind, fact.answer, fact.wrong or (), wrong, settings)
        right, *texts = (kind.option(value, fact.answer) for value in (fact.answer, *others))
        out.append(place(fact, right, texts, at.pop(), rng))
    return out


def in_order(
    kind: AnswerKind, facts: Sequence[Fact], wrong: int, count: int, settings: Settings, key: Callable[[Any], Any]
) -> list[Choice]:
    """Offer the same in a fixed order: where it was dealt out by chance when the fact was made."""
    out = []
    for fact in facts[:count]:
        values = sorted([fact.answer, *honest(kind, fact.answer, fact.wrong or (), wrong, settings)], key=key)
        texts = tuple(kind.option(value, fact.answer) for value in values)
        out.append(Choice(fact, texts, values.index(fact.answer)))
    return out


def given_claims(
    kind: AnswerKind, facts: Sequence[Fact], count: int, settings: Settings, rng: np.random.Generator
) -> list[Claim]:
    """Claim the truth about every other fact, and about the rest one of the wrong answers that they bring."""
    out = []
    for number, fact in enumerate(facts[:count]):
        others = [w for w in fact.wrong or () if kind.clear(w, [fact.answer], settings).all()]
        said = others[int(rng.integers(len(others)))] if number % 2 else fact.answer
        out.append(Claim(fact, kind.text(said), number % 2 == 0))
    return [out[i] for i in rng.permutation(len(out))]


def shared(
    kind: AnswerKind, facts: Sequence[Fact], count: int, settings: Settings, rng: np.random.Generator
) -> list[Choice]:
    """Groups of four facts share one option set, the four truths, each of which is right once."""
    answers = [fact.answer for fact in facts]
    left = np.ones(len(facts), dtype=bool)
    out: list[Choice] = []
    for first in range(len(facts)):
        if len(out) >= count:
            break
        if not left[first]:
            continue
        left[first] = False
        group, possible = [first], left.copy()
        while len(group) < OPTIONS and possible.any():
            possible &= kind.clear(answers[group[-1]], answers, settings)
            if possible.any():
                group.append(int(possible.argmax()))
        if len(group) < OPTIONS:  # the others wait for later groups
            continue
        left[group] = False
        for k, at in zip(group, rng.permutation(OPTIONS), strict=True):
            right, *wrong = (kind.option(answers[i], answers[k]) for i in (k, *(i for i in group if i != k)))
            out.append(place(facts[k], right, wrong, int(at), rng))
    return out[:count]


def shared_claims(
    kind: AnswerKind, facts: Sequence[Fact], count: int, settings: Settings, rng: np.random.Generator
) -> list[Claim]:
    """Claim the truth about every other fact, and about the rest that of another fact, clear of their own."""
    answers = [fact.answer for fact in facts]
    out: list[Claim] = []
    for fact in facts:
        if len(out) == count:
            break
        clear = np.flatnonzero(kind.clear(fact.answer, answers, settings))
        if len(clear):  # a fact about which nothing false can be claimed would always be true
            holds = len(out) % 2 == 0
            said = fact.answer if holds else answers[int(rng.choice(clear))]
            out.append(Claim(fact, kind.text(said), holds))
    return [out[i] for i in rng.permutation(len(out))]


def place(fact: Fact, right: str, wrong: Sequence[str], at: int, rng: np.random.Generator) -> Choice:
    """Put the right option at its position among the wrong ones, which stand in random order."""
    texts = [wrong[i] for i in rng.permutation(len(wrong))]
    texts.insert(at, right)
    return Choice(fact, tuple(texts), at)
