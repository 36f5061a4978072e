"""Parts: what one scene gave, in a folder of its own that is there whole or not at all.

::

    OUT/.parts/run.json                                the run that OUT belongs to, and its scenes
    OUT/.parts/<dataset>/<split>/<scene>/done.json     what the scene gave, with size and digest of each file
    OUT/.parts/<dataset>/<split>/<scene>/rows.jsonl    its rows, cell after cell, and beside them facts.jsonl:
                                                       until they are merged, from then on they stand in the product
    OUT/.parts/<dataset>/<split>/<scene>.error.json    why the scene failed, until it is made
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Literal

import orjson

from spargen.fingerprint import digest
from spargen.run.compile import Run
from spargen.run.files import JSON_LINE, Stamp, temporary, write_json, write_lines, writing
from spargen.run.row import Row, SceneQuestions
from spargen.run.scenes import SceneRef
from spargen.scene.types import Scene

PARTS = ".parts"
Kind = Literal["rows", "facts"]
KINDS: tuple[Kind, ...] = ("rows", "facts")


@dataclass(frozen=True, slots=True)
class Part:
    """What a part says of itself.

    Parameters
    ----------
    key : fingerprint of the run that made it, for its source; source : position in `Job.sources`.
    fingerprint : of the scene's content; quick : what the adapter said of its files without opening them.
    cells : number of rows, bytes of its rows and bytes of its facts for each ``task/form``, in the order of the files.
    rows, facts : size and digest of the two files.
    images : size and digest of the files written for the scene, linked ones without a digest.
    T_world_released : the alignment that was applied.
    dropped, short : candidates dropped and rows missing, by ``task/reason`` and ``task/form``.
    seconds : time by stage; notes : remarks by topic.
    """

    key: str
    source: int
    fingerprint: str
    quick: str
    cells: Mapping[str, Sequence[int]]
    rows: Stamp
    facts: Stamp
    images: Mapping[str, Stamp]
    T_world_released: Sequence[Sequence[float]]
    dropped: Mapping[str, int]
    short: Mapping[str, int]
    seconds: Mapping[str, float]
    notes: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Return one text that changes with any line of the part."""
        return digest(self.rows[1], self.facts[1])

    @property
    def total(self) -> int:
        """Return how many rows the part holds."""
        return sum(rows for rows, _, _ in self.cells.values())


def part_folder(out: Path, ref: SceneRef) -> Path:
    """Return where a scene's part stands."""
    return out / PARTS / ref.dataset / ref.split / ref.scene


def error_file(out: Path, ref: SceneRef) -> Path:
    """Return where it stands why a scene failed."""
    folder = part_folder(out, ref)
    return folder.with_name(folder.name + ".error.json")


def read_part(out: Path, ref: SceneRef, key: str) -> Part | None:
    """Return what a part says of itself, None where it is not there or was made by another version of the run."""
    try:
        part = Part(**orjson.loads((part_folder(out, ref) / "done.json").read_bytes()))
    except (OSError, orjson.JSONDecodeError, TypeError):
        return None
    return part if part.key == key else None


def read_parts(out: Path, run: Run) -> Iterator[tuple[SceneRef, Part]]:
    """Yield the parts that are of this run, the scenes that failed last time excepted."""
    keys = run.keys
    found = ((ref, read_part(out, ref, keys[ref.source])) for ref in run.scenes if not error_file(out, ref).exists())
    yield from ((ref, part) for ref, part in found if part is not None)


def failures(out: Path, run: Run) -> dict[SceneRef, str]:
    """Return why scenes failed, those included that a list names and the disk has not."""
    texts = dict.fromkeys(run.missing, "the scene is listed but not on disk")
    for ref in run.scenes:
        file = error_file(out, ref)
        if file.exists():
            texts[ref] = str(orjson.loads(file.read_bytes())["message"])
    return texts


def has_text(out: Path, ref: SceneRef, part: Part) -> bool:
    """Tell whether a part's rows and facts stand in its folder, at their sizes."""
    folder = part_folder(out, ref)
    try:
        sizes = [(folder / f"{kind}.jsonl").stat().st_size for kind in KINDS]
    except OSError:
        return False
    return sizes == [part.rows[0], part.facts[0]]


def read_text(out: Path, ref: SceneRef, part: Part, cell: str, kind: Kind) -> list[bytes]:
    """Return the lines of one ``task/form``, in the order in which the scene gave them."""
    column = 1 + KINDS.index(kind)
    lengths = {name: numbers[column] for name, numbers in part.cells.items()}
    begin = sum(lengths[name] for name in list(lengths)[: list(lengths).index(cell)])
    with (part_folder(out, ref) / f"{kind}.jsonl").open("rb") as file:
        file.seek(begin)
        return file.read(lengths[cell]).splitlines(keepends=True)


def remove_text(out: Path, ref: SceneRef) -> None:
    """Remove rows and facts of a part that stand in the product."""
    with writing(part_folder(out, ref)):
        for kind in KINDS:
            (part_folder(out, ref) / f"{kind}.jsonl").unlink(missing_ok=True)


def write_part(
    out: Path, ref: SceneRef, scene: Scene, questions: SceneQuestions, images: Mapping[str, Stamp], key: str, quick: str
) -> Part:
    """Write a scene's part beside its place and move it there, so that nothing half-written is taken for whole.

    Where, of which scene, its rows and the image files that were written; for `key` and `quick` see `Part`.
    """
    place = part_folder(out, ref)
    beside = temporary(place)
    with writing(place):
        shutil.rmtree(beside, ignore_errors=True)
        cells = list(_lines(ref, questions.rows))
        rows = write_lines(beside / "rows.jsonl", (line for _, lines, _ in cells for line in lines))
        facts = write_lines(beside / "facts.jsonl", (line for _, _, lines in cells for line in lines))
        part = Part(
            key=key,
            source=ref.source,
            fingerprint=scene.fingerprint,
            quick=quick,
            cells={name: [len(r), sum(map(len, r)), sum(map(len, f))] for name, r, f in cells},
            rows=rows,
            facts=facts,
            images=dict(images),
            T_world_released=scene.T_world_released.tolist(),
            dropped=_flat(questions.dropped),
            short=_flat(questions.short),
            seconds=dict(questions.seconds),
            notes={**{key: str(value) for key, value in scene.notes.items()}, **questions.notes},
        )
        write_json(beside / "done.json", asdict(part))
        shutil.rmtree(place, ignore_errors=True)
        beside.replace(place)
    error_file(out, ref).unlink(missing_ok=True)
    return part


def note_quick(out: Path, ref: SceneRef, part: Part, quick: str) -> None:
    """Note what the adapter now says of a scene's files, which hold what they held."""
    if part.quick != quick:
        write_json(part_folder(out, ref) / "done.json", asdict(replace(part, quick=quick)))


def _lines(ref: SceneRef, rows: list[Row]) -> Iterator[tuple[str, list[bytes], list[bytes]]]:
    """Yield each ``task/form`` with its lines; in their alphabet, which is the order that JSON files keep."""

    def cell(row: Row) -> str:
        return f"{row.task}/{row.form}"

    for name, found in groupby(sorted(rows, key=cell), cell):
        group = list(found)
        address = {"dataset": ref.dataset, "split": ref.split, "task": group[0].task, "form": group[0].form}
        facts = ({**row.fact, **address, "id": row.record["id"]} for row in group)
        records = [orjson.dumps(row.record, option=JSON_LINE) for row in group]
        yield name, records, [orjson.dumps(fact, option=JSON_LINE) for fact in facts]


def _flat(counts: Counter[tuple[str, str]]) -> dict[str, int]:
    return {f"{task}/{what}": n for (task, what), n in sorted(counts.items())}
