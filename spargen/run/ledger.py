"""``OUT/.parts/run.json``: the run that an output folder belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import orjson

from spargen.errors import OutputError
from spargen.run.compile import FORMAT_VERSION, Run, identity_of, roots_of
from spargen.run.files import write_json
from spargen.run.job import Job
from spargen.run.parts import PARTS
from spargen.run.scenes import SceneRef

_OURS = ("spar", "facts", "data_jsons", "manifest.json")


def claim(out: Path, run: Run) -> Run:
    """Make an output folder this run's and return the run; `OutputError` if it is another's.

    Of sources that are left out now the scenes stay that earlier runs found: their rows are in the folder.
    """
    earlier = _ours(out, run.identity, run.roots)
    if earlier is not None:
        told = [f"{note}; what earlier runs made of it stays" if note else "" for note in run.notes]
        whole = run.lent(earlier)
        taken = run.left_out - whole.left_out
        run = replace(whole, notes=tuple(told[i] if i in taken else note for i, note in enumerate(run.notes)))
    refs = {key: [[r.dataset, r.split, r.scene, r.source] for r in getattr(run, key)] for key in ("scenes", "missing")}
    write_json(out / PARTS / "run.json", {"format_version": FORMAT_VERSION, **asdict(run), **refs})
    return run


def check_out(job: Job) -> None:
    """Raise `OutputError` if the job's output folder belongs to another job; no scene is looked for."""
    _ours(job.out, identity_of(job), roots_of(job))


def read_run(out: Path) -> Run:
    """Return the run of an output folder."""
    path = out / PARTS / "run.json"
    try:
        content = orjson.loads(path.read_bytes())
        if content.pop("format_version", 1) != FORMAT_VERSION:
            mend = "finish it with the version that began it, or choose another --out"
            raise OutputError("the folder was begun by another version, of another layout", where=out, mend=mend)
        for key in ("scenes", "missing"):
            content[key] = tuple(SceneRef(*entry) for entry in content[key])
        return Run(**{**content, **{key: tuple(content[key]) for key in ("cells", "roots", "notes")}})
    except FileNotFoundError:
        raise OutputError("no run has written here", where=out, mend="name the --out of `spargen generate`") from None
    except (OSError, orjson.JSONDecodeError, AttributeError, TypeError, KeyError) as error:
        raise OutputError("the record of the run is damaged", where=path, mend="choose another --out") from error


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
    if (out / PARTS / "run.json").exists():
        run = read_run(out)
        refuse_other(run.identity, identity, out)
        # Where one of the two had no folder, nothing was moved.
        moved = {i: pair for i, pair in enumerate(zip(run.roots, roots, strict=True)) if all(pair)}
        before, now = ({"root": {i: pair[which] for i, pair in moved.items()}} for which in (0, 1))
        refuse_other(before, now, out)
        return run
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
