"""The scenes of a source, and in which split each of them stands."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spargen.errors import JobError, SceneError, nearest, short
from spargen.plugins import adapter_names, find_adapter
from spargen.reading import read_text
from spargen.run.job import Source, unset_in
from spargen.scene.adapter import SceneAdapter
from spargen.scene.labels import LabelRules
from spargen.scene.names import can_name_a_file, is_stand_in, stand_in


@dataclass(frozen=True, slots=True, order=True)
class SceneRef:
    """One scene of a job by its names, and the position of its source in `Job.sources`."""

    dataset: str
    split: str
    scene: str
    source: int = 0

    def __str__(self) -> str:
        return f"{self.dataset}/{self.split}/{self.scene}"


def absent(source: Source) -> str:
    """Return why the folder of a source is not there, "" if it is."""
    if source.root.is_dir():
        return ""
    name = unset_in(str(source.root))
    return f"the environment has no {name}" if name else f"there is no such folder: {source.root}"


def adapter_of(source: Source) -> type[SceneAdapter]:
    """Return the adapter class of a source; its folder need not be there.

    Raises
    ------
    JobError, PluginError
        If it has no such name or option; if it cannot be loaded.
    """
    if ":" not in source.adapter and source.adapter not in adapter_names():
        mend = nearest(source.adapter, adapter_names(), f"known adapters: {', '.join(adapter_names())}")
        raise JobError(f"there is no adapter {source.adapter!r}", where="sources.adapter", mend=mend)
    kind = find_adapter(source.adapter)
    options = [name for name in inspect.signature(kind.__init__).parameters if name not in ("self", "root")]
    for name in source.options:
        if name not in options:
            mend = nearest(name, options, f"known options: {', '.join(options) or 'none'}")
            raise JobError(
                f"the adapter has no option {name!r}", where=f"sources.options of {source.adapter}", mend=mend
            )
    return kind


def open_adapter(source: Source, rules: LabelRules) -> SceneAdapter:
    """Return the adapter of a source, to read scenes by the given label lists; none is opened.

    Raises `JobError` where the folder is not there, and as `adapter_of` does.
    """
    kind = adapter_of(source)
    if why := absent(source):
        raise JobError(why, where=f"root of {source.adapter}", mend="set `root` to the folder of the data set")
    adapter = kind(source.root, **source.options)
    adapter.label_rules = rules
    return adapter


def scenes_of(source: Source, adapter: SceneAdapter, index: int) -> tuple[list[SceneRef], list[SceneRef]]:
    """Return the scenes that a source asks for: those that are there, and those that only a list names.

    Parameters
    ----------
    source, adapter : the source, and its adapter.
    index : its position in the job.
    """
    dataset = folder_name(source.dataset or adapter.dataset, f"sources.{index}.dataset")
    on_disk = set(adapter.scenes())
    there: list[SceneRef] = []
    missing: list[SceneRef] = []
    for scene, split in _wanted(source, adapter, on_disk, index):
        name = scene if can_name_a_file(scene) else stand_in(scene)  # one bad folder does not stop the others
        names = folder_name(split, f"sources.{index}.splits"), name
        (there if scene in on_disk else missing).append(SceneRef(dataset, *names, index))
    return there, missing


def refuse_unnamed(scene: str, root: Path) -> None:
    """Raise `SceneError` for a scene that has no name but a stand-in."""
    if is_stand_in(scene):
        what = "the name of this scene's folder cannot be that of a file of the output"
        raise SceneError(what, where=root / scene, mend="rename the folder: letters, digits, - and _")


def read_scene_list(path: Path) -> list[str]:
    """Read scene ids, one a line; blank lines and what follows a ``#`` do not count.

    Raises `JobError`, with its line, for one that no scene can have, and for a list that names none.
    """
    text = read_text(path, "the scene list", JobError)
    found: dict[str, None] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        name = line.partition("#")[0].strip()
        if name and not can_name_a_file(name):
            what = f"{short(name)} cannot be the name of a scene"
            raise JobError(what, where=f"{path}:{number}", mend="write one scene a line, as its folder is called")
        found |= {name: None} if name else {}
    if not found:
        raise JobError("the list names no scene", where=path, mend="write one scene a line, or leave the list out")
    return list(found)


def _wanted(source: Source, adapter: SceneAdapter, on_disk: set[str], index: int) -> list[tuple[str, str]]:
    """Return the (scene, split) pairs that a source asks for."""
    if source.splits is not None:
        pairs = [(scene, split) for split, file in source.splits.items() for scene in read_scene_list(file)]
    else:
        names = source.scenes if source.scenes is not None else sorted(on_disk)
        pairs = [(scene, adapter.split(scene)) for scene in names]
    if source.scenes is None:
        return pairs
    named = {scene for scene, _ in pairs}
    for scene in source.scenes:
        if scene not in named:
            mend = nearest(scene, named, "add it to a split list")
            raise JobError(f"no split list names {scene!r}", where=f"sources.{index}.scenes", mend=mend)
    return [(scene, split) for scene, split in pairs if scene in set(source.scenes)]


def folder_name(name: str, where: str) -> str:
    """Return a name unchanged; `JobError` if no folder can have it."""
    if not can_name_a_file(name):
        raise JobError(f"{name!r} cannot be a folder name", where=where, mend="use letters, digits, - and _")
    return name


def refuse_twice(scenes: Iterable[SceneRef]) -> None:
    """Raise `JobError` for a scene that is named twice."""
    seen: dict[tuple[str, str], SceneRef] = {}
    for ref in scenes:
        first = seen.setdefault((ref.dataset, ref.scene), ref)
        if first is not ref:
            raise JobError(
                f"the scene stands in {first.split} and again in {ref.split}",
                where=f"{ref.dataset}/{ref.scene}",
                mend="name each scene once",
            )


def refuse_straddling(spaces: Mapping[tuple[str, str], Sequence[SceneRef]]) -> None:
    """Raise `JobError` for splits that show one room twice: what is learnt from one scan would be tested on the other.

    Parameters
    ----------
    spaces : the scenes of each (data set, space).
    """
    for (dataset, space), scenes in sorted(spaces.items()):
        if len({ref.split for ref in scenes}) > 1:
            names = ", ".join(f"{ref.scene} ({ref.split})" for ref in sorted(scenes, key=lambda r: r.scene))
            raise JobError(
                f"{names} are scans of one space, in different splits",
                where=f"{dataset}, space {space}",
                mend="put them all in one split list",
            )
