"""Left, right, above, below, front, behind, closer, farther: section 2 of tasks.md. Nothing of spargen is imported."""

from __future__ import annotations

import math
import re
from collections import defaultdict

import numpy as np

WORDS = {
    "lr": ("left", "", "right"),
    "ab": ("below", "", "above"),
    "fb": ("behind", "", "front"),
    "cf": ("closer", "", "farther"),
}
AXES = {"oc": ("lr", "ab", "fb"), "oo": ("lr", "ab", "cf"), "five": ("lr", "ab", "cf", "fb", "fb")}
PROSE = {  # how a sentence says a part; a phrase stands before those that it holds
    "lr": {
        "neither to the left nor to the right": "",
        "laterally aligned": "",
        "to the left": "left",
        "to the right": "right",
    },
    "ab": {"at about the same height": "", "below": "below", "above": "above"},
    "fb": {
        "neither in front nor behind": "",
        "at about the observer's depth": "",
        "behind": "behind",
        "in front": "front",
    },
    "cf": {"at about the same distance": "", "closer": "closer", "farther": "farther"},
}


def word(axis, *values):
    """The word of an axis; every measure given must lead to the same one. None = the sample is to be rejected."""
    states = {1 if v >= 0.3 else -1 if v <= -0.3 else 0 if abs(v) <= 0.1 else None for v in values}
    return WORDS[axis][states.pop() + 1] if len(states) == 1 and None not in states else None


def nearness(first, second, depths=None):
    """closer / farther of two distances; `depths` are the two Z of a real camera."""
    d = first - second
    if abs(d) <= 0.1:
        return ""
    if abs(d) < 0.2 or abs(d) < 0.15 * min(first, second):
        return None
    if depths and min(depths) > 0 and (depths[0] - depths[1]) * d < 0:
        return None
    return "farther" if d > 0 else "closer"


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
        depths = [float(self.view.camera(t.center)[2]) for t in (first, second)] if self.view else None
        return [word("lr", *lr), word("ab", *ab), nearness(*far, depths)]

    def five(self, first, second):
        return [*self.pair(first, second), self.triple(first)[2], self.triple(second)[2]]


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
        check_tuples(row, axes, [o.split(", ") for o in row.options.values()])
        return
    want, said = defaultdict(list), said_words(row)
    for parts in reversed(tuples) if moved_first(row.answer) else tuples:
        for axis, part in zip(axes, parts, strict=True):
            want[axis].append(part)
    row.need(dict(want) == said, f"says {said}, is {dict(want)}")


def check_tuples(row, axes, options):
    """Options vary two parts that have a word, each by its opposite, in all four combinations."""
    row.need(all(len(o) == len(axes) for o in options), f"options {options}")
    if any(len(o) != len(axes) for o in options):
        return
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


def moved_first(sentence):
    """Whether a sentence tells of the view after the move before that of the camera."""
    phrase = re.search("|".join(rf"\b{p}\b" for p in PROSE["lr"]), sentence)
    head = sentence[: phrase.start()] if phrase else ""
    back = re.search(
        r"\b(before|camera|originally|at first|now|first (image|view|frame)|Frame-0)\b", sentence[len(head) :]
    )
    return back is not None and re.search(r"\(green bbox\)|\bObject0\b", head) is not None


def said_words(row):
    """The words of a sentence by axis, in their order."""
    text = row.answer
    for label in sorted({t.label for t in row.scan.things.values()}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(label)}(?= ?[(,.;:]| is| are| lies| who)", "", text)
    text = re.sub(r"\([^)]*\)", "", text)
    said = {}
    for axis, phrases in PROSE.items():
        found = re.findall("|".join(rf"\b{p}\b" for p in phrases), text)
        if found:
            said[axis] = [phrases[p] for p in found]
    return said


CLAIM = re.compile(
    r"to the (left|right) of|(above|below) (?:the|that)\b|(closer) to the [\w' ]{2,40}? than"
    r"|(farther) from the [\w' ]{2,40}? than"
)


def check_claim(row, parts):
    """Yes or No to a claim about one part; the facts name the claim where the wording hides it."""
    head = re.sub(r"\([^)]*\)", "", row.question)
    claims = {next(w for w in found if w) for found in CLAIM.findall(head)}
    if len(claims) != 1:
        row.tally["wording by facts"] += 1
        claims = {row.fact["claim"]}
    claim = claims.pop()
    axis, part = next((a, p) for a, p in zip(AXES["oo"], parts, strict=False) if claim in WORDS[a])
    row.varied[AXES["oo"].index(axis)] = claim
    row.need(None not in parts, f"to be rejected: {parts}")
    row.need(part, f"claims {claim}, but there is no word")
    row.need(row.answer == ("Yes" if part == claim else "No"), f"{row.answer} to {claim}, is {part}")
