"""The generated house: one triangle mesh with colours, textures and the object that every face belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.demo.furniture import Piece
from spargen.demo.materials import MATERIALS
from spargen.demo.plan import Plan, draw_plan, shell
from spargen.demo.rooms import furnish
from spargen.demo.site import Site
from spargen.demo.solids import Part, tessellate
from spargen.seeds import rng_for

STRUCTURAL = frozenset({"wall", "floor", "ceiling", "door frame"})
"""Labels of the building itself."""


@dataclass(frozen=True, slots=True)
class House:
    """A furnished flat. P vertices, F faces, N objects; metres, +Z up, floors at z = 0.

    Vertices are shared neither between objects nor between the parts of one, and stand part after part, so the vertices
    of a part, and those of an object, are one contiguous range each.

    Parameters
    ----------
    seed : what the house was drawn from.
    plan : rooms and doorways.
    vertices_m, normals : (P, 3) float32. uv_m : (P, 2) float32 texture position in metres.
    rgb : (P, 3) uint8 colour of each vertex.
    material : (P,) uint8 row in `spargen.demo.materials.MATERIALS`.
    vertex_part : (P,) int32 running number of the part. vertex_object : (P,) int32 object, -1 = left unannotated.
    faces : (F, 3) int32. face_object : (F,) int32.
    labels : N labels. host : (N,) int32 object that each stands on or in, -1 = none.
    """

    seed: int
    plan: Plan
    vertices_m: NDArray[np.float32]
    normals: NDArray[np.float32]
    uv_m: NDArray[np.float32]
    rgb: NDArray[np.uint8]
    material: NDArray[np.uint8]
    vertex_part: NDArray[np.int32]
    vertex_object: NDArray[np.int32]
    faces: NDArray[np.int32]
    face_object: NDArray[np.int32]
    labels: tuple[str, ...]
    host: NDArray[np.int32]


def build_house(seed: int, cell_m: float = 0.2) -> House:
    """Generate the flat that belongs to a seed.

    Parameters
    ----------
    seed : any integer; the same seed gives the same house.
    cell_m : longest side of a mesh cell in metres; 0.2 gives some 60,000 faces, 0.07 over 200,000.

    Returns
    -------
    House
    """
    plan = draw_plan(rng_for(seed, "demo", "plan"))
    site = Site(plan, rng_for(seed, "demo", "furniture"))
    furnish(site)
    building = [piece for _, piece in shell(plan, rng_for(seed, "demo", "shell"))]
    placed = [p.piece.moved(p.at_m, p.yaw) for p in site.placed]
    hosts = [-1] * sum(bool(piece.label) for piece in building)
    hosts += [p.host + len(hosts) if p.host >= 0 else -1 for p in site.placed]
    return _merged(seed, plan, [*building, *placed], np.array(hosts, dtype=np.int32), cell_m)


def _merged(seed: int, plan: Plan, pieces: list[Piece], host: NDArray[np.int32], cell_m: float) -> House:
    """Cut all parts into triangles and lay them one after the other."""
    rng = rng_for(seed, "demo", "texture")
    columns: dict[str, list[NDArray[Any]]] = {}
    base = 0
    for number, (owner, part) in enumerate(_parts(pieces)):
        grid = tessellate(part, cell_m)
        n = len(grid.vertices_m)
        # Every board gets its own stretch of the texture; screens and pictures start theirs at the corner.
        shift = rng.uniform(0, 4, 2) * (part.material not in ("painting", "screen"))
        speckle = rng.normal(0.0, 2.0, (n, 1))
        block: dict[str, NDArray[Any]] = {
            "vertices_m": grid.vertices_m.astype(np.float32),
            "normals": grid.normals.astype(np.float32),
            "uv_m": (grid.uv_m + shift).astype(np.float32),
            "rgb": np.clip(np.array(part.rgb) * 255 + speckle, 0, 255).round().astype(np.uint8),
            "material": np.full(n, MATERIALS.index(part.material), dtype=np.uint8),
            "vertex_part": np.full(n, number, dtype=np.int32),
            "vertex_object": np.full(n, owner, dtype=np.int32),
            "faces": (grid.faces + base).astype(np.int32),
            "face_object": np.full(len(grid.faces), owner, dtype=np.int32),
        }
        for name, values in block.items():
            columns.setdefault(name, []).append(values)
        base += n
    arrays: dict[str, Any] = {name: np.concatenate(blocks) for name, blocks in columns.items()}
    for array in (*arrays.values(), host):
        array.setflags(write=False)
    return House(seed=seed, plan=plan, labels=tuple(p.label for p in pieces if p.label), host=host, **arrays)


def _parts(pieces: list[Piece]) -> Iterator[tuple[int, Part]]:
    """Yield (object, part) of all pieces in turn."""
    owner = -1
    for piece in pieces:
        owner += bool(piece.label)
        for part in piece.parts:
            yield (owner if piece.label else -1), part
