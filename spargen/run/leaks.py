"""Scenes that must not be used, such as those of benchmarks: by name, and as other scans of the same space."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spargen.errors import SceneError
from spargen.run.job import Job
from spargen.run.scenes import SceneRef, open_adapter, read_scene_list
from spargen.scene.adapter import SceneAdapter
from spargen.scene.labels import LabelRules


@dataclass(frozen=True, slots=True)
class Leak:
    """A scene of a job that a list names, or whose space it names.

    Parameters
    ----------
    ref : the scene.
    listed : the name in the list: the scene's own, or that of another scan of its space.
    file : the list.
    """

    ref: SceneRef
    listed: str
    file: Path

    def __str__(self) -> str:
        if self.listed == self.ref.scene:
            return f"{self.ref} is in {self.file}"
        return f"{self.ref} shows the same space as {self.listed} in {self.file}"


def leaks_of(adapter: SceneAdapter, refs: Iterable[SceneRef], files: Sequence[Path]) -> list[Leak]:
    """Return which scenes of a source lists name, by themselves or by their space; `JobError` if one cannot be read."""
    names: dict[str, Path] = {}
    for file in files:
        for name in read_scene_list(file):
            names.setdefault(name, file)
    spaces: dict[str, str] = {}
    for name in names:
        spaces.setdefault(space_of(adapter, name), name)
    found = []
    for ref in refs:
        listed = ref.scene if ref.scene in names else spaces.get(space_of(adapter, ref.scene))
        if listed is not None:
            found.append(Leak(ref, listed, names[listed]))
    return found


def exclude(
    adapter: SceneAdapter, files: Sequence[Path], there: Sequence[SceneRef], lacking: Sequence[SceneRef]
) -> tuple[list[SceneRef], list[SceneRef], list[str]]:
    """Take the scenes that lists name, by themselves or by their space, out of those of a source; and say so."""
    leaks = leaks_of(adapter, (*there, *lacking), files)
    barred = {leak.ref for leak in leaks}
    named = sum(leak.ref.scene == leak.listed for leak in leaks)
    said = f"scenes excluded: {named} by name, {len(leaks) - named} that show the same space as one that is listed"
    present, missing = ([ref for ref in refs if ref not in barred] for refs in (there, lacking))
    return present, missing, [f"{leaks[0].ref.dataset}: {said}"] if leaks else []


def find_leaks(job: Job, rules: LabelRules, refs: Sequence[SceneRef], files: Sequence[Path]) -> list[Leak]:
    """Return which scenes of a compiled job lists name, by themselves or by their space; no scene is opened."""
    found = []
    for index, source in enumerate(job.sources):
        if own := [ref for ref in refs if ref.source == index]:
            found += leaks_of(open_adapter(source, rules), own, files)
    return found


def space_of(adapter: SceneAdapter, name: str) -> str:
    """Return the space of a scene, which need not be there: of one that an adapter cannot place, the name itself."""
    try:
        return adapter.space(name)
    except SceneError:
        return name
