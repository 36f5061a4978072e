"""What an annotated object is: its main body, its box, its gap to others. Worked out from the annotation itself."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from spargen.verify.plane import beyond, hull, least_rectangles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Box = tuple[Floats, tuple[float, float, float]]
"""Centre (3,), and length >= width and height."""
Rule = tuple[float, float, float, float]
"""Gap that links pieces, share of the area, metres outside the footprint, share of all strays together."""

SPACING_M = 0.025
"""Between the samples of a surface whose gaps are measured."""
MOST_STEPS, MOST_SAMPLES = 200, 1_000_000
"""Of them along a side of a face, and about how many of an object: a corner may lie far off, a mesh be in
millimetres."""
RULE: Rule = (0.10, 0.05, 0.30, 0.10)
OTHER_READINGS: tuple[Rule, ...] = ((0.08, 0.06, 0.25, 0.08), (0.13, 0.04, 0.35, 0.12))
"""The rule of the main body, more strictly and more leniently: where these disagree, so may two careful readers."""
APART_M = 0.4
"""With the gap that links, the gap between large parts from which on an object is doubtful."""
LARGE = 0.05
"""Share of the area of a large part."""
UPRIGHT_DEG = 10.0
"""A data set's own box that leans further from gravity is not used."""
HUGS_M = 0.03
"""How near each side of a box that was fitted to the surface is to the main body's outermost point."""
FAR_M = 0.2
"""Between pieces no wider gap is measured: no reading of the rule links what is so far apart."""
SAMPLES = 1500
"""Points spread over an object's surface."""
DIFFERS_M = 0.003
"""Boxes that differ by more are not the same."""


class Thing:
    """An annotated object: its main body, and the gravity-aligned box of least footprint around it.

    `doubtful` is None, and `unsure` set, where the rule of the main body hangs on how a threshold is measured. `ties`
    are boxes of the same least footprint.

    Parameters
    ----------
    number, label : as the data set has them.
    vertices_m : (P, 3) of the scene; points (p,) and faces (f, 3) those of them that bear the annotation.
    exempt : whether it is a part of the building, of which nothing is stray.
    own : the data set's own box, as centre, sides and axes; nan where it has none.
    fitted : whether that box was fitted to the surface; it is then used only where it is around the main body.
    """

    def __init__(
        self,
        number: int,
        label: str,
        vertices_m: Floats,
        points: Ints,
        faces: Ints,
        *,
        exempt: bool,
        own: tuple[Floats, Floats, Floats] | None = None,
        fitted: bool = False,
    ) -> None:
        self.id, self.label = number, label
        pieces = Pieces(vertices_m, points, faces, exempt)
        self.kept_points, self.kept_faces, doubt = pieces.read(RULE)
        others = [] if pieces.is_one else [pieces.read(rule) for rule in OTHER_READINGS]
        kept = vertices_m[points[self.kept_points]]
        given = None if fitted and own is not None and not hugs(own, kept) else own_box(own)
        boxes = [given] if given else _boxes(kept)
        (self.center, self.sides), *ties = boxes
        self.ties = [box for box in ties if self._differs(box)]
        around = [_boxes(vertices_m[points[p]])[0] for p, _, _ in others if (p != self.kept_points).any()]
        self.unsure = given is None and any(self._differs(box) for box in around)
        doubts = {doubt, *(d for _, _, d in others)}
        self.doubtful: bool | None = doubt if len(doubts) == 1 else None
        used, corner = np.unique(faces[self.kept_faces], return_inverse=True)
        self.vertices_m, self.faces = vertices_m[used], corner.reshape(-1, 3)
        self.points_m = kept

    def __repr__(self) -> str:
        return f"{self.label} {self.id}"

    def _differs(self, box: Box) -> bool:
        return _apart(box, (self.center, self.sides)) > DIFFERS_M

    @property
    def corners_m(self) -> Floats:
        """(f, 3, 3) corners of its faces."""
        return np.asarray(self.vertices_m[self.faces])

    @cached_property
    def tree(self) -> cKDTree:
        """Samples of its surface, to measure gaps with."""
        return cKDTree(np.concatenate([self.points_m, lattice(self.corners_m)[0]]))

    @cached_property
    def samples_m(self) -> Floats:
        """(n, 3) points spread evenly over its surface; none where it has no area."""
        return sprinkle(self.corners_m, SAMPLES, self.id)[0]

    @cached_property
    def bounds_m(self) -> tuple[Floats, Floats]:
        """Lowest and highest coordinates."""
        return self.points_m.min(axis=0), self.points_m.max(axis=0)

    def gap_m(self, other: Thing, most_m: float) -> float:
        """Return the metres between two surfaces, inf beyond `most_m`."""
        (low, high), (other_low, other_high) = self.bounds_m, other.bounds_m
        if max((low - other_high).max(), (other_low - high).max()) > most_m:
            return math.inf
        return float(self.tree.query(other.tree.data, distance_upper_bound=most_m)[0].min())


def _boxes(points_m: Floats) -> list[Box]:
    """Return the boxes of least footprint around points."""
    low, high = float(points_m[:, 2].min()), float(points_m[:, 2].max())
    return [
        (np.array([*r.center, (low + high) / 2]), (r.long_side, r.short_side, high - low))
        for r in least_rectangles(points_m[:, :2])
    ]


def _apart(one: Box, other: Box) -> float:
    sides = max(abs(a - b) for a, b in zip(one[1], other[1], strict=True))
    return max(float(np.abs(one[0] - other[0]).max()), sides)


def own_box(own: tuple[Floats, Floats, Floats] | None) -> Box | None:
    """Return a data set's own box where there is one that stands upright enough."""
    if own is None or not all(np.isfinite(part).all() for part in own):
        return None
    center, sides, R = own
    up = int(np.abs(R[2]).argmax())
    if math.degrees(math.acos(min(1.0, abs(float(R[2, up]))))) > UPRIGHT_DEG:
        return None
    flat = sorted((float(sides[i]) for i in range(3) if i != up), reverse=True)
    return center, (flat[0], flat[1], float(sides[up]))


def hugs(own: tuple[Floats, Floats, Floats], points_m: Floats) -> bool:
    """Tell whether each side of a box is where the outermost of points (P, 3) is on that side."""
    center, sides, R = own
    reach = np.stack([(points_m - center) @ R, (center - points_m) @ R]).max(axis=1)
    return bool((np.abs(reach - np.asarray(sides) / 2) <= HUGS_M).all())


class Pieces:
    """The pieces of an object that faces link, and the gaps between them; parameters as those of `Thing`."""

    def __init__(self, vertices_m: Floats, points: Ints, faces: Ints, exempt: bool) -> None:
        self.whole = np.ones(len(points), bool), np.ones(len(faces), bool)
        self.is_one = exempt
        if exempt:
            return
        corners = vertices_m[faces]
        # One place is one node, however often it stands there.
        used, again = np.unique(np.concatenate([points, faces.ravel()]), return_inverse=True)
        nodes, index = np.unique(np.round(vertices_m[used], 4), axis=0, return_inverse=True)
        index = index.ravel()[again]
        of_point, of_face = index[: len(points)], index[len(points) :].reshape(-1, 3)
        self.n, piece = _linked(len(nodes), of_face)
        self.of_point, self.of_face = piece[of_point], piece[of_face[:, 0]]
        self.is_one = self.n == 1
        if self.is_one:
            return
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
        self.area = np.bincount(self.of_face, area, self.n)
        samples, source = lattice(corners)
        samples, owner = np.concatenate([nodes, samples]), np.concatenate([piece, self.of_face[source]])
        order = np.argsort(owner, kind="stable")
        self.samples = np.split(samples[order], np.cumsum(np.bincount(owner, minlength=self.n))[:-1])
        self.gaps = gaps_m(self.samples)

    def read(self, rule: Rule) -> tuple[Bools, Bools, bool | None]:
        """Return which points and which faces belong to the main body, and whether the object is doubtful.

        None is for large parts that small ones lead between, as those of a pole do between a lamp's foot and shade.
        """
        if self.is_one:
            return *self.whole, False
        link, share, outside, most = rule
        count, group = connected_components(coo_matrix(self.gaps < link), directed=False)
        if count == 1:
            return *self.whole, False
        area = np.bincount(group, self.area, count) / max(1e-12, self.area.sum())
        samples = [np.concatenate([self.samples[i] for i in np.flatnonzero(group == g)]) for g in range(count)]
        main = int(area.argmax())
        base = hull(samples[main][:, :2])
        kept = np.array(
            [g == main or area[g] >= share or beyond(base, samples[g][:, :2]) <= outside for g in range(count)]
        )
        if area[~kept].sum() > most:  # strays in such numbers are none
            return *self.whole, True
        parts = [samples[g] for g in np.flatnonzero(kept)]
        apart = _parts_apart(parts, area[kept] >= LARGE, APART_M + link)
        return kept[group[self.of_point]], kept[group[self.of_face]], apart


def _linked(n: int, triangles: Ints) -> tuple[int, Ints]:
    """Number the groups of n nodes that triangles link."""
    a, b = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]]]).T
    links = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(n, n))
    count, group = connected_components(links, directed=False)
    return int(count), np.asarray(group, dtype=np.int64)


def _parts_apart(parts: list[Floats], large: Bools, most: float) -> bool | None:
    """Tell whether large parts are farther from each other than `most`; None if others lead between all of them."""
    if large.sum() < 2:
        return False
    trees = [cKDTree(part) for part in parts]
    near = np.array([[tree.query(part)[0].min() <= most for part in parts] for tree in trees])
    if connected_components(near[large][:, large], directed=False)[0] == 1:
        return False
    together = connected_components(near, directed=False)[1][large]
    return None if (together == together[0]).all() else True


def gaps_m(samples: list[Floats]) -> Floats:
    """Return the (n, n) metres between sets of samples (P, 3), inf beyond `FAR_M`; 0 on the diagonal."""
    result = np.full((len(samples),) * 2, np.inf)
    low, high = np.array([s.min(0) for s in samples]), np.array([s.max(0) for s in samples])
    for i in range(len(samples)):
        result[i, i] = 0
        near = ((low - high[i] < FAR_M) & (low[i] - high < FAR_M)).all(1)
        if near[:i].any():
            tree = cKDTree(samples[i])
            for j in np.flatnonzero(near[:i]).tolist():
                inside = ((samples[j] > low[i] - FAR_M) & (samples[j] < high[i] + FAR_M)).all(axis=1)
                result[i, j] = result[j, i] = _least(tree, samples[j][inside])
    return result


def _least(tree: cKDTree, points: Floats) -> float:
    """Return the least distance of points to a tree's, inf beyond `FAR_M`; some of them tell how far others look."""
    rough = float(tree.query(points[::10], distance_upper_bound=FAR_M)[0].min(initial=np.inf))
    return float(tree.query(points, distance_upper_bound=min(rough, FAR_M))[0].min(initial=rough))


def lattice(corners: Floats) -> tuple[Floats, Ints]:
    """Return samples of triangles (F, 3, 3), no more than `SPACING_M` apart, and the triangle of each.

    Triangles that are smaller than that have none but their corners, which are left out. On those whose sides are many
    metres long, and where there would be too many, they are farther apart.
    """
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1) if len(corners) else np.zeros(0)
    steps = np.ceil(longest / SPACING_M).clip(0, MOST_STEPS)
    steps = (steps * min(1.0, np.sqrt(MOST_SAMPLES / max(1.0, (steps**2 / 2).sum())))).astype(int)
    found, source = [np.zeros((0, 3))], [np.zeros(0, dtype=np.int64)]
    for n in np.unique(steps[steps > 1]).tolist():
        rows = np.flatnonzero(steps == n)
        i, j = (x.ravel() for x in np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"))
        i, j = i[i + j <= n] / n, j[i + j <= n] / n
        a, b, c = corners[rows].transpose(1, 0, 2)[:, :, None]
        found.append((a + i[None, :, None] * (b - a) + j[None, :, None] * (c - a)).reshape(-1, 3))
        source.append(np.repeat(rows, len(i)))
    return np.concatenate(found), np.concatenate(source)


def sprinkle(corners: Floats, count: int, seed: int = 0) -> tuple[Floats, Ints]:
    """Return points spread evenly over triangles (F, 3, 3), and the triangles that they lie on; none without area."""
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    if not area.sum() > 0:
        return np.zeros((0, 3)), np.zeros(0, dtype=np.int64)
    rng = np.random.default_rng(abs(seed))
    cumulated = np.cumsum(area)
    pick = np.searchsorted(cumulated, rng.random(count) * cumulated[-1], side="right").clip(0, len(corners) - 1)
    u, v = rng.random((2, count, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    a, b, c = corners[pick].transpose(1, 0, 2)
    return a + u * (b - a) + v * (c - a), pick
