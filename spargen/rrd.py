"""A scene as a recording for the Rerun viewer: mesh, boxes with labels, the way of the camera and what it saw."""

from __future__ import annotations

from mimetypes import guess_type
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from spargen.errors import JobError
from spargen.run.files import make_folder, temporary, writing
from spargen.scene.types import Mesh, Scene
from spargen.views.pictures import colour_fault
from spargen.views.table import evenly_spaced

FRAMES = 100
"""So many frames, evenly spaced, are recorded with their images."""
_GREY = 160
_GOLDEN = 0.61803398875
"""Multiples of it, modulo 1, lie apart: so do the colours of objects that follow each other."""

Bytes = NDArray[np.uint8]


def write_rrd(scene: Scene, path: Path) -> None:
    """Write a scene into an .rrd file, in metres, +Z up. Lenses are drawn as pinholes.

    Raises
    ------
    JobError
        Where rerun-sdk is not installed.
    """
    rerun = _load_rerun()
    with writing(path):
        recording = rerun.RecordingStream("spargen", recording_id=f"{scene.dataset}/{scene.id}")
        make_folder(path.parent)
        beside = temporary(path)
        recording.save(beside)
        recording.log("world", rerun.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
        _log_things(rerun, recording, scene)
        _log_cameras(rerun, recording, scene)
        recording.disconnect()
        beside.replace(path)


def _log_things(rerun: Any, recording: Any, scene: Scene) -> None:
    """Log the mesh, each vertex in the colour of its object, and the boxes of all objects."""
    objects, mesh = scene.objects, scene.surface
    colours = _colours(len(objects))
    if isinstance(mesh, Mesh) and not mesh.is_empty:
        painted = np.full((len(mesh.vertices_m), 3), _GREY, dtype=np.uint8)
        named = mesh.face_object >= 0
        painted[mesh.faces[named].ravel()] = np.repeat(colours[mesh.face_object[named]], 3, axis=0)
        shape = {"vertex_positions": mesh.vertices_m.astype(np.float32), "triangle_indices": mesh.faces}
        recording.log("world/mesh", rerun.Mesh3D(**shape, vertex_colors=painted), static=True)
    turned = scipy.spatial.transform.Rotation.from_matrix(objects.R_world_box.reshape(-1, 3, 3)).as_quat()
    boxes = rerun.Boxes3D(
        centers=objects.center_m,
        half_sizes=objects.extent_m / 2,
        quaternions=turned,
        labels=[f"{label} ({i})" for label, i in zip(objects.label, objects.id.tolist(), strict=True)],
        colors=colours,
    )
    recording.log("world/objects", boxes, static=True)


def _log_cameras(rerun: Any, recording: Any, scene: Scene) -> None:
    """Log the way of the camera, and one camera that goes along it and shows its images."""
    cameras = scene.cameras
    recording.log("world/way", rerun.LineStrips3D([cameras.position_m]), static=True)
    for view in evenly_spaced(len(scene.frames), FRAMES).tolist():
        recording.set_time("frame", sequence=view)
        T = cameras.T_world_camera[view]
        recording.log("world/camera", rerun.Transform3D(translation=T[:3, 3], mat3x3=T[:3, :3]))
        axes = {"camera_xyz": rerun.ViewCoordinates.RDF, "resolution": cameras.size_px[view].tolist()}
        recording.log("world/camera", rerun.Pinhole(image_from_camera=cameras.K[view], **axes))
        if not colour_fault(scene, view):
            kind, _ = guess_type(f"image{scene.color_suffix[view]}")
            image = rerun.EncodedImage(contents=scene.store.color(view).read(), media_type=kind)
            recording.log("world/camera", image)


def _colours(count: int) -> Bytes:
    """Return (count, 3) colours of full saturation, around the circle of hues."""
    hue = (np.arange(count) * _GOLDEN % 1)[:, None] * 6 + np.array([0, 4, 2])
    return np.asarray(255 * np.clip(np.abs(hue % 6 - 3) - 1, 0, 1), dtype=np.uint8)


def _load_rerun() -> Any:
    try:
        import rerun
    except ImportError as error:
        raise JobError("rerun-sdk is not installed", where="--rrd", mend='pip install "spargen[view]"') from error
    return rerun
