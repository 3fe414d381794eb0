"""The whole making of `lite`, from a sound library to the folder in the package. runs/lite.sh calls it.

python -m limelight.training.lite_run train LIBRARY --checkpoint FILE        hours; resumes; saves every 3 minutes
python -m limelight.training.lite_run settle LIBRARY --checkpoint FILE --into FILE    minutes
python -m limelight.training.lite_run export --checkpoint FILE --into FOLDER
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor

from limelight.cues.catalogue import CUE_NAMES
from limelight.muddy.sounds import SoundLibrary
from limelight.muddy.variety import PLAIN
from limelight.networks.lite import LiteConfig
from limelight.training.batches import DrawConfig, Mixer, loader
from limelight.training.checkpoint import load_checkpoint
from limelight.training.export import About, export_lite
from limelight.training.lite import LiteTask, Weights
from limelight.training.loop import LoopConfig
from limelight.training.loop import train as run
from limelight.training.pool import PoolConfig, StemPool
from limelight.training.watch import Watch

log = logging.getLogger(__name__)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

File = Annotated[Path, typer.Option("--checkpoint", help="Where the run is kept.")]
VALIDATION_SEED = 99
CORES = os.cpu_count() or 1
SHORT = DrawConfig(steps=120, batch=8)  # many kinds of sound a step
LONG = DrawConfig(steps=480, batch=3, examples_per_stem=4)  # as long as a film's windows: a balance takes time to judge
SETTLED = DrawConfig(steps=480, batch=8, seed=1, examples_per_stem=8)
WATCHED = DrawConfig(steps=480, batch=8, seed=VALIDATION_SEED)


Library = Annotated[Path, typer.Argument(help="A folder with manifest.csv and its sounds.")]
Cache = Annotated[Path, typer.Option(help="Where decoded sounds are kept.")]
More = Annotated[list[Path] | None, typer.Option(help="Further libraries to train on; they may lack stems.")]
CheckEvery = Annotated[int, typer.Option(help="Steps between two looks at validation.")]
Threads = Annotated[int, typer.Option(help="Threads of torch.")]


@app.command()
def train(
    library: Library,
    checkpoint: File,
    cache: Cache = Path("cache"),
    more: More = None,
    steps: Annotated[int, typer.Option(help="Steps in all, those of an earlier sitting counted in.")] = 10_600,
    long_from: Annotated[
        int, typer.Option(help="The step from which examples are as long as a film's windows.")
    ] = 7800,
    check_every: CheckEvery = 500,
    threads: Threads = CORES,
    compiled: Annotated[bool, typer.Option(help="Compile: a minute or two at the start, a third faster.")] = True,
) -> None:
    """Trains separator and director together, from where the checkpoint stands."""
    _prepare(threads)
    task = LiteTask(LiteConfig())
    pool = _training_pool(library, cache, more, task.config)

    def batches(first: int) -> Iterator[dict[str, Tensor]]:
        for draw, end in ((SHORT, long_from), (LONG, steps)):
            if first < end:
                yield from islice(loader(Mixer(pool, draw), start_step=first, workers=1), end - first)
                first = end

    if compiled:
        separator = task.model.separator
        separator.of_lines = torch.compile(separator.of_lines, dynamic=False)  # type: ignore[method-assign]
    run(
        task,
        batches,
        LoopConfig(steps=steps, check_every=check_every),
        checkpoint,
        describe=task.config.as_dict(),
        check=_watch(library, cache, task.config),
        matrices=task.matrices(),
    )


@app.command()
def settle(
    library: Library,
    checkpoint: File,
    into: Annotated[Path, typer.Option(help="Another checkpoint, where this run is kept.")],
    cache: Cache = Path("cache"),
    more: More = None,
    steps: Annotated[int, typer.Option(help="Steps in all.")] = 200,
    good_weight: Annotated[float, typer.Option(help="How much a mixture counts that is good already.")] = 2.5,
    check_every: CheckEvery = 100,
    threads: Threads = CORES,
) -> None:
    """Trains the director on while the separator stands: here help is weighed against harm to good mixes."""
    _prepare(threads)
    saved = load_checkpoint(checkpoint)
    task = LiteTask(LiteConfig.from_dict(saved.config), Weights(stems=0.0, good=good_weight))
    task.load_state_dict(saved.part("average"))
    task.model.separator.requires_grad_(False)
    mixer = Mixer(_training_pool(library, cache, more, task.config), SETTLED)
    run(
        task,
        lambda first: iter(loader(mixer, start_step=first, workers=1)),
        LoopConfig(steps=steps, check_every=check_every, rate=3e-4, matrix_rate=1e-3, average=0.99),
        into,
        describe=saved.config,
        check=_watch(library, cache, task.config),
        matrices=task.matrices(),
    )


def _prepare(threads: int) -> None:
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)  # silence makes many of them, and each costs a hundred ordinary numbers
    torch.manual_seed(0)


def _training_pool(library: Path, cache: Path, more: list[Path] | None, config: LiteConfig) -> StemPool:
    return StemPool(SoundLibrary.open(library, "train", cache, more=more or ()), PoolConfig(), config)


def _watch(library: Path, cache: Path, config: LiteConfig) -> Watch:
    """128 mixtures of the validation split, as recorded."""
    sounds = SoundLibrary.open(library, "validation", cache)
    return Watch(Mixer(StemPool(sounds, PoolConfig(size=64, seed=VALIDATION_SEED, variety=PLAIN), config), WATCHED))


@app.command()
def export(
    checkpoint: File,
    into: Annotated[Path, typer.Option(help="The model's folder.")],
    licence: Annotated[str, typer.Option(help="Licence of the weights.")],
    training_data: Annotated[str, typer.Option(help="What it was trained on, in a sentence.")],
    name: Annotated[str, typer.Option(help="The model's name.")] = "lite",
) -> None:
    """Writes the averaged weights as the folder that `limelight highlight --model` takes."""
    saved = load_checkpoint(checkpoint)
    task = LiteTask(LiteConfig.from_dict(saved.config))
    task.load_state_dict(saved.part("average"))
    about = About(name, licence, training_data, CUE_NAMES, uses_picture=False)
    card = export_lite(task.model, into, about)
    log.info("%s: %.2f M parameters, %d steps", card.name, card.parameters / 1e6, saved.step)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    app()
