"""What blind models reach in a cell: chosen and trained on some scenes, asked about others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.audit.choices import Choices
from spargen.audit.columns import Floats
from spargen.audit.models import CHOICE, YES_OR_NO, Lesson, Texts, right_by
from spargen.bench.metrics import clustered_error
from spargen.seeds import rng_for

FOLDS = 5
SCENES = 10
"""With fewer scenes than this, what is learnt in some says too little of others."""
Bools = NDArray[np.bool_]
Model = Callable[[Lesson], Floats]


@dataclass(frozen=True, slots=True)
class Blind:
    """What was reached at one level.

    Parameters
    ----------
    score : mean over the rows, 0 to 1.
    floor : what a guess, or the best constant, reaches.
    gain, error : their difference, and its standard error over scenes.
    models : how often each model was chosen, by its name.
    rows : (n,) score of each row.
    sure : (n,) how sure the model was of each row, larger is surer.
    """

    score: float
    floor: float
    gain: float
    error: float
    models: Mapping[str, int]
    rows: Floats
    sure: Floats

    @property
    def points(self) -> str:
        """The gain and its error in points, as people read it."""
        return f"{100 * self.gain:+.1f} \N{PLUS-MINUS SIGN} {100 * self.error:.1f}"

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON, without the rows."""
        return {
            "score": round(self.score, 4),
            "floor": round(self.floor, 4),
            "gain": round(self.gain, 4),
            "error": round(self.error, 4),
            "models": dict(self.models),
        }

    def exceeds(self, points: float) -> bool:
        """Tell whether the gain is above so many points by more than two standard errors."""
        return 100 * self.gain - points > 200 * self.error


def folds(scene: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return for each row (n,) the fold of its scene: scenes are dealt out largest first, to the fold with fewest rows.

    Scenes with equally many rows are dealt out in an order drawn by the seed.
    """
    scenes, sizes = np.unique(scene, return_counts=True)
    order = np.lexsort((rng_for("folds", seed).random(len(scenes)), -sizes))
    total, fold = np.zeros(FOLDS), np.zeros(len(scenes), dtype=np.int64)
    for i in order:
        fold[i] = int(total.argmin())
        total[fold[i]] += sizes[i]
    return fold[np.searchsorted(scenes, scene)]


def splits(fold: NDArray[np.int64]) -> Iterator[tuple[Bools, Bools, Bools]]:
    """Yield, for each fold, the rows that are tested, those that a model is chosen on, and those it learns from then.

    The model that is chosen learns again from the last two together.
    """
    for test in range(FOLDS):
        chosen = (test + 1) % FOLDS
        yield fold == test, fold == chosen, (fold != test) & (fold != chosen)


def summed_up(rows: Floats, floor: Floats, sure: Floats, scene: NDArray[np.int64], models: Mapping[str, int]) -> Blind:
    """Return means and errors from the scores of rows (n,) and their floors (n,)."""
    gain = rows - floor
    pulls = np.bincount(scene, gain - gain.mean()) / len(rows)
    error = clustered_error(pulls[np.unique(scene)].tolist()) or 0.0
    return Blind(float(rows.mean()), float(floor.mean()), float(gain.mean()), error, models, rows, sure)


class ChoiceTrial:
    """Blind models on one cell of choices."""

    def __init__(self, choices: Choices, seed: int) -> None:
        self.choices = choices
        self.texts = Texts(choices)
        self.fold = folds(choices.scene, seed)

    def lesson(self, *, marks: bool) -> Lesson:
        """Return what all rows together teach."""
        return Lesson(self.choices, self.texts, np.ones(len(self.fold), dtype=bool), marks)

    def run(self, *, marks: bool) -> Blind:
        """Return what is reached by text, or by text and marks."""
        candidates = CHOICE if self.choices.kind == "choice" else YES_OR_NO
        scores, chosen = np.full(self.choices.valid.shape, -np.inf), dict.fromkeys(candidates, 0)
        for test, inner, rest in splits(self.fold):
            lesson = Lesson(self.choices, self.texts, rest, marks)
            reached = {name: self._credit(model(lesson))[inner].mean() for name, model in candidates.items()}
            best = max(reached, key=lambda name: reached[name])
            chosen[best] += 1
            final = candidates[best](Lesson(self.choices, self.texts, rest | inner, marks))
            scores[test] = final[test]
        models = {name: times for name, times in chosen.items() if times}
        return summed_up(self._credit(scores), self.choices.chance, self._sure(scores), self.choices.scene, models)

    def _credit(self, scores: Floats) -> Floats:
        if self.choices.kind == "yes or no":
            return np.asarray(self.choices.right[:, 0] == (scores[:, 0] > 0), dtype=float)
        return right_by(self.choices.right, scores)

    def _sure(self, scores: Floats) -> Floats:
        """Return how far the best option is ahead of the next, or a claim's score from undecided."""
        if scores.shape[1] == 1:
            return np.abs(scores[:, 0])
        first, second = -np.sort(-scores, axis=1)[:, :2].T
        return np.asarray(first - second)
