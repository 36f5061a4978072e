"""Which job a command line means: that of a file, a shipped one by its name, or data sets without either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spargen.errors import JobError, nearest
from spargen.resources import data_dir

if TYPE_CHECKING:
    from spargen.run.job import Job

JobName = Annotated[
    Path | None, typer.Argument(metavar="JOB", help="A job file, or the name of a shipped job, such as spar7m.")
]
Adapter = Annotated[str | None, typer.Option(help="Without a job: the adapter of a data set of your own.")]
Root = Annotated[Path | None, typer.Option(metavar="DIR", help="Without a job: the folder that it reads.")]
Folder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Its folder.", rich_help_panel="Data sets, of the job or without one")
]


def chosen_job(
    name: Path | None,
    folders: Mapping[str, Path | None],
    adapter: str | None,
    root: Path | None,
    out: Path | None,
    changes: Sequence[str],
) -> Job:
    """Return the job that a command line means.

    Parameters
    ----------
    name : a file, or the name of a shipped job, whose relative paths start where one stands.
    folders : where data sets lie, by the names of their adapters; None is ignored.
    adapter, root : one more data set, if there is no job.
    out, changes : what replaces the job's folder, and single values of it.
    """
    from spargen.run.job import make_job, read_tree

    given = {key: folder for key, folder in folders.items() if folder is not None}
    if name is None:
        return make_job({"sources": _sources(given, adapter, root, out), "out": out}, changes)
    if adapter or root:
        raise JobError("a job and --adapter or --root are given", where=name, mend="use --set sources.0.root=DIR")
    file, base = _found(name)
    return make_job(_placed(read_tree(file), given, str(name)), changes, where=str(file), base=base, out=out)


def _sources(
    folders: Mapping[str, Path], adapter: str | None, root: Path | None, out: Path | None
) -> list[dict[str, Any]]:
    """Return the sources of data sets that are given without a job."""
    told = {"--adapter": adapter, "--root": root} if adapter or root else {}
    lacking = [option for option, value in {**told, "--out": out}.items() if value is None]
    if lacking or not (told or folders):
        what = f"{' and '.join(lacking)} not given" if told or folders else "neither a job nor a data set is given"
        mend = "name a job, or give --out and the folders of data sets, such as --scannet DIR"
        raise JobError(what, where="command line", mend=mend)
    own = [{"adapter": adapter, "root": root}] if told else []
    return own + [{"adapter": key, "root": folder} for key, folder in folders.items()]


def _found(name: Path) -> tuple[Path, Path]:
    """Return the file of a job, and the folder at which its relative paths start."""
    shipped = {path.stem: path for path in sorted(data_dir("configs").glob("*.yaml"))}
    if name.is_file() or name.suffix or len(name.parts) != 1:
        return name, name.parent
    if str(name) not in shipped:
        known = f"shipped jobs: {', '.join(shipped)}"
        raise JobError(
            "there is no such file, nor a job of that name", where=name, mend=nearest(str(name), shipped, known)
        )
    return shipped[str(name)], Path()


def _placed(tree: dict[str, Any], folders: Mapping[str, Path], where: str) -> dict[str, Any]:
    """Return a job's values with the folders of its sources replaced."""
    listed = tree.get("sources")
    if not folders or not isinstance(listed, list):
        return tree
    names = [str(source.get("adapter")) if isinstance(source, dict) else "" for source in listed]
    for key in folders:
        if names.count(key) != 1:
            what = f"{names.count(key) or 'none'} of its sources {'are' if key in names else 'is'} read by this adapter"
            known = f"its sources are read by {', '.join(dict.fromkeys(names))}"
            mend = "--set sources.0.root=DIR replaces the folder of the first one" if key in names else known
            raise JobError(what, where=f"{where} --{key}", mend=mend)
    placed = ({"root": folders[key]} if key in folders else {} for key in names)
    return tree | {"sources": [s | new if new else s for s, new in zip(listed, placed, strict=True)]}
