"""What labels mean: which may be asked about, which clash, which can be counted."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from spargen.errors import JobError
from spargen.resources import data_dir

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

FLOORS = "floors"
"""The part of the building that the size of a room is measured on."""
UNASKED = "unasked"
"""What `LabelRules.part` calls a part of something that the words of a question do not name."""
SLIP_LETTERS = 6
"""From this length on, words that differ by one slip of the pen are taken for one word."""
_WORD = re.compile(r"[^\W_]+")


class LabelRules(BaseModel):
    """The word lists of configs/labels.

    Parameters
    ----------
    building : kinds of parts of the building, in the words that questions use, with the labels of each.
    unasked : parts of something that those words do not name.
    meaningless : whole labels that say nothing.
    uncountable : several things, or no countable thing.
    groups : names for one kind of thing.
    unlike : words one letter apart that are no misspelling of each other.
    singular : singular of irregular plurals.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    building: dict[str, tuple[str, ...]]
    unasked: frozenset[str]
    meaningless: frozenset[str]
    uncountable: frozenset[str]
    groups: tuple[tuple[str, ...], ...]
    unlike: tuple[tuple[str, str], ...]
    singular: dict[str, str]

    @model_validator(mode="after")
    def _one_meaning_each(self) -> LabelRules:
        if FLOORS not in self.building:
            raise ValueError(f"building has no {FLOORS!r}: the size of a room is measured on them")
        if UNASKED in self.building:
            raise ValueError(f"{UNASKED!r} is no part of a building")
        times = Counter(entry for entry, _ in set(self._part_entries()))
        if twice := [entry for entry, n in times.items() if n > 1]:
            raise ValueError(f"building and unasked give two meanings to: {', '.join(sorted(twice))}")
        return self

    @property
    def building_phrase(self) -> str:
        """The parts of the building as a question names them: ``walls, floors, ceilings and beams``."""
        *kinds, last = self.building
        return " and ".join(filter(None, (", ".join(kinds), last)))

    def part(self, label: str) -> str | None:
        """Return the kind of part that a label names: a key of `building`, UNASKED, or None if it is a thing."""
        return next((self._parts[e] for e in _ends(self.key(label)) if e in self._parts), None)

    def nameless(self, label: str) -> bool:
        """Tell whether a label says nothing about the thing that bears it."""
        return _joined(self.key(label)) in self._meaningless

    def countable(self, label: str) -> bool:
        """Tell whether a label names one thing of a kind that can be counted."""
        plain = _plain(label)
        return self.key(label) == plain and not any(e in self._uncountable for e in _ends(plain))

    def groups_of(self, key: str) -> set[int]:
        """Return the numbers of the groups of which a singular label ends with a name."""
        return set().union(*(self._groups.get(end, ()) for end in _ends(key)))

    def misspelt(self, a: str, b: str) -> bool:
        """Tell whether one of two words that begin and end alike may be the other, with one slip of the pen."""
        long = max(len(a), len(b)) >= SLIP_LETTERS
        return long and _one_slip(a, b) and frozenset((a, b)) not in self._unlike

    def key(self, label: str) -> str:
        """Return the label lower-cased, with single spaces, its last word singular."""
        words = _plain(label).split()
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

    @cached_property
    def _parts(self) -> dict[str, str]:
        return dict(self._part_entries())

    def _part_entries(self) -> Iterator[tuple[str, str]]:
        """Yield each listed part of something, without spaces and punctuation, and its kind."""
        for kind, entries in (*self.building.items(), (UNASKED, self.unasked)):
            yield from ((_joined(self.key(entry)), kind) for entry in entries)

    @cached_property
    def _meaningless(self) -> frozenset[str]:
        return frozenset(_joined(self.key(entry)) for entry in self.meaningless)

    @cached_property
    def _uncountable(self) -> frozenset[str]:
        return frozenset(_joined(entry) for entry in self.uncountable)

    @cached_property
    def _groups(self) -> dict[str, set[int]]:
        """The groups that each name belongs to."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for number, names in enumerate(self.groups):
            for name in names:
                found[_joined(self.key(name))].add(number)
        return found

    @cached_property
    def _unlike(self) -> frozenset[frozenset[str]]:
        return frozenset(map(frozenset, self.unlike))


def _plain(label: str) -> str:
    """Return a label in lower case, with single spaces."""
    return " ".join(label.lower().replace("_", " ").split())


def _joined(label: str) -> str:
    """Return a label without spaces and punctuation."""
    return "".join(_WORD.findall(label))


def _ends(label: str) -> Iterator[str]:
    """Yield what a label ends with, the whole first and its last word last, without spaces and punctuation."""
    words = _WORD.findall(label)
    return ("".join(words[start:]) for start in range(len(words)))


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
    rules : the rules they were read by.
    present : (N,) counts in a question about all objects: anything but a part of the building that its words name.
    askable : (N,) may be asked about: present, and a thing with a name and a box that can be trusted.
    doubtful : (N,) with a box that cannot be trusted.
    countable : (N,) may be counted, ordered and named without a mark: askable, and one thing of a countable kind.
    floor : (N,) the floor.
    clash : (N, N) labels that must not be told apart by name; the diagonal is set.
    """

    rules: LabelRules
    present: Bools
    askable: Bools
    doubtful: Bools
    countable: Bools
    floor: Bools
    clash: Bools

    @classmethod
    def of(cls, labels: Sequence[str], rules: LabelRules, doubtful: ArrayLike | None = None) -> LabelTable:
        """Read the labels of a scene; `doubtful` (N,) tells which objects have a box that cannot be trusted."""
        trusted = np.ones(len(labels), dtype=bool) if doubtful is None else ~np.asarray(doubtful, dtype=bool)
        parts = [rules.part(label) for label in labels]
        named = np.array([not rules.nameless(label) for label in labels], dtype=bool)
        askable = np.array([part is None for part in parts], dtype=bool) & named & trusted
        countable = np.array([rules.countable(label) for label in labels], dtype=bool)
        keys = [rules.key(label) for label in labels]
        unique, row = np.unique(np.array(keys, dtype=object), return_inverse=True)
        return cls(
            rules=rules,
            present=np.array([part in (None, UNASKED) for part in parts], dtype=bool),
            askable=askable,
            doubtful=~trusted,
            countable=countable & askable,
            floor=np.array([part == FLOORS for part in parts], dtype=bool),
            clash=clash_matrix(unique.tolist(), rules)[np.ix_(row, row)],
        )

    @property
    def unique(self) -> Bools:
        """(N,) may be named without a mark: countable, and no other object's label clashes."""
        return np.asarray(self.countable & (self.clash.sum(axis=1) == 1))

    def kinds(self, labels: Sequence[str]) -> list[tuple[str, Ints]]:
        """Sort the askable objects into kinds that a name tells apart, each with its name and its objects (n,).

        Labels that clash, directly or by way of others, make one kind. It is named by the label that every other one
        of the kind ends with (``chair`` for chairs and office chairs); a kind without such a label has no name that
        holds for all of it, and is left out, as are kinds with an object that cannot be counted.
        """
        _, kind = connected_components(csr_matrix(self.clash), directed=False)
        found = []
        for k in np.unique(kind[self.askable]):
            members = np.flatnonzero(kind == k)
            names = {self.rules.key(labels[int(o)]): labels[int(o)] for o in members}
            name = min(names, key=lambda n: (len(n), n))
            if self.countable[members].all() and all(_joined(name) in _ends(n) for n in names):
                found.append((" ".join(names[name].split()), members))
        return found


def clash_matrix(keys: Sequence[str], rules: LabelRules) -> Bools:
    """Tell for (K, K) singular lower-case labels which clash.

    Two labels clash if, without spaces and punctuation, one ends with the other (``chair`` and ``office chair``, but
    also ``armchair``: to keep apart what is one thing makes a wrong answer, to join two things costs a question);
    if both end with names of one group, word by word; or if they differ by one slip of the pen in one word.
    """
    clash = np.eye(len(keys), dtype=bool)
    for members in (*_same_ends(keys), *_same_group(keys, rules), *_one_word_misspelt(keys, rules)):
        clash[np.ix_(members, members)] = True
    return clash


def _same_ends(keys: Sequence[str]) -> Iterator[list[int]]:
    """Yield pairs of labels of which one ends with the other."""
    by_text: defaultdict[str, list[int]] = defaultdict(list)
    for i, key in enumerate(keys):
        by_text[_joined(key)].append(i)
    for text, members in by_text.items():
        for start in range(len(text)):
            yield from ([i, j] for j in by_text.get(text[start:], ()) for i in members)


def _same_group(keys: Sequence[str], rules: LabelRules) -> Iterable[list[int]]:
    """Return for each group the labels that end with one of its names."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    for i, key in enumerate(keys):
        for number in rules.groups_of(key):
            members[number].append(i)
    return members.values()


def _one_word_misspelt(keys: Sequence[str], rules: LabelRules) -> Iterator[list[int]]:
    """Yield pairs of labels that agree but for one word, which may be misspelt, though not at its ends.

    Slips there are rare, and cable and table or mug and rug are none. So few labels need comparing.
    """
    agreeing: defaultdict[tuple[object, ...], list[tuple[int, str]]] = defaultdict(list)
    for i, key in enumerate(keys):
        words = _WORD.findall(key)
        for n, word in enumerate(words):
            agreeing[tuple(words[:n]), tuple(words[n + 1 :]), word[0], word[-1]].append((i, word))
    for candidates in agreeing.values():
        yield from ([i, j] for (i, a), (j, b) in combinations(candidates, 2) if rules.misspelt(a, b))


def _one_slip(a: str, b: str) -> bool:
    """Tell whether two words differ by one letter, one letter more or two neighbours swapped (Damerau 1964)."""
    start = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[start:], b[start:]
    swapped = a[:2] == b[:2][::-1] and a[2:] == b[2:]
    return swapped or a[1:] == b[1:] or a[1:] == b or a == b[1:]
