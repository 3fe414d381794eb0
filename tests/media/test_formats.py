"""The new soundtrack is never worse coded than the old one, and every speaker has a place."""

from pathlib import Path

import av
import numpy as np
import pytest
from films import Film, film_path, sound_film

from limelight.errors import OutputError
from limelight.media.formats import (
    carrier,
    carrying_matrix,
    choose_sound_format,
    container_of,
    default_suffix,
    is_lossless,
    muxer_options,
)
from limelight.media.probe import probe
from limelight.media.read_audio import read_audio
from limelight.media.write import write_with_soundtrack
from limelight.types import SoundtrackInfo

LAYOUTS = (
    "mono",
    "stereo",
    "2.1",
    "3.0",
    "4.0",
    "quad",
    "5.0",
    "5.0(side)",
    "5.1",
    "5.1(side)",
    "6.1",
    "7.1",
    "7.1(wide)",
)


def track(codec: str, *, rate: int = 48_000, layout: str = "stereo", bit_rate: int | None = None) -> SoundtrackInfo:
    channels = av.AudioLayout(layout).nb_channels
    return SoundtrackInfo(0, codec, rate, layout, channels, bit_rate, None, True)


@pytest.mark.parametrize(
    ("codec", "decoded", "container", "encoder"),
    [
        ("aac", "fltp", "mp4", "aac"),
        ("aac", "fltp", "mov", "aac"),
        ("aac", "fltp", "mkv", "libopus"),
        ("ac3", "fltp", "mkv", "libopus"),
        ("opus", "fltp", "webm", "libopus"),
        ("flac", "s16", "mkv", "flac"),
        ("truehd", "s32", "mkv", "flac"),
        ("alac", "s16p", "m4a", "alac"),
        ("pcm_s24le", "s32", "mov", "pcm_s24le"),
        ("pcm_s16be", "s16", "mov", "pcm_s16le"),
        ("pcm_f32le", "flt", "mkv", "pcm_f32le"),
        ("pcm_f32be", "flt", "wav", "pcm_f32le"),
        ("pcm_u8", "u8", "wav", "pcm_s16le"),
        ("mp3", "fltp", "mp3", "libmp3lame"),
        ("vorbis", "fltp", "ogg", "libopus"),
    ],
)
def test_codecs(codec, decoded, container, encoder):
    assert choose_sound_format(track(codec), container, sample_format=decoded).codec == encoder


def test_a_rate_that_opus_does_not_take_stays_in_matroska():
    form = choose_sound_format(track("aac", rate=44_100), "mkv", sample_format="fltp")
    assert (form.codec, form.sample_rate) == ("aac", 44_100)


@pytest.mark.parametrize("container", ["mp4", "mov", "mkv", "webm", "wav", "flac"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bit_rate", [None, 64_000, 448_000])
def test_bit_rates_do_not_fall(container, layout, bit_rate):
    form = choose_sound_format(track("aac", layout=layout, bit_rate=bit_rate), container, sample_format="fltp")
    assert is_lossless(form.codec) == (form.bit_rate is None)
    if form.bit_rate is not None:
        channels = av.AudioLayout(form.layout).nb_channels
        assert form.bit_rate >= 64_000 * channels
        assert form.bit_rate >= min(bit_rate or 0, 256_000 * channels)


@pytest.mark.parametrize("codec", ["aac", "libopus", "alac", "flac"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_carrier_keeps_the_energy_of_every_speaker(codec, layout):
    wide = carrier(layout, codec)
    if wide is None:
        pytest.skip(f"{codec} cannot carry {layout}; another codec is chosen")
    matrix = carrying_matrix(layout, wide)
    if matrix is None:
        assert av.AudioLayout(wide).nb_channels == av.AudioLayout(layout).nb_channels
        return
    assert np.allclose((matrix**2).sum(axis=0), 1)
    names = [channel.name for channel in av.AudioLayout(layout).channels]
    places = [channel.name for channel in av.AudioLayout(wide).channels]
    for column, name in enumerate(names):
        if name in places:
            assert matrix[places.index(name), column] == 1


def test_layouts_that_codecs_are_known_to_spoil_are_carried_by_others():
    assert carrier("5.0", "libopus") == "5.1"
    assert carrier("6.1", "libopus") == "7.1"
    assert carrier("5.1(side)", "libopus") == "5.1"
    assert carrier("5.1(side)", "aac") == "5.1"
    assert carrying_matrix("5.1(side)", "5.1") is None
    assert carrier("5.1(side)", "flac") == "5.1(side)"


def test_mp3_takes_two_channels():
    with pytest.raises(OutputError, match=r"cannot write 5\.1 sound as mp3"):
        choose_sound_format(track("flac", layout="5.1"), "mp3", sample_format="s16")


@pytest.mark.parametrize(
    ("film", "suffix"),
    [
        (Film(), ".mp4"),
        (Film(container="mkv"), ".mkv"),
        (Film(container="ts"), ".mp4"),
        (Film(container="flv", sample_rate=44_100), ".mp4"),
        (Film(container="avi", picture="mpeg4", sound="libmp3lame", b_frames=False), ".mkv"),
        (sound_film("wav", "pcm_s16le"), ".wav"),
        (sound_film("mp3", "libmp3lame"), ".mp3"),
        (sound_film("m4a", "aac"), ".m4a"),
        (sound_film("aiff", "pcm_s16be"), ".wav"),
    ],
)
def test_the_result_gets_the_nearest_container(film, suffix):
    assert default_suffix(probe(film_path(film))) == suffix


def test_an_unknown_suffix_is_refused_with_the_known_ones():
    with pytest.raises(OutputError, match=r"unknown suffix '\.xyz'; use one of \.mp4"):
        container_of(Path("film.xyz"))
    assert container_of(Path("FILM.MP4")) == "mp4"


def test_every_option_is_known_to_its_muxer(caplog):
    assert muxer_options("mkv") == muxer_options("ogg") == {"fflags": "+bitexact"}
    assert muxer_options("wav") == {"rf64": "auto"}
    assert muxer_options("m4a")["brand"] == "M4A "


def test_a_lossy_source_gets_twice_its_rate_up_to_plenty_and_never_less_than_its_own():
    def rate(bit_rate, container="mp4", layout="stereo"):
        sound = track("aac", layout=layout, bit_rate=bit_rate)
        return choose_sound_format(sound, container, sample_format="fltp").bit_rate

    assert [rate(one) for one in (None, 48_000, 96_000, 128_000, 192_000, 320_000)] == [
        160_000, 160_000, 192_000, 256_000, 256_000, 320_000
    ]  # fmt: skip
    assert rate(96_000, layout="mono") == 128_000
    assert rate(640_000, layout="5.1") == 768_000


def test_the_rate_that_matroska_does_not_tell_is_measured(tmp_path):
    source = film_path(Film(container="mkv", sound="aac", seconds=3.0))
    info = probe(source)
    assert info.soundtracks[0].bit_rate is None
    track = info.soundtracks[0]
    written = write_with_soundtrack(info, track, read_audio(info, track), tmp_path / "out.mkv")
    assert written.bit_rate == 256_000  # the film's is 192 kb/s
