"""Conv-TasNet against the table of its paper, and what must hold of it at any size."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from limelight.networks.learn2remix import BLOCKS, ROUNDS, ConvTasNet, ConvTasNetConfig, consistent, norm

PAPER = ConvTasNetConfig(window=16, stems=2)
PAPER_MILLIONS = 5.1
TINY = ConvTasNetConfig(channels=4)


def noise(*shape: int, seed: int = 1) -> Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def tiny() -> ConvTasNet:
    torch.manual_seed(2)
    return ConvTasNet(TINY).eval()


def test_has_as_many_parameters_as_the_paper() -> None:
    """But for the way on out of the last block, which leads nowhere."""
    with torch.device("meta"):
        network = ConvTasNet(PAPER)
    count = sum(parameter.numel() for parameter in network.parameters())
    nowhere = (PAPER.wide + 1) * PAPER.channels
    assert (count + nowhere) / 1e6 == pytest.approx(PAPER_MILLIONS, abs=0.05)


def test_hears_as_far_as_the_paper_says() -> None:
    """1.53 s, at any rate: a window of 2 ms and taps that double their distance."""
    reach = 1 + ROUNDS * sum(2 * 2**i for i in range(BLOCKS))
    for config, rate in ((PAPER, 8_000), (ConvTasNetConfig(), 44_100)):
        assert reach * config.stride / rate == pytest.approx(1.53, abs=0.01)


def test_a_late_sound_is_heard_by_an_early_mask_within_reach_only(tiny: ConvTasNet) -> None:
    """But for the norms, which hear everything; they are taken out here."""
    for module in tiny.modules():
        if isinstance(module, torch.nn.GroupNorm):
            module.forward = lambda x: x
    mixture = noise(1, 2 * TINY.sample_rate).requires_grad_()
    latent = tiny(mixture).latent  # [1, C, T]
    middle = latent.shape[2] // 2
    latent[0, :, middle].sum().backward()
    heard = mixture.grad[0].nonzero()[:, 0]
    reach_seconds = float(heard.max() - heard.min()) / TINY.sample_rate
    assert reach_seconds == pytest.approx(1.53, abs=0.01)


@pytest.mark.parametrize("samples", [1, 43, 44, 45, 88, 1_000, 10_001])
def test_stems_of_any_length_sum_to_the_mixture(tiny: ConvTasNet, samples: int) -> None:
    mixture = noise(2, samples)
    with torch.inference_mode():
        stems = tiny(mixture).stems
    assert stems.shape == (2, 3, samples)
    torch.testing.assert_close(stems.sum(1), mixture, rtol=0, atol=1e-6)


def test_what_is_missing_is_shared_evenly() -> None:
    stems, mixture = noise(1, 3, 50), noise(1, 50, seed=2)
    made = consistent(stems, mixture)
    torch.testing.assert_close(made.sum(1), mixture)
    added = made - stems
    torch.testing.assert_close(added, added[:, :1].expand_as(added))


def test_masks_do_not_depend_on_the_level(tiny: ConvTasNet) -> None:
    mixture = noise(1, 4_000)
    with torch.inference_mode():
        loud, quiet = tiny(mixture), tiny(0.1 * mixture)
    torch.testing.assert_close(10 * quiet.stems, loud.stems, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(quiet.latent, loud.latent, rtol=1e-3, atol=1e-3)


def test_items_of_a_batch_do_not_see_each_other(tiny: ConvTasNet) -> None:
    mixture = noise(2, 3_000)
    with torch.inference_mode():
        together = tiny(mixture).stems
        alone = torch.cat([tiny(mixture[:1]).stems, tiny(mixture[1:]).stems])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-6)


def test_the_norm_is_over_channels_and_time() -> None:
    x = 3 * torch.randn(2, 5, 40) + 1
    made = norm(5)(x)
    torch.testing.assert_close(made.mean((1, 2)), torch.zeros(2), rtol=0, atol=1e-5)
    torch.testing.assert_close(made.var((1, 2), unbiased=False), torch.ones(2))


def test_the_gradient_reaches_every_parameter(tiny: ConvTasNet) -> None:
    tiny(noise(1, 6_000)).stems.square().sum(2).mul(torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert [name for name, p in tiny.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("wrong", [{"channels": 0}, {"window": 87}, {"stems": 0}])
def test_a_size_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="an even window"):
        ConvTasNetConfig(**wrong)
