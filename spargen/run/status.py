"""How far an output folder is: what is done of it, and what is not and why. Nothing is opened, nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson

from spargen.run.ledger import read_run
from spargen.run.lock import at_work
from spargen.run.parts import failures
from spargen.run.product import read_product
from spargen.run.scenes import SceneRef
from spargen.run.standing import standing

State = Literal["done", "failed", "missing", "stale"]
STATES: tuple[State, ...] = ("done", "failed", "missing", "stale")


@dataclass(frozen=True, slots=True)
class Status:
    """How far an output folder is.

    Parameters
    ----------
    scenes : of each scene, what it is and why. ``missing``: no run has come to it yet; ``stale``: made by another
        version of the run, or damaged, so that the next run makes it anew.
    listed : scenes that a list names and the disk has not; they count as failed.
    at_work : whether a run is at work in the folder now.
    """

    scenes: dict[SceneRef, tuple[State, str]]
    listed: frozenset[SceneRef]
    at_work: bool

    @property
    def complete(self) -> bool:
        """Whether every scene is done."""
        return all(state == "done" for state, _ in self.scenes.values())

    @property
    def counts(self) -> dict[State, int]:
        """How many scenes are of each state."""
        counts: dict[State, int] = dict.fromkeys(STATES, 0)
        for state, _ in self.scenes.values():
            counts[state] += 1
        return counts

    def to_do(self) -> list[str]:
        """Return the names of the scenes that another run can make, for ``generate --scene-list``."""
        open_ = (ref for ref, (state, _) in self.scenes.items() if state != "done" and ref not in self.listed)
        return list(dict.fromkeys(ref.scene for ref in open_))

    def as_json(self) -> bytes:
        """Return everything as JSON, indented."""
        scenes = {str(ref): {"state": state, "why": why} for ref, (state, why) in self.scenes.items()}
        counts = {str(state): number for state, number in self.counts.items()}
        whole = {"complete": self.complete, "at_work": self.at_work, **counts, "scenes": scenes}
        return orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def status(out: Path) -> Status:
    """Return how far an output folder is; `OutputError` if no run has written there, or its record is damaged."""
    run = read_run(out)
    product, keys, failed = read_product(out), run.keys, failures(out, run)
    scenes: dict[SceneRef, tuple[State, str]] = {}
    for ref in sorted({*run.scenes, *run.missing}):
        if ref in failed:
            scenes[ref] = "failed", failed[ref]
            continue
        found = standing(out, ref, keys[ref.source], product, images=True)
        if found.state == "damaged":
            scenes[ref] = "stale", found.why
        else:
            scenes[ref] = found.state, "made by another version of the run" if found.state == "stale" else ""
    return Status(scenes, frozenset(run.missing), at_work(out))
