"""Files of the cache folder."""

import pytest

from spargen.views.kept import written_whole


def test_a_file_is_there_once_it_is_whole(tmp_path):
    path = tmp_path / "cache" / "a.json"

    def write(data, fault=None):
        with written_whole(path) as file:
            file.write(data)
            assert path.exists() == bool(fault)
            if fault:
                raise fault

    write(b"1")
    with pytest.raises(KeyboardInterrupt):
        write(b"2", KeyboardInterrupt)
    assert path.read_bytes() == b"1"
    assert [*path.parent.iterdir()] == [path]
    with pytest.raises(IsADirectoryError), written_whole(path.parent):
        pass
    assert [*tmp_path.iterdir()] == [path.parent]
