"""Which recorded frames can be asked about, and their rigid poses and intrinsics: the same for every kind of store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scene_adapters.exported import ExportedFrames
from scene_adapters.formats.sens import SensFrames
from scene_adapters.intrinsics import Size, calibrations, fitting
from spargen.errors import SceneError
from spargen.scene.cameras import nearest_rigid, valid_poses

Frames = SensFrames | ExportedFrames
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Notes = dict[str, int | float | str]


@dataclass(frozen=True, slots=True)
class UsableFrames:
    """V frames with a rigid pose, an image of known size, and intrinsics that fit it.

    Parameters
    ----------
    store : the frames.
    T_released_camera : (V, 4, 4) rigid camera-to-world poses, not aligned.
    K : (V, 3, 3) intrinsics in pixels, corner convention.
    notes : what was left out or changed.
    """

    store: Frames
    T_released_camera: Floats
    K: Floats
    notes: Notes


def usable_frames(frames: Frames) -> UsableFrames:
    """Leave out the frames that no question can be asked about, and count them.

    Raises
    ------
    SceneError
        Where none is left.
    """
    # Before any product: -inf times an alignment is nan, and what is nearly rigid may be less so afterwards.
    poses, mended = nearest_rigid(frames.poses)
    rigid, sized = valid_poses(poses), frames.size_px.all(axis=1)
    if not rigid.any():
        if isinstance(frames, ExportedFrames) and frames.odd_pose is not None:
            raise frames.odd_pose
        raise SceneError("no frame has a valid pose", where=frames.path, mend="leave this scan out")
    if not (rigid & sized).any():
        raise SceneError("no image can be read", where=frames.path, mend="export or download the images again")
    lenses = _lenses(frames, rigid & sized)
    fits = np.array([size in lenses for size in _sizes(frames)])
    at = np.flatnonzero(rigid & sized & fits)
    store = frames.take(at)
    notes: Notes = {
        "poses dropped": int((~rigid).sum()),
        "poses made rigid": int(mended[at].sum()),
        "frames incomplete": frames.incomplete,
        "frames whose image cannot be read": int((rigid & ~sized).sum()),
        "frames of a shape that no intrinsics fit": int((rigid & sized & ~fits).sum()),
        "frames without depth": int((~store.has_depth).sum()),
        "colour intrinsics": "; ".join(how for _, how in lenses.values() if how),
    }
    return UsableFrames(store, poses[at], np.stack([lenses[size][0] for size in _sizes(store)]), notes)


def _lenses(frames: Frames, among: Bools) -> dict[Size, tuple[Floats, str]]:
    """Return the intrinsics of each size of image that some frames have, where there are any, and how they came."""
    recorded_px = frames.color_size_px if isinstance(frames, SensFrames) else None
    known = calibrations(frames.intrinsics_as_released(), recorded_px, frames.depth_size_px, frames.size_px[among])
    sizes = Counter(size for size, wanted in zip(_sizes(frames), among, strict=True) if wanted)
    found = {size: lens for size in sizes if (lens := fitting(known, size)) is not None}
    if not found:
        (width, height), _ = sizes.most_common(1)[0]
        raise SceneError(
            f"no intrinsics belong to the colour images, which have {width}x{height} pixels",
            where=frames.path,
            mend="export colour images uncropped, with the intrinsics and depth images of the recording beside them",
        )
    return found


def _sizes(frames: Frames) -> list[Size]:
    return [(width, height) for width, height in frames.size_px.tolist()]
