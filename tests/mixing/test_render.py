from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from audio.sounds import cut, noise, programme
from fakes import FakeModel, by_region, random_masks, separator_card, shared
from hypothesis import given, settings
from hypothesis import strategies as st
from mixing.scenes import (
    LAYOUTS,
    TONES_HERTZ,
    chunks_of,
    joined,
    level_db,
    lfe_index,
    low_passed,
    planned,
    rendered,
    separated,
    tone,
)

from limelight.audio.peaks import TruePeakMeter
from limelight.mixing.render import LIMITER_SAMPLES, mixed, render, stems
from limelight.types import STEMS

OVERLAP_STEPS, CHUNK_STEPS = 96, 480
RATES = [8000, 44_100, 48_000, 96_000]


def true_peak_dbtp(samples: np.ndarray) -> float:
    meter = TruePeakMeter(len(samples))
    meter.push(samples)
    return meter.finish()


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_plan_that_changes_nothing_gives_the_very_same_samples(channels: int) -> None:
    sound = 3 * noise(channels, 30_000)  # also where it clips: the original is not ours to limit
    plan = planned(sound, [0, 0, 0])
    assert plan.changes_nothing
    np.testing.assert_array_equal(rendered(sound, plan, FakeModel()), sound)


@pytest.mark.parametrize("sample_rate", RATES)
def test_gains_of_zero_change_nothing_even_when_rendered(sample_rate: int) -> None:
    """A make-up gain brings the whole machinery in; zero gains then still add exactly nothing."""
    sound = noise(2, 3 * sample_rate // 2)
    plan = planned(sound, [0, 0, 0], sample_rate=sample_rate, makeup_db=-6.0)
    model = FakeModel(masks=random_masks())
    np.testing.assert_array_equal(rendered(sound, plan, model), np.float32(10 ** (-6 / 20)) * sound)


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("gain_db", [-40.0, -6.0, 3.0])
def test_one_gain_for_all_stems_is_that_gain(sample_rate: int, gain_db: float) -> None:
    sound = 0.3 * low_passed(2, 1.5, sample_rate, below_hertz=0.4 * min(sample_rate, 48_000))
    plan = planned(sound, [gain_db] * 3, sample_rate=sample_rate)
    found = rendered(sound, plan, FakeModel(masks=random_masks()))
    np.testing.assert_allclose(found, sound * 10 ** (gain_db / 20), atol=1e-4)


def test_what_lies_above_the_models_band_stays() -> None:
    times = np.arange(96_000) / 96_000
    above = (0.1 * np.sin(2 * np.pi * 30_000 * times) * np.hanning(96_000)).astype(np.float32)[None]
    plan = planned(above, [-40] * 3, sample_rate=96_000)
    np.testing.assert_allclose(rendered(above, plan, FakeModel()), above, atol=1e-4)


@pytest.mark.parametrize("samples", [0, 1, 2, 100, 1023, 1024, 1025, 2048, 5000, 16_384])
@pytest.mark.parametrize("sample_rate", RATES)
def test_as_many_samples_leave_as_came(samples: int, sample_rate: int) -> None:
    sound = noise(1, samples)
    plan = planned(sound, [3, -3, 1], sample_rate=sample_rate)
    found = rendered(sound, plan, FakeModel(), sizes=[1000])
    assert found.shape == sound.shape
    assert np.isfinite(found).all()
    assert separated(sound, FakeModel(), sample_rate=sample_rate).shape == (3, 1, samples)


@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
def test_as_many_samples_leave_as_came_from_a_film_of_windows(sample_rate: int) -> None:
    sound = noise(1, 500_001)
    plan = planned(sound, [3, -3, 1], sample_rate=sample_rate)
    assert rendered(sound, plan, FakeModel(), sizes=[sample_rate]).shape == sound.shape


def test_without_a_block_nothing_comes() -> None:
    plan = planned(noise(1, 10), [3, -3, 1])
    model = FakeModel()
    chunks = chunks_of(model, "mono", sample_rate=44_100)
    assert list(render([], plan, chunks, model.card)) == []
    assert list(stems([], chunks, model.card, sample_rate=44_100)) == []


@given(sizes=st.lists(st.integers(1, 60_000), min_size=1, max_size=4))
@settings(max_examples=5, deadline=None)
def test_the_cut_into_blocks_makes_no_difference(sizes: list[int]) -> None:
    sizes = [max(size, 700) for size in sizes]
    sound = programme(2, 2.5, 44_100)
    plan = planned(sound, [6, -3, 1], sample_rate=44_100, makeup_db=4.0)
    one = rendered(sound, plan, FakeModel(), sizes=[sound.shape[1]])
    np.testing.assert_allclose(rendered(sound, plan, FakeModel(), sizes=sizes), one, atol=2e-5)


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_stems_sum_to_the_original(sample_rate: int, channels: int) -> None:
    sound = noise(channels, sample_rate)
    parts = separated(sound, FakeModel(masks=random_masks()), sample_rate=sample_rate)
    assert level_db(parts.sum(axis=0) - sound) < level_db(sound) - 120


@pytest.mark.parametrize("sample_rate", [16_000, 44_100, 48_000, 96_000])
def test_stems_are_separated_as_the_masks_say(sample_rate: int) -> None:
    tones = np.stack([tone(stem, 2, sample_rate, channels=2) for stem in STEMS])
    parts = separated(tones.sum(axis=0), FakeModel(), sample_rate=sample_rate)
    middle = slice(sample_rate // 10, -sample_rate // 10)  # a tone that starts at once is heard in all bands
    for part, single in zip(parts, tones, strict=True):
        assert level_db((part - single)[:, middle]) < level_db(single) - 60


def test_masks_are_applied_where_they_belong_in_time() -> None:
    """A model that calls everything speech, then music: the stems change hands at that moment."""
    change = 100  # steps

    def masks(magnitude: np.ndarray) -> np.ndarray:
        out = np.zeros((3, *magnitude.shape), np.float32)
        out[0, :change], out[1, change:] = 1, 1
        return out

    sound = noise(1, 240_000)
    speech, music, effects = separated(sound, FakeModel(masks=masks))
    at = change * 1024 - 512
    np.testing.assert_allclose(speech[:, : at - 1024], sound[:, : at - 1024], atol=1e-5)
    np.testing.assert_allclose(music[:, at + 1024 :], sound[:, at + 1024 :], atol=1e-5)
    np.testing.assert_allclose(effects, 0, atol=1e-5)


@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
def test_each_stem_gets_its_gain(sample_rate: int) -> None:
    gains = [6.0, -9.0, 2.0]
    tones = np.stack([tone(stem, 2, sample_rate, db=-30) for stem in STEMS])
    found = rendered(tones.sum(axis=0), planned(tones[0], gains, sample_rate=sample_rate), FakeModel())
    expected = (tones * 10 ** (np.array(gains)[:, None, None] / 20)).sum(axis=0)
    middle = slice(sample_rate // 10, -sample_rate // 10)
    assert level_db((found - expected)[:, middle]) < -80


def test_gains_follow_their_curve_in_time() -> None:
    """Straight lines in dB between the points, constant before the first and after the last."""
    curve = np.array([0.0, 0, 0, -12, -12, -12, 6, 6, 6, 6])
    sound = tone("speech", 2, 48_000, db=-30)
    found = rendered(sound, planned(sound, np.stack([curve] * 3)), FakeModel())
    times = np.arange(96_000) / 48_000
    expected = sound * 10 ** (np.interp(times, np.arange(10) * 0.1, curve) / 20)
    assert level_db((found - expected)[:, 48_000:]) < -100
    for centre in (0.1, 0.25, 0.4, 0.55, 0.75):
        around = (times > centre - 0.02) & (times < centre + 0.02)
        assert level_db(found[:, around]) == pytest.approx(level_db(expected[:, around]), abs=0.3)


@pytest.mark.parametrize(
    "card",
    [
        separator_card(),
        separator_card(hop=512, samples=480 * 512, overlap_samples=96 * 512),
        separator_card(sample_rate=24_000),
    ],
)
def test_there_is_no_seam_between_windows(card) -> None:
    """A steady tone under steady masks stays a steady tone, over every border of windows and passages."""
    seconds = 3 * CHUNK_STEPS * card.hop / card.sample_rate
    sound = tone("music", seconds, 48_000, db=-20)
    found = rendered(sound, planned(sound, [0, -6, 0]), FakeModel(masks=by_region(card=card), card=card))
    inside = slice(4800, -4800)
    np.testing.assert_allclose(found[:, inside], 10 ** (-6 / 20) * sound[:, inside], atol=2e-5)


def test_windows_that_disagree_are_faded_not_cut() -> None:
    """The envelope of a tone moves no quicker than the fade, however much the windows disagree."""
    shares = iter([1.0, 0.0, 1.0, 0.0])

    def masks(magnitude: np.ndarray) -> np.ndarray:
        share = next(shares)
        return np.stack([np.full_like(magnitude, share), np.full_like(magnitude, 1 - share), 0 * magnitude])

    sound = tone("speech", 25, 48_000, db=-20)
    found = rendered(sound, planned(sound, [0, -120, 0]), FakeModel(masks=masks))
    envelope = np.abs(found[0, : 1200 * 1000].reshape(-1, 480)).max(axis=1) / 0.1  # each 10 ms, three periods
    fade = OVERLAP_STEPS * 1024 / 48_000
    assert np.abs(np.diff(envelope[10:-10])).max() < 1.2 * 0.01 / fade + 0.005
    assert envelope.min() < 0.01
    assert envelope.max() > 0.99


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_pushed_film_stays_under_the_ceiling(channels: int) -> None:
    sound = programme(channels, 4, 48_000)
    for ceiling in (-1.0, -3.0):
        plan = planned(sound, [12, 12, 12], true_peak_dbtp=ceiling)
        found = rendered(sound, plan, FakeModel())
        assert true_peak_dbtp(found) <= ceiling + 0.05
        assert true_peak_dbtp(found) > ceiling - 0.5  # not by being quiet
        assert level_db(found) > level_db(sound) + 4


def test_the_ceiling_can_be_given_with_the_plan() -> None:
    sound = programme(1, 2, 48_000)
    found = rendered(sound, planned(sound, [12] * 3), FakeModel(), true_peak_dbtp=-9.0)
    assert -9.5 < true_peak_dbtp(found) <= -8.95


@pytest.mark.parametrize("layout", [2, 6])
def test_silent_channels_stay_silent(layout: int) -> None:
    for silent in range(layout):
        sound = noise(layout, 20_000)
        sound[silent] = 0
        plan = planned(sound, [9, -20, 3], sample_rate=44_100, makeup_db=6)
        found = rendered(sound, plan, FakeModel(masks=random_masks()))
        assert not found[silent].any()
        assert np.abs(np.delete(found, silent, axis=0)).max() > 0.01


def test_the_image_stays_where_it_was() -> None:
    """A sound panned between two channels keeps its ratio; channels are treated alike, low-frequency effects too."""
    mono = noise(1, 48_000, rms=0.05)
    pans = np.array([1, 0.5, 0.25, 0.8, 0.1, -0.4], np.float32)[:, None]
    plan = planned(pans * mono, [3, -9, 1])
    found = rendered(pans * mono, plan, FakeModel(masks=random_masks()))
    np.testing.assert_allclose(found, pans * found[0] / pans[0], atol=1e-5)
    assert lfe_index("5.1") == 3


def test_swapped_channels_come_out_swapped() -> None:
    sound = 0.3 * noise(2, 48_000)
    plan = planned(sound, [3, -9, 1], sample_rate=44_100)
    found = rendered(sound, plan, FakeModel())
    np.testing.assert_allclose(rendered(sound[::-1].copy(), plan, FakeModel()), found[::-1], atol=1e-6)


def test_the_mix_before_the_limiter_is_linear() -> None:
    """The same masks on half the sound give half the mix."""
    sound = noise(1, 60_000, rms=0.1)
    plan = planned(sound, [5, -5, 0], makeup_db=1.0)
    whole, half = (
        joined(mixed(cut(x, [5000]), plan, chunks_of(FakeModel(), "mono"), separator_card()), 1)
        for x in (sound, sound / 2)
    )
    np.testing.assert_allclose(half, whole / 2, atol=1e-6)


def test_stems_under_a_plans_gains_are_its_mix() -> None:
    sound = 0.2 * noise(2, 70_000)
    gains = np.array([4.0, -7.0, 2.0])
    parts = separated(sound, FakeModel(masks=shared(0.5, 0.3, 0.2)))
    found = rendered(sound, planned(sound, gains), FakeModel(masks=shared(0.5, 0.3, 0.2)))
    np.testing.assert_allclose(found, np.tensordot(10 ** (gains / 20), parts, axes=1), atol=1e-5)


def test_sound_leaves_a_window_after_it_came() -> None:
    """How far the reading runs ahead of the writing is bounded by a window, the resamplers and a block."""
    lead, block = 0, 4096
    taken = given = 0

    def blocks() -> Iterator[np.ndarray]:
        nonlocal taken, lead
        for _ in range(60 * 44_100 // block):
            taken += block
            lead = max(lead, taken - given)
            yield noise(1, block)

    plan = planned(noise(1, 60 * 44_100), [3, -3, 0], sample_rate=44_100)
    model = FakeModel(remembers=False)
    for piece in render(blocks(), plan, chunks_of(model, "mono", sample_rate=44_100), model.card):
        assert piece.shape[1] <= LIMITER_SAMPLES + 4096
        given += piece.shape[1]
    window = (CHUNK_STEPS + 4) * 1024 * 44_100 / 48_000
    assert lead < window + LIMITER_SAMPLES + 2 * block + 44_100 / 4
    assert given == taken


def test_memory_does_not_grow_with_length() -> None:
    card = separator_card(n_fft=64, hop=32, sample_rate=8000, samples=480 * 32, overlap_samples=96 * 32)

    def peak(windows: int) -> int:
        block = noise(2, 4096)
        count = windows * CHUNK_STEPS * 32 // 4096
        plan = planned(block, [3, -3, 0], sample_rate=8000)
        model = FakeModel(masks=by_region((1000.0, 2000.0), card=card), card=card, remembers=False)
        chunks = chunks_of(model, "stereo", sample_rate=8000)
        tracemalloc.start()
        for _ in render((block for _ in range(count)), plan, chunks, model.card):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(2)
    assert peak(30) < 1.2 * peak(4)


def test_tones_lie_in_their_regions() -> None:
    """What the other tests build on."""
    masks = by_region()(np.ones((1, 1025), np.float32))[:, 0]
    bins = np.round(np.array(TONES_HERTZ) / 48_000 * 2048).astype(int)
    np.testing.assert_array_equal(masks[:, bins], np.eye(3))
    assert set(LAYOUTS) == {1, 2, 6}
