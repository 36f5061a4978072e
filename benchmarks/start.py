"""What it costs to start: CPU seconds of commands that do next to nothing, processes that they start included."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from spargen.demo import write_demo

FRAMES = 12
"""Frames of the scene that a run is asked about: with so few, its start is nearly all that it costs."""


def measure_start(runs: int = 10) -> dict[str, float]:
    """Return CPU seconds, the best of several runs, by what was started.

    `first row` is a whole run of a tiny scene in one process, asked one thing: imports, job, words, rays and files.
    """
    with TemporaryDirectory() as folder:
        root, out = Path(folder) / "scan", Path(folder) / "out"
        root.mkdir()
        write_demo(root, frames=FRAMES)
        source = ["--adapter", "scannet", "--root", str(root), "--workers", "1"]
        asked = ["--set", "tasks=depth_prediction_oc", "--set", "rows_per_cell=1", "--set", "images=none", "--quiet"]
        commands = {"--help": ["--help"], "--version": ["--version"], "list": ["list", "tasks"]}
        found = {name: min(_cpu(command) for _ in range(runs)) for name, command in commands.items()}
        # Into a folder of its own each time, for in the last one there is nothing left to do.
        made = (["generate", *source, "--out", f"{out}{n}", *asked] for n in range(runs))
        return {**found, "first row": min(map(_cpu, made))}


def _cpu(arguments: Sequence[str]) -> float:
    """Return the CPU seconds of a command."""
    before = os.times()
    subprocess.run([sys.executable, "-m", "spargen.cli", *arguments], check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    for what, seconds in measure_start().items():
        print(f"{what:<12} {seconds:.2f} s")
