"""What belongs together because it is linked, directly or through others; by compiled code, for scenes ask it often."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.geometry.compiled import Whole, compiled

Ints = NDArray[np.int64]


def linked(begin: ArrayLike, end: ArrayLike, n: int) -> Ints:
    """Number the connected parts of n things.

    Parameters
    ----------
    begin, end : (L,) indices of the things that each link joins.
    n : number of things.

    Returns
    -------
    (n,) the part that each belongs to, from 0 on in the order of their first things.
    """
    first, second = (np.ascontiguousarray(ends, dtype=np.int64) for ends in (begin, end))
    part = np.arange(n, dtype=np.int64)
    _join(first, second, part)
    return part


@compiled
def _join(begin: Ints, end: Ints, part: Ints) -> None:
    """Give each thing (n,) the number of its part, where each has a number of its own at first.

    Until all links are gone through, a thing names one that is linked to it and comes before it, or itself.
    """
    for k in range(len(begin)):
        a, b = _first(part, begin[k]), _first(part, end[k])
        part[max(a, b)] = min(a, b)
    parts = 0
    for i in range(len(part)):
        if part[i] == i:
            part[i] = parts
            parts += 1
        else:
            part[i] = part[part[i]]  # which came before, and has its number


@compiled
def _first(part: Ints, at: Whole) -> Whole:
    """Return where the way ends on which each names the next, and shorten it: those passed name the next but one."""
    while part[at] != at:
        part[at] = part[part[at]]
        at = part[at]
    return at
