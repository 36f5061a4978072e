"""Wrong answers that nothing but the scene tells from the right one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spargen.qa.answers import AnswerKind, Directions, DirectionsKind, Winner
from spargen.qa.fact import Fact
from spargen.settings import Settings

OPTIONS = 4


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

    Of words along axes one part is claimed that has a word: the word or its opposite. Of other kinds the printed truth
    is claimed, or that of another fact that is clear of it; facts without such another are left out.
    """
    out: list[Claim] = []
    for fact in facts:
        if len(out) == count:
            break
        holds = len(out) % 2 == 0
        said: Directions | str | None = _one_part(fact.answer, holds, rng) if isinstance(kind, DirectionsKind) else None
        if said is None:
            clear = np.flatnonzero(kind.clear(fact.answer, [f.answer for f in facts], settings))
            if holds or len(clear):
                said = kind.text(fact.answer if holds else facts[int(rng.choice(clear))].answer)
        if said is not None:
            out.append(Claim(fact, said, holds))
    return [out[i] for i in rng.permutation(len(out))]


def _one_part(relation: Directions, holds: bool, rng: np.random.Generator) -> Directions:
    worded = [p for p in range(min(3, len(relation.states))) if relation.states[p]]
    part = worded[int(rng.integers(len(worded)))]
    return Directions((relation.axes[part],), (relation.states[part] if holds else -relation.states[part],))


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
    left = list(range(len(facts)))
    out: list[Choice] = []
    while len(left) >= OPTIONS and len(out) < count:
        group = [left.pop(0)]
        possible = np.ones(len(left), dtype=bool)
        for _ in range(OPTIONS - 1):
            possible &= kind.clear(facts[group[-1]].answer, [facts[i].answer for i in left], settings)
            if not possible.any():
                break
            pick = int(possible.argmax())
            group.append(left.pop(pick))
            possible = np.delete(possible, pick)
        if len(group) < OPTIONS:
            # The first has too few companions left; the others go back for later groups.
            left = sorted(left + group[1:])
            continue
        for k, at in zip(group, rng.permutation(OPTIONS), strict=True):
            right, *wrong = (kind.option(facts[i].answer, facts[k].answer) for i in (k, *(i for i in group if i != k)))
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
    """Two parts each take one other value, in all four combinations; other values as frequent as among the truths."""
    frequency: list[Counter[int]] = [Counter() for _ in facts[0].answer.states] if facts else []
    for fact in facts:
        for part, state in enumerate(fact.answer.states):
            frequency[part][state] += 1
    out: list[Choice] = []
    positions = _letters(rng, len(facts))
    for fact in facts:
        if len(out) >= count:
            break
        wrong = _exchange(fact.answer, frequency, rng)
        if wrong is not None:
            out.append(_place(fact, str(fact.answer), [str(w) for w in wrong], positions[len(out)], rng))
    return out


def _exchange(truth: Directions, frequency: list[Counter[int]], rng: np.random.Generator) -> list[Directions] | None:
    states = list(truth.states)
    varied = [p for p in range(len(states)) if sum(n for s, n in frequency[p].items() if s != states[p])]
    for i in rng.permutation(len(varied) * (len(varied) - 1) // 2) if len(varied) > 1 else ():
        pairs = [(a, b) for k, a in enumerate(varied) for b in varied[k + 1 :]]
        a, b = pairs[i]
        other = {p: _other(states[p], frequency[p], rng) for p in (a, b)}
        combined = []
        for use_a, use_b in ((True, False), (False, True), (True, True)):
            new = list(states)
            new[a] = other[a] if use_a else new[a]
            new[b] = other[b] if use_b else new[b]
            combined.append(Directions(truth.axes, tuple(new)))
        # A tuple without a word among its first three parts is no answer to anything.
        if all(any(c.states[:3]) for c in combined):
            return combined
    return None


def _other(state: int, frequency: Counter[int], rng: np.random.Generator) -> int:
    values = sorted(s for s in frequency if s != state)
    weights = np.array([frequency[s] for s in values], dtype=np.float64)
    # What rng.choice(p=...) does, in a fifth of its time.
    return values[int(np.searchsorted(np.cumsum(weights[:-1]), rng.random() * weights.sum(), side="right"))]
