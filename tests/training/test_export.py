"""The papers' presets in ONNX Runtime say what they say in torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from networks.published_oracle import random_weights
from torch import Tensor

from limelight.errors import ModelError
from limelight.models.remixers.mask_and_wave import OnnxRemixer
from limelight.networks.dual_unet import istft, stft
from limelight.networks.released import from_published
from limelight.networks.visah import PRESETS, Visah, VisahConfig
from limelight.training.export import TorchRemix, card_of, export_released, export_remix, read_about
from limelight.vision.encoder import ContextChoice, ContextSource

CHUNKED_SECONDS = 4.8  # past the 200 steps after which an LSTM works in chunks
PARITY = 1e-4
BLIND = "no context"
CONFIGS = {
    name: replace(config.sized(4), decoder_layers=2)
    for name, config in {**PRESETS, BLIND: VisahConfig(context_width=0)}.items()
}


def seconds_of(name: str) -> float:
    return CHUNKED_SECONDS if name == "visah" else 0.25


def stirred(config: VisahConfig) -> Visah:
    torch.manual_seed(2)
    network = Visah(config).eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.add_(torch.randn_like(parameter) * (0.2 if "highlighter" in name else 0.02))
    return network


# The others differ in length, in the context's width and in layers alone; tracing takes its time.
@pytest.fixture(
    scope="module", params=[pytest.param(n, marks=[pytest.mark.slow] * (n != "visah-text")) for n in CONFIGS]
)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Visah, Path]:
    network = stirred(CONFIGS[request.param])
    path = tmp_path_factory.mktemp("exported") / "visah.onnx"
    choice = ContextChoice("captions", "focused", "tone") if network.config.context_width else ContextChoice()
    source = ContextSource(choice, "InternVL3-1B", "google/t5-v1_1-small")
    card = card_of(network, name=request.param, source=source, seconds=seconds_of(request.param))
    export_remix(network, path, card)
    return network, path


def relative(found: np.ndarray, wished: Tensor) -> float:
    return float(np.abs(found - wished.numpy()).max() / wished.abs().max())


@pytest.mark.slow
def test_mask_and_wave_are_torchs(pair: tuple[Visah, Path]) -> None:
    network, path = pair
    config, samples = network.config, read_about(path)["samples"]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    mixture = 0.1 * torch.randn(1, samples, generator=torch.Generator().manual_seed(3))
    spectrum = stft(mixture, config.backbone)
    # Without a context there is nothing to vary.
    for rows in (2, 7) if config.context_width else (0,):
        context = torch.randn(1, rows, config.context_width) if rows else None
        feeds = {"magnitude": spectrum.abs().numpy(), "mixture": mixture.numpy()}
        if context is not None:
            feeds["context"] = context.numpy()
        mask, wave = session.run(["mask", "wave"], feeds)
        with torch.inference_mode():
            made, whole = network.prescribe(spectrum.abs(), mixture, context), network(mixture, context)
        assert relative(mask, made.mask) < PARITY
        assert relative(wave, made.wave) < PARITY
        output = istft(torch.from_numpy(mask) * spectrum, samples, config.backbone) + torch.from_numpy(wave)
        assert relative(output.numpy(), whole) < PARITY


@pytest.mark.slow
def test_every_number_in_the_graph_is_real(pair: tuple[Visah, Path]) -> None:
    session = onnxruntime.InferenceSession(pair[1], providers=["CPUExecutionProvider"])
    assert {value.type for value in (*session.get_inputs(), *session.get_outputs())} == {"tensor(float)"}


@pytest.mark.slow
def test_the_file_says_how_to_use_it(pair: tuple[Visah, Path]) -> None:
    network, path = pair
    about = read_about(path)
    assert VisahConfig.from_dict(about["config"]) == network.config
    assert about["samples"] == round(seconds_of(about["name"]) * 44_100)
    assert about["name"] in CONFIGS
    if network.config.context_width:
        assert OnnxRemixer(path, threads=1).card.context_source == ContextSource(
            ContextChoice("captions", "focused", "tone"), "InternVL3-1B", "google/t5-v1_1-small"
        )


def test_the_core_runs_it_and_it_says_what_torch_says(pair: tuple[Visah, Path]) -> None:
    network, path = pair
    there = OnnxRemixer(path, threads=1)
    card = there.card
    assert card.parameters == sum(parameter.numel() for parameter in network.parameters())
    here = TorchRemix(network, card)
    generator = np.random.default_rng(4)
    mixture = 0.1 * generator.standard_normal(card.samples).astype(np.float32)
    magnitude = generator.uniform(0, 1, (card.bins, card.steps)).astype(np.float32)
    context = generator.standard_normal((3, card.context_width)).astype(np.float32) if card.context_width else None
    made, wished = there.prescribe(magnitude, mixture, context), here.prescribe(magnitude, mixture, context)
    assert relative(made.mask, torch.from_numpy(wished.mask)) < PARITY
    assert relative(made.wave, torch.from_numpy(wished.wave)) < PARITY


@pytest.mark.slow
def test_a_flipped_byte_of_a_real_one_is_refused(pair: tuple[Visah, Path], tmp_path: Path) -> None:
    data = bytearray(pair[1].read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "flipped.onnx").write_bytes(data)
    with pytest.raises(ModelError, match="damaged"):
        OnnxRemixer(tmp_path / "flipped.onnx")


@pytest.mark.slow
def test_a_published_checkpoint_becomes_a_file_that_runs(tmp_path: Path) -> None:
    """Told by its width: CLIP's frames. The context encoder then attends over a batch of one."""
    weights = random_weights(3, channels=4, width=64, context=768)
    torch.save({"state_dict": {f"model.{name}": value for name, value in weights.items()}}, tmp_path / "visah.ckpt")
    export_released(tmp_path / "visah.ckpt", tmp_path / "visah.onnx", name="visah", seconds=0.25)
    there, here = OnnxRemixer(tmp_path / "visah.onnx", threads=1), from_published(weights)
    assert (there.card.context, there.card.preset) == ("clip", "visah")
    generator = np.random.default_rng(4)
    mixture = 0.1 * generator.standard_normal(there.card.samples).astype(np.float32)
    magnitude = generator.uniform(0, 1, (there.card.bins, there.card.steps)).astype(np.float32)
    context = generator.standard_normal((1, 768)).astype(np.float32)
    made = there.prescribe(magnitude, mixture, context)
    with torch.inference_mode():
        wished = here.prescribe(*(torch.from_numpy(values)[None] for values in (magnitude, mixture, context)))
    assert relative(made.mask[None], wished.mask) < PARITY
    assert relative(made.wave[None], wished.wave) < PARITY


def test_a_published_checkpoint_of_an_unknown_context_is_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": random_weights(3, channels=4, width=64, context=12)}, tmp_path / "other.ckpt")
    with pytest.raises(ModelError, match="Wanted a context of 0 or 768 or 4096 numbers"):
        export_released(tmp_path / "other.ckpt", tmp_path / "other.onnx", name="other")
