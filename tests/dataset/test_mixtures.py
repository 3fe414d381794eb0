import dataclasses

import numpy as np
import pytest
from dataset.shelves import library, shelf, silent_shelf
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.audio.loudness import integrated_loudness
from limelight.dataset.augmentation import Augmentation
from limelight.dataset.degrade import NONE
from limelight.dataset.mixtures import LARGEST_PEAK, Mixture, SourceChoice, sample_mixture, without_clipping
from limelight.dataset.sounds import SAMPLE_RATE, SoundLibrary
from limelight.types import STEMS

LIBRARY = library()
ALL_HEARD = SourceChoice(presence=dict.fromkeys(STEMS, 1.0), undegraded=0.0)
few = settings(max_examples=6, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def draw(
    seed: int, *, seconds: float = 1.0, sources: SourceChoice | None = None, sounds: SoundLibrary = LIBRARY
) -> Mixture:
    return sample_mixture(np.random.default_rng(seed), sounds, seconds=seconds, sources=sources)


def lufs(samples: np.ndarray) -> float:
    return integrated_loudness(samples[None], SAMPLE_RATE, layout="mono")


@few
@given(seeds)
def test_the_inverse_gains_lead_back_to_the_target(seed: int) -> None:
    mixture = draw(seed)
    back = 10 ** (np.array(mixture.degradation.inverse_db) / 20) @ mixture.input_stems
    np.testing.assert_allclose(back, mixture.target, atol=1e-5)


@few
@given(seeds)
def test_stems_sum_to_the_mix(seed: int) -> None:
    mixture = draw(seed)
    assert mixture.target_stems.shape == (3, SAMPLE_RATE)
    assert mixture.target_stems.dtype == mixture.target.dtype == mixture.input.dtype == np.float32
    np.testing.assert_allclose(mixture.target, mixture.target_stems.astype(np.float64).sum(0), atol=1e-6)
    np.testing.assert_allclose(mixture.input, mixture.input_stems.astype(np.float64).sum(0), atol=1e-5)


@few
@given(seeds)
def test_the_loudest_stem_is_the_one_turned_down(seed: int) -> None:
    mixture = draw(seed, sources=ALL_HEARD)
    loudness = [lufs(stem) for stem in mixture.target_stems]
    assert int(np.argmax(loudness)) == int(np.argmin(mixture.degradation.gains_db))


@few
@given(seeds)
def test_the_good_mix_is_as_loud_as_films_are(seed: int) -> None:
    mixture = draw(seed, seconds=2.0)
    sounds = (mixture.target_stems, mixture.target, mixture.input_stems, mixture.input)
    full = max(np.abs(sound).max() for sound in sounds) > 0.99 * LARGEST_PEAK  # then it had to come down
    assert (-45 if full else -32) < lufs(mixture.target) < -22


def test_stems_follow_their_priors() -> None:
    """Speech stands 5 LU over music on average (−27 and −32 LUFS), with σ = √(4² + 6²)."""
    drawn = [draw(seed, seconds=0.4, sources=ALL_HEARD).target_stems for seed in range(25)]
    over_music = [lufs(stems[0]) - lufs(stems[1]) for stems in drawn]
    assert np.mean(over_music) == pytest.approx(5, abs=3)
    assert np.std(over_music) == pytest.approx(7.2, abs=2)


def test_a_seed_names_a_mixture_to_the_byte() -> None:
    first, again, other = draw(5), draw(5), draw(6)
    assert first.target_stems.tobytes() == again.target_stems.tobytes()
    assert first.degradation == again.degradation
    assert first.target_stems.tobytes() != other.target_stems.tobytes()


def test_drawing_leaves_the_library_as_it_was() -> None:
    before = {stem: LIBRARY.shelves[stem][0].samples.copy() for stem in STEMS}
    draw(1)
    assert all(np.array_equal(LIBRARY.shelves[stem][0].samples, before[stem]) for stem in STEMS)


def test_presence_and_mercy_are_what_the_casting_says() -> None:
    sources = SourceChoice(presence={"speech": 0.5, "music": 1.0, "effects": 0.8}, undegraded=0.3)
    drawn = [draw(seed, seconds=0.1, sources=sources) for seed in range(40)]
    heard = np.mean([mixture.target_stems.any(axis=1) for mixture in drawn], axis=0)
    np.testing.assert_allclose(heard, [0.5, 1.0, 0.8], atol=0.2)
    assert np.mean([mixture.degradation == NONE for mixture in drawn]) == pytest.approx(0.3, abs=0.2)


@pytest.mark.parametrize("spared", [False, True])
def test_all_or_none_are_spared(spared: bool) -> None:
    drawn = [draw(seed, seconds=0.1, sources=SourceChoice(undegraded=float(spared))) for seed in range(6)]
    assert {mixture.degradation == NONE for mixture in drawn} == {spared}


def test_a_spared_mixture_goes_in_as_it_comes_out() -> None:
    mixture = draw(2, sources=SourceChoice(undegraded=1.0))
    assert mixture.input.tobytes() == mixture.target.tobytes()


@pytest.mark.parametrize("stem", STEMS)
def test_a_stem_that_is_not_cast_is_silent(stem: str) -> None:
    k = STEMS.index(stem)
    presence = dict.fromkeys(STEMS, 1.0) | {stem: 0.0}
    for seed in range(2):
        mixture = draw(seed, sources=SourceChoice(presence=presence, undegraded=0.0))
        assert not mixture.input_stems[k].any()
        assert np.abs(mixture.input_stems).max(axis=1).astype(bool).sum() == 2
        assert mixture.degradation.gains_db[k] > 0  # the loudest is another


def test_silent_sounds_stay_silent_and_finite() -> None:
    mixture = draw(0, sources=ALL_HEARD, sounds=library(music=silent_shelf()))
    assert not mixture.input_stems[1].any()
    assert np.isfinite(mixture.input_stems).all()
    nothing = draw(0, sources=ALL_HEARD, sounds=SoundLibrary({stem: (silent_shelf(),) for stem in STEMS}))
    assert not nothing.input.any()


def test_someone_is_always_heard() -> None:
    nobody = SourceChoice(presence=dict.fromkeys(STEMS, 0.0), undegraded=0.0)
    heard = {
        int(np.flatnonzero(draw(seed, seconds=0.1, sources=nobody).input_stems.any(axis=1))[0]) for seed in range(12)
    }
    assert heard == {0, 1, 2}


def test_sounds_shorter_than_a_fade_do_no_harm() -> None:
    tiny = shelf("effects", seconds=0.001)
    mixture = draw(3, seconds=0.5, sources=ALL_HEARD, sounds=library(effects=tiny))
    assert np.isfinite(mixture.target).all()


@few
@given(seeds)
def test_nothing_peaks_above_half_a_decibel_under_full_scale(seed: int) -> None:
    mixture = draw(seed, sources=ALL_HEARD)
    for samples in (mixture.target_stems, mixture.target, mixture.input_stems, mixture.input):
        assert np.abs(samples).max() <= 10 ** (-0.5 / 20) + 1e-5


def test_what_does_not_clip_is_left_alone() -> None:
    mixture = draw(4, sources=ALL_HEARD)
    quiet = Mixture(mixture.target_stems * np.float32(0.01), mixture.degradation)
    assert without_clipping(quiet) is quiet
    loud = Mixture(mixture.target_stems * np.float32(30), mixture.degradation)
    tamed = without_clipping(loud).target_stems
    assert np.corrcoef(tamed.ravel(), loud.target_stems.ravel())[0, 1] == pytest.approx(1)


@few
@given(seeds)
def test_variety_keeps_what_a_mixture_is(seed: int) -> None:
    varied = sample_mixture(
        np.random.default_rng(seed), LIBRARY, seconds=1.0, sources=ALL_HEARD, augmentation=Augmentation()
    )
    assert varied.target_stems.shape == (3, SAMPLE_RATE)
    assert lufs(varied.target) == pytest.approx(-27, abs=9)  # clicks are brought down for their peaks
    loudness = [lufs(stem) for stem in varied.target_stems]
    assert int(np.argmax(loudness)) == int(np.argmin(varied.degradation.gains_db))


def test_a_mixture_is_a_record() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        draw(0).degradation = NONE
