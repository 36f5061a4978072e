"""A job's own label lists: what they add, move and take out, and what is said of mistakes in them."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spargen.errors import JobError
from spargen.scene.labels import UNASKED, LabelTable, label_rules
from spargen.scene.lists import read_label_file, rules_as_said, rules_of

SHIPPED = label_rules()


@pytest.fixture
def lay(tmp_path):
    """Return a function that writes texts as files and lays them over the shipped lists, one after the other."""

    def lay(*texts):
        files = [tmp_path / f"mine{n}.yaml" for n in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            file.write_text(text, encoding="utf-8")
        return rules_of(files)

    return lay


def unlike(rules):
    """The fields in which rules are not the shipped ones."""
    return {name for name in type(rules).model_fields if getattr(rules, name) != getattr(SHIPPED, name)}


# ------------------------------------------------------------------------------------------------------------- nothing
@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n", "remove: {}\n"])
def test_a_file_that_says_nothing_changes_nothing(lay, text):
    rules = lay(text)
    assert unlike(rules) == set()
    assert list(rules.building) == list(SHIPPED.building)


def test_without_files_the_rules_are_the_shipped_ones():
    assert rules_of([]) is SHIPPED


# -------------------------------------------------------------------------------------------------------------- adding
def test_labels_are_added_to_a_kind_and_new_kinds_are_said_behind_the_others(lay):
    rules = lay("building:\n  walls: [mur]\n  windows: [Window, sky_light]\n")
    assert unlike(rules) == {"building"}
    assert rules.building["walls"] == (*SHIPPED.building["walls"], "mur")
    assert rules.building_phrase == SHIPPED.building_phrase.replace(" and beams", ", beams and windows")
    table = LabelTable.of(["mur", "MURS", "window 2", "sky light", "chair"], rules)
    assert table.present.tolist() == table.askable.tolist() == [False, False, False, False, True]
    assert [rules.part(label) for label in ("mur", "window")] == ["walls", "windows"]
    assert [SHIPPED.part(label) for label in ("mur", "window")] == [None, None]


def test_an_entry_that_stands_elsewhere_moves(lay):
    rules = lay("building: {ledges: [Ledge]}\nunasked: [stair step]\n")
    assert SHIPPED.part("ledge") == UNASKED
    assert rules.part("ledge") == "ledges"
    assert "ledge" not in rules.unasked
    assert [lists.part("stair step") for lists in (SHIPPED, rules)] == ["stairs", UNASKED]


def test_every_other_list_is_added_to(lay):
    rules = lay(
        "unasked: [tatami edge]\nmeaningless: [dingus]\nuncountable: [confetti]\ngroups: [[kotatsu, Low Tables]]\n"
        "unlike: [[tables, gables]]\nsingular: {oxen: ox}\n"
    )
    assert unlike(rules) == {"unasked", "meaningless", "uncountable", "groups", "unlike", "singular"}
    assert rules.part("tatami edges") == UNASKED
    assert rules.nameless("Dingus")
    assert not rules.countable("paper confetti")
    assert rules.groups_of("kotatsu") == rules.groups_of("low table") - SHIPPED.groups_of("low table")
    assert not rules.misspelt("gables", "tables")
    assert rules.key("oxen") == "ox"
    for text, shipped in (("oxen", "oxen"), ("tatami edges", "tatami edge")):
        assert SHIPPED.key(text) == shipped
    assert SHIPPED.misspelt("gables", "tables")


def test_a_later_file_has_the_last_word(lay):
    first, second = "building: {ledges: [ledge]}\n", "unasked: [ledge]\nsingular: {people: folk}\n"
    rules = lay(first, second)
    assert rules.part("ledge") == UNASKED
    assert "ledges" not in rules.building_phrase
    assert rules.key("people") == "folk"
    assert lay(second, first).part("ledge") == "ledges"


# ---------------------------------------------------------------------------------------------------------- taking out
def test_a_kind_that_is_taken_out_becomes_things(lay):
    rules = lay("remove: {building: [doors, window casing]}\n")
    assert "doors" not in rules.building_phrase.replace("door and window frames", "").split(", ")
    assert [rules.part(label) for label in ("door", "dor", "closet door", "door frame")] == [
        None,
        None,
        None,
        "door and window frames",
    ]
    assert [rules.part(label) for label in ("window casing", "windowcasing", "window trim")] == [
        None,
        None,
        "door and window frames",
    ]
    assert LabelTable.of(["door", "wall"], rules).askable.tolist() == [True, False]


def test_entries_are_taken_out_however_they_are_spelt(lay):
    rules = lay(
        "remove:\n  unasked: [Ledges]\n  meaningless: [Objects]\n  uncountable: [paper]\n  groups: [loveseats, tv]\n"
        "  unlike: [[cooler, cooker]]\n  singular: [people]\n"
    )
    assert rules.part("ledge") is None
    assert not rules.nameless("object")
    assert rules.countable("paper")
    assert rules.groups_of("loveseat") == set()
    assert rules.groups_of("couch") == SHIPPED.groups_of("couch") != set()
    assert rules.misspelt("cooler", "cooker")
    assert rules.key("people") == "people"
    assert all(len(names) > 1 for names in rules.groups)


def test_a_group_that_loses_all_names_but_one_is_no_group(lay):
    assert len(lay("remove: {groups: [ipad]}\n").groups) == len(SHIPPED.groups) - 1


@pytest.mark.parametrize("section", ["unasked", "meaningless", "uncountable", "groups", "unlike", "singular"])
def test_a_whole_list_is_taken_out(lay, section):
    rules = lay(f"remove: {{{section}: all}}\n")
    assert not getattr(rules, section)
    assert unlike(rules) == {section}


def test_a_list_can_be_replaced(lay):
    rules = lay("remove: {building: all, groups: all}\nbuilding: {fenêtres: [fenêtre], floors: [sol, floor]}\n")
    assert rules.building_phrase == "fenêtres and floors"
    assert rules.groups == ()
    assert rules.part("sol") == "floors"
    assert rules.part("wall") is None


# ------------------------------------------------------------------------------------------------------------ mistakes
@pytest.mark.parametrize(
    ("text", "line", "what", "mend"),
    [
        ("unasked: [ledge]\nmeaningles: [a]\n", 2, "unknown key `meaningles`", "did you mean meaningless"),
        ("remove:\n  building: [doors]\n  words: [a]\n", 3, "unknown key `remove.words`", "known keys: building"),
        ("unasked:\n  - ledge\n  - no\n", 3, "`unasked.1` is False, not a text", 'quotes: "no"'),
        ("building:\n  walls: [mur, 7]\n", 2, "`building.walls.1` is 7, not a text", "quotes"),
        (
            "building:\n  walls: mur\n",
            2,
            "`building.walls`: input should be a valid tuple, not 'mur'",
            "docs/labels.md",
        ),
        ("building: {walls: []}\n", 1, "at least 1 item", "docs/labels.md"),
        ("unasked:\nmeaningless: [a]\n", 1, "`unasked`", "docs/labels.md"),
        ("groups:\n  - [a, b]\n  - [couch]\n", 3, "`groups.1`", "docs/labels.md"),
        ("unlike:\n  - [a, b]\n  - [couch]\n", 3, "`unlike.1", "docs/labels.md"),
        ("unasked:\n  - ledge\n  - '??'\n", 3, "an entry should have a letter", "docs/labels.md"),
        ("remove:\n  groups:\n", 2, "nothing is listed here", "docs/labels.md"),
        ("remove: {groups: []}\n", 1, "nothing is listed here", "docs/labels.md"),
        ("remove:\n  unasked: [ledge,\n    sil]\n", 3, "`unasked` has no 'sil' to take out", "did you mean sill"),
        ("remove:\n  unasked: [wall tile]\n", 2, "`unasked` has no 'wall tile'", "`building` has it"),
        (
            "remove:\n  unlike: [[cooker, hammer]]\n",
            2,
            "`unlike` has no ('cooker', 'hammer')",
            "configs/labels/default.yaml",
        ),
        ("unasked: [a]\nbuilding: {walls: [b]}\nunasked: [c]\n", 3, "`unasked` is given twice", "as one"),
        ("building:\n  walls: [a]\n  walls: [b]\n", 3, "`walls` is given twice", "as one"),
        ("unasked: [front wall]\nbuilding: {walls: [front-wall]}\n", None, "two meanings to: frontwall", "labels.md"),
        ("remove: {building: [floors]}\n", None, "building has no 'floors'", "labels.md"),
        ("remove: {building: [door]}\n", None, "questions say that doors do not count", "labels.md"),
        ("building: {windows: [skylight]}\n", None, "questions say that windows do not count", "labels.md"),
        ("building: {unasked: [ledge]}\n", None, "'unasked' is no part of a building", "labels.md"),
        ("- unasked\n", None, "the file", "labels.md"),
        ("unasked: [a\n", 2, "not valid YAML", "mend the syntax"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_its_mend(lay, text, line, what, mend):
    with pytest.raises(JobError) as caught:
        lay(text)
    assert what in caught.value.what
    assert mend in caught.value.mend
    assert re.search(r"mine0\.yaml(:\d+)?$", caught.value.where)[1] == (f":{line}" if line else None)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(JobError, match=r"none\.yaml: the label lists cannot be read: No such file"):
        rules_of([tmp_path / "none.yaml"])
    (tmp_path / "latin.yaml").write_bytes("unasked: [tür]\n".encode("latin-1"))
    with pytest.raises(JobError, match="not UTF-8"):
        rules_of([tmp_path / "latin.yaml"])


# ------------------------------------------------------------------------------------------------------------ identity
def said(tmp_path, text):
    (tmp_path / "said.yaml").write_text(text, encoding="utf-8")
    return read_label_file(tmp_path / "said.yaml").changes.identity()


def test_what_files_say_makes_the_rules_again(tmp_path):
    texts = (
        "building: {walls: [mur], windows: [window]}\nunlike: [[tables, gables]]\nsingular: {oxen: ox}\n",
        "remove: {building: [windows], groups: all, unlike: [[tables, gables]], unasked: [ledge]}\ngroups: [[a, b]]\n",
    )
    files = [tmp_path / f"{n}.yaml" for n in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    told = json.loads(json.dumps([read_label_file(file).changes.identity() for file in files]))
    assert rules_as_said(told) == rules_of(files) != SHIPPED
    assert list(rules_as_said(told[:1]).building) == list(rules_of(files[:1]).building)


def test_what_a_file_says_is_told_by_what_matters(tmp_path):
    text = "building: {walls: [Mur], windows: [window]}\nremove: {groups: all, unasked: [ledge]}\n"
    assert said(tmp_path, text) == said(tmp_path, "# mine\n" + text.replace("Mur", "mur 2"))
    assert said(tmp_path, text) == {
        "building": [["walls", ["mur"]], ["windows", ["window"]]],
        "remove": {"groups": "all", "unasked": ["ledge"]},
    }
    # Kinds are said in their order.
    assert said(tmp_path, "building: {windows: [window], walls: [mur]}") != said(
        tmp_path, "building: {walls: [mur], windows: [window]}"
    )
    assert said(tmp_path, "") == {}
    assert said(tmp_path, "remove: {unlike: all}") == {"remove": {"unlike": "all"}}


# ---------------------------------------------------------------------------------------------------------- properties
@settings(max_examples=20)
@given(st.sampled_from(sorted(SHIPPED.unasked)), st.sampled_from(list(SHIPPED.building)))
def test_whatever_moves_is_then_what_it_was_named(tmp_path_factory, entry, kind):
    folder = tmp_path_factory.mktemp("lists")
    file, back = folder / "a.yaml", folder / "b.yaml"
    file.write_text(f"building: {{{kind}: ['{entry}']}}\n", encoding="utf-8")
    back.write_text(f"unasked: ['{entry}']\n", encoding="utf-8")
    rules = rules_of([file])
    assert rules.part(entry) == kind
    assert rules.unasked == SHIPPED.unasked - {
        e for e in SHIPPED.unasked if rules.spelt_together(e) == rules.spelt_together(entry)
    }
    assert rules_of([file, back]) == SHIPPED.model_copy(update={"unasked": rules_of([file, back]).unasked})
    assert rules_of([file, back]).part(entry) == UNASKED
