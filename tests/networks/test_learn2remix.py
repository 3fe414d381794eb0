"""`learn2remix`: the mixture itself at first, then the mixture and so much of each stem."""

from __future__ import annotations

import json

import pytest
import torch
from torch import Tensor

from limelight.networks.dual_unet import istft, stft
from limelight.networks.learn2remix import LARGEST_GAIN_DB, Learn2Remix, Learn2RemixConfig, Remix, levels
from limelight.networks.remixer import on_every_channel

TINY = Learn2RemixConfig().sized(4)
SAMPLES = 9 * 1024


def noise(*shape: int, seed: int = 1) -> Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def tones(batch: int = 1) -> Tensor:
    """Nothing near Nyquist, which the STFT of a mask drops, [B, N]."""
    time = torch.arange(SAMPLES) / TINY.backbone.sample_rate
    sound = sum(torch.sin(2 * torch.pi * hertz * time) for hertz in (110, 440, 3_000))
    return 0.1 * sound.expand(batch, -1)


@pytest.fixture
def network() -> Learn2Remix:
    torch.manual_seed(2)
    return Learn2Remix(TINY).eval()


@pytest.fixture
def stirred(network: Learn2Remix) -> Learn2Remix:
    """As if trained a little: gains of some decibels."""
    with torch.no_grad():
        network.gains.out.weight.normal_(std=0.2)
        network.gains.out.bias.copy_(torch.tensor([0.3, -0.2, 0.1]))
    return network


@pytest.mark.parametrize("samples", [1, 44, 3_000, 20_001])
def test_at_first_any_mixture_comes_out_as_it_went_in(network: Learn2Remix, samples: int) -> None:
    mixture = noise(2, samples)
    with torch.inference_mode():
        assert torch.equal(network(mixture), mixture)


def test_output_is_the_mixture_and_so_much_of_each_stem(stirred: Learn2Remix) -> None:
    mixture = noise(2, 5_000)
    with torch.inference_mode():
        remix = stirred.remix(mixture)
        gains = 10 ** (remix.gains_db / 20)
        torch.testing.assert_close(stirred(mixture), (gains[..., None] * remix.stems).sum(1), rtol=1e-4, atol=1e-6)
    assert remix.gains_db.abs().min() > 0.1


def test_one_gain_for_all_stems_is_that_gain() -> None:
    mixture, stems = noise(1, 400), noise(1, 3, 400, seed=2)
    stems[:, 2] = mixture - stems[:, :2].sum(1)
    made = Remix(mixture, stems, torch.full((1, 3), 20.0)).output
    torch.testing.assert_close(made, 10 * mixture, rtol=1e-4, atol=1e-5)


def test_no_gain_goes_beyond_the_largest(network: Learn2Remix) -> None:
    with torch.no_grad():
        network.gains.out.bias.copy_(torch.tensor([100.0, -100.0, 0.0]))
        gains_db = network.remix(noise(1, 2_000)).gains_db
    torch.testing.assert_close(gains_db, torch.tensor([[LARGEST_GAIN_DB, -LARGEST_GAIN_DB, 0.0]]))


def test_gains_hear_how_loud_it_is(stirred: Learn2Remix) -> None:
    mixture = noise(1, 4_000)
    with torch.inference_mode():
        loud, quiet = (stirred.remix(gain * mixture).gains_db for gain in (1.0, 0.1))
    assert (loud - quiet).abs().max() > 0.1


def test_levels_are_in_known_units() -> None:
    """−30 dB is 0, 15 dB are 1."""
    time = torch.arange(44_100) / 44_100
    sine = 2**0.5 * torch.sin(2 * torch.pi * 100 * time)
    stems = torch.stack([10 ** (db / 20) * sine for db in (-30, -15, -45)])[None]
    torch.testing.assert_close(levels(stems), torch.tensor([[0.0, 1.0, -1.0]]), rtol=0, atol=0.02)
    torch.testing.assert_close(levels(0 * stems), torch.full((1, 3), -8 / 3))


def test_silence_stays_silence(stirred: Learn2Remix) -> None:
    with torch.inference_mode():
        assert not stirred(torch.zeros(1, 3_000)).any()


def test_the_change_is_prescribed_beside_a_mask_of_ones(stirred: Learn2Remix) -> None:
    mixture = tones()
    with torch.inference_mode():
        spectrum = stft(mixture, TINY.backbone)
        made = stirred.prescribe(spectrum.abs(), mixture)
        output = istft(made.mask * spectrum, SAMPLES, TINY.backbone) + made.wave
        torch.testing.assert_close(output, stirred(mixture), rtol=0, atol=1e-4)
        torch.testing.assert_close(made.wave, stirred(mixture) - mixture, rtol=0, atol=1e-6)
    assert torch.equal(made.mask, torch.ones(1, 2048, 9))


def test_stereo_keeps_equal_channels_equal_and_silent_ones_silent(stirred: Learn2Remix) -> None:
    mono = tones()
    with torch.inference_mode():
        alone = stirred(mono)
        twice = on_every_channel(stirred, mono[:, None].expand(1, 2, SAMPLES))
        half = on_every_channel(stirred, torch.stack([mono, 0 * mono], dim=1))
    torch.testing.assert_close(twice[:, 0], twice[:, 1], rtol=0, atol=1e-6)
    torch.testing.assert_close(twice[:, 0], alone, rtol=0, atol=1e-4)
    assert not half[:, 1].any()


def test_the_gradient_reaches_every_parameter(stirred: Learn2Remix) -> None:
    (stirred.train()(noise(2, 6_000)) - noise(2, 6_000, seed=3)).square().mean().backward()
    untouched = [name for name, p in stirred.named_parameters() if p.grad is None or not p.grad.any()]
    assert untouched == []


def test_it_cannot_be_shown_anything(network: Learn2Remix) -> None:
    for call in (
        lambda seen: network(noise(1, 500), seen),
        lambda seen: network.prescribe(noise(1, 2048, 3), noise(1, 500), seen),
    ):
        with pytest.raises(ValueError, match="sound alone"):
            call(noise(1, 2, 6))
    with pytest.raises(ValueError, match="sound alone"):
        Learn2RemixConfig(context_width=6)


def test_config_survives_json() -> None:
    for config in (TINY, Learn2RemixConfig()):
        assert Learn2RemixConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config
    assert Learn2RemixConfig().sized(128) == Learn2RemixConfig()
