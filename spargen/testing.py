"""What an adapter's author runs on their own adapter: whether it keeps all that spargen takes for granted.

>>> from spargen.testing import check_adapter
>>> def test_my_adapter():
...     check_adapter(MyAdapter("scans"))
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from spargen import questions
from spargen.errors import AdapterError, SceneError
from spargen.scene.adapter import SceneAdapter
from spargen.scene.names import can_name_a_file
from spargen.scene.types import Scene
from spargen.settings import Settings
from spargen.views.check import check_scene, in_words
from spargen.views.pictures import colour_fault, depth_image_mm
from spargen.views.table import evenly_spaced

SCENES, FRAMES, ROWS = 3, 24, 2
"""Scenes and frames of each that are looked at, and rows of each cell that are asked for."""
SAME_SHAPE = 0.02
"""How far the ratio of an image's sides may be from another's that shows the same."""
SAME_POSE = 5e-3
"""How far a pose may be from the released one: three printed digits, made rigid."""


def check_adapter(
    adapter: SceneAdapter, scenes: Sequence[str] | None = None, *, settings: Settings | None = None
) -> dict[str, dict[str, str]]:
    """Load scenes of an adapter and see that each keeps the contract, passes the check of its frames, and is asked.

    Parameters
    ----------
    adapter : the adapter, opened on a folder with data.
    scenes : the scenes to look at; the first few that `scenes` lists by default.
    settings : thresholds, where the run will have others than the default ones.

    Returns
    -------
    What the check measured in each scene, by scene, and how many rows each gave (``"rows"``).

    Raises
    ------
    AdapterError
        Naming everything that is wrong, one line each.
    """
    chosen = settings or Settings()
    faults = [f"scenes(): {fault}" for fault in _listing(adapter)]
    figures: dict[str, dict[str, str]] = {}
    for scene_id in scenes if scenes is not None else [] if faults else adapter.scenes()[:SCENES]:
        try:
            found = list(_contract(adapter, scene_id))
            if not found:
                figures[scene_id], found = _asked(adapter.load(scene_id), chosen)
        except SceneError as error:
            found = [str(error)]
        faults += [f"{scene_id}: {fault}" for fault in found]
    if faults:
        raise AdapterError(
            "the adapter does not keep the contract:\n- " + "\n- ".join(faults),
            where=f"{type(adapter).__module__}:{type(adapter).__qualname__}",
            mend="see docs/adding_a_dataset.md, what a scene must be",
        )
    return figures


def _listing(adapter: SceneAdapter) -> Iterator[str]:
    """Yield what is wrong with the list of scenes, and with what is said of them unopened."""
    ids = list(adapter.scenes())
    if not ids:
        yield "lists no scene"
    if ids != sorted(set(ids)):
        yield "ids are not sorted, or repeat"
    if unusable := [scene_id for scene_id in ids if not can_name_a_file(scene_id)]:
        yield f"{unusable[0]!r} cannot name a folder"
    if not can_name_a_file(adapter.dataset):
        yield f"the data set's name {adapter.dataset!r} cannot name a folder"
    split_of: dict[str, str] = {}
    for scene_id in ids:
        split, space = adapter.split(scene_id), adapter.space(scene_id)
        if not can_name_a_file(split):
            yield f"split({scene_id!r}) is {split!r}, which cannot name a folder"
        if split_of.setdefault(space, split) != split:
            yield f"the space {space!r} has scenes in {split_of[space]} and in {split}"
    try:
        adapter.load("no-such-scene")
    except SceneError:
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the fault that is looked for
        yield f"load of a scene that is not there raises {type(error).__name__}, not SceneError"
    else:
        yield "load of a scene that is not there raises nothing"


def _contract(adapter: SceneAdapter, scene_id: str) -> Iterator[str]:
    """Yield where a scene is not what was asked for, is not the same twice, or its frames' files do not fit."""
    scene, again = adapter.load(scene_id), adapter.load(scene_id)
    if (scene.id, scene.dataset) != (scene_id, adapter.dataset):
        yield f"load gives {scene.dataset}/{scene.id}, not {adapter.dataset}/{scene_id}"
    if not scene.fingerprint:
        yield "fingerprint is empty: each run would make the scene anew"
    if scene.fingerprint != again.fingerprint or not _same(scene, again):
        yield "two loads give two different scenes"
    if adapter.fingerprint(scene_id) != adapter.fingerprint(scene_id):
        yield "fingerprint(scene) changes though no file did"
    try:
        sent = pickle.loads(pickle.dumps(scene))
    except Exception as error:  # noqa: BLE001 - whatever pickling raises, another process cannot have the scene
        yield f"the scene cannot be sent to another process: {error}"
        return
    if not len(scene.frames):
        yield "no frame is left"
    for frame in evenly_spaced(len(scene.frames), FRAMES).tolist():
        for fault in _frame(scene, sent, frame):
            yield f"frame {scene.frames[frame]}: {fault}"


def _same(scene: Scene, other: Scene) -> bool:
    """Tell whether two loads agree in all that decides an answer."""
    parts = [(*s.surface.parts(), *s.cameras.parts(), s.objects.id, s.objects.center_m) for s in (scene, other)]
    named = [(s.frames, s.frame_number, s.objects.label) for s in (scene, other)]
    return named[0] == named[1] and all(np.array_equal(a, b) for a, b in zip(*parts, strict=True))


def _frame(scene: Scene, sent: Scene, frame: int) -> Iterator[str]:
    """Yield what is wrong with the files of one frame; `sent` is the scene as another process has it."""
    if fault := colour_fault(scene, frame):
        yield fault
        return
    color = scene.store.color(frame)
    if color.suffix != scene.color_suffix[frame]:
        yield f"its colour file ends in {color.suffix}, color_suffix says {scene.color_suffix[frame]}"
    kind = Image.open(io.BytesIO(color.read())).format
    if kind != {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}.get(color.suffix, kind):
        yield f"its colour file is a {kind} image, but ends in {color.suffix}"
    if sent.store.color(frame).read() != color.read():
        yield "its colour file has other bytes the second time"
    yield from _shapes(scene, frame)
    released = scene.T_world_released @ scene.store.pose_as_released(frame)
    if not np.allclose(released, scene.cameras.T_world_camera[frame], atol=SAME_POSE):
        yield "T_world_released times pose_as_released is not the camera's pose"


def _shapes(scene: Scene, frame: int) -> Iterator[str]:
    """Yield where depth image or mask of a frame cannot show what its colour image shows."""
    width, height = (int(n) for n in scene.cameras.size_px[frame])
    depth = depth_image_mm(scene, frame)
    if depth is None and scene.store.depth(frame) is not None:
        yield "its depth image is no 16-bit PNG"
    for what, image in (("depth image", depth), ("mask", scene.store.mask(frame))):
        if image is not None and (image.ndim != 2 or not _alike(image.shape, (height, width))):
            yield f"its {what} has shape {image.shape}, its colour image {(height, width)}"


def _alike(a: Sequence[int], b: Sequence[int]) -> bool:
    return abs(a[0] * b[1] / (a[1] * b[0]) - 1) <= SAME_SHAPE


def _asked(scene: Scene, settings: Settings) -> tuple[dict[str, str], list[str]]:
    """Return what the check of a scene's frames measured with the number of rows, and what is wrong."""
    check = check_scene(scene, settings)
    if check.what:
        return {}, [f"{check.what}; {check.mend}"]
    faults = [in_words(check.faults)] if check.faults else []
    rows = sum(1 for _ in questions(scene, rows_per_cell=ROWS, settings=settings))
    return {**check.figures, "rows": str(rows)}, faults if rows else [*faults, "no question can be asked of it"]
