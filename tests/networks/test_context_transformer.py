"""The latent highlighting transformer: silent at first, then looking over time, whatever the length."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from networks.tiny import shaken
from torch import Tensor

from limelight.networks.context_transformer import (
    ContextEncoder,
    ContextTransformer,
    ContextTransformerConfig,
    step_code,
)

TINY = ContextTransformerConfig(embedding_width=64, heads=2, context_width=12, encoder_layers=2, decoder_layers=2)


def scene(batch: int = 2, steps: int = 9, moments: int = 7) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    embedding = torch.randn(batch, TINY.embedding_width, steps, generator=generator)
    return embedding, torch.randn(batch, moments, TINY.context_width, generator=generator)


def test_at_first_it_changes_nothing_whatever_the_context() -> None:
    network = ContextTransformer(TINY)
    embedding, context = scene()
    for seen in (None, context, 100 * context):
        assert torch.equal(network(embedding, seen), embedding)


def test_the_way_out_can_leave_zero() -> None:
    network = ContextTransformer(TINY)
    embedding, context = scene()
    (network(embedding, context) - 3).square().mean().backward()
    assert network.embedding_out.weight.grad.abs().max() > 0


def test_the_context_is_encoded_over_time_not_over_the_batch() -> None:
    encoder = shaken(ContextEncoder(TINY))
    _, context = scene(batch=2)
    other = context.clone()
    other[0, 5] += 1
    before, after = encoder(context), encoder(other)
    assert ((before[0] - after[0]).abs().amax(-1) > 1e-4).all()  # every moment of its film feels it
    assert torch.equal(before[1], after[1])


def test_over_the_batch_a_moment_sees_other_films_and_not_its_own(published: ContextEncoder) -> None:
    """The slip of the released code."""
    _, context = scene(batch=2)
    other = context.clone()
    other[0, 5] += 1
    moved = (published(context) - published(other)).abs().amax(-1)  # [B, M]
    assert (moved[:, 5] > 1e-4).all()
    assert not moved[:, [0, 1, 2, 3, 4, 6]].any()


@pytest.fixture
def published() -> ContextEncoder:
    return shaken(ContextEncoder(replace(TINY, context_axis="batch")))


def test_an_axis_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="over time or batch, got 'width'"):
        replace(TINY, context_axis="width")


def test_the_order_of_the_context_matters_but_not_without_its_places() -> None:
    network = shaken(ContextTransformer(TINY))
    embedding, context = scene()
    order = torch.tensor([3, 1, 0, 2, 6, 5, 4])
    assert (network(embedding, context) - network(embedding, context[:, order])).abs().max() > 1e-3
    layer = network.context_encoder.layers[0]
    x, nowhere = torch.randn(1, 7, TINY.width), torch.zeros(1, 7, TINY.width)
    torch.testing.assert_close(layer(x, nowhere, None)[:, order], layer(x[:, order], nowhere, None))


def test_the_sound_carries_no_places() -> None:
    network = shaken(ContextTransformer(TINY))
    embedding, context = scene()
    order = torch.randperm(9)
    moved = network(embedding[..., order], context)
    torch.testing.assert_close(network(embedding, context)[..., order], moved, rtol=1e-3, atol=1e-3)


def test_hidden_steps_do_not_matter() -> None:
    network = shaken(ContextTransformer(TINY))
    embedding, context = scene()
    hidden = torch.zeros(2, 7)
    hidden[:, 4:] = 1
    torch.testing.assert_close(
        network(embedding, context, hidden), network(embedding, context[:, :4]), rtol=1e-3, atol=1e-3
    )


def test_without_a_context_the_sound_looks_at_itself() -> None:
    network = shaken(ContextTransformer(TINY))
    embedding, _ = scene()
    assert (network(embedding) - embedding).abs().max() > 1e-3


def test_a_network_built_for_no_context_refuses_one() -> None:
    blind = ContextTransformer(ContextTransformerConfig(64, 2, context_width=0))
    embedding, context = scene()
    assert torch.equal(blind(embedding), embedding)
    with pytest.raises(ValueError, match="without a context encoder"):
        blind(embedding, context)


@pytest.mark.parametrize(("steps", "moments"), [(1, 1), (1, 8), (30, 1), (17, 40)])
def test_any_length_of_either(steps: int, moments: int) -> None:
    embedding, context = scene(steps=steps, moments=moments)
    made = shaken(ContextTransformer(TINY))(embedding, context)
    assert made.shape == embedding.shape
    assert made.isfinite().all()


def test_places_are_told_apart_and_neighbours_alike() -> None:
    code = step_code(torch.zeros(1, 60, 32))
    near = (code[:-1] * code[1:]).sum(-1)
    far = (code[:-20] * code[20:]).sum(-1)
    torch.testing.assert_close(code.square().sum(-1), torch.full((60,), 16.0))
    assert near.min() > far.max()
