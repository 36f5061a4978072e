"""Where the cameras of a posed scene stand, in which format, and all of them read into one form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scene_adapters.formats.colmap import model_files, read_model
from scene_adapters.formats.conventions import MILLIMETRE
from scene_adapters.formats.files import image_file_size, is_there
from scene_adapters.formats.intrinsics_named import NAMES, Intrinsics, named_intrinsics
from scene_adapters.formats.nerfstudio import read_nerfstudio
from scene_adapters.formats.pose_folders import Calibrate, is_tum, read_seven_scenes, read_tum, seven_scenes_poses
from scene_adapters.formats.shots import Shot, Shots
from spargen.errors import SceneError, nearest

_JSON = ("transforms.json", "scene_meta.json")
_MODELS = ("sparse/0", "sparse", "colmap/sparse/0", "colmap", ".")
FORMATS = (
    "transforms.json (nerfstudio), scene_meta.json (WAI), a COLMAP model in sparse/0, rgb.txt and groundtruth.txt "
    "(TUM), or frame-000000.pose.txt (7-Scenes)"
)


def cameras_of(folder: Path) -> list[str]:
    """Return all that may be the cameras of a scene: files and folders, relative to the scene's."""
    found = [name for name in _JSON if (folder / name).is_file()]
    found += next(([name] for name in _MODELS if model_files(folder / name)), [])
    return found + (["."] if "." not in found and (is_tum(folder) or seven_scenes_poses(folder)) else [])


def read_cameras(folder: Path, chosen: str, intrinsics: Mapping[str, float | str] | None) -> Shots:
    """Read the cameras of a scene.

    Parameters
    ----------
    folder : the scene's.
    chosen : the file or folder, relative to it.
    intrinsics : of all images, by nerfstudio's names, for formats that say none.

    Raises
    ------
    SceneError
        Where nothing of that name is there, is of a format that is read, or what is there is damaged.
    """
    place = folder / chosen
    if intrinsics is not None and (place.is_file() or model_files(place)):
        mend = "leave `intrinsics` out of scene.yaml, or mend them there"
        raise SceneError("the cameras have intrinsics of their own", where=place, mend=mend)
    if place.is_file():
        return read_nerfstudio(place)
    if model_files(place):
        return _colmap(place, folder)
    if is_tum(place):
        return read_tum(place, _calibrate(intrinsics, place))
    if seven_scenes_poses(place):
        return read_seven_scenes(place, _calibrate(intrinsics, place))
    raise SceneError("these are no cameras of a known format", where=place, mend=f"give {FORMATS}")


def _colmap(place: Path, folder: Path) -> Shots:
    """List the images of a COLMAP model; they lie in ``images/``, or in the scene's folder itself."""
    model = read_model(place)
    listed = []
    for name, pose, number in zip(model.names, model.T_world_camera, model.camera.tolist(), strict=True):
        camera = model.cameras[number]
        ways = [base / name.replace("\\", "/") for base in (folder / "images", folder)]
        image = next((way for way in ways if is_there(way)), ways[0])
        listed.append(Shot(image, pose, camera.K, camera.size_px, camera.lens))
    files = model_files(place) or ()
    return Shots(tuple(listed), files, MILLIMETRE, notes={"images of the model without a pose": model.dropped})


def _calibrate(intrinsics: Mapping[str, float | str] | None, place: Path) -> Calibrate:
    """Return what gives images the intrinsics that scene.yaml names."""
    if intrinsics is None:
        raise SceneError(
            "recordings of this format do not say their intrinsics",
            where=place,
            mend="name them in scene.yaml, pixels counted from the image's corner (OpenCV's cx and cy + 0.5), such as\n"
            "    intrinsics: {fl_x: 585, fl_y: 585, cx: 320, cy: 240}  # the depth camera of 7-Scenes",
        )
    for key in intrinsics:
        if key not in NAMES:
            mend = nearest(key, NAMES, f"the names are {', '.join(sorted(NAMES))}")
            raise SceneError(f"`intrinsics` has no {key!r}", where=place, mend=mend)

    def of(image: Path) -> Intrinsics | None:
        return named_intrinsics((intrinsics,), lambda: image_file_size(image), "scene.yaml, intrinsics")

    return of
