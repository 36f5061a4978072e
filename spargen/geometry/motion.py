"""How one camera lies relative to another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spargen.scene.cameras import Cameras

Floats = NDArray[np.float64]


def camera_moves(
    cameras: Cameras, first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Translation and turn from R first cameras to R second ones.

    Returns
    -------
    shift_m : (R, 3) centre of the second camera in the axes of the first: right, down, forward.
    turn_deg : (R, 2) change of elevation (up is positive) and of heading about gravity (clockwise from above is
        positive, in -180 .. 180).
    roll_deg : (R,) absolute change of roll.
    """
    T = cameras.T_world_camera
    offset = T[second, :3, 3] - T[first, :3, 3]
    shift_m = np.einsum("rij,ri->rj", T[first, :3, :3], offset)
    up = cameras.elevation_deg[second] - cameras.elevation_deg[first]
    # Headings count counter-clockwise; a turn to the right is clockwise.
    right = _half_turn(np.degrees(cameras.heading_rad[first] - cameras.heading_rad[second]))
    roll = np.abs(_half_turn(cameras.roll_deg[second] - cameras.roll_deg[first]))
    return shift_m, np.stack([up, right], axis=-1), roll


def _half_turn(angle_deg: Floats) -> Floats:
    """Bring angles into -180 .. 180."""
    return (angle_deg + 180.0) % 360.0 - 180.0
