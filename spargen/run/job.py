"""The job: what a run is asked to make, read from YAML and checked. A mistake is named with its place and its mend."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from spargen.errors import JobError, nearest, short
from spargen.qa.fact import Difficulty
from spargen.qa.margin import STEP, Unit
from spargen.reading import parse_yaml, read_text
from spargen.settings import Settings, Words

MAX_ROWS_PER_CELL = 10_000
DEFAULT_ROWS_PER_CELL = 100
_PATHS = ("root", "out", "cache", "labels", "exclude")
_LONGEST_PATH, _LONGEST_NAME = 3_800, 255
"""Bytes of a path and of each name in it. Linux takes 4,096: what a run writes below a folder has room."""


def _as_mapping(tasks: object) -> object:
    tasks = [tasks] if isinstance(tasks, str) else tasks
    return dict.fromkeys(tasks) if isinstance(tasks, list) and all(isinstance(t, str) for t in tasks) else tasks


def _as_list(paths: object) -> object:
    return [paths] if isinstance(paths, str | Path) else paths


def _as_default(quota: object) -> object:
    return quota if quota is None or isinstance(quota, dict) else {"default": quota}


FILTERS = {
    "min_margin": "give the least margin by unit or share, such as {m: 0.02, share: 0.1}; units: " + ", ".join(STEP),
    "min_visible_px": "give a whole number of pixels from 0 on",
    "difficulty": "give easy, medium or hard, or a list of them",
}
"""How to mend what says which questions are left out."""
Forms = list[str] | None
Quota = Annotated[int, Field(ge=1, le=MAX_ROWS_PER_CELL, strict=True)]
Tasks = Annotated[dict[str, Forms] | None, BeforeValidator(_as_mapping)]


class Source(BaseModel):
    """A data set on disk, and which of its scenes are taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adapter: str = Field(description="a name from `spargen list adapters`, or package.module:Class")
    root: Path = Field(description="the folder the data set was downloaded to")
    dataset: str | None = Field(None, description="folder name in the output; the adapter's own by default")
    tasks: Tasks = Field(None, description="what is asked of its scenes, in place of the job's `tasks`")
    rows_per_cell: Annotated[dict[str, Quota] | None, BeforeValidator(_as_default)] = Field(
        None, description="rows that its scenes give, in place of the job's `rows_per_cell`"
    )
    splits: dict[str, Path] | None = Field(None, description="one file of scene ids a split; the adapter's by default")
    scenes: list[str] | None = Field(None, description="only these scenes")
    options: dict[str, Any] = Field(default_factory=dict, description="passed to the adapter by name")


class Job(BaseModel):
    """A whole run. Relative paths of a job file start at the file's folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    seed: int = Field(0, ge=0, lt=2**63)
    out: Path = Field(description="the folder that receives everything")
    sources: list[Source] = Field(min_length=1)
    tasks: Tasks = Field(None, description="task names, or {task: [forms]}; all by default")
    rows_per_cell: Annotated[dict[str, Quota], BeforeValidator(_as_default)] = Field(
        default_factory=lambda: {"default": DEFAULT_ROWS_PER_CELL},
        description="rows a scene gives to each (task, form): a number, or {default:, task:, task/form:}",
    )
    templates: list[Path] = Field(default_factory=list, description="folders that come before the shipped templates")
    words: Words = Field("full", description="notes of the templates in full, or brief")
    labels: Annotated[list[Path], BeforeValidator(_as_list)] = Field(
        default_factory=list, description="files of label lists, laid over the shipped ones in this order"
    )
    plugins: list[Path] = Field(default_factory=list, description="Python files that define tasks")
    exclude: Annotated[list[Path], BeforeValidator(_as_list)] = Field(
        default_factory=list, description="files of scene ids that must not be used, nor other scans of their spaces"
    )
    images: Literal["copy", "link", "none"] = "copy"
    rgbd: bool = Field(False, description="write depth images, poses and intrinsics too")
    cache: Path | None = Field(None, description="folder that keeps visibility tables between jobs")
    min_margin: dict[Unit | Literal["share"], Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default_factory=dict, description="leave out what has a smaller margin, by its unit, or as a share: {m: 0.02}"
    )
    min_visible_px: int = Field(0, ge=0, description="leave out what is about a thing that covers fewer pixels")
    difficulty: Annotated[list[Difficulty], BeforeValidator(_as_list)] = Field(
        default_factory=list, description="ask only easy, medium or hard questions; all by default"
    )
    settings: Settings = Field(default_factory=lambda: Settings.model_validate({}))

    def tasks_of(self, source: Source | None) -> dict[str, Forms] | None:
        """Return what is asked of the scenes of a source: its own tasks, else the job's."""
        return self.tasks if source is None or source.tasks is None else source.tasks

    def quota(self, task: str, form: str, source: Source | None = None) -> int:
        """Return how many rows a scene gives to a cell at most, by its source's own numbers if it has some."""
        rows = self.rows_per_cell if source is None or source.rows_per_cell is None else source.rows_per_cell
        default = rows.get("default", DEFAULT_ROWS_PER_CELL)
        return rows.get(f"{task}/{form}", rows.get(task, default))


def load_job(file: Path, overrides: Sequence[str] = (), **given: object) -> Job:
    """Read a job file.

    Parameters
    ----------
    file : the YAML file.
    overrides : ``key.sub=value`` texts, the value in YAML.
    given : keys that replace the file's, paths as the caller sees them.

    Raises `JobError` as `read_tree` and `make_job` do.
    """
    return make_job(read_tree(file), overrides, where=str(file), base=file.parent, **given)


def read_tree(file: Path) -> dict[str, Any]:
    """Return the keys and values of a job file, for `make_job`; `JobError` where it cannot be read or is no job."""
    tree, _ = parse_yaml(read_text(file, "the job", JobError), str(file), JobError)
    if not isinstance(tree, dict):
        raise JobError("a job is a mapping of keys to values", where=file, mend="see configs/default.yaml")
    return tree


def make_job(
    tree: Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    where: str = "command line",
    base: Path = Path(),
    **given: object,
) -> Job:
    """Build a job from plain values.

    Parameters
    ----------
    tree : the job's keys and values.
    overrides : ``key.sub=value`` texts that replace single values.
    where : what a message names as the place.
    base : the folder at which relative paths start.
    given : keys that replace the tree's, paths as the caller sees them; None is ignored.

    The root of a source may name what the environment has not: it stays as it is written, and `absent` tells.

    Raises
    ------
    JobError
        For unknown and missing keys, values that cannot be, and paths that nothing can have.
    """
    replaced = {key: value for key, value in given.items() if value is not None}
    values = dict(tree)
    for text in overrides:
        values = _override(values, text)
    values = _with_paths({key: value for key, value in values.items() if key not in replaced}, base, where) | replaced
    try:
        return Job.model_validate(values)
    except ValidationError as error:
        texts = [_describe(e) for e in error.errors()]
        raise JobError("; ".join(text for text, _ in texts), where=where, mend=texts[0][1]) from None


def _override(values: Any, text: str) -> Any:
    """Return the tree with one ``key.sub=value`` put in; what it does not touch is shared."""
    path, sign, raw = text.partition("=")
    if not sign or not all(path.split(".")):
        raise JobError(
            "this is not of the form key.sub=value", where=f"--set {text}", mend="--set settings.word_m=0.25"
        )
    value, _ = parse_yaml(raw, f"--set {text}", JobError)
    try:
        return _put(values, path.split("."), value)
    except (IndexError, TypeError, ValueError) as error:
        raise JobError("there is nothing of that name to set", where=f"--set {text}", mend="check the keys") from error


def _put(node: Any, keys: Sequence[str], value: object) -> Any:
    if not keys:
        return value
    head, rest = keys[0], keys[1:]
    if isinstance(node, list):
        copy = list(node)
        copy[int(head)] = _put(copy[int(head)], rest, value)
        return copy
    if node is not None and not isinstance(node, dict):
        raise TypeError(head)
    return {**(node or {}), head: _put((node or {}).get(head), rest, value)}


def _with_paths(values: dict[str, Any], base: Path, where: str) -> dict[str, Any]:
    """Expand ``~`` and ``$NAME`` and put relative paths below `base`, wherever the job holds a path."""

    def place(key: str, value: Any) -> Any:
        return base / _expanded(value, where, key) if isinstance(value, str) else value

    out = {k: place(k, v) if k in _PATHS else v for k, v in values.items()}
    for key in ("templates", "plugins", "labels", "exclude"):
        if isinstance(out.get(key), list):
            out[key] = [place(key, v) for v in out[key]]
    if isinstance(out.get("sources"), list):
        out["sources"] = [_source_paths(s, place) if isinstance(s, dict) else s for s in out["sources"]]
    return out


def _source_paths(source: dict[str, Any], place: Any) -> dict[str, Any]:
    root = source.get("root")
    if isinstance(root, str) and unset_in(os.path.expandvars(root)):
        return source  # the source is left out, and none of its files is read
    out = {k: place(k, v) if k in _PATHS else v for k, v in source.items()}
    if isinstance(out.get("splits"), dict):
        out["splits"] = {k: place("splits", v) for k, v in out["splits"].items()}
    return out


def _expanded(text: str, where: str, key: str) -> str:
    if "\0" in text:
        raise JobError("a path holds a character that none can have", where=where, mend=f"mend {short(text)}")
    try:
        path = os.path.expandvars(str(Path(text).expanduser()))
    except RuntimeError:
        raise JobError(f"there is no home of {short(text)}", where=where, mend="write the path in full") from None
    # As a path it would be the folder at which relative ones start, which nobody means who leaves a variable empty.
    if not (text.strip() and path.strip()):
        mend = f"write a path, or leave `{key}` out; is a variable of the shell empty?"
        raise JobError(f"`{key}` is an empty path", where=where, mend=mend)
    if name := unset_in(path):
        mend = f"export {name[1:].strip('{}')}=... first{', or give --out' if key == 'out' else ''}"
        raise JobError(f"the environment has no {name}", where=where, mend=mend)
    names = os.fsencode(path).split(b"/")
    if sum(map(len, names)) > _LONGEST_PATH or max(map(len, names)) > _LONGEST_NAME:
        raise JobError("a path is longer than any can be", where=where, mend=f"shorten {short(path)}")
    return path


def unset_in(path: str) -> str:
    """Return the first ``$NAME`` that is left in a path, "" where none is."""
    return path[path.index("$") :].split("/")[0] if "$" in path else ""


def _describe(error: ErrorDetails) -> tuple[str, str]:
    """Return what is wrong with a key and how to mend it."""
    loc = error["loc"]
    key = ".".join(str(part) for part in loc)
    last = str(loc[-1]) if loc else ""
    if error["type"] == "extra_forbidden":
        known = _known_keys(loc)
        return f"unknown key `{key}`", nearest(last, known, f"known keys: {', '.join(known)}")
    if error["type"] == "missing":
        return f"`{key}` is missing", f"add `{last}:` to the job"
    if "rows_per_cell" in loc:
        mend = f"give a whole number from 1 to {MAX_ROWS_PER_CELL}"
        return f"`{key.removesuffix('.default')}` cannot be {short(error['input'])}", mend
    if last in ("tasks", "dict[str,nullable[list[str]]]"):
        return "`tasks` is neither names nor a mapping of names to forms", "see configs/default.yaml"
    if loc[0] in FILTERS:
        return f"`{loc[0]}` cannot be {short(error['input'])}", FILTERS[str(loc[0])]
    if error["type"] == "ascending":
        names = error["ctx"]
        return f"`{key}`: {error['msg']}", f"lower `{names['low']}`, or raise `{names['high']}`"
    return f"`{key}`: {error['msg'].lower()}, not {short(error['input'])}", f"see {_kind(loc)} in configs/default.yaml"


def _kind(loc: tuple[int | str, ...]) -> str:
    return next((f"`{part}`" for part in loc if isinstance(part, str)), "the keys")


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    models: dict[str, type[BaseModel]] = {"sources": Source, "settings": Settings}
    model = models.get(str(loc[0]), Job) if len(loc) > 1 else Job
    return sorted(model.model_fields)
