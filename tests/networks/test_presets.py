import json
from dataclasses import replace

import pytest
import torch

from limelight.errors import ModelError
from limelight.networks.presets import PRESETS, build, from_saved

WIDTHS = {name: 6 if preset.config.context_width else 0 for name, preset in PRESETS.items()}


@pytest.mark.parametrize(("name", "width"), WIDTHS.items())
def test_every_preset_remixes_by_mask_and_wave(name: str, width: int) -> None:
    """The seam that training, export and running rely on."""
    network = build(name, channels=4, context_width=width).eval()
    config = network.config
    assert (config.context_width, config.backbone.sample_rate) == (width, 48_000 if name == "lite" else 44_100)
    mixture, context = 0.1 * torch.randn(2, 9_000), torch.randn(2, 3, 6) if width else None
    magnitude = torch.rand(2, config.backbone.bins, -(-9_000 // config.backbone.hop))
    with torch.inference_mode():
        assert network(mixture, context).shape == mixture.shape
        assert network(mixture, context, torch.tensor([[0.0, 0, 1]] * 2)).shape == mixture.shape
        made = network.prescribe(magnitude, mixture, context)
    assert (made.mask.shape, made.wave.shape) == (magnitude.shape, mixture.shape)


@pytest.mark.parametrize(("name", "width"), WIDTHS.items())
def test_a_saved_configuration_builds_the_same_network(name: str, width: int) -> None:
    network = build(name, channels=4, context_width=width)
    saved = json.loads(json.dumps(network.config.as_dict()))
    again = from_saved(name, saved)
    assert again.config == network.config
    again.load_state_dict(network.state_dict())  # strict: every tensor has its place


def test_what_is_not_said_is_the_papers() -> None:
    with torch.device("meta"):
        assert all(build(name).config == preset.config for name, preset in PRESETS.items())
        assert build("visah", encoder_layers=6).config == replace(PRESETS["visah"].config, encoder_layers=6)  # type: ignore[type-var]


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(ModelError, match="preset 'vista'; there are visah"):
        build("vista")
    with pytest.raises(ModelError, match="preset 'vista'"):
        from_saved("vista", {})
    with pytest.raises(ModelError, match="with depth; it has"):
        build("visah", depth=3)
    with pytest.raises(ModelError, match="multiple of 4"):
        build("visah", channels=6)
    with pytest.raises(ModelError, match="works from sound alone"):
        build("learn2remix", context_width=6)
    for damaged in ({}, {"backbone": {"width": 1}}, {"backbone": {"channels": 5}}):
        with pytest.raises(ModelError, match="damaged"):
            from_saved("visah", damaged)
