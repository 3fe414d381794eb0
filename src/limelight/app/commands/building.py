"""What the two builders of data sets share: their options, and how the result is told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limelight.app.door import console
from limelight.app.report.words import plain

if TYPE_CHECKING:
    from limelight.muddy.build import Built
    from limelight.muddy.scenes.build import BuiltScenes


class LayoutName(StrEnum):
    """What the clips' sound is."""

    mono = "mono"
    stereo = "stereo"


DataSet = Annotated[Path, typer.Argument(help="A folder that `muddy build`, `scenes` or `join` made.", metavar="DIR")]
NewDataSet = Annotated[Path, typer.Option("--output", "-o", help="The data set's folder, new or begun.")]
ClipSeconds = Annotated[float, typer.Option(help="Length of a clip.")]
Layout = Annotated[LayoutName, typer.Option(help="Sound of the clips.")]
Frames = Annotated[bool, typer.Option("--frames", help="Also a picture of every second, as JPEG.")]
About = Annotated[
    Path | None, typer.Option(help="CSV: file, and any of split, group, licence; for what is known of the films.")
]
Licence = Annotated[str, typer.Option(help="Of films and sounds, where no table says.")]
Seed = Annotated[int, typer.Option(help="Which draw.", min=0)]
Workers = Annotated[int | None, typer.Option(help="Films or scenes at a time; default one a core.", min=1)]


def tell_built(built: Built | BuiltScenes, talk: Iterable[str], *, quiet: bool, as_json: bool) -> None:
    """The folder on stdout, the talk on stderr. Raises SomeFailed, which makes the exit code, where some was skipped."""
    from limelight.errors import SomeFailed

    typer.echo(json.dumps(asdict(built) | {"folder": str(built.folder)}, indent=1) if as_json else str(built.folder))
    if not quiet:
        for line in talk:
            console.print(line, markup=False)
    for one in built.skipped:
        said = f"skipped: {one.name}: {one.code}: {' '.join(one.message.split())}"
        console.print(plain(said, limit=5000), markup=False)
    if built.skipped:
        raise SomeFailed(
            f"{len(built.skipped)} films or batches could not be used; they are listed in {built.folder}/skipped.jsonl; "
            "mend or leave them out, and run the command again"
        )
