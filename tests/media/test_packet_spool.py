"""What waits on the disk comes back as it was."""

import io
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np
import pytest

from limelight.media.formats import SoundFormat
from limelight.media.mux import SoundEncoder
from limelight.media.packets import PacketSpool

RATE = 48_000
CODECS = [
    pytest.param("aac", None, "mp4", id="aac"),
    pytest.param("libopus", None, "webm", id="opus"),  # side data on the last packet
    pytest.param("libmp3lame", None, "mp3", id="mp3"),  # and on the first
    pytest.param("flac", "s32", "matroska", id="flac"),  # the last packet is nothing but side data
    pytest.param("pcm_f32le", None, "wav", id="pcm"),
]


def facts(packet):
    side = [(data.data_type, bytes(data)) for data in packet.iter_sidedata()]
    stamps = (packet.pts, packet.dts, packet.duration, packet.time_base, packet.stream_index)
    return bytes(packet), stamps, packet.is_keyframe, side


@contextmanager
def encoding(codec: str, depth: str | None, container: str) -> Iterator[SoundEncoder]:
    form = SoundFormat(codec, RATE, "stereo", None if depth else 160_000, depth)
    with av.open(io.BytesIO(), "w", format=container) as output:
        encoder = SoundEncoder(output, form, sample_rate=RATE, layout="stereo")
        output.start_encoding()
        yield encoder


def sound() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((2, RATE)).astype(np.float32) * 0.1


@pytest.mark.parametrize(("codec", "depth", "container"), CODECS)
def test_packets_come_back_as_they_were(codec, depth, container):
    spool, sent = PacketSpool(io.BytesIO()), []
    with encoding(codec, depth, container) as encoder:
        for packets in (*(encoder.encode(block) for block in np.array_split(sound(), 7, axis=1)), encoder.finish()):
            sent += [facts(packet) for packet in packets]
            spool.add(packets)
        assert [facts(packet) for packet in spool.packets(encoder.stream, Fraction(1, RATE))] == sent
    assert sum(len(data) for data, *_ in sent) > 10_000


def test_memory_does_not_grow_with_the_packets():
    with tempfile.TemporaryFile() as file, encoding("aac", None, "mp4") as encoder:
        spool, packets = PacketSpool(file), encoder.encode(sound())
        tracemalloc.start()
        for _ in range(400):
            spool.add(packets)
        count = sum(1 for _ in spool.packets(encoder.stream, Fraction(1, RATE)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 400 * len(packets) > 10_000
    assert peak < 100_000
