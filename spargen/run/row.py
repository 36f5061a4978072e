"""What one scene gives, before any file is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

NO_ROWS = "no rows"
"""Topic of the note that says why a scene gave no row."""

FrameUse = Literal["image", "video", "walk"]


class Row(NamedTuple):
    """One question with its answer.

    Parameters
    ----------
    task, form : the cell.
    record : the SPAR record, ready for JSON, `id` and image paths included.
    fact : where the answer comes from: unrounded truth, objects, views, margins, template, paraphrase, seed.
    frames : positions in `Scene.frames` of the record's images, in its order.
    use : whether they go to the image folders, to the video folders, or to that of the walk that the fact's quantity
        names.
    """

    task: str
    form: str
    record: Mapping[str, Any]
    fact: Mapping[str, Any]
    frames: tuple[int, ...]
    use: FrameUse = "image"


@dataclass(slots=True)
class SceneQuestions:
    """All rows of one scene, and what became of the rest.

    Parameters
    ----------
    rows : in cell order.
    dropped : candidates dropped, by (task, reason).
    short : rows missing to the quota, by (task, form).
    seconds : time by stage; for the report only.
    notes : remarks a person should see, such as the share of sets that one image alone answers, by task.
    """

    rows: list[Row] = field(default_factory=list)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    short: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    notes: dict[str, str] = field(default_factory=dict)
