"""All of SPAR-7M by the measured cost of a few scenes: loading, seeing, asking, linking of images and the merge.

The engine is run by its command line, with its own `configs/spar7m.yaml`, so that another checkout can be measured in
the same way on the same scans.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import Taken, line, title
from scenes import written_scans

SPAR_SCENES, SPAR_ROWS, SCENES, FRAMES = 4_500, 16_276_960, 16, 240
PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h."""
RATIO = 0.45
"""The aim: what all of it costs, over what it cost another engine."""
HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Cost:
    """What a run took, what it took once more when there was nothing left to make, and what it gave."""

    taken: Taken
    start: Taken
    rows: int
    scenes: int

    @property
    def cpu_s(self) -> float:
        """Seconds of the processor for one scene more."""
        return (self.taken.cpu - self.start.cpu) / self.scenes

    @property
    def cpu_h(self) -> float:
        """Hours of one processor for all of SPAR-7M's scenes."""
        return self._hours(self.taken.cpu, self.start.cpu)

    @property
    def wall_h(self) -> float:
        """Hours on the wall for them, by as many workers."""
        return self._hours(self.taken.wall, self.start.wall)

    def _hours(self, taken: float, start: float) -> float:
        # A run starts once, however many scenes it has.
        return (start + (taken - start) / self.scenes * SPAR_SCENES) / 3600


def measure_spar7m(root: Path, runs: int, *, scenes: int = SCENES, engine: Path | None = None) -> None:
    """Print the hours that SPAR-7M would take; with another engine, also how they compare with its hours.

    Parameters
    ----------
    root : folder that keeps the scans.
    runs : the best of so many counts.
    scenes : how many are generated.
    engine : the checkout of another engine; it runs in turn with this one.
    """
    from spargen.run.executors import cores

    faces = written_scans(root, scenes, FRAMES)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    title(f"SPAR-7M  by {scenes} scenes of {faces:,.0f} faces and {FRAMES} views, images linked, {cores()} workers")
    engines = {"this one": HERE} | ({"the other": engine.resolve()} if engine else {})
    costs: dict[str, list[Cost]] = {name: [] for name in engines}
    for _ in range(runs):
        for name, folder in engines.items():
            costs[name].append(_cost(folder, root, scenes, cores()))
    best = {name: min(found, key=lambda cost: cost.taken.cpu) for name, found in costs.items()}
    for name, cost in best.items():
        of = "" if name == "this one" else f", {name}"
        line(f"seconds of the processor a scene{of}", cost.cpu_s, "s", taken=cost.taken)
        line(f"seconds to start, and to find all made{of}", cost.start.wall, "s", taken=cost.start)
        line(f"rows a scene{of}", cost.rows / cost.scenes, "")
        line(f"rows/s by the processor{of}", cost.rows / cost.taken.cpu, "rows/s")
        line(f"hours of one processor for {SPAR_SCENES:,} scenes{of}", cost.cpu_h, "h")
        line(f"hours on the wall, {cores()} workers{of}", cost.wall_h, "h")
    if engine:
        line(
            "hours of the processor, over the other's", best["this one"].cpu_h / best["the other"].cpu_h, "", most=RATIO
        )
        line("hours on the wall, over the other's", best["this one"].wall_h / best["the other"].wall_h, "", most=RATIO)


def _cost(engine: Path, root: Path, scenes: int, workers: int) -> Cost:
    """Generate from the scans with an engine, in processes of its own."""
    with TemporaryDirectory(dir=root.parent) as folder:
        out = Path(folder) / "out"
        chosen = Path(folder) / "scenes.txt"
        names = sorted(path.name for path in (root / "scans").iterdir())[:scenes]
        chosen.write_text("".join(f"{name}\n" for name in names))
        keep = {name: value for name, value in os.environ.items() if name not in ("SCANNETPP", "STRUCTURED3D", "RXR")}
        variables = {**keep, "PYTHONPATH": str(engine), "SCANNET": str(root.resolve()), "SPARGEN_OUT": str(out)}
        command = [sys.executable, "-m", "spargen.cli", "generate", str(engine / "configs/spar7m.yaml"), "--quiet"]
        command += ["--workers", str(workers), "--set", "images=link", "--scene-list", str(chosen)]
        taken, said = _run(command, variables, engine)
        if not (out / "report.json").exists():
            raise SystemExit(f"{engine} made nothing:\n{said}")
        report = json.loads((out / "report.json").read_text())
        start, _ = _run(command, variables, engine)  # all is there now
    return Cost(taken, start, report["rows"], report["scenes"])


def _run(command: list[str], variables: dict[str, str], folder: Path) -> tuple[Taken, str]:
    """Run a command; return what it took, with all processes that it started, and what it said of faults."""
    begin, before = time.perf_counter(), os.times()
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=variables, cwd=folder)
    wall = time.perf_counter() - begin
    _await_orphans()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Taken(cpu, wall), done.stderr


def _await_orphans() -> None:
    """Wait for the processes that a command left behind, so that what they took is counted.

    Workers come of a server that ends after the command. On Linux such processes become this one's children.
    """
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
