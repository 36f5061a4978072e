"""One row, with what its words and marks say and what may be shown. Nothing of spargen is imported."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from functools import cached_property
from itertools import combinations

from oracle.labels import askable, clash, left_out, part, polarity
from oracle.scene import GLIMPSED, SEEN

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


def tenths(value):
    """One decimal, half away from zero, no -0."""
    n = math.floor(abs(value) * 10 + 0.5) / 10
    return f"{math.copysign(n, value) if n else 0.0:.1f}"


def whole(value):
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


class Row:
    """One line of a file, with what it takes to check it."""

    def __init__(self, record, fact, scan, task, form, tally):
        self.record, self.fact, self.scan, self.task, self.form, self.tally = record, fact, scan, task, form, tally
        self.wrong, self.involved, self.varied = [], set(), {}
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
            match = re.fullmatch(rf"{re.escape(self.scan.id)}/{kind}\.(jpg|jpeg|png)", path)
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

    def mark(self, position):
        """Where a mark is, and the pattern of its name in the question."""
        kind, colours = MARKS[self.task]
        if colours != "list":
            colour = self.colours[position]
            return self.record[f"{colour}_{kind}"][0], rf"\({colour} {kind}\)"
        name = f"Object{position}" if kind == "bbox" else f"point{position - 1}" if position else "objectA"
        return self.record[f"{kind}_list"][0][position], rf"\((in Frame-\d+, )?{name}\)"

    @cached_property
    def things(self):
        """The marked objects in marker order, found by label and mark."""
        kind, colours = MARKS[self.task]
        found = []
        for position in range(len(self.colours if colours != "list" else self.record[f"{kind}_list"][0])):
            view = self.views[self.image_of(position)]
            at, name = self.mark(position)
            label = self.label_before(name)
            fits = [t for t in self.scan.things.values() if t.label == label and self.fits(kind, at, view, t)]
            mine = fits or [self.fact_object(position)]
            self.involved.update(mine)
            self.need(fits, f"no {label} has its {kind} at {at} in frame {view.frame}")
            if len(fits) != 1:
                self.tally["objects by facts"] += 1
                mine = [self.fact_object(position)]
            found.append(mine[0])
        self.need(len({t.id for t in found}) == len(found), "objects are not distinct")
        return found

    def fact_object(self, position):
        marks = self.fact["marks"]
        mine = [m for m in marks if self.colours and m["colour"] == self.colours[position]] or [marks[position]]
        return self.scan.things[mine[0]["object"]]

    def label_before(self, mark):
        """The label of the name that ends in a mark; video names carry their frame in between."""
        match = re.search(rf" (\(in Frame-\d+(, Object\d)?\) )?{mark}", self.question)
        if match is None:
            raise ValueError(f"no name with {mark} in the question")
        return self.label_at_end(self.question[: match.start()])

    def label_at_end(self, text):
        """The longest label of the scene that a text ends with."""
        ends = {t.label for t in self.scan.things.values() if text.endswith(t.label)}
        ends = {label for label in ends if not re.search(r"\w$", text[: len(text) - len(label)])}
        if not ends:
            raise ValueError(f"no label at the end of {text[-40:]!r}")
        return max(ends, key=len)

    def fits(self, kind, at, view, thing):
        if kind == "point":
            if view.camera(thing.center)[2] <= 0:
                return False
            return all(
                abs(a - min(1000, max(0, p))) <= 0.501 for a, p in zip(at, view.thousandths(thing.center), strict=True)
            )
        if thing.id not in self.scan.shares(view.frame):
            return False
        box = self.scan.box(view.frame, thing.id)
        good = sum(abs(a - b) <= COARSE for a, b in zip(at, box, strict=True))
        if good in (2, 3):  # thin parts that the coarse picture misses
            box = self.scan.fine_box(view.frame, thing.id) or box
        return good >= 2 and all(abs(a - b) <= COARSE for a, b in zip(at, box, strict=True))

    def boxed(self, box, view, label=None):
        """The objects that have a box in an image."""
        things = (t for t in self.scan.things.values() if label in (None, t.label))
        return [t for t in things if self.fits("bbox", box, view, t)]

    def numbers(self, text):
        """Decimal numbers in a text, those in the names of frames and objects left out."""
        return NUMBER.findall(re.sub(r"(Frame|Object|object|point)-?\d+", "", text))


# ---------------------------------------------------------------------------------------------------------- numbers
def check_metres(row, value, told=None):
    """A length as the answer, and the one told in the question."""
    row.need(value >= 0.1, f"{value:.3f} m is asked")
    want = tenths(value)
    check_margin(row, 0.05 - abs(value - float(want)), value)
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


def check_margin(row, by, of):
    """The fact's margin: how much may change before another answer is printed, and as a share (section 8)."""
    told = row.fact.get("margin")
    if isinstance(told, dict):
        same = abs(told["by"] - by) <= 0.002 and abs(told["share"] - by / of) <= 0.005
        row.need(same, f"margin {told}, is {by:.4f} of {of:.4f}")


def check_apart(row, values, gap, share):
    for a, b in combinations(values, 2):  # printed values; the share is that of unrounded ones
        clear = abs(a - b) >= gap - 1e-9 and abs(a - b) + 0.1 >= share * min(a, b)
        row.need(clear, f"options {a} and {b} are too close")


# --------------------------------------------------------------------------------------------- what may be asked about
def faults(scan, frame, thing, volume=False):
    """Why an object may not be asked about in an image: section 1, thresholds less a tolerance."""
    store = scan.__dict__.setdefault("_faults", {})
    if (frame, thing.id, volume) in store:
        return store[frame, thing.id, volume]
    share, box, found = scan.share(frame, thing), scan.box(frame, thing.id), []
    if share < SEEN * (1 - BAND):
        found.append(f"{thing} covers {share:.3%} of frame {frame}")
    if box is not None:
        view = scan.views[frame]
        short = min((box[2] - box[0]) / 1000, (box[3] - box[1]) / 1000 * view.size[1] / view.size[0])
        if short < 0.015 - 2.5 / 320:
            found.append(f"{thing} is {short:.2%} of the width")
        free, inside = scan.unoccluded(frame, thing.id), scan.in_frame(frame, thing.id)
        if free < (0.5 if volume else 0.3) - 0.04:
            found.append(f"{thing} is {free:.0%} unoccluded in frame {frame}")
        if inside < (0.7 if volume else 0.3) - 0.03:
            found.append(f"{thing} is {inside:.0%} inside frame {frame}")
    store[frame, thing.id, volume] = found
    return found


def neighbour(scan, thing):
    """Another thing of the same kind within 3 cm, or None: annotators split shelves."""
    store = scan.__dict__.setdefault("_neighbours", {})
    if thing.id not in store:
        kin = (t for t in scan.things.values() if t is not thing and clash(t.key, thing.key))
        store[thing.id] = next((t for t in kin if thing.gap(t) < 0.029), None)
    return store[thing.id]


def check_asked(row, thing):
    """What may be asked about in any image: no part of the building, no door, nothing nameless, nothing doubtful."""
    row.involved.add(thing)
    row.need(askable(thing.label), f"{thing} may not be asked about ({part(thing.label) or 'nameless'})")
    row.need(thing.doubtful is not True, f"{thing} is doubtful: its pieces lie apart")
    row.need(neighbour(row.scan, thing) is None, f"{thing} touches {neighbour(row.scan, thing)}: perhaps two halves")


def check_visible(row, frame, thing):
    check_asked(row, thing)
    row.wrong += faults(row.scan, frame, thing, row.task == "spatial_volume_infer")


def check_marks(row):
    """Marks of section 1: visible objects, points that show them and are not too close, boxes not too large."""
    kind = MARKS[row.task][0]
    points = defaultdict(list)
    for position, thing in enumerate(row.things):
        view = row.views[row.image_of(position)]
        at, _ = row.mark(position)
        check_visible(row, view.frame, thing)
        row.need(all(isinstance(n, int) and 0 <= n <= 1000 for n in at), f"mark {at}")
        if kind == "point":
            points[view.frame].append((at[0] * view.size[0] / 1000, at[1] * view.size[1] / 1000))
            own, around = row.scan.disc(view.frame, thing.id)
            row.need(own, f"the point of {thing} lies on something else in frame {view.frame}")
            row.need(around >= 0.45, f"{around:.0%} of the disc around the point show {thing} in frame {view.frame}")
        else:
            row.need(at[0] < at[2] and at[1] < at[3], f"mark {at}")
            row.need(not (at[2] - at[0] > 900 and at[3] - at[1] > 900), f"box {at} over 90 % of both sides")
    for frame, places in points.items():
        for a, b in combinations(places, 2):
            gap = math.dist(a, b) / row.scan.size[0]
            row.need(gap >= 0.044, f"points {gap:.1%} of the width apart in frame {frame}")


# ----------------------------------------------------------------------------------------------------- options: boxes
def check_box_options(row, options, answer):
    """Options (label or None, position of the image, box) are other objects visible there, told apart by boxes."""
    found = []
    for label, position, box in options:
        view = row.views[position]
        fits = row.boxed(box, view, label)
        row.involved.update(fits)
        fits = [t for t in fits if askable(t.label) and t.doubtful is not True] or fits
        row.need(fits, f"option {box}: no {label or 'object'} of frame {view.frame} has this box")
        if fits and answer not in fits:
            best = min(fits, key=lambda t, f=view.frame: len(faults(row.scan, f, t)))
            check_visible(row, view.frame, best)
        found.append({t.id for t in fits})
    single = [next(iter(ids)) for ids in found if len(ids) == 1]
    row.need(len(set(single)) == len(single), "two options are one object")
    for (_, i, a), (_, j, b) in combinations(options, 2):
        if i == j:
            check_boxes_apart(row, a, b)


def check_boxes_apart(row, a, b):
    w = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(x[2] - x[0]) * (x[3] - x[1]) for x in (a, b)]
    union = sum(areas) - w * h
    row.need(w * h < 0.5 * union, f"options {a} and {b} overlap by {w * h / union:.2f}")
    held = w * h / min(areas)
    row.need(held < 0.81, f"of options {a} and {b} one holds {held:.0%} of the other")


# ------------------------------------------------------------------------------------------------ nearest and farthest
def farthest(row):
    """Whether the farther one is asked for, by the first sentence that says it; else by the facts."""
    for sentence in re.split(r"(?<=[.?:!;]) ", re.sub(r"\([^)]*\)", "", row.question)):
        if (found := polarity(sentence)) is not None:
            return found
    row.tally["wording by facts"] += 1
    quantity = str(row.fact.get("quantity", ""))
    return quantity.startswith(("far", "max")) if quantity else None


def image_said(text):
    """Position of the image that a text names beside a box; None if it names none."""
    found = re.search(r"\b(\w+) (?:image|photo),? (?:at |in the box )?\[", text) or re.search(
        r"\](?:,? (?:of|in|from))? the (\w+) (?:image|photo)", text
    )
    return ORDINALS.index(found[1]) if found and found[1] in ORDINALS else None


def check_extreme(row, frames, eye):
    """Nearest or farthest among all that is seen; returns the answer's object and the position of its image."""
    far = farthest(row)
    boxes = BOX.findall(row.right)
    row.need(len(boxes) == 1, f"{len(boxes)} boxes in {row.right!r}")
    position = image_said(row.right) if len(frames) > 1 else 0
    row.need(position is not None, f"no image in {row.right!r}")
    if len(boxes) != 1 or far is None or position is None:
        return None
    box, frame = [int(n) for n in boxes[0]], frames[position]
    fits = [t for t in row.boxed(box, row.scan.views[frame]) if askable(t.label)]
    row.need(fits, f"no object has the box {box}")
    answer = fits[0] if len(fits) == 1 else row.scan.things[row.fact["objects"][0]]
    row.tally["objects by facts"] += len(fits) != 1
    row.need(math.dist(eye, answer.center) >= 0.1, "nearer than 0.1 m")
    check_visible(row, frame, answer)
    check_rivals(row, answer, frames, eye, -1 if far else 1)
    for f in frames:
        row.need(row.scan.unannotated(f) <= 0.11, f"frame {f} is {row.scan.unannotated(f):.0%} unannotated")
    if row.form == "sentence":
        row.need(re.search(rf"(?<!\w){re.escape(answer.label)}(?!\w)", row.answer), f"does not name {answer}")
        row.need(polarity(BOX.sub("", row.answer)) in (None, far), "the sentence turns the question round")
    return answer, position


def check_rivals(row, answer, frames, eye, sign):
    """Nothing that counts by the question's own words may come before the answer; sign is 1 if the nearest is asked."""
    reach, excluded = math.dist(eye, answer.center), left_out(row.question)
    for thing in row.scan.things.values():
        kind = part(thing.label)
        if thing is answer or kind in excluded or kind == "some door" or thing.unsure:
            continue
        other = math.dist(eye, thing.center)
        lead = sign * (other - reach)
        if lead >= max(0.2, 0.1 * min(other, reach)):
            continue
        share = max(row.scan.share(f, thing) for f in frames)
        if share >= SEEN * (1 + BAND):
            structural = kind not in (None, "furniture door")  # of a kind that the words do not name
            row.need(structural and lead >= 0, f"{thing} at {other:.3f} rivals {answer} at {reach:.3f}")
        elif share >= GLIMPSED * (1 + 2 * BAND) and share < SEEN * (1 - BAND):
            row.need(lead >= 0, f"{thing}, glimpsed ({share:.2%}), beats {answer}")
    for n in {n for f in frames for n, share in row.scan.loose_shares(f).items() if share >= 0.01}:
        other = math.dist(eye, row.scan.loose[1][n])
        row.need(
            sign * (other - reach) >= -0.05, f"what nobody annotated, at {other:.3f}, beats {answer} at {reach:.3f}"
        )


def check_candidates(row, reference, candidates, names):
    """Which candidate is nearest to / farthest from a reference."""
    far = farthest(row)
    reach = [math.dist(reference.center, c.center) for c in candidates]
    if far is None:
        row.tally["wording not understood"] += 1
        said = [n for n in names if n in row.right]
        far = reach[names.index(said[0]) if said else 0] == max(reach)
    order = sorted(range(len(reach)), key=lambda i: -reach[i] if far else reach[i])
    first, second = sorted((reach[order[0]], reach[order[1]]))
    row.need(second - first >= max(0.2, 0.15 * first), f"{first:.3f} is not clear of {second:.3f}")
    check_margin(row, second - first, first)
    want = names[order[0]]
    if row.form == "sentence":
        row.need(want in row.answer, f"{row.answer!r} should name {want}")
        row.need(polarity(re.sub(r"\([^)]*\)", "", row.answer)) in (None, far), "the sentence turns the question round")
        told = re.sub(r"^(Compared with|Of|Between) [^,]*, ", "", row.answer)  # now the winner stands before the loser
        first_named = min((n for n in names if n in told), key=told.index, default=None)
        row.need(first_named == want, f"names {first_named} as the winner")
    else:
        row.need(row.right == want, f"{row.answer} = {row.right}, is {want}; {[round(r, 3) for r in reach]}")
    if row.form == "select":
        row.need(sorted(row.options.values()) == sorted(names), f"options {list(row.options.values())}")
