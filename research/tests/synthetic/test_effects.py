"""The parts do what their names say, measured on their spectra and envelopes.

Every kind of effect sounds, repeats, and is of its kind.
"""

import numpy as np
import pytest

from limelight.dataset.sounds import SAMPLE_RATE
from research.synthetic.effect_parts import (
    Sound,
    at_random,
    band_noise,
    count_of,
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
from research.synthetic.effects import MAKERS, SECONDS, Maker, draw_effect, footsteps, pass_by, signal
from research.synthetic.effects_nature import rain, wind

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


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_every_kind_sounds_and_repeats(maker: Maker) -> None:
    for seed in range(3):
        sound = maker(np.random.default_rng(seed), 2.0)
        assert sound.dtype == np.float32
        assert sound.shape == (count_of(2.0),)
        assert np.isfinite(sound).all()
        assert np.sqrt(np.mean(sound**2)) > 1e-3
        np.testing.assert_array_equal(sound, maker(np.random.default_rng(seed), 2.0))
    assert not np.array_equal(sound, maker(np.random.default_rng(9), 2.0))


def flatness(sound: Sound) -> float:
    """Geometric over arithmetic mean of the power spectrum, smoothed: near 1 for noise, near 0 for tones."""
    power = np.abs(np.fft.rfft(sound[: 40 * 1024].reshape(40, 1024) * np.hanning(1024), axis=1)) ** 2
    mean = power.mean(0)[8:200] + 1e-20
    return float(np.exp(np.log(mean).mean()) / mean.mean())


def test_rain_is_noise_and_a_signal_is_tones() -> None:
    for seed in range(4):
        assert flatness(rain(np.random.default_rng(seed), 2)) > 3 * flatness(signal(np.random.default_rng(seed), 2))


def test_a_vehicle_is_loudest_where_it_passes() -> None:
    for seed in range(4):
        sound = pass_by(np.random.default_rng(seed), 8)
        loudness = np.sqrt(np.mean(sound.reshape(16, -1) ** 2, axis=1))
        loudest = int(np.argmax(loudness))
        assert 2 <= loudest <= 13
        assert loudness[loudest] > 1.5 * max(loudness[0], loudness[-1]) or loudness.min() < 0.5 * loudness[loudest]


def share_of_pauses(sound: Sound) -> float:
    """Of 50 ms frames that lie 20 dB under the loudest."""
    frames = np.sqrt(np.mean(sound.reshape(-1, 2400) ** 2, axis=1))
    return float(np.mean(frames < frames.max() / 10))


def test_between_steps_there_is_silence_and_wind_has_no_pauses() -> None:
    for seed in range(4):
        assert share_of_pauses(footsteps(np.random.default_rng(seed), 4)) > 0.2
        assert share_of_pauses(wind(np.random.default_rng(seed), 4)) < 0.1


def test_a_drawn_effect_is_levelled_named_and_ends_in_silence() -> None:
    names = set()
    for number in range(40):
        name, sound = draw_effect(np.random.default_rng([0, number]))
        names.add(name.split(" over ")[0])
        assert np.sqrt(np.mean(sound**2)) == pytest.approx(1, abs=0.1)
        assert sound[0] == 0
        assert sound[-1] == 0
        assert SECONDS[0] <= len(sound) / SAMPLE_RATE <= SECONDS[1]
    assert len(names) > 12
