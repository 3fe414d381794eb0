"""Trains the director of a `lite` on, alone, on what its separator hears of scenes and of sounds. runs/lite.sh calls it.

python -m limelight.training.director_run LIBRARY --start FILE --checkpoint FILE --scenes SET    half an hour; resumes
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from limelight.muddy.dataset import MuddyMix
from limelight.networks.lite import LiteConfig
from limelight.networks.lite_remixer import LiteRemixer, LiteRemixerConfig
from limelight.training.batches import Mixer, loader
from limelight.training.checkpoint import load_checkpoint
from limelight.training.director import DirectorTask, DirectorWatch
from limelight.training.hearings import Batch, hearings_from, keep_hearings, load_hearings
from limelight.training.lite import LiteTask
from limelight.training.lite_passages import LitePassages
from limelight.training.lite_run import (
    ANEW,
    CORES,
    LONG,
    SCENES,
    Cache,
    Library,
    More,
    Threads,
    prepare,
    training_pool,
)
from limelight.training.loop import LoopConfig
from limelight.training.loop import train as run
from limelight.training.passages import Passages, batches_from
from limelight.training.pool import StemPool

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
PART = 100  # batches of a part
WATCHED_TIMES = 3  # as often each validation scene is heard


@app.command()
def direct(
    library: Library,
    start: Annotated[Path, typer.Option(help="The checkpoint that it goes on from.")],
    checkpoint: Annotated[Path, typer.Option(help="Where the run is kept; beside it its hearings.")],
    scenes: Annotated[list[Path], typer.Option(help="Built sets of scenes; validation is the first one's.")],
    cache: Cache = Path("cache"),
    more: More = None,
    times: Annotated[int, typer.Option(help="How often each scene is heard, mixed anew.")] = 3,
    sounds: Annotated[int, typer.Option(help="Hundreds of batches of sounds without a picture.")] = 5,
    steps: Annotated[int, typer.Option(help="Steps of training.")] = 2000,
    batch: Annotated[int, typer.Option(help="Hearings a step.")] = 32,
    rate: Annotated[float, typer.Option(help="Learning rate of AdamW, at its highest.")] = 5e-4,
    threads: Threads = CORES,
) -> None:
    """Hears, then trains; both go on where they stopped."""
    prepare(threads)
    saved = load_checkpoint(start)
    network = LiteRemixer(LiteRemixerConfig())
    heard = LitePassages(network, anew=ANEW)
    heard.task.load_state_dict(saved.part("average"))
    heard.network.eval()  # its dropout, not what is drawn: passages are still spoilt anew
    folder = (
        checkpoint.with_suffix(".hearings") / sha256(start.read_bytes()).hexdigest()[:12]
    )  # of that separator alone
    paths = [path for built in scenes for path in _of_scenes(folder, built, "train", heard, times)]
    if sounds:
        pool = training_pool(library, cache, more, network.lite.config)
        paths += keep_hearings(folder, "sounds", heard, partial(_of_sounds, pool), parts=sounds, steps=PART)
    watch = DirectorWatch(load_hearings(_of_scenes(folder, scenes[0], "validation", heard, WATCHED_TIMES)))
    hearings = load_hearings(paths)
    task = DirectorTask(LiteTask(network.lite.config, model=network.lite), context_dropout=SCENES.context_dropout)
    network.train()
    watch(task.eval(), 0)
    run(
        task.train(),
        lambda step: hearings_from(hearings, step, batch=batch),
        LoopConfig(steps=steps, rate=rate, check_every=250),
        checkpoint,
        describe=network.lite.config.as_dict(),
        check=watch,
        keep=task.task,
    )


def _of_scenes(folder: Path, built: Path, split: str, heard: LitePassages, times: int) -> list[Path]:
    """Hearings of a built set, about `times` of each scene."""
    clips = MuddyMix(built, split)
    passages = Passages(clips, SCENES, sample_rate=LiteConfig().backbone.sample_rate)
    name = f"{split}-{sha256(str(built.resolve()).encode()).hexdigest()[:8]}"
    parts = max(1, round(times * len(clips) / SCENES.batch / PART))
    return keep_hearings(folder, name, heard, partial(batches_from, passages, workers=1), parts=parts, steps=PART)


def _of_sounds(pool: StemPool, step: int) -> Iterator[Batch]:
    return iter(loader(Mixer(pool, LONG), start_step=step, workers=1))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    app()
