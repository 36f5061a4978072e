"""What an annotation tells of how many things of a kind there are, beside what the builder made and images show."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from spargen.demo import build_house, dirty_scan, house_truth, walk_cameras
from spargen.demo.annotator import _merge
from spargen.demo.house import STRUCTURAL
from spargen.demo.scan import Draft
from spargen.demo.vocabulary import LABELS, MISSPELT, OTHER_WORDS, kin_of, stays_alike
from spargen.demo.walk import lost_frames
from spargen.geometry.annotation import annotate
from spargen.geometry.gaps import touching
from spargen.geometry.raycast import RayCaster
from spargen.scene.labels import LabelTable, label_rules
from spargen.settings import Settings

SEEDS = range(12)
FRAMES, CELL_M = 80, 0.4
STEP_PX = 8
PLAIN = 2
"""Rays on a thing in one image, 8 pixels apart: less than it takes to be seen."""


@pytest.fixture(scope="module", params=SEEDS)
def scanned(request):
    """The builder's truth, what images show plainly (N,), and the scan with its labels as the engine reads them."""
    house = build_house(request.param, CELL_M)
    cameras = walk_cameras(house, FRAMES, tilted=True)
    scan = dirty_scan(house, cameras)
    truth = house_truth(house, scan, cameras)["objects"]
    shown = most_rays(house, cameras) >= PLAIN
    return truth, shown & ~np.isin(house.kinds, list(STRUCTURAL)), scan, table_of(scan)


def most_rays(house, cameras):
    """(N,) how many rays, at any distance, meet each thing in the frame that shows it best."""
    caster = RayCaster(house.vertices_m, house.faces)
    width, height = (int(n) for n in cameras.size_px[0])
    grid = np.meshgrid(np.arange(0.5, width, STEP_PX), np.arange(0.5, height, STEP_PX))
    pixels, most = np.stack(grid, -1).reshape(-1, 2), np.zeros(len(house.labels), dtype=int)
    for view in np.setdiff1d(np.arange(len(cameras)), lost_frames(house, len(cameras))):
        face, _ = caster.cast(*cameras.rays(int(view), pixels))
        owner = house.face_object[face[face >= 0]]
        most = np.maximum(most, np.bincount(owner[owner >= 0], minlength=len(most)))
    return most


def table_of(scan):
    labels, rules = [group.label for group in scan.groups], label_rules()
    ids = np.arange(len(labels))
    found = annotate(scan.vertices_m, scan.faces, ids, labels, rules=rules, vertex_object=scan.vertex_group)
    assert found.objects.id.tolist() == ids.tolist()
    table = LabelTable.of(labels, rules, found.objects.doubtful)
    kind = np.where(table.present, table.kind, -1)
    return table.doubting(touching(found.mesh, found.objects, kind, Settings().count_gap_m))


def told(scan, table):
    """Return each kind that may be counted or, if there is but one of it, named without a mark: name and ids."""
    return [(name, members.tolist()) for name, members in table.kinds([group.label for group in scan.groups])]


def test_what_an_annotation_counts_is_what_images_show(scanned):
    truth, shown, scan, table = scanned
    wrong = []
    for name, ids in told(scan, table):
        things = [k for i in ids for k in scan.groups[i].things]
        kinds = {truth[k]["kind"] for k in things}
        like = [k for k in np.flatnonzero(shown) if truth[k]["kind"] in kinds or clash(name, truth[k]["kind"])]
        if len(things) != len(ids) or len(set(things)) != len(ids) or not set(like) <= set(things):
            wrong.append(f"{len(ids)} {name}, but {Counter(truth[k]['kind'] for k in {*like, *things})}")
    assert not wrong


def test_all_of_a_kind_have_their_labels_or_none_has(scanned):
    truth, shown, _, _ = scanned
    named = np.array([bool(thing["ids"]) and "object" not in thing["labels"] for thing in truth])
    kinds = {thing["kind"] for k, thing in enumerate(truth) if shown[k]}
    both = {kind for kind in kinds if len({named[k] for k in np.flatnonzero(shown) if truth[k]["kind"] == kind}) > 1}
    assert not both


def test_nobody_takes_what_was_merged_for_one_thing(scanned):
    _, _, scan, table = scanned
    merged = [i for i, group in enumerate(scan.groups) if len(group.things) > 1]
    assert len(merged) == 1
    assert table.doubtful[merged].all()


def test_a_crumb_is_not_merged_with_what_it_would_pass_for_a_stray_piece_of():
    flat, along_y = np.array([[0, 0, 0], [1, 0, 0], [0, 0, 1]]), np.array([0, 1, 0])
    vertices = np.concatenate([flat, 0.2 * flat + along_y, flat + 3 * along_y])
    owner, names = np.repeat(np.arange(3, dtype=np.int32), 3), ["vase"] * 3
    things = [(0,), (1,), (2,)]
    draft = Draft(vertices, np.zeros((9, 3)), np.arange(9).reshape(3, 3), owner, owner.copy(), names, things)
    _merge(draft, SimpleNamespace(labels=names, kinds=names, room=[0, 0, 0]))
    assert draft.things == [(0, 2), (1,), (2,)]


def test_a_misspelt_word_is_joined_with_all_of_its_kind(scanned):
    truth, shown, scan, _ = scanned
    (misspelt,) = (group for group in scan.groups if group.label in MISSPELT.values())
    kind = truth[misspelt.things[0]]["kind"]
    alike = {label for k in np.flatnonzero(shown) if truth[k]["kind"] == kind for label in truth[k]["labels"]}
    assert len(alike) > 1
    assert all(clash(misspelt.label, label) for label in alike)


def clash(a, b):
    return bool(LabelTable.of((a, b), label_rules()).clash[0, 1])


def test_there_is_enough_to_count(scanned):
    _, _, scan, table = scanned
    assert len(told(scan, table)) >= 3


def test_words_for_one_kind_clash():
    for kind, words in OTHER_WORDS.items():
        assert all(clash(kind, word) for word in words)
    assert all(clash(word, wrong) for word, wrong in MISSPELT.items())


def test_kin_are_of_one_kind_or_have_labels_that_clash():
    kinds = ("trash can", "trash can", "armchair", "stool", "bottle", "couch")
    labels = ("trash bin", "trash can", "sofa chair", "stool", "bottle", "sofa")
    kin = kin_of(kinds, labels)
    assert kin[0] == kin[1]
    assert kin[2] == kin[3] == kin[5]  # a sofa chair is a chair, and a sofa
    assert len(set(kin)) == 3


def test_things_of_one_kind_are_kin_whatever_they_are_called():
    kin = kin_of(("vase", "vase", "mug"), ("bottle", "bowl", "mug"))
    assert kin[0] == kin[1] != kin[2]


def test_a_word_is_misspelt_where_it_stays_joined_with_the_others():
    assert stays_alike("picture", ["picture", "window"])
    assert not stays_alike("picture", ["picture", "painting"])
    assert stays_alike("kitchen cabinet", ["kitchen cabinet"])
    assert not stays_alike("kitchen cabinet", ["kitchen cabinet", "wardrobe"])
    assert set(MISSPELT.values()) <= set(LABELS)
