"""The check after writing sees what it must."""

from fractions import Fraction

import av
import pytest
from films import Film, film_path

from limelight.errors import OutputError
from limelight.media import mux
from limelight.media.packets import Fingerprint
from limelight.media.probe import probe
from limelight.media.read_audio import read_audio
from limelight.media.write import write_with_soundtrack


def rewrite(tmp_path, film=None):
    info = probe(film_path(film or Film()))
    track = info.soundtracks[0]
    return write_with_soundtrack(info, track, read_audio(info, track), tmp_path / "out.mp4")


def test_the_record_tells_hashes_and_counts(tmp_path):
    film = Film(soundtracks=2)
    verified = rewrite(tmp_path, film).verified
    with av.open(str(film_path(film))) as container:
        video = container.streams.video[0]
        print_ = Fingerprint(video, units=False)
        for packet in container.demux(video):
            if packet.size:
                print_.add(packet)
    assert verified.picture_packets == 50
    assert verified.sha256["picture (h264)"] == print_.sha256
    assert set(verified.sha256) == {"picture (h264)", "soundtrack (aac, fra)"}
    assert verified.sound_samples == pytest.approx(96_000, abs=1024)


def _meddle(monkeypatch, name, meddling):
    original = getattr(mux.Muxer, name)
    monkeypatch.setattr(mux.Muxer, name, lambda self, *args: meddling(original, self, *args))


def test_a_lost_picture_is_seen(monkeypatch, tmp_path):
    def lose(copy, self, packet, stream):
        if packet.is_keyframe or stream.fingerprint.packets != 7:
            copy(self, packet, stream)
        else:
            stream.fingerprint.add(packet)  # counted as sent, but not sent

    _meddle(monkeypatch, "_copy", lose)
    with pytest.raises(OutputError, match=r"the picture \(h264\) was changed \(50 packets sent, 49 found\)"):
        rewrite(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_shifted_picture_is_seen(monkeypatch, tmp_path):
    def shift(copy, self, packet, stream):
        packet.pts += round(Fraction(1, 25) / packet.time_base)
        packet.dts += round(Fraction(1, 25) / packet.time_base)
        copy(self, packet, stream)

    _meddle(monkeypatch, "_copy", shift)
    with pytest.raises(OutputError, match="the sound starts -1920 samples off the picture"):
        rewrite(tmp_path)


def test_lost_sound_is_seen(monkeypatch, tmp_path):
    encode = mux.SoundEncoder.encode

    def forget(self, block):
        packets = encode(self, block)
        return [] if self.samples > 48_000 else packets

    monkeypatch.setattr(mux.SoundEncoder, "encode", forget)
    with pytest.raises(OutputError, match="s of sound sent"):
        rewrite(tmp_path)
