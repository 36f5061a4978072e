"""Furniture that stands on the floor. Local frame: X to the right, front towards -Y, back at +Y, floor at 0."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.demo.solids import Part, Rgb, ball, box, cylinder, lathe

Rng = np.random.Generator

WHITE: Rgb = (0.93, 0.93, 0.91)
BLACK: Rgb = (0.13, 0.13, 0.14)
STEEL: Rgb = (0.66, 0.68, 0.70)
_WOODS: tuple[Rgb, ...] = ((0.72, 0.52, 0.33), (0.55, 0.36, 0.22), (0.84, 0.70, 0.52), (0.42, 0.28, 0.19))
_BRIGHTS: tuple[Rgb, ...] = (
    (0.78, 0.26, 0.22), (0.22, 0.42, 0.68), (0.90, 0.70, 0.25), (0.28, 0.55, 0.38),
    (0.52, 0.33, 0.58), (0.85, 0.50, 0.28), (0.25, 0.58, 0.62), (0.80, 0.78, 0.72),
)  # fmt: skip
_FABRICS: tuple[Rgb, ...] = (
    (0.46, 0.50, 0.56), (0.66, 0.58, 0.48), (0.30, 0.40, 0.52), (0.48, 0.56, 0.44), (0.62, 0.36, 0.32),
)  # fmt: skip


class Top(NamedTuple):
    """A rectangle, in the local frame, on which smaller things may stand: centre, sides, height, head room (metres)."""

    x: float
    y: float
    width: float
    depth: float
    z: float
    room: float = 2.0


@dataclass(frozen=True)
class Piece:
    """One thing: its label (empty = left unannotated), its parts, and the places on it where others may stand.

    `label` is what an annotator writes, `kind` what the thing is: a table lamp may be labelled "lamp".
    """

    label: str
    parts: tuple[Part, ...]
    tops: tuple[Top, ...] = ()
    kind: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", self.kind or self.label)

    @cached_property
    def bounds_m(self) -> NDArray[np.float64]:
        """(2, 3) low and high corner in the local frame."""
        points = np.concatenate([p.corners_m.reshape(-1, 3) for p in self.parts])
        return np.stack([points.min(0), points.max(0)])

    def moved(self, at: ArrayLike, yaw: float = 0.0) -> Piece:
        """Return the piece turned about Z and shifted; its tops are left where they were."""
        return replace(self, parts=tuple(p.moved(at, yaw=yaw) for p in self.parts))

    def labelled(self, label: str) -> Piece:
        """Return the piece under another label."""
        return replace(self, label=label)

    def scaled(self, factor: ArrayLike) -> Piece:
        """Return the piece with its three sides, and its tops, stretched by (3,) factors about its origin."""
        x, y, z = np.asarray(factor, dtype=np.float64)
        tops = (Top(t.x * x, t.y * y, t.width * x, t.depth * y, t.z * z, t.room * z) for t in self.tops)
        return replace(self, parts=tuple(p.scaled((x, y, z)) for p in self.parts), tops=tuple(tops))


def varied(rng: Rng, piece: Piece, spread: float = 0.2) -> Piece:
    """Return the piece in another size: all sides by one factor of up to 1 + `spread`, and each by a little more."""
    return piece.scaled(np.exp(rng.uniform(-spread, spread) + rng.uniform(-spread / 3, spread / 3, 3)))


def finish(rgb: Rgb) -> str:
    """Return the material of a board of that colour: what is white is painted, the rest shows its grain."""
    return "plain" if min(rgb) > 0.85 else "wood"


def wood(rng: Rng) -> Rgb:
    """Draw a wood colour."""
    return _toned(rng, _WOODS)


def bright(rng: Rng) -> Rgb:
    """Draw a strong colour."""
    return _toned(rng, _BRIGHTS)


def cloth(rng: Rng) -> Rgb:
    """Draw an upholstery colour."""
    return _toned(rng, _FABRICS)


def _toned(rng: Rng, palette: tuple[Rgb, ...]) -> Rgb:
    r, g, b = np.clip(np.array(palette[rng.integers(len(palette))]) + rng.uniform(-0.04, 0.04, 3), 0.05, 0.97)
    return float(r), float(g), float(b)


def legs(w: float, d: float, h: float, t: float, rgb: Rgb, material: str = "wood") -> list[Part]:
    """Four square legs of thickness `t` under a w x d rectangle."""
    x, y = (w - t) / 2, (d - t) / 2
    return [box((t, t, h), (sx * x, sy * y, 0), rgb, material) for sx in (-1, 1) for sy in (-1, 1)]


def table(rng: Rng, label: str, w: float, d: float, h: float) -> Piece:
    """Build a board on four legs with an apron."""
    tone = wood(rng)
    parts = [box((w, d, 0.04), (0, 0, h - 0.04), tone, "wood"), *legs(w - 0.06, d - 0.06, h - 0.04, 0.06, tone)]
    parts += [box((w - 0.18, 0.02, 0.08), (0, s * (d / 2 - 0.06), h - 0.12), tone, "wood") for s in (-1, 1)]
    return Piece(label, tuple(parts), (Top(0, 0, w - 0.06, d - 0.06, h),))


def chair(rng: Rng) -> Piece:
    """Build a dining chair with a slatted back."""
    rgb, w, d, h = wood(rng), 0.43, 0.43, 0.45
    parts = [*legs(w, d, h - 0.03, 0.035, rgb), box((w, d, 0.03), (0, 0, h - 0.03), rgb, "wood")]
    parts += [box((0.035, 0.03, 0.42), (s * (w - 0.035) / 2, d / 2 - 0.015, h), rgb, "wood") for s in (-1, 1)]
    parts += [box((w - 0.07, 0.02, 0.06), (0, d / 2 - 0.015, h + z), rgb, "wood") for z in (0.10, 0.22, 0.34)]
    return Piece("chair", tuple(parts))


def office_chair(rng: Rng) -> Piece:
    """Build a swivel chair: five-armed foot, gas spring, padded seat and back, arm rests."""
    seat = bright(rng) if rng.random() < 0.5 else BLACK
    parts = [cylinder(0.03, 0.34, (0, 0, 0.09), STEEL, "metal")]
    for i in range(5):
        arm = box((0.28, 0.045, 0.04), (0.15, 0, 0.06), BLACK)
        parts += [arm.moved(yaw=i * 2 * np.pi / 5), ball(0.03, (0.27, 0, 0), BLACK).moved(yaw=i * 2 * np.pi / 5)]
    parts += [box((0.48, 0.47, 0.08), (0, 0, 0.43), seat, "fabric")]
    parts += [box((0.05, 0.04, 0.22), (0, 0.25, 0.46), BLACK)]
    parts += [box((0.44, 0.06, 0.52), (0, 0.0, 0.0), seat, "fabric").moved((0, 0.245, 0.62), pitch=-0.12)]
    for s in (-1, 1):
        parts += [
            box((0.03, 0.04, 0.20), (s * 0.26, 0.03, 0.46), BLACK),
            box((0.06, 0.26, 0.03), (s * 0.26, 0, 0.66), BLACK),
        ]
    return Piece("office chair", tuple(parts))


def stool(rng: Rng) -> Piece:
    """Build a round stool on three splayed legs."""
    tone, h = wood(rng), float(rng.uniform(0.45, 0.66))
    parts = [cylinder(0.17, 0.04, (0, 0, h - 0.04), tone, "wood")]
    parts += [box((0.03, 0.03, h - 0.04), (0.13, 0, 0), tone, "wood").moved(yaw=i * 2 * np.pi / 3) for i in range(3)]
    parts += [
        lathe([(0.115, h * 0.4), (0.125, h * 0.4), (0.125, h * 0.4 + 0.02), (0.115, h * 0.4 + 0.02)], (0, 0, 0), tone)
    ]
    return Piece("stool", tuple(parts))


def couch(rng: Rng, label: str = "couch", seats: int = 3) -> Piece:
    """Build an upholstered seat for one or more with arms, loose seat cushions and back cushions."""
    rgb, d = cloth(rng), 0.88
    dark: Rgb = (rgb[0] * 0.85, rgb[1] * 0.85, rgb[2] * 0.85)
    inner = 0.62 * seats
    w = inner + 0.36
    parts = [*legs(w - 0.1, d - 0.1, 0.09, 0.06, BLACK), box((inner, d, 0.18), (0, 0, 0.09), dark, "fabric")]
    parts += [box((0.18, d, 0.53), (s * (w - 0.18) / 2, 0, 0.09), rgb, "fabric") for s in (-1, 1)]
    parts += [box((inner, 0.20, 0.72), (0, d / 2 - 0.10, 0.09), dark, "fabric")]
    for i in range(seats):
        x = -inner / 2 + 0.62 * (i + 0.5)
        parts += [box((0.60, 0.66, 0.16), (x, -0.10, 0.27), rgb, "fabric")]
        parts += [box((0.58, 0.14, 0.40), (0, 0, 0), rgb, "fabric").moved((x, 0.17, 0.44), pitch=-0.10)]
    return Piece(label, tuple(parts), (Top(0, -0.17, inner - 0.1, 0.45, 0.43, 0.6),))


def bed(rng: Rng, w: float) -> Piece:
    """Build a bed with head board, frame, mattress and a blanket over the lower two thirds."""
    tone, cover, length = wood(rng), bright(rng), float(rng.uniform(1.85, 2.15))
    parts = [*legs(w, length, 0.18, 0.08, tone), box((w, length, 0.14), (0, 0, 0.18), tone, "wood")]
    parts += [box((w, 0.05, 1.0), (0, length / 2 + 0.025, 0), tone, "wood")]
    parts += [box((w - 0.06, length - 0.04, 0.18), (0, 0, 0.32), WHITE, "fabric")]
    material = str(rng.choice(["checks", "fabric", "stripes"]))
    parts += [box((w + 0.03, length * 0.62, 0.03), (0, -length * 0.20, 0.50), cover, material)]
    parts += [
        box((0.02, length * 0.62, 0.26), (s * (w / 2 + 0.01), -length * 0.20, 0.25), cover, material) for s in (-1, 1)
    ]
    return Piece(
        "bed", tuple(parts), (Top(0, length / 2 - 0.24, w - 0.15, 0.42, 0.50), Top(0, -0.5, w - 0.3, 0.7, 0.53))
    )


def drawers(rng: Rng, label: str, w: float, d: float, h: float, rows: int, columns: int = 1) -> Piece:
    """Build a chest of drawers on short feet, fronts with knobs."""
    tone = wood(rng) if rng.random() < 0.6 else WHITE
    parts = [
        *legs(w, d - 0.04, 0.08, 0.05, tone, finish(tone)),
        box((w, d, h - 0.08), (0, 0, 0.08), tone, finish(tone)),
    ]
    parts += _fronts(tone, w, -d / 2, 0.11, h - 0.04, rows, columns, knobs=True)
    return Piece(label, tuple(parts), (Top(0, 0, w - 0.06, d - 0.06, h),))


def cabinet(
    rng: Rng, label: str, w: float, d: float, h: float, *, tone: Rgb | None = None, ajar: bool = False
) -> Piece:
    """Build a cabinet with doors and bar handles; `ajar` leaves its first door out."""
    rgb = tone or (wood(rng) if rng.random() < 0.6 else WHITE)
    parts = [box((w, d, h), (0, 0, 0.0), rgb, finish(rgb))]
    parts += _fronts(rgb, w, -d / 2, 0.04, h - 0.03, 1, _doors(w), knobs=False, ajar=ajar)
    return Piece(label, tuple(parts), (Top(0, 0, w - 0.05, d - 0.05, h),))


def cabinet_door(w: float, h: float, tone: Rgb) -> Piece:
    """Build the first door of a `cabinet` of that width and height: hinge at the origin, leaf towards +X."""
    fw, fh = (w - 0.03) / _doors(w) - 0.02, h - 0.09
    grip = box((0.015, 0.02, min(0.16, fh / 2)), (fw - 0.04, -0.025, fh * 0.42), STEEL, "metal")
    return Piece("cabinet door", (box((fw, 0.015, fh), (fw / 2, -0.0075, 0), tone, finish(tone)), grip))


def _doors(w: float) -> int:
    return max(1, round(w / 0.5))


def _fronts(
    rgb: Rgb, w: float, y: float, low: float, high: float, rows: int, columns: int, *, knobs: bool, ajar: bool = False
) -> list[Part]:
    """Build raised drawer or door fronts on the plane `y`, with knobs or bars; `ajar`: the dark behind the first."""
    parts = []
    fw, fh = (w - 0.03) / columns, (high - low) / rows
    light: Rgb = (min(rgb[0] * 1.1, 1), min(rgb[1] * 1.1, 1), min(rgb[2] * 1.1, 1))
    for i in range(columns):
        for j in range(rows):
            x, z = -w / 2 + 0.015 + fw * (i + 0.5), low + fh * j
            if ajar and i == j == 0:
                parts.append(box((fw - 0.02, 0.002, fh - 0.02), (x, y - 0.001, z + 0.01), BLACK))
                continue
            parts.append(box((fw - 0.02, 0.015, fh - 0.02), (x, y - 0.0075, z + 0.01), light, finish(rgb)))
            if knobs:
                parts.append(ball(0.016, (x, y - 0.028, z + fh / 2 - 0.016), STEEL, "metal"))
            else:
                side = fw * (0.36 if i % 2 == 0 else -0.36)
                parts.append(
                    box((0.015, 0.02, min(0.16, fh / 2)), (x + side, y - 0.025, z + fh * 0.42), STEEL, "metal")
                )
    return parts


def shelf(rng: Rng, label: str, w: float, d: float, h: float, boards: int) -> Piece:
    """Build an open case: two sides, a back, `boards` shelves, each of which can hold things."""
    tone, t = wood(rng), 0.025
    step = (h - t) / boards
    parts = [box((t, d, h), (s * (w - t) / 2, 0, 0), tone, "wood") for s in (-1, 1)]
    parts += [box((w - 2 * t, 0.01, h), (0, d / 2 - 0.005, 0), tone, "wood")]
    parts += [box((w - 2 * t, d - 0.01, t), (0, -0.005, step * i), tone, "wood") for i in range(boards + 1)]
    tops = [Top(0, -0.005, w - 2 * t - 0.02, d - 0.04, step * i + t, step - t - 0.01) for i in range(boards)]
    return Piece(label, tuple(parts), (*tops, Top(0, 0, w - 0.05, d - 0.04, h)))


def desk(rng: Rng, w: float) -> Piece:
    """Build a desk with a drawer block on one side and a panel leg on the other."""
    tone, d, h = wood(rng), 0.68, 0.74
    block = w / 2 - 0.21
    parts = [
        box((w, d, 0.03), (0, 0, h - 0.03), tone, "wood"),
        box((0.03, d - 0.04, h - 0.03), (-w / 2 + 0.03, 0, 0), tone, "wood"),
    ]
    parts += [box((0.38, d - 0.06, h - 0.03), (block, 0, 0), tone, "wood")]
    parts += [p.moved((block, 0, 0)) for p in _fronts(tone, 0.38, -d / 2 + 0.03, 0.04, h - 0.05, 3, 1, knobs=True)]
    parts += [box((w - 0.46, 0.02, 0.35), (-0.19, d / 2 - 0.08, h - 0.38), tone, "wood")]
    return Piece("desk", tuple(parts), (Top(0, 0, w - 0.06, d - 0.06, h),))


def bench(rng: Rng) -> Piece:
    """Build a slatted bench with a cushion."""
    tone, w = wood(rng), float(rng.uniform(0.9, 1.2))
    parts = [box((0.05, 0.34, 0.42), (s * (w / 2 - 0.10), 0, 0), tone, "wood") for s in (-1, 1)]
    parts += [box((w, 0.07, 0.03), (0, y, 0.42), tone, "wood") for y in (-0.15, -0.075, 0, 0.075, 0.15)]
    parts += [box((w - 0.3, 0.33, 0.05), (0, 0, 0.45), bright(rng), "stripes")]
    return Piece("bench", tuple(parts), (Top(0, 0, w - 0.35, 0.3, 0.50),))


def floor_lamp(rng: Rng) -> Piece:
    """Build a standing lamp with a conical shade."""
    h, shade = float(rng.uniform(1.45, 1.7)), bright(rng)
    parts = [cylinder(0.15, 0.025, (0, 0, 0), BLACK), cylinder(0.015, h - 0.2, (0, 0, 0.02), STEEL, "metal")]
    parts += _shade(0.20, 0.28, (0, 0, h - 0.28), shade)
    return Piece("floor lamp", tuple(parts))


def table_lamp(rng: Rng) -> Piece:
    """Build a small lamp: turned foot, conical shade."""
    foot = bright(rng)
    parts = [
        lathe([(0, 0), (0.07, 0), (0.08, 0.03), (0.035, 0.12), (0.05, 0.18), (0.015, 0.24), (0, 0.24)], (0, 0, 0), foot)
    ]
    parts += _shade(0.13, 0.18, (0, 0, 0.22), (0.96, 0.88, 0.70))
    return Piece("table lamp", tuple(parts))


def _shade(r: float, h: float, at: tuple[float, float, float], rgb: Rgb) -> list[Part]:
    top = 0.6 * r
    profile = [(r * 0.98, 0.0), (r, 0.0), (top, h), (top * 0.97, h), (r * 0.97, 0.01)]
    warm: Rgb = (min(rgb[0] + 0.15, 1), min(rgb[1] + 0.12, 1), rgb[2])
    return [lathe(profile, at, warm, "lit"), ball(0.045, (at[0], at[1], at[2] + 0.04), (1, 0.96, 0.82), "lit")]


def plant(rng: Rng, size: float = 1.0) -> Piece:
    """Build a pot with arching leaves, each a pair of bent strips."""
    pot = [
        lathe(
            [(0, 0), (0.11, 0), (0.15, 0.24), (0.16, 0.24), (0.16, 0.27), (0.13, 0.27), (0.12, 0.22), (0, 0.22)],
            (0, 0, 0),
            bright(rng),
        )
    ]
    leaves = []
    for i in range(14):
        length, lift = rng.uniform(0.22, 0.42), rng.uniform(0.8, 1.4)
        shade: Rgb = (0.18 + 0.10 * float(rng.random()), 0.42 + 0.15 * float(rng.random()), 0.20)
        low = box((0.065, length, 0.006), (0, length / 2, 0), shade, "leaf").moved(pitch=lift)
        tip = np.array([0, length * np.cos(lift), length * np.sin(lift)])
        high = box((0.045, 0.16, 0.006), (0, 0.08, 0), shade, "leaf").moved(tip, pitch=lift - 0.9)
        leaves += [p.moved((0, 0, 0.22), yaw=i * 2.4 + rng.uniform(-0.2, 0.2)) for p in (low, high)]
    return Piece("plant", (*pot, *leaves)).scaled((size, size, size))


def rug(rng: Rng, w: float, d: float, label: str = "rug", height: float = 0.012) -> Piece:
    """Build a flat rug with a border."""
    rgb, edge = bright(rng), cloth(rng)
    parts = [box((w - 0.2, d - 0.2, height), (0, 0, 0), rgb, "carpet")]
    parts += [box((w, 0.1, height), (0, s * (d - 0.1) / 2, 0), edge, "fabric") for s in (-1, 1)]
    parts += [box((0.1, d - 0.2, height), (s * (w - 0.1) / 2, 0, 0), edge, "fabric") for s in (-1, 1)]
    return Piece(label, tuple(parts), (Top(0, 0, w - 0.1, d - 0.1, height),))
