"""How files are called in the output: SPAR's folders. Those of images start at ``spar/<dataset>/images``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from spargen.scene.types import Scene

OWN = (".parts", "spar", "facts", "data_jsons", "manifest.json", "report.json", "report.md")
"""What a run calls its own in its output folder."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One file of rows, and the facts that belong to it."""

    dataset: str
    split: str
    task: str
    form: str

    def __str__(self) -> str:
        return f"{self.dataset}/{self.split}/{self.task}/{self.form}"

    @property
    def row_folder(self) -> str:
        """Where the file of rows stands, alone; relative to the output folder."""
        return f"spar/{self.dataset}/qa_jsonl/{self.split}/{self.task}/{self.form}"

    def row_file(self, rows: int) -> str:
        """Return where so many rows stand, relative to the output folder."""
        return f"{self.row_folder}/{self.form}_{rows}.jsonl"

    @property
    def fact_folder(self) -> str:
        """Where the file of facts stands, with those of the task's other forms; relative to the output folder."""
        return f"facts/{self.dataset}/{self.split}/{self.task}"

    @property
    def fact_file(self) -> str:
        """Where the facts stand, relative to the output folder."""
        return f"{self.fact_folder}/{self.form}.jsonl"


def images_folder(out: Path, dataset: str) -> Path:
    """Return the folder that the image paths of a data set's rows start at."""
    return out / "spar" / dataset / "images"


def name_in(scene: Scene, frame: int, clip_index: int | None) -> str:
    """Return what a frame is called in file names: a still image by its name, one of a clip by its number."""
    return scene.frames[frame] if clip_index is None else scene.frame_number[frame]


def color_path(scene_id: str, frame_name: str, suffix: str = ".jpg", clip_index: int | None = None) -> str:
    """Return where a colour image stands; `clip_index` is the position in a video clip, None for a still image.

    Position and number are all there is to a clip's image: where two clips of a scene have both in common, it is the
    same image, and other clips never take its place.
    """
    return _frame(scene_id, "color", frame_name, suffix, clip_index)


def is_color(path: str) -> bool:
    """Tell a colour image from the other files beside it."""
    return path.split("/")[1] in ("image_color", "video_color", "nav")


def walk_path(scene_id: str, walk: str, position: int, suffix: str = ".jpg") -> str:
    """Return where a colour image of a walk stands, by its position in it."""
    return f"{scene_id}/nav/{walk}/frame{position}{suffix}"


def is_still(path: str) -> bool:
    """Tell an image that stands for itself from one of a clip or a walk, which questions call Frame-0, Frame-1 ..."""
    return path.split("/")[1] == "image_color"


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


def clip_path(scene_id: str, clip: int = 1) -> str:
    """Return where the numbers of a clip's frames stand: of the first one of a scene, of the second ..."""
    return f"{scene_id}/video_idx.txt" if clip == 1 else f"{scene_id}/video_idx_{clip}.txt"


# A clip's frames, and those of most views, are named by many rows.
@lru_cache(maxsize=4096)
def _frame(scene_id: str, kind: str, frame_name: str, suffix: str, clip_index: int | None) -> str:
    if clip_index is None:
        return f"{scene_id}/image_{kind}/{frame_name}{suffix}"
    return f"{scene_id}/video_{kind}/frame{clip_index}_{frame_name}{suffix}"
