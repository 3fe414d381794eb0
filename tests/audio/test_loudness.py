import numpy as np
import pytest
from audio import ebur128
from audio.sounds import cut, noise, programme, sine
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from limelight.audio.convert import channel_weights
from limelight.audio.loudness import (
    LoudnessMeter,
    block_powers,
    integrated_from_block_powers,
    integrated_loudness,
    k_weighting_biquads,
    lufs_to_power,
    measure_loudness,
    power_to_lufs,
)
from limelight.errors import Unsupported

CHANNELS = {"mono": 1, "stereo": 2, "5.1": 6, "5.1(side)": 6}


def naive_integrated(samples: np.ndarray, sample_rate: int, layout: str) -> float:
    """The text of BS.1770-5, Annex 1, in a loop over gating blocks."""
    sections = [[q.b0, q.b1, q.b2, 1.0, q.a1, q.a2] for q in k_weighting_biquads(sample_rate)]
    weighted = signal.sosfilt(np.array(sections), samples.astype(np.float64))
    powers = []
    for start in range(0, samples.shape[1] - 4 * sample_rate // 10 + 1, sample_rate // 10):
        block = weighted[:, start : start + 4 * sample_rate // 10]
        powers.append(sum(g * np.mean(x**2) for g, x in zip(channel_weights(layout), block, strict=True)))
    loud = [p for p in powers if -0.691 + 10 * np.log10(p) > -70]
    gate = -0.691 + 10 * np.log10(np.mean(loud)) - 10
    return -0.691 + 10 * np.log10(np.mean([p for p in loud if -0.691 + 10 * np.log10(p) > gate]))


def steps(levels_db: list[float], seconds: list[float], *, channels: int = 2, sample_rate: int = 48_000) -> np.ndarray:
    """A 1 kHz sine in all channels that changes level, as in EBU Tech 3341 and 3342."""
    level = np.concatenate(
        [np.full(round(s * sample_rate), 10 ** (db / 20)) for db, s in zip(levels_db, seconds, strict=True)]
    )
    return np.tile((level * sine(1000, level.size / sample_rate, sample_rate)).astype(np.float32), (channels, 1))


@pytest.mark.parametrize(
    ("levels_db", "seconds", "wished_lufs"),
    [
        ([-23], [20], -23.0),
        ([-33], [20], -33.0),
        ([-36, -23, -36], [10, 60, 10], -23.0),
        ([-72, -36, -23, -36, -72], [10, 10, 60, 10, 10], -23.0),
        ([-26, -20, -26], [20, 20.1, 20], -23.0),
    ],
)
def test_ebu_tech_3341_integrated(levels_db: list[float], seconds: list[float], wished_lufs: float) -> None:
    assert integrated_loudness(steps(levels_db, seconds), 48_000) == pytest.approx(wished_lufs, abs=0.1)


def test_ebu_tech_3341_case_6_surround() -> None:
    tone = sine(1000, 20, 48_000)
    levels = [-28, -28, -24, -np.inf, -30, -30]
    samples = np.stack([tone * np.float32(10 ** (db / 20)) for db in levels])
    assert integrated_loudness(samples, 48_000, layout="5.1") == pytest.approx(-23.0, abs=0.1)


def test_ebu_tech_3341_case_9_short_term_is_constant() -> None:
    found = measure_loudness(steps([-20, -30] * 5, [1.34, 1.66] * 5), 48_000)
    np.testing.assert_allclose(found.short_term_lufs, -23.0, atol=0.1)
    assert found.short_term_max_lufs == pytest.approx(-23.0, abs=0.1)


def test_ebu_tech_3341_case_12_momentary_is_constant() -> None:
    found = measure_loudness(steps([-20, -30] * 25, [0.18, 0.22] * 25), 48_000)
    np.testing.assert_allclose(found.momentary_lufs, -23.0, atol=0.1)


@pytest.mark.parametrize(
    ("levels_db", "wished_lu"),
    [([-20, -30], 10), ([-20, -15], 5), ([-40, -20], 20), ([-50, -35, -20, -35, -50], 15)],
)
def test_ebu_tech_3342_range(levels_db: list[float], wished_lu: float) -> None:
    samples = steps(levels_db, [20] * len(levels_db), sample_rate=16_000)
    assert measure_loudness(samples, 16_000).range_lu == pytest.approx(wished_lu, abs=0.2)


RATES_BY_KIND = {"noise": [48_000], "tones": [44_100], "programme": [44_100, 48_000, 96_000]}


@pytest.mark.parametrize("layout", CHANNELS)
@pytest.mark.parametrize(
    ("kind", "sample_rate"), [(kind, rate) for kind in RATES_BY_KIND for rate in RATES_BY_KIND[kind]]
)
def test_agrees_with_ffmpeg(layout: str, sample_rate: int, kind: str) -> None:
    channels, seconds = CHANNELS[layout], 5
    if kind == "noise":
        samples = noise(channels, seconds * sample_rate)
    elif kind == "tones":
        samples = np.stack([sine(70 * 3**c, seconds, sample_rate, db=-12 - c) for c in range(channels)])
    else:
        samples = programme(channels, seconds, sample_rate)
    found, wished = measure_loudness(samples, sample_rate, layout=layout), ebur128.read(samples, sample_rate, layout)
    assert found.integrated_lufs == pytest.approx(wished.integrated_lufs, abs=0.05)
    assert found.momentary_max_lufs == pytest.approx(wished.momentary_lufs[3:].max(), abs=0.05)
    assert found.short_term_max_lufs == pytest.approx(wished.short_term_lufs[29:].max(), abs=0.05)
    np.testing.assert_allclose(found.momentary_lufs, wished.momentary_lufs[3:], atol=0.05)


@pytest.mark.parametrize(("sample_rate", "layout"), [(48_000, "stereo"), (22_050, "mono"), (16_000, "5.1")])
def test_agrees_with_the_text_of_the_standard(sample_rate: int, layout: str) -> None:
    samples = programme(CHANNELS[layout], 12, sample_rate, seed=1)
    wished = naive_integrated(samples, sample_rate, layout)
    assert integrated_loudness(samples, sample_rate, layout=layout) == pytest.approx(wished, abs=1e-4)


@pytest.mark.parametrize("sample_rate", [8_000, 11_025, 44_100, 48_000, 96_000, 192_000])
def test_full_scale_at_997_hz_reads_minus_3_01(sample_rate: int) -> None:
    found = integrated_loudness(sine(997, 2, sample_rate)[None], sample_rate, layout="mono")
    assert found == pytest.approx(-3.01, abs=0.01 if sample_rate > 40_000 else 0.25)


def test_doubling_the_amplitude_adds_6_02_lu() -> None:
    samples = programme(2, 10, 48_000)
    one, two = integrated_loudness(samples / 2, 48_000), integrated_loudness(samples, 48_000)
    assert two - one == pytest.approx(20 * np.log10(2), abs=1e-3)


def test_two_equal_channels_are_3_01_lu_louder_than_one() -> None:
    mono = programme(1, 10, 48_000)
    both = integrated_loudness(np.tile(mono, (2, 1)), 48_000)
    assert both - integrated_loudness(mono, 48_000, layout="mono") == pytest.approx(10 * np.log10(2), abs=1e-9)


def test_the_low_frequency_channel_is_not_heard() -> None:
    samples = noise(6, 48_000)
    wished = integrated_loudness(samples, 48_000, layout="5.1")
    samples[3] = sine(60, 1, 48_000)
    assert integrated_loudness(samples, 48_000, layout="5.1") == wished


def test_surrounds_count_more() -> None:
    samples = np.zeros((6, 48_000), np.float32)
    samples[4] = noise(1, 48_000)
    behind = integrated_loudness(samples, 48_000, layout="5.1")
    before = integrated_loudness(samples[4:5], 48_000, layout="mono")
    assert behind - before == pytest.approx(10 * np.log10(1.41), abs=1e-9)


def test_pauses_do_not_count() -> None:
    sound = noise(2, 4 * 48_000)
    padded = np.pad(sound, ((0, 0), (20 * 48_000, 20 * 48_000)))
    assert integrated_loudness(padded, 48_000) == pytest.approx(integrated_loudness(sound, 48_000), abs=0.4)


@pytest.mark.parametrize("length", [0, 1, 4_000, 48_000])
def test_silence_is_a_value(length: int) -> None:
    found = measure_loudness(np.zeros((2, length), np.float32), 48_000)
    assert found.integrated_lufs == found.momentary_max_lufs == found.short_term_max_lufs == -np.inf
    assert found.range_lu == 0.0


def test_less_than_a_gating_block_has_no_loudness() -> None:
    assert integrated_loudness(noise(2, 19_199), 48_000) == -np.inf
    assert integrated_loudness(noise(2, 19_200), 48_000) > -30


def test_powers_of_unlike_stems_add() -> None:
    # Stems without common frequencies are orthogonal: the power of the sum is the sum of the powers.
    low, high = sine(200, 5, 48_000, db=-12)[None], sine(3000, 5, 48_000, db=-20)[None]
    apart = block_powers(low, 48_000, layout="mono") + block_powers(high, 48_000, layout="mono")
    together = integrated_loudness(low + high, 48_000, layout="mono")
    assert integrated_from_block_powers(apart) == pytest.approx(together, abs=0.01)


@settings(max_examples=20, deadline=None)
@given(
    length=st.integers(0, 20_000),
    sizes=st.lists(st.integers(1, 9_000), min_size=1, max_size=4),
    sample_rate=st.sampled_from([8_000, 11_025]),
)
def test_meter_does_not_depend_on_the_cuts(length: int, sizes: list[int], sample_rate: int) -> None:
    samples = noise(2, length)
    meter = LoudnessMeter(sample_rate, "stereo")
    for block in cut(samples, sizes):
        meter.push(block)
    powers = meter.finish().block_powers
    assert powers.size == length * 10 // sample_rate
    assert np.array_equal(powers, block_powers(samples, sample_rate))


def test_power_and_lufs_are_inverse() -> None:
    lufs = np.array([-np.inf, -70.0, -23.0, 0.0])
    np.testing.assert_allclose(power_to_lufs(lufs_to_power(lufs)), lufs)


def test_refuses_other_channels_than_the_layouts() -> None:
    with pytest.raises(ValueError, match="6 channels, the block 2"):
        LoudnessMeter(48_000, "5.1").push(noise(2, 100))
    with pytest.raises(Unsupported, match="unknown"):
        LoudnessMeter(48_000, "nowhere")
