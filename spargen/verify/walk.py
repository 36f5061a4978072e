"""Walks: whether a row's images lead along one, and its answer is what was told of it.

From an adapter it takes the frames of each walk, their poses and the words. Where the views look follows from where the
next ones stand.
"""

from __future__ import annotations

import math
from itertools import groupby, pairwise

from spargen.verify.optics import View
from spargen.verify.row import Row

FEWEST, MOST = 4, 32
HEADING_DEG = 1.0
"""How far a view may look past the place that the walk goes to."""
LEVEL_DEG = 0.5
STEP_DEG = 120.0
"""One view more for each 60 degrees of a turn: two that follow each other in one place are less than this apart."""
NEAR_M = 0.05
"""What is nearer than this, seen from above, is one place for which there is no heading."""


def nav_video(row: Row) -> None:
    """What somebody told of the walk that the images show."""
    row.need(row.answer == row.site.told(row.walk), "it is not what was told of this walk")
    row.need(row.frames == row.site.walked(row.walk), "the images are not those of this walk, in its order")
    row.need(FEWEST <= len(row.frames) <= MOST, f"{len(row.frames)} images")
    row.need("Frame-0" in row.text, "does not say that the first frame is Frame-0")
    for view in row.views:
        row.need(abs(math.degrees(math.asin(view.T[2, 2]))) <= LEVEL_DEG, f"{view.frame} is not level")
    stops = [list(same) for _, same in groupby(row.views, key=lambda view: tuple(view.position.tolist()))]
    row.need(len(stops) >= 2, "it stays in one place")
    arrived: float | None = None
    for here, there in pairwise(stops):
        x, y = (there[0].position - here[0].position)[:2]
        onward = math.degrees(math.atan2(x, y)) if math.hypot(x, y) >= NEAR_M else arrived
        if onward is not None:
            off = _apart(_heading(here[-1]), onward)
            row.need(off <= HEADING_DEG, f"{here[-1].frame} looks {off:.0f} degrees past the next place")
        arrived = _heading(here[-1])
    row.need(len(stops[-1]) == 1 and arrived is not None, "it does not end with one view")
    if arrived is not None:
        row.need(_apart(_heading(stops[-1][0]), arrived) <= HEADING_DEG, "the last view is not that of arrival")
    for stop in stops:
        steps = [_apart(_heading(a), _heading(b)) for a, b in pairwise(stop)]
        row.need(all(step < STEP_DEG + HEADING_DEG for step in steps), "it turns too far between two views")


def _heading(view: View) -> float:
    """Return where a view looks, in degrees clockwise from +y."""
    return math.degrees(math.atan2(view.T[0, 2], view.T[1, 2]))


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)
