"""What `scene.yaml` might say of data that do not tell which way is up and how long a unit is: to be confirmed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scene_adapters.posed_told import Axis, rotation_to_z
from spargen.scene.cameras import valid_poses

Floats = NDArray[np.float64]

_CAMERA_M, _ROOM_M = (0.4, 2.2), (1.8, 4.5)
"""Where cameras are held above a floor, and how high rooms are."""
_USUAL_ROOM_M = 2.6
_UNITS = {1.0: "metres", 0.001: "millimetres", 0.01: "centimetres", 0.3048: "feet", 0.0254: "inches"}
_AGREE = 0.3
"""Length of the mean of unit vectors below which they point nowhere together."""


def proposal(up: Axis | None, unit_m: float | None, vertices: Floats, poses: Floats) -> str:
    """Return the lines that `scene.yaml` lacks, with a guess at each and what it rests on.

    Parameters
    ----------
    up, unit_m : what is known already; None is guessed.
    vertices, poses : (P, 3) and (V, 4, 4) as they stand in the files.
    """
    T = poses[valid_poses(poses)]
    lines = []
    if up is None:
        up, why = _guessed_up(T)
        lines.append(f"up: {up}  # {why}")
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


def _guessed_unit(up: Axis, vertices: Floats, T: Floats) -> str:
    """Return the line about the unit: the first usual one by which rooms and cameras have the heights they can have."""
    height = vertices @ rotation_to_z(up)[2, :3]
    low, high = np.percentile(height, [1, 99]) if len(height) else (0.0, 0.0)
    camera = float(np.median(T[:, :3, 3] @ rotation_to_z(up)[2, :3])) - low if len(T) else 0.0
    room = float(high - low)
    for unit, name in _UNITS.items():
        if _CAMERA_M[0] <= unit * camera <= _CAMERA_M[1] and _ROOM_M[0] <= unit * room <= _ROOM_M[1]:
            return f"unit_m: {unit:g}  # {name}: {_heights(unit, camera, room)}"
    unit = float(f"{_USUAL_ROOM_M / room:.2g}") if room > 0 else 1.0
    return f"unit_m: {unit:g}  # a mere guess, measure a length: {_heights(unit, camera, room)}"


def _heights(unit: float, camera: float, room: float) -> str:
    return f"cameras are then {unit * camera:.1f} m above the lowest of the mesh, which is {unit * room:.1f} m high"
