"""Break one rule of the program at a time and see a test fail: a table of rule, test and verdict.

Each `<area>.toml` beside this file lists mutants: the rule, the file, a text that stands in it once, what it becomes,
and the tests that must then fail. A mutant that they let through is a rule without a test.

    python tests/mutants/run.py [--area geometry] [--jobs 2] [--only "part of a rule"]
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDERS = ("spargen", "scene_adapters", "templates", "configs", "tests", "docs", "benchmarks")
PARTS = (*FOLDERS, "pyproject.toml", "README.md")
TIMEOUT_S, MOST_BYTES = 600, 12_000_000_000
"""What tests may take of the clock and of memory; a mutant may take away the very rule that bounds both."""
FAILED, TIMED_OUT = 1, -100
"""Exit code of pytest where tests failed, any other one says that they did not run; and what stands for the clock."""
SAYS = {FAILED: "killed", 0: "SURVIVED", TIMED_OUT: f"timed out after {TIMEOUT_S} s"}
"""What an exit code comes to. A mutant that runs on for ever is no survivor, but no test has said that it is wrong."""


@dataclass(frozen=True)
class Mutant:
    """One rule, how it is broken, and the tests that must see it."""

    area: str
    rule: str
    file: str
    old: str
    new: str
    test: str


def read_mutants(area: str | None, only: str) -> list[Mutant]:
    """Return the mutants of all areas, or of one."""
    found = []
    for path in sorted(HERE.glob("*.toml")):
        if area in (None, path.stem):
            entries = tomllib.loads(path.read_text("utf-8")).get("mutant", [])
            found += [Mutant(path.stem, **entry) for entry in entries if only in entry["rule"]]
    return found


class Copies:
    """Copies of the project that mutants are put into, one a job."""

    def __init__(self, folder: Path, jobs: int) -> None:
        self._free: SimpleQueue[Path] = SimpleQueue()
        for job in range(jobs):
            copy = folder / str(job)
            copy.mkdir()
            for part in PARTS:
                source = ROOT / part
                if source.is_dir():
                    shutil.copytree(source, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
                elif source.exists():
                    shutil.copy(source, copy / part)
            self._free.put(copy)

    @contextmanager
    def one(self):
        """Lend a copy."""
        copy = self._free.get()
        try:
            yield copy
        finally:
            self._free.put(copy)


def run_tests(copy: Path, targets: str) -> int:
    """Run tests in a copy and return pytest's exit code, or `TIMED_OUT`."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *targets.split()]
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return TIMED_OUT
    return done.returncode


def verdict(mutant: Mutant, copies: Copies) -> str:
    """Apply a mutant, run its tests, take it back, and say what came of it."""
    with copies.one() as copy:
        path = copy / mutant.file
        text = path.read_text("utf-8") if path.is_file() else ""
        if text.count(mutant.old) != 1:
            return f"STALE: its text stands {text.count(mutant.old)} times in {mutant.file}"
        mutated = text.replace(mutant.old, mutant.new)
        if path.suffix == ".py":
            compile(mutated, mutant.file, "exec")
        path.write_text(mutated, "utf-8")
        try:
            code = run_tests(copy, mutant.test)
        finally:
            path.write_text(text, "utf-8")
    return SAYS.get(code, f"NOT RUN: pytest ended with {code}")


def main() -> int:
    """Print the table; 1 if a mutant was neither killed nor timed out, or a test fails without any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--area")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    mutants = read_mutants(given.area, given.only)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))  # the tests that are started inherit it
    with tempfile.TemporaryDirectory() as folder:
        copies = Copies(Path(folder), given.jobs)
        with copies.one() as copy:
            named = {word.partition("::")[0] for mutant in mutants for word in mutant.test.split()}
            targets = sorted(name for name in named if name.startswith("tests/"))
            if run_tests(copy, " ".join(targets)) != 0:
                print("the tests fail without any mutant")
                return 1
        print("| area | rule | test | verdict |\n|---|---|---|---|")
        said: Counter[str] = Counter()
        with ThreadPoolExecutor(given.jobs) as pool:
            for mutant, word in zip(mutants, pool.map(lambda m: verdict(m, copies), mutants), strict=True):
                print(f"| {mutant.area} | {mutant.rule} | {mutant.test} | {word} |", flush=True)
                said[word] += 1
    killed, late = said[SAYS[FAILED]], said[SAYS[TIMED_OUT]]
    print(f"\n{killed} of {len(mutants)} mutants killed by a test, {late} by the clock")
    return int(killed + late != len(mutants))


if __name__ == "__main__":
    sys.exit(main())
