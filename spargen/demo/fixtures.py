"""What belongs to the building or hangs on its walls: kitchen and bathroom fittings, doors, windows, pictures.

Local frame as in `furniture`: front towards -Y, back at +Y. Wall pieces have their back on the plane y = 0.
"""

from __future__ import annotations

import numpy as np

from spargen.demo.furniture import BLACK, STEEL, WHITE, Piece, Rng, Top, bright, cloth, finish, wood
from spargen.demo.solids import Part, Rgb, ball, box, cylinder, drape, lathe

PORCELAIN: Rgb = (0.95, 0.95, 0.96)


def refrigerator(rng: Rng) -> Piece:
    """Build a fridge over a freezer, bar handles."""
    w, d, h = 0.62, 0.62, float(rng.uniform(1.6, 1.9))
    rgb = STEEL if rng.random() < 0.5 else WHITE
    parts = [
        box((w, d - 0.05, h - 0.03), (0, 0.025, 0.03), rgb, "metal"),
        box((w - 0.06, d - 0.08, 0.03), (0, 0.02, 0), BLACK),
    ]
    for low, high in ((0.05, 0.58), (0.60, h - 0.01)):
        parts += [box((w - 0.01, 0.05, high - low), (0, -d / 2 + 0.025, low), rgb, "metal")]
        parts += [box((0.025, 0.03, 0.28), (-w / 2 + 0.07, -d / 2 - 0.015, low + 0.12), BLACK)]
    return Piece("refrigerator", tuple(parts), (Top(0, 0.05, w - 0.1, d - 0.15, h),))


def stove(_: Rng) -> Piece:
    """Build an oven with a window below four cooking rings."""
    w, d, h = 0.6, 0.6, 0.9
    parts = [box((w, d, h - 0.02), (0, 0, 0), WHITE), box((w, d, 0.02), (0, 0, h - 0.02), BLACK)]
    parts += [box((w - 0.06, 0.02, 0.46), (0, -d / 2 - 0.01, 0.14), STEEL, "metal")]
    parts += [box((w - 0.18, 0.008, 0.26), (0, -d / 2 - 0.024, 0.22), BLACK, "screen")]
    parts += [box((w - 0.12, 0.03, 0.025), (0, -d / 2 - 0.04, 0.56), STEEL, "metal")]
    parts += [
        cylinder(0.09 if s + t else 0.07, 0.012, (s * 0.14, t * 0.14, h), (0.3, 0.3, 0.32))
        for s in (-1, 1)
        for t in (-1, 1)
    ]
    parts += [ball(0.022, (x, -d / 2 - 0.012, 0.76), BLACK) for x in (-0.2, -0.1, 0.1, 0.2)]
    return Piece("stove", tuple(parts))


def dishwasher(_: Rng) -> Piece:
    """Build a dishwasher with a control strip."""
    parts = [box((0.6, 0.58, 0.86), (0, 0.01, 0), STEEL, "metal"), box((0.58, 0.02, 0.62), (0, -0.29, 0.10), WHITE)]
    parts += [
        box((0.58, 0.02, 0.10), (0, -0.29, 0.74), BLACK),
        box((0.4, 0.03, 0.025), (0, -0.315, 0.66), STEEL, "metal"),
    ]
    return Piece("dishwasher", tuple(parts), (Top(0, 0, 0.55, 0.5, 0.86),))


def counter(w: float, d: float, tone: Rgb) -> Piece:
    """Build a worktop slab with a low upstand along the wall."""
    parts = (
        box((w, d, 0.04), (0, 0, 0), tone, "marble"),
        box((w, 0.02, 0.10), (0, d / 2 - 0.01, 0.04), tone, "marble"),
    )
    return Piece("counter", parts, (Top(0, -0.02, w - 0.04, d - 0.08, 0.04, 0.5),))


def sink(_: Rng, d: float = 0.4) -> Piece:
    """Build a basin that stands on a top, hollow inside, with a tap behind."""
    w, h, t, rgb = 0.5, 0.13, 0.025, PORCELAIN
    parts = [box((w, d, 0.02), (0, 0, 0), rgb)]
    parts += [box((t, d, h), (s * (w - t) / 2, 0, 0.02), rgb) for s in (-1, 1)]
    parts += [box((w - 2 * t, t, h), (0, s * (d - t) / 2, 0.02), rgb) for s in (-1, 1)]
    parts += [
        cylinder(0.018, 0.30, (0, d / 2 - 0.05, 0.02), STEEL, "metal"),
        box((0.03, 0.16, 0.025), (0, d / 2 - 0.12, 0.30), STEEL, "metal"),
    ]
    parts += [cylinder(0.025, 0.006, (0, 0, 0.02), STEEL, "metal")]
    return Piece("sink", tuple(parts))


def range_hood(_: Rng) -> Piece:
    """Build a cooker hood: flared skirt and chimney, back on y = 0, lower edge at 0."""
    parts = (
        box((0.6, 0.48, 0.07), (0, -0.24, 0), STEEL, "metal"),
        box((0.28, 0.26, 0.62), (0, -0.13, 0.07), STEEL, "metal"),
    )
    return Piece("range hood", parts)


def toilet(_: Rng) -> Piece:
    """Bowl, seat, cistern."""
    bowl = lathe(
        [(0.0, 0), (0.13, 0), (0.11, 0.16), (0.19, 0.36), (0.2, 0.40), (0.13, 0.40), (0.08, 0.25), (0, 0.22)],
        (0, -0.12, 0),
        PORCELAIN,
        segments=16,
    )
    parts = [
        bowl,
        box((0.24, 0.28, 0.36), (0, 0.12, 0), PORCELAIN),
        box((0.40, 0.18, 0.40), (0, 0.24, 0.36), PORCELAIN),
    ]
    parts += [box((0.42, 0.20, 0.03), (0, 0.24, 0.76), PORCELAIN), box((0.36, 0.03, 0.38), (0, 0.125, 0.40), WHITE)]
    return Piece("toilet", tuple(parts))


def bathtub(_: Rng, length: float) -> Piece:
    """Build a tub, hollow inside, panelled, with a tap."""
    d, h, t = 0.74, 0.56, 0.07
    parts = [box((length, d, 0.14), (0, 0, 0), PORCELAIN)]
    parts += [box((length, t, h - 0.14), (0, s * (d - t) / 2, 0.14), PORCELAIN) for s in (-1, 1)]
    parts += [box((t, d - 2 * t, h - 0.14), (s * (length - t) / 2, 0, 0.14), PORCELAIN) for s in (-1, 1)]
    parts += [
        box((0.12, 0.03, 0.04), (length / 2 - 0.09, 0, h + 0.06), STEEL, "metal"),
        cylinder(0.02, 0.1, (length / 2 - 0.04, 0, h), STEEL, "metal"),
    ]
    return Piece("bathtub", tuple(parts))


def radiator(_: Rng, w: float) -> Piece:
    """Build a ribbed radiator on two feet, back on y = 0."""
    n = max(4, int(w / 0.08))
    parts = [box((0.05, 0.10, 0.58), (-w / 2 + w * (i + 0.5) / n, -0.07, 0.10), WHITE) for i in range(n)]
    parts += [box((w, 0.04, 0.05), (0, -0.07, z), WHITE) for z in (0.14, 0.60)]
    parts += [box((0.04, 0.06, 0.10), (s * w * 0.35, -0.07, 0), WHITE) for s in (-1, 1)]
    return Piece("radiator", tuple(parts))


def door_leaf(rng: Rng, w: float, h: float) -> Piece:
    """Build a panelled door with handles; hinge at the origin, leaf towards +X, thickness towards -Y."""
    rgb = wood(rng) if rng.random() < 0.5 else WHITE
    parts = [box((w, 0.04, h), (w / 2, -0.02, 0.0), rgb, finish(rgb))]
    for y in (0.004, -0.044):
        parts += [
            box((w - 0.26, 0.008, high), (w / 2, y, low), rgb, finish(rgb))
            for low, high in ((0.18, 0.72), (1.06, 0.78))
        ]
        grip = 0.03 if y > 0 else -0.07
        parts += [
            box((0.12, 0.02, 0.02), (w - 0.11, grip, 0.98), STEEL, "metal"),
            box((0.02, 0.04, 0.02), (w - 0.06, grip * 0.7, 0.98), STEEL, "metal"),
        ]
    return Piece("door", tuple(parts))


def door_frame(w: float, h: float, depth: float, tone: Rgb) -> Piece:
    """Jambs and lintel that line an opening of clear size w x h; centred, wall along X."""
    t = 0.05
    parts = [box((t, depth, h), (s * (w + t) / 2, 0, 0), tone, finish(tone)) for s in (-1, 1)]
    parts += [box((w + 2 * t, depth, t), (0, 0, h), tone, finish(tone))]
    return Piece("door frame", tuple(parts))


def window(_: Rng, w: float, h: float) -> Piece:
    """Build a framed window with two panes and a sill, back on y = 0, lower edge at 0."""
    parts = [box((w - 0.04, 0.02, h - 0.04), (0, -0.011, 0.02), (0.88, 0.95, 1.0), "sky")]
    parts += [box((0.06, 0.05, h), (x, -0.025, 0), WHITE) for x in (-w / 2 + 0.03, 0, w / 2 - 0.03)]
    parts += [box((w - 0.12, 0.05, 0.06), (0, -0.025, z), WHITE) for z in (0, h - 0.06)]
    parts += [box((w + 0.1, 0.14, 0.03), (0, -0.07, -0.03), WHITE)]
    return Piece("window", tuple(parts), (Top(0, -0.095, w - 0.1, 0.08, 0.0, 0.4),))


def curtain(_: Rng, w: float, h: float, rgb: Rgb) -> Piece:
    """Build a gathered curtain on a short rod, back on y = 0, hem at 0."""
    rod = cylinder(0.012, w + 0.08, (0, 0, -w / 2 - 0.04), STEEL, "metal")
    lying = rod.moved(pitch=np.pi / 2).moved(yaw=np.pi / 2).moved((0, -0.075, h))
    return Piece("curtain", (drape(w, h, 3, 0.09, (0, -0.075, 0), rgb), lying))


def picture(rng: Rng, w: float, h: float) -> Piece:
    """Build a framed picture, back on y = 0, lower edge at 0."""
    return _framed("picture", w, h, wood(rng) if rng.random() < 0.6 else BLACK, _tint(rng), "painting")


def mirror(rng: Rng, w: float, h: float) -> Piece:
    """Build a framed mirror (drawn as a pale sheet: it reflects nothing)."""
    return _framed("mirror", w, h, wood(rng), (0.78, 0.86, 0.90), "mirror")


def whiteboard(_: Rng, w: float, h: float) -> Piece:
    """Build a white board with a tray."""
    piece = _framed("whiteboard", w, h, STEEL, (0.97, 0.97, 0.98), "plain")
    return Piece(piece.label, (*piece.parts, box((w * 0.7, 0.06, 0.02), (0, -0.055, 0.0), STEEL, "metal")))


def _framed(label: str, w: float, h: float, frame: Rgb, sheet: Rgb, material: str) -> Piece:
    t = 0.035
    parts = [box((w - t, 0.015, h - t), (0, -0.0085, t / 2), sheet, material)]
    parts += [box((t, 0.03, h), (s * (w - t) / 2, -0.015, 0), frame, "wood") for s in (-1, 1)]
    parts += [box((w - 2 * t, 0.03, t), (0, -0.015, z), frame, "wood") for z in (0, h - t)]
    return Piece(label, tuple(parts))


def _tint(rng: Rng) -> Rgb:
    r, g, b = rng.uniform(0.72, 1.0, 3)
    return float(r), float(g), float(b)


def clock(rng: Rng) -> Piece:
    """Build a round wall clock with hands, back on y = 0, lower edge at 0."""

    def disc(r: float, t: float, y: float, rgb: Rgb) -> Part:
        return cylinder(r, t, (0, 0, 0), rgb).moved(pitch=np.pi / 2).moved((0, y, 0.15))

    parts = [disc(0.15, 0.03, 0.0, bright(rng)), disc(0.13, 0.006, -0.03, WHITE)]
    for length, angle in ((0.07, float(rng.uniform(0, 6))), (0.11, float(rng.uniform(0, 6)))):
        s, c = np.sin(angle), np.cos(angle)
        parts.append(box((0.012, 0.006, 0.012), (0, -0.04, 0.144), BLACK))
        parts += [
            box((0.014, 0.005, 0.014), (s * length * k / 6, -0.039, 0.143 + c * length * k / 6), BLACK)
            for k in range(1, 7)
        ]
    return Piece("clock", tuple(parts))


def towel(rng: Rng) -> Piece:
    """Build a towel over a rail, back on y = 0, hem at 0."""
    rgb = bright(rng)
    parts = [box((0.56, 0.02, 0.02), (0, -0.06, 0.60), STEEL, "metal")]
    parts += [box((0.02, 0.06, 0.02), (s * 0.27, -0.03, 0.60), STEEL, "metal") for s in (-1, 1)]
    parts += [
        box((0.42, 0.016, 0.62), (0, -0.08, 0.0), rgb, "stripes"),
        box((0.42, 0.016, 0.5), (0, -0.04, 0.12), rgb, "stripes"),
    ]
    parts += [box((0.42, 0.056, 0.014), (0, -0.06, 0.62), rgb, "stripes")]
    return Piece("towel", tuple(parts))


def coat_rack(rng: Rng) -> Piece:
    """Build a board with hooks and a coat on one of them, back on y = 0, hem of the coat at 0."""
    tone, w = wood(rng), 0.8
    parts = [box((w, 0.025, 0.12), (0, -0.0125, 0.95), tone, "wood")]
    parts += [box((0.02, 0.07, 0.02), (x, -0.06, 0.98), STEEL, "metal") for x in (-0.3, -0.1, 0.1, 0.3)]
    coat = cloth(rng)
    parts += [
        lathe(
            [(0.17, 0), (0.20, 0.0), (0.15, 0.6), (0.19, 0.8), (0.05, 0.95), (0, 0.95)], (0, 0, 0), coat, "fabric"
        ).moved((-0.15, -0.21, 0.0))
    ]
    return Piece("coat rack", tuple(parts))


def ceiling_light(_: Rng) -> Piece:
    """Build a round lamp under the ceiling; its top at 0."""
    return Piece(
        "ceiling light",
        (lathe([(0, -0.12), (0.12, -0.10), (0.19, -0.04), (0.20, 0), (0, 0)], (0, 0, 0), (1.0, 0.97, 0.90), "lit"),),
    )
