"""What hangs together, against a walk from thing to thing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spargen.geometry.linked import linked


def walked(links: list[tuple[int, int]], n: int) -> list[int]:
    part = [-1] * n
    for start in range(n):
        if part[start] < 0:
            part[start], reached = max(part) + 1, [start]
            for thing in reached:
                for other in [b for a, b in links if a == thing] + [a for a, b in links if b == thing]:
                    if part[other] < 0:
                        part[other] = part[start]
                        reached.append(other)
    return part


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_parts_are_what_a_walk_along_the_links_reaches(case: tuple[int, list[tuple[int, int]]]) -> None:
    n, links = case
    begin, end = np.array(links, dtype=np.int64).reshape(-1, 2).T
    assert linked(begin, end, n).tolist() == walked(links, n)


def test_nothing_is_in_no_part() -> None:
    assert linked([], [], 0).tolist() == []
    assert linked([], [], 2).tolist() == [0, 1]
