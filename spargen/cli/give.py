"""Commands that give an output to others: export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spargen.cli.base import Quiet, Workers, command
from spargen.errors import JobError, nearest
from spargen.export.readers import READERS
from spargen.terminal import bar, say

_READERS = "; ".join(f"{name}: {who}" for name, who in READERS.items())
_Names = list[str] | None


@command("export")
def export_rows(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An output folder.")],
    to: Annotated[str, typer.Option(help=f"Who is to read it. {_READERS}.")],
    dest: Annotated[Path, typer.Option(help="Folder that receives the export.")],
    tasks: Annotated[_Names, typer.Option(help="Only these tasks: repeat, or separate by commas.")] = None,
    forms: Annotated[_Names, typer.Option(help="Only these forms.")] = None,
    datasets: Annotated[_Names, typer.Option(help="Only these data sets.")] = None,
    splits: Annotated[_Names, typer.Option(help="Only these splits.")] = None,
    ratio: Annotated[_Names, typer.Option(metavar="FORM=R", help="A share of a form's rows: --ratio fill=0.1")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows of each task, form and split.")] = None,
    frames: Annotated[
        int | None, typer.Option(min=1, help="No rows of more images than this; a clip, of 32, is never thinned.")
    ] = None,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Mix all tasks and forms.")] = False,
    draw_marks: Annotated[
        bool, typer.Option("--draw-marks/--no-draw-marks", help="Draw points and boxes that questions speak of.")
    ] = True,
    image_size: Annotated[
        int | None, typer.Option(min=32, metavar="PX", help="The longer side of images at most.")
    ] = None,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Write an output's rows as a trainer reads them, with marks drawn into copies of the images.

    The same command resumes what was stopped. How to start each trainer on it stands in docs/training.md.
    """
    from spargen.export.choice import Choice
    from spargen.export.run import Pictures, export
    from spargen.run.executors import cores

    if to not in READERS:
        known = f"known formats: {', '.join(READERS)}"
        raise JobError(f"there is no format {to!r}", where="--to", mend=nearest(to, READERS, known))
    choice = Choice(
        datasets=_names(datasets),
        splits=_names(splits),
        tasks=_names(tasks),
        forms=_names(forms),
        ratio=_ratios(ratio or []),
        limit=limit,
        frames=frames,
        shuffle=shuffle,
    )
    with bar("rows", quiet) as step:
        summary = export(
            out,
            to,
            dest,
            choice=choice,
            pictures=Pictures(draw_marks, image_size),
            workers=workers or cores(),
            watch=lambda done, total: step(done, total, f"{done:,} rows written"),
        )
    say(f"{summary.rows:,} rows with {summary.images:,} images in {dest}", quiet)
    if summary.left_out:
        say(f"left out: {summary.left_out:,} rows of more than {frames} images", quiet)


def _names(given: list[str] | None) -> list[str] | None:
    return None if given is None else [name for text in given for name in text.split(",") if name]


def _ratios(given: list[str]) -> dict[str, float]:
    ratios = {}
    for text in given:
        form, _, share = text.partition("=")
        try:
            ratios[form] = float(share)
        except ValueError:
            ratios[form] = -1
        if not (form and 0 <= ratios[form] <= 1):
            mend = "write fill=0.1 for a tenth of the fill rows"
            raise JobError("this is no share of a form's rows", where=f"--ratio {text}", mend=mend)
    return ratios
