"""What waits on the disk comes back as it was."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from limelight.media.encode import SoundEncoder
from limelight.media.formats import SoundFormat
from limelight.media.spool import Spool

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


@pytest.mark.parametrize(("codec", "depth", "container"), CODECS)
def test_packets_come_back_as_they_were(codec, depth, container):
    form = SoundFormat(codec, RATE, "stereo", None if depth else 160_000, depth)
    noise = np.random.default_rng(1).standard_normal((2, RATE)).astype(np.float32) * 0.1
    with av.open(io.BytesIO(), "w", format=container) as output:
        encoder = SoundEncoder(output, form, sample_rate=RATE, layout="stereo")
        output.start_encoding()
        spool = Spool(io.BytesIO())
        sent = []
        for packets in (*(encoder.encode(block) for block in np.array_split(noise, 7, axis=1)), encoder.finish()):
            sent += [facts(packet) for packet in packets]
            spool.add(packets)
        assert [facts(packet) for packet in spool.packets(encoder.stream, Fraction(1, RATE))] == sent
        assert sum(len(data) for data, *_ in sent) > 10_000
