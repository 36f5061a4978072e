"""Commands that prove an output: verify and audit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from spargen.audit.run import Audit
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


@command("audit")
def audit(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An output folder, or any tree in SPAR's layout.")],
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write what was found.")] = None,
    fail_above: Annotated[
        float | None, typer.Option(min=0, metavar="POINTS", help="Exit code 1 if a select or judge cell gains more.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of folds, samples and shuffled answers.")] = 0,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Find out how much can be answered without looking: blind models on the texts, and on texts and marks.

    What they gain over a guess, or in numbers over the best constant, is what a trained model may learn instead of
    space. They are chosen and trained on some scenes and asked about others; answers that were shuffled must give
    nothing. It needs ten scenes or more. With --fail-above the gain by text counts, less two standard errors.
    """
    from spargen.audit.run import audit as audit_tree

    with bar("cells", quiet) as step:
        found = audit_tree(out, seed=seed, workers=workers or cores(), watch=step)
    if json_file is not None:
        json_file.write_bytes(found.as_json())
    if not quiet:
        print_whole(_gains(found))
    if fail_above is not None and (failing := found.failing(fail_above)):
        names = ", ".join(f"{cell.task}/{cell.form}" for cell in failing)
        print(f"{len(failing)} cells gain more than {fail_above:g} points without looking: {names}", file=sys.stderr)
        raise typer.Exit(EXIT_ERROR)


def _gains(found: Audit) -> Table:
    """Return the table of what blind models gain, in points over the floor."""
    table = Table("task", "form", "rows", "scenes", "floor", "by text", "by text and marks", "shuffled", "model")
    for cell in found.cells:
        if cell.text is None or cell.marks is None or cell.control is None:
            continue
        gains = (f"{100 * b.gain:+.1f} +- {100 * b.error:.1f}" for b in (cell.text, cell.marks, cell.control))
        model = max(cell.text.models, key=lambda name: cell.text.models[name] if cell.text else 0)
        floor = f"{100 * cell.text.floor:.1f}"
        table.add_row(cell.task, cell.form, f"{cell.rows:,}", f"{cell.scenes:,}", floor, *gains, model)
    return table
