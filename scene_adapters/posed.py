"""Any metric mesh with posed images: own scans, exports of reconstruction programs, rendered rooms."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scene_adapters.formats.files import is_there
from scene_adapters.formats.folders import folders_in, holds
from scene_adapters.formats.shots import Shots
from scene_adapters.posed_cameras import FORMATS, cameras_of, read_cameras
from scene_adapters.posed_frames import usable_frames
from scene_adapters.posed_guess import proposal
from scene_adapters.posed_images import boxed_objects, has_instance_images, instance_images
from scene_adapters.posed_labels import read_boxes
from scene_adapters.posed_mesh import MESHES, read_mesh
from scene_adapters.posed_objects import read_objects
from scene_adapters.posed_store import PosedFrames
from scene_adapters.posed_told import TOLD, Told, Up, read_told, rotation_to_z, told_files
from spargen.errors import SceneError, nearest
from spargen.fingerprint import contents, digest, sizes, times
from spargen.geometry.annotation import annotate
from spargen.scene.adapter import SceneAdapter
from spargen.scene.cameras import Cameras
from spargen.scene.types import Annotation, Objects, Scene, Surface

Faces = NDArray[np.int32]

_LABELS = ("labels.json", "labels.csv", "labels.txt")
_BOXES = ("boxes.json",)


class PosedAdapter(SceneAdapter):
    """Reads a mesh with objects in it, and images with poses.

    ::

        ROOT/
          scene.yaml                 optional: says of all scenes what cannot be seen from them
          <scene>/
            scene.yaml               optional: the same of this scene, key by key
            mesh.ply                 or .obj, .glb
            labels.json              what the objects are; or labels.csv, labels.txt
            boxes.json               optional: oriented boxes
            instance/<frame>.png     instead of a mesh: ids of objects, 16 bits, beside depth images of the same size
            transforms.json          nerfstudio's cameras; or
            scene_meta.json          WAI's, of map-anything; or
            sparse/0/                a COLMAP model, text or binary; also in sparse/, colmap/sparse/0/, colmap/, or here
              cameras.bin  images.bin
            rgb.txt  depth.txt  groundtruth.txt        TUM RGB-D's; or
            frame-000000.pose.txt  .color.png  .depth.png      7-Scenes', also in folders seq-01/ ...
            images/ ...              .jpg and .png files, where the cameras say they are; COLMAP's are looked for here
            depth/<frame>.png        optional: depth images that no file of cameras lists

    ``scene.yaml``; each key may be left out where the files say it or there is nothing to say::

        up: z                  which axis of the files points up: x y z -x -y -z; or a direction, [0.02, -0.89, 0.45]
        unit_m: 1.0            metres in one unit of mesh and poses
        depth_unit_m: 0.001    metres in one unit of the depth images; by default TUM's 1/5000, else millimetres
        mesh: house.glb        which file it is, where there are several, or it has another name;
        labels: names.json     so for these, and for `boxes`;
        cameras: colmap/dslr   and for cameras, a file or the folder that holds them
        intrinsics: {fl_x: 525, fl_y: 525, cx: 320, cy: 240}    for TUM and 7-Scenes, which have none: by nerfstudio's
                               names, in pixels from the image's corner (OpenCV counts 0.5 less)
        split: test            `train` by default
        space: house 7         scenes of one space show the same rooms

    Mesh, boxes and poses stand in one world, in one unit. That it is metres, and which way is up, must be known: glTF
    says both by its specification (metres, +Y up), WAI's ``scale_type: metric`` says metres. Else `scene.yaml` must
    say it; what it says counts before the formats. Where something is missing the scene is refused, and the error
    proposes the lines to be written, guessed from the cameras and the heights: so does ``spargen inspect``.

    Objects, in this order:

    - ids of faces, or else of vertices, in a `.ply`: a property `object_id`, `objectId` or `instance_id`, and a labels
      file that names the ids. What it does not name is not annotated. A face of vertices belongs to what two of its
      three vertices belong to. `boxes.json` may bring boxes of these ids.
    - `boxes.json` alone: a face belongs to the smallest box, by volume, that holds all its corners, give or take 2 cm.
      What lies flat in the lowest 3 cm of a box that is taller than 10 cm is what the thing stands on, not the thing.
    - named parts: the nodes of a `.glb`, the objects (else the groups) of an `.obj`. Nodes on which other nodes with a
      mesh hang are no objects, and names lose the number that tells them apart (``Chair.001``). A labels file that
      names nodes replaces both rules: what it names is an object.

    Without a mesh, each frame needs an image of instances and one of depths, and `boxes.json` names all objects; pixels
    of other ids are not annotated, and boxes that lean by more than 10 degrees are doubtful.

    Forms of the two files: `posed_labels.py`. Cameras: `nerfstudio.py`, `colmap.py`, `pose_folders.py`; nerfstudio's
    and WAI's applied transforms and scale are undone, for the mesh stands in the world before them. Polygons are cut
    into triangles. Textures and colours are not read.

    Frames are called by their image files, or by folder and file where two would have one name. Left out and counted
    are images that are listed and not there, lie outside of the scene's folder, or are damaged; poses that are lost,
    infinite or no motion; intrinsics that cannot be the image's. Intrinsics of another size are scaled, pixel corners
    on corners, if the aspect is the same. Depth images of 7-Scenes are taken as if registered, and are off by some
    centimetres. A mask's zeros are pixels to be disregarded.

    A folder with a mesh, the folder instance/, or a scene.yaml is a scene. Not read: depth of other kinds than PNG,
    `.gltf` in several files, compressed glTF, and camera models that `spargen.scene.lenses` does not have.
    """

    dataset: ClassVar[str] = "posed"
    terms_of_use: ClassVar[str] = "own data: its makers say its terms, in a file TERMS_OF_USE.txt beside the scenes"

    def scenes(self) -> Sequence[str]:
        """Return the names of the scenes' folders, sorted."""
        found = sorted(folder.name for folder in self._folders() if holds(folder, _is_scene))
        if not found:
            mend = f"point root at the folder that holds <scene>/mesh.ply, with its cameras: {FORMATS}"
            raise SceneError("no scene here", where=self.root, mend=mend)
        return found

    def load(self, scene_id: str) -> Scene:
        """Read one scene; frames that cannot be used are left out and counted in the notes."""
        folder, told = self._folder(scene_id), self._told(scene_id)
        chosen = _the_one(folder, "cameras", told.cameras, cameras_of(folder), f"give cameras: {FORMATS}")
        shots = read_cameras(folder, chosen, told.intrinsics)
        without_mesh = told.mesh is None and not _meshes(folder) and has_instance_images(folder)
        read = (_read_images if without_mesh else self._read_mesh)(folder, told, shots)
        world, frames = read.world, read.frames
        T = rotation_to_z(world.up)
        up = world.up if isinstance(world.up, str) else "{:.3f}, {:.3f}, {:.3f}".format(*world.up)
        here = f"{up} up, a unit is {world.unit_m:g} m"
        files = [*read.files, *told_files(self.root, folder), *shots.files]
        return Scene(
            id=scene_id,
            dataset=self.dataset,
            surface=read.surface,
            objects=read.objects,
            annotation=read.annotation,
            cameras=Cameras(frames.K, T @ frames.poses, frames.size_px, frames.lens),
            frames=frames.names,
            store=frames,
            color_suffix=frames.color_suffix,
            T_world_released=T,
            fingerprint=digest(contents(folder, files), sizes(folder, (*frames.files, *read.shown))),
            notes={**({} if world == ("z", 1.0) else {"world of the files": here}), **read.notes},
        )

    def _read_mesh(self, folder: Path, told: Told, shots: Shots) -> _Read:
        """Read a mesh and what stands on it."""
        mesh_file = folder / _the_one(folder, "mesh", told.mesh, _meshes(folder), f"give a mesh: {', '.join(MESHES)}")
        labels, boxes = (_file(folder, *which) for which in ((told.labels, _LABELS), (told.boxes, _BOXES)))
        read = read_mesh(mesh_file)
        world = _world(told, shots, read.vertices, read.faces, folder, gltf=mesh_file.suffix.lower() == ".glb")
        R = rotation_to_z(world.up)[:3, :3]
        frames, notes = usable_frames(shots, folder, world.unit_m, told.depth_unit_m)
        vertices_m = read.vertices * world.unit_m @ R.T
        found = read_objects(read, vertices_m, labels, boxes, world.unit_m, R)
        annotated = annotate(
            vertices_m,
            read.faces,
            found.ids,
            found.labels,
            rules=self.label_rules,
            vertex_object=found.vertex_object,
            face_object=found.face_object,
            boxes=found.boxes,
        )
        bare = {"share of faces without object": round(float((annotated.mesh.face_object < 0).mean()), 4)}
        counted = {what: count for what, count in (found.notes | annotated.notes).items() if count}
        files = tuple(path for path in (mesh_file, labels, boxes) if path)
        mesh, objects, _, given = annotated
        return _Read(mesh, objects, given, frames, world, files, (), {**notes, **bare, **counted})

    def fingerprint(self, scene_id: str) -> str:
        """Return a digest of names, sizes and times of change of all files in the scene's folder."""
        folder = self._folder(scene_id)
        inside = [Path(at) / name for at, _, names in os.walk(folder, followlinks=True) for name in names]
        return times(folder, sorted({*inside, *told_files(self.root, folder)}))

    def split(self, scene_id: str) -> str:
        """Return what `scene.yaml` says."""
        return self._told(scene_id).split

    def space(self, scene_id: str) -> str:
        """Return what `scene.yaml` says; a scene of which it says nothing is a space of its own."""
        return self._told(scene_id).space or scene_id

    def _told(self, scene_id: str) -> Told:
        return read_told(self.root, self._folder(scene_id))

    def _folders(self) -> list[Path]:
        found = folders_in([self.root], self.root, "point root at the folder that holds the scenes' folders")
        return [folder for name, folder in found.items() if not name.startswith(".")]

    def _folder(self, scene_id: str) -> Path:
        folder = self.root / scene_id
        if not folder.is_dir() or folder.parent != self.root:
            mend = nearest(
                scene_id, (path.name for path in self._folders()), "see scenes() for the names that are there"
            )
            raise SceneError(f"there is no scene {scene_id!r}", where=self.root, mend=mend)
        return folder


class _World(NamedTuple):
    """Which axis of the files points up, and metres in one of their units."""

    up: Up
    unit_m: float


class _Read(NamedTuple):
    """What a scene is made of, the files that were read whole, and further images that were not opened."""

    surface: Surface
    objects: Objects
    annotation: Annotation
    frames: PosedFrames
    world: _World
    files: tuple[Path, ...]
    shown: tuple[Path, ...]
    notes: dict[str, int | float | str]


def _read_images(folder: Path, told: Told, shots: Shots) -> _Read:
    """Read a scene of instance images, whose objects all have boxes."""
    boxes_file = _file(folder, told.boxes, _BOXES)
    if boxes_file is None:
        raise SceneError("instance images need boxes.json", where=folder, mend="write the box of each object there")
    as_written = read_boxes(boxes_file, 1.0, np.eye(3))
    corners = np.reshape([corner for box in as_written.values() for corner in box.low_high()], (-1, 3))
    world = _world(told, shots, corners, np.zeros((0, 3), dtype=np.int32), folder, gltf=False)
    boxes = read_boxes(boxes_file, world.unit_m, rotation_to_z(world.up)[:3, :3])
    posed, notes = usable_frames(shots, folder, world.unit_m, told.depth_unit_m)
    frames, surface, files = instance_images(posed, folder, boxes)
    left_out = len(posed.names) - len(frames.names)
    more = {"frames without an image of instances or of depth": left_out} if left_out else {}
    objects = boxed_objects(boxes)
    given = Annotation(objects.id, objects.label, boxes=(objects.center_m, objects.extent_m, objects.R_world_box))
    return _Read(surface, objects, given, frames, world, (boxes_file,), files, {**notes, **more})


def _world(told: Told, shots: Shots, points: NDArray[np.float64], faces: Faces, folder: Path, *, gltf: bool) -> _World:
    """Return which way is up and how long a unit is, as told or as the formats say it.

    `points` (P, 3) and `faces` (F, 3) of the scene help to guess.
    """
    up: Up | None = told.up or ("y" if gltf else None)
    unit_m = told.unit_m or (1.0 if gltf or shots.metric else None)
    if up and unit_m:
        return _World(up, unit_m)
    missing = [what for what, known in (("which way is up", up), ("how many metres a unit has", unit_m)) if not known]
    poses = np.reshape([shot.T_files_camera for shot in shots.listed], (-1, 4, 4))
    text = proposal(up, unit_m, points, faces, poses)
    raise SceneError(
        f"neither the mesh nor the cameras say {' and '.join(missing)}",
        where=folder,
        mend=f"write into {folder / TOLD}, once you have seen that it is so:\n{text}",
    )


def _meshes(folder: Path) -> list[str]:
    """Return the files of a folder that may be its mesh; what is called mesh is the only one."""
    found = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in MESHES and path.is_file())
    return [name for name in found if Path(name).stem == "mesh"] or found


def _is_scene(folder: Path) -> bool:
    return bool(_meshes(folder)) or has_instance_images(folder) or (folder / TOLD).is_file()


def _the_one(folder: Path, key: str, told: str | None, found: Sequence[str], mend: str) -> str:
    """Return what is told, else the only one that was found."""
    if told is not None:
        if not os.path.exists(folder / told):  # noqa: PTH110 - that of `Path` raises for a name that is too long
            raise SceneError(f"there is no {told}", where=folder, mend=f"mend `{key}` in {TOLD}")
        return told
    if len(found) != 1:
        several = f"there are several that may be the {key}: {', '.join(found)}"
        what = several if found else f"there is nothing that may be the {key}"
        raise SceneError(what, where=folder, mend=f"say `{key}: {found[0]}` or another in {TOLD}" if found else mend)
    return found[0]


def _file(folder: Path, told: str | None, usual: Sequence[str]) -> Path | None:
    """Return a file that may be absent unless it is told; of several usual ones the first."""
    if told is not None and not is_there(folder / told):
        raise SceneError(f"there is no {told}", where=folder, mend=f"mend it in {TOLD}")
    return next((folder / name for name in ([told] if told else usual) if is_there(folder / name)), None)
