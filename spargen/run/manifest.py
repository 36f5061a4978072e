"""``manifest.json``: what made the output, so that somebody else can make it again. It holds no time and no path."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spargen.fingerprint import installed_version
from spargen.run.compile import FORMAT_VERSION, Run
from spargen.run.files import write_json
from spargen.run.naming import Cell
from spargen.run.product import note
from spargen.run.scenes import SceneRef


def write_manifest(
    out: Path,
    run: Run,
    scenes: Mapping[SceneRef, Mapping[str, Any]],
    counts: Mapping[Cell, int],
    files: Mapping[str, Any],
) -> None:
    """Write the manifest of an output folder.

    Parameters
    ----------
    out, run : the folder and its run.
    scenes : what `Totals` has of each scene that is merged.
    counts : rows by cell.
    files : bytes and digest of each file of rows, facts or an index, and how many lines the first two have.
    """
    content = {
        "format_version": FORMAT_VERSION,
        "spargen": installed_version("spargen"),
        "python": platform.python_version(),
        "libraries": run.libraries,
        "job": {"name": run.name, **run.identity, "cells": list(run.cells)},
        "fingerprints": {"run": run.key, "code": run.code, "templates": run.templates},
        "terms_of_use": run.terms,
        "rows": {str(cell): rows for cell, rows in counts.items()},
        "files": dict(files),
        "scenes": {str(ref): scene for ref, scene in scenes.items()},
    }
    write_json(out / "manifest.json", content, lambda stamp: note(out, "manifest.json", stamp))
