"""What an annotated object is: its main body, its box, its gap to others. Nothing of spargen is imported."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from oracle.labels import key, part

SPACING = 0.025  # metres between the samples of a surface whose gaps are measured
# gap that links pieces, share of the area, metres outside, share of all strays: the rule as it stands, and both ways of
# reading it
RULE, STRICT, LENIENT = (0.10, 0.05, 0.30, 0.10), (0.08, 0.06, 0.25, 0.08), (0.13, 0.04, 0.35, 0.12)


class Thing:
    """An annotated object: the gravity-aligned box of least footprint around its main body.

    ``doubtful`` is None, and ``unsure`` set, where the rule of the main body hangs on how a threshold is measured.
    ``ties`` are boxes (center, sides) of the same least footprint.
    """

    def __init__(self, number, label, vertices, points, faces):
        """`points` and `faces` are the rows of `vertices` and of its triangles (F, 3) that bear the annotation."""
        self.id, self.label, self.key = number, label, key(label)
        pieces = Pieces(vertices, points, faces, exempt=part(label) not in (None, "furniture door", "several"))
        readings = [pieces.read(*rule) for rule in (RULE, STRICT, LENIENT)]
        self.kept_points, self.kept_faces, _ = readings[0]
        (self.center, self.sides), *ties = self._boxes(vertices[points[self.kept_points]])
        self.ties = [box for box in ties if self._differs(*box)]
        others = [self._boxes(vertices[points[p]])[0] for p, _, _ in readings[1:] if (p != self.kept_points).any()]
        self.unsure = any(self._differs(*box) for box in others)
        doubts = {doubt for _, _, doubt in readings}
        self.doubtful = doubts.pop() if len(doubts) == 1 else None
        self.points, self.corners = vertices[points[self.kept_points]], vertices[faces[self.kept_faces]]

    def __repr__(self):
        return f"{self.label}#{self.id}"

    def _differs(self, center, sides):
        return max(np.abs(center - self.center).max(), np.abs(np.subtract(sides, self.sides)).max()) > 0.003

    @staticmethod
    def _boxes(points):
        """Centre and sides of the boxes of least footprint."""
        low, high = float(points[:, 2].min()), float(points[:, 2].max())
        return [
            (np.array([*r.center, (low + high) / 2]), (r.long_side, r.short_side, high - low))
            for r in least_rectangles(points[:, :2])
        ]

    @property
    def tree(self):
        """Samples of the surface, to measure gaps with."""
        if not hasattr(self, "_tree"):
            self._tree = cKDTree(np.concatenate([self.points, spread(self.corners)]))
        return self._tree

    def gap(self, other, most=0.2):
        """Metres between two surfaces, inf beyond `most`."""
        if (self.points.min(0) - other.points.max(0)).max() > most or (
            (other.points.min(0) - self.points.max(0)).max() > most
        ):
            return math.inf
        return float(self.tree.query(other.tree.data, distance_upper_bound=most)[0].min())


class Pieces:
    """The pieces of an object that faces link, and the gaps between them."""

    def __init__(self, vertices, points, faces, exempt):
        self.exempt, corners = exempt, vertices[faces]
        places = vertices[
            np.concatenate([points, faces.ravel()])
        ]  # one place is one node, however often it stands there
        nodes, index = np.unique(np.round(places, 4), axis=0, return_inverse=True)
        of_point, of_face = index[: len(points)], index[len(points) :].reshape(-1, 3)
        a, b = np.concatenate([of_face[:, [0, 1]], of_face[:, [1, 2]]]).T
        n, piece = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(len(nodes),) * 2), directed=False)
        self.n, self.of_point, self.of_face = n, piece[of_point], piece[of_face[:, 0]] if len(faces) else of_face[:, 0]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
        self.area = np.bincount(self.of_face, area, n)
        if n == 1 or exempt:
            return
        samples, source = spread(corners, which=True)
        samples, owner = np.concatenate([nodes, samples]), np.concatenate([piece, self.of_face[source]])
        order = np.argsort(owner, kind="stable")
        self.samples = np.split(samples[order], np.cumsum(np.bincount(owner, minlength=n))[:-1])
        self.gaps = gaps(self.samples)

    def read(self, link, share, outside, most):
        """Which points and which faces belong to the main body, and whether the object is doubtful."""
        everything = np.ones(len(self.of_point), bool), np.ones(len(self.of_face), bool), False
        if self.n == 1 or self.exempt:
            return everything
        count, group = connected_components(coo_matrix(self.gaps < link), directed=False)
        area = np.bincount(group, self.area, count) / max(1e-12, self.area.sum())
        samples = [
            np.concatenate([s for s, g in zip(self.samples, group, strict=True) if g == i]) for i in range(count)
        ]
        main = int(area.argmax())
        base = hull(samples[main][:, :2])
        kept = np.array(
            [i == main or area[i] >= share or beyond(base, samples[i][:, :2]) <= outside for i in range(count)]
        )
        if area[~kept].sum() > most:  # strays in such numbers are none
            return everything[0], everything[1], True
        large = [i for i in range(count) if kept[i] and area[i] >= 0.05]
        trees = {i: cKDTree(samples[i]) for i in large} if len(large) > 1 else {}
        apart = [min(trees[j].query(samples[i])[0].min() for j in trees if j != i) > 0.4 + link for i in trees]
        return kept[group[self.of_point]], kept[group[self.of_face]], any(apart)


def gaps(samples, most=0.2):
    """(n, n) metres between sets of samples, inf beyond `most`; 0 on the diagonal."""
    result = np.full((len(samples),) * 2, np.inf)
    low, high = np.array([s.min(0) for s in samples]), np.array([s.max(0) for s in samples])
    for i in range(len(samples)):
        result[i, i] = 0
        near = ((low - high[i] < most) & (low[i] - high < most)).all(1)
        tree = cKDTree(samples[i]) if near[:i].any() else None
        for j in np.flatnonzero(near[:i]):
            result[i, j] = result[j, i] = tree.query(samples[j], distance_upper_bound=most)[0].min()
    return result


def spread(corners, spacing=SPACING, which=False):
    """Samples of triangles, no more than a spacing apart, as a lattice on each; `which` adds their triangles."""
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1) if len(corners) else np.zeros(0)
    steps = np.ceil(longest / spacing).astype(int)
    found, source = [np.zeros((0, 3))], [np.zeros(0, int)]
    for n in np.unique(steps[steps > 1]):
        rows = np.flatnonzero(steps == n)
        i, j = (x.ravel() for x in np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"))
        i, j = i[i + j <= n] / n, j[i + j <= n] / n
        a, b, c = corners[rows].transpose(1, 0, 2)[:, :, None]
        found.append((a + i[None, :, None] * (b - a) + j[None, :, None] * (c - a)).reshape(-1, 3))
        source.append(np.repeat(rows, len(i)))
    return (np.concatenate(found), np.concatenate(source)) if which else np.concatenate(found)


# ------------------------------------------------------------------------------------------------------ plane geometry
def hull(points):
    """Convex hull, counter-clockwise (monotone chain)."""
    points = [tuple(p) for p in np.unique(points.astype(float), axis=0).tolist()]
    if len(points) < 3:
        return points

    def half(sequence):
        chain = []
        for p in sequence:
            while len(chain) > 1 and (
                (chain[-1][0] - chain[-2][0]) * (p[1] - chain[-2][1])
                <= (chain[-1][1] - chain[-2][1]) * (p[0] - chain[-2][0])
            ):
                chain.pop()
            chain.append(p)
        return chain

    return half(points)[:-1] + half(points[::-1])[:-1]


def beyond(polygon, points):
    """Metres from a convex polygon to the nearest of some points; 0 where one lies inside."""
    start = np.array(polygon)
    edge = np.roll(start, -1, axis=0) - start
    way = points[:, None] - start
    if len(start) > 2 and (edge[:, 0] * way[..., 1] - edge[:, 1] * way[..., 0] >= 0).all(axis=1).any():
        return 0.0
    along = np.clip((way * edge).sum(-1) / np.maximum((edge**2).sum(-1), 1e-12), 0, 1)
    return float(np.linalg.norm(way - along[..., None] * edge, axis=-1).min())


class Rectangle(NamedTuple):
    center: np.ndarray
    long_side: float
    short_side: float
    corners: np.ndarray


def least_rectangles(points):
    """The rectangle of least area around points of the plane, and its equals to 0.01 %; one side is a hull edge."""
    around, found = np.array(hull(points)), []
    for a, b in zip(around, np.roll(around, -1, axis=0), strict=True):
        length = math.dist(a, b)
        if length < 1e-9:
            continue
        u = (b - a) / length
        v = np.array([-u[1], u[0]])
        (s, s_end), (t, t_end) = ((x.min(), x.max()) for x in (around @ u, around @ v))
        sides = s_end - s, t_end - t
        corners = np.array([u * x + v * y for x, y in ((s, t), (s_end, t), (s_end, t_end), (s, t_end))])
        found.append(Rectangle(u * (s + s_end) / 2 + v * (t + t_end) / 2, max(sides), min(sides), corners))
    found.sort(key=lambda r: r.long_side * r.short_side)
    least = found and 1.0001 * found[0].long_side * found[0].short_side
    return [r for r in found if r.long_side * r.short_side <= least] or [Rectangle(around[0], 0.0, 0.0, around)]
