"""What one scene gave, in a folder of its own that is there whole or not at all.

::

    OUT/.parts/run.json                          the job that OUT belongs to, and its scenes
    OUT/.parts/<dataset>/<split>/<scene>/        rows.jsonl and facts.jsonl, cell after cell; done.json says where
    OUT/.parts/<dataset>/<split>/<scene>.error.json    why the scene failed, until it is made
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import orjson

from spargen.run.compile import Run
from spargen.run.files import JSON_LINE, temporary, write_json, writing
from spargen.run.images import still_there
from spargen.run.row import Row, SceneQuestions
from spargen.run.scenes import SceneRef
from spargen.scene.types import Scene

PARTS = ".parts"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where the lines of one cell stand in a part's two files."""

    task: str
    form: str
    rows: int
    begin: int
    end: int
    facts_begin: int
    facts_end: int


@dataclass(frozen=True, slots=True)
class Done:
    """What a part says of itself.

    Parameters
    ----------
    key : fingerprint of the run that made it; scene_key : of the scene's files.
    cells : where the lines stand.
    T_world_released : the alignment that was applied.
    images : sizes of the files written for it.
    dropped, short : candidates dropped and rows missing, by ``task/reason`` and ``task/form``.
    seconds : time by stage; notes : remarks by topic.
    """

    key: str
    scene_key: str
    cells: tuple[Stretch, ...]
    T_world_released: list[list[float]]
    images: dict[str, int]
    dropped: dict[str, int]
    short: dict[str, int]
    seconds: dict[str, float]
    notes: dict[str, str]

    @property
    def rows(self) -> int:
        """Return how many rows the part holds."""
        return sum(cell.rows for cell in self.cells)


def part_folder(out: Path, ref: SceneRef) -> Path:
    """Return where a scene's part stands."""
    return out / PARTS / ref.dataset / ref.split / ref.scene


def error_file(out: Path, ref: SceneRef) -> Path:
    """Return where it stands why a scene failed."""
    folder = part_folder(out, ref)
    return folder.with_name(folder.name + ".error.json")


def images_folder(out: Path, dataset: str) -> Path:
    """Return the folder that the image paths of a data set's rows start at."""
    return out / "spar" / dataset / "images"


def read_part(out: Path, ref: SceneRef, key: str) -> Done | None:
    """Return what a part says of itself, None where it is not there or was made by another version of the run."""
    try:
        content = orjson.loads((part_folder(out, ref) / "done.json").read_bytes())
        cells = tuple(Stretch(**cell) for cell in content.pop("cells"))
        done = Done(**content, cells=cells)
    except (OSError, orjson.JSONDecodeError, TypeError, KeyError):
        return None
    return done if done.key == key else None


def done_parts(out: Path, run: Run) -> dict[SceneRef, Done]:
    """Return the parts that are whole and of this run, the scenes that failed last time excepted."""
    key = run.key
    found = ((ref, read_part(out, ref, key)) for ref in run.scenes if not error_file(out, ref).exists())
    return {ref: part for ref, part in found if part is not None}


def failures(out: Path, run: Run) -> dict[SceneRef, str]:
    """Return why scenes failed, those included that a list names and the disk has not."""
    texts = dict.fromkeys(run.missing, "the scene is listed but not on disk")
    for ref in run.scenes:
        file = error_file(out, ref)
        if file.exists():
            texts[ref] = str(orjson.loads(file.read_bytes())["message"])
    return texts


def is_current(out: Path, ref: SceneRef, done: Done | None, scene: Scene) -> bool:
    """Tell whether a part is what the scene's present files give, with its images in place."""
    return (
        done is not None
        and done.scene_key == scene.fingerprint
        and still_there(images_folder(out, ref.dataset), done.images)
    )


def write_part(
    out: Path, ref: SceneRef, key: str, scene: Scene, questions: SceneQuestions, images: Mapping[str, int]
) -> Done:
    """Write a scene's part beside its place and move it there, so that nothing half-written is taken for whole."""
    place = part_folder(out, ref)
    beside = temporary(place)
    with writing(place):
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        with (beside / "rows.jsonl").open("wb") as rows, (beside / "facts.jsonl").open("wb") as facts:
            cells = tuple(_write_cells(ref, questions.rows, rows, facts))
        done = Done(
            key=key,
            scene_key=scene.fingerprint,
            cells=cells,
            T_world_released=scene.T_world_released.tolist(),
            images=dict(images),
            dropped=_flat(questions.dropped),
            short=_flat(questions.short),
            seconds=dict(questions.seconds),
            notes={**{key: str(value) for key, value in scene.notes.items()}, **questions.notes},
        )
        write_json(beside / "done.json", asdict(done))
        shutil.rmtree(place, ignore_errors=True)
        beside.replace(place)
    error_file(out, ref).unlink(missing_ok=True)
    return done


def lines_of(out: Path, ref: SceneRef, cell: Stretch) -> list[bytes]:
    """Return a cell's rows, in the order in which the scene gave them."""
    return _lines(part_folder(out, ref) / "rows.jsonl", cell.begin, cell.end)


def facts_of(out: Path, ref: SceneRef, cell: Stretch) -> list[bytes]:
    """Return a cell's facts, in the order in which the scene gave them."""
    return _lines(part_folder(out, ref) / "facts.jsonl", cell.facts_begin, cell.facts_end)


def _lines(path: Path, begin: int, end: int) -> list[bytes]:
    with path.open("rb") as file:
        file.seek(begin)
        return file.read(end - begin).splitlines(keepends=True)


def _write_cells(ref: SceneRef, rows: list[Row], row_file: BinaryIO, fact_file: BinaryIO) -> Iterator[Stretch]:
    def cell(row: Row) -> tuple[str, str]:
        return row.task, row.form

    for (task, form), group in groupby(sorted(rows, key=cell), cell):
        begin, facts_begin, count = row_file.tell(), fact_file.tell(), 0
        address = {"dataset": ref.dataset, "split": ref.split, "task": task, "form": form}
        for row in group:
            row_file.write(orjson.dumps(row.record, option=JSON_LINE))
            fact_file.write(orjson.dumps({**row.fact, **address, "id": row.record["id"]}, option=JSON_LINE))
            count += 1
        yield Stretch(task, form, count, begin, row_file.tell(), facts_begin, fact_file.tell())


def _flat(counts: Counter[tuple[str, str]]) -> dict[str, int]:
    return {f"{task}/{what}": n for (task, what), n in sorted(counts.items())}
