"""Whether values are what they should be. Of many it is told at once: scenes have thousands of facts."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

Kinds = type | tuple[type, ...]
WHOLE: Kinds = (int, np.integer)
NUMBERS: Kinds = (int, float, np.integer, np.floating)
SCALE = 1000
"""Places in an image are counted from 0 to this."""


def only(kinds: Kinds, values: Iterable[object]) -> bool:
    """Tell whether all values are of some types. True and False are no numbers."""
    return all(issubclass(kind, kinds) and kind is not bool for kind in {*map(type, values)})


def rows(tuples: Sequence[Any], kinds: Kinds = tuple) -> bool:
    """Tell whether all are tuples of whole numbers, or what else may hold them."""
    return only(kinds, tuples) and only(WHOLE, chain.from_iterable(tuples))


def within(values: Iterable[Any], end: float) -> bool:
    """Tell whether all whole numbers lie in 0 .. `end`, that itself left out."""
    found = {*values}
    return not found or (min(found) >= 0 and max(found) < end)


def amounts(values: Sequence[Any]) -> bool:
    """Tell whether all are finite numbers that are not below 0."""
    return only(NUMBERS, values) and all(0 <= value < math.inf for value in values)


def places(tuples: Sequence[Any], numbers: Sequence[int], kinds: Kinds = tuple) -> bool:
    """Tell whether all are places in an image, of as many whole numbers each as one of `numbers` says."""
    right = rows(tuples, kinds) and {*map(len, tuples)} <= {*numbers}
    return right and within(chain.from_iterable(tuples), SCALE + 1)


def pairs(lists: Sequence[Any]) -> list[tuple[Any, Any]] | None:
    """Return all pairs in some lists, None if anything in there is none."""
    if not only((tuple, list), lists) or not all(lists):
        return None
    found = [*chain.from_iterable(lists)]
    return found if only((tuple, list), found) and {*map(len, found)} <= {2} else None


def numbered(things: Sequence[Hashable]) -> tuple[NDArray[np.int64], dict[Hashable, int]]:
    """Number things (N,) in the order in which they come, equal ones alike; and tell which number each has."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(thing, len(numbers)) for thing in things], dtype=np.int64), numbers
