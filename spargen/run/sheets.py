"""Sheets of a few rows with their marks drawn in, question and answer below."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from spargen.run.files import writing
from spargen.run.marks import draw_record, font, marked_images
from spargen.run.shown import shown

_TEXT_PX = 15
_GAP_PX = 12
_EVERY = 4


def draw_tile(record: Mapping[str, Any], form: str, images_root: Path) -> Image.Image:
    """Draw one row: its images with their marks, question and answer below."""
    images = [_open(images_root / name) for name in record["image"]]
    draw_record(record, images)
    marked = marked_images(record)
    chosen = [i for i in range(len(images)) if len(images) <= _EVERY + 1 or i % _EVERY == 0 or i in marked]
    columns = min(len(chosen), 5)
    width = 560 if columns == 1 else 1200 // columns
    numbered = [_thumbnail(images[i], width, f"Frame-{i}" if len(images) > len(chosen) else "") for i in chosen]
    picture = _grid(numbered, columns, gap=4)
    return _captioned(picture, [f"[{form}] {record['id']}", *(turn["value"] for turn in record["conversations"])])


def sheet(tiles: Sequence[Image.Image]) -> Image.Image:
    """Put tiles on one sheet, as many side by side as are easy to look at."""
    return _grid(tiles, columns=3 if tiles[0].width < 800 else 2, gap=_GAP_PX)


def save(image: Image.Image, path: Path) -> None:
    """Write a picture whole."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.stem}.tmp{path.suffix}")
        image.save(beside, quality=88)
        beside.replace(path)


def _open(path: Path) -> Image.Image:
    with shown(path) as image:
        return image.convert("RGB")


def _thumbnail(image: Image.Image, width: int, label: str) -> Image.Image:
    small = image.resize((width, round(image.height * width / image.width)))
    if label:
        ImageDraw.Draw(small).text((4, 2), label, fill="white", font=font(16), stroke_width=2, stroke_fill="black")
    return small


def _captioned(picture: Image.Image, texts: Sequence[str]) -> Image.Image:
    """Return the picture with text below: a title, the question, the answer."""
    letters = max(20, int(picture.width / (0.5 * _TEXT_PX)))
    lines = [
        (line, colour)
        for text, colour in zip(texts, ("gray", "black", "darkgreen"), strict=True)
        for paragraph in text.splitlines()
        for line in textwrap.wrap(paragraph, letters) or [""]
    ]
    step = round(_TEXT_PX * 1.3)
    tile = Image.new("RGB", (picture.width, picture.height + step * len(lines) + 10), "white")
    tile.paste(picture)
    draw = ImageDraw.Draw(tile)
    for row, (line, colour) in enumerate(lines):
        draw.text((2, picture.height + 4 + step * row), line, fill=colour, font=font(_TEXT_PX))
    return tile


def _grid(tiles: Sequence[Image.Image], columns: int, gap: int) -> Image.Image:
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    width = max(sum(t.width + gap for t in row) for row in rows) - gap
    heights = [max(t.height for t in row) for row in rows]
    canvas = Image.new("RGB", (width, sum(heights) + gap * (len(rows) - 1)), "white")
    y = 0
    for row, height in zip(rows, heights, strict=True):
        x = 0
        for tile in row:
            canvas.paste(tile, (x, y))
            x += tile.width + gap
        y += height + gap
    return canvas
