"""The neutral row that every format is made from: words, images with their marks, and the order in which they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spargen.errors import OutputError
from spargen.run.marks import Drawn, marks_of_fact
from spargen.run.naming import Cell, is_still
from spargen.run.read import PublishedRow
from spargen.seeds import hashed

IMAGE_TAG = "<image>"
_TAGS = (IMAGE_TAG, "<video>", "<audio>")


@dataclass(frozen=True, slots=True)
class ShownImage:
    """One image as a row shows it.

    Parameters
    ----------
    source : the file in the output folder.
    name : what it is called in an export, relative to the folder of images: the same for the same image and marks.
    marks : what is drawn into it.
    """

    source: Path
    name: str
    marks: tuple[Drawn, ...]


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One question with its answer and its images.

    Parameters
    ----------
    cell, scene : data set, split, task and form; and the scene.
    id : once in an export.
    question, answer : the words alone.
    heads : what stands before each image: ``Frame-0: `` ..., nothing where rows do not name frames.
    images : in the order of the question.
    """

    cell: Cell
    scene: str
    id: str
    question: str
    answer: str
    heads: tuple[str, ...]
    images: tuple[ShownImage, ...]

    @property
    def prompt(self) -> str:
        """The question with one tag for each image, a line each, before it."""
        return "".join(f"{head}{IMAGE_TAG}\n" for head in self.heads) + self.question

    @property
    def parts(self) -> Iterator[str | ShownImage]:
        """Texts and images in their order, as content that mixes them has it."""
        for head, image in zip(self.heads, self.images, strict=True):
            if head:
                yield head
            yield image
        yield self.question


def neutral_row(row: PublishedRow, *, draw: bool) -> ExportRow:
    """Make the neutral row of a published one; `draw` its marks into its images.

    Raises
    ------
    OutputError
        If its words hold a tag that trainers take for an image, a video or a sound.
    """
    question, answer = (str(turn["value"]) for turn in row.record["conversations"])
    for tag in _TAGS:
        if tag in question or tag in answer:
            mend = "give the template or the label other words"
            raise OutputError(
                f"its words hold {tag}, which stands for a file", where=f"{row.cell}/{row.record['id']}", mend=mend
            )
    names = [str(name) for name in row.record["image"]]
    marks = marks_of_fact(row.fact, len(names)) if draw else [()] * len(names)
    shown = tuple(_shown(row, name, drawn) for name, drawn in zip(names, marks, strict=True))
    heads = tuple("" if is_still(name) else f"Frame-{i}: " for i, name in enumerate(names))
    scene, key = str(row.fact["scene"]), f"{row.cell}/{row.record['id']}"
    return ExportRow(row.cell, scene, key, question, answer, heads, shown)


def _shown(row: PublishedRow, name: str, marks: tuple[Drawn, ...]) -> ShownImage:
    source, inside = row.folder / name, Path(row.cell.dataset) / name
    if marks:
        inside = inside.with_name(f"{inside.stem}_{hashed(*marks, size=6).hex()}.jpg")
    return ShownImage(source, inside.as_posix(), marks)
