"""Matterport3D's ``.house`` files (1.0 and 1.1): regions, panoramas, images, and objects as lists of segments.

One record a line, words apart by white space: ``-`` is an empty text, ``#`` a space in a name, -1 none of a kind, and
zeros fill up. The letter P begins panoramas and portals alike, and the program that wrote the files puts R before
portals too: the number of words tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.conventions import GL
from scene_adapters.formats.files import DAMAGED, read_plain
from spargen.errors import SceneError
from spargen.scene.types import MAX_SKEW

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OF_REGION = 1_000_000
"""Segments of region r have ids from r times this on, wherever the house is one piece."""

_KINDS = {
    ("L", 18): "levels",
    ("R", 20): "regions",
    ("P", 15): "portals",
    ("R", 15): "portals",
    ("S", 22): "surfaces",
    ("V", 13): "vertices",
    ("P", 13): "panoramas",
    ("I", 41): "images",
    ("C", 11): "categories",
    ("O", 24): "objects",
    ("E", 19): "segments",
}
"""Records by their letter and the number of their words."""
_HEADERS = {
    23: ("images", "panoramas", "vertices", "surfaces", "regions", "levels"),
    29: (
        "images",
        "panoramas",
        "vertices",
        "surfaces",
        "segments",
        "objects",
        "categories",
        "regions",
        "portals",
        "levels",
    ),
}
"""What the header counts, from its fourth word on, by the number of its words: version 1.0, and 1.1."""
_Record = tuple[int, list[str]]


class HouseObject(NamedTuple):
    """An object: its index, its region (-1 = none), its label, and its box.

    center (3,), extent (3,) full sides and R (3, 3) axes as columns; nan where the file has none that can be.
    """

    id: int
    region: int
    label: str
    center: Floats
    extent: Floats
    R: Floats


class House(NamedTuple):
    """What a file says.

    Parameters
    ----------
    region_label : a letter for each region, "" = none, by its index.
    region_of_panorama : the region that each panorama was taken in, by its name; -1 = none.
    T_world_camera : (4, 4) OpenCV camera-to-world of each image, by the stem of its colour file.
    objects : all of them.
    segment, segment_object : (S,) ids of segments in the whole house, and the index in `objects` of each.
    """

    region_label: Mapping[int, str]
    region_of_panorama: Mapping[str, int]
    T_world_camera: Mapping[str, Floats]
    objects: tuple[HouseObject, ...]
    segment: Ints
    segment_object: Ints


def read_house(path: Path) -> House:
    """Read a file.

    Raises
    ------
    SceneError
        Where a record is none, one is lacking that the header counts, or one names another that is not there.
    """
    records = _records(path)
    try:
        return _house(records, path)
    except ValueError as error:
        raise SceneError(f"a record holds what is no number ({error})", where=path, mend=DAMAGED) from None


def _records(path: Path) -> dict[str, list[_Record]]:
    """Return the words of all records by their kind, having counted them."""
    lines = read_plain(path).decode("latin-1").splitlines()
    first = lines[0].split() if lines else []
    if first[:1] != ["ASCII"] or len(first) != 2 or not first[1].startswith("1."):
        raise SceneError("the file does not begin with ASCII 1.0 or 1.1", where=path, mend=DAMAGED)
    found: dict[str, list[_Record]] = {kind: [] for kind in ("header", *_KINDS.values())}
    for number, line in enumerate(lines[1:], start=2):
        words = line.split()
        if not words:
            continue
        header = words[0] == "H" and len(words) in _HEADERS
        kind = "header" if header else _KINDS.get((words[0], len(words)), "")
        if not kind:
            what = f"line {number} is no record: {words[0][:20]!r} and {len(words) - 1} more words"
            raise SceneError(what, where=path, mend=DAMAGED)
        found[kind].append((number, words))
    _check_counts(found, path)
    return found


def _check_counts(found: Mapping[str, list[_Record]], path: Path) -> None:
    """Refuse a file that was cut short."""
    if len(found["header"]) != 1:
        raise SceneError(f"the file has {len(found['header'])} headers", where=path, mend=DAMAGED)
    words = found["header"][0][1]
    for kind, count in zip(_HEADERS[len(words)], words[3:], strict=False):
        # A release whose houses have no objects counts segments that it does not list.
        left_out = kind == "segments" and not found["objects"]
        if count != str(len(found[kind])) and not left_out:
            what = f"the header counts {count} {kind}, the file has {len(found[kind])}"
            raise SceneError(what, where=path, mend=DAMAGED)


def _house(records: Mapping[str, list[_Record]], path: Path) -> House:
    regions = {int(words[1]): _text(words[5]) for _, words in records["regions"]}
    categories = {int(words[1]): _text(words[3]) or _text(words[5]) for _, words in records["categories"]}
    panoramas = {words[1]: int(words[3]) for _, words in records["panoramas"]}
    objects = [_object(words, categories) for _, words in records["objects"]]
    index = {thing.id: k for k, thing in enumerate(objects)}
    segments = np.array([(int(w[3]), int(w[2])) for _, w in records["segments"]], dtype=np.int64).reshape(-1, 2)
    for kind, named, known in (
        ("region", panoramas.values(), regions),
        ("region", (thing.region for thing in objects), regions),
        ("category", (int(words[3]) for _, words in records["objects"]), categories),
        ("object", np.unique(segments[:, 1]).tolist(), index),
    ):
        if lost := sorted({*named} - {*known, -1}):
            raise SceneError(f"it names {kind} {lost[0]}, which is not in it", where=path, mend=DAMAGED)
    if len(index) != len(objects) or len(np.unique(segments[:, 0])) != len(segments):
        raise SceneError("two objects or two segments have one id", where=path, mend=DAMAGED)
    of = np.array([index.get(o, -1) for o in segments[:, 1].tolist()], dtype=np.int64)
    poses = dict(_image(words, path, number) for number, words in records["images"])
    return House(regions, panoramas, poses, tuple(objects), segments[:, 0], of)


def _text(word: str) -> str:
    return "" if word == "-" else word.replace("#", " ")


def _object(words: list[str], categories: Mapping[int, str]) -> HouseObject:
    """Return an object; its box has half lengths, two axes, and the third at right angles to them."""
    number, region, category = (int(word) for word in words[1:4])
    center, a0, a1, half = np.array(words[4:16], dtype=np.float64).reshape(4, 3)
    R = np.stack([a0, a1, np.cross(a0, a1)], axis=-1)
    label = categories.get(category, "") or "unknown"
    finite = np.isfinite(center).all() and np.isfinite(half).all() and np.isfinite(R).all()
    if not finite or (half < 0).any() or np.abs(R @ R.T - np.eye(3)).max() >= MAX_SKEW:
        none = np.full(3, np.nan)
        return HouseObject(number, region, label, none, none, np.full((3, 3), np.nan))
    return HouseObject(number, region, label, center, 2 * half, R)


def _image(words: list[str], path: Path, number: int) -> tuple[str, Floats]:
    """Return the stem of an image's colour file, and its pose: the file has world-to-camera, OpenGL's axes."""
    T_camera_world = np.array(words[6:22], dtype=np.float64).reshape(4, 4)
    try:
        return f"{words[3]}_i{words[4]}_{words[5]}", np.asarray(np.linalg.inv(T_camera_world) @ GL)
    except np.linalg.LinAlgError:
        raise SceneError(f"the pose in line {number} is none", where=path, mend=DAMAGED) from None


def read_panorama_regions(path: Path) -> dict[str, int]:
    """Return the region of each panorama, of a file of lines ``index panorama region letter``.

    It is newer than some ``.house`` files, which have panoramas in a wrong region.
    """
    found: dict[str, int] = {}
    for number, line in enumerate(read_plain(path).decode("latin-1").splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        try:
            _, name, region, _ = words
            found[name] = int(region)
        except ValueError:
            what = f"line {number} is not: index panorama region letter"
            raise SceneError(what, where=path, mend=DAMAGED) from None
    return found
