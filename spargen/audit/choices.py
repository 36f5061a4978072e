"""The rows of one cell as choices: padded arrays of what each option is, which one is right, and where it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spargen.audit.columns import mark_columns, text_columns
from spargen.audit.crossed import Said, about, crossed, grams, ids
from spargen.audit.lore import Lore, Pairs, as_pairs, pair_of_option
from spargen.audit.sight import see
from spargen.audit.text import LETTERS, Mention, Question, claim, take_apart
from spargen.audit.tree import TreeRow

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Kind = Literal["choice", "yes or no"]
_SHAPES = ("log value", "log area", "log aspect", "lower edge", "over told 0", "number 0", "number 1")


@dataclass(frozen=True, slots=True)
class Choice:
    """One row: its options, or the one claim of a Yes/No question, and which are right."""

    row: TreeRow
    question: Question
    options: tuple[str, ...]
    right: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """n rows with at most k options.

    Parameters
    ----------
    kind : whether one of several options is right, or a single claim is or is not.
    valid, right : (n, k), which options there are, and which are right.
    scene : (n,), the place as a number.
    text, marks : features (n, k) by name; NaN where a row has none.
    words : ids (n, k, p) of what options say, by the name of what it is crossed with; -1 where there is nothing.
    shapes : quantities (n, k) of options that labels may tell, by name.
    about : ids (n,) of the labels that a question names, by what they are.
    pairs : what other cells tell of the labels of an option and of its question.
    tokens : words and crossed words of each option, of all rows one after the other.
    questions : the whole texts.
    """

    kind: Kind
    valid: Bools
    right: Bools
    scene: Ints
    text: dict[str, Floats]
    marks: dict[str, Floats]
    words: dict[str, Ints]
    shapes: dict[str, Floats]
    about: dict[str, Ints]
    pairs: Pairs
    tokens: list[list[str]]
    questions: list[str]

    @property
    def chance(self) -> Floats:
        """What a guess is worth in each row (n,)."""
        return np.full(len(self.valid), 0.5) if self.kind == "yes or no" else 1 / self.valid.sum(axis=1)

    def shuffled(self, rng: np.random.Generator) -> Choices:
        """Return the same rows with other answers: of each row any option, of claims the answers of other rows."""
        if self.kind == "yes or no":
            return replace(self, right=rng.permutation(self.right))
        drawn = np.where(self.valid, rng.random(self.valid.shape), -1.0).argmax(axis=1)
        return replace(self, right=np.arange(self.valid.shape[1]) == drawn[:, None])


def choices_of(row: TreeRow, form: str) -> list[Choice]:
    """Return a row as choices: one, or where its answer is an order one for each pair; none where it is something else.

    A letter of an option, Yes or No, a thing that the question names with its mark, names in an order.
    """
    question, answer = take_apart(row.question), row.answer
    if form == "judge":
        claimed = (claim(question),)
        return [Choice(row, question, claimed, (answer == "Yes",))] if answer in ("Yes", "No") else []
    if form == "select":
        options = question.options
        place = LETTERS[: len(options)].find(answer) if len(answer) == 1 else -1
    else:
        options = _named(question)
        place = options.index(answer) if answer in options else -1
    if place >= 0:
        return [Choice(row, question, options, tuple(i == place for i in range(len(options))))]
    return _pairs(row, question, answer) if form == "fill" else []


def _named(question: Question) -> tuple[str, ...]:
    """Return the candidates that a question names, as answers spell them: all marked things but the reference."""
    candidates = question.mentions[1:]
    return tuple(
        f"{m.label} (Object{m.role})" if m.role.isdigit() else f"{m.label} ({m.role} point)" for m in candidates
    )


def _pairs(row: TreeRow, question: Question, answer: str) -> list[Choice]:
    """Return, for an answer that is an order of names, which of each two comes first; the two in order of spelling."""
    order = [name.strip().lower() for name in answer.split(",")]
    if len(order) < 3 or len(set(order)) < len(order) or any(name not in question.stem.lower() for name in order):
        return []
    found = []
    for a, b in combinations(sorted(order), 2):
        asked = Question(question.stem, (), (Mention(a, "0", -1), Mention(b, "1", -1)))
        first = order.index(a) < order.index(b)
        found.append(Choice(row, asked, (a, b), (first, not first)))
    return found


def in_arrays(rows: Sequence[Choice], kind: Kind, lore: Lore) -> Choices:
    """Return rows as arrays, with what other cells tell of their labels."""
    k = max(len(row.options) for row in rows)
    seen = [see(row.question, row.options, row.row.record) for row in rows]
    options = [row.options for row in rows]
    text = text_columns(seen, options, k)
    said = [crossed(row.question, row.options) for row in rows]
    told = [about(row.question) for row in rows]
    places = [row.row.place for row in rows]
    labels = [[mention.label for mention in row.question.mentions] for row in rows]
    about_pairs = [
        [pair_of_option(option, own) for option in row.options] for row, own in zip(rows, labels, strict=True)
    ]
    return Choices(
        kind,
        np.array([[i < len(row.options) for i in range(k)] for row in rows]),
        np.array([[i < len(row.right) and row.right[i] for i in range(k)] for row in rows]),
        ids(places),
        text,
        mark_columns(seen, k),
        {name: _padded(said, name, k) for name in sorted({name for row in said for one in row for name in one})},
        {name: text[name] for name in _SHAPES if name in text},
        {name: ids([one.get(name, "") for one in told]) for name in sorted({name for one in told for name in one})},
        as_pairs(lore, about_pairs, places, k),
        [_tokens(row, one, kind) for row, ones in zip(rows, said, strict=True) for one in ones],
        [row.row.question for row in rows],
    )


def _padded(said: Sequence[Sequence[Said]], name: str, k: int) -> Ints:
    """Return the ids (n, k, p) of what options say under one name."""
    most = max(len(one.get(name, ())) for row in said for one in row)
    flat = [
        row[i][name][j] if i < len(row) and j < len(row[i].get(name, ())) else ""
        for row in said
        for i in range(k)
        for j in range(most)
    ]
    return ids(flat).reshape(len(said), k, most)


def _tokens(row: Choice, said: Said, kind: Kind) -> list[str]:
    tokens = [f"{name}: {word}" for name, words in said.items() for word in words if "wording" not in name]
    return tokens + grams(row.question.stem) if kind == "yes or no" else tokens
