"""The whole making of `lite`, from a sound library to the folder in the package. runs/lite.sh calls it.

python -m limelight.training.lite_run train LIBRARY --checkpoint FILE        hours; resumes; saves every 3 minutes
python -m limelight.training.lite_run export --checkpoint FILE --into FOLDER
"""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import nn

from limelight.cues.catalogue import CUE_NAMES
from limelight.muddy.dataset import MuddyMix
from limelight.muddy.sounds import SoundLibrary
from limelight.muddy.variety import PLAIN, WILD, Variety
from limelight.networks.lite import LiteConfig
from limelight.networks.lite_remixer import LiteRemixer, LiteRemixerConfig
from limelight.training.batches import DrawConfig, Mixer, loader
from limelight.training.checkpoint import load_checkpoint
from limelight.training.contexts import ContextChoice
from limelight.training.export import About, export_lite
from limelight.training.lite import LiteTask
from limelight.training.lite_passages import Anew, LitePassages
from limelight.training.loop import Batch, LoopConfig
from limelight.training.loop import train as run
from limelight.training.passages import PassageConfig, Passages, batches_from
from limelight.training.pool import PoolConfig, StemPool
from limelight.training.remix_watch import RemixWatch
from limelight.training.watch import Watch

log = logging.getLogger(__name__)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

File = Annotated[Path, typer.Option("--checkpoint", help="Where the run is kept.")]
VALIDATION_SEED = 99
CORES = os.cpu_count() or 1
SHORT = DrawConfig(steps=120, batch=8)  # many kinds of sound a step
LONG = DrawConfig(steps=480, batch=3, examples_per_stem=4)  # as long as a film's windows: a balance takes time to judge
SCENES = PassageConfig(batch=3, seconds=10.0, context=ContextChoice("cues"), context_dropout=0.2, stems=True)
ANEW = Anew(blind=0.4, good=0.2)
RECAST = 0.4  # of the batches of scenes, where training is wild
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
    scenes: Annotated[
        list[Path] | None,
        typer.Option(help="Built sets; half of the steps are on them, with their cues. Validation is the first one's."),
    ] = None,
    scenes_from: Annotated[int, typer.Option(help="The step from which that is so.")] = 10_600,
    rate: Annotated[float, typer.Option(help="Learning rate, as a multiple of the usual one.")] = 1.0,
    director_pace: Annotated[float, typer.Option(help="How much faster the director learns than the separator.")] = 1.0,
    wild: Annotated[
        bool, typer.Option("--wild", help="Sounds backwards and driven too, and clips that exchange their stems.")
    ] = False,
    check_every: CheckEvery = 500,
    threads: Threads = CORES,
    compiled: Annotated[bool, typer.Option(help="Compile: a minute or two at the start, a third faster.")] = True,
) -> None:
    """Trains separator and director together, from where the checkpoint stands; with scenes, to look as well."""
    prepare(threads)
    network = LiteRemixer(LiteRemixerConfig())
    task = LitePassages(network, anew=replace(ANEW, recast=RECAST if wild else 0.0))
    config = network.lite.config
    pool = training_pool(library, cache, more, config, WILD if wild else Variety())

    def sounds(first: int) -> Iterator[Batch]:
        for draw, end in ((SHORT, long_from), (LONG, steps)):
            if first < end:
                yield from islice(loader(Mixer(pool, draw), start_step=first, workers=1), end - first)
                first = end

    def batches(first: int) -> Iterator[Batch]:
        if not scenes:
            return sounds(first)
        sets = [partial(batches_from, _passages(path, "train"), workers=1) for path in scenes]
        return by_turns(sounds, lambda step: in_turn(sets, step), first=first, shown_from=scenes_from)

    if compiled:
        separator = network.lite.separator
        separator.of_lines = torch.compile(separator.of_lines, dynamic=False)  # type: ignore[method-assign]
    run(
        task,
        batches,
        LoopConfig(
            steps=steps, rate=rate * LoopConfig.rate, matrix_rate=rate * LoopConfig.matrix_rate, check_every=check_every
        ),
        checkpoint,
        describe=config.as_dict(),
        check=_watch(library, cache, config, scenes),
        matrices=task.matrices(),
        keep=task.task,
        pace=lambda name: director_pace if "director" in name else 1.0,
    )


def by_turns(
    sounds: Callable[[int], Iterator[Batch]], shown: Callable[[int], Iterator[Batch]], *, first: int, shown_from: int
) -> Iterator[Batch]:
    """From step `first` on: sounds alone until `shown_from`, then one batch of each by turns; both are numbered."""
    alone, turns = min(first, shown_from), max(0, first - shown_from)
    heard, seen = sounds(alone + (turns + 1) // 2), shown(turns // 2)
    yield from islice(heard, shown_from - alone)
    if turns % 2:
        yield next(seen)
    while True:
        yield next(heard)
        yield next(seen)


def in_turn(sets: Sequence[Callable[[int], Iterator[Batch]]], first: int) -> Iterator[Batch]:
    """Batches from number `first` on, one of each set after the other; each set is asked for its own numbers."""
    count = len(sets)
    streams = [batches(-(-(first - k) // count)) for k, batches in enumerate(sets)]
    for number in itertools.count(first):
        yield next(streams[number % count])


def prepare(threads: int) -> None:
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)  # silence makes many of them, and each costs a hundred ordinary numbers
    torch.manual_seed(0)


def training_pool(
    library: Path, cache: Path, more: list[Path] | None, config: LiteConfig, variety: Variety | None = None
) -> StemPool:
    kept = PoolConfig(variety=variety or Variety())
    return StemPool(SoundLibrary.open(library, "train", cache, more=more or ()), kept, config)


def _passages(scenes: Path, split: str) -> Passages:
    return Passages(MuddyMix(scenes, split), SCENES, sample_rate=LiteConfig().backbone.sample_rate)


def _watch(
    library: Path, cache: Path, config: LiteConfig, scenes: list[Path] | None
) -> Callable[[nn.Module, int], None]:
    """128 mixtures of the validation split, as recorded; and the scenes' validation clips, with pictures and without."""
    sounds = SoundLibrary.open(library, "validation", cache)
    heard = Watch(Mixer(StemPool(sounds, PoolConfig(size=64, seed=VALIDATION_SEED, variety=PLAIN), config), WATCHED))
    seen = RemixWatch(_passages(scenes[0], "validation"), count=40) if scenes else None

    def watch(task: nn.Module, step: int) -> None:
        assert isinstance(task, LitePassages)
        heard(task.task, step)
        if seen:
            seen(task, step)

    return watch


@app.command()
def export(
    checkpoint: File,
    into: Annotated[Path, typer.Option(help="The model's folder.")],
    licence: Annotated[str, typer.Option(help="Licence of the weights.")],
    training_data: Annotated[str, typer.Option(help="What it was trained on, in a sentence.")],
    name: Annotated[str, typer.Option(help="The model's name.")] = "lite",
    looks: Annotated[bool, typer.Option("--looks", help="It was trained on scenes too, and uses the picture.")] = False,
) -> None:
    """Writes the averaged weights as the folder that `limelight highlight --model` takes."""
    saved = load_checkpoint(checkpoint)
    task = LiteTask(LiteConfig.from_dict(saved.config))
    task.load_state_dict(saved.part("average"))
    about = About(name, licence, training_data, CUE_NAMES, uses_picture=looks)
    card = export_lite(task.model, into, about)
    log.info("%s: %.2f M parameters, %d steps", card.name, card.parameters / 1e6, saved.step)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    app()
