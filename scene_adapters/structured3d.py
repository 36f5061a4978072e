"""Structured3D from its release layout: rendered houses, with images of instances and depths in the place of a mesh."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from scene_adapters.formats.files import read_json
from scene_adapters.structured3d_files import (
    ANNOTATION,
    BOXES,
    COLORS,
    Errata,
    House,
    house_in,
    houses_in,
    read_errata,
    scene_number,
)
from scene_adapters.structured3d_objects import Named, Votes, named, read_boxes
from scene_adapters.structured3d_rooms import outlines, rooms_of
from scene_adapters.structured3d_views import Renders, View, read_shown, read_view, said
from spargen.errors import SceneError
from spargen.fingerprint import contents, digest, sizes, times
from spargen.scene.adapter import SceneAdapter
from spargen.scene.cameras import Cameras
from spargen.scene.images import InstanceImages
from spargen.scene.types import Annotation, Scene

_FIRST_VAL, _FIRST_TEST = 3000, 3250


class Structured3DAdapter(SceneAdapter):
    """Reads Structured3D houses.

    ::

        ROOT/                                 or ROOT/Structured3D/, ROOT/<archive>/, ROOT/<archive>/Structured3D/: a
                                              house's files may lie in several of these, as archives leave them
          scene_00000/
            annotation_3d.json                rooms, from Structured3D_annotation_3d.zip
            bbox_3d.json                      boxes of furniture, from Structured3D_bbox.zip
            2D_rendering/<room>/perspective/full/<position>/
              camera_pose.txt                 eye, direction of view, up, half of both fields of view
              rgb_rawlight.png                colour; else rgb_nolight.png, else rgb_shading.png
              depth.png                       16 bits, millimetres along the camera's Z, 0 = unknown
              instance.png                    16 bits, IDs of bbox_3d.json, 65535 = no furniture
              semantic.png                    NYU40 classes, 0 = none
          metadata/errata.txt                 optional: what its authors call wrong; also beside ROOT

    Only perspective renders of the configuration `full` are read: panoramas are no pinhole images, and `empty` has no
    instances. A scene is a house, and a room's folder is the room of its views. An object is in the room whose outline
    in ``annotation_3d.json`` holds most of its box, for cameras look through doors. The layout of ``layout.json`` is
    not read.

    World: the release's, +Z up, floors at 0, brought from millimetres to metres; nothing is turned. Cameras: the
    direction of view is OpenCV's +Z; focal lengths are half the image's side by the tangent of half the field of view,
    fx and fy each its own; the principal point is the middle of the image.

    Frames are called ``<room>_<position>``. Their images are published as JPEG files, as SPAR's script writes them.
    Views that lack a file or whose files cannot be read, or are not of one size, are left out and named in the notes.

    Objects carry the ID of their box. Labels are the class, by NYU40's names, that most of an object's pixels have in
    semantic.png over all views. Objects that no pixel shows have no label, are left out and counted. Boxes are never
    fitted: they are the release's. Doubtful are objects whose pixels do not agree on a label, objects that hang too
    high for what they are called (lamps called sofas), and objects most of which lies outside of their box (boxes of
    downloads before 2020-03-26 are turned). Walls, floors, ceilings and doors have no boxes: each kind is one doubtful
    object. Other classes without a box (windows) are doubtful objects that no pixel shows, for where each of them is is
    not known: nothing of that name is then the only one.

    Errata: a house that ``metadata/errata.txt`` names, or one of the six that are known to be invalid, is no scene.
    Views of rooms that it names are left out, and objects in them have no room. Notes say what applied.

    `split()` is ``train`` up to scene_02999, ``val`` up to scene_03249, else ``test``.
    """

    dataset: ClassVar[str] = "structured3d"
    terms_of_use: ClassVar[str] = (
        "Structured3D Terms of Use, https://structured3d-dataset.org/ (on request; not commercial, no redistribution)"
    )

    def scenes(self) -> Sequence[str]:
        """Return the names of all houses that are not called invalid, sorted."""
        found = sorted(set(houses_in(self.root)) - read_errata(self.root).houses)
        if not found:
            mend = "point root at the folder that holds scene_00000/, or the folders that archives were unpacked to"
            raise SceneError("no Structured3D house here", where=self.root, mend=mend)
        return found

    def load(self, scene_id: str) -> Scene:
        """Read one house; views that cannot be used are left out and named in the notes."""
        house, errata = house_in(self.root, scene_id), read_errata(self.root)
        _refuse_invalid(scene_id, errata)
        wrong = errata.rooms.get(scene_id, frozenset())
        annotation, boxes_file = house.file(ANNOTATION), house.file(BOXES)
        rooms = outlines(read_json(annotation, mend="take it from Structured3D_annotation_3d.zip"), annotation)
        boxes, impossible = read_boxes(boxes_file)
        votes = Votes(boxes)
        views, faults = _usable(house, wrong, votes)
        eyes_m = np.array([view.T_world_camera[:3, 3] for view in views])
        found = named(votes, eyes_m, self.label_rules)
        objects, store = found.objects, Renders(tuple(views), found.of_instance, found.of_class)
        room_of_object = rooms_of(objects, {name: rooms[name] for name in rooms if name not in wrong})
        room_of_object = [room if there else None for room, there in zip(room_of_object, found.released, strict=True)]
        _refuse_roomless(found, room_of_object, boxes_file, annotation)
        notes: dict[str, int | str] = {
            "errata": _applied(errata, wrong),
            "views left out": said(faults),
            **{f"images of {name}": sum(view.color.name == name for view in views) for name in COLORS[1:]},
            "rooms without an outline": len({view.room for view in views} - rooms.keys()),
            "boxes that cannot be": impossible,
            **found.notes,
            "objects in no room": sum(room is None for room in room_of_object[: int(found.released.sum())]),
        }
        read = [annotation, boxes_file, *([errata.file] if errata.file else []), *_pose_files(house, views)]
        return Scene(
            id=scene_id,
            dataset=self.dataset,
            surface=InstanceImages(store.rows, store.depth_m, np.arange(len(views)), sizes(self.root, store.files)),
            objects=objects,
            annotation=_given(found),
            cameras=Cameras(
                np.array([view.K for view in views]),
                np.array([view.T_world_camera for view in views]),
                np.array([view.size_px for view in views]),
            ),
            frames=tuple(view.name for view in views),
            store=store,
            room_of_view=[view.room for view in views],
            room_of_object=room_of_object,
            fingerprint=digest(contents(self.root, read), sizes(self.root, store.files)),
            notes={what: note for what, note in notes.items() if note},
        )

    def fingerprint(self, scene_id: str) -> str:
        """Return a digest of names, sizes and times of change of all files that `load` reads."""
        errata = read_errata(self.root).file
        return times(self.root, [*house_in(self.root, scene_id).files(), *([errata] if errata else [])])

    def split(self, scene_id: str) -> str:
        """Return ``train``, ``val`` or ``test`` by the house's number."""
        number = scene_number(scene_id)
        return "train" if number < _FIRST_VAL else "val" if number < _FIRST_TEST else "test"


def _refuse_invalid(scene_id: str, errata: Errata) -> None:
    if scene_id in errata.houses:
        what = "the authors of Structured3D call this house invalid"
        raise SceneError(what, where=errata.file or scene_id, mend="leave it out")


def _refuse_roomless(found: Named, rooms: Sequence[str | None], boxes_file: Path, annotation: Path) -> None:
    """Refuse a house of whose objects none has a room: no question, which stays in one, could be about any."""
    if not rooms or any(room is not None for room in rooms):
        return
    if not found.released.any():
        what, mend = "it has no box of anything that the images show", "take it from Structured3D_bbox.zip again"
        raise SceneError(what, where=boxes_file, mend=mend)
    what, mend = "no box stands in an outline of a room", "take it from Structured3D_annotation_3d.zip again"
    raise SceneError(what, where=annotation, mend=mend)


def _usable(house: House, wrong: frozenset[str], votes: Votes) -> tuple[list[View], list[tuple[str, str]]]:
    """Return the views that can be used, whose pixels are added to `votes`; and what is wrong with others, by name.

    Raises
    ------
    SceneError
        Where none is left.
    """
    views, faults = [], []
    for room, position in house.views():
        if room in wrong:
            continue
        try:
            view = read_view(house, room, position)
            votes.add(view, read_shown(view))
            views.append(view)
        except SceneError as error:
            faults.append((f"{room}_{position}", f"{Path(str(error.where)).name}, {error.what}"))
    if not views:
        what = f"no view can be used: {said(faults)}" if faults else "there are no perspective full renders"
        raise SceneError(what, where=house.folders[0], mend="download the archives perspective_full again")
    return views, faults


def _pose_files(house: House, views: Sequence[View]) -> list[Path]:
    return [house.file(f"{house.of_view(view.room, view.position)}/camera_pose.txt") for view in views]


def _applied(errata: Errata, wrong: frozenset[str]) -> str:
    """Say which errata were known, and which applied to a house."""
    known = "" if errata.file else "no metadata/errata.txt: only the six invalid houses are known"
    return f"rooms left out: {', '.join(sorted(wrong))}" if wrong else known


def _given(found: Named) -> Annotation:
    """Return what the release says of the objects: boxes, but none of classes."""
    objects, own = found.objects, found.released
    center, extent = (np.where(own[:, None], x, np.nan) for x in (objects.center_m, objects.extent_m))
    R = np.where(own[:, None, None], objects.R_world_box, np.nan)
    return Annotation(objects.id, objects.label, boxes=(center, extent, R))
