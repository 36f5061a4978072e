"""Wrong answers in words along axes: the opposite of a word, of one part or of two."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Sized
from dataclasses import replace
from functools import cache
from itertools import accumulate, combinations

import numpy as np

from spargen.qa.fact import Fact
from spargen.qa.options import OPTIONS, Choice, Claim, place
from spargen.settings import Settings

States = tuple[int, ...]
Square = tuple[States, ...]
Pair = tuple[int, int]

HEIGHT = "ab"
"""The axis above / below. Labels give it away (a ceiling lamp is above), so it decides in few rows only."""
CLAIMED = 3
"""Claims are about one of the first parts, this many of them."""


# There are few states, and all facts are asked for theirs.
@cache
def worded(states: States, parts: range | tuple[int, ...]) -> tuple[int, ...]:
    """Return those of some parts that have a word: an empty one has no opposite."""
    return tuple([p for p in parts if states[p]])


def opposed(
    facts: Sequence[Fact], parts: range | tuple[int, ...], count: int, settings: Settings, rng: np.random.Generator
) -> list[Choice]:
    """Offer two parts that have a word, each with its opposite, in all four combinations.

    Four facts whose truths are those combinations share one option set, each right once, so that no word is right more
    often than its opposite. Facts that find no such company are left out.

    Parameters
    ----------
    facts : in the order of preference; their answers are `Directions` along the same axes.
    parts : which of them may be varied.
    count : how many choices are wanted.
    settings : the largest share of rows that vary above / below.
    rng : decides which parts are varied, and the letters.
    """
    from spargen.qa.tilt import Tilt  # what is compiled takes long to load, and lists do without

    left: dict[States, list[int]] = defaultdict(list)
    for i in reversed(range(len(facts))):  # the first ones are taken first
        left[facts[i].answer.states].append(i)
    tilt, out = Tilt(facts), list[Choice]()
    of_height = 0
    for answer in [fact.answer for fact in facts]:
        if len(out) >= count:
            break
        free = of_height + OPTIONS <= settings.height_share * (len(out) + OPTIONS)
        varied = [p for p in worded(answer.states, parts) if free or answer.axes[p] != HEIGHT]
        square = _complete_square(answer.states, list(combinations(varied, 2)), left, rng)
        if square is not None:
            together = [facts[tilt.pop(left[states])] for states in square]
            texts = [str(fact.answer) for fact in together]
            for k, at in enumerate(rng.permutation(OPTIONS)):
                out.append(place(together[k], texts[k], texts[:k] + texts[k + 1 :], int(at), rng))
            of_height += OPTIONS * any(square[0][p] != square[1][p] for p in varied if answer.axes[p] == HEIGHT)
    return out[:count]


def _complete_square(
    states: States, pairs: Sequence[Pair], left: Mapping[States, Sized], rng: np.random.Generator
) -> Square | None:
    """Draw a pair of parts such that facts are left of all four combinations; return those."""
    squares = [_square(states, pair) for pair in pairs] if left[states] else []
    enough = list(accumulate(min(len(left[corner]) for corner in square) for square in squares))
    if not enough or not enough[-1]:
        return None
    return squares[bisect_right(enough, rng.random() * enough[-1])]


@cache
def _square(states: States, pair: Pair) -> Square:
    """All combinations of two parts' words and their opposites: as given, both turned, one turned, the other."""
    return tuple(tuple(-s if p in turned else s for p, s in enumerate(states)) for turned in ((), pair, *zip(pair)))


def opposed_claims(facts: Sequence[Fact], count: int, settings: Settings, rng: np.random.Generator) -> list[Claim]:
    """Claim a part that has a word, truly its word, falsely the opposite.

    Four facts go together, two with each word of a part: each word is claimed once in truth and once not, so that no
    word tells the answer. Facts that find no such company are left out. Parameters as for `opposed`.
    """
    from spargen.qa.tilt import Tilt

    waiting: dict[tuple[str, int], list[int]] = defaultdict(list)
    for i, fact in enumerate(facts):
        answer = fact.answer
        words = [(answer.axes[p], answer.states[p]) for p in worded(answer.states, range(CLAIMED))]
        waiting[min((words[k] for k in rng.permutation(len(words))), key=lambda word: len(waiting[word]))].append(i)
    for left in waiting.values():
        left.reverse()  # the first ones are taken first
    axes, rows = sorted({axis for axis, _ in waiting}), Counter[str]()
    tilt, out = Tilt(facts), list[Claim]()
    while len(out) < count:
        able = [axis for axis in axes if all(len(waiting[axis, state]) >= 2 for state in (-1, 1))]
        if rows[HEIGHT] + OPTIONS > settings.height_share * (len(out) + OPTIONS):
            able = [axis for axis in able if axis != HEIGHT]
        if not able:
            break
        axis = min(able, key=rows.__getitem__)
        for claimed in (1, -1):
            true, false = (facts[tilt.pop(waiting[axis, state], axis)] for state in (claimed, -claimed))
            said = replace(true.answer, axes=(axis,), states=(claimed,))
            out += Claim(true, said, True), Claim(false, said, False)
        rows[axis] += OPTIONS
    return [out[i] for i in rng.permutation(min(count, len(out)))]
