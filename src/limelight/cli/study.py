"""`limelight study make | read`: a listening study as a folder, and its answers as figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from limelight.cli.console import console
from limelight.cli.context import command_context, print_utf8
from limelight.cli.options import AsJson, Force, Quiet, Verbose

study = typer.Typer(
    help="A listening study: a page that people take, and what their answers say.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@study.command()
def make(
    films: Annotated[
        list[Path], typer.Argument(help="Films: their picture, and the version `original`.", metavar="FILMS")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to be published; made.")],
    version: Annotated[
        list[str] | None,
        typer.Option(
            help="A folder with a file of each film's name, or for one film its file; may be repeated.",
            metavar="NAME=FOLDER",
        ),
    ] = None,
    kind: Annotated[str, typer.Option(help="ranking (all versions in an order) or pairs.")] = "ranking",
    start: Annotated[float, typer.Option(min=0, help="Where the stretch begins, s.")] = 0.0,
    seconds: Annotated[float, typer.Option(min=2, max=60, help="How long it is.")] = 10.0,
    anchor: Annotated[bool, typer.Option(help="Add a hidden version with next to nothing under the speech.")] = True,
    title: Annotated[str, typer.Option(help="What the page is called.")] = "Listening study",
    contact: Annotated[str, typer.Option(help="Whom to ask; shown on the first page.")] = "",
    post: Annotated[str, typer.Option(help="An address that takes answers as well.")] = "",
    seed: Annotated[int, typer.Option(help="Names and traps.")] = 0,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Make the folder: blind, equally loud, one picture; FOLDER.key.json beside it says which version is which. Keep that."""
    with command_context(verbose=verbose):
        from limelight.errors import UsageError
        from limelight.media.probe import counted
        from limelight.study.make import StudyClip, StudyDesign, make_study, versions_of

        folders = dict(word.partition("=")[::2] for word in version or ())
        if wrong := [word for word in version or () if not all(word.partition("="))]:
            raise UsageError(f"Wanted --version NAME=FOLDER, found {wrong[0]!r}; give both.")
        if len(folders) < len(version or ()):
            raise UsageError("Wanted each --version once, found a name twice; give every version a name of its own.")
        if kind not in ("ranking", "pairs"):
            raise UsageError(f"Wanted --kind ranking or pairs, found {kind!r}.")
        places = {name: Path(place) for name, place in folders.items()}
        clips = [StudyClip(film, versions_of(film, places), start, seconds) for film in films]
        design = StudyDesign(title, "pairs" if kind == "pairs" else "ranking", seed, anchor, post, contact)
        made = make_study(clips, output, design, overwrite=force)
        if not quiet:
            console.print(
                f"{counted(made.clips, 'clip')}, {counted(made.trials, 'question')}; "
                f"versions at most {made.apart_lu:.2f} LU apart. Publish {made.folder}, keep {made.key} to yourself."
            )
        typer.echo(str(made.folder / "index.html"))


@study.command()
def read(
    key: Annotated[Path, typer.Argument(help="FOLDER.key.json of `study make`.", metavar="KEY")],
    answers: Annotated[list[Path], typer.Argument(help="Files of answers, or folders of them.", metavar="ANSWERS")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="study.md and study.html go there.")] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """What the answers say: who was preferred, how surely, and who was left out."""
    with command_context(verbose=verbose):
        from limelight.errors import InputError
        from limelight.media.target import naming_write_errors
        from limelight.report.templating import write_text
        from limelight.study.read import as_json as figures_json
        from limelight.study.read import as_markdown, as_page, read_study

        files = [file for path in answers for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
        if not files:
            raise InputError("Wanted files of answers, found none; name some, or a folder of them.")
        found = read_study(key, files)
        if output:
            with naming_write_errors(output):
                output.mkdir(parents=True, exist_ok=True)
            write_text(as_markdown(found), output / "study.md")
            write_text(as_page(found), output / "study.html")
        print_utf8(json.dumps(figures_json(found), indent=1) if as_json else as_markdown(found))
