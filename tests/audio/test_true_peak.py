import numpy as np
import pytest
from audio import ebur128
from audio.sounds import cut, noise, programme, sine
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.audio.peaks import REACH, TruePeakMeter, block_true_peaks, interpolator, true_peak_db


def faded(samples: np.ndarray) -> np.ndarray:
    """Without the edges at start and end, whose ringing depends on the interpolator."""
    fade = np.clip(np.arange(samples.shape[-1]) / 2000, 0, 1)
    return (samples * fade * fade[::-1]).astype(np.float32)


def naive_block_peaks(samples: np.ndarray, block: int) -> np.ndarray:
    """Every interpolated point by its sum."""
    count = (samples.shape[1] - 2 * REACH + 1) // block
    peaks = np.zeros((samples.shape[0], count))
    for t in range(count):
        for n in range(t * block, (t + 1) * block):
            for phase in range(4):
                points = samples[:, n : n + 2 * REACH] @ interpolator(phase)
                peaks[:, t] = np.maximum(peaks[:, t], np.abs(points))
    return peaks


def test_agrees_with_the_definition() -> None:
    samples = noise(2, 400)
    np.testing.assert_allclose(block_true_peaks(samples, 24), naive_block_peaks(samples, 24), rtol=1e-5)


def test_phase_0_is_the_sample_itself() -> None:
    identity = np.zeros(2 * REACH)
    identity[REACH - 1] = 1
    np.testing.assert_allclose(interpolator(0), identity, atol=1e-15)
    np.testing.assert_allclose(interpolator(3), interpolator(1)[::-1], atol=1e-15)  # mirrored


@pytest.mark.parametrize(
    ("frequency_hz", "tolerance_db"), [(1_000, 0.003), (15_000, 0.003), (20_000, 0.003), (22_000, 0.06)]
)
@pytest.mark.parametrize("phase", [1, 2, 3])
def test_passes_what_one_hears(frequency_hz: float, tolerance_db: float, phase: int) -> None:
    turn = np.exp(2j * np.pi * frequency_hz / 48_000 * np.arange(1 - REACH, REACH + 1))
    wished = np.exp(2j * np.pi * frequency_hz / 48_000 * phase / 4)
    assert abs(20 * np.log10(abs(interpolator(phase) @ turn / wished))) < tolerance_db


def test_a_quarter_of_the_rate_at_45_degrees_peaks_between_samples() -> None:
    samples = faded(sine(12_000, 1, 48_000, degrees=45)[None])
    assert 20 * np.log10(np.max(np.abs(samples))) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_db(samples) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    ("divisor", "degrees", "amplitude", "wished_db"),
    [(4, 0, 0.5, -6.0), (4, 45, 0.5, -6.0), (6, 60, 0.5, -6.0), (8, 67.5, 0.5, -6.0), (4, 45, 1.41, 3.0)],
)
def test_ebu_tech_3341_cases_15_to_19(divisor: int, degrees: float, amplitude: float, wished_db: float) -> None:
    samples = faded(amplitude * sine(48_000 / divisor, 1, 48_000, degrees=degrees)[None])
    assert wished_db - 0.4 <= true_peak_db(samples) <= wished_db + 0.2


@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
def test_agrees_with_ffmpeg_on_a_programme(sample_rate: int) -> None:
    samples = faded(programme(2, 6, sample_rate))
    assert true_peak_db(samples) == pytest.approx(ebur128.read(samples, sample_rate, "stereo").true_peak_db, abs=0.1)


@pytest.mark.parametrize("frequency_hz", [440, 5_000, 9_000])
def test_agrees_with_ffmpeg_on_tones(frequency_hz: float) -> None:
    samples = faded(sine(frequency_hz, 1, 48_000, db=-3)[None])
    assert true_peak_db(samples) == pytest.approx(ebur128.read(samples, 48_000, "mono").true_peak_db, abs=0.1)


def test_agrees_with_ffmpeg_on_white_noise_but_for_the_last_octave() -> None:
    samples = faded(noise(2, 5 * 48_000))
    assert true_peak_db(samples) == pytest.approx(ebur128.read(samples, 48_000, "stereo").true_peak_db, abs=0.6)


def test_never_under_the_sample_peak() -> None:
    samples = noise(2, 10_000)
    assert true_peak_db(samples) >= 20 * np.log10(np.max(np.abs(samples)))


def test_scales_and_ignores_sign() -> None:
    samples = noise(1, 5_000)
    assert true_peak_db(-2 * samples) == pytest.approx(true_peak_db(samples) + 20 * np.log10(2), abs=1e-4)


def test_an_impulse_at_either_end_is_seen() -> None:
    samples = np.zeros((1, 100), np.float32)
    assert true_peak_db(samples) == -np.inf
    assert true_peak_db(np.zeros((2, 0), np.float32)) == -np.inf
    for at in (0, 99):
        click = samples.copy()
        click[0, at] = 0.5
        assert true_peak_db(click) == pytest.approx(-6.02, abs=0.01)


def test_channels_are_told_apart() -> None:
    meter = TruePeakMeter(2)
    meter.push(np.stack([faded(sine(1000, 1, 48_000, db=-6)), faded(sine(1000, 1, 48_000, db=-20))]))
    assert meter.finish() == pytest.approx(-6.0, abs=0.01)
    np.testing.assert_allclose(meter.channel_peaks_db, [-6, -20], atol=0.01)


@settings(max_examples=20, deadline=None)
@given(length=st.integers(0, 3_000), sizes=st.lists(st.integers(1, 900), min_size=1, max_size=4))
def test_meter_does_not_depend_on_the_cuts(length: int, sizes: list[int]) -> None:
    samples = noise(2, length)
    meter = TruePeakMeter(2)
    for block in cut(samples, sizes):
        meter.push(block)
    found, wished = meter.finish(), true_peak_db(samples)
    assert found == wished or found == pytest.approx(wished, abs=1e-4)
