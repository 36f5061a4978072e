"""What the plots show: counts over all rows of a cell, of bounded size however many rows there are."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spargen.run.read import PublishedRow

BINS = 40
"""A histogram has no more steps than this."""
TEXTS = 400
"""Different answers of a cell that are counted each for itself; later ones are counted as others."""
LISTED = 60
"""Different answers and labels of a cell that the page is told, the most frequent ones."""
ALMOST_ALL = 0.999
"""An overlap of 1 is counted in the last step below 1, not in one above it."""
OTHERS = ""
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_LENGTH = re.compile(r"(^|_)(distance|depth)_m$")


class Histogram:
    """Counts of numbers by steps, which double as often as there are more than `BINS` from the lowest to the highest.

    All steps are the first one times a power of two and start at 0, so histograms of one quantity can be added.
    """

    def __init__(self, step: float) -> None:
        self.step = step
        self.counts: Counter[int] = Counter()

    def add(self, value: float) -> None:
        """Count one number; what is not finite is left out."""
        if not math.isfinite(value):
            return
        # 0.3 / 0.1 is less than 3.
        self.counts[math.floor(value / self.step + 1e-9)] += 1
        while max(self.counts) - min(self.counts) >= BINS:
            self.step *= 2
            halved: Counter[int] = Counter()
            for place, count in self.counts.items():
                halved[place // 2] += count
            self.counts = halved

    def as_json(self) -> dict[str, Any]:
        """Return the step, and place (in steps) and count of each that is not empty."""
        return {"step": self.step, "bins": sorted(self.counts.items())}


@dataclass(slots=True)
class CellFigures:
    """Counts over the rows of a cell: answers as texts or as numbers, lengths in metres, overlaps, labels, letters."""

    rows: int = 0
    texts: Counter[str] = field(default_factory=Counter)
    numbers: Histogram = field(default_factory=lambda: Histogram(0.1))
    lengths: Histogram = field(default_factory=lambda: Histogram(0.1))
    overlaps: Histogram = field(default_factory=lambda: Histogram(0.05))
    labels: Counter[str] = field(default_factory=Counter)
    letters: Histogram = field(default_factory=lambda: Histogram(20))

    def note(self, row: PublishedRow) -> None:
        """Count one row. Sentences are answers of as many texts as rows, so they are not counted."""
        question, answer = (str(turn["value"]) for turn in row.record["conversations"])
        self.rows += 1
        self.letters.add(len(question))
        self.labels.update(str(label) for label in row.fact.get("labels", ()))
        for value in lengths_m(row.fact):
            self.lengths.add(value)
        for value in row.fact.get("overlap", ()):
            self.overlaps.add(min(float(value), ALMOST_ALL))
        if row.cell.form == "sentence":
            return
        if _NUMBER.fullmatch(answer):
            self.numbers.add(float(answer))
        else:
            self.texts[answer if answer in self.texts or len(self.texts) < TEXTS else OTHERS] += 1

    def as_json(self) -> dict[str, Any]:
        """Return all counts, ready for JSON."""
        histograms = ("numbers", "lengths", "overlaps", "letters")
        return {
            "rows": self.rows,
            "texts": _most_frequent(self.texts),
            "labels": _most_frequent(self.labels),
            **{name: getattr(self, name).as_json() for name in histograms},
        }


def lengths_m(fact: Mapping[str, Any]) -> list[float]:
    """Return the unrounded distances and depths of a fact, in metres."""
    truth = fact.get("truth")
    named = truth.items() if isinstance(truth, Mapping) else ()
    return [float(value) for name, value in named if _LENGTH.search(name) and isinstance(value, int | float)]


def _most_frequent(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return texts with their counts, the most frequent first, and at the end all others together."""
    named = sorted(((text, n) for text, n in counts.items() if text != OTHERS), key=lambda entry: (-entry[1], entry[0]))
    others = counts[OTHERS] + sum(n for _, n in named[LISTED:])
    return [*named[:LISTED], *([(OTHERS, others)] if others else [])]
