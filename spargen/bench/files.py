"""The files of a bench that the two harnesses read, and the page that says which rows go where."""

from __future__ import annotations

import base64
import csv
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spargen.bench.row import BenchRow
from spargen.export.columns import INTEGER, STRING, parquet_writer
from spargen.export.row import ExportRow
from spargen.export.store import Store
from spargen.run.files import whole, write_bytes

if TYPE_CHECKING:
    from spargen.bench.make import Bench

PARQUET = "lmms-eval/data/test-00000-of-00001.parquet"
TSV = "vlmevalkit/SparBench.tsv"
_TEXTS = ("id", "task", "img_type", "format_type", "source", "question", "answer")


def write_parquet(dest: Path, rows: Mapping[str, BenchRow], shown: Sequence[ExportRow], store: Store) -> None:
    """Write what lmms-eval reads: SPAR-Bench's columns, with images that Hugging Face's datasets decode.

    Parameters
    ----------
    dest : folder of the bench.
    rows : by the ids that they have as `shown`, which gives their images.
    store : where those are.
    """
    features = {"index": INTEGER, **dict.fromkeys(_TEXTS, STRING)}
    write = parquet_writer(features, lambda row: _columns(rows[row.id]), images="image")
    write(dest / PARQUET, shown, store)


def _columns(row: BenchRow) -> dict[str, Any]:
    return {
        "index": row.index,
        "id": row.id,
        "task": row.task,
        "img_type": "single" if len(row.image) == 1 else "multi",
        "format_type": row.form,
        "source": row.dataset,
        "question": row.question,
        "answer": row.answer,
    }


def write_tsv(dest: Path, rows: Sequence[BenchRow]) -> None:
    """Write what VLMEvalKit reads: images in base64, several of them as the text of a list."""
    with whole(dest / TSV) as file:
        text = TextIOWrapper(file, "utf-8", newline="")
        writer = csv.writer(text, delimiter="\t", lineterminator="\n")
        writer.writerow(("index", "image", "question", "answer", "task"))
        for row in rows:
            images = [base64.b64encode((dest / name).read_bytes()).decode() for name in row.image]
            shown = images[0] if len(images) == 1 else str(images)
            writer.writerow((row.index, shown, row.question, row.answer, row.task))
        text.flush()
        text.detach()


def write_card(dest: Path, bench: Bench, split: str, terms: Mapping[str, str]) -> None:
    """Write the page that says which rows go where, and under which terms of use."""
    lines = [
        "# Spatial questions as a benchmark",
        "",
        f"Made by spargen from the scenes of the split `{split}`. `rows.jsonl` holds all rows, with the paths of their",
        "images, into which the marks are drawn. lmms-eval and VLMEvalKit know twenty tasks, each in one form, and",
        f"stop at any other: `{PARQUET}` and `{TSV}` hold the rows that they know, by the same `index`.",
        "",
        "| task | level | form | metric | rows | scenes | in the harnesses' files |",
        "|---|---|---|---|--:|--:|---|",
    ]
    for asked in bench.asked:
        where = "yes" if asked.harnesses else "no"
        values = (asked.task, asked.level, asked.form, asked.metric, asked.rows, asked.scenes, where)
        lines.append(f"| {' | '.join(map(str, values))} |")
    if bench.unscored:
        lines += ["", f"Left out, for no form of them has a metric: {', '.join(bench.unscored)}."]
    for dataset, text in sorted(terms.items()):
        lines += ["", f"## Terms of use of {dataset}", "", text.strip()]
    write_bytes(dest / "README.md", ("\n".join(lines) + "\n").encode())
