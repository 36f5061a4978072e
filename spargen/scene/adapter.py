"""The contract of a data set: two methods, and an optional third."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from spargen.scene.types import Scene


class SceneAdapter(ABC):
    """Reads one data set from its release layout. A subclass's docstring opens with a picture of the folder it reads.

    Parameters
    ----------
    root : the folder that the data set was downloaded to.
    """

    dataset: ClassVar[str]
    """Folder name in the output, such as ``scannet``."""
    terms_of_use: ClassVar[str]
    """Where the data set's licence stands; copied into the manifest."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    @abstractmethod
    def scenes(self) -> Sequence[str]:
        """Return the ids of all scenes under `root`, sorted. Cheap: lists folders, opens no scene."""

    @abstractmethod
    def load(self, scene_id: str) -> Scene:
        """Read one scene. Raises `SceneError` naming the file at fault."""

    def split(self, scene_id: str) -> str:  # noqa: ARG002 - subclasses look at the id
        """Return the split a scene is in where no list says so: ``train`` unless the layout tells."""
        return "train"

    def space(self, scene_id: str) -> str:
        """Return the physical space a scene shows; scenes of one space never stand in two splits."""
        return scene_id
