"""train, contexts, export, ablate: remixing networks out of a built data set."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from limelight.cli.context import command_context, console, progress_bar
from limelight.cli.muddy import DataSet
from limelight.cli.options import Quiet, Verbose

Preset = Annotated[
    str, typer.Option(help="visah, visah-text, semmix, learn2remix, lce or lite; see `limelight models`.")
]
Channels = Annotated[int | None, typer.Option(help="The network's width; default the paper's, 24 for visah.", min=1)]
ContextWord = Annotated[str, typer.Option(help="What it is shown: none, cues, clip, captions or words.")]
StyleWord = Annotated[str, typer.Option("--prompts", help="Of captions: minimal or focused questions.")]
Dropout = Annotated[float, typer.Option(help="Share of passages whose picture is left out.", min=0, max=1)]
LossName = Annotated[
    str, typer.Option(help="linear (VisAH's text), log (its released code), joint (learn2remix) or stems (lite).")
]
Batch = Annotated[int, typer.Option(help="Passages a step, of all processes together.", min=1)]
Seconds = Annotated[float, typer.Option(help="Of a passage.", min=1)]
Optimiser = Annotated[str, typer.Option(help="adam, at a constant rate; or muon, whose rate falls (lite).")]
Rate = Annotated[float, typer.Option(help="Of the optimiser.", min=0)]
ClipNorm = Annotated[float, typer.Option(help="Longer gradients are cut to this length.", min=0)]
Average = Annotated[float, typer.Option(help="Keep a moving average of the weights, 0.999 say; 0: none.", min=0, max=1)]
Spoil = Annotated[str, typer.Option(help="Recipes, with commas, to spoil clips anew in every epoch; default as built.")]
Seed = Annotated[int, typer.Option(help="Of first weights and order.", min=0)]
Precision = Annotated[str, typer.Option(help="no, or bf16 on a GPU that has it.")]
Steps = Annotated[int | None, typer.Option(help="In all, those of an earlier sitting counted in.", min=1)]
Epochs = Annotated[int, typer.Option(help="Where no --steps are given.", min=1)]
Workers = Annotated[int, typer.Option(help="Processes that read clips.", min=0)]
Threads = Annotated[int | None, typer.Option(help="Of torch; default its own choice.", min=1)]
LogEvery = Annotated[int, typer.Option(help="Steps between two lines of the log.", min=1)]
CheckEvery = Annotated[int, typer.Option(help="Steps between two looks at validation.", min=1)]
Watched = Annotated[int, typer.Option(help="Clips that are looked at; 0: never.", min=0)]
Cpu = Annotated[bool, typer.Option("--cpu", help="Also where there is a GPU.")]
Into = Annotated[Path, typer.Option("--into", "-o", help="The run's folder, new or begun.")]


def train(
    folder: DataSet,
    into: Into,
    preset: Preset = "visah",
    channels: Channels = None,
    layers: Annotated[int | None, typer.Option(help="Of the context encoder; default the preset's.", min=0)] = None,
    context: ContextWord = "none",
    prompts: StyleWord = "focused",
    cue: Annotated[str, typer.Option(help="Of captions: which of the six cues.")] = "camera focus",
    moments: Annotated[str, typer.Option(help="many: a row a second; one: the middle one.")] = "many",
    context_dropout: Dropout = 0.0,
    loss: LossName = "linear",
    batch: Batch = 24,
    seconds: Seconds = 10.0,
    optimiser: Optimiser = "adam",
    rate: Rate = 1e-4,
    clip_norm: ClipNorm = 1.0,
    average: Average = 0.0,
    spoil: Spoil = "",
    seed: Seed = 0,
    precision: Precision = "no",
    steps: Steps = None,
    epochs: Epochs = 200,
    workers: Workers = 2,
    threads: Threads = None,
    log_every: LogEvery = 25,
    check_every: CheckEvery = 500,
    watched: Watched = 20,
    cpu: Cpu = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a remixing network on a built data set; the papers' recipe by default. After a stop it goes on."""
    with command_context(verbose=verbose, small_heap=False):
        _prepare(threads, quiet=quiet)
        from limelight.training.contexts import ContextChoice
        from limelight.training.trainer import Recipe, RuntimeOptions, train_remixer

        recipe = Recipe(
            preset=preset,
            channels=channels,
            encoder_layers=layers,
            context=ContextChoice(context, prompts, cue, moments),
            context_dropout=context_dropout,
            loss=loss,
            batch=batch,
            seconds=seconds,
            optimiser=optimiser,
            rate=rate,
            clip_norm=clip_norm,
            average=average,
            spoil=_words(spoil),
            seed=seed,
            precision=precision,
        )
        effort = RuntimeOptions(
            steps=steps,
            epochs=epochs,
            workers=workers,
            log_every=log_every,
            check_every=check_every,
            watched=watched,
            cpu=cpu,
        )
        _say(str(train_remixer(folder, into, recipe, effort)))


def contexts(
    folder: DataSet,
    context: Annotated[str, typer.Argument(help="words, clip or captions.", metavar="CONTEXT")],
    context_model: Annotated[str | None, typer.Option(help="CLIP or InternVL, by name or folder.")] = None,
    text_model: Annotated[str | None, typer.Option(help="A T5 by name or folder, or hashed; default T5-XXL.")] = None,
    prompts: StyleWord = "focused",
    device: Annotated[str | None, typer.Option(help="cuda or cpu; default what there is.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Weights from the local cache only.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Put what a pretrained encoder says of each clip beside it, for `train --context`. After a stop it goes on."""
    with command_context(verbose=verbose, small_heap=False):
        _prepare(None, quiet=quiet)
        from limelight.training.contexts import make_contexts, maker_of

        maker = maker_of(
            context, model=context_model, text_model=text_model, style=prompts, device=device, offline=offline
        )
        with progress_bar(quiet=quiet) as bar:
            made = make_contexts(folder, maker, progress=lambda done, total: bar("look", done, total))
        if not quiet:
            console.print(f"{made} clips done now", markup=False)
        typer.echo(str(folder))


def export(
    run: Annotated[Path, typer.Argument(help="A run's folder, or its checkpoint.", metavar="RUN")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .onnx file; of lite, a folder.")],
    seconds: Annotated[float, typer.Option(help="How much the exported network hears at once.", min=1)] = 10.0,
    name: Annotated[str | None, typer.Option(help="The model's name; default the file's.")] = None,
    licence: Annotated[str | None, typer.Option(help="Of the weights; default those of the data.")] = None,
    training_data: Annotated[str | None, typer.Option(help="In a sentence; default the number of clips.")] = None,
    verbose: Verbose = False,
) -> None:
    """Write a trained network as one ONNX file (lite: a folder), which `limelight highlight --model` takes."""
    with command_context(verbose=verbose, small_heap=False):
        _prepare(None, quiet=True)
        from limelight.training.export import export_checkpoint
        from limelight.training.trainer import CHECKPOINT

        checkpoint = run / CHECKPOINT if run.is_dir() else run
        export_checkpoint(
            checkpoint, output, name=name or output.stem, licence=licence, training_data=training_data, seconds=seconds
        )
        typer.echo(str(output))


def ablate(
    folder: DataSet,
    into: Into,
    only: Annotated[
        list[str] | None, typer.Option(help="Variants by name, * for anything: 'many-*-L3'; may be repeated.")
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Only print the variants' names.")] = False,
    split: Annotated[str, typer.Option(help="What the variants are judged on.")] = "test",
    count: Annotated[int, typer.Option(help="On how many of its clips.", min=1)] = 100,
    channels: Channels = None,
    context_dropout: Dropout = 0.0,
    loss: LossName = "linear",
    batch: Batch = 24,
    seconds: Seconds = 10.0,
    rate: Rate = 1e-4,
    clip_norm: ClipNorm = 1.0,
    average: Average = 0.0,
    seed: Seed = 0,
    precision: Precision = "no",
    steps: Steps = None,
    epochs: Epochs = 200,
    workers: Workers = 2,
    threads: Threads = None,
    cpu: Cpu = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train and judge the papers' variants of context, depth and question; print their tables beside ours."""
    with command_context(verbose=verbose, small_heap=False):
        _prepare(threads, quiet=quiet)
        from limelight.training.ablation import ablate as run
        from limelight.training.ablation import tables, variants
        from limelight.training.trainer import Recipe, RuntimeOptions

        chosen = variants(only or ())
        if names:
            typer.echo("\n".join(variant.name for variant in chosen))
            return
        recipe = Recipe(
            channels=channels,
            context_dropout=context_dropout,
            loss=loss,
            batch=batch,
            seconds=seconds,
            rate=rate,
            clip_norm=clip_norm,
            average=average,
            seed=seed,
            precision=precision,
        )
        effort = RuntimeOptions(steps=steps, epochs=epochs, workers=workers, watched=0, cpu=cpu)
        found = run(folder, into, recipe, effort, chosen=chosen, split=split, count=count)
        _say(tables(found).rstrip())


def _say(result: str) -> None:
    """On stdout, once, however many processes there are."""
    from accelerate import PartialState

    if PartialState().is_main_process:
        typer.echo(result)


def _words(listed: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in listed.split(",") if word.strip())


def _prepare(threads: int | None, *, quiet: bool) -> None:
    """Says what to install where it is missing, and lets the log of training through. Raises ModelError."""
    from limelight.errors import ModelError

    try:
        import accelerate  # noqa: F401
        import onnx  # noqa: F401
        import torch
    except ImportError as error:
        raise ModelError(
            f"Wanted to train, found no {error.name}; install it: pip install 'limelight-audio[train]'."
        ) from error
    if threads:
        torch.set_num_threads(threads)
    torch.set_flush_denormal(True)  # silence makes many of them, and each costs a hundred ordinary numbers
    logging.getLogger("limelight.training").setLevel(logging.WARNING if quiet else logging.INFO)
