"""The generated house: one triangle mesh with colours, textures and the object that every face belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spargen.demo.furniture import Piece
from spargen.demo.materials import MATERIALS
from spargen.demo.plan import Plan, draw_plan, shell
from spargen.demo.rooms import furnish
from spargen.demo.site import Site
from spargen.demo.solids import Part, tessellate
from spargen.demo.vocabulary import word_for
from spargen.seeds import rng_for

STRUCTURAL = frozenset({"wall", "floor", "ceiling", "door frame"})
"""Kinds of which the building itself is made."""


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
    labels : N labels, as an annotator writes them. kinds : N names of what the objects are.
    host, room : (N,) int32 object that each stands on or in, -1 = none, and the room of each.
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
    kinds: tuple[str, ...]
    host: NDArray[np.int32]
    room: NDArray[np.int32]

    def of_kind(self, *kinds: str) -> NDArray[np.int64]:
        """Return the objects of some kinds."""
        return np.flatnonzero([kind in kinds for kind in self.kinds])

    @property
    def middles_m(self) -> NDArray[np.float64]:
        """(F, 3) centres of the faces."""
        return np.asarray(self.vertices_m[self.faces].mean(axis=1, dtype=np.float64))

    @property
    def areas_m2(self) -> NDArray[np.float64]:
        """(F,) areas of the faces."""
        a, b, c = self.vertices_m[self.faces].astype(np.float64).transpose(1, 0, 2)
        return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)

    def per_object(self, face_values: NDArray[Any]) -> NDArray[np.float64]:
        """(N,) sums of (F,) values over the faces of each object."""
        return np.asarray(np.bincount(self.face_object + 1, face_values, len(self.labels) + 1)[1:])


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
    site = furnished_site(seed)
    showers = {(p.room, site.side_of(i)) for i, p in enumerate(site.placed) if p.piece.kind == "bathtub"}
    building = shell(site.plan, rng_for(seed, "demo", "shell"), showers)
    placed = [(p.room, p.piece.moved(p.at_m, p.yaw)) for p in site.placed]
    own = sum(bool(piece.label) for _, piece in building)
    host = [-1] * own + [p.host + own if p.host >= 0 else -1 for p in site.placed]
    return _merged(seed, site.plan, [*building, *placed], np.array(host, dtype=np.int32), cell_m)


def furnished_site(seed: int) -> Site:
    """Draw the plan of a seed's flat and furnish it; things have the labels that an annotator gives them."""
    site = Site(draw_plan(rng_for(seed, "demo", "plan")), rng_for(seed, "demo", "furniture"))
    furnish(site)
    words = rng_for(seed, "demo", "words")
    site.placed = [replace(p, piece=p.piece.labelled(word_for(p.piece.kind, words))) for p in site.placed]
    return site


def _merged(seed: int, plan: Plan, pieces: list[tuple[int, Piece]], host: NDArray[np.int32], cell_m: float) -> House:
    """Cut all parts into triangles and lay them one after the other."""
    rng = rng_for(seed, "demo", "texture")
    columns: dict[str, list[NDArray[Any]]] = {}
    base = 0
    for number, (owner, part) in enumerate(_parts([piece for _, piece in pieces])):
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
    named = [(room, piece) for room, piece in pieces if piece.label]
    arrays |= {"host": host, "room": np.array([room for room, _ in named], dtype=np.int32)}
    for array in arrays.values():
        array.setflags(write=False)
    labels, kinds = tuple(p.label for _, p in named), tuple(p.kind for _, p in named)
    return House(seed=seed, plan=plan, labels=labels, kinds=kinds, **arrays)


def _parts(pieces: list[Piece]) -> Iterator[tuple[int, Part]]:
    """Yield (object, part) of all pieces in turn."""
    owner = -1
    for piece in pieces:
        owner += bool(piece.label)
        for part in piece.parts:
            yield (owner if piece.label else -1), part
