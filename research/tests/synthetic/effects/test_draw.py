"""Every kind of effect sounds, repeats, and is of its kind."""

import numpy as np
import pytest

from limelight.dataset.sounds import SAMPLE_RATE
from research.synthetic.effects.draw import MAKERS, SECONDS, Maker, draw_effect
from research.synthetic.effects.impacts import footsteps
from research.synthetic.effects.machines import pass_by, signal
from research.synthetic.effects.parts import Sound, count_of
from research.synthetic.effects.textures import rain, wind


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
