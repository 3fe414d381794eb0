from itertools import pairwise

import numpy as np
import pytest

from limelight.dataset.augmentation import (
    LARGEST_SPEED,
    PLAIN,
    SAMPLE_RATE,
    WILD,
    Augmentation,
    at_speed,
    equalised,
    polarity_and_shift,
    sample_speed,
    saturated,
)
from limelight.types import STEMS

LENGTH = SAMPLE_RATE // 2
ONLY = {name: Augmentation(**(vars(PLAIN) | {name: 1.0})) for name in vars(PLAIN)}


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((3, LENGTH)).astype(np.float32)


def band_db(samples: np.ndarray, low: float, high: float) -> np.ndarray:
    """Power density in a band, [K]."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(samples.shape[-1], 1 / SAMPLE_RATE)
    return 10 * np.log10(power[..., (hertz >= low) & (hertz < high)].mean(-1) + 1e-9)


def change_db(name: str, seed: int, low: float, high: float) -> np.ndarray:
    out = equalised(np.random.default_rng(seed), noise(), ONLY[name])
    return band_db(out, low, high) - band_db(noise(), low, high)


def test_plain_changes_nothing() -> None:
    stems = noise()
    assert equalised(np.random.default_rng(0), stems, PLAIN) is stems
    assert sample_speed(np.random.default_rng(0), "speech", PLAIN) == 1.0
    tone = stems[0]
    assert at_speed(tone, 1.0) is tone


@pytest.mark.parametrize("stem", STEMS)
def test_faster_is_as_likely_as_slower(stem: str) -> None:
    rng = np.random.default_rng(1)
    logs = np.log([sample_speed(rng, stem, ONLY["speed"]) for _ in range(400)])
    assert np.abs(logs).max() <= np.log(LARGEST_SPEED[stem]) + 1e-9
    assert abs(np.mean(logs)) < 0.1 * np.log(LARGEST_SPEED[stem])


@pytest.mark.parametrize("speed", [0.7, 1.25])
def test_speed_moves_length_and_pitch_together(speed: float) -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(LENGTH) / SAMPLE_RATE).astype(np.float32)
    out = at_speed(tone, speed)
    assert len(out) == pytest.approx(LENGTH / speed, abs=2)
    peak = np.argmax(np.abs(np.fft.rfft(out * np.hanning(len(out))))) * SAMPLE_RATE / len(out)
    assert peak == pytest.approx(1000 * speed, rel=0.005)


def test_a_seed_names_the_colours() -> None:
    first, again, other = (equalised(np.random.default_rng(seed), noise(), Augmentation()) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_silent_stem_stays_silent() -> None:
    stems = noise()
    stems[1] = 0
    assert not equalised(np.random.default_rng(0), stems, Augmentation())[1].any()


def test_the_low_pass_of_all_is_one_for_all() -> None:
    for seed in range(5):
        change = change_db("low_pass_all", seed, 17_500, 24_000)
        assert (change < -30).all()
        assert np.abs(change_db("low_pass_all", seed, 0, 2500)).max() < 0.1
        middle = change_db("low_pass_all", seed, 6000, 9000)
        assert np.ptp(middle) < 1.0


def test_the_low_pass_of_one_is_each_stems_own() -> None:
    assert np.ptp(change_db("low_pass_one", 0, 6000, 9000)) > 3


def test_the_equaliser_is_smooth_and_within_reason() -> None:
    edges = np.geomspace(100, 20_000, 24)
    for seed in range(4):
        curve = np.array([change_db("equaliser", seed, a, b) for a, b in pairwise(edges)])
        assert np.abs(curve).max() < 16
        assert np.abs(np.diff(curve, axis=0)).max() < 6


def test_air_is_given_to_speech_above_8_khz_and_falls() -> None:
    stems = noise()
    spectrum = np.fft.rfft(stems)
    spectrum[:, np.fft.rfftfreq(LENGTH, 1 / SAMPLE_RATE) > 8000] = 0
    narrow = np.fft.irfft(spectrum, LENGTH).astype(np.float32)
    out = equalised(np.random.default_rng(2), narrow, ONLY["air"])
    np.testing.assert_allclose(out[1:], narrow[1:], atol=1e-5)
    np.testing.assert_allclose(band_db(out, 0, 7900), band_db(narrow, 0, 7900), atol=0.01)
    steps = [band_db(out, low, low + 4000)[0] for low in (4000, 8000, 12_000, 16_000)]
    falls = -np.diff(steps)
    np.testing.assert_allclose(falls, falls[0], atol=0.3)
    assert 2.5 < falls[0] < 12.5


def test_a_room_keeps_the_beginning_and_adds_a_tail() -> None:
    click = np.zeros((3, LENGTH), np.float32)
    click[:, 1000] = 1
    out = equalised(np.random.default_rng(0), click, ONLY["speech_room"])
    assert np.argmax(np.abs(out[0])) == 1000
    assert np.square(out[0, 3000:10_000]).sum() > 1e-3
    np.testing.assert_allclose(out[1:], click[1:], atol=1e-6)


def test_a_sound_turned_keeps_its_spectrum_and_a_voice_is_never_turned() -> None:
    sound = noise()[0]
    rng = np.random.default_rng(0)
    back = polarity_and_shift(rng, "music", sound, ONLY["backwards"])
    assert np.array_equal(back[::-1], sound)
    np.testing.assert_allclose(np.abs(np.fft.rfft(back)), np.abs(np.fft.rfft(sound)), rtol=1e-3, atol=1e-2)
    assert polarity_and_shift(rng, "speech", sound, ONLY["backwards"]) is sound
    shares = [polarity_and_shift(rng, "effects", sound, WILD) is not sound for _ in range(300)]
    assert np.mean(shares) == pytest.approx(WILD.backwards, abs=0.07)


def test_a_driven_stem_is_as_loud_and_less_peaky() -> None:
    sound = noise()[0]
    assert saturated(np.random.default_rng(0), sound, PLAIN) is sound
    for seed in range(5):
        bent = saturated(np.random.default_rng(seed), sound, ONLY["drive"])
        assert np.sqrt(np.mean(bent**2)) == pytest.approx(np.sqrt(np.mean(sound**2)), rel=1e-3)
        assert np.abs(bent).max() < np.abs(sound).max()
        assert np.corrcoef(bent, sound)[0, 1] > 0.75


def test_a_draw_without_the_wild_is_as_it_always_was() -> None:
    """Built sets are named by their seeds: what is not wanted must not be drawn for."""
    rng, other = np.random.default_rng(4), np.random.default_rng(4)
    polarity_and_shift(rng, "effects", noise()[0], Augmentation())
    saturated(rng, noise()[0], Augmentation())
    assert rng.random() == other.random()
