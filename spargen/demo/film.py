"""Renders and compresses the frames of a walk, in order, on several processes."""

from __future__ import annotations

import io
import multiprocessing
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spargen.demo.house import House
from spargen.demo.render import Paint, Renderer, prepare
from spargen.scene.cameras import Cameras

Frame = tuple[bytes, bytes]
"""A JPEG colour image and a zlib stream of little-endian uint16 millimetres."""

_JPEG_QUALITY = 90
_ZLIB_LEVEL = 1
_state: list[tuple[Renderer, Cameras]] = []


def film(house: House, cameras: Cameras, workers: int = 2) -> Iterator[Frame]:
    """Yield the compressed frames of a walk, one after the other; the bytes do not depend on `workers`."""
    paint = prepare(house)
    if workers <= 1:
        renderer = Renderer(paint)
        for view in range(len(cameras)):
            yield compress(*renderer.render(cameras, view))
        return
    # Forking a process whose ray caster has started threads can hang, so the workers start afresh.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _open, (paint, cameras)) as pool:
        yield from pool.map(_shoot, range(len(cameras)), chunksize=4)


def compress(color: NDArray[np.uint8], depth: NDArray[np.uint16]) -> Frame:
    """Return the bytes of one frame as a ``.sens`` file holds them."""
    buffer = io.BytesIO()
    Image.fromarray(color).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue(), zlib.compress(depth.astype("<u2").tobytes(), _ZLIB_LEVEL)


def _open(paint: Paint, cameras: Cameras) -> None:
    _state[:] = [(Renderer(paint, threads=1), cameras)]


def _shoot(view: int) -> Frame:
    renderer, cameras = _state[0]
    return compress(*renderer.render(cameras, view))
