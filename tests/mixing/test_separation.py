from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from audio.sounds import cut, noise, programme
from fakes import FakeModel, by_region, random_masks, separator_card
from hypothesis import given, settings
from hypothesis import strategies as st
from mixing.scenes import LAYOUTS, chunks_of, joined, level_db, planned, separated_chunks, tone

from limelight.audio.convert import downmix_weights
from limelight.audio.loudness import integrated_loudness
from limelight.audio.stft import stft
from limelight.errors import InputError, ModelError
from limelight.mixing.features import STEPS_PER_ROW, change_lu, features_of
from limelight.mixing.render import render, stems
from limelight.mixing.separation import HIGHEST_NUMBER, KeptSeparation, MaskedChunk, numbers_of, stems_bytes
from limelight.models.card import Card
from limelight.types import STEMS, Chunk, Separation

RATES = [8000, 44_100, 48_000, 96_000]
EDGES = (*range(129), *range(160, 1025, 32), 1025)


class Bytes:
    """A store in memory."""

    def __init__(self) -> None:
        self.data = bytearray()

    def add(self, data: bytes) -> None:
        self.data += data

    def read(self, first: int, count: int) -> bytes:
        return bytes(self.data[first : first + count])


def banded() -> FakeModel:
    """A model whose masks have a number a band, as the packaged one's have."""
    return FakeModel(
        masks=lambda magnitude: random_masks(int(magnitude.sum()) % 1000)(magnitude[:, : len(EDGES) - 1]),
        card=separator_card(band_edges=EDGES),
    )


class OneToneEach:
    """Stems that are known: each is a share of the chunk, whatever it holds."""

    shares = np.array([0.5, 0.3, 0.2], np.float32)
    card = separator_card(name="known")

    def separate(self, chunk: Chunk) -> Separation:
        steps = chunk.samples.shape[1] // self.card.hop - 1
        return Separation(np.ones(steps, np.float32), stems=self.shares[:, None, None] * chunk.samples)


class OtherEachTime(OneToneEach):
    """Stems whose shares are drawn anew for every chunk: where chunks meet they are faded."""

    def __init__(self) -> None:
        self.asked = 0

    def separate(self, chunk: Chunk) -> Separation:
        self.asked += 1
        self.shares = np.random.default_rng(int(chunk.start_seconds * 1000)).dirichlet([1, 1, 1]).astype(np.float32)
        return super().separate(chunk)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20))
def test_numbers_are_the_nearest_and_nothing_and_all_are_exact(masks: list[float]) -> None:
    told = numbers_of(np.array([*masks, 0, 1], np.float32))
    assert told.dtype == np.uint16
    # Half a step, and the half of 2⁻⁸ that a 32-bit product near 65,535 is rounded by.
    assert np.abs(told / HIGHEST_NUMBER - [*masks, 0, 1]).max() <= 0.502 / HIGHEST_NUMBER
    assert (told[-2], told[-1]) == (0, HIGHEST_NUMBER)


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("samples", [0, 1, 1024, 1025, 600_001])
def test_spectra_are_those_of_the_whole_sound(channels: int, samples: int) -> None:
    sound = noise(channels, samples)
    chunks = separated_chunks(cut(sound, [50_000]), FakeModel(), layout=LAYOUTS[channels])
    found = np.concatenate([chunk.spectra for chunk in chunks], axis=2)
    np.testing.assert_allclose(found, stft(sound), atol=1e-5)


@pytest.mark.parametrize("level", [0.01, 0.1, 1.0])
def test_the_separator_hears_a_mono_downmix_at_one_programme_level(level: float) -> None:
    sound = np.float32(level) * programme(2, 4, 48_000)
    lufs = integrated_loudness(sound.mean(axis=0)[None], 48_000, layout="mono")
    model = FakeModel()
    separated_chunks([sound], model, layout="stereo", mono_lufs=lufs)
    heard = model.separator.heard[0][None, 1024 : 1024 + sound.shape[1]]
    assert integrated_loudness(heard, 48_000, layout="mono") == pytest.approx(-27, abs=0.1)


def test_low_frequency_effects_are_not_heard_and_inverted_sides_are() -> None:
    np.testing.assert_allclose(downmix_weights("5.1"), [0.2, 0.2, 0.2, 0, 0.2, 0.2])
    sound = noise(1, 48_000)
    inverted = np.concatenate([sound, -sound])
    np.testing.assert_allclose(downmix_weights("stereo", inverted=True) @ inverted, sound[0], atol=1e-6)
    assert not (downmix_weights("stereo") @ inverted).any()


@pytest.mark.slow
@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_mix_from_kept_masks_is_the_mix_of_the_separator(channels: int, sample_rate: int) -> None:
    sound = 0.5 * programme(channels, 2.5, sample_rate)
    plan, model = planned(sound, [9, -12, 3], sample_rate=sample_rate), banded()
    kept = KeptSeparation(Bytes(), model.card)
    source = chunks_of(model, LAYOUTS[channels], sample_rate=sample_rate)
    first = list(kept.keep(source(cut(sound, [4096]))))
    assert all(isinstance(chunk, MaskedChunk) for chunk in first)

    def again(blocks):
        return kept.recall(blocks, sample_rate=sample_rate, channels=channels)

    asked = len(model.separator.heard)
    found = joined(render(cut(sound, [5000]), plan, again, model.card), channels)
    assert len(model.separator.heard) == asked  # nobody was asked again
    anew = joined(render(cut(sound, [5000]), plan, source, model.card), channels)
    assert level_db(found - anew) < level_db(anew) - 100


@given(sizes=st.lists(st.integers(1, 100_000), min_size=1, max_size=4), samples=st.integers(0, 600_000))
@settings(max_examples=10, deadline=None)
def test_what_is_recalled_is_what_was_kept(sizes: list[int], samples: int) -> None:
    sound, model = noise(1, samples), banded()
    sizes = [max(size, samples // 50 + 1) for size in sizes]
    kept = KeptSeparation(Bytes(), model.card)
    numbers = np.concatenate(
        [chunk.numbers for chunk in kept.keep(separated_chunks(cut(sound, [4096]), model))], axis=1
    )
    again = list(kept.recall(cut(sound, sizes), sample_rate=48_000, channels=1))
    np.testing.assert_array_equal(np.concatenate([chunk.numbers for chunk in again], axis=1), numbers)


def stems_model() -> FakeModel:
    model = FakeModel()
    model.separator = OtherEachTime()  # type: ignore[assignment]
    return model


@pytest.mark.slow
@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_mix_from_kept_stems_is_the_mix_of_the_separator(channels: int, sample_rate: int) -> None:
    sound = 0.3 * programme(channels, 25, sample_rate)
    plan, model = planned(sound, [9, -12, 3], sample_rate=sample_rate), stems_model()
    store = Bytes()
    kept = KeptSeparation(store, model.card)
    source = chunks_of(model, LAYOUTS[channels], sample_rate=sample_rate)
    first = list(kept.keep(source(cut(sound, [4096]))))
    assert kept.complete
    assert len(first) > 1
    assert len(store.data) == pytest.approx(stems_bytes(25, model.card, channels), rel=0.01)
    asked = model.separator.asked  # type: ignore[attr-defined]
    again = partial(kept.recall, sample_rate=sample_rate, channels=channels)
    found = joined(render(cut(sound, [5000]), plan, again, model.card), channels)
    assert model.separator.asked == asked  # type: ignore[attr-defined]
    anew = joined(render(cut(sound, [5000]), plan, source, model.card), channels)
    assert level_db(found - anew) < level_db(anew) - 80


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [[1024], [777, 50_000], [1_000_000]])
def test_recalled_stems_sum_to_the_sound_however_it_is_cut(sizes: list[int]) -> None:
    sound, model = 0.3 * noise(2, 600_001), stems_model()
    kept = KeptSeparation(Bytes(), model.card)
    source = chunks_of(model, "stereo")
    list(kept.keep(source(cut(sound, [4096]))))
    again = partial(kept.recall, sample_rate=48_000, channels=2)
    parts = joined_stems(stems(cut(sound, sizes), again, model.card, sample_rate=48_000))
    anew = joined_stems(stems(cut(sound, [4096]), source, model.card, sample_rate=48_000))
    np.testing.assert_allclose(parts.sum(axis=0), sound, atol=1e-6)
    np.testing.assert_allclose(parts, anew, atol=1e-4)


def joined_stems(blocks) -> np.ndarray:
    return np.concatenate(list(blocks), axis=2)


def test_stems_that_are_not_to_be_kept_are_asked_for_again() -> None:
    model, store = stems_model(), Bytes()
    kept = KeptSeparation(store, model.card, stems=False)
    list(kept.keep(separated_chunks([noise(1, 30_000)], model)))
    assert not kept.complete
    assert not store.data


@pytest.mark.parametrize("make", [banded, stems_model])
def test_a_film_that_grew_is_refused(make: Callable[[], FakeModel]) -> None:
    model, sound = make(), noise(1, 30_000)
    kept = KeptSeparation(Bytes(), model.card)
    list(kept.keep(separated_chunks([sound], model)))
    with pytest.raises(InputError, match="longer than when it was heard"):
        list(kept.recall([noise(1, 40_000)], sample_rate=48_000, channels=1))


@pytest.mark.slow
@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
def test_known_stems_come_out_as_they_are_and_sum(sample_rate: int) -> None:
    sound = 0.3 * programme(2, 25, sample_rate)
    model = FakeModel()
    model.separator = OneToneEach()  # type: ignore[assignment]
    source = chunks_of(model, "stereo", sample_rate=sample_rate)
    parts = np.concatenate(list(stems([sound], source, OneToneEach.card, sample_rate=sample_rate)), axis=2)
    np.testing.assert_allclose(parts.sum(axis=0), sound, atol=1e-6)
    for share, part in zip(OneToneEach.shares, parts, strict=True):
        assert level_db(part - share * sound) < level_db(sound) - (
            35 if sample_rate == 44_100 else 60
        )  # what lies above 20 kHz stays behind


@pytest.mark.parametrize("known", [True, False])
def test_features_are_the_loudness_of_the_stems_and_foretell_any_mix(known: bool) -> None:
    tones = np.stack([tone(stem, 4, 48_000, db=db) for stem, db in zip(STEMS, (-40, -20, -30), strict=True)])
    model = FakeModel(presence=0.25)
    chunks = separated_chunks([tones.sum(axis=0)], model)
    heard = features_of(chunks, model.card, layout="mono")
    inside = (heard.times_seconds > 0.2) & (heard.times_seconds < 3.8)
    for stem, single in zip(STEMS, tones, strict=True):
        wished = integrated_loudness(single, 48_000, layout="mono")
        assert heard.loudness_lufs((stem,), inside) == pytest.approx(wished, abs=0.1)
    gains = np.repeat([[6.0], [-9.0], [2.0]], len(heard.times_seconds), axis=1)
    mixed = np.tensordot(10 ** (gains[:, 0] / 20), tones, axes=1)
    change = integrated_loudness(mixed, 48_000, layout="mono") - integrated_loudness(
        tones.sum(axis=0), 48_000, layout="mono"
    )
    assert change_lu(heard, gains) == pytest.approx(change, abs=0.1)
    assert np.diff(heard.times_seconds).max() == pytest.approx(STEPS_PER_ROW * 1024 / 48_000)
    np.testing.assert_allclose(heard.presence[:-1], 0.25)


class Wrong:
    """A separator that answers with another shape, or with what is no number."""

    card: Card = separator_card()

    def __init__(self, answer: Separation) -> None:
        self.answer = answer

    def separate(self, chunk: Chunk) -> Separation:
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [
        Separation(np.zeros(5, np.float32), masks=np.zeros((3, 6, 1025), np.float32)),
        Separation(np.zeros(48, np.float32), masks=np.full((3, 48, 1025), np.nan, np.float32)),
        Separation(np.zeros(48, np.float32), masks=np.zeros((2, 48, 1025), np.float32)),
        Separation(np.zeros(48, np.float32)),
    ],
)
def test_answers_that_are_none_are_refused(answer: Separation) -> None:
    model = FakeModel()
    model.separator = Wrong(answer)  # type: ignore[assignment]
    with pytest.raises(ModelError, match="the separator fake"):
        separated_chunks([noise(1, 48_000)], model)


def test_masks_by_region_cover_everything_once() -> None:
    masks = by_region()(np.ones((4, 1025), np.float32))
    np.testing.assert_array_equal(masks.sum(axis=0), 1)
