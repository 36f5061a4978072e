"""Walks through a scene and the words that tell them, as adapters hand them on in `Scene.extras`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    instruction : the words, in one line.
    frames : positions in `Scene.frames`, in walking order.
    told : what else the facts file should say of it, ready for JSON.
    """

    id: str
    instruction: str
    frames: tuple[int, ...]
    told: Mapping[str, object]


def walks_of(scene: Scene) -> tuple[Walk, ...]:
    """Return the walks of a scene, () where it has none."""
    return tuple(scene.extras.get(WALKS, ()))
