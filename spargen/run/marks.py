"""Marks drawn into pictures as SPAR's loader draws them: filled discs, thick boxes, labels of lists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont

from spargen.qa.fact import COLOURS

if TYPE_CHECKING:
    from spargen.tasks.registry import Task

SPAR_WIDTH_PX = 1296
SPAR_STROKE_PX = 20
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_BOX = re.compile(rf"(?:the ({'|'.join(_ORDINALS)}) image, )?\[(\d+), (\d+), (\d+), (\d+)\]")


@cache
def font(size_px: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Return the font of labels and captions."""
    return ImageFont.load_default(size_px)


def draw_marks(record: Mapping[str, Any], images: Sequence[Image.Image]) -> None:
    """Draw what a record marks into its images, and a thin white frame where its answer is a box."""
    for kind, put in (("point", _disc), ("bbox", _frame)):
        where = record.get(f"{kind}_img_idx", [[]])[0]
        colours = [c for c in marker_order(record["type"]) if f"{c}_{kind}" in record]
        for position, colour in enumerate(colours):
            image = images[where[position] if where else 0]
            put(image, record[f"{colour}_{kind}"][0], colour)
        for position, mark in enumerate(record.get(f"{kind}_list", [[]])[0]):
            image = images[where[position]]
            put(image, mark, "red")
            _label(image, mark, _list_label(kind, position))
    _draw_answer(record, images)


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


def _registered(task: str) -> Task | None:
    from spargen.tasks.registry import TASKS, load_builtin_tasks  # costs seconds, which drawing nothing does without

    load_builtin_tasks()
    return TASKS.get(task)


def _scaled(image: Image.Image, mark: Sequence[float]) -> list[float]:
    return [value / 1000 * (image.height if i % 2 else image.width) for i, value in enumerate(mark)]


def _stroke(image: Image.Image) -> int:
    return max(2, round(SPAR_STROKE_PX * image.width / SPAR_WIDTH_PX))


def _disc(image: Image.Image, mark: Sequence[float], colour: str) -> None:
    (x, y), r = _scaled(image, mark), _stroke(image)
    ImageDraw.Draw(image).ellipse([x - r, y - r, x + r, y + r], fill=colour)


def _frame(image: Image.Image, mark: Sequence[float], colour: str) -> None:
    (x1, y1, x2, y2), stroke = _scaled(image, mark), _stroke(image)
    reach = stroke * 7 / 8
    ImageDraw.Draw(image).rectangle([x1 - reach, y1 - reach, x2 + reach, y2 + reach], outline=colour, width=stroke)


def _label(image: Image.Image, mark: Sequence[float], text: str) -> None:
    x, y = _scaled(image, mark)[-2:]
    size = max(12, image.width // 30)
    ImageDraw.Draw(image).text(
        (min(x, image.width * 0.85), min(y, image.height - 1.3 * size)), text, fill="lime", font=font(size)
    )


def _list_label(kind: str, position: int) -> str:
    if kind == "bbox":
        return f"object{position}"
    return f"object{position - 1}" if position else "objectA"


def _draw_answer(record: Mapping[str, Any], images: Sequence[Image.Image]) -> None:
    answer = str(record["conversations"][1]["value"])
    box = _BOX.search(answer)
    if box is None:
        return
    named, *corners = box.groups()
    position = _ORDINALS.index(named) if named else answer_image(record["type"]) or 0
    image = images[position]
    frame = _scaled(image, [int(number) for number in corners])
    ImageDraw.Draw(image).rectangle(frame, outline="white", width=max(1, _stroke(image) // 4))
