"""Choosing among facts: no question twice, truths in balance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.qa.fact import Fact, Key
from spargen.qa.kind import AnswerKind


def balanced_order(codes: ArrayLike, rng: np.random.Generator) -> NDArray[np.int64]:
    """Order R candidates so that every prefix holds each of their classes as evenly as can be.

    Parameters
    ----------
    codes : (R,) class of each candidate, any hashable integers.
    rng : decides the order within and between classes.

    Returns
    -------
    (R,) permutation.
    """
    codes = np.asarray(codes)
    shuffled = rng.permutation(len(codes))
    if not len(codes):
        return shuffled
    _, inverse = np.unique(codes[shuffled], return_inverse=True)
    by_class = np.argsort(inverse, kind="stable")
    sizes = np.bincount(inverse)
    rank = np.empty(len(codes), dtype=np.int64)
    rank[by_class] = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    between = rng.permutation(len(sizes))[inverse]
    return np.asarray(shuffled[np.lexsort((between, rank))])


OF_ONE_SET = 0.03
"""Largest share of a cell's rows in a scene that is about the same objects, where there are others."""


def _varied(usable: Mapping[Key, Fact], count: int, spare: int, asked: Collection[Hashable]) -> list[Fact]:
    """Return the facts that repeat no other, and as many more as are needed to have `spare` of them.

    One repeats others that was asked in another form, or is about objects that have their share of `count` rows.
    """
    often = max(1, int(OF_ONE_SET * count))
    times: Counter[Hashable] = Counter()
    repeats = []
    for key, fact in usable.items():
        about = key if fact.deck else key[1]
        times[about] += 1
        repeats.append(((key in asked) + (times[about] > often), times[about]))
    enough = max(spare, sum(not much for much, _ in repeats))
    kept = sorted(range(len(repeats)), key=repeats.__getitem__)[:enough]
    facts = list(usable.values())
    return [facts[i] for i in sorted(kept)]


def choose(
    facts: Sequence[Fact],
    kind: AnswerKind,
    form: str,
    count: int,
    rng: np.random.Generator,
    *,
    rows: int = 0,
    spare: int = 0,
    asked: Collection[Hashable] = (),
) -> list[Fact]:
    """Return up to `count` facts that may take a form, each question once, ordered so that any prefix is in balance.

    As long as `spare` are left, those are left out whose keys were `asked` in another form, and those about objects
    that have their share of so many `rows` already.

    Words along axes are balanced part by part: the next fact is one whose words are rarest so far. Of those it is one
    that sets labels straight which leaned to one side.
    """
    from spargen.qa.tilt import Tilt  # what is compiled takes long to load, and lists do without

    usable: dict[Key, Fact] = {}
    for fact in [facts[i] for i in rng.permutation(len(facts)).tolist()]:
        if fact.forms is None or form in fact.forms:
            usable.setdefault(fact.key, fact)
    varied = _varied(usable, rows, spare, asked) if rows else list(usable.values())
    by_bucket: dict[Hashable, list[int]] = defaultdict(list)
    for i, fact in enumerate(varied):
        by_bucket[fact.bucket if fact.bucket is not None else kind.bucket(fact.answer)].append(i)
    number: dict[Hashable, int] = defaultdict(lambda: len(number))
    parts = [[number[p] for p in enumerate(b)] if isinstance(b, tuple) else [number[b]] for b in by_bucket]
    return [varied[i] for i in Tilt(varied).in_turns(by_bucket.values(), parts, count)]
