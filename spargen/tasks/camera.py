"""How the camera moved between two images."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np

from spargen.geometry.motion import camera_moves
from spargen.geometry.rounding import permille, round_half_away
from spargen.qa.answers import MOVES, PLACE, Place, metres
from spargen.qa.fact import Fact
from spargen.qa.margin import least, of_rounding, of_roundings
from spargen.tasks.context import TaskContext, off_rounding_edge
from spargen.tasks.registry import task

AXES = (("move_left", "move_right"), ("move_up", "move_down"), ("move_backward", "move_forward"))
TURNS = (("rotate_down", "rotate_up"), ("rotate_left", "rotate_right"))
AT_ZERO = ("move_right", "move_down", "move_forward", "rotate_down", "rotate_right")
"""Words of a negative and a positive change, and of none at all."""
TURN_STEP_DEG = 5
NOISE = 1e-9
"""Changes below this are none: what is left of a rotation multiplied out."""

MOVE_SLOTS = "move_x move_x_m move_y move_y_m move_z move_z_m turn_pitch turn_pitch_deg turn_yaw turn_yaw_deg"


@task("view_change_infer", views="pair", level="medium", answer=MOVES, slots=MOVE_SLOTS)
def view_change_infer(ctx: TaskContext) -> Iterator[Fact]:
    """How the camera moved and turned from the first image to the second.

    Offset of the second camera along the axes of the first, to 0.1 m, and its changes of elevation and heading,
    to 5 degrees.
    """
    pairs = ctx.keep(ctx.upright[ctx.pairs].all(axis=1), "an image is steep or tilted", ctx.pairs)
    shift_m, turn_deg, roll_deg = camera_moves(ctx.cameras, pairs[:, 0], pairs[:, 1])
    steps = np.concatenate([shift_m * 10, turn_deg / TURN_STEP_DEG], axis=1)
    values = round_half_away(np.abs(steps)) * [0.1, 0.1, 0.1, TURN_STEP_DEG, TURN_STEP_DEG]
    good = (roll_deg <= ctx.settings.max_view_roll_deg) & (values[:, 4] < 180) & (values > 0).any(axis=1)
    good &= off_rounding_edge(steps).all(axis=1)
    raw = np.concatenate([shift_m, turn_deg], axis=1)
    pairs, raw, values = ctx.keep(good, "no clear change, a half turn, or a change of roll", pairs, raw, values)
    raw = np.where(np.abs(raw) <= NOISE, 0.0, raw)
    sign = np.sign(raw).astype(np.int64)
    for i in ctx.balanced((sign > 0) @ 2 ** np.arange(5)):
        signs = zip(AXES + TURNS, AT_ZERO, sign[i].tolist(), strict=True)
        words = [at_zero if not s else either[s > 0] for either, at_zero, s in signs]
        moves = [(word, round(value, 1)) for word, value in zip(words, values[i].tolist(), strict=True)]
        said = [
            (word.rpartition("_")[2], metres(value) if k < 3 else f"{value:g}") for k, (word, value) in enumerate(moves)
        ]
        slots = dict(zip(MOVE_SLOTS.split(), chain.from_iterable(said), strict=True))
        shift, turn = raw[i, :3].tolist(), raw[i, 3:].tolist()
        yield Fact(
            frames=ctx.frames_of(pairs[i]),
            objects=(),
            answer=moves,
            slots=slots,
            truth={"shift_m": shift, "turn_deg": turn},
            margin=least([of_roundings(shift, "m", signed=True), of_roundings(turn, "deg", signed=True)]),
        )


@task("camera_motion_infer", views="pair", level="medium", answer=PLACE, slots="pixel depth_m")
def camera_motion_infer(ctx: TaskContext) -> Iterator[Fact]:
    """Where in the first image the camera of the second one stands, and how deep.

    The second camera's position projected into the first image, on a scale of 0 to 1000, and its depth there.
    """
    pairs, cameras = ctx.pairs, ctx.cameras
    shift_m, _, _ = camera_moves(cameras, pairs[:, 0], pairs[:, 1])
    depth_m, size = shift_m[:, 2], cameras.size_px[pairs[:, 0]]
    ahead = depth_m >= ctx.settings.min_camera_depth_m
    pixel = np.full((len(pairs), 2), -1.0)
    pixel[ahead] = cameras.pixels(pairs[ahead, 0], shift_m[ahead, None])[:, 0]
    good = ahead & ((pixel >= 0) & (pixel < size)).all(axis=1) & ctx.rounds_clearly(depth_m)
    raw = pixel / size * 1000
    good &= off_rounding_edge(raw).all(axis=1)
    reason = "second camera not inside the first image"
    pairs, pixel, size, raw, depth_m = ctx.keep(good, reason, pairs, pixel, size, raw, depth_m)
    at = permille(pixel, size)
    ninth = np.minimum(at * 3 // 1000, 2)
    for i in ctx.balanced(ninth @ [3, 1]):
        place = Place(int(at[i, 0]), int(at[i, 1]), float(depth_m[i]))
        yield Fact(
            frames=ctx.frames_of(pairs[i]),
            objects=(),
            answer=place,
            slots={"pixel": f"({place.x},{place.y})", "depth_m": metres(place.depth_m)},
            truth={"x_permille": float(raw[i, 0]), "y_permille": float(raw[i, 1]), "depth_m": place.depth_m},
            margin=least([of_roundings(raw[i].tolist(), "1/1000"), of_rounding(place.depth_m, "m")]),
        )
