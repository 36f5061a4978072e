"""Segments and groups joined into the object of each vertex, against a join that is written out."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scene_adapters.formats.segments import Annotation, Group, groups_of, join, segments_of
from spargen.errors import SceneError

GROUPS, SEGMENTS = Path("groups.json"), Path("segments.json")


def groups(**segments: list[int]) -> dict[int, Group]:
    return {int(name[1:]): Group(name, np.unique(ids).astype(np.int64), {}) for name, ids in segments.items()}


def joined(found: dict[int, Group], segment_of_vertex: list[int]) -> Annotation:
    return join(found, np.array(segment_of_vertex, dtype=np.int64), GROUPS, SEGMENTS)


def owners(annotation: Annotation) -> list[int]:
    """The objectId of each vertex, -1 = none."""
    return np.append(annotation.id, -1)[annotation.vertex_object].tolist()


def naive_owners(found: dict[int, Group], segment_of_vertex: list[int]) -> list[int]:
    size = {i: sum(s in group.segments for s in segment_of_vertex) for i, group in found.items()}
    claims = [[(size[i], i) for i, group in found.items() if s in group.segments] for s in segment_of_vertex]
    return [min(claim)[1] if claim else -1 for claim in claims]


segment_lists = st.one_of(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.just(list(range(10))))


@given(segment_lists, st.dictionaries(st.integers(1, 6), st.lists(st.integers(0, 9), max_size=6), max_size=4))
def test_any_annotation_is_joined_as_it_is_when_written_out(vertices: list[int], lists: dict) -> None:
    found = {i: Group(f"g{i}", np.unique(np.array(s, dtype=np.int64)), {}) for i, s in lists.items()}
    listed = sum(len(group.segments) for group in found.values())
    if listed > 2 * sum(s in vertices for group in found.values() for s in group.segments):
        with pytest.raises(SceneError, match=r"groups\.json: .*are not in segments\.json"):
            joined(found, vertices)
        return
    annotation = joined(found, vertices)
    assert owners(annotation) == naive_owners(found, vertices)
    assert annotation.label == tuple(f"g{i}" for i in annotation.id)
    assert set(annotation.id.tolist()) == set(owners(annotation)) - {-1}


def test_the_smallest_of_three_claimants_keeps_a_vertex() -> None:
    found = groups(g1=[0, 1, 2, 3, 4, 5], g2=[2, 3, 4], g3=[4, 5])
    annotation = joined(found, list(range(7)))
    assert owners(annotation) == [1, 1, 2, 2, 3, 3, -1]
    assert annotation.notes["vertices claimed twice"] == 4
    assert annotation.notes["share of vertices without object"] == round(1 / 7, 4)


def test_of_two_of_one_size_the_lower_id_keeps_it() -> None:
    assert owners(joined(groups(g5=[0, 1], g2=[1, 2]), [0, 1, 2])) == [5, 2, 2]


def test_small_means_few_vertices_and_not_few_segments() -> None:
    assert owners(joined(groups(g1=[7], g2=[7, 8, 9]), [7] * 4 + [8, 9])) == [1] * 4 + [2, 2]
    assert owners(joined(groups(g1=[7, 3], g2=[7, 8, 9]), [7, 8, 9, 3, 3, 3])) == [2, 2, 2, 1, 1, 1]


def test_an_object_that_keeps_nothing_is_absent_and_counted() -> None:
    annotation = joined(groups(g1=[0, 1], g2=[0], g3=[1]), [0, 1])
    assert annotation.id.tolist() == [2, 3]
    assert annotation.notes["objects without vertices"] == 1


def test_ids_need_not_be_vertices_in_order() -> None:
    """As many vertices as ids, and every id a vertex, but not its own: no shortcut may be taken."""
    assert owners(joined(groups(g1=[0], g2=[2]), [2, 1, 0])) == [2, -1, 1]


def test_segments_beyond_the_mesh_are_counted() -> None:
    annotation = joined(groups(g1=[0, 1, 99], g2=[100]), [0, 1, 2])
    assert annotation.notes["segments not in the mesh"] == 2
    assert owners(annotation) == [1, 1, -1]


def test_nothing_annotated() -> None:
    annotation = joined({}, [0, 1])
    assert owners(annotation) == [-1, -1]
    assert annotation.notes["objects"] == "none is annotated"


def test_groups_are_keyed_on_object_id_and_keep_what_else_is_said_of_them() -> None:
    listed = [{"id": None, "objectId": "3", "label": " chair ", "segments": [5, 2, 5], "obb": {"centroid": [1, 2, 3]}}]
    found = groups_of({"segGroups": [*listed, {"objectId": 1, "label": "", "segments": []}]}, GROUPS)
    assert list(found) == [3, 1]
    assert (found[3].label, found[3].segments.tolist(), found[1].label) == ("chair", [2, 5], "unknown")
    assert found[3].fields["obb"] == {"centroid": [1, 2, 3]}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ({}, "no list segGroups"),
        ({"segGroups": {}}, "no list segGroups"),
        ({"segGroups": [3]}, r"segGroups\[0\] lacks"),
        ({"segGroups": [{"objectId": -1, "label": "a", "segments": []}]}, r"segGroups\[0\] lacks"),
        ({"segGroups": [{"objectId": 1, "label": None, "segments": []}]}, r"segGroups\[0\] lacks"),
        ({"segGroups": [{"objectId": 1, "label": "a", "segments": [1, [2]]}]}, r"segGroups\[0\] lacks"),
        ({"segGroups": [{"objectId": 1, "label": "a", "segments": [1.5]}]}, r"segGroups\[0\] lacks"),
        ({"segGroups": [{"objectId": 1, "label": "a", "segments": []}] * 2}, r"segGroups\[1\] repeats objectId 1"),
    ],
)
def test_broken_groups(content: dict, what: str) -> None:
    with pytest.raises(SceneError, match=what):
        groups_of(content, GROUPS)


@pytest.mark.parametrize("value", [None, "0 1", [0.5], [[0]], ["0"], {"0": 1}])
def test_broken_segments(value: object) -> None:
    with pytest.raises(SceneError, match=r"segments\.json: segIndices is not a list of whole numbers"):
        segments_of({"segIndices": value}, SEGMENTS)


@pytest.mark.parametrize("order", ["each its own", "any"])
def test_three_million_vertices_are_joined_in_no_time(order: str) -> None:
    n = 3_000_000
    segment = np.arange(n) if order == "each its own" else np.random.default_rng(0).permutation(n)
    found = {k: Group("thing", np.arange(k * 10_000, (k + 1) * 10_000), {}) for k in range(1, 290)}
    start = time.process_time()
    annotation = join(found, segment, GROUPS, SEGMENTS)
    assert time.process_time() - start < (1.0 if order == "each its own" else 4.0)
    assert len(annotation.id) == 289
