"""The check of each task: section 5 of tasks.md. Nothing of spargen is imported."""

from __future__ import annotations

import math
import re
from itertools import combinations, pairwise

from oracle.directions import Eye, check_claim, check_relation
from oracle.floor import Floor
from oracle.labels import clash, countable, key, rules
from oracle.rows import (
    BAND,
    BOX,
    MARKS,
    ORDINALS,
    SINGLE,
    B,
    G,
    R,
    check_apart,
    check_asked,
    check_box_options,
    check_candidates,
    check_extreme,
    check_metres,
    check_visible,
    faults,
    tenths,
    whole,
)
from oracle.scene import GLIMPSED, SEEN


# -------------------------------------------------------------------------------------------------- the single images
def depth_prediction_oc(row):
    red, blue = row.things
    (a, b) = (row.views[row.image_of(i)] for i in (0, 1))
    check_metres(row, float(b.camera(blue.center)[2]), told=float(a.camera(red.center)[2]))


def depth_prediction_oo(row):
    depths = [float(row.views[row.image_of(i)].camera(t.center)[2]) for i, t in enumerate(row.things)]
    check_metres(row, abs(depths[2] - depths[1]), told=depths[0])


def distance_prediction_oc(row):
    check_metres(row, row.views[0].distance(row.things[0].center))


def distance_prediction_oo(row):
    a, b = row.things
    check_metres(row, math.dist(a.center, b.center))


def spatial_volume_infer(row):
    sides = row.things[0].sides
    row.need(min(sides) >= 0.05, f"a side of {min(sides):.3f} m")
    want = [str(whole(100 * s)) for s in sides]
    if row.form == "fill":
        row.need(row.answer == ",".join(want), f"answers {row.answer}, is {sides}")
    else:
        said = re.findall(r"\b\d+\b", re.sub(r"\([^)]*\)", "", row.answer))
        row.need(said == want, f"says {said}, is {sides}")


def distance_infer_center_oc(row):
    view = row.views[0]
    found = check_extreme(row, [view.frame], view.position)
    if row.form == "select" and found:
        boxes = [BOX.fullmatch(o) for o in row.options.values()]
        row.need(all(boxes), f"options {row.options}")
        check_box_options(row, [(None, 0, [int(n) for n in b.groups()]) for b in boxes], found[0])
    elif row.form == "fill":
        row.need(BOX.fullmatch(row.answer), f"answers {row.answer}")


def distance_infer_center_oo(row):
    things = dict(zip(row.colours, row.things, strict=True))
    names = [f"{things[c].label} ({c} point)" for c in (G, B)]
    check_candidates(row, things[R], [things[G], things[B]], names)
    if row.form == "select":
        row.need(list(row.options.values()) == names, f"options {row.options}: A must be green, B blue")


def obj_spatial_relation_oo(row):
    parts = Eye(row, row.views[0], plain=True).pair(*row.things)
    if row.form != "judge":
        return check_relation(row, "oo", parts)
    return check_claim(row, parts)


def spatial_imagination_oc(row):
    stand, face, target = row.things
    before = [] if row.form == "select" else [Eye(row, row.views[0], plain=True).triple(target)]
    check_relation(row, "oc", *before, Eye(row, stand=stand, face=face).triple(target))


def spatial_imagination_oo(row):
    stand, face, first, second = row.things
    kind = "oo" if row.task in SINGLE else "five"
    eyes = [Eye(row, stand=stand, face=face)]
    if row.form != "select":
        eyes.insert(0, Eye(row, row.views[0], plain=True))
    check_relation(row, kind, *(e.pair(first, second) if kind == "oo" else e.five(first, second) for e in eyes))


# ------------------------------------------------------------------------------------------------- two or three views
def position_matching(row):
    (red,) = row.things
    row.need(row.record["bbox_img_idx"] == [[0]], "the mark is not in the first image")
    boxes = BOX.findall(row.right)
    row.need(len(boxes) == 1, f"answers {row.answer}")
    box = [int(n) for n in boxes[0]]
    row.need(row.fits("bbox", box, row.views[1], red), f"{box} is not the box of {red}")
    check_visible(row, row.views[1].frame, red)
    if row.form == "select":
        boxes = [BOX.fullmatch(o) for o in row.options.values()]
        check_box_options(row, [(None, 1, [int(n) for n in b.groups()]) for b in boxes], red)


def view_change(a, b):
    """The five signed, unrounded parts: right, down, forward in metres; elevation up, heading right in degrees."""
    x, y, z = (float(n) for n in a.camera(b.position))
    turn = (a.heading - b.heading + 180) % 360 - 180
    return x, y, z, b.elevation - a.elevation, turn


def view_change_infer(row):
    a, b = row.views
    parts = view_change(a, b)
    for view in (a, b):
        row.need(abs(view.elevation) <= 60 and abs(view.roll) <= 30, "a camera held askew")
    row.need(abs(b.roll - a.roll) <= 15, f"the roll changes by {b.roll - a.roll:.1f}")
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
        text = row.answer
        said = re.findall(r"\b(right|left|down|up|forward|backward)\b", text)
        numbers = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", text)]
        row.need(said == words and numbers == size, f"says {said} {numbers}, is {words} {size}")


def camera_motion_infer(row):
    a, b = row.views
    z = float(a.camera(b.position)[2])
    row.need(z >= 0.3, f"the second camera has Z {z:.2f}")
    u, v = a.thousandths(b.position)
    row.need(0 <= u <= 1000 and 0 <= v <= 1000, f"the second camera is outside: {u:.0f}, {v:.0f}")
    pixel = [whole(u), whole(v)]
    if row.form == "fill":
        row.need(row.answer == f"({pixel[0]},{pixel[1]}),{tenths(z)}", f"answers {row.answer}, is {pixel}, {z:.4f}")
    elif row.form == "select":
        found = {
            k: re.fullmatch(r"Image Coor:\((\d+), (\d+)\), Depth:(\d+\.\d) meters", o) for k, o in row.options.items()
        }
        row.need(all(found.values()), f"options {row.options}")
        if all(found.values()):
            mine = found[row.answer]
            row.need([int(mine[1]), int(mine[2])] == pixel, f"answers {row.right}, is {pixel}")
            row.need({m[3] for m in found.values()} == {tenths(z)}, f"depths {row.options}, is {z:.4f}")
            places = [(int(m[1]), int(m[2])) for m in found.values()]
            row.need(all(math.dist(p, q) >= 150 for p, q in combinations(places, 2)), f"options too close {places}")
    else:
        said = [int(n) for n in re.search(r"\((\d+), ?(\d+)\)", row.answer).groups()]
        row.need(said == pixel and row.numbers(row.answer) == [tenths(z)], f"says {row.answer}, is {pixel}, {z:.4f}")


def distance_prediction_oo_mv(row):
    row.need(len(set(row.record["point_img_idx"][0])) == 2, "both are marked in one image")
    distance_prediction_oo(row)


def distance_infer_center_oc_mv(row):
    frames = [v.frame for v in row.views]
    found = check_extreme(row, frames, row.views[0].position)
    if found is None:
        return
    answer, position = found
    for i, frame in enumerate(frames):
        if i != position:
            share = row.scan.share(frame, answer)
            row.need(share <= GLIMPSED * (1 + 2 * BAND), f"{answer} is seen in image {i}, too ({share:.2%})")
    if row.form == "fill":
        row.need(re.fullmatch(r"the \w+ image, \[\d+, \d+, \d+, \d+\]", row.answer), f"answers {row.answer}")
    elif row.form == "select":
        options = [re.fullmatch(r"(.+): the (\w+) image, (\[.*\])", o) for o in row.options.values()]
        row.need(all(options), f"options {row.options}")
        options = [(o[1], ORDINALS.index(o[2]), [int(n) for n in BOX.fullmatch(o[3]).groups()]) for o in options]
        check_box_options(row, options, answer)
        for (a, _, _), (b, _, _) in combinations(options, 2):
            row.need(not clash(key(a), key(b)), f"the labels of options clash: {a}, {b}")


def obj_spatial_relation_oc_mv(row):
    check_relation(row, "oc", Eye(row, row.views[0], plain=True).triple(row.things[0]))


def obj_spatial_relation_oo_mv(row):
    row.need(len(row.things) == 2, f"{len(row.things)} boxes")
    parts = Eye(row, row.views[0], plain=True).five(*row.things)
    if row.form == "judge":
        check_claim(row, parts)
    else:
        check_relation(row, "five", parts)


def spatial_imagination_map_mv(row):
    view = row.views[0]
    row.need(abs(view.elevation) <= 60 and abs(view.roll) <= 30, "a heading from a camera held askew")
    row.need(3 <= len(row.things) <= 7, f"{len(row.things)} objects")
    want = []
    for i, thing in enumerate(row.things):
        d = thing.center - view.position
        want.append(f"Object{i} :({tenths(d @ view.aside)},{tenths(d @ view.ahead)}).")
    row.need(row.answer == " ".join(want), f"answers {row.answer}, is {' '.join(want)}")


# ------------------------------------------------------------------------------------------------------------- videos
def distance_infer_center_oo_video(row):
    names = [f"{t.label} (Object{i})" for i, t in enumerate(row.things[1:])]
    check_candidates(row, row.things[0], row.things[1:], names)


def shown(row, thing):
    """Whether an object may be asked about in some frame of the clip."""
    return any(not faults(row.scan, v.frame, thing) for v in row.views)


def named(row):
    """The objects of a video row with nothing drawn, by their labels, each the only one of its kind in the scene."""
    found = []
    for i in range(4 if "_oo_" in row.task else 3):
        label = row.label_before(rf"\(Object{i}\)")
        alike = [t for t in row.scan.things.values() if clash(t.key, key(label))]
        row.need(len(alike) == 1, f"{label} is not the only one: {alike}")
        row.need(countable(label), f"{label} may not be named without a mark")
        thing = next(t for t in row.scan.things.values() if t.label == label)
        check_asked(row, thing)
        row.need(shown(row, thing), f"{thing} is visible in no frame of the clip")
        found.append(thing)
    return found


def spatial_imagination_oc_video_hard(row):
    stand, face, target = named(row)
    check_relation(row, "oc", Eye(row, stand=stand, face=face).triple(target))


def spatial_imagination_oo_video_hard(row):
    stand, face, first, second = named(row)
    check_relation(row, "five", Eye(row, stand=stand, face=face).five(first, second))


def obj_frame_locate(row):
    said = [int(n) for n in re.findall(r"Frame-(\d+)", row.answer)]
    row.need(row.answer == ", ".join(f"Frame-{n}" for n in said) and said == sorted(set(said)), f"answers {row.answer}")
    (red,) = row.things
    row.need(row.image_of(0) in said, "the marked frame is not listed")
    for i, view in enumerate(row.views):
        share = row.scan.share(view.frame, red)
        if share >= SEEN * (1 + BAND):
            row.need(i in said, f"Frame-{i} shows it ({share:.2%})")
        elif share < GLIMPSED * (1 - 2 * BAND):
            row.need(i not in said, f"Frame-{i} does not show it ({share:.3%})")
        elif GLIMPSED * (1 + 2 * BAND) <= share < SEEN * (1 - BAND):
            row.need(False, f"Frame-{i} glimpses it ({share:.3%})")


def check_first(row, label):
    """First frame that shows anything which clashes with a label; nothing was glimpsed earlier, and one is visible."""
    alike = [t for t in row.scan.things.values() if clash(t.key, key(label))]
    row.need(countable(label), f"{label} may not be ordered")
    row.involved.update(alike)
    shares = [max(row.scan.share(v.frame, t) for t in alike) for v in row.views]
    glimpsed = next((i for i, s in enumerate(shares) if s >= GLIMPSED * (1 + 2 * BAND)), None)
    seen = next((i for i, s in enumerate(shares) if s >= SEEN * (1 - BAND)), None)
    row.need(glimpsed == seen, f"{label} is glimpsed in Frame-{glimpsed}, seen in Frame-{seen}")
    if seen is not None:
        frame = row.views[seen].frame
        good = [t for t in alike if t.doubtful is not True and not faults(row.scan, frame, t)]
        row.need(good, f"no {label} is visible in Frame-{seen}: {[faults(row.scan, frame, t) for t in alike]}")
    return seen


def appearance_order(row):
    said = row.answer.rstrip(".").split(", ")[-4:]
    if row.form == "sentence":
        said[0] = row.label_at_end(said[0])
    row.need(len(set(said)) == 4, f"answers {row.answer}")
    for w in said:
        row.need(re.search(rf"(?<!\w){re.escape(w)}(?!\w)", row.question), f"{w} is not in the question")
    row.need(not any(clash(key(a), key(b)) for a, b in combinations(said, 2)), f"labels clash: {said}")
    firsts = [check_first(row, label) for label in said]
    row.need(None not in firsts and all(a < b for a, b in pairwise(firsts)), f"{said} in {firsts}")


def room_size(row):
    if not hasattr(row.scan, "floor"):
        row.scan.floor = Floor(row.scan)
    floor = row.scan.floor
    row.need(floor.areas is not None, "no floor")
    said = re.findall(r"\b\d+\b", row.right)
    row.need(len(said) == 1, f"answers {row.answer}")
    low, high = floor.areas[0.5]
    room = 0.55 + 0.01 * high
    row.need(low - room <= int(said[0]) <= high + room, f"answers {said}, is about {low:.1f} to {high:.1f}")
    for i in (0, 1):
        apart = abs(floor.areas[1.0][i] - floor.areas[0.3][i]) / floor.areas[0.5][i]
        row.need(apart <= 0.12, f"closings disagree: {floor.areas}")
    row.need(floor.scanned >= 0.43 * low, f"scanned floor {floor.scanned:.1f} of {low:.1f}")
    row.need(floor.unsure <= 0.1 * high, f"floor and walls disagree about {floor.unsure:.1f} of {high:.1f}")
    row.need(floor.over() <= 0.04, f"floor above {floor.over():.0%} of the floor")
    row.need(floor.storeys <= 1.6, f"floors {floor.storeys:.1f} m apart")
    seen = floor.seen(row.scan, [v.frame for v in row.views])
    row.need(seen >= 0.75, f"the clip sees {seen:.0%} of the floor")
    if row.form == "select":
        options = [int(re.search(r"\d+", o)[0]) for o in row.options.values()]
        check_apart(row, options, 2, 0.0)


def plurals(label):
    """The forms in which a question may name several of a label."""
    head, of, tail = label.partition(" of ")
    irregular = {one: many for many, one in rules()["singular"].items()}
    front, last = head.rpartition(" ")[::2]
    many = {last + "s", last + "es", re.sub("y$", "ies", last), irregular.get(last.lower(), last + "s")}
    return [label] + [f"{front} {m}".strip() + of + tail for m in many]


def counted_label(row):
    """The label that a question counts, in its singular or plural; by the facts where several are named."""
    labels = {t.label for t in row.scan.things.values()}
    here = {w for w in labels if any(re.search(rf"(?<!\w){re.escape(p)}(?!\w)", row.question) for p in plurals(w))}
    here = {a for a in here if not any(b != a and re.search(rf"(?<!\w){re.escape(a)}(?!\w)", b) for b in here)}
    here = {a for a in here if countable(a)} or here
    if len(here) != 1:
        row.tally["wording by facts"] += 1
        here = set(row.fact["labels"])
    return here.pop()


def obj_count(row):
    label = counted_label(row)
    alike = [t for t in row.scan.things.values() if t.label == label]
    kin = [t for t in row.scan.things.values() if clash(t.key, key(label)) and t.label != label]
    said = [int(n) for n in re.findall(r"\b\d+\b", row.answer)]
    row.need(said == [len(alike)] and len(alike) >= 2, f"answers {row.answer}, is {len(alike)}")
    row.need(not kin, f"others count as {label}, too: {kin[:4]}")
    row.need(countable(label), f"{label} may not be counted")
    for thing in alike:
        check_asked(row, thing)
        row.need(shown(row, thing), f"{thing} is visible in no frame of the clip")


CHECKS = {
    "depth_prediction_oc_mv": depth_prediction_oc,
    "depth_prediction_oo_mv": depth_prediction_oo,
    "distance_prediction_oc_mv": distance_prediction_oc,
    "distance_infer_center_oo_mv": distance_infer_center_oo,
    "spatial_imagination_oc_mv": spatial_imagination_oc,
    "spatial_imagination_oo_mv": spatial_imagination_oo,
    "distance_prediction_oo_video": distance_prediction_oo,
    "spatial_imagination_oc_video": spatial_imagination_oc,
    "spatial_imagination_oo_video": spatial_imagination_oo,
}
CHECKS |= {task: globals()[task] for task in MARKS if task in globals()}
