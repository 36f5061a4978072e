"""What labels mean, against loops over the word lists."""

import itertools

import numpy as np
import pytest

from spargen.errors import JobError
from spargen.scene.labels import LabelTable, clash_matrix, label_rules

RULES = label_rules()


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Chair", "chair"),
        ("office  chairs", "office chair"),
        ("Trash_Can", "trash can"),
        ("boxes", "box"),
        ("shelves", "shelf"),
        ("bookshelves", "bookshelf"),
        ("glass", "glass"),
        ("glasses", "glass"),
        ("batteries", "battery"),
        ("benches", "bench"),
        ("mattress", "mattress"),
        ("cactus", "cactus"),
        ("people", "person"),
        ("vases", "vase"),
        ("houses", "house"),
        ("tv", "tv"),
        ("bus", "bus"),
        ("", ""),
    ],
)
def test_singular_lower_case(label, key):
    assert RULES.key(label) == key
    assert RULES.key(key) == key


@pytest.mark.parametrize(
    ("a", "b", "clashes"),
    [
        ("chair", "Chairs", True),
        ("chair", "office chair", True),
        ("office chair", "desk chair", True),
        ("office chair", "stool", True),
        ("couch", "sofa", True),
        ("wooden desk", "table", True),
        ("trash can", "recycling bin", True),
        ("tv", "tv stand", False),
        ("chair", "table", False),
        ("lamp", "lampshade", False),
        ("door", "window", False),
        ("cup", "cupboard", False),
        ("bed", "bedside table", False),
        ("desk", "bedside table", True),
    ],
)
def test_which_labels_clash(a, b, clashes):
    table = LabelTable.of([a, b], RULES)
    assert table.clash[0, 1] == table.clash[1, 0] == clashes
    assert table.clash.diagonal().all()


def test_clashes_against_a_loop_over_the_groups():
    words = sorted(
        {RULES.key(w) for g in RULES.groups for w in g} | {"office chair", "piano", "door", "kitchen counter"}
    )
    clash = clash_matrix(words, RULES)

    members = [(i, f" {RULES.key(w)}") for i, g in enumerate(RULES.groups) for w in g]
    of = {word: {i for i, w in members if f" {word}".endswith(w)} for word in words}

    for (i, a), (j, b) in itertools.product(enumerate(words), repeat=2):
        assert clash[i, j] == (a.endswith(b) or b.endswith(a) or bool(of[a] & of[b])), (a, b)
    assert clash.any(axis=1).all()
    assert not clash.all()


def test_kinds_are_what_one_name_tells_apart():
    labels = ["chair", "office chair", "lamp", "books", "couch", "sofa", "door", "door", "wall", "object", "stools"]
    found = {name: members.tolist() for name, members in LabelTable.of(labels[:-1], RULES).kinds(labels[:-1])}
    # Couch and sofa are one kind without a common name; books are not countable.
    assert found == {"chair": [0, 1], "lamp": [2], "door": [6, 7]}
    # A plural stool clashes with the chairs, and makes their number unknown.
    assert "chair" not in dict(LabelTable.of(labels, RULES).kinds(labels))


def test_unique_means_no_other_label_clashes():
    labels = ["chair", "office chair", "lamp", "books", "door", "door", "piano", "object"]
    assert LabelTable.of(labels, RULES).unique.tolist() == [False, False, True, False, False, False, True, False]


def test_which_objects_are_the_floor():
    assert LabelTable.of(["floor", "Floors", "wall", "floor lamp", "floor mat"], RULES).floor.tolist() == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_things_of_one_group_clash_wherever_they_stand():
    for group in RULES.groups:
        assert LabelTable.of(group, RULES).clash.all(), group


def test_what_may_be_asked_about():
    labels = ["wall", "Floor", "ceilings", "object", "otherfurniture", "remove", "chair", "books", "door frame", "door"]
    table = LabelTable.of(labels, RULES)
    assert table.structural.tolist() == [True, True, True, False, False, False, False, False, True, False]
    assert table.askable.tolist() == [False] * 6 + [True, True, False, True]
    assert table.countable.tolist() == [False] * 6 + [True, False, False, True]


@pytest.mark.parametrize("label", ["books", "clothes", "toilet paper", "pair of shoes", "chairs", "Curtains", "boxes"])
def test_plural_and_mass_labels_are_not_counted(label):
    table = LabelTable.of([label, "chair"], RULES)
    assert table.countable.tolist() == [False, True]
    assert table.askable.tolist() == [True, True]


@pytest.mark.parametrize(
    "label", ["chair", "tv", "mattress", "office chair", "trash can", "bookshelf", "gas stove", "lens"]
)
def test_ordinary_labels_are_counted(label):
    assert LabelTable.of([label], RULES).countable.tolist() == [True]


def test_a_nameless_thing_does_not_make_every_name_ambiguous():
    table = LabelTable.of(["", "chair", "table"], RULES)
    assert not table.askable[0]
    assert not table.clash[0, 1:].any()


def test_no_labels():
    table = LabelTable.of([], RULES)
    assert table.clash.shape == (0, 0)
    assert table.askable.dtype == bool
    assert len(table.countable) == 0


def test_a_broken_list_is_named(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("structural: [wall]\n")
    with pytest.raises(JobError, match=r"mine\.yaml"):
        label_rules(path)


def test_the_shipped_lists_are_in_their_own_normal_form():
    for name in ("structural", "meaningless", "uncountable"):
        for word in getattr(RULES, name):
            assert word == " ".join(word.lower().split()), (name, word)
    # Whatever is structural cannot be askable.
    assert not LabelTable.of(sorted(RULES.structural | RULES.meaningless), RULES).askable.any()
    assert np.array(LabelTable.of(sorted(RULES.uncountable), RULES).countable).sum() == 0
