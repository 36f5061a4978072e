"""Wrong answers that nothing but the scene tells from the right one."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, combinations, product
from typing import Any

import numpy as np

from spargen.qa.answers import AnswerKind, Directions, DirectionsKind, Winner
from spargen.qa.fact import Fact
from spargen.settings import Settings

OPTIONS = 4

States = tuple[int, ...]
Square = tuple[States, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A fact with its options: `texts` in printing order, `right` the position of the truth."""

    fact: Fact
    texts: tuple[str, ...]
    right: int

    @property
    def letter(self) -> str:
        """The letter of the right option."""
        return "ABCDEFGH"[self.right]


@dataclass(frozen=True, slots=True)
class Claim:
    """A fact, what a yes-or-no question claims about it, and whether that holds."""

    fact: Fact
    said: Any
    holds: bool


def claims(
    facts: Sequence[Fact], kind: AnswerKind, count: int, settings: Settings, rng: np.random.Generator
) -> list[Claim]:
    """Claim something about facts, the truth about every other one.

    Of words along axes one part is claimed that has a word: the word or its opposite, so that each word is claimed in
    truth about as often as not. Of other kinds the printed truth
    is claimed, or that of another fact that is clear of it; facts without such another are left out.
    """
    out: list[Claim] = []
    claimed: Counter[tuple[str, int, bool]] = Counter()
    for fact in facts:
        if len(out) == count:
            break
        holds = len(out) % 2 == 0
        said: Directions | str | None = None
        if isinstance(kind, DirectionsKind):
            said = _one_part(fact.answer, holds, claimed, rng)
        if said is None:
            clear = np.flatnonzero(kind.clear(fact.answer, [f.answer for f in facts], settings))
            if holds or len(clear):
                said = kind.text(fact.answer if holds else facts[int(rng.choice(clear))].answer)
        if said is not None:
            out.append(Claim(fact, said, holds))
    return [out[i] for i in rng.permutation(len(out))]


def _one_part(
    relation: Directions, holds: bool, claimed: Counter[tuple[str, int, bool]], rng: np.random.Generator
) -> Directions:
    """Claim of the parts that have a word the one that was claimed least so far."""
    worded = [(a, s if holds else -s, holds) for a, s in zip(relation.axes[:3], relation.states[:3], strict=True) if s]
    axis, state, _ = least = min((worded[i] for i in rng.permutation(len(worded))), key=claimed.__getitem__)
    claimed[least] += 1
    return Directions((axis,), (state,))


def choices(
    facts: Sequence[Fact], kind: AnswerKind, count: int, settings: Settings, rng: np.random.Generator
) -> list[Choice]:
    """Give facts their options; facts without enough honest ones are left out.

    Parameters
    ----------
    facts : in the order of preference.
    kind : of their answers.
    count : how many choices are wanted.
    """
    if isinstance(kind, Winner):
        return [_two(fact) for fact in facts[:count]]
    if isinstance(kind, DirectionsKind):
        return _exchanged(facts, count, rng)
    if facts and facts[0].wrong is not None:
        return _given(facts, kind, count, settings, rng)
    return _shared(facts, kind, count, settings, rng)


def _two(fact: Fact) -> Choice:
    """Green, then blue: the colours were dealt out by chance when the fact was made."""
    green, blue = fact.slots["green"], fact.slots["blue"]
    return Choice(fact, (str(green), str(blue)), 0 if fact.answer == green else 1)


def _letters(rng: np.random.Generator, count: int) -> list[int]:
    """Positions for the right option: each letter equally often, in random order."""
    rounds = -(-count // OPTIONS)
    return [int(p) for _ in range(rounds) for p in rng.permutation(OPTIONS)][:count]


def _place(fact: Fact, right: str, wrong: Sequence[str], at: int, rng: np.random.Generator) -> Choice:
    texts = [wrong[i] for i in rng.permutation(len(wrong))]
    texts.insert(at, right)
    return Choice(fact, tuple(texts), at)


def _shared(
    facts: Sequence[Fact], kind: AnswerKind, count: int, settings: Settings, rng: np.random.Generator
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
            out.append(_place(facts[k], right, wrong, int(at), rng))
    return out[:count]


def _given(
    facts: Sequence[Fact], kind: AnswerKind, count: int, settings: Settings, rng: np.random.Generator
) -> list[Choice]:
    """Wrong answers that the task itself names, the earlier ones rather, as far as they are clear of each other."""
    found = []
    for fact in facts:
        taken: list[Any] = [fact.answer]
        for wrong in fact.wrong or ():
            if len(taken) < OPTIONS and kind.clear(wrong, taken, settings).all():
                taken.append(wrong)
        if len(taken) == OPTIONS:
            found.append((fact, [kind.option(value, fact.answer) for value in taken]))
        if len(found) == count:
            break
    letters = _letters(rng, len(found))
    return [_place(fact, right, wrong, at, rng) for (fact, (right, *wrong)), at in zip(found, letters, strict=True)]


def _exchanged(facts: Sequence[Fact], count: int, rng: np.random.Generator) -> list[Choice]:
    """Two parts each take one other value, in all four combinations.

    Four facts whose truths are those combinations share one option set, each right once. Facts that find no such
    company fill what is wanted beyond, their other values as frequent as among the truths.
    """
    left: dict[States, deque[Fact]] = defaultdict(deque)
    for fact in facts:
        left[fact.answer.states].append(fact)
    frequency = [Counter(part) for part in zip(*(fact.answer.states for fact in facts), strict=True)]
    out: list[Choice] = []
    for states in [fact.answer.states for fact in facts]:
        if len(out) >= count:
            break
        if left[states] and (square := _complete_square(states, left, rng)):
            texts = [str(left[corner][0].answer) for corner in square]
            for k, at in enumerate(rng.permutation(OPTIONS)):
                out.append(_place(left[square[k]].popleft(), texts[k], texts[:k] + texts[k + 1 :], int(at), rng))
    letters = _letters(rng, max(0, count - len(out)))
    for fact in facts:
        if letters and left[fact.answer.states] and left[fact.answer.states][0] is fact:
            left[fact.answer.states].popleft()
            wrong = _exchange(fact.answer, frequency, rng)
            if wrong is not None:
                out.append(_place(fact, str(fact.answer), [str(w) for w in wrong], letters.pop(), rng))
    return out[:count]


def _complete_square(states: States, left: Mapping[States, Sized], rng: np.random.Generator) -> Square | None:
    """Draw four combinations of two parts' values, `states` among them, of each of which a fact is left."""
    squares = _squares(states)
    weights = list(accumulate([min([len(left.get(corner, ())) for corner in square]) for square in squares]))
    if not weights[-1]:
        return None
    return squares[bisect_right(weights, rng.random() * weights[-1])]


@cache
def _squares(states: States) -> list[Square]:
    return [
        _corners(states, a, new_a, b, new_b)
        for a, b in combinations(range(len(states)), 2)
        for new_a, new_b in product((-1, 0, 1), repeat=2)
        if new_a != states[a] and new_b != states[b]
    ]


def _corners(states: States, a: int, new_a: int, b: int, new_b: int) -> Square:
    """All combinations of two parts' old and new values, the old ones first."""
    other = (*states[:a], new_a, *states[a + 1 :])
    return (states, other, *((*s[:b], new_b, *s[b + 1 :]) for s in (states, other)))


def _exchange(truth: Directions, frequency: list[Counter[int]], rng: np.random.Generator) -> list[Directions] | None:
    states = truth.states
    varied = [p for p in range(len(states)) if set(frequency[p]) - {states[p]}]
    pairs = list(combinations(varied, 2))
    for i in rng.permutation(len(pairs)):
        a, b = pairs[i]
        square = _corners(states, a, _other(states[a], frequency[a], rng), b, _other(states[b], frequency[b], rng))
        # A tuple without a word among its first three parts is no answer to anything.
        if all(any(corner[:3]) for corner in square):
            return [Directions(truth.axes, corner) for corner in square[1:]]
    return None


def _other(state: int, frequency: Counter[int], rng: np.random.Generator) -> int:
    values = sorted(s for s in frequency if s != state)
    weights = np.array([frequency[s] for s in values], dtype=np.float64)
    # What rng.choice(p=...) does, in a fifth of its time.
    return values[int(np.searchsorted(np.cumsum(weights[:-1]), rng.random() * weights.sum(), side="right"))]
