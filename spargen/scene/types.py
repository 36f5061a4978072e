"""The scene that every adapter returns and every other part reads. V views, N objects, P vertices, F faces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.errors import SceneError
from spargen.reading import read_bytes
from spargen.scene.cameras import Cameras
from spargen.scene.images import InstanceImages
from spargen.scene.names import can_name_a_file
from spargen.scene.texts import as_released, changes, is_long, label_of

FAR_M = 1000.0
"""A scene farther from the origin than this is moved to it.

Rays are cast in float32, whose step at 1 km is 0.06 mm. Seen from 0.4 m, the nearest that a view may be, 0.06 mm are a
tenth of a pixel of 640 (f = 577, 60 degrees), a twentieth of the 3/1000 that a box may be off. Measured: up to 1 km not
a box moves, at 100 km 1 % of them are off by more than 3/1000, at 500 km 28 %.
"""

MAX_SKEW = 5e-3
"""How far the axes of a box may be from a rotation: three printed digits make 2e-3."""
FLAT = 2
"""Sides that a picture on a wall has; a box with fewer is a line or a point."""
NO_VOLUME = 1e-12
"""Determinant below which a motion flattens space; millimetres to metres make 1e-9."""


def _fix(owner: object, name: str, dtype: type, shape: tuple[int | None, ...]) -> None:
    """Store a read-only copy of an array field, after checking its shape (None = any length)."""
    array: NDArray[Any] = np.array(getattr(owner, name), dtype=dtype)
    if array.size == 0 and array.ndim != len(shape):
        array = array.reshape([s or 0 for s in shape])
    if array.ndim != len(shape) or any(s is not None and s != a for s, a in zip(shape, array.shape, strict=True)):
        want = tuple("any" if s is None else s for s in shape)
        raise SceneError(
            f"{name} has shape {array.shape}, not {want}", where=type(owner).__name__, mend="fix the adapter"
        )
    array.setflags(write=False)
    object.__setattr__(owner, name, array)


def _check_name(name: str, where: str) -> None:
    if not can_name_a_file(name):
        mend = "use letters, digits, - and _; the adapter may rename"
        raise SceneError(f"{name!r} cannot name a file", where=where, mend=mend)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Mesh:
    """A triangle mesh with one object index a face; one and another are never equal.

    Parameters
    ----------
    vertices_m : (P, 3) float64, metres, +Z up.
    faces : (F, 3) int32 vertex indices.
    face_object : (F,) int32 row in `Objects`, -1 = not annotated.
    """

    vertices_m: NDArray[np.float64]
    faces: NDArray[np.int32]
    face_object: NDArray[np.int32]

    def __post_init__(self) -> None:
        _fix(self, "vertices_m", np.float64, (None, 3))
        _fix(self, "faces", np.int32, (None, 3))
        _fix(self, "face_object", np.int32, (len(self.faces),))
        if len(self.faces) and (self.faces.min() < 0 or self.faces.max() >= len(self.vertices_m)):
            raise SceneError("faces name vertices that do not exist", where="Mesh", mend="the mesh file is damaged")
        if not np.isfinite(self.vertices_m).all():
            raise SceneError("vertices are not finite", where="Mesh", mend="the mesh file is damaged")
        if self.face_object.min(initial=0) < -1:
            raise SceneError("faces name objects below -1", where="Mesh", mend="-1 is what is not annotated")

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to see."""
        return not len(self.faces)

    def describe(self) -> dict[str, int]:
        """Say how much there is of it, for a person."""
        return {"faces": len(self.faces)}

    def parts(self) -> tuple[NDArray[Any], ...]:
        """Return all that decides what is seen, to be hashed."""
        return self.vertices_m, self.faces, self.face_object

    def take(self, views: ArrayLike) -> Mesh:  # noqa: ARG002 - whichever views they are
        """Return what some of the views show: one and the same mesh."""
        return self

    def belongs_to(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which faces (F,) are of chosen objects (N,); those that are not annotated are of none."""
        # One more entry, which -1 looks up.
        return np.append(chosen, np.False_)[self.face_object]


Surface = Mesh | InstanceImages
"""What there is to see in a scene. Both tell `is_empty`, `describe`, `parts`, and what some views show of it (`take`);
all else is asked by `spargen.geometry`."""


@dataclass(frozen=True, slots=True)
class Objects:
    """N annotated objects, structural ones (walls, floors) included.

    Parameters
    ----------
    id : (N,) int64, the data set's own ids.
    label : N labels, as released but for what must not stand in a question: see `spargen.scene.texts`.
    center_m, extent_m : (N, 3) centre and full side lengths of the oriented boxes.
    R_world_box : (N, 3, 3) the boxes' axes as columns; axis i has length extent_m[:, i]; right-handed.
    doubtful : (N,) bool, boxes that cannot be trusted: the objects are present, but not asked about. None by default;
        a box that is a line or a point always is one, and what has a remark for a label is not asked about either.
    released : N labels as released; `label` as it was given by default.

    Raises
    ------
    SceneError
        Where a shape is wrong, ids repeat, or a box cannot be: a side below zero, nan, axes that are no rotation.
    """

    id: NDArray[np.int64]
    label: tuple[str, ...]
    center_m: NDArray[np.float64]
    extent_m: NDArray[np.float64]
    R_world_box: NDArray[np.float64]
    doubtful: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    released: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.label)
        labels = tuple(map(label_of, self.label))
        object.__setattr__(self, "released", as_released(self.label, labels, self.released))
        if not len(self.doubtful):
            object.__setattr__(self, "doubtful", np.zeros(n, dtype=bool))
        object.__setattr__(self, "label", labels)
        _fix(self, "id", np.int64, (n,))
        _fix(self, "center_m", np.float64, (n, 3))
        _fix(self, "extent_m", np.float64, (n, 3))
        _fix(self, "R_world_box", np.float64, (n, 3, 3))
        _fix(self, "doubtful", np.bool_, (n,))
        if len(np.unique(self.id)) != n:
            raise SceneError("two objects share an id", where="Objects", mend="the annotation file is damaged")
        self._check_boxes()

    def _check_boxes(self) -> None:
        finite = np.isfinite(np.concatenate([self.center_m, self.extent_m], axis=1)).all(axis=1)
        R = self.R_world_box
        with np.errstate(invalid="ignore"):
            square = np.abs(R @ R.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2)) < MAX_SKEW
        for fault, good, mend in (
            ("is not finite", finite, "leave out objects that have no box"),
            ("has a side below zero", (self.extent_m >= 0).all(axis=1), "give full side lengths"),
            ("has axes that are no rotation", square, "give unit vectors, at right angles, as columns"),
            ("has left-handed axes", np.linalg.det(np.where(square[:, None, None], R, 0)) >= 0, "turn one axis round"),
        ):
            if not good.all():
                bad = int(np.flatnonzero(~good)[0])
                raise SceneError(f"the box of {self.label[bad]!r} {fault}", where=f"object {self.id[bad]}", mend=mend)
        remarks = np.array([is_long(text) for text in self.released], dtype=bool)
        object.__setattr__(self, "doubtful", self.doubtful | self.thin | remarks)
        self.doubtful.setflags(write=False)

    def __len__(self) -> int:
        return len(self.label)

    @property
    def thin(self) -> NDArray[np.bool_]:
        """(N,) boxes that are a line or a point."""
        return np.asarray((self.extent_m > 0).sum(axis=1) < FLAT)


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a data set says of a scene's surface, before anything is worked out of it: for whoever checks the rest.

    Parameters
    ----------
    id : (N,) int64, the data set's own ids, those of objects that the surface has nothing of included.
    label : N labels, as `Objects` has them.
    vertex_object : (P,) int32, row of each vertex, -1 = none; None where faces are annotated.
    face_object : (F,) int32, the same of each face. One of the two is given, or none where instance images say it.
    boxes : (N, 3) centres, (N, 3) full sides and (N, 3, 3) axes as columns of the data set's own boxes, nan where an
        object has none; None where no object has one.
    boxes_are_fitted : whether those boxes were fitted to the surface, so that one that does not touch it is wrong.
    """

    id: NDArray[np.int64]
    label: tuple[str, ...]
    vertex_object: NDArray[np.int32] | None = None
    face_object: NDArray[np.int32] | None = None
    boxes: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None = None
    boxes_are_fitted: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", tuple(map(label_of, self.label)))
        _fix(self, "id", np.int64, (len(self.label),))
        given = [name for name in ("vertex_object", "face_object") if getattr(self, name) is not None]
        if len(given) > 1:
            what = "it is of vertices and of faces"
            raise SceneError(what, where="Annotation", mend="hand on what `annotate` returns")
        for name in given:
            _fix(self, name, np.int32, (None,))

    def moved(self, by_m: NDArray[np.float64]) -> Annotation:
        """Return the same of a surface that was moved by (3,) metres."""
        if self.boxes is None:
            return self
        center_m, extent_m, R_world_box = self.boxes
        return replace(self, boxes=(center_m + by_m, extent_m, R_world_box))

    def fits(self, surface: Surface) -> bool:
        """Tell whether it may be that of a surface, going by the numbers of vertices and faces."""
        if isinstance(surface, InstanceImages):
            return self.vertex_object is None and self.face_object is None
        if self.vertex_object is not None:
            return len(self.vertex_object) == len(surface.vertices_m)
        return self.face_object is not None and len(self.face_object) == len(surface.faces)


@dataclass(frozen=True, slots=True)
class Blob:
    """One file of a frame, lying on disk, taken from a container, or of pixels that a container holds in another way.

    `suffix` is the file ending with its dot; exactly one of `path`, `data` and `pixels`, (H, W) uint16 or (H, W, 3)
    uint8, is set. Pixels become a PNG file when it is read.
    """

    suffix: str
    path: Path | None = None
    data: bytes | None = None
    pixels: NDArray[np.uint16] | NDArray[np.uint8] | None = None

    def read(self) -> bytes:
        """Return the file's bytes, untouched; `SceneError` where they cannot be read."""
        if self.data is not None:
            return self.data
        if self.pixels is not None:
            from spargen.scene.decoding import packed  # it brings Pillow, for which `spargen list` need not wait

            return packed(self.pixels)
        if self.path is None:
            raise SceneError("a frame file has neither path, data nor pixels", where="Blob", mend="fix the adapter")
        try:
            return read_bytes(self.path)
        except OSError as error:
            what = f"the file cannot be read ({error.strerror})"
            raise SceneError(what, where=self.path, mend="download or export it again") from None


class FrameStore(ABC):
    """Hands out the files of a scene's frames, by position in `Scene.frames`. Opened lazily, never held whole."""

    __slots__ = ()

    @abstractmethod
    def color(self, frame: int) -> Blob:
        """Return the colour image as released (JPEG bytes untouched)."""

    @abstractmethod
    def pose_as_released(self, frame: int) -> NDArray[np.float64]:
        """Return the (4, 4) camera-to-world pose: OpenCV axes, metres, in the released world, without any alignment."""

    def depth(self, frame: int) -> Blob | None:  # noqa: ARG002 - stores that have depth look at the frame
        """Return the depth image as a 16-bit PNG in millimetres along the camera's Z; None where there is none.

        Seen by the colour camera (registered to it), at any size; 0 and 65535 are not measured.
        """
        return None

    def mask(self, frame: int) -> NDArray[np.bool_] | None:  # noqa: ARG002 - stores that have masks look at the frame
        """Return which pixels (H, W) were made unrecognizable, at any size; None where none was."""
        return None

    def intrinsics_as_released(self) -> Mapping[str, NDArray[np.float64]]:
        """Return named (4, 4) matrices; pixels are counted as the data set does.

        ``intrinsic_color`` where one holds for all frames, else ``intrinsic_color_<frame>`` for each;
        ``intrinsic_depth``, ``extrinsic_color`` and ``extrinsic_depth`` where the data set has them.
        """
        return {}


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene, ready for questions: metric, +Z up, OpenCV cameras, everything in one world frame.

    A scene that lies farther than `FAR_M` from the origin is moved to it by whole metres, everything together, and its
    notes say so.

    Parameters
    ----------
    id, dataset : names as they stand in the output, such as ``scene0000_00`` and ``scannet``.
    surface : what there is to see, each part with the object that it belongs to: a mesh, or instance images of all
        frames. Tasks and runs ask it by `spargen.geometry`, and do not look at its triangles or pixels.
    objects : the annotated objects.
    cameras : V cameras, one a frame with a valid pose, in recording order.
    frames : V frame names, such as ``"120"``, which image files are called by.
    store : hands out the frames' files.
    color_suffix : ending of each frame's colour file, with its dot; one text stands for all frames.
    T_world_released : (4, 4) the alignment that was applied, `X_world = T @ X_released`.
    fingerprint : changes with what was read of the scene's files; it holds no time and no place, for the manifest names
        it. A scene that has none ("") is made anew by each run.
    notes : what the adapter found and left out, in words for a person (``"poses dropped": 12``).
    frame_number : the released number of each frame, which a video clip names it by; the name by default.
    room_of_view, room_of_object : the room that each frame was taken in and that each object stands in, by name or
        number, None = unknown; both or neither. What a question shows and asks about then stays in one room.
    annotation : what the data set says of the surface, as `annotate` hands it on. Questions do not need it;
        `spargen verify` works the objects out of it anew.
    extras : what the adapter found besides, handed on to tasks as it is: walks, gaze ... Positions in it are those of
        the release, which `T_world_released` brings into the world.
    """

    id: str
    dataset: str
    surface: Surface
    objects: Objects
    cameras: Cameras
    frames: tuple[str, ...]
    store: FrameStore
    color_suffix: str | Sequence[str] = ".jpg"
    T_world_released: NDArray[np.float64] = field(default_factory=lambda: np.eye(4))
    fingerprint: str = ""
    notes: Mapping[str, int | float | str] = field(default_factory=dict)
    frame_number: Sequence[str] = ()
    room_of_view: Sequence[str | int | None] = ()
    room_of_object: Sequence[str | int | None] = ()
    annotation: Annotation | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "frames", tuple(self.frames))
        suffix = self.color_suffix
        object.__setattr__(
            self, "color_suffix", (suffix,) * len(self.frames) if isinstance(suffix, str) else tuple(suffix)
        )
        object.__setattr__(self, "frame_number", tuple(self.frame_number) or self.frames)
        _fix(self, "T_world_released", np.float64, (4, 4))
        self._check_names()
        T = self.T_world_released
        if not np.isfinite(T).all() or (T[3] != [0, 0, 0, 1]).any() or abs(np.linalg.det(T[:3, :3])) < NO_VOLUME:
            raise SceneError("T_world_released is no motion", where=self.id, mend="its last row is 0 0 0 1")
        for what, found in (
            ("cameras", len(self.cameras)),
            ("endings of colour files", len(self.color_suffix)),
            ("frame numbers", len(self.frame_number)),
        ):
            if len(self.frames) != found:
                raise SceneError(f"{len(self.frames)} frames but {found} {what}", where=self.id, mend="fix the adapter")
        if len(set(self.frame_number)) != len(self.frame_number):
            raise SceneError("two frames have one number", where=self.id, mend="fix the adapter")
        self._check_surface()
        self._check_rooms()
        noted = {
            "objects whose box is a line or a point": int(self.objects.thin.sum()),
            "labels changed": changes(self.objects.released, self.objects.label),
        }
        object.__setattr__(self, "notes", {**self.notes, **{what: found for what, found in noted.items() if found}})
        self._move_to_origin()

    def _check_surface(self) -> None:
        if isinstance(self.surface, InstanceImages):
            if len(self.surface) != len(self.frames):
                what = f"{len(self.frames)} frames but instance images of {len(self.surface)}"
                raise SceneError(what, where=self.id, mend="fix the adapter")
        elif self.surface.face_object.max(initial=-1) >= len(self.objects):
            raise SceneError("faces name objects that do not exist", where=self.id, mend="fix the adapter")
        if self.annotation is not None and not self.annotation.fits(self.surface):
            what = "the annotation is that of another surface"
            raise SceneError(what, where=self.id, mend="hand on both as `annotate` returns them")

    def _check_rooms(self) -> None:
        """Make texts of the rooms' names, and see that they are there for all or for none."""
        for name, count in (("room_of_view", len(self.frames)), ("room_of_object", len(self.objects))):
            rooms = tuple(room if room is None else str(room) for room in getattr(self, name))
            rooms = rooms if any(room is not None for room in rooms) else ()
            object.__setattr__(self, name, rooms)
            if len(rooms) not in (0, count):
                raise SceneError(f"{name} has {len(rooms)} entries, not {count}", where=self.id, mend="fix the adapter")
        if bool(self.room_of_view) != bool(self.room_of_object) and len(self.frames) and len(self.objects):
            what = "rooms are named for views or for objects alone"
            raise SceneError(what, where=self.id, mend="name both: a question stays in one room")

    def _check_names(self) -> None:
        """Refuse names that cannot be those of files, and frames of which the second would overwrite the first."""
        for name, what in ((self.dataset, "data set"), (self.id, "scene")):
            _check_name(name, what)
        seen: set[str] = set()
        for name, suffix in zip(self.frames, self.color_suffix, strict=False):
            _check_name(name, f"{self.id}, frame")
            _check_name(name + suffix.lstrip("."), f"{self.id}, ending of a colour file")
            if not suffix.startswith("."):
                raise SceneError(f"{suffix!r} is no ending of a file", where=self.id, mend="such as .jpg, with its dot")
            if name in seen:
                raise SceneError(f"two frames have the name {name!r}", where=self.id, mend="give each its own name")
            seen.add(name)
        for number in self.frame_number:
            _check_name(number, f"{self.id}, number of a frame")

    def _move_to_origin(self) -> None:
        """Move a far scene, all of it together, so that float32 is exact enough around it."""
        mesh = self.surface if isinstance(self.surface, Mesh) else None
        lies_m = self.cameras.position_m if mesh is None else mesh.vertices_m
        if self.surface.is_empty or np.abs(lies_m).max() <= FAR_M:
            return
        used_m = lies_m if mesh is None else lies_m[np.unique(mesh.faces)]
        # The median: a stray vertex is not where the scene is.
        by_m = -np.round(np.median(used_m, axis=0))
        if np.abs(by_m).max() <= FAR_M:
            return
        T = np.eye(4)
        T[:3, 3] = by_m
        moved: dict[str, Any] = {
            "objects": replace(self.objects, center_m=self.objects.center_m + by_m),
            "cameras": replace(self.cameras, T_world_camera=T @ self.cameras.T_world_camera),
            "T_world_released": T @ self.T_world_released,
            "annotation": self.annotation and self.annotation.moved(by_m),
            "notes": {**self.notes, "moved to the origin by, in m": "{:.0f}, {:.0f}, {:.0f}".format(*by_m)},
        }
        if mesh is not None:
            moved["surface"] = replace(mesh, vertices_m=mesh.vertices_m + by_m)
        for name, value in moved.items():
            object.__setattr__(self, name, value)
        _fix(self, "T_world_released", np.float64, (4, 4))
