"""The dirt of a scan, measured in the files that it is written to."""

import json
import zlib
from collections import Counter, defaultdict

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spargen.demo import build_house, clean_scan, dirty_scan, house_truth, walk_cameras
from spargen.demo.house import STRUCTURAL
from spargen.demo.plan import WALL_M, shared_wall
from spargen.demo.scanner import depth_pixels, lost_faces
from spargen.demo.scannet import write_scannet
from spargen.demo.vocabulary import MISSPELT, kin_of
from spargen.geometry.boxes import gravity_box
from spargen.geometry.raycast import RayCaster
from tests.demo.release_files import read_ply, read_sens

ID = "demo0000_00"
SEEDS = (0, 3, 10)
"""A flat of five rooms, a single room, and a flat of eight."""


class Written:
    """The mesh and the annotation of one scan, read by the letter and turned back into the house's frame."""

    def __init__(self, folder):
        info = dict(line.split(" = ", 1) for line in (folder / f"{ID}.txt").read_text().splitlines())
        A = np.array(info["axisAlignment"].split(), dtype=float).reshape(4, 4)
        _, vertex, face = read_ply(folder / f"{ID}_vh_clean_2.ply")
        self.vertices, self.faces = vertex["xyz"] @ A[:3, :3].T + A[:3, 3], face["v"]
        segment = np.array(json.loads((folder / f"{ID}_vh_clean_2.0.010000.segs.json").read_text())["segIndices"])
        self.labels, self.owner = {}, np.full(len(segment), -1)
        for group in json.loads((folder / f"{ID}.aggregation.json").read_text())["segGroups"]:
            self.labels[group["objectId"]] = group["label"]
            self.owner[np.isin(segment, group["segments"])] = group["objectId"]
        self.A = A

    def pieces(self, thing=None):
        """Vertices of the connected pieces of an object, or of all that nobody annotated; equal corners are joined."""
        own = np.flatnonzero(self.owner == (-1 if thing is None else thing))
        _, spot = np.unique(np.round(self.vertices[own] / 2e-4), axis=0, return_inverse=True)
        index = np.full(len(self.vertices), -1)
        index[own] = spot.ravel()
        f = index[self.faces]
        f = f[(f >= 0).all(axis=1)]
        pairs = np.concatenate([f[:, [0, 1]], f[:, [1, 2]]])
        n = index.max() + 1
        count, piece = connected_components(coo_array((np.ones(len(pairs)), pairs.T), shape=(n, n)), directed=False)
        return [self.vertices[own[piece[spot.ravel()] == k]] for k in range(count)]


@pytest.fixture(scope="module", params=SEEDS)
def dirty(request, tmp_path_factory):
    house = build_house(request.param)
    cameras = walk_cameras(house, 160, tilted=True)
    scan = dirty_scan(house, cameras)
    # The mesh is that of the whole walk; to render a few of its frames is enough.
    few = cameras.take(np.arange(0, 160, 20))
    folder = write_scannet(house, scan, few, tmp_path_factory.mktemp("dirty"), ID, workers=1)
    return house, cameras, Written(folder), house_truth(house, scan, cameras), folder


def undamaged(house, truth):
    """(object, id) of things that were annotated as they are, and are no part of the building."""
    shown = Counter(i for thing in truth["objects"] for i in thing["ids"])
    for k, thing in enumerate(truth["objects"]):
        if len(thing["ids"]) == 1 and shown[thing["ids"][0]] == 1 and thing["kind"] not in {*STRUCTURAL, "door"}:
            yield k, thing["ids"][0]


def areas(scan, faces):
    a, b, c = scan.vertices[faces].transpose(1, 0, 2)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def test_a_fifth_of_the_vertices_is_not_annotated(dirty):
    assert 0.15 <= (dirty[2].owner < 0).mean() <= 0.25


def test_kin_that_were_seen_are_annotated_all_or_not_at_all(dirty):
    house, cameras, _, truth, _ = dirty
    hits = house.per_object(depth_pixels(house, cameras))
    annotated = np.array([bool(thing["ids"]) for thing in truth["objects"]])
    thing, kin = ~np.isin(house.kinds, list(STRUCTURAL)), kin_of(house.kinds, house.labels)
    assert not (annotated & (hits == 0) & thing).any()
    small = [k for k in set(kin[thing]) if hits[thing & (kin == k)].sum() < 0.005 * hits.sum()]
    assert not (annotated & (hits < 60) & thing & np.isin(kin, small)).any()
    kept = [set(annotated[thing & (hits > 0) & (kin == k)]) for k in set(kin[thing & (hits > 0)])]
    assert all(len(found) == 1 for found in kept)
    assert {True, False} <= set.union(*kept)


def test_what_nobody_saw_is_not_there(dirty):
    house, _, scan, _, _ = dirty
    clean, found = house.areas_m2.sum(), areas(scan, scan.faces).sum()
    assert 0.3 < found / clean < 0.85


def test_floor_is_missing_below_beds_and_along_walls_behind_furniture_and_is_there_in_the_open(dirty):
    house, cameras, scan, _, _ = dirty
    floors = [i for i, label in scan.labels.items() if label.endswith("floor")]
    caster = RayCaster(scan.vertices, scan.faces[np.isin(scan.owner[scan.faces], floors).all(axis=1)])
    hidden, open_floor = [], []
    for kind in ("bed", "wardrobe", "couch", "kitchen cabinet", "desk", "dresser", "bathtub"):
        for i in house.of_kind(kind):
            center, extent, R = gravity_box(house.vertices_m[house.vertex_object == i])
            if center[2] - extent[2] / 2 < 0.01:
                u = np.linspace(-0.4, 0.4, 9)
                grid = np.stack(np.meshgrid(u, u), -1).reshape(-1, 2) * extent[:2]
                hidden.append(center[:2] + grid @ R[:2, :2].T)
    hidden = np.concatenate(hidden)
    for x, y in cameras.position_m[::4, :2]:
        open_floor += [(x + dx, y + dy) for dx in (-0.2, 0, 0.2) for dy in (-0.2, 0, 0.2)]
    there = []
    for spots in (hidden, np.array(open_floor)):
        start = np.column_stack([spots, np.full(len(spots), 0.03)])
        there.append((caster.cast(start, np.broadcast_to([0.0, 0.0, -1.0], start.shape))[0] >= 0).mean())
    assert there[0] < 0.45
    assert there[1] > 0.75


def test_some_inner_walls_are_one_sheet(dirty):
    """Seen from the rooms on both sides; in the house each room has a sheet of its own, 12 cm apart."""
    house, cameras, scan, _, _ = dirty
    if len(house.plan.rooms) == 1:
        pytest.skip("it has no inner wall")
    walls = [shared_wall(b, a) for i, a in enumerate(house.plan.rooms) for b in house.plan.rooms[:i]]

    def sheets(vertices, faces):
        """Area of the two sides of each wall between two rooms."""
        a, b, c = vertices[faces].transpose(1, 0, 2).astype(float)
        normal, middle = np.cross(b - a, c - a), (a + b + c) / 3
        upright = np.abs(normal[:, 2]) < 0.2 * np.linalg.norm(normal, axis=1)
        found = []
        for along_x, across, low, high in filter(None, walls):
            along, off = (middle[:, 0], middle[:, 1]) if along_x else (middle[:, 1], middle[:, 0])
            on = upright & (along > low) & (along < high) & (middle[:, 2] > 0.1)
            sides = [on & (np.abs(off - across - s * WALL_M / 2) < 0.008) for s in (-1, 1)]
            found.append([np.linalg.norm(normal[side], axis=1).sum() / 2 for side in sides])
        return np.array(found)

    whole, found = sheets(house.vertices_m, house.faces), sheets(scan.vertices, scan.faces)
    looked_at = sheets(house.vertices_m, house.faces[depth_pixels(house, cameras) > 0])
    both = (looked_at > 0.3 * whole).all(axis=1)
    single = both & ((found < 0.05 * whole).sum(axis=1) == 1)
    assert 1 <= single.sum() < both.sum()
    assert (found.max(axis=1) > 0.85 * whole.max(axis=1))[single].all()


def test_some_doors_are_one_sheet(dirty):
    house, _, scan, truth, _ = dirty
    flat = []
    for thing in truth["objects"]:
        if thing["kind"] == "door" and thing["ids"]:
            a, b, c = scan.vertices[scan.faces[(scan.owner[scan.faces] == thing["ids"][0]).all(axis=1)]].transpose(
                1, 0, 2
            )
            normal = np.cross(b - a, c - a)
            normal = normal[np.linalg.norm(normal, axis=1) > 1e-4]
            normal /= np.linalg.norm(normal, axis=1, keepdims=True)
            flat.append((normal @ normal[0] > 0.8).all())
    assert len(house.plan.rooms) == 1 or (any(flat) and not all(flat))


def test_panes_have_holes(dirty):
    house, _, scan, _, _ = dirty

    def closed(vertices, faces):
        caster, share = RayCaster(vertices, faces), []
        for i in house.of_kind("window"):
            center, extent, R = gravity_box(house.vertices_m[house.vertex_object == i])
            wide, deep = np.argsort(extent[:2])[::-1]
            u, v = (g.ravel() for g in np.meshgrid(np.linspace(-0.4, 0.4, 15), np.linspace(-0.4, 0.4, 15)))
            grid = center + np.outer(u * extent[wide], R[:, wide]) + np.outer(v * extent[2], [0, 0, 1.0])
            room = house.plan.rooms[house.room[i]]
            out = R[:, deep] * np.sign((center[:2] - [(room.x0 + room.x1) / 2, (room.y0 + room.y1) / 2]) @ R[:2, deep])
            share.append((caster.cast(grid - 0.2 * out, np.broadcast_to(out, grid.shape))[1] < 0.3).mean())
        return np.array(share)

    assert (closed(house.vertices_m, house.faces) == 1).all()
    assert np.median(closed(scan.vertices, scan.faces)) < 0.75


def test_rods_are_lost_and_there_are_holes_even_where_all_was_seen():
    house = build_house(0)
    lost = lost_faces(house, np.ones(len(house.faces), dtype=np.int64), np.random.default_rng(0))
    part = house.vertex_part[house.faces[:, 0]]
    rods, others = [], []
    for k in range(int(part.max()) + 1):
        own = part == k
        size = np.sort(np.ptp(house.vertices_m[house.faces[own]].reshape(-1, 3), axis=0))
        if size[1] < 0.06 and size[2] > 0.3:
            rods.append(lost[own].mean() > 0.5)
        elif size[1] > 0.2 and size[2] < 0.6:
            others.append(lost[own].mean() > 0.5)
    assert 0.08 < np.mean(rods) < 0.4
    assert np.mean(others) < 0.03
    floor = np.isin(house.face_object, house.of_kind("floor"))
    assert 0.002 < house.areas_m2[floor & lost].sum() / house.areas_m2[floor].sum() < 0.2


def test_cut_edges_of_the_floor_are_ragged(dirty):
    """In the house all edges of the floor's outline run along its walls."""
    house, _, scan, _, _ = dirty

    def aligned(vertices, faces):
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        edge, count = np.unique(edges, axis=0, return_counts=True)
        way = np.abs(vertices[edge[count == 1, 1]] - vertices[edge[count == 1, 0]])[:, :2]
        return (way.min(axis=1) < 0.1 * way.max(axis=1)).mean()

    floors = {i for i, label in scan.labels.items() if label.endswith("floor")}
    own = np.isin(scan.owner[scan.faces], list(floors)).all(axis=1)
    assert aligned(scan.vertices, scan.faces[own]) < 0.7
    assert aligned(house.vertices_m, house.faces[np.isin(house.face_object, house.of_kind("floor"))]) == 1.0


def test_one_triangle_of_a_table_lies_far_outside(dirty):
    _, _, scan, _, _ = dirty
    far = []
    for i, label in scan.labels.items():
        body, *others = sorted(scan.pieces(i), key=len, reverse=True)
        for piece in others:
            gap = np.linalg.norm(piece.mean(axis=0) - body.mean(axis=0))
            if gap > 20:
                far.append((label, len(piece), gap))
    ((label, corners, gap),) = far
    assert label in ("table", "dining table", "coffee table", "desk")
    assert corners == 3
    assert gap < 34


def test_some_things_have_bits_afloat_near_them_and_some_bits_belong_to_nothing(dirty):
    _, _, scan, _, _ = dirty
    near = 0
    for i in scan.labels:
        pieces = scan.pieces(i)
        for k, piece in enumerate(pieces):
            rest = [p for j, p in enumerate(pieces) if j != k and len(p) != 3]
            if rest and len(piece) == 6:
                near += 0.4 < np.linalg.norm(np.concatenate(rest) - piece.mean(axis=0), axis=1).min() < 4
    assert 2 <= near <= 4
    loose = 0
    for piece in scan.pieces():
        if len(piece) <= 8:
            gap = np.linalg.norm(scan.vertices - piece.mean(axis=0), axis=1)
            loose += gap[gap > 0.12].min() > 0.2 and piece[:, 2].mean() > 0.25
    assert loose >= 2


def test_one_thing_is_annotated_as_two_that_touch(dirty):
    _, _, scan, truth, _ = dirty
    ((one, two),) = (thing["ids"] for thing in truth["objects"] if len(thing["ids"]) > 1)
    assert scan.labels[one] == scan.labels[two]
    a, b = scan.vertices[scan.owner == one], scan.vertices[scan.owner == two]
    assert min(np.linalg.norm(b - p, axis=1).min() for p in a) < 0.03
    assert min(len(a), len(b)) > 0.1 * max(len(a), len(b))


def test_two_neighbours_that_stand_apart_are_annotated_as_one_thing(dirty):
    house, _, scan, truth, _ = dirty
    shown = defaultdict(list)
    for k, thing in enumerate(truth["objects"]):
        for i in thing["ids"]:
            shown[i].append(k)
    ((i, (a, b)),) = ((i, things) for i, things in shown.items() if len(things) > 1)
    assert house.labels[a] == house.labels[b] == scan.labels[i]
    assert house.room[a] == house.room[b]

    def gap(one, two):
        p, q = (house.vertices_m[house.vertex_object == k] for k in (one, two))
        return min(np.linalg.norm(q - point, axis=1).min() for point in p)

    assert gap(a, b) > 0.6


def test_words_are_as_annotators_write_them(dirty):
    house, _, scan, _, _ = dirty
    new = Counter(label for label in scan.labels.values() if label not in house.labels)
    assert 1 <= new.pop("object") <= 2
    ((wrong, count),) = new.items()
    assert count == 1
    (right,) = (word for word in MISSPELT if MISSPELT[word] == wrong)
    assert right in scan.labels.values()


def test_things_keep_their_boxes_but_for_stray_bits(dirty):
    house, _, scan, truth, _ = dirty
    off, damaged = [], 0
    for k, i in undamaged(house, truth):
        thing = truth["objects"][k]
        body = np.concatenate(
            [p for p in scan.pieces(i) if len(p) != 6 and np.abs(p.mean(0) - thing["center_m"]).max() < 4]
        )
        center, extent, _ = gravity_box(body)
        off.append(
            max(np.abs(center - thing["center_m"]).max(), np.abs(np.sort(extent) - np.sort(thing["extent_m"])).max())
        )
        damaged += off[-1] > 0.03
    assert np.median(off) < 0.006
    assert damaged <= 3, sorted(off)[-5:]
    assert len(off) > 0.4 * len(truth["objects"])


def test_images_show_the_house_and_the_mesh_lies_on_them_by_millimetres(dirty):
    house, _, scan, _, folder = dirty
    _, _, matrices, _, _, shift, frames, _ = read_sens(folder / f"{ID}.sens")
    caster, true = RayCaster(scan.vertices, scan.faces), RayCaster(house.vertices_m, house.faces)
    v, u = np.mgrid[:480:4, :640:4]
    rays = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(matrices[2][:3, :3]).T
    gaps, missing = [], []
    for pose, _, stream in frames:
        if np.isfinite(pose).all():
            depth = np.frombuffer(zlib.decompress(stream), "<u2").reshape(480, 640)[::4, ::4] / shift
            T = scan.A @ pose
            way = rays @ T[:3, :3].T
            face, z = caster.cast(T[:3, 3], way)
            assert (np.abs(true.cast(T[:3, 3], way)[1] - depth) < 0.002).mean() > 0.99
            gaps.append(np.median(np.abs(z - depth)[face >= 0]))
            missing.append((face < 0).mean())
    assert 0.0003 < np.median(gaps) < 0.004
    assert 0.0 < np.mean(missing) < 0.2


def test_the_clean_scan_has_none_of_it():
    house = build_house(3)
    scan = clean_scan(house)
    assert np.array_equal(scan.vertices_m, house.vertices_m)
    assert np.array_equal(scan.faces, house.faces)
    assert np.array_equal(scan.vertex_group, house.vertex_object)
    assert [group.label for group in scan.groups] == list(house.labels)


def test_dirt_belongs_to_the_seed():
    house = build_house(3)
    cameras = walk_cameras(house, 30, tilted=True)
    one, two = dirty_scan(house, cameras), dirty_scan(house, cameras)
    assert one.vertices_m.tobytes() == two.vertices_m.tobytes()
    assert one.faces.tobytes() == two.faces.tobytes()
    assert [(g.label, g.things, g.segments.tolist()) for g in one.groups] == [
        (g.label, g.things, g.segments.tolist()) for g in two.groups
    ]
    other = build_house(4)
    assert len(dirty_scan(other, walk_cameras(other, 30)).faces) != len(one.faces)
