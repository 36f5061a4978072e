"""The list of broken rules keeps up with the program: what an entry breaks and the test that sees it are there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import scene_adapters
import spargen
from spargen.resources import data_dir
from tests.mutants.run import ROOT, read_mutants

MUTANTS = read_mutants(None, "")
PLACES = {
    "spargen": Path(spargen.__file__).parent,
    "scene_adapters": Path(scene_adapters.__file__).parent,
    "templates": data_dir("templates"),
    "configs": data_dir("configs"),
}
"""Where the program's folders are: it may be installed, and the tests alone be here."""


@cache
def text_of(name: str) -> str:
    """What stands in a file; in a folder of tests, or where nothing is, no text at all."""
    top, _, rest = name.partition("/")
    path = PLACES.get(top, ROOT / top) / rest
    return path.read_text("utf-8") if path.is_file() else ""


def is_there(word: str) -> bool:
    """Whether a test file, or folder, is there, and the function in it that may be named behind it."""
    file, _, name = word.partition("::")
    return (ROOT / file).exists() and (not name or f"def {name.partition('[')[0]}(" in text_of(file))


def test_what_an_entry_breaks_stands_once_in_its_file():
    stale = [(m.area, m.rule, times) for m in MUTANTS if (times := text_of(m.file).count(m.old)) != 1]
    assert len(MUTANTS) > 1000
    assert stale == []


def test_an_entry_changes_something():
    assert [(m.area, m.rule) for m in MUTANTS if m.new == m.old] == []


def test_the_tests_of_an_entry_are_there():
    named = [(m.area, m.rule, [word for word in m.test.split() if word.startswith("tests/")]) for m in MUTANTS]
    assert [(area, rule) for area, rule, words in named if not words] == []
    assert [(area, rule, word) for area, rule, words in named for word in words if not is_there(word)] == []
