"""muddy scenes, headroom: training data out of separate sounds, and what its pictures are worth."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limelight.app.commands.muddy import DataSet, LayoutName
from limelight.app.door import console, door, progress_bar
from limelight.app.options import AsJson, Quiet, Verbose

if TYPE_CHECKING:
    from limelight.muddy.scenes.build import BuiltScenes


def scenes(
    output: Annotated[Path, typer.Option("--output", "-o", help="The data set's folder, new or begun.")],
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
    seconds: Annotated[float, typer.Option(help="Length of a scene.")] = 10.0,
    recipe: Annotated[
        str, typer.Option(help="blind, paper, released, timevarying, degraded, none; with commas; paper:high.")
    ] = "blind,paper",
    layout: Annotated[LayoutName, typer.Option(help="Sound of the scenes.")] = LayoutName.mono,
    twins: Annotated[
        bool, typer.Option("--twins", help="Every second scene: the sounds of the one before under another kind.")
    ] = False,
    frames: Annotated[bool, typer.Option("--frames", help="Also a picture of every second, as JPEG.")] = False,
    about: Annotated[
        Path | None, typer.Option(help="CSV: file, and any of split, group, licence; for what is known of the films.")
    ] = None,
    licence: Annotated[str, typer.Option(help="Of sounds and films, where no table says.")] = "not stated",
    cache: Annotated[Path | None, typer.Option(help="Where decoded sounds are kept; default DIR/sounds.")] = None,
    seed: Annotated[int, typer.Option(help="Which draw.", min=0)] = 0,
    workers: Annotated[int | None, typer.Option(help="Scenes at a time; default one a core.", min=1)] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Mix separate sounds as a picture asks for, then spoil the balance. Run it again after a stop: it goes on."""
    with door(verbose=verbose):
        from limelight.muddy.scenes.batch import SceneSettings
        from limelight.muddy.scenes.build import build_scenes
        from limelight.muddy.scenes.stock import Stock
        from limelight.muddy.splits import Register

        stock = Stock.of(
            libraries=tuple(library or ()),
            cache=cache or output / "sounds",
            licence=licence,
            speech=tuple(speech or ()),
            music=tuple(music or ()),
            effects=tuple(effects or ()),
        )
        settings = SceneSettings(
            seed=seed,
            clip_seconds=seconds,
            layout=layout.value,
            recipes=tuple(name.strip() for name in recipe.split(",")),
            twins=twins,
            frames=frames,
        )
        with progress_bar(quiet=quiet) as bar:
            built = build_scenes(
                stock,
                output,
                count=count,
                splits=split or (),
                pictures=pictures,
                settings=settings,
                register=Register.read(about, licence=licence),
                workers=workers,
                progress=lambda done, total: bar("muddy", done, total),
            )
        _tell(built, quiet=quiet, as_json=as_json)


def headroom(
    folder: DataSet,
    listened: Annotated[int, typer.Option(help="How many scenes MAG is measured on.", min=1)] = 200,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """What looking can gain at most on these scenes: oracles with and without the picture."""
    with door(verbose=verbose):
        from limelight.app.muddy.headroom import measure_headroom, table
        from limelight.muddy.manifest import read_manifest

        with progress_bar(quiet=quiet) as bar:
            found = measure_headroom(
                folder,
                read_manifest(folder),
                listened=listened,
                progress=lambda done, total: bar("check", done, total),
            )
        typer.echo(json.dumps(asdict(found), indent=1) if as_json else table(found))


def _tell(built: BuiltScenes, *, quiet: bool, as_json: bool) -> None:
    """The folder on stdout, the talk on stderr; what was skipped makes the exit code."""
    from limelight.errors import SomeFailed

    typer.echo(json.dumps(asdict(built) | {"folder": str(built.folder)}, indent=1) if as_json else str(built.folder))
    if not quiet:
        console.print(f"{built.clips} scenes; {built.built} built now", markup=False)
    for one in built.skipped:
        console.print(f"skipped: {one.name}: {one.code}: {' '.join(one.message.split())}", markup=False)
    if built.skipped:
        raise SomeFailed(
            f"{len(built.skipped)} films or batches could not be used; they are listed in {built.folder}/skipped.jsonl"
        )
