import numpy as np
import pytest
from audio.sounds import cut, noise, programme, sine
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.audio.loudness import integrated_loudness
from limelight.audio.peaks import LimiterConfig, LimiterStream, decaying_maximum, limit, true_peak_db

RATE = 48_000


def hard_sounds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    gate = (sine(7, 2, RATE) > 0)[None]
    return {
        "a film + 12 dB": 4 * programme(2, 6, RATE),
        "a surround film + 12 dB": 4 * programme(6, 3, RATE),
        "square wave": np.sign(sine(100.3, 2, RATE, degrees=1))[None],
        "fast square wave": np.sign(sine(997, 2, RATE, degrees=1))[None],
        "white noise": rng.uniform(-1, 1, (2, 2 * RATE)).astype(np.float32),
        "loud noise": noise(2, 2 * RATE, rms=4),
        "impulses": 4 * (rng.uniform(size=(1, 2 * RATE)) > 0.9995).astype(np.float32),
        "a single impulse at the start": 4 * np.eye(1, 1000, dtype=np.float32),
        "a single impulse at the end": 4 * np.eye(1, 1000, 999, dtype=np.float32),
        "bass": 4 * sine(40, 2, RATE)[None],
        "bursts at 20 kHz": 4 * sine(20_000, 2, RATE)[None] * gate,
        "peaks between samples": sine(12_000, 2, RATE, degrees=45)[None],
    }


HARD = hard_sounds()


def naive_decaying_maximum(values: np.ndarray, decay: float, before: float) -> np.ndarray:
    found = []
    for value in values:
        before = max(value, decay * before if decay * before >= 1e-3 else 0.0)
        found.append(before)
    return np.array(found)


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("ceiling_dbtp", [-1.0, -6.0])
def test_the_ceiling_holds(name: str, ceiling_dbtp: float) -> None:
    samples = HARD[name]
    limited = limit(samples, RATE, LimiterConfig(ceiling_dbtp=ceiling_dbtp))
    assert limited.shape == samples.shape
    assert limited.dtype == np.float32
    assert ceiling_dbtp - 0.3 <= true_peak_db(limited) <= ceiling_dbtp + 0.01


@pytest.mark.parametrize("sample_rate", [8_000, 22_050, 44_100, 96_000])
def test_the_ceiling_holds_at_any_rate(sample_rate: int) -> None:
    assert true_peak_db(limit(4 * programme(2, 3, sample_rate), sample_rate)) <= -1 + 0.01


def test_what_is_under_the_ceiling_passes_bit_for_bit() -> None:
    samples = programme(2, 4, RATE)
    samples *= 10 ** ((-1.001 - true_peak_db(samples)) / 20)
    stream = LimiterStream(RATE, 2)
    assert np.array_equal(np.concatenate([stream.push(samples), stream.finish()], axis=1), samples)
    assert stream.max_reduction_db == 0.0


def test_far_from_a_peak_nothing_is_touched() -> None:
    samples = noise(2, 4 * RATE, rms=0.05)
    samples[:, 2 * RATE] = 3.0
    limited = limit(samples, RATE)
    before, after = 2 * RATE - RATE // 100, 3 * RATE + RATE // 2
    assert np.array_equal(limited[:, :before], samples[:, :before])
    assert np.array_equal(limited[:, after:], samples[:, after:])
    assert not np.array_equal(limited, samples)


def test_gain_is_smooth_and_common_to_all_channels() -> None:
    samples = np.stack([sine(1000, 1, RATE, db=-20), np.full(RATE, 0.1, np.float32)])
    samples[0, RATE // 2] = 2.0
    limited = limit(samples, RATE)
    gain = limited[1] / samples[1]
    near = np.abs(samples[0]) > 1e-3
    np.testing.assert_allclose((limited[0] / np.where(near, samples[0], 1))[near], gain[near], rtol=1e-4)
    assert gain.min() == pytest.approx(10 ** (-1 / 20) / 2, abs=0.01)
    assert np.max(np.abs(np.diff(gain))) < 0.006  # 7 dB within 5 ms: at most twice the mean slope and a bit
    assert np.all(np.diff(gain[RATE // 2 + RATE // 50 :]) >= 0)  # the release rises and never turns back


def test_release_takes_as_long_as_asked() -> None:
    samples = np.full((1, 2 * RATE), 0.01, np.float32)
    samples[0, 1000] = 4.0
    config = LimiterConfig(hold_seconds=0.0, release_seconds=0.1)
    db = -20 * np.log10(limit(samples, RATE, config)[0] / 0.01)
    start = 1000 + RATE // 50
    assert db[start + RATE // 10] / db[start] == pytest.approx(np.exp(-1), rel=0.02)


def test_nothing_is_louder_after_and_nothing_is_delayed() -> None:
    samples = 4 * programme(2, 3, RATE)
    limited = limit(samples, RATE)
    assert np.all(np.abs(limited) <= np.abs(samples))
    assert np.all(limited * samples >= 0)


def test_louder_in_is_never_quieter_out() -> None:
    samples = programme(2, 6, RATE)
    lufs = [integrated_loudness(limit(samples * 10 ** (db / 20), RATE), RATE) for db in range(0, 25, 4)]
    assert np.all(np.diff(lufs) > 0)


def test_a_lower_ceiling_takes_more_off() -> None:
    samples = 4 * programme(1, 2, RATE)
    high, low = (np.abs(limit(samples, RATE, LimiterConfig(ceiling_dbtp=c))) for c in (-1.0, -3.0))
    assert np.all(low <= high)


def test_max_reduction_is_told() -> None:
    stream = LimiterStream(RATE, 1)
    stream.push(np.pad(sine(1000, 1, RATE, db=11.0), 5000)[None])
    stream.finish()
    assert stream.max_reduction_db == pytest.approx(12.0, abs=0.2)


@pytest.mark.parametrize(("frequency_hz", "wished_db"), [(25, -40), (40, -100)])
def test_bass_is_not_bent(frequency_hz: int, wished_db: float) -> None:
    # The gain must not follow the wave: how far is what is left beside a steady limited tone under it?
    limited = limit(4 * sine(frequency_hz, 3, RATE)[None], RATE)[0, RATE : 2 * RATE]
    power = np.abs(np.fft.rfft(limited.astype(np.float64))) ** 2
    beside = power.sum() - power[frequency_hz]
    assert beside < power[frequency_hz] * 10 ** (wished_db / 10)


@settings(max_examples=20, deadline=None)
@given(length=st.integers(0, 6_000), sizes=st.lists(st.integers(1, 2_000), min_size=1, max_size=4))
def test_stream_does_not_depend_on_the_cuts(length: int, sizes: list[int]) -> None:
    samples = noise(2, length, rms=1)
    stream = LimiterStream(RATE, 2)
    found = np.concatenate([*map(stream.push, cut(samples, sizes)), stream.finish()], axis=1)
    assert found.shape == samples.shape
    np.testing.assert_allclose(found, limit(samples, RATE), atol=1e-5)


def test_memory_is_constant_and_latency_short() -> None:
    stream = LimiterStream(RATE, 2)
    taken = given_out = 0
    for block in cut(noise(2, 5 * RATE, rms=1), [4096]):
        taken += block.shape[1]
        given_out += stream.push(block).shape[1]
        assert taken - given_out < RATE // 100
        assert stream._analysed.shape[1] + stream._delayed.shape[1] < RATE // 100


@given(st.lists(st.floats(0, 40), min_size=1, max_size=200), st.floats(0.5, 0.9999), st.floats(0, 40))
def test_running_maximum_agrees_with_the_loop(values: list[float], decay: float, before: float) -> None:
    found = decaying_maximum(np.array(values), decay, before)
    np.testing.assert_allclose(found, naive_decaying_maximum(np.array(values), decay, before), atol=2e-3)
    assert np.all(found >= values)


@pytest.mark.parametrize("options", [{"lookahead_seconds": 0.0}, {"release_seconds": 0.0}, {"hold_seconds": -1.0}])
def test_refuses_impossible_times(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least half a millisecond"):
        LimiterConfig(**options)
