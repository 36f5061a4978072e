"""What an annotator makes of a scan: patches of wall, things left out, one split, two merged, a word misspelt."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from spargen.demo.house import STRUCTURAL, House
from spargen.demo.scan import Draft
from spargen.demo.vocabulary import MISSPELT
from spargen.geometry.boxes import gravity_box

Rng = np.random.Generator

_HARDLY_SEEN = 60
"""Things with fewer hits than this are left out."""
_SMALL_SHARE = 0.005
"""Things of one label may be left out together if no more than this share of all hits is on them."""
_UNANNOTATED = (0.18, 0.21)


def annotate(draft: Draft, house: House, hits: NDArray[np.int64], rng: Rng) -> None:
    """Turn the perfect annotation of a scan into a person's; `hits` (F,) says how well each face was seen."""
    _patch(draft, house, rng)
    _leave_out(draft, house, hits, rng)
    _split(draft, house, rng)
    _merge(draft, house)
    _mislabel(draft, house, rng)


def _patch(draft: Draft, house: House, rng: Rng) -> None:
    """Cut walls, floors and ceilings into segments of about a square metre."""
    number = int(draft.segment.max()) + 1
    area = house.per_object(house.areas_m2)
    for thing in house.of_kind("wall", "floor", "ceiling"):
        own = np.flatnonzero(house.vertex_object == thing)
        p = draft.vertices_m[own]
        seeds = p[rng.choice(len(p), min(len(p), int(area[thing]) + 1), replace=False)]
        draft.segment[own] = number + ((p[:, None] - seeds) ** 2).sum(-1).argmin(1)
        number += len(seeds)


def _leave_out(draft: Draft, house: House, hits: NDArray[np.int64], rng: Rng) -> None:
    """Unannotate what was hardly seen, then small things and patches of wall until it is about a fifth.

    All things of one label are left out together: what is left of the others can be counted.
    """
    used = np.zeros(len(draft.vertices_m), dtype=bool)
    used[draft.faces] = True
    seen = house.per_object(hits)
    building = np.isin(np.arange(len(seen)), house.of_kind(*STRUCTURAL))
    draft.group[np.isin(draft.group, np.flatnonzero((seen < _HARDLY_SEEN) & ~building))] = -1
    label = np.where(building, "", house.labels)
    words = [w for w in np.unique(label[~building]) if seen[label == w].sum() < _SMALL_SHARE * hits.sum()]
    units = [np.isin(draft.group, np.flatnonzero(label == w)) for w in words]
    patches = rng.permutation(np.unique(draft.segment[np.isin(draft.group, house.of_kind("wall", "ceiling"))]))
    units += [draft.segment == s for s in patches]
    first = len(words) + len(patches) // 12
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
    """Annotate two neighbours of one label as one thing: two that stand over half a metre apart, if there are such."""
    present = [i for i in intact_things(draft, house) if house.kinds[i] not in (*STRUCTURAL, "door")]
    trees = {i: cKDTree(draft.vertices_m[draft.group == i]) for i in present}
    pairs = [(a, b) for a in present for b in present if a < b and house.labels[a] == house.labels[b]]
    near = [(float(trees[a].query(trees[b].data)[0].min()), a, b) for a, b in pairs if house.room[a] == house.room[b]]
    if near:
        _, a, b = min(near, key=lambda found: (found[0] <= 0.5, found[0]))
        draft.group[draft.group == b] = a
        draft.things[a] = (a, b)


def _mislabel(draft: Draft, house: House, rng: Rng) -> None:
    """Call one or two small things "object", and misspell one of two equal labels."""
    things = [i for i in intact_things(draft, house) if house.kinds[i] not in STRUCTURAL]
    small = sorted(things, key=lambda i: float(np.ptp(draft.vertices_m[draft.group == i], axis=0).max()))[:8]
    for i in rng.permutation(small)[: int(rng.integers(1, 3))]:
        draft.labels[i] = "object"
    words = Counter(draft.labels[i] for i in things)
    twice = [i for i in things if draft.labels[i] in MISSPELT and words[draft.labels[i]] > 1]
    if twice:
        i = twice[int(rng.integers(len(twice)))]
        draft.labels[i] = MISSPELT[draft.labels[i]]


def intact_things(draft: Draft, house: House) -> list[int]:
    """Return the objects of the house that are annotated as they are: wholly, and alone."""
    split = {thing for thing, *_ in draft.things[len(house.labels) :]}
    used = np.unique(draft.group[draft.faces])
    return [int(i) for i in used if 0 <= i < len(house.labels) and draft.things[i] == (i,) and i not in split]
