"""The same stream has the same fingerprint, however it is wrapped."""

import av
import pytest
from film_damage import remuxed
from films import Film, film_path

from limelight.media.packets import Fingerprint, length_size, needs_unwrapping


def fingerprint(path, kind: str, *, units: bool) -> str:
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        found = Fingerprint(stream, units=units)
        for packet in container.demux(stream):
            if packet.size:
                found.add(packet)
        return found.sha256


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_start_codes_and_lengths_say_the_same(codec, tmp_path):
    broadcast = film_path(Film(container="ts", picture=codec))
    for suffix in ("mp4", "mkv"):
        wrapped = remuxed(broadcast, tmp_path / f"a.{suffix}", only="video")
        assert fingerprint(wrapped, "video", units=True) == fingerprint(broadcast, "video", units=True)
        assert fingerprint(wrapped, "video", units=False) != fingerprint(broadcast, "video", units=False)


def test_adts_headers_say_nothing(tmp_path):
    broadcast = film_path(Film(container="ts"))
    wrapped = remuxed(broadcast, tmp_path / "a.mp4", only="audio")
    assert fingerprint(wrapped, "audio", units=True) == fingerprint(broadcast, "audio", units=True)


def test_only_broadcast_streams_need_it():
    for container, needed in (("ts", True), ("mp4", False), ("mkv", False)):
        with av.open(str(film_path(Film(container=container)))) as opened:
            assert [needs_unwrapping(stream) for stream in opened.streams] == [needed, needed]


def test_one_bit_makes_another_fingerprint(tmp_path):
    source = film_path(Film())
    data = bytearray(source.read_bytes())
    data[len(data) // 2] ^= 1
    flipped = tmp_path / "flipped.mp4"
    flipped.write_bytes(bytes(data))
    kinds = [fingerprint(source, k, units=False) == fingerprint(flipped, k, units=False) for k in ("video", "audio")]
    assert kinds.count(False) == 1


def test_the_length_of_lengths_is_read_from_the_header():
    assert length_size("h264", bytes([1, 100, 0, 40, 0xFF])) == 4
    assert length_size("h264", bytes([0, 0, 0, 1, 0x67])) is None
    assert length_size("vp9", b"") is None
