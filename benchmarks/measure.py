"""Timing, and lines that set a measured value beside its aim and its limit."""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from spargen import __version__

T = TypeVar("T")


@dataclass(frozen=True)
class Taken:
    """Seconds that something took: the best of several runs, of the processor and on the wall."""

    cpu: float
    wall: float


def best_of(runs: int, function: Callable[[], T]) -> tuple[T, Taken]:
    """Run something several times; other work on the machine can only lengthen a run, so the shortest counts.

    Returns the result of the run that took least of the processor, and the least times.
    """
    cpu = wall = float("inf")
    for _ in range(runs):
        begin, begin_cpu = time.perf_counter(), time.process_time()
        again = function()
        taken_cpu, taken = time.process_time() - begin_cpu, time.perf_counter() - begin
        if taken_cpu < cpu:
            cpu, result = taken_cpu, again
        wall = min(wall, taken)
    return result, Taken(cpu, wall)


def peak_bytes() -> int:
    """Return the most memory that this process had; on Linux `ru_maxrss` would count what its parent had, too."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Sheet:
    """The figures of this run, and those that the last release had, by part and name.

    Other machines have other seconds. What holds on all of them is the share of a limit that a figure reached, the
    limit being measured in the same run.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.released: dict[str, float] = json.loads(file.read_text())["figures"] if file.exists() else {}
        self.figures: dict[str, float] = {}
        self._part = ""

    def begin(self, heading: str) -> None:
        """Begin a part: its name stands before the first two blanks of its heading."""
        self._part = heading.partition("  ")[0]

    def note(self, what: str, value: float) -> str:
        """Keep a figure, and return in words how it compares with the release's, "" where that has none."""
        name = f"{self._part}: {re.sub(r'[0-9][0-9,.]*', '#', what.strip())}"
        while name in self.figures:
            name += " again"
        self.figures[name] = value
        before = self.released.get(name)
        return f"{value / before:6.2f} x release" if before else ""

    def write(self) -> None:
        """Write the figures as the release's; those of parts that did not run stay as they were."""
        run = {name.partition(":")[0] for name in self.figures}
        kept = {name: value for name, value in self.released.items() if name.partition(":")[0] not in run}
        figures = {name: float(f"{value:.4g}") for name, value in {**kept, **self.figures}.items()}
        content = {"spargen": __version__, "figures": dict(sorted(figures.items()))}
        self.file.write_text(json.dumps(content, indent=2) + "\n")


SHEET = Sheet(Path(__file__).with_name("release.json"))


def title(text: str) -> None:
    SHEET.begin(text)
    print(f"\n{text}")


def line(
    what: str,
    value: float,
    unit: str,
    *,
    taken: Taken | None = None,
    least: float | None = None,
    most: float | None = None,
) -> None:
    """Print a value beside the release's; also how long it took, and with an aim how many times it is met."""
    text = f"  {what:<58} {_number(value):>12} {unit:<10} {SHEET.note(what, value):<15}"
    if taken is not None:
        text += f" {_number(taken.cpu):>6} s CPU, {_number(taken.wall)} s wall "
    if least is not None:
        text += f" aim >= {_number(least):<8} {'met' if value >= least else 'MISSED'}, {value / least:.2f} x"
    if most is not None:
        ratio = f", {most / value:.2f} x" if value and most else ""
        text += f" aim <= {_number(most):<8} {'met' if value <= most else 'MISSED'}{ratio}"
    print(text.rstrip(), flush=True)


def limit(what: str, value: float, unit: str, share: float) -> None:
    """Print what bounds the line above, which share of it was reached, and how that compares with the release's."""
    text = f"    limit: {what:<49} {_number(value):>12} {unit:<10} {SHEET.note(f'share of {what}', share):<15}"
    print(f"{text} {share:6.0%} of it reached", flush=True)


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}"
