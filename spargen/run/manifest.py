"""``manifest.json``: what made the output, so that somebody else can make it again. It holds no time and no path."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

from spargen.fingerprint import installed_version
from spargen.run.compile import FORMAT_VERSION, Run
from spargen.run.files import write_json
from spargen.run.output import Cell
from spargen.run.parts import Done
from spargen.run.scenes import SceneRef


def write_manifest(out: Path, run: Run, done: Mapping[SceneRef, Done], counts: Mapping[Cell, int]) -> None:
    """Write the manifest of an output folder."""
    content = {
        "format_version": FORMAT_VERSION,
        "spargen": installed_version("spargen"),
        "python": platform.python_version(),
        "libraries": run.libraries,
        "job": {"name": run.name, **run.identity},
        "fingerprints": {"run": run.key, "code": run.code, "templates": run.templates},
        "terms_of_use": run.terms,
        "rows": {"/".join((c.dataset, c.split, c.task, c.form)): rows for c, rows in counts.items()},
        "scenes": {
            str(ref): {"fingerprint": part.scene_key, "T_world_released": part.T_world_released}
            for ref, part in done.items()
        },
    }
    write_json(out / "manifest.json", content)
