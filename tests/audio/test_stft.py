import numpy as np
import pytest
from audio.sounds import cut, noise, sine
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.audio.stft import IstftStream, StftConfig, StftStream, istft, stft

CONFIGS = [StftConfig(), StftConfig(2048, 512), StftConfig(256, 32), StftConfig(64, 32)]
SMALL = StftConfig(128, 32)


def naive_stft(samples: np.ndarray, config: StftConfig) -> np.ndarray:
    """The definition, frame by frame and by a DFT matrix."""
    n = np.arange(config.n_fft)
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * n / config.n_fft))
    dft = np.exp(-2j * np.pi * np.outer(np.arange(config.bins), n) / config.n_fft)
    frames = []
    for t in range(config.frames(samples.shape[1])):
        frame = np.zeros((samples.shape[0], config.n_fft))
        for k in range(config.n_fft):
            at = t * config.hop - config.n_fft // 2 + k
            if 0 <= at < samples.shape[1]:
                frame[:, k] = samples[:, at]
        frames.append((frame * window) @ dft.T)
    return np.stack(frames, axis=2)


def relative_error(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.linalg.norm(found - true) / np.linalg.norm(true))


def test_agrees_with_the_definition() -> None:
    samples = noise(2, 500)
    spectra = stft(samples, SMALL)
    assert spectra.dtype == np.complex64
    assert relative_error(spectra, naive_stft(samples, SMALL)) < 1e-6


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("length", [1, 31, 32, 33, 1024, 5000, 48_000])
def test_inverse_is_exact_to_the_last_sample(config: StftConfig, length: int) -> None:
    samples = noise(2, length)
    spectra = stft(samples, config)
    assert spectra.shape == (2, config.bins, config.frames(length))
    back = istft(spectra, length, config)
    assert back.shape == samples.shape
    assert back.dtype == np.float32
    assert np.max(np.abs(back - samples)) < 1e-6 * max(1.0, np.max(np.abs(samples)))
    assert relative_error(back, samples) < 1e-6


def test_no_samples_make_one_silent_frame_and_back() -> None:
    spectra = stft(np.zeros((2, 0), np.float32))
    assert spectra.shape == (2, 1025, 1)
    assert not spectra.any()
    assert istft(spectra, 0).shape == (2, 0)


def test_energy_is_kept() -> None:
    # Parseval: per frame Σ_f |X|² over all n_fft bins = n_fft · Σ (w x)²; Σ_t w² = overlap / 2.
    config = StftConfig(512, 128)
    samples = np.pad(noise(1, 8192), ((0, 0), (512, 512)))  # silence at the ends: every sample is fully covered
    power = np.abs(stft(samples, config).astype(np.complex128)) ** 2
    both_sides = 2 * power.sum() - power[:, 0].sum() - power[:, -1].sum()
    energy = np.sum(np.square(samples, dtype=np.float64))
    assert both_sides / config.n_fft == pytest.approx(energy * config.overlap / 2, rel=1e-5)


def test_frame_t_is_centred_at_t_hops() -> None:
    config = StftConfig(256, 64)
    click = np.zeros((1, 1024), np.float32)
    click[0, 5 * config.hop] = 1.0
    power = np.square(np.abs(stft(click, config))).sum(axis=(0, 1))
    assert np.argmax(power) == 5
    assert power[4] == pytest.approx(power[6], rel=1e-5)
    assert power[5] == pytest.approx(config.bins, rel=1e-5)  # the window is 1 at its centre
    assert config.frame_seconds(6, 48_000)[5] == pytest.approx(5 * 64 / 48_000)


def test_a_sine_peaks_in_its_bin() -> None:
    config = StftConfig()
    frequencies = config.frequencies_hz(48_000)
    assert frequencies[-1] == 24_000
    power = np.abs(stft(sine(frequencies[100], 1, 48_000)[None], config)[0, :, 20])
    assert np.argmax(power) == 100


def test_is_linear() -> None:
    one, two = noise(1, 3000, seed=1), noise(1, 3000, seed=2)
    assert relative_error(stft(one, SMALL) + 2 * stft(two, SMALL), stft(one + 2 * two, SMALL)) < 1e-6


def test_masks_that_sum_to_one_sum_to_the_signal() -> None:
    samples = noise(2, 4000)
    spectra = stft(samples, SMALL)
    share = np.random.default_rng(3).uniform(size=spectra.shape[1:]).astype(np.float32)
    total = istft(spectra * share, 4000, SMALL) + istft(spectra * (1 - share), 4000, SMALL)
    assert relative_error(total, samples) < 1e-6


@settings(max_examples=30, deadline=None)
@given(
    length=st.integers(0, 1500),
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=5),
    config=st.sampled_from([SMALL, StftConfig(128, 64), StftConfig(64, 8)]),
)
def test_streams_do_not_depend_on_the_cuts(length: int, sizes: list[int], config: StftConfig) -> None:
    samples = noise(2, length)
    forward = StftStream(2, config)
    spectra = np.concatenate([*map(forward.push, cut(samples, sizes)), forward.finish()], axis=2)
    np.testing.assert_allclose(spectra, stft(samples, config), atol=1e-6)
    backward = IstftStream(2, config)
    groups = cut(spectra.reshape(-1, spectra.shape[2]), sizes)
    parts = [backward.push(group.reshape(2, config.bins, -1)) for group in groups]
    back = np.concatenate([*parts, backward.finish(length)], axis=1)
    np.testing.assert_allclose(back, samples, atol=1e-6)


@pytest.mark.parametrize("config", [SMALL, StftConfig(128, 64)])
def test_latency_is_as_told(config: StftConfig) -> None:
    forward, backward = StftStream(1, config), IstftStream(1, config)
    given_out = taken = frames = 0
    for block in cut(noise(1, 5000), [7]):
        spectra = forward.push(block)
        taken += block.shape[1]
        frames += spectra.shape[2]
        given_out += backward.push(spectra).shape[1]
        if frames:
            assert given_out == max(0, (frames - 1) * config.hop - config.latency)
        assert taken - given_out < config.n_fft + 2 * config.hop


def test_memory_is_constant() -> None:
    forward, backward = StftStream(1, SMALL), IstftStream(1, SMALL)
    for block in cut(noise(1, 100_000), [1000]):
        backward.push(forward.push(block))
        assert forward._pending.shape[1] < 1000 + SMALL.n_fft
        assert backward._sums.shape[1] == SMALL.overlap


@pytest.mark.parametrize(("n_fft", "hop"), [(2048, 1500), (2048, 2048), (100, 30), (16, 0)])
def test_refuses_grids_without_an_inverse(n_fft: int, hop: int) -> None:
    with pytest.raises(ValueError, match="whole number of hops"):
        StftConfig(n_fft, hop)


def test_refuses_to_invent_samples() -> None:
    with pytest.raises(ValueError, match="5000 samples wished"):
        istft(stft(noise(1, 1000), SMALL), 5000, SMALL)
