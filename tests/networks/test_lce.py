"""`lce`: deaf to its caption at first, then told by it what to do, moment by moment."""

from __future__ import annotations

import json

import pytest
import torch
from torch import Tensor

from limelight.networks.dual_unet import istft, stft
from limelight.networks.lce import LARGEST_GAIN_DB, Lce, LceConfig, over_steps
from limelight.networks.remixer import on_every_channel
from limelight.networks.sep_reformer import SepReformerConfig

TINY = LceConfig(SepReformerConfig(width=8, stages=2), context_width=6)
RATE = TINY.backbone.sample_rate
SAMPLES = 9 * 1024


def noise(*shape: int, seed: int = 1) -> Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def tones(samples: int = SAMPLES) -> Tensor:
    """Low and high, [1, N]; nothing near Nyquist, which the STFT of a mask drops."""
    time = torch.arange(samples) / RATE
    return 0.1 * sum(torch.sin(2 * torch.pi * hertz * time) for hertz in (220, 3_000))[None]


@pytest.fixture
def network() -> Lce:
    torch.manual_seed(2)
    return Lce(TINY).eval()


@pytest.fixture
def stirred(network: Lce) -> Lce:
    """As if trained a little: gains and filters have left zero."""
    with torch.no_grad():
        for layer in (network.gains, *network.filter.places):
            layer.weight.normal_(std=0.3)
    return network


def test_at_first_no_context_changes_the_output(network: Lce) -> None:
    mixture = noise(2, SAMPLES)
    with torch.inference_mode():
        blind = network(mixture)
        for seed in (2, 3):
            assert torch.equal(network(mixture, 100 * noise(2, 4, 6, seed=seed)), blind)


def test_at_first_any_mixture_comes_out_as_it_went_in(network: Lce) -> None:
    with torch.inference_mode():
        mask = network.mask(stft(noise(2, SAMPLES), TINY.backbone).abs())
        assert torch.equal(mask, torch.ones_like(mask))
        torch.testing.assert_close(network(tones()), tones(), rtol=0, atol=1e-4)


@pytest.mark.parametrize(("samples", "moments"), [(1, 1), (3_000, 1), (20_001, 3), (44_100, 12)])
def test_any_length_goes_through(stirred: Lce, samples: int, moments: int) -> None:
    mixture = noise(2, samples)
    with torch.inference_mode():
        output = stirred(mixture, noise(2, moments, 6))
    assert output.shape == mixture.shape
    assert output.isfinite().all()


def test_the_mask_is_bounded(network: Lce) -> None:
    for sign in (1, -1):
        with torch.no_grad():
            network.gains.bias.fill_(100.0 * sign)
            mask = network.mask(stft(noise(1, SAMPLES), TINY.backbone).abs())
        torch.testing.assert_close(mask, torch.full_like(mask, 10 ** (sign * LARGEST_GAIN_DB / 20)))


def test_a_caption_is_heard_by_its_own_item_only(stirred: Lce) -> None:
    mixture, context = noise(2, SAMPLES), noise(2, 3, 6)
    other = context.clone()
    other[0] = -other[0]
    with torch.inference_mode():
        change = (stirred(mixture, other) - stirred(mixture, context)).abs().amax(1)
    assert change[0] > 1e-4
    assert change[1] < 1e-6


def test_hidden_captions_are_no_captions(stirred: Lce) -> None:
    mixture, context = noise(2, SAMPLES), noise(2, 3, 6)
    with torch.inference_mode():
        blind = stirred(mixture)
        torch.testing.assert_close(stirred(mixture, context, torch.ones(2, 3)), blind)
        some = torch.tensor([[0.0, 0, 1]] * 2)
        seen, other = (stirred(mixture, c, some) for c in (context, context + noise(2, 3, 6) * some[..., None]))
        torch.testing.assert_close(stirred(mixture, torch.zeros(2, 3, 6)), blind)  # as is a row of zeros
    assert torch.equal(seen, other)  # whatever stands in the hidden row
    assert (seen - blind).abs().max() > 1e-4


def test_rows_are_spread_evenly_over_the_steps() -> None:
    """Row m of M stands at the middle of its share; between them straight lines."""
    rows = torch.tensor([[[0.0, 5.0], [4.0, 5.0]]])
    wished = torch.tensor([[0.0, 0.0, 0.5, 1.5, 2.5, 3.5, 4.0, 4.0]])
    made = over_steps(rows, 8)
    torch.testing.assert_close(made[..., 0], wished)
    torch.testing.assert_close(made[..., 1], torch.full((1, 8), 5.0))
    assert torch.equal(over_steps(rows[:, :1], 3), torch.tensor([[[0.0, 5.0]] * 3]))


def test_the_filter_of_a_moment_speaks_at_that_moment(stirred: Lce) -> None:
    context = noise(1, 8, 6)
    other = context.clone()
    other[0, 6] = -other[0, 6]
    x = torch.ones(1, 80, 8)
    with torch.inference_mode():
        change = (stirred.filter(context)(x, 1) - stirred.filter(other)(x, 1)).abs().amax(-1)[0]
    assert change[60:70].min() > 1e-4
    assert change[:54].max() == 0


def test_the_mask_is_all_that_is_done_to_the_mixture(stirred: Lce) -> None:
    mixture, context = noise(2, SAMPLES), noise(2, 2, 6)
    with torch.inference_mode():
        spectrum = stft(mixture, TINY.backbone)
        made = stirred.prescribe(spectrum.abs(), mixture, context)
        output = istft(made.mask * spectrum, SAMPLES, TINY.backbone)
        torch.testing.assert_close(output, stirred(mixture, context))
    assert made.mask.shape == (2, 2048, 9)
    assert torch.equal(made.wave, torch.zeros_like(mixture))


def test_stereo_keeps_equal_channels_equal_and_places_where_they_are(stirred: Lce) -> None:
    mono, context = noise(1, SAMPLES), noise(1, 2, 6)
    with torch.inference_mode():
        twice = on_every_channel(stirred, mono[:, None].expand(1, 2, SAMPLES), context)
        left = on_every_channel(stirred, torch.stack([mono, 0 * mono], dim=1), context)
        torch.testing.assert_close(twice[:, 0], stirred(mono, context), rtol=1e-4, atol=1e-6)
    assert torch.equal(twice[:, 0], twice[:, 1])
    assert not left[:, 1].any()


def test_the_gradient_reaches_every_parameter(stirred: Lce) -> None:
    (stirred.train()(noise(1, 20_000), noise(1, 3, 6)) - noise(1, 20_000, seed=5)).square().mean().backward()
    untouched = [name for name, p in stirred.named_parameters() if p.grad is None or not p.grad.any()]
    assert [name for name in untouched if not name.endswith("k.bias")] == []  # a softmax forgets a key's bias


@pytest.mark.slow
def test_the_same_mixture_learns_to_obey_two_captions() -> None:
    """One wants the low tone, the other the high one, each 12 dB over the other."""
    torch.manual_seed(0)
    time = torch.arange(SAMPLES) / RATE
    low, high = (0.1 * torch.sin(2 * torch.pi * hertz * time) for hertz in (220, 3_000))
    mixture, target = torch.stack([low + high] * 2), torch.stack([low + high / 4, low / 4 + high])
    context = torch.eye(6)[:2, None]
    network = Lce(LceConfig(SepReformerConfig(width=16, stages=1), context_width=6))
    optimiser = torch.optim.Adam(network.parameters(), 5e-3)
    spectrum, wished = stft(mixture, TINY.backbone).abs(), stft(target, TINY.backbone).abs()

    def distance(context: Tensor) -> Tensor:
        made = network.mask(spectrum, context) * spectrum
        return (made - wished).abs().sum() / wished.sum()

    before = distance(context).item()
    for _ in range(40):
        optimiser.zero_grad()
        distance(context).backward()
        optimiser.step()
    with torch.no_grad():
        assert float(distance(context)) < 0.25 * before
        assert float(distance(context.flip(0))) > before  # told the wrong thing, it does the wrong thing


def test_without_a_filter_it_cannot_be_told_anything() -> None:
    network = Lce(LceConfig(TINY.backbone, context_width=0))
    with pytest.raises(ValueError, match="without a semantic filter"):
        network(noise(1, 4_000), noise(1, 2, 6))


def test_config_survives_json() -> None:
    for config in (TINY, LceConfig()):
        assert LceConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config
    assert LceConfig().sized(128) == LceConfig()
    assert LceConfig().sized(32).context_width == 4096
