"""Lines of many files in one order, of which only the places are kept in memory."""

import random
import tracemalloc

import pytest

from spargen.errors import OutputError
from spargen.run.cells import merge_parts
from spargen.run.lines import KEY, Lines, id_of, lines_between, lines_in
from spargen.run.naming import Cell
from spargen.run.pieces import Pieces
from spargen.run.product import Product
from spargen.run.scenes import SceneRef


def key(number):
    return number.to_bytes(KEY, "big")


def put(lines, file, numbers, size=20, keyed=key):
    """Write lines of some numbers into a file, and add them by their keys."""
    file.write_bytes(b"".join(b'{"id":"s_%d","x":"%s"}\n' % (n, b"x" * size) for n in numbers))
    places = list(lines_in(file))
    lines.add(file, [begin for begin, _ in places], [len(line) for _, line in places], b"".join(map(keyed, numbers)))


def test_lines_come_in_the_order_of_their_keys_whatever_file_they_stand_in(tmp_path):
    lines = Lines()
    for name, numbers in {"a": (5, 2**70, 1), "b": (3, 2, 2**64), "c": ()}.items():
        put(lines, tmp_path / name, numbers)
    order = [1, 2, 3, 5, 2**64, 2**70]
    assert [id_of(line, "") for line in lines.read()] == [f"s_{n}" for n in order]
    assert lines.keys == b"".join((n >> 64).to_bytes(8, "little") + (n % 2**64).to_bytes(8, "little") for n in order)
    assert b"".join(lines.read_together()) == b"".join(lines.read())
    assert list(Lines().read()) == list(Lines().read_together()) == []


@pytest.mark.parametrize("chosen", [range(0, 400, 3), [*range(50), *range(60, 200), 399], [7]])
def test_some_lines_of_a_file_come_without_those_between_them(tmp_path, chosen, monkeypatch):
    monkeypatch.setattr("spargen.run.lines._SIDE_BY_SIDE", 1000)
    numbers = random.Random(1).sample(range(400), 400)
    put(Lines(), tmp_path / "a", numbers)
    places = list(lines_in(tmp_path / "a"))
    lines = Lines()
    for part in (chosen[::2], chosen[1::2]):
        own = [places[k] for k in part]
        keys = b"".join(key(numbers[k]) for k in part)
        lines.add(tmp_path / "a", [begin for begin, _ in own], [len(line) for _, line in own], keys)
    assert [id_of(line, "") for line in lines.read()] == [f"s_{n}" for n in sorted(numbers[k] for k in chosen)]


def test_a_line_that_begins_where_one_of_another_file_ends_is_read_from_its_own(tmp_path):
    lines = Lines()
    for name, number, taken in (("a", 1, 0), ("b", 3, 1)):
        put(Lines(), tmp_path / name, (number, number + 1))
        begin, line = list(lines_in(tmp_path / name))[taken]
        lines.add(tmp_path / name, [begin], [len(line)], key(number + taken))
    assert [id_of(line, "") for line in lines.read()] == ["s_1", "s_4"]


def test_of_lines_with_one_key_the_last_counts(tmp_path):
    lines = Lines()
    for name, size in {"a": 3, "b": 4, "c": 5}.items():
        put(lines, tmp_path / name, (7, 8), size)
        assert [len(line) for line in lines.read()] == [20 + size] * 2


def test_lines_need_as_many_places_as_keys(tmp_path):
    with pytest.raises(ValueError, match="not as many places as keys"):
        Lines().add(tmp_path / "a", [0, 9], [9, 9], key(1))
    with pytest.raises(ValueError, match="not as many places as keys"):
        Lines().add(tmp_path / "a", [0], [9, 9], key(1) + key(2))


@pytest.mark.parametrize("way", ["read", "read_together"])
def test_memory_does_not_grow_with_the_lines(tmp_path, way):
    lines, count = Lines(), 1200
    for name in ("a", "b"):
        put(lines, tmp_path / name, range(count), 50_000, lambda n, name=name: key(2 * n + (name == "b")))
    tracemalloc.start()
    total = sum(len(line) for line in getattr(lines, way)())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 120e6
    assert peak < {"read": 45e6, "read_together": 115e6}[way]


def test_lines_between_are_those_and_no_others(tmp_path):
    text = b"a\nbb\r\x0b\n\nc\n"
    (tmp_path / "a").write_bytes(text)
    assert lines_between(tmp_path / "a", 0, len(text)) == [b"a\n", b"bb\r\x0b\n", b"\n", b"c\n"]
    assert lines_between(tmp_path / "a", 2, 7) == [b"bb\r\x0b\n"]
    assert lines_between(tmp_path / "a", 7, 7) == []


def test_ids_are_read_from_any_line_and_damage_is_named():
    assert id_of(b'{"id":"a_1","x":2}\n', "f:1") == "a_1"
    assert id_of(b'{"x":{"id":"no"},"id":"a_1"}\n', "f:1") == "a_1"
    assert id_of(b'{"x":"no","y":"id","id":"a_1","z":"id"}\n', "f:1") == "a_1"
    assert id_of(b'{"x":"\\",\\"id\\":\\"no\\"","id":"a_1"}\n', "f:1") == "a_1"
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
    ref, pieces = SceneRef("d", "train", "s"), Pieces()
    pieces.add(ref, 2, [(0, 26), (0, 26)])
    product = Product({}, {str(ref): "d"}, standing, interrupted=True)
    with pytest.raises(OutputError, match="not as many as they should be, or not those of its facts"):
        merge_parts(tmp_path, {cell: pieces}, (), 0, product, 1)
