"""A job compiled: everything that is settled before the first scene is opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from spargen.errors import JobError, nearest
from spargen.fingerprint import code, digest, libraries, tree
from spargen.phrase.plain import words_file
from spargen.plugins import adapter_module
from spargen.run.job import Job
from spargen.run.recipe import Recipe
from spargen.run.scenes import SceneRef, open_adapter, refuse_straddling, refuse_twice, scenes_of
from spargen.scene.labels import label_file
from spargen.scene.lists import read_label_file

FORMAT_VERSION = 2
"""Of the layout of an output folder, parts included."""


@dataclass(frozen=True, slots=True)
class Run:
    """What an output folder is: a job, the versions that made it, and its scenes. ``.parts/run.json`` holds it.

    Parameters
    ----------
    name : of the job.
    identity : what rows and images depend on, without the choice of scenes and without what fingerprints cover.
    roots : where the sources lay, which another machine may call otherwise.
    code, templates : fingerprints of program, adapters and plug-ins, and of the words; libraries : versions.
    scenes : the scenes that are there, sorted; missing : those that a list names and the disk has not.
    terms : terms of use by data set.
    notes : what a person should know about the choice of scenes.
    """

    name: str
    identity: Mapping[str, Any]
    roots: tuple[str, ...]
    code: str
    templates: str
    libraries: Mapping[str, str]
    scenes: tuple[SceneRef, ...]
    missing: tuple[SceneRef, ...]
    terms: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return one fingerprint of everything that rows depend on, the scene's own files excepted."""
        identity = orjson.dumps(self.identity, option=orjson.OPT_SORT_KEYS)
        return digest(FORMAT_VERSION, identity, self.code, self.templates, self.libraries)

    def take(self, scenes: Sequence[str] | None = None, shard: tuple[int, int] | None = None) -> list[SceneRef]:
        """Return the named scenes, or every n-th one from the i-th on for the shard ``(i, n)``."""
        chosen = list(self.scenes)
        if scenes is not None:
            known = {ref.scene for ref in (*self.scenes, *self.missing)}
            for scene in scenes:
                if scene not in known:
                    mend = nearest(scene, known, "spell it as the folder is spelt")
                    raise JobError("the job has no such scene", where=scene, mend=mend)
            chosen = [ref for ref in chosen if ref.scene in set(scenes)]
        return chosen if shard is None else chosen[shard[0] - 1 :: shard[1]]


def compile_job(job: Job, recipe: Recipe) -> Run:
    """List the scenes of every source, give each its split, and take the fingerprints of what will make the rows."""
    scenes: list[SceneRef] = []
    missing: list[SceneRef] = []
    spaces: dict[tuple[str, str], list[SceneRef]] = defaultdict(list)
    terms: dict[str, list[str]] = defaultdict(list)
    notes = []
    for index, source in enumerate(job.sources):
        adapter = open_adapter(source, recipe.rules)
        dataset = source.dataset or adapter.dataset
        there, lacking = scenes_of(source, adapter, index)
        scenes, missing = scenes + there, missing + lacking
        terms[dataset].append(adapter.terms())
        for ref in there:
            spaces[dataset, adapter.space(ref.scene)].append(ref)
        if source.splits is None:
            names = ", ".join(sorted({ref.split for ref in (*there, *lacking)})) or "none"
            notes.append(f"{dataset}: no split lists given, the adapter's own splits are used ({names})")
    if not scenes and not missing:
        where = ", ".join(str(source.root) for source in job.sources)
        raise JobError("there are no scenes", where=where, mend="check `root`, `splits` and `scenes`")
    refuse_twice(scenes)
    refuse_straddling(spaces)
    return Run(
        name=job.name,
        identity=identity_of(job, recipe),
        roots=roots_of(job),
        code=code_fingerprint(job),
        templates=recipe.templates.fingerprint,
        libraries=libraries(),
        scenes=tuple(sorted(scenes)),
        missing=tuple(sorted(missing)),
        # Two folders of one data set may bring terms of their own; both hold for what is made of them together.
        terms={dataset: "; ".join(dict.fromkeys(texts)) for dataset, texts in terms.items()},
        notes=tuple(notes),
    )


def identity_of(job: Job, recipe: Recipe) -> dict[str, Any]:
    """Return what makes a job this job, wherever its files lie."""
    return {
        "seed": job.seed,
        "sources": [{"adapter": s.adapter, "dataset": s.dataset, "options": s.options} for s in job.sources],
        "tasks": {task: list(forms) for task, forms in recipe.forms.items()},
        "rows_per_cell": dict(recipe.quotas),
        "images": job.images,
        "rgbd": job.rgbd,
        "words": job.words,
        "labels": [read_label_file(file).changes.identity() for file in job.labels],
        "settings": job.settings.model_dump(mode="json"),
    }


def roots_of(job: Job) -> tuple[str, ...]:
    """Return where the sources of a job lie on this machine."""
    return tuple(str(source.root.resolve()) for source in job.sources)


def code_fingerprint(job: Job) -> str:
    """Return a fingerprint of program, shipped lists of labels and words, adapters and the job's task files."""
    adapters = sorted({adapter_module(source.adapter) for source in job.sources})
    lists = label_file().read_bytes(), words_file().read_bytes()
    return digest(tree(Path(__file__).parent.parent), *lists, code([*adapters, *job.plugins]))
