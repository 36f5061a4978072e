"""Both encodings of depth.bin, whole and cut short; frames in any order are the same."""

from __future__ import annotations

import pickle
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from scene_adapters.formats import depthbin
from scene_adapters.formats.depthbin import DepthBin
from spargen.errors import SceneError
from tests.adapters.scannetpp_files import blocks, deflated, metres

N = 70  # more than twice what lies between two places to go on from


def lz4_block(number: int) -> bytes:
    import lz4.block

    return lz4.block.compress(millimetres(number).tobytes(), store_size=False)


def millimetres(number: int) -> np.ndarray:
    return np.rint(metres(number).astype(np.float64) * 1000).astype("<u2")


def stream(numbers: range = range(N)) -> bytes:
    return deflated(b"".join(metres(n).tobytes() for n in numbers))


ENCODINGS = {
    "one stream": stream,
    "deflate blocks": lambda: blocks([deflated(metres(n).tobytes()) for n in range(N)]),
    "lz4 blocks": lambda: blocks([lz4_block(n) for n in range(N)]),
    "both kinds of blocks": lambda: blocks(
        [lz4_block(n) if n % 2 else deflated(metres(n).tobytes()) for n in range(N)]
    ),
}


@pytest.fixture(params=ENCODINGS)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "depth.bin").write_bytes(ENCODINGS[request.param]())
    return tmp_path / "depth.bin"


def test_each_frame_has_its_own_depth(file: Path) -> None:
    depths = DepthBin(file)
    for n in range(N):
        found = depths.frame(n)
        assert (found.dtype, found.shape) == (np.uint16, (192, 256))
        np.testing.assert_array_equal(found, millimetres(n), err_msg=str(n))
    assert depths.ends_within is None


def test_frames_in_any_order_are_the_same(file: Path) -> None:
    depths = pickle.loads(pickle.dumps(DepthBin(file)))
    for n in (69, 3, 2, 40, 41, 64, 31, 32, 33, 0, 69, 69, 35):
        np.testing.assert_array_equal(depths.frame(n), millimetres(n), err_msg=str(n))


def test_behind_the_end_there_is_no_depth(file: Path) -> None:
    depths = DepthBin(file)
    assert depths.frame(N) is None
    assert depths.frame(N + 9) is None
    np.testing.assert_array_equal(depths.frame(5), millimetres(5))


def whole_frames(depths: DepthBin) -> int:
    """How many frames can be had, one after the other; those are right."""
    for n in range(N):
        try:
            found = depths.frame(n)
        except SceneError:
            return n
        np.testing.assert_array_equal(found, millimetres(n))
    return N


def test_after_a_failure_the_others_can_be_had(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    depths = DepthBin(file)
    depths.frame(2)
    with pytest.raises(SceneError, match="the file ends within it"):
        depths.frame(N - 1)
    np.testing.assert_array_equal(depths.frame(4), millimetres(4))


@pytest.mark.parametrize("kept", [0.999, 0.5, 0.03])
def test_a_file_that_is_cut_names_itself_and_the_frame(file: Path, kept: float) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * kept)])
    depths = DepthBin(file)
    good = whole_frames(depths)
    with pytest.raises(SceneError, match=rf"depth\.bin: frame {good}: the file ends within it"):
        depths.frame(good)
    # Those before it can be had afterwards as well; those behind it lie behind the cut.
    np.testing.assert_array_equal(depths.frame(0), millimetres(0))
    np.testing.assert_array_equal(depths.frame(good - 1), millimetres(good - 1))
    with pytest.raises(SceneError, match=f"frame {good}: the file ends within it"):
        depths.frame(good + 5)


def test_a_list_of_blocks_knows_where_it_is_cut(tmp_path: Path) -> None:
    data = ENCODINGS["deflate blocks"]()
    for cut in (len(data) - 1, len(data) - 40):
        (tmp_path / "depth.bin").write_bytes(data[:cut])
        assert DepthBin(tmp_path / "depth.bin").ends_within == N - 1
    (tmp_path / "depth.bin").write_bytes(data + b"\1\0")  # not even a size
    assert DepthBin(tmp_path / "depth.bin").ends_within == N


def test_a_stream_that_ends_between_two_frames_is_cut_too(tmp_path: Path) -> None:
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = deflate.compress(b"".join(metres(n).tobytes() for n in range(3))) + deflate.flush(zlib.Z_FULL_FLUSH)
    (tmp_path / "depth.bin").write_bytes(data)
    depths = DepthBin(tmp_path / "depth.bin")
    np.testing.assert_array_equal(depths.frame(2), millimetres(2))
    with pytest.raises(SceneError, match="frame 3: the file ends within it"):
        depths.frame(3)


@pytest.mark.parametrize("data", [b"", b"\x05", b"no depth at all", bytes(5000)])
def test_what_is_no_depth_file_is_refused_at_once(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "depth.bin").write_bytes(data)
    with pytest.raises(SceneError, match=r"depth\.bin: frame 0: "):
        DepthBin(tmp_path / "depth.bin")


def test_a_damaged_block_is_named(tmp_path: Path) -> None:
    datas = [deflated(metres(n).tobytes()) for n in range(4)]
    datas[2] = b"\xff" * 500
    datas[3] = deflated(b"too short")
    (tmp_path / "depth.bin").write_bytes(blocks(datas))
    depths = DepthBin(tmp_path / "depth.bin")
    with pytest.raises(SceneError, match=r"frame 2: it is neither deflate nor LZ4"):
        depths.frame(2)
    with pytest.raises(SceneError, match=r"frame 3: it has 9 bytes, not 196608"):
        depths.frame(3)
    np.testing.assert_array_equal(depths.frame(1), millimetres(1))


def test_a_damaged_stream_is_named(tmp_path: Path) -> None:
    # A block of a type that there is not, behind forty frames of whole blocks.
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = deflate.compress(b"".join(metres(n).tobytes() for n in range(40))) + deflate.flush(zlib.Z_FULL_FLUSH)
    (tmp_path / "depth.bin").write_bytes(data + b"\xff" * 100)
    depths = DepthBin(tmp_path / "depth.bin")
    good = whole_frames(depths)
    assert good in (39, 40)  # zlib looks ahead
    with pytest.raises(SceneError, match=rf"frame {good}: this is no deflate stream"):
        depths.frame(good)
    np.testing.assert_array_equal(depths.frame(0), millimetres(0))


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"depth\.bin: the file cannot be read"):
        DepthBin(tmp_path / "depth.bin")


def test_what_is_no_length_is_not_measured(tmp_path: Path) -> None:
    odd = metres(0)
    odd[0, :6] = [np.nan, np.inf, -np.inf, -1.0, 65.536, 65.535]
    (tmp_path / "depth.bin").write_bytes(blocks([deflated(odd.tobytes())]))
    assert DepthBin(tmp_path / "depth.bin").frame(0)[0, :7].tolist() == [0, 0, 0, 0, 0, 65535, 1001]


def test_lz4_is_named_where_it_is_needed_and_lacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datas = [ENCODINGS[name]() for name in ("lz4 blocks", "deflate blocks")]
    monkeypatch.setitem(sys.modules, "lz4", None)
    monkeypatch.setitem(sys.modules, "lz4.block", None)
    (tmp_path / "depth.bin").write_bytes(datas[0])
    with pytest.raises(SceneError, match=r'LZ4 is not installed.*\n.*pip install "spargen\[scannetpp\]"'):
        DepthBin(tmp_path / "depth.bin")
    (tmp_path / "depth.bin").write_bytes(datas[1])
    np.testing.assert_array_equal(DepthBin(tmp_path / "depth.bin").frame(3), millimetres(3))


def test_a_stream_is_inflated_once_where_frames_are_asked_for_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    real = depthbin._Stream._next
    monkeypatch.setattr(depthbin._Stream, "_next", lambda self, *args: (read.append(args[-1]), real(self, *args))[1])
    (tmp_path / "depth.bin").write_bytes(stream())
    depths = DepthBin(tmp_path / "depth.bin")
    read.clear()
    for n in range(1, N, 3):
        depths.frame(n)
    assert read == list(range(1, 68))
    read.clear()
    depths.frame(40)  # goes on from the place at 32
    assert read == list(range(32, 41))
