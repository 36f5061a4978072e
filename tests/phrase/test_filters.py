"""Articles, plurals and directions in words."""

import itertools
import re

import pytest

from spargen.phrase.filters import filters, prose, versus
from spargen.qa.answers import OC_AXES, OO_AXES, OO_MULTI_AXES, Directions
from spargen.qa.fact import Thing
from spargen.scene.labels import label_rules

FILTERS = filters(label_rules())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chair", "a chair"),
        ("office chair", "an office chair"),
        ("umbrella", "an umbrella"),
        ("hour glass", "an hour glass"),
        ("hourglass", "an hourglass"),
        ("house plant", "a house plant"),
        ("unit", "a unit"),
        ("utensil holder", "a utensil holder"),
        ("ukulele", "a ukulele"),
        ("urn", "an urn"),
        ("usb hub", "a usb hub"),
        ("u shaped desk", "a u shaped desk"),
        ("l-shaped couch", "an l-shaped couch"),
        ("oven", "an oven"),
        ("one-seater", "a one-seater"),
        ("tv", "a tv"),
        ("TV stand", "a TV stand"),
        ("lcd screen", "an lcd screen"),
        ("led light", "an led light"),
        ("leds panel", "a leds panel"),
        ("x-ray machine", "an x-ray machine"),
        ("xbox", "an xbox"),
        ("mp3 player", "an mp3 player"),
        ("iron", "an iron"),
        ("eucalyptus", "a eucalyptus"),
        ("books", "some books"),
        ("cds", "some cds"),
        ("christmas tree", "a christmas tree"),
        ("christmas", "a christmas"),
        ("books in a shelf", "some books in a shelf"),
        ("plates of food", "some plates of food"),
        ("flowers/decorations", "some flowers/decorations"),
        ("chair 2", "a chair 2"),
        ("bus", "a bus"),
        ("gps", "a gps"),
        ("pair of shoes", "a pair of shoes"),
        ("stacks of paper", "some stacks of paper"),
        ("urinal", "a urinal"),
        ("utility cart", "a utility cart"),
        ("upright piano", "an upright piano"),
        ("mattress", "a mattress"),
        ("glass", "a glass"),
        ("night_stand", "a night_stand"),
        ("Ottoman", "an Ottoman"),
    ],
)
def test_articles(name, expected):
    assert FILTERS["a"](name) == expected
    assert FILTERS["a"](Thing(name, "red point")) == f"{expected} (red point)"


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("chair", "chairs"),
        ("office chair", "office chairs"),
        ("box", "boxes"),
        ("bench", "benches"),
        ("couch", "couches"),
        ("battery", "batteries"),
        ("toy", "toys"),
        ("shelf", "shelves"),
        ("bookshelf", "bookshelves"),
        ("person", "people"),
        ("mattress", "mattresses"),
        ("glass", "glasses"),
        ("bus", "buses"),
        ("knife", "knives"),
        ("tv", "tvs"),
        ("cd", "cds"),
        ("cds", "cds"),
        ("TVs", "TVs"),
        ("dvds", "dvds"),
        ("pc", "pcs"),
        ("shoe", "shoes"),
        ("shoes", "shoes"),
        ("glasses", "glasses"),
        ("clothes", "clothes"),
        ("stairs", "stairs"),
        ("gas", "gases"),
        ("lens", "lenses"),
        ("buses", "buses"),
        ("canvas", "canvases"),
        ("christmas tree", "christmas trees"),
        ("cookie", "cookies"),
        ("potato", "potatoes"),
        ("snowman", "snowmen"),
        ("scissors", "scissors"),
        ("people", "people"),
        ("books", "books"),
        ("night_stand", "night_stands"),
        ("tissue box", "tissue boxes"),
        ("bag of chips", "bags of chips"),
    ],
)
def test_plurals(one, many):
    assert FILTERS["plural"](one) == many


PARTS = {
    ("lr", -1): "to the left",
    ("lr", 0): "not clearly to either side",
    ("lr", 1): "to the right",
    ("ab", -1): "below",
    ("ab", 0): "at about the same height",
    ("ab", 1): "above",
    ("fb", -1): "behind",
    ("fb", 0): "not clearly in front or behind",
    ("fb", 1): "in front",
    ("cf", -1): "closer to the observer",
    ("cf", 0): "at about the same distance from the observer",
    ("cf", 1): "farther from the observer",
}


def test_prose_says_every_part_once():
    for axes in (OC_AXES, OO_AXES, OO_MULTI_AXES[:3], ("fb",)):
        for states in itertools.product((-1, 0, 1), repeat=len(axes)):
            text = prose(Directions(axes, states))
            parts = re.split(r", but |, | and ", text)
            # One part an axis, empty ones too, each with its own word and with no other axis's.
            assert parts == [PARTS[axis, state] for axis, state in zip(axes, states, strict=True)]
            assert text == text.strip()
            assert "  " not in text
            assert ", ," not in text
            assert not text.startswith("and")


def test_prose_reads_well():
    assert prose(Directions(OC_AXES, (1, 1, 1))) == "to the right, above and in front"
    assert prose(Directions(("fb",), (-1,))) == "behind"
    # What is denied ends before the parts that are not.
    assert prose(Directions(OC_AXES, (0, -1, -1))) == "not clearly to either side, but below and behind"
    assert prose(Directions(OO_AXES, (-1, 0, 1)), "camera") == (
        "to the left, at about the same height and farther from the camera"
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (Thing("chair", "red point"), "chair (red point) is"),
        (Thing("books", "red point"), "books (red point) are"),
        (Thing("curtains", "blue bbox", "in Frame-3"), "curtains (in Frame-3) (blue bbox) are"),
        ("pair of shoes", "pair of shoes is"),
        ("stacks of paper", "stacks of paper are"),
        ("mattress", "mattress is"),
        ("people", "people are"),
        ("TVs", "TVs are"),
        ("gas", "gas is"),
        ("stairs", "stairs are"),
        ("box of tissues", "box of tissues is"),
        ("wall 2", "wall 2 is"),
    ],
)
def test_the_verb_agrees_with_the_label(name, expected):
    assert FILTERS["is"](name) == expected


def test_versus_stands_before_what_is_compared_with():
    assert versus(Directions(("lr",), (-1,))) == "to the left of"
    assert versus(Directions(("ab",), (1,))) == "above"
    assert versus(Directions(("cf",), (-1,))) == "closer to the camera than"
    assert versus(Directions(("cf",), (1,)), "observer") == "farther from the observer than"
