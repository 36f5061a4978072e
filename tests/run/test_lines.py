"""Lines of many files in one order, of which only the places are kept in memory."""

import tracemalloc
from types import SimpleNamespace

import pytest

from spargen.errors import OutputError
from spargen.run.cells import merge_parts
from spargen.run.lines import KEY, Lines, id_of, lines_in
from spargen.run.naming import Cell
from spargen.run.product import Product
from spargen.run.scenes import SceneRef


def key(number):
    return number.to_bytes(KEY, "big")


def put(file, numbers, size=20):
    file.write_bytes(b"".join(b'{"id":"s_%d","x":"%s"}\n' % (n, b"x" * size) for n in numbers))
    return [(begin, len(line)) for begin, line in lines_in(file)]


def test_lines_come_in_the_order_of_their_keys_whatever_file_they_stand_in(tmp_path):
    lines = Lines()
    for name, numbers in {"a": (5, 2**70, 1), "b": (3, 2, 2**64), "c": ()}.items():
        lines.add(tmp_path / name, put(tmp_path / name, numbers), map(key, numbers))
    order = [1, 2, 3, 5, 2**64, 2**70]
    assert [id_of(line, "") for line in lines.read()] == [f"s_{n}" for n in order]
    assert lines.keys == b"".join((n >> 64).to_bytes(8, "little") + (n % 2**64).to_bytes(8, "little") for n in order)
    assert list(Lines().read()) == []


def test_of_lines_with_one_key_the_last_counts(tmp_path):
    lines = Lines()
    for name, size in {"a": 3, "b": 4, "c": 5}.items():
        lines.add(tmp_path / name, put(tmp_path / name, (7, 8), size), map(key, (7, 8)))
    assert [len(line) for line in lines.read()] == [25, 25]


def test_memory_does_not_grow_with_the_lines(tmp_path):
    lines, count = Lines(), 1200
    for name in ("a", "b"):
        places = put(tmp_path / name, range(count), 50_000)
        lines.add(tmp_path / name, places, (key(2 * n + (name == "b")) for n in range(count)))
    tracemalloc.start()
    total = sum(len(line) for line in lines.read())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 120e6
    assert peak < 45e6


def test_ids_are_read_from_any_line_and_damage_is_named():
    assert id_of(b'{"id":"a_1","x":2}\n', "f:1") == "a_1"
    assert id_of(b'{"x":{"id":"no"},"id":"a_1"}\n', "f:1") == "a_1"
    assert id_of(b'{"id":"\\u00e4_1"}\n', "f:1") == "ä_1"
    for line in (b"{", b"[]", b"{}", b"7"):
        with pytest.raises(OutputError, match=r"f:1: this line is damaged"):
            id_of(line, "f:1")


@pytest.mark.parametrize("facts", [b'{"id":"s_0"}\n', b'{"id":"s_0"}\n{"id":"s_9"}\n'])
def test_rows_without_their_facts_are_not_merged(tmp_path, facts):
    cell = Cell("d", "train", "t", "fill")
    for name, text in ((cell.row_file(2), b'{"id":"s_0"}\n{"id":"s_1"}\n'), (cell.fact_file, facts)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(text)
    standing = {cell.row_folder: (cell.row_file(2),), cell.fact_file.rpartition("/")[0]: (cell.fact_file,)}
    ref, part = SceneRef("d", "train", "s"), SimpleNamespace(digest="d", cells={"t/fill": (2, 26, 26)})
    product = Product({}, {str(ref): "d"}, standing, interrupted=True)
    with pytest.raises(OutputError, match="not as many as they should be, or not those of its facts"):
        merge_parts(tmp_path, {ref: part}, (), 0, product)
