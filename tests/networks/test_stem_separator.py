"""The separator of `lite` 2: what holds for any weights."""

from __future__ import annotations

import torch

from limelight.networks.stem_separator import KINDS, Heard, StemSeparator, StemSeparatorConfig, sharpened, shifted

SMALL = StemSeparatorConfig(lines=12, bands=3, width=8, across=2, latent_width=8, blocks=2, heads=2, dropout=0.0)


def kinds_like(voice: torch.Tensor) -> torch.Tensor:
    return torch.zeros(*voice.shape, KINDS)


def answer(config: StemSeparatorConfig, power: torch.Tensor, voice: torch.Tensor) -> Heard:
    torch.manual_seed(0)
    network = StemSeparator(config)
    network.eval()
    with torch.no_grad():
        heard: Heard = network(power, voice, kinds_like(voice))
    return heard


def scene(steps: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.rand(2, 4, steps, SMALL.lines), torch.rand(2, steps)


def test_masks_share_out_the_whole() -> None:
    power, voice = scene()
    heard = answer(SMALL, power, voice)
    assert heard.masks.shape == (2, 3, 8, SMALL.lines)
    assert heard.presence.shape == (2, 2, 3)
    assert (heard.masks >= 0).all()
    torch.testing.assert_close(heard.masks.sum(1), torch.ones(2, 8, SMALL.lines))
    torch.testing.assert_close(heard.log_masks.exp(), heard.masks)


def test_tiles_come_back_in_their_places() -> None:
    torch.manual_seed(0)
    network = StemSeparator(SMALL)
    x = torch.rand(2, 5, 8, SMALL.lines)
    torch.testing.assert_close(network._lines(network._tiles(x), 5), x)


def test_untrained_it_believes_the_ear() -> None:
    """Where the ear hears nothing but speech, so does the network; where it hears none, neither does it."""
    power, voice = scene()
    power[:, 0] = 1.0
    power[:, 1, :, :6], power[:, 2, :, :6] = 1.0, 0.0
    power[:, 1, :, 6:], power[:, 2, :, 6:] = 0.0, 1.0
    masks = answer(SMALL, power, voice).masks
    assert masks[:, 0, :, :6].min() > 0.8
    assert masks[:, 0, :, 6:].max() < 0.2


def test_what_it_is_not_told_changes_nothing() -> None:
    power, voice = scene()
    other = power.clone()
    other[:, 3] = torch.rand_like(other[:, 3])
    deaf = StemSeparatorConfig(**SMALL.as_dict() | {"hears_side": False})
    torch.testing.assert_close(answer(deaf, power, voice).masks, answer(deaf, other, voice).masks)
    assert (answer(SMALL, power, voice).masks != answer(SMALL, other, voice).masks).any()


def test_untrained_it_does_not_mind_what_kinds_of_sound_there_are() -> None:
    """So weights that were trained without them are as good with them as they were."""
    power, voice = scene()
    torch.manual_seed(0)
    network = StemSeparator(SMALL).eval()
    with torch.no_grad():
        first, other = (network(power, voice, kinds).masks for kinds in (kinds_like(voice), kinds_like(voice) + 1))
        torch.testing.assert_close(first, other)
        network.kinds.outer.weight.normal_()
        assert (network(power, voice, kinds_like(voice) + 1).masks != first).any()


def test_silence_is_a_sound_like_others() -> None:
    heard = answer(SMALL, torch.zeros(2, 4, 8, SMALL.lines), torch.zeros(2, 8))
    assert torch.isfinite(heard.masks).all()
    assert torch.isfinite(heard.presence).all()


def test_a_quarter_of_the_channels_is_earlier_and_a_quarter_later() -> None:
    x = torch.rand(2, 9, 3, 8)
    moved = shifted(x, 4)
    torch.testing.assert_close(moved[:, 4:, :, :2], x[:, :-4, :, :2])
    torch.testing.assert_close(moved[:, :-4, :, 2:4], x[:, 4:, :, 2:4])
    torch.testing.assert_close(moved[..., 4:], x[..., 4:])
    assert not moved[:, :4, :, :2].any()
    assert not shifted(x, 20)[..., :4].any()


def test_a_stem_that_is_not_present_gets_nothing() -> None:
    power, voice = scene()
    torch.manual_seed(0)
    network = StemSeparator(SMALL).eval()
    with torch.no_grad():
        network.presence.outer.weight.zero_()
        network.presence.outer.bias.copy_(torch.tensor([-20.0, 20.0, 20.0]))
        masks = network(power, voice, kinds_like(voice)).masks
    assert masks[:, 0].max() < 1e-4
    torch.testing.assert_close(masks.sum(1), torch.ones(2, 8, SMALL.lines))


def test_sharpened_masks_share_out_the_whole_and_keep_their_order() -> None:
    power, voice = scene()
    heard = answer(SMALL, power, voice)
    masks = sharpened(heard.log_masks)
    torch.testing.assert_close(masks.sum(1), torch.ones(2, 8, SMALL.lines))
    assert (masks.argmax(1) == heard.masks.argmax(1)).all()
    assert (masks.amax(1) >= heard.masks.amax(1) - 1e-6).all()
