"""Commands that tell of an output: status, and verify and audit, which judge it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from spargen.cli.base import EXIT_ERROR, EXIT_INCOMPLETE, Data, Quiet, Trust, Workers, command, data_roots
from spargen.terminal import bar, complain, print_whole, say

if TYPE_CHECKING:
    from spargen.audit.run import Audit

_LISTED = 20
"""Scenes that are not done, as a terminal names them."""


@command("status")
def status(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An output folder.")],
    retry_list: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the scenes that are not done, for generate --scene-list.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write it all, scene by scene.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Tell how far an output is: scenes that are done, failed, missing, or stale. The exit code is 3 while any is open.

    Missing scenes no run has come to yet; stale ones were made by another version of the run, or are damaged, and the
    next run makes them anew.
    """
    from spargen.run.files import write_bytes
    from spargen.run.status import status as status_of

    found = status_of(out)
    if retry_list is not None:
        write_bytes(retry_list, "".join(f"{scene}\n" for scene in found.to_do()).encode())
    if json_file is not None:
        write_bytes(json_file, found.as_json())
    say(", ".join(f"{number:,} {state}" for state, number in found.counts.items()), quiet)
    if found.at_work:
        say("a run is at work in there", quiet)
    open_ = [(ref, state, why) for ref, (state, why) in found.scenes.items() if state != "done"]
    for ref, state, why in open_[:_LISTED]:
        say(f"  {state}: {ref}{': ' if why else ''}{'; '.join(map(str.strip, why.splitlines()))}", quiet)
    if len(open_) > _LISTED:
        say(f"  and {len(open_) - _LISTED:,} more: --json FILE names them all", quiet)
    if not found.complete:
        raise typer.Exit(EXIT_INCOMPLETE)


TOO_MUCH = 3.0
"""Points over chance from which the page shows a cell in full, if --fail-above names no other number."""


@command("verify")
def verify(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An output folder.")],
    data: Data = None,
    workers: Workers = None,
    sample: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only N rows of each cell, for a look.")
    ] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first wrong row.")] = False,
    trust_plugins: Trust = False,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write what was found.")] = None,
    quiet: Quiet = False,
) -> None:
    """Work the answer of every row out again from the raw scenes, by a second path, and compare.

    The second path reads the published rows, never the facts, and shares no geometry, no task and no ray caster with
    the one that made them. Exit code 1 if a row is wrong, 3 if a scene cannot be read. An ambiguous row may be read
    in two ways, of which one is wrong; an unread one could not be checked, such as those of plug-ins' tasks that bring
    no check.
    """
    from spargen.run.executors import cores
    from spargen.verify.run import verify_rows

    with bar("scenes", quiet) as step:
        report = verify_rows(
            out,
            data=data_roots(data),
            workers=workers or cores(),
            sample=sample,
            fail_fast=fail_fast,
            trust=trust_plugins,
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
        complain(str(finding))
    if not report.ok:
        raise typer.Exit(EXIT_ERROR)
    if report.lost:
        complain(f"scenes that cannot be read, so that their rows are unread: {', '.join(report.lost)}")
        raise typer.Exit(EXIT_INCOMPLETE)


@command("audit")
def audit(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An output folder, or any tree in SPAR's layout.")],
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one HTML page of it all.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write what was found.")] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="TREE", help="Another tree, whose answers, labels and questions are compared."),
    ] = None,
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
    from spargen.audit.page import page as page_of
    from spargen.audit.run import audit as audit_tree
    from spargen.run.executors import cores

    with bar("cells", quiet) as step:
        found = audit_tree(out, against=against, seed=seed, workers=workers or cores(), watch=step)
    if json_file is not None:
        json_file.write_bytes(found.as_json())
    if page is not None:
        page.write_bytes(page_of(found, TOO_MUCH if fail_above is None else fail_above))
    if not quiet:
        print_whole(_gains(found))
        if found.against:
            print_whole(_apart(found))
    if fail_above is not None and (failing := found.failing(fail_above)):
        names = ", ".join(f"{cell.task}/{cell.form}" for cell in failing)
        complain(f"{len(failing)} cells gain more than {fail_above:g} points without looking: {names}")
        raise typer.Exit(EXIT_ERROR)


def _gains(found: Audit) -> Table:
    """Return the table of what blind models gain, in points over the floor."""
    table = Table("task", "form", "rows", "scenes", "floor", "by text", "by text and marks", "shuffled", "model")
    for cell in found.cells:
        if cell.text is not None:
            models = cell.text.models
            often = max(models, key=lambda name: models[name])
            floor = f"{100 * cell.text.floor:.1f}"
            gains = (blind.points for blind in cell.levels.values())
            table.add_row(cell.task, cell.form, f"{cell.counts.rows:,}", f"{cell.scenes:,}", floor, *gains, often)
    return table


def _apart(found: Audit) -> Table:
    """Return the table of distances to another tree, from 0 (alike) to 1 (nothing in common)."""
    table = Table("task", "form", "its rows", "answers", "labels", "pairs of labels", "lengths", title=found.other)
    for asked, one in found.against.items():
        values = ("" if v is None else f"{v:.2f}" for v in (one.answers, one.labels, one.pairs, one.lengths))
        table.add_row(*asked, f"{one.rows:,}", *values)
    return table
