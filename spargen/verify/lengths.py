"""Depths, distances and the sizes of boxes."""

from __future__ import annotations

import math
import re

from spargen.verify.asked import check_metres
from spargen.verify.bounds import EDGE
from spargen.verify.row import Row
from spargen.verify.words import whole, without_marks


def depth_oc(row: Row) -> None:
    """Depth of blue; that of red is told; each in its own image."""
    depths = _depths(row)
    check_metres(row, depths[1], told=depths[0])


def depth_oo(row: Row) -> None:
    """How much the depths of green and blue differ; that of red is told."""
    depths = _depths(row)
    check_metres(row, abs(depths[2] - depths[1]), told=depths[0])


def _depths(row: Row) -> list[float]:
    return [row.views[row.image_of(i)].depth(thing.center) for i, thing in enumerate(row.things)]


def distance_oc(row: Row) -> None:
    """From the camera of the first image to red."""
    check_metres(row, row.views[0].distance(row.things[0].center))


def distance_oo(row: Row) -> None:
    """From red to blue."""
    a, b = row.things
    check_metres(row, math.dist(a.center, b.center))


def distance_oo_mv(row: Row) -> None:
    """The same, marked in different images."""
    row.need(len(set(row.record["point_img_idx"][0])) == 2, "both are marked in one image")
    distance_oo(row)


def volume(row: Row) -> None:
    """Length >= width and height of a box in centimetres."""
    sides = row.things[0].sides
    row.need(min(sides) >= row.site.bounds.min_side_m - EDGE, f"a side of {min(sides):.3f} m")
    want = [{str(whole(100 * s - 1e-4)), str(whole(100 * s + 1e-4))} for s in sides]
    said = row.answer.split(",") if row.form == "fill" else re.findall(r"\b\d+\b", without_marks(row.answer))
    right = len(said) == 3 and all(one in texts for one, texts in zip(said, want, strict=True))
    row.need(right, f"{row.answer!r} says {said}, is {sides}")
