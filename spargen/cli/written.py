"""Files that a command is told to write: never one that it reads, nor one of a run's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spargen.errors import JobError

_WRITTEN = {
    "json_file": "--json",
    "retry_list": "--retry-list",
    "log_file": "--log-file",
    "page": "--page",
    "rrd": "--rrd",
    "dest": "--dest",
}
"""The options that name what is written, by their parameters; all other paths that a command is given are read."""


def refuse_own(given: Mapping[str, Any]) -> None:
    """Raise `JobError` where a command would write over what it reads, or over what a run wrote.

    Parameters
    ----------
    given : values of the command's parameters by name.
    """
    read = [path for name, value in given.items() if name not in _WRITTEN for path in _paths(value)]
    for name, option in _WRITTEN.items():
        for path in _paths(given.get(name)):
            if any(_is_same(path, other) for other in read):
                what, mend = "the command reads this: it cannot be written as well", "name another file"
                raise JobError(what, where=f"{option} {path}", mend=mend)
            if out := _run_that_owns(path):
                mend = "name a file outside of that folder, or one that is called otherwise in it"
                raise JobError(f"this is the place of a file of the run in {out}", where=f"{option} {path}", mend=mend)


def _paths(value: object) -> Iterator[Path]:
    for one in value if isinstance(value, list | tuple) else [value]:
        if isinstance(one, Path):
            yield one


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # one of them is not there yet, or can have no such name
        return False


def _run_that_owns(path: Path) -> Path | None:
    """Return the output folder in which a path, links followed, bears a name of the run's own."""
    from spargen.run.naming import OWN

    real = path.resolve()
    inside = zip(real.parents, [*reversed(real.parts)], strict=False)
    return next((out for out, name in inside if name in OWN and (out / ".parts" / "run.json").is_file()), None)
