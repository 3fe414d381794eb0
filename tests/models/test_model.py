from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from fake_models import FakeModel, fake_card, random_masks, tiny_network

from limelight.errors import ModelError
from limelight.mixing.separation import Lines
from limelight.models.card import FILES, file_sha256, read_card, write_card
from limelight.models.separator import Model, OnnxModel
from limelight.vision.cues import CUE_NAMES


@pytest.fixture(scope="module")
def tiny(tiny_folder: Path) -> OnnxModel:
    return OnnxModel(tiny_folder, threads=1)


def magnitudes(steps: int, seed: int = 0) -> np.ndarray:
    """Something between silence and loud, [T, F]."""
    rng = np.random.default_rng(seed)
    return (10 ** rng.uniform(-4, 1.5, (steps, 1025))).astype(np.float32)


@pytest.mark.parametrize("steps", [4, 64, 480])
def test_masks_lie_between_0_and_1_and_sum_to_1(tiny: OnnxModel, steps: int) -> None:
    heard = tiny.separate(magnitudes(steps))
    assert heard.masks.shape == (3, steps, len(Lines.of(tiny.card)))
    assert heard.latent.shape == (steps // 4, 16)
    np.testing.assert_allclose(heard.masks.sum(axis=0), 1, atol=1e-5)
    assert heard.masks.min() >= 0


def test_masks_of_silence_and_of_thunder_are_finite(tiny: OnnxModel) -> None:
    for level in (0.0, 1e-20, 1e6):
        heard = tiny.separate(np.full((8, 1025), level, np.float32))
        np.testing.assert_allclose(heard.masks.sum(axis=0), 1, atol=1e-5)
        assert np.isfinite(heard.latent).all()


@pytest.mark.parametrize("steps", [4, 40, 480])
def test_the_separator_agrees_with_torch(tiny: OnnxModel, steps: int) -> None:
    import torch

    magnitude = magnitudes(steps, seed=1)
    with torch.no_grad():
        masks, latent = tiny_network().separator(torch.from_numpy(magnitude)[None])
    heard = tiny.separate(magnitude)
    np.testing.assert_allclose(Lines.of(tiny.card).of_bins(heard.masks), masks[0].numpy(), atol=1e-4)
    np.testing.assert_allclose(heard.latent, latent[0].numpy(), atol=1e-4)


@pytest.mark.parametrize(("tokens", "moments"), [(1, 1), (12, 3), (120, 11), (10, 0)])
def test_the_director_agrees_with_torch(tiny: OnnxModel, tokens: int, moments: int) -> None:
    import torch

    rng = np.random.default_rng(tokens)
    latent = rng.standard_normal((tokens, 16)).astype(np.float32)
    levels = rng.uniform(-70, -10, (tokens, 6)).astype(np.float32)
    cues = rng.uniform(0, 1, (moments, len(CUE_NAMES))).astype(np.float32)
    seconds = (np.arange(moments) + 0.3).astype(np.float32)
    gains = tiny.direct(latent, levels, cues, seconds)
    feeds = [latent, levels, np.arange(tokens, dtype=np.float32) * np.float32(4 * 1024 / 48_000), cues, seconds]
    with torch.no_grad():
        true = tiny_network().director(*(torch.from_numpy(feed)[None] for feed in feeds), torch.zeros(1, moments))
    np.testing.assert_allclose(gains, true[0].numpy(), atol=1e-4)
    assert np.ptp(gains) > 0.01  # the director of the tiny network does decide something


def test_hidden_pictures_are_as_none(tiny: OnnxModel) -> None:
    """No cues at all, and one hidden row of any content, are the same to the network."""
    latent, levels = np.ones((5, 16), np.float32), np.full((5, 6), -30, np.float32)
    none = tiny.direct(latent, levels, np.zeros((0, len(CUE_NAMES)), np.float32), np.zeros(0, np.float32))
    shown = tiny.direct(latent, levels, np.ones((1, len(CUE_NAMES)), np.float32), np.zeros(1, np.float32))
    assert np.abs(none - shown).max() > 1e-3


def test_gains_stay_within_the_networks_bound_of_each_other(tiny: OnnxModel) -> None:
    latent = 1e3 * np.random.default_rng(0).standard_normal((20, 16)).astype(np.float32)
    gains = tiny.direct(latent, np.zeros((20, 6), np.float32), np.zeros((0, len(CUE_NAMES)), np.float32), np.zeros(0))
    assert np.ptp(gains) <= 2 * 30.001


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_network_is_refused(tiny_folder: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "copy")
    (folder / name).write_bytes(b"not a network, though its hash is right")
    hashes = {name: file_sha256(folder / name) for name in FILES}
    write_card(folder, fake_card(sha256=hashes))
    with pytest.raises(ModelError, match=f"{name} cannot be run"):
        OnnxModel(folder)


@pytest.mark.parametrize("name", ["card.json", *FILES])
@pytest.mark.parametrize("place", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_a_flipped_byte_anywhere_is_refused(tiny_folder: Path, tmp_path: Path, name: str, place: float) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "copy")
    data = bytearray((folder / name).read_bytes())
    data[int(place * (len(data) - 1))] ^= 0xFF
    (folder / name).write_bytes(data)
    with pytest.raises(ModelError):
        OnnxModel(folder)


def test_the_card_tells_the_shape(tiny: OnnxModel, tiny_folder: Path) -> None:
    assert tiny.card == read_card(tiny_folder)
    assert (tiny.card.sample_rate, tiny.card.n_fft, tiny.card.hop, tiny.card.steps_per_token) == (48_000, 2048, 1024, 4)


def test_the_fake_keeps_the_promises_too() -> None:
    model: Model = FakeModel(masks=random_masks(), gains_db=(1, 2, 3))
    heard = model.separate(magnitudes(12))
    np.testing.assert_allclose(heard.masks.sum(axis=0), 1, atol=1e-6)
    gains = model.direct(
        heard.latent, np.zeros((3, 6), np.float32), np.zeros((0, len(CUE_NAMES)), np.float32), np.zeros(0, np.float32)
    )
    np.testing.assert_array_equal(gains, [[1, 2, 3]] * 3)


class Answering:
    """A session that answers the same to everything."""

    def __init__(self, *answers: np.ndarray) -> None:
        self._answers = answers

    def run(self, names: list[str], feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        if not self._answers:
            raise RuntimeError("no such output")
        return list(self._answers)


MASKS, LATENT = np.full((1, 3, 8, 1025), 1 / 3, np.float32), np.zeros((1, 2, 16), np.float32)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((MASKS * np.nan, LATENT), "no number"),
        ((MASKS, LATENT - np.inf), "no number"),
        ((MASKS[:, :2], LATENT), "another shape"),
        ((MASKS[:, :, :7], LATENT), "another shape"),
        ((MASKS, LATENT[0]), "another shape"),
        ((), r"failed .* \(RuntimeError\)"),
    ],
)
def test_answers_that_are_none_are_refused(
    answers: tuple[np.ndarray, ...], said: str, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = OnnxModel(tiny_folder, threads=1)
    monkeypatch.setattr(model, "_separator", Answering(*answers))
    with pytest.raises(ModelError, match=said):
        model.separate(magnitudes(8))


@pytest.mark.parametrize("gains", [np.full((1, 2, 3), np.nan, np.float32), np.zeros((1, 2, 2), np.float32)])
def test_gains_that_are_none_are_refused(gains: np.ndarray, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = OnnxModel(tiny_folder, threads=1)
    monkeypatch.setattr(model, "_director", Answering(gains))
    with pytest.raises(ModelError, match=r"no number|another shape"):
        model.direct(LATENT[0], np.zeros((2, 6), np.float32), np.zeros((1, len(CUE_NAMES)), np.float32), np.zeros(1))
