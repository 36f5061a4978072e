"""Casts rays through every printed mark, by another ray caster than the one that placed the marks.

What is printed is read from the rows, what it should show from the facts beside them. Scenes are read again through
their adapters; nothing of spargen's own geometry is used. Where a scene has instance images, their pixels tell.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.errors import OutputError, PluginError
from spargen.plugins import find_adapter
from spargen.run.ledger import read_run
from spargen.run.marks import answer_image
from spargen.run.read import read
from spargen.scene.images import InstanceImages
from spargen.scene.lists import rules_as_said
from spargen.scene.types import Mesh, Scene

BOX_TOLERANCE = 3.0
"""Thousandths of the image, or one pixel if that is more, by which a side may be off."""
DISC_RADIUS = 0.015
"""Radius of the disc around a point, in image widths."""
DISC_SHARE = 0.45
"""Share of that disc that must show the object: the half that is promised, less what counting by pixels may cost."""
FAILURES_SHOWN = 20

_BOX = re.compile(r"\[(\d+), (\d+), (\d+), (\d+)\]")
_ORDINALS = ("first", "second", "third", "fourth", "fifth")

_NEAR_M = 1e-3
"""An object that comes nearer to the plane of the camera than this, or lies behind it, is looked for everywhere."""
_UNCAST = -2

Ids = NDArray[np.int64]
Bools = NDArray[np.bool_]


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
        look = _look_at(scene)
        for frame, printed in sorted(by_frame.items()):
            wrong = look.check(frame, printed)
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
    for row in read(out):
        for mark in (*_drawn(row.record, row.fact), *_answered(row.record, row.fact)):
            marks[row.cell.dataset, row.fact["scene"]][mark.frame].append(mark)
            counts[row.cell.task] += 1
    return marks, counts


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
    unnamed = answer_image(fact["task"])
    if unnamed is None:
        return
    question, answer = (turn["value"] for turn in row["conversations"])
    if fact["form"] == "select":
        options = dict(re.findall(r"^([A-Z])\. (.*)$", question, re.MULTILINE))
        answer = options[answer]
    box = _BOX.search(answer)
    if box is None:
        raise OutputError("the answer has no box", where=f"{fact['task']}/{fact['form']} {row['id']}", mend="report it")
    named = (image for image, word in enumerate(_ORDINALS) if answer[: box.start()].endswith(f"the {word} image, "))
    image = next(named, unnamed)
    yield _mark(fact, image, "answer box", [int(n) for n in box.groups()], fact["objects"][0])


def _mark(fact: Mapping[str, Any], image: int, name: str, at: list[float], object_id: int) -> _Mark:
    return _Mark(fact["frames"][image], fact["task"], fact["form"], fact["id"], name, tuple(at), object_id)


class _Sources:
    """Opens the scenes of an output folder again, as its run did."""

    def __init__(self, out: Path) -> None:
        run = read_run(out)
        self._sources = run.identity["sources"]
        self._rules = rules_as_said(run.identity["labels"])
        self._roots = [Path(root) for root in run.roots]
        self._source_of = {(ref.dataset, ref.scene): ref.source for ref in run.scenes}

    def load(self, dataset: str, scene_id: str) -> Scene:
        """Read one scene."""
        index = self._source_of[dataset, scene_id]
        root, source = self._roots[index], self._sources[index]
        if not root.is_dir():
            raise OutputError("the scenes are not where they lay", where=root, mend="bring the data set back there")
        adapter = find_adapter(source["adapter"])(root, **source["options"])
        adapter.label_rules = self._rules
        return adapter.load(scene_id)


class _Look:
    """Looks at the pixels of a scene; what they show, each kind of surface tells in its own way."""

    def __init__(self, scene: Scene) -> None:
        self._cameras = scene.cameras
        self._labels = dict(zip(scene.objects.id.tolist(), scene.objects.label, strict=True))
        self._view = {name: view for view, name in enumerate(scene.frames)}

    def check(self, frame: str, marks: list[_Mark]) -> list[str | None]:
        """Return for every mark of a frame what is wrong with it."""
        view = self._view[frame]
        width, height = (int(n) for n in self._cameras.size_px[view])
        raster = np.full((height, width), _UNCAST)
        # Many questions share a mark.
        distinct = {(mark.at, mark.object_id): mark for mark in marks}
        points = [mark for mark in distinct.values() if len(mark.at) == 2]
        boxes = [mark for mark in distinct.values() if len(mark.at) == 4]
        needed = np.zeros(raster.shape, dtype=bool)
        for mark in points:
            window, disc = _disc(mark, raster.shape)
            needed[window] |= disc
        for mark in boxes:
            self._mark_needed(view, needed, mark)
        self._fill(view, raster, needed)
        hits = self._ids(view, *(np.array([mark.at for mark in points]).reshape(-1, 2).T / 1000))
        wrong: dict[_Mark, str | None] = {}
        wrong |= {mark: self._wrong_point(raster, mark, int(hit)) for mark, hit in zip(points, hits, strict=True)}
        wrong |= {mark: self._wrong_box(view, raster, mark) for mark in boxes}
        return [wrong[distinct[mark.at, mark.object_id]] for mark in marks]

    def _mark_needed(self, view: int, needed: Bools, mark: _Mark) -> None:
        """Mark the pixels that may contradict a box: where its object can be, less what lies well inside the box."""
        rows, columns = needed.shape
        scale = np.array([columns, rows] * 2)
        left, top, right, bottom = self._reach(view, mark.object_id) * scale
        part = np.zeros_like(needed)
        part[_window(left, top, right, bottom, needed.shape)] = True
        inside = np.array(mark.at) + 2 * BOX_TOLERANCE * np.array([1, 1, -1, -1])
        left, top, right, bottom = np.clip(np.rint(inside / 1000 * scale), 0, scale).astype(int).tolist()
        part[top:bottom, left:right] = False
        needed |= part

    def _reach(self, view: int, object_id: int) -> NDArray[np.float64]:  # noqa: ARG002 - for those who know more
        """Return left, top, right and bottom of where an object can be seen at most, as shares of the image's sides."""
        return np.array([0.0, 0.0, 1.0, 1.0])

    def _fill(self, view: int, raster: Ids, needed: Bools) -> None:
        """Cast the needed pixels of a raster that have not been cast yet."""
        v, u = np.nonzero(needed & (raster == _UNCAST))
        raster[v, u] = self._ids(view, (u + 0.5) / raster.shape[1], (v + 0.5) / raster.shape[0])

    def _ids(self, view: int, x: NDArray[np.float64], y: NDArray[np.float64]) -> Ids:
        """Return the ids of the objects seen at P positions given as shares of the image's sides; -1 = none."""
        raise NotImplementedError

    def _wrong_point(self, raster: Ids, mark: _Mark, hit: int) -> str | None:
        if hit != mark.object_id:
            return f"{list(mark.at)} shows {self._name(hit)}, not {self._name(mark.object_id)}"
        window, disc = _disc(mark, raster.shape)
        share = float((raster[window][disc] == mark.object_id).mean()) if disc.any() else 1.0
        if share < DISC_SHARE:
            return f"{list(mark.at)} has {share:.0%} of {self._name(mark.object_id)} around it"
        return None

    def _wrong_box(self, view: int, raster: Ids, mark: _Mark) -> str | None:
        """Compare a box with the object's pixels."""
        wrong = self._misfit(raster, mark)
        if wrong is not None:  # how large the object is instead, all of its pixels tell
            self._fill(view, raster, np.ones(raster.shape, dtype=bool))
            wrong = self._misfit(raster, mark)
        return wrong

    def _misfit(self, raster: Ids, mark: _Mark) -> str | None:
        """Say how a box differs from the pixels that were cast so far."""
        rows, columns = raster.shape
        shown = raster == mark.object_id
        u, v = (np.flatnonzero(shown.any(axis=axis)) for axis in (0, 1))
        if not len(v):
            return f"{list(mark.at)}: {self._name(mark.object_id)} is not to be seen"
        pixel = np.array([1000 / columns, 1000 / rows] * 2)
        box = np.array([u[0], v[0], u[-1] + 1, v[-1] + 1]) * pixel
        if (np.abs(box - mark.at) > np.maximum(BOX_TOLERANCE, pixel)).any():
            return f"{list(mark.at)}: {self._name(mark.object_id)} fills {np.rint(box).astype(int).tolist()}"
        return None

    def _name(self, object_id: int) -> str:
        return f"{self._labels[object_id]} {object_id}" if object_id in self._labels else "nothing annotated"


class _Rays(_Look):
    """Casts rays into a mesh with Embree."""

    def __init__(self, scene: Scene, mesh: Mesh) -> None:
        super().__init__(scene)
        try:
            from embreex.mesh_construction import TriangleMesh
            from embreex.rtcore_scene import EmbreeScene
        except ImportError as error:
            raise PluginError(
                "embreex cannot be imported", where="spargen verify", mend="pip install embreex, where there is a build"
            ) from error
        self._mesh = mesh
        # Embree counts in float32, which is fine near its origin only.
        self._low_m = mesh.vertices_m.min(axis=0)
        self._embree = EmbreeScene()
        TriangleMesh(self._embree, (mesh.vertices_m - self._low_m).astype(np.float32), mesh.faces.astype(np.int32))
        # One entry more than faces: index -1, which Embree gives to a ray that hits nothing, is the last.
        of_face = np.append(mesh.face_object, -1)
        self._id_of_face = np.where(of_face >= 0, np.append(scene.objects.id, -1)[of_face], -1)
        self._corners_m: dict[int, NDArray[np.float64]] = {}

    def _reach(self, view: int, object_id: int) -> NDArray[np.float64]:
        whole = super()._reach(view, object_id)
        if object_id not in self._corners_m:
            faces = self._mesh.faces[self._id_of_face[:-1] == object_id]
            self._corners_m[object_id] = self._mesh.vertices_m[np.unique(faces)]
        if self._cameras.bends[view]:  # the corners bound what a pinhole shows
            return whole
        T = self._cameras.T_world_camera[view]
        pixels = (self._corners_m[object_id] - T[:3, 3]) @ T[:3, :3] @ self._cameras.K[view].T
        if not len(pixels) or pixels[:, 2].min() < _NEAR_M:
            return whole
        at = pixels[:, :2] / pixels[:, 2:] / self._cameras.size_px[view]
        return np.concatenate([at.min(axis=0), at.max(axis=0)])

    def _ids(self, view: int, x: NDArray[np.float64], y: NDArray[np.float64]) -> Ids:
        if self._cameras.bends[view]:
            return self._ids_through_lens(view, np.stack([x, y], axis=-1))
        T = self._cameras.T_world_camera[view]
        M = T[:3, :3] @ np.linalg.inv(self._cameras.K[view]) @ np.diag([*self._cameras.size_px[view], 1.0])
        along_x, along_y, at_zero = M.T.astype(np.float32)
        directions = x.astype(np.float32)[:, None] * along_x
        directions += y.astype(np.float32)[:, None] * along_y
        directions += at_zero
        origins = np.full_like(directions, T[:3, 3] - self._low_m)
        return np.asarray(self._id_of_face[self._embree.run(origins, directions)])

    def _ids_through_lens(self, view: int, at: NDArray[np.float64]) -> Ids:
        origin, towards = self._cameras.rays(view, at * self._cameras.size_px[view])
        shown = np.isfinite(towards).all(axis=1)
        ids = np.full(len(at), -1)
        directions = towards[shown].astype(np.float32)
        origins = np.full_like(directions, origin - self._low_m)
        ids[shown] = self._id_of_face[self._embree.run(origins, directions)]
        return ids


class _Pixels(_Look):
    """Looks up the pixels of instance images."""

    def __init__(self, scene: Scene, images: InstanceImages) -> None:
        super().__init__(scene)
        self._images, self._id = images, scene.objects.id
        self._shown: tuple[int, NDArray[np.int32]] = (-1, np.zeros((0, 0), dtype=np.int32))

    def _ids(self, view: int, x: NDArray[np.float64], y: NDArray[np.float64]) -> Ids:
        if self._shown[0] != view:
            self._shown = view, self._images.read(view, self._cameras.size_px[view], len(self._id))[0]
        rows = self._shown[1]
        v, u = (np.minimum(np.floor(at * n), n - 1).astype(int) for at, n in zip((y, x), rows.shape, strict=True))
        return np.asarray(np.where(rows[v, u] >= 0, np.append(self._id, -1)[rows[v, u]], -1))


def _look_at(scene: Scene) -> _Look:
    surface = scene.surface
    return _Pixels(scene, surface) if isinstance(surface, InstanceImages) else _Rays(scene, surface)


def _disc(mark: _Mark, shape: tuple[int, int]) -> tuple[tuple[slice, slice], Bools]:
    """Return a window of a raster around a point, and which of its pixels lie in the disc around the point."""
    rows, columns = shape
    x, y, radius = mark.at[0] / 1000 * columns, mark.at[1] / 1000 * rows, DISC_RADIUS * columns
    window = _window(x - radius, y - radius, x + radius, y + radius, shape)
    v, u = np.ogrid[window]
    return window, (u + 0.5 - x) ** 2 + (v + 0.5 - y) ** 2 <= radius**2


def _window(left: float, top: float, right: float, bottom: float, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns of a raster that a rectangle touches, and one more on each side."""
    rows, columns = shape
    left, top, right, bottom = np.clip(np.floor([left - 1, top - 1, right + 2, bottom + 2]), 0, [columns, rows] * 2)
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _share(good: int, checked: int) -> str:
    return f"{good:,} of {checked:,} ({good / checked:.2%})" if checked else "none"
