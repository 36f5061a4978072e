"""ScanNet++ (v1 and v2) from its release layout, with its frames extracted or in their videos."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar, Literal, get_args

from scene_adapters.dslr import dslr_files, open_dslr
from scene_adapters.formats.files import DAMAGED, read_json, read_plain
from scene_adapters.formats.folders import folder_of, folders_in, holds
from scene_adapters.formats.ply import read_ply
from scene_adapters.formats.segments import Annotation, groups_of, join, segments_of
from scene_adapters.iphone import Poses, iphone_files, open_iphone
from scene_adapters.obb import Box, boxes_of, released_box
from scene_adapters.streams import Notes, Stream
from spargen.errors import SceneError, nearest
from spargen.fingerprint import contents, digest, sizes, times
from spargen.geometry.annotation import Annotated, annotate
from spargen.scene.adapter import SceneAdapter
from spargen.scene.types import Scene

StreamName = Literal["iphone", "dslr", "dslr_undistorted"]

_MESH, _SEGMENTS, _GROUPS = "mesh_aligned_0.05.ply", "segments.json", "segments_anno.json"
_SPLITS = {
    "nvs_sem_train": "train",
    "nvs_sem_val": "val",
    "nvs_test": "test",
    "nvs_test_iphone": "test",
    "sem_test": "test",
}
"""The lists of the release, the first ones first where several name a scene."""
_CLASSES, _BENCHMARK = "semantic_classes.txt", "semantic_benchmark/map_benchmark.csv"


class ScanNetPPAdapter(SceneAdapter):
    """Reads ScanNet++ scenes.

    ::

        ROOT/                                         the scenes may also lie in scans/, or in ROOT itself
          data/
            02455b3d20/                               ten hexadecimal digits, or any other name
              scans/
                mesh_aligned_0.05.ply                 mesh: metres, +Z up
                segments.json                         a segment id for each of its vertices
                segments_anno.json                    objects as lists of segments, with oriented boxes
              iphone/
                rgb/frame_000120.jpg  or  rgb.mkv     colour; extracted frames go first
                rgb_masks/frame_000120.png  or  rgb_mask.mkv     optional: what was made unrecognizable
                depth/frame_000120.png  or  depth.bin            optional
                colmap/cameras.txt  images.txt        poses and lens (or .bin)
                pose_intrinsic_imu.json               poses of ARKit, used where there is no COLMAP model
              dslr/
                resized_images/DSC01234.JPG           fisheye images
                resized_anon_masks/DSC01234.png       optional
                colmap/cameras.txt  images.txt
                nerfstudio/transforms.json            optional: marks bad images
                resized_undistorted_images/  resized_undistorted_masks/  nerfstudio/transforms_undistorted.json
          splits/nvs_sem_train.txt ...                optional: which scenes are of which split
          metadata/semantic_classes.txt, semantic_benchmark/map_benchmark.csv     optional: only to count other labels

    Parameters
    ----------
    root : the folder.
    stream : ``iphone`` (as SPAR has it), ``dslr`` (fisheye images, through their own lens) or ``dslr_undistorted``.
    poses : of the iPhone: ``colmap`` or ``aligned_pose``; COLMAP's where there are any by default.

    Frames: those that have an image and a pose; others are counted. An iPhone's frame is called by its rank among all
    files of ``rgb/``, posed or not; its `frame_number` is the number in the file's name, by which masks and depth are
    found. Of ``rgb.mkv`` rank and number are the same, how many frames come before. Images are never resized; those of
    another size than their camera's are left out. A DSLR's frame is called by the stem of its file.

    World: mesh and poses of COLMAP are in one world, +Z up; nothing is aligned. ``pose_intrinsic_imu.json`` has
    `aligned_pose` for that world; its `pose` is in another one and is not read. ``transforms_undistorted.json`` has
    OpenGL's camera axes in a world that is turned (x and y exchanged, z negated); both are undone.

    Lens: that of the COLMAP model. COLMAP's principal points count pixels as spargen does. ARKit's count the centre of
    the first pixel as 0 and are moved by half a pixel. ``transforms_undistorted.json`` has the middle of the image.

    Objects carry `objectId` (from 1) and the label as released. Groups called REMOVE, SPLIT and the like are objects
    too: they hide what is behind them, and label lists keep them from being asked about. A vertex that several groups
    claim belongs to the smallest of them, as in the benchmark's ground truth. Boxes: the released one where it is
    near gravity and touches the object's vertices on all sides, else the box around the vertices; `obb.py` says why.

    `scenes()` lists what has an annotation, and what has a mesh and is in no test split: there a missing annotation is
    a gap in the download, which `load` reports. `split()` is ``train``, ``val`` or ``test`` by the lists in splits/,
    ``train`` without them.
    """

    dataset: ClassVar[str] = "scannetpp"
    terms_of_use: ClassVar[str] = (
        "ScanNet++ Terms of Use, https://kaldir.vc.in.tum.de/scannetpp/ (on request; no redistribution)"
    )

    def __init__(self, root: Path, stream: StreamName = "iphone", poses: Poses | None = None) -> None:
        super().__init__(root)
        _check_option("stream", stream, get_args(StreamName))
        if poses is not None:
            _check_option("poses", poses, get_args(Poses))
            if stream != "iphone":
                what = f"the stream {stream} has poses of one kind only"
                raise SceneError(what, where="option poses", mend="leave it out")
        self.stream, self.poses = stream, poses

    def scenes(self) -> Sequence[str]:
        """Return the ids of the annotated scenes, sorted."""
        folders = self._folders().items()
        found = [name for name, at in folders if holds(at, partial(_is_listed, split=self.split(name)))]
        if not found:
            raise SceneError(
                "no annotated ScanNet++ scene here",
                where=self.root,
                mend=f"point root at the folder that holds data/<id>/scans/{_MESH} and {_GROUPS}",
            )
        return sorted(found)

    def load(self, scene_id: str) -> Scene:
        """Read one scene; frames without a pose or an image are left out and counted in the notes."""
        folder = self._folder(scene_id)
        stream, lists = self._open(folder), self._class_files()
        annotated, labels, notes = self._annotated(folder)
        all_notes: Notes = {
            "stream": "" if self.stream == "iphone" else self.stream,
            **stream.notes,
            "class list": "" if lists else "not found",
            "objects with labels outside the class list": _count_unknown(labels, lists),
            **notes,
        }
        read = [*_scan_files(folder), *stream.read, *lists]
        return Scene(
            id=scene_id,
            dataset=self.dataset,
            surface=annotated.mesh,
            objects=annotated.objects,
            annotation=annotated.annotation,
            cameras=stream.cameras,
            frames=stream.name,
            store=stream.store,
            color_suffix=stream.color_suffix,
            # Names are ranks: they change with files that are not read.
            fingerprint=digest(contents(folder, read), sizes(folder, stream.listed), stream.name),
            notes={key: value for key, value in all_notes.items() if value},
            frame_number=stream.number,
        )

    def _annotated(self, folder: Path) -> tuple[Annotated, tuple[str, ...], Notes]:
        """Read mesh and objects, the labels of all groups that have vertices, and what was left out."""
        vertices, faces = read_ply(_scan_files(folder)[0])
        found, boxes = _read_annotation(folder, len(vertices))
        annotated = annotate(
            vertices,
            faces,
            found.id,
            found.label,
            rules=self.label_rules,
            vertex_object=found.vertex_object,
            boxes=boxes_of(found.id, boxes),
            boxes_are_fitted=True,
        )
        return annotated, found.label, {**found.notes, **annotated.notes}

    def fingerprint(self, scene_id: str) -> str:
        """Return a digest of names, sizes and times of change of all files that `load` reads."""
        folder = self._folder(scene_id)
        if self.stream == "iphone":
            frames = iphone_files(folder / "iphone")
        else:
            frames = dslr_files(folder / "dslr", undistorted=self.stream == "dslr_undistorted")
        return times(folder, [path for path in (*_scan_files(folder), *self._class_files(), *frames) if path.is_file()])

    def split(self, scene_id: str) -> str:
        """Return ``train``, ``val`` or ``test`` by the lists in splits/, ``train`` where none names the scene."""
        return self._splits.get(scene_id, "train")

    def _folders(self) -> dict[str, Path]:
        """Return all folders of scenes by name; `data/` wins over `scans/`."""
        parts = [part for part in (self.root / "scans", self.root / "data") if part.is_dir()] or [self.root]
        return folders_in(parts, self.root, "point root at the ScanNet++ folder")

    def _folder(self, scene_id: str) -> Path:
        folder = folder_of(scene_id, self._folders(), self.root, "scene")
        if not (folder / "scans" / _GROUPS).is_file():
            test = self.split(scene_id) == "test"
            what = "a scene of the test splits has no annotation" if test else f"the scene has no scans/{_GROUPS}"
            mend = "use scenes of the train and val splits" if test else f"download {_MESH}, {_SEGMENTS} and {_GROUPS}"
            raise SceneError(what, where=folder, mend=mend)
        return folder

    def _open(self, folder: Path) -> Stream:
        part = folder / ("iphone" if self.stream == "iphone" else "dslr")
        if not part.is_dir():
            others = [name for name in ("iphone", "dslr") if (folder / name).is_dir()]
            mend = f"download it, or set options: {{stream: {others[0]}}}" if others else "download iphone/ or dslr/"
            raise SceneError(f"the scene has no {part.name}/", where=folder, mend=mend)
        if self.stream == "iphone":
            return open_iphone(part, self.poses)
        return open_dslr(part, undistorted=self.stream == "dslr_undistorted")

    @cached_property
    def _splits(self) -> dict[str, str]:
        """The split of each scene that the release's lists name."""
        found: dict[str, str] = {}
        for name, split in _SPLITS.items():
            for file in self._beside(f"splits/{name}.txt"):
                scenes = read_plain(file).decode(errors="replace").split()
                found = {**dict.fromkeys(scenes, split), **found}
        return found

    def _class_files(self) -> list[Path]:
        return [file for name in (_CLASSES, _BENCHMARK) for file in self._beside(f"metadata/{name}")]

    def _beside(self, name: str) -> list[Path]:
        """Return a file of the whole data set, which lies in the root or, where that is data/, beside it."""
        return [file for base in (self.root, self.root.parent) if (file := base / name).is_file()][:1]


def _check_option(name: str, value: object, known: Sequence[str]) -> None:
    if value not in known:
        mend = nearest(str(value), known, f"one of {', '.join(known)}")
        raise SceneError(f"there is no {name} {value!r}", where=f"option {name}", mend=mend)


def _scan_files(folder: Path) -> tuple[Path, Path, Path]:
    """Return the files of mesh, segments and groups."""
    scans = folder / "scans"
    return scans / _MESH, scans / _SEGMENTS, scans / _GROUPS


def _is_listed(folder: Path, split: str) -> bool:
    mesh, _, groups = (path.is_file() for path in _scan_files(folder))
    return groups or (mesh and split != "test")


def _read_annotation(folder: Path, n_vertices: int) -> tuple[Annotation, dict[int, Box]]:
    """Return the object of each vertex, and the released boxes by object id."""
    _, segments_file, groups_file = _scan_files(folder)
    groups = groups_of(_without_zero(read_json(groups_file)), groups_file)
    segments = segments_of(read_json(segments_file), segments_file)
    if len(segments) != n_vertices:
        raise SceneError(
            f"it has {len(segments)} vertices, but the mesh has {n_vertices}",
            where=segments_file,
            mend=f"use the {_SEGMENTS} that belongs to {_MESH}",
        )
    boxes = {i: box for i, group in groups.items() if (box := released_box(group.fields)) is not None}
    return join(groups, segments, groups_file, segments_file), boxes


def _without_zero(content: dict[str, object]) -> dict[str, object]:
    """Leave out groups whose objectId is not above 0: that is what has no object."""
    listed = content.get("segGroups")
    if not isinstance(listed, list):
        return content

    def is_none(group: object) -> bool:
        return isinstance(group, dict) and isinstance(n := group.get("objectId"), int) and n <= 0

    return {**content, "segGroups": [group for group in listed if not is_none(group)]}


def _count_unknown(labels: Sequence[str], lists: Sequence[Path]) -> int:
    """Count the labels that the release's lists of classes do not have."""
    known = {name for path in lists for name in (_classes if path.suffix == ".csv" else _lines)(path)}
    return sum(label not in known for label in labels) if lists else 0


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in read_plain(path).decode(errors="replace").splitlines()]


def _classes(path: Path) -> list[str]:
    """Return the column `class`; of the other columns v1 has more than v2."""
    rows = list(csv.DictReader(_lines(path)))
    if not rows or "class" not in rows[0]:
        raise SceneError("the table has no column class", where=path, mend=DAMAGED)
    return [row["class"].strip() for row in rows]
