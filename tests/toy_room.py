"""A room whose plan is arithmetic: 4 x 3 m, a table in its middle, cameras that walk along one wall."""

import numpy as np

from spargen.errors import SceneError
from spargen.scene.adapter import SceneAdapter
from spargen.scene.cameras import Cameras
from spargen.scene.types import FrameStore, Mesh, Objects, Scene

FRAMES = 40


class Store(FrameStore):
    def color(self, frame):
        raise SceneError("no image", where="toy", mend="none")

    def pose_as_released(self, frame):
        return np.eye(4)


class Adapter(SceneAdapter):
    dataset = "toy"
    terms_of_use = "none"

    def __init__(self, root, broken=False):
        super().__init__(root)
        self.broken = broken

    def scenes(self):
        return ["room_00"]

    def load(self, scene_id):
        if self.broken:
            raise SceneError("the mesh is gone", where=scene_id, mend="bring it back")
        x, y, z = 4.0, 3.0, 2.5
        vertices = np.array([(a, b, c) for c in (0, z) for a, b in ((0, 0), (x, 0), (x, y), (0, y))])
        faces = [(0, 1, 2), (0, 2, 3), (4, 5, 6), (4, 6, 7)]
        # It looks along +Y: camera X is world X, camera Y is down.
        pose = np.array([[1, 0, 0, 0], [0, 0, 1, 0.5], [0, -1, 0, 1.5], [0, 0, 0, 1.0]])
        poses = np.tile(pose, (FRAMES, 1, 1))
        poses[:, 0, 3] = np.arange(FRAMES) / 10
        return Scene(
            id=scene_id,
            dataset="toy",
            surface=Mesh(vertices, faces, [0, 0, -1, -1]),
            objects=Objects(
                [7, 9],
                ("floor", "table"),
                [[2, 1.5, 0], [2, 1.5, 0.4]],
                [[4, 3, 0.1], [1, 0.6, 0.8]],
                np.tile(np.eye(3), (2, 1, 1)),
            ),
            cameras=Cameras(
                np.tile([[50.0, 0, 32], [0, 50, 24], [0, 0, 1]], (FRAMES, 1, 1)), poses, np.tile([64, 48], (FRAMES, 1))
            ),
            frames=tuple(map(str, range(FRAMES))),
            store=Store(),
            fingerprint="toy",
        )
