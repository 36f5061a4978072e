"""How often what an option says was right elsewhere: counted in training rows, never in the scene of the row itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.audit.choices import Choices
from spargen.audit.columns import Columns, Floats, ranks

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
PRIOR = 6.0
"""How many rows the mean over all weighs as, against what was counted for one key."""


def encoded(choices: Choices, train: Bools) -> Columns:
    """Return features (n, k) that were counted over the training rows.

    Parameters
    ----------
    choices : the rows.
    train : (n,), which of them may be counted. What is told of a training row leaves its own scene out, so that a
        model learns from these features no more than they tell of an unknown scene.
    """
    found = {f"right elsewhere: {name}": _rates(choices, keys, train) for name, keys in choices.words.items()}
    for shape, values in choices.shapes.items():
        for name, keys in choices.about.items():
            off = values - _expected(choices, keys, values, train)[:, None]
            found[f"{shape} off that of {name}"] = np.abs(off)
            found[f"{shape} over that of {name}"] = off
            if values.shape[1] > 1:
                found[f"rank by {shape} off that of {name}"] = ranks(np.abs(off))
    return found


def _rates(choices: Choices, keys: Ints, train: Bools) -> Floats:
    """Return the log odds (n, k) that an option is right by what it says, over those of any option."""
    n, k, _ = keys.shape
    row, option, _ = (where.ravel() for where in np.indices(keys.shape))
    kept = keys.ravel() >= 0
    row, option, key = row[kept], option[kept], keys.ravel()[kept]
    right = choices.right[row, option].astype(float)
    mean = float(np.clip(choices.right[train].sum() / max(choices.valid[train].sum(), 1), 0.001, 0.999))
    counts, hits = counted_elsewhere(key, right, choices.scene[row], train[row])
    rate = (hits + PRIOR * mean) / (counts + PRIOR)
    odds = np.log(rate / (1 - rate)) - np.log(mean / (1 - mean))
    return np.bincount(row * k + option, odds, minlength=n * k).reshape(n, k).astype(float)


def _expected(choices: Choices, keys: Ints, values: Floats, train: Bools) -> Floats:
    """Return the mean (n,) of a quantity of the right options of rows that name the same."""
    own = np.where(choices.right, np.nan_to_num(values), 0).sum(axis=1)
    known = train & (choices.right & ~np.isnan(values)).any(axis=1)
    mean = own[known].mean() if known.any() else 0.0
    counts, sums = counted_elsewhere(np.where(keys < 0, keys.max() + 1, keys), own, choices.scene, known)
    return (sums + PRIOR / 2 * mean) / (counts + PRIOR / 2)


def counted_elsewhere(key: Ints, value: Floats, scene: Ints, train: Bools) -> tuple[Floats, Floats]:
    """Return for each entry how many training entries of other scenes have its key, and the sum of their values."""
    weight = train.astype(float)
    size = int(key.max(initial=0)) + 1
    _, pair = np.unique(key * (scene.max(initial=0) + 1) + scene, return_inverse=True)
    found: list[Floats] = []
    for amount in (weight, weight * value):
        within = np.bincount(pair, amount)[pair]
        found.append(np.asarray(np.bincount(key, amount, minlength=size)[key] - within, dtype=float))
    return found[0], found[1]
