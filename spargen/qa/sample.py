"""Choosing among facts: no question twice, truths in balance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from heapq import heappop, heapreplace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.qa.answers import AnswerKind
from spargen.qa.fact import Fact


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


def choose(facts: Sequence[Fact], kind: AnswerKind, form: str, count: int, rng: np.random.Generator) -> list[Fact]:
    """Return up to `count` facts that may take a form, each question once, ordered so that any prefix is in balance.

    Words along axes are balanced part by part: the next fact is one whose words are rarest so far.
    """
    usable, keys = [], set()
    for i in rng.permutation(len(facts)):
        fact = facts[i]
        key = fact.key
        if (fact.forms is None or form in fact.forms) and key not in keys:
            keys.add(key)
            usable.append(fact)
    by_bucket: dict[Hashable, list[Fact]] = defaultdict(list)
    for fact in usable:
        by_bucket[fact.bucket if fact.bucket is not None else kind.bucket(fact.answer)].append(fact)
    parts = {b: list(enumerate(b)) if isinstance(b, tuple) else [(0, b)] for b in by_bucket}
    used: Counter[Hashable] = Counter()
    times: Counter[Hashable] = Counter()
    # A bucket's place in the queue only ever falls, so it is looked up anew when its turn seems to have come.
    queue = [(0.0, 0, tie, bucket) for tie, bucket in enumerate(by_bucket)]
    ordered: list[Fact] = []
    while queue and len(ordered) < count:
        *seeming, tie, bucket = queue[0]
        place = (sum([used[p] for p in parts[bucket]]) / len(parts[bucket]), times[bucket], tie, bucket)
        if list(place[:2]) != seeming:
            heapreplace(queue, place)
            continue
        ordered.append(by_bucket[bucket].pop())
        times[bucket] += 1
        used.update(parts[bucket])
        if not by_bucket[bucket]:
            heappop(queue)
    return ordered
