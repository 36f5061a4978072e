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
    return found | _usual(choices, train) | _far(choices, train)


def _usual(choices: Choices, train: Bools) -> Columns:
    """Return how far apart such things usually are, and how far off that an option is, as other cells tell it."""
    pairs, (n, k) = choices.pairs, choices.valid.shape
    if not (pairs.option >= 0).any():
        return {}
    learnt = np.isin(pairs.scene, np.unique(choices.scene[train])) | (pairs.scene < 0)
    asked, scene = pairs.option.ravel(), np.repeat(choices.scene, k)
    key = np.concatenate([pairs.pair, np.where(asked < 0, pairs.pair.max() + 1, asked)])
    value = np.concatenate([pairs.log, np.zeros(n * k)])
    where = np.concatenate([pairs.scene, scene]) + 1
    counts, sums = counted_elsewhere(key, value, where, np.concatenate([learnt, np.zeros(n * k, dtype=bool)]))
    mean = pairs.log[learnt].mean() if learnt.any() else 0.0
    usual = ((sums + PRIOR / 3 * mean) / (counts + PRIOR / 3))[-n * k :].reshape(n, k)
    found = {"usual distance": usual, "usual distance, near or far": usual * choices.text["polarity"]}
    if "log value" in choices.shapes:
        found["off the usual distance"] = np.abs(choices.shapes["log value"] - usual)
    return found | ({f"rank by {name}": ranks(column) for name, column in found.items()} if k > 1 else {})


def _far(choices: Choices, train: Bools) -> Columns:
    """Return how much more often than by chance an option's words were far rather than near, where far is asked for.

    That a lamp is far from a bed is told by questions for what is far as by those for what is near.
    """
    polarity, found = np.nan_to_num(choices.text["polarity"]), {}
    far = polarity * (choices.right - choices.chance[:, None])
    for name, keys in choices.words.items():
        if "near or far" not in name and "wording" not in name and (keys >= 0).any() and polarity.any():
            row = np.repeat(np.arange(len(keys)), keys.shape[1])
            key = keys[:, :, 0].ravel()
            key = np.where(key < 0, key.max() + 1, key)
            counts, sums = counted_elsewhere(key, far.ravel(), choices.scene[row], train[row])
            usual = (sums / (counts + PRIOR)).reshape(keys.shape[:2])
            found[f"far elsewhere: {name}"] = usual * polarity
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
