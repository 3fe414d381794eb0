"""Frame rates, time codes and where the first picture stands."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import av
import pytest
from films import Film, film_path, sound_film
from timelines.plans import plan_of, shot

from limelight.media.probe import probe
from limelight.timelines.timeline import STANDARD_RATES, FrameRate, frames_of, printable, standard_rate

NTSC_24, NTSC_30, NTSC_60 = Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)


def counted(base: int, frames: int) -> str:
    """The code of a frame in drop frame, by counting: each minute but every tenth begins at 02 (or 04)."""
    left_out = base // 15
    hours = minutes = seconds = number = 0
    for _ in range(frames):
        number += 1
        if number == base:
            number, seconds = 0, seconds + 1
        if seconds == 60:
            seconds, minutes = 0, minutes + 1
            number = 0 if minutes % 10 == 0 else left_out
        if minutes == 60:
            minutes, hours = 0, hours + 1
    return f"{hours:02d}:{minutes:02d}:{seconds:02d};{number:02d}"


@pytest.mark.parametrize("rate", [NTSC_30, NTSC_60])
def test_drop_frame_is_what_counting_gives(rate):
    drop = FrameRate(rate, drop=True)
    base = drop.timebase
    for frames in (0, 1, 60 * base - 1, 60 * base, 60 * base + 1, 600 * base - 19, 600 * base - 18, 600 * base, 37_123):
        assert drop.time_code(frames) == counted(base, frames)
        assert drop.parsed(counted(base, frames)) == frames


def test_drop_frame_keeps_with_the_clock_and_its_absence_does_not():
    hour = FrameRate(NTSC_30, drop=True).frames(3600)
    assert FrameRate(NTSC_30, drop=True).time_code(hour) == "01:00:00;00"
    assert FrameRate(NTSC_30, drop=False).time_code(hour) == "00:59:56:12"


@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_codes_go_there_and_back(rate):
    for drop in {False, rate.denominator != 1 and round(rate) % 30 == 0}:
        counting = FrameRate(rate, drop)
        for frames in (0, 1, 1799, 1800, 1801, 17_982, 86_400, 1_000_001):
            assert counting.parsed(counting.time_code(frames)) == frames % (24 * 3600 * counting.timebase)


@pytest.mark.parametrize("text", ["", "1:2", "01:00:00", "aa:bb:cc:dd", "01:00:00;00:00"])
def test_what_is_no_time_code(text):
    with pytest.raises(ValueError, match="no time code"):
        FrameRate(Fraction(25), drop=False).parsed(text)


@pytest.mark.parametrize(
    ("average", "rate", "is_variable"),
    [
        (NTSC_24, NTSC_24, False),
        (Fraction(24), Fraction(24), False),
        (Fraction(23_976, 1000), NTSC_24, False),
        (Fraction(2997, 100), NTSC_30, False),
        (Fraction(15), Fraction(15), False),
        (Fraction(237), Fraction(237), False),
        (Fraction(125, 10), Fraction(25), True),  # two frames a picture
        (Fraction(75, 10), Fraction(30), True),
        (Fraction(2375, 10), Fraction(120), True),
    ],
)
def test_the_rate_of_steady_pictures(average, rate, is_variable):
    assert standard_rate(average, [1 / average] * 50) == (rate, is_variable)
    rounded = [Fraction(round(n * 1000 / average), 1000) for n in range(200)]
    intervals = [after - before for before, after in pairwise(rounded)]
    assert standard_rate(average, intervals) == (rate, is_variable)


@pytest.mark.parametrize(
    ("intervals", "rate"),
    [([33, 33, 67], 30), ([33, 34, 33, 50, 33], 30), ([17, 17, 16, 100], 60), ([40, 40, 40, 1000], 25), ([42, 83], 24)],
)
def test_the_rate_of_unsteady_pictures_is_that_of_the_closest(intervals, rate):
    times = [Fraction(interval, 1000) for interval in intervals * 20]
    found, is_variable = standard_rate(len(times) / sum(times), times)
    assert (round(found), is_variable) == (rate, True)


def test_a_steady_head_and_another_average_is_variable():
    assert standard_rate(Fraction(25), [Fraction(1, 50)] * 100) == (Fraction(50), True)


@pytest.mark.parametrize(
    ("film", "rate", "drop"),
    [
        (Film("mp4", seconds=1.0, frames_per_second=NTSC_24), NTSC_24, False),
        (Film("mp4", seconds=1.0, frames_per_second=NTSC_30), NTSC_30, True),
        (Film("mkv", seconds=1.0, frames_per_second=NTSC_60), NTSC_60, True),
        (Film("mp4", seconds=1.0, frames_per_second=Fraction(50)), Fraction(50), False),
        (sound_film("flac", "flac", seconds=1.0), Fraction(25), False),
    ],
)
def test_films_of_a_steady_rate(film, rate, drop):
    found = frames_of(probe(film_path(film)))
    assert (found.rate, found.is_variable, found.start_frame, found.first_picture) == (
        FrameRate(rate, drop),
        False,
        0,
        0,
    )


def test_a_variable_rate_is_told_and_loses_no_picture():
    """Twelve of sixty are missing: the average is 24, exactly, and would lose pictures."""
    missing = tuple(range(3, 50, 4))
    found = frames_of(probe(film_path(Film("mp4", seconds=2.0, dropped=missing, frames_per_second=Fraction(30)))))
    assert (found.average_per_second, found.rate.per_second, found.is_variable) == (24, 30, True)


@pytest.mark.parametrize(
    ("rate", "code", "drop", "start"),
    [
        (Fraction(25), "10:00:00:05", False, 900_005),
        (NTSC_30, "01:00:00;00", True, 107_892),
        (NTSC_30, "01:00:00:00", False, 108_000),
        (NTSC_24, "00:59:58:00", False, 86_352),
        (NTSC_60, "01:00:00;00", True, 215_784),
    ],
)
def test_start_time_codes_of_quicktime(rate, code, drop, start, tmp_path):
    path = with_time_code(tmp_path / "film.mov", rate, code)
    found = frames_of(probe(path))
    assert (found.start_frame, found.rate.drop) == (start, drop)
    assert found.rate.time_code(found.start_frame) == code


def with_time_code(path, rate: Fraction, code: str, *, seconds: float = 1.0):
    """A film with a time code track, its packets copied from another."""
    source = film_path(Film("mov", sound="pcm_s16le", seconds=seconds, frames_per_second=rate))
    with av.open(str(source)) as film, av.open(str(path), "w") as output:
        streams = {
            stream.index: output.add_stream_from_template(stream) for stream in film.streams if stream.type != "data"
        }
        next(one for one in streams.values() if one.type == "video").metadata["timecode"] = code
        for packet in film.demux(*(film.streams[index] for index in streams)):
            if packet.size:
                packet.stream = streams[packet.stream.index]
                output.mux(packet)
    return path


def test_a_picture_that_comes_after_the_sound():
    film = Film("mkv", seconds=2.0, picture_start=Fraction(2, 5), sound="flac")
    assert frames_of(probe(film_path(film))).first_picture == 10


def test_a_nonsense_time_code_is_zero(tmp_path):
    film = film_path(Film("mkv", sound="flac", seconds=1.0, tags=(("timecode", "soon"),)))
    assert frames_of(probe(film)).start_frame == 0


def test_text_that_any_format_takes():
    assert printable("two\nlines\t\x00\ud800 é") == "two lines ?? é"


def test_shots_may_be_empty_or_reach_over_the_end():
    film = film_path(Film("mkv", sound="flac", seconds=1.0))
    assert plan_of(film, shots=[]).shots == []
    assert plan_of(film, shots=[shot(0.0, 9.0, "long")]).shots[0].end_seconds == 9.0
