"""A folder that cannot be entered is a scene that fails, and stops no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from scene_adapters.formats.folders import holds
from scene_adapters.matterport import MatterportAdapter
from scene_adapters.posed import PosedAdapter
from scene_adapters.scannet import ScanNetAdapter
from scene_adapters.scannetpp import ScanNetPPAdapter


def closed(path: Path) -> bool:
    raise PermissionError(13, "Permission denied", str(path))


def test_what_cannot_be_entered_counts_as_a_scene(tmp_path):
    assert holds(tmp_path, closed)
    assert holds(tmp_path, Path.is_dir)
    assert not holds(tmp_path, Path.is_file)


@pytest.mark.parametrize(
    ("adapter", "inside"),
    [(ScanNetAdapter, "scans"), (ScanNetPPAdapter, "data"), (MatterportAdapter, "v1/scans"), (PosedAdapter, "")],
)
def test_every_adapter_lists_it(tmp_path, monkeypatch, adapter, inside):
    (tmp_path / inside / "closed_00").mkdir(parents=True)
    is_file, is_dir, iterdir = Path.is_file, Path.is_dir, Path.iterdir

    def enter(of):
        return lambda path: closed(path) if "closed_00" in path.parent.parts else of(path)

    monkeypatch.setattr(Path, "is_file", enter(is_file))
    monkeypatch.setattr(Path, "is_dir", enter(is_dir))
    monkeypatch.setattr(Path, "iterdir", lambda path: closed(path) if path.name == "closed_00" else iterdir(path))
    assert adapter(tmp_path).scenes() == ["closed_00"]
