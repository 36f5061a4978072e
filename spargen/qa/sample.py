"""Choosing among facts: no question twice, truths in balance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.qa.fact import Fact
from spargen.qa.kind import AnswerKind
from spargen.qa.values import numbered

Ints = NDArray[np.int64]


def balanced_order(codes: ArrayLike, rng: np.random.Generator) -> Ints:
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
    between = rng.permutation(inverse.max() + 1)[inverse]
    return np.asarray(shuffled[np.lexsort((between, _before(inverse)))])


def _before(classes: Ints) -> Ints:
    """Tell how many of its class stand before each of R candidates, (R,); classes are numbered from 0 on."""
    by_class, sizes = np.argsort(classes, kind="stable"), np.bincount(classes)
    before = np.empty(len(classes), dtype=np.int64)
    before[by_class] = np.arange(len(classes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return before


OF_ONE_SET = 0.03
"""Largest share of a cell's rows in a scene that is about the same objects, where there are others."""


class Pool:
    """The facts of a task, to choose from for each of its forms. What does not depend on the form is worked out once.

    Facts of one key ask the same question. They are in balance over their buckets, each of which has some parts.
    """

    def __init__(self, facts: Sequence[Fact], kind: AnswerKind) -> None:
        from spargen.qa.tilt import Tilt  # what is compiled takes long to load, and lists do without

        self.facts, self.tilt = facts, Tilt(facts)
        keys = [fact.key for fact in facts]
        self.key, self.keys = numbered(keys)
        self.about, _ = numbered([key if fact.deck else key[1] for key, fact in zip(keys, facts, strict=True)])
        self.bucket, buckets = numbered(
            [kind.bucket(fact.answer) if fact.bucket is None else fact.bucket for fact in facts]
        )
        number: dict[Hashable, int] = defaultdict(lambda: len(number))
        self.parts = [[number[p] for p in enumerate(b)] if isinstance(b, tuple) else [number[b]] for b in buckets]

    def meant(self, form: str) -> list[int]:
        """Return which facts may take a form."""
        return [i for i, fact in enumerate(self.facts) if fact.forms is None or form in fact.forms]

    def choose(
        self,
        able: Sequence[int],
        count: int,
        rng: np.random.Generator,
        *,
        rows: int = 0,
        spare: int = 0,
        asked: Collection[Hashable] = (),
    ) -> list[Fact]:
        """Return up to `count` of the facts that are able, each question once, so that any prefix is in balance.

        As long as `spare` are left, those are left out whose keys were `asked` in another form, and those about objects
        that have their share of so many `rows` already.

        Words along axes are balanced part by part: the next fact is one whose words are rarest so far. Of those it is
        one that sets labels straight which leaned to one side.
        """
        shuffled = np.array(able, dtype=np.int64)[rng.permutation(len(able))]
        usable = shuffled[np.sort(np.unique(self.key[shuffled], return_index=True)[1])]
        varied = self._varied(usable, rows, spare, asked) if rows else usable
        by_bucket: dict[int, list[int]] = defaultdict(list)
        for i, bucket in zip(varied.tolist(), self.bucket[varied].tolist(), strict=True):
            by_bucket[bucket].append(i)
        parts = [self.parts[bucket] for bucket in by_bucket]
        return [self.facts[i] for i in self.tilt.in_turns(by_bucket.values(), parts, count)]

    def _varied(self, usable: Ints, count: int, spare: int, asked: Collection[Hashable]) -> Ints:
        """Return the facts that repeat no other, and as many more as are needed to have `spare` of them.

        One repeats others that was asked in another form, or is about objects that have their share of `count` rows.
        """
        known, times = [self.keys[key] for key in asked], 1 + _before(self.about[usable])
        often = max(1, int(OF_ONE_SET * count))
        repeats = np.isin(self.key[usable], known).astype(np.int64) + (times > often)
        enough = max(spare, np.count_nonzero(repeats == 0))
        return np.asarray(usable[np.sort(np.lexsort((times, repeats))[:enough])])
