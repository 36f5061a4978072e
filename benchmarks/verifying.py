"""How fast rows are checked by the second path: words and geometry, sight, and both; and what memory a worker needs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from measure import line, peak_bytes, title

# One core means one core, in this process and in the one whose memory is measured. Read when numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

QUOTA, ROWS, WORKERS = 100, 150_000, 2


@dataclass
class Clock:
    """Processor seconds spent in some functions, and how many images or scenes they took."""

    seconds: float = 0.0
    count: int = 0

    def timed(self, function: Callable[..., Any], count: int) -> Callable[..., Any]:
        """Return a function that does the same and adds its seconds, and `count`, to the clock."""

        def measured(*args: Any, **kwargs: Any) -> Any:
            begin = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds += time.process_time() - begin
                self.count += count

        return measured


@contextmanager
def clocks() -> Iterator[tuple[Clock, Clock]]:
    """Measure how long scenes are opened, and pictures drawn and images decoded."""
    from spargen.run.raw import RawScene
    from spargen.verify import record, run, site
    from spargen.verify.mesh_sight import MeshSight

    opening, sight = Clock(), Clock()
    with (
        patch.object(RawScene, "load", opening.timed(RawScene.load, 1)),
        patch.object(run, "Site", opening.timed(run.Site, 0)),
        patch.object(record, "_image_fault", sight.timed(record._image_fault, 0)),
        patch.object(site, "draw", sight.timed(site.draw, 0)),
        patch.object(MeshSight, "look", sight.timed(MeshSight.look, 1)),
        patch.object(MeshSight, "fine_box", sight.timed(MeshSight.fine_box, 0)),
    ):
        yield opening, sight


def measure_verify(adapter: str, root: Path, runs: int) -> None:
    """Print how fast the rows of a scene are checked, all of SPAR's quotas, and the memory of the worker that does."""
    from spargen.run.generate import generate
    from spargen.run.job import make_job

    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        sources = [{"adapter": adapter, "root": str(root)}]
        generate(make_job({"out": str(out), "sources": sources, "rows_per_cell": QUOTA}), workers=1)
        rows, whole, opening, sight = min((_verified(out) for _ in range(runs)), key=lambda found: found[1])
        command = [sys.executable, __file__, str(out)]
        peak = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    title(f"VERIFY  {rows:,} rows of one scene, {sight.count} images of it looked at, 1 core")
    line("seconds to read the scene and to measure its things", opening.seconds, "s")
    line("rows/s, words and geometry", rows / (whole - sight.seconds - opening.seconds), "rows/s", least=2000)
    line("frames/s, all that is drawn and decoded of them included", sight.count / sight.seconds, "frames/s")
    line("rows/s, everything", rows / whole, "rows/s", least=ROWS / (20 * 60 * WORKERS))
    line(f"minutes for {ROWS:,} rows, {WORKERS} cores", ROWS * whole / rows / WORKERS / 60, "min", most=20)
    line("peak memory of a worker", peak / 1e6, "MB", most=1000)


def _verified(out: Path) -> tuple[int, float, Clock, Clock]:
    """Check an output; return its rows, the processor seconds that took, and those of opening and of pictures."""
    from spargen.verify.run import verify_rows

    with clocks() as (opening, sight):
        begin = time.process_time()
        report = verify_rows(out)
        whole = time.process_time() - begin
    if not report.ok:
        raise SystemExit("\n".join(report.told()))
    return sum(report.totals().values()), whole, opening, sight


if __name__ == "__main__":  # check an output in this process, and print its peak memory in bytes
    _verified(Path(sys.argv[1]))
    print(peak_bytes())
