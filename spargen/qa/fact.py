"""A fact: all that a question and its answer say, as numbers and names, before any words."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from spargen.qa.margin import Margin

Colour = Literal["red", "green", "blue", "yellow", "none"]
Difficulty = Literal["easy", "medium", "hard"]
Key = tuple[tuple[int, ...], frozenset[int], str]
COLOURS: tuple[Colour, ...] = ("red", "blue", "green", "yellow")
"""The order in which records list marks, unless a task has another."""
ORDINALS = ("first", "second", "third", "fourth", "fifth")
"""What words call the images of a question, in their order: a set has at most so many."""


class Mark(NamedTuple):
    """Something drawn into an image.

    Parameters
    ----------
    colour : also the name of its key in the record (``red_point``); "none" stands in a list (``point_list``).
    kind : point or bbox.
    obj : row of the object in the scene.
    at : (x, y) or (x1, y1, x2, y2) on the 0..1000 scale.
    image : position in the fact's frames.
    """

    colour: Colour
    kind: Literal["point", "bbox"]
    obj: int
    at: tuple[int, ...]
    image: int = 0


@dataclass(frozen=True, slots=True)
class Thing:
    """An object as the text names it: label, then what tells it apart, such as ``chair (red point)``."""

    label: str
    mark: str = ""
    frame: str = ""

    def __str__(self) -> str:
        return _named(self.label, self.frame, self.mark)


# Texts of a scene say the same few names over and over.
@lru_cache(maxsize=16_384)
def _named(label: str, *apart: str) -> str:
    return label + "".join([f" ({text})" for text in apart if text])


@dataclass(frozen=True, slots=True)
class Looks:
    """Numbers by which an answer might be told from wrong ones without knowing the scene, such as the size of a box.

    Among the options of a row the answer has every rank along each of them equally often over the rows of a scene.

    Parameters
    ----------
    rows : the numbers of the answer, then those of each of `Fact.wrong`.
    most : the largest share of the rows that one rank may take where the scene has too few others; 0 = all are even.
    even : so many of the numbers, the first ones, are held even; None = all. The ranks of the others are as even as the
        choice among facts allows.
    names : what the options say of the answer, then of each of `Fact.wrong`, where that may tell: what they call it
        first. No name is right more often than it is offered lets one expect, as far as the choice allows.
    beside : what the question relates them to; names are weighed beside it, too.
    """

    rows: tuple[tuple[float, ...], ...]
    most: float = 0.0
    even: int | None = None
    names: tuple[tuple[str, ...], ...] = ()
    beside: str = ""


class Fact(NamedTuple):
    """One true statement about some frames.

    Parameters
    ----------
    frames : positions in `scene.frames`, in the order of the images. The frames of a video are the question's own clip,
        and may stand in it several times.
    objects : rows of the scene's objects that the question is about, in role order.
    answer : the truth, of the task's answer kind.
    slots : what the templates may say.
    marks : what is drawn into the images; numbered ones, of the colour "none", in the order of their numbers.
    quantity : what is asked, where a task asks several things; no two rows share frames, objects and this.
    truth : unrounded numbers behind the answer, for the facts file.
    margin : by how much the number behind the answer may change before another answer would be printed; None where
        no number decides.
    bucket : class to balance over, where it is not the answer's own.
    forms : the forms this fact may take; None = all.
    wrong : honest wrong answers about things that the question names, the first ones rather; None unless the task says
        that its facts bring them.
    looks : by what the answer might stand out among its wrong ones.
    told : a number that the question tells and that lets one guess the answer, such as another depth: facts that share
        their options agree in it.
    leans : axis, label and how far to which side of it the label stands here: what labels may tell of the answer. Over
        the rows of a scene it is kept small in sum.
    deck : facts that share a deck are one fact asked several times: each time in other words.
    """

    frames: tuple[int, ...]
    objects: tuple[int, ...]
    answer: Any
    slots: Mapping[str, Any]
    marks: tuple[Mark, ...] = ()
    quantity: str = ""
    truth: Mapping[str, Any] = MappingProxyType({})
    margin: Margin | None = None
    bucket: Hashable = None
    forms: tuple[str, ...] | None = None
    wrong: tuple[Any, ...] | None = None
    looks: Looks | None = None
    told: float | None = None
    leans: tuple[tuple[str, str, float], ...] = ()
    deck: str = ""

    @property
    def key(self) -> Key:
        """Two facts with one key ask the same: of these frames, about these objects, this quantity."""
        return (self.frames, frozenset(self.objects), self.quantity)
