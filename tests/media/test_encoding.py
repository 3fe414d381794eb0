"""The new sound is what the encoder was given: every speaker in its place, as near as its codec can."""

from dataclasses import replace

import av
import numpy as np
import pytest
from film_sound import lag_and_likeness, sound_of
from films import Film, film_path, sound_film
from media.rewriting import rewrite
from media_corpus.compare import heard

from limelight.errors import OutputError
from limelight.media.probe import probe
from limelight.media.read_audio import read_audio
from limelight.media.write import write_with_soundtrack


@pytest.mark.slow
@pytest.mark.parametrize("sound", ["libopus", "aac", "flac"])
@pytest.mark.parametrize("layout", ["mono", "5.0", "5.1", "5.1(side)", "6.1", "7.1"])
def test_every_speaker_keeps_its_sound(layout, sound, tmp_path):
    """One silent-but-one film per layout, through each codec: independent noise per channel comes back in command."""
    film = Film(container="mkv", sound="flac", layout=layout, seconds=0.7, sample_rate=48_000)
    suffix = {"aac": ".mp4", "libopus": ".webm", "flac": ".mkv"}[sound]
    if sound == "libopus":
        film = replace(film, picture="libvpx")
    if sound == "aac":
        film = replace(film, container="mov", sound="pcm_f32le")
        info = replace(probe(film_path(film)), soundtracks=())
        track = replace(probe(film_path(film)).soundtracks[0], codec="aac")
        blocks = read_audio(info, track)
        written = write_with_soundtrack(info, track, blocks, tmp_path / "out.mp4")
    else:
        written = rewrite(film, tmp_path, suffix=suffix)
    truth, back = sound_of(film), heard(written.path)
    names = [channel.name for channel in av.AudioLayout(layout).channels]
    places = [channel.name for channel in av.AudioLayout(probe(written.path).soundtracks[0].layout).channels]
    near = {"SL": "BL", "SR": "BR", "BL": "SL", "BR": "SR"}
    for row, name in enumerate(names):
        if name == "LFE" or (name == "BC" and name not in places):
            continue  # a low-passed channel; a rear centre that two others carry
        place = places.index(name if name in places else near[name])
        lags, likeness = lag_and_likeness(truth[row : row + 1], back[place : place + 1])
        assert lags == [0]
        assert likeness > 0.9, name


def test_lossless_comes_back_bit_for_bit(tmp_path):
    for film in (sound_film("wav", "pcm_s16le"), sound_film("flac", "flac"), Film(container="mov", sound="pcm_s24le")):
        folder = tmp_path / film.container
        folder.mkdir()
        assert np.array_equal(heard(rewrite(film, folder).path), heard(film_path(film)))


def test_opus_takes_44100_only_as_48000_and_says_so(tmp_path):
    film = Film(container="webm", picture="libvpx", sound="libopus")
    info = probe(film_path(film))
    track = replace(info.soundtracks[0], sample_rate=44_100)
    silence = [np.zeros((2, 44_100), np.float32)]
    written = write_with_soundtrack(info, track, silence, tmp_path / "out.webm")
    assert written.seconds == 1.0
    assert written.notes == ("libopus takes no 44100 Hz: the sound was converted to 48000 Hz",)


def test_bit_rate_never_falls(tmp_path):
    film = Film(seconds=1.0)
    info = probe(film_path(film))
    rich = replace(info.soundtracks[0], bit_rate=300_000)
    written = write_with_soundtrack(info, rich, read_audio(info, rich), tmp_path / "out.mp4")
    assert written.bit_rate == 300_000
    assert rewrite(film, tmp_path, suffix=".m4v").bit_rate >= 160_000


def test_numbers_that_are_none_are_refused(tmp_path):
    info = probe(film_path(Film()))
    block = np.full((2, 4800), np.nan, np.float32)
    with pytest.raises(OutputError, match="not numbers"):
        write_with_soundtrack(info, info.soundtracks[0], [block], tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []
