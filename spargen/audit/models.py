"""The blind models: each learns from training rows how likely an option is right, from text and marks alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.audit.choices import Choices
from spargen.audit.columns import Floats
from spargen.audit.encode import encoded
from spargen.audit.learn import sklearn
from spargen.seeds import rng_for

Bools = NDArray[np.bool_]
_HASHED = 2**16
_TREES = 50
_TREE_SAMPLES = 3000


class Texts:
    """The words of a cell as sparse matrices, counted once for all models."""

    def __init__(self, choices: Choices) -> None:
        self.hasher = sklearn("feature_extraction").FeatureHasher(_HASHED, input_type="string", alternate_sign=False)
        self.options = self.hasher.transform(choices.tokens)
        self.options.data[:] = 1
        words = sklearn("feature_extraction.text").HashingVectorizer(
            n_features=_HASHED, ngram_range=(1, 2), alternate_sign=False, norm=None, binary=True
        )
        self.questions = words.transform(choices.questions)


@dataclass
class Lesson:
    """What one fold teaches: the rows, which of them may be learnt from, and at which level.

    Parameters
    ----------
    choices, texts : the cell.
    train : (n,) rows to learn from.
    marks : whether the coordinates of marks are seen, beside the text.
    """

    choices: Choices
    texts: Texts
    train: Bools
    marks: bool

    @cached_property
    def names(self) -> list[str]:
        """Names of the features."""
        return list(self._columns)

    @cached_property
    def features(self) -> Floats:
        """All features, (n, k, d)."""
        return np.stack(list(self._columns.values()), axis=2)

    @cached_property
    def _columns(self) -> dict[str, Floats]:
        seen = self.choices.text | (self.choices.marks if self.marks else {})
        return seen | encoded(self.choices, self.train)

    @property
    def samples(self) -> Bools:
        """Which options of all rows, one after the other, may be learnt from."""
        return np.repeat(self.train, self.choices.valid.sum(axis=1))

    def spread(self, flat: Floats) -> Floats:
        """Return scores (n, k) from those of all options one after the other; what is no option scores -inf."""
        found = np.full(self.choices.valid.shape, -np.inf)
        found[self.choices.valid] = flat
        return found


def most_frequent(lesson: Lesson) -> Floats:
    """What is right most often for a wording: an answer, a letter."""
    names = ("option and wording", "letter and wording", "option", "letter")
    columns = {name: lesson.features[:, :, i] for i, name in enumerate(lesson.names)}
    return lesson.spread(np.sum([columns[f"right elsewhere: {name}"] for name in names], axis=0)[lesson.choices.valid])


def rule(lesson: Lesson) -> Floats:
    """The best single feature: the option that has most of it, or least, for near and far separately."""
    return best_rule(lesson)[1]


def best_rule(lesson: Lesson) -> tuple[str, Floats]:
    """Return the name of the feature of `rule`, and the scores (n, k)."""
    choices, found = lesson.choices, []
    far = np.nan_to_num(choices.text["polarity"][:, 0])
    noise = 1e-9 * rng_for("ties").random(choices.valid.shape)
    for i in range(len(lesson.names)):
        values = lesson.features[:, :, i]
        scores, credit = np.zeros_like(values), 0.0
        for group in np.unique(far):
            rows = far == group
            signed = [np.where(np.isnan(values[rows]), -np.inf, s * values[rows] + noise[rows]) for s in (1, -1)]
            taught = lesson.train[rows]
            hits = [right_by(choices.right[rows][taught], s[taught]).sum() for s in signed]
            scores[rows] = signed[int(np.argmax(hits))]
            credit += max(hits)
        found.append((credit, -i, scores))
    _, place, scores = max(found, key=lambda one: one[:2])
    return lesson.names[-place], np.where(choices.valid, scores, -np.inf)


def right_by(right: Bools, scores: Floats) -> Floats:
    """Return 1 for each row (n,) whose best score is that of a right option, else 0."""
    return np.take_along_axis(right, scores.argmax(axis=1)[:, None], axis=1)[:, 0].astype(float)


def bayes(lesson: Lesson) -> Floats:
    """Naive Bayes on words of options, crossed with labels."""
    return _of_options(lesson, sklearn("naive_bayes").BernoulliNB(alpha=0.5), lesson.texts.options)


def logistic(lesson: Lesson) -> Floats:
    """Logistic regression on words of options, crossed with labels."""
    return _of_options(lesson, a_regression(), lesson.texts.options)


def letters(lesson: Lesson) -> Floats:
    """Naive Bayes on the words of whole questions: which letter is right."""
    model = sklearn("naive_bayes").MultinomialNB(alpha=0.5)
    right = lesson.choices.right.argmax(axis=1)
    model.fit(lesson.texts.questions[lesson.train], right[lesson.train])
    scores = np.full(lesson.choices.valid.shape, -np.inf)
    scores[:, model.classes_] = model.predict_log_proba(lesson.texts.questions)
    return np.where(lesson.choices.valid, scores, -np.inf)


def forest(lesson: Lesson) -> Floats:
    """Random forest on all features."""
    samples = lesson.features[lesson.choices.valid]
    return _of_options(lesson, a_forest(int(lesson.samples.sum())), samples)


def boosting(lesson: Lesson) -> Floats:
    """Boosted trees on all features."""
    model = sklearn("ensemble").HistGradientBoostingClassifier(
        max_iter=_TREES, learning_rate=0.1, max_leaf_nodes=15, min_samples_leaf=20, early_stopping=False, random_state=0
    )
    return _of_options(lesson, model, lesson.features[lesson.choices.valid])


def a_regression() -> Any:
    """Return the logistic regression of `logistic`, not fitted."""
    return sklearn("linear_model").LogisticRegression(C=0.3, solver="liblinear", random_state=0)


def a_forest(samples: int) -> Any:
    """Return a random forest for so many samples, not fitted. Each tree learns from some of them, which is quicker."""
    return sklearn("ensemble").RandomForestClassifier(
        _TREES, min_samples_leaf=5, max_samples=min(samples, _TREE_SAMPLES), random_state=0
    )


def _of_options(lesson: Lesson, model: Any, samples: Any) -> Floats:
    """Return what a model says of every option, in log odds, when it learnt from those of the training rows."""
    taught = lesson.samples
    right = lesson.choices.right[lesson.choices.valid]
    if right[taught].all() or not right[taught].any():
        return lesson.spread(np.where(right[taught].all(), 1.0, -1.0) * np.ones(len(right)))
    model.fit(samples[taught], right[taught])
    chance = np.clip(model.predict_proba(samples)[:, 1], 1e-6, 1 - 1e-6)
    return lesson.spread(np.log(chance / (1 - chance)))


CHOICE: dict[str, Callable[[Lesson], Floats]] = {
    "most frequent": most_frequent,
    "one rule": rule,
    "letters by naive Bayes": letters,
    "words by naive Bayes": bayes,
    "words by logistic regression": logistic,
    "random forest": forest,
    "boosted trees": boosting,
}
YES_OR_NO = {name: model for name, model in CHOICE.items() if model not in (rule, letters)}
