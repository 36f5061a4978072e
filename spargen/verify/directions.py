"""Left, right, above, below, front, behind, closer, farther: from the words up."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spargen.verify.body import Thing
from spargen.verify.bounds import EDGE, Bounds
from spargen.verify.optics import View
from spargen.verify.row import Halt, Row, Unread
from spargen.verify.words import WORDS, claims, moved_first, said_words

Floats = NDArray[np.float64]
Parts = list[str | None]
"""Words of the axes, "" where nothing differs, None where the sample is to be rejected."""
AXES = {"oc": ("lr", "ab", "fb"), "oo": ("lr", "ab", "cf"), "five": ("lr", "ab", "cf", "fb", "fb")}


def word(bounds: Bounds, axis: str, *values: float) -> str | None:
    """Return the word of an axis; every measure given must lead to the same one. None = to be rejected."""
    word_m, empty_m = bounds.word_m - EDGE, bounds.empty_m + EDGE
    states = {1 if v >= word_m else -1 if v <= -word_m else 0 if abs(v) <= empty_m else 9 for v in values}
    state = states.pop()
    return WORDS[axis][state + 1] if not states and state != 9 else None


def nearness(bounds: Bounds, first: float, second: float, depths: tuple[float, float] | None = None) -> str | None:
    """Return closer or farther of two distances; `depths` are the two Z of a real camera."""
    d = first - second
    if abs(d) <= bounds.empty_m + EDGE:
        return ""
    least = max(bounds.word_distance_m, bounds.word_distance_share * min(first, second))
    if abs(d) < least - EDGE:
        return None
    if depths and min(depths) > 0 and (depths[0] - depths[1]) * d < 0:
        return None
    return "farther" if d > 0 else "closer"


def is_upright(bounds: Bounds, view: View) -> bool:
    """Tell whether a direction may be asked from a camera."""
    level = abs(view.elevation) <= bounds.max_elevation_deg + EDGE
    return level and abs(view.roll) <= bounds.max_roll_deg + EDGE


class Eye:
    """An observer: a camera, or somebody who stands at one thing and faces another."""

    def __init__(self, row: Row, at: View | tuple[Thing, Thing]) -> None:
        bounds = self.bounds = row.site.bounds
        self.view = at if isinstance(at, View) else None
        if isinstance(at, View):
            row.need(is_upright(bounds, at), "a direction from a camera held askew")
            self.origin, self.ahead = at.position, at.ahead
        else:
            stand, face = at
            way = (face.center - stand.center) * np.array([1.0, 1.0, 0.0])
            length = math.hypot(way[0], way[1])
            row.need(length >= bounds.min_facing_m - EDGE, f"faces what is {length:.2f} m away")
            self.origin, self.ahead = stand.center, way / max(length, 1e-9)
        self.aside = np.array([self.ahead[1], -self.ahead[0], 0.0])

    def offset(self, end: Floats, begin: Floats) -> tuple[list[float], list[float], list[float]]:
        """Return right, up and ahead of end - begin, each by all measures that must agree."""
        d = end - begin
        if self.view is None:
            return [float(d @ self.aside)], [float(d[2])], [float(d @ self.ahead)]
        x, y, z = (float(self.view.T[:3, axis] @ d) for axis in range(3))
        return [x], [-y, float(d[2])], [z, float(d @ self.ahead)]

    def triple(self, target: Thing) -> Parts:
        """Return left / right, above / below, front / behind of a thing."""
        lr, ab, fb = self.offset(target.center, self.origin)
        b = self.bounds
        return [word(b, "lr", *lr), word(b, "ab", *ab), word(b, "fb", *fb)]

    def pair(self, first: Thing, second: Thing) -> Parts:
        """Return left / right, above / below, closer / farther of one thing relative to another."""
        lr, ab, _ = self.offset(first.center, second.center)
        far = [math.dist(self.origin, t.center) for t in (first, second)]
        depths = (self.view.depth(first.center), self.view.depth(second.center)) if self.view else None
        b = self.bounds
        return [word(b, "lr", *lr), word(b, "ab", *ab), nearness(b, far[0], far[1], depths)]

    def five(self, first: Thing, second: Thing) -> Parts:
        """Return the pair's parts, and front / behind of each."""
        return [*self.pair(first, second), self.triple(first)[2], self.triple(second)[2]]


def check_relation(row: Row, kind: str, *tuples: Parts) -> None:
    """The answer says one tuple (select), or one or two of them one after the other (sentence)."""
    axes, known = AXES[kind], []
    for parts in tuples:
        row.need(None not in parts, f"to be rejected: {parts}")
        row.need(any(parts[:3]), f"no part has a word: {parts}")
        known.append([part or "" for part in parts])
    if row.wrong:
        return
    if row.form == "select":
        row.need(row.right == ", ".join(known[-1]), f"{row.answer} = {row.right!r}, is {known[-1]}")
        check_tuples(row, axes, [option.split(", ") for option in row.options.values()])
        return
    want: dict[str, list[str]] = defaultdict(list)
    for said in reversed(known) if moved_first(row.answer) else known:
        for axis, part in zip(axes, said, strict=True):
            want[axis].append(part)
    found = said_words(row.answer, row.site.labels)
    row.need(dict(want) == found, f"says {found}, is {dict(want)}")


def check_tuples(row: Row, axes: Sequence[str], options: Sequence[Sequence[str]]) -> None:
    """Options vary two parts that have a word, each by its opposite, in all four combinations."""
    if any(len(option) != len(axes) for option in options):
        row.wrong.append(f"options {options}")
        raise Halt
    columns = list(zip(*options, strict=True))
    vary = [i for i, said in enumerate(columns) if len(set(said)) > 1]
    row.need(len(vary) == 2 and len(set(map(tuple, options))) == 4, f"options do not vary two parts: {options}")
    for i, (axis, said) in enumerate(zip(axes, columns, strict=True)):
        row.need(set(said) <= set(WORDS[axis]), f"options {options}")
        if i in vary:
            row.need(set(said) == {WORDS[axis][0], WORDS[axis][2]}, f"part {i} varies by {sorted(set(said))}")
            row.varied[i] = row.right.split(", ")[i]
    if row.task == "obj_spatial_relation_oo_mv":
        row.need(vary == [0, 2], f"varies parts {vary}, not left / right and closer / farther")


def check_claim(row: Row, parts: Parts) -> None:
    """Yes or No to a claim about one part that has a word."""
    found = claims(row.question)
    if len(found) != 1:
        raise Unread(f"what the question claims: {sorted(found)}")
    claim = found.pop()
    at = next(i for i, axis in enumerate(AXES["oo"]) if claim in WORDS[axis])
    row.varied[at] = claim
    row.need(None not in parts, f"to be rejected: {parts}")
    row.need(parts[at], f"claims {claim}, but there is no word")
    row.need(row.answer == ("Yes" if parts[at] == claim else "No"), f"{row.answer} to {claim}, is {parts[at]}")
