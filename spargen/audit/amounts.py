"""The rows of one cell as numbers to be told: what a blind model sees of them, and what it says by what it expects."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.audit.blind import Blind, folds, splits, summed_up
from spargen.audit.columns import Columns, Floats, mark_columns, text_columns
from spargen.audit.crossed import about, grams, ids
from spargen.audit.encode import counted_elsewhere
from spargen.audit.learn import sklearn
from spargen.audit.models import a_forest
from spargen.audit.sight import see
from spargen.audit.text import numbers, take_apart
from spargen.audit.tree import TreeRow
from spargen.bench.metrics import AXES, mean_relative_accuracy, signed

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
CLASSES = 16
"""Steps that a number is told apart by, as many rows in each."""
SAID = 48
"""Numbers that a model may say: those that stand in as many places, evenly spaced, among all sorted answers."""
_MOST = 5
_HASHED = 2**14
_AXIS = re.compile(r"((?:move|rotate)_[a-z]+):(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Amounts:
    """n rows, each with d numbers.

    Parameters
    ----------
    values : (n, d), the right numbers.
    scene : (n,), the place as a number.
    text, marks : features (n,) by name; NaN where a row has none.
    about : ids (n,) of the labels that a question names, by what they are.
    tokens : words of each question.
    """

    values: Floats
    scene: Ints
    text: Columns
    marks: Columns
    about: dict[str, Ints]
    tokens: list[list[str]]

    def shuffled(self, rng: np.random.Generator) -> Amounts:
        """Return the same rows with the answers of one another."""
        return replace(self, values=rng.permutation(self.values))


def amounts_of(answer: str) -> list[float] | None:
    """Return the numbers of an answer: one, a list, a place, a box, or the five signed axes of a change of view."""
    if moves := dict(_AXIS.findall(answer)):
        named = {word: float(number) for word, number in moves.items()}
        return [signed(named, axis) for axis in AXES]
    return numbers(answer) or None


def all_amounts(rows: Sequence[TreeRow]) -> tuple[Amounts, list[TreeRow]] | None:
    """Return rows as numbers, and which rows those are.

    None where fewer than 19 of 20 answers are the same count of numbers, up to five.
    """
    found = [(row, amounts_of(row.answer)) for row in rows]
    (usual, times), *_ = Counter(len(values or ()) for _, values in found).most_common(1)
    if not 0 < usual <= _MOST or times < 0.95 * len(rows):
        return None
    kept = [(row, values) for row, values in found if values and len(values) == usual]
    questions = [take_apart(row.question) for row, _ in kept]
    seen = [see(question, ("",), row.record) for question, (row, _) in zip(questions, kept, strict=True)]
    told = [about(question) for question in questions]
    cell = Amounts(
        np.array([values for _, values in kept]),
        ids([row.place for row, _ in kept]),
        {name: column[:, 0] for name, column in text_columns(seen, [[""]] * len(kept), 1).items()},
        {name: column[:, 0] for name, column in mark_columns(seen, 1).items()},
        {name: ids([one.get(name, "") for one in told]) for name in sorted({name for one in told for name in one})},
        [
            [*(f"{name}={value}" for name, value in one.items()), *grams(q.stem)]
            for one, q in zip(told, questions, strict=True)
        ],
    )
    return cell, [row for row, _ in kept]


class AmountTrial:
    """Blind models on one cell of numbers."""

    def __init__(self, amounts: Amounts, seed: int) -> None:
        self.amounts = amounts
        self.fold = folds(amounts.scene, seed)
        self.scales = [Scale(column) for column in amounts.values.T]
        hasher = sklearn("feature_extraction").FeatureHasher(_HASHED, input_type="string", alternate_sign=False)
        self.words = hasher.transform(amounts.tokens)
        self.words.data[:] = 1

    def lesson(self, *, marks: bool) -> AmountLesson:
        """Return what all rows together teach."""
        return AmountLesson(self, np.ones(len(self.fold), dtype=bool), marks)

    def run(self, *, marks: bool) -> Blind:
        """Return the mean relative accuracy that is reached by text, or by text and marks, over the best constant."""
        n = len(self.fold)
        rows, floor, chosen = np.zeros(n), np.zeros(n), dict.fromkeys(MODELS, 0)
        for test, inner, rest in splits(self.fold):
            lesson = AmountLesson(self, rest, marks)
            reached = {name: self._credit(model(lesson))[inner].mean() for name, model in MODELS.items()}
            best = max(reached, key=lambda name: reached[name])
            chosen[best] += 1
            whole = AmountLesson(self, rest | inner, marks)
            rows[test] = self._credit(MODELS[best](whole))[test]
            floor[test] = self._credit(constant(whole))[test]
        models = {name: times for name, times in chosen.items() if times}
        return summed_up(rows, floor, rows - floor, self.amounts.scene, models)

    def _credit(self, chances: Sequence[Floats]) -> Floats:
        """Return the score (n,) of the numbers that are best to say, on average over the d of a row."""
        scores = [scale.credit(said) for scale, said in zip(self.scales, chances, strict=True)]
        return np.asarray(np.mean(scores, axis=0))


class Scale:
    """One number of a cell: its steps, and what saying a number is worth where another is right."""

    def __init__(self, values: Floats) -> None:
        self._known, self._place = np.unique(values, return_inverse=True)
        ordered = np.sort(values)
        said = np.unique(ordered[np.linspace(0, len(ordered) - 1, SAID).round().astype(int)])
        edges = np.unique(np.quantile(ordered, np.linspace(0, 1, CLASSES + 1)[1:-1], method="nearest"))
        self.step = np.searchsorted(edges, values, side="left")
        self.steps = int(self.step.max()) + 1
        self._worth = np.array([[mean_relative_accuracy(say, right) for right in self._known] for say in said])

    def credit(self, chances: Floats) -> Floats:
        """Return the score (n,) of the number that is expected to score best, by chances (n, steps)."""
        of_step = np.zeros((self.steps, len(self._worth)))
        np.add.at(of_step, self.step, self._worth[:, self._place].T)
        of_step /= np.maximum(np.bincount(self.step, minlength=self.steps), 1)[:, None]
        return np.asarray(self._worth[(chances @ of_step).argmax(axis=1), self._place])


@dataclass
class AmountLesson:
    """What one fold teaches of numbers: as `spargen.audit.models.Lesson` does of choices."""

    trial: AmountTrial
    train: Bools
    marks: bool

    @cached_property
    def columns(self) -> Columns:
        """All features (n,) by name."""
        amounts = self.trial.amounts
        found = amounts.text | (amounts.marks if self.marks else {})
        for j, values in enumerate(amounts.values.T):
            logs = np.log(np.abs(values) + 0.05)
            mean = logs[self.train].mean()
            for name, key in amounts.about.items():
                known = np.where(key < 0, key.max() + 1, key)
                counts, sums = counted_elsewhere(known, logs, amounts.scene, self.train)
                found[f"number {j} elsewhere of {name}"] = (sums + 3 * mean) / (counts + 3)
        return found

    @cached_property
    def features(self) -> Floats:
        """All features, (n, f)."""
        return np.stack(list(self.columns.values()), axis=1)


def constant(lesson: AmountLesson) -> list[Floats]:
    """The same number in every row: that which scores best in the training rows."""
    return [_everywhere(scale, lesson.train) for scale in lesson.trial.scales]


def by_wording(lesson: AmountLesson) -> list[Floats]:
    """What is best to say for a wording."""
    key, found = lesson.trial.amounts.about["wording"], []
    for scale in lesson.trial.scales:
        counts = np.zeros((key.max() + 1, scale.steps))
        np.add.at(counts, (key[lesson.train], scale.step[lesson.train]), 1)
        found.append(counts[key] + 8 * _everywhere(scale, lesson.train))
    return found


def bayes(lesson: AmountLesson) -> list[Floats]:
    """Naive Bayes on the words of questions."""
    return [_told(sklearn("naive_bayes").MultinomialNB(), lesson, scale) for scale in lesson.trial.scales]


def logistic(lesson: AmountLesson) -> list[Floats]:
    """Logistic regression on the words of questions."""
    make = sklearn("linear_model").SGDClassifier
    return [
        _told(make(loss="log_loss", alpha=2e-3, max_iter=15, tol=None, random_state=0), lesson, scale)
        for scale in lesson.trial.scales
    ]


def forest(lesson: AmountLesson) -> list[Floats]:
    """Random forest on all features."""
    steps = np.stack([scale.step for scale in lesson.trial.scales], axis=1)
    model = a_forest(int(lesson.train.sum()))
    model.fit(lesson.features[lesson.train], steps[lesson.train] if steps.shape[1] > 1 else steps[lesson.train, 0])
    said = model.predict_proba(lesson.features)
    known = model.classes_
    if steps.shape[1] == 1:
        said, known = [said], [known]
    return [_widened(s, k, scale.steps) for s, k, scale in zip(said, known, lesson.trial.scales, strict=True)]


def _told(model: Any, lesson: AmountLesson, scale: Scale) -> Floats:
    words, steps = lesson.trial.words, scale.step[lesson.train]
    if len(np.unique(steps)) < 2:
        return _everywhere(scale, lesson.train)
    model.fit(words[lesson.train], steps)
    return _widened(model.predict_proba(words), model.classes_, scale.steps)


def _everywhere(scale: Scale, train: Bools) -> Floats:
    shares = np.bincount(scale.step[train], minlength=scale.steps) / train.sum()
    return np.tile(shares, (len(train), 1))


def _widened(chances: Floats, known: Ints, steps: int) -> Floats:
    found = np.zeros((len(chances), steps))
    found[:, known] = chances
    return found


MODELS: dict[str, Callable[[AmountLesson], list[Floats]]] = {
    "best constant": constant,
    "most frequent": by_wording,
    "words by naive Bayes": bayes,
    "words by logistic regression": logistic,
    "random forest": forest,
}
