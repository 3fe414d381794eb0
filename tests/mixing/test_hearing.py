from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from audio.sounds import cut, noise, programme
from fake_models import FakeModel, Forgetful, by_region, fake_card, random_masks
from hypothesis import given, settings
from hypothesis import strategies as st
from mixing.scenes import LAYOUTS, lfe_index, passages_of

from limelight.audio.layouts import db_to_gain
from limelight.audio.loudness import integrated_loudness
from limelight.audio.resample import resample
from limelight.audio.stft import StftConfig, stft
from limelight.errors import ModelError, Unsupported
from limelight.mixing.separation import (
    HIGHEST_NUMBER,
    OVERLAP_STEPS,
    WINDOW_STEPS,
    Passage,
    downmix_weights,
    hear,
    mono_magnitude,
    programme_scale,
    token_levels,
)
from limelight.models.separator import Heard

# A coarse grid: a window is 480 · 32 samples, so that films of several windows are short.
COARSE = fake_card(n_fft=64, hop=32, sample_rate=8000)
WINDOW = WINDOW_STEPS * COARSE.hop


def coarse(seed: int = 0) -> FakeModel:
    return FakeModel(masks=random_masks(seed), card=COARSE)


def hear_coarse(
    samples: np.ndarray, *, sizes: list[int] | None = None, model: FakeModel | None = None
) -> list[Passage]:
    blocks = cut(samples, sizes or [1000])
    return passages_of(blocks, model or coarse(), sample_rate=8000, layout=LAYOUTS[len(samples)])


def whole(passages: list[Passage]) -> Passage:
    return Passage(
        0,
        np.concatenate([passage.spectra for passage in passages], axis=2),
        np.concatenate([passage.numbers for passage in passages], axis=1),
        np.concatenate([passage.gains_db for passage in passages]),
    )


@given(sizes=st.lists(st.integers(1, 2 * WINDOW), min_size=1, max_size=4), samples=st.integers(0, 3 * WINDOW))
@settings(max_examples=25, deadline=None)
def test_the_cut_into_blocks_makes_no_difference(sizes: list[int], samples: int) -> None:
    sound = noise(2, samples)
    sizes = [max(size, samples // 50 + 1) for size in sizes]
    one, many = whole(hear_coarse(sound, sizes=[samples + 1])), whole(hear_coarse(sound, sizes=sizes))
    np.testing.assert_allclose(many.spectra, one.spectra, atol=1e-5)
    np.testing.assert_allclose(many.masks, one.masks, atol=1.01 / HIGHEST_NUMBER)  # a sum may be rounded either way
    np.testing.assert_array_equal(many.gains_db, one.gains_db)


# Around the lengths at which a film gains a step, a window, or a last window that reaches back.
LENGTHS = [0, 1, 31, 32, 33, 63, 1000, WINDOW - 33, WINDOW - 32, WINDOW - 31, WINDOW, WINDOW + 1]
LENGTHS += [int(1.8 * WINDOW) + d for d in (-33, -32, 0, 1)] + [3 * WINDOW + 777]


@pytest.mark.parametrize("samples", LENGTHS)
def test_passages_cover_every_step_once_and_masks_sum_to_1(samples: int) -> None:
    sound = noise(1, samples)
    steps = -(-samples // 32) + 1
    first = 0
    for passage in hear_coarse(sound):
        assert passage.first_step == first
        count = passage.spectra.shape[2]
        assert passage.masks.shape == (3, count, 33)
        assert passage.gains_db.shape == (-(-count // 4), 3)
        assert first % 4 == 0  # tokens of one passage never straddle two
        np.testing.assert_allclose(passage.masks.sum(axis=0), 1, atol=2 / HIGHEST_NUMBER)
        assert passage.masks.min() >= 0
        first += count
    assert first == steps


@pytest.mark.parametrize("samples", LENGTHS)
def test_passages_hold_the_spectra_of_the_sound(samples: int) -> None:
    sound = noise(2, samples)
    heard = whole(hear_coarse(sound))
    np.testing.assert_allclose(heard.spectra, stft(sound, StftConfig(64, 32)), atol=1e-5)


@pytest.mark.parametrize("samples", LENGTHS)
def test_windows_are_as_long_as_can_be(samples: int) -> None:
    model = coarse()
    hear_coarse(noise(1, samples), model=model)
    lengths = [len(window) for window in model.separated]
    steps = -(-samples // 32) + 1
    assert all(length == WINDOW_STEPS for length in lengths[:-1])
    assert lengths[-1] == min(WINDOW_STEPS, -(-steps // 4) * 4)
    assert len(lengths) == max(1, -(-(steps - OVERLAP_STEPS) // (WINDOW_STEPS - OVERLAP_STEPS)))


def test_windows_overlap_in_what_they_hear() -> None:
    model = coarse()
    hear_coarse(noise(1, 2 * WINDOW), model=model)
    first, second, *_ = model.separated
    np.testing.assert_allclose(second[:OVERLAP_STEPS], first[-OVERLAP_STEPS:], rtol=1e-5)
    *_, before, last = model.separated  # the last one reaches back, by whole tokens
    steps = 2 * WINDOW // 32 + 1
    filled = WINDOW_STEPS - (-steps) % 4
    start = steps - filled - (len(model.separated) - 2) * (WINDOW_STEPS - OVERLAP_STEPS)
    np.testing.assert_allclose(last[: WINDOW_STEPS - start], before[start:], rtol=1e-5)
    assert not last[filled:].any()


def test_the_fade_is_linear_and_runs_over_the_overlap() -> None:
    """Windows that each claim everything for another stem show who weighs how much."""
    claims = iter([0, 1, 2, 0, 1, 2])

    def claim(magnitude: np.ndarray) -> np.ndarray:
        masks = np.zeros((3, *magnitude.shape), np.float32)
        masks[next(claims)] = 1
        return masks

    heard = whole(hear_coarse(noise(1, 2 * WINDOW), model=FakeModel(masks=claim, card=COARSE)))
    hop = WINDOW_STEPS - OVERLAP_STEPS
    ramp = (np.arange(OVERLAP_STEPS) + 0.5) / OVERLAP_STEPS
    expected = np.concatenate([np.zeros(hop), ramp, np.ones(hop - OVERLAP_STEPS), 1 - ramp])
    np.testing.assert_allclose(heard.masks[1, : len(expected), 5], expected, atol=0.51 / HIGHEST_NUMBER)
    assert np.abs(np.diff(heard.masks, axis=1)).max() <= 1 / OVERLAP_STEPS + 1 / HIGHEST_NUMBER  # nowhere a step


def test_gains_fade_with_the_masks() -> None:
    levels = iter([0.0, 12.0, -6.0, 0.0])

    def direct(start_seconds: float, heard: Heard, levels_lufs: np.ndarray) -> np.ndarray:
        return np.full((len(heard.latent), 3), next(levels), np.float32)

    blocks = cut(noise(1, int(1.5 * WINDOW)), [999])
    gains = whole(passages_of(blocks, coarse(), sample_rate=8000, direct=direct)).gains_db
    tokens = OVERLAP_STEPS // 4
    edge = (WINDOW_STEPS - OVERLAP_STEPS) // 4
    np.testing.assert_array_equal(gains[:edge], 0)
    np.testing.assert_allclose(gains[edge : edge + tokens, 0], 12 * (np.arange(tokens) + 0.5) / tokens, atol=1e-5)
    np.testing.assert_array_equal(gains[edge + tokens :], 12)


def test_at_a_turn_one_soundtrack_ends_and_another_begins() -> None:
    """Masks and gains are those of the two heard apart, at every length; what is told of them too."""
    for turn_steps in (96, 480, 500, 1000):
        starts: list[float] = []

        def direct(start_seconds: float, heard: Heard, levels: np.ndarray, starts: list[float] = starts) -> np.ndarray:
            starts.append(start_seconds)
            return heard.latent[:, :1].repeat(3, axis=1)

        sound = noise(1, 3 * WINDOW)
        blocks, seconds = cut(sound, [777]), turn_steps * 32 / 8000
        model = FakeModel(masks=by_region((100, 2000), card=COARSE), card=COARSE)
        both = whole(passages_of(blocks, model, sample_rate=8000, direct=direct, turns_seconds=[seconds]))
        assert seconds in starts
        spectra = whole(hear_coarse(sound)).spectra
        np.testing.assert_allclose(both.spectra, spectra, atol=1e-5)
        windows = list(model.separated)
        first = sum(start < seconds for start in starts)
        np.testing.assert_allclose(np.abs(spectra[0, :, : min(turn_steps, 480)].T), windows[0][:turn_steps], atol=1e-4)
        np.testing.assert_allclose(np.abs(spectra[0, :, turn_steps]), windows[first][0], atol=1e-4)
        edge = turn_steps // 4
        tail = windows[first - 1]
        np.testing.assert_allclose(both.gains_db[edge - 1, 0], tail[-4:].reshape(1, -1).mean(), rtol=1e-4)
        np.testing.assert_allclose(both.gains_db[edge, 0], windows[first][:4].mean(), rtol=1e-4)


def test_who_directs_is_told_when_and_how_loud() -> None:
    told: list[tuple[float, np.ndarray]] = []

    def direct(start_seconds: float, heard: Heard, levels_lufs: np.ndarray) -> np.ndarray:
        told.append((start_seconds, levels_lufs))
        return np.zeros((len(heard.latent), 3), np.float32)

    model = FakeModel()
    sound = programme(1, 24, 48_000)
    passages_of(cut(sound, [48_000]), model, direct=direct)
    assert [start for start, _ in told][:2] == [0.0, 384 * 1024 / 48_000]
    steps = 24 * 48_000 // 1024 + 1 + 1
    assert told[2][0] == pytest.approx((steps - 480 + (-steps) % 4) * 1024 / 48_000)
    for window, (_, levels) in zip(model.separated, told, strict=True):
        assert levels.shape == (len(window) // 4, 6)
        np.testing.assert_array_equal(levels, token_levels(by_region()(window), window, model.card))


@pytest.mark.parametrize("sample_rate", [8000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_layout_is_heard_at_the_models_rate(sample_rate: int, channels: int) -> None:
    sound = noise(channels, sample_rate // 2)
    model = FakeModel()
    heard = passages_of(cut(sound, [3000]), model, sample_rate=sample_rate, layout=LAYOUTS[channels])
    spectra = stft(resample(sound, sample_rate, 48_000))
    np.testing.assert_allclose(whole(heard).spectra, spectra, atol=1e-4)
    weights = downmix_weights(LAYOUTS[channels])
    mono = np.abs(np.tensordot(weights, spectra, axes=1)).T
    np.testing.assert_allclose(model.separated[0][: len(mono)], mono, atol=1e-3)


def test_the_downmix_weighs_all_alike_but_the_low_frequency_effects() -> None:
    np.testing.assert_array_equal(downmix_weights("mono"), [1])
    np.testing.assert_array_equal(downmix_weights("stereo"), [0.5, 0.5])
    weights = downmix_weights("5.1")
    assert weights[lfe_index("5.1")] == 0
    np.testing.assert_allclose(np.delete(weights, lfe_index("5.1")), 0.2)
    np.testing.assert_array_equal(downmix_weights("LFE"), [0])
    with pytest.raises(Unsupported):
        downmix_weights("9.9")


def test_mono_magnitude_is_the_weighted_sums() -> None:
    rng = np.random.default_rng(0)
    spectra = (rng.standard_normal((6, 33, 7)) + 1j * rng.standard_normal((6, 33, 7))).astype(np.complex64)
    weights = downmix_weights("5.1") * np.float32(1.7)
    expected = np.abs(np.einsum("c,cft->tf", weights, spectra))
    np.testing.assert_allclose(mono_magnitude(spectra, weights), expected, rtol=1e-4, atol=1e-6)


def test_the_model_hears_at_programme_level() -> None:
    sound = programme(1, 6, 48_000) * 0.05
    lufs = integrated_loudness(sound, 48_000, layout="mono")
    model = FakeModel()
    passages_of([sound], model, mono_lufs=lufs)
    louder = FakeModel()
    passages_of([sound * 4], louder, mono_lufs=lufs + 20 * np.log10(4))
    np.testing.assert_allclose(louder.separated[0], model.separated[0], rtol=1e-3, atol=1e-4)
    scale = programme_scale(model.card, lufs)
    assert integrated_loudness(sound * np.float32(scale), 48_000, layout="mono") == pytest.approx(-27, abs=0.05)


def test_silence_is_not_blown_up() -> None:
    card = fake_card()
    assert programme_scale(card, -np.inf) == 1
    assert programme_scale(card, np.nan) == 1
    assert programme_scale(card, -70.0) == 1
    assert programme_scale(card, -69.9) == pytest.approx(db_to_gain(42.9))
    model = FakeModel()
    passages_of([np.zeros((2, 5000), np.float32)], model, layout="stereo", mono_lufs=-np.inf)
    assert not model.separated[0].any()


def test_levels_of_tokens_are_loudness() -> None:
    """A tone's level by token is what a meter reads, and a stem that a mask leaves out is at the floor."""
    sound = programme(1, 3, 48_000)
    magnitude = mono_magnitude(stft(sound), np.ones(1, np.float32))[:140]
    masks = np.stack([np.ones_like(magnitude), 0.5 * np.ones_like(magnitude), np.zeros_like(magnitude)])
    levels = token_levels(masks, magnitude, fake_card())
    power = 10 ** ((levels + 0.691) / 10)
    meter = integrated_loudness(sound[:, : 139 * 1024], 48_000, layout="mono")
    gated = power[power[:, 0] > 0.05 * power[:, 0].mean(), 0].mean()
    assert -0.691 + 10 * np.log10(gated) == pytest.approx(meter, abs=0.7)
    loud = levels[:, 0] > -50
    np.testing.assert_allclose((levels[:, 0] - levels[:, 1])[loud], 20 * np.log10(2), atol=0.01)
    np.testing.assert_allclose(levels[:, 2], -70.691, atol=0.01)


def test_a_model_with_odd_tokens_is_refused() -> None:
    with pytest.raises(ModelError, match="tokens divide 96 steps, fake has tokens of 5"):
        passages_of([], FakeModel(card=fake_card(steps_per_token=5)))


@pytest.mark.parametrize("per_token", [1, 2, 3, 8, 12, 96])
def test_other_tokens_fit_too(per_token: int) -> None:
    model = FakeModel(
        masks=random_masks(), card=fake_card(n_fft=64, hop=32, sample_rate=8000, steps_per_token=per_token)
    )
    heard = whole(hear_coarse(noise(1, 40_000), model=model))
    assert heard.masks.shape[1] == heard.spectra.shape[2] == 1251
    assert len(heard.gains_db) == -(-1251 // per_token)


def test_memory_does_not_grow_with_length() -> None:
    def peak(windows: int) -> int:
        block = noise(2, 4096)
        tracemalloc.start()
        blocks = (block for _ in range(windows * WINDOW // 4096))
        for _ in hear(
            blocks,
            Forgetful(by_region((1000.0, 2000.0), card=COARSE), card=COARSE),
            sample_rate=8000,
            layout="stereo",
            mono_lufs=-27,
            direct=None,
        ):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(2)
    assert peak(40) < 1.2 * peak(4)
