"""Bad input gets the right error, in one line, quickly; nothing else is opened."""

import contextlib
import os
import socket
import time

import pytest
from film_damage import cut_short, remuxed
from films import Film, film_path, make_film, sound_film

from limelight.errors import Damaged, InputError, LimelightError, NotMedia, TooLarge, Unsupported
from limelight.media import container
from limelight.media.container import container_name, main_picture, open_input
from limelight.media.probe import probe

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c636060606000000005000187a1a2f40000000049454e44ae426082"
)
NOT_MEDIA = {
    "empty.mp4": b"",
    "text.mp4": b"this is not a film\n" * 40,
    "page.mp4": b"<!DOCTYPE html><title>404</title>" * 9,
    "nulls.mp4": bytes(20_000),
    "zip.mp4": b"PK\x03\x04" + bytes(range(256)) * 12,
    "still.mp4": PNG,
    "list.m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nneighbour.ts\n#EXT-X-ENDLIST\n",
    "list.mp4": b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nneighbour.ts\n#EXT-X-ENDLIST\n",
    "concat.mp4": b"ffconcat version 1.0\nfile neighbour.ts\n",
    "session.mp4": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 49170 RTP/AVP 0\n",
}


@pytest.fixture(autouse=True)
def _quick():
    """Whatever is refused is refused within seconds."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("name", NOT_MEDIA)
def test_what_is_no_film_is_refused_in_one_line(name, tmp_path):
    make_film(Film(container="ts", seconds=0.4), tmp_path / "neighbour.ts")
    path = tmp_path / name
    path.write_bytes(NOT_MEDIA[name])
    with pytest.raises(NotMedia, match="cannot read") as caught:
        probe(path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3


def test_a_play_list_reaches_no_other_host(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/film.ts"
        path = tmp_path / "list.m3u8"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{address}\n#EXT-X-ENDLIST\n")
        with pytest.raises(NotMedia):
            probe(path)
        with pytest.raises(InputError, match="cannot open"):
            probe(address)
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_download_cut_off_before_its_index_is_refused(share, tmp_path):
    broken = cut_short(film_path(Film()), tmp_path / "half.mp4", share=share)
    with pytest.raises(NotMedia, match="cut off before its index"):
        probe(broken)


def test_missing_folder_pipe_and_nul_are_refused(tmp_path):
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="No such file"):
        probe(tmp_path / "none.mp4")
    with pytest.raises(InputError, match="a folder"):
        probe(tmp_path)
    with pytest.raises(InputError, match="a pipe"):
        probe(pipe)
    with pytest.raises(InputError, match="NUL"):
        probe(str(film_path(Film())) + "\0.mp4")


@pytest.mark.parametrize(
    "name", ["-film.mp4", "a:b.mp4", "concat:a|b.mp4", "100%03d.mp4", "ü ☃ $(x)'.mp4", "http:x.mp4"]
)
def test_a_name_is_only_a_name(name, tmp_path, monkeypatch):
    (tmp_path / name).write_bytes(film_path(Film()).read_bytes())
    monkeypatch.chdir(tmp_path)
    assert probe(name).picture.codec == "h264"


def test_an_unknown_picture_codec_is_told(tmp_path):
    data = remuxed(film_path(Film()), tmp_path / "fast.mp4", options={"movflags": "+faststart"}).read_bytes()
    at = data.find(b"avc1", data.find(b"stsd"))
    path = tmp_path / "unknown.mp4"
    path.write_bytes(data[:at] + b"zzzz" + data[at + 4 :])
    with pytest.raises(Unsupported, match="codec of its picture is not known"):
        probe(path)


def test_a_damaged_index_is_told(tmp_path):
    data = remuxed(film_path(Film()), tmp_path / "fast.mp4", options={"movflags": "+faststart"}).read_bytes()
    for box, offset in ((b"stts", 8), (b"stsz", 12)):
        at = data.find(box) + offset
        path = tmp_path / "damaged.mp4"
        path.write_bytes(data[:at] + b"\x7f\xff\xff\xff" + data[at + 4 :])
        with pytest.raises((NotMedia, Damaged)):
            probe(path)


def test_limits_are_told(monkeypatch):
    monkeypatch.setattr(container, "MAX_PIXELS", 64 * 47)
    with pytest.raises(TooLarge, match="64 × 48"):
        probe(film_path(Film()))
    monkeypatch.setattr(container, "MAX_CHANNELS", 5)
    with pytest.raises(TooLarge, match="6 channels"):
        probe(film_path(sound_film("wav", "pcm_s16le", layout="5.1")))


@pytest.mark.parametrize(
    ("film", "name"),
    [
        (Film(), "mp4"),
        (Film(container="mov"), "mov"),
        (Film(container="mkv"), "mkv"),
        (Film(container="webm", picture="libvpx", sound="libopus"), "webm"),
        (Film(container="ts"), "ts"),
        (Film(container="avi", picture="mpeg4", sound="libmp3lame", b_frames=False), "avi"),
        (Film(container="flv", sample_rate=44_100), "flv"),
        (sound_film("wav", "pcm_s16le"), "wav"),
        (sound_film("flac", "flac"), "flac"),
        (sound_film("mp3", "libmp3lame"), "mp3"),
        (sound_film("m4a", "aac"), "m4a"),
        (sound_film("ogg", "libopus"), "ogg"),
    ],
)
def test_containers_are_named_by_what_is_inside(film, name, tmp_path):
    disguised = tmp_path / "film.bin"
    disguised.write_bytes(film_path(film).read_bytes())
    with open_input(disguised) as opened:
        assert container_name(opened, disguised) == name


def test_a_cover_is_not_a_picture():
    with open_input(film_path(sound_film("mp3", "libmp3lame", cover=True))) as opened:
        assert main_picture(opened) is None


def test_every_error_is_ours(tmp_path):
    """A film with one byte in fifty changed either opens or is refused by an error of ours."""
    whole = film_path(Film(seconds=0.4)).read_bytes()
    for seed in range(40):
        data = bytearray(whole)
        for at in range(seed, len(data), 50 + seed):
            data[at] ^= 1 << (seed % 8)
        path = tmp_path / "fuzzed.mp4"
        path.write_bytes(bytes(data))
        with contextlib.suppress(LimelightError):
            probe(path)
