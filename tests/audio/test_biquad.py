import numpy as np
import pytest
from audio.sounds import cut, noise
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from limelight.audio.loudness import Biquad, BiquadStream, k_weighting_biquads

RESONANT = [Biquad(0.1, 0.0, -0.1, -1.98, 0.9999)]  # rings for seconds


def recursive(samples: np.ndarray, biquads: list[Biquad]) -> np.ndarray:
    sections = [[q.b0, q.b1, q.b2, 1.0, q.a1, q.a2] for q in biquads]
    return signal.sosfilt(np.array(sections), samples.astype(np.float64))


def filtered(samples: np.ndarray, biquads: list[Biquad], sizes: list[int]) -> np.ndarray:
    stream = BiquadStream(biquads, samples.shape[0])
    segments = [segment for block in cut(samples, sizes) for segment in stream.push(block)]
    return np.concatenate([*segments, stream.finish()], axis=1)


@pytest.mark.parametrize("biquads", [k_weighting_biquads(8_000), k_weighting_biquads(192_000), RESONANT, RESONANT * 3])
@pytest.mark.parametrize("length", [1, 63, 4_096, 32_768, 100_001])
def test_agrees_with_the_recursion(biquads: list[Biquad], length: int) -> None:
    samples = noise(2, length)
    wished = recursive(samples, biquads)
    found = filtered(samples, biquads, [length])
    assert found.shape == wished.shape
    assert np.max(np.abs(found - wished)) < 1e-8 * np.max(np.abs(wished))


def test_a_constant_dies_out_in_a_high_pass() -> None:
    found = filtered(np.full((1, 96_000), 0.5), k_weighting_biquads(48_000), [10_000])
    assert np.max(np.abs(found[:, 48_000:])) < 1e-9


@settings(max_examples=15, deadline=None)
@given(length=st.integers(0, 100_000), sizes=st.lists(st.integers(1, 50_000), min_size=1, max_size=4))
def test_does_not_depend_on_the_cuts(length: int, sizes: list[int]) -> None:
    samples = noise(2, length)
    biquads = k_weighting_biquads(48_000)
    assert np.array_equal(filtered(samples, biquads, sizes), filtered(samples, biquads, [max(1, length)]))


def test_response_is_the_transform_of_the_impulse_response() -> None:
    impulse = np.zeros((1, 65_536))
    impulse[0, 0] = 1.0
    (biquad,) = [Biquad(0.2, 0.3, 0.1, -1.2, 0.5)]
    found = biquad.response(2 * np.pi * np.arange(32_769) / 65_536)
    np.testing.assert_allclose(found, np.fft.rfft(filtered(impulse, [biquad], [999])[0]), atol=1e-12)
