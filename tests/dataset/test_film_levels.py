"""Drawn levels are like those of real films: what is heard, how loud, beside what, and from clip to clip."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from limelight.dataset.film_levels import HEARD_LUFS, LOUDEST_LUFS, FilmLevels, draw_levels, draw_sequence
from limelight.types import STEMS

FILMS, CLIPS = 1500, 6
SPEECH, MUSIC, EFFECTS = range(3)

# measured on 2,607 clips of 321 films
HEARD = (0.53, 0.94, 0.91)
OVER_45_LUFS = (0.49, 0.83, 0.77)
QUARTILES_LUFS = ((-35, -30, -26), (-39, -34, -29), (-40, -31, -24))
TAILS_LUFS = ((-49, -22), (-49, -23), (-54, -19))
LOUDEST = (0.31, 0.25, 0.44)
NEXT_CORRELATION = (0.49, 0.62, 0.54)
STAYS = (0.74, 0.96, 0.94)


@cache
def films() -> NDArray[np.float64]:
    """Levels of many drawn films, [F, T, K]."""
    rng = np.random.default_rng(5)
    drawn = [[list(clip.by_stem().values()) for clip in draw_sequence(rng, CLIPS)] for _ in range(FILMS)]
    return np.array(drawn)


@cache
def clips() -> NDArray[np.float64]:
    """The same, film after film, [N, K]."""
    return films().reshape(-1, len(STEMS))


def rest_lufs(levels: NDArray[np.float64], stem: int) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return 10 * np.log10((10 ** (np.delete(levels, stem, axis=1) / 10)).sum(axis=1))


@pytest.mark.parametrize("stem", range(3), ids=STEMS)
class TestEachStem:
    def test_is_heard_as_often_as_in_films(self, stem):
        assert np.isfinite(clips()[:, stem]).mean() == pytest.approx(HEARD[stem], abs=0.05)
        assert (clips()[:, stem] > -45).mean() == pytest.approx(OVER_45_LUFS[stem], abs=0.05)

    def test_is_as_loud(self, stem):
        heard = clips()[np.isfinite(clips()[:, stem]), stem]
        assert np.percentile(heard, (25, 50, 75)) == pytest.approx(QUARTILES_LUFS[stem], abs=1.5)
        assert np.percentile(heard, (5, 95)) == pytest.approx(TAILS_LUFS[stem], abs=3)

    def test_is_loudest_as_often(self, stem):
        assert (clips().argmax(axis=1) == stem).mean() == pytest.approx(LOUDEST[stem], abs=0.04)

    def test_resembles_itself_in_the_next_clip(self, stem):
        before, after = films()[:, :-1, stem].ravel(), films()[:, 1:, stem].ravel()
        both = np.isfinite(before) & np.isfinite(after)
        assert np.corrcoef(before[both], after[both])[0, 1] == pytest.approx(NEXT_CORRELATION[stem], abs=0.1)
        assert np.isfinite(after[np.isfinite(before)]).mean() == pytest.approx(STAYS[stem], abs=0.05)

    def test_has_the_same_distribution_in_the_last_clip_as_in_the_first(self, stem):
        first, last = films()[:, 0, stem], films()[:, -1, stem]
        assert np.isfinite(first).mean() == pytest.approx(np.isfinite(last).mean(), abs=0.05)
        assert np.median(first[np.isfinite(first)]) == pytest.approx(np.median(last[np.isfinite(last)]), abs=1.5)

    def test_lies_between_the_bounds_or_is_silent(self, stem):
        heard = clips()[np.isfinite(clips()[:, stem]), stem]
        assert heard.min() > HEARD_LUFS
        assert heard.max() <= LOUDEST_LUFS


def test_speech_stands_over_the_rest_as_in_films():
    heard = clips()[np.isfinite(clips()[:, SPEECH])]
    over = heard[:, SPEECH] - rest_lufs(heard, SPEECH)
    spoken = (heard[:, SPEECH] > -40) & np.isfinite(over)
    assert np.percentile(over[spoken], (5, 25, 50, 75, 95)) == pytest.approx((-11, -3, 2, 9, 17), abs=2)


def test_music_and_effects_rise_together_and_music_gives_way_to_speech():
    speech, music, effects = clips().T
    both = np.isfinite(music) & np.isfinite(effects)
    assert np.corrcoef(music[both], effects[both])[0, 1] == pytest.approx(0.46, abs=0.07)
    with_speech, alone = music[both & np.isfinite(speech)], music[both & np.isneginf(speech)]
    assert np.median(alone) - np.median(with_speech) == pytest.approx(5, abs=2)


def test_mix_and_gap_are_those_of_films():
    powers = (10 ** (clips() / 10)).sum(axis=1)
    mix = 10 * np.log10(powers[powers > 0])
    assert np.percentile(mix, (5, 25, 50, 75, 95)) == pytest.approx((-40, -31, -26, -22, -18), abs=1.5)
    ordered = np.sort(clips(), axis=1)
    two = np.isfinite(ordered[:, 1])
    assert np.median(ordered[two, 2] - ordered[two, 1]) == pytest.approx(6.4, abs=1)


def test_what_follows_is_more_alike_than_what_is_of_another_film():
    here, there = films()[:, 1, MUSIC], films()[:, 0, MUSIC]
    other = np.roll(here, 1)
    with np.errstate(invalid="ignore"):
        near, far = np.abs(here - there), np.abs(other - there)
    assert np.median(near[np.isfinite(near)]) < 0.75 * np.median(far[np.isfinite(far)])


def test_a_seed_names_its_levels():
    assert draw_sequence(np.random.default_rng(3), 20) == draw_sequence(np.random.default_rng(3), 20)
    assert draw_levels(np.random.default_rng(3)) == draw_sequence(np.random.default_rng(3), 20)[0]
    assert draw_levels(np.random.default_rng(3)) != draw_levels(np.random.default_rng(4))


def test_no_clips_are_no_levels():
    assert draw_sequence(np.random.default_rng(0), 0) == []


class TestLevelsOfAClip:
    def test_powers_add_up(self):
        assert FilmLevels(-20.0, -20.0, -math.inf).mix_lufs == pytest.approx(-20 + 10 * math.log10(2))

    def test_a_stem_stands_over_the_sum_of_the_others(self):
        assert FilmLevels(-20.0, -23.0, -23.0).over_rest_lu("speech") == pytest.approx(3 - 10 * math.log10(2))
        assert FilmLevels(-20.0, -math.inf, -math.inf).over_rest_lu("speech") == math.inf
        assert FilmLevels(-20.0, -math.inf, -math.inf).over_rest_lu("music") == -math.inf

    def test_loudest(self):
        assert FilmLevels(-20.0, -19.0, -math.inf).loudest == "music"
        assert FilmLevels(-math.inf, -math.inf, -math.inf).loudest is None
        assert FilmLevels(-math.inf, -math.inf, -math.inf).mix_lufs == -math.inf
