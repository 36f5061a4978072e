"""Parts: what one scene gave, in a folder of its own that is there whole or not at all.

::

    OUT/.parts/run.json                                the run that OUT belongs to, and its scenes
    OUT/.parts/<dataset>/<split>/<scene>/done.json     what the scene gave, with size and digest of each file
    OUT/.parts/<dataset>/<split>/<scene>/rows.jsonl    its rows, cell after cell, and beside them facts.jsonl:
                                                       until they are merged, from then on they stand in the product
    OUT/.parts/<dataset>/<split>/<scene>/error.json    why the scene failed, until it is made

What a part says of itself is believed only if it is whole: of the right shape, with its own digest, and naming nothing
outside of the scene's folders.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import ClassVar, Literal

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError

from spargen.fingerprint import digest
from spargen.reading import read_bytes
from spargen.run.compile import Run
from spargen.run.files import (
    JSON_LINE,
    Stamp,
    changed_ns,
    is_temporary,
    is_whole,
    make_folder,
    read_sealed,
    replace_folder,
    temporary,
    write_json,
    write_lines,
    write_sealed,
    writing,
)
from spargen.run.row import Row, SceneQuestions
from spargen.run.scenes import SceneRef
from spargen.scene.names import can_name_a_file
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

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")

    key: str
    source: int
    fingerprint: str
    quick: str
    cells: Mapping[str, tuple[int, int, int]]
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


def record_file(out: Path, ref: SceneRef) -> Path:
    """Return where it stands what a scene gave."""
    return part_folder(out, ref) / "done.json"


def error_file(out: Path, ref: SceneRef) -> Path:
    """Return where it stands why a scene failed."""
    return part_folder(out, ref) / "error.json"


def read_part(out: Path, ref: SceneRef) -> Part | None:
    """Return what a part says of itself, None where there is none.

    Raises
    ------
    ValueError
        If its record is not as it was written, or names what no scene can have.
    """
    try:
        part = _types().validate_json(orjson.dumps(read_sealed(record_file(out, ref))))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValidationError as error:
        raise ValueError("the record has not the shape of one") from error
    except (OSError, TypeError) as error:
        raise ValueError("the record cannot be read") from error
    names = [name.split("/") for name in part.cells]
    sums = [sum(numbers[column] for numbers in part.cells.values()) for column in (1, 2)]
    images = [name.split("/") for name in part.images]
    well = (
        all(len(name) == 2 and all(map(can_name_a_file, name)) for name in names)
        and all(number >= 0 for numbers in part.cells.values() for number in numbers)
        and sums == [part.rows[0], part.facts[0]]
        and all(len(name) > 1 and name[0] == ref.scene and all(map(can_name_a_file, name)) for name in images)
    )
    if not well:
        raise ValueError("the record contradicts itself")
    return part


@cache
def _types() -> TypeAdapter[Part]:
    return TypeAdapter(Part)


NOT_THERE = "the scene is listed but not on disk"
GONE = "the scene is not on disk any more: what an earlier run made of it stays, until `exclude` names it"
"""Why a scene failed that cannot even be looked for."""


def failures(out: Path, run: Run) -> dict[SceneRef, str]:
    """Return why scenes failed, those included that should be on the disk and are not."""
    texts = {ref: GONE if record_file(out, ref).exists() else NOT_THERE for ref in run.missing}
    for ref in run.scenes:
        if (file := error_file(out, ref)).exists():
            texts[ref] = "it failed, and the record of why is damaged"
            with suppress(OSError, ValueError, KeyError, TypeError):
                texts[ref] = str(orjson.loads(read_bytes(file))["message"])
    return texts


def write_failure(out: Path, ref: SceneRef, message: str, trace: str) -> None:
    """Leave beside what a scene gave earlier why it failed now."""
    write_json(error_file(out, ref), {"message": message, "traceback": trace})


def forget_failure(out: Path, ref: SceneRef) -> None:
    """Remove the record of a failure: the scene stands."""
    with writing(part_folder(out, ref)):
        error_file(out, ref).unlink(missing_ok=True)


def has_text(out: Path, ref: SceneRef, part: Part) -> bool:
    """Tell whether a part's rows and facts stand in its folder, as they were written."""
    folder, since = part_folder(out, ref), changed_ns(record_file(out, ref))
    return all(is_whole(folder / f"{kind}.jsonl", getattr(part, kind), since) for kind in KINDS)


def remove_text(out: Path, ref: SceneRef) -> None:
    """Remove rows and facts of a part that stand in the product."""
    with writing(part_folder(out, ref)):
        for kind in KINDS:
            (part_folder(out, ref) / f"{kind}.jsonl").unlink(missing_ok=True)


def remove_leftovers(out: Path) -> None:
    """Remove what runs that ended in the middle of a file or a part left half-written; none is at work."""
    with writing(out):
        for folder in (out, out / PARTS, out / "spar", out / "data_jsons", *(out / PARTS).glob("*/*/")):
            for beside in [path for path in folder.iterdir() if is_temporary(path.name)]:
                if beside.is_dir() and not beside.is_symlink():
                    shutil.rmtree(beside)
                else:
                    beside.unlink()


def write_part(
    out: Path, ref: SceneRef, scene: Scene, questions: SceneQuestions, images: Mapping[str, Stamp], key: str, quick: str
) -> Part:
    """Write a scene's part beside its place and move it there, so that nothing half-written is taken for whole.

    Where, of which scene, its rows and the image files that were written; for `key` and `quick` see `Part`. All of it
    is on the disk before the part has its name.
    """
    place = part_folder(out, ref)
    with writing(place):
        make_folder(place.parent)
        beside = temporary(place)
        beside.mkdir()
        cells = list(_lines(ref, questions.rows))
        rows = write_lines(beside / "rows.jsonl", (lines for _, _, lines, _ in cells))
        facts = write_lines(beside / "facts.jsonl", (lines for _, _, _, lines in cells))
        part = Part(
            key=key,
            source=ref.source,
            fingerprint=scene.fingerprint,
            quick=quick,
            cells={name: (number, len(r), len(f)) for name, number, r, f in cells},
            rows=rows,
            facts=facts,
            images=dict(images),
            T_world_released=scene.T_world_released.tolist(),
            dropped=_flat(questions.dropped),
            short=_flat(questions.short),
            seconds=dict(questions.seconds),
            notes={**{key: str(value) for key, value in scene.notes.items()}, **questions.notes},
        )
        write_record(beside, part)
        replace_folder(beside, place)
    return part


def write_record(folder: Path, part: Part) -> None:
    """Write what a part says of itself into its folder."""
    write_sealed(folder / "done.json", asdict(part))


def note_quick(out: Path, ref: SceneRef, part: Part, quick: str) -> None:
    """Note what the adapter now says of a scene's files, which hold what they held."""
    if part.quick != quick:
        write_record(part_folder(out, ref), replace(part, quick=quick))


def _lines(ref: SceneRef, rows: list[Row]) -> Iterator[tuple[str, int, bytes, bytes]]:
    """Yield each ``task/form`` with its number of rows, their lines and those of their facts, each in one piece.

    They come in their alphabet, which is the order that JSON files keep.
    """

    def cell(row: Row) -> str:
        return f"{row.task}/{row.form}"

    for name, found in groupby(sorted(rows, key=cell), cell):
        group = list(found)
        address = {"dataset": ref.dataset, "split": ref.split, "task": group[0].task, "form": group[0].form}
        facts = ({**row.fact, **address, "id": row.record["id"]} for row in group)
        # To keep, to write and to hash line by line takes twice as long.
        lines = b"".join([orjson.dumps(row.record, option=JSON_LINE) for row in group])
        yield name, len(group), lines, b"".join([orjson.dumps(fact, option=JSON_LINE) for fact in facts])


def _flat(counts: Counter[tuple[str, str]]) -> dict[str, int]:
    return {f"{task}/{what}": n for (task, what), n in sorted(counts.items())}
