"""The package's separator, trained by the one trainer: in the real format of drawn scenes, tiny."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from audio.sounds import programme
from safetensors.torch import save_file

from limelight.cli.train import write_network
from limelight.errors import InputError, ModelError
from limelight.models.registry import load_separator
from limelight.models.separators.masks import InformedSeparator, line_edges
from limelight.networks.stem_separator import StemSeparatorConfig
from limelight.training.checkpoint import load_checkpoint
from limelight.training.scenes import DrawnScenes
from limelight.training.separator import (
    SeparatorRecipe,
    begin_with,
    load_separator_network,
    train_separator,
)
from limelight.training.trainer import RuntimeOptions
from limelight.types import Chunk

KEPT = Path(__file__).parents[2] / "research" / "checkpoints" / "stem_separator.safetensors"
SMALL = replace(StemSeparatorConfig().sized(8), blocks=2, dropout=0.0)
RECIPE = SeparatorRecipe(SMALL, batch=2, seconds=0.4, average=0.9)
OPTIONS = RuntimeOptions(steps=4, validate_every=2, validation_clips=2, cpu=True, log_every=1)
STEPS = 32


def draw(folder: Path, clips: int, seed: int) -> None:
    """A shard of noise: stems in bands of their own that do not correlate, an ear that hears speech rightly."""
    rng = np.random.default_rng(seed)
    lines = len(line_edges()) - 1
    power = rng.random((clips, 3, STEPS, lines)) * np.repeat(np.eye(3), lines // 3, axis=1)[None, :, None]
    silent = np.zeros((clips, STEPS, lines))
    rows = [*power.transpose(1, 0, 2, 3), power.sum(1), silent, silent, power[:, 0], power[:, 1:].sum(1), silent]
    place = folder / "shard-0000"
    place.mkdir(parents=True)
    np.save(place / "kept.npy", np.sqrt(np.stack(rows, 1)).astype(np.float16))
    np.save(place / "voice.npy", rng.random((clips, STEPS)).astype(np.float16))
    np.save(place / "kinds.npy", rng.random((clips, 3, 1024)).astype(np.float16))
    np.save(place / "undo_db.npy", np.zeros((clips, 3), np.float32))


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    draw(folder / "train", 4, seed=1)
    draw(folder / "validation", 2, seed=2)
    return folder


@pytest.fixture(scope="module")
def straight(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four steps without a stop."""
    torch.set_num_threads(1)
    return train_separator(scenes, tmp_path_factory.mktemp("straight"), RECIPE, OPTIONS)


def weights(path: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(path).tensors


def as_the_older_script_wrote(path: Path, into: Path) -> None:
    """The names that research/separator/train.py gave until December 2026."""
    found = load_checkpoint(path)
    named = {"model": "network", "average": "average", "optimiser": "optimiser"}
    arrays = {
        f"{named[part]}.{name.replace(':', '.')}": value.clone()
        for part in named
        for name, value in found.part(part).items()
    }
    facts = {"config": json.dumps(found.config["network"]), "step": str(found.step), "cpu_hours": "0.1"}
    save_file(arrays, into, metadata=facts)


def test_powers_of_stems_sum_to_the_mixture_where_they_do_not_correlate(scenes: Path) -> None:
    batch = DrawnScenes(scenes / "train").batch(np.random.default_rng(0), 3, 16)
    torch.testing.assert_close(batch.stems.sum(1), batch.mixture, rtol=5e-3, atol=1e-3)
    torch.testing.assert_close(batch.along, batch.stems, rtol=5e-3, atol=5e-3)


def test_a_few_steps_learn_what_bands_tell(scenes: Path, tmp_path: Path) -> None:
    train_separator(scenes, tmp_path, RECIPE, replace(OPTIONS, steps=30, validation_clips=0))
    told = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = [line["losses"]["shares"] for line in told if "losses" in line]
    assert np.mean(losses[-5:]) < 0.9 * losses[0]


def test_a_run_goes_on_from_what_the_older_script_wrote(scenes: Path, tmp_path: Path) -> None:
    """To the last bit, the optimiser's memory with it."""
    options = replace(OPTIONS, validation_clips=0)
    first = train_separator(scenes, tmp_path / "run", RECIPE, replace(options, steps=2))
    older = tmp_path / "older" / first.name
    older.parent.mkdir()
    as_the_older_script_wrote(first, older)
    for begun in (first, older):
        train_separator(scenes, begun.parent, RECIPE, options)
    of_older = weights(older)
    for name, value in weights(first).items():
        torch.testing.assert_close(of_older[name], value, rtol=0, atol=0)


def test_what_is_exported_is_a_separator_for_films(straight: Path, tmp_path: Path) -> None:
    write_network(
        straight.parent, tmp_path / "tiny.onnx", last=True, seconds=10.0, name="tiny", licence=None, training_data=None
    )
    separator = load_separator(str(tmp_path / "tiny.onnx"), threads=1)
    assert isinstance(separator, InformedSeparator)
    sound = 0.3 * programme(2, 2, 48_000).astype(np.float32)
    found = separator.separate(Chunk(sound[:, : 17 * 1024], 0.0, np.full(2, 0.5, np.float32)))
    np.testing.assert_allclose(found.masks.sum(axis=0), 1, atol=1e-5)
    assert "4 steps" in separator.card.training_data


def test_a_new_run_begins_with_weights_that_are_kept(straight: Path, scenes: Path, tmp_path: Path) -> None:
    """As good at the first step as they were: here, the very same after a step of no size."""
    still = replace(RECIPE, rate=0.0)
    begun = weights(train_separator(scenes, tmp_path, still, replace(OPTIONS, steps=1), start=straight))
    for name, value in load_separator_network(straight).named_parameters():
        torch.testing.assert_close(begun[f"model.{name}"], value.detach())


def test_the_weights_in_the_repository_are_of_the_network_at_its_usual_size() -> None:
    network = load_separator_network(KEPT)
    assert network.config == StemSeparatorConfig()
    with torch.no_grad():
        heard = network(torch.rand(1, 4, 16, network.config.lines), torch.rand(1, 16), torch.rand(1, 16, 1024))
    torch.testing.assert_close(heard.masks.sum(1), torch.ones(1, 16, network.config.lines))


def test_other_sizes_and_empty_folders_are_refused(scenes: Path, straight: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="size"):
        begin_with(load_separator_network(straight), KEPT)
    with pytest.raises(ModelError, match="batch"):
        train_separator(scenes, straight.parent, replace(RECIPE, batch=4), OPTIONS)
    with pytest.raises(InputError, match="drawn scenes"):
        train_separator(tmp_path, tmp_path / "run", RECIPE, OPTIONS)
    draw(tmp_path / "older" / "train", 1, seed=1)
    (tmp_path / "older" / "train" / "shard-0000" / "kinds.npy").unlink()
    with pytest.raises(InputError, match="anew"):
        train_separator(tmp_path / "older", tmp_path / "run", RECIPE, OPTIONS)
