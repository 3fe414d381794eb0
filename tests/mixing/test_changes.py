from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from audio.sounds import cut, noise
from fakes import WINDOW_SECONDS, FakeRemixer, drawn, gains, remix_card
from hypothesis import given, settings
from hypothesis import strategies as st
from mixing.scenes import LAYOUTS, joined, level_db, low_passed

from limelight.audio.convert import downmix_weights
from limelight.errors import ModelError
from limelight.mixing.one_step import OVERLAP, changes, context_rows
from limelight.models.protocols import Remixer
from limelight.models.remixers.mask_and_wave import MaskAndWave, shares

RATES = [8000, 44_100, 48_000, 96_000]
WINDOW = round(WINDOW_SECONDS * 44_100)


def changed(
    sound: np.ndarray,
    model: Remixer,
    *,
    sample_rate: int = 44_100,
    context: np.ndarray | None = None,
    sizes: Sequence[int] = (4096,),
) -> np.ndarray:
    """The whole change, [C, N]; checks that the original comes beside it, whole."""
    blocks = cut(sound, list(sizes))
    pieces = list(
        changes(blocks, model, context, sample_rate=sample_rate, downmix=downmix_weights(LAYOUTS[len(sound)]))
    )
    np.testing.assert_array_equal(joined([original for original, _ in pieces], len(sound)), sound)
    assert all(original.shape == change.shape for original, change in pieces)
    return joined([change for _, change in pieces], len(sound))


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("sample_rate", RATES)
def test_a_mask_of_ones_and_a_silent_wave_change_nothing_exactly(channels: int, sample_rate: int) -> None:
    sound = noise(channels, 2 * sample_rate)
    assert not changed(sound, FakeRemixer(), sample_rate=sample_rate).any()


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("mask", [0.0, 0.5, 2.0])
def test_one_mask_for_all_is_a_gain(sample_rate: int, mask: float) -> None:
    sound = low_passed(2, 1.5, sample_rate, below_hertz=0.4 * min(sample_rate, 44_100))
    found = changed(sound, FakeRemixer(gains(mask)), sample_rate=sample_rate)
    np.testing.assert_allclose(found, (mask - 1) * sound, atol=2e-4)


def test_what_lies_above_the_networks_band_stays() -> None:
    times = np.arange(96_000) / 96_000
    above = (0.1 * np.sin(2 * np.pi * 30_000 * times) * np.hanning(96_000)).astype(np.float32)[None]
    assert np.abs(changed(above, FakeRemixer(gains(0.0)), sample_rate=96_000)).max() < 1e-4


def test_the_network_hears_the_downmix_at_its_own_level() -> None:
    sound = 0.01 * noise(6, WINDOW)
    model = FakeRemixer()
    changed(sound, model)
    np.testing.assert_allclose(model.heard[0], sound[[0, 1, 2, 4, 5]].mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("samples", [0, 1, 2, 100, 3071, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW + 7])
@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
def test_as_many_samples_leave_as_came(samples: int, sample_rate: int) -> None:
    sound = noise(1, samples)
    found = changed(sound, FakeRemixer(drawn()), sample_rate=sample_rate, sizes=[1000])
    assert found.shape == sound.shape
    assert np.isfinite(found).all()


@given(sizes=st.lists(st.integers(1, 60_000), min_size=1, max_size=4))
@settings(max_examples=8, deadline=None)
def test_the_cut_into_blocks_makes_no_difference(sizes: list[int]) -> None:
    sizes = [max(size, 700) for size in sizes]
    sound = noise(2, 60_000)
    one = changed(sound, FakeRemixer(gains(0.3, 0.2)), sample_rate=48_000, sizes=[sound.shape[1]])
    found = changed(sound, FakeRemixer(gains(0.3, 0.2)), sample_rate=48_000, sizes=sizes)
    np.testing.assert_allclose(found, one, atol=1e-6)


def test_every_window_is_whole_the_next_one_overlaps_and_the_last_reaches_back() -> None:
    sound = np.arange(1, 3 * WINDOW + 5001, dtype=np.float32)[None] / 1e6
    model = FakeRemixer()
    changed(sound, model)
    firsts = [round(float(mixture[0]) * 1e6) for mixture in model.heard]
    stride = WINDOW - WINDOW // OVERLAP
    assert firsts[:-1] == [1 + k * stride for k in range(len(firsts) - 1)]
    assert round(float(model.heard[-1][-1]) * 1e6) == pytest.approx(sound.shape[1], abs=1)
    assert all(mixture.all() for mixture in model.heard)  # no silence was put anywhere


def test_windows_that_disagree_are_faded_linearly() -> None:
    """Each window gives another gain to a constant tone: the gain over time is a polygon."""
    given_gains = iter([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])

    def answer(magnitude: np.ndarray, mixture: np.ndarray, _context: np.ndarray | None) -> MaskAndWave:
        return MaskAndWave(np.ones_like(magnitude), np.float32(next(given_gains)) * mixture)

    sound = np.full((1, 2 * WINDOW), 0.5, np.float32)
    gain = changed(sound, FakeRemixer(answer))[0] / 0.5
    fade = WINDOW // OVERLAP
    stride = WINDOW - fade
    np.testing.assert_allclose(gain[:stride], 0, atol=1e-6)
    np.testing.assert_allclose(gain[stride : stride + fade], (np.arange(fade) + 0.5) / fade, atol=1e-5)
    assert max(abs(b - a) for a, b in pairwise(gain.tolist())) < 1.1 / fade


def test_silence_stays_silence_and_is_not_asked_about() -> None:
    model = FakeRemixer(drawn())
    assert not changed(np.zeros((6, 2 * WINDOW), np.float32), model).any()
    assert not model.heard
    sound = noise(2, 2 * WINDOW)
    sound[1] = 0
    found = changed(sound, model)
    assert not found[1].any()
    assert found[0].any()


def test_equal_channels_stay_equal_and_what_cancels_stays_finite() -> None:
    mono = noise(1, WINDOW)
    found = changed(np.tile(mono, (2, 1)), FakeRemixer(gains(0.5, 0.3)))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_allclose(found[:1], changed(mono, FakeRemixer(gains(0.5, 0.3))), atol=1e-6)
    assert np.isfinite(changed(np.concatenate([mono, -mono]), FakeRemixer(drawn()))).all()


@pytest.mark.parametrize(("channels", "weights"), [(2, [0.5, 0.5]), (6, [0.2, 0.2, 0.2, 0, 0.2, 0.2])])
def test_the_downmix_of_the_change_is_the_change_of_the_downmix(channels: int, weights: list[float]) -> None:
    sound = noise(channels, 3 * WINDOW)
    ear = np.float32(weights)
    downmix = (ear @ sound)[None]
    answers = drawn(1), drawn(1)
    found = ear @ changed(sound, FakeRemixer(answers[0]))
    np.testing.assert_allclose(found, changed(downmix, FakeRemixer(answers[1]))[0], atol=1e-5)


def test_shares_are_least_squares() -> None:
    sound, mono = noise(3, 500, seed=1), noise(1, 500, seed=2)[0]
    for channel, share in zip(sound, shares(sound, mono), strict=True):
        assert share == pytest.approx(np.linalg.lstsq(mono[:, None], channel)[0][0], abs=1e-6)
    assert not shares(sound, np.zeros(500, np.float32)).any()


def told_in(context: np.ndarray, *, window_seconds: float, seconds: float) -> list[list[int]]:
    """The rows of each window, which are numbered."""
    card = remix_card(context="cues", context_width=1, samples=round(window_seconds * 44_100))
    model = FakeRemixer(card=card)
    changed(noise(1, round(seconds * 44_100)), model, context=context)
    return [rows[:, 0].astype(int).tolist() for rows in model.told if rows is not None]


def test_each_window_is_told_of_its_own_seconds() -> None:
    rows = np.arange(30, dtype=np.float32)[:, None]
    assert told_in(rows, window_seconds=5, seconds=14.2) == [[0, 1, 2, 3, 4], [4, 5, 6, 7, 8], [8, 9, 10, 11, 12],
                                                             [9, 10, 11, 12, 13]]  # fmt: skip
    assert told_in(rows, window_seconds=5, seconds=2.4) == [[0, 1, 2]]
    assert told_in(rows[:3], window_seconds=5, seconds=9) == [[0, 1, 2, 2, 2], [2] * 5]  # the last one holds


def test_the_row_of_a_second_is_the_one_that_holds_at_its_middle() -> None:
    rows = np.arange(10, dtype=np.float32)[:, None]
    assert context_rows(rows, 3.4, 3.0)[:, 0].tolist() == [3, 4, 5]
    assert context_rows(rows, 3.6, 3.0)[:, 0].tolist() == [4, 5, 6]
    assert context_rows(rows, 0.0, 0.25)[:, 0].tolist() == [0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"mask": np.ones((3, 3), np.float32)},
        {"wave": np.zeros(5, np.float32)},
        {"wave": np.full(WINDOW, np.nan, np.float32)},
        {"mask": np.full((2048, 22), np.inf, np.float32)},
    ],
)
def test_an_answer_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    def answer(magnitude: np.ndarray, mixture: np.ndarray, _context: np.ndarray | None) -> MaskAndWave:
        return MaskAndWave(**({"mask": magnitude, "wave": mixture} | wrong))

    with pytest.raises(ModelError, match="finite numbers of tiny"):
        changed(noise(1, WINDOW), FakeRemixer(answer))


def test_memory_does_not_grow_with_the_film() -> None:
    class Forgetful(FakeRemixer):
        def prescribe(self, *heard: Any) -> MaskAndWave:
            made = super().prescribe(*heard)
            self.heard.clear()
            self.told.clear()
            return made

    def peak(seconds: int) -> int:
        block = noise(2, 4800)
        tracemalloc.start()
        for _ in changes(
            (block for _ in range(10 * seconds)),
            Forgetful(),
            None,
            sample_rate=48_000,
            downmix=downmix_weights("stereo"),
        ):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(16) < 1.1 * peak(4)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_it_does_what_the_networks_do_on_every_channel(channels: int) -> None:
    """One window, against torch: the same but for Nyquist's bin, which the network drops and we leave."""
    torch = pytest.importorskip("torch", exc_type=ImportError)
    from limelight.networks.remixer import on_every_channel
    from limelight.networks.visah import PRESETS, Visah
    from limelight.training.export import TorchRemix, card_of
    from limelight.vision.encoder import ContextChoice, ContextSource

    torch.set_num_threads(1)
    torch.manual_seed(3)
    network = Visah(PRESETS["visah"].sized(4)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    sound = low_passed(channels, 0.25, 44_100, below_hertz=19_000)
    context = noise(1, 768, seed=5)
    model = TorchRemix(
        network, card_of(network, name="small", source=ContextSource(ContextChoice("clip")), seconds=0.25)
    )
    weights = torch.tensor([0.2, 0.2, 0.2, 0, 0.2, 0.2]) if channels == 6 else None
    with torch.inference_mode():
        wished = on_every_channel(
            network, torch.from_numpy(sound)[None], torch.from_numpy(context)[None], weights=weights
        )[0].numpy()
    found = sound + changed(sound, model, context=context)
    assert level_db(wished - sound) > -60
    np.testing.assert_allclose(found, wished, atol=1e-5)
