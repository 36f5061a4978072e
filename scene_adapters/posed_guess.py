"""What `scene.yaml` might say of data that do not tell which way is up and how long a unit is: to be confirmed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scene_adapters.posed_told import Axis, Up, rotation_to_z
from spargen.geometry.plausible import planes, up_axis
from spargen.scene.cameras import valid_poses
from spargen.scene.types import Mesh

Floats = NDArray[np.float64]

_CAMERA_M, _ROOM_M, _HELD_M = (0.4, 2.2), (1.0, 4.5), 1.45
"""Where cameras are held above a floor, how high rooms are as far as they were scanned, and how high cameras mostly."""
_USUAL_ROOM_M = 2.6
_UNITS = {1.0: "metres", 0.001: "millimetres", 0.01: "centimetres", 0.3048: "feet", 0.0254: "inches"}
LEVEL_DEG = 3.0
"""From here on a world leans that is said to be level."""
_AGREE = 0.3
"""Length of the mean of unit vectors below which they point nowhere together."""


def proposal(up: Up | None, unit_m: float | None, vertices: Floats, faces: NDArray[np.int32], poses: Floats) -> str:
    """Return the lines that `scene.yaml` lacks, with a guess at each and what it rests on.

    Parameters
    ----------
    up, unit_m : what is known already; None is guessed.
    vertices, faces, poses : (P, 3), (F, 3) and (V, 4, 4) as they stand in the files; there may be no faces.
    """
    T = poses[valid_poses(poses)]
    lines = []
    if up is None:
        up, why = _guessed_up(T)
        up, why = _levelled(up, vertices, faces, T) or (up, why)
        said = up if isinstance(up, str) else "[" + ", ".join(f"{n:.4f}" for n in up) + "]"
        lines.append(f"up: {said}  # {why}")
    if unit_m is None:
        lines.append(_guessed_unit(up, vertices, T))
    return "\n".join(lines)


def _guessed_up(T: Floats) -> tuple[Axis, str]:
    """Return the axis that is nearest to what is up to cameras, and how near it is."""
    mean = -T[:, :3, 1].mean(axis=0) if len(T) else np.zeros(3)
    length = float(np.linalg.norm(mean))
    if length < _AGREE:
        return "z", "a mere guess: the cameras do not agree which way is up"
    axis = int(np.abs(mean).argmax())
    off_deg = np.degrees(np.arccos(min(abs(mean[axis]) / length, 1.0)))
    names: dict[tuple[int, bool], Axis] = {
        (0, True): "x",
        (1, True): "y",
        (2, True): "z",
        (0, False): "-x",
        (1, False): "-y",
        (2, False): "-z",
    }
    return names[axis, bool(mean[axis] > 0)], f"to the cameras, up is {off_deg:.0f} degrees off this axis"


def _levelled(axis: Up, vertices: Floats, faces: NDArray[np.int32], T: Floats) -> tuple[Up, str] | None:
    """Return the direction that floors and tables have for up where it is not the axis that cameras are nearest to."""
    R = rotation_to_z(axis)
    if not len(faces) or not len(T):
        return None
    mesh = Mesh(vertices @ R[:3, :3].T, faces, np.full(len(faces), -1, dtype=np.int32))
    up = up_axis(planes(mesh), R @ T)
    if up is None or up[2] > np.cos(np.radians(LEVEL_DEG)):
        return None
    x, y, z = (up @ R[:3, :3]).tolist()
    off_deg = np.degrees(np.arccos(min(up[2], 1.0)))
    return (x, y, z), f"to cameras and floors; {off_deg:.0f} degrees off the axis {axis}"


def _guessed_unit(up: Up, vertices: Floats, T: Floats) -> str:
    """Return the line about the unit: the usual one by which cameras are most nearly as high as people hold them."""
    height = vertices @ rotation_to_z(up)[2, :3]
    low, high = np.percentile(height, [1, 99]) if len(height) else (0.0, 0.0)
    camera = float(np.median(T[:, :3, 3] @ rotation_to_z(up)[2, :3])) - low if len(T) else 0.0
    room = float(high - low)
    possible = [u for u in _UNITS if _is_within(u * camera, _CAMERA_M) and _is_within(u * room, _ROOM_M)]
    if possible:
        unit = min(possible, key=lambda u: abs(np.log(u * camera / _HELD_M)))
        return f"unit_m: {unit:g}  # {_UNITS[unit]}: {_heights(unit, camera, room)}"
    unit = float(f"{_USUAL_ROOM_M / room:.2g}") if room > 0 else 1.0
    return f"unit_m: {unit:g}  # a mere guess, measure a length: {_heights(unit, camera, room)}"


def _is_within(value: float, low_high: tuple[float, float]) -> bool:
    return low_high[0] <= value <= low_high[1]


def _heights(unit: float, camera: float, room: float) -> str:
    return f"cameras are then {unit * camera:.1f} m above the lowest of the mesh, which is {unit * room:.1f} m high"
