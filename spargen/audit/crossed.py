"""What options say, alone and crossed with the words of their question: the keys by which answers can be counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spargen.audit.text import LETTERS, Question, label_of_option, masked, parts_of, polarity

LABELS = 4
"""Labels of a question that are crossed with its options, in the order of their marks."""
Said = dict[str, list[str]]


def crossed(question: Question, options: Sequence[str]) -> list[Said]:
    """Return, for each option, what it says by the name of what it is crossed with."""
    template = masked(question.stem, question.mentions)
    far = f"{polarity(question.stem)}"
    labels = [m.label for m in question.mentions]
    return [_said(option, LETTERS[i], template, far, labels) for i, option in enumerate(options)]


def _said(option: str, letter: str, template: str, far: str, labels: Sequence[str]) -> Said:
    label, whole = label_of_option(option), masked(option)
    parts = [label] if label else [f"{i}={part}" for i, part in enumerate(parts_of(option)) if part]
    said = {
        "letter": [letter],
        "letter and wording": [f"{letter}|{template}"],
        "option": [whole],
        "option and wording": [f"{whole}|{template}"],
        "word": parts,
        "word and near or far": [f"{part}|{far}" for part in parts],
    }
    for i, named in enumerate(labels[:LABELS]):
        said[f"word and label {i}"] = [f"{part}|{named}" for part in parts]
        said[f"word, label {i}, near or far"] = [f"{part}|{named}|{far}" for part in parts]
    for name, pair in (("first two", labels[:2]), ("outer two", [labels[0], labels[-1]] if len(labels) > 2 else [])):
        if len(pair) == 2:
            said[f"word and {name} labels"] = [f"{part}|{'|'.join(pair)}" for part in parts]
            said[f"word, {name} labels, near or far"] = [f"{part}|{'|'.join(pair)}|{far}" for part in parts]
    return said


def about(question: Question) -> dict[str, str]:
    """Return the labels that a question names, alone and in pairs, by what they are."""
    labels = [m.label for m in question.mentions]
    found = {f"label {i}": label for i, label in enumerate(labels[:LABELS])}
    if labels:
        found["last label"] = labels[-1]
        found["last label, near or far"] = f"{labels[-1]}|{polarity(question.stem)}"
    if len(labels) > 1:
        found["last two labels"] = "|".join(sorted(labels[-2:]))
        found["all labels"] = "|".join(labels)
    found["wording"] = masked(question.stem, question.mentions)
    return found


def grams(text: str) -> list[str]:
    """Return the words of a text and their pairs."""
    words = re.findall(r"[a-z]+|\d+(?:\.\d+)?", text.lower())
    return words + [f"{a} {b}" for a, b in pairwise(words)]


def ids(values: Sequence[str]) -> NDArray[np.int64]:
    """Return texts as numbers, equal ones alike; "" is -1."""
    known = {value: i for i, value in enumerate(sorted(set(values) - {""}))}
    return np.array([known.get(value, -1) for value in values], dtype=np.int64)
