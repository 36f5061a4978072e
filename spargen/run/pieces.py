"""Where the lines of each cell stand in the parts of scenes: numbers in a column, some 50 bytes a scene and cell."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from spargen.run.naming import Cell
from spargen.run.parts import KINDS, Kind, Part
from spargen.run.scenes import SceneRef

_NUMBERS = 5


class Piece(NamedTuple):
    """The lines of one scene: how many, and where they begin and end in its files of rows and of facts."""

    ref: SceneRef
    rows: int
    spans: Mapping[Kind, tuple[int, int]]


class Pieces:
    """The lines of one cell, scene by scene."""

    def __init__(self) -> None:
        self._refs: list[SceneRef] = []
        self._numbers = array("q")

    def add(self, ref: SceneRef, rows: int, spans: Iterable[tuple[int, int]]) -> None:
        """Add those of a scene: how many, and where they begin and end in its file of each kind."""
        self._refs.append(ref)
        self._numbers.append(rows)
        for span in spans:
            self._numbers.extend(span)

    def __iter__(self) -> Iterator[Piece]:
        for i, ref in enumerate(self._refs):
            rows, *ends = self._numbers[_NUMBERS * i : _NUMBERS * (i + 1)]
            yield Piece(ref, rows, dict(zip(KINDS, zip(ends[::2], ends[1::2], strict=True), strict=True)))

    @property
    def refs(self) -> tuple[SceneRef, ...]:
        """Whose lines they are."""
        return tuple(self._refs)

    @property
    def rows(self) -> int:
        """How many rows the cell has."""
        return sum(self._numbers[::_NUMBERS])

    @property
    def bytes(self) -> int:
        """How many bytes its rows and facts are."""
        ends, begins = (sum(map(sum, (self._numbers[i::_NUMBERS], self._numbers[i + 2 :: _NUMBERS]))) for i in (2, 1))
        return ends - begins


def cells_of(ref: SceneRef, part: Part) -> Iterator[Cell]:
    """Yield the cells that a part has lines of, in their order."""
    for name in part.cells:
        task, _, form = name.rpartition("/")
        yield Cell(ref.dataset, ref.split, task, form)


def add_pieces(pieces: dict[Cell, Pieces], ref: SceneRef, part: Part) -> None:
    """Add the lines of a part to those of other scenes."""
    begins = [0] * len(KINDS)
    for cell, (rows, *sizes) in zip(cells_of(ref, part), part.cells.values(), strict=True):
        ends = [begin + size for begin, size in zip(begins, sizes, strict=True)]
        pieces.setdefault(cell, Pieces()).add(ref, rows, zip(begins, ends, strict=True))
        begins = ends
