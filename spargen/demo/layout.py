"""What a data set's layout is to the demo: a writer, and what it is called and counted by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from spargen.demo.house import House
from spargen.demo.scan import Scan
from spargen.scene.cameras import Cameras


class Writer(Protocol):
    """Writes one scan: house, scan and cameras in the house's frame, cameras in the corner convention.

    The scan's own files go into `folder`, which is moved to its place when all is written; what all scans share goes
    into `root`. `progress` is called with (frames written, frames in all).
    """

    def __call__(
        self,
        house: House,
        scan: Scan,
        cameras: Cameras,
        root: Path,
        scene_id: str,
        *,
        folder: Path,
        workers: int,
        progress: Callable[[int, int], None] | None,
    ) -> object:
        """Write the files."""


def _as_walked(_house: House, cameras: Cameras) -> Cameras:
    return cameras


@dataclass(frozen=True, slots=True)
class Layout:
    """A release layout that generated houses can be written in.

    Parameters
    ----------
    adapter : the adapter that reads it.
    write : the writer.
    scene_id : the id of the house of a number.
    folder : where a scan's own files stand, below the data set's root.
    files : files without which a scan is not whole.
    word : what the data set calls what an annotator calls so; the same by default.
    houses : how many a demo has unless it is told: enough that something is asked in every form.
    views : the cameras that it has images of, made of those of the walk; the same by default.
    also : further adapters that read the same files.
    first_id : the id of the first annotated object; the others follow.
    frame_step : frame numbers from one frame of the walk to the next.
    """

    adapter: str
    write: Writer
    scene_id: Callable[[int], str]
    folder: Callable[[Path, str], Path]
    files: Callable[[Path, str], Iterable[Path]]
    word: Callable[[str], str] = str
    houses: int = 1
    views: Callable[[House, Cameras], Cameras] = _as_walked
    also: tuple[str, ...] = ()
    first_id: int = 0
    frame_step: int = 1
