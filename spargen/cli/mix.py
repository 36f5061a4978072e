"""Commands that tell a trainer what to read: index and mix."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spargen.cli.base import Quiet, command
from spargen.errors import JobError
from spargen.terminal import say

if TYPE_CHECKING:
    from spargen.run.naming import Cell

_Out = Annotated[Path, typer.Argument(metavar="OUT", help="An output folder.")]
_Given = list[str] | None


@command("index")
def index(out: _Out, quiet: Quiet = False) -> None:
    """Write SPAR's training indexes and their mix anew, from the files of rows that are there.

    `spargen generate` and `spargen merge` do this by themselves; it is for folders whose files were moved or removed.
    """
    from spargen.run.indexes import make_folders, write_indexes

    counts = _counts(out)
    make_folders(out)
    for name in write_indexes(out, counts):
        say(f"written: {out / name}", quiet)


@command("mix")
def mix(
    out: _Out,
    dest: Annotated[Path, typer.Option(metavar="FILE.json", help="The index to write.")],
    dataset: Annotated[_Given, typer.Option(metavar="NAME=R", help="Ratio of a data set: repeat for more.")] = None,
    task: Annotated[_Given, typer.Option(metavar="NAME=R", help="Ratio of a task.")] = None,
    form: Annotated[_Given, typer.Option(metavar="NAME=R", help="Ratio of a form.")] = None,
    quiet: Quiet = False,
) -> None:
    """Write a training index with ratios of your own, for SPAR's loader.

    Rows of a cell are taken as often as the ratios of its data set, its task and its form say together: 0 leaves them
    out, 0.1 takes the first tenth of each file, 2 takes them twice. Without ratios it is SPAR's mix: all sentences, a
    tenth of the other forms.
    """
    from spargen.run.indexes import Ratios, write_mix

    ratios = Ratios(_ratios(dataset, "--dataset"), _ratios(task, "--task"), _ratios(form, "--form"))
    rows = write_mix(_counts(out), ratios, dest)
    say(f"{rows:,} rows an epoch: {dest}", quiet)


def _counts(out: Path) -> dict[Cell, int]:
    from spargen.run.read import published_cells, rows_in

    return {cell: rows_in(out, cell) for cell in published_cells(out)}


def _ratios(given: _Given, option: str) -> dict[str, float]:
    ratios = {}
    for text in given or ():
        name, _, ratio = text.partition("=")
        try:
            ratios[name] = float(ratio)
        except ValueError:
            ratios[name] = math.nan
        if not (name and 0 <= ratios[name] < math.inf):
            raise JobError("this is no ratio", where=f"{option} {text}", mend="write NAME=0.5 to take half of the rows")
    return ratios
