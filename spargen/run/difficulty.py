"""How hard a question is to see, and which questions a job leaves out for that."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from spargen.qa.fact import Difficulty, Fact
from spargen.qa.margin import STEP, Unit
from spargen.views.table import Views

Least = Unit | Literal["share"]
FAR_M, SMALL_SHARE, MANY_ALIKE, TIGHT_SHARE = 4.0, 0.005, 3, 0.25
"""An object is far from here on, small below this share of its image, hard to tell apart where it is one of so many of
its kind; a comparison is tight below this share."""
EASY, MEDIUM = 1, 2
"""How many such things an easy question has at most, and a medium one."""


class Sight(NamedTuple):
    """How the things that a question is about are seen where they are marked, or else where they are seen best.

    Parameters
    ----------
    pixels : of the image that the one seen least covers; inf where the question is about no thing in particular.
    share : the same as a share of the image.
    distance_m : of the one farthest from the camera that sees it.
    alike : the most things of one kind that an image shows of which one is asked about.
    """

    pixels: float = math.inf
    share: float = math.inf
    distance_m: float = 0.0
    alike: int = 0


def sight(fact: Fact, views: Views) -> Sight:
    """Measure how the objects of a fact are seen. Frames that are in no table of views tell nothing."""
    rows = views.rows_of(fact.frames)
    if not fact.objects or rows is None:
        return Sight()
    shown, marked = views.shown, {mark.obj: rows[mark.image] for mark in fact.marks}
    pixels, share, distance_m, alike = math.inf, math.inf, 0.0, 0
    for obj in fact.objects:
        at = marked[obj] if obj in marked else rows[_largest([shown.share[row][obj] for row in rows])]
        pixels, share = min(pixels, shown.pixels[at][obj]), min(share, shown.share[at][obj])
        distance_m, alike = max(distance_m, shown.distance_m[at][obj]), max(alike, shown.alike[at][obj])
    return Sight(pixels, share, distance_m, alike)


def _largest(numbers: Sequence[float]) -> int:
    return numbers.index(max(numbers))


def difficulty(fact: Fact, seen: Sight) -> Difficulty:
    """Count what makes a question hard: far, small and many like it, a tight comparison, several images, a clip."""
    margin = fact.margin
    # The margin of a printed number, half a step at most, says how it is rounded, not how hard it is to tell.
    compared = margin is not None and margin.by > STEP[margin.unit] / 2
    tight = compared and margin is not None and (margin.share or 0.0) < TIGHT_SHARE
    images = len(set(fact.frames))
    points = (
        (seen.distance_m >= FAR_M)
        + (seen.share < SMALL_SHARE)
        + (seen.alike >= MANY_ALIKE)
        + tight
        + (images > 1)
        + (images > 5)
    )
    return "easy" if points <= EASY else "medium" if points <= MEDIUM else "hard"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which questions a job leaves out.

    Parameters
    ----------
    min_margin : the least margin by its unit, and as a share; what no number decides has none, and stays.
    min_visible_px : pixels that each thing asked about covers at least, in the image where it is marked.
    difficulty : the levels that are asked; all if none is named.
    """

    min_margin: Mapping[Least, float] = field(default_factory=dict)
    min_visible_px: int = 0
    difficulty: Sequence[Difficulty] = ()

    def __bool__(self) -> bool:
        return bool(self.min_margin or self.min_visible_px or self.difficulty)

    def against(self, fact: Fact, seen: Sight) -> str:
        """Tell why a fact is left out, "" where it is not."""
        margin = fact.margin
        if margin is not None:
            least = self.min_margin.get(margin.unit, 0.0), self.min_margin.get("share", 0.0)
            if margin.by < least[0] or (margin.share is not None and margin.share < least[1]):
                return "margin under min_margin"
        if seen.pixels < self.min_visible_px:
            return "a thing covers fewer pixels than min_visible_px"
        if self.difficulty and (level := difficulty(fact, seen)) not in self.difficulty:
            return f"{level}, which `difficulty` leaves out"
        return ""
