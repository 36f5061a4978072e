"""A job compiled: everything that is settled before the first scene is opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import orjson
from pydantic import ConfigDict

from spargen.errors import JobError, nearest
from spargen.fingerprint import code, digest, libraries, tree
from spargen.phrase.plain import words_file
from spargen.plugins import adapter_module
from spargen.run.job import Job
from spargen.run.leaks import exclude, space_of
from spargen.run.recipe import Recipe, make_recipe
from spargen.run.scenes import SceneRef, absent, adapter_of, open_adapter, refuse_straddling, refuse_twice, scenes_of
from spargen.scene.labels import label_file
from spargen.scene.lists import read_label_file

FORMAT_VERSION = 3
"""Of the layout of an output folder, parts included."""


@dataclass(frozen=True, slots=True)
class Run:
    """What an output folder is: a job, the versions that made it, and its scenes. ``.parts/run.json`` holds it.

    Parameters
    ----------
    name : of the job.
    identity : what rows and images depend on, without the choice of scenes and without what fingerprints cover.
    cells : what is asked of the scenes of each source: rows that a scene gives at most, by ``task/form``.
    roots : where the sources lay, which another machine may call otherwise; "" for those that are left out.
    code, templates : fingerprints of program, adapters and plug-ins, and of the words; libraries : versions.
    scenes : the scenes that are there, sorted; missing : those that a list names and the disk has not.
    terms : terms of use by data set.
    notes : what a person should know about the choice of scenes, one for each source, "" where there is nothing.
    plugins : where the files of the job's own tasks lay.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")

    name: str
    identity: Mapping[str, Any]
    cells: tuple[Mapping[str, int], ...]
    roots: tuple[str, ...]
    code: str
    templates: str
    libraries: Mapping[str, str]
    scenes: tuple[SceneRef, ...]
    missing: tuple[SceneRef, ...]
    terms: Mapping[str, str]
    notes: tuple[str, ...]
    plugins: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Return for each source one fingerprint of all that its rows depend on, the scenes' own files excepted.

        What is asked of one source is no matter of the others: change it, and their scenes hold.
        """
        shared = {key: value for key, value in self.identity.items() if key not in ("tasks", "rows_per_cell")}
        identity = orjson.dumps(shared, option=orjson.OPT_SORT_KEYS)
        made = FORMAT_VERSION, identity, self.code, self.templates, self.libraries
        return tuple(digest(*made, cells) for cells in self.cells)

    @property
    def key(self) -> str:
        """Return one fingerprint of everything that rows depend on, the scenes' own files excepted."""
        return digest(list(self.keys))

    @property
    def left_out(self) -> frozenset[int]:
        """Return which sources are left out, for their folders are not there."""
        return frozenset(index for index, root in enumerate(self.roots) if not root)

    def lent(self, other: Run) -> Run:
        """Return the run with those sources that it leaves out and another run of the job has: scenes, roots, terms."""
        taken = self.left_out - other.left_out
        scenes, missing = ([ref for ref in refs if ref.source in taken] for refs in (other.scenes, other.missing))
        refuse_twice([*self.scenes, *scenes])
        terms = {name: [self.terms.get(name, ""), other.terms[name]] for name in {ref.dataset for ref in scenes}}
        return replace(
            self,
            roots=tuple((other if i in taken else self).roots[i] for i in range(len(self.roots))),
            notes=tuple((other if i in taken else self).notes[i] for i in range(len(self.roots))),
            scenes=tuple(sorted([*self.scenes, *scenes])),
            missing=tuple(sorted([*self.missing, *missing])),
            terms={**self.terms, **{name: _joined(texts) for name, texts in terms.items()}},
        )

    def take(self, scenes: Sequence[str] | None = None, shard: tuple[int, int] | None = None) -> list[SceneRef]:
        """Return the named scenes, or every n-th one from the i-th on for the shard ``(i, n)``.

        Raises `JobError` for a name that the job has not.
        """
        chosen = list(self.scenes)
        if scenes is not None:
            known = {ref.scene for ref in (*self.scenes, *self.missing)}
            for scene in scenes:
                if scene not in known:
                    mend = nearest(scene, known, "spargen list scenes names those of a data set")
                    raise JobError("the job has no such scene", where=scene, mend=mend)
            chosen = [ref for ref in chosen if ref.scene in set(scenes)]
        return chosen if shard is None else chosen[shard[0] - 1 :: shard[1]]


def compile_job(job: Job, recipes: Sequence[Recipe]) -> Run:
    """List the scenes of every source, give each its split, and take the fingerprints of what will make the rows.

    Parameters
    ----------
    job : the job. A source whose folder is not there is left out, and a note says so.
    recipes : what is asked of the scenes of each source.

    Raises
    ------
    JobError
        If there is no scene, a list cannot be read or names what is not there, a scene is named twice, or two splits
        show one space.
    """
    scenes: list[SceneRef] = []
    missing: list[SceneRef] = []
    spaces: dict[tuple[str, str], list[SceneRef]] = defaultdict(list)
    terms: dict[str, list[str]] = defaultdict(list)
    notes = []
    for index, source in enumerate(job.sources):
        kind = adapter_of(source)
        if why := absent(source):
            notes.append(f"{source.dataset or kind.dataset}: left out: {why}")
            continue
        adapter = open_adapter(source, recipes[index].rules)
        dataset = source.dataset or adapter.dataset
        there, lacking, said = exclude(adapter, job.exclude, *scenes_of(source, adapter, index))
        scenes, missing = scenes + there, missing + lacking
        terms[dataset].append(adapter.terms())
        for ref in there:
            spaces[dataset, space_of(adapter, ref.scene)].append(ref)
        names = ", ".join(sorted({ref.split for ref in (*there, *lacking)})) or "none"
        own = f"{dataset}: no split lists given, the adapter's own splits are used ({names})"
        notes.append("; ".join([*said, *([own] if source.splits is None else [])]))
    if not scenes and not missing:
        raise _nothing_there(job)
    refuse_twice(scenes)
    refuse_straddling(spaces)
    return Run(
        name=job.name,
        identity=identity_of(job),
        cells=tuple(recipe.quotas for recipe in recipes),
        roots=roots_of(job),
        code=code_fingerprint(job),
        templates=recipes[0].templates.fingerprint,
        libraries=libraries(),
        scenes=tuple(sorted(scenes)),
        missing=tuple(sorted(missing)),
        terms={dataset: _joined(texts) for dataset, texts in terms.items()},
        notes=tuple(notes),
        plugins=tuple(str(path.resolve()) for path in job.plugins),
    )


def _joined(terms: Sequence[str]) -> str:
    """Join terms of use: folders of one data set may bring some of their own, and all hold for what is made of them."""
    return "; ".join(dict.fromkeys(part for text in terms for part in text.split("; ") if part))


def _nothing_there(job: Job) -> JobError:
    reasons = [absent(source) for source in job.sources]
    if all(reasons):
        mend = "set `root` to the folder of the data set, or export the variable that it names"
        return JobError("; ".join(dict.fromkeys(reasons)), where="sources", mend=mend)
    where = ", ".join(str(source.root) for source in job.sources)
    return JobError("there are no scenes", where=where, mend="check `root`, `splits`, `scenes` and `exclude`")


def identity_of(job: Job) -> dict[str, Any]:
    """Return what makes a job this job, wherever its files lie. What a source asks on its own does not."""
    recipe = make_recipe(job) if any(source.tasks is None for source in job.sources) else None
    return {
        "seed": job.seed,
        "sources": [{"adapter": s.adapter, "dataset": s.dataset, "options": s.options} for s in job.sources],
        "tasks": {task: list(forms) for task, forms in recipe.forms.items()} if recipe else {},
        "rows_per_cell": dict(recipe.quotas if recipe else job.rows_per_cell),
        "images": job.images,
        "rgbd": job.rgbd,
        "words": job.words,
        "filters": [job.min_margin, job.min_visible_px, sorted(job.difficulty)],
        "labels": [read_label_file(file).changes.identity() for file in job.labels],
        "settings": job.settings.model_dump(mode="json"),
    }


def roots_of(job: Job) -> tuple[str, ...]:
    """Return where the sources of a job lie on this machine, "" for those that are not there."""
    return tuple("" if absent(source) else str(source.root.resolve()) for source in job.sources)


def code_fingerprint(job: Job) -> str:
    """Return a fingerprint of program, shipped lists of labels and words, adapters and the job's task files."""
    adapters = sorted({adapter_module(source.adapter) for source in job.sources})
    lists = label_file().read_bytes(), words_file().read_bytes()
    return digest(tree(Path(__file__).parent.parent), *lists, code([*adapters, *job.plugins]))
