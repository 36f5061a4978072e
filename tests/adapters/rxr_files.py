"""Three viewpoints in a row and one round the corner, with skyboxes that tell where one looks, and walks over them.

Seen from above, in metres: A (0, 0) -> B (0, 2) -> C (2, 2) -> D (2, 0), and X (4, 4), which is not included.
"""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

SCAN = "17DRP5sb8fy"
NAMES = {k: k * 32 for k in "abcdef"}
AT = {"a": (0.0, 0.0, 1.5), "b": (0.0, 2.0, 1.5), "c": (2.0, 2.0, 1.6), "d": (2.0, 0.0, 1.5), "e": (4.0, 4.0, 1.5)}
HEADING_DEG = {"a": 20.0, "b": 200.0, "c": 300.0, "d": 0.0, "e": 90.0}
"""Where side 3 of each skybox looks, clockwise from +y."""
EDGES = ("ab", "bc", "cd", "ce", "de")
FACE = 128


def front(letter: str) -> np.ndarray:
    """Camera to world of side 3, OpenCV's axes."""
    h = np.radians(HEADING_DEG[letter])
    ahead, down = np.array([np.sin(h), np.cos(h), 0]), np.array([0, 0, -1.0])
    T = np.eye(4)
    T[:3, :3] = np.stack([np.cross(down, ahead), down, ahead], axis=1)
    T[:3, 3] = AT[letter]
    return T


def colour_of(direction: np.ndarray) -> np.ndarray:
    """The colour that all skyboxes have in a direction (..., 3) of the world: it tells heading and elevation."""
    unit = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
    return 128 + 100 * unit


def side_image(letter: str, side: int, length: int = FACE) -> np.ndarray:
    """One side of a skybox: each of 1 to 4 turned right by 90 degrees against the one before."""
    y, x = np.mgrid[0:length, 0:length]
    local = np.stack([2 * (x + 0.5) / length - 1, 2 * (y + 0.5) / length - 1, np.ones((length, length))], axis=-1)
    if side in (0, 5):
        return np.zeros((length, length, 3), dtype=np.uint8)
    turn = np.radians(90 * (side - 3))
    c, s = np.cos(turn), np.sin(turn)
    in_front = local @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T
    return np.rint(colour_of(in_front @ front(letter)[:3, :3].T)).astype(np.uint8)


def jpeg(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=98)
    return buffer.getvalue()


def entry(letter: str, included: bool = True) -> dict:
    letters = sorted(AT)
    free = [letter + other in EDGES or other + letter in EDGES for other in letters]
    pose = [round(float(x), 6) for x in front(letter).ravel()]
    own = {"image_id": NAMES[letter], "pose": pose, "included": included, "height": 1.5}
    return {**own, "visible": [False] * len(letters), "unobstructed": free}


def guide_row(number: int | str, path: str, **changes: object) -> dict:
    row = {
        "split": "train",
        "instruction_id": number,
        "annotator_id": 3,
        "language": "en-US",
        "path_id": 900,
        "scan": SCAN,
        "path": [NAMES[k] for k in path],
        "heading": 0.0,
        "instruction": f"Walk along {number}.\nThen stop. ",
        "timed_instruction": [{"word": "Walk", "start_time": 0.1, "end_time": 0.2}, {"word": "along"}],
        "edit_distance": 0.1,
    }
    return {**row, **changes}


@dataclass
class Site:
    """What the writers put down; tests change it before they write."""

    rows: list[dict] = field(default_factory=lambda: [guide_row(1, "abcd"), guide_row(2, "dcba")])
    unseen: list[dict] = field(default_factory=list)
    graph: list[dict] = field(default_factory=lambda: [entry(k, included=k != "e") for k in sorted(AT)])
    packed: bool = True


def write_guide(path: Path, rows: list[dict], *, packed: bool = True) -> None:
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if packed else data)


def write_skyboxes(folder: Path, letters: str = "abcd", *, small: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for k in letters:
        sides = [side_image(k, side) for side in range(6)]
        if small:
            (folder / f"{NAMES[k]}_skybox_small.jpg").write_bytes(jpeg(np.concatenate(sides, axis=1)))
        else:
            for side, image in enumerate(sides):
                (folder / f"{NAMES[k]}_skybox{side}_sami.jpg").write_bytes(jpeg(image))


def write_site(root: Path, site: Site | None = None) -> Path:
    """Guides, graph and skyboxes; returns the folder of the scan."""
    site, folder = site or Site(), root / "v1/scans" / SCAN
    write_skyboxes(folder / "matterport_skybox_images")
    (root / "connectivity").mkdir()
    (root / f"connectivity/{SCAN}_connectivity.json").write_text(json.dumps(site.graph))
    write_guide(root / "rxr_train_guide.jsonl.gz", site.rows, packed=site.packed)
    if site.unseen:
        write_guide(root / "rxr_val_unseen_guide.jsonl.gz", site.unseen)
    return folder
