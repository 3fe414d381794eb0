"""A checkpoint as a model that can be run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from limelight.errors import ModelError
from limelight.models.protocols import Remixer
from limelight.models.registry import load_remixer
from limelight.networks.visah import PRESETS, Visah
from limelight.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from limelight.training.export import TorchRemix, card_of, load_torch_remix, network_of
from limelight.vision.encoder import ContextChoice, ContextSource


def small(width: int = 5) -> Visah:
    return Visah(replace(PRESETS["visah"].sized(4), context_width=width, encoder_layers=1, decoder_layers=1))


def saved(path: Path, made: Visah, *, average: Visah | None = None, **changes: Any) -> Path:
    config = {"preset": "visah", "network": made.config.as_dict(), "context": "cues"} | changes
    parts = {"model": made, "average": average}
    tensors = {f"{part}.{key}": value for part, one in parts.items() if one for key, value in one.state_dict().items()}
    save_checkpoint(path, Checkpoint({key: value for key, value in config.items() if value is not None}, 7, tensors))
    return path


def first_weight(path: Path) -> torch.Tensor:
    return next(network_of(load_checkpoint(path), path).parameters())


def test_the_averaged_weights_are_the_ones_that_are_run(tmp_path: Path) -> None:
    last, average = small(), small()
    both = first_weight(saved(tmp_path / "both.safetensors", last, average=average))
    alone = first_weight(saved(tmp_path / "last.safetensors", last))
    assert torch.equal(both, next(average.parameters()))
    assert torch.equal(alone, next(last.parameters()))
    assert not torch.equal(both, alone)


def test_its_card_tells_how_much_it_has_seen(tmp_path: Path) -> None:
    path = saved(tmp_path / "run.safetensors", small())
    assert load_torch_remix(path, device="cpu").card.training_data == "7 steps"
    path = saved(tmp_path / "run.safetensors", small(), data={"clips": 800})
    assert load_torch_remix(path, device="cpu").card.training_data == "800 clips, 7 steps"


def test_it_answers_as_the_network_does(tmp_path: Path) -> None:
    network = small().eval()
    card = card_of(network, name="short", source=ContextSource(ContextChoice("cues")), seconds=0.1)
    magnitude, mixture, context = (
        torch.rand(1, card.bins, card.steps),
        torch.randn(1, card.samples),
        torch.rand(1, 2, 5),
    )
    with torch.inference_mode():
        wished = network.prescribe(magnitude, mixture, context)
    made = TorchRemix(network, card).prescribe(magnitude[0].numpy(), mixture[0].numpy(), context[0].numpy())
    np.testing.assert_array_equal(made.mask, wished.mask[0])
    np.testing.assert_array_equal(made.wave, wished.wave[0])


def test_commands_take_it_by_path_and_it_says_what_it_is(tmp_path: Path) -> None:
    network = small()
    model = load_remixer(saved(tmp_path / "checkpoint.safetensors", network), device="cpu")
    assert isinstance(model, Remixer)
    card = model.card
    assert (card.preset, card.context, card.context_width, card.samples) == ("visah", "cues", 5, 441_000)
    assert card.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert len(set(card.sha256)) > 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"preset": None}, "not of a remixing network"),
        ({"preset": "nonesuch"}, "nonesuch"),
        ({"context": "dreams"}, "says of its context what is none"),
        ({"network": PRESETS["visah"].sized(8).as_dict()}, "do not fit"),
    ],
)
def test_checkpoints_of_other_kinds_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = saved(tmp_path / "checkpoint.safetensors", small(), **changes)
    with pytest.raises(ModelError, match=message):
        load_torch_remix(path, device="cpu")


def test_a_context_must_be_as_wide_as_the_network_says(tmp_path: Path) -> None:
    path = saved(tmp_path / "checkpoint.safetensors", small(), context="none")
    with pytest.raises(ModelError, match="cannot be 5 numbers wide"):
        load_torch_remix(path, device="cpu")


def test_a_file_that_is_none_and_a_machine_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"broken\.safetensors"):
        load_remixer(tmp_path / "broken.safetensors")
    monkeypatch.setitem(__import__("sys").modules, "limelight.training.export", None)
    with pytest.raises(ModelError, match=r"pip install -e '\.\[train\]'"):
        load_remixer(tmp_path / "broken.safetensors")


def test_the_device_is_the_users(tmp_path: Path) -> None:
    path = saved(tmp_path / "checkpoint.safetensors", small())
    with pytest.raises(ModelError, match="cannot run on 'meadow'"):
        load_torch_remix(path, device="meadow")
    assert torch.device("cpu").type in load_torch_remix(path, device="cpu").device
