"""Commands that look at what there is: list, preview, inspect and gallery."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from spargen.cli.base import Change, Data, Quiet, Trust, command, data_roots
from spargen.errors import JobError, SceneError, nearest, printable
from spargen.gallery import SAMPLES
from spargen.terminal import bar, console, print_whole, say

if TYPE_CHECKING:
    from spargen.run.job import Job
    from spargen.scene.labels import LabelRules
    from spargen.scene.types import Scene

_PREVIEW_FRAMES, _PREVIEW_ROWS = 96, 24
"""Frames of the preview's house, and rows asked for of each form: with fewer, some forms would find no question."""

_PICTURES = (".jpg", ".jpeg", ".png")

Subject = StrEnum("Subject", ["tasks", "adapters", "templates", "scenes"])


@command("list")
def list_names(
    what: Annotated[Subject, typer.Argument()],
    task: Annotated[str | None, typer.Argument(help="Only this task: its slots, forms and template files.")] = None,
    adapter: Annotated[str, typer.Option(help="Of scenes: the data set's adapter.")] = "scannet",
    root: Annotated[Path | None, typer.Option(help="Of scenes: the data set's folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: one object a line of the table.")] = False,
) -> None:
    """List what a job can name: tasks, adapters, templates, or the scenes of a data set."""
    import orjson

    if task is not None:
        told = _described(task, what)
        print(orjson.dumps(told).decode() if as_json else "\n".join(f"{key}: {value}" for key, value in told.items()))
        return
    columns, rows = _listed(what, adapter, root)
    if as_json:
        print(orjson.dumps([dict(zip(columns, row, strict=True)) for row in rows]).decode())
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*row)
    print_whole(table)


def _listed(what: Subject, adapter: str, root: Path | None) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return names of columns, and the rows."""
    if what is Subject.adapters:
        from spargen.plugins import adapter_names

        return ("adapter", "from"), list(adapter_names().items())
    if what is Subject.scenes:
        if root is None:
            raise JobError("the folder of the data set is not given", where="--root", mend="add --root DIR")
        from spargen.run.job import make_job
        from spargen.run.scenes import open_adapter
        from spargen.scene.lists import rules_of

        job = make_job({"out": Path(), "sources": [{"adapter": adapter, "root": root}]})
        found = open_adapter(job.sources[0], rules_of(()))
        return ("scene", "split"), [(printable(name), found.split(name)) for name in found.scenes()]
    from spargen.run.recipe import load_texts
    from spargen.tasks.registry import TASKS

    templates = load_texts((), ())
    if what is Subject.tasks:
        told: list[tuple[str, ...]] = [
            (name, str(task.views), str(task.level), ", ".join(templates.forms(name)), task.asks)
            for name, task in TASKS.items()
        ]
        return ("task", "images", "level", "forms", "asks"), told
    cells = [(name, form) for name in TASKS for form in templates.forms(name)]
    return ("task", "form", "file"), [(name, form, f"{name}/{form}.j2") for name, form in cells]


@command("preview")
def preview(
    task: Annotated[str, typer.Argument(help="A name from `spargen list tasks`.")],
    adapter: Annotated[str, typer.Option(help="Adapter of the scene.")] = "scannet",
    root: Annotated[Path | None, typer.Option(help="Folder of the data set; a demo house by default.")] = None,
    scene: Annotated[str | None, typer.Option(help="The scene; the first one by default.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="The picture, or its folder; TASK.jpg by default.")] = None,
    change: Change = None,
) -> None:
    """Print a sample of each form of a task and draw them."""
    from spargen.demo import write_demo
    from spargen.run.job import make_job
    from spargen.run.preview import sample_rows
    from spargen.run.recipe import make_recipe
    from spargen.run.sheets import save

    refuse_other_kinds(out)
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
    target = picture_path(out, f"{task}.jpg")
    save(picture, target)
    print(f"\ndrawn: {target}")


@command("inspect")
def inspect(
    adapter: Annotated[str, typer.Argument(help="A name from `spargen list adapters`.")],
    root: Annotated[Path, typer.Argument(help="Folder of the data set.")],
    scene: Annotated[str, typer.Argument(help="The scene.")],
    frame: Annotated[str | None, typer.Option(help="The frame; by default the one that shows most objects.")] = None,
    out: Annotated[Path | None, typer.Option(help="The picture, or its folder; SCENE_FRAME.jpg by default.")] = None,
    rrd: Annotated[Path | None, typer.Option(metavar="FILE", help="Record it for the Rerun viewer, too.")] = None,
    change: Change = None,
) -> None:
    """Draw one frame of a scene with the boxes and centres of all objects, and print what was found.

    Some frames are held against the mesh; a scene that they do not fit is drawn all the same, and the exit code is 1.
    An adapter's options are set as in a job: --set sources.0.options.stream=dslr
    """
    from spargen.run.job import make_job
    from spargen.run.preview import draw_boxes
    from spargen.run.sheets import save
    from spargen.scene.lists import rules_of
    from spargen.views.check import check_scene, in_words

    refuse_other_kinds(out)
    job = make_job({"out": Path(), "sources": [{"adapter": adapter, "root": root}]}, change or [])
    rules = rules_of(job.labels)
    found = _load_scene(job, scene, rules)
    table = Table("what", "found", title=f"{found.dataset} {found.id}")
    facts = {
        "frames with a pose": len(found.frames),
        "objects": len(found.objects),
        "labels": len(set(found.objects.label)),
        **found.surface.describe(),
        **found.notes,
    }
    check = check_scene(found, job.settings)
    facts |= check.figures
    if check.faults:
        facts["frames that do not fit"] = in_words(check.faults)
    if check.remark:
        facts["to look at"] = check.remark
    for name, value in facts.items():
        table.add_row(name, str(value))
    console().print(table)
    picture, name = draw_boxes(found, rules, frame)
    target = picture_path(out, f"{scene}_{name}.jpg")
    save(picture, target)
    print(f"drawn: {target}")
    if rrd is not None:
        from spargen.rrd import write_rrd

        write_rrd(found, rrd)
        print(f"recorded: {rrd}")
    if check.what:
        raise SceneError(check.what, where=found.id, mend=check.mend)


@command("gallery")
def gallery(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An output folder.")],
    dest: Annotated[Path | None, typer.Option(help="Folder of the pages; OUT/gallery by default.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="Rows shown of each task and form.")] = SAMPLES,
    seed: Annotated[int, typer.Option(min=0, help="Which ones.")] = 0,
    data: Data = None,
    trust_plugins: Trust = False,
    quiet: Quiet = False,
) -> None:
    """Write pages that show an output: samples with marks, facts and scenes, and plots over all rows.

    The folder needs no network: open its index.html from disk, or put it on any web server as it is. Samples are drawn
    from few scenes; of those that still lie where the run found them, the page draws the plan.
    """
    from spargen.gallery.write import write_gallery

    with bar("gallery", quiet) as step:
        page = write_gallery(
            out, dest, data=data_roots(data), samples=samples, seed=seed, trust=trust_plugins, watch=step
        )
    say(f"written: {page}", quiet)


def _described(name: str, what: Subject) -> dict[str, str]:
    """Return what a task is, its slots, its forms, and where their templates lie."""
    from spargen.run.recipe import chosen_forms, load_texts
    from spargen.tasks.registry import TASKS

    if what in (Subject.adapters, Subject.scenes):
        raise JobError(
            f"{what.value} have no slots", where=f"list {what.value} {name}", mend=f"spargen list tasks {name}"
        )
    templates = load_texts((), ())
    (forms,) = chosen_forms({name: None}, templates).values()
    task = TASKS[name]
    told = {name: f"{task.views}, {task.level}", "asks": task.asks, "truth": task.truth, "slots": ", ".join(task.slots)}
    return told | {form: str(templates.wording(name, form).path) for form in forms}


def refuse_other_kinds(out: Path | None) -> None:
    """Raise `JobError` where a picture is to be written to a file of another kind than pictures are written as."""
    from mimetypes import guess_type

    if out is None or out.is_dir() or out.suffix.lower() in _PICTURES:
        return
    if (guess_type(out.name)[0] or "").startswith(("image/", "video/", "application/pdf")):
        mend = f"end it with {', '.join(_PICTURES[:-1])} or {_PICTURES[-1]}, or name a folder"
        raise JobError(f"no picture is written as {out.suffix}", where=f"--out {out}", mend=mend)


def picture_path(out: Path | None, name: str) -> Path:
    """Return where a picture is written: to a path that ends as one, else into that folder, by its own name."""
    if out is None:
        return Path(name)
    return out if out.suffix.lower() in _PICTURES and not out.is_dir() else out / name


def _load_scene(job: Job, name: str | None, rules: LabelRules) -> Scene:
    from spargen.run.scenes import open_adapter

    source = job.sources[0]
    adapter = open_adapter(source, rules)
    names = adapter.scenes()
    if not names:
        raise JobError("there are no scenes", where=source.root, mend="check the folder of the data set")
    if name is not None and name not in names:
        listed = f"spargen list scenes --adapter {source.adapter} --root {source.root} names them"
        raise JobError(f"there is no scene {name!r}", where=source.root, mend=nearest(name, names, listed))
    return adapter.load(name or names[0])


def _preview_root() -> Path:
    """Return where the small house of previews is kept, in the user's cache folder."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spargen" / "preview"
    root.mkdir(parents=True, exist_ok=True)
    return root
