"""Choosing so that labels do not tell the answer: what is near or left in one row is far or right in another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable

from spargen.qa.fact import Fact

WEIGHED = 48
"""Facts that are weighed against each other for the next row."""


class Tilt:
    """To which side each label leaned in the rows so far, in sum: see `Fact.leans`."""

    def __init__(self) -> None:
        self.sums: defaultdict[Hashable, float] = defaultdict(float)

    def pop(self, waiting: list[Fact], axis: str = "") -> Fact:
        """Take out of some facts the one that sets labels straight most, one of the last if none does.

        Parameters
        ----------
        waiting : the last ones rather; not empty.
        axis : along which labels lean in this row, where it is about one; "" = all.
        """
        if not waiting[-1].leans:
            return waiting.pop()
        sums, best, found = self.sums, 0.0, -1
        for at in range(-1, -1 - min(WEIGHED, len(waiting)), -1):
            tilt = 0.0
            for of, label, weight in waiting[at].leans:
                if not axis or of == axis:
                    tilt += sums[of, label] * weight
            if at == -1 or tilt < best:
                best, found = tilt, at
        fact = waiting.pop(found)
        for of, label, weight in fact.leans:
            if not axis or of == axis:
                sums[of, label] += weight
        return fact
