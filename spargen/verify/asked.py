"""What may be asked about in an image, and what marks and options must be."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from spargen.verify.body import Thing
from spargen.verify.bounds import EDGE
from spargen.verify.row import Halt, Row
from spargen.verify.site import Site
from spargen.verify.words import BOX, boxes, numbers, tenths


def faults(site: Site, frame: int, thing: Thing, volume: bool = False) -> list[str]:
    """Say why a thing may not be asked about in an image: the thresholds, less a tolerance.

    `volume` : whether its size is asked, which wants more of it to be seen.
    """
    return list(site.memo(("faults", frame, thing.id, volume), lambda: _faults(site, frame, thing, volume)))


def _faults(site: Site, frame: int, thing: Thing, volume: bool) -> list[str]:
    view, share, bounds = site.view(frame), site.share(frame, thing), site.bounds
    least_free = bounds.volume_unoccluded if volume else site.sight.least_unoccluded
    least_inside = bounds.volume_in_frame if volume else bounds.min_in_frame
    box, found = site.box(frame, thing), []
    if share < bounds.seen_share * (1 - site.sight.noise):
        found.append(f"{thing} covers {share:.3%} of frame {view.frame}")
    if box is not None:
        short = min((box[2] - box[0]) / 1000, (box[3] - box[1]) / 1000 * view.size[1] / view.size[0])
        if short < bounds.min_short_side - 2.5 / 320:
            found.append(f"{thing} is {short:.2%} of the width")
        free, inside = site.unoccluded(frame, thing, least_free - 0.04), site.in_frame(frame, thing)
        if free < least_free - 0.04:
            found.append(f"{thing} is {free:.0%} unoccluded in frame {view.frame}")
        if inside < least_inside - 0.03:
            found.append(f"{thing} is {inside:.0%} inside frame {view.frame}")
    return found


def check_asked(row: Row, thing: Thing) -> None:
    """Nothing is asked about a part of the building, a door, what has no name, or what is doubtful."""
    row.involved.add(thing)
    row.wrong += row.site.memo(("asked", thing.id), lambda: _never_asked(row.site, thing))


def _never_asked(site: Site, thing: Thing) -> list[str]:
    found = []
    if not site.lexicon.askable(thing.label):
        found.append(f"{thing} may not be asked about ({site.lexicon.part(thing.label) or 'nameless'})")
    if thing.doubtful is True:
        found.append(f"{thing} is doubtful: its pieces lie apart")
    if (other := site.neighbour(thing)) is not None:
        found.append(f"{thing} touches {other}: perhaps two halves")
    return found


def check_visible(row: Row, frame: int, thing: Thing) -> None:
    """A thing may be asked about in an image."""
    check_asked(row, thing)
    row.wrong += faults(row.site, frame, thing, row.task == "spatial_volume_infer")


def shown(row: Row, thing: Thing) -> bool:
    """Tell whether a thing may be asked about in some frame of the clip."""
    return any(not faults(row.site, frame, thing) for frame in row.frames)


def check_marks(row: Row) -> None:
    """Marks show things that are visible; points show them and are not too close, boxes are not too large."""
    points: dict[int, list[tuple[float, float]]] = defaultdict(list)
    bounds = row.site.bounds
    widest = 1000 * bounds.max_box_share
    for position, thing in enumerate(row.things):
        frame = row.frames[row.image_of(position)]
        view, (at, _) = row.site.view(frame), row.mark(position)
        check_visible(row, frame, thing)
        row.need(all(isinstance(n, int) and 0 <= n <= 1000 for n in at), f"mark {at}")
        if row.kind == "point":
            points[frame].append((at[0] * view.size[0] / 1000, at[1] * view.size[1] / 1000))
            own, around = row.site.disc(frame, thing)
            row.need(own, f"the point of {thing} lies on something else in frame {view.frame}")
            row.need(
                around >= 0.9 * bounds.point_disc_share,
                f"{around:.0%} of the disc around the point show {thing} in frame {view.frame}",
            )
        else:
            row.need(at[0] < at[2] and at[1] < at[3], f"mark {at}")
            row.need(not (at[2] - at[0] > widest and at[3] - at[1] > widest), f"box {at} is most of the image")
    for frame, places in points.items():
        for a, b in combinations(places, 2):
            gap = math.dist(a, b) / row.site.view(frame).size[0]
            row.need(gap >= bounds.point_gap - 0.001, f"points {gap:.1%} of the width apart")


def check_frames_named(row: Row) -> None:
    """In a video question, the frame in the text is the image of the mark; a plug-in's need not say any."""
    for position in range(len(row.candidates)):
        name = row.mark(position)[1].removeprefix(r"\((in Frame-\d+, )?")
        name = rf"\(in Frame-(\d+), {name}" if row.is_listed else rf"\(in Frame-(\d+)(?:, Object\d)?\) {name}"
        found = re.findall(name, row.text + row.answer)
        right = {int(n) for n in found} == {row.image_of(position)} if found else row.is_own
        row.need(right, f"{name}: text says Frame-{found}")


# ------------------------------------------------------------------------------------------------------------ numbers
def printed(value: float) -> set[str]:
    """Return how a length may be printed: one text, or two where it lies on the edge."""
    return {tenths(value - EDGE), tenths(value + EDGE)}


def check_metres(row: Row, value: float, told: float | None = None) -> None:
    """A length is the answer, and the one told in the question is right, too."""
    row.need(value >= row.site.bounds.min_length_m - EDGE, f"{value:.3f} m is asked")
    in_question = numbers(row.question)
    told_right = not in_question if told is None else len(in_question) == 1 and in_question[0] in printed(told)
    row.need(told_right, f"told {in_question}, is {'nothing' if told is None else tenths(told)}")
    said = numbers(row.answer) if row.form == "sentence" else [row.right]
    if row.form == "sentence" and told is not None and len(said) == 2 and said[0] in printed(told):
        said = said[1:]
    row.need(len(said) == 1 and said[0] in printed(value), f"{row.answer!r} says {said}, is {value:.4f}")
    if row.form == "select":
        bounds = row.site.bounds
        check_apart(row, [float(o) for o in row.options.values()], bounds.option_gap_m, bounds.option_gap_share)


def check_apart(row: Row, values: Sequence[float], gap: float, share: float) -> None:
    """Numbers of options are clear of each other; they are printed, and the share is that of unrounded ones."""
    for a, b in combinations(values, 2):
        clear = abs(a - b) >= gap - 1e-9 and abs(a - b) + 0.1 >= share * min(a, b)
        row.need(clear, f"options {a} and {b} are too close")


# -------------------------------------------------------------------------------------------------------------- boxes
def only_box(row: Row, option: str) -> list[int]:
    """Return the corners of an option that is a box and nothing else."""
    if not BOX.fullmatch(option):
        row.wrong.append(f"option {option!r} is no box")
        raise Halt
    return boxes(option)[0]


def check_box_options(row: Row, options: Sequence[tuple[str | None, int, list[int]]], answer: Thing) -> None:
    """Options (label or None, position of the image, box) are other things visible there, told apart by boxes."""
    found = []
    for label, position, box in options:
        frame = row.frames[position]
        fits = row.boxed(box, frame, label)
        row.involved.update(fits)
        lexicon = row.site.lexicon
        fits = [t for t in fits if lexicon.askable(t.label) and t.doubtful is not True] or fits
        row.need(fits, f"option {box}: no {label or 'object'} of frame {row.site.view(frame).frame} has this box")
        if fits and answer not in fits:
            check_visible(row, frame, min(fits, key=lambda t, f=frame: len(faults(row.site, f, t))))  # type: ignore[misc]
        found.append({t.id for t in fits})
    single = [next(iter(ids)) for ids in found if len(ids) == 1]
    row.need(len(set(single)) == len(single), "two options are one object")
    for (_, i, a), (_, j, b) in combinations(options, 2):
        if i == j:
            check_boxes_apart(row, a, b)


def check_boxes_apart(row: Row, a: Sequence[int], b: Sequence[int]) -> None:
    """Two boxes overlap by less than half, and none holds most of the other."""
    w = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [max(1, (x[2] - x[0]) * (x[3] - x[1])) for x in (a, b)]
    union = sum(areas) - w * h
    row.need(w * h < row.site.bounds.option_box_iou * union, f"options {a} and {b} overlap by {w * h / union:.2f}")
    held = w * h / min(areas)
    row.need(held < row.site.bounds.option_box_held + 0.01, f"of options {a} and {b} one holds {held:.0%} of the other")
