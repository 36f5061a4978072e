"""Single frames of videos whose frames say their own number, of codecs with and without pictures that look ahead."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from scene_adapters.formats.video import Video
from spargen.errors import SceneError

N, SIZE, BITS = 50, (128, 48), 6
CODECS = {
    "libx264": {"g": "12", "bf": "3"},
    "libx265": {"x265-params": "keyint=12:open-gop=1:log-level=none"},
    "mpeg4": {"g": "12", "bf": "2"},
    "ffv1": {},
}


def film(path: Path, codec: str, options: dict[str, str], frames: int = N) -> None:
    import av

    noise = np.random.default_rng(0).integers(0, 255, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=60, options=options)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(frames):
            image = np.roll(noise, 3 * number, axis=1)
            for bit in range(BITS):
                image[8:40, 16 * bit : 16 * bit + 16] = 255 * (number >> bit & 1)
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def number_in(image: np.ndarray) -> int:
    return sum(int(image[16:32, 16 * bit + 4 : 16 * bit + 12].mean() > 128) << bit for bit in range(BITS))


@pytest.fixture(params=CODECS, scope="module")
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "rgb.mkv"
    film(path, request.param, CODECS[request.param])
    return path


def test_each_frame_is_found_by_its_number(path: Path) -> None:
    video = Video(path, "")
    assert video.size_px == SIZE
    assert [number_in(np.asarray(video.frame(k))) for k in range(N)] == list(range(N))


def test_any_order_gives_the_same_pixels(path: Path) -> None:
    video = Video(path, "")
    forward = [np.asarray(video.frame(k)) for k in range(N)]
    again = pickle.loads(pickle.dumps(video))
    for k in (*np.random.default_rng(1).permutation(N).tolist(), N - 1, N - 1, 0, 0):
        np.testing.assert_array_equal(np.asarray(again.frame(k)), forward[k])


def test_key_frames_are_known_by_their_numbers(tmp_path: Path) -> None:
    """Pictures that are shown before a key frame may stand behind it in the file."""
    options = "keyint=12:min-keyint=12:open-gop=1:bframes=3:b-adapt=0:scenecut=0:log-level=none"
    film(tmp_path / "rgb.mkv", "libx265", {"x265-params": options})
    video = Video(tmp_path / "rgb.mkv", "")
    video.frame(0)
    assert video._decoder.key.tolist() == [0, 12, 24, 36, 48]


def test_frames_asked_for_in_order_are_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scene_adapters.formats.video import _Decoder

    film(tmp_path / "rgb.mkv", "libx264", {"g": "25", "bf": "0", "sc_threshold": "0"})
    started = []
    real = _Decoder._from
    monkeypatch.setattr(_Decoder, "_from", lambda self, key: (started.append(key), real(self, key))[1])
    video = Video(tmp_path / "rgb.mkv", "")
    for k in (0, 3, 9, 20):
        video.frame(k)
    assert started == [0]
    video.frame(30)  # beyond the next key frame, which is nearer than what was decoded last
    video.frame(20)
    assert started == [0, 25, 0]
    for k in (24, 25, 26, 40):  # a key frame that comes next is no place to begin at
        video.frame(k)
    assert started == [0, 25, 0]
    video.frame(27)
    assert started == [0, 25, 0, 25]


@pytest.mark.parametrize("number", [-1, N, 10_000])
def test_there_is_no_such_frame(path: Path, number: int) -> None:
    with pytest.raises(SceneError, match=rf"rgb\.mkv: there is no frame {number}: the video has {N}"):
        Video(path, "").frame(number)


def test_a_video_that_is_cut_has_the_frames_before_the_cut(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    cut = tmp_path / "rgb.mkv"
    cut.write_bytes(data[: len(data) // 2])
    video, good = Video(cut, ""), 0
    while good < N // 4:
        assert number_in(np.asarray(video.frame(good))) == good
        good += 1
    with pytest.raises(SceneError, match=rf"rgb\.mkv: (there is no frame|frame) {N - 1}"):
        video.frame(N - 1)
    assert number_in(np.asarray(video.frame(3))) == 3


@pytest.mark.parametrize("data", [b"", b"this is no video at all" * 99])
def test_what_is_no_video(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "rgb.mkv").write_bytes(data)
    with pytest.raises(SceneError, match=r"rgb\.mkv: the video cannot be read"):
        Video(tmp_path / "rgb.mkv", "")


def test_a_file_of_sound_alone(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "rgb.mkv"), "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), dtype=np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    with pytest.raises(SceneError, match="the file holds no video"):
        Video(tmp_path / "rgb.mkv", "")
