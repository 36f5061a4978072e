"""What a record looks like, and which images stand together."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from spargen.errors import OutputError
from spargen.reading import read_bytes
from spargen.run.shown import shown
from spargen.verify.bounds import EDGE
from spargen.verify.own import record_type
from spargen.verify.row import Halt, Row
from spargen.verify.site import Site

ONE_OBJECT = {"distance_prediction_oc_mv", "obj_spatial_relation_oc_mv"}
"""Tasks whose only marked object is not shown by the observer's image."""


def check_record(row: Row, images: Path | None) -> None:
    """Keys, nesting, id and images are those of SPAR; `images` is the folder that paths start at, None where empty."""
    record = row.record
    drawn = [f"{row.kind}_list"] if row.is_listed else [f"{c}_{row.kind}" for c in row.colours]
    keys = {"id", "conversations", "image", "type", *drawn} | ({"depth"} if "depth" in record else set())
    if row.kind and not row.is_single:
        keys.add(f"{row.kind}_img_idx")
    row.need(set(record) == keys, f"keys {sorted(set(record) ^ keys)}")
    wanted = 2 if row.task == "obj_spatial_relation_oo_mv" else len(row.layout.colours)
    row.need(row.is_listed or len(row.colours) == wanted, f"marks {row.colours}")
    row.need([turn["from"] for turn in record["conversations"]] == ["human", "gpt"], "conversations")
    named = record_type(row.task) if row.is_own else "nav" if row.is_walk else row.task
    row.need(record["type"] == named, f"type {record['type']}, not {named}")
    row.need(re.fullmatch(rf"{re.escape(row.site.id)}_\d+", record["id"]), f"id {record['id']}")
    _check_images(row, images)
    _check_nesting(row, drawn)
    if row.form == "select":
        _check_options(row)
    if row.wrong:
        raise Halt


def _check_options(row: Row) -> None:
    """The letters are those of the task, a plug-in's may be fewer or more; no two options are equal."""
    two = row.task.startswith("distance_infer_center_oo") and "video" not in row.task
    own = "ABCDEFGH"[: max(2, len(row.options))]
    want = own if row.is_own else "AB" if two else "ABCD"
    row.need("".join(row.options) == want and row.answer in row.options, f"options {row.options}, {row.answer}")
    row.need(len(set(row.options.values())) == len(row.options), f"equal options {row.options}")


def _check_images(row: Row, images: Path | None) -> None:
    """As many images as the task shows, and whole ones; how long a set or a clip is, a plug-in's task says itself."""
    record = row.record
    count = len(record["image"])
    bounds = row.site.bounds
    wanted = {"single": 1, "pair": 2, "multi": bounds.views_per_set, "video": bounds.video_frames}
    free = row.is_walk or (row.is_own and row.layout.images in ("multi", "video"))
    row.need(free or count == wanted[row.layout.images], f"{count} images")
    if not (row.is_own and row.is_video):
        row.need(len(set(row.frames)) == len(row.frames), "an image stands twice")
    if images is None:
        return
    for path, frame in zip(record["image"], row.frames, strict=True):
        fault = row.site.memo(("image", path), lambda p=path, f=frame: _image_fault(images / p, row.site.view(f).size))
        row.need(not fault, f"{path} {fault}")
    for path in record.get("depth", ()):
        fault = row.site.memo(("depth", path), lambda p=path: _image_fault(images / p, None))
        row.need(not fault, f"{path} {fault}")


def _image_fault(path: Path, size: tuple[int, int] | None) -> str:
    """Say what is wrong with an image's file; "" if it is whole, and has its camera's size or, of depth, 16 bits."""
    if not path.exists():
        return "is not there"
    try:
        with shown(path) as image:
            fault = "" if size in (None, image.size) else f"has {image.size} pixels, not {size}"
            if size is None and not image.mode.startswith("I"):
                fault = f"has no 16 bits a pixel, but the mode {image.mode}"
            image.draft("L", (1, 1))  # a JPEG's data are read to the end all the same
            image.load()
            return fault
    except OutputError as error:
        return f"cannot be decoded: {error.what}"


def _check_nesting(row: Row, drawn: list[str]) -> None:
    record, n = row.record, 2 if row.kind == "point" else 4
    for name in drawn:
        inner = record[name][0] if row.is_listed else record[name]
        row.need(len(record[name]) == 1 and all(len(mark) == n for mark in inner), f"nesting of {name}: {record[name]}")
    if row.kind and not row.is_single:
        idx = record[f"{row.kind}_img_idx"]
        count = len(record[drawn[0]][0]) if row.is_listed else len(drawn)
        good = len(idx) == 1 and len(idx[0]) == count and all(0 <= i < len(record["image"]) for i in idx[0])
        row.need(good, f"{row.kind}_img_idx {idx} for {count} marks")
        if not good:
            raise Halt


def check_words(row: Row) -> None:
    """What no question may say: an image token, or "picture" for the photograph."""
    row.need("<image>" not in row.text, "an <image> token")
    # What somebody told of a walk is theirs.
    text = row.text if row.is_walk else f"{row.text} {row.answer}"
    if "picture" not in text.lower():
        return
    for label in row.site.labels:
        if "picture" in label.lower():
            text = re.sub(rf"{re.escape(label)}s?", "", text, flags=re.I)
    row.need(not re.search(r"\bpictures?\b", text, re.I), "picture")


def check_clip(row: Row, images: Path | None) -> None:
    """Frames of one room, with their numbers beside them, counted from 0.

    Those of SPAR's tasks are evenly spread over all that can be used. Which frames a plug-in's task shows, and whether
    it calls them by their numbers, is its own affair.
    """
    numbered = not row.is_own or re.search(r"Frame-\d", row.text + row.answer)
    row.need(not numbered or "Frame-0" in row.text, "does not say that the first frame is Frame-0")
    fault = row.site.memo(("clip", tuple(row.frames)), lambda: _clip_fault(row, images))
    row.need(not fault, fault)


def _clip_fault(row: Row, images: Path | None) -> str:
    rooms = {row.site.room_of(frame) for frame in row.frames}
    if len(rooms) > 1:
        return f"the clip shows {len(rooms)} rooms"
    usable = [frame for frame in range(row.site.frame_count) if row.site.room_of(frame) in rooms]
    if not (row.is_own or _is_even(row.frames, usable)):
        return "not the frames of the clip"
    numbers = [row.site.number_of(frame) for frame in row.frames]
    listed = sorted((images / row.site.id).glob("video_idx*.txt")) if images else []
    if images and all(_words(path) != numbers for path in listed):
        return "no video_idx.txt has the frames of the clip"
    return ""


def _is_even(frames: Sequence[int], usable: Sequence[int]) -> bool:
    """Tell whether frames are spread evenly over those that can be used, in their order."""
    place = np.searchsorted(usable, frames)
    n = len(frames)
    exact = [math.floor(i * (len(usable) - 1) / (n - 1) + 1e-9) for i in range(n)]
    # Frames that do not fit the mesh or cannot be decoded are left out by the scene's check.
    off = np.abs(place - np.array(exact)).max()
    return bool(off <= max(2, 0.1 * len(usable)) and (np.diff(place) > 0).all())


def _words(path: Path) -> list[str]:
    try:
        return read_bytes(path).decode("utf-8", errors="replace").split()
    except OSError:
        return []


def check_set(row: Row) -> None:
    """Two or more views that overlap, no two of them near-duplicates, none with its nose at a door."""
    row.wrong += row.site.memo(("set", tuple(row.frames)), lambda: _set_faults(row.site, row.frames))
    if row.task in ONE_OBJECT:
        share = row.site.share(row.frames[0], row.things[0])
        least = 1.2 * row.site.bounds.seen_share
        row.need(share < least, f"the observer's image shows {row.things[0]} ({share:.2%})")


def _set_faults(site: Site, frames: Sequence[int]) -> list[str]:
    bounds, found = site.bounds, []
    for i, j in combinations(frames, 2):
        near = math.dist(site.view(i).position, site.view(j).position) < bounds.duplicate_m - EDGE
        if near and site.turn_deg(i, j) < bounds.duplicate_deg - EDGE:
            found.append(f"{site.view(i).frame} and {site.view(j).frame} are near-duplicates")
    for frame in frames:
        depth = site.look(frame).median_depth_m
        if not depth >= bounds.min_median_depth_m - 0.02:
            found.append(f"frame {site.view(frame).frame} has a median depth of {depth:.2f} m")
    reached = {frames[0]}
    for _ in frames:
        reached |= {b for a in reached for b in frames if _linked(site, min(a, b), max(a, b))}
    apart = [site.view(frame).frame for frame in frames if frame not in reached]
    return [*found, f"frames {apart} share no surface with the rest of the set"] if apart else found


def _linked(site: Site, one: int, other: int) -> bool:
    return bool(site.memo(("linked", one, other), lambda: site.linked(one, other)))
