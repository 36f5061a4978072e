"""The check of each task: section 5 of the definition."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from itertools import combinations, pairwise

from spargen.verify.asked import (
    check_apart,
    check_asked,
    check_box_options,
    check_metres,
    check_visible,
    faults,
    printed,
    shown,
)
from spargen.verify.body import Thing
from spargen.verify.directions import EDGE_M, Eye, check_claim, check_relation, is_upright
from spargen.verify.ground import WIDEST_M, Ground, width_m
from spargen.verify.layout import B, G, R
from spargen.verify.mesh_sight import MeshSight
from spargen.verify.nearest import check_candidates, check_extreme
from spargen.verify.optics import View
from spargen.verify.row import Halt, Row, Unread
from spargen.verify.walk import nav_video
from spargen.verify.words import BOX, ORDINALS, boxes, numbers, tenths, whole, without_marks

NOISE = 1e-9
"""A change of a camera below this is none: poses are rotations multiplied out."""


# ------------------------------------------------------------------------------------------------- depths and distances
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
    row.need(min(sides) >= row.site.bounds.min_side_m - EDGE_M, f"a side of {min(sides):.3f} m")
    want = [{str(whole(100 * s - 1e-4)), str(whole(100 * s + 1e-4))} for s in sides]
    said = row.answer.split(",") if row.form == "fill" else re.findall(r"\b\d+\b", without_marks(row.answer))
    right = len(said) == 3 and all(one in texts for one, texts in zip(said, want, strict=True))
    row.need(right, f"{row.answer!r} says {said}, is {sides}")


# ----------------------------------------------------------------------------------------------- nearest and farthest
def nearest_oc(row: Row) -> None:
    """Nearest or farthest of all that one image shows."""
    answer, _ = check_extreme(row, row.views[0].position)
    if row.form == "select":
        check_box_options(row, [(None, 0, _only_box(row, option)) for option in row.options.values()], answer)
    elif row.form == "fill":
        row.need(BOX.fullmatch(row.answer), f"answers {row.answer}")


def nearest_oc_mv(row: Row) -> None:
    """Nearest to or farthest from the first image's camera, of all that the images show; seen in one of them alone."""
    answer, position = check_extreme(row, row.views[0].position)
    for i, frame in enumerate(row.frames):
        if i != position:
            share = row.site.share(frame, answer)
            row.need(
                share <= row.site.bounds.glimpsed_share * (1 + 2 * row.site.sight.noise),
                f"{answer} is seen in image {i}, too ({share:.2%})",
            )
    if row.form == "fill":
        row.need(re.fullmatch(r"the \w+ image, \[\d+, \d+, \d+, \d+\]", row.answer), f"answers {row.answer}")
    elif row.form == "select":
        options = [_named_box(row, option) for option in row.options.values()]
        check_box_options(row, options, answer)
        for (a, _, _), (b, _, _) in combinations(options, 2):
            row.need(not row.site.lexicon.clash(a, b), f"the labels of options clash: {a}, {b}")


def _only_box(row: Row, option: str) -> list[int]:
    if not BOX.fullmatch(option):
        row.wrong.append(f"option {option!r} is no box")
        raise Halt
    return boxes(option)[0]


def _named_box(row: Row, option: str) -> tuple[str, int, list[int]]:
    found = re.fullmatch(r"(.+): the (\w+) image, (\[.*\])", option)
    if not found or found[2] not in ORDINALS[: len(row.frames)]:
        row.wrong.append(f"option {option!r} names no image")
        raise Halt
    return found[1], ORDINALS.index(found[2]), _only_box(row, found[3])


def nearest_oo(row: Row) -> None:
    """Which of green and blue is closer to, or farther from, red."""
    things = dict(zip(row.colours, row.things, strict=True))
    names = [f"{things[c].label} ({c} point)" for c in (G, B)]
    check_candidates(row, things[R], [things[G], things[B]], names)
    if row.form == "select":
        row.need(list(row.options.values()) == names, f"options {row.options}: A must be green, B blue")


def nearest_oo_video(row: Row) -> None:
    """Which of several candidates is closest to, or farthest from, object A."""
    names = [f"{thing.label} (Object{i})" for i, thing in enumerate(row.things[1:])]
    check_candidates(row, row.things[0], row.things[1:], names)


# ----------------------------------------------------------------------------------------------------------- relations
def relation_oc_mv(row: Row) -> None:
    """Where red is for the first image's camera."""
    check_relation(row, "oc", Eye(row, row.views[0]).triple(row.things[0]))


def relation_oo(row: Row) -> None:
    """Where the first box is relative to the second one, for the first image's camera."""
    first, second = row.things
    eye = Eye(row, row.views[0])
    parts = eye.pair(first, second) if row.is_single else eye.five(first, second)
    if row.form == "judge":
        check_claim(row, parts)
    else:
        check_relation(row, "oo" if row.is_single else "five", parts)


def imagination_oc(row: Row) -> None:
    """Where red is before and after somebody went to green and faced blue."""
    stand, face, target = row.things
    before = [] if row.form == "select" else [Eye(row, row.views[0]).triple(target)]
    check_relation(row, "oc", *before, Eye(row, (stand, face)).triple(target))


def imagination_oo(row: Row) -> None:
    """Where red is relative to yellow, before and after."""
    stand, face, first, second = row.things
    eyes = [Eye(row, (stand, face))]
    if row.form != "select":
        eyes.insert(0, Eye(row, row.views[0]))
    if row.is_single:
        check_relation(row, "oo", *(eye.pair(first, second) for eye in eyes))
    else:
        check_relation(row, "five", *(eye.five(first, second) for eye in eyes))


def imagination_oc_hard(row: Row) -> None:
    """The same, after the move, of things that are named alone."""
    stand, face, target = _named(row, 3)
    check_relation(row, "oc", Eye(row, (stand, face)).triple(target))


def imagination_oo_hard(row: Row) -> None:
    """The same of two things."""
    stand, face, first, second = _named(row, 4)
    check_relation(row, "five", Eye(row, (stand, face)).five(first, second))


def _named(row: Row, count: int) -> list[Thing]:
    """Return the things of a row with nothing drawn, by their labels, each the only one of its kind in the scene."""
    found = []
    for i in range(count):
        label = row.label_before(rf"\(Object{i}\)")
        alike = row.site.alike(label)
        row.need(len(alike) == 1, f"{label} is not the only one: {alike[:4]}")
        row.need(row.site.lexicon.countable(label), f"{label} may not be named without a mark")
        thing = next(t for t in row.site.list if t.label == label)
        check_asked(row, thing)
        row.need(shown(row, thing), f"{thing} is visible in no frame of the clip")
        found.append(thing)
    row.need(len({t.id for t in found}) == count, "objects are not distinct")
    return found


def imagination_map(row: Row) -> None:
    """Where things are on a map whose origin is the first image's camera."""
    view = row.views[0]
    row.need(is_upright(row.site.bounds, view), "a heading from a camera held askew")
    row.need(3 <= len(row.things) <= 7, f"{len(row.things)} objects")
    said = re.findall(r"Object(\d+) :\((-?\d+\.\d),(-?\d+\.\d)\)\.", row.answer)
    row.need(" ".join(f"Object{i} :({x},{y})." for i, x, y in said) == row.answer, f"answers {row.answer}")
    row.need([i for i, _, _ in said] == [str(i) for i in range(len(row.things))], f"answers {row.answer}")
    for (i, x, y), thing in zip(said, row.things, strict=False):
        d = thing.center - view.position
        aside, ahead = float(d @ view.aside), float(d @ view.ahead)
        right = x in printed(aside) and y in printed(ahead)
        row.need(right, f"Object{i} at ({x},{y}), is ({aside:.3f},{ahead:.3f})")


# ------------------------------------------------------------------------------------------------------------ two views
def position_matching(row: Row) -> None:
    """The box of red in the second image."""
    (red,) = row.things
    row.need(row.record["bbox_img_idx"] == [[0]], "the mark is not in the first image")
    box = row.one_box(row.right)
    row.need(row.is_box_of(box, row.frames[1], red), f"{box} is not the box of {red}")
    check_visible(row, row.frames[1], red)
    if row.form == "select":
        check_box_options(row, [(None, 1, _only_box(row, option)) for option in row.options.values()], red)


def view_change_of(a: View, b: View) -> tuple[float, float, float, float, float]:
    """Return right, down, forward in metres, and elevation up and heading right in degrees, unrounded and signed."""
    x, y, z = (float(n) for n in a.camera(b.position))
    turn = (a.heading - b.heading + 180) % 360 - 180
    return x, y, z, b.elevation - a.elevation, turn


def view_change(row: Row) -> None:
    """How the second camera is placed and turned in the first one's axes."""
    a, b = row.views
    parts = [p if abs(p) > NOISE else 0.0 for p in view_change_of(a, b)]
    for view in (a, b):
        row.need(is_upright(row.site.bounds, view), "a camera held askew")
    most = row.site.bounds.max_view_roll_deg
    row.need(abs(b.roll - a.roll) <= most + EDGE_M, f"the roll changes by {b.roll - a.roll:.1f}")
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


def camera_motion(row: Row) -> None:
    """Where the second camera is in the first image, and how deep."""
    a, b = row.views
    z, (u, v) = a.depth(b.position), a.thousandths(b.position)
    row.need(z >= row.site.bounds.min_camera_depth_m - EDGE_M, f"the second camera has Z {z:.2f}")
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


# --------------------------------------------------------------------------------------------------------------- videos
def frame_locate(row: Row) -> None:
    """All frames of the clip in which red is seen; none of them glimpses it."""
    said = [int(n) for n in re.findall(r"Frame-(\d+)", row.answer)]
    row.need(row.answer == ", ".join(f"Frame-{n}" for n in said) and said == sorted(set(said)), f"answers {row.answer}")
    (red,) = row.things
    seen, glimpsed, noise = row.site.bounds.seen_share, row.site.bounds.glimpsed_share, row.site.sight.noise
    row.need(row.image_of(0) in said, "the marked frame is not listed")
    for i, frame in enumerate(row.frames):
        share = row.site.share(frame, red)
        if share >= seen * (1 + noise):
            row.need(i in said, f"Frame-{i} shows it ({share:.2%})")
        elif share < glimpsed * (1 - 2 * noise):
            row.need(i not in said, f"Frame-{i} does not show it ({share:.3%})")
        elif glimpsed * (1 + 2 * noise) <= share < seen * (1 - noise):
            row.wrong.append(f"Frame-{i} glimpses it ({share:.3%})")


def appearance_order(row: Row) -> None:
    """Four labels in the order in which the clip first shows them."""
    said = row.answer.rstrip(".").split(", ")[-4:]
    if row.form == "sentence":
        said[0] = row.label_at_end(said[0])
    lexicon = row.site.lexicon
    row.need(len(set(said)) == 4, f"answers {row.answer}")
    for label in said:
        row.need(re.search(rf"(?<!\w){re.escape(label)}(?!\w)", row.question), f"{label} is not in the question")
        row.need(label in row.site.labels, f"the scene has no {label}")
    row.need(not any(lexicon.clash(a, b) for a, b in combinations(said, 2)), f"labels clash: {said}")
    if row.wrong:
        raise Halt
    firsts = [_first(row, label) for label in said]
    row.need(all(-1 < a < b for a, b in pairwise(firsts)), f"{said} in {firsts}")


def _first(row: Row, label: str) -> int:
    """Return the first frame that shows anything that clashes with a label, -1 = none.

    Nothing was glimpsed earlier, and one is visible there.
    """
    site, alike, bounds, noise = row.site, row.site.alike(label), row.site.bounds, row.site.sight.noise
    row.need(site.lexicon.countable(label), f"{label} may not be ordered")
    row.involved.update(alike)
    shares = [max(site.share(frame, thing) for thing in alike) for frame in row.frames]
    glimpsed = next((i for i, s in enumerate(shares) if s >= bounds.glimpsed_share * (1 + 2 * noise)), -1)
    seen = next((i for i, s in enumerate(shares) if s >= bounds.seen_share * (1 - noise)), -1)
    row.need(glimpsed == seen, f"{label} is glimpsed in Frame-{glimpsed}, seen in Frame-{seen}")
    if seen >= 0:
        frame = row.frames[seen]
        why = {thing: faults(site, frame, thing) for thing in alike}
        good = any(thing.doubtful is not True and not found for thing, found in why.items())
        row.need(good, f"no {label} is visible in Frame-{seen}: {list(why.values())}")
    return seen


def room_size(row: Row) -> None:
    """The area of the floor that the clip sees."""
    site, bounds, sight = row.site, row.site.bounds, row.site.sight
    if not isinstance(sight, MeshSight) or not sight.floor_rows:
        row.wrong.append("there is no floor" if isinstance(sight, MeshSight) else "images do not show all of the floor")
        raise Halt
    if (wide_m := width_m(site, sight)) > WIDEST_M:
        row.wrong.append(f"the floor is {wide_m:.0f} m wide: something of it lies far off")
        raise Halt
    ground: Ground = site.memo(("ground",), lambda: Ground(site, sight))
    said = re.findall(r"\b\d+\b", row.right)
    row.need(len(said) == 1, f"answers {row.answer}")
    low, high = ground.areas_m2[bounds.room_closing_m]
    room = 0.55 + 0.01 * high
    row.need(said and low - room <= int(said[0]) <= high + room, f"answers {said}, is about {low:.1f} to {high:.1f}")
    small, large = ground.areas_m2[bounds.room_small_m], ground.areas_m2[bounds.room_large_m]
    for area, less, more in zip((low, high), small, large, strict=True):
        row.need(abs(more - less) <= (bounds.room_agreement + 0.02) * area, f"closings disagree: {ground.areas_m2}")
    row.need(
        ground.scanned_m2 >= (bounds.room_floor_share - 0.02) * low,
        f"scanned floor {ground.scanned_m2:.1f} of {low:.1f}",
    )
    row.need(ground.unsure_m2 <= 0.1 * high, f"floor and walls disagree about {ground.unsure_m2:.1f} of {high:.1f}")
    row.need(ground.over <= 0.04, f"floor above {ground.over:.0%} of the floor")
    row.need(ground.storeys_m <= bounds.room_storey_m + 0.1, f"floors {ground.storeys_m:.1f} m apart")
    seen = site.memo(("ground seen", tuple(row.frames)), lambda: ground.seen(row.frames))
    row.need(seen >= bounds.room_seen_share - 0.05, f"the clip sees {seen:.0%} of the floor")
    if row.form == "select":
        check_apart(
            row, [int(n[0]) for o in row.options.values() if (n := re.search(r"\d+", o))], bounds.option_gap_m2, 0.0
        )


def obj_count(row: Row) -> None:
    """How many things of a label there are."""
    label, lexicon = _counted(row), row.site.lexicon
    alike = row.site.called(label)
    kin = [t for t in row.site.alike(label) if t.label != label]
    said = [int(n) for n in re.findall(r"\b\d+\b", row.answer)]
    row.need(said == [len(alike)] and len(alike) >= 2, f"answers {row.answer}, is {len(alike)}")
    row.need(not kin, f"others count as {label}, too: {kin[:4]}")
    row.need(lexicon.countable(label), f"{label} may not be counted")
    for thing in alike:
        check_asked(row, thing)
        row.need(shown(row, thing), f"{thing} is visible in no frame of the clip")


def _counted(row: Row) -> str:
    """Return the label that a question counts, in its singular or plural."""
    lexicon = row.site.lexicon
    here = {w for w in row.site.labels if any(_stands(form, row.question) for form in lexicon.plurals(w))}
    here = {a for a in here if not any(b != a and _stands(a, b) for b in here)}
    here = {a for a in here if lexicon.countable(a)} or here
    if len(here) != 1:
        raise Unread(f"what is counted: {sorted(here)}")
    return here.pop()


def _stands(words: str, text: str) -> bool:
    return words in text and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


Check = Callable[[Row], None]
CHECKS: Mapping[str, Check] = {
    "depth_prediction_oc": depth_oc,
    "depth_prediction_oo": depth_oo,
    "distance_prediction_oc": distance_oc,
    "distance_prediction_oo": distance_oo,
    "spatial_volume_infer": volume,
    "distance_infer_center_oc": nearest_oc,
    "distance_infer_center_oo": nearest_oo,
    "obj_spatial_relation_oo": relation_oo,
    "spatial_imagination_oc": imagination_oc,
    "spatial_imagination_oo": imagination_oo,
    "position_matching": position_matching,
    "view_change_infer": view_change,
    "camera_motion_infer": camera_motion,
    "depth_prediction_oc_mv": depth_oc,
    "depth_prediction_oo_mv": depth_oo,
    "distance_prediction_oc_mv": distance_oc,
    "distance_prediction_oo_mv": distance_oo_mv,
    "distance_infer_center_oc_mv": nearest_oc_mv,
    "distance_infer_center_oo_mv": nearest_oo,
    "obj_spatial_relation_oc_mv": relation_oc_mv,
    "obj_spatial_relation_oo_mv": relation_oo,
    "spatial_imagination_oc_mv": imagination_oc,
    "spatial_imagination_oo_mv": imagination_oo,
    "spatial_imagination_map_mv": imagination_map,
    "distance_prediction_oo_video": distance_oo,
    "distance_infer_center_oo_video": nearest_oo_video,
    "spatial_imagination_oc_video": imagination_oc,
    "spatial_imagination_oo_video": imagination_oo,
    "spatial_imagination_oc_video_hard": imagination_oc_hard,
    "spatial_imagination_oo_video_hard": imagination_oo_hard,
    "obj_frame_locate": frame_locate,
    "appearance_order": appearance_order,
    "room_size": room_size,
    "obj_count": obj_count,
    "nav_video": nav_video,
}
