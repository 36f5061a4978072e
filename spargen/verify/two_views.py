"""What changes from one image to another: where a thing is shown, and where the camera is."""

from __future__ import annotations

import math
import re
from itertools import combinations

from spargen.verify.asked import check_box_options, check_visible, only_box, printed
from spargen.verify.bounds import EDGE
from spargen.verify.directions import is_upright
from spargen.verify.optics import View
from spargen.verify.row import Halt, Row
from spargen.verify.words import numbers, tenths, whole

NOISE = 1e-9
"""A change of a camera below this is none: poses are rotations multiplied out."""


def position_matching(row: Row) -> None:
    """The box of red in the second image."""
    (red,) = row.things
    row.need(row.record["bbox_img_idx"] == [[0]], "the mark is not in the first image")
    box = row.one_box(row.right)
    row.need(row.is_box_of(box, row.frames[1], red), f"{box} is not the box of {red}")
    check_visible(row, row.frames[1], red)
    if row.form == "select":
        check_box_options(row, [(None, 1, only_box(row, option)) for option in row.options.values()], red)


def view_change(row: Row) -> None:
    """How the second camera is placed and turned in the first one's axes."""
    a, b = row.views
    parts = [p if abs(p) > NOISE else 0.0 for p in _change_of(a, b)]
    for view in (a, b):
        row.need(is_upright(row.site.bounds, view), "a camera held askew")
    most = row.site.bounds.max_view_roll_deg
    row.need(abs(b.roll - a.roll) <= most + EDGE, f"the roll changes by {b.roll - a.roll:.1f}")
    names = (("right", "left"), ("down", "up"), ("forward", "backward"), ("up", "down"), ("right", "left"))
    size = [float(tenths(abs(p))) for p in parts[:3]] + [5 * whole(abs(p) / 5) for p in parts[3:]]
    row.need(size[4] != 180 and any(size), f"to be rejected: {parts}")
    # The word follows the unrounded sign. An exact 0 takes the first word of the axis, "down" for the elevation.
    words = [
        n[p < 0] if p else ("right", "down", "forward", "down", "right")[i]
        for i, (n, p) in enumerate(zip(names, parts, strict=True))
    ]
    if row.form == "fill":
        verbs = ("move", "move", "move", "rotate", "rotate")
        want = ",".join(f"{v}_{w}:{s:g}" for v, w, s in zip(verbs, words, size, strict=True))
        row.need(row.answer == want, f"answers {row.answer}, is {want}")
    else:
        said = re.findall(r"\b(right|left|down|up|forward|backward)\b", row.answer)
        amounts = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", row.answer)]
        row.need(said == words and amounts == size, f"says {said} {amounts}, is {words} {size}")


def _change_of(a: View, b: View) -> tuple[float, float, float, float, float]:
    """Return right, down, forward in metres, and elevation up and heading right in degrees, unrounded and signed."""
    x, y, z = (float(n) for n in a.camera(b.position))
    turn = (a.heading - b.heading + 180) % 360 - 180
    return x, y, z, b.elevation - a.elevation, turn


def camera_motion(row: Row) -> None:
    """Where the second camera is in the first image, and how deep."""
    a, b = row.views
    z, (u, v) = a.depth(b.position), a.thousandths(b.position)
    row.need(z >= row.site.bounds.min_camera_depth_m - EDGE, f"the second camera has Z {z:.2f}")
    row.need(0 <= u <= 1000 and 0 <= v <= 1000, f"the second camera is outside: {u:.0f}, {v:.0f}")
    if row.wrong:
        raise Halt
    truth = f"{u:.3f}, {v:.3f}, {z:.4f}"
    pattern = {
        "fill": r"\((\d+),(\d+)\),(\d+\.\d)",
        "select": r"Image Coor:\((\d+), (\d+)\), Depth:(\d+\.\d) meters",
    }.get(row.form)
    if pattern is None:
        places, depths = re.findall(r"\((\d+), ?(\d+)\)", row.answer), numbers(row.answer)
        right = len(places) == 1 and len(depths) == 1 and _is_place(places[0], depths[0], u, v, z)
        row.need(right, f"says {row.answer}, is {truth}")
        return
    mine = re.fullmatch(pattern, row.right)
    row.need(mine and _is_place((mine[1], mine[2]), mine[3], u, v, z), f"answers {row.right}, is {truth}")
    if row.form == "select":
        found = [re.fullmatch(pattern, option) for option in row.options.values()]
        row.need(all(m and m[3] in printed(z) for m in found), f"options {row.options}, is {truth}")
        spots = [(int(m[1]), int(m[2])) for m in found if m]
        gap = row.site.bounds.option_pixel_gap
        row.need(all(math.dist(p, q) >= gap for p, q in combinations(spots, 2)), f"options too close {spots}")


def _is_place(place: tuple[str, str], depth: str, u: float, v: float, z: float) -> bool:
    """Tell whether what is said is a pixel on the 0-1000 scale, rounded half away from zero, and its depth."""
    near = all(n in {str(whole(x - 1e-6)), str(whole(x + 1e-6))} for n, x in zip(place, (u, v), strict=True))
    return near and depth in printed(z)
