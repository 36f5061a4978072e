"""Rooms whose every answer is arithmetic: boxes with known corners, cameras with known poses, no files.

World in metres, +Z up. A heading of 0 looks along +X and grows counter-clockwise; an elevation of -20 looks down.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from PIL import Image

from spargen.geometry.raycast import RayCaster
from spargen.scene.cameras import Cameras
from spargen.scene.images import NOTHING, InstanceImages
from spargen.scene.lenses import PINHOLE, Lens
from spargen.scene.types import Blob, FrameStore, Mesh, Objects, Scene

SIZE = (640, 480)


@cache
def grey_jpeg(width, height):
    """The bytes of an image of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "grey").save(buffer, "JPEG")
    return buffer.getvalue()


@dataclass
class FakeStore(FrameStore):
    """Frames without files: grey images of given sizes, no depth."""

    sizes: list[tuple[int, int]] = field(default_factory=list)

    def color(self, frame):
        return Blob(".jpg", data=grey_jpeg(*self.sizes[frame]))

    def pose_as_released(self, frame):
        return np.eye(4)


class DepthStore(FakeStore):
    """The same, with depth images of a quarter of the size, as a perfect sensor that sees the scene's mesh has them."""

    def __init__(self, scene):
        super().__init__([tuple(int(n) for n in size) for size in scene.cameras.size_px])
        self.cameras, self.caster = scene.cameras, RayCaster(scene.surface.vertices_m, scene.surface.faces)

    def depth_m(self, frame):
        (width, height), step = self.sizes[frame], 4
        u, v = np.meshgrid(np.arange(step / 2, width, step), np.arange(step / 2, height, step))
        origin_m, direction = self.cameras.rays(frame, np.stack([u.ravel(), v.ravel()], axis=-1))
        face, depth_m = self.caster.cast(origin_m, direction)
        return np.where(face < 0, 0.0, depth_m).reshape(u.shape)

    def depth(self, frame):
        return Blob(".png", data=depth_png(self.depth_m(frame)))


def depth_png(depth_m):
    """The bytes of a 16-bit PNG in millimetres."""
    buffer = io.BytesIO()
    Image.fromarray(np.rint(depth_m * 1000).clip(0, 65535).astype(np.uint16)).save(buffer, "PNG")
    return buffer.getvalue()


def measured(scene):
    """The scene with depth images of itself."""
    return replace(scene, store=DepthStore(scene))


@dataclass(frozen=True)
class Solid:
    """A box that stands upright: centre, full sides, yaw about the vertical. label None = unannotated."""

    label: str | None
    center: tuple[float, float, float]
    size: tuple[float, float, float]
    yaw_deg: float = 0.0
    missing: tuple[str, ...] = ()
    """Sides left out, such as "+x": holes in the mesh."""

    @property
    def R(self):  # noqa: N802 - the name that it has everywhere
        a = np.radians(self.yaw_deg)
        return np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1.0]])


@dataclass
class World:
    """Solids and cameras, turned into the types of a scene."""

    solids: list[Solid] = field(default_factory=list)
    poses: list[np.ndarray] = field(default_factory=list)
    intrinsics: list[np.ndarray] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    cell_m: float = 100.0
    optics: list[Lens] = field(default_factory=list)

    def add(self, label, center, size, yaw_deg=0.0, missing=()):
        self.solids.append(Solid(label, tuple(center), tuple(size), yaw_deg, tuple(missing)))
        return self

    def camera(self, at, heading_deg=0.0, elevation_deg=0.0, roll_deg=0.0, f=500.0, c=None, size=SIZE, optics=PINHOLE):
        self.poses.append(pose(at, heading_deg, elevation_deg, roll_deg))
        self.intrinsics.append(lens(f, c, size))
        self.sizes.append(size)
        self.optics.append(optics)
        return self

    # -- the types of the program ---------------------------------------------------------------------------------

    @property
    def annotated(self):
        return [s for s in self.solids if s.label is not None]

    def mesh(self):
        vertices, faces, owner, first, number = [], [], [], 0, 0
        for solid in self.solids:
            v, f = triangles(solid, self.cell_m)
            vertices.append(v)
            faces.append(f + first)
            owner.append(np.full(len(f), number if solid.label is not None else -1))
            first += len(v)
            number += solid.label is not None
        if not vertices:
            return Mesh(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))
        return Mesh(np.concatenate(vertices), np.concatenate(faces), np.concatenate(owner))

    def objects(self):
        a = self.annotated
        return Objects(
            100 + np.arange(len(a)),
            tuple(s.label for s in a),
            np.array([s.center for s in a], dtype=float).reshape(-1, 3),
            np.array([s.size for s in a], dtype=float).reshape(-1, 3),
            np.array([s.R for s in a], dtype=float).reshape(-1, 3, 3),
        )

    def cameras(self):
        n = len(self.poses)
        return Cameras(
            np.array(self.intrinsics).reshape(n, 3, 3),
            np.array(self.poses).reshape(n, 4, 4),
            np.array(self.sizes).reshape(n, 2),
            self.optics if any(lens.bends for lens in self.optics) else (),
        )

    def scene(self, name="room0000_00", dataset="scannet"):
        frames = tuple(str(10 * i) for i in range(len(self.poses)))
        return Scene(name, dataset, self.mesh(), self.objects(), self.cameras(), frames, FakeStore(self.sizes))

    # -- the same world, elsewhere -----------------------------------------------------------------------------------

    def moved(self, yaw_deg=0.0, by=(0.0, 0.0, 0.0)):
        """Everything turned about the vertical axis of the world, then shifted."""
        a = np.radians(yaw_deg)
        T = np.eye(4)
        T[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
        T[:3, 3] = by
        solids = [
            Solid(s.label, tuple(T[:3, :3] @ s.center + T[:3, 3]), s.size, s.yaw_deg + yaw_deg, s.missing)
            for s in self.solids
        ]
        return World(solids, [T @ p for p in self.poses], self.intrinsics, self.sizes, self.cell_m)

    def mirrored(self):
        """The world in a mirror at x = 0, seen by mirrored cameras with mirrored images."""
        flip = {"+x": "-x", "-x": "+x"}
        solids = [
            Solid(
                s.label,
                (-s.center[0], *s.center[1:]),
                s.size,
                -s.yaw_deg,
                tuple(flip.get(m, m) for m in s.missing),
            )
            for s in self.solids
        ]
        M = np.diag([-1.0, 1, 1, 1])
        intrinsics = []
        for K, (width, _) in zip(self.intrinsics, self.sizes, strict=True):
            K = K.copy()
            K[0, 2] = width - K[0, 2]
            intrinsics.append(K)
        return World(solids, [M @ p @ M for p in self.poses], intrinsics, self.sizes, self.cell_m)

    def permuted(self, order):
        """The annotated solids in another order."""
        a = self.annotated
        rest = [s for s in self.solids if s.label is None]
        return World([*(a[i] for i in order), *rest], self.poses, self.intrinsics, self.sizes, self.cell_m)


def pose(at, heading_deg=0.0, elevation_deg=0.0, roll_deg=0.0):
    """Camera-to-world pose: heading, then elevation, then roll (positive: the right side of the image points up)."""
    h, e, r = np.radians([heading_deg, elevation_deg, roll_deg])
    forward = np.array([np.cos(h) * np.cos(e), np.sin(h) * np.cos(e), np.sin(e)])
    right = np.array([np.sin(h), -np.cos(h), 0.0])
    down = np.cross(forward, right)
    T = np.eye(4)
    T[:3, 0] = np.cos(r) * right - np.sin(r) * down
    T[:3, 1] = np.sin(r) * right + np.cos(r) * down
    T[:3, 2] = forward
    T[:3, 3] = at
    return T


def lens(f=500.0, c=None, size=SIZE):
    """Intrinsics; `f` may be a pair, `c` defaults to the middle of the image."""
    fx, fy = f if isinstance(f, tuple) else (f, f)
    cx, cy = c or (size[0] / 2, size[1] / 2)
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])


def triangles(solid, cell_m=100.0):
    """Vertices and faces of a solid's six sides, each cut into cells no larger than `cell_m`."""
    vertices, faces, first = [], [], 0
    for axis in range(3):
        for sign in (-1, 1):
            if ("+" if sign > 0 else "-") + "xyz"[axis] in solid.missing:
                continue
            u, v = [k for k in range(3) if k != axis]
            nu = max(1, int(np.ceil(solid.size[u] / cell_m - 1e-9)))
            nv = max(1, int(np.ceil(solid.size[v] / cell_m - 1e-9)))
            a, b = np.meshgrid(np.linspace(-0.5, 0.5, nu + 1), np.linspace(-0.5, 0.5, nv + 1), indexing="ij")
            p = np.zeros((a.size, 3))
            p[:, axis], p[:, u], p[:, v] = sign * 0.5, a.ravel(), b.ravel()
            i = np.arange(a.size).reshape(a.shape)
            q = np.stack([i[:-1, :-1], i[1:, :-1], i[1:, 1:], i[:-1, 1:]], axis=-1).reshape(-1, 4)
            vertices.append((p * solid.size) @ solid.R.T + solid.center)
            faces.append(np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]]) + first)
            first += len(p)
    return np.concatenate(vertices), np.concatenate(faces)


def shell(world, low, high, thick=0.1):
    """Floor and four walls around a rectangle, and a ceiling."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    cx, cy, cz, w, d, h = (x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2, x1 - x0, y1 - y0, z1 - z0
    world.add("floor", (cx, cy, z0 - thick / 2), (w, d, thick))
    world.add("ceiling", (cx, cy, z1 + thick / 2), (w, d, thick))
    world.add("wall", (x0 - thick / 2, cy, cz), (thick, d, h))
    world.add("wall", (x1 + thick / 2, cy, cz), (thick, d, h))
    world.add("wall", (cx, y0 - thick / 2, cz), (w, thick, h))
    world.add("wall", (cx, y1 + thick / 2, cz), (w, thick, h))
    return world


def three_boxes():
    """A chair, a lamp and a tv in front of one camera at (0, 0, 1) that looks along +X.

    Depths 3, 4, 5; the chair 1 m to the left and 0.5 m down, the lamp 1 m to the right, the tv ahead and 1 m up.
    """
    w = World()
    w.add("chair", (3, 1, 0.5), (0.5, 0.5, 0.5))
    w.add("lamp", (4, -1, 1), (0.5, 0.5, 0.5))
    w.add("tv", (5, 0, 2), (0.5, 0.5, 0.5))
    return w.camera((0, 0, 1))


def furnished(frames=72, seed=0):
    """A room of 10 x 7 m with things of every sort that the questions must cope with, and a walk through it."""
    w = World(cell_m=1.0)
    shell(w, (0, 0, 0), (10, 7, 2.8))
    w.add("couch", (1.0, 3.5, 0.4), (0.9, 2.0, 0.8))
    w.add("bed", (8.9, 5.8, 0.3), (2.0, 1.6, 0.6))
    w.add("table", (5.0, 3.5, 0.37), (1.4, 0.8, 0.74))
    w.add("chair", (5.0, 2.6, 0.45), (0.45, 0.45, 0.9))
    w.add("chair", (4.6, 4.4, 0.45), (0.45, 0.45, 0.9), yaw_deg=20)
    w.add("office chair", (6.4, 3.6, 0.5), (0.55, 0.55, 1.0), yaw_deg=45)
    w.add("tv", (0.2, 5.6, 1.3), (0.1, 1.2, 0.7))
    w.add("lamp", (9.6, 4.4, 0.8), (0.3, 0.3, 1.6))
    w.add("plant", (0.5, 0.5, 0.6), (0.5, 0.5, 1.2))
    w.add("plant", (9.5, 0.5, 0.5), (0.5, 0.5, 1.0))
    w.add("trash can", (3.0, 0.4, 0.25), (0.35, 0.35, 0.5))
    w.add("piano", (5.4, 0.35, 0.6), (1.5, 0.6, 1.2))
    w.add("refrigerator", (9.6, 2.2, 0.9), (0.7, 0.7, 1.8))
    w.add("microwave", (2.6, 6.6, 1.2), (0.5, 0.4, 0.3))
    w.add("radiator", (4.2, 6.85, 0.5), (1.2, 0.2, 0.6))
    w.add("door", (7.0, 0.03, 1.0), (0.9, 0.06, 2.0))
    w.add("window", (6.2, 6.97, 1.5), (1.4, 0.06, 1.2))
    w.add("clock", (0.03, 2.0, 1.9), (0.06, 0.4, 0.4))
    w.add("books", (5.3, 3.5, 0.8), (0.25, 0.3, 0.12))
    w.add("umbrella", (2.0, 2.0, 0.5), (0.2, 0.2, 1.0))
    w.add("guitar", (7.6, 6.6, 0.55), (0.4, 0.2, 1.1), yaw_deg=10)
    w.add("monitor", (4.7, 3.5, 0.97), (0.5, 0.15, 0.4))
    w.add("object", (3.4, 5.2, 0.2), (0.4, 0.4, 0.4))
    w.add(None, (8.0, 2.0, 0.1), (0.2, 0.2, 0.2))
    w.add("suitcase", (7.6, 1.4, 0.35), (0.5, 0.3, 0.7), yaw_deg=30)
    w.add("bicycle", (3.2, 3.0, 0.5), (1.2, 0.3, 1.0), yaw_deg=70)
    rng = np.random.default_rng(seed)
    for i in range(frames):
        t = 2 * np.pi * i / frames
        at = (5 + 3.1 * np.cos(t), 3.5 + 2.0 * np.sin(2 * t), 1.5 + 0.1 * np.cos(5 * t))
        w.camera(
            at,
            heading_deg=-90 + 3 * 360 * i / frames + rng.uniform(-15, 15),
            elevation_deg=rng.uniform(-28, -8),
            roll_deg=rng.uniform(-4, 4),
            f=420.0,
        )
    return w


class Pictures:
    """Instance images and depths of a scene with a mesh, by a ray through the middle of every pixel."""

    def __init__(self, scene, smaller=1):
        self.cameras, self.smaller, self.kept = scene.cameras, smaller, {}
        self.caster = RayCaster(scene.surface.vertices_m, scene.surface.faces, threads=0)
        self.of_face = np.append(scene.surface.face_object, NOTHING).astype(np.int32)

    def cast(self, frame):
        if frame not in self.kept:
            width, height = (int(n) for n in self.cameras.size_px[frame])
            w, h = width // self.smaller, height // self.smaller
            u, v = np.meshgrid((np.arange(w) + 0.5) * width / w, (np.arange(h) + 0.5) * height / h)
            face, depth_m = self.caster.cast(*self.cameras.rays(frame, np.stack([u, v], axis=-1)))
            self.kept[frame] = self.of_face[face].reshape(h, w), np.where(face < 0, 0, depth_m).reshape(h, w)
        return self.kept[frame]

    def objects(self, frame):
        return self.cast(frame)[0]

    def depth_m(self, frame):
        return self.cast(frame)[1]


def pictured(scene, smaller=1):
    """The scene without its mesh: rendered as instance images, which may be smaller than the cameras' images."""
    pictures = Pictures(scene, smaller)
    images = InstanceImages(pictures.objects, pictures.depth_m, np.arange(len(scene.frames)), f"{scene.id} {smaller}")
    return replace(scene, surface=images)


def dirty(scene, seed=0, lost=0.03, bare=0.03, rough_m=0.004):
    """The scene as scans are: its surface uneven, some faces lost, others annotated by nobody."""
    rng, mesh = np.random.default_rng(seed), scene.surface
    vertices_m = mesh.vertices_m + rng.normal(0, rough_m, mesh.vertices_m.shape)
    owner = np.where(rng.random(len(mesh.faces)) < bare, -1, mesh.face_object)
    kept = rng.random(len(mesh.faces)) >= lost
    return replace(scene, surface=Mesh(vertices_m, mesh.faces[kept], owner[kept]))
