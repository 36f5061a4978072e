"""Nearest and farthest: to an observer among all that is seen, and to a reference among candidates."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import combinations

from spargen.verify.asked import check_box_options, check_visible, only_box
from spargen.verify.body import Thing
from spargen.verify.bounds import EDGE
from spargen.verify.layout import B, G, R
from spargen.verify.lexicon import OTHER_DOOR, SOME_DOOR
from spargen.verify.optics import Floats
from spargen.verify.row import Halt, Row, Unread
from spargen.verify.words import BOX, ORDINALS, asks_for_far, image_said, polarity, without_marks

LOOSE_SHARE = 0.002
"""Share of an image from which on a piece that nobody annotated counts."""


def nearest_oc(row: Row) -> None:
    """Nearest or farthest of all that one image shows."""
    answer, _ = check_extreme(row, row.views[0].position)
    if row.form == "select":
        check_box_options(row, [(None, 0, only_box(row, option)) for option in row.options.values()], answer)
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


def _named_box(row: Row, option: str) -> tuple[str, int, list[int]]:
    found = re.fullmatch(r"(.+): the (\w+) image, (\[.*\])", option)
    if not found or found[2] not in ORDINALS[: len(row.frames)]:
        row.wrong.append(f"option {option!r} names no image")
        raise Halt
    return found[1], ORDINALS.index(found[2]), only_box(row, found[3])


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


def far_or_near(row: Row) -> bool:
    """Return whether the farther one is asked for."""
    far = asks_for_far(row.question)
    if far is None:
        raise Unread(f"whether near or far is asked for: {row.question[:80]!r}")
    return far


def check_extreme(row: Row, eye: Floats) -> tuple[Thing, int]:
    """Nearest or farthest among all that is seen; return the answer's thing and the position of its image."""
    far, site = far_or_near(row), row.site
    box = row.one_box(row.right)
    position = image_said(row.right) if len(row.frames) > 1 else 0
    if position is None or position >= len(row.frames):
        row.wrong.append(f"no image in {row.right!r}")
        raise Halt
    frame = row.frames[position]
    fits = [t for t in row.boxed(box, frame) if site.lexicon.askable(t.label)]
    if not fits:
        row.involved.update(t for t in site.list if t.unsure and site.share(frame, t) > 0)
        row.wrong.append(f"no object has the box {box}")
        raise Halt
    row.involved.update(fits)
    # Of several with one box the best answer is taken: which of them is meant, nobody can tell.
    answer = (max if far else min)(fits, key=lambda t: math.dist(eye, t.center))
    row.need(math.dist(eye, answer.center) >= site.bounds.min_length_m - EDGE, "too near to be asked about")
    check_visible(row, frame, answer)
    check_rivals(row, answer, eye, -1 if far else 1)
    for f in row.frames:
        bare = site.look(f).unannotated
        row.need(bare <= site.bounds.max_unannotated + 0.01, f"frame {site.view(f).frame} is {bare:.0%} unannotated")
    if row.form == "sentence":
        row.need(re.search(rf"(?<!\w){re.escape(answer.label)}(?!\w)", row.answer), f"does not name {answer}")
        row.need(polarity(BOX.sub("", row.answer)) in (None, far), "the sentence turns the question round")
    return answer, position


def check_rivals(row: Row, answer: Thing, eye: Floats, sign: int) -> None:
    """Nothing that counts by the question's own words may come before the answer; sign is 1 if the nearest is asked."""
    site, reach, bounds = row.site, math.dist(eye, answer.center), row.site.bounds
    excluded, noise = site.lexicon.left_out(row.question), site.sight.noise
    for thing in site.list:
        kind = site.lexicon.part(thing.label)
        if thing is answer or kind in excluded or kind == SOME_DOOR or thing.unsure:
            continue
        other = math.dist(eye, thing.center)
        lead = sign * (other - reach)
        if lead >= max(bounds.compare_m, bounds.compare_oc_share * min(other, reach)) - EDGE:
            continue
        share = max(site.share(frame, thing) for frame in row.frames)
        if share >= bounds.seen_share * (1 + noise):
            # Parts of a kind that the words do not name.
            unnamed = kind not in (None, OTHER_DOOR)
            row.need(unnamed and lead >= 0, f"{thing} at {other:.3f} rivals {answer} at {reach:.3f}")
        elif bounds.glimpsed_share * (1 + 2 * noise) <= share < bounds.seen_share * (1 - noise):
            row.need(lead >= 0, f"{thing}, glimpsed ({share:.2%}), beats {answer}")
    for n in {n for frame in row.frames for n, share in site.look(frame).loose.items() if share >= LOOSE_SHARE}:
        other = math.dist(eye, site.sight.loose.middle_m[n])
        unknown = f"what nobody annotated, at {other:.3f}, beats {answer} at {reach:.3f}"
        row.need(sign * (other - reach) >= -0.05, unknown)


def check_candidates(row: Row, reference: Thing, candidates: Sequence[Thing], names: Sequence[str]) -> None:
    """The answer names the candidate that is nearest to, or farthest from, a reference; the others are clear of it."""
    far = far_or_near(row)
    reach = [math.dist(reference.center, c.center) for c in candidates]
    order = sorted(range(len(reach)), key=lambda i: -reach[i] if far else reach[i])
    first, second = sorted((reach[order[0]], reach[order[1]]))
    least = max(row.site.bounds.compare_m, row.site.bounds.compare_share * first)
    row.need(second - first >= least - EDGE, f"{first:.3f} is not clear of {second:.3f}")
    want = names[order[0]]
    if row.form == "sentence":
        row.need(want in row.answer, f"{row.answer!r} should name {want}")
        row.need(polarity(without_marks(row.answer)) in (None, far), "the sentence turns the question round")
        told = re.sub(r"^(Compared with|Of|Between) [^,]*, ", "", row.answer)  # now the winner stands before the loser
        first_named = min((n for n in names if n in told), key=told.index, default=None)
        row.need(first_named == want, f"names {first_named} as the winner")
    else:
        reaches = [round(r, 3) for r in reach]
        row.need(row.right == want, f"{row.answer} = {row.right}, is {want}; {reaches}")
    if row.form == "select":
        row.need(sorted(row.options.values()) == sorted(names), f"options {list(row.options.values())}")
