"""What a file holds is told as it is."""

from fractions import Fraction

import pytest
from film_damage import remuxed
from films import Film, film_path, sound_film

from limelight.errors import NoSoundtrack
from limelight.media.probe import choose_soundtrack, probe


def test_a_film_is_told_as_it_was_made():
    film = Film(
        container="mkv", soundtracks=2, subtitles="subrip", attachment=b"font", tags=(("title", "☃"),), layout="5.1"
    )
    info = probe(film_path(film))
    assert (info.container, info.picture.codec, info.picture.width, info.picture.height) == ("mkv", "h264", 64, 48)
    assert info.picture.frames_per_second == pytest.approx(25)
    assert info.duration_seconds == pytest.approx(2.0, abs=0.03)
    assert [(t.sample_rate, t.layout, t.channels, t.language, t.is_default) for t in info.soundtracks] == [
        (48_000, "5.1", 6, "eng", True),
        (48_000, "5.1", 6, "fra", False),
    ]
    assert info.others == ("subtitle (subrip, deu)", "attachment (font.ttf)")
    assert info.tags["title"] == "☃"
    assert info.size_bytes == film_path(film).stat().st_size


@pytest.mark.parametrize("rotation", [0, 90, -90, 180])
def test_rotation_is_told(rotation):
    found = probe(film_path(Film(rotation=rotation, seconds=0.4))).picture.rotation_degrees
    assert (found - rotation) % 360 == 0


@pytest.mark.parametrize("container", ["mkv", "mp4", "ts"])
def test_the_length_does_not_count_a_late_start(container):
    film = Film(container=container, picture_start=Fraction(86_400), sound_start=Fraction(86_400))
    if container == "mp4":
        film = Film(container=container)  # an empty edit of a day is not a late start but a day of nothing
    assert probe(film_path(film)).duration_seconds == pytest.approx(2.0, abs=0.05)


def test_sound_alone_has_no_picture():
    info = probe(film_path(sound_film("flac", "flac", cover=True)))
    assert info.picture is None
    assert info.others == ("cover image (mjpeg)",)


def test_a_title_that_is_not_unicode_is_no_obstacle(tmp_path):
    path = tmp_path / "latin.mp4"
    data = film_path(Film(tags=(("title", "Zoo-title"),))).read_bytes()
    path.write_bytes(data.replace(b"Zoo-title", b"Zo\xf6-t\xeftle"))
    assert probe(path).tags["title"].encode("utf-8", "surrogateescape") == b"Zo\xf6-t\xeftle"


def test_soundtracks_are_chosen_by_number_default_or_order():
    info = probe(film_path(Film(container="mkv", soundtracks=2)))
    assert choose_soundtrack(info).language == "eng"
    assert choose_soundtrack(info, 1).language == "fra"
    with pytest.raises(NoSoundtrack, match="soundtracks 0 to 1"):
        choose_soundtrack(info, 2)
    with pytest.raises(NoSoundtrack, match="soundtracks 0 to 1"):
        choose_soundtrack(info, -1)


def test_a_silent_film_says_so(tmp_path):
    silent = remuxed(film_path(Film()), tmp_path / "silent.mp4", only="video")
    info = probe(silent)
    assert info.soundtracks == ()
    with pytest.raises(NoSoundtrack, match="has no sound") as caught:
        choose_soundtrack(info)
    assert caught.value.exit_code == 4
