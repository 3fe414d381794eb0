import pytest
import torch
from networks.tiny import HIGHLIGHTER, shaken
from torch import Tensor

from limelight.networks.highlighter import Attention, Highlighter, time_code

TOKENS, MOMENTS = 12, 8


def scene(batch: int = 2, tokens: int = TOKENS, moments: int = MOMENTS) -> dict[str, Tensor]:
    """A latent with two tokens a second, a context with one moment a second, nothing hidden."""
    generator = torch.Generator().manual_seed(1)
    return {
        "latent": torch.randn(batch, tokens, HIGHLIGHTER.latent_width, generator=generator),
        "latent_seconds": (torch.arange(tokens) / 2).expand(batch, tokens),
        "context": torch.rand(batch, moments, HIGHLIGHTER.context_width, generator=generator),
        "context_seconds": torch.arange(moments).float().expand(batch, moments),
        "hidden": torch.zeros(batch, moments),
    }


@pytest.fixture
def highlighter() -> Highlighter:
    return shaken(Highlighter(HIGHLIGHTER))


def test_adds_exactly_nothing_at_first() -> None:
    inputs = scene()
    assert torch.equal(Highlighter(HIGHLIGHTER)(**inputs), inputs["latent"])


@pytest.mark.parametrize(("tokens", "moments"), [(1, 1), (1, 9), (13, 1), (30, 4)])
def test_any_number_of_tokens_and_moments(highlighter: Highlighter, tokens: int, moments: int) -> None:
    inputs = scene(tokens=tokens, moments=moments)
    assert highlighter(**inputs).shape == inputs["latent"].shape


def test_hidden_moments_do_not_matter(highlighter: Highlighter) -> None:
    inputs = scene()
    inputs["hidden"][0, 3:] = 1
    before = highlighter(**inputs)
    inputs["context"][0, 3:] = 1e3
    inputs["context_seconds"] = inputs["context_seconds"].clone()
    inputs["context_seconds"][0, 3:] += 17
    assert torch.equal(highlighter(**inputs), before)


def test_hidden_moments_are_as_good_as_absent(highlighter: Highlighter) -> None:
    inputs = scene()
    inputs["hidden"][:, 3:] = 1
    shorter = inputs | {name: inputs[name][:, :3] for name in ("context", "context_seconds", "hidden")}
    torch.testing.assert_close(highlighter(**inputs), highlighter(**shorter))


def test_no_picture_at_all_is_heard_without_one(highlighter: Highlighter) -> None:
    inputs = scene()
    inputs["hidden"][:] = 1
    before = highlighter(**inputs)
    assert before.isfinite().all()
    assert torch.equal(highlighter(**inputs | {"context": inputs["context"] - 5}), before)


def test_a_moment_reaches_the_sound_before_it(highlighter: Highlighter) -> None:
    """Attention runs along time: a cue of second 5 may change what is done in second 4, and in every other."""
    inputs = scene()
    before = highlighter(**inputs)
    inputs["context"][0, 5] += 1
    moved = (highlighter(**inputs) - before).abs().amax(-1)  # [B, L]
    assert (moved[0] > 1e-6).all()


def test_batch_items_do_not_meet(highlighter: Highlighter) -> None:
    """The released code of the paper attends over the batch; ours must not."""
    inputs = scene(batch=3)
    before = highlighter(**inputs)
    inputs["context"][1] += 1
    inputs["latent"][1] += 1
    after = highlighter(**inputs)
    assert torch.equal(after[[0, 2]], before[[0, 2]])
    alone = highlighter(**{name: value[:1] for name, value in inputs.items()})
    torch.testing.assert_close(alone, before[:1])


def test_only_its_time_places_a_moment(highlighter: Highlighter) -> None:
    inputs = scene()
    order = torch.randperm(MOMENTS)
    shuffled = inputs | {name: inputs[name][:, order] for name in ("context", "context_seconds", "hidden")}
    torch.testing.assert_close(highlighter(**shuffled), highlighter(**inputs))
    misplaced = inputs | {"context": inputs["context"][:, order]}
    assert (highlighter(**misplaced) - highlighter(**inputs)).abs().max() > 1e-4


def test_time_code_has_constant_length_and_tells_frames_apart() -> None:
    code = time_code(torch.arange(0, 20, 0.085)[None], 16)
    torch.testing.assert_close(code.square().sum(-1), torch.full(code.shape[:2], 8.0))
    distance = torch.cdist(code, code)[0] + 10 * torch.eye(code.shape[1])
    assert distance.min() > 0.01


def test_attention_is_a_softmax_average() -> None:
    attention = shaken(Attention(8, 2))
    x, memory, hidden = torch.randn(1, 3, 8), torch.randn(1, 4, 8), torch.tensor([[0.0, 0, 1, 0]])
    q, k, v = attention.q(x)[0], attention.k(memory)[0], attention.v(memory)[0]
    heads = []
    for part in (slice(0, 4), slice(4, 8)):
        weights = ((q[:, part] @ k[[0, 1, 3]][:, part].T) / 2).softmax(-1)
        heads.append(weights @ v[[0, 1, 3]][:, part])
    torch.testing.assert_close(attention(x, memory, hidden)[0], attention.out(torch.cat(heads, -1)))
