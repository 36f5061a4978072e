"""What a cell can be answered by: the features and the words that models lean on most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spargen.audit.amounts import AmountLesson
from spargen.audit.models import Lesson, a_forest, a_regression, best_rule

LISTED = 8
Weights = list[tuple[str, float]]


def features_used(lesson: Lesson | AmountLesson) -> Weights:
    """Return the features by which a random forest tells what is right, and their shares of its gain in purity."""
    if isinstance(lesson, Lesson):
        valid = lesson.choices.valid
        return _of_forest(lesson.names, lesson.features[valid], lesson.choices.right[valid])
    return _of_forest(list(lesson.columns), lesson.features, lesson.trial.scales[0].step)


def _of_forest(names: Sequence[str], features: Any, right: Any) -> Weights:
    forest = a_forest(len(right))
    forest.fit(features, right)
    return _largest(names, forest.feature_importances_)


def rule_used(lesson: Lesson) -> str:
    """Return the feature by which alone most options are told."""
    return best_rule(lesson)[0]


def words_used(lesson: Lesson) -> Weights:
    """Return the words, alone and crossed, that a logistic regression weighs most, with their weights."""
    words = sorted({word for tokens in lesson.choices.tokens for word in tokens})
    if not words:
        return []
    model = a_regression()
    model.fit(lesson.texts.options, lesson.choices.right[lesson.choices.valid])
    places = lesson.texts.hasher.transform([[word] for word in words]).indices
    weights = model.coef_[0][places]
    counts = np.asarray(lesson.texts.options.sum(axis=0))[0][places]
    # Every option has a letter: what all letters weigh is no more than how many options are right.
    _, kind = np.unique([word.partition(":")[0] for word in words], return_inverse=True)
    weights = weights - (np.bincount(kind, weights * counts) / np.bincount(kind, counts))[kind]
    # A word that is as rare as it is telling explains few rows.
    largest = _largest(words, np.abs(weights) * np.sqrt(counts))
    weight = dict(zip(words, weights.tolist(), strict=True))
    return [(word, round(weight[word], 3)) for word, _ in largest]


def _largest(names: Sequence[str], amounts: Any) -> Weights:
    order = sorted(range(len(names)), key=lambda i: (-amounts[i], names[i]))[:LISTED]
    return [(names[i], round(float(amounts[i]), 4)) for i in order if amounts[i] > 0]
