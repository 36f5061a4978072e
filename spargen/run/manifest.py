"""``manifest.json``: what made the output, so that somebody else can make it again. It holds no time and no path."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from spargen.run.files import write_json
from spargen.run.ledger import Ledger
from spargen.run.order import FORMAT_VERSION
from spargen.run.output import Cell
from spargen.run.parts import Done
from spargen.run.plan import Item

_LIBRARIES = ("numpy", "scipy", "open3d", "open3d-cpu", "jinja2", "pillow", "trimesh")


def write_manifest(out: Path, ledger: Ledger, done: Mapping[Item, Done], counts: Mapping[Cell, int]) -> None:
    """Write the manifest of an output folder."""
    content = {
        "format_version": FORMAT_VERSION,
        "spargen": _version("spargen"),
        "python": platform.python_version(),
        "libraries": {name: found for name in _LIBRARIES if (found := _version(name))},
        "job": {"name": ledger.name, **ledger.identity},
        "fingerprints": {"run": ledger.key, "code": ledger.code, "templates": ledger.templates},
        "terms_of_use": ledger.plan.terms,
        "rows": {"/".join((c.dataset, c.split, c.task, c.form)): rows for c, rows in counts.items()},
        "scenes": {
            str(item): {"fingerprint": part.scene_key, "T_world_released": part.T_world_released}
            for item, part in done.items()
        },
    }
    write_json(out / "manifest.json", content)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
