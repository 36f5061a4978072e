"""Commands that prove an output: verify."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from spargen.cli.base import EXIT_ERROR, Data, Quiet, Workers, command, data_roots
from spargen.run.executors import cores
from spargen.terminal import bar, print_whole


@command("verify")
def verify(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An output folder.")],
    data: Data = None,
    workers: Workers = None,
    sample: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only N rows of each cell, for a look.")
    ] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first wrong row.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write what was found.")] = None,
    quiet: Quiet = False,
) -> None:
    """Work the answer of every row out again from the raw scenes, by a second path, and compare.

    The second path reads the published rows, never the facts, and shares no geometry, no task and no ray caster with
    the one that made them. Exit code 1 if a row is wrong. An ambiguous row may be read in two ways, of which one is
    wrong; an unread one could not be checked, such as those of plug-ins' tasks that bring no check.
    """
    from spargen.verify.run import verify_rows

    with bar("scenes", quiet) as step:
        report = verify_rows(
            out,
            data=data_roots(data),
            workers=workers or cores(),
            sample=sample,
            fail_fast=fail_fast,
            watch=lambda scene, done, total: step(done, total, scene),
        )
    if json_file is not None:
        json_file.write_bytes(report.as_json())
    if not quiet:
        table = Table("task", "form", "rows", *report.totals())
        for (task, form), rows in report.by_form().items():
            table.add_row(task, form, *(f"{n:,}" if n else "" for n in (sum(rows.values()), *rows.values())))
        table.add_section()
        table.add_row("all", "", *(f"{n:,}" for n in (sum(report.totals().values()), *report.totals().values())))
        print_whole(table)
    for finding in report.told():
        print(finding, file=sys.stderr)
    if not report.ok:
        raise typer.Exit(EXIT_ERROR)
