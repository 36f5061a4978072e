"""What a blind model sees of one row: numbers that can be read off its text, or off the coordinates of its marks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from spargen.audit.text import (
    COLOURS,
    Question,
    image_named,
    label_of_option,
    numbers,
    parts_of,
    polarity,
    role_of_option,
    told,
)
from spargen.run.marks import marks_of_record

ASPECT = 0.75
"""Height of an image over its width, for lengths on the scale of 0 to 1000 that marks have: that of most releases."""
MARKS = 4
"""Marks of a row whose places are features, in the order of the marks."""

Numbers = dict[str, float]


class Mark(NamedTuple):
    """A mark of a record: its role (a colour, a number, "A"), its image, and its box; a point is one of no size."""

    role: str
    image: int
    box: tuple[float, float, float, float]

    @property
    def x(self) -> float:
        """Its middle across, 0 to 1000."""
        return (self.box[0] + self.box[2]) / 2

    @property
    def y(self) -> float:
        """Its middle down, in units of x."""
        return (self.box[1] + self.box[3]) / 2 * ASPECT


@dataclass(frozen=True, slots=True)
class Seen:
    """The features of a row: those that all its options share, and those of each option, by text and by marks."""

    shared: Numbers
    options: list[Numbers]
    shared_marks: Numbers
    option_marks: list[Numbers]


def see(question: Question, options: Sequence[str], record: Mapping[str, Any]) -> Seen:
    """Return the features of a row.

    Parameters
    ----------
    question : its text, taken apart.
    options : what can be chosen: the options, the names that the question offers, or the one claim of a Yes/No row.
    record : the SPAR record; its answer is not read.
    """
    marks = marks_in(record)
    return Seen(
        _of_stem(question),
        [_of_option(question, option) for option in options],
        _of_marks(marks),
        [_of_option_marks(marks, option) for option in options],
    )


def marks_in(record: Mapping[str, Any]) -> list[Mark]:
    """Return the marks of a record in the order of their roles, the reference of a list first."""
    found = []
    for image, drawn in marks_of_record(record):
        role = drawn.label.removeprefix("object") or drawn.colour
        at = drawn.at if len(drawn.at) == 4 else (*drawn.at[:2], *drawn.at[:2])
        found.append(Mark(role, int(image), (float(at[0]), float(at[1]), float(at[2]), float(at[3]))))
    return sorted(found, key=lambda m: (COLOURS.index(m.role), "") if m.role in COLOURS else (m.role != "A", m.role))


def _of_stem(question: Question) -> Numbers:
    """Return lengths, told measures and frames of the words before the options."""
    found: Numbers = {"polarity": polarity(question.stem), "letters in the question": len(question.stem)}
    found |= {f"told {i}": value for i, value in enumerate(told(question.stem)[:2])}
    frames = [m.frame for m in question.mentions if m.frame >= 0][:MARKS]
    found |= {f"frame {i}": frame for i, frame in enumerate(frames)}
    found |= {f"frame gap 0-{i}": abs(frame - frames[0]) for i, frame in enumerate(frames) if i}
    if len(question.mentions) > 1:
        found["same label twice"] = len({m.label for m in question.mentions}) < len(question.mentions)
    return found


def _of_option(question: Question, option: str) -> Numbers:
    found: Numbers = {"length": len(option), "image named": image_named(option)}
    found |= _of_numbers(numbers(option), told(question.stem))
    label = label_of_option(option)
    found["labels of the question that it has"] = sum(m.label == label for m in question.mentions)
    frames = {m.role: m.frame for m in question.mentions if m.frame >= 0}
    frame, reference = frames.get(role_of_option(option)), frames.get("A", frames.get("red"))
    if frame is not None and reference is not None:
        found |= {"frame": frame, "frame gap": abs(frame - reference), "signed frame gap": frame - reference}
    parts = parts_of(option)
    if len(parts) > 1:
        found["empty parts"] = sum(not part for part in parts)
    return found


def _of_numbers(values: Sequence[float], measures: Sequence[float]) -> Numbers:
    """Return what the numbers of an option are: one value, a place, or a box."""
    if len(values) == 4:
        return box_shape(values)
    if len(values) != 1:
        return {f"number {i}": value for i, value in enumerate(values[:3])}
    value = values[0]
    found = {"value": value, "log value": _log(value), "tenths": round(10 * value) % 10}
    for i, measure in enumerate(measures[:2]):
        ratio = _log(value) - _log(measure)
        found |= {f"over told {i}": ratio, f"off told {i}": abs(ratio), f"minus told {i}": value - measure}
    return found


def box_shape(box: Sequence[float]) -> Numbers:
    """Return place, size and shape of a box on the scale of 0 to 1000."""
    x1, y1, x2, y2 = box
    width, height = max(x2 - x1, 1), max(y2 - y1, 1)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return {
        "log area": _log(width * height),
        "log aspect": _log(width / height),
        "log width": _log(width),
        "log height": _log(height),
        "across": x,
        "down": y,
        "lower edge": y2,
        "upper edge": y1,
        "from the middle": math.hypot(x - 500, (y - 500) * ASPECT),
        "from the middle across": abs(x - 500),
        "borders touched": sum((x1 <= 2, y1 <= 2, x2 >= 998, y2 >= 998)),
    }


def _of_marks(marks: Sequence[Mark]) -> Numbers:
    """Return where the first marks are and how they lie to one another."""
    found: Numbers = {"images marked": len({m.image for m in marks})}
    for i, mark in enumerate(marks[:MARKS]):
        shape = box_shape(mark.box)
        kept = shape if shape["log area"] > 0 else {k: shape[k] for k in ("across", "down", "from the middle")}
        found |= {f"mark {i}: {name}": value for name, value in kept.items()} | {f"mark {i}: image": mark.image}
    for i, a in enumerate(marks[:MARKS]):
        for j, b in enumerate(marks[i + 1 : MARKS], start=i + 1):
            if a.image == b.image:
                found |= {f"marks {i}-{j}: {name}": value for name, value in _between(a, b).items()}
    return found


def _between(a: Mark, b: Mark) -> Numbers:
    across, down = b.x - a.x, b.y - a.y
    found = {"across": across, "down": down, "log spacing": _log(math.hypot(across, down))}
    sizes = [box_shape(m.box)["log area"] for m in (a, b)]
    return found | ({"log size": sizes[1] - sizes[0], "lower edge": b.box[3] - a.box[3]} if min(sizes) > 0 else {})


def _of_option_marks(marks: Sequence[Mark], option: str) -> Numbers:
    """Return how an option's mark, or the box that it is, lies to the mark that the question is about."""
    if not marks:
        return {}
    reference, role, found = marks[0], role_of_option(option), Numbers()
    own = next((m for m in marks[1:] if m.role == role), None)
    if own is not None:
        found = {
            "mark: across": own.x,
            "mark: down": own.y,
            "mark: in the reference's image": own.image == reference.image,
        }
        if own.image == reference.image:
            found |= {f"mark: {name}": value for name, value in _between(reference, own).items()}
            found["mark: spacing across"] = abs(own.x - reference.x)
            found["mark: spacing down"] = abs(own.y - reference.y)
    values = numbers(option)
    if len(values) == 4:
        found |= _unlike(values, reference.box)
    if len(values) == 1 and len(marks) > 1 and marks[-1].image == marks[-2].image:
        found["log value over spacing"] = _log(values[0]) - _between(marks[-2], marks[-1])["log spacing"]
    return found


def _unlike(box: Sequence[float], marked: Sequence[float]) -> Numbers:
    """Return how much a box differs from the marked one in size, shape and place."""
    if marked[2] <= marked[0]:
        return {}
    one, other = box_shape(box), box_shape(marked)
    names = ("log area", "log aspect", "log width", "log height", "across", "down", "borders touched")
    off = {f"unlike the mark: {name}": abs(one[name] - other[name]) for name in names}
    off["unlike the mark: sides"] = off["unlike the mark: log width"] + off["unlike the mark: log height"]
    off["unlike the mark: place"] = math.hypot(one["across"] - other["across"], (one["down"] - other["down"]) * ASPECT)
    return off | {f"over the mark: {name}": one[name] - other[name] for name in ("log area", "log aspect")}


def _log(value: float) -> float:
    return math.log(max(abs(value), 0.01))
