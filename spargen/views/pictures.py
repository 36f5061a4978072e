"""What the image files of a frame hold: whether they can be decoded, and what a depth image measured."""

from __future__ import annotations

import io
import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spargen.errors import SceneError
from spargen.geometry.claims import lattice
from spargen.scene.decoding import DECODER_ERRORS, opened
from spargen.scene.images import InstanceImages
from spargen.scene.types import Blob, Scene

_UNREADABLE = (*DECODER_ERRORS, SceneError)
"""What reading a file and Pillow's decoders raise."""
NO_DEPTH = "it has no depth image that can be read"
_START, _SCAN, _END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
"""Markers of a JPEG file, which do not occur in the data of a scan: ITU-T T.81, B.1.1."""
_OTHER = re.compile(rb"\xff[^\x00\xd0-\xd7]")
"""A marker that does not belong to the data of a scan, as those of restarts do."""
_NOT_MEASURED = (0, 65535)
_DEPTH_MODES = ("I;16", "I;16B", "I;16L", "I")


def colour_fault(scene: Scene, frame: int) -> str:
    """Return why a frame's colour image cannot be used, "" if it can: it decodes to the end, to its camera's size."""
    width, height = (int(n) for n in scene.cameras.size_px[frame])
    try:
        data = scene.store.color(frame).read()
        head = _head(data)
        return _decoding_fault(data, width, height) if head is None else _head_fault(head, width, height)
    except _UNREADABLE:
        return "its colour image cannot be read"


def _head(data: bytes) -> bytes | None:
    """Return what is before the data of a JPEG in one scan, and its end; None of any other file.

    It tells whether all of the image decodes: decoders make something of whatever data a scan has, as long as it ends
    with the image and no marker stands in it.
    """
    scan = data.find(_SCAN)
    if not data.startswith(_START) or scan < 0:
        return None
    begin = scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")
    marker = _OTHER.search(data, begin)
    alone = marker is not None and marker[0] == _END and data.find(_SCAN, marker.end()) < 0
    return data[:begin] + _END if alone else None


def _decoding_fault(data: bytes, width: int, height: int) -> str:
    """Return what is wrong with an image, "" if nothing is; or raise what decoders do."""
    image = Image.open(io.BytesIO(data))
    size = image.size
    if size != (width, height):
        return f"its image has {size[0]}x{size[1]} pixels, its camera {width}x{height}"
    image.draft("L", (size[0] // 8, size[1] // 8))  # of a JPEG an eighth of each side, in a third of the time
    image.load()
    # A download that was cut may have zeros to its full size, which decode to grey without a word.
    if image.format == "JPEG" and data.rfind(_END) < data.rfind(_SCAN):
        return "its colour image is cut short"
    return ""


_head_fault = lru_cache(maxsize=64)(_decoding_fault)
"""The same of a head: the frames of one camera have one, nearly always."""


def image_fault(scene: Scene, frame: int, *, rgbd: bool) -> str:
    """Return why a frame's images cannot be used, "" if they can; the depth image counts where `rgbd` says so."""
    fault = colour_fault(scene, frame) or _surface_fault(scene, frame)
    return fault or (NO_DEPTH if rgbd and depth_image_mm(scene, frame) is None else "")


def _surface_fault(scene: Scene, frame: int) -> str:
    """Return why a frame's instance images cannot be used, "" if they can; where there is a mesh there are none."""
    if not isinstance(scene.surface, InstanceImages):
        return ""
    try:
        scene.surface.read(frame, scene.cameras.size_px[frame], len(scene.objects))
    except SceneError as error:
        return f"its instance images cannot be used: {error.what}"
    except _UNREADABLE:
        return "its instance images cannot be read"
    return ""


def depth_image_mm(scene: Scene, frame: int) -> NDArray[np.int64] | None:
    """Return a frame's depth image (H, W) in millimetres as it is; None where there is none or it cannot be read."""
    try:
        blob = scene.store.depth(frame)
        if blob is None:
            return None
        if blob.pixels is not None:
            return np.asarray(blob.pixels, dtype=np.int64)
        image = _decoded(blob)
    except _UNREADABLE:
        return None
    return np.asarray(image, dtype=np.int64) if image.mode in _DEPTH_MODES else None


def measured_m(scene: Scene, frame: int) -> NDArray[np.float64]:
    """Return (P,) what a frame's depth image says at the positions of `lattice`, in metres; nan where nothing."""
    at = lattice()
    depth = depth_image_mm(scene, frame)
    if depth is None:
        return np.full(len(at), np.nan)
    height, width = depth.shape
    mm = depth[(at[:, 1] * height).astype(np.int64), (at[:, 0] * width).astype(np.int64)]
    return np.where(np.isin(mm, _NOT_MEASURED), np.nan, mm / 1000)


def _decoded(blob: Blob) -> Image.Image:
    """Return a depth image, decoded; a larger one than any camera's is damaged."""
    image = opened(io.BytesIO(blob.read()))
    image.load()
    return image
