"""SepReformer against the size of its paper, and the looks it is made of."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from limelight.networks.sep_reformer import (
    AcrossStreams,
    GlobalLook,
    HalfAsManySteps,
    LocalFeedForward,
    LocalLook,
    SepReformer,
    SepReformerConfig,
    Split,
)

PAPER = SepReformerConfig(streams=2, taps=65)
PAPER_MILLIONS = 14.2
TINY = SepReformerConfig(width=8, stages=2, taps=5)


def drawn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def felt(layer: torch.nn.Module, steps: int = 32, at: int = 16) -> list[int]:
    """The steps whose output changes where one step's input does."""
    x = drawn(1, steps, 8)
    other = x.clone()
    other[:, at] = -other[:, at]
    with torch.inference_mode():
        change = (layer(x) - layer(other)).abs().amax(-1)[0]
    return (change > 1e-6).nonzero()[:, 0].tolist()


@pytest.fixture
def tiny() -> SepReformer:
    torch.manual_seed(2)
    return SepReformer(TINY).eval()


def test_has_as_many_parameters_as_the_paper() -> None:
    """But for what is not here: its transform's 256 windows of 16, the layers to and from them, 4,000 relative places."""
    with torch.device("meta"):
        network = SepReformer(PAPER)
    count = sum(parameter.numel() for parameter in network.parameters())
    elsewhere = 2 * 256 * 16 + 256 * 3 * 128 + 4_000 * 16
    assert (count + elsewhere) / 1e6 == pytest.approx(PAPER_MILLIONS, rel=0.02)


@pytest.mark.parametrize("steps", [1, 3, 4, 13, 40])
def test_any_number_of_steps_becomes_as_many_of_each_stream(tiny: SepReformer, steps: int) -> None:
    with torch.inference_mode():
        made = tiny(drawn(2, steps, 8))
    assert made.shape == (2, 3, steps, 8)
    assert made.isfinite().all()


def test_the_streams_are_not_the_same(tiny: SepReformer) -> None:
    with torch.inference_mode():
        made = tiny(drawn(1, 12, 8))
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert (made[:, a] - made[:, b]).abs().max() > 0.1


def test_items_of_a_batch_do_not_see_each_other(tiny: SepReformer) -> None:
    x = drawn(2, 20, 8)
    with torch.inference_mode():
        together, alone = tiny(x), torch.cat([tiny(x[:1]), tiny(x[1:])])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_it_is_modulated_once_at_every_place(tiny: SepReformer) -> None:
    """Steps halve on the way in and double on the way out; streams are there from the split on."""
    seen: list[tuple[int, tuple[int, ...]]] = []

    def modulate(x: Tensor, place: int) -> Tensor:
        seen.append((place, tuple(x.shape)))
        return x

    x = drawn(1, 16, 8)
    with torch.inference_mode():
        assert torch.equal(tiny(x, modulate=modulate), tiny(x))
    shapes = [(1, 16, 8), (1, 8, 8), (1, 4, 8), (1, 3, 8, 8), (1, 3, 16, 8)]
    assert seen == list(enumerate(shapes))
    assert len(seen) == TINY.places


@pytest.mark.parametrize("place", range(TINY.places))
def test_what_is_changed_at_a_place_is_heard_at_the_end(tiny: SepReformer, place: int) -> None:
    x = drawn(1, 16, 8)
    with torch.inference_mode():
        change = tiny(x, modulate=lambda x, i: 2 * x + 1 if i == place else x) - tiny(x)
    assert change.abs().max() > 1e-2


def test_a_look_around_goes_as_far_as_its_taps() -> None:
    assert felt(LocalLook(8, 5)) == list(range(14, 19))
    assert felt(LocalFeedForward(8)) == list(range(15, 18))


def test_a_look_over_all_goes_everywhere() -> None:
    assert felt(GlobalLook(8, 4)) == list(range(32))


def test_a_closed_gate_takes_nothing_of_the_whole() -> None:
    look = GlobalLook(8, 4)
    torch.nn.init.zeros_(look.gate[1].weight)
    torch.nn.init.constant_(look.gate[1].bias, -100)
    x = drawn(1, 32, 8)
    assert torch.equal(look(x), x)


def test_down_halves_the_steps() -> None:
    assert HalfAsManySteps(8, 5)(drawn(1, 12, 8)).shape == (1, 6, 8)


def test_streams_look_across_at_the_same_step_only() -> None:
    """Attention at one step; the feed-forward then reaches a step to each side."""
    layer = AcrossStreams(8)
    x = drawn(1, 3, 10, 8)
    other = x.clone()
    other[0, 2, 5] = -other[0, 2, 5]
    with torch.inference_mode():
        change = (layer(x) - layer(other)).abs().amax(-1)[0]  # [K, T]
    assert (change[:, 4:7] > 1e-6).all()
    assert not (change[:, :4] > 1e-6).any()
    assert not (change[:, 7:] > 1e-6).any()


def test_streams_have_no_order_of_their_own() -> None:
    layer, x, order = AcrossStreams(8), drawn(1, 3, 6, 8), [2, 0, 1]
    with torch.inference_mode():
        torch.testing.assert_close(layer(x)[:, order], layer(x[:, order]))


def test_a_split_gives_normed_streams() -> None:
    made = Split(8, 3)(drawn(2, 5, 8))
    assert made.shape == (2, 3, 5, 8)
    torch.testing.assert_close(made.mean(-1), torch.zeros(2, 3, 5), rtol=0, atol=1e-5)


def test_the_gradient_reaches_every_parameter(tiny: SepReformer) -> None:
    weights = drawn(1, 3, 24, 8, seed=4)
    (tiny(drawn(1, 24, 8)) * weights).sum().backward()
    untouched = [name for name, p in tiny.named_parameters() if p.grad is None or not p.grad.any()]
    assert [name for name in untouched if not name.endswith("k.bias")] == []  # a softmax forgets a key's bias


@pytest.mark.parametrize("wrong", [{"width": 6}, {"width": 0}, {"stages": 0}, {"streams": 0}, {"taps": 4}])
def test_a_size_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"multiple of 4|odd taps"):
        replace(TINY, **wrong)
