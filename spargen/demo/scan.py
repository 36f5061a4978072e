"""What a scanner and an annotator make of a house: one mesh, cut into segments, and groups of segments with labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spargen.demo.house import House

Ints = NDArray[np.int32]
Floats32 = NDArray[np.float32]


class Group(NamedTuple):
    """An annotated object: its label, the names of its segments, and the objects of the house that it shows."""

    label: str
    segments: NDArray[np.int64]
    things: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """A finished scan in the house's frame. P vertices, F faces; every vertex belongs to a face.

    Parameters
    ----------
    vertices_m : (P, 3) float32. rgb : (P, 3) uint8. faces : (F, 3) int32.
    vertex_segment : (P,) int64 segment of each vertex, named after its first vertex.
    groups : the annotated objects; their position is their id. What is in no group was left unannotated.
    """

    vertices_m: Floats32
    rgb: NDArray[np.uint8]
    faces: Ints
    vertex_segment: NDArray[np.int64]
    groups: tuple[Group, ...]

    @property
    def vertex_group(self) -> NDArray[np.int64]:
        """(P,) group of each vertex, -1 = none."""
        owner = np.full(len(self.vertices_m), -1, dtype=np.int64)
        for i, group in enumerate(self.groups):
            owner[group.segments] = i
        return np.asarray(owner[self.vertex_segment])


@dataclass(slots=True)
class Draft:
    """A scan that is still being changed: the arrays of `Scan`, with running numbers for segments and groups.

    segment, group : (P,) int32, group -1 = unannotated. labels, things : of each group.
    """

    vertices_m: Floats32
    rgb: NDArray[np.uint8]
    faces: Ints
    segment: Ints
    group: Ints
    labels: list[str]
    things: list[tuple[int, ...]]

    @classmethod
    def of(cls, house: House) -> Draft:
        """Return the perfect scan: the house's own mesh, a segment a part, a group an object."""
        return cls(
            house.vertices_m.copy(),
            house.rgb.copy(),
            house.faces.copy(),
            house.vertex_part.copy(),
            house.vertex_object.copy(),
            list(house.labels),
            [(i,) for i in range(len(house.labels))],
        )

    @property
    def face_group(self) -> Ints:
        """(F,) group of each face's first vertex."""
        return self.group[self.faces[:, 0]]

    def add(
        self, vertices_m: NDArray[np.floating], faces: NDArray[np.integer], rgb: NDArray[np.uint8], group: int
    ) -> None:
        """Add a piece of mesh as a segment of its own."""
        n, base = len(vertices_m), len(self.vertices_m)
        self.faces = np.concatenate([self.faces, np.asarray(faces, dtype=np.int32) + np.int32(base)])
        self.vertices_m = np.concatenate([self.vertices_m, np.asarray(vertices_m, dtype=np.float32)])
        self.rgb = np.concatenate([self.rgb, rgb])
        self.segment = np.concatenate([self.segment, np.full(n, self.segment.max() + 1, dtype=np.int32)])
        self.group = np.concatenate([self.group, np.full(n, group, dtype=np.int32)])

    def cut(self, faces: NDArray[np.bool_], group: int) -> None:
        """Give some faces to a group of their own, on vertices of their own."""
        old, inverse = np.unique(self.faces[faces], return_inverse=True)
        base = len(self.vertices_m)
        self.faces[faces] = base + inverse.reshape(-1, 3).astype(np.int32)
        self.vertices_m = np.concatenate([self.vertices_m, self.vertices_m[old]])
        self.rgb = np.concatenate([self.rgb, self.rgb[old]])
        self.segment = np.concatenate([self.segment, self.segment[old]])
        self.group = np.concatenate([self.group, np.full(len(old), group, dtype=np.int32)])

    def finished(self) -> Scan:
        """Drop the vertices that no face names and the groups without vertices, and name the segments."""
        used = np.unique(self.faces)
        faces = np.searchsorted(used, self.faces).astype(np.int32)
        segment, group = self.segment[used], self.group[used]
        # Vertices of one segment that went to different groups are different segments.
        _, first, inverse = np.unique(np.stack([segment, group]), axis=1, return_index=True, return_inverse=True)
        name = first[inverse.reshape(-1)]
        groups = (
            Group(label, np.unique(name[group == i]), things)
            for i, (label, things) in enumerate(zip(self.labels, self.things, strict=True))
        )
        whole = tuple(g for g in groups if len(g.segments))
        return Scan(self.vertices_m[used], self.rgb[used], faces, name, whole)


def clean_scan(house: House) -> Scan:
    """Return the scan that misses nothing: the house's own mesh, its parts as segments, its objects as groups."""
    return Draft.of(house).finished()
