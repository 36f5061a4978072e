"""The kinds of answers: how each is printed, how truths are balanced, and when two of them are clearly different."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.geometry.rounding import round_half_away
from spargen.qa.fact import Thing
from spargen.settings import Settings

Bools = NDArray[np.bool_]

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
        return ", ".join(self.words)

    def part(self, start: int, stop: int) -> Directions:
        """Return some of the axes."""
        return Directions(self.axes[start:stop], self.states[start:stop])


OC_AXES = ("lr", "ab", "fb")
OO_AXES = ("lr", "ab", "cf")
OO_MULTI_AXES = ("lr", "ab", "cf", "fb", "fb")


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


def box_text(box: Sequence[int]) -> str:
    """Print a box on the 0..1000 scale: ``[x1, y1, x2, y2]``."""
    return "[" + ", ".join(str(int(v)) for v in box) + "]"


class AnswerKind:
    """One kind of answer. The base serves kinds that are only printed."""

    def text(self, value: Any) -> str:
        """Print a value in its fixed syntax."""
        return str(value)

    def option(self, value: Any, truth: Any) -> str:
        """Print a value as an option of a row whose answer is `truth`."""
        return self.text(value)

    def bucket(self, value: Any) -> Any:
        """Return the class that truths are balanced over."""
        return value

    def clear(self, value: Any, others: Sequence[Any], settings: Settings) -> Bools:
        """Tell which of the others are clearly different from a value, so that both may be options of one row."""
        return np.array([self.text(value) != self.text(o) for o in others], dtype=bool)


class Length(AnswerKind):
    """A depth or a distance in metres."""

    def text(self, value: float) -> str:
        return metres(value)

    def bucket(self, value: float) -> int:
        return _class_of(value)

    def clear(self, value: float, others: Sequence[float], settings: Settings) -> Bools:
        v = np.asarray(others, dtype=np.float64)
        gap = np.abs(v - value)
        return np.asarray((gap >= settings.option_gap_m) & (gap >= settings.option_gap_share * np.maximum(v, value)))


class Area(AnswerKind):
    """A floor area in whole square metres."""

    def text(self, value: float) -> str:
        return f"{int(round_half_away(value))}"

    def bucket(self, value: float) -> int:
        return _class_of(value)

    def clear(self, value: float, others: Sequence[float], settings: Settings) -> Bools:
        return np.asarray(np.abs(np.asarray(others, dtype=np.float64) - value) >= settings.option_gap_m2)


class Count(AnswerKind):
    """A number of things."""


class Box(AnswerKind):
    """A box in an image, on the 0..1000 scale."""

    def text(self, value: Sequence[int]) -> str:
        return box_text(value)

    def bucket(self, value: Sequence[int]) -> tuple[int, int]:
        # The ninth of the image that the box's middle lies in.
        return (min(2, (value[0] + value[2]) // 667), min(2, (value[1] + value[3]) // 667))

    def clear(self, value: Sequence[int], others: Sequence[Sequence[int]], settings: Settings) -> Bools:
        if not len(others):
            return np.zeros(0, dtype=bool)
        return np.asarray(iou(np.asarray(value), np.asarray(others)) < settings.option_box_iou)


class DirectionsKind(AnswerKind):
    """Words along axes. Wrong options exchange two parts."""

    def bucket(self, value: Directions) -> tuple[int, ...]:
        return value.states


class Winner(AnswerKind):
    """One of two marked things; the options are always the green one, then the blue one."""

    def bucket(self, value: Thing) -> str:
        return value.mark


class Size(AnswerKind):
    """Length, width, height in whole centimetres: ``120,60,75``."""

    def text(self, value: Sequence[int]) -> str:
        return ",".join(str(int(v)) for v in value)

    def bucket(self, value: Sequence[int]) -> int:
        return _class_of(max(value))


class Moves(AnswerKind):
    """Camera motion along and about five axes: ``move_right:1.6,...``; a value holds five (word, number) pairs."""

    def text(self, value: Sequence[tuple[str, float]]) -> str:
        return ",".join(f"{word}:{number:g}" for word, number in value)

    def bucket(self, value: Sequence[tuple[str, float]]) -> tuple[str, ...]:
        return tuple(word for word, _ in value)


@dataclass(frozen=True, slots=True)
class Place:
    """A position in an image on the 0..1000 scale, and its depth."""

    x: int
    y: int
    depth_m: float


class Places(AnswerKind):
    """Where something appears, and how deep: ``(606,69),2.8``. All options of a row have the true depth."""

    def text(self, value: Place) -> str:
        return f"({value.x},{value.y}),{metres(value.depth_m)}"

    def option(self, value: Place, truth: Place) -> str:
        return f"Image Coor:({value.x}, {value.y}), Depth:{metres(truth.depth_m)} meters"

    def bucket(self, value: Place) -> tuple[int, int]:
        return (min(2, value.x * 3 // 1000), min(2, value.y * 3 // 1000))

    def clear(self, value: Place, others: Sequence[Place], settings: Settings) -> Bools:
        x, y = np.array([(o.x, o.y) for o in others]).reshape(-1, 2).T
        return np.asarray(np.hypot(x - value.x, y - value.y) >= settings.option_pixel_gap)


ORDINALS = ("first", "second", "third", "fourth", "fifth")


@dataclass(frozen=True, slots=True)
class Sighting:
    """An object, by label, in one image of several, and its box there."""

    obj: int
    label: str
    image: int
    box: tuple[int, ...]


class Sightings(AnswerKind):
    """``the second image, [x1, y1, x2, y2]``. The options of a row name objects of different labels."""

    def text(self, value: Sighting) -> str:
        return f"the {ORDINALS[value.image]} image, {box_text(value.box)}"

    def option(self, value: Sighting, truth: Sighting) -> str:
        return f"{value.label}: {self.text(value)}"

    def bucket(self, value: Sighting) -> int:
        return value.image

    def clear(self, value: Sighting, others: Sequence[Sighting], settings: Settings) -> Bools:
        return np.array([o.obj != value.obj and o.label != value.label for o in others], dtype=bool)


class Frames(AnswerKind):
    """Frames of a clip: ``Frame-3, Frame-4``."""

    def text(self, value: Sequence[int]) -> str:
        return ", ".join(f"Frame-{i}" for i in value)

    def bucket(self, value: Sequence[int]) -> int:
        return _class_of(len(value))


class Order(AnswerKind):
    """Labels in order: ``chair, table, lamp, door``."""

    def text(self, value: Sequence[str]) -> str:
        return ", ".join(value)

    def bucket(self, value: Sequence[str]) -> str:
        return value[0]


class Map(AnswerKind):
    """Positions on a top-down map, such as ``Object0 :(-0.3,1.4). Object1 :(-1.1,2.0).`` for two."""

    def text(self, value: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"Object{i} :({metres(x)},{metres(y)})." for i, (x, y) in enumerate(value))

    def bucket(self, value: Sequence[tuple[float, float]]) -> int:
        return len(value)


class Candidate(AnswerKind):
    """One of several numbered things: ``sofa chair (Object2)``."""

    def bucket(self, value: Thing) -> str:
        return value.mark


def iou(box: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
    """Intersection over union of one box (4,) with others (n, 4), as x1, y1, x2, y2."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    inter = np.clip(high - low, 0, None).prod(axis=1).astype(np.float64)
    area = (others[:, 2:] - others[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return np.asarray(inter / np.maximum(area - inter, 1e-9))


LENGTH, AREA, COUNT, BOX, SIZE = Length(), Area(), Count(), Box(), Size()
DIRECTIONS, WINNER, CANDIDATE = DirectionsKind(), Winner(), Candidate()
MOVES, PLACE, SIGHTING, FRAMES, ORDER, MAP = Moves(), Places(), Sightings(), Frames(), Order(), Map()
