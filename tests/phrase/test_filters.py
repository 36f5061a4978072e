"""Articles, plurals and directions in words."""

import itertools
import re

import pytest

from spargen.phrase.filters import plural, prose, versus, with_article
from spargen.qa.answers import OC_AXES, OO_AXES, OO_MULTI_AXES, Directions
from spargen.qa.fact import Thing


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
    assert with_article(name) == expected
    assert with_article(Thing(name, "red point")) == f"{expected} (red point)"


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
        ("books", "books"),
        ("night_stand", "night_stands"),
        ("tissue box", "tissue boxes"),
        ("bag of chips", "bags of chips"),
    ],
)
def test_plurals(one, many):
    assert plural(one) == many


def test_prose_says_every_part_once():
    for axes in (OC_AXES, OO_AXES, OO_MULTI_AXES[:3], ("fb",)):
        for states in itertools.product((-1, 0, 1), repeat=len(axes)):
            text = prose(Directions(axes, states))
            for axis, state in zip(axes, states, strict=True):
                words = {
                    "lr": ("left", "right"),
                    "ab": ("below", "above"),
                    "fb": ("behind", "in front"),
                    "cf": ("closer", "farther"),
                }
                for k, word in zip((-1, 1), words[axis], strict=True):
                    assert (word in text) == (state == k), (text, axis, state)
            assert text == text.strip()
            assert "  " not in text
            assert ", ," not in text
            assert not text.startswith("and")
            # One part an axis, empty ones too.
            assert len(re.split(", | and ", text)) == len(axes), text


def test_prose_reads_well():
    assert prose(Directions(OC_AXES, (1, 1, 1))) == "to the right, above and in front"
    assert prose(Directions(("fb",), (-1,))) == "behind"
    assert "to the left" in prose(Directions(OC_AXES, (-1, 0, 1)))


def test_versus_stands_before_what_is_compared_with():
    assert versus(Directions(("lr",), (-1,))) == "to the left of"
    assert versus(Directions(("ab",), (1,))) == "above"
    assert versus(Directions(("cf",), (-1,))) == "closer to the camera than"
    assert versus(Directions(("cf",), (1,)), "observer") == "farther from the observer than"
