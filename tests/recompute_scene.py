"""Raw ScanNet scans read with struct and numpy alone: cameras, boxes, directions, and what an image shows.

Nothing of spargen is imported. Rays (trimesh + embreex) serve only where an answer depends on what can be seen.
"""

from __future__ import annotations

import json
import math
import re
import struct
from functools import cache, cached_property
from pathlib import Path

import numpy as np

COLUMNS = 320  # width at which images are cast
RULES = Path(__file__).parents[1] / "configs" / "labels" / "default.yaml"
SEEN, GLIMPSED = 0.001, 0.0002


# ---------------------------------------------------------------------------------------------------------- cameras
class View:
    """A frame's camera. K counts pixel centres as integers on disk; here (0, 0) is the corner, hence + 0.5."""

    def __init__(self, frame, T, K, size):
        self.frame, self.T, self.size = frame, T, size
        self.fx, self.fy, self.cx, self.cy = K[0][0], K[1][1], K[0][2] + 0.5, K[1][2] + 0.5
        self.position = T[:3, 3]
        forward = T[:3, 2]
        self.heading = math.degrees(math.atan2(forward[1], forward[0]))  # counter-clockwise from world +X
        self.elevation = math.degrees(math.asin(max(-1.0, min(1.0, forward[2]))))
        tilt = math.degrees(math.asin(max(-1.0, min(1.0, T[2, 0]))))  # of camera X to the horizontal
        self.roll = tilt if T[2, 1] <= 0 else 180 - tilt  # upside down
        norm = math.hypot(forward[0], forward[1])
        self.ahead = np.array([forward[0] / norm, forward[1] / norm, 0.0])  # horizontal
        self.aside = np.array([self.ahead[1], -self.ahead[0], 0.0])  # horizontal, to the right

    def camera(self, point):
        """Right, down, forward of a world point."""
        d = point - self.position
        return [float(sum(self.T[i, axis] * d[i] for i in range(3))) for axis in range(3)]

    def thousandths(self, point):
        x, y, z = self.camera(point)
        return 1000 * (self.fx * x / z + self.cx) / self.size[0], 1000 * (self.fy * y / z + self.cy) / self.size[1]

    def distance(self, point):
        return math.dist(self.position, point)


# ------------------------------------------------------------------------------------------------ rounding and words
def tenths(value):
    """One decimal, half away from zero, no -0."""
    n = math.floor(abs(value) * 10 + 0.5) / 10
    return f"{math.copysign(n, value) if n else 0.0:.1f}"


def whole(value):
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


WORDS = {
    "lr": ("left", "", "right"),
    "ab": ("below", "", "above"),
    "fb": ("behind", "", "front"),
    "cf": ("closer", "", "farther"),
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


NEAR = (
    r"\b(closer|closest|close|nearer|nearest|near|shorter|shortest|smaller|smallest|lesser|least|less|lower|lowest|minimum"
    r"|sooner|inside|brighter)\b"
)
FAR = (
    r"\b(farther|farthest|far|longer|longest|greater|greatest|larger|largest|more|most|remotest|higher|highest|maximum"
    r"|later|outside|dimmer)\b"
)
NEUTRAL = (
    r"how far( away)?|equally far|as far as|(as|is) far away|near to far|beginning with the nearest|had to stay outside"
)


def polarity(sentence):
    """True = far, False = near, None = not said."""
    kept = re.sub(NEUTRAL, "", sentence)
    kept = re.sub(r"\b(less|least) (far|distant|remote)\b|not as far", "nearest", kept)
    near, far = bool(re.search(NEAR, kept)), bool(re.search(FAR, kept))
    if not near and not far:
        near, far = (
            bool(re.search(r"\bfirst\b(?! (of|image|camera|view))", kept)),
            bool(re.search(r"\b(second|last)\b", kept)),
        )
    if "Everything else" in kept:
        near, far = far, near
    return far if near != far else None


# ---------------------------------------------------------------------------------------------------------- objects
class Thing:
    """An annotated object with its gravity-aligned box of least footprint."""

    def __init__(self, number, label, points):
        self.id, self.label = number, label
        self.key = key(label)
        (cx, cy), long_side, short_side = least_rectangle(points[:, :2].astype(float))
        low, high = float(points[:, 2].min()), float(points[:, 2].max())
        self.center = np.array([cx, cy, (low + high) / 2])
        self.sides = (long_side, short_side, high - low)

    def __repr__(self):
        return f"{self.label}#{self.id}"


def hull(points):
    """Convex hull, counter-clockwise (monotone chain)."""
    points = [tuple(p) for p in np.unique(points, axis=0)]
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


def least_rectangle(points):
    """Centre and sides of the rectangle of least area, trying the direction of every hull edge."""
    corners = np.array(hull(points))
    best = None
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = math.dist(a, b)
        if length < 1e-9:
            continue
        u = (b - a) / length
        v = np.array([-u[1], u[0]])
        s, t = corners @ u, corners @ v
        du, dv = s.max() - s.min(), t.max() - t.min()
        if best is None or du * dv < best[0]:
            center = u * (s.max() + s.min()) / 2 + v * (t.max() + t.min()) / 2
            best = du * dv, center, max(du, dv), min(du, dv)
    return (best[1], best[2], best[3]) if best else (corners[0], 0.0, 0.0)


# ----------------------------------------------------------------------------------------------------------- labels
@cache
def rules():
    text = re.sub(r"#.*", "", RULES.read_text())
    lists = {}
    for name in ("structural", "meaningless", "uncountable"):
        body = re.search(rf"^{name}: \[(.*?)\]", text, re.S | re.M).group(1)
        lists[name] = {word.strip().strip('"') for word in body.replace("\n", " ").split(",")}
    groups = [[w.strip() for w in g.split(",")] for g in re.findall(r"^\s+- \[(.*?)\]", text, re.S | re.M)]
    body = re.search(r"^singular: \{(.*?)\}", text, re.S | re.M).group(1)
    singular = dict(pair.strip().split(": ") for pair in body.replace("\n", " ").split(","))
    return lists, groups, singular


def key(label):
    """Lower case, last word singular."""
    words = label.lower().replace("_", " ").split()
    singular = rules()[2]
    for word in words[-1:]:
        if word in singular:
            words[-1] = singular[word]
        elif re.search(r"[^aeiou]?ies$", word) and len(word) > 4:
            words[-1] = word[:-3] + "y"
        elif re.search(r"(ch|sh|ss|x|z)es$", word):
            words[-1] = word[:-2]
        elif re.search(r"[^sui]s$", word) and len(word) > 3:
            words[-1] = word[:-1]
    return " ".join(words)


def listed(label, name):
    return label.lower() in rules()[0][name] or key(label) in rules()[0][name]


def askable(label):
    return not listed(label, "structural") and not listed(label, "meaningless")


def countable(label):
    return askable(label) and not listed(label, "uncountable") and key(label) == label.lower()


@cache
def clash(a, b):
    """Whether two keys must not be told apart by name."""

    def groups(label):
        ends = [[label == key(w) or label.endswith(" " + key(w)) for w in g] for g in rules()[1]]
        return {i for i, hits in enumerate(ends) if any(hits)}

    return a.endswith(b) or b.endswith(a) or bool(groups(a) & groups(b))


# ------------------------------------------------------------------------------------------------------------- scan
class Scan:
    """One scan of the raw release, everything in the aligned world."""

    def __init__(self, root, scene):
        folder = next(p for p in (root / "scans" / scene, root / "scans_test" / scene, root / scene) if p.is_dir())
        self.id = scene
        A = read_alignment(folder / f"{scene}.txt")
        K, size, poses = read_sens(folder / f"{scene}.sens")
        self.size = size
        self.valid = [i for i, T in enumerate(poses) if rigid(T)]
        self.views = {i: View(i, A @ poses[i], K, size) for i in self.valid}
        vertices, self.faces = read_ply(folder / f"{scene}_vh_clean_2.ply")
        self.vertices = vertices @ A[:3, :3].T + A[:3, 3]
        owner, labels = read_annotation(folder, scene)
        self.things = {n: Thing(n, labels[n], self.vertices[owner == n]) for n in labels if (owner == n).any()}
        a, b, c = owner[self.faces].T
        self.face_owner = np.where((a == b) | (a == c), a, np.where(b == c, b, -1))

    # What an image shows, at COLUMNS columns.
    @cached_property
    def _caster(self):
        return caster(self.vertices, self.faces)

    @cache  # noqa: B019 - scans live as long as the program
    def picture(self, frame):
        """Object id of every pixel; -1 = not annotated, -2 = nothing there."""
        hit = cast(self._caster, self.views[frame])
        return np.where(hit < 0, -2, self.face_owner[hit]).astype(np.int32)

    @cache  # noqa: B019
    def shares(self, frame):
        """Share of the image by object id."""
        ids, counts = np.unique(self.picture(frame), return_counts=True)
        total = self.picture(frame).size
        return {int(i): n / total for i, n in zip(ids, counts, strict=True)}

    @cache  # noqa: B019
    def share(self, frame, thing):
        """Share of one object; counted at four times the pixels where it is near a threshold."""
        share = self.shares(frame).get(thing.id, 0.0)
        if not 0 < share < 1.5 * SEEN:
            return share
        hit = cast(self._caster, self.views[frame], 2 * COLUMNS)
        return float(((hit >= 0) & (self.face_owner[hit] == thing.id)).mean())

    def unannotated(self, frame):
        shares = self.shares(frame)
        return shares.get(-1, 0.0) / max(1e-9, 1 - shares.get(-2, 0.0))

    @cache  # noqa: B019
    def box(self, frame, number):
        """Tight box of an object's pixels in thousandths, None if it has none."""
        return tight_box(self.picture(frame) == number)

    @cache  # noqa: B019
    def fine_box(self, frame, number):
        """The same at four times the pixels, for thin parts that the coarse picture misses."""
        hit = cast(self._caster, self.views[frame], 2 * COLUMNS)
        return tight_box((hit >= 0) & (self.face_owner[hit] == number))

    @cache  # noqa: B019
    def _alone_caster(self, number):
        return caster(self.vertices, self.faces[self.face_owner == number])

    @cache  # noqa: B019
    def unoccluded(self, frame, number):
        """Pixels that an object has over pixels that it would have alone."""
        alone = int((cast(self._alone_caster(number), self.views[frame]) >= 0).sum())
        return int((self.picture(frame) == number).sum()) / max(1, alone)

    @cache  # noqa: B019
    def _samples(self, number):
        """Points spread evenly over an object's surface."""
        corners = self.vertices[self.faces[self.face_owner == number]]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        rng = np.random.default_rng(number)
        pick = rng.choice(len(corners), 4000, p=area / area.sum())
        u, v = rng.random((2, 4000, 1))
        u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
        a, b, c = corners[pick].transpose(1, 0, 2)
        return a + u * (b - a) + v * (c - a)

    @cache  # noqa: B019
    def in_frame(self, frame, number):
        """Share of an object's surface inside the frustum."""
        view = self.views[frame]
        x, y, z = ((self._samples(number) - view.position) @ view.T[:3, :3]).T
        z = np.where(z > 1e-6, z, np.nan)
        u, v = view.fx * x / z + view.cx, view.fy * y / z + view.cy
        return float(((u >= 0) & (u < view.size[0]) & (v >= 0) & (v < view.size[1])).mean())

    @cached_property
    def _spread(self):
        """Points spread evenly over the whole surface."""
        corners = self.vertices[self.faces]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        rng = np.random.default_rng(0)
        a, b, c = corners[rng.choice(len(corners), 40_000, p=area / area.sum())].transpose(1, 0, 2)
        u, v = rng.random((2, 40_000, 1))
        u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
        return a + u * (b - a) + v * (c - a)

    @cache  # noqa: B019
    def surface(self, frame):
        """Which of these points a view sees, by a ray to each of them.

        A ray to the very point needs no tolerance that grows with depth: 3 cm + 2 % would see through a wall of 12 cm.
        """
        view = self.views[frame]
        way = self._spread - view.position
        x, y, z = (way @ view.T[:3, :3]).T
        inside = z > 0.05
        u, v = view.fx * x[inside] / z[inside] + view.cx, view.fy * y[inside] / z[inside] + view.cy
        inside[inside] = (u >= 0) & (u < view.size[0]) & (v >= 0) & (v < view.size[1])
        way = way[inside]
        face = self._caster.intersects_first(np.broadcast_to(view.position, way.shape), way)
        a, b, c = self.vertices[self.faces[face]].transpose(1, 0, 2)
        normal = np.cross(b - a, c - a)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = ((a - view.position) * normal).sum(axis=1) / (way * normal).sum(axis=1)  # 1 = the point itself
        length = np.linalg.norm(way, axis=1)
        seen = np.zeros(len(inside), bool)
        seen[np.flatnonzero(inside)] = (face >= 0) & (np.abs(reach - 1) * length <= 0.03)
        return seen

    @cache  # noqa: B019
    def linked(self, a, b):
        """Whether two views overlap, and not too much.

        The bounds are 5 % and 90 %; 1 % and 94 % leave room for sampling, and for a tolerance this measure has not.
        """
        one, two = self.surface(a), self.surface(b)
        shared, low, high = (one & two).sum(), min(one.sum(), two.sum()), max(one.sum(), two.sum())
        return a != b and bool(shared >= 0.01 * low and shared <= 0.94 * high)

    @cached_property
    def floor_area(self):
        """Floor area in m2 after closings of 0.3, 0.5 and 1.0 m with holes filled."""
        labels = {n: t.label.lower() for n, t in self.things.items()}
        corners = self.vertices[self.faces[[labels.get(int(n)) == "floor" for n in self.face_owner]]][:, :, :2]
        return [raster_area(corners, radius) for radius in (0.3, 0.5, 1.0)] if len(corners) else None


def raster_area(triangles, closing, cell=0.05):
    pad = closing + 5 * cell
    low = triangles.min(axis=(0, 1)) - pad
    width, height = np.ceil((triangles.max(axis=(0, 1)) + pad - low) / cell).astype(int)
    filled = np.zeros((width, height), bool)
    for a, b, c in triangles:
        first = np.floor((np.min([a, b, c], axis=0) - low) / cell).astype(int)
        last = np.ceil((np.max([a, b, c], axis=0) - low) / cell).astype(int)
        i, j = np.meshgrid(np.arange(first[0], last[0] + 1), np.arange(first[1], last[1] + 1), indexing="ij")
        p = np.stack([(i + 0.5) * cell + low[0], (j + 0.5) * cell + low[1]], axis=-1)

        def side(s, e, p=p):
            return (e[0] - s[0]) * (p[..., 1] - s[1]) - (e[1] - s[1]) * (p[..., 0] - s[0])

        s = [side(a, b), side(b, c), side(c, a)]
        inside = np.all([x >= 0 for x in s], axis=0) | np.all([x <= 0 for x in s], axis=0)
        filled[i[inside], j[inside]] = True
    near = distance_to(filled) * cell <= closing
    closed = filled | (distance_to(~near) * cell > closing)
    return float((closed | holes(closed)).sum()) * cell * cell


def distance_to(mask):
    """Distance, in cells, of every cell to the nearest set one: exact, one axis at a time."""
    big = 1e6
    columns = np.where(mask, 0.0, big)
    for i in range(1, len(mask)):
        columns[i] = np.minimum(columns[i], columns[i - 1] + 1)
    for i in range(len(mask) - 2, -1, -1):
        columns[i] = np.minimum(columns[i], columns[i + 1] + 1)
    j = np.arange(mask.shape[1])
    return np.sqrt(np.stack([(columns[:, :] ** 2 + (j - k) ** 2).min(axis=1) for k in j], axis=1))


def holes(mask):
    """Cells that are not set and cannot be reached from the border."""
    outside = np.zeros_like(mask)
    queue = [(0, 0)]
    while queue:
        i, j = queue.pop()
        if 0 <= i < mask.shape[0] and 0 <= j < mask.shape[1] and not mask[i, j] and not outside[i, j]:
            outside[i, j] = True
            queue += [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
    return ~mask & ~outside


# ------------------------------------------------------------------------------------------------------------- rays
def caster(vertices, faces):
    from trimesh import Trimesh
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    return RayMeshIntersector(Trimesh(vertices, faces, process=False))


def tight_box(mask):
    """Sides of a mask in thousandths, None if it is empty."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return None
    h, w = mask.shape
    ends = ((columns.min(), w), (rows.min(), h), (columns.max() + 1, w), (rows.max() + 1, h))
    return [1000 * float(n) / m for n, m in ends]


def cast(rays, view, columns=COLUMNS):
    """Face hit by every pixel of a view, (rows, columns); -1 = none."""
    rows = round(columns * view.size[1] / view.size[0])
    v, u = np.meshgrid(
        (np.arange(rows) + 0.5) / rows * view.size[1],
        (np.arange(columns) + 0.5) / columns * view.size[0],
        indexing="ij",
    )
    d = np.stack([(u - view.cx) / view.fx, (v - view.cy) / view.fy, np.ones_like(u)], axis=-1).reshape(-1, 3)
    d = d @ view.T[:3, :3].T
    return rays.intersects_first(np.broadcast_to(view.position, d.shape), d).reshape(rows, columns)


# ------------------------------------------------------------------------------------------------------------ files
def read_alignment(path):
    found = re.search(r"^axisAlignment = (.*)$", path.read_text(), re.M)
    return np.array([float(n) for n in found.group(1).split()]).reshape(4, 4) if found else np.eye(4)


def rigid(T):
    R = T[:3, :3]
    return bool(np.isfinite(T).all() and np.abs(R.T @ R - np.eye(3)).max() < 1e-3 and np.linalg.det(R) > 0)


def read_sens(path):
    """Calibrated colour intrinsics, colour size and all poses."""
    with path.open("rb") as file:

        def take(layout):
            layout = "<" + layout
            return struct.unpack(layout, file.read(struct.calcsize(layout)))

        (version, name_length) = take("IQ")
        if version not in (3, 4):
            raise SystemExit(f"{path}: .sens version {version}")
        file.seek(name_length, 1)
        K = np.array(take("16f")).reshape(4, 4)
        file.seek(3 * 64, 1)
        _, _, width, height, _, _, _, frames = take("iiIIIIfQ")
        poses = []
        for _ in range(frames):
            pose, (_, _, color_bytes, depth_bytes) = take("16f"), take("4Q")
            poses.append(np.array(pose).reshape(4, 4))
            file.seek(color_bytes + depth_bytes, 1)
    return K, (width, height), poses


PLY_TYPES = {"char": "i1", "uchar": "u1", "short": "<i2", "ushort": "<u2", "int": "<i4", "uint": "<u4"}
PLY_TYPES |= {"float": "<f4", "double": "<f8", "uint8": "u1", "int32": "<i4", "float32": "<f4"}


def read_ply(path):
    data = path.read_bytes()
    head, _, body = data.partition(b"end_header\n")
    n_vertices = int(re.search(rb"element vertex (\d+)", head).group(1))
    n_faces = int(re.search(rb"element face (\d+)", head).group(1))
    vertex_part, face_part = head.split(b"element face")
    layout = np.dtype(
        [(n.decode(), PLY_TYPES[t.decode()]) for t, n in re.findall(rb"property (\w+) (\w+)", vertex_part)]
    )
    vertices = np.frombuffer(body, layout, n_vertices)
    if re.findall(rb"property (.*)", face_part) != [b"list uchar int vertex_indices"]:
        raise SystemExit(f"{path}: faces are more than vertex indices")
    faces = np.frombuffer(body, np.dtype([("n", "u1"), ("v", "<i4", 3)]), n_faces, layout.itemsize * n_vertices)
    if not (faces["n"] == 3).all():
        raise SystemExit(f"{path}: a face is no triangle")
    return np.stack([vertices[a].astype(float) for a in "xyz"], axis=1), faces["v"].copy()


def read_annotation(folder, scene):
    """Object id of every vertex (-1 = none), and labels by object id."""
    segments = json.loads((folder / f"{scene}_vh_clean_2.0.010000.segs.json").read_text())["segIndices"]
    groups = json.loads((folder / f"{scene}.aggregation.json").read_text())["segGroups"]
    owner_of_segment = {int(s): int(g["objectId"]) for g in groups for s in g["segments"]}
    owner = np.array([owner_of_segment.get(int(s), -1) for s in segments])
    return owner, {int(g["objectId"]): g["label"] for g in groups}
