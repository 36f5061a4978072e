import hashlib

import pytest

from spargen.seeds import below, hashed


@pytest.mark.parametrize("size", [8, 16])
def test_an_address_is_hashed_part_by_part(size):
    expected = hashlib.blake2b(b"order\x1f7\x1fscene0000_00\x1f", digest_size=size).digest()
    assert hashed("order", 7, "scene0000_00", size=size) == expected


def test_many_parts_below_one_address_are_hashed_as_each_alone():
    begun = below("order", 7, size=8)
    for part in ("a_1", "b_2", "a_1", 3, "é"):
        assert begun(part) == hashed("order", 7, part, size=8)
    assert below("a", "b")("c") == hashed("a", "b", "c")
