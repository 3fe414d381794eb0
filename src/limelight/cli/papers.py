"""contexts, ablate, reproduce: the papers' road, from what a picture's encoder says to their tables beside ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from limelight.cli.console import console
from limelight.cli.context import command_context, progress_bar
from limelight.cli.muddy import DataSet
from limelight.cli.options import AsJson, Quiet, Ray, Verbose, with_option_groups
from limelight.cli.train import Into, RecipeOptions, RunOptions, Threads, Variant, prepare, say

Preset = Annotated[str, typer.Option(help="visah, visah-text, semmix, learn2remix or lce; see `limelight models`.")]
Tagger = Annotated[str, typer.Option(help="Also KLD: passt, ast, or an AST model's name or folder (extra eval).")]
Embedder = Annotated[
    str, typer.Option(help="Also ΔIB: pe-av, imagebind (not for commercial use), or a PE-AV model; wants --frames.")
]


def contexts(
    folder: DataSet,
    context: Annotated[str, typer.Argument(help="words, clip or captions.", metavar="CONTEXT")],
    context_model: Annotated[str | None, typer.Option(help="CLIP or InternVL, by name or folder.")] = None,
    text_model: Annotated[str | None, typer.Option(help="A T5 by name or folder, or hashed; default T5-XXL.")] = None,
    prompts: Annotated[str, typer.Option(help="Of captions: general, focused or minimal.")] = "focused",
    cue: Annotated[
        list[str] | None,
        typer.Option(help="Of focused and minimal captions; may be repeated, all for the six; default camera focus."),
    ] = None,
    batch: Annotated[int, typer.Option(help="Questions that a vision-language model answers at once.", min=1)] = 16,
    shard: Annotated[str, typer.Option(help="This process's share of the clips: 0/8 to 7/8.")] = "0/1",
    estimate: Annotated[bool, typer.Option("--estimate", help="Only tell how much there is to do.")] = False,
    ray: Ray = None,
    gpus: Annotated[float, typer.Option(help="With --ray: of each worker, or a share of one.", min=0.0)] = 0.0,
    memory: Annotated[float, typer.Option(help="With --ray: of each worker, in GB.", min=0.0)] = 4.0,
    device: Annotated[str | None, typer.Option(help="cuda or cpu; default what there is.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Weights from the local cache only.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Put what a pretrained encoder says of each clip beside it, for `train --context`. After a stop it goes on."""
    with command_context(verbose=verbose, small_heap=False):
        prepare(None, quiet=quiet)
        from limelight.batch.engine import Resources, engine_of
        from limelight.training.context_makers import (
            MakerOptions,
            Shard,
            Work,
            make_contexts,
            make_contexts_on,
            maker_of,
            sources_of,
        )
        from limelight.vision.cues import KINDS

        chosen = tuple(cue or ("camera focus",))
        options = MakerOptions(
            model=context_model,
            text_model=text_model,
            prompts=prompts,
            cues=KINDS if "all" in chosen else chosen,
            device=device,
            offline=offline,
            batch=batch,
        )
        if ray:
            resources = Resources(1.0, gpus, round(memory * 1e9))
            with progress_bar(quiet=quiet) as bar:
                make_contexts_on(
                    engine_of(ray, None),
                    folder,
                    context,
                    options,
                    resources=resources,
                    progress=lambda done, total: bar("look", done, total),
                )
            typer.echo(str(folder))
            return
        work = Work.of(folder, sources_of(context, options), Shard.read(shard))
        if estimate:
            told = {"clips": len(work.entries), "clips_done": work.done, "questions": work.questions}
            typer.echo(json.dumps(told))
            return
        maker = maker_of(context, options)
        with progress_bar(quiet=quiet) as bar:
            made = make_contexts(work, maker, progress=lambda done, total: bar("look", done, total))
        if not quiet:
            console.print(f"{made} clips done now", markup=False)
        typer.echo(str(folder))


@with_option_groups
def ablate(
    folder: DataSet,
    into: Into,
    *,
    only: Annotated[
        list[str] | None, typer.Option(help="Variants by name, * for anything: 'many-*-L3'; may be repeated.")
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Only print the variants' names.")] = False,
    split: Annotated[str, typer.Option(help="What the variants are evaluated on.")] = "test",
    count: Annotated[int, typer.Option(help="On how many of its clips.", min=1)] = 100,
    tagger: Tagger = "",
    embedder: Embedder = "",
    preset: Preset = "visah",
    weights: RecipeOptions,
    run: RunOptions,
    threads: Threads = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train and evaluate the papers' variants of context, depth and question; print their tables beside ours."""
    with command_context(verbose=verbose, small_heap=False):
        from limelight.training.ablation import variants

        if names:
            typer.echo("\n".join(one.name for one in variants(only or ())))
            return
        prepare(threads, quiet=quiet)
        from limelight.metrics.pretrained import MetricNetworks
        from limelight.training.ablation import ablate as train_all
        from limelight.training.ablation import tables

        found = train_all(
            folder, into, weights.recipe(preset), run.options(validation_clips=0), chosen=variants(only or ()),
            split=split, count=count, networks=MetricNetworks(tagger, embedder),
        )  # fmt: skip
        say(tables(found).rstrip())


def reproduce(
    checkpoint: Annotated[Path, typer.Argument(help="A .ckpt of the published VisAH code.", metavar="CKPT")],
    data: Annotated[Path, typer.Argument(help="The folder with its CSV files and Muddy_Mix/.", metavar="DATA")],
    split: Annotated[str, typer.Option(help="train, val or test: whose CSV is read.")] = "test",
    count: Annotated[int | None, typer.Option(help="Only the first clips.", min=1)] = None,
    batch: Annotated[
        int, typer.Option(help="Clips at once; it matters, the released encoder attends over it.", min=1)
    ] = 20,
    variant: Variant = "released",
    tagger: Tagger = "",
    embedder: Embedder = "",
    device: Annotated[str | None, typer.Option(help="cuda or cpu; default what there is.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Evaluate the published checkpoint on the published data, beside the paper's figures."""
    with command_context(verbose=verbose, small_heap=False):
        prepare(None, quiet=quiet)
        from limelight.metrics.pretrained import MetricNetworks
        from limelight.training.published_data import PublishedData, evaluate_published, published_table

        clips = PublishedData(data, split, count=count)
        with progress_bar(quiet=quiet) as bar:
            found = evaluate_published(
                checkpoint, clips, variant=variant, batch=batch, networks=MetricNetworks(tagger, embedder),
                device=device, progress=lambda done, total: bar("judge", done, total),
            )  # fmt: skip
        typer.echo(json.dumps(found, indent=1) if as_json else published_table(found, len(clips)))
