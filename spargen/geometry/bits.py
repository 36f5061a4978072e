"""Sets of numbers as bits, 64 to a word: what is done to many at a time costs a step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.geometry.compiled import Whole, compiled

Bits = NDArray[np.uint64]

ALL, ONE, SIX, LAST = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(1), np.uint64(6), np.uint64(63)
HALVES = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
SUM = np.uint64(0x0101010101010101)


@compiled
def set_bits(bits: Bits, first: Whole, last: Whole) -> None:
    """Add to bits (W,) the numbers from a first to a last one, both unsigned."""
    begin, end = first >> SIX, last >> SIX
    low, high = ALL << (first & LAST), ALL >> (LAST - (last & LAST))
    if begin == end:
        bits[begin] |= low & high
        return
    bits[begin] |= low
    for word in range(begin + ONE, end):
        bits[word] = ALL
    bits[end] |= high


@compiled
def bits_in(bits: Bits) -> Whole:
    """Count the numbers in bits (W,).

    Pairs of bits are added up side by side, then fours, then eights (Warren 2013, 5-1).
    """
    count = np.uint64(0)
    for k in range(len(bits)):
        word = bits[k]
        word -= (word >> ONE) & HALVES[0]
        word = (word & HALVES[1]) + ((word >> np.uint64(2)) & HALVES[1])
        word = (word + (word >> np.uint64(4))) & HALVES[2]
        count += (word * SUM) >> np.uint64(56)
    return np.int64(count)
