"""Scans in the aligned world: cameras, objects, and what an image shows. Nothing of spargen is imported.

Rays (embreex) serve only where an answer depends on what can be seen.
"""

from __future__ import annotations

import math
from functools import cache, cached_property

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from oracle.body import Thing, least_rectangles
from oracle.files import read_alignment, read_annotation, read_frames, read_ply, scan_folder

COLUMNS = 320  # width at which images are cast
FINE = 640  # and where the coarse one leaves it open
SEEN, GLIMPSED = 0.001, 0.0002
DISC = np.array([(x, y) for x in np.linspace(-1, 1, 17) for y in np.linspace(-1, 1, 17) if x * x + y * y <= 1])


# ---------------------------------------------------------------------------------------------------------- cameras
class View:
    """A frame's camera. K counts pixel centres as integers on disk; here (0, 0) is the corner, hence + 0.5."""

    def __init__(self, frame, T, K, size):
        self.frame, self.T, self.size = frame, T.copy(), size
        if np.abs(T[:3, :3].T @ T[:3, :3] - np.eye(3)).max() > 1e-5:  # printed with few digits: the nearest rotation
            u, _, v = np.linalg.svd(T[:3, :3])
            self.T[:3, :3] = u @ v
        self.fx, self.fy, self.cx, self.cy = K[0][0], K[1][1], K[0][2] + 0.5, K[1][2] + 0.5
        self.position = self.T[:3, 3]
        forward = self.T[:3, 2]
        self.heading = math.degrees(math.atan2(forward[1], forward[0]))  # counter-clockwise from world +X
        self.elevation = math.degrees(math.asin(max(-1.0, min(1.0, forward[2]))))
        tilt = math.degrees(math.asin(max(-1.0, min(1.0, self.T[2, 0]))))  # of camera X to the horizontal
        self.roll = tilt if self.T[2, 1] <= 0 else 180 - tilt  # upside down
        norm = math.hypot(forward[0], forward[1])
        self.ahead = np.array([forward[0] / norm, forward[1] / norm, 0.0])  # horizontal
        self.aside = np.array([self.ahead[1], -self.ahead[0], 0.0])  # horizontal, to the right

    def camera(self, points):
        """Right, down, forward of world points."""
        return (points - self.position) @ self.T[:3, :3]

    def pixels(self, points):
        """(n, 2) pixels and (n,) depths of world points; nan behind the camera."""
        x, y, z = self.camera(points).T
        z = np.where(z > 1e-6, z, np.nan)
        return np.stack([self.fx * x / z + self.cx, self.fy * y / z + self.cy], axis=1), z

    def thousandths(self, point):
        x, y, z = (float(n) for n in self.camera(point))
        return 1000 * (self.fx * x / z + self.cx) / self.size[0], 1000 * (self.fy * y / z + self.cy) / self.size[1]

    def inside(self, pixels):
        u, v = pixels.T
        return (u >= 0) & (u < self.size[0]) & (v >= 0) & (v < self.size[1])

    def distance(self, point):
        return math.dist(self.position, point)

    def directions(self, pixels):
        """World directions whose camera Z is 1."""
        u, v = pixels.T
        d = np.stack([(u - self.cx) / self.fx, (v - self.cy) / self.fy, np.ones_like(u)], axis=1)
        return d @ self.T[:3, :3].T


def lattice(size, columns, window=None):
    """Pixels at the centres of a coarse picture's cells, and its shape; `window` cuts it (rows, columns)."""
    rows = round(columns * size[1] / size[0])
    (top, bottom), (left, right) = window or ((0, rows), (0, columns))
    v, u = np.meshgrid(
        (np.arange(top, bottom) + 0.5) / rows * size[1],
        (np.arange(left, right) + 0.5) / columns * size[0],
        indexing="ij",
    )
    return np.stack([u.ravel(), v.ravel()], axis=1), u.shape


def rigid(T):
    R = T[:3, :3]
    return bool(np.isfinite(T).all() and np.abs(R.T @ R - np.eye(3)).max() < 5e-3 and np.linalg.det(R) > 0)


class Rays:
    """First hits on a mesh."""

    def __init__(self, vertices, faces):
        self.scene = EmbreeScene()
        self.mesh = TriangleMesh(self.scene, vertices.astype(np.float32), faces.astype(np.int32))

    def first(self, origin, directions):
        """(n,) face that each ray hits, -1 = none."""
        if not len(directions):
            return np.zeros(0, int)
        origins = np.broadcast_to(origin, directions.shape).astype(np.float32)
        return self.scene.run(origins, directions.astype(np.float32))

    def picture(self, view, columns=COLUMNS, window=None):
        """Face hit by every pixel of a view, (rows, columns); -1 = none."""
        pixels, shape = lattice(view.size, columns, window)
        return self.first(view.position, view.directions(pixels)).reshape(shape)


def tight_box(mask):
    """Sides of a mask in thousandths, None if it is empty."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    h, w = mask.shape
    ends = ((columns[0], w), (rows[0], h), (columns[-1] + 1, w), (rows[-1] + 1, h))
    return [1000 * float(n) / m for n, m in ends]


def sprinkle(corners, count, seed=0):
    """Points spread evenly over triangles, and the triangles that they lie on."""
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    rng = np.random.default_rng(seed)
    pick = rng.choice(len(corners), count, p=area / area.sum())
    u, v = rng.random((2, count, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    a, b, c = corners[pick].transpose(1, 0, 2)
    return a + u * (b - a) + v * (c - a), pick


# ------------------------------------------------------------------------------------------------------------- scan
class Scan:
    """A scan in the aligned world, moved to the middle of the mesh.

    `views` by frame number, `owner` the object id of every vertex (-1 = none), `labels` by object id.
    """

    def __init__(self, scene, size, views, vertices, faces, owner, labels):
        self.id, self.size, self.views, self.valid = scene, size, views, list(views)
        self.vertices, self.faces = vertices, faces
        a, b, c = owner[self.faces].T
        self.face_owner = np.where((a == b) | (a == c), a, np.where(b == c, b, -1))
        self.things = {}
        for n, label in labels.items():
            points, faces = np.flatnonzero(owner == n), np.flatnonzero(self.face_owner == n)
            if len(points):
                thing = self.things[n] = Thing(n, label, self.vertices, points, self.faces[faces])
                self.face_owner[faces[~thing.kept_faces]] = -1  # stray pieces are not the object
        self.owner_of_hit = np.append(self.face_owner, -2).astype(np.int32)  # a ray that hits nothing has face -1

    @classmethod
    def read(cls, root, scene):
        """Read a scan of the raw release."""
        folder = scan_folder(root, scene)
        A = read_alignment(folder / f"{scene}.txt")
        K, size, poses = read_frames(folder, scene)
        vertices, faces = read_ply(folder / f"{scene}_vh_clean_2.ply")
        vertices = vertices @ A[:3, :3].T + A[:3, 3]
        middle = np.median(vertices, axis=0)
        A[:3, 3] -= middle
        views = {i: View(i, A @ T, K, size) for i, T in poses.items() if rigid(T)}
        return cls(scene, size, views, vertices - middle, faces, *read_annotation(folder, scene))

    @cached_property
    def loose(self):
        """Compact pieces of surface that nobody annotated: number of each face's, and their middles by number."""
        bare = np.flatnonzero(self.face_owner < 0)
        _, node = np.unique(np.round(self.vertices, 3), axis=0, return_inverse=True)
        a, b, c = node.ravel()[self.faces[bare]].T
        pairs = np.concatenate([a, b]), np.concatenate([b, c])
        links = coo_matrix((np.ones(2 * len(bare)), pairs), shape=(node.max() + 1,) * 2)
        number = np.full(len(self.faces) + 1, -1)
        number[bare] = connected_components(links, directed=False)[1][a]
        middles = {}
        for n in np.unique(number[bare]):
            points = self.corners[number[:-1] == n].reshape(-1, 3)
            r = least_rectangles(points[:, :2])[0]
            low, high = points[:, 2].min(), points[:, 2].max()
            if min(r.short_side, high - low) >= 0.12 and max(r.long_side, high - low) <= 2.4:
                middles[int(n)] = np.array([*r.center, (low + high) / 2])
        return number, middles

    @cache  # noqa: B019
    def loose_shares(self, frame):
        """Share of the image by number of such a piece."""
        numbers, counts = np.unique(self.loose[0][self.faces_hit(frame)], return_counts=True)
        total = self.faces_hit(frame).size
        return {int(n): c / total for n, c in zip(numbers, counts, strict=True) if int(n) in self.loose[1]}

    # What an image shows, at COLUMNS columns.
    @cached_property
    def rays(self):
        return Rays(self.vertices, self.faces)

    @cached_property
    def corners(self):
        return self.vertices[self.faces]

    @cache  # noqa: B019 - scans live as long as the program
    def faces_hit(self, frame):
        return self.rays.picture(self.views[frame])

    @cache  # noqa: B019
    def picture(self, frame):
        """Object id of every pixel; -1 = not annotated, -2 = nothing there."""
        return self.owner_of_hit[self.faces_hit(frame)]

    @cache  # noqa: B019
    def fine_picture(self, frame):
        return self.owner_of_hit[self.rays.picture(self.views[frame], FINE)].astype(np.int16)

    @cache  # noqa: B019
    def shares(self, frame, fine=False):
        """Share of the image by object id."""
        picture = self.fine_picture(frame) if fine else self.picture(frame)
        ids, counts = np.unique(picture, return_counts=True)
        return {int(i): n / picture.size for i, n in zip(ids, counts, strict=True)}

    def share(self, frame, thing):
        """Share of one object; counted at four times the pixels where it is near a threshold."""
        share = self.shares(frame).get(thing.id, 0.0)
        return share if share == 0 or share >= 1.5 * SEEN else self.shares(frame, fine=True).get(thing.id, 0.0)

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
        return tight_box(self.fine_picture(frame) == number)

    @cache  # noqa: B019
    def _alone(self, number):
        return Rays(self.vertices, self.faces[self.face_owner == number])

    @cache  # noqa: B019
    def unoccluded(self, frame, number):
        """Pixels that an object has over pixels that it would have alone."""
        view, picture = self.views[frame], self.picture(frame)
        pixels, _ = view.pixels(self.things[number].points)
        window = None
        if np.isfinite(pixels).all():
            step = view.size[0] / COLUMNS
            low, high = np.floor(pixels.min(0) / step).astype(int) - 1, np.ceil(pixels.max(0) / step).astype(int) + 1
            rows, columns = picture.shape
            window = (max(0, low[1]), min(rows, high[1])), (max(0, low[0]), min(columns, high[0]))
        alone = int((self._alone(number).picture(view, COLUMNS, window) >= 0).sum())
        return int((picture == number).sum()) / max(1, alone)

    @cache  # noqa: B019
    def in_frame(self, frame, number):
        """Share of an object's surface inside the frustum."""
        view = self.views[frame]
        return float(view.inside(view.pixels(self.samples(number))[0]).mean())

    @cache  # noqa: B019
    def samples(self, number):
        return sprinkle(self.things[number].corners, 4000, number)[0]

    @cache  # noqa: B019
    def disc(self, frame, number):
        """Whether the pixel of an object's centre shows it, and what part of the disc around it."""
        view = self.views[frame]
        (pixel,), _ = view.pixels(self.things[number].center[None])
        own = np.floor(pixel) + np.array([(0.5, 0.5), (0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)])
        around = pixel + DISC * 0.015 * view.size[0]
        around = around[view.inside(around)]
        own, around = (
            self.owner_of_hit[self.rays.first(view.position, view.directions(p))] == number for p in (own, around)
        )
        return bool(own.any()), float(around.mean()) if len(around) else 0.0

    @cache  # noqa: B019
    def median_depth(self, frame):
        """Median camera Z of what an image shows, met by the rays."""
        view, faces = self.views[frame], self.faces_hit(frame).ravel()
        hit = np.flatnonzero(faces >= 0)[::7]
        directions = view.directions(lattice(view.size, COLUMNS)[0][hit])  # camera Z 1, so reach is the depth
        return float(np.median(self.reach(faces[hit], view.position, directions))) if len(hit) else 0.0

    def reach(self, faces, origin, directions):
        """How many times its direction a ray goes until the plane of a face."""
        a, b, c = self.corners[faces].transpose(1, 0, 2)
        normal = np.cross(b - a, c - a)
        with np.errstate(divide="ignore", invalid="ignore"):
            return ((a - origin) * normal).sum(axis=1) / (directions * normal).sum(axis=1)

    def sees(self, view, points):
        """(n,) whether a view sees each of some points of the surface, by a ray to each of them.

        A ray to the very point needs no tolerance that grows with depth: 3 cm + 2 % would see through a wall of 12 cm.
        """
        pixels, depth = view.pixels(points)
        near = np.flatnonzero((depth > 0.05) & view.inside(pixels))
        way = points[near] - view.position
        face = self.rays.first(view.position, way)
        length = np.linalg.norm(way, axis=1)
        seen = np.zeros(len(points), bool)
        seen[near] = (face >= 0) & (np.abs(self.reach(face, view.position, way) - 1) * length <= 0.03)
        return seen

    @cached_property
    def _spread(self):
        """Points spread evenly over the whole surface, and the normals there."""
        points, face = sprinkle(self.corners, 40_000)
        a, b, c = self.corners[face].transpose(1, 0, 2)
        return points, np.cross(b - a, c - a)

    @cache  # noqa: B019
    def surface(self, frame):
        """Which of these points a view sees: 1 from the front of their face, -1 from its back, 0 not at all."""
        points, normal = self._spread
        view = self.views[frame]
        side = np.where(((view.position - points) * normal).sum(axis=1) > 0, 1, -1)
        return (side * self.sees(view, points)).astype(np.int8)

    @cache  # noqa: B019
    def linked(self, a, b):
        """Whether two views overlap, and not too much; what they see from two sides, they do not share.

        The bounds are 5 % and 90 %; 1 % and 94 % leave room for sampling, and for a tolerance this measure has not.
        """
        one, two = self.surface(a), self.surface(b)
        shared, seen = (one * two > 0).sum(), [np.count_nonzero(x) for x in (one, two)]
        return a != b and bool(shared >= 0.01 * min(seen) and shared <= 0.94 * max(seen))
