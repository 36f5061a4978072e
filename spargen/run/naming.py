"""How a scene's files are called in the output: SPAR's folders, relative to ``spar/<dataset>/images``."""

from __future__ import annotations

from functools import lru_cache


def color_path(scene_id: str, frame_name: str, suffix: str = ".jpg", clip_index: int | None = None) -> str:
    """Return where a colour image stands; `clip_index` is the position in a video clip, None for a still image."""
    return _frame(scene_id, "color", frame_name, suffix, clip_index)


def is_color(path: str) -> bool:
    """Tell a colour image from the other files beside it."""
    return path.split("/")[1] in ("image_color", "video_color")


def depth_path(scene_id: str, frame_name: str, suffix: str = ".png", clip_index: int | None = None) -> str:
    """Return where a depth image stands."""
    return _frame(scene_id, "depth", frame_name, suffix, clip_index)


def pose_path(scene_id: str, frame_name: str, clip_index: int | None = None) -> str:
    """Return where a camera pose stands."""
    if clip_index is None:
        return f"{scene_id}/pose/{frame_name}.txt"
    return f"{scene_id}/video_pose/frame{clip_index}_{frame_name}.txt"


def intrinsic_path(scene_id: str, name: str) -> str:
    """Return where a named matrix such as ``intrinsic_color`` stands."""
    return f"{scene_id}/intrinsic/{name}.txt"


def clip_path(scene_id: str) -> str:
    """Return where the released numbers of a clip's frames stand."""
    return f"{scene_id}/video_idx.txt"


# A clip's frames, and those of most views, are named by many rows.
@lru_cache(maxsize=4096)
def _frame(scene_id: str, kind: str, frame_name: str, suffix: str, clip_index: int | None) -> str:
    if clip_index is None:
        return f"{scene_id}/image_{kind}/{frame_name}{suffix}"
    return f"{scene_id}/video_{kind}/frame{clip_index}_{frame_name}{suffix}"
