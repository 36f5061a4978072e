"""The kinds of answers: how each is printed and balanced, which two clearly differ, and where wrong ones come from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.geometry.rounding import round_half_away
from spargen.qa.boxes import box_apart, box_text, boxes_apart, boxes_away, looks_of
from spargen.qa.fact import ORDINALS, Fact, Thing
from spargen.qa.kind import AnswerKind, Exchangeable, Values
from spargen.qa.opposites import CLAIMED, opposed, opposed_claims, worded
from spargen.qa.options import Choice, Claim, in_order
from spargen.qa.values import NUMBERS, WHOLE, amounts, numbered, only, pairs, places, rows, within
from spargen.settings import Settings

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WORDS = {
    "lr": ("left", "", "right"),
    "ab": ("below", "", "above"),
    "fb": ("behind", "", "front"),
    "cf": ("closer", "", "farther"),
}
"""The word of each axis for the states -1, 0, +1."""


@dataclass(frozen=True, slots=True)
class Directions:
    """Words along several axes, such as ``right, , front``: one state of -1, 0, +1 an axis."""

    axes: tuple[str, ...]
    states: tuple[int, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The words, empty where there is no difference."""
        return tuple(WORDS[a][s + 1] for a, s in zip(self.axes, self.states, strict=True))

    def __str__(self) -> str:
        return _listed(self.axes, self.states)

    def part(self, start: int, stop: int) -> Directions:
        """Return some of the axes."""
        return Directions(self.axes[start:stop], self.states[start:stop])


@cache
def _listed(axes: tuple[str, ...], states: tuple[int, ...]) -> str:
    return ", ".join(Directions(axes, states).words)


OC_AXES = ("lr", "ab", "fb")
OO_AXES = ("lr", "ab", "cf")
OO_MULTI_AXES = ("lr", "ab", "cf", "fb", "fb")
"""The axes of where a thing is for an observer; of one thing to another; of this and where each is for the observer."""
OFFERED = ("green", "blue", "red", "yellow")
"""The order in which marked things are offered, by their colours."""
_CLASS = math.log(4 / 3)


def metres(value: float) -> str:
    """Print a length: metres, one decimal, no unit."""
    # As round_half_away does, without an array for each number.
    tenths = math.floor(abs(value) * 10.0 + 0.5 + 1e-9) / 10.0
    return f"{math.copysign(tenths, value) + 0.0:.1f}"


def size_class(value: ArrayLike) -> NDArray[np.int64]:
    """Class of a size for balancing: equal steps of the logarithm, so 0.5 m and 5 m are told apart equally finely."""
    return np.asarray(np.floor(np.log(np.maximum(value, 0.05)) / _CLASS), dtype=np.int64)


def _class_of(value: float) -> int:
    """`size_class` of one number, without an array."""
    return math.floor(math.log(max(value, 0.05)) / _CLASS)


class Length(Exchangeable):
    """A depth or a distance in metres."""

    value = "a finite number of metres, not below 0"

    def takes(self, values: Sequence[Any]) -> bool:
        return amounts(values)

    def text(self, value: float) -> str:
        return metres(value)

    def bucket(self, value: float) -> int:
        return _class_of(value)

    def clear(self, value: float, others: Values, settings: Settings) -> Bools:
        v = np.asarray(others, dtype=np.float64)
        gap = np.abs(v - value)
        return np.asarray((gap >= settings.option_gap_m) & (gap >= settings.option_gap_share * np.maximum(v, value)))

    def away(self, value: float, others: Values) -> Floats:
        return np.abs(np.log(np.asarray(others, dtype=np.float64) / value))


class Area(Exchangeable):
    """A floor area in whole square metres."""

    value = "a finite number of square metres, not below 0"

    def takes(self, values: Sequence[Any]) -> bool:
        return amounts(values)

    def text(self, value: float) -> str:
        return f"{int(round_half_away(value))}"

    def bucket(self, value: float) -> int:
        return _class_of(value)

    def clear(self, value: float, others: Values, settings: Settings) -> Bools:
        return np.asarray(self.away(value, others) >= settings.option_gap_m2)

    def away(self, value: float, others: Values) -> Floats:
        return np.abs(np.asarray(others, dtype=np.float64) - value)


class Count(Exchangeable):
    """A number of things."""

    value = "a whole number, not below 0"

    def takes(self, values: Sequence[Any]) -> bool:
        return only(WHOLE, values) and amounts(values)

    def clear(self, value: int, others: Values, settings: Settings) -> Bools:
        return np.asarray(self.away(value, others) > 0)

    def away(self, value: int, others: Values) -> Floats:
        return np.abs(np.asarray(others, dtype=np.float64) - value)


class Box(AnswerKind):
    """A box in an image."""

    value = "a tuple of four whole numbers from 0 to 1000"

    def takes(self, values: Sequence[Any]) -> bool:
        return places(values, [4], (tuple, list))

    def text(self, value: Sequence[int]) -> str:
        return box_text(value)

    def bucket(self, value: Sequence[int]) -> tuple[int, int]:
        # The ninth of the image that the box's middle lies in.
        return (min(2, (value[0] + value[2]) // 667), min(2, (value[1] + value[3]) // 667))

    def clear(self, value: Sequence[int], others: Values, settings: Settings) -> Bools:
        return boxes_apart(value, others, settings)

    def apart(self, value: Sequence[int], other: Sequence[int], settings: Settings) -> bool:
        return box_apart(value, other, settings)

    def away(self, value: Sequence[int], others: Values) -> Floats:
        return boxes_away(looks_of([value]), looks_of(others))

    def compared(self, values: Sequence[Any], one: Ints, other: Ints, settings: Settings) -> tuple[Bools, Floats]:
        boxes, looks = np.array(values, dtype=np.int64), looks_of(values)
        return boxes_apart(boxes[one], boxes[other], settings), boxes_away(looks[one], looks[other])


@dataclass(frozen=True)
class DirectionsKind(AnswerKind):
    """Words along axes. Options vary two parts that have a word, claims are about one; the wrong word is the opposite.

    `varied` names the parts that options may vary, where not all may.
    """

    varied: tuple[int, ...] | None = None
    makes_wrong = True
    takes_wrong = False
    value = "Directions"

    def takes(self, values: Sequence[Any]) -> bool:
        return only(Directions, values)

    def bucket(self, value: Directions) -> tuple[int, ...]:
        return value.states

    def parts(self, value: Directions) -> range | tuple[int, ...]:
        """Return the parts that options may vary."""
        return range(len(value.axes)) if self.varied is None else self.varied

    def able(self, fact: Fact, form: str, wrong: int, settings: Settings) -> bool:
        states = fact.answer.states
        if form == "select":
            return len(worded(states, self.parts(fact.answer))) >= 2
        return form != "judge" or bool(worded(states, range(CLAIMED)))

    def options(
        self, facts: Sequence[Fact], wrong: int, count: int, settings: Settings, rng: np.random.Generator
    ) -> list[Choice]:
        return opposed(facts, self.parts(facts[0].answer), count, settings, rng) if facts else []

    def claims(
        self, facts: Sequence[Fact], wrong: int, count: int, settings: Settings, rng: np.random.Generator
    ) -> list[Claim]:
        return opposed_claims(facts, count, settings, rng)


class Size(AnswerKind):
    """Length, width, height in whole centimetres: ``120,60,75``."""

    value = "a tuple of three whole numbers of centimetres"

    def takes(self, values: Sequence[Any]) -> bool:
        return rows(values, (tuple, list)) and {*map(len, values)} <= {3}

    def text(self, value: Sequence[int]) -> str:
        return ",".join(str(int(v)) for v in value)

    def bucket(self, value: Sequence[int]) -> int:
        return _class_of(max(value))


class Moves(AnswerKind):
    """Camera motion along and about five axes: ``move_right:1.6,...``; a value holds five (word, number) pairs."""

    value = "a list of pairs of a word and a number"

    def takes(self, values: Sequence[Any]) -> bool:
        return (
            (found := pairs(values)) is not None
            and only(str, (a for a, _ in found))
            and only(NUMBERS, (b for _, b in found))
        )

    def text(self, value: Sequence[tuple[str, float]]) -> str:
        return ",".join(f"{word}:{number:g}" for word, number in value)

    def bucket(self, value: Sequence[tuple[str, float]]) -> tuple[str, ...]:
        return tuple(word for word, _ in value)


class Place(NamedTuple):
    """A position in an image on the 0..1000 scale, and its depth."""

    x: int
    y: int
    depth_m: float


class Places(Exchangeable):
    """Where something appears, and how deep: ``(606,69),2.8``. All options of a row have the true depth."""

    value = "a Place: x and y from 0 to 1000, and a finite depth_m"

    def takes(self, values: Sequence[Any]) -> bool:
        return only(Place, values) and places([v[:2] for v in values], [2]) and amounts([v.depth_m for v in values])

    def text(self, value: Place) -> str:
        return f"({value.x},{value.y}),{metres(value.depth_m)}"

    def option(self, value: Place, truth: Place) -> str:
        return f"Image Coor:({value.x}, {value.y}), Depth:{metres(truth.depth_m)} meters"

    def bucket(self, value: Place) -> tuple[int, int]:
        return (min(2, value.x * 3 // 1000), min(2, value.y * 3 // 1000))

    def clear(self, value: Place, others: Values, settings: Settings) -> Bools:
        return np.asarray(self.away(value, others) >= settings.option_pixel_gap)

    def away(self, value: Place, others: Values) -> Floats:
        x, y, _ = np.asarray(others, dtype=np.float64).reshape(-1, 3).T
        return np.hypot(x - value[0], y - value[1])


@dataclass(frozen=True, slots=True)
class Sighting:
    """An object, by label, in one image of several, its box there, and the objects whose labels clash with its own."""

    obj: int
    label: str
    image: int
    box: tuple[int, ...]
    clashes: frozenset[int] = frozenset()


class Sightings(AnswerKind):
    """``the second image, [x1, y1, x2, y2]``. The options of a row name objects whose labels do not clash."""

    value = "a Sighting in one of the first five images"

    def takes(self, values: Sequence[Any]) -> bool:
        return (
            only(Sighting, values)
            and BOX.takes([v.box for v in values])
            and within([v.image for v in values], len(ORDINALS))
        )

    def text(self, value: Sighting) -> str:
        return f"the {ORDINALS[value.image]} image, {box_text(value.box)}"

    def option(self, value: Sighting, truth: Sighting) -> str:
        return f"{value.label}: {self.text(value)}"

    def bucket(self, value: Sighting) -> int:
        return value.image

    def clear(self, value: Sighting, others: Values, settings: Settings) -> Bools:
        return np.array([self.apart(value, other, settings) for other in others], dtype=bool)

    def apart(self, value: Sighting, other: Sighting, settings: Settings) -> bool:
        return _named_apart(value, other) and (value.image != other.image or BOX.apart(value.box, other.box, settings))

    def away(self, value: Sighting, others: Values) -> Floats:
        return BOX.away(value.box, [other.box for other in others])

    def compared(self, values: Sequence[Any], one: Ints, other: Ints, settings: Settings) -> tuple[Bools, Floats]:
        named = [_named_apart(values[a], values[b]) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
        image = np.array([value.image for value in values])
        apart, away = BOX.compared([value.box for value in values], one, other, settings)
        return np.array(named, dtype=bool) & ((image[one] != image[other]) | apart), away


def _named_apart(one: Sighting, other: Sighting) -> bool:
    return other.obj != one.obj and other.obj not in one.clashes and other.label != one.label


class Frames(AnswerKind):
    """Frames of a clip: ``Frame-3, Frame-4``."""

    needs_sentence = False
    value = "a list of positions in the clip, at least one"

    def takes(self, values: Sequence[Any]) -> bool:
        return rows(values, (tuple, list)) and all(values)

    def text(self, value: Sequence[int]) -> str:
        return ", ".join(f"Frame-{i}" for i in value)

    def bucket(self, value: Sequence[int]) -> int:
        return _class_of(len(value))


class Told(AnswerKind):
    """What somebody said, word for word. All of it is one class, for nothing tells which is like which."""

    takes_wrong = False
    needs_sentence = False
    value = "a text"

    def takes(self, values: Sequence[Any]) -> bool:
        return only(str, values)

    def serves(self, form: str, wrong: int) -> bool:
        return form == "sentence"

    def bucket(self, value: str) -> str:
        return ""


class Order(AnswerKind):
    """Labels in order: ``chair, table, lamp, door``."""

    value = "a list of labels, at least one"

    def takes(self, values: Sequence[Any]) -> bool:
        return only((tuple, list), values) and all(values) and only(str, chain.from_iterable(values))

    def text(self, value: Sequence[str]) -> str:
        return ", ".join(value)

    def bucket(self, value: Sequence[str]) -> str:
        return value[0]


class Map(AnswerKind):
    """Positions on a top-down map, such as ``Object0 :(-0.3,1.4). Object1 :(-1.1,2.0).`` for two."""

    needs_sentence = False
    value = "a list of pairs of finite numbers of metres"

    def takes(self, values: Sequence[Any]) -> bool:
        return (found := pairs(values)) is not None and amounts([abs(v) for pair in found for v in pair])

    def text(self, value: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"Object{i} :({metres(x)},{metres(y)})." for i, (x, y) in enumerate(value))

    def bucket(self, value: Sequence[tuple[float, float]]) -> int:
        return len(value)


class Candidate(AnswerKind):
    """One of several things that the question names: ``sofa chair (Object2)``."""

    value = "a Thing, such as ctx.thing(mark)"

    def takes(self, values: Sequence[Any]) -> bool:
        return only(Thing, values)

    def apart(self, value: Thing, other: Thing, settings: Settings) -> bool:
        return self.text(value) != self.text(other)

    def compared(self, values: Sequence[Any], one: Ints, other: Ints, settings: Settings) -> tuple[Bools, Floats]:
        number, _ = numbered([self.text(value) for value in values])
        return number[one] != number[other], np.zeros(len(one))

    def bucket(self, value: Thing) -> str:
        return value.mark


class Winner(Candidate):
    """One of several marked things. The options stand in the order of their colours: green, then blue."""

    def options(
        self, facts: Sequence[Fact], wrong: int, count: int, settings: Settings, rng: np.random.Generator
    ) -> list[Choice]:
        return in_order(self, facts, wrong, count, settings, _by_colour)


def _by_colour(thing: Thing) -> tuple[int, str]:
    colour = thing.mark.partition(" ")[0]
    return (OFFERED.index(colour) if colour in OFFERED else len(OFFERED), thing.mark)


LENGTH, AREA, COUNT, BOX, SIZE = Length(), Area(), Count(), Box(), Size()
DIRECTIONS, DIRECTIONS_LR_CF = DirectionsKind(), DirectionsKind(varied=(0, 2))
WINNER, CANDIDATE = Winner(), Candidate()
MOVES, PLACE, SIGHTING, FRAMES, ORDER, MAP = Moves(), Places(), Sightings(), Frames(), Order(), Map()
TOLD = Told()
