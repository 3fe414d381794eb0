"""Time 0 lies on the first picture, or a whole number of ticks before it where sound comes first."""

from fractions import Fraction

import pytest
from films import Film, film_path, sound_film
from hypothesis import given
from hypothesis import strategies as st

from limelight.media.clock import COARSEST_TICK, MILLISECOND, Clock, hours_minutes_seconds, read_clock, time_zero

ticks = st.sampled_from(
    [Fraction(1, 25), Fraction(1, 90_000), Fraction(1, 1000), Fraction(1001, 24_000), Fraction(1, 12_800)]
)
times = st.fractions(min_value=-100, max_value=100_000, max_denominator=48_000)


@given(timestamp=st.integers(-(10**6), 10**12), start=times, tick=ticks, rate=st.sampled_from([8000, 44_100, 48_000]))
def test_samples_are_seconds_to_the_nearest(timestamp, start, tick, rate):
    clock = Clock(start, None, None)
    exact = clock.seconds(timestamp, tick) * rate
    assert abs(clock.samples(timestamp, tick, rate) - exact) <= Fraction(1, 2)


@given(count=st.integers(-1000, 10**9), sound=times, tick=ticks)
def test_nothing_is_rounded_and_no_sound_is_lost(count, sound, tick):
    picture = count * tick
    zero = time_zero(picture, sound, tick)
    assert zero <= picture
    assert zero <= sound or sound >= picture
    assert (picture - zero) % tick == 0
    assert (picture - zero) % MILLISECOND == 0 or tick > MILLISECOND
    if sound < picture:
        assert sound - zero < COARSEST_TICK + tick


def test_without_a_picture_or_without_sound():
    assert time_zero(None, Fraction(3, 7), MILLISECOND) == Fraction(3, 7)
    assert time_zero(Fraction(3, 7), None, MILLISECOND) == Fraction(3, 7)
    assert time_zero(None, None, MILLISECOND) == 0


@pytest.mark.parametrize("container", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize(("picture", "sound"), [(0, 0), (10, 10), (1, 0), (0, 1)])
def test_films_that_start_anywhere(container, picture, sound):
    film = Film(container=container, seconds=0.8, picture_start=Fraction(picture), sound_start=Fraction(sound))
    clock = read_clock(film_path(film))
    assert clock.first_picture - clock.start == pytest.approx(max(0, picture - sound), abs=0.025)
    assert clock.start <= min(clock.first_picture, clock.first_sound)


def test_a_second_soundtrack_counts_too():
    film = Film(container="mkv", soundtracks=2, picture_start=Fraction(1))
    clock = read_clock(film_path(film))
    assert clock.start == 0


def test_sound_alone_starts_at_its_first_sample():
    assert read_clock(film_path(sound_film("wav", "pcm_s16le"))).start == 0


def test_times_are_written_as_people_do():
    assert hours_minutes_seconds(Fraction(3_723)) == "01:02:03"
