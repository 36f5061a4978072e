"""How fast spargen is, against its aims and against what the machine can do at most.

    python benchmarks/run.py [--root DIR] [--runs N] [see] [views] [rows] [scene] [large] [memory] [verify] [export]

Every ratio is printed with the verdict on its aim; `limit` lines measure the bound of a stage in the same run. Without
names all parts run, in some minutes. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PARTS = ("see", "views", "rows", "scene", "large", "memory", "verify", "export")
ROWS_EXPORTED = 10_000
# One core means one core: numpy must not spread a matrix product over others. Read when numpy is imported.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {' '.join(PARTS)}")
    parser.add_argument("--root", type=Path, help="folder that keeps the scan for the next time")
    parser.add_argument("--runs", type=int, default=3, help="the best of so many counts (default: 3)")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--adapter", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if arguments.worker:
        work(arguments.adapter, arguments.root, arguments.worker)
        return
    with TemporaryDirectory() as folder:
        measure(arguments.root or Path(folder), arguments.parts or PARTS, arguments.runs)


def measure(root: Path, parts: list[str] | tuple[str, ...], runs: int) -> None:
    """Measure the parts, each with a scene read from `root`."""
    import asking
    import exporting
    import large
    import scenes
    import seeing
    import verifying

    import spargen

    if "export" in parts:
        exporting.measure_export(root, ROWS_EXPORTED)
    if parts == ["export"]:
        return
    scene = spargen.load("scannet", root, scenes.written_scan(root))
    if "see" in parts:
        hundred = scenes.with_frames(scene, 100)
        seeing.agreement(hundred, seeing.measure(hundred, runs))
    if "views" in parts:
        seeing.measure_overlaps(scenes.with_frames(scene, 300), runs)
    if "rows" in parts:
        asking.measure_rows(scene, runs)
    if "scene" in parts:
        asking.measure_scene(scene, runs)
    if "large" in parts:
        large.measure_large(scene, root / "large", runs)
        measure_memory("posed", root / "large", most=2000)
    if "memory" in parts:
        measure_memory("scannet", root, most=1000)
    if "verify" in parts:
        verifying.measure_verify("scannet", root, runs)


def measure_memory(adapter: str, root: Path, *, most: float) -> None:
    """Print the most memory that one worker needs for a scene, from reading the scan to written images."""
    from measure import line, title

    with TemporaryDirectory() as out:
        command = [sys.executable, __file__, "--root", str(root), "--worker", out, "--adapter", adapter]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
    title("MEMORY  one worker, from the scan on disk to rows and images")
    line("peak memory", float(answer.stdout.split()[-1]) / 1e6, "MB", most=most)


def work(adapter: str, root: Path, out: Path) -> None:
    """Make everything about the scan in this process and print its peak memory in bytes."""
    from measure import peak_bytes

    from spargen.run.generate import generate
    from spargen.run.job import make_job

    generate(make_job({"out": str(out), "sources": [{"adapter": adapter, "root": str(root)}]}))
    print(peak_bytes())


if __name__ == "__main__":
    main()
