"""The names of the formats, which the help tells without loading them."""

from spargen.export.readers import READERS
from spargen.export.table import FORMATS


def test_every_format_has_readers():
    assert list(READERS) == list(FORMATS)
