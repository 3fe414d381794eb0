import json
from pathlib import Path

import numpy as np
import pytest
import torch
from limelight.networks.lite import Lite, LiteConfig
from networks.tiny import LITE, shaken

from limelight.errors import ModelError
from limelight.mixing.separation import Lines
from limelight.models.card import ModelCard, read_card
from limelight.models.separator import OnnxModel
from limelight.training.export import About, export_lite

ABOUT = About("tiny", "CC BY-SA 4.0", "three bands of noise", ("a", "b", "c", "d", "e"), uses_picture=True)


@pytest.fixture(scope="module")
def network() -> Lite:
    return shaken(Lite(LITE))


@pytest.fixture(scope="module")
def folder(network: Lite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "tiny"
    export_lite(network, folder, ABOUT)
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> OnnxModel:
    return OnnxModel(folder, threads=1)


def test_the_card_says_what_was_exported(network: Lite, folder: Path) -> None:
    card = read_card(folder)
    assert isinstance(card, ModelCard)
    assert LiteConfig.from_dict(dict(card.config)) == LITE
    assert (card.sample_rate, card.n_fft, card.hop, card.steps_per_token) == (48_000, 256, 128, 4)
    assert card.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert sum(card.notes["parts"].values()) == card.parameters
    assert set(card.notes["parts"]) == {"separator", "director"}
    assert (card.name, card.licence, card.cue_names, card.uses_picture) == (
        "tiny",
        ABOUT.licence,
        ABOUT.cue_names,
        True,
    )
    assert {path.name for path in folder.iterdir()} == {"card.json", "separator.onnx", "director.onnx"}


@pytest.mark.parametrize("steps", [4, 64, 100])
def test_masks_and_latent_are_torchs(network: Lite, model: OnnxModel, steps: int) -> None:
    magnitude = np.random.default_rng(steps).random((steps, LITE.backbone.bins)).astype(np.float32)
    heard = model.separate(magnitude)
    with torch.no_grad():
        masks, latent = network.separator(torch.from_numpy(magnitude)[None])
    np.testing.assert_allclose(Lines.of(model.card).of_bins(heard.masks), masks[0], atol=1e-4)
    np.testing.assert_allclose(heard.latent, latent[0], atol=1e-4)
    np.testing.assert_allclose(heard.masks.sum(0), 1, atol=1e-5)


@pytest.mark.parametrize(("tokens", "moments"), [(1, 1), (16, 5), (25, 12), (25, 0)])
def test_gains_are_torchs(network: Lite, model: OnnxModel, tokens: int, moments: int) -> None:
    rng = np.random.default_rng(tokens)
    latent = rng.standard_normal((tokens, 16)).astype(np.float32)
    levels = rng.uniform(-60, -10, (tokens, 6)).astype(np.float32)
    cues, seconds = rng.random((moments, 5)).astype(np.float32), np.arange(moments, dtype=np.float32)
    gains = model.direct(latent, levels, cues, seconds)
    shown = torch.from_numpy(cues if moments else np.zeros((1, 5), np.float32))[None]
    when = torch.arange(max(1, moments)).float()[None]
    now = (torch.arange(tokens) * LITE.token_seconds)[None]
    with torch.no_grad():
        wished = network.director(
            torch.from_numpy(latent)[None],
            torch.from_numpy(levels)[None],
            now,
            shown,
            when,
            torch.full_like(when, float(moments == 0)),
        )
    np.testing.assert_allclose(gains, wished[0], atol=1e-3)


def test_a_flipped_byte_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("separator.onnx", "director.onnx", "card.json"):
        for path in folder.iterdir():
            (tmp_path / path.name).write_bytes(path.read_bytes())
        damaged = bytearray((folder / name).read_bytes())
        damaged[len(damaged) // 2] ^= 1
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(ModelError, match=r"damaged|differs|format"):
            read_card(tmp_path)


def test_an_untrained_model_asks_for_nothing_at_run_time(tmp_path: Path) -> None:
    export_lite(Lite(LITE), tmp_path, ABOUT)
    model = OnnxModel(tmp_path, threads=1)
    rng = np.random.default_rng(0)
    heard = model.separate(rng.random((64, LITE.backbone.bins)).astype(np.float32))
    gains = model.direct(
        heard.latent,
        np.full((16, 6), -30, np.float32),
        rng.random((4, 5)).astype(np.float32),
        np.arange(4, dtype=np.float32),
    )
    assert not gains.any()
    assert json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))["programme_lufs"] == -27
