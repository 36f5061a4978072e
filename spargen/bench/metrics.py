"""The three metrics of SPAR-Bench, over values that were read out of texts already; and which one a row is under."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np

Metric = Literal["accuracy", "MRA", "five axes"]

AXES = (
    ("move_right", "move_left"),
    ("move_up", "move_down"),
    ("move_forward", "move_backward"),
    ("rotate_right", "rotate_left"),
    ("rotate_up", "rotate_down"),
)
"""The five axes of a change of view: the word of the positive direction, and that of the negative one."""
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?(?:,-?\d+(?:\.\d+)?)*")
_ALLOWED = 1 - np.linspace(0.5, 0.95, 10)
"""The errors that the ten thresholds of the mean relative accuracy allow, as a share of the truth."""


def accuracy(given: object, truth: object) -> float:
    """Return 1 if a reply is the truth, else 0."""
    return float(given == truth)


def mean_relative_accuracy(given: float, truth: float) -> float:
    """Return the share of the thresholds .50, .55 ... .95 that a number meets.

    Threshold t is met where the number is off by at most 1 - t of the truth; where the truth is 0, by at most 1 - t
    itself. Source: Yang et al., Thinking in Space (arXiv 2412.14171), section 3.
    """
    off = abs(given - truth)
    return float(np.mean((abs(off / truth) if truth else off) <= _ALLOWED))


def signed(moves: Mapping[str, float], axis: tuple[str, str]) -> float:
    """Return how far a change of view goes along an axis; what it does not name is 0."""
    towards, away = axis
    return moves.get(towards, 0.0) - moves.get(away, 0.0)


def five_axes(given: Mapping[str, float], truth: Mapping[str, float]) -> float:
    """Return the mean relative accuracy of the five signed axes of a change of view, on average over the axes."""
    scores = [mean_relative_accuracy(signed(given, axis), signed(truth, axis)) for axis in AXES]
    return float(np.mean(scores))


def metric_of(form: str, answer: str) -> Metric | None:
    """Return what replies to a row are measured by; None where a reply cannot be scored by its text.

    Sentences cannot, nor boxes, maps and other answers that mix numbers with something else.
    """
    if form in ("select", "judge"):
        return "accuracy"
    if form != "fill":
        return None
    if answer.startswith(("move_", "rotate_")):
        return "five axes"
    if _NUMBERS.fullmatch(answer):
        return "MRA"
    return None if re.search(r"\d", answer) else "accuracy"


def clustered_error(pulls: Iterable[float]) -> float | None:
    """Return the standard error of a mean to which each scene adds its pull away from it.

    The rows of a scene go right or wrong together, so the scenes count and not the rows: the sandwich estimate for
    clusters, with the correction for their number (Cameron and Miller, A practitioner's guide to cluster-robust
    inference, 2015, section II).
    """
    found = list(pulls)
    scenes = len(found)
    return math.sqrt(scenes / (scenes - 1) * sum(pull**2 for pull in found)) if scenes > 1 else None
