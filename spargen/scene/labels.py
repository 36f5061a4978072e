"""What labels mean: which may be asked about, which clash, which can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from spargen.errors import JobError
from spargen.resources import data_dir

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class LabelRules(BaseModel):
    """The word lists of configs/labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    structural: frozenset[str]
    floor: frozenset[str]
    meaningless: frozenset[str]
    uncountable: frozenset[str]
    groups: tuple[tuple[str, ...], ...]
    singular: dict[str, str]

    def key(self, label: str) -> str:
        """Return the label lower-cased, with single spaces, its last word singular."""
        words = label.lower().replace("_", " ").split()
        if words:
            words[-1] = self._singular_word(words[-1])
        return " ".join(words)

    def _singular_word(self, word: str) -> str:
        if word in self.singular:
            return self.singular[word]
        if word.endswith("ies") and len(word) > 4:
            return word[:-3] + "y"
        if word.endswith(("ches", "shes", "sses", "xes", "zes")):
            return word[:-2]
        if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
            return word[:-1]
        return word


def label_file() -> Path:
    """Return the word lists that are in use."""
    return data_dir("configs") / "labels" / "default.yaml"


@cache
def label_rules(path: Path | None = None) -> LabelRules:
    """Read the word lists, the shipped ones unless a file is named."""
    path = path or label_file()
    try:
        return LabelRules.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise JobError(
            f"the label lists cannot be read: {error}", where=path, mend="start from the shipped default.yaml"
        ) from error


@dataclass(frozen=True, slots=True)
class LabelTable:
    """The labels of N objects, read by the rules.

    Parameters
    ----------
    askable : (N,) neither structural nor meaningless.
    structural : (N,) part of the building.
    floor : (N,) the floor.
    clash : (N, N) labels that must not be told apart by name; the diagonal is set.
    countable : (N,) may be counted, ordered and named without a mark.
    """

    askable: Bools
    structural: Bools
    floor: Bools
    clash: Bools
    countable: Bools

    @classmethod
    def of(cls, labels: Sequence[str], rules: LabelRules) -> LabelTable:
        """Read the labels of a scene."""
        raw = [" ".join(label.lower().replace("_", " ").split()) for label in labels]
        keys = [rules.key(label) for label in labels]
        structural = np.array([k in rules.structural or r in rules.structural for k, r in zip(keys, raw, strict=True)])
        empty = np.array([k in rules.meaningless or r in rules.meaningless for k, r in zip(keys, raw, strict=True)])
        countable = [r not in rules.uncountable and k == r for k, r in zip(keys, raw, strict=True)]
        unique = sorted(set(keys))
        index = np.array([unique.index(k) for k in keys], dtype=np.int64)
        clash = clash_matrix(unique, rules)[np.ix_(index, index)] if unique else np.zeros((0, 0), dtype=bool)
        structural, empty = structural.astype(bool), empty.astype(bool)
        askable = ~structural & ~empty
        floor = np.array([k in rules.floor for k in keys], dtype=bool)
        return cls(askable, structural, floor, clash, np.array(countable, dtype=bool) & askable)

    @property
    def unique(self) -> Bools:
        """(N,) may be named without a mark: countable, and no other object's label clashes."""
        return np.asarray(self.countable & (self.clash.sum(axis=1) == 1))

    def kinds(self, labels: Sequence[str]) -> list[tuple[str, Ints]]:
        """Sort the askable objects into kinds that a name tells apart, each with its name and its objects (n,).

        Labels that clash, directly or by way of others, make one kind. It is named by the label that every other one
        of the kind ends with (``chair`` for chairs and office chairs); a kind without such a label has no name that
        holds for all of it, and is left out, as are kinds with a label that cannot be counted.
        """
        rules = label_rules()
        _, kind = connected_components(csr_matrix(self.clash), directed=False)
        found = []
        for k in np.unique(kind[self.askable]):
            members = np.flatnonzero(kind == k)
            names = {rules.key(labels[int(o)]): labels[int(o)] for o in members}
            name = min(names, key=lambda n: (len(n), n))
            if self.countable[members].all() and all(n == name or n.endswith(f" {name}") for n in names):
                found.append((" ".join(names[name].split()), members))
        return found


def clash_matrix(keys: Sequence[str], rules: LabelRules) -> Bools:
    """Tell for (K, K) singular lower-case labels which clash: equal, one the end of the other, or in one group.

    A label counts as in a group if it ends with one of the group's words, so ``wooden desk`` clashes with ``table``.
    """
    clash = np.eye(len(keys), dtype=bool)
    words = [[rules.key(w) for w in group] for group in rules.groups]
    groups = [{i for i, group in enumerate(words) if any(_ends(k, w) for w in group)} for k in keys]
    for i, a in enumerate(keys):
        for j, b in enumerate(keys[:i]):
            ends = bool(a and b) and (a.endswith(b) or b.endswith(a))
            clash[i, j] = clash[j, i] = ends or bool(groups[i] & groups[j])
    return clash


def _ends(label: str, word: str) -> bool:
    return label == word or label.endswith(" " + word)
