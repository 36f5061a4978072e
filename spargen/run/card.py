"""``spar/README.md``: the card by which Hugging Face's datasets load an output as it lies, a config a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from spargen.qa.fact import COLOURS
from spargen.run.files import write_changed
from spargen.run.naming import Cell
from spargen.seeds import hashed

_STRING: dict[str, Any] = {"dtype": "string"}
_NUMBERS: dict[str, Any] = {"list": {"list": "int64"}}
_NUMBERED: dict[str, Any] = {"list": {"list": {"list": "int64"}}}
_TURN = [{"name": "from", **_STRING}, {"name": "value", **_STRING}]
FEATURES: dict[str, dict[str, Any]] = {
    "id": _STRING,
    "conversations": {"list": _TURN},
    "image": {"list": "string"},
    "type": _STRING,
    "depth": {"list": "string"},
    **{f"{colour}_{kind}": _NUMBERS for kind in ("point", "bbox") for colour in COLOURS},
    **{f"{kind}_img_idx": _NUMBERS for kind in ("point", "bbox")},
    **{f"{kind}_list": _NUMBERED for kind in ("point", "bbox")},
}
"""Every key that a record may have, by its type. All configs have all of them: else files that lack some do not fit."""


def write_card(
    out: Path, counts: Mapping[Cell, int], files: Mapping[str, Mapping[str, Any]], terms: Mapping[str, str]
) -> None:
    """Write the card of an output folder.

    Parameters
    ----------
    out : the output folder.
    counts : rows by cell.
    files : `sha256` and more of each file of rows, by its name in the output folder.
    terms : terms of use of each data set.
    """
    splits = sorted({cell.split for cell in counts})
    tasks = sorted({(cell.task, cell.split) for cell in counts})
    found: dict[str, list[dict[str, str]]] = {"default": [_files("*", split) for split in splits]}
    for task, split in tasks:
        found.setdefault(task, []).append(_files(task, split))
    made_of = rows_mark(files[cell.row_file(rows)]["sha256"] for cell, rows in sorted(counts.items()))
    features = [{"name": name, **feature} for name, feature in FEATURES.items()]
    head = {
        "task_categories": ["visual-question-answering"],
        "configs": [{"config_name": name, "data_files": paths, **made_of} for name, paths in found.items()],
    }
    # All configs have the same features: to write those anew for each would take most of the time of a small merge.
    same = indent(_yaml({"features": features}), "  ")
    info = "".join([f"- {_yaml({'config_name': name})}{same}" for name in found])
    text = f"---\n{_yaml(head)}dataset_info:\n{info}---\n\n# Spatial questions in SPAR's format\n\n"
    text += "Paths of images start at `<dataset>/images`; no mark is drawn into them.\n"
    for dataset, told in sorted(terms.items()):
        text += f"\n## Terms of use of {dataset}\n\n{told.strip()}\n"
    write_changed(out / "spar" / "README.md", text.encode())


def rows_mark(made_of: Iterable[object]) -> dict[str, str]:
    """Return what tells the configs of a card from those of other rows.

    Hugging Face's datasets keeps what it has loaded by the last name of the folder and by the head of its card, and
    looks at no file: without it, the rows of one output would be given for those of the next.

    Parameters
    ----------
    made_of : digests of the rows, or whatever they follow from.
    """
    return {"description": f"rows {hashed(*made_of, size=8).hex()}"}


def _yaml(value: Any) -> str:
    return yaml.dump(value, Dumper=_Plain, sort_keys=False)


class _Plain(yaml.SafeDumper):
    """Writes what comes several times in full, for not every reader knows aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _files(task: str, split: str) -> dict[str, str]:
    return {"split": split, "path": f"*/qa_jsonl/{split}/{task}/*/*.jsonl"}
