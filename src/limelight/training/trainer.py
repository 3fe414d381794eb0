"""A whole run: from a built data set to `checkpoint.safetensors` and `log.jsonl` in a folder.

All that decides the weights stands in one record, `Recipe`, whose defaults are VisAH's, and goes into the checkpoint
with the data set's fingerprint and the versions. A run goes on from its checkpoint; with another recipe it is refused.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from limelight.dataset.manifest import MANIFEST, Entry
from limelight.dataset.reading import MuddyMix
from limelight.errors import InputError, ModelError
from limelight.media.target import naming_write_errors
from limelight.metrics.pretrained import NO_NETWORKS, MetricNetworks
from limelight.networks.presets import build
from limelight.networks.remixer import RemixNetwork
from limelight.networks.visah import LIMELIGHT
from limelight.runtime import version_of
from limelight.training.checkpoint import read_header
from limelight.training.contexts import PassageConfig, Passages, Share, batches_from, context_width, source_of
from limelight.training.loop import LoopConfig, Report, train
from limelight.training.losses import NAMES, NEED_STEMS, WithMatrices, task_of
from limelight.training.validation import Validation
from limelight.vision.encoder import ContextChoice

log = logging.getLogger(__name__)

CHECKPOINT, LOG = "checkpoint.safetensors", "log.jsonl"
EPOCHS = 200
PRECISIONS = ("no", "bf16")
ADAM, MUON = "adam", "muon"
MUON_RATIO = 3.0  # its rate over AdamW's


@dataclass(frozen=True)
class Recipe:
    """What decides the weights of a run."""

    preset: str = "visah"
    variant: str = LIMELIGHT  # of visah, visah-text and semmix; or "released"
    channels: int | None = None  # the network's dial; None: the paper's size
    encoder_layers: int | None = None  # L; None: the preset's
    context: ContextChoice = field(default_factory=ContextChoice)
    context_dropout: float = 0.0  # share of passages whose picture is left out
    loss: str = "linear"
    batch: int = 24  # passages a step, of all processes together
    seconds: float = 10.0  # of a passage
    optimiser: str = ADAM
    rate: float = 1e-4  # of Adam, the same throughout; under Muon it warms up and falls
    clip_norm: float = 1.0
    average: float = 0.0  # of the weights, exponential; 0: none is kept
    degrade: tuple[str, ...] = ()  # recipes by which clips are degraded anew in every epoch; none: as they were built
    seed: int = 0
    precision: str = "no"

    def __post_init__(self) -> None:
        for name, known in (("loss", NAMES), ("optimiser", (ADAM, MUON)), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise InputError(f"Wanted the {name} {getattr(self, name)!r}; there are {', '.join(known)}.")
        if self.seconds < 1 or self.batch < 1:
            raise InputError(f"Wanted passages of {self.seconds} s, {self.batch} at a time; take at least 1 of each.")


@dataclass(frozen=True)
class RuntimeOptions:
    """What a run may cost; none of it changes the weights at a given step but by rounding."""

    steps: int | None = None  # in all, resumed ones included
    epochs: int = EPOCHS  # where no steps are given
    accumulate: int = 1  # parts of a step that are computed one after the other, to save memory
    recompute: bool = False  # activations in the way back, to save more memory
    workers: int = 2  # processes that read clips
    log_every: int = 25
    validate_every: int = 500
    validation_clips: int = 20  # 0: no validation
    keep_best: int = 1  # checkpoints, by validation
    save_seconds: float = 180.0
    cpu: bool = False  # also where there is a GPU


def train_remixer(dataset: Path, into: Path, recipe: Recipe, options: RuntimeOptions) -> Path:
    """Trains, from where `into` stands, and gives the checkpoint's path. Raises InputError, ModelError."""
    accelerator = Accelerator(mixed_precision=recipe.precision, cpu=options.cpu)
    clips = MuddyMix(dataset, "train", recipes=recipe.degrade, seed=recipe.seed)
    network = network_of(recipe, clips)
    if options.recompute:
        network.recompute_activations()
    steps, share = steps_of(options, len(clips), recipe.batch), share_of(accelerator, recipe.batch, options.accumulate)
    report, checkpoint = TrainingLog(into / LOG), into / CHECKPOINT
    passages = passages_of(clips, recipe, network)
    validation = _validation(MuddyMix(dataset, "validation"), recipe, network, options, report)
    describe = description(recipe, network, clips) | {"steps": steps, "processes": accelerator.num_processes}
    if checkpoint.is_file():
        check_same(checkpoint, describe)
    task = task_of(network, recipe.loss)

    def batches(first: int) -> Iterator[dict[str, Tensor]]:
        return batches_from(passages, first, share=share, accumulate=options.accumulate, workers=options.workers)

    train(
        task, batches, loop_of(recipe, options, steps), checkpoint, describe=describe, validate=validation,
        matrices=matrices_of(task, recipe), keep=network, accelerator=accelerator, report=report,
    )  # fmt: skip
    accelerator.wait_for_everyone()
    return checkpoint


def _validation(
    clips: MuddyMix, recipe: Recipe, network: RemixNetwork, options: RuntimeOptions, report: Report
) -> Validation | None:
    """None where none is wished, or the set has no clips for it."""
    if options.validation_clips and not len(clips):
        log.warning("%s has no clips of the split 'validation': the run goes without validation", clips.folder)
    if not (options.validation_clips and len(clips)):
        return None
    return validation_of(clips, recipe, network, count=options.validation_clips, report=report)


def network_of(recipe: Recipe, clips: MuddyMix) -> RemixNetwork:
    """The network with the first weights of the recipe's seed, as wide as the clips' context. Raises InputError."""
    if not len(clips):
        raise InputError(f"Wanted clips of the split 'train' in {clips.folder}, found none; build more.")
    more = {} if recipe.encoder_layers is None else {"encoder_layers": recipe.encoder_layers}
    width = context_width(clips, recipe.context)
    torch.manual_seed(recipe.seed)
    return build(recipe.preset, variant=recipe.variant, channels=recipe.channels, context_width=width, **more)


def passages_of(clips: MuddyMix, recipe: Recipe, network: RemixNetwork, *, whole: bool = False) -> Passages:
    """Passages as the recipe wants them, or `whole` clips. Raises InputError where a clip lacks its context."""
    context_width(clips, recipe.context)
    longest = max((entry.seconds for entry in clips.entries), default=recipe.seconds)
    config = PassageConfig(
        batch=recipe.batch,
        seconds=longest if whole else recipe.seconds,
        seed=recipe.seed,
        context=recipe.context,
        context_dropout=recipe.context_dropout,
        stems=recipe.loss in NEED_STEMS,
    )
    return Passages(clips, config, sample_rate=network.config.backbone.sample_rate)


def validation_of(
    clips: MuddyMix,
    recipe: Recipe,
    network: RemixNetwork,
    *,
    count: int,
    networks: MetricNetworks = NO_NETWORKS,
    report: Report | None = None,
) -> Validation:
    """The evaluation of a split. Raises InputError where there are no clips."""
    if not len(clips):
        raise InputError(f"Wanted clips to evaluate on in {clips.folder}, found none of that split; build more.")
    return Validation(passages_of(clips, recipe, network, whole=True), count, networks=networks, report=report)


def steps_of(options: RuntimeOptions, clips: int, batch: int) -> int:
    """Steps in all."""
    return options.steps if options.steps is not None else math.ceil(options.epochs * clips / batch)


def matrices_of(task: nn.Module, recipe: Recipe) -> list[nn.Parameter]:
    """The weights that Muon takes. Raises InputError where the task knows of none."""
    if recipe.optimiser == ADAM:
        return []
    if not isinstance(task, WithMatrices):
        raise InputError("Wanted Muon for a task that does not name its matrices; take adam.")
    return list(task.matrices())


def loop_of(recipe: Recipe, options: RuntimeOptions, steps: int) -> LoopConfig:
    """Adam (AdamW without decay) at a constant rate, or Muon beside AdamW with a schedule."""
    costs: dict[str, Any] = {
        "steps": steps,
        "rate": recipe.rate,
        "clip_norm": recipe.clip_norm,
        "average": recipe.average,
        "accumulate": options.accumulate,
        "save_seconds": options.save_seconds,
        "log_every": options.log_every,
        "validate_every": options.validate_every,
        "keep_best": options.keep_best,
    }
    if recipe.optimiser == MUON:
        return LoopConfig(**costs, matrix_rate=MUON_RATIO * recipe.rate)
    return LoopConfig(**costs, warm_up=0, falls=False, weight_decay=0.0, betas=(0.9, 0.999))


def share_of(accelerator: Accelerator, batch: int, accumulate: int = 1) -> Share:
    """This process's part of every batch. Raises InputError where it cannot be shared out evenly."""
    if batch % (accelerator.num_processes * accumulate):
        raise InputError(
            f"Wanted batches of {batch} shared by {accelerator.num_processes} processes in {accumulate} parts each; take a "
            "multiple of these."
        )
    return Share(accelerator.process_index, accelerator.num_processes)


def description(recipe: Recipe, network: RemixNetwork, clips: MuddyMix) -> dict[str, Any]:
    """What a checkpoint says of itself: enough to build the network, and to repeat the run."""
    return {
        "preset": recipe.preset,
        "network": network.config.as_dict(),
        "context": recipe.context.name,
        "context_source": asdict(source_of(clips.folder, recipe.context)),
        "recipe": asdict(recipe),
        "data": {
            "manifest_sha256": fingerprint(clips.folder),
            "clips": len(clips),
            "licences": licences_of(clips.entries),
        },
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Of what computes."""
    return {name: version_of(name) for name in ("limelight-audio", "torch", "accelerate", "numpy", "soxr")}


def fingerprint(dataset: Path) -> str:
    """Of a data set: its manifest names every file by its hash."""
    return hashlib.sha256((dataset / MANIFEST).read_bytes()).hexdigest()


def licences_of(entries: tuple[Entry, ...]) -> list[str]:
    """Of everything that the clips were made from."""
    return sorted({source.licence for entry in entries for source in entry.sources})


def check_same(path: Path, wished: Mapping[str, Any]) -> None:
    """Raises ModelError where a checkpoint is of another recipe, network or data set."""
    saved = read_header(path).config
    wished = json.loads(json.dumps(wished))
    for part in ("recipe", "network", "data"):
        before = saved.get(part)
        before = before if isinstance(before, dict) else {}
        for name in sorted({*before, *wished[part]}):
            if before and name not in before:
                raise ModelError(
                    f"Wanted to go on from {path} with {name} {wished[part][name]!r}, it was begun by a Limelight that did "
                    "not know this option; go on with that one, or train into another folder."
                )
            found, asked = before.get(name), wished[part].get(name)
            if found != asked:
                raise ModelError(
                    f"Wanted to go on from {path} with {name} {asked!r}, it was trained with {found!r}; "
                    "give the same options and data, or another folder."
                )


class TrainingLog:
    """A line of JSON for everything that happens, appended. Raises OutputError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, record: Mapping[str, object]) -> None:
        with naming_write_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
