"""What was found of the images of a scene's frames, kept beside its table: each image is decoded once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

import spargen.scene
from spargen.errors import SceneError
from spargen.fingerprint import digest, libraries, tree
from spargen.scene.images import InstanceImages
from spargen.scene.types import Scene
from spargen.views.kept import written_whole
from spargen.views.pictures import image_fault

_CODE = [Path(__file__).parent, Path(spargen.scene.__path__[0])]
"""What findings are made by."""
_GONE, _OF_ONE = [-1], 2
"""The stamp of a file that is not there, and how long that of one file is."""


def read_kept(path: Path) -> Any:
    """Return what `keep` put into a file; None where there is none, or a damaged one."""
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None


def keep(path: Path, found: object) -> None:
    """Put findings into a file whole, in the place of what was there."""
    with written_whole(path) as file:
        file.write(orjson.dumps(found))


class ImageFaults:
    """Why images of a scene's frames cannot be used, by what this run or an earlier one found.

    A finding holds for files of the same size and time of change; for what a container holds, as long as the scene's
    fingerprint is the same.

    Parameters
    ----------
    scene : the scene.
    rgbd : whether depth images count.
    keep_in : folder in which findings are kept, and looked for first.
    """

    def __init__(self, scene: Scene, *, rgbd: bool, keep_in: Path | None) -> None:
        self._scene, self._rgbd = scene, rgbd
        self._path: Path | None = None
        if keep_in is not None and scene.fingerprint:
            shown = scene.surface.parts() if isinstance(scene.surface, InstanceImages) else ()
            held = (scene.cameras.size_px, scene.frames, len(scene.objects), *shown)
            key = digest("images", scene.fingerprint, rgbd, *held, *map(tree, _CODE), libraries())
            self._path = keep_in / f"{scene.dataset}-{scene.id}-{key}.json"
        found = (read_kept(self._path) if self._path else None) or {}
        whole = isinstance(found, dict) and all(isinstance(v, list) and len(v) == 2 for v in found.values())
        self._found: dict[str, Any] = dict(found) if whole else {}

    def among(self, frames: Iterable[int]) -> dict[str, str]:
        """Return, for those of some frames whose images cannot be used, their names and why."""
        said, new = {}, False
        for frame in frames:
            name, stamp = self._scene.frames[frame], self._stamp(frame)
            if name not in self._found or self._found[name][0] != stamp:
                self._found[name], new = [stamp, image_fault(self._scene, frame, rgbd=self._rgbd)], True
            if fault := self._found[name][1]:
                said[name] = str(fault)
        if new and self._path:
            keep(self._path, self._found)
        return said

    def _stamp(self, frame: int) -> list[int]:
        """Return sizes and times of change of a frame's files, but for those that lie in a container."""
        known = self._found.get(self._scene.frames[frame], [_GONE])[0]
        if not self._path or not known:
            return []
        try:
            store = self._scene.store
            paths = [store.color(frame).path]
            # To ask a container for depth is as much work as to decode it.
            asked = self._rgbd and paths[0] is not None and len(known) != _OF_ONE
            if asked and (depth := store.depth(frame)) is not None:
                paths.append(depth.path)
            found = [path.stat() for path in paths if path is not None]
        except (SceneError, OSError):
            return _GONE
        return [number for one in found for number in (one.st_size, one.st_mtime_ns)]
