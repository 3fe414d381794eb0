import numpy as np
import pytest
from dsp.sounds import cut, noise
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from limelight.dsp.k_weighting import HIGH_PASS, SHELF, KWeighting, k_weight_response, k_weighting_biquads
from limelight.errors import Unsupported

RATES = [8_000, 11_025, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000]


def recursive(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """The filters as the standard draws them."""
    sections = [[q.b0, q.b1, q.b2, 1.0, q.a1, q.a2] for q in k_weighting_biquads(sample_rate)]
    return signal.sosfilt(np.array(sections), samples.astype(np.float64))


def filtered(samples: np.ndarray, sample_rate: int, sizes: list[int]) -> np.ndarray:
    stream = KWeighting(sample_rate, samples.shape[0])
    segments = [segment for block in cut(samples, sizes) for segment in stream.push(block)]
    return np.concatenate([*segments, stream.finish()], axis=1)


def test_at_48_khz_the_coefficients_are_those_printed() -> None:
    assert k_weighting_biquads(48_000) == [SHELF, HIGH_PASS]


@pytest.mark.parametrize("sample_rate", RATES)
def test_agrees_with_the_recursion(sample_rate: int) -> None:
    samples = noise(2, sample_rate)
    wished = recursive(samples, sample_rate)
    found = filtered(samples, sample_rate, [samples.shape[1]])
    assert found.shape == wished.shape
    assert np.max(np.abs(found - wished)) < 1e-8 * np.max(np.abs(wished))


def test_a_constant_dies_out_as_in_the_recursion() -> None:
    offset = np.full((1, 96_000), 0.5)
    np.testing.assert_allclose(filtered(offset, 48_000, [96_000]), recursive(offset, 48_000), atol=1e-8)


@settings(max_examples=15, deadline=None)
@given(length=st.integers(0, 12_000), sizes=st.lists(st.integers(1, 7_000), min_size=1, max_size=4))
def test_does_not_depend_on_the_cuts(length: int, sizes: list[int]) -> None:
    samples = noise(2, length)
    assert np.array_equal(filtered(samples, 8_000, sizes), filtered(samples, 8_000, [max(1, length)]))


@pytest.mark.parametrize("sample_rate", RATES)
def test_response_is_the_same_at_every_rate(sample_rate: int) -> None:
    frequencies = np.geomspace(20, min(sample_rate, 44_100) * 0.1, 40)
    found = 10 * np.log10(k_weight_response(frequencies, sample_rate=sample_rate))
    wished = 10 * np.log10(k_weight_response(frequencies, sample_rate=192_000))
    np.testing.assert_allclose(found, wished, atol=0.3 if sample_rate < 22_050 else 0.04)


def test_response_has_the_shape_of_the_standard() -> None:
    db = 10 * np.log10(k_weight_response([10, 38.135, 997, 10_000]))
    assert db[0] < -20
    assert db[1] == pytest.approx(-6.0, abs=0.1)  # critically damped: half the amplitude at the resonance
    assert db[2] == pytest.approx(0.691, abs=0.005)  # the offset of the loudness formula undoes it
    assert db[3] == pytest.approx(4.04, abs=0.05)
    assert k_weight_response(0.0) < 1e-20


def test_response_predicts_the_power_of_a_filtered_spectrum() -> None:
    samples = np.pad(noise(1, 40_000), ((0, 0), (0, 8_000)))
    power = np.abs(np.fft.rfft(samples)) ** 2
    weights = np.where(np.isin(np.arange(power.shape[1]), [0, power.shape[1] - 1]), 1.0, 2.0)
    response = k_weight_response(np.fft.rfftfreq(48_000, 1 / 48_000))
    energy = np.sum(np.square(filtered(samples, 48_000, [48_000])))
    assert np.sum(weights * power * response) / 48_000 == pytest.approx(energy, rel=1e-6)


def test_refuses_rates_that_cannot_hold_the_shelf() -> None:
    with pytest.raises(Unsupported, match="at least 4000 Hz"):
        KWeighting(3_000, 1)
