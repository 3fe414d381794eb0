"""muddy build, join, show, check: badly mixed training data out of well mixed films.

The options and the way in which a result is told are shared with whoever builds such data by other means.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol

import typer

from limelight.cli.console import console
from limelight.cli.context import command_context, progress_bar
from limelight.cli.options import AsJson, Quiet, Ray, Verbose
from limelight.errors import UsageError

if TYPE_CHECKING:
    from limelight.dataset.build import Built
    from limelight.dataset.build_state import Skipped
    from limelight.dataset.splits import SplitAssignment


class LayoutName(StrEnum):
    """What the clips' sound is."""

    mono = "mono"
    stereo = "stereo"


DataSet = Annotated[Path, typer.Argument(help="A folder that `muddy build` or `join` made.", metavar="DIR")]
NewDataSet = Annotated[Path, typer.Option("--output", "-o", help="The data set's folder, new or begun.")]
ClipSeconds = Annotated[float, typer.Option(help="Length of a clip.")]
Layout = Annotated[LayoutName, typer.Option(help="Sound of the clips.")]
Frames = Annotated[bool, typer.Option("--frames", help="Also a picture of every second, as JPEG.")]
About = Annotated[
    Path | None, typer.Option(help="CSV: file, and any of split, group, licence; for what is known of the films.")
]
Licence = Annotated[str, typer.Option(help="Of films and sounds, where no table says.")]
Seed = Annotated[int, typer.Option(help="Another seed, another set.", min=0)]
Workers = Annotated[int | None, typer.Option(help="Films or scenes at a time; default one a core.", min=1)]


class BuiltSet(Protocol):
    """What came of a build, a dataclass: where the data set lies, and what was left out of it."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def folder(self) -> Path:
        """The data set."""
        ...

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Films or batches that could not be used."""
        ...


def tell_built(built: BuiltSet, talk: Iterable[str], *, quiet: bool, as_json: bool) -> None:
    """The folder on stdout, the talk on stderr. Raises SomeFailed, which makes the exit code, where some was skipped."""
    from limelight.errors import SomeFailed
    from limelight.report.words import plain

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


muddy = typer.Typer(
    name="muddy",
    help="Badly mixed training data out of well mixed films.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
PAGE = "statistics.html"


class LevelName(StrEnum):
    """How hard a recipe hits: 6, 9, 12 dB, or a step sampled for each clip."""

    low = "low"
    medium = "medium"
    high = "high"
    mixed = "mixed"


class LimitName(StrEnum):
    """What comes down where a peak passes −0.5 dBFS."""

    both = "both"  # the whole pair: it differs by the recipe alone
    input = "input"  # the input alone, as the papers' released script does


@muddy.command()
def build(
    films: Annotated[list[Path], typer.Argument(help="Films, or folders that hold films.", metavar="FILMS")],
    output: NewDataSet,
    recipe: Annotated[
        str, typer.Option(help="paper, released, timevarying, degraded, none; several with commas.")
    ] = "paper",
    level: Annotated[LevelName, typer.Option(help="6, 9, 12 dB, or one of them for each clip.")] = LevelName.mixed,
    separator: Annotated[
        str, typer.Option(help="model[:NAME] | command:'PROGRAM … {input} {output}' | stems:DIR")
    ] = "model",
    seconds: ClipSeconds = 10.0,
    layout: Layout = LayoutName.mono,
    frames: Frames = False,
    keep_trivial: Annotated[
        bool, typer.Option("--keep-trivial", help="Keep pairs that teach nothing, labelled.")
    ] = False,
    about: About = None,
    shares: Annotated[str, typer.Option(help="Of train, validation and test, where the table says nothing.")] = (
        "0.8,0.1,0.1"
    ),
    licence: Licence = "not stated",
    limit: Annotated[
        LimitName, typer.Option(help="Where a peak passes -0.5 dBFS: bring down both, or the input alone (released).")
    ] = LimitName.both,
    condensed_movies: Annotated[
        Path | None,
        typer.Option(help="Folder of Condensed Movies' metadata: films are its videos, splits are by film."),
    ] = None,
    genres: Annotated[str, typer.Option(help="With --condensed-movies: genres with commas, or all.")] = "Action",
    seed: Seed = 0,
    workers: Workers = None,
    ray: Ray = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="Also manifest.parquet (needs pyarrow).")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Take films apart, degrade the balance, keep both. Run it again after a stop: it goes on where it was."""
    with command_context(verbose=verbose):
        from limelight.batch.engine import engine_of
        from limelight.dataset.build import build_from_films
        from limelight.dataset.films import BuildSettings
        from limelight.dataset.manifest import read_manifest, require_parquet, write_parquet
        from limelight.dataset.splits import SplitAssignment

        if parquet:
            require_parquet()
        settings = BuildSettings(
            seed=seed,
            clip_seconds=seconds,
            layout=layout.value,
            recipes=tuple(f"{name.strip()}:{level.value}" for name in recipe.split(",")),
            separator=separator,
            keep_trivial=keep_trivial,
            frames=frames,
            limit=limit.value,
        )
        splits = SplitAssignment.read(about, shares=_shares(shares), licence=licence)
        if condensed_movies:
            films, splits = _condensed(condensed_movies, films, genres, splits, quiet=quiet)
        with progress_bar(quiet=quiet) as bar:
            built = build_from_films(
                films,
                output,
                settings=settings,
                splits=splits,
                workers=workers,
                engine=engine_of(ray, None) if ray else None,
                progress=lambda done, total: bar("muddy", done, total),
            )
        if parquet:
            write_parquet(output, read_manifest(output))
        tell_built(built, _talk(built), quiet=quiet, as_json=as_json)


@muddy.command()
def show(
    folder: DataSet,
    page: Annotated[Path | None, typer.Option(help=f"Where the page goes; default DIR/{PAGE}.")] = None,
    examples: Annotated[int, typer.Option(help="Clips to listen to on the page; 0 writes none.", min=0)] = 6,
    beside: Annotated[
        Path | None, typer.Option(help="CSV of other clips' speech_lufs, music_lufs, effects_lufs; default films'.")
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """What the data are like: figures, and a page with a few clips to listen to."""
    with command_context(verbose=verbose):
        from limelight.dataset.manifest import read_manifest
        from limelight.dataset.page import write_page
        from limelight.dataset.statistics import FILMS, as_text, level_statistics, statistics

        entries = read_manifest(folder)
        found, others = statistics(entries), level_statistics(beside) if beside else FILMS
        typer.echo(json.dumps(asdict(found), indent=1) if as_json else as_text(found, others))
        if examples:
            target = page or folder / PAGE
            write_page(folder, entries, found, target, examples=examples, beside=others)
            console.print(f"page: {target}", markup=False)


@muddy.command()
def check(folder: DataSet, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Nothing is in two splits, every file is as it was built, stems sum to their target."""
    with command_context(verbose=verbose):
        from limelight.dataset.reading import check_dataset

        with progress_bar(quiet=quiet) as bar:
            entries = check_dataset(folder, progress=lambda done, total: bar("check", done, total))
        typer.echo(f"{len(entries)} clips: no leakage by name or sound, all files as built, stems sum to the target")


@muddy.command()
def join(
    folder: DataSet,
    output: NewDataSet,
    count: Annotated[int, typer.Option(help="How many films; more later adds to them.", min=1)] = 50,
    scenes: Annotated[int, typer.Option(help="Clips of a film, about seven seconds of each.", min=2)] = 4,
    split: Annotated[str, typer.Option(help="Of which split.")] = "test",
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Join clips of a data set to films of several scenes, as another data set."""
    with command_context(verbose=verbose):
        from limelight.dataset.joined import JoinSettings, join_clips

        settings = JoinSettings(seed=seed, scenes=scenes)
        with progress_bar(quiet=quiet) as bar:
            entries = join_clips(
                folder,
                output,
                count=count,
                split=split,
                settings=settings,
                progress=lambda done, total: bar("muddy", done, total),
            )
        told = {"folder": str(output), "clips": len(entries)}
        typer.echo(json.dumps(told, indent=1) if as_json else str(output))


def _condensed(
    metadata: Path, films: list[Path], genres: str, splits: SplitAssignment, *, quiet: bool
) -> tuple[list[Path], SplitAssignment]:
    from limelight.dataset.build import find_films
    from limelight.dataset.condensed_movies import CondensedMovies, select

    asked = [genre.strip() for genre in genres.split(",") if genre.strip()]
    chosen = select(CondensedMovies.read(metadata), find_films(films), genres=asked, splits=splits)
    if not quiet:
        console.print(chosen.said, markup=False)
    return list(chosen.films), chosen.splits


def _shares(text: str) -> tuple[float, float, float]:
    try:
        train, validation, test = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(
            f"--shares wants three numbers, for train, validation and test, got {text!r}; say 0.8,0.1,0.1"
        ) from error
    return train, validation, test


def _talk(built: Built) -> Iterator[str]:
    before = f", {built.films_before} were done before" if built.films_before else ""
    yield f"{built.clips} clips; {built.films} films built now{before}"
    yield from (f"left out: {count} × {reason}" for reason, count in built.left_out.items())
    if not built.clips:
        yield "no clip is left; other films, another --recipe, or --keep-trivial"
