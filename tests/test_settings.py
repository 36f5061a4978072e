"""Every setting decides something."""

import re
from pathlib import Path

import pytest

import spargen
from spargen.settings import Settings

CODE = "\n".join(p.read_text("utf-8") for p in Path(spargen.__file__).parent.rglob("*.py") if p.name != "settings.py")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_read_somewhere_and_says_what_it_does(name):
    assert re.search(rf"\.{name}\b", CODE)
    assert Settings.model_fields[name].description
