"""batch: many films, on this machine or a cluster; what is done stays done, one bad film harms no other."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from limelight.cli.console import console
from limelight.cli.context import command_context, print_utf8
from limelight.cli.options import (
    AsJson,
    Force,
    MixOptions,
    ModelOptions,
    Offline,
    Quiet,
    Ray,
    TrackOptions,
    Verbose,
    with_option_groups,
)
from limelight.errors import UsageError
from limelight.report.words import plain

if TYPE_CHECKING:
    from limelight.batch.batches import FilmStatus, Totals
    from limelight.batch.foresight import Foreseen
    from limelight.batch.inputs import Inputs

GIGABYTE = 1_000_000_000
ROWS = 40  # of a table; of more films the failed ones alone
TALK_SECONDS = 30.0  # between two lines of progress where there is no terminal


@with_option_groups
def batch(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Films, folders, patterns, lists (.txt, .jsonl with options per film), or URLs.", metavar="FILMS"
        ),
    ] = None,
    *,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="A folder or URL; default beside each film.", metavar="DIR")
    ] = None,
    force: Force = False,
    watch: Annotated[
        str | None, typer.Option(help="Also take films that come into this folder, until stopped.", metavar="DIR")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done, how long and how much disk.")
    ] = False,
    mix: MixOptions,
    new_track: TrackOptions,
    models: ModelOptions,
    report: Annotated[bool, typer.Option("--report", help="Also NAME.html beside each result.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Also NAME.plan.json beside each result.")] = False,
    status: Annotated[
        str | None, typer.Option(help="Where a line of JSON per film goes; default DIR/batch.jsonl.", metavar="FILE")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Films at a time here; default one a core.", min=1)] = None,
    ray: Ray = None,
    cpus: Annotated[
        float, typer.Option(help="Of a film: threads of its model; on a cluster that much is reserved.", min=0.01)
    ] = 1.0,
    gpus: Annotated[float, typer.Option(help="Of a film, or a share of one.", min=0.0)] = 0.0,
    memory: Annotated[float, typer.Option(help="Of a film, in GB.", min=0.0)] = 1.0,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
) -> None:
    """Many films: resumable, each for itself. Run it again after a stop, or with more films: what is done stays done."""
    with command_context(verbose=verbose):
        from limelight.batch.batches import STATUS
        from limelight.batch.engine import Resources, engine_of
        from limelight.batch.inputs import Inputs
        from limelight.batch.settings import FilmSettings
        from limelight.batch.storage import is_url, join

        if not inputs and not watch:
            raise UsageError("wanted films, got none; give films, folders or lists, or --watch DIR")
        settings = FilmSettings(
            strength=mix.strength,
            speech_db=mix.speech,
            music_db=mix.music,
            effects_db=mix.effects,
            loudness=mix.loudness,
            true_peak_dbtp=mix.true_peak,
            style=mix.style,
            audio_stream=mix.audio_stream,
            tracks=mix.tracks,
            keep_tracks=new_track.keep_tracks,
            add_track=new_track.add_track,
            default_track=new_track.default_track.value,
            audio_codec=new_track.audio_codec,
            audio_bitrate=new_track.audio_bitrate,
            separator=mix.separator,
            director=mix.director,
            model=models.model,
            context=None if mix.context is None else mix.context.value,
            context_model=models.context_model,
            text_model=models.text_model,
            device=models.device,
            offline=offline,
            plan=plan,
            report=report,
        )
        folder = None if output is None else output if is_url(output) else os.path.abspath(output)
        films = Inputs(tuple(inputs or ()), folder, settings, force, max(1, int(cpus)))
        resources = Resources(cpus, gpus, round(memory * GIGABYTE))
        engine = engine_of(ray, workers)
        if dry_run:
            try:
                _foretell(films, engine.slots(resources), as_json=as_json)
            finally:
                engine.close()
            return
        lines = status or (join(folder, STATUS) if folder else None)
        _run(films, watch, engine, resources, lines, as_json=as_json, quiet=quiet)


def _run(
    films: Inputs, watch: str | None, engine: Any, resources: Any, lines: str | None, *, as_json: bool, quiet: bool
) -> None:
    from itertools import chain

    from limelight.batch.batches import Totals, run_batch
    from limelight.batch.inputs import Watched

    count, size = films.check() if films.places else (0, 0)
    totals = Totals(0 if watch else count, size)
    coming = chain(films, Watched(watch, films)) if watch else films
    table = _table()
    with _Talk(totals, quiet=quiet) as talk:
        for status in run_batch(coming, engine, totals, status_file=lines, resources=resources):
            if status is not None:
                _tell(status, as_json=as_json)
                if totals.over <= ROWS:
                    _row(table, status)
            talk.show(status)
    if not quiet:
        _sum_up(totals, table)
    totals.check(f"they are listed in {lines}; " if lines else "")


def _tell(status: FilmStatus, *, as_json: bool) -> None:
    """On stdout, as it comes: lines of JSON, or the names of results."""
    if as_json:
        print_utf8(status.line)
    elif status.target:
        typer.echo(status.target)


class _Talk:
    """Progress on stderr: a bar on a terminal, elsewhere a line now and then."""

    def __init__(self, totals: Totals, *, quiet: bool) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[left]}"),
            TimeElapsedColumn(),
        )
        on_terminal = console.is_terminal and not quiet
        self._totals, self._quiet, self._on_terminal = totals, quiet, on_terminal
        self._bar = Progress(*columns, console=console, disable=not on_terminal, transient=True)
        self._task = self._bar.add_task("", total=max(1, totals.size_bytes), left="")
        self._said = time.monotonic()

    def __enter__(self) -> _Talk:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def show(self, status: FilmStatus | None) -> None:
        totals = self._totals
        if status is not None and status.state == "failed":
            said = f"{status.film}: {status.code}: {' '.join(status.message.split())}"
            console.print(plain(said, limit=5000), markup=False)
        words, left = _progress_words(totals)
        self._bar.update(
            self._task, description=words, completed=totals.bytes_over + sum(totals.running.values()), left=left
        )
        if not self._on_terminal and not self._quiet and time.monotonic() - self._said > TALK_SECONDS:
            self._said = time.monotonic()
            console.print(f"{words} {left}".strip(), markup=False)


def _progress_words(totals: Totals) -> tuple[str, str]:
    of = f"of {totals.films} " if totals.films else ""
    failed = f", {totals.states['failed']} failed" if totals.states["failed"] else ""
    left = totals.seconds_left
    return f"{totals.over} {of}films{failed}", "" if left is None else f"about {_duration(left)} left"


def _table() -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("film", "", "LUFS before → after", "s", "note"):
        table.add_column(name, overflow="fold")
    return table


def _row(table: Table, status: FilmStatus) -> None:
    before, after = status.loudness_before_lufs, status.loudness_after_lufs
    loudness = "" if before is None or after is None else f"{before:.1f} → {after:.1f}"
    note = f"{status.code}: {status.message}" if status.code else "" if status.changed else "left as it was"
    words = (Path(status.film).name, status.state, loudness, f"{status.seconds:.1f}", note)
    table.add_row(*(plain(" ".join(word.split()), limit=300) for word in words))


def _sum_up(totals: Totals, table: Table) -> None:
    from limelight.media.probe import counted

    if totals.over > ROWS:
        table = _table()
        for status in totals.failed:
            _row(table, status)
    if table.row_count:
        console.print(table, markup=False)
    states = ", ".join(f"{count} {state}" for state, count in sorted(totals.states.items()))
    elapsed = time.monotonic() - totals.began
    speed = f"; {totals.film_seconds / elapsed:.1f} × real time" if totals.film_seconds else ""
    console.print(
        f"{counted(totals.over, 'film')} in {_duration(elapsed)}: {states or 'nothing to do'}{speed}", markup=False
    )


def _foretell(films: Inputs, slots: int, *, as_json: bool) -> None:
    """Each film with what would be done, and the sum."""
    from limelight.batch.foresight import Foreseen, foresee
    from limelight.batch.storage import json_text

    films.check()
    for one in foresee(films, slots):
        if isinstance(one, Foreseen):
            _tell_foreseen(one, slots, as_json=as_json)
        elif as_json:
            task, state = one
            print_utf8(json_text({"film": task.source, "would": state, "target": task.target}))
        else:
            typer.echo(f"{one[1]:8} {one[0].source}")


def _tell_foreseen(sum_: Foreseen, slots: int, *, as_json: bool) -> None:
    from limelight.media.probe import counted

    states = ", ".join(f"{count} {state}" for state, count in sorted(sum_.films.items()))
    basis = "assumed" if sum_.assumed else "as the films done before"
    lines = [
        f"{states}; {_duration(sum_.film_seconds)} of film to be made",
        f"about {_duration(sum_.seconds)} with {slots} at a time, each at {sum_.times_real_time:.1f} × real time ({basis})",
        f"about {sum_.size_bytes / GIGABYTE:.2f} GB of results, as large as their films"
        + ("" if sum_.free_bytes is None else f"; {sum_.free_bytes / GIGABYTE:.0f} GB are free"),
    ]
    if sum_.length_guessed:
        films = counted(sum_.length_guessed, "film")
        lines.append(f"{films} cannot be probed from here: the length is guessed from the size")
    if sum_.free_bytes is not None and sum_.size_bytes > sum_.free_bytes:
        lines.append("that is more than is free: make room, or choose another folder")
    for line in lines:
        console.print(line, markup=False)


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    return f"{seconds:.0f} s" if seconds < 90 else f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
