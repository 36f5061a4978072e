"""The graphs of the Matterport3D simulator: the viewpoints of a scan, and between which one can walk.

``connectivity/<scan>_connectivity.json`` lists all panoramas. Edges are given by position in that list, and those that
are not `included` keep theirs. A `pose` is camera-to-world with OpenCV's axes, row by row, of the skybox's face 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from scene_adapters.formats.files import DAMAGED, read_plain
from spargen.errors import SceneError
from spargen.scene.cameras import nearest_rigid, valid_poses

Floats = NDArray[np.float64]


class Graph(NamedTuple):
    """Where one can stand and walk.

    Parameters
    ----------
    T_world_camera : (4, 4) OpenCV camera-to-world of face 3 of each viewpoint that is included, by its name.
    edges : both names of each pair between which nothing is in the way, in either order.
    listed : the names of all viewpoints, those that are not included too.
    """

    T_world_camera: Mapping[str, Floats]
    edges: frozenset[tuple[str, str]]
    listed: frozenset[str]

    def lacks(self, path: tuple[str, ...]) -> str:
        """Say what keeps a path from being walked; "" where nothing does."""
        if any(name not in self.listed for name in path):
            return "a viewpoint is not in the graph"
        if any(name not in self.T_world_camera for name in path):
            return "a viewpoint is not included in the graph"
        if any(hop not in self.edges for hop in pairwise(path)):
            return "something is in the way between two viewpoints"
        return ""


def read_graph(path: Path) -> Graph:
    """Read a file; viewpoints whose pose is none are not included.

    Raises
    ------
    SceneError
        Where it is not such a list.
    """
    data = read_plain(path)
    try:
        listed = orjson.loads(data)
        names = [str(entry["image_id"]) for entry in listed]
        poses = np.array([entry["pose"] for entry in listed], dtype=np.float64).reshape(-1, 4, 4)
        included = np.array([entry["included"] for entry in listed], dtype=bool)
        free = np.array([entry["unobstructed"] for entry in listed], dtype=bool)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        what = f"it is not a list of viewpoints ({type(error).__name__}: {error})"
        raise SceneError(what, where=path, mend=DAMAGED) from None
    if free.shape != (len(names), len(names)) or len(set(names)) != len(names) or not names:
        raise SceneError("its viewpoints repeat, or edges name others", where=path, mend=DAMAGED)
    poses, _ = nearest_rigid(poses)
    there = included & valid_poses(poses)
    free = (free | free.T) & there & there[:, None]
    return Graph(
        {name: poses[k] for k, name in enumerate(names) if there[k]},
        frozenset((names[a], names[b]) for a, b in np.argwhere(free).tolist()),
        frozenset(names),
    )
