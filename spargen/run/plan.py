"""Which scenes a job covers, and in which split each of them stands."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spargen.errors import JobError
from spargen.plugins import adapter_names, find_adapter
from spargen.run.job import Job, Source, nearest
from spargen.scene.adapter import SceneAdapter


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One scene of a job, and the position of its source in `Job.sources`."""

    dataset: str
    split: str
    scene: str
    source: int = 0

    def __str__(self) -> str:
        return f"{self.dataset}/{self.split}/{self.scene}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All scenes of a job, sorted.

    Parameters
    ----------
    items : the scenes that are there.
    missing : the scenes that a list names and the disk has not.
    terms : terms of use by data set.
    notes : what a person should know about the choice.
    """

    items: tuple[Item, ...]
    missing: tuple[Item, ...] = ()
    terms: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def take(self, scenes: Sequence[str] | None = None, shard: tuple[int, int] | None = None) -> list[Item]:
        """Return the items of the named scenes, or every n-th one from the i-th on for the shard ``(i, n)``."""
        items = list(self.items)
        if scenes is not None:
            known = {item.scene for item in (*self.items, *self.missing)}
            for scene in scenes:
                if scene not in known:
                    mend = nearest(scene, known, "spell it as the folder is spelt")
                    raise JobError("the job has no such scene", where=scene, mend=mend)
            items = [item for item in items if item.scene in set(scenes)]
        return items if shard is None else items[shard[0] - 1 :: shard[1]]


def open_adapter(source: Source) -> SceneAdapter:
    """Return the adapter of a source, without opening a scene."""
    if ":" not in source.adapter and source.adapter not in adapter_names():
        mend = nearest(source.adapter, adapter_names(), f"known adapters: {', '.join(adapter_names())}")
        raise JobError(f"there is no adapter {source.adapter!r}", where="sources.adapter", mend=mend)
    kind = find_adapter(source.adapter)
    if not source.root.is_dir():
        raise JobError("there is no such folder", where=source.root, mend="set `root` to the folder of the data set")
    options = [name for name in inspect.signature(kind.__init__).parameters if name not in ("self", "root")]
    for name in source.options:
        if name not in options:
            mend = nearest(name, options, f"known options: {', '.join(options) or 'none'}")
            raise JobError(
                f"the adapter has no option {name!r}", where=f"sources.options of {source.adapter}", mend=mend
            )
    return kind(source.root, **source.options)


def make_plan(job: Job) -> Plan:
    """List the scenes of every source and give each its split."""
    items: list[Item] = []
    missing: list[Item] = []
    spaces: dict[tuple[str, str], list[Item]] = defaultdict(list)
    terms: dict[str, list[str]] = defaultdict(list)
    notes = []
    for index, source in enumerate(job.sources):
        adapter = open_adapter(source)
        dataset = _plain(source.dataset or adapter.dataset, f"sources.{index}.dataset")
        terms[dataset].append(adapter.terms())
        on_disk = set(adapter.scenes())
        wanted = _wanted(source, adapter, on_disk, index)
        if source.splits is None:
            names = ", ".join(sorted({split for _, split in wanted})) or "none"
            notes.append(f"{dataset}: no split lists given, the adapter's own splits are used ({names})")
        for scene, split in wanted:
            item = Item(dataset, _plain(split, f"sources.{index}.splits"), _plain(scene, str(source.root)), index)
            (items if scene in on_disk else missing).append(item)
            if scene in on_disk:
                spaces[dataset, adapter.space(scene)].append(item)
    _refuse_twice(items)
    _refuse_straddling(spaces)
    if not items and not missing:
        where = ", ".join(str(source.root) for source in job.sources)
        raise JobError("there are no scenes", where=where, mend="check `root`, `splits` and `scenes`")
    # Two folders of one data set may bring terms of their own; both hold for what is made of them together.
    joined = {dataset: "; ".join(dict.fromkeys(texts)) for dataset, texts in terms.items()}
    return Plan(tuple(sorted(items)), tuple(sorted(missing)), joined, tuple(notes))


def read_scene_list(path: Path) -> list[str]:
    """Read scene ids, one a line; blank lines and what follows a ``#`` do not count."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise JobError(f"the scene list cannot be read: {reason}", where=path, mend="check the path") from error
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


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


def _plain(name: str, where: str) -> str:
    if not name or name in (".", "..") or any(sign in name for sign in "/\\:\0") or name.startswith("."):
        raise JobError(f"{name!r} cannot be a folder name", where=where, mend="use letters, digits, - and _")
    return name


def _refuse_twice(items: Iterable[Item]) -> None:
    seen: dict[tuple[str, str], Item] = {}
    for item in items:
        first = seen.setdefault((item.dataset, item.scene), item)
        if first is not item:
            raise JobError(
                f"the scene stands in {first.split} and again in {item.split}",
                where=f"{item.dataset}/{item.scene}",
                mend="name each scene once",
            )


def _refuse_straddling(spaces: dict[tuple[str, str], list[Item]]) -> None:
    """Refuse splits that show one room twice: what is learnt from one scan would be tested on the other."""
    for (dataset, space), items in sorted(spaces.items()):
        if len({item.split for item in items}) > 1:
            names = ", ".join(f"{item.scene} ({item.split})" for item in sorted(items, key=lambda i: i.scene))
            raise JobError(
                f"{names} are scans of one space, in different splits",
                where=f"{dataset}, space {space}",
                mend="put them all in one split list",
            )
