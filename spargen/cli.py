"""The command line: a thin skin over the library."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.console import Console
from rich.table import Table

from spargen.errors import JobError, SceneError, SpargenError, nearest
from spargen.plugins import adapter_names
from spargen.resources import data_dir
from spargen.run.compile import compile_job
from spargen.run.estimate import Estimate, estimates, remarks_on
from spargen.run.executors import Kind, cores
from spargen.run.generate import Outcome, generate
from spargen.run.job import Job, load_job, make_job
from spargen.run.ledger import check_out
from spargen.run.merge import merge as merge_outs
from spargen.run.preview import draw_boxes, sample_rows
from spargen.run.recipe import chosen_forms, load_texts, make_recipe, make_recipes
from spargen.run.report import Report
from spargen.run.scenes import absent, open_adapter, read_scene_list
from spargen.run.sheets import contact_sheets, save
from spargen.scene.labels import LabelRules
from spargen.scene.lists import rules_of
from spargen.scene.types import Scene
from spargen.terminal import bar, print_estimates, print_rows, print_whole, say
from spargen.views.check import check_scene, in_words

EXIT_ERROR, EXIT_INCOMPLETE, EXIT_INTERRUPTED = 1, 3, 130
_PREVIEW_FRAMES, _PREVIEW_ROWS = 96, 24
"""Frames of the preview's house, and rows asked for of each form: with fewer, some forms would find no question."""
_TOLD = 40
"""The demo prints how far a scan is each time this many frames are written."""

P = ParamSpec("P")
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Scenes at a time.", show_default="all cores")]
Change = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the job.")]

app = typer.Typer(
    help="Turns 3-D scenes into SPAR-format spatial question-answer data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


Subject = StrEnum("Subject", ["tasks", "adapters", "templates"])


class Executor(StrEnum):
    """Where scenes are worked on."""

    local = "local"
    ray = "ray"


def main() -> None:
    """Run the command line."""
    app()


def command(name: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Register a command; mistakes of the input end in one message and an exit code."""

    def register(function: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(function)
        def careful(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                function(*args, **kwargs)
            except SpargenError as error:
                _fail(str(error))
            except BrokenPipeError:  # the reader of our output has seen enough
                raise
            except OSError as error:
                _fail(f"{error.filename or 'the system'}: {error.strerror or error}")
            except KeyboardInterrupt:
                print("stopped; the same command goes on where this one ended", file=sys.stderr)
                raise typer.Exit(EXIT_INTERRUPTED) from None

        return app.command(name)(careful)

    return register


@command("demo")
def demo(
    out: Annotated[Path, typer.Option(help="Folder for scan, output and contact sheets.")] = Path("spargen-demo"),
    seed: Annotated[int, typer.Option(min=0)] = 0,
    houses: Annotated[int, typer.Option(min=1, help="Houses to build.")] = 1,
    layout: Annotated[str, typer.Option(help="The data set whose files the scans are written as.")] = "scannet",
    dirt: Annotated[
        bool, typer.Option("--dirt/--no-dirt", help="Scan as scanners do, with holes, stray bits and split labels.")
    ] = True,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Build a furnished house, scan it, ask about it and draw the questions: needs no data.

    Run twice, it resumes. The scan stands in OUT/scans-root, what its builder knows of it in the folder truth in there,
    the questions in OUT/spar, the pictures in OUT/sheets.
    """
    from spargen.demo import LAYOUTS, write_demo

    if layout not in LAYOUTS:
        known = f"known layouts: {', '.join(LAYOUTS)}"
        raise JobError(f"there is no layout {layout!r}", where="--layout", mend=nearest(layout, LAYOUTS, known))
    root = out / "scans-root"
    root.mkdir(parents=True, exist_ok=True)
    sources = [{"adapter": layout, "root": root}]
    job = load_job(data_dir("configs") / "demo.yaml", seed=seed, out=out, sources=sources)
    check_out(job)
    with bar("demo scan", quiet) as step:

        def watch(scene: str, done: int, total: int) -> None:
            tell = done in (1, total) or done % _TOLD == 0
            step(done, total, f"{scene} {'scanned' if done == total else 'being scanned'}" if tell else "")

        write_demo(root, seed=seed, houses=houses, layout=layout, dirt=dirt, progress=watch)
    report = _generate(job, workers=workers, quiet=quiet)
    for path in contact_sheets(out):
        say(f"drawn: {path}", quiet)
    _end(report, out, quiet)


@command("generate")
def generate_job(
    job: Annotated[Path | None, typer.Argument(metavar="[JOB.yaml]", help="The job file.")] = None,
    adapter: Annotated[str | None, typer.Option(help="Without a job file: the data set's adapter.")] = None,
    root: Annotated[Path | None, typer.Option(help="Without a job file: the data set's folder.")] = None,
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

    The same command resumes. Scenes that cannot be read are reported, the others go on, and the exit code is 3.

    With --shard the scenes are shared out over machines, into one folder or into several; when all shards are done,
    `spargen merge OUT [OUT2 ...] --out OUT` gives the bytes of one run.
    """
    chosen = _job(job, adapter, root, out, change or [])
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
    quiet: Quiet = False,
) -> None:
    """Merge shards: the result has the bytes of one run. The exit code is 3 while scenes are missing."""
    if out is None and len(outs) > 1:
        raise JobError("several folders are to be merged", where="--out", mend="say which folder receives them")
    target = out or outs[0]
    report = merge_outs(outs, target)
    _end(report, target, quiet)
    if not report.complete:
        raise typer.Exit(EXIT_INCOMPLETE)


@command("check")
def check(
    job: Annotated[Path, typer.Argument(metavar="JOB.yaml")],
    change: Change = None,
    cells: Annotated[
        bool, typer.Option("--cells", help="Print every cell beside SPAR-7M's, not only short ones.")
    ] = False,
) -> None:
    """Check a job and its templates without opening a scene, and print what it will come to at most.

    Words that are not plain and questions that are too long for `words: brief` are remarked on with file and line.

    A job that asks for every cell that SPAR-7M has of a data set is set beside it: with its scenes, or where they are
    not there with as many as its release has, and with what generated houses gave.
    """
    chosen = load_job(job, change or [], out=Path())
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
    if run.missing:
        print(f"listed but not on disk: {', '.join(ref.scene for ref in run.missing)}", file=sys.stderr)
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
    Console().print(table)


@command("list")
def list_names(
    what: Annotated[Subject, typer.Argument()],
    task: Annotated[str | None, typer.Argument(help="Only this task: its slots, forms and template files.")] = None,
) -> None:
    """List what a job can name: tasks, adapters or templates."""
    if task is not None:
        _describe(task, what)
        return
    if what is Subject.adapters:
        table = Table("adapter", "from")
        for name, origin in adapter_names().items():
            table.add_row(name, origin)
    else:
        from spargen.tasks.registry import TASKS

        templates = load_texts((), ())
        columns = ("images", "level", "forms") if what is Subject.tasks else ("form", "file")
        table = Table("task", *columns)
        for name, found in TASKS.items():
            if what is Subject.tasks:
                table.add_row(name, found.views, found.level, ", ".join(templates.forms(name)))
            else:
                for form in templates.forms(name):
                    table.add_row(name, form, f"{name}/{form}.j2")
    print_whole(table)


@command("preview")
def preview(
    task: Annotated[str, typer.Argument(help="A name from `spargen list tasks`.")],
    adapter: Annotated[str, typer.Option(help="Adapter of the scene.")] = "scannet",
    root: Annotated[Path | None, typer.Option(help="Folder of the data set; a demo house by default.")] = None,
    scene: Annotated[str | None, typer.Option(help="The scene; the first one by default.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="The picture; TASK.jpg by default.")] = None,
    change: Change = None,
) -> None:
    """Print a sample of each form of a task and draw them."""
    from spargen.demo import write_demo

    source = {"adapter": adapter, "root": root or _preview_root()}
    tree = {"seed": seed, "out": Path(), "sources": [source], "tasks": [task], "rows_per_cell": _PREVIEW_ROWS}
    job = make_job(tree, change or [])
    recipe = make_recipe(job, job.sources[0])
    if root is None:
        write_demo(_preview_root(), frames=_PREVIEW_FRAMES)
    rows, picture = sample_rows(_load_scene(job, scene, recipe.rules), recipe)
    if picture is None:
        raise JobError("the scene has no question of this task", where=task, mend="try another --scene or --seed")
    for row in rows:
        question, answer = (turn["value"] for turn in row.record["conversations"])
        print(f"\n[{row.form}] {row.record['id']}\n{question}\n=> {answer}")
    target = out or Path(f"{task}.jpg")
    save(picture, target)
    print(f"\ndrawn: {target}")


@command("inspect")
def inspect(
    adapter: Annotated[str, typer.Argument(help="A name from `spargen list adapters`.")],
    root: Annotated[Path, typer.Argument(help="Folder of the data set.")],
    scene: Annotated[str, typer.Argument(help="The scene.")],
    frame: Annotated[str | None, typer.Option(help="The frame; by default the one that shows most objects.")] = None,
    out: Annotated[Path | None, typer.Option(help="The picture; SCENE_FRAME.jpg by default.")] = None,
    change: Change = None,
) -> None:
    """Draw one frame of a scene with the boxes and centres of all objects, and print what was found.

    Some frames are held against the mesh; a scene that they do not fit is drawn all the same, and the exit code is 1.
    An adapter's options are set as in a job: --set sources.0.options.stream=dslr
    """
    job = make_job({"out": Path(), "sources": [{"adapter": adapter, "root": root}]}, change or [])
    found = _load_scene(job, scene, rules_of(job.labels))
    table = Table("what", "found", title=f"{found.dataset} {found.id}")
    facts = {
        "frames with a pose": len(found.frames),
        "objects": len(found.objects),
        "labels": len(set(found.objects.label)),
        **found.surface.describe(),
        **found.notes,
    }
    check = check_scene(found, job.settings, threads=0)
    facts |= check.figures
    if check.faults:
        facts["frames that do not fit"] = in_words(check.faults)
    if check.remark:
        facts["to look at"] = check.remark
    for name, value in facts.items():
        table.add_row(name, str(value))
    Console().print(table)
    picture, name = draw_boxes(found, frame)
    target = out or Path(f"{scene}_{name}.jpg")
    save(picture, target)
    print(f"drawn: {target}")
    if check.what:
        raise SceneError(check.what, where=found.id, mend=check.mend)


@command("verify")
def verify(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An output folder.")],
    data: Annotated[
        list[str] | None, typer.Option(metavar="NAME=ROOT", help="Where a data set lies now, if it was moved.")
    ] = None,
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

    roots = dict(_data_root(text) for text in data or ())
    with bar("scenes", quiet) as step:
        report = verify_rows(
            out,
            data=roots,
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


def _data_root(text: str) -> tuple[str, Path]:
    name, _, root = text.partition("=")
    if not name or not root:
        raise JobError(
            "this names no data set and its folder", where=f"--data {text}", mend="write scannet=/data/scannet"
        )
    return name, Path(root)


def _describe(name: str, what: Subject) -> None:
    """Print the slots of a task, its forms, and where their templates lie."""
    from spargen.tasks.registry import TASKS

    if what is Subject.adapters:
        raise JobError("adapters have no slots", where=f"list adapters {name}", mend=f"spargen list tasks {name}")
    templates = load_texts((), ())
    (forms,) = chosen_forms({name: None}, templates).values()
    task = TASKS[name]
    print(f"{name}: {task.views}, {task.level}\nslots: {', '.join(task.slots)}")
    for form in forms:
        print(f"{form}: {templates.wording(name, form).path}")


def _fail(text: str) -> None:
    print(f"error: {text}", file=sys.stderr)
    raise typer.Exit(EXIT_ERROR)


def _job(file: Path | None, adapter: str | None, root: Path | None, out: Path | None, changes: list[str]) -> Job:
    """Return the job of a file, or of a data set without one."""
    if file is not None and (adapter or root):
        raise JobError("a job file and --adapter or --root are given", where=file, mend="use --set sources.0.root=DIR")
    if file is not None:
        return load_job(file, changes, out=out)
    lacking = [name for name, given in (("--adapter", adapter), ("--root", root), ("--out", out)) if given is None]
    if lacking:
        mend = "name a job file, or give --adapter, --root and --out"
        raise JobError(f"{' and '.join(lacking)} not given", where="command line", mend=mend)
    return make_job({"sources": [{"adapter": adapter, "root": root}], "out": out}, changes)


def _scenes(names: list[str] | None, file: Path | None) -> list[str] | None:
    if names is None and file is None:
        return None
    listed = read_scene_list(file) if file else []
    return [name for text in names or () for name in text.split(",") if name] + listed


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    i, _, n = text.partition("/")
    if not (i.isdigit() and n.isdigit() and 1 <= int(i) <= int(n)):
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
    with bar("scenes", quiet) as step:

        def watch(outcome: Outcome, through: int, total: int) -> None:
            if outcome.status == "failed":
                step(through, total, "")
                print(f"failed: {outcome.ref}: {outcome.message}", file=sys.stderr, flush=True)
            else:
                step(through, total, f"{outcome.ref}: {outcome.rows} rows {outcome.status} in {outcome.seconds:.1f} s")

        return generate(job, scenes=scenes, shard=shard, workers=workers or cores(), executor=executor, watch=watch)


def _end(report: Report | None, out: Path, quiet: bool) -> None:
    """Print the summary; exit with 3 if scenes are missing from the output."""
    if report is None:
        return
    if not quiet:
        print_rows(report)
        print(f"{report.total} in {out}; see report.md")
        for remark in report.remarks:
            print(remark)
    if report.failed:
        lines = [f"  {scene}: {text}" for scene, text in report.failed.items()]
        print("\n".join([f"scenes that failed: {len(lines)}", *lines]), file=sys.stderr)
        raise typer.Exit(EXIT_INCOMPLETE)
    if report.waiting:
        say(f"scenes of the job that are not done yet: {len(report.waiting)}", quiet)


def _load_scene(job: Job, name: str | None, rules: LabelRules) -> Scene:
    adapter = open_adapter(job.sources[0], rules)
    names = adapter.scenes()
    if not names:
        raise JobError("there are no scenes", where=job.sources[0].root, mend="check the folder of the data set")
    if name is not None and name not in names:
        mend = nearest(name, names, "spell it as the folder is spelt")
        raise JobError(f"there is no scene {name!r}", where=job.sources[0].root, mend=mend)
    return adapter.load(name or names[0])


def _preview_root() -> Path:
    """Return where the small house of previews is kept, in the user's cache folder."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spargen" / "preview"
    root.mkdir(parents=True, exist_ok=True)
    return root


if __name__ == "__main__":
    main()
