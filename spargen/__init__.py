"""spargen turns 3-D scenes into SPAR-format spatial question-answer data for vision-language models.

>>> import spargen
>>> scene = spargen.load("scannet", "/data/scannet", "scene0000_00")
>>> for record in spargen.questions(scene, tasks=["depth_prediction_oc"], seed=0):
...     print(record["conversations"])
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from spargen.run.read import PublishedRow
    from spargen.scene.labels import LabelRules
    from spargen.scene.types import Scene
    from spargen.settings import Settings, Words

__all__ = ["__version__", "load", "questions", "read"]


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: it costs more than the rest of this file."""
    if name != "__version__":
        raise AttributeError(f"module 'spargen' has no attribute {name!r}")
    from spargen.fingerprint import installed_version

    return installed_version("spargen") or "not installed"


def load(adapter: str, root: str | Path, scene: str, *, labels: str | Path | Sequence[str | Path] = ()) -> Scene:
    """Read one scene of a data set.

    Parameters
    ----------
    adapter : a name of `spargen list adapters`, or ``package.module:Class``.
    root : the folder that the data set was downloaded to.
    scene : the scene's id.
    labels : files of label lists that are laid over the shipped ones: they tell the parts of the building.

    Raises
    ------
    PluginError, SceneError, JobError
        If there is no such adapter, the scene's files are missing or broken, or the label lists have a mistake.
    """
    from spargen.plugins import find_adapter

    reader = find_adapter(adapter)(Path(root))
    reader.label_rules = _rules(labels)
    return reader.load(scene)


def questions(
    scene: Scene,
    tasks: Sequence[str] | None = None,
    *,
    seed: int = 0,
    rows_per_cell: int = 100,
    settings: Settings | None = None,
    templates: Sequence[str | Path] = (),
    words: Words = "full",
    labels: str | Path | Sequence[str | Path] = (),
) -> Iterator[dict[str, Any]]:
    """Ask a scene questions, without writing a file.

    Parameters
    ----------
    scene : from `load`, or made by hand.
    tasks : names of tasks; all by default.
    seed : the same seed gives the same records.
    rows_per_cell : records of each task and form at most.
    settings : thresholds, where they are not to be the default ones.
    templates : folders of template files that come before the shipped ones.
    words : whether what the answer needs is told in full or as briefly as can be.
    labels : files of label lists that are laid over the shipped ones; give them to `load` too.

    Raises
    ------
    JobError, TemplateError
        With the first record, if there is no such task, or templates or label lists have a mistake.

    Yields
    ------
    SPAR records, each a dict ready for JSON.
    """
    from copy import deepcopy

    from spargen.phrase.templates import TemplateSet
    from spargen.run.engine import ask
    from spargen.run.recipe import Recipe, chosen_forms
    from spargen.settings import Settings
    from spargen.tasks.registry import load_builtin_tasks

    load_builtin_tasks()
    texts = TemplateSet.load([Path(t) for t in templates], words, _rules(labels))
    forms = chosen_forms(None if tasks is None else dict.fromkeys(tasks), texts)
    names = list(forms if tasks is None else dict.fromkeys(tasks))
    quotas = {f"{name}/{form}": rows_per_cell for name in names for form in forms[name]}
    recipe = Recipe({name: forms[name] for name in names}, texts, quotas, seed, settings or Settings())
    for row in ask(scene, recipe).rows:
        yield deepcopy(dict(row.record))  # rows of one image share what they say of it, which is the caller's to change


def read(
    out: str | Path,
    *,
    datasets: Collection[str] | None = None,
    splits: Collection[str] | None = None,
    tasks: Collection[str] | None = None,
    forms: Collection[str] | None = None,
) -> Iterator[PublishedRow]:
    """Read an output folder row by row: `cell`, `record`, `fact` and `images` of each. Memory does not grow with it.

    Parameters
    ----------
    out : the folder that `spargen generate` wrote to.
    datasets, splits, tasks, forms : only these; all by default.

    Raises
    ------
    OutputError
        If the folder is no output or has nothing of a name; and, while it is read, with file and line, where rows and
        facts do not belong together or a line is damaged.
    """
    from spargen.run.read import read as read_rows

    return read_rows(Path(out), datasets=datasets, splits=splits, tasks=tasks, forms=forms)


def _rules(files: str | Path | Sequence[str | Path]) -> LabelRules:
    from spargen.scene.lists import rules_of

    return rules_of([Path(file) for file in ([files] if isinstance(files, str | Path) else files)])
