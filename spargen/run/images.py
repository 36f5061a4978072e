"""The image files that a scene's rows name, in SPAR's folders."""

from __future__ import annotations

import io
import os
from collections.abc import Container, Iterator, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spargen.errors import SceneError
from spargen.run.files import (
    Stamp,
    is_whole,
    put,
    refuse_link,
    remove_empty_folders,
    settle,
    whole,
    writing,
)
from spargen.run.naming import clip_path, color_path, depth_path, intrinsic_path, name_in, pose_path, walk_path
from spargen.run.row import SceneQuestions
from spargen.scene.types import Blob, Scene

Mode = Literal["copy", "link", "none"]

OF_FRAME = "intrinsic_color_"
"""What the name of a matrix begins with that belongs to one frame; its name follows."""


def write_images(scene: Scene, questions: SceneQuestions, folder: Path, *, mode: Mode, rgbd: bool) -> dict[str, Stamp]:
    """Write every file that the rows name, once.

    Parameters
    ----------
    scene, questions : the scene, and its rows.
    folder : ``spar/<dataset>/images``.
    mode : ``copy``, ``link`` (hard, or symbolic across file systems) for files that lie on disk, or ``none``.
    rgbd : write depth images, poses and intrinsics too.

    Returns
    -------
    size and digest of each file, by its path relative to `folder`; a linked one is the data set's own and has none.

    Raises
    ------
    SceneError, OutputError
        If the scene does not give an image that a row names, or a file cannot be read; if one cannot be written.
    """
    if mode == "none" or not questions.rows:
        return {}
    refuse_link(folder)
    refuse_link(folder / scene.id)
    written = {name: _write(folder / name, blob, mode) for name, blob in _files(scene, questions, rgbd)}
    settle(folder / name for name, (_, digest) in written.items() if digest)
    named = {path for row in questions.rows for key in ("image", "depth") for path in row.record.get(key, ())}
    if lacking := sorted(named - written.keys()):
        raise SceneError(
            f"rows name {lacking[0]}, which the scene does not give",
            where=scene.id,
            mend="report this with the job: a fault of the adapter or of the program",
        )
    return written


def still_there(folder: Path, written: Mapping[str, Stamp], since_ns: int) -> bool:
    """Tell whether all files of an earlier run still stand as they were written, by a record of `since_ns`."""
    return all(is_whole(f"{folder}/{name}", stamp, since_ns) for name, stamp in written.items())


def remove_unnamed(folder: Path, scene: str, named: Container[str]) -> None:
    """Remove the files of a scene that its rows do not name, such as those of an earlier run.

    Parameters
    ----------
    folder : ``spar/<dataset>/images``.
    scene : whose folder in there it is.
    named : the files that stay, relative to `folder`.
    """
    own = folder / scene
    refuse_link(folder)
    refuse_link(own)
    with writing(own):
        for inner, _, names in os.walk(own):
            for name in names:
                file = Path(inner) / name
                if file.relative_to(folder).as_posix() not in named:
                    file.unlink(missing_ok=True)
        remove_empty_folders(own)
        if own.is_dir() and not any(own.iterdir()):
            own.rmdir()


def remove_others(out: Path, kept: Container[tuple[str, str]]) -> None:
    """Remove the images of scenes that are not in the output, but for those `kept`: pairs of data set and scene."""
    for folder in sorted((out / "spar").glob("*/images")):
        for scene in sorted(os.listdir(folder)):  # noqa: PTH208 - names are all that is wanted of thousands
            if (folder.parent.name, scene) not in kept:
                remove_unnamed(folder, scene, ())


def _files(scene: Scene, questions: SceneQuestions, rgbd: bool) -> Iterator[tuple[str, Blob]]:
    """Yield name and content of every file, still images first."""
    stills = sorted({frame for row in questions.rows if row.use == "image" for frame in row.frames})
    for frame in stills:
        yield from _frame(scene, frame, None, rgbd)
    clips = dict.fromkeys(row.frames for row in questions.rows if row.use == "video")
    for position, frame in dict.fromkeys(place for clip in clips for place in enumerate(clip)):
        yield from _frame(scene, frame, position, rgbd)
    for number, clip in enumerate(clips, start=1):
        numbers = "".join(f"{scene.frame_number[frame]}\n" for frame in clip)
        yield clip_path(scene.id, number), Blob(".txt", data=numbers.encode())
    walks = {row.fact["quantity"]: row.frames for row in questions.rows if row.use == "walk"}
    for walk, frames in walks.items():
        for position, frame in enumerate(frames):
            color = scene.store.color(frame)
            yield walk_path(scene.id, walk, position, color.suffix), color
    if rgbd:
        used = {scene.frames[frame] for row in questions.rows if row.use != "walk" for frame in row.frames}
        yield from _intrinsics(scene, used)


def _frame(scene: Scene, frame: int, position: int | None, rgbd: bool) -> Iterator[tuple[str, Blob]]:
    name = name_in(scene, frame, position)
    color = scene.store.color(frame)
    yield color_path(scene.id, name, color.suffix, position), color
    if rgbd:
        depth = scene.store.depth(frame)
        if depth is not None:
            yield depth_path(scene.id, name, depth.suffix, position), depth
        yield pose_path(scene.id, name, position), _matrix(scene.store.pose_as_released(frame))


def _intrinsics(scene: Scene, used: Container[str]) -> Iterator[tuple[str, Blob]]:
    """Yield the matrices of the scene; of those that belong to one frame each, only those of frames that are used."""
    frames = set(scene.frames)
    for name, matrix in scene.store.intrinsics_as_released().items():
        frame = name.removeprefix(OF_FRAME)
        if frame == name or frame in used or frame not in frames:
            yield intrinsic_path(scene.id, name), _matrix(matrix)


def _matrix(matrix: NDArray[np.float64]) -> Blob:
    text = io.BytesIO()
    np.savetxt(text, matrix, fmt="%.6f", newline="\n")
    return Blob(".txt", data=text.getvalue())


def _write(path: Path, blob: Blob, mode: Mode) -> Stamp:
    if mode == "link" and blob.path is not None:
        with writing(path):
            put(path, partial(_link, blob.path.resolve()))
            return path.stat().st_size, ""
    data = blob.read()
    with whole(path, lasting=False) as file:
        file.write(data)
    return len(data), sha256(data).hexdigest()


def _link(target: Path, link: Path) -> None:
    try:
        os.link(target, link)
    except OSError:
        link.symlink_to(target)
