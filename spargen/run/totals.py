"""What the parts of an output add up to: some 10 kB a scene, whatever it has of rows and images; no part is kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from sys import intern
from typing import Any

from spargen.run.naming import Cell, is_color
from spargen.run.parts import Part
from spargen.run.pieces import Pieces, add_pieces
from spargen.run.scenes import SceneRef


@dataclass(slots=True)
class Totals:
    """The parts that go into an output, added up one by one, in the order of their scenes.

    Parameters
    ----------
    pieces : where the lines of each cell stand.
    fresh : the scenes whose lines are taken from their parts, and not from the files of an earlier merge.
    scenes : what the manifest tells of each scene.
    images : how many colour images they have.
    dropped, seconds : candidates by ``task/reason``, and time by stage.
    short : by cell, how many scenes have fewer rows than they were asked for.
    notes : remarks on each scene that has some, by topic.
    """

    pieces: dict[Cell, Pieces] = field(default_factory=dict)
    fresh: set[SceneRef] = field(default_factory=set)
    scenes: dict[SceneRef, dict[str, Any]] = field(default_factory=dict)
    images: int = 0
    dropped: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    short: Counter[Cell] = field(default_factory=Counter)
    notes: dict[SceneRef, dict[str, str]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[Cell, int]:
        """Rows by cell, in the order of cells."""
        return {cell: pieces.rows for cell, pieces in sorted(self.pieces.items())}

    def add(self, ref: SceneRef, part: Part, *, fresh: bool) -> None:
        """Add what a part says of itself."""
        add_pieces(self.pieces, ref, part)
        if fresh:
            self.fresh.add(ref)
        self.scenes[ref] = {
            "fingerprint": part.fingerprint,
            "T_world_released": part.T_world_released,
            "part": part.digest,
        }
        self.images += sum(map(is_color, part.images))
        for total, numbers in ((self.dropped, part.dropped), (self.seconds, part.seconds)):
            for key, number in numbers.items():
                total[key] += number
        for name in part.short:
            task, _, form = name.partition("/")
            self.short[Cell(ref.dataset, ref.split, task, form)] += 1
        if part.notes:  # of thousands of scenes most are in the same words
            self.notes[ref] = {intern(topic): intern(text) for topic, text in part.notes.items()}
