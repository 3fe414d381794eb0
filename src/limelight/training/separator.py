"""Training the package's separator (`lite`) on drawn scenes, with the one loop; and its weights, from whatever file holds them.

    limelight train SCENES --preset lite --into RUN

SCENES holds the folders train and validation (`training.scenes`; drawn by research/separator). The rate warms up, stays, and
falls over the last fifth. Scenes that are drawn meanwhile are found while it runs: a run goes on with the same recipe and
network, whatever the scenes.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from limelight.errors import InputError, ModelError
from limelight.models.separators.masks import HOP, SAMPLE_RATE
from limelight.networks.stem_separator import StemSeparator, StemSeparatorConfig
from limelight.training.checkpoint import Checkpoint, load_checkpoint, read_header
from limelight.training.loop import LoopConfig, train
from limelight.training.scenes import DrawnScenes, SceneBatch
from limelight.training.separator_losses import LossWeights, all_losses, drawn_gains, figures
from limelight.training.trainer import CHECKPOINT, LOG, RuntimeOptions, TrainingLog, check_same, steps_of, versions

log = logging.getLogger(__name__)

PRESET = "lite"
MATRIX_RATE, DECAY, WARM_UP, FALL = (
    2.0,
    0.01,
    100,
    0.2,
)  # Muon's rate over AdamW's; the share of the steps over which rates fall
EDGES = (
    "split",
    "join",
    "taps",
    "voice",
    "kinds",
    "presence",
    "gate",
)  # of the network: what AdamW takes, though it has two dimensions
GAINS = "gains_db"  # of the remix, drawn for each stretch


@dataclass(frozen=True)
class SeparatorRecipe:
    """What decides the weights of a run, but for the scenes."""

    network: StemSeparatorConfig = field(default_factory=StemSeparatorConfig)
    losses: LossWeights = field(default_factory=LossWeights)
    batch: int = 8  # stretches a step
    seconds: float = 2.75  # of a stretch
    rate: float = 2e-3  # of AdamW
    clip_norm: float = 1.0
    average: float = 0.999
    seed: int = 0

    @property
    def length(self) -> int:
        """Of a stretch, in steps of the spectrum; whole tokens."""
        P = self.network.steps_per_token
        return max(P, round(self.seconds * SAMPLE_RATE / HOP / P) * P)


class SeparatorTask(nn.Module):
    """The network with its losses: a batch of scenes to losses by name."""

    def __init__(self, network: StemSeparator, scenes: DrawnScenes, weights: LossWeights) -> None:
        super().__init__()
        self.network, self._weights = network, weights
        self._widths, self._k_weights = scenes.widths, scenes.k_weights

    def forward(self, arrays: dict[str, Tensor]) -> dict[str, Tensor]:
        batch = SceneBatch(**{name: value for name, value in arrays.items() if name != GAINS})
        heard = self.network(batch.told, batch.voice, batch.kinds)
        of_lines = (one.to(batch.mixture.device) for one in (self._widths, self._k_weights))
        return all_losses(heard, batch, arrays[GAINS], self._weights, *of_lines)

    def matrices(self) -> Iterator[nn.Parameter]:
        """What Muon takes."""
        for name, parameter in self.network.named_parameters():
            if parameter.ndim >= 2 and not any(edge in name for edge in EDGES):
                yield parameter


def train_separator(
    folder: Path, into: Path, recipe: SeparatorRecipe, options: RuntimeOptions, *, start: Path | None = None
) -> Path:
    """Trains, from where `into` stands, else from the weights in `start`, and gives the checkpoint's path.

    Raises InputError where there are no scenes, ModelError for a run that was begun otherwise and for weights that do not fit.
    """
    accelerator = Accelerator(cpu=options.cpu)
    if accelerator.num_processes > 1:
        raise InputError("Wanted a separator trained by several processes; one is enough for it: leave accelerate out.")
    scenes = DrawnScenes(folder / "train")
    checks = DrawnScenes(folder / "validation") if options.validation_clips else None
    torch.manual_seed(recipe.seed)
    network, checkpoint, report = StemSeparator(recipe.network), into / CHECKPOINT, TrainingLog(into / LOG)
    task = SeparatorTask(network, scenes, recipe.losses)
    describe = {
        "preset": PRESET,
        "network": recipe.network.as_dict(),
        "recipe": asdict(recipe),
        "data": {},
        "scenes": str(folder.absolute()),
        "versions": versions(),
    }
    if checkpoint.is_file():
        _check_run(checkpoint, describe)
    elif start is not None:
        begin_with(network, start)

    def validate(_task: nn.Module, step: int) -> float | None:
        if checks is None:
            return None
        told = figures(network, checks, options.validation_clips)
        told = {name: value for name, value in told.items() if math.isfinite(value)}  # of no clip: no figure
        log.info("step %d  %s", step, "  ".join(f"{name} {value:.3f}" for name, value in told.items()))
        report({"step": step, "validation": told})
        return told.get("remix")

    def batches(first: int) -> Iterator[dict[str, Tensor]]:
        for step in range(first * options.accumulate, 1 << 62):
            if step % options.validate_every == 0:
                scenes.look_again()
            batch = scenes.batch(
                np.random.default_rng([recipe.seed, step]), recipe.batch // options.accumulate, recipe.length
            )
            yield vars(batch) | {GAINS: drawn_gains(batch, torch.Generator().manual_seed(step))}

    steps = steps_of(options, scenes.clips, recipe.batch)
    train(
        task, batches, _loop_of(recipe, options, steps), checkpoint, describe=describe, validate=validate,
        matrices=task.matrices(), keep=network, accelerator=accelerator, report=report,
    )  # fmt: skip
    return checkpoint


def _loop_of(recipe: SeparatorRecipe, options: RuntimeOptions, steps: int) -> LoopConfig:
    if recipe.batch % options.accumulate:
        raise InputError(f"Wanted batches of {recipe.batch} in {options.accumulate} parts; take a multiple of these.")
    return LoopConfig(
        steps=steps,
        rate=recipe.rate,
        matrix_rate=MATRIX_RATE * recipe.rate,
        warm_up=WARM_UP,
        last_share=FALL,
        weight_decay=DECAY,
        clip_norm=recipe.clip_norm,
        average=recipe.average,
        accumulate=options.accumulate,
        save_seconds=options.save_seconds,
        log_every=options.log_every,
        validate_every=options.validate_every,
        keep_best=options.keep_best,
    )


def _check_run(path: Path, describe: dict[str, Any]) -> None:
    """A run goes on with its own recipe; one that was begun by the older script knows its network alone. Raises ModelError."""
    saved = read_header(path).config
    if "recipe" in saved:
        check_same(path, describe)
    elif saved.get("network") != json.loads(json.dumps(describe["network"])):
        raise ModelError(
            f"Wanted to go on from {path}, which holds another size of the separator; give its --channels."
        )


def separator_of(checkpoint: Checkpoint, path: Path) -> StemSeparator:
    """The network with its averaged weights, where there are any. Raises ModelError for a checkpoint of another kind."""
    if checkpoint.config.get("preset") != PRESET:
        raise ModelError(f"The checkpoint {path} is not of a separator; name another.")
    try:
        # Until December 2026 a separator was not told kinds of sound.
        network = StemSeparator(StemSeparatorConfig(**{"hears_kinds": False} | checkpoint.config["network"]))
        network.load_state_dict(checkpoint.part("model") | checkpoint.part("average"))
    except (ArithmeticError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(f"The weights in {path} do not fit their network; train another.") from error
    return network.eval()


def load_separator_network(path: Path) -> StemSeparator:
    """Of a checkpoint. Raises ModelError."""
    return separator_of(load_checkpoint(path), path)


@torch.no_grad()
def begin_with(network: StemSeparator, path: Path) -> None:
    """Puts the averaged weights of a checkpoint into a network of the same size. Raises ModelError."""
    other = load_separator_network(path)
    if replace(other.config, hears_kinds=network.config.hears_kinds) != network.config:
        raise ModelError(
            f"Wanted to begin with {path}, which is of another size: width {other.config.width}; give --channels."
        )
    network.load_state_dict(network.state_dict() | other.state_dict())
