"""Where things are relative to an observer or to each other, before and after a move, and on a map."""

from __future__ import annotations

import re

from spargen.verify.asked import check_asked, printed, shown
from spargen.verify.body import Thing
from spargen.verify.directions import Eye, check_claim, check_relation, is_upright
from spargen.verify.row import Row


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
