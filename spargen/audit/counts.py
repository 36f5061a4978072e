"""What is counted over all rows of one kind of question: answers, repetitions, and how varied they are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import scipy

from spargen.audit.sight import marks_in
from spargen.audit.text import LETTERS, Question, masked, numbers, take_apart
from spargen.audit.tree import TreeRow
from spargen.gallery.figures import Histogram
from spargen.seeds import hashed

TEXTS = 400
"""Different answers that are counted each for itself; later ones are counted as others."""
OTHERS = "(others)"
_FEW = 20
"""A scene with fewer rows of a kind than this says nothing of how often it asks about the same things."""


@dataclass(slots=True)
class Counts:
    """Counts over the rows of one kind of question; the texts alone, where nothing else is said.

    Parameters
    ----------
    rows : how many.
    answers : by text, where answers are words or letters.
    expected : how often each letter, or Yes and No, should be right.
    numbers : answers that are a number.
    labels, pairs, wordings : named with marks, alone and by two; questions without labels and numbers.
    views : images, and sets of them.
    lengths, boxes : letters in a question; square roots of the areas of marked boxes, on the scale of 0 to 1000.
    things : what is asked about, by place: objects where there are facts, else labels.
    whole : digests of questions with images and marks.
    facts : digests of what is asked, whatever the form.
    places : rows by place.
    several, alone : rows with two marks or more on several images, and those of them with all marks in one.
    """

    rows: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    expected: Counter[str] = field(default_factory=Counter)
    numbers: Histogram = field(default_factory=lambda: Histogram(0.1))
    labels: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    wordings: Counter[str] = field(default_factory=Counter)
    views: Counter[str] = field(default_factory=Counter)
    lengths: Histogram = field(default_factory=lambda: Histogram(20))
    boxes: Histogram = field(default_factory=lambda: Histogram(10))
    things: Counter[tuple[str, str]] = field(default_factory=Counter)
    whole: Counter[bytes] = field(default_factory=Counter)
    facts: set[bytes] = field(default_factory=set)
    places: Counter[str] = field(default_factory=Counter)
    several: int = 0
    alone: int = 0

    def note(self, row: TreeRow, form: str) -> None:
        """Count one row."""
        question, marks = take_apart(row.question), marks_in(row.record)
        self.rows += 1
        self.places[row.place] += 1
        self._note_answer(row.answer, form, question)
        self._note_words(row.question, question)
        self.views["|".join(row.images)] += 1
        for mark in marks:
            side = math.sqrt(abs((mark.box[2] - mark.box[0]) * (mark.box[3] - mark.box[1])))
            if side:
                self.boxes.add(side)
        if len(row.images) > 1 and len(marks) > 1:
            self.several += 1
            self.alone += len({mark.image for mark in marks}) == 1
        self.things[row.place, asked_about(row, question)] += 1
        self.whole[hashed(row.place, row.question, row.images, marks)] += 1
        self.facts.add(hashed(row.place, row.images, [mark.box for mark in marks], asked_about(row, question)))

    def _note_answer(self, answer: str, form: str, question: Question) -> None:
        if form == "sentence":
            return
        if form == "select":
            share = 1 / max(len(question.options), 1)
            self.expected.update({letter: share for letter, _ in zip(LETTERS, question.options, strict=False)})
        elif form == "judge":
            self.expected.update({"Yes": 0.5, "No": 0.5})
        values = numbers(answer)
        if len(values) == 1 and form == "fill" and answer.replace(".", "").lstrip("-").isdigit():
            self.numbers.add(values[0])
        else:
            self.answers[answer if answer in self.answers or len(self.answers) < TEXTS else OTHERS] += 1

    def _note_words(self, text: str, question: Question) -> None:
        labels = [mention.label for mention in question.mentions]
        self.labels.update(labels)
        self.pairs.update(" | ".join(sorted(pair)) for pair in combinations(labels, 2))
        self.wordings[masked(question.stem, question.mentions)] += 1
        self.lengths.add(len(text))

    @property
    def p_value(self) -> float | None:
        """How likely right letters, or Yes and No, are at least as uneven as these; None for other forms."""
        if len(self.expected) < 2:
            return None
        squares = sum((self.answers[name] - n) ** 2 / n for name, n in self.expected.items())
        return float(scipy.special.chdtrc(len(self.expected) - 1, squares))

    def as_json(self) -> dict[str, Any]:
        """Return what follows from the counts, ready for JSON."""
        return {
            "answers": dict(sorted(self.answers.items(), key=_by_count)[:20]),
            "different_answers": len(self.answers),
            "numbers": self.numbers.as_json(),
            "question_lengths": self.lengths.as_json(),
            "box_sides": self.boxes.as_json(),
            "labels": len(self.labels),
            "label_pairs": len(self.pairs),
            "effective_labels": effective(self.labels),
            "effective_label_pairs": effective(self.pairs),
            "most_frequent_labels": dict(sorted(self.labels.items(), key=_by_count)[:10]),
            "wordings": len(self.wordings),
            "views": len(self.views),
            "duplicates": _share(sum(n - 1 for n in self.whole.values()), self.rows),
            "same_things_in_another_row": _share(sum(n for n in self.things.values() if n > 1), self.rows),
            "largest_share_of_one_set_of_things": _share(max(self.things.values(), default=0), self.rows),
            "largest_share_in_its_scene": self.largest_in_scene,
            "one_image_shows_all_marks": _share(self.alone, self.several) if self.several else None,
        }

    @property
    def largest_in_scene(self) -> float:
        """The largest share that one set of things has of the rows of its scene, of scenes with rows enough."""
        shares = [n / self.places[place] for (place, _), n in self.things.items() if self.places[place] >= _FEW]
        return round(max(shares, default=0.0), 4)


def asked_about(row: TreeRow, question: Question) -> str:
    """Return the things that a row asks about: objects and the quantity if there is a fact, else labels or the text."""
    if row.fact is not None and row.fact.get("objects"):
        objects = sorted(map(str, row.fact["objects"]))
        return "|".join([*objects, str(row.fact.get("quantity", ""))])
    if question.mentions:
        return "|".join(sorted(mention.label for mention in question.mentions))
    return "|".join(row.images)


def effective(counts: Counter[str]) -> float:
    """Return how many equally frequent kinds would be as varied: the exponential of the entropy."""
    total = sum(counts.values())
    return round(math.exp(-sum(n / total * math.log(n / total) for n in counts.values())), 1) if total else 0.0


def holm(p_values: dict[Any, float]) -> dict[Any, float]:
    """Return p values adjusted for how many there are (Holm, A simple sequentially rejective test, 1979)."""
    found, largest = {}, 0.0
    for i, (name, p) in enumerate(sorted(p_values.items(), key=lambda entry: entry[1])):
        largest = max(largest, min(1.0, p * (len(p_values) - i)))
        found[name] = largest
    return found


def asked_twice(chosen: Iterable[Counts], told: Iterable[Counts]) -> float | None:
    """Return the share of what select and judge rows ask that fill and sentence rows ask as well."""
    asked = set().union(*(counts.facts for counts in chosen))
    other = set().union(*(counts.facts for counts in told))
    return round(len(asked & other) / len(asked), 4) if asked and other else None


def _by_count(entry: tuple[str, int]) -> tuple[int, str]:
    return -entry[1], entry[0]


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0
