"""Walks through a scene and the words that tell them, as adapters hand them on in `Scene.extras`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spargen.scene.texts import differs, harmless, released

if TYPE_CHECKING:
    from spargen.scene.types import Scene

WALKS = "walks"
"""The key of `Scene.extras`: a tuple of `Walk`."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk, as somebody told it.

    Parameters
    ----------
    id : unique in its scene; it names a folder.
    instruction : the words, in one line; what must not stand in a question is left out, see `spargen.scene.texts`.
    frames : positions in `Scene.frames`, in walking order.
    told : what else the facts file should say of it, ready for JSON.
    """

    id: str
    instruction: str
    frames: tuple[int, ...]
    told: Mapping[str, object]

    def __post_init__(self) -> None:
        said = harmless(self.instruction)
        if differs(self.instruction, said):
            object.__setattr__(self, "told", {**self.told, "instruction_released": released(self.instruction)})
        object.__setattr__(self, "instruction", said)


def walks_of(scene: Scene) -> tuple[Walk, ...]:
    """Return the walks of a scene, () where it has none."""
    return tuple(scene.extras.get(WALKS, ()))
