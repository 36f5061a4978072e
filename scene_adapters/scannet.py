"""ScanNet v2 (and v1) from its release layout, or with frames that were exported from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from scene_adapters.exported import ExportedFrames, exported_files, is_exported, open_exported
from scene_adapters.formats.files import DAMAGED, read_json, read_plain
from scene_adapters.formats.folders import folder_of, folders_in, holds
from scene_adapters.formats.ply import read_ply
from scene_adapters.formats.segments import Annotation, groups_of, join, segments_of
from scene_adapters.formats.sens import SensFrames, open_sens
from scene_adapters.frames import Notes, usable_frames
from spargen.errors import SceneError
from spargen.fingerprint import contents, digest, sizes, times
from spargen.geometry.annotation import annotate
from spargen.scene.adapter import SceneAdapter
from spargen.scene.cameras import Cameras, nearest_rigid, valid_poses
from spargen.scene.types import Scene

_MESH = "_vh_clean_2.ply"
_SEGMENTS = "_vh_clean_2.0.010000.segs.json"
_HIRES_SEGMENTS = "_vh_clean.segs.json"
_GROUPS = ".aggregation.json"
_LABELS = "scannetv2-labels.combined.tsv"
_VALIDATION = "scannetv2_val.txt"


class ScanNetAdapter(SceneAdapter):
    """Reads ScanNet scans.

    ::

        ROOT/                                          or ROOT is the folder scans/ itself
          scannetv2-labels.combined.tsv                optional: only to count labels that it does not have
          scans/
            scene0000_00/
              scene0000_00_vh_clean_2.ply              mesh
              scene0000_00_vh_clean_2.0.010000.segs.json   a segment id for each of its vertices
              scene0000_00.aggregation.json            objects as lists of segments
              scene0000_00.txt                         axis alignment (optional: v1 has none)
              scene0000_00.sens                        frames; or, exported from it, in this folder:
              color/120.jpg  depth/120.png  pose/120.txt  intrinsic/intrinsic_color.txt ...
              image/                               or, as SPAR's preparation exports them, the same folders in here
          scans_test/                                  test scans have no annotation and are not listed
          scannetv2_val.txt                            optional, also beside ROOT: the official validation scans
          scannet_frames_25k/                          or the frames lie here
            scene0000_00/
              color/000120.jpg  depth/000120.png  pose/000120.txt  intrinsics_color.txt  intrinsics_depth.txt

    Frames come from the first of these that exists: the `.sens` file, the scan's own folder, `image/` in it,
    `scannet_frames_25k`.
    A frame is named after its number in the `.sens` file, unpadded: ``"120"``.

    Alignment: nothing is aligned on disk. The `axisAlignment` of the `.txt`, where there is one, is applied once, to
    vertices and poses, and is handed on as `Scene.T_world_released`.

    Cameras are those of the colour images, with the calibrated intrinsics of the `.sens` file or of the export (the
    `.txt` has factory values). Their principal point is moved by half a pixel, to spargen's pixel convention. Each
    image's size is read from its own header, and the intrinsics are chosen by it: those that hold for this size, else
    those that hold for another size of the same aspect, scaled. `intrinsics.py` says how it is known for which size a
    matrix holds. Images that none fits are left out and counted; a scan without any other is refused.

    Poses that are nearly rigid, as three printed digits leave them, are made rigid and counted; poses that are not, and
    images whose header cannot be read, are left out and counted.

    Objects carry the annotation's `objectId` and raw label. Their boxes are the gravity-aligned boxes of minimum
    footprint around the aligned vertices of their main bodies. About a fifth of a scan's vertices belong to no object.

    `scenes()` lists scans that have an aggregation file, and those outside `scans_test` that have a mesh: there a
    missing aggregation file is a gap in the download, which `load` reports. `split()` is ``test`` for
    `scans_test/`; in `scans/`, where the release's train and validation scans lie together, it is ``val`` for
    those of the list, else ``train``.
    """

    dataset: ClassVar[str] = "scannet"
    terms_of_use: ClassVar[str] = (
        "ScanNet Terms of Use, http://www.scan-net.org/ScanNet/ (on request; no redistribution)"
    )

    def scenes(self) -> Sequence[str]:
        """Return the ids of the annotated scans, sorted."""
        found = [name for name, folder in self._folders().items() if holds(folder, _is_listed)]
        if not found:
            raise SceneError(
                "no annotated ScanNet scan here",
                where=self.root,
                mend=f"point root at the folder that holds scans/<id>/<id>{_MESH} and <id>{_GROUPS}",
            )
        return sorted(found)

    def load(self, scene_id: str) -> Scene:
        """Read one scan; frames without a valid pose are left out and counted in the notes."""
        folder = self._folder(scene_id)
        mesh_file, segments_file, groups_file, text_file = (
            folder / f"{scene_id}{ending}" for ending in (_MESH, _SEGMENTS, _GROUPS, ".txt")
        )
        labels_file = self._labels_file()
        vertices, faces = read_ply(mesh_file)
        annotation = _read_annotation(groups_file, segments_file, len(vertices), scene_id)
        alignment = _read_alignment(text_file)
        T = np.eye(4) if alignment is None else alignment
        annotated = annotate(
            vertices @ T[:3, :3].T + T[:3, 3],
            faces,
            annotation.id,
            annotation.label,
            rules=self.label_rules,
            vertex_object=annotation.vertex_object,
        )
        recorded = self._frames(scene_id, folder)
        frames = usable_frames(recorded)
        used = [p for p in (mesh_file, segments_file, groups_file, text_file, labels_file) if p and p.is_file()]
        notes: Notes = {
            **frames.notes,
            "axis alignment": "none released, identity used" if alignment is None else "",
            "label table": "" if labels_file else "not found",
            "objects with labels outside the table": _count_unknown(annotation.label, labels_file),
            **annotation.notes,
            **annotated.notes,
        }
        return Scene(
            id=scene_id,
            dataset=self.dataset,
            surface=annotated.mesh,
            objects=annotated.objects,
            cameras=Cameras(frames.K, T @ frames.T_released_camera, frames.store.size_px),
            frames=frames.store.names,
            store=frames.store,
            color_suffix=frames.store.color_suffix,
            T_world_released=T,
            annotation=annotated.annotation,
            fingerprint=digest(contents(folder, used), sizes(folder, recorded.files), *recorded.index),
            notes={key: value for key, value in notes.items() if value},
        )

    def fingerprint(self, scene_id: str) -> str:
        """Return a digest of names, sizes and times of change of all files that `load` reads."""
        folder = self._folder(scene_id)
        frames = self._frames_at(scene_id, folder)
        own = [folder / f"{scene_id}{ending}" for ending in (_MESH, _SEGMENTS, _GROUPS, ".txt")]
        used = [path for path in (*own, self._labels_file()) if path and path.is_file()]
        return times(folder, [*used, *(exported_files(frames) if frames.is_dir() else [frames])])

    def split(self, scene_id: str) -> str:
        """Return ``test`` for a scan of `scans_test/`, ``val`` for one of the official list, else ``train``."""
        folder = self._folders().get(scene_id)
        if folder and folder.parent.name == "scans_test":
            return "test"
        return "val" if scene_id in self._validation else "train"

    def space(self, scene_id: str) -> str:
        """Return ``scene0000`` for the scan ``scene0000_01``: the rescans of a space share their first part."""
        return scene_id.rpartition("_")[0] or scene_id

    @cached_property
    def _validation(self) -> frozenset[str]:
        """The scans of the official list of validation scans, where it is there."""
        files = [file for base in (self.root, self.root.parent) if (file := base / _VALIDATION).is_file()]
        return frozenset(name for file in files[:1] for name in read_plain(file).decode(errors="replace").split())

    def _folders(self) -> dict[str, Path]:
        """Return all scan folders by name; `scans/` wins over `scans_test/`."""
        parts = [part for part in (self.root / "scans_test", self.root / "scans") if part.is_dir()] or [self.root]
        return folders_in(parts, self.root, "point root at the ScanNet folder")

    def _folder(self, scene_id: str) -> Path:
        folder = folder_of(scene_id, self._folders(), self.root, "scan")
        if not (folder / f"{scene_id}{_GROUPS}").is_file():
            test = folder.parent.name == "scans_test"
            what = "a test scan has no annotation" if test else f"the scan has no annotation: no {scene_id}{_GROUPS}"
            hires = "; <id>_vh_clean.aggregation.json belongs to another mesh and does not replace it"
            raise SceneError(
                what, where=folder, mend="use scans of scans/" if test else f"download {scene_id}{_GROUPS}{hires}"
            )
        return folder

    def _frames(self, scene_id: str, folder: Path) -> SensFrames | ExportedFrames:
        place = self._frames_at(scene_id, folder)
        return open_exported(place) if place.is_dir() else open_sens(place)

    def _frames_at(self, scene_id: str, folder: Path) -> Path:
        """Return the `.sens` file of a scan, else the folder that its frames were exported to."""
        sens = folder / f"{scene_id}.sens"
        if sens.is_file():
            return sens
        # The 25k release lies beside scans/, which may be the root itself.
        for exported in (
            folder,
            folder / "image",
            *(base / "scannet_frames_25k" / scene_id for base in (self.root, self.root.parent)),
        ):
            if is_exported(exported):
                return exported
        raise SceneError(
            "the scan has no frames",
            where=folder,
            mend=f"put {sens.name} there, or an export with color/ and pose/ (in image/ as well), "
            "or scannet_frames_25k/ beside scans/",
        )

    def _labels_file(self) -> Path | None:
        return next((base / _LABELS for base in (self.root, self.root.parent) if (base / _LABELS).is_file()), None)


def _is_listed(folder: Path) -> bool:
    has_groups, has_mesh = ((folder / f"{folder.name}{ending}").is_file() for ending in (_GROUPS, _MESH))
    return has_groups or (has_mesh and folder.parent.name != "scans_test")


def _read_alignment(path: Path) -> NDArray[np.float64] | None:
    """Return the (4, 4) `axisAlignment` of a scan's `.txt`, T_aligned_released; None where there is none."""
    if not path.is_file():
        return None
    lines = re.split(r"[\r\n]+", read_plain(path).decode(errors="replace"))
    values = {key.strip(): value for key, _, value in (line.partition("=") for line in lines)}
    if "axisAlignment" not in values:
        return None
    try:
        T = np.array(values["axisAlignment"].split(), dtype=np.float64).reshape(4, 4)
    except ValueError:
        T = np.zeros((4, 4))
    rigid, _ = nearest_rigid(T)
    if not valid_poses(rigid)[0]:
        raise SceneError("axisAlignment is not a rigid 4x4 motion", where=path, mend=DAMAGED)
    return np.asarray(rigid[0])


def _read_own(path: Path, scene_id: str) -> dict[str, object]:
    """Return the JSON object of an annotation file; its sceneId, if it has one, may have `scannet.` before the scan."""
    content = read_json(path)
    named = content.get("sceneId")
    if isinstance(named, str) and named and named.removeprefix("scannet.") != scene_id:
        raise SceneError(
            f"it is the annotation of another scan: its sceneId is {named}",
            where=path,
            mend=f"put the file of {scene_id} in its place; a renamed copy of a scan needs its sceneId renamed as well",
        )
    return content


def _read_annotation(groups_file: Path, segments_file: Path, n_vertices: int, scene_id: str) -> Annotation:
    groups_content = _read_own(groups_file, scene_id)
    if str(groups_content.get("segmentsFile", "")).endswith(_HIRES_SEGMENTS):
        raise SceneError(
            "it is the annotation of the high-resolution mesh (see its segmentsFile)",
            where=groups_file,
            mend="download <id>.aggregation.json; <id>_vh_clean.aggregation.json does not replace it",
        )
    groups = groups_of(groups_content, groups_file)
    segments = segments_of(_read_own(segments_file, scene_id), segments_file)
    if len(segments) != n_vertices:
        raise SceneError(
            f"it has {len(segments)} vertices, but the mesh has {n_vertices}",
            where=segments_file,
            mend=f"use the {_SEGMENTS} that belongs to {_MESH}, not that of the high-resolution mesh",
        )
    return join(groups, segments, groups_file, segments_file)


def _count_unknown(labels: Sequence[str], table: Path | None) -> int:
    """Count the labels that `scannetv2-labels.combined.tsv` does not have."""
    if table is None:
        return 0
    # Not splitlines(): copies end lines with LF, CRLF, CR or CR+CRLF, and labels hold odd characters.
    lines = [line.split("\t") for line in re.split(r"[\r\n]+", read_plain(table).decode(errors="replace"))]
    head = [cell.strip() for cell in lines[0]]
    column = next((head.index(name) for name in ("raw_category", "category") if name in head), None)
    if column is None:
        raise SceneError("the label table has no column raw_category", where=table, mend=DAMAGED)
    known = {line[column].strip() for line in lines if len(line) > column}
    return sum(label not in known for label in labels)
