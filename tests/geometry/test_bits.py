"""Sets of numbers as bits against Python's own sets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spargen.geometry.bits import bits_in, set_bits

WORDS = 5
NUMBER = st.integers(0, 64 * WORDS - 1)


@given(st.lists(st.tuples(NUMBER, NUMBER).map(sorted), max_size=8))
def test_runs_of_numbers_are_added(runs):
    bits, numbers = np.zeros(WORDS, dtype=np.uint64), set()
    for first, last in runs:
        set_bits(bits, np.uint64(first), np.uint64(last))
        numbers |= set(range(first, last + 1))
    assert {n for n in range(64 * WORDS) if int(bits[n // 64]) >> n % 64 & 1} == numbers
    assert bits_in(bits) == len(numbers)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_bits_are_counted(words):
    assert bits_in(np.array(words, dtype=np.uint64)) == sum(word.bit_count() for word in words)
