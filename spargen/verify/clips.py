"""What a clip shows, where and in which order, how many of a kind, and how much of the floor."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

from spargen.verify.asked import check_apart, check_asked, faults, shown
from spargen.verify.ground import WIDEST_M, Ground, width_m
from spargen.verify.mesh_sight import MeshSight
from spargen.verify.row import Halt, Row, Unread


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
