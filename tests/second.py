"""Small scenes for the second path, of boxes and sheets, and rows without records."""

from itertools import product
from types import SimpleNamespace

import numpy as np
from worlds import FakeStore

from spargen.scene.cameras import Cameras
from spargen.scene.types import Annotation, Mesh, Objects, Scene
from spargen.verify.bounds import Bounds
from spargen.verify.lexicon import Lexicon
from spargen.verify.site import Site

BOX_FACES = np.array(
    [
        *[(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)],
        *[(2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)],
    ]
)
K = [[500, 0, 320], [0, 500, 240], [0, 0, 1]]


def block(low, high):
    """Vertices (8, 3) of a box."""
    ends = low, high
    return np.array([[ends[i][0], ends[j][1], ends[k][2]] for i, j, k in product((0, 1), repeat=3)])


def sheet(low, high, axis):
    """Vertices (4, 3) of a rectangle at right angles to an axis."""
    return block(low, high)[[0, *[i for i in range(1, 8) if not i >> (2 - axis) & 1]]]


def site(things, poses=(), bare=()):
    """A scene of (label, parts), each part a box (8 vertices) or a sheet (4); things numbered in `bare` are nameless
    surface that nobody annotated. Ids are their numbers."""
    vertices, faces, owner, labels, n = [], [], [], [], 0
    for number, (label, parts) in enumerate(things):
        labels.append(label)
        for corners in parts:
            faces.append(n + (BOX_FACES if len(corners) == 8 else np.array([(0, 1, 3), (0, 3, 2)])))
            vertices.append(corners)
            owner += [-1 if number in bare else number] * len(corners)
            n += len(corners)
    mesh = Mesh(np.concatenate(vertices).astype(float), np.concatenate(faces), np.full(sum(map(len, faces)), -1))
    given = Annotation(np.arange(len(labels)), tuple(labels), vertex_object=np.array(owner))
    none = Objects(np.zeros(0), (), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3, 3)))
    count = len(poses)
    cameras = Cameras(np.tile(K, (count, 1, 1)), np.array(poses).reshape(count, 4, 4), np.tile((640, 480), (count, 1)))
    frames = tuple(str(i) for i in range(count))
    scene = Scene("s_00", "scannet", mesh, none, cameras, frames, FakeStore([(640, 480)] * count), annotation=given)
    return Site(scene, Lexicon())


def looking(position, along):
    """The pose of a level camera that looks along +x, -x, +y or -y."""
    forward = {"+x": (1, 0, 0), "-x": (-1, 0, 0), "+y": (0, 1, 0), "-y": (0, -1, 0)}[along]
    down = np.array([0, 0, -1.0])
    T = np.eye(4)
    T[:3, :3] = np.stack([np.cross(down, forward), down, forward], axis=1)
    T[:3, 3] = position
    return T


def row(**known):
    """What a check needs of a row, and where it puts its complaints."""
    known = {"site": SimpleNamespace(bounds=Bounds(), labels=set()), **known}
    made = SimpleNamespace(wrong=[], involved=set(), varied={}, task="", form="fill", **known)
    made.need = lambda holds, what: None if holds else made.wrong.append(what)
    return made
