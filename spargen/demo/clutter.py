"""Small things that stand on furniture or on the floor. Local frame as in `furniture`."""

from __future__ import annotations

import numpy as np

from spargen.demo.furniture import BLACK, STEEL, WHITE, Piece, Rng, Top, bright, cloth, wood
from spargen.demo.solids import Part, Rgb, ball, box, cylinder, lathe


def books(rng: Rng, w: float, tallest: float) -> Piece:
    """Build a row of upright books of total width about `w`, the last ones leaning in height only."""
    parts: list[Part] = []
    x = -w / 2
    while x < w / 2 - 0.03:
        t, h = float(rng.uniform(0.018, 0.045)), float(rng.uniform(0.62, 0.97)) * tallest
        parts.append(box((t - 0.002, 0.2 * float(rng.uniform(0.75, 1.0)), h), (x + t / 2, 0, 0), bright(rng)))
        x += t
    return Piece("books", tuple(parts))


def book_stack(rng: Rng) -> Piece:
    """Three to five books lying on each other, every one turned a little."""
    parts, z = [], 0.0
    for _ in range(int(rng.integers(3, 6))):
        t = float(rng.uniform(0.02, 0.045))
        cover = box((float(rng.uniform(0.15, 0.19)), float(rng.uniform(0.21, 0.26)), t), (0, 0, 0), bright(rng))
        parts.append(cover.moved((0, 0, z), yaw=float(rng.uniform(-0.25, 0.25))))
        z += t
    return Piece("books", tuple(parts))


def tv(_: Rng, w: float) -> Piece:
    """Build a flat television on a foot."""
    h = w * 0.57
    parts = [
        box((w, 0.045, h), (0, 0, 0.07), BLACK),
        box((w - 0.04, 0.004, h - 0.04), (0, -0.0245, 0.09), (0.10, 0.13, 0.18), "screen"),
    ]
    parts += [box((0.08, 0.05, 0.08), (0, 0, 0.01), BLACK), box((0.4, 0.2, 0.015), (0, 0, 0), BLACK)]
    return Piece("tv", tuple(parts))


def monitor(_: Rng) -> Piece:
    """Build a desktop monitor, switched on."""
    parts = [
        box((0.56, 0.035, 0.34), (0, 0, 0.10), BLACK),
        box((0.52, 0.004, 0.30), (0, -0.0195, 0.12), (0.30, 0.48, 0.70), "screen"),
    ]
    parts += [cylinder(0.02, 0.14, (0, 0.03, 0.0), STEEL, "metal"), cylinder(0.11, 0.012, (0, 0.03, 0), STEEL, "metal")]
    return Piece("monitor", tuple(parts))


def keyboard(_: Rng) -> Piece:
    """Build a keyboard with rows of keys."""
    parts = [box((0.44, 0.15, 0.018), (0, 0, 0), BLACK)]
    parts += [box((0.41, 0.022, 0.008), (0, -0.05 + 0.028 * i, 0.018), (0.75, 0.75, 0.77), "checks") for i in range(4)]
    return Piece("keyboard", tuple(parts))


def laptop(_: Rng) -> Piece:
    """Build an open laptop."""
    lid = box((0.34, 0.012, 0.23), (0, 0, 0), STEEL).moved((0, 0.115, 0.018), pitch=-0.28)
    screen = box((0.31, 0.003, 0.20), (0, -0.008, 0.015), (0.35, 0.55, 0.80), "screen").moved(
        (0, 0.115, 0.018), pitch=-0.28
    )
    keys = box((0.28, 0.10, 0.003), (0, 0.03, 0.018), BLACK)
    return Piece("laptop", (box((0.34, 0.24, 0.018), (0, 0, 0), STEEL), lid, screen, keys))


def printer(_: Rng) -> Piece:
    """Build an ink-jet printer with a tray of paper."""
    parts = [
        box((0.44, 0.36, 0.16), (0, 0.03, 0), (0.85, 0.85, 0.86)),
        box((0.36, 0.04, 0.05), (0, -0.14, 0.03), BLACK),
    ]
    parts += [
        box((0.26, 0.22, 0.01), (0, -0.18, 0.0), WHITE),
        box((0.24, 0.02, 0.2), (0, 0, 0), WHITE).moved((0, 0.14, 0.15), pitch=-0.3),
    ]
    return Piece("printer", tuple(parts))


def mug(rng: Rng) -> Piece:
    """Build a mug with a handle."""
    rgb = bright(rng)
    body = lathe([(0, 0), (0.042, 0), (0.045, 0.10), (0.039, 0.10), (0.037, 0.012), (0, 0.012)], (0, 0, 0), rgb)
    handle = [
        box((0.012, 0.012, 0.06), (0.075, 0, 0.02), rgb),
        *(box((0.035, 0.012, 0.012), (0.058, 0, z), rgb) for z in (0.02, 0.068)),
    ]
    return Piece("mug", (body, *handle))


def bottle(rng: Rng) -> Piece:
    """Build a bottle with a label and a cap."""
    rgb: Rgb = (0.16, 0.42, 0.26) if rng.random() < 0.5 else (0.55, 0.30, 0.14)
    body = lathe([(0, 0), (0.04, 0), (0.042, 0.17), (0.015, 0.24), (0.015, 0.29), (0, 0.29)], (0, 0, 0), rgb)
    tag = lathe([(0.0415, 0.0), (0.0435, 0.0), (0.0435, 0.08), (0.0415, 0.08)], (0, 0, 0.05), WHITE)
    return Piece("bottle", (body, tag, cylinder(0.018, 0.025, (0, 0, 0.285), bright(rng))))


def vase(rng: Rng) -> Piece:
    """Build a vase with a few flowers."""
    body = lathe(
        [(0, 0), (0.06, 0), (0.09, 0.10), (0.04, 0.22), (0.055, 0.26), (0.045, 0.26), (0.03, 0.22), (0, 0.2)],
        (0, 0, 0),
        bright(rng),
    )
    parts = [body]
    for i in range(5):
        lean, turn, stem = (
            float(rng.uniform(0.05, 0.3)),
            i * 1.26,
            box((0.008, 0.008, 0.22), (0, 0, 0), (0.25, 0.5, 0.25)),
        )
        head = ball(0.035, (0, 0, 0.2), bright(rng), squash=0.7)
        parts += [p.moved(pitch=lean).moved((0, 0, 0.22), yaw=turn) for p in (stem, head)]
    return Piece("vase", tuple(parts))


def bowl(rng: Rng) -> Piece:
    """Build a bowl of fruit."""
    rgb = bright(rng)
    parts = [lathe([(0, 0), (0.06, 0), (0.14, 0.08), (0.13, 0.08), (0.06, 0.02), (0, 0.02)], (0, 0, 0), rgb)]
    fruit: tuple[Rgb, ...] = ((0.85, 0.25, 0.2), (0.92, 0.62, 0.15), (0.55, 0.7, 0.25))
    parts += [
        ball(0.038, (0.055 * np.cos(a), 0.055 * np.sin(a), 0.03), fruit[i]) for i, a in enumerate((0.3, 2.4, 4.5))
    ]
    return Piece("bowl", tuple(parts))


def microwave(_: Rng) -> Piece:
    """Build a microwave oven with a dark door and a button strip."""
    parts = [
        box((0.48, 0.34, 0.27), (0, 0.01, 0), (0.82, 0.82, 0.83)),
        box((0.33, 0.012, 0.21), (-0.06, -0.166, 0.03), BLACK, "screen"),
    ]
    parts += [box((0.015, 0.03, 0.19), (0.12, -0.18, 0.04), STEEL, "metal")]
    parts += [box((0.05, 0.008, 0.025), (0.18, -0.164, 0.05 + 0.045 * i), BLACK) for i in range(4)]
    return Piece("microwave", tuple(parts))


def toaster(rng: Rng) -> Piece:
    """Build a toaster with two slots."""
    rgb = bright(rng)
    parts = [box((0.28, 0.16, 0.17), (0, 0, 0.015), rgb), box((0.26, 0.15, 0.015), (0, 0, 0), BLACK)]
    parts += [box((0.20, 0.025, 0.004), (0, s * 0.035, 0.185), BLACK) for s in (-1, 1)]
    return Piece("toaster", (*parts, box((0.02, 0.03, 0.02), (0.15, 0, 0.12), BLACK)))


def coffee_maker(_: Rng) -> Piece:
    """Build a drip coffee machine with its jug."""
    parts = [
        box((0.2, 0.24, 0.03), (0, 0, 0), BLACK),
        box((0.2, 0.08, 0.3), (0, 0.08, 0.03), BLACK),
        box((0.2, 0.22, 0.08), (0, 0.01, 0.30), BLACK),
    ]
    jug = lathe([(0, 0), (0.06, 0), (0.075, 0.06), (0.05, 0.15), (0, 0.15)], (0, -0.05, 0.03), (0.35, 0.22, 0.15))
    return Piece("coffee maker", (*parts, jug))


def trash_can(rng: Rng) -> Piece:
    """Build an open bin, wider at the top."""
    h, rgb = float(rng.uniform(0.32, 0.5)), bright(rng) if rng.random() < 0.5 else STEEL
    return Piece(
        "trash can", (lathe([(0, 0), (0.12, 0), (0.155, h), (0.145, h), (0.11, 0.02), (0, 0.02)], (0, 0, 0), rgb),)
    )


def basket(rng: Rng) -> Piece:
    """Build a wicker basket with a blanket in it."""
    body = lathe(
        [(0, 0), (0.17, 0), (0.22, 0.30), (0.20, 0.30), (0.19, 0.2), (0, 0.2)], (0, 0, 0), (0.70, 0.54, 0.34), "checks"
    )
    return Piece("basket", (body, ball(0.17, (0, 0, 0.19), cloth(rng), "fabric", squash=0.5)))


def carton(rng: Rng) -> Piece:
    """Build a cardboard box with tape across its lid."""
    w, d, h = (float(x) for x in rng.uniform((0.3, 0.25, 0.2), (0.5, 0.4, 0.4)))
    rgb: Rgb = (0.72, 0.55, 0.36)
    parts = (box((w, d, h), (0, 0, 0), rgb), box((w, 0.05, 0.003), (0, 0, h), (0.85, 0.78, 0.6)))
    return Piece("box", parts, (Top(0, 0, w - 0.04, d - 0.04, h + 0.003),))


def backpack(rng: Rng) -> Piece:
    """Build a rucksack with a front pocket and straps."""
    rgb = bright(rng)
    dark: Rgb = (rgb[0] * 0.6, rgb[1] * 0.6, rgb[2] * 0.6)
    parts = [box((0.32, 0.18, 0.36), (0, 0, 0), rgb, "fabric"), box((0.26, 0.14, 0.07), (0, 0, 0.36), rgb, "fabric")]
    parts += [box((0.24, 0.07, 0.18), (0, -0.125, 0.04), dark, "fabric"), box((0.1, 0.02, 0.05), (0, 0, 0.43), dark)]
    parts += [box((0.05, 0.03, 0.34), (s * 0.09, 0.105, 0.02), dark, "fabric") for s in (-1, 1)]
    return Piece("backpack", tuple(parts))


def shoes(rng: Rng) -> Piece:
    """Build a pair of shoes side by side."""
    rgb = bright(rng)
    parts: list[Part] = []
    for x in (-0.07, 0.07):
        parts += [box((0.095, 0.28, 0.025), (x, 0, 0), WHITE), box((0.085, 0.14, 0.05), (x, -0.065, 0.025), rgb)]
        parts += [box((0.085, 0.12, 0.10), (x, 0.07, 0.025), rgb)]
    return Piece("shoes", tuple(parts))


def pillow(rng: Rng, w: float = 0.44) -> Piece:
    """Build a plump cushion lying flat: a square pressed together towards its seams."""
    rgb, material = bright(rng), str(rng.choice(["stripes", "fabric", "checks"]))
    d, h = w * 0.85, 0.15
    middle = box((w * 0.8, d * 0.8, h), (0, 0, 0), rgb, material)
    rim = box((w, d, h * 0.45), (0, 0, h * 0.275), rgb, material)
    between = box((w * 0.92, d * 0.92, h * 0.76), (0, 0, h * 0.12), rgb, material)
    return Piece("pillow", (middle, between, rim))


def suitcase(rng: Rng) -> Piece:
    """Build a ribbed suitcase on wheels with its handle out."""
    rgb = bright(rng)
    parts = [
        box((0.42, 0.22, 0.6), (0, 0, 0.06), rgb),
        *(box((0.03, 0.23, 0.56), (x, 0, 0.08), rgb) for x in (-0.12, 0, 0.12)),
    ]
    parts += [ball(0.03, (s * 0.16, t * 0.07, 0), BLACK) for s in (-1, 1) for t in (-1, 1)]
    parts += [box((0.02, 0.02, 0.3), (s * 0.09, 0.06, 0.66), BLACK) for s in (-1, 1)]
    return Piece("suitcase", (*parts, box((0.2, 0.03, 0.03), (0, 0.06, 0.96), BLACK)))


def guitar(_: Rng) -> Piece:
    """Build a guitar on a stand: two rounded bodies, a neck, a head."""
    tone: Rgb = (0.78, 0.48, 0.20)

    def disc(r: float, z: float, rgb: Rgb, y: float, t: float) -> Part:
        return cylinder(r, t, (0, 0, 0), rgb, "wood").moved(pitch=np.pi / 2).moved((0, y, z))

    parts = [
        disc(0.19, 0.25, tone, 0.045, 0.09),
        disc(0.14, 0.45, tone, 0.045, 0.09),
        disc(0.05, 0.42, BLACK, -0.045, 0.004),
    ]
    parts += [
        box((0.05, 0.03, 0.5), (0, -0.02, 0.55), (0.35, 0.22, 0.14), "wood"),
        box((0.08, 0.03, 0.14), (0, -0.02, 1.05), BLACK),
    ]
    parts += [box((0.3, 0.03, 0.06), (0, s * 0.12, 0.0), BLACK) for s in (-1, 1)] + [
        box((0.03, 0.27, 0.06), (0, 0, 0.0), BLACK)
    ]
    return Piece("guitar", tuple(parts))


def laundry_hamper(rng: Rng) -> Piece:
    """Build a tall woven hamper with a lid."""
    body = lathe([(0, 0), (0.2, 0), (0.22, 0.52), (0, 0.52)], (0, 0, 0), wood(rng), "checks")
    return Piece("laundry hamper", (body, cylinder(0.23, 0.03, (0, 0, 0.52), wood(rng), "wood")))


def toilet_paper(_: Rng) -> Piece:
    """Build a roll of paper standing on its end."""
    return Piece(
        "toilet paper", (lathe([(0.02, 0), (0.058, 0), (0.058, 0.1), (0.02, 0.1), (0.02, 0)], (0, 0, 0), WHITE),)
    )


def scales(_: Rng) -> Piece:
    """Bathroom scales."""
    parts = (box((0.3, 0.3, 0.045), (0, 0, 0), (0.3, 0.34, 0.4)), box((0.12, 0.05, 0.004), (0, 0.1, 0.045), WHITE))
    return Piece("scale", parts)
