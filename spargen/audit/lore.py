"""What other cells tell of two labels: how far apart such things are, by rows that ask for a number about two.

Who is trained on a whole tree learns from them which of two things is likely nearer to a third.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spargen.audit.text import label_of_option, numbers, take_apart, told
from spargen.audit.tree import Tree

Lore = list[tuple[str, str, float]]
"""Place, pair of labels, and log of the number, of each row."""


def gather(tree: Tree) -> Lore:
    """Return what the rows of a tree say of two things; cells are left once a row of them says something else."""
    found: Lore = []
    for asked in tree.asked:
        if asked.form == "fill":
            for row in tree.rows(asked):
                question, values = take_apart(row.question), numbers(row.answer)
                labels = [mention.label for mention in question.mentions]
                if len(labels) != 2 or len(values) != 1 or told(question.stem):
                    break
                found.append((row.place, pair_of(*labels), math.log(max(values[0], 0.05))))
    return found


def pair_of(a: str, b: str) -> str:
    """Return two labels as one text, whatever their order."""
    return "|".join(sorted((a, b)))


def pair_of_option(option: str, labels: Sequence[str]) -> str:
    """Return the pair that an option is about: its own label and the first of its question, or the question's two."""
    own = label_of_option(option)
    if own and labels:
        return pair_of(own, labels[0])
    return pair_of(*labels) if len(labels) == 2 else ""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Lore as a cell uses it.

    Parameters
    ----------
    option : ids (n, k) of the pair that each option is about; -1 where there is none.
    pair, scene, log : (m,) what was told elsewhere: ids of pairs and of scenes, and logs of numbers. A scene that the
        cell does not have is -1.
    """

    option: NDArray[np.int64]
    pair: NDArray[np.int64]
    scene: NDArray[np.int64]
    log: NDArray[np.float64]


def as_pairs(lore: Lore, options: Sequence[Sequence[str]], places: Sequence[str], k: int) -> Pairs:
    """Return lore by the ids of a cell: of the pairs of its options (n rows, up to k), and of its rows' places (n,)."""
    known = {pair: i for i, pair in enumerate(sorted({pair for _, pair, _ in lore}))}
    scenes = {place: i for i, place in enumerate(sorted(set(places)))}
    return Pairs(
        np.array([[known.get(row[i], -1) if i < len(row) else -1 for i in range(k)] for row in options]),
        np.array([known[pair] for _, pair, _ in lore], dtype=np.int64),
        np.array([scenes.get(place, -1) for place, _, _ in lore], dtype=np.int64),
        np.array([log for _, _, log in lore]),
    )
