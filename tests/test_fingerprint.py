"""What changes a fingerprint, and what does not."""

import importlib
import os
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spargen.errors import SceneError
from spargen.fingerprint import code, contents, digest, libraries, sizes, times

SIMPLE = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
VALUES = st.recursive(SIMPLE, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def plain(value):
    """Tell values apart as JSON with types would: 1, True and 1.0 are three, -0.0 and 0.0 two."""
    if isinstance(value, dict):
        return {"dict": sorted((k, plain(v)) for k, v in value.items())}.__repr__()
    return [plain(v) for v in value].__repr__() if isinstance(value, list) else f"{type(value).__name__} {value!r}"


@given(st.lists(VALUES, max_size=3), st.lists(VALUES, max_size=3))
def test_two_lists_of_parts_look_alike_only_if_they_are(a, b):
    assert (digest(*a) == digest(*b)) == (plain(a) == plain(b))
    assert digest(*a) == digest(*a)


def test_parts_do_not_run_together():
    different = [
        ("ab",),
        ("a", "b"),
        (["a", "b"],),
        (["a"], "b"),
        ("a", ["b"]),
        (["a", ["b"]],),
        ([], "a", "b"),
        ("astrb",),
    ]
    assert len({digest(*parts) for parts in different}) == len(different)


def test_arrays_are_told_apart_by_type_shape_and_bytes():
    a = np.arange(12.0)
    different = [
        a,
        a.astype(np.float32),
        a.reshape(3, 4),
        a.reshape(4, 3),
        a + 1e-9,
        a[:6],
        a[:0],
        a[:0].reshape(0, 3),
        a.view(int),
    ]
    assert len({digest(x) for x in different}) == len(different)
    assert digest(a.reshape(3, 4).T) == digest(np.ascontiguousarray(a.reshape(3, 4).T)) != digest(a.reshape(4, 3))
    assert digest(np.float64(0.5), np.int64(3)) == digest(0.5, 3)


def test_the_order_of_a_mapping_does_not_count():
    assert digest({"a": 1, "b": 2}) == digest(OrderedDict(b=2, a=1)) != digest({"a": 2, "b": 1})


@pytest.mark.parametrize("thing", [object(), {1, 2}, np.array([object()]), lambda: None])
def test_what_has_no_lasting_text_is_refused(thing):
    with pytest.raises(TypeError, match="has no fingerprint"):
        digest([thing])


def test_files_by_bytes_by_size_and_by_time(tmp_path):
    a, b = tmp_path / "a.txt", tmp_path / "deep" / "b.txt"
    b.parent.mkdir()
    a.write_text("12")
    b.write_text("345")
    of = {how: how(tmp_path, [a, b]) for how in (contents, sizes, times)}
    os.utime(a, ns=(1, 1))
    assert contents(tmp_path, [a, b]) == of[contents]
    assert sizes(tmp_path, [a, b]) == of[sizes]
    assert times(tmp_path, [a, b]) != of[times]
    a.write_text("21")
    assert contents(tmp_path, [a, b]) != of[contents]
    assert sizes(tmp_path, [a, b]) == of[sizes]
    a.write_text("211")
    assert sizes(tmp_path, [a, b]) != of[sizes]
    tmp_path.joinpath("deep").rename(tmp_path / "other")
    assert sizes(tmp_path, [a, tmp_path / "other/b.txt"]) != sizes(tmp_path, [a, a])


def test_a_data_set_may_be_moved(tmp_path):
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "a.txt").write_text("1")
    assert contents(tmp_path / "here", [tmp_path / "here/a.txt"]) == contents(
        tmp_path / "there", [tmp_path / "there/a.txt"]
    )


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(SceneError, match=r"no\.txt.*cannot be read"):
        sizes(tmp_path, [tmp_path / "no.txt"])


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/dev/zero"), os.mkfifo, Path.mkdir])
def test_bytes_are_those_of_regular_files(tmp_path, make):
    make(tmp_path / "pose.txt")
    with pytest.raises(SceneError, match=r"pose\.txt.*no regular file"):
        contents(tmp_path, [tmp_path / "pose.txt"])


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Return a function that writes files into a folder that Python imports from, by their paths."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(**texts):
        for name, text in texts.items():
            file = tmp_path / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.replace(";", "\n"))
        importlib.invalidate_caches()

    return write


# A module of one's own, a package with a module beside and one below, each imported in another way.
OWN = {
    "fp_start": "import json, numpy;from fp_pack.near import thing;def f():;    import fp_late",
    "fp_late": "late = 1",
    "fp_pack/__init__": "",
    "fp_pack/near": "from . import beside;from .below.deep import x;from ..no import thing",
    "fp_pack/beside": "b = 1",
    "fp_pack/below/__init__": "i = 1",
    "fp_pack/below/deep": "from ..last import y",
    "fp_pack/last": "import fp_space.inner.thing",
    "fp_space/inner/thing": "t = 1",
    "fp_pack/unused": "u = 1",
    "fp_other": "o = 1",
}


@pytest.mark.parametrize("changed", OWN)
def test_a_change_of_what_is_imported_counts_and_no_other(files, changed):
    files(**OWN)
    before = code(["fp_start"])
    assert code(["fp_start"]) == before
    files(**{changed: OWN[changed] + ";# changed"})
    assert (code(["fp_start"]) != before) == (changed not in ("fp_pack/unused", "fp_other"))
    assert "fp_pack" not in sys.modules


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "class A:\n  def f(self):\n    {}",
        "async def f():\n  async with a:\n    {}",
        "for a in b:\n  pass\nelse:\n  {}",
        "while a:\n  if b:\n    pass\n  elif c:\n    {}",
        "try:\n  {}\nfinally:\n  pass",
        "try:\n  pass\nexcept OSError:\n  {}",
        "try:\n  pass\nexcept OSError:\n  pass\nelse:\n  {}",
        "try:\n  pass\nfinally:\n  {}",
        "match a:\n  case 1:\n    {}",
    ],
)
def test_an_import_counts_wherever_it_stands(files, around):
    files(fp_start=around.format("import fp_deep"), fp_deep="a = 1")
    before = code(["fp_start"])
    files(fp_deep="a = 2")
    assert code(["fp_start"]) != before


def test_a_plug_in_file_counts_with_what_it_imports(files, tmp_path):
    files(**OWN)
    plugin = tmp_path / "elsewhere" / "mine.py"
    plugin.parent.mkdir()
    plugin.write_text("from fp_pack import beside\n")
    before = code([plugin])
    files(**{"fp_pack/beside": "b = 2"})
    assert (after := code([plugin])) != before
    plugin.write_text("from fp_pack import beside, last\n")
    assert code([plugin]) != after


@pytest.mark.parametrize(
    ("listed", "as_text"), [("top_level.txt", "far\nfar_away\n"), ("RECORD", "far/x.py,,\nfar_away/deep.py,,\n")]
)
def test_of_installed_packages_the_version_counts(files, tmp_path, monkeypatch, listed, as_text):
    place = tmp_path / "site-packages"
    monkeypatch.syspath_prepend(place)
    files(fp_start="import far_away.deep", **{"site-packages/far_away/__init__": "", "site-packages/far_away/deep": ""})
    info = place / "far_away-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: far_away\nVersion: 1.2\n")
    (info / listed).write_text(as_text)

    def fingerprint(start):
        from spargen import fingerprint as module

        module._installed_as.cache_clear()
        module.installed_version.cache_clear()
        return code([start])

    loose, own = fingerprint("fp_start"), fingerprint("far_away.deep")
    files(**{"site-packages/far_away/deep": "x = 1"})
    assert fingerprint("fp_start") == loose
    assert fingerprint("far_away.deep") != own  # an adapter that is installed is followed itself
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: far_away\nVersion: 1.3\n")
    assert fingerprint("fp_start") != loose


def test_source_that_cannot_be_parsed_counts_as_it_stands(files):
    files(fp_broken="x = (")
    before = code(["fp_broken"])
    files(fp_broken="x = [")
    assert code(["fp_broken"]) != before


def test_the_libraries_that_decide_numbers_are_named():
    assert {"numpy", "scipy", "jinja2", "pillow", "trimesh"} <= set(libraries())
    assert libraries()["numpy"] == np.__version__
