"""Recomputes every row of an output folder from the raw ScanNet files and the rows alone; imports nothing of spargen.

    python tests/recompute.py OUT RAW_ROOT

Marked objects are found by label and mark; the facts serve only where that leaves a choice (counted as "by facts"), or
where a question's wording hides what is asked (counted as "wording by facts"). What depends on sight is judged on a
coarse picture, with a band of tolerance around each threshold. Exit code 1 if a row is wrong.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter, defaultdict
from functools import cached_property
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from recompute_scene import (
    GLIMPSED,
    SEEN,
    WORDS,
    Scan,
    askable,
    clash,
    countable,
    key,
    listed,
    nearness,
    polarity,
    tenths,
    whole,
    word,
)

SHOWN = 3  # wrong rows shown a cell
COARSE = 8.0  # thousandths by which a box may differ from the coarse picture's
BAND = 0.15  # relative noise of a coarse share

# ------------------------------------------------------------------------- what a record looks like (sections 4 and 5)
G, B, R, Y = "green", "blue", "red", "yellow"
MARKS = {
    "depth_prediction_oc": ("point", (R, B)),
    "depth_prediction_oo": ("point", (R, B, G)),
    "distance_prediction_oc": ("point", (R,)),
    "distance_prediction_oo": ("point", (R, B)),
    "spatial_volume_infer": ("bbox", (R,)),
    "distance_infer_center_oc": (None, ()),
    "distance_infer_center_oo": ("point", (R, B, G)),
    "obj_spatial_relation_oo": ("bbox", (R, B)),
    "spatial_imagination_oc": ("bbox", (G, B, R)),
    "spatial_imagination_oo": ("bbox", (G, B, R, Y)),
    "position_matching": ("bbox", (R,)),
    "view_change_infer": (None, ()),
    "camera_motion_infer": (None, ()),
    "depth_prediction_oc_mv": ("point", (R, B)),
    "depth_prediction_oo_mv": ("point", (R, B, G)),
    "distance_prediction_oc_mv": ("point", (R,)),
    "distance_prediction_oo_mv": ("point", (R, B)),
    "distance_infer_center_oc_mv": (None, ()),
    "distance_infer_center_oo_mv": ("point", (R, G, B)),
    "obj_spatial_relation_oc_mv": ("bbox", (R,)),
    "obj_spatial_relation_oo_mv": ("bbox", (R, B, G)),  # exactly two of them
    "spatial_imagination_oc_mv": ("bbox", (G, B, R)),
    "spatial_imagination_oo_mv": ("bbox", (G, B, R, Y)),
    "spatial_imagination_map_mv": ("bbox", "list"),
    "distance_prediction_oo_video": ("point", (R, B)),
    "distance_infer_center_oo_video": ("point", "list"),
    "spatial_imagination_oc_video": ("bbox", (G, B, R)),
    "spatial_imagination_oo_video": ("bbox", (G, B, R, Y)),
    "spatial_imagination_oc_video_hard": (None, ()),
    "spatial_imagination_oo_video_hard": (None, ()),
    "obj_frame_locate": ("bbox", (R,)),
    "appearance_order": (None, ()),
    "room_size": (None, ()),
    "obj_count": (None, ()),
}
VIDEO = {t for t in MARKS if "video" in t} | {"obj_frame_locate", "appearance_order", "room_size", "obj_count"}
SINGLE = set(list(MARKS)[:10])
IMAGES = {t: 32 if t in VIDEO else 1 if t in SINGLE else 3 if t.endswith("_mv") else 2 for t in MARKS}
ORDINALS = ("first", "second", "third", "fourth", "fifth")
NUMBER = re.compile(r"(?<![\w.-])\d+\.\d\b(?!\.\d)")
BOX = re.compile(r"\[(\d+), (\d+), (\d+), (\d+)\]")


class Row:
    """One line of a file, with what it takes to check it."""

    def __init__(self, record, fact, scan, task, form, tally):
        self.record, self.fact, self.scan, self.task, self.form, self.tally = record, fact, scan, task, form, tally
        self.wrong = []
        turns = record["conversations"]
        self.text, self.answer = turns[0]["value"], turns[1]["value"]
        self.options = dict(re.findall(r"^([A-Z])\. (.*)$", self.text, re.M)) if form == "select" else {}
        self.question = re.split(r"\nA\. ", self.text)[0] if form == "select" else self.text
        self.right = self.options.get(self.answer, "") if form == "select" else self.answer

    def need(self, holds, what):
        if not holds:
            self.wrong.append(what)

    @cached_property
    def views(self):
        found = []
        for position, path in enumerate(self.record["image"]):
            kind = rf"video_color/frame{position}_(\d+)" if self.task in VIDEO else r"image_color/(\d+)"
            match = re.fullmatch(rf"{self.scan.id}/{kind}\.(jpg|png)", path)
            if not match:
                raise ValueError(f"image path {path}")
            found.append(self.scan.views[int(match[1])])
        return found

    @cached_property
    def colours(self):
        """The colours drawn, in marker order."""
        kind, colours = MARKS[self.task]
        return [c for c in colours if f"{c}_{kind}" in self.record] if colours != "list" else []

    def image_of(self, position):
        kind = MARKS[self.task][0]
        return 0 if self.task in SINGLE else self.record[f"{kind}_img_idx"][0][position]

    @cached_property
    def things(self):
        """The marked objects in marker order, found by label and mark."""
        kind, colours = MARKS[self.task]
        found = []
        for position, colour in enumerate(self.colours if colours != "list" else self.record[f"{kind}_list"][0]):
            view = self.views[self.image_of(position)]
            if colours != "list":
                at, label = self.record[f"{colour}_{kind}"][0], self.label_before(rf"\({colour} {kind}\)")
            else:
                name = f"Object{position}" if kind == "bbox" else f"point{position - 1}" if position else "objectA"
                at, label = colour, self.label_before(rf"\((in Frame-\d+, )?{name}\)")
            fits = [t for t in self.scan.things.values() if t.label == label and self.fits(kind, at, view, t)]
            self.need(fits, f"no {label} has its {kind} at {at} in frame {view.frame}")
            if len(fits) != 1:
                self.tally["objects by facts"] += 1
                marks = self.fact["marks"]
                mine = [m for m in marks if m["colour"] == colour] if colours != "list" else [marks[position]]
                fits = [self.scan.things[mine[0]["object"]]]
            found.append(fits[0])
        self.need(len({t.id for t in found}) == len(found), "objects are not distinct")
        return found

    def label_before(self, mark):
        """The label of the name that ends in a mark; video names carry their frame in between."""
        match = re.search(rf" (\(in Frame-\d+(, Object\d)?\) )?{mark}", self.question)
        if match is None:
            raise ValueError(f"no name with {mark} in the question")
        head = self.question[: match.start()]
        labels = {t.label for t in self.scan.things.values() if re.search(rf"(?<!\w){re.escape(t.label)}$", head)}
        if not labels:
            raise ValueError(f"no label before {mark}")
        return max(labels, key=len)

    def fits(self, kind, at, view, thing):
        if kind == "point":
            if view.camera(thing.center)[2] <= 0:
                return False
            return all(
                abs(a - min(1000, max(0, p))) <= 0.501 for a, p in zip(at, view.thousandths(thing.center), strict=True)
            )
        box = self.scan.box(view.frame, thing.id)
        if box is None:
            return False
        good = sum(abs(a - b) <= COARSE for a, b in zip(at, box, strict=True))
        if good in (2, 3):  # thin parts that the coarse picture misses
            box = self.scan.fine_box(view.frame, thing.id)
        return good >= 2 and all(abs(a - b) <= COARSE for a, b in zip(at, box, strict=True))

    def numbers(self, text):
        """Decimal numbers in a text, those in the names of frames and objects left out."""
        return NUMBER.findall(re.sub(r"(Frame|Object|object|point)-?\d+", "", text))


# ---------------------------------------------------------------------------------------------------------- numbers
def check_metres(row, value, told=None):
    """A length as the answer, and the one told in the question."""
    row.need(value >= 0.1, f"{value:.3f} m is asked")
    want = tenths(value)
    in_question = row.numbers(row.question)
    row.need(in_question == ([] if told is None else [tenths(told)]), f"told {in_question}, is {told and tenths(told)}")
    if row.form == "fill":
        row.need(row.answer == want, f"answers {row.answer}, is {value:.4f}")
    elif row.form == "sentence":
        said = row.numbers(row.answer)
        row.need(said in ([want], [told is not None and tenths(told), want]), f"says {said}, is {value:.4f}")
    else:
        row.need(row.right == want, f"{row.answer} = {row.right}, is {value:.4f}")
        check_apart(row, [float(o) for o in row.options.values()], 0.3, 0.15)


def check_apart(row, values, gap, share):
    for a, b in combinations(values, 2):  # printed values; the share is that of unrounded ones
        clear = abs(a - b) >= gap - 1e-9 and abs(a - b) + 0.1 >= share * min(a, b)
        row.need(clear, f"options {a} and {b} are too close")


def check_compared(row, ahead, behind, gap=0.2, share=0.15):
    """`ahead` must be smaller than `behind` by the margin."""
    row.need(behind - ahead >= max(gap, share * min(ahead, behind)), f"{ahead:.3f} is not clear of {behind:.3f}")


# -------------------------------------------------------------------------------------------------------- directions
PROSE = {
    "lr": {"to the left": "left", "laterally aligned": "", "to the right": "right"},
    "ab": {"below": "below", "at about the same height": "", "above": "above"},
    "fb": {"behind": "behind", "at about the observer's depth": "", "in front": "front"},
    "cf": {"closer": "closer", "at about the same distance": "", "farther": "farther"},
}


class Eye:
    """An observer: a camera, or somebody who stands at one object and faces another."""

    def __init__(self, row, view=None, stand=None, face=None, plain=False):
        self.view, self.plain = view, plain
        if view is not None:
            row.need(abs(view.elevation) <= 60 and abs(view.roll) <= 30, "a direction from a camera held askew")
            self.origin, self.ahead = view.position, view.ahead
        else:
            way = (face.center - stand.center) * [1, 1, 0]
            length = math.hypot(*way[:2])
            row.need(length >= 0.5, f"faces what is {length:.2f} m away")
            self.origin, self.ahead = stand.center, way / length
        self.aside = np.array([self.ahead[1], -self.ahead[0], 0.0])

    def offset(self, end, begin):
        """LR, AB, FB of end - begin, each by all measures that must agree."""
        d = end - begin
        if self.view is None:
            return [d @ self.aside], [d[2]], [d @ self.ahead]
        x, y, z = (float(self.view.T[:3, axis] @ d) for axis in range(3))
        return [x], [-y, d[2]] if self.plain else [d[2]], [z, d @ self.ahead]

    def triple(self, target):
        lr, ab, fb = self.offset(target.center, self.origin)
        return [word("lr", *lr), word("ab", *ab), word("fb", *fb)]

    def pair(self, first, second):
        lr, ab, _ = self.offset(first.center, second.center)
        far = [math.dist(self.origin, t.center) for t in (first, second)]
        depths = [self.view.camera(t.center)[2] for t in (first, second)] if self.view else None
        return [word("lr", *lr), word("ab", *ab), nearness(*far, depths)]

    def five(self, first, second):
        return [*self.pair(first, second), self.triple(first)[2], self.triple(second)[2]]


AXES = {"oc": ("lr", "ab", "fb"), "oo": ("lr", "ab", "cf"), "five": ("lr", "ab", "cf", "fb", "fb")}


def check_relation(row, kind, *tuples):
    """The answer says one tuple (select), or one or two of them one after the other (sentence)."""
    axes = AXES[kind]
    for parts in tuples:
        row.need(None not in parts, f"to be rejected: {parts}")
        row.need(any(parts[:3]), f"no part has a word: {parts}")
    if any(None in parts for parts in tuples):
        return
    if row.form == "select":
        row.need(row.right == ", ".join(tuples[-1]), f"{row.answer} = {row.right!r}, is {tuples[-1]}")
        options = [o.split(", ") for o in row.options.values()]
        row.need(all(len(o) == len(axes) for o in options), f"options {options}")
        row.need(all(p in WORDS[a] for o in options for a, p in zip(axes, o, strict=True)), f"options {options}")
        kinds = sorted(len(set(column)) for column in zip(*options, strict=True))
        row.need(kinds == [1] * (len(axes) - 2) + [2, 2], f"options do not vary two parts: {options}")
        row.need(len({tuple(o) for o in options}) == 4, f"options {options}")
        return
    want, said = defaultdict(list), said_words(row)
    for parts in tuples:
        for axis, part in zip(axes, parts, strict=True):
            want[axis].append(part)
    row.need(dict(want) == said, f"says {said}, is {dict(want)}")


def said_words(row):
    """The words of a sentence by axis, in their order."""
    text = row.answer
    for label in sorted({t.label for t in row.scan.things.values()}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(label)}(?= ?[(,.;:]| is| lies| who)", "", text)
    text = re.sub(r"\([^)]*\)", "", text)
    said = {}
    for axis, phrases in PROSE.items():
        found = re.findall("|".join(rf"\b{p}\b" for p in phrases), text)
        if found:
            said[axis] = [phrases[p] for p in found]
    return said


# ----------------------------------------------------------------------------------------------- nearest and farthest
def farthest(row):
    """Whether the farther one is asked for, by the first sentence that says it; else by the facts."""
    for sentence in re.split(r"(?<=[.?:!;]) ", re.sub(r"\([^)]*\)", "", row.question)):
        if (found := polarity(sentence)) is not None:
            return found
    row.tally["wording by facts"] += 1
    quantity = str(row.fact.get("quantity", ""))
    return quantity.startswith(("far", "max")) if quantity else None


def check_extreme(row, frames, eye):
    """Nearest or farthest among all that is seen; returns the answer's object and its box."""
    far = farthest(row)
    sign = -1 if far else 1
    boxes = BOX.findall(row.right)
    row.need(len(boxes) == 1, f"{len(boxes)} boxes in {row.right!r}")
    if not boxes or far is None:
        return None
    box = [int(n) for n in boxes[0]]
    position = 0
    if len(frames) > 1:
        position = next((i for i, w in enumerate(ORDINALS) if f"the {w} image, [" in row.right), None)
        row.need(position is not None, f"no image in {row.right!r}")
    frame = frames[position or 0]
    fits = [t for t in row.scan.things.values() if row.fits("bbox", box, row.scan.views[frame], t) and askable(t.label)]
    row.need(fits, f"no object has the box {box}")
    answer = fits[0] if len(fits) == 1 else row.scan.things[row.fact["objects"][0]]
    row.tally["objects by facts"] += len(fits) != 1
    reach = math.dist(eye, answer.center)
    row.need(reach >= 0.1, "nearer than 0.1 m")
    for thing in row.scan.things.values():
        share = max(row.scan.share(f, thing) for f in frames)
        if thing is answer or listed(thing.label, "structural"):
            continue
        other = math.dist(eye, thing.center)
        lead = sign * (other - reach)
        if share >= SEEN * (1 + BAND):
            row.need(
                lead >= max(0.2, 0.1 * min(other, reach)), f"{thing} at {other:.3f} rivals {answer} at {reach:.3f}"
            )
        elif share >= GLIMPSED * (1 + 2 * BAND) and share < SEEN * (1 - BAND):
            row.need(lead >= 0, f"{thing}, glimpsed ({share:.2%}), beats {answer}")
    for f in frames:
        row.need(row.scan.unannotated(f) <= 0.11, f"frame {f} is {row.scan.unannotated(f):.0%} unannotated")
    if row.form == "sentence":
        row.need(re.search(rf"(?<!\w){re.escape(answer.label)}(?!\w)", row.answer), f"does not name {answer}")
        row.need(polarity(BOX.sub("", row.answer)) in (None, far), "the sentence turns the question round")
    row.need(askable(answer.label), f"asks for {answer}")
    check_visible(row, frame, answer)
    return answer, position


def check_candidates(row, reference, candidates, names):
    """Which candidate is nearest to / farthest from a reference."""
    far = farthest(row)
    reach = [math.dist(reference.center, c.center) for c in candidates]
    if far is None:
        row.tally["wording not understood"] += 1
        said = [n for n in names if n in row.right]
        winner = names.index(said[0]) if said else 0
        far = reach[winner] == max(reach)
    order = sorted(range(len(reach)), key=lambda i: -reach[i] if far else reach[i])
    first, second = reach[order[0]], reach[order[1]]
    check_compared(row, min(first, second), max(first, second))
    want = names[order[0]]
    if row.form == "sentence":
        row.need(want in row.answer, f"{row.answer!r} should name {want}")
        row.need(polarity(re.sub(r"\([^)]*\)", "", row.answer)) in (None, far), "the sentence turns the question round")
        others = [n for n in names if n != want and n in row.answer]
        if others:  # the winner is named before the loser, or "compared with the loser, the winner"
            turned = re.match(r"Compared with", row.answer) is not None
            row.need((row.answer.index(want) < row.answer.index(others[0])) != turned, f"names {others} as the winner")
    else:
        row.need(row.right == want, f"{row.answer} = {row.right}, is {want}; {[round(r, 3) for r in reach]}")
    if row.form == "select":
        row.need(sorted(row.options.values()) == sorted(names), f"options {list(row.options.values())}")


# ---------------------------------------------------------------------------------------------------- what is marked
def check_visible(row, frame, thing):
    """An object that is asked about: seen, large, uncovered and in the frame enough; thresholds less a tolerance."""
    scan = row.scan
    share, box = scan.share(frame, thing), scan.box(frame, thing.id)
    row.need(share >= SEEN * (1 - BAND), f"{thing} covers {share:.3%} of frame {frame}")
    if box is None:
        return
    view = scan.views[frame]
    short = min((box[2] - box[0]) / 1000, (box[3] - box[1]) / 1000 * view.size[1] / view.size[0])
    row.need(short >= 0.015 - 2.5 / 320, f"{thing} is {short:.2%} of the width")
    free, inside = scan.unoccluded(frame, thing.id), scan.in_frame(frame, thing.id)
    volume = row.task == "spatial_volume_infer"
    row.need(free >= (0.5 if volume else 0.3) - 0.04, f"{thing} is {free:.0%} unoccluded in frame {frame}")
    row.need(inside >= (0.7 if volume else 0.3) - 0.03, f"{thing} is {inside:.0%} inside frame {frame}")


def check_marks(row):
    """Marks of section 1: visible objects, askable labels, boxes not too large, points not too close."""
    kind = MARKS[row.task][0]
    points = defaultdict(list)
    for position, thing in enumerate(row.things):
        view = row.views[row.image_of(position)]
        row.need(askable(thing.label), f"{thing} may not be asked about")
        check_visible(row, view.frame, thing)
        at = (
            row.record[f"{kind}_list"][0][position]
            if not row.colours
            else row.record[f"{row.colours[position]}_{kind}"][0]
        )
        row.need(all(isinstance(n, int) and 0 <= n <= 1000 for n in at), f"mark {at}")
        if kind == "point":
            points[view.frame].append((at[0] * view.size[0] / 1000, at[1] * view.size[1] / 1000))
        else:
            row.need(at[0] < at[2] and at[1] < at[3], f"mark {at}")
            row.need(not (at[2] - at[0] > 900 and at[3] - at[1] > 900), f"box {at} over 90 % of both sides")
    for frame, places in points.items():
        for a, b in combinations(places, 2):
            gap = math.dist(a, b) / row.scan.size[0]
            row.need(gap >= 0.044, f"points {gap:.1%} of the width apart in frame {frame}")


# -------------------------------------------------------------------------------------------------- the single images
def depth_prediction_oc(row):
    red, blue = row.things
    (a, b) = (row.views[row.image_of(i)] for i in (0, 1))
    check_metres(row, b.camera(blue.center)[2], told=a.camera(red.center)[2])


def depth_prediction_oo(row):
    depths = [row.views[row.image_of(i)].camera(t.center)[2] for i, t in enumerate(row.things)]
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
    check_extreme(row, [view.frame], view.position)
    if row.form == "select":
        check_boxes_apart(row, [[int(n) for n in BOX.fullmatch(o).groups()] for o in row.options.values()])
    elif row.form == "fill":
        row.need(BOX.fullmatch(row.answer), f"answers {row.answer}")


def check_boxes_apart(row, boxes):
    for a, b in combinations(boxes, 2):
        w = max(0, min(a[2], b[2]) - max(a[0], b[0]))
        h = max(0, min(a[3], b[3]) - max(a[1], b[1]))
        union = sum((x[2] - x[0]) * (x[3] - x[1]) for x in (a, b)) - w * h
        row.need(w * h < 0.5 * union, f"options {a} and {b} overlap by {w * h / union:.2f}")


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


def check_claim(row, parts):
    """Yes or No to a claim about one part; the facts name the claim where the wording hides it."""
    head = re.sub(r"\([^)]*\)", "", row.question)
    claims = re.findall(
        r"to the (left|right) of|(above|below) (?:the|that)|(closer) to the \w+ than|(farther) from the \w+ than", head
    )
    claims = {next(w for w in found if w) for found in claims}
    if len(claims) != 1:
        row.tally["wording by facts"] += 1
        claims = {row.fact["claim"]}
    claim = claims.pop()
    part = next(p for p, axis in zip(parts, AXES["oo"], strict=False) if claim in WORDS[axis])
    row.need(None not in parts, f"to be rejected: {parts}")
    row.need(part, f"claims {claim}, but there is no word")
    row.need(row.answer == ("Yes" if part == claim else "No"), f"{row.answer} to {claim}, is {part}")


def spatial_imagination_oc(row):
    stand, face, target = row.things
    before = [] if row.form == "select" else [Eye(row, row.views[0]).triple(target)]
    check_relation(row, "oc", *before, Eye(row, stand=stand, face=face).triple(target))


def spatial_imagination_oo(row):
    stand, face, first, second = row.things
    kind = "oo" if row.task in SINGLE else "five"
    before, after = Eye(row, row.views[0]), Eye(row, stand=stand, face=face)
    tuples = [eye.pair(first, second) if kind == "oo" else eye.five(first, second) for eye in (before, after)]
    check_relation(row, kind, *(tuples[1:] if row.form == "select" else tuples))


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
        options = [[int(n) for n in BOX.fullmatch(o).groups()] for o in row.options.values()]
        check_boxes_apart(row, options)
        for other in options:
            if other != box:
                fits = [
                    t for t in row.scan.things.values() if t is not red and row.fits("bbox", other, row.views[1], t)
                ]
                row.need(fits, f"option {other} is the box of no other object of the second image")


def view_change(a, b):
    """The five signed, unrounded parts: right, down, forward in metres; elevation up, heading right in degrees."""
    x, y, z = a.camera(b.position)
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
    _x, _y, z = a.camera(b.position)
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


def named(row):
    """The objects of a video row with nothing drawn, by their labels, each the only one of its kind in the scene."""
    found = []
    for i in range(4 if "_oo_" in row.task else 3):
        label = row.label_before(rf"\(Object{i}\)")
        alike = [t for t in row.scan.things.values() if clash(t.key, key(label))]
        row.need(len(alike) == 1, f"{label} is not the only one: {alike}")
        row.need(countable(label), f"{label} may not be named without a mark")
        found.append(next(t for t in row.scan.things.values() if t.label == label))
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


def first_frames(row, kind):
    """First frame in which anything that clashes with a label is at least glimpsed, is seen."""
    shares = [max(row.scan.share(v.frame, t) for t in kind) for v in row.views]
    glimpsed = next((i for i, s in enumerate(shares) if s >= GLIMPSED * (1 + 2 * BAND)), None)
    seen = next((i for i, s in enumerate(shares) if s >= SEEN * (1 - BAND)), None)
    return glimpsed, seen


def appearance_order(row):
    said = row.answer.rstrip(".").split(", ")[-4:]
    if row.form == "sentence":
        ends = {s.label for s in row.scan.things.values() if re.search(rf"(?<!\w){re.escape(s.label)}$", said[0])}
        said[0] = max(ends, key=len, default="")
    row.need(len(set(said)) == 4, f"answers {row.answer}")
    row.need(
        all(re.search(rf"(?<!\w){re.escape(w)}(?!\w)", row.question) for w in said), "a label is not in the question"
    )
    row.need(not any(clash(key(a), key(b)) for a, b in combinations(said, 2)), f"labels clash: {said}")
    firsts = []
    for label in said:
        row.need(countable(label), f"{label} may not be ordered")
        glimpsed, seen = first_frames(row, [t for t in row.scan.things.values() if clash(t.key, key(label))])
        row.need(glimpsed == seen, f"{label} is glimpsed in Frame-{glimpsed}, seen in Frame-{seen}")
        firsts.append(seen)
    row.need(None not in firsts and all(a < b for a, b in pairwise(firsts)), f"{said} in {firsts}")


def room_size(row):
    areas = row.scan.floor_area
    row.need(areas is not None, "no floor")
    said = re.findall(r"\b\d+\b", row.right)
    row.need(len(said) == 1, f"answers {row.answer}")
    row.need(abs(int(said[0]) - areas[1]) <= 0.55 + 0.02 * areas[1], f"answers {said}, is about {areas[1]:.2f}")
    row.need((max(areas) - min(areas)) <= 0.12 * areas[1], f"closings disagree: {areas}")
    if row.form == "select":
        options = [int(re.search(r"\d+", o)[0]) for o in row.options.values()]
        check_apart(row, options, 2, 0.0)


def obj_count(row):
    (label,) = set(row.fact["labels"])
    alike = [t for t in row.scan.things.values() if t.label == label]
    kin = [t for t in row.scan.things.values() if clash(t.key, key(label)) and t.key != key(label)]
    said = [int(n) for n in re.findall(r"\b\d+\b", row.answer)]
    row.need(said == [len(alike)] and len(alike) >= 2, f"answers {row.answer}, is {len(alike)}")
    row.need(not kin, f"others count as {label}, too: {kin[:4]}")
    row.need(countable(label), f"{label} may not be counted")
    for thing in alike:
        best = max(row.scan.share(v.frame, thing) for v in row.views)
        row.need(best >= SEEN * (1 - BAND), f"{thing} is not seen in the clip ({best:.3%})")


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


# ------------------------------------------------------------------------------------------------------------- a file
def check_record(row, images):
    """Keys, nesting, id, image paths: sections 4 and 5."""
    record, (kind, colours) = row.record, MARKS[row.task]
    keys = {"id", "conversations", "image", "type"} | ({"depth"} if "depth" in record else set())
    drawn = [f"{kind}_list"] if colours == "list" else [f"{c}_{kind}" for c in row.colours]
    if row.task != "obj_spatial_relation_oo_mv" and colours != "list":
        row.need(len(row.colours) == len(colours), f"marks {row.colours}")
    keys |= set(drawn) | ({f"{kind}_img_idx"} if kind and row.task not in SINGLE else set())
    row.need(set(record) == keys, f"keys {sorted(set(record) ^ keys)}")
    row.need([t["from"] for t in record["conversations"]] == ["human", "gpt"], "conversations")
    row.need(record["type"] == row.task, f"type {record['type']}")
    row.need(re.fullmatch(rf"{row.scan.id}_\d+", record["id"]), f"id {record['id']}")
    row.need("<image>" not in row.text, "an <image> token")
    row.need(len(record["image"]) == IMAGES[row.task], f"{len(record['image'])} images")
    row.need(len({v.frame for v in row.views}) == len(row.views), "an image stands twice")
    for path in (*record["image"], *record.get("depth", ())):
        row.need(images is None or (images / path).is_file(), f"{path} is not there")
    for name in drawn:
        n = 2 if kind == "point" else 4
        good = len(record[name]) == 1 and all(
            len(m) == n for m in (record[name][0] if colours == "list" else record[name])
        )
        row.need(good, f"nesting of {name}: {record[name]}")
    if f"{kind}_img_idx" in keys:
        idx = record[f"{kind}_img_idx"]
        count = len(record[drawn[0]][0]) if colours == "list" else len(drawn)
        row.need(len(idx) == 1 and len(idx[0]) == count, f"{kind}_img_idx {idx} for {count} marks")
        row.need(all(0 <= i < len(record["image"]) for i in idx[0]), f"{kind}_img_idx {idx}")
    if row.form == "select":
        want = "AB" if row.task.startswith("distance_infer_center_oo") and "video" not in row.task else "ABCD"
        row.need("".join(row.options) == want and row.answer in row.options, f"options {row.options}, {row.answer}")
        row.need(len(set(row.options.values())) == len(row.options), f"equal options {row.options}")
    if row.task in VIDEO:
        n = len(row.scan.valid)
        clip = [row.scan.valid[math.floor(i * (n - 1) / 31 + 1e-9)] for i in range(32)]
        row.need([v.frame for v in row.views] == clip, "not the frames of the clip")
        row.need("Frame-0" in row.text, "does not say that the first frame is Frame-0")
        numbers = (images / row.scan.id / "video_idx.txt").read_text().split() if images else map(str, clip)
        row.need(list(map(int, numbers)) == clip, "video_idx.txt has other frames")
    elif len(row.views) > 1:
        check_set(row)


def check_set(row):
    for a, b in combinations(row.views, 2):
        turn = math.degrees(math.acos(min(1.0, float(a.T[:3, 2] @ b.T[:3, 2]))))
        row.need(math.dist(a.position, b.position) >= 0.2 or turn >= 10, f"{a.frame} and {b.frame} are near-duplicates")
    reached, frames = {row.views[0].frame}, [v.frame for v in row.views]
    for _ in frames:
        reached |= {b for a in reached for b in frames if row.scan.linked(min(a, b), max(a, b))}
    apart = sorted(set(frames) - reached)
    row.need(len(reached) == len(frames), f"frames {apart} share no surface with the rest of the set")


def check_frames_named(row):
    """Video names: the frame in the text is the image of the mark."""
    for position, colour in enumerate(row.colours):
        kind = MARKS[row.task][0]
        found = re.findall(rf"\(in Frame-(\d+)(?:, Object\d)?\) \({colour} {kind}\)", row.text + row.answer)
        row.need(found and {int(n) for n in found} == {row.image_of(position)}, f"{colour}: text says Frame-{found}")


def check_row(row, images):
    try:
        check_record(row, images)
        if MARKS[row.task][0]:
            check_marks(row)
            if row.task in VIDEO:
                check_frames_named(row)
        CHECKS[row.task](row)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, StopIteration) as error:
        row.wrong.append(f"cannot be checked: {type(error).__name__} {error}")


def check_file(file, out, scans, root):
    """Return the wrong rows of a file and remarks on it as a whole."""
    dataset, _, split, task, form = file.relative_to(out / "spar").parts[:5]
    lines = file.read_text().split("\n")
    records = [json.loads(line) for line in lines[:-1]]
    facts = [
        json.loads(line) for line in (out / "facts" / dataset / split / task / f"{form}.jsonl").read_text().splitlines()
    ]
    wrong, remarks, tally, rows = [], [], Counter(), []
    if lines[-1] or file.name != f"{form}_{len(records)}.jsonl" or len(list(file.parent.iterdir())) != 1:
        wrong.append((file.name, ["the file's name, its end or its folder"]))
    if len({r["id"] for r in records}) != len(records):
        wrong.append((file.name, ["ids stand twice"]))
    images = out / "spar" / dataset / "images"
    for record, fact in zip(records, facts, strict=True):
        scene = record["id"].rpartition("_")[0]
        if scene not in scans:
            scans[scene] = Scan(root, scene)
        row = Row(record, fact, scans[scene], task, form, tally)
        check_row(row, images if any(images.iterdir()) else None)
        rows.append(row)
        if row.wrong:
            wrong.append((record["id"], row.wrong))
    remarks += [f"{what} {n}" for what, n in sorted(tally.items()) if n]
    remarks += whole_cell(rows, task, form)
    return rows, wrong, remarks


def whole_cell(rows, task, form):
    """What only the rows together show: letters, Yes and No, images that alone suffice, options that are no answers."""
    remarks = []
    if form in ("select", "judge"):
        counts = Counter(row.answer for row in rows)
        kinds = sorted(set("".join(rows[0].options)) if form == "select" else {"Yes", "No"})
        spread = max(abs(counts[k] - len(rows) / len(kinds)) for k in kinds)
        if spread > 3 * math.sqrt(len(rows) / len(kinds)) or (form == "judge" and spread > 1 + 0.02 * len(rows)):
            remarks.append(f"answers {dict(counts)}")
    if form == "select" and task.startswith(("obj_spatial", "spatial_imag")):
        right = wrong = 0  # the part that is empty in two options and a word in two: is it right as often as wrong?
        for row in rows:
            options = [o.split(", ") for o in row.options.values()]
            truth = row.right.split(", ")
            for part, said in zip(truth, zip(*options, strict=True), strict=True):
                if len(set(said)) == 2 and "" in said:
                    right, wrong = right + (part == ""), wrong + (part != "")
        if abs(right - wrong) > 2 * math.sqrt(right + wrong):
            remarks.append(f"where a part is empty or a word, empty is right {right} of {right + wrong} times")
    if form == "select" and not task.startswith(("obj_spatial", "spatial_imag", "distance_infer_center_o", "position")):
        known = {row.right.split(", Depth")[0] for row in rows}
        foreign = sum(o.split(", Depth")[0] not in known for row in rows for o in row.options.values())
        if foreign:
            remarks.append(f"{foreign} options are the answer of no row here")
    if task.endswith("_mv") and MARKS[task][0] and task != "distance_prediction_oc_mv" and "relation_oc" not in task:
        alone = sum(
            any(all(r.scan.share(v.frame, t) >= SEEN for t in r.things) for v in r.views) for r in rows if not r.wrong
        )
        remarks.append(
            f"{alone / len(rows):.0%} shown by one image alone" + (" (over 10 %)" if alone > 0.1 * len(rows) else "")
        )
    return remarks


def main(out, root):
    scans, total, bad = {}, 0, 0
    print(f"{'task':<36}{'form':<10}{'rows':>6}{'wrong':>7}  remarks")
    shown = []
    for file in sorted(
        out.glob("spar/scannet/qa_jsonl/*/*/*/*.jsonl"), key=lambda f: (list(MARKS).index(f.parts[-3]), f)
    ):
        rows, wrong, remarks = check_file(file, out, scans, root)
        total, bad = total + len(rows), bad + len(wrong)
        task, form = file.parts[-3:-1]
        print(f"{task:<36}{form:<10}{len(rows):>6}{len(wrong):>7}  {'; '.join(remarks)}", flush=True)
        shown += [f"{task}/{form} {row}: {'; '.join(map(str, why))}" for row, why in wrong[:SHOWN]]
    print(f"{'all':<46}{total:>6}{bad:>7}")
    print("\n".join(shown))
    return 1 if bad or not total else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
