"""``OUT/.parts/run.json``: the run that an output folder belongs to."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter

from spargen.errors import OutputError
from spargen.run.compile import FORMAT_VERSION, Run, identity_of, roots_of
from spargen.run.files import read_sealed, refuse_link, write_sealed
from spargen.run.job import Job
from spargen.run.leaks import exclude
from spargen.run.naming import OWN
from spargen.run.parts import PARTS, read_part, record_file
from spargen.run.scenes import SceneRef, open_adapter
from spargen.scene.labels import LabelRules
from spargen.scene.names import can_name_a_file

_REF = ("dataset", "split", "scene", "source")
_log = logging.getLogger(__name__)
_OURS = ("spar", "facts", "data_jsons", "manifest.json")


class _DamagedError(OutputError):
    """The record of a run is not as it was written."""


def claim(out: Path, run: Run) -> Run:
    """Make an output folder this run's and return the run; `OutputError` if it is another's.

    Of sources that are left out now the scenes stay that earlier runs found: their rows are in the folder. A record
    that is damaged or gone is written anew if the parts in the folder are of this very run.
    """
    refuse_links(out)
    try:
        earlier = _ours(out, run.identity, run.roots)
    except _DamagedError as error:
        _refuse_foreign_parts(out, run, error)
        _log.warning("%s: the record of the run was damaged: it is written anew, for the parts are of this run", out)
        earlier = None
    if earlier is not None:
        told = [f"{note}; what earlier runs made of it stays" if note else "" for note in run.notes]
        whole = run.lent(earlier)
        taken = run.left_out - whole.left_out
        run = replace(whole, notes=tuple(told[i] if i in taken else note for i, note in enumerate(run.notes)))
    refs = {key: [[r.dataset, r.split, r.scene, r.source] for r in getattr(run, key)] for key in ("scenes", "missing")}
    write_sealed(out / PARTS / "run.json", {"format_version": FORMAT_VERSION, **asdict(run), **refs})
    return run


def remembered(job: Job, run: Run, rules: Sequence[LabelRules]) -> Run:
    """Return a job's run with those scenes as missing that an earlier run in its folder made, and the disk has no more.

    So their rows stay. Scenes that the job names itself, and such as it excludes, are its own matter.
    """
    try:
        earlier = read_run(job.out)
    except OutputError:
        return run
    known = {(ref.dataset, ref.scene) for ref in (*run.scenes, *run.missing)}
    gone: list[SceneRef] = []
    for index, source in enumerate(job.sources):
        if source.splits is not None or source.scenes is not None or index in run.left_out:
            continue
        refs = [ref for ref in (*earlier.scenes, *earlier.missing) if ref.source == index]
        made = [ref for ref in refs if (ref.dataset, ref.scene) not in known and record_file(job.out, ref).exists()]
        gone += exclude(open_adapter(source, rules[index]), job.exclude, (), made)[1] if made else []
    return replace(run, missing=tuple(sorted([*run.missing, *gone])))


def check_out(job: Job) -> None:
    """Raise `OutputError` if the job's output folder belongs to another job; no scene is looked for."""
    refuse_folder(job.out, identity_of(job), roots_of(job))


def refuse_folder(out: Path, identity: Mapping[str, Any], roots: Sequence[str]) -> None:
    """Raise `OutputError` if an output folder belongs to a job of another identity, or of the same one elsewhere."""
    with suppress(_DamagedError):  # whose it is then, its parts will tell
        _ours(out, identity, roots)


def refuse_links(out: Path) -> None:
    """Refuse links where a run has files of its own; those of images are looked at when they are written or taken."""
    for path in (*(out / name for name in OWN), *(out / "spar").glob("*"), *(out / "spar").glob("*/qa_jsonl")):
        refuse_link(path)
    for folder in (*(out / "spar").glob("*/qa_jsonl"), out / "facts", out / "data_jsons", out / PARTS):
        for inner, folders, files in os.walk(folder):
            for name in (*folders, *files):
                refuse_link(Path(inner) / name)


def read_run(out: Path) -> Run:
    """Return the run of an output folder, after checking that it names nothing outside of it.

    Raises `OutputError` where there is none, its record is damaged, or another version of the layout began it.
    """
    path = out / PARTS / "run.json"
    try:
        content = read_sealed(path)
        version = content.pop("format_version", 1 if "identity" in content else None)
        if version not in (FORMAT_VERSION, None):
            mend = "finish it with the version that began it, or choose another --out"
            raise OutputError("the folder was begun by another version, of another layout", where=out, mend=mend)
        for key in ("scenes", "missing"):
            content[key] = [dict(zip(_REF, entry, strict=True)) for entry in content[key]]
        return _checked(_types().validate_json(orjson.dumps(content)))
    except FileNotFoundError:
        raise OutputError("no run has written here", where=out, mend="name the --out of `spargen generate`") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        mend = "give the command of `spargen generate` again: it writes it anew; of another job, choose another --out"
        raise _DamagedError("the record of the run is damaged", where=path, mend=mend) from error


@cache
def _types() -> TypeAdapter[Run]:
    return TypeAdapter(Run)


def _checked(run: Run) -> Run:
    """Return a run; `ValueError` or `KeyError` if it contradicts itself, or names what no folder can be called."""
    sources = run.identity["sources"]
    well = (
        len(sources) == len(run.roots) == len(run.notes) == len(run.cells)
        and all(isinstance(s["adapter"], str) and isinstance(s["options"], dict) for s in sources)
        and isinstance(run.identity["seed"], int)
        and all(isinstance(run.identity[key], kind) for key, kind in (("labels", list), ("settings", dict)))
        and all(
            0 <= ref.source < len(sources) and all(map(can_name_a_file, (ref.dataset, ref.split, ref.scene)))
            for ref in (*run.scenes, *run.missing)
        )
    )
    if not well:
        raise ValueError("the record contradicts itself")
    return run


def _refuse_foreign_parts(out: Path, run: Run, error: _DamagedError) -> None:
    """Raise where a damaged record is that of another job, or what it alone tells is still needed."""
    own = False
    for record in (out / PARTS).glob("*/*/*/done.json"):
        dataset, split, scene = record.parent.parts[-3:]
        ref = SceneRef(dataset, split, scene)
        with suppress(ValueError):
            if (part := read_part(out, ref)) is not None and part.key in run.keys:
                if part.source in run.left_out:
                    what, mend = f"{error.what}, and only it tells where {ref} lay", "bring that source back"
                    raise OutputError(what, where=error.where, mend=f"{mend}, and give the same command again")
                own = True
    if not own and any((out / name).exists() for name in _OURS):
        what = f"{error.what}, and no part in the folder is of this job and version"
        raise OutputError(what, where=error.where, mend="choose another --out, or remove the folder")


def refuse_other(was: Mapping[str, Any], now: Mapping[str, Any], where: Path) -> None:
    """Raise `OutputError` naming the keys in which two jobs differ."""
    before, after = _flat(was), _flat(now)
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if keys:
        texts = [f"{key} was {before.get(key, 'not set')}, now {after.get(key, 'not set')}" for key in keys[:5]]
        more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
        raise OutputError(
            f"the folder holds the output of another job: {'; '.join(texts)}{more}",
            where=where,
            mend="give the same job to resume it, or another --out",
        )


def _ours(out: Path, identity: Mapping[str, Any], roots: Sequence[str]) -> Run | None:
    """Return the run of an output folder; `OutputError` if it is another job's, or nobody knows whose."""
    path = out / PARTS / "run.json"
    if path.exists():
        run = read_run(out)
        refuse_other(run.identity, identity, out)
        # Data that is not where it was has moved, and each scene tells by its content whether it is the same.
        pairs = enumerate(zip(run.roots, roots, strict=True))
        both = {i: pair for i, pair in pairs if all(pair) and Path(pair[0]).is_dir()}
        before, now = ({"root": {i: pair[which] for i, pair in both.items()}} for which in (0, 1))
        refuse_other(before, now, out)
        return run
    if any((out / PARTS).glob("*/*/*/done.json")):
        raise _DamagedError("the record of the run is gone", where=path, mend="choose another --out")
    if any((out / name).exists() for name in _OURS):
        raise OutputError("the folder holds files of an unknown run", where=out, mend="choose another --out")
    return None


def _flat(tree: object, path: str = "") -> dict[str, object]:
    """Return the leaves of a tree by their dotted path."""
    if isinstance(tree, Mapping):
        return {k: v for key, value in tree.items() for k, v in _flat(value, f"{path}.{key}".lstrip(".")).items()}
    if isinstance(tree, list) and any(isinstance(value, Mapping) for value in tree):
        return {k: v for i, value in enumerate(tree) for k, v in _flat(value, f"{path}.{i}").items()}
    return {path: tree}
