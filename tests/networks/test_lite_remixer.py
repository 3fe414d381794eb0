"""`lite` as a remixing network: the mixture itself at first, then so much of each stem, at any level and of any length."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from networks.tiny import BAND, shaken
from torch import Tensor

from limelight.networks.lite import LiteConfig
from limelight.networks.lite_remixer import LiteRemixer, LiteRemixerConfig, whole_tokens
from limelight.networks.lite_spectra import waveform_spectra
from limelight.networks.presets import build

TINY = LiteRemixerConfig(band=replace(BAND, n_fft=2048), context_width=5)


def noise(*shape: int, seed: int = 1) -> Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def network() -> LiteRemixer:
    torch.manual_seed(2)
    return LiteRemixer(TINY).eval()


@pytest.fixture
def trained(network: LiteRemixer) -> LiteRemixer:
    shaken(network)
    return network


@pytest.mark.parametrize("samples", [1, 1024, 3_000, 40_001])
def test_at_first_any_mixture_comes_out_as_it_went_in(network: LiteRemixer, samples: int) -> None:
    mixture = noise(2, samples)
    with torch.inference_mode():
        torch.testing.assert_close(network(mixture, noise(2, 3, 5)), mixture, atol=1e-6, rtol=0)


def test_louder_in_louder_out(trained: LiteRemixer) -> None:
    """It hears every mixture at one level."""
    mixture, cues = noise(1, 30_000), noise(1, 1, 5)
    with torch.inference_mode():
        out, louder = trained(mixture, cues), trained(8 * mixture, cues)
        assert (out - mixture).abs().max() > 0.01
        torch.testing.assert_close(louder, 8 * out, atol=1e-4, rtol=1e-3)


def test_silence_stays_silence(trained: LiteRemixer) -> None:
    with torch.inference_mode():
        assert not trained(torch.zeros(1, 9_000), noise(1, 1, 5)).any()


def test_a_row_of_zeros_is_no_picture(trained: LiteRemixer) -> None:
    mixture, cues = noise(1, 30_000), noise(1, 3, 5)
    with torch.inference_mode():
        nothing = trained(mixture)
        assert torch.equal(trained(mixture, torch.zeros_like(cues)), nothing)
        assert torch.equal(trained(mixture, cues, torch.ones(1, 3)), nothing)
        assert not torch.allclose(trained(mixture, cues), nothing)


def test_mask_of_ones_and_the_change_are_the_output(trained: LiteRemixer) -> None:
    mixture = noise(1, 20_000)
    with torch.inference_mode():
        made = trained.prescribe(torch.rand(1, 2048, 20), mixture)
        torch.testing.assert_close(mixture + made.wave, trained(mixture))
    assert (made.mask == 1).all()


def test_frames_make_whole_tokens() -> None:
    config = TINY.lite
    for samples in (1, 1023, 1024, 5_000, 480_000):
        long = whole_tokens(noise(1, samples), config)
        assert long.shape[1] >= samples
        assert waveform_spectra(long, config).shape[1] % config.steps_per_token == 0


def test_at_full_size_it_is_the_package_s() -> None:
    assert LiteRemixerConfig().lite == LiteConfig()
    assert LiteRemixerConfig().sized(32) == LiteRemixerConfig()


def test_its_dial_makes_it_smaller_and_it_travels() -> None:
    small = build("lite", channels=8, context_width=7)
    assert small.config.context_width == 7
    assert LiteRemixerConfig.from_dict(json.loads(json.dumps(small.config.as_dict()))) == small.config
    assert sum(p.numel() for p in small.parameters()) < 0.5 * sum(p.numel() for p in build("lite").parameters())
