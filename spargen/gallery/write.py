"""Writes the gallery: the page, its data as scripts (a page opened from disk may read nothing else), its images."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from spargen.errors import OutputError, SceneError
from spargen.gallery import SAMPLES
from spargen.gallery.gather import Gathered, Watch, gather, scene_of
from spargen.gallery.pictures import Pictures
from spargen.gallery.plan import plan
from spargen.run.files import write_bytes, writing
from spargen.run.ledger import read_run
from spargen.run.marks import answer_box
from spargen.run.raw import RawScene, raw_scenes
from spargen.run.read import PublishedRow

_OURS = ("images", "scenes")
_LETTERS = "ABCDEFGH"


def write_gallery(
    out: Path,
    dest: Path | None = None,
    *,
    data: Mapping[str, Path] | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
    trust: bool = False,
    watch: Watch = lambda *_: None,
) -> Path:
    """Write a folder that shows an output to people. It needs no network, and works opened from disk.

    Parameters
    ----------
    out : a finished output folder with its images.
    dest : receives ``index.html`` and what belongs to it; ``OUT/gallery`` by default. An older gallery is replaced.
    data : where data sets lie now, by name; where the run found them by default. Scenes of others are not drawn.
    samples : rows of each cell.
    seed : which ones.
    trust : whether adapters may be run that are neither spargen's nor installed, and that the folder names.
    watch : called after each step with how many are done, how many there are, and a name.

    Returns
    -------
    the page.

    Raises
    ------
    OutputError, JobError
        If the folder is no output or lacks its images, `data` names what it has not, or `dest` holds something else.
    """
    dest = dest or out / "gallery"
    run = read_run(out)
    raw = {
        (found.dataset, found.scene): found for found in raw_scenes(run, data or {}, trust=trust) if found.root.is_dir()
    }
    _clear(dest)
    _write_page(dest)
    found = gather(out, samples, seed, watch)
    rows = _rows(found.samples, Pictures(dest), watch)
    drawn = _write_scenes(dest, found, raw)
    cells = [{"dataset": c.dataset, "split": c.split, "task": c.task, "form": c.form} for c in found.figures]
    content = {
        "name": run.name,
        "terms": run.terms,
        "scenes": drawn,
        "cells": [{**cell, **f.as_json()} for cell, f in zip(cells, found.figures.values(), strict=True)],
        "rows": rows,
    }
    write_bytes(dest / "data.js", b"window.GALLERY = " + orjson.dumps(content) + b";\n")
    return dest / "index.html"


def _rows(samples: Sequence[PublishedRow], pictures: Pictures, watch: Watch) -> list[dict[str, Any]]:
    rows = []
    for done, row in enumerate(samples, start=1):
        rows.append(_row(row, pictures))
        watch(done, len(samples), "")
    return rows


def _row(row: PublishedRow, pictures: Pictures) -> dict[str, Any]:
    """Return what the page is told of one row."""
    question, answer = (str(turn["value"]) for turn in row.record["conversations"])
    cell = row.cell
    return {
        "cell": [cell.dataset, cell.split, cell.task, cell.form],
        "id": row.record["id"],
        "scene": f"{cell.dataset}/{scene_of(row)}",
        "question": question,
        "answer": answer,
        "box": _answer_box(row),
        "images": [[p.path, p.width, p.height] for p in pictures.of(row)],
        "fact": row.fact,
    }


def _answer_box(row: PublishedRow) -> list[int] | None:
    """Return image and corners of an answer that is a box, or that is the letter of one."""
    record, options = row.record, row.fact.get("options", ())
    answer = str(record["conversations"][1]["value"])
    if answer in _LETTERS[: len(options)]:
        turns = record["conversations"]
        record = {**record, "conversations": [turns[0], {**turns[1], "value": options[_LETTERS.index(answer)]}]}
    found = answer_box(record)
    return None if found is None else [found[0], *found[1]]


def _write_scenes(dest: Path, found: Gathered, raw: Mapping[tuple[str, str], RawScene]) -> dict[str, str]:
    """Write the scenes that samples come from, and return their files by ``dataset/scene``."""
    frames: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in found.samples:
        frames[row.cell.dataset, scene_of(row)].update(map(str, row.fact.get("frames", ())))
    written: dict[str, str] = {}
    for dataset, scene in sorted(frames.keys() & raw.keys()):
        try:
            drawn = plan(raw[dataset, scene].load(), frames[dataset, scene])
        except SceneError:  # it was there when the rows were made; the rows are shown without it
            continue
        name, path = f"{dataset}/{scene}", f"scenes/{dataset}_{scene}.js"
        write_bytes(
            dest / path, b"".join([b"window.addScene(", orjson.dumps(name), b", ", orjson.dumps(drawn), b");\n"])
        )
        written[name] = path
    return written


def _write_page(dest: Path) -> None:
    """Copy the page and its scripts."""
    for path in sorted((Path(__file__).parent / "page").iterdir()):
        write_bytes(dest / path.name, path.read_bytes())


def _clear(dest: Path) -> None:
    """Remove what an older gallery left in its folder; refuse a folder that is none."""
    if dest.exists() and any(dest.iterdir()) and not (dest / "gallery.js").exists():
        raise OutputError("the folder holds other files", where=dest, mend="choose another --dest")
    with writing(dest):
        for name in _OURS:
            shutil.rmtree(dest / name, ignore_errors=True)
