"""A mono network on many channels: the downmix of the outputs is the network's output for the downmix."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from limelight.networks.remixer import on_every_channel, shares
from limelight.networks.visah import PRESETS, Visah

SAMPLES = 11_000
FIVE_ONE = torch.tensor([0.2, 0.2, 0.2, 0.0, 0.2, 0.2])  # all alike, nothing of the low-frequency effects


@pytest.fixture(scope="module")
def network() -> Visah:
    torch.manual_seed(3)
    network = Visah(PRESETS["visah"].sized(4)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return network


def noise(*shape: int, seed: int = 1) -> Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def run(network: Visah, sound: Tensor, weights: Tensor | None = None) -> Tensor:
    with torch.inference_mode():
        return on_every_channel(network, sound, noise(len(sound), 3, 768, seed=9), weights=weights)


def test_mono_is_the_network_itself(network: Visah) -> None:
    sound = noise(2, 1, SAMPLES)
    with torch.inference_mode():
        alone = network(sound[:, 0], noise(2, 3, 768, seed=9))
    torch.testing.assert_close(run(network, sound)[:, 0], alone, rtol=1e-4, atol=1e-6)


def test_mono_in_stereo_gives_two_identical_channels(network: Visah) -> None:
    mono = noise(1, 1, SAMPLES)
    made = run(network, mono.expand(1, 2, SAMPLES))
    torch.testing.assert_close(made[:, 0], made[:, 1], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(made[:, :1], run(network, mono), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("channels", "weights"), [(2, None), (6, FIVE_ONE)])
def test_the_downmix_of_the_outputs_is_the_output_for_the_downmix(
    network: Visah, channels: int, weights: Tensor | None
) -> None:
    sound = noise(1, channels, SAMPLES)
    mix = weights if weights is not None else torch.full((channels,), 1 / channels)
    downmix = torch.einsum("bcn,c->bn", sound, mix)[:, None]
    made = torch.einsum("bcn,c->bn", run(network, sound, weights), mix)[:, None]
    torch.testing.assert_close(made, run(network, downmix), rtol=1e-3, atol=1e-5)


def test_silence_stays_silence(network: Visah) -> None:
    assert not run(network, torch.zeros(1, 6, SAMPLES), FIVE_ONE).any()
    sound = noise(1, 2, SAMPLES)
    sound[:, 1] = 0
    made = run(network, sound)
    assert not made[:, 1].any()
    assert made[:, 0].abs().max() > 1e-3


def test_what_cancels_in_the_downmix_stays_finite(network: Visah) -> None:
    left = noise(1, 1, SAMPLES)
    assert run(network, torch.cat([left, -left], dim=1)).isfinite().all()


def test_shares_are_the_pseudo_inverse_where_channels_have_nothing_in_common() -> None:
    time = torch.arange(4096) / 4096
    sound = torch.stack([torch.sin(2 * torch.pi * k * time) for k in (50, 90, 130)])[None]
    weights = torch.tensor([0.5, 0.25, 0.1])
    found = shares(sound, torch.einsum("bcn,c->bn", sound, weights))
    torch.testing.assert_close(found[0], weights / weights.square().sum(), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close((found * weights).sum(1), torch.ones(1))


@pytest.mark.parametrize("samples", [1, 3072, 5000])
def test_any_length(network: Visah, samples: int) -> None:
    assert run(network, noise(1, 2, samples)).shape == (1, 2, samples)
