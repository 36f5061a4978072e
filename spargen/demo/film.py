"""Renders and compresses the frames of a walk, in order, on several processes."""

from __future__ import annotations

import io
import multiprocessing
import pickle
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from PIL import Image

from spargen.demo.house import House
from spargen.demo.render import Renderer, prepare
from spargen.errors import SpargenError
from spargen.run.executors import GUARD, refuse_second_start
from spargen.scene.cameras import Cameras

Frame = tuple[bytes, bytes]
"""A JPEG colour image and a zlib stream of little-endian uint16 millimetres."""
F = TypeVar("F")
Shot = Callable[[Renderer, Cameras, int], F]

_JPEG_QUALITY = 90
_ZLIB_LEVEL = 1
_state: list[tuple[Renderer, Cameras, Shot[Any]]] = []


def film(house: House, cameras: Cameras, workers: int = 2) -> Iterator[Frame]:
    """Return the compressed frames of a walk, one after the other; the bytes do not depend on `workers`."""
    return film_by(shoot, house, cameras, workers)


def film_by(shot: Shot[F], house: House, cameras: Cameras, workers: int) -> Iterator[F]:
    """Yield what `shot`, a function of a module, makes of each view, one after the other."""
    if workers > 1:
        yield from _film_in_processes(shot, house, cameras, workers)
        return
    renderer = Renderer(prepare(house))
    for view in range(len(cameras)):
        yield shot(renderer, cameras, view)


def _film_in_processes(shot: Shot[F], house: House, cameras: Cameras, workers: int) -> Iterator[F]:
    refuse_second_start()
    # Forking a process whose ray caster has started threads can hang, so the workers start afresh.
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as folder:
        # Handed over in a file: if a process ends before it has read what goes along with it, its start never returns.
        file = Path(folder) / "house"
        file.write_bytes(pickle.dumps((prepare(house), cameras, shot)))
        try:
            with ProcessPoolExecutor(workers, context, _open, (file,)) as pool:
                yield from pool.map(_shoot, range(len(cameras)), chunksize=4)
        except BrokenProcessPool as error:
            raise SpargenError(
                "a process that renders ended early", where="demo scan", mend=f"{GUARD}; or give it more memory"
            ) from error


def shoot(renderer: Renderer, cameras: Cameras, view: int) -> Frame:
    """Return the bytes of one frame as a ``.sens`` file holds them."""
    color, depth = renderer.render(cameras, view)
    buffer = io.BytesIO()
    Image.fromarray(color).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue(), zlib.compress(depth.astype("<u2").tobytes(), _ZLIB_LEVEL)


def _open(file: Path) -> None:
    paint, cameras, shot = pickle.loads(file.read_bytes())
    _state[:] = [(Renderer(paint, threads=1), cameras, shot)]


def _shoot(view: int) -> Any:
    renderer, cameras, shot = _state[0]
    return shot(renderer, cameras, view)
