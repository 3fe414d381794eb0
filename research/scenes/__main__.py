"""The command line: `python -m research.scenes build | headroom`.

`build` makes a Muddy Mix data set out of separate sounds and pictures that fit them; `headroom` measures on such a set how
much a model can gain by looking.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from limelight.cli.context import command_context, own_process, progress_bar
from limelight.cli.muddy import (
    About,
    ClipSeconds,
    DataSet,
    Frames,
    Layout,
    LayoutName,
    Licence,
    NewDataSet,
    Seed,
    Workers,
    tell_built,
)
from limelight.cli.options import AsJson, Quiet, Ray, Verbose

app = typer.Typer(
    name="python -m research.scenes",
    help="Training data with known truth: separate sounds, mixed as a picture asks for.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def build(
    output: NewDataSet,
    library: Annotated[
        list[Path] | None, typer.Option(help="A sound library: a folder with manifest.csv; may be repeated.")
    ] = None,
    speech: Annotated[
        list[Path] | None, typer.Option(help="A folder of speech: a subfolder a speaker; may be repeated.")
    ] = None,
    music: Annotated[list[Path] | None, typer.Option(help="A folder of music: a subfolder an album.")] = None,
    effects: Annotated[list[Path] | None, typer.Option(help="A folder of effects: a subfolder a source.")] = None,
    pictures: Annotated[str, typer.Option(help="rendered, or a folder of films.")] = "rendered",
    count: Annotated[int, typer.Option(help="How many scenes; more later adds to them.", min=1)] = 1000,
    split: Annotated[
        list[str] | None, typer.Option(help="train, validation, test; default all that have sounds, 80 : 10 : 10.")
    ] = None,
    seconds: ClipSeconds = 10.0,
    recipe: Annotated[
        str, typer.Option(help="blind, paper, released, timevarying, degraded, none; with commas; paper:high.")
    ] = "blind,paper",
    layout: Layout = LayoutName.mono,
    counterfactual_pairs: Annotated[
        bool,
        typer.Option(
            "--counterfactual-pairs", help="Every second scene: the sounds of the one before under another kind."
        ),
    ] = False,
    frames: Frames = False,
    about: About = None,
    licence: Licence = "not stated",
    cache: Annotated[Path | None, typer.Option(help="Where decoded sounds are kept; default DIR/sounds.")] = None,
    seed: Seed = 0,
    workers: Workers = None,
    ray: Ray = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Mix separate sounds as a picture asks for, then degrade the balance. Run it again after a stop: it goes on."""
    with command_context(verbose=verbose):
        from limelight.batch.engine import engine_of
        from limelight.dataset.from_sounds import SplitLibrary
        from limelight.dataset.splits import SplitAssignment
        from research.scenes.build import SceneSettings, build_scenes

        settings = SceneSettings(
            seed=seed,
            clip_seconds=seconds,
            layout=layout.value,
            recipes=tuple(name.strip() for name in recipe.split(",")),
            counterfactual_pairs=counterfactual_pairs,
            frames=frames,
        )
        sounds = SplitLibrary.of(
            libraries=tuple(library or ()),
            cache=cache or output / "sounds",
            licence=licence,
            speech=tuple(speech or ()),
            music=tuple(music or ()),
            effects=tuple(effects or ()),
        )
        with progress_bar(quiet=quiet) as bar:
            built = build_scenes(
                sounds,
                output,
                count=count,
                splits=split or (),
                pictures=pictures,
                settings=settings,
                assignment=SplitAssignment.read(about, licence=licence),
                workers=workers,
                engine=engine_of(ray, None) if ray else None,
                progress=lambda done, total: bar("muddy", done, total),
            )
        talk = [f"{built.clips} scenes; {built.built} built now"]
        tell_built(built, talk, quiet=quiet, as_json=as_json)


@app.command()
def headroom(
    folder: DataSet,
    listened: Annotated[int, typer.Option(help="How many scenes MAG is measured on.", min=1)] = 200,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """What looking can gain at most on these scenes: oracles with and without the picture."""
    with command_context(verbose=verbose):
        from limelight.dataset.manifest import read_manifest
        from research.scenes.headroom import measure_headroom, table

        with progress_bar(quiet=quiet) as bar:
            found = measure_headroom(
                folder,
                read_manifest(folder),
                listened=listened,
                progress=lambda done, total: bar("check", done, total),
            )
        typer.echo(json.dumps(asdict(found), indent=1) if as_json else table(found))


if __name__ == "__main__":
    own_process()
    app()
