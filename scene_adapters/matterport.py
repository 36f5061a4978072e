"""Matterport3D from its release layout: undistorted images, and the annotated mesh of each house."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.files import read_plain
from scene_adapters.formats.folders import folder_of, holds
from scene_adapters.formats.house import House, read_house, read_panorama_regions
from scene_adapters.formats.rgbd_conf import read_conf
from scene_adapters.matterport_folders import part_of, scan_folders
from scene_adapters.matterport_mesh import Piece, ScanMesh, mesh_pieces, read_scan_mesh
from scene_adapters.posed_frames import usable_frames
from scene_adapters.posed_store import PosedFrames
from spargen.errors import SceneError
from spargen.fingerprint import contents, digest, sizes, times
from spargen.geometry.annotation import annotate
from spargen.scene.adapter import SceneAdapter
from spargen.scene.cameras import Cameras
from spargen.scene.types import Scene

Floats = NDArray[np.float64]
Notes = dict[str, int | float | str]
Rooms = tuple[int | None, ...]

SIZE_PX = 1280, 1024
"""The size of all images of the release, which its intrinsics hold for."""
DEPTH_UNIT_M = 0.00025
_HOUSE, _REGIONS, _CAMERAS = "house_segmentations", "region_segmentations", "undistorted_camera_parameters"
_IMAGES = ("undistorted_color_images", "undistorted_depth_images")
_SPLITS = ("train", "val", "test")
_SAME_M, _SAME_AXES = 0.01, 0.02
"""How far a camera may be from that of the house file to be the same: metres, and lengths of its unit axes."""


class MatterportAdapter(SceneAdapter):
    """Reads Matterport3D scans, each a house.

    ::

        ROOT/                                         the scans may also lie in scans/, or in ROOT itself
          v1/scans/
            17DRP5sb8fy/
              house_segmentations/
                17DRP5sb8fy.house                     regions, panoramas, objects; version 1.0 or 1.1
                panorama_to_region.txt                optional: which room each panorama was taken in
                17DRP5sb8fy.ply  .fsegs.json  .semseg.json          the mesh of the house, or
              region_segmentations/
                region0.ply  .fsegs.json  .semseg.json  ...         those of all its regions, which go first
              undistorted_camera_parameters/
                17DRP5sb8fy.conf                      cameras
              undistorted_color_images/<panorama>_i<camera>_<yaw>.jpg
              undistorted_depth_images/<panorama>_d<camera>_<yaw>.png        optional
          scenes_train.txt  scenes_val.txt  scenes_test.txt         optional: which scans are of which split

    The zips of the release hold ``<scan>/<folder>/``: unpacked in the scan's own folder they stand one deeper, and are
    found there as well.

    World: metres, +Z up, one for all files; nothing is aligned. The ``.conf`` file has OpenGL's camera axes, counts
    rows from the bottom, and says intrinsics for all images after them; all is undone. The house file has the inverse
    poses; frames that it poses elsewhere are counted.

    Frames are called by their colour files. Images are 1280x1024; smaller ones of the same aspect get scaled
    intrinsics. Depth has quarters of a millimetre and is handed out in whole ones.

    Objects carry the index and the category of the house file, by its raw name; of a house file that names none (as
    version 1.0 does), those of ``.semseg.json``, a million for each region added to their ids. Faces are annotated, by
    the segment in their property `material_id`, else in ``.fsegs.json``. Boxes: the released one where it is near
    gravity and touches the object's vertices on all sides, else the box around them.

    Rooms are the regions, by number: that of a panorama by ``panorama_to_region.txt`` where it is there, for old house
    files are wrong in places; that of an object by the house file. `split()` is ``train`` without lists.

    Walks through the houses are another data set: see the adapter `rxr`. Not read: the raw images and their cameras,
    HDR and normal images, textured meshes.
    """

    dataset: ClassVar[str] = "matterport3d"
    terms_of_use: ClassVar[str] = (
        "Matterport3D Terms of Use, https://kaldir.vc.in.tum.de/matterport/MP_TOS.pdf (on request; no redistribution)"
    )

    def scenes(self) -> Sequence[str]:
        """Return the names of all scans that have a house file, sorted."""
        found = [name for name, folder in scan_folders(self.root).items() if holds(folder, _has_house)]
        if not found:
            mend = f"point root at the folder that holds v1/scans/<scan>/{_HOUSE}/<scan>.house"
            raise SceneError("no Matterport3D scan here", where=self.root, mend=mend)
        return sorted(found)

    def load(self, scene_id: str) -> Scene:
        """Read one scan; frames that cannot be used are left out and counted in the notes."""
        folder = self._folder(scene_id)
        house = read_house(_house_file(folder))
        frames, cameras_file, notes = _read_frames(folder, house)
        mesh = read_scan_mesh(_pieces(folder, house), house)
        annotated = annotate(
            mesh.vertices,
            mesh.faces,
            mesh.id,
            mesh.label,
            rules=self.label_rules,
            face_object=mesh.face_object,
            boxes=mesh.boxes,
            boxes_are_fitted=mesh.boxes is not None,
        )
        rooms = _rooms(folder, house, frames.names, mesh, annotated.objects.id.tolist())
        all_notes: Notes = {**notes, **rooms.notes, **mesh.notes, **annotated.notes}
        read = [_house_file(folder), cameras_file, *mesh.files, *rooms.files]
        return Scene(
            id=scene_id,
            dataset=self.dataset,
            surface=annotated.mesh,
            objects=annotated.objects,
            annotation=annotated.annotation,
            cameras=Cameras(frames.K, frames.poses, frames.size_px, frames.lens),
            frames=frames.names,
            store=frames,
            color_suffix=frames.color_suffix,
            fingerprint=digest(contents(folder, read), sizes(folder, frames.files)),
            notes={what: found for what, found in all_notes.items() if found},
            room_of_view=rooms.of_view,
            room_of_object=rooms.of_object,
        )

    def fingerprint(self, scene_id: str) -> str:
        """Return a digest of names, sizes and times of change of all files that `load` may read."""
        folder = self._folder(scene_id)
        parts = [part_of(folder, name) for name in (_HOUSE, _REGIONS, _CAMERAS, *_IMAGES)]
        files = [path for part in parts if part.is_dir() for path in part.iterdir() if path.is_file()]
        return times(folder, sorted(files))

    def split(self, scene_id: str) -> str:
        """Return the split whose list names the scan, ``train`` where none does."""
        return self._splits.get(scene_id, "train")

    @cached_property
    def _splits(self) -> dict[str, str]:
        lists = [(split, self.root / f"scenes_{split}.txt") for split in _SPLITS]
        named = [(split, read_plain(file).decode(errors="replace")) for split, file in lists if file.is_file()]
        return {scan: split for split, text in named for scan in text.split()}

    def _folder(self, scene_id: str) -> Path:
        folder = folder_of(scene_id, scan_folders(self.root), self.root, "scan")
        if not _house_file(folder).is_file():
            what = "the scan has no house file"
            raise SceneError(what, where=_house_file(folder), mend=f"download {_HOUSE}")
        return folder


class _Rooms(NamedTuple):
    """The rooms of views and of objects, () where nobody knows any; the files that say it; what was noted."""

    of_view: Rooms
    of_object: Rooms
    files: list[Path]
    notes: Notes


def _has_house(folder: Path) -> bool:
    return _house_file(folder).is_file()


def _house_file(folder: Path) -> Path:
    return part_of(folder, _HOUSE) / f"{folder.name}.house"


def _pieces(folder: Path, house: House) -> list[Piece]:
    return mesh_pieces(part_of(folder, _REGIONS), part_of(folder, _HOUSE) / f"{folder.name}.ply", house)


def _read_frames(folder: Path, house: House) -> tuple[PosedFrames, Path, Notes]:
    """Return the frames, the file of their cameras, and what is to be said of them."""
    path = part_of(folder, _CAMERAS) / f"{folder.name}.conf"
    shots = read_conf(path, part_of(folder, _IMAGES[0]).parent, SIZE_PX, DEPTH_UNIT_M)
    frames, counts = usable_frames(shots, folder, 1.0, None)
    posed = [(house.T_world_camera.get(name), T) for name, T in zip(frames.names, frames.poses, strict=True)]
    elsewhere = sum(other is not None and not _same(other, T) for other, T in posed)
    return frames, path, {**counts, "frames that the house file poses elsewhere": elsewhere}


def _same(a: Floats, b: Floats) -> bool:
    off = np.abs(a - b)
    return bool(off[:3, 3].max() <= _SAME_M and off[:3, :3].max() <= _SAME_AXES)


def _rooms(folder: Path, house: House, frames: Sequence[str], mesh: ScanMesh, objects: Sequence[int]) -> _Rooms:
    """Return the regions of frames and of objects, which are named by their ids."""
    file = part_of(folder, _HOUSE) / "panorama_to_region.txt"
    newer = read_panorama_regions(file) if file.is_file() else {}
    of_panorama = {**house.region_of_panorama, **newer}
    of_object = dict(zip(mesh.id.tolist(), mesh.region, strict=True))
    views = tuple(_known(of_panorama.get(name.partition("_")[0], -1)) for name in frames)
    things = tuple(_known(of_object[i]) for i in objects)
    moved = sum(house.region_of_panorama.get(name, region) != region for name, region in newer.items())
    notes: Notes = {"panoramas that the house file has in another region": moved}
    known = any(room is not None for room in views) and any(room is not None for room in things)
    return _Rooms(views if known else (), things if known else (), [file] if newer else [], notes)


def _known(region: int) -> int | None:
    return region if region >= 0 else None
