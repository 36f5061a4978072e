"""Chat messages as the OpenAI API takes them, the images as data URLs: for that API and for servers like it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spargen.export.format import Format, by_split, write_json_lines
from spargen.export.row import ExportRow, ShownImage
from spargen.export.store import Store

_MEDIA = {".png": "image/png"}


def _write(path: Path, rows: Sequence[ExportRow], store: Store) -> None:
    write_json_lines(path, (_row(row, store) for row in rows))


def _row(row: ExportRow, store: Store) -> dict[str, Any]:
    content = [{"type": "text", "text": part} if isinstance(part, str) else _image(part, store) for part in row.parts]
    return {"messages": [{"role": "user", "content": content}, {"role": "assistant", "content": row.answer}]}


def _image(image: ShownImage, store: Store) -> dict[str, Any]:
    media = _MEDIA.get(Path(image.name).suffix, "image/jpeg")
    url = f"data:{media};base64,{base64.b64encode(store.read(image)).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


OPENAI = Format(_write, by_split, ".jsonl", lambda _: {}, joined=True, packed=True)
