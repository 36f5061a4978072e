"""Wrong answers, which only the scene can tell from the right one: those a fact brings, and truths of other rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.qa.fact import Fact
from spargen.qa.looks import unobtrusive
from spargen.settings import Settings

if TYPE_CHECKING:
    from spargen.qa.kind import AnswerKind, Exchangeable

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

OPTIONS = 4
"""Options of a row, unless its task says otherwise."""
LETTERS = "ABCDEFGH"
AMONG = 4096
"""Facts among which one finds company for its options, so many at a time: time then is linear in their number."""


class Choice(NamedTuple):
    """A fact with its options: `texts` in printing order, `right` the position of the truth."""

    fact: Fact
    texts: tuple[str, ...]
    right: int

    @property
    def letter(self) -> str:
        """The letter of the right option."""
        return LETTERS[self.right]


class Claim(NamedTuple):
    """A fact, what a yes-or-no question claims about it, and whether that holds."""

    fact: Fact
    said: Any
    holds: bool


def given(
    kind: AnswerKind, facts: Sequence[Fact], wrong: int, count: int, settings: Settings, rng: np.random.Generator
) -> list[Choice]:
    """Offer beside each truth `wrong` of the wrong answers that the fact brings; each letter is right equally often."""
    out: list[Choice] = []
    at: list[int] = []
    for fact, others in unobtrusive(kind, facts, wrong, count, settings):
        at = at or rng.permutation(1 + wrong).tolist()
        right, *texts = (kind.option(value, fact.answer) for value in (fact.answer, *others))
        out.append(place(fact, right, texts, at.pop(), rng))
    return out


def in_order(
    kind: AnswerKind, facts: Sequence[Fact], wrong: int, count: int, settings: Settings, key: Callable[[Any], Any]
) -> list[Choice]:
    """Offer the same in a fixed order: where it was dealt out by chance when the fact was made."""
    out = []
    for fact, others in unobtrusive(kind, facts, wrong, count, settings):
        values = sorted([fact.answer, *others], key=key)
        texts = tuple(kind.option(value, fact.answer) for value in values)
        out.append(Choice(fact, texts, values.index(fact.answer)))
    return out


def given_claims(
    kind: AnswerKind, facts: Sequence[Fact], count: int, settings: Settings, rng: np.random.Generator
) -> list[Claim]:
    """Claim the truth about every other fact, and about the rest one of the wrong answers that they bring."""
    out = []
    for number, fact in enumerate(facts[:count]):
        others = [w for w in fact.wrong or () if kind.apart(w, fact.answer, settings)]
        said = others[int(rng.integers(len(others)))] if number % 2 else fact.answer
        out.append(Claim(fact, kind.text(said), number % 2 == 0))
    return [out[i] for i in rng.permutation(len(out))]


def shared(
    kind: Exchangeable, facts: Sequence[Fact], count: int, settings: Settings, rng: np.random.Generator
) -> list[Choice]:
    """Groups of four facts share one option set, the four truths, each of which is right once.

    Their questions tell the same, and the truths lie as close together as options may: whatever the words let one
    expect then fits all four alike.
    """
    out: list[Choice] = []
    for near in _in_company(facts):
        for group in _groups(kind, near, settings):
            if len(out) >= count:
                return out[:count]
            for k, at in zip(group, rng.permutation(OPTIONS), strict=True):
                right, *wrong = (
                    kind.option(near[i].answer, near[k].answer) for i in (k, *(i for i in group if i != k))
                )
                out.append(place(near[k], right, wrong, int(at), rng))
    return out[:count]


def _in_company(facts: Sequence[Fact]) -> Iterator[Sequence[Fact]]:
    """Yield the facts, so many at a time as are looked at for company."""
    for begin in range(0, len(facts), AMONG):
        yield facts[begin : begin + AMONG]


def _groups(kind: Exchangeable, facts: Sequence[Fact], settings: Settings) -> Iterator[list[int]]:
    """Yield groups of four facts: the first that is left, and then the one nearest to all that it has so far."""
    values, told = kind.numbers([fact.answer for fact in facts]), _told(facts)
    left = np.ones(len(facts), dtype=bool)
    for first in range(len(facts)):
        if not left[first]:
            continue
        left[first] = False
        group, others = [first], np.flatnonzero(left)
        away = np.zeros(len(others))
        while len(group) < OPTIONS and len(others):
            mine, theirs = values[group[-1]], values[others]
            away += kind.away(mine, theirs)
            fit = kind.clear(mine, theirs, settings) & _alike(told[group[-1]], told[others], settings)
            others, away = others[fit], away[fit]
            if len(others):
                group.append(int(others[away.argmin()]))
        if len(group) == OPTIONS:  # the others wait for later groups
            left[group] = False
            yield group


def _told(facts: Sequence[Fact]) -> Floats:
    """What each question asks for, as a number, and what it tells, (N, 2); NaN where that is nothing."""
    asked: dict[str, int] = {}
    told = [(asked.setdefault(fact.quantity, len(asked)), np.nan if fact.told is None else fact.told) for fact in facts]
    return np.array(told, dtype=np.float64)


def _alike(one: Floats, others: Floats, settings: Settings) -> Bools:
    """Tell which facts ask for the same quantity as one of them and tell about as much."""
    (its_quantity, its_number), (quantity, number) = one, others.T
    near = np.abs(number - its_number) <= settings.told_share * np.minimum(number, its_number)
    return np.asarray((quantity == its_quantity) & (near | np.isnan(number) & np.isnan(its_number)))


def shared_claims(
    kind: Exchangeable, facts: Sequence[Fact], count: int, settings: Settings, rng: np.random.Generator
) -> list[Claim]:
    """Claim the truth about every other fact, and about the rest that of another which tells the same, clear of it."""
    out: list[Claim] = []
    for near in _in_company(facts):
        values, told = kind.numbers([fact.answer for fact in near]), _told(near)
        for number, fact in enumerate(near):
            if len(out) == count:
                break
            alike = _alike(told[number], told, settings)
            clear = np.flatnonzero(kind.clear(values[number], values, settings) & alike)
            if len(clear):  # a fact about which nothing false can be claimed would always be true
                holds = len(out) % 2 == 0
                said = fact.answer if holds else near[int(rng.choice(clear))].answer
                out.append(Claim(fact, kind.text(said), holds))
    return [out[i] for i in rng.permutation(len(out))]


def place(fact: Fact, right: str, wrong: Sequence[str], at: int, rng: np.random.Generator) -> Choice:
    """Put the right option at its position among the wrong ones, which stand in random order."""
    texts = [wrong[i] for i in rng.permutation(len(wrong))]
    texts.insert(at, right)
    return Choice(fact, tuple(texts), at)
