"""Casts rays through every printed mark, by another ray caster than the one that placed the marks.

What is printed is read from the rows, what it should show from the facts beside them. Scenes are read again through
their adapters; nothing of spargen's own geometry is used.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from trimesh import Trimesh

from spargen.errors import OutputError, PluginError
from spargen.plugins import find_adapter
from spargen.scene.types import Scene

RASTER_WIDTH_PX = 640
BOX_TOLERANCE = 3.0
"""Thousandths of the image by which a side may be off, one pixel of the raster beside."""
BOX_MARGIN = 6.0
"""Thousandths on either side of a box's side within which the image is cast at full resolution."""
DISC_RADIUS = 0.015
"""Radius of the disc around a point, in image widths."""
DISC_SHARE = 0.45
"""Share of that disc that must show the object: the half that is promised, less what the raster's grain can take."""
FAILURES_SHOWN = 20

_ANSWER_IMAGE = {"distance_infer_center_oc": 0, "position_matching": 1, "distance_infer_center_oc_mv": 0}
_BOX = re.compile(r"\[(\d+), (\d+), (\d+), (\d+)\]")
_ORDINALS = ("first", "second", "third", "fourth", "fifth")

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Failure:
    """A mark that does not show what it should."""

    dataset: str
    scene: str
    frame: str
    cell: str
    row: str
    what: str

    def __str__(self) -> str:
        return f"{self.dataset}/{self.scene} frame {self.frame}: {self.cell} {self.row}: {self.what}"


@dataclass(frozen=True, slots=True)
class MarkReport:
    """How many marks were checked and how many of them hold, by task.

    Parameters
    ----------
    checked : marks by task; a box that is an answer counts as one.
    good : those of them that lie on their object.
    failures : the others, in the order of the scenes.
    """

    checked: Mapping[str, int]
    good: Mapping[str, int]
    failures: tuple[Failure, ...]

    @property
    def failed(self) -> int:
        """Return the number of marks that do not hold."""
        return len(self.failures)

    @property
    def ok(self) -> bool:
        """Return whether all marks hold."""
        return not self.failures

    def __str__(self) -> str:
        lines = [f"{'task':<34}{'marks on their object':>26}"]
        for task, n in self.checked.items():
            lines.append(f"{task:<34}{_share(self.good.get(task, 0), n):>26}")
        lines.append(f"{'all':<34}{_share(sum(self.good.values()), sum(self.checked.values())):>26}")
        if self.failures:
            shown = self.failures[:FAILURES_SHOWN]
            lines += [f"the first {len(shown)} of {self.failed} failures:", *(f"  {failure}" for failure in shown)]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Mark:
    """One printed mark: where it stands and the id of the object that it should show."""

    frame: str
    task: str
    form: str
    row: str
    name: str
    at: tuple[float, ...]
    object_id: int


def verify_marks(out: Path) -> MarkReport:
    """Check every mark of a finished output folder.

    A point holds if the ray through it hits its object first and about half of the disc around it shows the object.
    A box holds if it is the tight box of all pixels of the image that show the object. Boxes in answers are checked
    like marks.

    Parameters
    ----------
    out : the output folder of a run whose scenes still lie where they lay.
    """
    marks, counts = _printed_marks(out)
    adapters = _Sources(out)
    good: Counter[str] = Counter()
    failures: list[Failure] = []
    for (dataset, scene_id), by_frame in sorted(marks.items()):
        scene = adapters.load(dataset, scene_id)
        caster = _Caster(scene)
        for frame, printed in sorted(by_frame.items()):
            wrong = caster.check(frame, printed)
            for mark, what in zip(printed, wrong, strict=True):
                if what is None:
                    good[mark.task] += 1
                else:
                    cell = f"{mark.task}/{mark.form}"
                    failures.append(Failure(dataset, scene_id, frame, cell, mark.row, f"{mark.name} {what}"))
    return MarkReport(dict(sorted(counts.items())), dict(good), tuple(failures))


Marks = dict[tuple[str, str], dict[str, list[_Mark]]]


def _printed_marks(out: Path) -> tuple[Marks, Counter[str]]:
    """Return all marks by scene and frame, and how many there are by task."""
    marks: Marks = defaultdict(lambda: defaultdict(list))
    counts: Counter[str] = Counter()
    for row_file in sorted(out.glob("spar/*/qa_jsonl/*/*/*/*.jsonl")):
        dataset, _, split, task, form = row_file.relative_to(out / "spar").parts[:5]
        fact_file = out / "facts" / dataset / split / task / f"{form}.jsonl"
        if not fact_file.exists():
            raise OutputError("the facts of this file are missing", where=row_file, mend=f"make {fact_file} again")
        rows, facts = _lines(row_file), _lines(fact_file)
        if [row["id"] for row in rows] != [fact["id"] for fact in facts]:
            raise OutputError("rows and facts do not belong together", where=row_file, mend="make the output again")
        for row, fact in zip(rows, facts, strict=True):
            for mark in (*_drawn(row, fact), *_answered(row, fact)):
                marks[dataset, fact["scene"]][mark.frame].append(mark)
                counts[task] += 1
    if not counts and not any((out / "spar").glob("*/qa_jsonl")):
        raise OutputError("this is no output folder", where=out, mend="name the --out of `spargen generate`")
    return marks, counts


def _lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def _drawn(row: Mapping[str, Any], fact: Mapping[str, Any]) -> Iterator[_Mark]:
    """Yield the marks that are drawn into the images: position and image as the row has them."""
    listed: Counter[str] = Counter()
    for position, mark in enumerate(fact["marks"]):
        kind, colour = mark["kind"], mark["colour"]
        if colour == "none":
            at = row[f"{kind}_list"][0][listed[kind]]
            name = f"{kind} {listed[kind]}"
            listed[kind] += 1
        else:
            at, name = row[f"{colour}_{kind}"][0], f"{colour} {kind}"
        image = row[f"{kind}_img_idx"][0][position] if f"{kind}_img_idx" in row else 0
        yield _mark(fact, image, name, at, mark["object"])


def _answered(row: Mapping[str, Any], fact: Mapping[str, Any]) -> Iterator[_Mark]:
    """Yield the box that a row answers with."""
    if fact["task"] not in _ANSWER_IMAGE:
        return
    question, answer = (turn["value"] for turn in row["conversations"])
    if fact["form"] == "select":
        options = dict(re.findall(r"^([A-Z])\. (.*)$", question, re.MULTILINE))
        answer = options[answer]
    box = _BOX.search(answer)
    if box is None:
        raise OutputError("the answer has no box", where=f"{fact['task']}/{fact['form']} {row['id']}", mend="report it")
    named = (image for image, word in enumerate(_ORDINALS) if answer[: box.start()].endswith(f"the {word} image, "))
    image = next(named, _ANSWER_IMAGE[fact["task"]])
    yield _mark(fact, image, "answer box", [int(n) for n in box.groups()], fact["objects"][0])


def _mark(fact: Mapping[str, Any], image: int, name: str, at: list[float], object_id: int) -> _Mark:
    return _Mark(fact["frames"][image], fact["task"], fact["form"], fact["id"], name, tuple(at), object_id)


class _Sources:
    """Opens the scenes of an output folder again, as its run did."""

    def __init__(self, out: Path) -> None:
        path = out / ".parts" / "run.json"
        try:
            run = orjson.loads(path.read_bytes())
            self._sources = run["identity"]["sources"]
            self._roots = [Path(root) for root in run["roots"]]
            self._source_of = {(dataset, scene): source for dataset, _, scene, source in run["plan"]["items"]}
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            mend = "verify the folder that `spargen generate` wrote, .parts included"
            raise OutputError("the record of the run cannot be read", where=path, mend=mend) from error

    def load(self, dataset: str, scene_id: str) -> Scene:
        """Read one scene."""
        index = self._source_of[dataset, scene_id]
        root, source = self._roots[index], self._sources[index]
        if not root.is_dir():
            raise OutputError("the scenes are not where they lay", where=root, mend="bring the data set back there")
        return find_adapter(source["adapter"])(root, **source["options"]).load(scene_id)


class _Caster:
    """Casts rays into one scene with Embree."""

    def __init__(self, scene: Scene) -> None:
        mesh = Trimesh(scene.mesh.vertices_m, scene.mesh.faces, process=False)
        try:
            from trimesh.ray.ray_pyembree import RayMeshIntersector
        except ImportError as error:
            raise PluginError(
                "embreex cannot be imported", where="spargen verify", mend="pip install embreex, where there is a build"
            ) from error
        self._embree = RayMeshIntersector(mesh)
        # One entry more than faces: index -1, which Embree gives to a ray that hits nothing, is the last.
        of_face = np.append(scene.mesh.face_object, -1)
        self._id_of_face = np.where(of_face >= 0, np.append(scene.objects.id, -1)[of_face], -1)
        self._labels = dict(zip(scene.objects.id.tolist(), scene.objects.label, strict=True))
        self._view = {name: view for view, name in enumerate(scene.frames)}
        self._cameras = scene.cameras

    def check(self, frame: str, marks: list[_Mark]) -> list[str | None]:
        """Return for every mark of a frame what is wrong with it."""
        view = self._view[frame]
        width, height = (int(n) for n in self._cameras.size_px[view])
        columns, rows = RASTER_WIDTH_PX, round(RASTER_WIDTH_PX * height / width)
        raster = self._raster(view, columns, rows, 0, 0, columns, rows)
        points = np.array([mark.at for mark in marks if len(mark.at) == 2]).reshape(-1, 2)
        hit = iter(self._ids(view, points / 1000))
        found: dict[tuple[tuple[float, ...], int], str | None] = {}
        for mark in marks:
            if len(mark.at) == 4 and (mark.at, mark.object_id) not in found:
                found[mark.at, mark.object_id] = self._wrong_box(view, raster, mark)
        return [
            self._wrong_point(raster, mark, int(next(hit))) if len(mark.at) == 2 else found[mark.at, mark.object_id]
            for mark in marks
        ]

    def _raster(self, view: int, columns: int, rows: int, left: int, top: int, right: int, bottom: int) -> Ids:
        """Return the ids seen in a part of a view that is divided into so many columns and rows."""
        v, u = np.meshgrid(np.arange(top, bottom), np.arange(left, right), indexing="ij")
        at = np.stack([(u.ravel() + 0.5) / columns, (v.ravel() + 0.5) / rows], axis=1)
        return self._ids(view, at).reshape(u.shape)

    def _ids(self, view: int, at: NDArray[np.float64]) -> Ids:
        """Return the ids of the objects seen at (P, 2) positions given as shares of the image's sides; -1 = none."""
        pixels = np.concatenate([at * self._cameras.size_px[view], np.ones((len(at), 1))], axis=1)
        T = self._cameras.T_world_camera[view]
        directions = pixels @ np.linalg.inv(self._cameras.K[view]).T @ T[:3, :3].T
        origins = np.broadcast_to(T[:3, 3], directions.shape)
        return np.asarray(self._id_of_face[self._embree.intersects_first(origins, directions)])

    def _wrong_point(self, raster: Ids, mark: _Mark, hit: int) -> str | None:
        if hit != mark.object_id:
            return f"{list(mark.at)} shows {self._name(hit)}, not {self._name(mark.object_id)}"
        rows, columns = raster.shape
        x, y = mark.at[0] / 1000 * columns, mark.at[1] / 1000 * rows
        v, u = np.ogrid[:rows, :columns]
        disc = (u + 0.5 - x) ** 2 + (v + 0.5 - y) ** 2 <= (DISC_RADIUS * columns) ** 2
        share = float((raster[disc] == mark.object_id).mean()) if disc.any() else 1.0
        if share < DISC_SHARE:
            return f"{list(mark.at)} has {share:.0%} of {self._name(mark.object_id)} around it"
        return None

    def _wrong_box(self, view: int, raster: Ids, mark: _Mark) -> str | None:
        """Compare a box with the object's pixels: at full resolution along its sides, in the raster anywhere else."""
        rows, columns = raster.shape
        v, u = np.nonzero(raster == mark.object_id)
        if not len(v):
            return f"{list(mark.at)}: {self._name(mark.object_id)} is not to be seen"
        pixel = np.array([1000 / columns, 1000 / rows] * 2)
        coarse = np.array([u.min(), v.min(), u.max() + 1, v.max() + 1]) * pixel
        fine = [self._side(view, mark, side) for side in range(4)]
        box = [f(pair) for f, pair in zip((min, min, max, max), zip(fine, coarse, strict=True), strict=True)]
        if (np.abs(np.array(box) - mark.at) > BOX_TOLERANCE + pixel).any():
            return f"{list(mark.at)}: {self._name(mark.object_id)} fills {[round(side) for side in box]}"
        return None

    def _side(self, view: int, mark: _Mark, side: int) -> float:
        """Return where an object ends near one side of its box, in thousandths, by rays at full resolution.

        Where it has no pixel near that side, that is somewhere farther in, and the answer is far from the side.
        """
        width, height = (int(n) for n in self._cameras.size_px[view])
        part = np.array(mark.at) + BOX_MARGIN * np.array([-1, -1, 1, 1])
        axis, begin = side % 2, side < 2
        part[[axis, axis + 2]] = mark.at[side] - BOX_MARGIN, mark.at[side] + BOX_MARGIN
        size = np.array([width, height] * 2)
        left, top, right, bottom = np.clip(np.rint(part / 1000 * size), 0, size).astype(int).tolist()
        seen = self._raster(view, width, height, left, top, right, bottom) == mark.object_id
        places = np.flatnonzero(seen.any(axis=axis)) + (left, top)[axis]
        if not len(places):
            return -math.inf if not begin else math.inf
        return float(places[0] if begin else places[-1] + 1) * 1000 / (width, height)[axis]

    def _name(self, object_id: int) -> str:
        return f"{self._labels[object_id]} {object_id}" if object_id in self._labels else "nothing annotated"


def _share(good: int, checked: int) -> str:
    return f"{good:,} of {checked:,} ({good / checked:.2%})" if checked else "none"
