"""The raw scenes that an output was made from: where they lie now, and how each is opened again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spargen.errors import JobError, OutputError, nearest
from spargen.plugins import find_adapter
from spargen.run.compile import Run
from spargen.scene.lists import rules_as_said
from spargen.scene.types import Scene


@dataclass(frozen=True, slots=True)
class RawScene:
    """A scene of a run, and what opens it as the run did; goes to worker processes.

    Parameters
    ----------
    dataset, scene : the data set's folder in the output, and the scene's id.
    adapter, options : the adapter's name, and what it is given.
    root : the folder of the data set, which need not be there.
    said : the job's label lists.
    """

    dataset: str
    scene: str
    adapter: str
    options: Mapping[str, Any]
    root: Path
    said: Sequence[Mapping[str, Any]]

    def load(self) -> Scene:
        """Open the scene; `SceneError` where its files are missing or broken."""
        adapter = find_adapter(self.adapter)(self.root, **self.options)
        adapter.label_rules = rules_as_said(self.said)
        return adapter.load(self.scene)


def raw_scenes(run: Run, data: Mapping[str, Path], *, trust: bool) -> Iterator[RawScene]:
    """Return the scenes of a run.

    Parameters
    ----------
    run : of the output folder.
    data : where data sets lie now, by name; where the run found them by default.
    trust : whether code may be run that the folder names: whoever made it could have named any.

    Raises
    ------
    JobError
        If `data` names a data set that the run has not.
    OutputError
        If an adapter is neither one of spargen's nor installed, and the folder is not trusted.
    """
    for source in run.identity["sources"]:
        if ":" in source["adapter"] and not trust:
            raise OutputError(
                f"its scenes are read by {source['adapter']}, a module that opening them would run",
                where="run.json",
                mend="if you trust whoever made the folder, add --trust-plugins",
            )
    refs = (*run.scenes, *run.missing)  # of scenes that are not there now, the rows may be there
    known = {ref.dataset for ref in refs}
    for name in data:
        if name not in known:
            mend = nearest(name, known, f"there are: {', '.join(sorted(known))}")
            raise JobError(f"the output has no data set {name!r}", where="--data", mend=mend)
    return (_raw(run, data, ref.dataset, ref.scene, ref.source) for ref in refs)


def _raw(run: Run, data: Mapping[str, Path], dataset: str, scene: str, number: int) -> RawScene:
    source, root = run.identity["sources"][number], data.get(dataset, Path(run.roots[number]))
    return RawScene(dataset, scene, source["adapter"], source["options"], root, run.identity["labels"])
