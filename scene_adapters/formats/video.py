"""Single frames of a video file, decoded when they are asked for.

A frame is known by its number: how many come before it when the video is played. Frames that are asked for in ascending
order are decoded once; any other order gives the same pixels, from the key frame before.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spargen.errors import SceneError
from spargen.reading import open_file

EXTRA = 'pip install "spargen[scannetpp]"'
_DAMAGED = "the file is damaged or cut short: download it again"


def pyav(path: Path, instead: str) -> Any:
    """Return PyAV, which reads a file; where it is not installed, a `SceneError` says what can be done `instead`."""
    try:
        import av
    except ImportError:
        what, mend = "PyAV is not installed, which reads videos", f"{EXTRA}; or {instead}"
        raise SceneError(what, where=path, mend=mend) from None
    return av


class Video:
    """A video file as a sequence of images. It is opened when a frame is asked for, so a `Video` can be pickled.

    Parameters
    ----------
    path : the file.
    instead : what can be done where PyAV is not installed.

    Raises
    ------
    SceneError
        Where PyAV is not installed, or the file holds no video.
    """

    def __init__(self, path: Path, instead: str) -> None:
        self.path, self._instead = path, instead
        self._decoder: _Decoder | None = None
        with _opened(path, instead) as container:
            codec = container.streams.video[0].codec_context
            self.size_px: tuple[int, int] = codec.width, codec.height

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "_decoder": None}

    def frame(self, number: int) -> Image.Image:
        """Return one frame as an RGB image. Raises `SceneError` with the file and the frame if it cannot be had."""
        if self._decoder is None:
            self._decoder = _Decoder(self.path, self._instead)
        return self._decoder.frame(number)


class _Decoder:
    """An open file, the times of its frames, and how far it is decoded."""

    def __init__(self, path: Path, instead: str) -> None:
        self.path = path
        self.error: type[Exception] = pyav(path, instead).FFmpegError
        self.container = _opened(path, instead)
        self.stream = self.container.streams.video[0]
        self.time, self.key = self._times()
        self.next, self.frames = 0, self._from(0)

    def frame(self, number: int) -> Image.Image:
        if not 0 <= number < len(self.time):
            what = f"there is no frame {number}: the video has {len(self.time)}"
            raise SceneError(what, where=self.path, mend=_DAMAGED)
        key = int(self.key[np.searchsorted(self.key, number, side="right") - 1])
        # A key frame between here and there is a shorter way; and there is no way back.
        if not key <= self.next <= number:
            self.frames = self._from(key)
        found = self._run_to(number)
        if found is None:
            # A file whose list of key frames is wrong leads past the frame.
            self.frames = self._from(0)
            found = self._run_to(number)
        if found is None:
            raise SceneError(f"frame {number} cannot be decoded", where=self.path, mend=_DAMAGED)
        return found

    def _run_to(self, number: int) -> Image.Image | None:
        """Decode up to a frame; None where it does not come."""
        try:
            for frame in self.frames:
                self.next = int(np.searchsorted(self.time, frame.pts, side="right"))
                if self.next > number:
                    return frame.to_image() if frame.pts == self.time[number] else None
        except self.error:
            pass
        self.next = len(self.time)
        return None

    def _from(self, key: int) -> Iterator[Any]:
        self.container.seek(int(self.time[key]), stream=self.stream)
        self.next = key
        frames: Iterator[Any] = self.container.decode(self.stream)
        return frames

    def _times(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the times of all frames, ascending, and the numbers of the key frames. Nothing is decoded."""
        packets = [(p.pts, p.is_keyframe) for p in self.container.demux(self.stream) if p.size]
        if not packets or not all(isinstance(pts, int) for pts, _ in packets):
            raise SceneError("the video has no frames, or frames without a time", where=self.path, mend=_DAMAGED)
        time, first, times = np.unique([pts for pts, _ in packets], return_index=True, return_counts=True)
        if (times > 1).any():
            raise SceneError("two frames of the video have one time", where=self.path, mend=_DAMAGED)
        is_key = np.array([key for _, key in packets], dtype=bool)[first]
        is_key[0] = True
        return time, np.flatnonzero(is_key)


def _opened(path: Path, instead: str) -> Any:
    av = pyav(path, instead)
    try:
        open_file(path).close()  # FFmpeg would wait for a pipe
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise SceneError(f"the video cannot be read ({error})", where=path, mend=_DAMAGED) from None
    if not container.streams.video:
        raise SceneError("the file holds no video", where=path, mend=_DAMAGED)
    return container
