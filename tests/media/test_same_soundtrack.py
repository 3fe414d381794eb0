"""A soundtrack that is not to change: its packets are copied, and every decoded sample is the source's."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from film_damage import remuxed
from film_sound import sound_of
from films import Film, film_path, sound_film
from media.rewriting import packets

from limelight.media.clock import read_clock
from limelight.media.formats import default_suffix
from limelight.media.mux import Muxer
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.media.write import Written, write_with_same_soundtrack

FILMS = [
    Film("mp4", sound="aac"),
    Film("mp4", sound="aac", sample_rate=44_100, picture_start=Fraction(31, 25)),
    Film("mp4", sound="aac", sound_start=Fraction(31, 25)),
    Film("mov", sound="aac"),
    Film("mov", sound="pcm_s16le"),
    Film("webm", "libvpx", "libopus"),
    Film("mkv", sound="libmp3lame"),
    Film("mkv", sound="flac", picture_start=Fraction(10), sound_start=Fraction(10)),
    Film("mkv", sound="ac3"),
    Film("mkv", sound="aac", hole=(0.5, 0.4)),
    Film("mp4", sound="ac3", layout="5.1(side)"),
]
SOUNDS = [("wav", "pcm_s24le"), ("flac", "flac"), ("mp3", "libmp3lame"), ("m4a", "aac"), ("m4a", "alac"),
          ("ogg", "libopus"), ("opus", "libopus")]  # fmt: skip


def copied(source: Path, folder: Path, *, suffix: str | None = None, track: int | None = None) -> Written:
    info = probe(source)
    dest = folder / f"same{suffix or default_suffix(info)}"
    return write_with_same_soundtrack(info, choose_soundtrack(info, track), dest)


def decoded(path: Path, track: int = 0) -> np.ndarray:
    """All frames of a soundtrack one after the other, [C, N], by PyAV alone."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        joined = av.AudioResampler(format="flt", layout=stream.layout)
        frames = [part for frame in container.decode(stream) for part in joined.resample(frame)]
        return np.concatenate(
            [np.frombuffer(memoryview(f.planes[0]), np.float32, f.samples * stream.channels) for f in frames]
        )


def placed(path: Path) -> np.ndarray:
    info = probe(path)
    return np.concatenate(list(read_audio(info, info.soundtracks[0])), axis=1)


def vorbis(path: Path) -> Path:
    """FFmpeg's own Vorbis encoder calls itself experimental, and must be told that this is known."""
    sound = sound_of(Film())
    with av.open(str(path), "w") as output:
        stream = output.add_stream("vorbis", rate=48_000, options={"strict": "experimental"}, layout="stereo")
        for at in range(0, sound.shape[1] - 64, 64):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[:, at : at + 64]), "fltp", "stereo")
            frame.sample_rate, frame.pts = 48_000, at
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("film", FILMS, ids=str)
def test_every_sample_stays_in_its_place(film, tmp_path):
    source = film_path(film)
    written = copied(source, tmp_path)
    assert (written.sound_copied, written.notes) == (True, ())
    assert packets(written.path, "audio") == packets(source, "audio")
    assert packets(written.path, "video") == packets(source, "video")
    assert np.array_equal(decoded(written.path), decoded(source))
    assert abs(placed(written.path).shape[1] - placed(source).shape[1]) <= 4  # MP4 tells starts in ticks of the picture


@pytest.mark.parametrize(("container", "codec"), SOUNDS)
def test_sound_files_stay_as_they_are(container, codec, tmp_path):
    source = film_path(sound_film(container, codec, tags=(("title", "A song"),)))
    written = copied(source, tmp_path)
    assert written.sound_copied
    assert packets(written.path, "audio") == packets(source, "audio")
    assert np.array_equal(decoded(written.path), decoded(source))


@pytest.mark.parametrize("suffix", [".ogg", ".mkv"])
def test_vorbis_stays_as_it_is(suffix, tmp_path):
    source = vorbis(tmp_path / f"vorbis{suffix}")
    written = copied(source, tmp_path, suffix=suffix)
    assert (written.sound_copied, written.codec) == (True, "vorbis")
    assert np.array_equal(decoded(written.path), decoded(source))


def test_a_trimmed_film_is_heard_as_before(tmp_path):
    source = remuxed(film_path(Film()), tmp_path / "trimmed.mp4", shift=-Fraction(3, 5))
    assert decoded(source).size < decoded(film_path(Film())).size
    written = copied(source, tmp_path)
    assert written.sound_copied
    assert np.array_equal(decoded(written.path), decoded(source))


@pytest.mark.parametrize(
    ("film", "suffix", "reason"),
    [
        (Film("mp4", "libvpx-vp9", "aac"), ".webm", "webm does not hold aac"),
        (Film("mkv", sound="pcm_s16le"), ".mp4", "mp4 does not hold pcm_s16le"),
        (sound_film("mp3", "libmp3lame"), ".mkv", "heard differently"),  # the encoder's delay is told in MP3's own way
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_container_cannot_hold_is_encoded_and_told(film, suffix, reason, tmp_path):
    written = copied(film_path(film), tmp_path, suffix=suffix)
    assert not written.sound_copied
    assert written.notes[0].startswith("the soundtrack was encoded again: ")
    assert reason in written.notes[0]
    assert abs(placed(written.path).shape[1] - placed(film_path(film)).shape[1]) <= 1152


def test_another_container_holds_the_same_samples(tmp_path):
    film = Film("ts", sound="aac")
    written = copied(film_path(film), tmp_path, suffix=".mp4")
    assert written.sound_copied
    assert np.array_equal(decoded(written.path), decoded(film_path(film)))
    clock = read_clock(film_path(film))
    assert clock.first_sound is not None
    assert read_clock(written.path).first_sound == pytest.approx(clock.first_sound - clock.start, abs=1e-4)


def test_the_other_soundtracks_stay_too(tmp_path):
    film = Film(soundtracks=2)
    written = copied(film_path(film), tmp_path, track=1)
    for track in (0, 1):
        assert np.array_equal(decoded(written.path, track), decoded(film_path(film), track))
    assert sum("soundtrack" in words for words in written.copied) == 2


def test_a_sound_that_would_start_elsewhere_is_encoded(monkeypatch, tmp_path):
    original = Muxer._copy

    def late(self, packet, copy):
        if "soundtrack" in copy.words:
            packet.pts, packet.dts = packet.pts + 100, packet.dts + 100  # ms
        original(self, packet, copy)

    monkeypatch.setattr(Muxer, "_copy", late)
    written = copied(film_path(Film("mkv", sound="flac")), tmp_path)
    assert "the sound starts 4800 samples off the picture" in written.notes[0]
    assert not written.sound_copied
    assert written.verified.start_drift_samples == 0
