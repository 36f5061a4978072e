"""From a question in words to its SPAR record, and to the trace of the fact behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from spargen.phrase.forms import Phrased
from spargen.qa.fact import Fact, Mark
from spargen.qa.margin import Margin
from spargen.run.difficulty import Sight, difficulty, sight
from spargen.run.naming import color_path, depth_path, name_in, walk_path
from spargen.run.recipe import Recipe
from spargen.run.row import FrameUse, Row
from spargen.scene.texts import differs, released
from spargen.tasks.registry import Task
from spargen.views.table import Views


class _Images(NamedTuple):
    """What records and facts say of some frames: `depth` where the job wants it, `overlap` of related ones."""

    frames: list[str]
    color: list[str]
    depth: list[str] | None
    overlap: list[float] | None


class Records:
    """Makes the rows of one scene. What many rows have in common, such as their images, is put together once."""

    def __init__(self, views: Views, recipe: Recipe) -> None:
        self.views, self.recipe = views, recipe
        objects = views.scene.objects
        self._id, self._label = objects.id.tolist(), objects.label
        names = enumerate(zip(objects.released, objects.label, strict=True))
        self._changed = {o for o, (raw, label) in names if differs(raw, label)}
        self._images: dict[tuple[FrameUse, bool, str, tuple[int, ...]], _Images] = {}

    def row(self, task: Task, form: str, number: int, phrased: Phrased) -> Row:
        """The SPAR record of a question, and the fact behind it."""
        fact, use, scene, label = phrased.fact, _use(task), self.views.scene, self._label
        marks = _in_order(fact.marks, task)
        images = self._images_of(fact, use, related="pairs" in task.needs or "sets" in task.needs)
        record: dict[str, Any] = {
            "id": f"{scene.id}_{number}",
            "conversations": [{"from": "human", "value": phrased.question}, {"from": "gpt", "value": phrased.answer}],
            "image": images.color,
            "type": task.record_type,
        }
        if images.depth is not None:
            record["depth"] = images.depth
        record.update(_marks(marks, indexed=task.views != "single"))
        trace = {
            "dataset": scene.dataset,
            "scene": scene.id,
            "task": task.name,
            "form": form,
            "id": record["id"],
            "frames": images.frames,
            **({} if images.overlap is None else {"overlap": images.overlap}),
            "objects": [self._id[o] for o in fact.objects],
            "labels": [label[o] for o in fact.objects],
            **self._released(fact),
            "marks": [
                {"colour": colour, "kind": kind, "object": self._id[obj], "at": list(at), "image": image}
                for colour, kind, obj, at, image in marks
            ],
            "quantity": fact.quantity,
            "truth": dict(fact.truth),
            "margin": _margin_trace(fact.margin),
            "difficulty": difficulty(fact, sight_of(task, fact, self.views)),
            "seed": self.recipe.seed,
            **phrased.used,
        }
        return Row(task.name, form, record, trace, fact.frames, use)

    def _images_of(self, fact: Fact, use: FrameUse, *, related: bool) -> _Images:
        """Return where the images of a fact stand, those of a walk by the walk as well; and how far they overlap.

        The latter of the views of a pair or a set; of nothing where a task has frames of its own.
        """
        key = use, related, fact.quantity if use == "walk" else "", fact.frames
        if (found := self._images.get(key)) is None:
            frames = [self.views.scene.frames[f] for f in fact.frames]
            overlap = self.views.overlaps_of(fact.frames) if related else None
            found = self._images[key] = _Images(frames, self._paths(fact, use), self._depths(fact, use), overlap)
        return found

    def _paths(self, fact: Fact, use: FrameUse) -> list[str]:
        scene, suffix = self.views.scene, self.views.scene.color_suffix
        if use == "walk":
            return [walk_path(scene.id, fact.quantity, i, suffix[frame]) for i, frame in enumerate(fact.frames)]
        return [color_path(scene.id, name_in(scene, f, i), suffix[f], i) for f, i in _places(fact, use)]

    def _depths(self, fact: Fact, use: FrameUse) -> list[str] | None:
        scene = self.views.scene
        if self.recipe.rgbd and use != "walk":
            return [depth_path(scene.id, name_in(scene, f, i), clip_index=i) for f, i in _places(fact, use)]
        return None

    def _released(self, fact: Fact) -> dict[str, list[str]]:
        """Return the labels as the data set has them, where one of them is called otherwise."""
        if self._changed.isdisjoint(fact.objects):
            return {}
        raw = self.views.scene.objects.released
        return {"labels_released": [released(raw[o]) for o in fact.objects]}


def sight_of(task: Task, fact: Fact, views: Views) -> Sight:
    """Tell how a fact's objects are seen; nothing where its task needs no table of that."""
    return sight(fact, views) if "table" in task.needs else Sight()


def _in_order(marks: Sequence[Mark], task: Task) -> Sequence[Mark]:
    """The marks in the task's order of their colours, those in a list as they come."""
    if len(marks) < 2:
        return marks
    return sorted(marks, key=lambda mark: -1 if mark.colour == "none" else task.marks.index(mark.colour))


def _use(task: Task) -> FrameUse:
    """Tell which folders the images of a task's rows stand in."""
    if task.walked:
        return "walk"
    return "video" if task.views == "video" else "image"


def _places(fact: Fact, use: FrameUse) -> list[tuple[int, int | None]]:
    """Return a fact's frames, each with its position in the clip, None for still images."""
    return [(frame, i if use == "video" else None) for i, frame in enumerate(fact.frames)]


def _marks(marks: Sequence[Mark], *, indexed: bool) -> dict[str, Any]:
    """The record's keys for the marks: one a colour, or one list; and the images they stand in."""
    keys: dict[str, Any] = {}
    for mark in marks:
        if mark.colour == "none":
            keys.setdefault(f"{mark.kind}_list", [[]])[0].append(list(mark.at))
        else:
            keys[f"{mark.colour}_{mark.kind}"] = [list(mark.at)]
    if indexed and marks:
        keys[f"{marks[0].kind}_img_idx"] = [[mark.image for mark in marks]]
    return keys


def _margin_trace(margin: Margin | None) -> dict[str, Any] | None:
    return None if margin is None else {"by": margin.by, "unit": margin.unit, "share": margin.share}
