"""The variant `released` against a slow second writing of the published network, from a file of the published form."""

from __future__ import annotations

from argparse import Namespace
from collections import OrderedDict, deque
from pathlib import Path

import pytest
import torch
from networks.published_oracle import random_weights, run
from torch import Tensor

from limelight.errors import ModelError, UsageError
from limelight.networks.released import BUFFERS, from_published, published, read_released
from limelight.networks.visah import PRESETS, Visah, VisahConfig

HEADS, WIDTH, CONTEXT = 2, 64, 12


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    return random_weights(7, channels=4, width=WIDTH, context=CONTEXT, layers=2)


@pytest.fixture(scope="module")
def scene() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    steps = torch.linspace(0, 1, 17_000)
    tones = torch.stack([torch.sin(900 * steps), torch.sin(5000 * steps**2)])
    return 0.2 * tones + 0.05 * torch.randn(2, 17_000, generator=generator), torch.randn(
        2, 3, CONTEXT, generator=generator
    )


def relative(found: Tensor, wished: Tensor) -> float:
    return float((found - wished).norm() / wished.norm())


def test_it_computes_what_the_published_network_computes(
    weights: dict[str, Tensor], scene: tuple[Tensor, Tensor]
) -> None:
    """To the ends of the clip; the context matters, or its axis could not be told."""
    wished = {over: run(weights, *scene, heads=HEADS, over=over) for over in ("batch", "time")}
    assert relative(wished["batch"], wished["time"]) > 3e-4
    network = from_published(weights)
    with torch.inference_mode():
        assert relative(network(*scene), wished["batch"]) < 3e-6


def test_ours_differs_in_three_switches_and_in_nothing_else(
    weights: dict[str, Tensor], scene: tuple[Tensor, Tensor]
) -> None:
    released, ours = from_published(weights), from_published(weights, variant="limelight")
    assert released.config.as_variant("limelight") == ours.config
    assert ours.config.as_variant("released") == released.config
    with torch.inference_mode():
        assert relative(ours(*scene), released(*scene)) > 1e-2
    turned = VisahConfig.from_dict(
        ours.config.as_dict()
        | {
            "context_axis": "batch",
            "backbone": ours.config.backbone.__dict__ | {"faded_ends": True, "embedding_twice": True},
        }
    )
    assert turned == released.config


def test_a_lightning_checkpoint_is_read(
    weights: dict[str, Tensor], scene: tuple[Tensor, Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "visah-epoch=199-val_loss=0.02.ckpt"
    table = {f"model.{name}": value for name, value in weights.items()} | {"loss.window": torch.ones(3)}
    torch.save({"epoch": 199, "state_dict": table, "hyper_parameters": {"lr": 1e-4}}, path)
    network = read_released(path)
    config = network.config
    assert (config.backbone.channels, config.context_width, config.encoder_layers, config.decoder_layers) == (
        4,
        CONTEXT,
        2,
        2,
    )
    assert (config.highlighter.heads, config.context_axis, network.training) == (HEADS, "batch", False)
    with torch.inference_mode():
        assert torch.equal(network(*scene), from_published(weights)(*scene))


class Callback(dict[str, int]):
    """A class that its reader has not."""


def test_a_variant_that_is_none_is_a_wrong_word_and_no_fault_of_ours(weights: dict[str, Tensor]) -> None:
    with pytest.raises(UsageError, match="no variant 'publishd'"):
        from_published(weights, variant="publishd")


@pytest.mark.parametrize("prefix", ["", "net.", "model.module."])
def test_options_and_callbacks_of_any_class_are_passed_over(
    weights: dict[str, Tensor], tmp_path: Path, prefix: str
) -> None:
    path = tmp_path / "last.ckpt"
    others = {
        "hyper_parameters": Namespace(out=tmp_path, lr=1e-4),
        "callbacks": Callback(best=3),
        "seen": deque([1, 2]),
    }
    table = {f"{prefix}{name}": torch.nn.Parameter(value) for name, value in weights.items()}
    torch.save(others | {"state_dict": OrderedDict(table) | {"loss.window": torch.ones(3)}}, path)
    network = read_released(path)
    for one, two in zip(network.parameters(), from_published(weights).parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("preset", PRESETS)
def test_at_full_size_every_weight_has_a_published_name(preset: str) -> None:
    with torch.device("meta"):
        ours = Visah(PRESETS[preset]).state_dict()
    shared = sum(".in_proj_" in published(name) for name in ours)
    assert len({published(name) for name in ours}) == len(ours) - 2 * shared // 3


def test_other_files_are_refused(weights: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "other.ckpt"
    with pytest.raises(ModelError, match="could not read it"):
        read_released(path)
    path.write_bytes(b"no checkpoint")
    with pytest.raises(ModelError, match="could not read it"):
        read_released(path)
    torch.save({"state_dict": {"model.encoder.0.conv.weight": [1.0]}}, path)
    with pytest.raises(ModelError, match="no table of weights"):
        read_released(path)
    for broken, said in (
        ({name: value for name, value in weights.items() if "to_out" not in name}, "found no such weight"),
        (weights | {"mapper.weight": torch.ones(1)}, "mapper.weight for one"),
        (weights | {"encoder.1.conv.bias": torch.ones(3)}, r"Wanted \(8,\) for encoder.1.conv.bias, found \(3,\)"),
        ({"a": torch.ones(1)}, "found others"),
    ):
        with pytest.raises(ModelError, match=said):
            from_published(broken)


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (open, (str(tmp_path / "sprung"), "w"))  # type: ignore[return-value]

    path = tmp_path / "trap.ckpt"
    torch.save({"state_dict": {}, "trap": Trap()}, path)
    with pytest.raises(ModelError, match="found others"):
        read_released(path)
    assert not (tmp_path / "sprung").exists()


def test_the_buffers_of_the_published_code_are_passed_over(weights: dict[str, Tensor]) -> None:
    assert set(BUFFERS) <= weights.keys()
    without = {name: value for name, value in weights.items() if name not in BUFFERS}
    for one, two in zip(from_published(weights).parameters(), from_published(without).parameters(), strict=True):
        assert torch.equal(one, two)
