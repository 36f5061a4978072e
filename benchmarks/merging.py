"""How fast the parts of scenes become the files of an output, beside a bare copy of the same bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import Taken, best_of, limit, line, peak_bytes, title

SCENES, CELLS, EACH = 100, 80, 45
SIZES = {"rows": 1_000, "facts": 750}
"""Bytes of a line, as in SPAR-7M's questions and what stands behind them."""


def measure_merge(root: Path, runs: int) -> None:
    """Print rows a second of a merge by one process, and by as many as there are cores; and the memory it needs."""
    from spargen.run.executors import cores

    with TemporaryDirectory(dir=root) as folder:
        base = Path(folder)
        whole = write_parts(base / "parts")
        rows = SCENES * CELLS * EACH
        title(f"MERGE  {rows:,} rows of {SCENES} scenes, {whole / 1e6:,.0f} MB with their facts")
        copy = best_of(runs, lambda: _copied(base / "parts", base / "copy"))[1]
        for workers in sorted({1, cores()}):
            found = [_merged(base / "parts", base / "out", workers) for _ in range(runs)]
            taken = Taken(min(cpu for cpu, _, _ in found), min(wall for _, wall, _ in found))
            if workers == 1:  # what others take is known when they have ended, with the process that started them
                line(f"rows/s by the processor, {_words(workers)}", rows / taken.cpu, "rows/s", taken=taken)
                limit("read, hash and write the same bytes", rows / copy.cpu, "rows/s", copy.cpu / taken.cpu)
            line(f"rows/s on the wall, {_words(workers)}", rows / taken.wall, "rows/s")
            limit("the same on the wall", rows / copy.wall, "rows/s", copy.wall / taken.wall)
            line(f"peak memory of a process, {_words(workers)}", max(peak for _, _, peak in found) / 1e6, "MB")


def _words(workers: int) -> str:
    return "1 process" if workers == 1 else "a process a core"


def write_parts(out: Path) -> int:
    """Write parts of scenes whose lines are as long as real ones; return their bytes."""
    from spargen.run.files import write_lines
    from spargen.run.ledger import claim
    from spargen.run.parts import Part, part_folder, write_record

    run = _run(out)
    claim(out, run)
    for ref in run.scenes:
        texts = {kind: [_lines(ref.scene, kind) for _ in range(CELLS)] for kind in SIZES}
        folder = part_folder(out, ref)
        stamps = [write_lines(folder / f"{kind}.jsonl", texts[kind]) for kind in SIZES]
        cells = {
            f"task_{n:02}/form": (EACH, *(len(t) for t in both))
            for n, both in enumerate(zip(*texts.values(), strict=True))
        }
        write_record(folder, Part(run.keys[0], 0, "", "", cells, stamps[0], stamps[1], {}, [], {}, {}, {}, {}))
    return sum(file.stat().st_size for file in out.rglob("*.jsonl"))


def _run(out: Path):  # type: ignore[no-untyped-def] # noqa: ANN202 - its type is imported late
    from spargen.run.compile import Run
    from spargen.run.scenes import SceneRef

    identity = {"seed": 0, "sources": [{"adapter": "scannet", "options": {}}], "images": "none"}
    identity |= {"labels": [], "settings": {}}
    refs = tuple(SceneRef("scannet", "train", f"scene{n:04d}_00", 0) for n in range(SCENES))
    cells = {f"task_{n:02}/form": EACH for n in range(CELLS)}
    return Run("", identity, (cells,), (str(out.resolve()),), "", "", {}, refs, (), {}, ("",))


def _lines(scene: str, kind: str) -> bytes:
    made = []
    for number in range(EACH):
        head = (
            f'{{"id":"{scene}_{number}","text":"'
            if kind == "rows"
            else f'{{"scene":"{scene}","id":"{scene}_{number}","text":"'
        )
        made.append(f'{head}{"x" * (SIZES[kind] - len(head) - 3)}"}}\n'.encode())
    return b"".join(made)


def _copied(parts: Path, out: Path) -> None:
    """Read all texts, hash them and write them to the disk: what is left of a merge without order and ids."""
    out.mkdir(exist_ok=True)
    for kind in SIZES:
        hashed = hashlib.sha256()
        with (out / kind).open("wb", buffering=0) as copy:
            for file in sorted(parts.rglob(f"{kind}.jsonl")):
                data = file.read_bytes()
                hashed.update(data)
                copy.write(data)
            os.fsync(copy.fileno())


def _merged(parts: Path, out: Path, workers: int) -> tuple[float, float, float]:
    """Merge parts in a new process; return seconds of the processor and on the wall, and peak memory in bytes."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(parts, out)
    command = [sys.executable, __file__, str(out), str(workers)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    cpu, wall, peak = (float(word) for word in answer.stdout.split()[-3:])
    return cpu, wall, peak


def work(out: Path, workers: int) -> None:
    """Merge in this process; print seconds of the processor and on the wall, and the peak memory of the largest one."""
    import resource
    import time

    from spargen.run.generate import finish
    from spargen.run.ledger import read_run

    run = read_run(out)
    begin, begin_wall = sum(os.times()[:4]), time.perf_counter()
    finish(out, run, workers=workers)
    cpu, wall = sum(os.times()[:4]) - begin, time.perf_counter() - begin_wall
    unit = 1 if sys.platform == "darwin" else 1024
    print(cpu, wall, max(peak_bytes(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit))


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
