"""Tar files for webdataset: ``<key>.json`` and ``<key>.0.jpg``, ``<key>.1.jpg`` ... for each row."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from spargen.export.format import Format, by_split
from spargen.export.row import ExportRow
from spargen.export.store import Store
from spargen.run.files import whole


def _write(path: Path, rows: Sequence[ExportRow], store: Store) -> None:
    with whole(path) as file, tarfile.open(fileobj=file, mode="w") as tar:
        for number, row in enumerate(rows):
            key = f"{path.stem}-{number:06d}"
            _add(tar, f"{key}.json", orjson.dumps(_row(row)))
            for position, image in enumerate(row.images):
                _add(tar, f"{key}.{position}{Path(image.name).suffix}", store.read(image))


def _row(row: ExportRow) -> dict[str, Any]:
    cell = {"dataset": row.cell.dataset, "scene": row.scene, "task": row.cell.task, "form": row.cell.form}
    return {"id": row.id, **cell, "prompt": row.prompt, "answer": row.answer, "images": len(row.images)}


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)  # of no time and no owner: the same bytes whoever writes it, and when
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


WEBDATASET = Format(_write, by_split, ".tar", lambda _: {}, packed=True)
