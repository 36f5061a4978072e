"""Where the files of Matterport3D's scans lie."""

from __future__ import annotations

from pathlib import Path

from scene_adapters.formats.folders import folders_in


def scan_folders(root: Path) -> dict[str, Path]:
    """Return the folders of all scans by name: in ``v1/scans/`` and ``scans/``, else in the root itself.

    Raises `SceneError` where one cannot be read.
    """
    parts = [part for part in (root / "scans", root / "v1" / "scans") if part.is_dir()] or [root]
    return folders_in(parts, root, "point root at the Matterport3D folder")


def part_of(folder: Path, name: str) -> Path:
    """Return a folder of a scan, or where its zip puts it: in a folder that has the scan's name once more."""
    deeper = folder / folder.name / name
    return deeper if deeper.is_dir() and not (folder / name).is_dir() else folder / name
