"""What an annotator makes of a scan: patches of wall, things left out, one split, two merged, a word misspelt."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from spargen.demo.house import STRUCTURAL, House
from spargen.demo.scan import Draft
from spargen.demo.vocabulary import MISSPELT, kin_of, stays_alike
from spargen.geometry.boxes import gravity_box
from spargen.geometry.surface import triangle_areas_m2

Ints = NDArray[np.int64]
Rng = np.random.Generator

_HARDLY_SEEN = 60
"""Small things with fewer hits than this are left out, and their kin with them."""
_SMALL_SHARE = 0.005
"""Kin may be left out together if no more than this share of all hits is on them."""
_UNANNOTATED = (0.18, 0.21)
_APART_M = 0.65
"""Vertices of merged things are at least this far apart: no box around them passes for that of one thing."""
_LEAST_SHARE = 0.15
"""Of two things that are merged, the smaller has at least this share of their area: it is no stray piece."""


def annotate(draft: Draft, house: House, hits: Ints, rng: Rng) -> None:
    """Turn the perfect annotation of a scan into a person's; `hits` (F,) says how well each face was seen.

    A person errs, but what images show of a kind is counted as the eye counts it, or cannot be counted at all: of kin,
    all have their labels or none has; what was split touches; what was merged stands apart; a misspelt word is joined
    with all that the right one is joined with.
    """
    kin = kin_of(house.kinds, house.labels)
    _patch(draft, house, rng)
    _leave_out(draft, house, hits, kin, rng)
    _split(draft, house, rng)
    _merge(draft, house)
    _rename(draft, house, kin, rng)
    _misspell(draft, house, rng)


def _patch(draft: Draft, house: House, rng: Rng) -> None:
    """Cut walls, floors and ceilings into segments of about a square metre."""
    number = int(draft.segment.max()) + 1
    area = np.bincount(draft.face_group + 1, triangle_areas_m2(draft.vertices_m, draft.faces))[1:]
    for thing in house.of_kind("wall", "floor", "ceiling"):
        own = np.flatnonzero(house.vertex_object == thing)
        p = draft.vertices_m[own]
        seeds = p[rng.choice(len(p), min(len(p), int(area[thing]) + 1), replace=False)]
        draft.segment[own] = number + ((p[:, None] - seeds) ** 2).sum(-1).argmin(1)
        number += len(seeds)


def _leave_out(draft: Draft, house: House, hits: Ints, kin: Ints, rng: Rng) -> None:
    """Unannotate small things that were hardly seen, then small things and patches of wall until it is about a fifth.

    All kin (N,) are left out together: what is left can be counted.
    """
    used = np.zeros(len(draft.vertices_m), dtype=bool)
    used[draft.faces] = True
    seen = house.per_object(hits)
    kin = np.where(np.isin(np.arange(len(seen)), house.of_kind(*STRUCTURAL)), -1, kin)
    small = [k for k in np.unique(kin[kin >= 0]) if seen[kin == k].sum() < _SMALL_SHARE * hits.sum()]
    hardly = [k for k in small if ((kin == k) & (seen > 0) & (seen < _HARDLY_SEEN)).any()]
    draft.group[np.isin(draft.group, np.flatnonzero(np.isin(kin, hardly)))] = -1
    units = [np.isin(draft.group, np.flatnonzero(kin == k)) for k in small]
    patches = rng.permutation(np.unique(draft.segment[np.isin(draft.group, house.of_kind("wall", "ceiling"))]))
    units += [draft.segment == s for s in patches]
    first = len(small) + len(patches) // 12
    wanted = rng.uniform(*_UNANNOTATED)
    for i in (*rng.permutation(first), *range(first, len(units))):
        share = ((draft.group < 0) & used).sum() / used.sum()
        more = (units[i] & used & (draft.group >= 0)).sum() / used.sum()
        if share >= wanted:
            break
        if share + more < _UNANNOTATED[1] + 0.02:
            draft.group[units[i]] = -1


def _split(draft: Draft, house: House, rng: Rng) -> None:
    """Annotate one long thing as two that touch: a bookshelf, if there is one."""
    for kinds in (("bookshelf", "shelf"), ("wardrobe", "couch", "cabinet", "kitchen cabinet", "bed")):
        present = [int(i) for i in house.of_kind(*kinds) if (draft.face_group == i).sum() > 20]
        if present:
            thing = present[int(rng.integers(len(present)))]
            center, extent, R = gravity_box(house.vertices_m[house.vertex_object == thing])
            middle = (draft.vertices_m[draft.faces].mean(1) - center) @ R[:, int(extent[:2].argmax())]
            draft.labels.append(draft.labels[thing])
            draft.things.append((thing,))
            draft.cut((draft.face_group == thing) & (middle > 0), len(draft.labels) - 1)
            return


def _merge(draft: Draft, house: House) -> None:
    """Annotate two neighbours of one label as one thing: the nearest two of a room that stand apart, if any do."""
    present = [i for i in intact_things(draft, house) if house.kinds[i] not in (*STRUCTURAL, "door")]
    trees = {i: cKDTree(draft.vertices_m[draft.group == i]) for i in present}
    area = np.bincount(draft.face_group + 1, triangle_areas_m2(draft.vertices_m, draft.faces))[1:]
    apart = []
    for a, b in combinations(present, 2):
        alike = house.labels[a] == house.labels[b] and house.room[a] == house.room[b]
        if alike and min(area[a], area[b]) >= _LEAST_SHARE * (area[a] + area[b]):
            gap_m = float(trees[a].query(trees[b].data)[0].min())
            apart += [(gap_m, a, b)] if gap_m > _APART_M else []
    if apart:
        _, a, b = min(apart)
        draft.group[draft.group == b] = a
        draft.things[a] = (a, b)


def _rename(draft: Draft, house: House, kin: Ints, rng: Rng) -> None:
    """Call one or two small things "object" that have no kin (N,) in the scan."""
    shown = [i for g in np.unique(draft.group[draft.faces]) if g >= 0 for i in draft.things[g]]
    alone = [i for i in _furnishings(draft, house) if (kin[shown] == kin[i]).sum() == 1]
    small = sorted(alone, key=lambda i: float(np.ptp(draft.vertices_m[draft.group == i], axis=0).max()))[:4]
    for i in rng.permutation(small)[: int(rng.integers(1, 3))]:
        draft.labels[i] = "object"


def _misspell(draft: Draft, house: House, rng: Rng) -> None:
    """Misspell one of two equal labels, so that it is still joined with all that it was joined with."""
    words = [draft.labels[i] for i in np.unique(draft.group[draft.faces]) if i >= 0]
    things = [i for i in _furnishings(draft, house) if words.count(draft.labels[i]) > 1]
    twice = [i for i in things if draft.labels[i] in MISSPELT and stays_alike(draft.labels[i], words)]
    if twice:
        i = twice[int(rng.integers(len(twice)))]
        draft.labels[i] = MISSPELT[draft.labels[i]]


def _furnishings(draft: Draft, house: House) -> list[int]:
    """Return the intact things that are no part of the building."""
    return [i for i in intact_things(draft, house) if house.kinds[i] not in STRUCTURAL]


def intact_things(draft: Draft, house: House) -> list[int]:
    """Return the objects of the house that are annotated as they are: wholly, and alone."""
    split = {thing for thing, *_ in draft.things[len(house.labels) :]}
    used = np.unique(draft.group[draft.faces])
    return [int(i) for i in used if 0 <= i < len(house.labels) and draft.things[i] == (i,) and i not in split]
