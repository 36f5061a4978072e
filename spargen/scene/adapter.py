"""The contract of a data set: two methods, and three that may be overridden."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from spargen.errors import SceneError
from spargen.reading import read_text
from spargen.scene.labels import LabelRules, label_rules
from spargen.scene.types import Scene

TERMS_FILE = "TERMS_OF_USE.txt"
"""A data set's folder may bring its own terms of use in a file of this name, such as generated scans do."""


class SceneAdapter(ABC):
    """Reads one data set from its release layout. A subclass's docstring opens with a picture of the folder it reads.

    Parameters
    ----------
    root : the folder that the data set was downloaded to.
    """

    dataset: ClassVar[str]
    """Folder name in the output, such as ``scannet``."""
    terms_of_use: ClassVar[str]
    """Where the data set's licence stands; copied into the manifest where the folder has no `TERMS_FILE`."""

    label_rules: LabelRules
    """The label lists of the run, for `annotate`: the shipped ones until a job with lists of its own opens it."""

    def __init__(self, root: Path) -> None:
        self.root, self.label_rules = Path(root), label_rules()

    def terms(self) -> str:
        """Return the terms of use of what lies in `root`: the text of its `TERMS_FILE`, else `terms_of_use`.

        Raises `SceneError` if the file is there and cannot be read.
        """
        file = self.root / TERMS_FILE
        own = read_text(file, "the terms of use", SceneError).strip() if file.exists() else ""
        return own or self.terms_of_use

    @abstractmethod
    def scenes(self) -> Sequence[str]:
        """Return the ids of all scenes under `root`, sorted. Cheap: lists folders, opens no scene."""

    @abstractmethod
    def load(self, scene_id: str) -> Scene:
        """Read one scene. Raises `SceneError` naming the file at fault."""

    def fingerprint(self, scene_id: str) -> str:  # noqa: ARG002 - subclasses look at the files
        """Return a text that changes whenever a file of the scene does, with none of them opened.

        A run that resumes keeps a scene for which it is what it was, without loading it. Names, sizes and times of
        change of all files that `load` reads serve well (`spargen.fingerprint.times`); no output holds it. "" says
        that it is not known: then the scene is loaded, and its own `Scene.fingerprint` decides.
        """
        return ""

    def split(self, scene_id: str) -> str:  # noqa: ARG002 - subclasses look at the id
        """Return the split a scene is in where no list says so: ``train`` unless the layout tells."""
        return "train"

    def space(self, scene_id: str) -> str:
        """Return the physical space a scene shows; scenes of one space never stand in two splits."""
        return scene_id
