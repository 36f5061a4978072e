"""The door that every scene passes before it is asked anything: whether its frames and its mesh belong together.

A few frames are decoded and held against the mesh; where one of them does not fit, all that may be asked are. One that
does not fit is left out; where most do not, or where undoing a known mistake makes them fit, the scene is refused and
the mistake named: see `spargen.geometry.verdict`. Instance images are held against the objects' boxes instead: see
`spargen.geometry.image_verdict`. No image that cannot be decoded is ever asked about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import spargen.geometry
import spargen.scene
from spargen.errors import SceneError
from spargen.fingerprint import digest, libraries, tree
from spargen.geometry.image_verdict import find_image_faults, judge_images
from spargen.geometry.verdict import Verdict, find_faults, judge
from spargen.scene.images import InstanceImages
from spargen.scene.types import Scene
from spargen.settings import Settings
from spargen.views.findings import ImageFaults, keep, read_kept
from spargen.views.pictures import NO_DEPTH, image_fault, measured_m
from spargen.views.table import choose_frames

Ints = NDArray[np.int64]

_CODE = [Path(__file__).parent, *(Path(package.__path__[0]) for package in (spargen.geometry, spargen.scene))]
"""What findings are made by."""
_SAID = 3
"""Frames whose faults a line names."""


@dataclass(frozen=True, slots=True)
class Check:
    """What came of checking a scene.

    Parameters
    ----------
    looked_at : how many frames were.
    faults : why some of them do not fit, by their names.
    what, mend : why the scene is refused and how to mend it; "" if it is not.
    remark : what a person should look at although the scene passes; "" if there is nothing.
    figures : what was measured, in words.
    """

    looked_at: int
    faults: Mapping[str, str]
    what: str
    mend: str
    remark: str
    figures: Mapping[str, str]


def check_scene(scene: Scene, settings: Settings, *, keep_in: Path | None = None) -> Check:
    """Check a scene, or read what an earlier check of the very same scene found.

    Parameters
    ----------
    scene : the scene.
    settings : how many frames.
    keep_in : folder in which findings are kept, and looked for first.
    """
    if keep_in is None or not scene.fingerprint:
        return _examine(scene, settings)
    seen = (*scene.surface.parts(), *scene.cameras.parts())
    address = (scene.fingerprint, settings.check_frames, settings.widest_m, *seen, *map(tree, _CODE), libraries())
    path = keep_in / f"{scene.dataset}-{scene.id}-{digest('check', *address)}.json"
    try:
        return Check(**read_kept(path))
    except TypeError:
        found = _examine(scene, settings)
    keep(path, asdict(found))
    return found


def frames_to_ask(
    scene: Scene,
    settings: Settings,
    *,
    video: bool = False,
    rgbd: bool = False,
    keep_in: Path | None = None,
) -> tuple[Ints, dict[str, str]]:
    """Return the positions in `scene.frames` that questions may use, and what a person should know of the others.

    All that are chosen of them have a colour image that decodes, and a depth image where `rgbd` says so. They fit the
    mesh too, as far as the check tells: it looks at a few, and at every frame that may be asked where one of the few
    does not fit. Others are chosen for those that are left out.

    Raises
    ------
    SceneError
        Where the scene's frames and mesh do not belong together or most frames do not fit, and the settings are
        strict; where no frame is left.
    """
    everything = np.arange(len(scene.frames))
    if not len(everything):
        return everything, {}
    notes: dict[str, str] = {}
    faults: dict[str, str] = {}
    if settings.scene_check != "off":
        found = check_scene(scene, settings, keep_in=keep_in)
        _refuse(found.what, found.mend, scene, settings)
        remarks = "; ".join(filter(None, (found.what, found.remark)))
        notes = {"scene check": remarks} if remarks else {}
        faults |= {} if found.what else found.faults  # a scene that is asked all the same is asked whole
    images = ImageFaults(scene, rgbd=rgbd, keep_in=keep_in)
    usable, looked_at = _look_on(scene, settings, faults, images, video=video)
    notes |= _told(scene, settings, faults, looked_at)
    if not len(usable):
        raise SceneError(f"no frame can be used: {in_words(faults)}", where=scene.id, mend="export the frames again")
    return usable, notes


def _look_on(
    scene: Scene, settings: Settings, faults: dict[str, str], images: ImageFaults, *, video: bool
) -> tuple[Ints, int]:
    """Look at all frames that are chosen, others in place of bad ones too, add what is wrong; and count the frames."""
    one_does_not_fit = bool(faults)
    looked_at: set[int] = {f for f, name in enumerate(scene.frames) if name in faults}
    while True:
        usable = np.array([f for f, name in enumerate(scene.frames) if name not in faults], dtype=np.int64)
        new = sorted(
            set(np.union1d(*choose_frames(usable, settings, video=video, rooms=scene.room_of_view)).tolist())
            - looked_at
        )
        if not new:
            return usable, len(looked_at)
        looked_at.update(new)
        faults |= images.among(new)
        if one_does_not_fit and not scene.surface.is_empty:
            good = [f for f in sorted(looked_at) if scene.frames[f] not in faults]
            faults |= _misfits(scene, good)


def _misfits(scene: Scene, frames: Sequence[int]) -> dict[str, str]:
    """Return which of some frames, whose images can be read, do not fit the mesh or the boxes, and why."""
    if not frames:
        return {}
    surface, chosen = scene.surface, np.array(frames)
    if isinstance(surface, InstanceImages):
        found = find_image_faults(surface, scene.objects, scene.cameras, chosen)
    else:
        depth_m = np.stack([measured_m(scene, f) for f in frames])
        found = find_faults(surface, scene.cameras, chosen, depth_m)
    return {scene.frames[f]: fault for f, fault in zip(frames, found, strict=True) if fault}


def _told(scene: Scene, settings: Settings, faults: Mapping[str, str], looked_at: int) -> dict[str, str]:
    """Return the notes on the frames that are left out; refuse the scene where they are most."""
    lack = sum(fault == NO_DEPTH for fault in faults.values())
    if lack == len(faults) == looked_at > 0:
        mend = "set rgbd: false, or give depth images as 16-bit PNG files"
        raise SceneError("no frame has a depth image that can be read", where=scene.id, mend=mend)
    others = {name: fault for name, fault in faults.items() if fault != NO_DEPTH}
    if len(others) > looked_at / 2:
        what = f"most frames do not fit, {len(others)} of {looked_at} looked at: {in_words(others)}"
        _refuse(what, "leave out frames whose poses are wrong, or images that are damaged", scene, settings)
    notes = {}
    if others:
        notes["frames left out"] = f"{len(others)} of {looked_at} looked at: {in_words(others)}"
    if lack:
        notes["frames left out for want of depth"] = f"{lack} of {looked_at} looked at"
    return notes


def _refuse(what: str, mend: str, scene: Scene, settings: Settings) -> None:
    if what and settings.scene_check == "strict":
        mend = f"{mend}; see `spargen inspect`; with settings.scene_check: lenient it is asked all the same"
        raise SceneError(what, where=scene.id, mend=mend)


def in_words(faults: Mapping[str, str]) -> str:
    """Return frames and their faults as one line, the first of many."""
    first = [f"{name}: {fault}" for name, fault in list(faults.items())[:_SAID]]
    return "; ".join([*first, f"and {len(faults) - _SAID} more"] if len(faults) > _SAID else first)


def _examine(scene: Scene, settings: Settings) -> Check:
    """Decode the images of a few frames, and hold those that can be read against the mesh."""
    frames = _spread(len(scene.frames), settings.check_frames)
    faults = {scene.frames[f]: fault for f in frames if (fault := image_fault(scene, f, rgbd=False))}
    figures = {"frames looked at": f"{len(frames)} of {len(scene.frames)}"}
    if len(faults) > len(frames) / 2:
        return Check(len(frames), faults, *_image_refusal(faults), "", figures)
    if scene.surface.is_empty:
        return Check(len(frames), faults, "", "", "the mesh has no faces", figures)
    sound = [f for f in frames if scene.frames[f] not in faults]
    verdict = _judged(scene, sound, settings)
    faults |= {scene.frames[f]: fault for f, fault in zip(sound, verdict.faults, strict=True) if fault}
    figures |= verdict.figures
    return Check(len(frames), faults, verdict.what, verdict.mend, verdict.remark, figures)


def _judged(scene: Scene, frames: Sequence[int], settings: Settings) -> Verdict:
    """Hold frames whose images can be read against the mesh; instance images, against the boxes."""
    surface, widest_m = scene.surface, settings.widest_m
    claimed = (scene.cameras, np.array(frames))
    if isinstance(surface, InstanceImages):
        return judge_images(surface, scene.objects, *claimed, scene.T_world_released, widest_m=widest_m)
    depth_m = np.stack([measured_m(scene, f) for f in frames])
    return judge(surface, *claimed, depth_m, scene.T_world_released, widest_m=widest_m)


def _spread(total: int, count: int) -> list[int]:
    """Return `count` positions among `total`, each in the middle of its stretch; all if there are fewer."""
    return list(range(total)) if total <= count else [int((k + 0.5) * total / count) for k in range(count)]


def _image_refusal(faults: Mapping[str, str]) -> tuple[str, str]:
    """Return why a scene is refused most of whose images cannot be used, and how to mend it."""
    (fault, times), *_ = Counter(faults.values()).most_common(1)
    if times < len(faults) or not fault.startswith("its image has"):
        return f"most images that were looked at cannot be used: {in_words(faults)}", "export or download them again"
    return (
        f"the colour images were resized, or the intrinsics are those of another size: {fault}",
        "give each frame the size of its image and the intrinsics that belong to it",
    )
