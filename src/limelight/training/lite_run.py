"""The whole making of `lite`, from a sound library to the folder in the package. runs/lite.sh calls it.

python -m limelight.training.lite_run separator LIBRARY --checkpoint FILE    hours; resumes; saves every 3 minutes
python -m limelight.training.lite_run director LIBRARY --checkpoint FILE     minutes
python -m limelight.training.lite_run export --checkpoint FILE --into FOLDER
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor, nn

from limelight.cues.catalogue import CUE_NAMES
from limelight.muddy.sounds import SoundLibrary
from limelight.muddy.variety import PLAIN
from limelight.networks.lite import Director, LiteConfig, power_levels_db
from limelight.training.batches import DrawConfig, loader
from limelight.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from limelight.training.director import DirectorConfig, judge, train_director
from limelight.training.export import About, export_lite
from limelight.training.hearings import Hearings, collect, whiten
from limelight.training.lite import LiteTask, Weights, remix
from limelight.training.loop import LoopConfig, train

log = logging.getLogger(__name__)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

Library = Annotated[Path, typer.Argument(help="A folder with manifest.csv and its sounds.")]
File = Annotated[Path, typer.Option("--checkpoint", help="Where the run is kept.")]
More = Annotated[list[Path] | None, typer.Option(help="Further libraries to train on; they may lack stems.")]
Cache = Annotated[Path, typer.Option(help="Where decoded sounds are kept.")]
VALIDATION_SEED = 99
DIRECTED = DrawConfig(batch=4, seconds=480 * 1024 / 48_000)  # as long as a film's windows
AS_RECORDED = DrawConfig(batch=8, seed=VALIDATION_SEED, variety=PLAIN)
LARGEST_GAIN_DB = 30.0  # 4 % of the true gains exceed 20 dB


@app.command()
def separator(
    library: Library,
    checkpoint: File,
    cache: Cache = Path("cache"),
    more: More = None,
    steps: Annotated[int, typer.Option(help="Steps in all, those of an earlier sitting counted in.")] = 5650,
    batch: Annotated[int, typer.Option(help="Mixtures a step.")] = 4,
    remix_weight: Annotated[float, typer.Option(help="Weight of the multi-resolution loss of the remix.")] = 0.7,
    remix_from: Annotated[
        int, typer.Option(help="The step from which the remix counts; masks must stand by then.")
    ] = 3600,
    threads: Annotated[int, typer.Option(help="Threads of torch.")] = os.cpu_count() or 1,
    compiled: Annotated[bool, typer.Option(help="Compile the network: a minute at the start, a third faster.")] = True,
) -> None:
    """Trains the separator, from where the checkpoint stands."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)  # silence makes many of them, and each costs a hundred ordinary numbers
    torch.manual_seed(0)
    config = LiteConfig()
    task = LiteTask(config)
    sounds = SoundLibrary.open(library, "train", cache, more=more or ())
    watch = Watch(SoundLibrary.open(library, "validation", cache))
    draw = DrawConfig(batch=batch)

    def batches(first: int) -> Iterator[dict[str, Tensor]]:
        for step, batch in enumerate(loader(sounds, draw, start_step=first, workers=1), start=first):
            task.weights = replace(Weights(), remix=remix_weight if step >= remix_from else 0.0)
            yield batch

    if compiled:
        task.hear = torch.compile(task.hear)  # type: ignore[method-assign]
    train(task, batches, LoopConfig(steps=steps), checkpoint, describe=config.as_dict(), check=watch)


class Watch:
    """What the masks are worth on 64 validation mixtures: cross-entropy, and level-fitted MAG with the true gains."""

    def __init__(self, library: SoundLibrary) -> None:
        self.batches = list(islice(loader(library, AS_RECORDED, start_step=0, workers=0), 8))

    def __call__(self, task: nn.Module, step: int) -> None:
        assert isinstance(task, LiteTask)
        before = after = entropy = levels = 0.0
        for batch in self.batches:
            spectra = task.spectra(batch)
            stem_power = spectra.stems.abs().square()
            masks, losses = task.hear(
                spectra.mixture.abs(), stem_power, power_levels_db(stem_power, task.k, task.config)
            )
            entropy += float(losses["stems"]) / len(self.batches)
            levels += float(losses["levels"]) / len(self.batches)
            output = remix(masks, spectra.gains_db, spectra.mixture)
            before += fitted_distance(spectra.mixture, spectra.target, task.k)
            after += fitted_distance(output, spectra.target, task.k)
        fitted = 100 * (after / before - 1)
        log.info(
            "check at %d: stems %.4f  levels %.4f  level-fitted MAG with the true gains %+.1f %%",
            *(step, entropy, levels, fitted),
        )


def fitted_distance(output: Tensor, target: Tensor, weights: Tensor) -> float:
    """Mean magnitude distance after bringing the output to the target's (ungated) loudness."""
    a, b = output.abs(), target.abs()
    fit = ((b.square() * weights).sum((1, 2)) / ((a.square() * weights).sum((1, 2)) + 1e-9)).sqrt()
    return float((a * fit[:, None, None] - b).abs().mean())


@app.command()
def director(
    library: Library,
    checkpoint: File,
    cache: Cache = Path("cache"),
    more: More = None,
    count: Annotated[int, typer.Option(help="Mixtures to hear.")] = 2400,
    into: Annotated[Path | None, typer.Option(help="Another checkpoint to write; default the same.")] = None,
    undegraded_weight: Annotated[float, typer.Option(help="How much a good mix counts that is left alone.")] = 1.5,
    gains_weight: Annotated[float, typer.Option(help="What a decibel of wrong gain counts beside the remix.")] = 0.01,
    threads: Annotated[int, typer.Option(help="Threads of torch.")] = os.cpu_count() or 1,
) -> None:
    """Trains the director on what the separator (its averaged weights) hears; writes both back as the average."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    saved = load_checkpoint(checkpoint)
    config = replace(LiteConfig.from_dict(saved.config), largest_gain_db=LARGEST_GAIN_DB)
    task = LiteTask(config)
    task.load_state_dict(saved.part("average"))
    task.model.director = Director(config)  # whatever it was while the separator learnt
    task.eval()
    sounds = {
        "train": SoundLibrary.open(library, "train", cache, more=more or ()),
        "validation": SoundLibrary.open(library, "validation", cache),
    }

    def heard(split: str, number: int, seed: int) -> Hearings:
        draw = replace(DIRECTED if split == "train" else AS_RECORDED, seconds=DIRECTED.seconds, seed=seed)
        return collect(task, loader(sounds[split], draw, start_step=0, workers=1), number)

    whiten(task.model, heard("train", 200, 2))
    training, validation = heard("train", count, 1), heard("validation", max(200, count // 10), VALIDATION_SEED)
    plan = DirectorConfig(undegraded_weight=undegraded_weight, gains_weight=gains_weight)
    train_director(task.model, training, validation, plan)
    log.info("director: %s", judge(task.model, validation, plan))
    tensors = saved.tensors | {f"average.{name}": p.detach() for name, p in task.named_parameters()}
    save_checkpoint(into or checkpoint, Checkpoint(config.as_dict(), saved.step, tensors))


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
