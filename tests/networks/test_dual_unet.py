"""The dual U-Net against the table of its paper, and what must hold of it at any size."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from limelight.networks.dual_unet import DualUnet, DualUnetConfig, Encoded, FrequencyEmbedding, istft, stft
from limelight.networks.unet_layers import LSTM_STEPS, ChunkedLstm, Down, Level, LocalAttention, ResidualBranch, Up

TEN_SECONDS = 441_000
PAPER_PARAMETERS = 20.96e6
TINY = DualUnetConfig(channels=4)


@pytest.fixture(scope="module")
def paper() -> DualUnet:
    torch.manual_seed(1)
    return DualUnet(DualUnetConfig()).eval()


@pytest.fixture
def tiny() -> DualUnet:
    torch.manual_seed(2)
    return DualUnet(TINY)


@pytest.fixture(scope="module")
def ten_seconds(paper: DualUnet) -> tuple[Encoded, dict[str, tuple[int, ...]]]:
    """What the encoder of the paper's size leaves, and the shape of the waveform branch where it joins."""
    shapes: dict[str, tuple[int, ...]] = {}
    hook = paper.wave_in.register_forward_hook(lambda _module, _given, out: shapes.update(merged=tuple(out.shape)))
    with torch.inference_mode():
        encoded = paper.encode(*heard(paper, noise(TEN_SECONDS)))
    hook.remove()
    return encoded, shapes


def noise(samples: int, *, batch: int = 1, seed: int = 3) -> Tensor:
    return 0.1 * torch.randn(batch, samples, generator=torch.Generator().manual_seed(seed))


def heard(network: DualUnet, mixture: Tensor) -> tuple[Tensor, Tensor]:
    """What the encoder is given."""
    return stft(mixture, network.config).abs(), mixture


def test_has_as_many_parameters_as_the_paper(paper: DualUnet) -> None:
    count = sum(parameter.numel() for parameter in paper.parameters())
    assert count == pytest.approx(PAPER_PARAMETERS, rel=0.005)


def test_the_shapes_of_the_paper(ten_seconds: tuple[Encoded, dict[str, tuple[int, ...]]]) -> None:
    encoded, shapes = ten_seconds
    assert stft(noise(TEN_SECONDS), DualUnetConfig()).shape == (1, 2048, 431)
    assert [tuple(skip.shape[1:]) for skip in encoded.skips] == [
        (24, 512, 431),
        (48, 128, 431),
        (96, 32, 431),
        (192, 8, 431),
        (384, 1, 431),
    ]
    assert [tuple(skip.shape[1:]) for skip in encoded.wave_skips] == [
        (24, 110250),
        (48, 27563),
        (96, 6891),
        (192, 1723),
    ]
    assert shapes["merged"] == (1, 384, 431)
    assert encoded.embedding.shape == (1, 768, 216)


@pytest.mark.parametrize("samples", [1, 1000, 3071, 3072, 3073, 10_240, 22_051])
def test_any_length_goes_through(tiny: DualUnet, samples: int) -> None:
    mixture = noise(samples, batch=2)
    with torch.inference_mode():
        output = tiny(mixture)
    assert output.shape == mixture.shape
    assert output.isfinite().all()


def test_silence_gives_what_is_finite(tiny: DualUnet) -> None:
    with torch.inference_mode():
        assert tiny(torch.zeros(1, 8000)).isfinite().all()


def test_the_gradient_reaches_every_parameter(tiny: DualUnet) -> None:
    tiny(noise(12_000)).square().mean().backward()
    untouched = [name for name, p in tiny.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    # A bias right before a norm over few, or a key's bias under a softmax, moves nothing by the mathematics.
    assert [name for name in untouched if not name.endswith(".bias")] == []


def test_items_of_a_batch_do_not_see_each_other(tiny: DualUnet) -> None:
    mixture = noise(9000, batch=2)
    with torch.inference_mode():
        together, alone = tiny(mixture), torch.cat([tiny(mixture[:1]), tiny(mixture[1:])])
    torch.testing.assert_close(together, alone, rtol=1e-3, atol=1e-5)


def test_a_highlighter_that_changes_nothing_changes_nothing(tiny: DualUnet) -> None:
    mixture = noise(9000)
    with torch.inference_mode():
        assert torch.equal(tiny(mixture), tiny(mixture, highlight=lambda embedding: embedding))


def test_a_highlighter_is_given_the_embedding_and_is_heard(tiny: DualUnet) -> None:
    seen: list[tuple[int, ...]] = []

    def highlight(embedding: Tensor) -> Tensor:
        seen.append(tuple(embedding.shape))
        return embedding + 1

    mixture = noise(10 * 1024)
    with torch.inference_mode():
        changed = tiny(mixture, highlight=highlight) - tiny(mixture)
    assert seen == [(1, TINY.embedding_width, 5)]
    assert changed.abs().max() > 1e-6


def test_a_mask_of_ones_and_a_silent_waveform_branch_are_the_identity(tiny: DualUnet) -> None:
    """The last convolutions say 1 for every bin and 0 for every sample."""
    with torch.no_grad():
        for layer, value in ((tiny.decoder[0].up.conv, 1.0), (tiny.wave_decoder[0].up.conv, 0.0)):
            layer.weight.zero_()
            layer.bias.fill_(value)
    mixture = noise(20_000)
    mixture = torch.cumsum(mixture, 1)  # nothing near Nyquist
    mixture = mixture - mixture.mean()  # which the waveform branch would give back, beside the mask
    with torch.inference_mode():
        output = tiny(mixture)
    torch.testing.assert_close(output, mixture, rtol=0, atol=1e-3 * float(mixture.abs().max()))


def test_the_magnitude_is_not_normalised_but_the_waveform_is(tiny: DualUnet) -> None:
    """Eight times the sound is eight times the first convolution on the left, and the same on the right."""
    seen: list[Tensor] = []
    tiny.encoder[0].down.conv.bias.data.zero_()
    tiny.encoder[0].down.register_forward_hook(lambda _module, _given, out: seen.append(out))
    mixture = noise(9000)
    with torch.inference_mode():
        quiet, loud = tiny.encode(*heard(tiny, mixture)), tiny.encode(*heard(tiny, 8 * mixture))
    torch.testing.assert_close(seen[1], 8 * seen[0])
    torch.testing.assert_close(loud.wave_skips[0], quiet.wave_skips[0], rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("samples", [3072, 5000, 44_100])
def test_the_transform_has_its_inverse(samples: int) -> None:
    time = torch.arange(samples)[None] / TINY.sample_rate
    tone = torch.sin(2 * torch.pi * 440 * time) + 0.5  # nothing at Nyquist
    spectrum = stft(tone, TINY)
    assert spectrum.shape == (1, TINY.bins, -(-samples // TINY.hop))
    torch.testing.assert_close(istft(spectrum, samples, TINY), tone, rtol=0, atol=1e-3)


@pytest.mark.parametrize("over_frequency", [True, False])
def test_up_undoes_the_shape_of_down(over_frequency: bool) -> None:
    level = Level(3, 8, over_frequency=over_frequency)
    x = torch.randn(1, 3, 32, 5) if over_frequency else torch.randn(1, 3, 37)
    below = Down(level)(x)
    assert below.shape[2] == -(-x.shape[2] // level.stride)
    assert Up(level)(below, x.shape[-1]).shape == x.shape


def test_a_new_residual_branch_hardly_says_anything() -> None:
    x = torch.randn(2, 16, 50)
    with torch.inference_mode():
        change = ResidualBranch(16, deep=True)(x) - x
    assert 0 < change.abs().max() < 1e-2


def test_an_lstm_in_chunks_hears_what_it_would_hear_at_once() -> None:
    """But for the last steps, whose chunk ends in silence: 50 steps and more to either side are all that matters."""
    torch.manual_seed(4)
    layer = ChunkedLstm(8)
    x = torch.randn(1, 8, 3 * LSTM_STEPS + 17)
    with torch.inference_mode():
        whole = x + layer._whole(x.transpose(1, 2)).transpose(1, 2)
        cut = layer(x)
    assert cut.shape == x.shape
    torch.testing.assert_close(cut[..., :-50], whole[..., :-50], rtol=0, atol=1e-3)


def test_attention_forgets_what_is_far_and_never_looks_at_itself() -> None:
    """The naive formula, step by step."""
    torch.manual_seed(5)
    layer = LocalAttention(8, heads=2)
    torch.nn.init.normal_(layer.decay.weight)
    x = torch.randn(1, 8, 6)
    with torch.inference_mode():
        q, k, v = (part(x)[0].reshape(2, 4, 6) for part in (layer.query, layer.key, layer.content))
        a = layer.decay(x)[0].reshape(2, 4, 6).sigmoid() / 2
        heard = torch.zeros(2, 4, 6)
        for h in range(2):
            for t in range(6):
                scores = torch.full((6,), -100.0)
                for s in range(6):
                    fade = sum((j + 1) * abs(t - s) / 2 * float(a[h, j, t]) for j in range(4))
                    if s != t:
                        scores[s] = k[h, :, s] @ q[h, :, t] / 2 - fade
                heard[h, :, t] = v[h] @ scores.softmax(0)
        expected = x + layer.out(heard.reshape(1, 8, 6))
        torch.testing.assert_close(layer(x), expected)


def test_neighbouring_frequencies_start_alike() -> None:
    torch.manual_seed(6)
    rows = FrequencyEmbedding(512, 24).rows.detach()
    apart = (rows[100:400] - rows[200:500]).abs().mean()
    assert (rows[100:400] - rows[101:401]).abs().mean() < 0.2 * apart


@pytest.mark.parametrize("channels", [0, 6, -4])
def test_a_width_that_cannot_be_is_refused(channels: int) -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        DualUnetConfig(channels=channels)
