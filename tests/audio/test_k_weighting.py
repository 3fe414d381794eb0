import numpy as np
import pytest
from audio.sounds import noise

from limelight.audio.loudness import HIGH_PASS, SHELF, BiquadStream, k_weight_response, k_weighting_biquads
from limelight.errors import Unsupported

RATES = [8_000, 11_025, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000]


def test_at_48_khz_the_coefficients_are_those_printed() -> None:
    assert k_weighting_biquads(48_000) == [SHELF, HIGH_PASS]


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
    stream = BiquadStream(k_weighting_biquads(48_000), 1)
    energy = sum(np.sum(np.square(segment)) for segment in [*stream.push(samples), stream.finish()])
    assert np.sum(weights * power * response) / 48_000 == pytest.approx(energy, rel=1e-6)


def test_refuses_rates_that_cannot_hold_the_shelf() -> None:
    with pytest.raises(Unsupported, match="at least 4000 Hz"):
        k_weighting_biquads(3_000)
