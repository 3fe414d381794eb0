"""The parts do what their names say, measured on their spectra and envelopes."""

import numpy as np
import pytest

from limelight.dataset.sounds import SAMPLE_RATE
from research.synthetic.effects.parts import (
    Sound,
    at_random,
    band_noise,
    decay,
    harmonics,
    lay,
    modes,
    noise,
    swell,
    tone,
    unit,
    wander,
)

N = SAMPLE_RATE * 2


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def power_between(sound: Sound, low: float, high: float) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    return float(power[(hertz >= low) & (hertz < high)].mean())


@pytest.mark.parametrize("slope_db", [-9.0, -3.0, 0.0, 3.0])
def test_noise_falls_by_its_slope_with_every_octave(slope_db: float) -> None:
    sound = noise(rng(), N, slope_db=slope_db)
    found = 10 * np.log10(power_between(sound, 4000, 8000) / power_between(sound, 500, 1000)) / 3
    assert found == pytest.approx(slope_db, abs=0.3)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(1, abs=1e-3)


def test_band_noise_stays_in_its_band() -> None:
    sound = band_noise(rng(), N, 1000, 0.5)
    assert power_between(sound, 900, 1100) > 1e4 * power_between(sound, 3000, 6000)


def test_a_decay_has_fallen_by_sixty_decibels_in_its_time() -> None:
    assert 20 * np.log10(decay(N, 0.5)[SAMPLE_RATE // 2]) == pytest.approx(-60, abs=0.1)


def test_modes_ring_at_their_frequencies_each_in_its_own_time() -> None:
    sound = modes(N, np.array([500.0, 3000.0]), np.array([1.0, 0.1]), np.array([1.0, 1.0]))
    early, late = sound[: SAMPLE_RATE // 10], sound[SAMPLE_RATE // 2 : SAMPLE_RATE // 2 + 4800]
    assert power_between(early, 2900, 3100) > 0.02 * power_between(early, 450, 550)
    assert power_between(late, 2900, 3100) < 1e-6 * power_between(late, 450, 550)


def test_a_tone_is_where_it_should_be_and_no_overtone_folds_back() -> None:
    assert np.argmax(np.abs(np.fft.rfft(tone(440.0, SAMPLE_RATE)))) == 440
    sound = harmonics(np.full(SAMPLE_RATE, 9000.0), np.ones(5))
    assert power_between(sound, 8900, 9100) > 1e6 * power_between(sound, 1000, 8000)


def test_grains_are_cut_where_they_stick_out() -> None:
    out = np.zeros(100, np.float32)
    lay(out, np.ones(50, np.float32), 80 / SAMPLE_RATE, 2.0)
    lay(out, np.ones(50, np.float32), 1.0)
    assert out.sum() == 40
    assert not out[:80].any()


def test_curves_keep_their_bounds() -> None:
    curve = wander(rng(), N, 5)
    assert len(curve) == N
    assert np.abs(curve).max() <= 1
    assert np.abs(np.diff(curve)).max() < 1e-3
    shape = swell(N, 0.2, 0.3)
    assert shape[0] == 0
    assert shape[-1] == pytest.approx(0, abs=1e-6)
    assert shape[N // 2] == 1
    assert not unit(np.zeros(10, np.float32)).any()
    moments = at_random(rng(), 50, 20)
    assert len(moments) == pytest.approx(1000, abs=130)
    assert np.all(np.diff(moments) >= 0)
