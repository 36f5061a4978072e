"""What labels mean: which may be asked about, which clash, which can be counted."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from spargen.errors import SceneError
from spargen.reading import read_shipped
from spargen.resources import data_dir

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Frame = tuple[tuple[str, ...], tuple[str, ...], str, str]

FLOORS = "floors"
"""The part of the building that the size of a room is measured on."""
UNASKED = "unasked"
"""What `LabelRules.part` calls a part of something that the words of a question do not name."""
MOST_OBJECTS = 20_000
"""Which of them clash is told for each pair: 400 MB."""
SLIP_LETTERS = 6
"""From this length on, words that differ by one slip of the pen are taken for one word."""
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"[\s#(-]*\d+\W*$")
_INITIALS = re.compile(r"[^aeiou]{2}s")
_SEPARATOR = r"/&+,;()\[\]"
_JOINT = re.compile(rf"(?<=[\s{_SEPARATOR}])(?:of|in|on|for|from|with|w|and|or)(?=[\s{_SEPARATOR}]|$)|[{_SEPARATOR}]")


class LabelRules(BaseModel):
    """The lists of configs/labels/default.yaml, or these with the changes of a job's own.

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
        for kind, entries in self.building.items():
            # The words would leave out what the answer counts.
            if self._part_at_end(_words(self.key(kind))) != kind:
                what = f"questions say that {kind} do not count, but no label of theirs is called that"
                raise ValueError(f"{what}: {', '.join(entries)}")
        return self

    def __hash__(self) -> int:
        return hash((self.building_phrase, self.unasked, self.groups))

    @property
    def building_phrase(self) -> str:
        """The parts of the building as a question names them: ``walls, floors, ceilings and beams``."""
        *kinds, last = self.building
        return " and ".join(filter(None, (", ".join(kinds), last)))

    def part(self, label: str) -> str | None:
        """Return the kind of part that a label names: a key of `building`, UNASKED, or None if it is a thing.

        A label whose pieces are not of one kind (``door/window``, ``wall and whiteboard``) may be a part: UNASKED.
        """
        if listed := self._parts.get(self.spelt_together(label)):
            return listed
        kinds = {self._part_at_end(_words(self.key(piece))) for piece in pieces(label)}
        return kinds.pop() if len(kinds) == 1 else UNASKED if kinds else None

    def _part_at_end(self, words: tuple[str, ...]) -> str | None:
        """Return the kind of the longest entry that words end with, be it with one slip of the pen."""
        for start in range(len(words)):
            end = words[start:]
            if found := self._parts.get("".join(end)) or self._misspelt_part(end):
                return found
        return None

    def _misspelt_part(self, words: tuple[str, ...]) -> str | None:
        """Return the kind of an entry that agrees with words but for one, which may be misspelt."""
        for frame, word in _all_but_one(words):
            for entry, kind in self._parts_but_one.get(frame, ()):
                if self.misspelt(word, entry):
                    return kind
        return None

    def nameless(self, label: str) -> bool:
        """Tell whether a label, or all that it is put together from, says nothing about the thing that bears it."""
        return all(self.spelt_together(piece) in self._meaningless for piece in pieces(label))

    def countable(self, label: str) -> bool:
        """Tell whether a label names one thing of a kind that can be counted."""
        text = plain(label)
        listed = any(end in self._uncountable for end in _ends(text))
        return self.key(label) == text and pieces(label) == [text] and not listed

    def readings(self, key: str) -> set[str]:
        """Return what a singular label may be called: itself, and what it is put together from."""
        return {key, *map(self.key, pieces(key))}

    def several(self, label: str) -> bool:
        """Tell whether a label is a plural: ``books``, ``plates of food``, but not ``pair of shoes``."""
        return any(self.key(piece) != piece for piece in pieces(label)[:1])

    def groups_of(self, key: str) -> set[int]:
        """Return the numbers of the groups of which a singular label ends with a name."""
        return set().union(*(self._groups.get(end, ()) for end in _ends(key)))

    def misspelt(self, a: str, b: str) -> bool:
        """Tell whether one of two words that begin and end alike may be the other, with one slip of the pen."""
        long = max(len(a), len(b)) >= SLIP_LETTERS
        return long and _one_slip(a, b) and frozenset((a, b)) not in self._unlike

    def key(self, label: str) -> str:
        """Return the label lower-cased, with single spaces, without a number behind it, its last word singular."""
        words = plain(label).split()
        if words:
            words[-1] = self._singular_word(words[-1])
        return " ".join(words)

    def spelt_together(self, label: str) -> str:
        """Return the `key` of a label without spaces and punctuation: one text for ``Door Frames``, ``doorframe``."""
        return _joined(self.key(label))

    def _singular_word(self, word: str) -> str:
        if word in self.singular:
            return self.singular[word]
        if word.endswith("ies") and len(word) > 4:
            return word[:-3] + "y"
        listed = word.endswith("es") and self.singular.get(word[:-2]) == word[:-2]
        if listed or word.endswith(("ches", "shes", "sses", "xes", "zes")):
            return word[:-2]
        letters = len(word) > 3 or _INITIALS.fullmatch(word)
        return word[:-1] if letters and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word

    @cached_property
    def _parts(self) -> dict[str, str]:
        return dict(self._part_entries())

    def _part_entries(self) -> Iterator[tuple[str, str]]:
        """Yield each listed part of something, without spaces and punctuation, and its kind."""
        for kind, entries in (*self.building.items(), (UNASKED, self.unasked)):
            yield from ((self.spelt_together(entry), kind) for entry in entries)

    @cached_property
    def _parts_but_one(self) -> dict[Frame, list[tuple[str, str]]]:
        """The words of each listed part, and its kind, by the words that stand beside it."""
        found: defaultdict[Frame, list[tuple[str, str]]] = defaultdict(list)
        for kind, entries in (*self.building.items(), (UNASKED, sorted(self.unasked))):
            for entry in entries:
                for frame, word in _all_but_one(_words(self.key(entry))):
                    found[frame].append((word, kind))
        return found

    @cached_property
    def _meaningless(self) -> frozenset[str]:
        return frozenset(self.spelt_together(entry) for entry in self.meaningless)

    @cached_property
    def _uncountable(self) -> frozenset[str]:
        return frozenset(_joined(entry) for entry in self.uncountable)

    @cached_property
    def _groups(self) -> dict[str, set[int]]:
        """The groups that each name belongs to."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for number, names in enumerate(self.groups):
            for name in names:
                found[self.spelt_together(name)].add(number)
        return found

    @cached_property
    def _unlike(self) -> frozenset[frozenset[str]]:
        return frozenset(map(frozenset, self.unlike))


def plain(label: str) -> str:
    """Return a label in lower case, with single spaces, without a number behind it (``Chair  2``: ``chair``)."""
    return " ".join(_NUMBER.sub("", label).lower().replace("_", " ").split())


def pieces(label: str) -> list[str]:
    """Return the names that a label is put together from: ``box of tissue``, ``sofa/bed``, ``mop and bucket``."""
    return list(filter(None, map(str.strip, _JOINT.split(plain(label)))))


def _words(label: str) -> tuple[str, ...]:
    """Return the words of a label, without punctuation."""
    return tuple(_WORD.findall(label))


def _joined(label: str) -> str:
    """Return a label without spaces and punctuation."""
    return "".join(_words(label))


def _ends(label: str) -> Iterator[str]:
    """Yield what a label ends with, the whole first and its last word last, without spaces and punctuation."""
    words = _words(label)
    return ("".join(words[start:]) for start in range(len(words)))


def _all_but_one(words: tuple[str, ...]) -> Iterator[tuple[Frame, str]]:
    """Yield each word, and what a label must agree in that may have it misspelt: the other words, first, last letter.

    Slips at the ends of a word are rare, and cable and table or mug and rug are none. So few labels need comparing.
    """
    return (((words[:n], words[n + 1 :], word[0], word[-1]), word) for n, word in enumerate(words))


def label_file() -> Path:
    """Return the shipped lists."""
    return data_dir("configs") / "labels" / "default.yaml"


@cache
def label_rules() -> LabelRules:
    """Read the shipped lists. A run may have lists of its own over them: see `spargen.scene.lists`."""
    return LabelRules.model_validate(read_shipped(label_file()))


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
        """Read the labels of a scene; `doubtful` (N,) tells which objects have a box that cannot be trusted.

        Raises `SceneError` for more than `MOST_OBJECTS`.
        """
        if len(labels) > MOST_OBJECTS:
            what = f"there are {len(labels):,} objects, more than any building has of them"
            raise SceneError(what, where="objects", mend="give each object one id; are they segments?")
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

    @property
    def kind(self) -> Ints:
        """(N,) numbers of kinds that a name tells apart: labels that clash, also by way of others, are of one."""
        _, kind = scipy.sparse.csgraph.connected_components(scipy.sparse.csr_array(self.clash), directed=False)
        return np.asarray(kind, dtype=np.int64)

    def doubting(self, objects: Bools) -> LabelTable:
        """Return the table with more objects (N,) that are doubtful."""
        return replace(
            self,
            askable=self.askable & ~objects,
            doubtful=self.doubtful | objects,
            countable=self.countable & ~objects,
        )

    def kinds(self, labels: Sequence[str]) -> list[tuple[str, Ints]]:
        """Sort the askable objects into kinds that a name tells apart, each with its name and its objects (n,).

        Labels that clash, directly or by way of others, make one kind. A kind of several labels is left out: is a trash
        can a can, as an office chair is a chair? So are kinds with an object that cannot be counted.
        """
        found, kind = [], self.kind
        for k in np.unique(kind[self.askable]):
            members = np.flatnonzero(kind == k)
            if self.countable[members].all() and len({self.rules.spelt_together(labels[int(o)]) for o in members}) == 1:
                names = {" ".join(_NUMBER.sub("", labels[int(o)]).split()) for o in members}
                found.append((min(names, key=lambda name: (len(name), name)), members))
        return found


def clash_matrix(keys: Sequence[str], rules: LabelRules) -> Bools:
    """Tell for (K, K) singular lower-case labels which clash.

    Two labels clash if, without spaces and punctuation, one ends with the other (``chair`` and ``office chair``, but
    also ``armchair``: to keep apart what is one thing makes a wrong answer, to join two things costs a question);
    if both end with names of one group, word by word; or if they differ by one slip of the pen in one word. A label
    that is put together clashes with what any of its pieces clashes with.
    """
    clash = np.eye(len(keys), dtype=bool)
    read = [(i, reading) for i, key in enumerate(keys) for reading in sorted(rules.readings(key))]
    owner, readings = np.array([i for i, _ in read], dtype=np.int64), [reading for _, reading in read]
    for members in (*_same_ends(readings), *_same_group(readings, rules), *_one_word_misspelt(readings, rules)):
        clash[np.ix_(owner[members], owner[members])] = True
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
    """Yield pairs of labels that agree but for one word, which may be misspelt."""
    agreeing: defaultdict[Frame, list[tuple[int, str]]] = defaultdict(list)
    for i, key in enumerate(keys):
        for frame, word in _all_but_one(_words(key)):
            agreeing[frame].append((i, word))
    for candidates in agreeing.values():
        yield from ([i, j] for (i, a), (j, b) in combinations(candidates, 2) if rules.misspelt(a, b))


def _one_slip(a: str, b: str) -> bool:
    """Tell whether two words differ by one letter, one letter more or two neighbours swapped (Damerau 1964)."""
    start = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[start:], b[start:]
    swapped = a[:2] == b[:2][::-1] and a[2:] == b[2:]
    return swapped or a[1:] == b[1:] or a[1:] == b or a == b[1:]
