"""Marks drawn into pictures as SPAR's loader draws them: filled discs, thick boxes, labels of lists.

Each has a thin casing of the contrary brightness, so that it is seen on whatever it lies on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from spargen.qa.fact import COLOURS, ORDINALS

if TYPE_CHECKING:
    from spargen.tasks.registry import Task

SPAR_WIDTH_PX = 1296
SPAR_STROKE_PX = 20
_CASING_SHARE = 0.2
_LEAST_FONT_PX = 12
_LIST_COLOUR, _LABEL_COLOUR = "red", "lime"
_BRIGHT = ("yellow", "lime")
_BOX = re.compile(rf"(?:the ({'|'.join(ORDINALS)}) image, )?\[(\d+), (\d+), (\d+), (\d+)\]")


class Drawn(NamedTuple):
    """One mark as it is drawn.

    Parameters
    ----------
    kind : point or bbox.
    at : (x, y) or (x1, y1, x2, y2) on the 0..1000 scale.
    colour : its name.
    label : what stands beside it, where marks are numbered.
    """

    kind: str
    at: tuple[int, ...]
    colour: str
    label: str = ""


@cache
def font(size_px: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Return the font of labels and captions."""
    return ImageFont.load_default(size_px)


def draw(image: Image.Image, marks: Sequence[Drawn]) -> None:
    """Draw marks into an image, in their order, and over them their labels, none on another."""
    for mark in marks:
        (_disc if mark.kind == "point" else _frame)(image, mark.at, mark.colour)
    labels: list[tuple[float, float]] = []
    for mark in marks:
        if mark.label:
            labels.append(_label(image, mark.at, mark.label, labels))


def draw_record(record: Mapping[str, Any], images: Sequence[Image.Image]) -> None:
    """Draw what a record marks into its images, and a thin white frame where its answer is a box."""
    marks = list(marks_of_record(record))
    for position, image in enumerate(images):
        draw(image, [mark for where, mark in marks if where == position])
    _draw_answer(record, images)


def marks_of_fact(fact: Mapping[str, Any], images: int) -> list[tuple[Drawn, ...]]:
    """Return what is drawn into each of a row's images, of which there are so many."""
    shown: list[list[Drawn]] = [[] for _ in range(images)]
    numbered: dict[str, int] = {}
    for mark in fact.get("marks", ()):
        kind, at, colour = str(mark["kind"]), tuple(mark["at"]), str(mark["colour"])
        if colour == "none":
            numbered[kind] = numbered.get(kind, -1) + 1
            drawn = Drawn(kind, at, _LIST_COLOUR, _list_label(kind, numbered[kind]))
        else:
            drawn = Drawn(kind, at, colour)
        shown[mark["image"]].append(drawn)
    return [tuple(marks) for marks in shown]


def marks_of_record(record: Mapping[str, Any]) -> Iterator[tuple[int, Drawn]]:
    """Yield the marks of a record, each with the position of its image."""
    for kind in ("point", "bbox"):
        where = record.get(f"{kind}_img_idx", [[]])[0]
        colours = [c for c in marker_order(record["type"]) if f"{c}_{kind}" in record]
        for position, colour in enumerate(colours):
            yield where[position] if where else 0, Drawn(kind, tuple(record[f"{colour}_{kind}"][0]), colour)
        for position, mark in enumerate(record.get(f"{kind}_list", [[]])[0]):
            yield where[position], Drawn(kind, tuple(mark), _LIST_COLOUR, _list_label(kind, position))


def marked_images(record: Mapping[str, Any]) -> set[int]:
    """Return the positions of the images that carry a mark."""
    return {i for kind in ("point", "bbox") for i in record.get(f"{kind}_img_idx", [[]])[0]}


def marker_order(task: str) -> tuple[str, ...]:
    """Return the colours of a task's marks in the order of its ``*_img_idx``."""
    found = _registered(task)
    return found.marks if found else COLOURS


def answer_image(task: str) -> int | None:
    """Return the position of the image that boxes in a task's answers lie in; None if there are none, for all we know.

    An answer that names an image comes before.
    """
    found = _registered(task)
    return found.answer_image if found else None


def answer_box(record: Mapping[str, Any]) -> tuple[int, tuple[int, ...]] | None:
    """Return the position of the image in which a record's answer is a box, and the box; None if it is none."""
    box = _BOX.search(str(record["conversations"][1]["value"]))
    if box is None:
        return None
    named, *corners = box.groups()
    position = ORDINALS.index(named) if named else answer_image(record["type"]) or 0
    return position, tuple(int(number) for number in corners)


def _registered(task: str) -> Task | None:
    from spargen.tasks.registry import TASKS, load_builtin_tasks  # costs seconds, which drawing nothing does without

    load_builtin_tasks()
    return TASKS.get(task)


def _scaled(image: Image.Image, mark: Sequence[float]) -> list[float]:
    return [value / 1000 * (image.height if i % 2 else image.width) for i, value in enumerate(mark)]


def _stroke(image: Image.Image) -> int:
    return max(2, round(SPAR_STROKE_PX * image.width / SPAR_WIDTH_PX))


def _casing(image: Image.Image) -> int:
    return max(1, round(_CASING_SHARE * _stroke(image)))


def _contrary(colour: str) -> str:
    return "black" if colour in _BRIGHT else "white"


def _disc(image: Image.Image, mark: Sequence[float], colour: str) -> None:
    x, y = _scaled(image, mark)
    canvas, radius = ImageDraw.Draw(image), _stroke(image)
    for r, paint in ((radius + _casing(image), _contrary(colour)), (radius, colour)):
        canvas.ellipse([x - r, y - r, x + r, y + r], fill=paint)


def _frame(image: Image.Image, mark: Sequence[float], colour: str) -> None:
    x1, y1, x2, y2 = _scaled(image, mark)
    canvas, stroke = ImageDraw.Draw(image), _stroke(image)
    for wider, paint in ((_casing(image), _contrary(colour)), (0, colour)):
        reach = stroke * 7 / 8 + wider
        corners = [x1 - reach, y1 - reach, x2 + reach, y2 + reach]
        canvas.rectangle(corners, outline=paint, width=stroke + 2 * wider)


def _label(
    image: Image.Image, mark: Sequence[float], text: str, others: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """Write a label at the last corner of a mark, above those that would lie there too; return its place."""
    x, y = _scaled(image, mark)[-2:]
    size = max(_LEAST_FONT_PX, image.width // 30)
    step, wide = 1.3 * size, font(size).getlength(text)
    x, y = min(x, image.width - wide - step / 2), min(y, image.height - step)
    while any(abs(x - a) < wide and abs(y - b) < step for a, b in others) and y > 0:
        y -= step / 2
    edge = max(1, size // 10)
    ImageDraw.Draw(image).text(
        (x, y), text, fill=_LABEL_COLOUR, font=font(size), stroke_width=edge, stroke_fill=_contrary(_LABEL_COLOUR)
    )
    return x, y


def _list_label(kind: str, position: int) -> str:
    if kind == "bbox":
        return f"object{position}"
    return f"object{position - 1}" if position else "objectA"


def _draw_answer(record: Mapping[str, Any], images: Sequence[Image.Image]) -> None:
    found = answer_box(record)
    if found is not None:
        image = images[found[0]]
        width = max(1, _stroke(image) // 4)
        ImageDraw.Draw(image).rectangle(_scaled(image, found[1]), outline="white", width=width)
