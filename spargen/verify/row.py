"""One published row: its words, its marks, and which things of the scene they mean."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import Any

from spargen.verify.body import Thing
from spargen.verify.layout import LAYOUTS, LIST, Layout
from spargen.verify.optics import View
from spargen.verify.site import Site
from spargen.verify.words import boxes

Box = Sequence[float]

MOST_CHOICES = 16


class Halt(Exception):  # noqa: N818 - nothing has gone wrong in the program
    """A row is wrong in such a way that nothing more can be said of it."""


UNNAMED = {("position_matching", "select")}
"""Cells whose words may call a marked thing nothing but object."""


class Unread(Exception):  # noqa: N818
    """What a row says is not understood."""


class Row:
    """A record, with what it takes to check it.

    Parameters
    ----------
    record : as published; its fact is never looked at.
    site : the scene that it is about.
    task, form : of its cell.
    layout : what records of the task look like.
    choice : which of the things that a mark may mean is meant, one a mark; the first ones by default.
    """

    def __init__(
        self,
        record: Mapping[str, Any],
        site: Site,
        task: str,
        form: str,
        layout: Layout,
        choice: Sequence[int] | None = None,
    ) -> None:
        self.record, self.site, self.task, self.form = record, site, task, form
        self.layout, self.choice = layout, choice
        self.wrong: list[str] = []
        self.involved: set[Thing] = set()
        self.varied: dict[int, str] = {}
        human, gpt = record["conversations"]
        self.text, self.answer = str(human["value"]), str(gpt["value"])
        self.options = dict(re.findall(r"^([A-Z])\. (.*)$", self.text, re.M)) if form == "select" else {}
        self.question = re.split(r"\nA\. ", self.text)[0] if form == "select" else self.text
        self.right = self.options.get(self.answer, "") if form == "select" else self.answer

    def need(self, holds: object, what: object) -> None:
        """Note what is wrong, in words or as anything that can be printed, unless something holds."""
        if not holds:
            self.wrong.append(str(what))

    @property
    def is_own(self) -> bool:
        """Whether its task is a plug-in's, and none of SPAR's."""
        return self.task not in LAYOUTS

    # -------------------------------------------------------------------------------------------------------- images
    @property
    def is_video(self) -> bool:
        """Whether it shows a clip."""
        return self.layout.images == "video"

    @property
    def is_single(self) -> bool:
        """Whether it shows one image."""
        return self.layout.images == "single"

    @cached_property
    def frames(self) -> list[int]:
        """Positions of the images' frames in the scene."""
        found: list[int] = []
        for position, path in enumerate(self.record["image"]):
            at = (self.is_video or self.is_walk) and position
            key = ("frame", self.layout.images, at, path)
            frame = self.site.memo(key, lambda n=position, p=path: self._frame(n, p))
            if frame is None:
                self.wrong.append(f"the scene has no image {path}")
                raise Halt
            found.append(frame)
        return found

    def _frame(self, position: int, path: str) -> int | None:
        """Return the position in the scene of the frame that a file is of."""
        kind = {"video": rf"video_color/frame{position}_(.+)", "walk": rf"nav/(.+)/frame{position}"}
        own = kind.get(self.layout.images, r"image_color/(.+)")
        match = re.fullmatch(rf"{re.escape(self.site.id)}/{own}\.\w+", path)
        if match is None:
            return None
        if self.is_walk:
            return dict(enumerate(self.site.walked(match[1]))).get(position)
        return self.site.frame_called(match[1], in_clip=self.is_video)

    @property
    def is_walk(self) -> bool:
        """Whether it shows a walk."""
        return self.layout.images == "walk"

    @cached_property
    def walk(self) -> str:
        """The walk that its first image belongs to, "" where it belongs to none."""
        match = re.match(rf"{re.escape(self.site.id)}/nav/([^/]+)/", self.record["image"][0])
        return match[1] if match else ""

    @cached_property
    def views(self) -> list[View]:
        """The images' cameras."""
        return [self.site.view(frame) for frame in self.frames]

    # --------------------------------------------------------------------------------------------------------- marks
    @cached_property
    def kind(self) -> str:
        """Kind of the marks, "" where there are none."""
        return self.layout.kind

    @cached_property
    def colours(self) -> list[str]:
        """The colours drawn, in marker order; none where marks are listed."""
        return [c for c in self.layout.colours if f"{c}_{self.kind}" in self.record]

    @property
    def is_listed(self) -> bool:
        """Whether the marks stand in a list."""
        return self.layout.colours == LIST

    def image_of(self, position: int) -> int:
        """Return the position of the image that a mark is drawn into."""
        return 0 if self.is_single else int(self.record[f"{self.kind}_img_idx"][0][position])

    def mark(self, position: int) -> tuple[list[int], str]:
        """Return where a mark is, and the pattern of its name in the question."""
        if not self.is_listed:
            colour = self.colours[position]
            return self.record[f"{colour}_{self.kind}"][0], rf"\({colour} {self.kind}\)"
        name = f"Object{position}" if self.kind == "bbox" else f"point{position - 1}" if position else "objectA"
        return self.record[f"{self.kind}_list"][0][position], rf"\((in Frame-\d+, )?{name}\)"

    @cached_property
    def candidates(self) -> list[list[Thing]]:
        """The things that each mark may mean: those of the label before its name that have such a mark."""
        found = []
        for position in range(len(self.record[f"{self.kind}_list"][0]) if self.is_listed else len(self.colours)):
            at, name = self.mark(position)
            frame, label = self.frames[self.image_of(position)], self.label_before(name)
            called = self.site.called(label) if label else self.site.list
            fits = [t for t in called if self.fits(at, frame, t)]
            if not fits:
                self.involved.update(called)
                self.wrong.append(
                    f"no {label or 'object'} has its {self.kind} at {at} in frame {self.site.view(frame).frame}"
                )
                raise Halt
            found.append(fits)
        return found

    @property
    def choices(self) -> list[tuple[int, ...]]:
        """The ways in which the marks may be meant, no thing twice."""
        if not self.kind:
            return [()]
        ways = product(*(range(len(fits)) for fits in self.candidates))
        apart = [w for w in ways if len({self.candidates[k][i].id for k, i in enumerate(w)}) == len(w)]
        return apart[:MOST_CHOICES]

    @cached_property
    def things(self) -> list[Thing]:
        """The marked things, in marker order."""
        choice = self.choice or next(iter(self.choices), (0,) * len(self.candidates))
        found = [fits[i] for fits, i in zip(self.candidates, choice, strict=True)]
        self.involved.update(found)
        self.need(len({t.id for t in found}) == len(found), "objects are not distinct")
        return found

    def fits(self, at: Box, frame: int, thing: Thing) -> bool:
        """Tell whether a point or a box is that of a thing in an image."""
        return self.is_box_of(at, frame, thing) if len(at) == 4 else self.is_point_of(at, frame, thing)

    def is_point_of(self, at: Box, frame: int, thing: Thing) -> bool:
        """Tell whether a printed point is the projection of a thing's centre."""
        places = self.site.center(frame, thing)
        if any(map(math.isnan, places)):
            return False
        return all(abs(a - min(1000, max(0, p))) <= 0.501 for a, p in zip(at, places, strict=True))

    def is_box_of(self, at: Box, frame: int, thing: Thing) -> bool:
        """Tell whether a printed box is the tight box of a thing's pixels."""
        return self._same(at, frame, self.site.box(frame, thing)) == 4 or self._is_fine_box_of(at, frame, thing)

    def _is_fine_box_of(self, at: Box, frame: int, thing: Thing) -> bool:
        """Tell the same of a thing that has thin parts, which the picture misses: on a finer one."""
        near = self._same(at, frame, self.site.box(frame, thing)) in (2, 3)
        return near and self._same(at, frame, self.site.fine_box(frame, thing)) == 4

    def boxed(self, box: Box, frame: int, label: str | None = None) -> list[Thing]:
        """Return the things that have a box in an image, of one label or of any."""
        asked = [t for t in self.site.list if label in (None, t.label)]
        fits = [t for t in asked if self._same(box, frame, self.site.box(frame, t)) == 4]
        return fits or [t for t in asked if self._is_fine_box_of(box, frame, t)]

    def _same(self, at: Box, frame: int, box: Box | None) -> int:
        """Return how many sides of a printed box are those of another, as far as its image's look can tell."""
        within = self.site.look(frame).within
        return 0 if box is None else sum(abs(a - b) <= within for a, b in zip(at, box, strict=True))

    # -------------------------------------------------------------------------------------------------------- labels
    def label_before(self, mark: str) -> str:
        """Return the label of the name that ends in a mark, "" of one that is called nothing but object.

        Names in a video carry their frame in between.
        """
        match = re.search(rf" (\(in Frame-\d+(, Object\d)?\) )?{mark}", self.question)
        if match is None:
            self.wrong.append(f"no name with {mark} in the question")
            raise Halt
        before = self.question[: match.start()]
        unnamed = (self.task, self.form) in UNNAMED and before.endswith(" object")
        return "" if unnamed else self.label_at_end(before)

    def label_at_end(self, text: str) -> str:
        """Return the longest label of the scene that a text ends with."""
        ends = [
            label for label in {text[-n:] for n in self.site.label_lengths} & self.site.labels if text.endswith(label)
        ]
        ends = [label for label in ends if not re.search(r"\w$", text[: len(text) - len(label)])]
        if not ends:
            self.wrong.append(f"no label of the scene stands at the end of {text[-40:]!r}")
            raise Halt
        return max(ends, key=len)

    def one_box(self, text: str) -> list[int]:
        """Return the only box in a text."""
        found = boxes(text)
        if len(found) != 1:
            self.wrong.append(f"{len(found)} boxes in {text!r}")
            raise Halt
        return found[0]
