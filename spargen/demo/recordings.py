"""The recordings of a ScanNet++ scene: an iPhone's walk, and a few images of a DSLR with a fisheye lens.

iphone/rgb/frame_000120.jpg           every tenth frame of the video
       rgb_masks/frame_000120.png     255, and 0 where something was made unrecognizable
       depth.bin                      a deflate stream of float32 metres for each frame of the video; in those that were
                                      not extracted nothing is measured
       colmap/                        poses and lens; frames whose tracking was lost are not registered
       pose_intrinsic_imu.json        ARKit's poses, in a world of its own and in the mesh's
dslr/resized_images/DSC01000.JPG      with resized_anon_masks/, colmap/, nerfstudio/transforms.json
     resized_undistorted_images/      with resized_undistorted_masks/, nerfstudio/transforms_undistorted.json
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spargen.demo.colmap import write_colmap
from spargen.demo.film import Frame, film
from spargen.demo.house import House
from spargen.demo.walk import SIZE_PX, lost_frames
from spargen.scene.cameras import Cameras
from spargen.scene.lenses import PINHOLE, Lens
from spargen.seeds import rng_for

Floats = NDArray[np.float64]
Box = tuple[int, int, int, int]

NUMBER_STEP = 10
"""Frame numbers from one extracted frame to the next."""
IPHONE = Lens("OPENCV", (0.05, -0.08, 0.0006, -0.0004))
FISHEYE = Lens("OPENCV_FISHEYE", (-0.02, 0.01, -0.006, 0.001))
DSLR_PX = (876, 584)
K_FISHEYE = np.array([[395.2, 0.0, 441.3], [0.0, 394.6, 289.8], [0.0, 0.0, 1.0]])
K_UNDISTORTED = np.array([[380.0, 0.0, DSLR_PX[0] / 2], [0.0, 380.0, DSLR_PX[1] / 2], [0.0, 0.0, 1.0]])

_DEPTH_PX = (256, 192)
_QUALITY = 90
_MASKED_EVERY = 40
_DSLR_IMAGES, _BAD, _MASKED = 12, 2, 5
"""How many there are at most, which of them is marked as bad, and in which something is masked."""
_DSLR_FOLDERS = {
    "resized_images": "resized_anon_masks",
    "resized_undistorted_images": "resized_undistorted_masks",
}
_TO_JSON = np.array([[0.0, 1, 0, 0], [1, 0, 0, 0], [0, 0, -1, 0], [0, 0, 0, 1]])
"""The world of the nerfstudio files is the mesh's, turned by this."""
_TO_ARKIT = np.array([[0.0, 1, 0, 2.5], [0, 0, 1, -1.2], [1, 0, 0, 0.7], [0, 0, 0, 1]])
"""ARKit's world has its y axis up, and begins where it was started."""
_GL = np.diag([1.0, -1, -1, 1])


def recording_files(folder: Path) -> list[Path]:
    """Return the files without which a scene's recordings are not whole."""
    iphone, dslr = folder / "iphone", folder / "dslr"
    poses, stops = iphone / "pose_intrinsic_imu.json", dslr / "nerfstudio" / "transforms.json"
    keys = list(json.loads(poses.read_text())) if poses.is_file() else []
    names = [f"{kind}/{key}{end}" for key in keys for kind, end in (("rgb", ".jpg"), ("rgb_masks", ".png"))]
    files = [poses, *(iphone / name for name in ("depth.bin", "colmap/cameras.txt", "colmap/images.txt", *names))]
    files += [stops, stops.with_name("transforms_undistorted.json")]
    files += [dslr / "colmap" / name for name in ("cameras.txt", "images.txt")]
    listed = json.loads(stops.read_text()) if stops.is_file() else {"frames": [], "test_frames": []}
    for frame in listed["frames"] + listed["test_frames"]:
        files += [dslr / colors / frame["file_path"] for colors in _DSLR_FOLDERS]
        files += [dslr / masks / frame["mask_path"] for masks in _DSLR_FOLDERS.values()]
    return files


def write_recordings(
    house: House, cameras: Cameras, folder: Path, workers: int, progress: Callable[[int, int], None] | None
) -> None:
    """Write both recordings of a walk.

    Parameters
    ----------
    house, cameras : what is seen, and from where; the iPhone has the cameras' intrinsics, and a lens.
    folder : of the scene.
    workers : processes that render.
    progress : called with (images written, images in all).
    """
    frames = len(cameras)
    tracked = np.setdiff1d(np.arange(frames), lost_frames(house, frames))
    phone = replace(cameras, lens=(IPHONE,) * frames)
    stops = cameras.take(tracked[np.linspace(0, len(tracked) - 1, min(_DSLR_IMAGES, len(tracked))).astype(int)])
    fisheye, undistorted = _dslr(stops, K_FISHEYE, FISHEYE), _dslr(stops, K_UNDISTORTED, PINHOLE)
    _write_poses(phone, tracked, folder / "iphone")
    _write_dslr_poses(fisheye, undistorted, folder / "dslr")
    total = frames + 2 * len(stops)
    images = _counted(film(house, _together(phone, fisheye, undistorted), workers), total, progress)
    _write_iphone(house, images, frames, folder / "iphone")
    for colors, masks in _DSLR_FOLDERS.items():
        for i in range(len(stops)):
            jpeg, _ = next(images)
            hidden = (300, 200, 420, 330) if i == _MASKED else None
            color, mask = (
                folder / "dslr" / colors / f"{_dslr_name(i)}.JPG",
                folder / "dslr" / masks / f"{_dslr_name(i)}.png",
            )
            _write_image(color, mask, jpeg, hidden)
    next(images, None)  # lets the film end


def _counted(images: Iterator[Frame], total: int, progress: Callable[[int, int], None] | None) -> Iterator[Frame]:
    for i, image in enumerate(images, start=1):
        yield image
        if progress is not None:
            progress(i, total)


def _together(*cameras: Cameras) -> Cameras:
    K, T, size = (np.concatenate([getattr(c, name) for c in cameras]) for name in ("K", "T_world_camera", "size_px"))
    return Cameras(K, T, size, [lens for c in cameras for lens in c.lens])


def _write_iphone(house: House, images: Iterator[Frame], frames: int, folder: Path) -> None:
    """Write images, masks and depth; no frame of the video between those that were extracted measured anything."""
    rng = rng_for(house.seed, "demo", "masks")
    nothing = _block(np.zeros(_DEPTH_PX[::-1], dtype="<f4"))
    with (folder / "depth.bin").open("wb") as depths:
        for i in range(frames):
            jpeg, depth = next(images)
            x, y = int(rng.integers(0, 480)), int(rng.integers(0, 320))
            hidden = (x, y, x + 110, y + 140) if i % _MASKED_EVERY == _MASKED_EVERY // 2 else None
            key = _frame_name(i)
            _write_image(folder / "rgb" / f"{key}.jpg", folder / "rgb_masks" / f"{key}.png", jpeg, hidden)
            depths.write(nothing * (NUMBER_STEP - 1 if i else 0) + _block(_small_depth(depth)))


def _write_image(color: Path, mask: Path, jpeg: bytes, hidden: Box | None) -> None:
    """Write an image and its mask; what is hidden (left, top, right, bottom) becomes one grey."""
    for path in (color, mask):
        path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(jpeg))
    valid = Image.new("L", image.size, 255)
    if hidden is not None:
        image.paste((128, 128, 128), hidden)
        valid.paste(0, hidden)
        data = io.BytesIO()
        image.save(data, "JPEG", quality=_QUALITY)
        jpeg = data.getvalue()
    color.write_bytes(jpeg)
    valid.save(mask)


def _small_depth(depth: bytes) -> NDArray[np.float32]:
    """Return depth in metres, at the middles of the fewer pixels that a depth camera has."""
    mm = np.frombuffer(zlib.decompress(depth), "<u2").reshape(SIZE_PX[::-1])
    column, row = ((np.arange(n) + 0.5) * size / n for n, size in zip(_DEPTH_PX, SIZE_PX, strict=True))
    metres: NDArray[np.float32] = (mm[np.ix_(row.astype(int), column.astype(int))] / 1000).astype("<f4")
    return metres


def _block(metres: NDArray[np.float32]) -> bytes:
    """Return one depth image as a block: its size, and a raw deflate stream."""
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = deflate.compress(metres.tobytes()) + deflate.flush()
    return len(data).to_bytes(4, "little") + data


def _frame_name(i: int) -> str:
    return f"frame_{i * NUMBER_STEP:06d}"


def _write_poses(phone: Cameras, tracked: NDArray[np.int64], folder: Path) -> None:
    """Write COLMAP's model, whose names have a folder before them, and ARKit's poses, which know of no lens."""
    write_colmap(folder / "colmap", phone.take(tracked), [f"video/{_frame_name(int(i))}.jpg" for i in tracked])
    K = phone.K[0].copy()
    K[:2, 2] -= 0.5  # ARKit counts the centres of pixels as whole numbers
    frames = {
        _frame_name(i): {
            "timestamp": i * NUMBER_STEP / 60,
            "pose": (_TO_ARKIT @ T @ _GL).tolist(),
            "intrinsic": K.tolist(),
            "imu": {"roll": 0.0, "pitch": 0.0, "yaw": 0.0},
            "aligned_pose": T.tolist(),
        }
        for i, T in enumerate(phone.T_world_camera)
    }
    (folder / "pose_intrinsic_imu.json").write_text(json.dumps(frames, separators=(",", ":")))


def _dslr(stops: Cameras, K: Floats, lens: Lens) -> Cameras:
    n = len(stops)
    return Cameras(np.tile(K, (n, 1, 1)), stops.T_world_camera, np.tile(DSLR_PX, (n, 1)), [lens] * n)


def _dslr_name(i: int) -> str:
    return f"DSC{1000 + 3 * i:05d}"


def _write_dslr_poses(fisheye: Cameras, undistorted: Cameras, folder: Path) -> None:
    names = [f"{_dslr_name(i)}.JPG" for i in range(len(fisheye))]
    write_colmap(folder / "colmap", fisheye, names)
    (folder / "nerfstudio").mkdir(parents=True, exist_ok=True)
    for file, cameras in (("transforms", fisheye), ("transforms_undistorted", undistorted)):
        body = _transforms(cameras, names)
        (folder / "nerfstudio" / f"{file}.json").write_text(json.dumps(body, indent=1))


def _transforms(cameras: Cameras, names: Sequence[str]) -> dict[str, Any]:
    """Return the nerfstudio form of cameras, in its own world and with OpenGL's camera axes."""
    K, lens, (width, height) = cameras.K[0], cameras.lens[0], cameras.size_px[0].tolist()
    frames = [
        {
            "file_path": name,
            "mask_path": f"{Path(name).stem}.png",
            "transform_matrix": (_TO_JSON @ T @ _GL).tolist(),
            "is_bad": i == _BAD,
        }
        for i, (name, T) in enumerate(zip(names, cameras.T_world_camera, strict=True))
    ]
    body: dict[str, Any] = {"fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2], "w": width, "h": height}
    body |= {f"k{i + 1}": k for i, k in enumerate(lens.coefficients[:4])} if lens.bends else {}
    return {**body, "camera_model": lens.model, "frames": frames[:-2], "test_frames": frames[-2:]}
