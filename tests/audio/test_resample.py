import numpy as np
import pytest
from audio.sounds import cut, noise, sine
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.audio.convert import ResampleStream, resample, resampled_length

RATES = [(44_100, 48_000), (48_000, 44_100), (48_000, 16_000), (96_000, 48_000), (16_000, 48_000)]


@pytest.mark.parametrize(("in_rate", "out_rate"), RATES)
def test_a_sine_stays_the_same_sine_at_the_same_time(in_rate: int, out_rate: int) -> None:
    found = resample(sine(997, 1, in_rate)[None], in_rate, out_rate)
    wished = sine(997, 1, out_rate)[None]
    assert found.shape == wished.shape
    margin = out_rate // 20  # the ends ring
    assert np.max(np.abs(found - wished)[:, margin:-margin]) < 1e-4


def test_what_the_lower_rate_cannot_hold_is_removed() -> None:
    found = resample(sine(12_000, 1, 48_000)[None], 48_000, 16_000)
    assert np.max(np.abs(found[:, 1000:-1000])) < 1e-4


def test_equal_rates_pass_untouched() -> None:
    samples = noise(2, 1000)
    assert np.array_equal(resample(samples, 48_000, 48_000), samples)


@settings(max_examples=25, deadline=None)
@given(
    length=st.integers(0, 5000),
    sizes=st.lists(st.integers(1, 2000), min_size=1, max_size=4),
    rates=st.sampled_from([*RATES, (48_000, 48_000), (8_000, 44_100)]),
    channels=st.sampled_from([1, 2, 6]),
)
def test_streams_do_not_depend_on_the_cuts(
    length: int, sizes: list[int], rates: tuple[int, int], channels: int
) -> None:
    samples = noise(channels, length)
    stream = ResampleStream(*rates, channels)
    found = np.concatenate([*map(stream.push, cut(samples, sizes)), stream.finish()], axis=1)
    assert found.dtype == np.float32
    assert found.shape == (channels, resampled_length(length, *rates))
    np.testing.assert_allclose(found, resample(samples, *rates), atol=1e-6)


def test_lengths_round_a_half_up() -> None:
    assert [resampled_length(n, 96_000, 48_000) for n in range(5)] == [0, 1, 1, 2, 2]
    assert resampled_length(3 * 3600 * 44_100, 44_100, 48_000) == 3 * 3600 * 48_000


def test_channels_stay_apart() -> None:
    samples = noise(3, 4000)
    samples[1] = 0
    found = resample(samples, 44_100, 48_000)
    assert not found[1].any()
    np.testing.assert_allclose(found[2:], resample(samples[2:], 44_100, 48_000), atol=1e-6)
