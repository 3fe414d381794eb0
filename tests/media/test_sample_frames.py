"""Pictures come upright, small, in order, at their true times."""

from fractions import Fraction

import av
import numpy as np
import pytest
from film_damage import with_flipped_bytes
from films import Film, film_path, sound_film

from limelight.media.clock import read_clock
from limelight.media.packets import decode_packet
from limelight.media.probe import probe
from limelight.media.sample_frames import index_pictures, sample_frames


def seen(film: Film, **options) -> list:
    return list(sample_frames(probe(film_path(film)), **options))


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
def test_the_first_picture_of_each_cell_is_given(container):
    film = Film(container=container, b_frames=False, seconds=2.0)
    times = [picture.time_seconds for picture in seen(film, pictures_per_second=8)]
    cells = [int(time * 8 + 1e-9) for time in times]
    assert cells == sorted(set(cells))
    assert len(times) == pytest.approx(16, abs=1)
    assert all(0 <= time * 8 - cell < 0.4 for time, cell in zip(times, cells, strict=True))  # 25 pictures a second


def test_flashes_are_seen_when_they_happen():
    film = Film(seconds=3.0, flashes=(1.0, 2.2), picture_start=Fraction(10), sound_start=Fraction(10))
    bright = [p.time_seconds for p in seen(film, pictures_per_second=25) if p.image.mean() > 200]
    zero = read_clock(film_path(film)).start  # a little before 10 s: the encoder's first samples precede the picture
    assert bright == pytest.approx([float(10 + flash - zero) for flash in film.flashes], abs=1e-6)


def test_pictures_stand_upright():
    lying = seen(Film(rotation=90, seconds=0.4, b_frames=False), height=64)[0].image
    standing = seen(Film(seconds=0.4, b_frames=False), height=48)[0].image
    assert lying.shape == (64, 48, 3)
    assert standing.shape == (48, 64, 3)
    assert np.abs(lying.astype(int) - np.rot90(standing)).mean() < 4


def test_size_is_the_one_asked_for_and_colours_are_rgb():
    image = seen(Film(seconds=0.4, size=(160, 90)), height=45)[0].image
    assert image.shape == (45, 80, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous


def test_a_held_picture_is_given_once():
    film = Film(container="mp4", dropped=tuple(range(10, 40)), b_frames=False, seconds=2.0)
    times = [picture.time_seconds for picture in seen(film, pictures_per_second=10)]
    assert not [time for time in times if 0.4 < time < 1.6]


def test_fast_films_are_not_decoded_whole_but_seen_evenly():
    film = Film(frames_per_second=Fraction(60), seconds=3.0)
    times = [picture.time_seconds for picture in seen(film, pictures_per_second=8)]
    assert len(times) == pytest.approx(24, abs=1)
    assert max(np.diff(times)) < 0.2


LARGE, SMALL = 36, 38  # heights at which the film below counts as large, and as just not large any more


@pytest.mark.parametrize(("height", "rate", "spared"), [(LARGE, 30, True), (SMALL, 30, False), (LARGE, 23, False)])
def test_only_large_pictures_are_decoded_in_part(monkeypatch, height, rate, spared):
    decoded = []

    def counting(packet, damage):
        frames = decode_packet(packet, damage)
        decoded.extend(frames)
        return frames

    monkeypatch.setattr("limelight.media.sample_frames.decode_packet", counting)
    film = Film(size=(320, 192), frames_per_second=Fraction(rate), seconds=2.0)
    times = [picture.time_seconds for picture in seen(film, height=height)]
    assert (len(decoded) < 2 * rate) == spared
    assert len(times) == pytest.approx(16, abs=1)
    assert max(np.diff(times)) < 0.25


def test_small_pictures_are_decoded_as_they_are_meant_to_be_seen():
    """With the deblocking filter, that is."""
    film = Film(container="webm", picture="libvpx", sound="libopus", size=(160, 96), seconds=1.0)
    with av.open(str(film_path(film))) as container:
        meant = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    images = [picture.image for picture in seen(film, pictures_per_second=25, height=96)]
    np.testing.assert_array_equal(images, meant)


def test_sound_has_no_pictures():
    assert seen(sound_film("wav", "pcm_s16le")) == []


def test_damaged_pictures_are_left_out_and_told(tmp_path):
    broken = with_flipped_bytes(film_path(Film(container="mkv", size=(320, 240))), tmp_path / "broken.mkv", count=400)
    reading = sample_frames(probe(broken))
    times = [picture.time_seconds for picture in reading]
    assert "damaged" in reading.notes[0]
    assert times == sorted(times)
    assert len(times) > 4


MANY_KEYS = Film(container="mkv", picture="mpeg4", seconds=8.0)  # twelve pictures apart
ONE_KEY = Film(container="mkv", seconds=8.0)


@pytest.mark.slow
@pytest.mark.parametrize("film", [MANY_KEYS, ONE_KEY], ids=["many keys", "one key"])
@pytest.mark.parametrize("within", [[(0.0, 0.3)], [(0.9, 1.3), (3.0, 3.0), (6.5, 7.9)], [(-1.0, 20.0)], []])
def test_stretches_hold_what_the_whole_film_shows_there(film, within):
    whole = {picture.time_seconds: picture.image for picture in seen(film, pictures_per_second=100)}
    part = seen(film, pictures_per_second=100, within=within)
    times = [time for time in whole if any(start <= time <= end for start, end in within)]
    assert [picture.time_seconds for picture in part] == times
    for picture in part:
        np.testing.assert_array_equal(picture.image, whole[picture.time_seconds])


def test_only_what_a_stretch_needs_is_decoded():
    index = index_pictures(probe(film_path(MANY_KEYS)))
    keys = np.flatnonzero(index.is_key)
    assert len(index.times_seconds) == len(index.sizes_bytes) == 200
    assert np.diff(keys).max() <= 12
    needed = index.needed([(4.0, 4.1)])
    assert index.is_key[np.flatnonzero(needed)[0]]
    assert 3 <= needed.sum() <= 12 + 3
    assert not index.needed([]).any()
    assert index.needed([(0.0, 8.0)]).all()


def test_a_sound_has_no_index():
    assert len(index_pictures(probe(film_path(sound_film("wav", "pcm_s16le")))).times_seconds) == 0
