"""The folders of a data set's scenes, by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from spargen.errors import SceneError, nearest


def folders_in(places: Iterable[Path], root: Path, mend: str) -> dict[str, Path]:
    """Return all folders in some places by name, hidden ones too; of two of one name, that of the later place.

    Raises `SceneError` with `mend` where one of the places cannot be read.
    """
    try:
        return {e.name: Path(e.path) for place in places for e in os.scandir(place) if e.is_dir()}
    except OSError as error:
        raise SceneError(f"the folder cannot be read ({error.strerror})", where=root, mend=mend) from error


def folder_of(scene_id: str, folders: Mapping[str, Path], root: Path, kind: str) -> Path:
    """Return the folder of a scene, which messages call by its `kind`.

    Raises `SceneError`, with the names nearest to it, where there is none.
    """
    if scene_id not in folders:
        mend = nearest(scene_id, sorted(folders), "see scenes() for the ids that are there")
        raise SceneError(f"there is no {kind} {scene_id!r}", where=root, mend=mend)
    return folders[scene_id]


def holds(folder: Path, is_scene: Callable[[Path], bool]) -> bool:
    """Tell whether a folder holds a scene; one that nobody may enter does, so that reading it says why it cannot be."""
    try:
        return is_scene(folder)
    except OSError:
        return True
