"""Commands that make an output: demo, generate, merge and check."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from spargen.cli.base import EXIT_ERROR, EXIT_INCOMPLETE, Change, Quiet, Workers, command
from spargen.cli.jobs import Adapter, Folder, JobName, Root, chosen_job
from spargen.errors import JobError, nearest
from spargen.resources import data_dir
from spargen.run.row import NO_ROWS
from spargen.terminal import bar, complain, console, print_estimates, print_rows, say

if TYPE_CHECKING:
    from spargen.run.estimate import Estimate
    from spargen.run.executors import Kind
    from spargen.run.generate import Outcome
    from spargen.run.job import Job
    from spargen.run.report import Report

_TOLD = 40
"""The demo prints how far a scan is each time this many frames are written."""


class Executor(StrEnum):
    """Where scenes are worked on."""

    local = "local"
    ray = "ray"


@command("demo")
def demo(
    out: Annotated[Path, typer.Option(help="Folder for scan, output and gallery.")] = Path("spargen-demo"),
    seed: Annotated[int, typer.Option(min=0)] = 0,
    houses: Annotated[
        int | None, typer.Option(min=1, help="Houses to build; one, or two where a data set shows few things of each.")
    ] = None,
    layout: Annotated[str, typer.Option(help="The data set whose files the scans are written as.")] = "scannet",
    dirt: Annotated[
        bool, typer.Option("--dirt/--no-dirt", help="Scan as scanners do, with holes, stray bits and split labels.")
    ] = True,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Build a furnished house, scan it, ask about it and show the questions: needs no data.

    Run twice, it resumes. The scan stands in OUT/scans-root, what its builder knows of it in the folder truth in there,
    the questions in OUT/spar, a page that shows them in OUT/gallery.
    """
    from spargen.demo import LAYOUTS, write_demo
    from spargen.gallery.write import write_gallery
    from spargen.run.job import load_job
    from spargen.run.ledger import check_out

    if layout not in LAYOUTS:
        known = f"known layouts: {', '.join(LAYOUTS)}"
        raise JobError(f"there is no layout {layout!r}", where="--layout", mend=nearest(layout, LAYOUTS, known))
    root, kind = out / "scans-root", LAYOUTS[layout]
    root.mkdir(parents=True, exist_ok=True)
    count = houses or kind.houses
    asked = [kind.scene_id(i) for i in range(count)]  # an earlier run may have built more
    sources = [{"adapter": adapter, "root": root, "scenes": asked} for adapter in (layout, *kind.also)]
    job = load_job(data_dir("configs") / "demo.yaml", seed=seed, out=out, sources=sources)
    check_out(job)
    with bar("demo scan", quiet) as step:

        def watch(scene: str, done: int, total: int) -> None:
            tell = done in (1, total) or done % _TOLD == 0
            step(done, total, f"{scene} {'scanned' if done == total else 'being scanned'}" if tell else "")

        write_demo(root, seed=seed, houses=count, layout=layout, dirt=dirt, workers=workers, progress=watch)
    report = _generate(job, workers=workers, quiet=quiet)
    with bar("gallery", quiet) as step:
        page = write_gallery(out, watch=step)
    say(f"look at it: {page}", quiet)
    _end(report, out, quiet)


@command("generate")
def generate_job(
    job: JobName = None,
    scannet: Folder = None,
    scannetpp: Folder = None,
    structured3d: Folder = None,
    matterport: Folder = None,
    rxr: Folder = None,
    posed: Folder = None,
    adapter: Adapter = None,
    root: Root = None,
    out: Annotated[Path | None, typer.Option(help="Output folder; replaces the job's.")] = None,
    scenes: Annotated[
        list[str] | None, typer.Option(help="Only these scenes now: repeat, or separate by commas.")
    ] = None,
    scene_list: Annotated[Path | None, typer.Option(help="Only the scenes in this file now, one a line.")] = None,
    workers: Workers = None,
    executor: Annotated[Executor, typer.Option(help="Where scenes are worked on.")] = Executor.local,
    change: Change = None,
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="Only every N-th scene from the I-th on.")] = None,
    quiet: Quiet = False,
) -> None:
    """Make the output of a job, or what is still missing of it.

    A job is a file, a shipped one by its name (`spargen generate spar7m --scannet DIR --out OUT`), or data sets alone
    (`spargen generate --scannet DIR --out OUT`). Of a job, these folders take the place of those that it names.

    The same command resumes. Scenes that cannot be read are reported, the others go on, and the exit code is 3.

    With --shard the scenes are shared out over machines, into one folder or into several; when all shards are done,
    `spargen merge OUT [OUT2 ...] --out OUT` gives the bytes of one run.
    """
    folders = {"scannet": scannet, "scannetpp": scannetpp, "structured3d": structured3d}
    folders |= {"matterport": matterport, "rxr": rxr, "posed": posed}
    chosen = chosen_job(job, folders, adapter, root, out, change or [])
    names = _scenes(scenes, scene_list)
    report = _generate(chosen, workers=workers, quiet=quiet, scenes=names, shard=_shard(shard), executor=executor.value)
    if report is None:
        say(f"shard {shard} is done; after the last one: spargen merge {chosen.out}", quiet)
    else:
        _end(report, chosen.out, quiet)


@command("merge")
def merge(
    outs: Annotated[list[Path], typer.Argument(metavar="OUT...", help="Folders that shards were written to.")],
    out: Annotated[Path | None, typer.Option(help="Folder of the result; the only OUT by default.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes at most.", show_default="all cores")] = None,
    quiet: Quiet = False,
) -> None:
    """Merge shards: the result has the bytes of one run. The exit code is 3 while scenes are missing."""
    from spargen.run.executors import cores
    from spargen.run.merge import merge as merge_outs

    if out is None and len(outs) > 1:
        raise JobError("several folders are to be merged", where="--out", mend="say which folder receives them")
    target = out or outs[0]
    report = merge_outs(outs, target, workers=workers or cores())
    _end(report, target, quiet)
    if not report.complete:
        raise typer.Exit(EXIT_INCOMPLETE)


@command("check")
def check(
    job: JobName = None,
    scannet: Folder = None,
    scannetpp: Folder = None,
    structured3d: Folder = None,
    matterport: Folder = None,
    rxr: Folder = None,
    posed: Folder = None,
    adapter: Adapter = None,
    root: Root = None,
    change: Change = None,
    cells: Annotated[
        bool, typer.Option("--cells", help="Print every cell beside SPAR-7M's, not only short ones.")
    ] = False,
    against: Annotated[
        list[Path] | None, typer.Option(metavar="LIST", help="Scene ids that must not be in there: repeat for more.")
    ] = None,
) -> None:
    """Check a job and its templates without opening a scene, and print what it will come to at most.

    Which job, is said as to `spargen generate`.

    Words that are not plain and questions that are too long for `words: brief` are remarked on with file and line.

    A job that asks for every cell that SPAR-7M has of a data set is set beside it: with its scenes, or where they are
    not there with as many as its release has, and with what generated houses gave.

    With --against, scenes of the job that a list names, or that show the same space as one of them, are named, and the
    exit code is 1; `exclude:` in the job leaves them out.
    """
    from spargen.run.compile import compile_job
    from spargen.run.estimate import estimates, remarks_on
    from spargen.run.leaks import find_leaks
    from spargen.run.recipe import make_recipes
    from spargen.run.scenes import absent

    folders = {"scannet": scannet, "scannetpp": scannetpp, "structured3d": structured3d}
    folders |= {"matterport": matterport, "rxr": rxr, "posed": posed}
    chosen = chosen_job(job, folders, adapter, root, Path(), change or [])
    recipes = make_recipes(chosen)
    run = compile_job(chosen, recipes) if any(not absent(source) for source in chosen.sources) else None
    found = estimates(chosen, recipes, run)
    if run is not None:
        _print_most([e for e in found if e.here])
    if compared := [e for e in found if e.like_spar]:
        print_estimates(compared, every_cell=cells)
    if chosen.labels:
        words = recipes[0].rules.building_phrase
        print(f"parts of the building, which questions about all objects leave out: {words}")
    run = run or compile_job(chosen, recipes)  # which says that nothing is there
    for note in (*filter(None, run.notes), *remarks_on(recipes)):
        print(note)
    if leaks := find_leaks(chosen, recipes[0].rules, run.scenes, against or []):
        complain("\n".join([f"scenes that must not be used: {len(leaks)}", *(f"  {k}" for k in leaks)]))
        raise typer.Exit(EXIT_ERROR)
    if run.missing:
        complain(f"listed but not on disk: {', '.join(ref.scene for ref in run.missing)}")
        raise typer.Exit(EXIT_INCOMPLETE)


def _print_most(found: Sequence[Estimate]) -> None:
    """Print what the data sets that are there will come to at most."""
    cells = {(c.task, c.form) for e in found for c in e.cells}
    table = Table("what", "at most", title="The job can be run")
    table.add_row("scenes", f"{sum(e.scenes for e in found):,}")
    table.add_row("cells (task, form)", f"{len(cells):,} of {len({task for task, _ in cells})} tasks")
    rows, images, size = map(sum, zip(*(e.most for e in found), strict=True))
    table.add_row("rows", f"{rows:,}")
    table.add_row("images", f"{images:,}")
    table.add_row("disk", f"{size / 1e9:,.2f} GB (estimated)")
    console().print(table)


def _scenes(names: list[str] | None, file: Path | None) -> list[str] | None:
    if names is None and file is None:
        return None
    from spargen.run.scenes import read_scene_list

    listed = read_scene_list(file) if file else []
    return [name for text in names or () for name in text.split(",") if name] + listed


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    i, _, n = text.partition("/")
    if not (re.fullmatch("[0-9]{1,6}/[0-9]{1,6}", text) and 1 <= int(i) <= int(n)):
        raise JobError("this is no shard", where=f"--shard {text}", mend="write 1/4 for the first of four")
    return int(i), int(n)


def _generate(
    job: Job,
    *,
    workers: int | None,
    quiet: bool,
    scenes: list[str] | None = None,
    shard: tuple[int, int] | None = None,
    executor: Kind = "local",
) -> Report | None:
    from spargen.run.generate import generate

    with bar("scenes", quiet) as step:

        def watch(outcome: Outcome, through: int, total: int) -> None:
            if outcome.status == "failed":
                step(through, total, "")
                complain(f"failed: {outcome.ref}: {outcome.message}")
            else:
                anew = f", anew: {outcome.message}" if outcome.message else ""
                told = f"{outcome.ref}: {outcome.rows} rows {outcome.status} in {outcome.seconds:.1f} s{anew}"
                step(through, total, told)

        return generate(job, scenes=scenes, shard=shard, workers=workers, executor=executor, watch=watch)


def _end(report: Report | None, out: Path, quiet: bool) -> None:
    """Print the summary; exit with 3 if scenes are missing from the output, with 1 if it has no row."""
    if report is None:
        return
    if not quiet:
        print_rows(report)
    for line in (f"{report.total} in {out}; see report.md", *report.remarks):
        say(line, quiet)
    if not report.rows:
        why = [remark for remark in report.remarks if f": {NO_ROWS}: " in remark]
        complain("\n".join(["no row was made", *(f"  {line}" for line in why)]))
    if report.failed:
        lines = [f"  {scene}: {text}" for scene, text in report.failed.items()]
        complain("\n".join([f"scenes that failed: {len(lines)}", *lines]))
        raise typer.Exit(EXIT_INCOMPLETE)
    if report.waiting:
        say(f"scenes of the job that are not done yet: {len(report.waiting)}", quiet)
    if not report.rows:
        raise typer.Exit(EXIT_ERROR)
