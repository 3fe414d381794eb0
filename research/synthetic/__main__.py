"""The command line: `python -m research.synthetic FOLDER` fills a folder with made sounds, as a sound library."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from limelight.errors import LimelightError
from research.synthetic.make import Minutes, make_library


def main(
    folder: Annotated[Path, typer.Argument(help="Where to put the library; made if it is not there.")],
    music_minutes: Annotated[float, typer.Option(min=0, help="About how much music.")] = 240,
    speech_minutes: Annotated[float, typer.Option(min=0, help="About how much speech.")] = 90,
    effects_minutes: Annotated[float, typer.Option(min=0, help="About how much of effects.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Which sounds.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Renders random scores, lets synthesised voices speak and makes effects by rule, as a sound library for training."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        minutes = Minutes(music_minutes, speech_minutes, effects_minutes)
        make_library(folder, seed=seed, minutes=minutes, workers=workers)
    except LimelightError as error:
        typer.echo(f"{error.code}: {error}", err=True)
        raise typer.Exit(error.exit_code) from None


if __name__ == "__main__":
    typer.run(main)
