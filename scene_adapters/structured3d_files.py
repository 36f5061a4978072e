"""Where the files of a Structured3D house lie, and which houses and rooms its authors call wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from scene_adapters.formats.files import read_plain
from scene_adapters.formats.folders import folders_in
from spargen.errors import SceneError, nearest

INVALID = frozenset(f"scene_{number}" for number in ("01155", "01192", "01714", "01816", "01852", "03398"))
"""The houses that the authors call invalid as a whole."""
ANNOTATION, BOXES = "annotation_3d.json", "bbox_3d.json"
COLORS = ("rgb_rawlight.png", "rgb_nolight.png", "rgb_shading.png")
"""Colour images, the first that is there counts."""
POSE, DEPTH, INSTANCE, SEMANTIC = "camera_pose.txt", "depth.png", "instance.png", "semantic.png"

_SCENE = re.compile(r"scene_(\d{5})")
_ERRATUM = re.compile(r"\s*(scene_\d{5})(?:_room_(\w+))?\b")
_POINT = "point root at the folder that holds scene_00000, or at the one that its archives were unpacked in"


def scene_number(scene_id: str) -> int:
    """Return the number in a house's name."""
    found = _SCENE.fullmatch(scene_id)
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class House:
    """The folders of one house, several where archives lie beside each other; the first that has a file counts."""

    folders: tuple[Path, ...]

    def file(self, name: str) -> Path:
        """Return a file by its path in the house; where there is none, where it should lie."""
        return next((path for folder in self.folders if (path := folder / name).is_file()), self.folders[0] / name)

    def views(self) -> list[tuple[str, str]]:
        """Return room and position of all perspective full renders, sorted by their numbers."""
        found = set()
        for folder in self.folders:
            for path in folder.glob("2D_rendering/*/perspective/full/*/"):
                if path.is_dir():
                    found.add((path.parts[-4], path.name))
        return sorted(found, key=lambda view: [_by_number(name) for name in view])

    def of_view(self, room: str, position: str) -> str:
        """Return the path, in the house, of the folder of a view."""
        return f"2D_rendering/{room}/perspective/full/{position}"

    def files(self) -> list[Path]:
        """Return all files that the adapter reads, as far as they are there."""
        wanted = [ANNOTATION, BOXES]
        for view in self.views():
            wanted += [f"{self.of_view(*view)}/{name}" for name in (*COLORS, POSE, DEPTH, INSTANCE, SEMANTIC)]
        return [path for name in wanted if (path := self.file(name)).is_file()]


def _by_number(name: str) -> tuple[int, str]:
    return int(name) if name.isdecimal() else -1, name


def houses_in(root: Path) -> dict[str, House]:
    """Return all houses by name: those in a folder, and in folders in it that archives were unpacked to."""
    found: dict[str, list[Path]] = {}
    for tree in _trees(root):
        for name, path in folders_in([tree], root, _POINT).items():
            if _SCENE.fullmatch(name):
                found.setdefault(name, []).append(path)
    return {name: House(tuple(folders)) for name, folders in found.items()}


def _trees(root: Path) -> list[Path]:
    """Return the folders that may hold houses: archives have a folder Structured3D/ in them, or have not."""
    inside = sorted(name for name in folders_in([root], root, _POINT) if not _SCENE.fullmatch(name))
    beside = [folder for name in inside for folder in (root / name, root / name / "Structured3D")]
    return [root, *(folder for folder in beside if os.access(folder, os.R_OK | os.X_OK) and folder.is_dir())]


def house_in(root: Path, scene_id: str) -> House:
    """Return one house; `SceneError`, with the names nearest to it, where there is none."""
    name = scene_id if _SCENE.fullmatch(scene_id) else ""
    folders = [folder for tree in _trees(root) if name and (folder := tree / name).is_dir()]
    if not folders:
        mend = nearest(scene_id, sorted(houses_in(root)), "see scenes() for the ids that are there")
        raise SceneError(f"there is no house {scene_id!r}", where=root, mend=mend)
    return House(tuple(folders))


class Errata(NamedTuple):
    """The houses and the rooms (by house) that the authors call wrong, and the file that says so, if it is there."""

    houses: frozenset[str]
    rooms: Mapping[str, frozenset[str]]
    file: Path | None


def read_errata(root: Path) -> Errata:
    """Return the errata of the release, ``metadata/errata.txt`` in the root or beside it, and `INVALID`."""
    places = (folder / "metadata" / "errata.txt" for folder in (root, *_trees(root)[1:], root.parent))
    file = next((path for path in places if path.is_file()), None)
    lines = read_plain(file).decode(errors="replace").splitlines() if file else []
    return Errata(INVALID | _whole(lines), _of_rooms(lines), file)


def _whole(lines: Iterable[str]) -> set[str]:
    return {found[1] for line in lines if (found := _ERRATUM.match(line)) and found[2] is None}


def _of_rooms(lines: Iterable[str]) -> dict[str, frozenset[str]]:
    rooms: dict[str, frozenset[str]] = {}
    for line in lines:
        if (found := _ERRATUM.match(line)) and found[2] is not None:
            rooms[found[1]] = rooms.get(found[1], frozenset()) | {found[2]}
    return rooms
