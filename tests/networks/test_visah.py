"""The papers' presets: as large as the papers say, silent about the context at first, looking over time afterwards."""

from __future__ import annotations

import json

import pytest
import torch
from torch import Tensor

from limelight.networks.dual_unet import istft, stft
from limelight.networks.visah import PRESETS, Visah, VisahConfig

PAPER_MILLIONS = {
    VisahConfig(context_width=0): 53.25,
    PRESETS["visah"]: 59.96,
    PRESETS["visah-text"]: 67.97,
    PRESETS["semmix"]: 61.66,
}
TINY = {name: config.sized(4) for name, config in PRESETS.items()}
SECOND = TINY["visah"].backbone.sample_rate


def noise(*shape: int, seed: int = 1) -> Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def stirred(network: Visah) -> Visah:
    """As if trained a little: the way out has left zero, the branches speak."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            drawn = torch.randn(parameter.shape, generator=generator)
            parameter.add_(drawn * (0.2 if "highlighter" in name else 0.02))
    return network.eval()


@pytest.mark.parametrize(("config", "millions"), PAPER_MILLIONS.items())
def test_has_as_many_parameters_as_the_paper(config: VisahConfig, millions: float) -> None:
    with torch.device("meta"):
        network = Visah(config)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count / 1e6 == pytest.approx(millions, rel=0.005)


@pytest.mark.parametrize("name", PRESETS)
def test_at_first_no_context_changes_the_output(name: str) -> None:
    network = Visah(TINY[name]).eval()
    mixture = noise(1, 12_000)
    width = TINY[name].context_width
    with torch.inference_mode():
        blind = network(mixture)
        for seed in (2, 3):
            assert torch.equal(network(mixture, 10 * noise(1, 4, width, seed=seed)), blind)
        assert torch.equal(network.backbone(mixture), blind)


@pytest.mark.slow
def test_the_context_of_second_5_can_be_heard_in_second_4() -> None:
    network = stirred(Visah(TINY["visah"]))
    mixture, context = noise(2, 6 * SECOND), 10 * noise(2, 6, 768)
    other = context.clone()
    other[0, 5] = -other[0, 5]
    with torch.inference_mode():
        change = (network(mixture, other) - network(mixture, context)).abs()
    assert change[0, 4 * SECOND : 5 * SECOND].max() > 1e-5  # where nothing changes, it is 0
    assert torch.equal(change[1], torch.zeros_like(change[1]))  # and by no other film of the batch


@pytest.mark.parametrize(("samples", "moments"), [(1, 1), (3000, 1), (20_000, 3), (44_101, 12)])
def test_any_length_goes_through(samples: int, moments: int) -> None:
    network = stirred(Visah(TINY["semmix"]))
    mixture = noise(1, samples)
    with torch.inference_mode():
        output = network(mixture, noise(1, moments, 4096))
    assert output.shape == mixture.shape
    assert output.isfinite().all()


def test_the_gradient_reaches_the_context_encoder_once_the_way_out_has_moved() -> None:
    network = stirred(Visah(TINY["visah"])).train()
    network(noise(1, 10_000), noise(1, 3, 768)).square().mean().backward()
    untouched = [name for name, p in network.highlighter.named_parameters() if p.grad is None or not p.grad.any()]
    assert [name for name in untouched if not name.endswith("k.bias")] == []  # a softmax forgets a key's bias


def test_mask_and_wave_are_all_that_is_done_to_the_mixture() -> None:
    network = stirred(Visah(TINY["visah"]))
    mixture, context = noise(1, 9 * 1024), noise(1, 2, 768)
    with torch.inference_mode():
        spectrum = stft(mixture, network.config.backbone)
        made = network.prescribe(spectrum.abs(), mixture, context)
        output = istft(made.mask * spectrum, mixture.shape[1], network.config.backbone) + made.wave
        torch.testing.assert_close(output, network(mixture, context))
    assert made.mask.shape == (1, 2048, 9)


@pytest.mark.parametrize("config", PAPER_MILLIONS)
def test_config_survives_json(config: VisahConfig) -> None:
    assert VisahConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config


def test_the_dial_moves_the_width_alone() -> None:
    for config in PRESETS.values():
        assert config.sized(24) == config
        small = config.sized(12)
        assert (small.highlighter.heads, small.highlighter.width, small.backbone.embedding_width) == (8, 256, 384)
        assert (small.encoder_layers, small.context_width) == (config.encoder_layers, config.context_width)
    with pytest.raises(ValueError, match="multiple of 4"):
        PRESETS["visah"].sized(7)
