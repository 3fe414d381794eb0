"""The result has the same picture, and the new sound at the same instant."""

from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from film_damage import remuxed
from film_sound import lag_and_likeness, sound_of
from films import Film, film_path, sound_film
from media.rewriting import packets, rewrite
from media_corpus.compare import heard

from limelight.errors import LimelightError
from limelight.media import mux
from limelight.media.clock import read_clock
from limelight.media.container import open_input
from limelight.media.probe import probe
from limelight.media.read_audio import read_audio
from limelight.media.write import check_container, write_with_soundtrack

START = Fraction(31, 25)  # a whole number of pictures
EVERY_START = {("mp4", "alac"), ("mkv", "flac"), ("ts", "aac")}  # in others, of `make test`, those that move most
MOST = ("sound-late", "both-at-10-s")
ROUND_TRIPS = [
    pytest.param(
        film,
        id=f"{film.container}-{film.sound}-{film.sample_rate}-{name}",
        marks=[] if (container, sound) in EVERY_START or name in MOST else [pytest.mark.slow],
    )
    for container, picture, sound, rate in [
        ("mp4", "libx264", "aac", 48_000),
        ("mp4", "libx264", "aac", 44_100),
        ("mp4", "libx264", "alac", 48_000),
        ("mov", "libx264", "pcm_s16le", 44_100),
        ("mov", "libx264", "aac", 48_000),
        ("mkv", "libx264", "flac", 44_100),
        ("mkv", "libx264", "aac", 44_100),
        ("mkv", "libx264", "libopus", 48_000),
        ("webm", "libvpx", "libopus", 48_000),
        ("ts", "libx264", "aac", 48_000),
    ]
    for name, starts in [
        ("together", {}),
        ("sound-late", {"sound_start": START}),
        ("picture-late", {"picture_start": START}),
        ("both-at-10-s", {"picture_start": Fraction(10), "sound_start": Fraction(10)}),
    ]
    for film in [Film(container=container, picture=picture, sound=sound, sample_rate=rate, seconds=1.2, **starts)]
]


@pytest.mark.parametrize("film", ROUND_TRIPS)
def test_sound_comes_back_in_its_place_and_the_picture_untouched(film, tmp_path):
    written = rewrite(film, tmp_path)
    before, after = heard(film_path(film)), heard(written.path)
    lags, likeness = lag_and_likeness(before, after)
    assert set(lags) == {0}
    assert likeness > (0.9999 if written.bit_rate is None else 0.95)
    assert abs(after.shape[1] - before.shape[1]) <= 1024
    assert written.verified.start_drift_samples == 0
    assert written.verified.picture_packets == round(1.2 * 25)
    if film.container != "ts":
        assert packets(written.path, "video") == packets(film_path(film), "video")


@pytest.mark.parametrize("film", [film for film in ROUND_TRIPS if film.values[0].container in ("mp4", "mkv")])
def test_the_sound_stands_where_it_was_made(film):
    """Against the sound that went into the film, before its first codec, placed by its start on the one clock."""
    lead = film.sound_start - read_clock(film_path(film)).start
    truth = np.pad(sound_of(film), ((0, 0), (round(lead * film.sample_rate), 0)))
    lags, _ = lag_and_likeness(truth, heard(film_path(film)))
    assert all(abs(lag) <= 48 for lag in lags)  # Matroska tells times in 1 ms, MP4's empty edits too


def test_flash_and_click_stay_together(tmp_path):
    film = Film(seconds=2.0, flashes=(0.4, 1.2), picture_start=Fraction(13, 25))
    written = rewrite(film, tmp_path)
    with av.open(str(written.path)) as container:
        flashes = [frame.time for frame in container.decode(video=0) if frame.to_ndarray(format="gray").mean() > 200]
    clicks = np.flatnonzero(np.abs(heard(written.path)[0]) > 0.5) / film.sample_rate
    assert flashes == pytest.approx([0.92, 1.72], abs=1e-6)
    assert min(abs(clicks - 0.4)) < 0.001
    assert min(abs(clicks - 1.2)) < 0.001


def test_variable_frame_rate_keeps_its_times(tmp_path):
    film = Film(container="mp4", dropped=(3, 4, 5, 20, 31))
    written = rewrite(film, tmp_path)
    with av.open(str(film_path(film))) as old, av.open(str(written.path)) as new:
        assert [f.time for f in new.decode(video=0)] == [f.time for f in old.decode(video=0)]


@pytest.mark.parametrize(
    ("container", "sound", "kept"),
    [("wav", "pcm_s24le", "pcm_s24le"), ("flac", "flac", "flac"), ("mp3", "libmp3lame", "mp3"), ("m4a", "aac", "aac"),
     ("ogg", "libopus", "opus")],
)  # fmt: skip
def test_sound_files_go_through(container, sound, kept, tmp_path):
    film = sound_film(container, sound, cover=container in ("flac", "mp3", "m4a"), tags=(("title", "A song"),))
    written = rewrite(film, tmp_path)
    info = probe(written.path)
    assert (info.container, info.picture, info.soundtracks[0].codec) == (container, None, kept)
    with av.open(str(written.path)) as found:
        title = found.metadata.get("title") or found.streams.audio[0].metadata.get("title")
        assert title == "A song"
        assert len(found.streams.video) == film.cover
    lags, likeness = lag_and_likeness(heard(film_path(film)), heard(written.path))
    assert set(lags) == {0}
    assert likeness > 0.95


def test_fragmented_and_faststart_films_go_through(tmp_path):
    whole = film_path(Film(sound="aac"))
    for name, flags in (("frag", "frag_keyframe+empty_moov+default_base_moof"), ("fast", "+faststart")):
        folder = tmp_path / name
        folder.mkdir()
        source = remuxed(whole, folder / f"{name}.mp4", options={"movflags": flags})
        written = rewrite(source, folder)
        assert packets(written.path, "video") == packets(whole, "video")
        assert set(lag_and_likeness(heard(source), heard(written.path))[0]) == {0}


def test_the_source_is_closed_while_the_sound_is_made(monkeypatch, tmp_path):
    """Its index grows with the film, and what makes the sound is large: they are not to be in memory together."""
    opened: list[Path] = []

    @contextmanager
    def remembered(path):
        with open_input(path) as container:
            opened.append(path)
            yield container
            opened.remove(path)

    info = probe(film_path(Film()))
    seen: list[int] = []

    def blocks():
        for block in read_audio(info, info.soundtracks[0]):
            seen.append(len(opened))
            yield block
        seen.append(len(opened))

    monkeypatch.setattr(mux, "open_input", remembered)
    write_with_soundtrack(info, info.soundtracks[0], blocks(), tmp_path / "out.mp4")
    assert len(seen) > 2
    assert set(seen) == {0}


def _outcome(work, *given):
    try:
        work(*given)
    except LimelightError as error:
        return error.code, str(error)
    return "OK"


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm", "m4a", "wav", "flac", "mp3", "ogg", "opus"])
@pytest.mark.parametrize(
    "film",
    [
        Film(seconds=0.5),
        Film("webm", "libvpx", "libopus", seconds=0.5),
        Film("mkv", "libvpx-vp9", "flac", seconds=0.5, subtitles="subrip", attachment=b"x"),
        Film("mkv", sound="libopus", layout="7.1", seconds=0.5),
        Film("mov", None, "pcm_s16le", layout="5.1", seconds=0.5),
        Film("wav", None, "pcm_s16le", seconds=0.5),
        Film("mp3", None, "libmp3lame", seconds=0.5),
    ],
    ids=lambda film: f"{film.container}-{film.picture}-{film.sound}-{film.layout}",
)
def test_what_a_container_does_not_take_is_told_before_and_only_that(film, suffix, tmp_path):
    """The check before the work says what the writing would say, and leaves nothing behind."""
    info, dest = probe(film_path(film)), tmp_path / f"out.{suffix}"
    track = info.soundtracks[0]
    told = _outcome(check_container, info, track, dest)
    assert list(tmp_path.iterdir()) == []
    written = _outcome(write_with_soundtrack, info, track, read_audio(info, track), dest)
    assert told == written
