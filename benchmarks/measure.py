"""Timing, and lines that set a measured value beside its aim and its limit."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

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


def title(text: str) -> None:
    print(f"\n{text}")


def line(what: str, value: float, unit: str, *, least: float | None = None, most: float | None = None) -> None:
    """Print a value; with an aim, `least` or `most`, also how many times it is met."""
    text = f"  {what:<58} {_number(value):>12} {unit:<10}"
    if least is not None:
        text += f" aim >= {_number(least):<8} {'met' if value >= least else 'MISSED'}, {value / least:.2f} x"
    if most is not None:
        ratio = f", {most / value:.2f} x" if value and most else ""
        text += f" aim <= {_number(most):<8} {'met' if value <= most else 'MISSED'}{ratio}"
    print(text.rstrip(), flush=True)


def limit(what: str, value: float, unit: str, share: float) -> None:
    """Print what bounds the line above, and which share of it was reached."""
    print(f"    limit: {what:<49} {_number(value):>12} {unit:<10} {share:6.0%} of it reached", flush=True)


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}"
