"""How fast spargen is, beside what the machine can do at most, the last release and the aims.

    python benchmarks/run.py [--root DIR] [--runs N] [--as-release] [PART ...]

`limit` lines measure the bound of a stage in the same run. Without names all parts run but `spar7m`, in some minutes.
A part that cannot run says so, and the others go on: nothing here fails. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

PARTS = ("start", "see", "views", "rows", "scene", "large", "memory", "merge", "verify", "export", "spar7m")
LONG = ("spar7m",)
"""Run only by name: most of an hour."""
ROWS_EXPORTED = 10_000
ROW_S, WORD_S = 1.0, 0.4
"""Seconds of the processor until a run has its first row, and until a command such as --help has its say: the aims."""
# One core means one core: numpy must not spread a matrix product over others. Read when numpy is imported.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {' '.join(PARTS)}")
    parser.add_argument("--root", type=Path, help="folder that keeps the scans for the next time")
    parser.add_argument("--runs", type=int, default=3, help="the best of so many counts (default: 3)")
    parser.add_argument("--as-release", action="store_true", help="keep the figures as those of the release")
    parser.add_argument("--engine", type=Path, help="of spar7m: a checkout of another engine, to compare with")
    parser.add_argument("--scenes", type=int, default=16, help="of spar7m: how many are generated (default: 16)")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--adapter", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if arguments.worker:
        work(arguments.adapter, arguments.root, arguments.worker)
        return
    with TemporaryDirectory() as folder:
        root = arguments.root or Path(folder)
        root.mkdir(parents=True, exist_ok=True)
        measures = measures_of(root, arguments.runs, arguments.scenes, arguments.engine)
        for part in arguments.parts or [part for part in PARTS if part not in LONG]:
            try:
                measures[part]()
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the other parts are measured
                print(f"\n{part}: not measured: {type(error).__name__}: {error}", flush=True)
    if arguments.as_release:
        from measure import SHEET

        SHEET.write()


def measures_of(root: Path, runs: int, scenes: int, engine: Path | None) -> dict[str, Callable[[], None]]:
    """Return what measures each part; the scan that most of them need is written and read when it is asked for."""
    import asking
    import exporting
    import large
    import merging
    import seeing
    import spar7m
    import start
    import verifying
    from measure import line, title
    from scenes import with_frames, written_scan

    import spargen

    @cache
    def scene() -> spargen.Scene:
        return spargen.load("scannet", root, written_scan(root))

    def starting() -> None:
        title("START  seconds of the processor that commands take which do next to nothing")
        for what, seconds in start.measure_start(runs).items():
            line(what, seconds, "s", most=ROW_S if what == "first row" else WORD_S)

    def see() -> None:
        hundred = with_frames(scene(), 100)
        seeing.agreement(hundred, seeing.measure(hundred, runs))

    def many_faces() -> None:
        large.measure_large(scene(), root / "large", runs)
        measure_memory("posed", root / "large", most=2000)

    def memory() -> None:
        scene()
        measure_memory("scannet", root, most=1000)

    def verify() -> None:
        scene()
        verifying.measure_verify("scannet", root, runs)

    return {
        "start": starting,
        "see": see,
        "views": lambda: seeing.measure_overlaps(with_frames(scene(), 300), runs),
        "rows": lambda: asking.measure_rows(scene(), runs),
        "scene": lambda: asking.measure_scene(scene(), runs),
        "large": many_faces,
        "memory": memory,
        "merge": partial(merging.measure_merge, root, runs),
        "verify": verify,
        "export": partial(exporting.measure_export, root, ROWS_EXPORTED),
        "spar7m": partial(spar7m.measure_spar7m, root / "spar7m", runs, scenes=scenes, engine=engine),
    }


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
