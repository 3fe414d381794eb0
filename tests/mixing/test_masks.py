from __future__ import annotations

import numpy as np
import pytest
from audio.sounds import cut, noise, programme
from fake_models import FakeModel, fake_card, random_masks
from hypothesis import given, settings
from hypothesis import strategies as st
from mixing.scenes import LAYOUTS, joined, level_db, passages_of, planned, rendered, source_of

from limelight.errors import InputError
from limelight.mixing.controls import Controls
from limelight.mixing.loudness_plan import measure_audio
from limelight.mixing.masks import KeptMasks
from limelight.mixing.planner import make_plan
from limelight.mixing.render import render
from limelight.mixing.separation import HIGHEST_NUMBER, Lines, numbers_of
from limelight.models.separator import Heard
from limelight.vision.encoder import without_picture

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


class LinedModel(FakeModel):
    """A model whose masks have a number a line, as the packaged one's have."""

    def separate(self, magnitude: np.ndarray) -> Heard:
        heard = super().separate(magnitude)
        masks = random_masks(int(magnitude.sum()) % 1000)(magnitude[:, : len(EDGES) - 1])
        return Heard(masks, heard.latent)


def lined(**more: object) -> LinedModel:
    return LinedModel(card=fake_card(line_edges=EDGES), **more)  # type: ignore[arg-type]


def heard(sound: np.ndarray, model: FakeModel, *, sample_rate: int = 48_000, kept: KeptMasks) -> list[np.ndarray]:
    """Keeps all masks of a sound, and gives them, [K, t, N] each."""
    blocks = cut(sound, [4096])
    passages = passages_of(blocks, model, sample_rate=sample_rate, layout=LAYOUTS[len(sound)])
    return [passage.masks for passage in kept.keep(passages)]


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20))
def test_numbers_are_the_nearest_and_nothing_and_all_are_exact(masks: list[float]) -> None:
    told = numbers_of(np.array([*masks, 0, 1], np.float32))
    assert told.dtype == np.uint16
    # Half a step, and the half of 2⁻⁸ that a 32-bit product near 65,535 is rounded by.
    assert np.abs(told / HIGHEST_NUMBER - [*masks, 0, 1]).max() <= 0.502 / HIGHEST_NUMBER
    assert (told[-2], told[-1]) == (0, HIGHEST_NUMBER)


@given(sizes=st.lists(st.integers(1, 100_000), min_size=1, max_size=4), samples=st.integers(0, 600_000))
@settings(max_examples=15, deadline=None)
def test_what_is_recalled_is_what_was_heard(sizes: list[int], samples: int) -> None:
    sound, model = noise(1, samples), lined()
    sizes = [max(size, samples // 50 + 1) for size in sizes]
    kept = KeptMasks(Bytes(), model.card)
    masks = np.concatenate(heard(sound, model, kept=kept), axis=1)
    again = list(kept.recall(cut(sound, sizes), sample_rate=48_000, layout="mono"))
    np.testing.assert_array_equal(np.concatenate([passage.masks for passage in again], axis=1), masks)
    assert [passage.first_step for passage in again] == np.cumsum(
        [0, *(passage.spectra.shape[2] for passage in again[:-1])]
    ).tolist()


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_mix_from_kept_masks_is_the_mix_of_the_model(channels: int, sample_rate: int) -> None:
    sound = 0.5 * programme(channels, 2.5, sample_rate)
    plan, model = planned(sound, [9, -12, 3], sample_rate=sample_rate), lined()
    kept = KeptMasks(Bytes(), model.card)
    heard(sound, model, sample_rate=sample_rate, kept=kept)
    asked = len(model.separated)
    found = joined(render(cut(sound, [5000]), plan, model, kept=kept), channels)
    assert len(model.separated) == asked  # the model was not asked again
    wanted = rendered(sound, plan, model)
    np.testing.assert_array_equal(found, wanted)
    assert level_db(wanted - sound) > level_db(sound) - 20  # there was something to do


def test_a_plan_is_heard_again_in_the_windows_that_it_was_made_in() -> None:
    sound, turns = 0.5 * programme(1, 7, 48_000), [3.2]
    model = lined()
    plan = planned(sound, [9, -12, 3]).model_copy(update={"turns_seconds": turns})
    kept = KeptMasks(Bytes(), model.card)
    for _ in kept.keep(passages_of(cut(sound, [4096]), model, turns_seconds=turns)):
        pass
    found = joined(render(cut(sound, [5000]), plan, model, kept=kept), 1)
    np.testing.assert_array_equal(found, rendered(sound, plan, model))
    elsewhere = plan.model_copy(update={"turns_seconds": []})
    assert level_db(found - rendered(sound, elsewhere, model)) > level_db(found) - 40


def test_sixteen_bits_cost_nothing_that_is_heard() -> None:
    """Rendered by masks as they are and as they are kept: 90 dB apart."""
    sound, model = 0.1 * noise(1, 100_000), lined()
    window = model.separate(np.ones((96, 1025), np.float32)).masks
    spectra = np.fft.rfft(sound[0, : 96 * 2048].reshape(-1, 2000), n=2048)[:48]
    gains = np.array([1.8, -0.75, 0.4])[:, None, None]
    lines = Lines.of(model.card)
    as_they_are = spectra * lines.of_bins((gains * window[:, : len(spectra)]).sum(axis=0))
    kept = numbers_of(window[:, : len(spectra)]) * np.float32(1 / HIGHEST_NUMBER)
    as_kept = spectra * lines.of_bins((gains * kept).sum(axis=0))
    assert level_db(np.abs(as_kept - as_they_are)) < level_db(np.abs(as_they_are)) - 90


def test_a_plan_keeps_masks_and_decides_the_same() -> None:
    sound = 0.2 * noise(2, 700_000)
    blocks, source = cut(sound, [4096]), source_of(sound)
    measured = measure_audio(blocks, sample_rate=48_000, layout="stereo")

    def plan(keep: KeptMasks | None):  # type: ignore[no-untyped-def]
        model, cues = lined(gains_db=(4.0, -6.0, 0.0)), without_picture(source.duration_seconds)
        return make_plan(blocks, measured, cues, model, Controls(), source, keep=keep)

    store = Bytes()
    assert plan(KeptMasks(store, lined().card)) == plan(None)
    steps = -(-700_000 // 1024) + 1
    assert len(store.data) == steps * 3 * (len(EDGES) - 1) * 2


def test_an_hour_takes_some_two_hundred_megabytes() -> None:
    from limelight.models.registry import load_stem_model

    card = load_stem_model("lite", threads=1).card
    megabytes = 3600 * card.sample_rate / card.hop * 3 * len(Lines.of(card)) * 2 / 1e6
    assert 200 < megabytes < 220


def test_a_sound_that_grew_meanwhile_is_refused() -> None:
    sound, model = noise(1, 20_000), lined()
    kept = KeptMasks(Bytes(), model.card)
    heard(sound, model, kept=kept)
    longer = cut(np.tile(sound, 2), [4096])
    with pytest.raises(InputError, match="longer than when it was heard"):
        list(kept.recall(longer, sample_rate=48_000, layout="mono"))
