"""highlight, plan, render: a film in, a rebalanced film (or its plan) out."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limelight.cli.console import console
from limelight.cli.context import command_context, print_utf8, progress_bar
from limelight.cli.options import (
    AsJson,
    CaptionsFile,
    Force,
    MixOptions,
    ModelOptions,
    Offline,
    Output,
    Quiet,
    SeparatorName,
    Source,
    StemFiles,
    TrackOptions,
    Verbose,
    check_one_film,
    context_request,
    known_tracks,
    planned_tracks,
    with_option_groups,
)
from limelight.errors import UsageError

if TYPE_CHECKING:
    from limelight.api import Highlighted
    from limelight.media.formats import NewTrack
    from limelight.mixing.mixers import Mixer
    from limelight.models.directors.style import Style
    from limelight.models.separators.tracks import Tracks


@with_option_groups
def highlight(
    source: Source,
    *,
    output: Output = None,
    force: Force = False,
    mix: MixOptions,
    stem: StemFiles = None,
    tracks_wished: TrackOptions,
    models: ModelOptions,
    captions: CaptionsFile = None,
    report: Annotated[bool, typer.Option("--report", help="Write an HTML page beside the result.")] = False,
    plan_out: Annotated[Path | None, typer.Option("--plan", help="Also write the mix plan here.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
) -> None:
    """Watch, listen, rebalance, write. The picture is copied, bit for bit."""
    with command_context(verbose=verbose):
        controls = mix.controls()
        request = context_request(
            mix.context, models.context_model, models.text_model, captions, models.device, offline
        )
        from limelight.api import highlight_with, with_style
        from limelight.media.target import check_place
        from limelight.mixing.plan import plan_text
        from limelight.report.page import check_page, write_report
        from limelight.vision.encoder import encoder_for

        check_one_film(source)
        styling = mix.styled()
        known = known_tracks(
            source,
            mix.tracks,
            stem,
            quiet=quiet,
            separator=mix.separator,
            model=models.model,
            audio_stream=mix.audio_stream,
        )
        new_track = tracks_wished.new_track(known, styling)
        target = _target(source, output, mix.audio_stream, known, new_track)
        page = target.with_suffix(".html") if report else None
        if page:
            check_page(source, page, target, overwrite=force)
        mixer = _mixer(known, mix, models, style=styling, offline=offline)
        if plan_out:
            mixer.check_editable()
            check_place(source, plan_out, overwrite=force)
        card = mixer.card
        watching = encoder_for(
            card.name,
            mixer.context,
            request,
            width=card.context_width,
            source=card.context_source,
            sampled=mixer.sampled,
        )
        with progress_bar(quiet=quiet) as bar:
            result = highlight_with(
                source,
                target,
                mixer=mixer,
                encoder=watching.encoder,
                picture_height=watching.picture_height,
                controls=with_style(controls, styling),
                audio_stream=mix.audio_stream,
                tracks=known,
                new_track=new_track,
                overwrite=force,
                progress=bar,
            )
        if plan_out:
            _write_text(source, plan_out, plan_text(result.plan), force=force)
        if page:
            write_report(result, page, overwrite=force)
        _tell(result, quiet=quiet, as_json=as_json, page=page)


@with_option_groups
def plan(
    source: Source,
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to; default stdout.")] = None,
    force: Force = False,
    mix: MixOptions,
    stem: StemFiles = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
) -> None:
    """The mix plan alone: a gain curve per stem, a reason per shot. Edit it, then `limelight render`."""
    with command_context(verbose=verbose):
        controls = mix.controls()
        request = context_request(mix.context, None, None, None, None, offline)
        from limelight.api import plan_video
        from limelight.media.probe import counted
        from limelight.media.target import check_place
        from limelight.mixing.plan import plan_text
        from limelight.models.registry import load_director, load_separator
        from limelight.vision.encoder import encoder_for

        check_one_film(source)
        if output:
            check_place(source, output, overwrite=force)
        styling = mix.styled()
        known = known_tracks(
            source, mix.tracks, stem, quiet=quiet, separator=mix.separator, audio_stream=mix.audio_stream
        )
        deciding = load_director(mix.director) if mix.director else load_director()
        with progress_bar(quiet=quiet) as bar:
            made = plan_video(
                source,
                separator=load_separator(mix.separator, offline=offline) if mix.separator else None,
                director=deciding,
                encoder=encoder_for(deciding.card.name, "cues", request, sampled=True).encoder,
                controls=controls,
                style=styling,
                audio_stream=mix.audio_stream,
                tracks=known,
                progress=bar,
            )
        if output:
            _write_text(source, output, plan_text(made), force=force)
            if not quiet:
                console.print(
                    f"{output}: {counted(len(made.shots), 'shot')}, each with its reason", highlight=False, markup=False
                )
        else:
            print_utf8(plan_text(made))


@with_option_groups
def render(
    source: Source,
    plan_file: Annotated[Path, typer.Argument(help="A plan made by `limelight plan`.", metavar="PLAN")],
    *,
    output: Output = None,
    force: Force = False,
    true_peak: Annotated[float | None, typer.Option(help="Another ceiling than the plan's, dBTP.")] = None,
    separator: SeparatorName = None,
    tracks_wished: TrackOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
) -> None:
    """Render a plan, edited or not: no picture is looked at, nothing is decided."""
    with command_context(verbose=verbose):
        from limelight.api import render_video
        from limelight.mixing.controls import Controls
        from limelight.mixing.plan import read_plan
        from limelight.models.registry import load_separator

        Controls(true_peak_dbtp=true_peak)  # raises where it is out of range
        made = read_plan(plan_file)
        check_one_film(source)
        known = planned_tracks(made, source, separator)
        new_track = tracks_wished.new_track(known)
        target = _target(source, output, made.source.audio_stream, known, new_track)
        name = separator or (made.model.name if offline and known is None else None)
        with progress_bar(quiet=quiet) as bar:
            result = render_video(
                source,
                made,
                target,
                separator=load_separator(name, offline=offline) if name else None,
                true_peak_dbtp=true_peak,
                new_track=new_track,
                overwrite=force,
                progress=bar,
            )
        _tell(result, quiet=quiet, as_json=as_json, page=None)


def _target(
    source: Path, output: str | None, audio_stream: int | None, tracks: Tracks | None, new_track: NewTrack
) -> Path:
    """Where the result goes: a name, or NAME.highlighted.EXT in a folder or beside the film. Its container takes the film.

    Raises InputError, NoSoundtrack, OutputError, before the long work.
    """
    from limelight.api import default_target, joined
    from limelight.media.probe import choose_soundtrack, probe
    from limelight.media.write import check_container

    info = probe(source)
    target = default_target(info) if output is None else Path(output)
    if output is not None and (output.endswith(("/", os.sep)) or target.is_dir()):
        target /= default_target(info).name
    soundtrack = tracks.soundtrack if tracks else choose_soundtrack(info, audio_stream)
    check_container(info, soundtrack, target, new=joined(new_track, tracks))
    return target


def _mixer(
    tracks: Tracks | None, mix: MixOptions, models: ModelOptions, *, style: Style | None, offline: bool
) -> Mixer:
    """The way to a new mix that the flags ask for. Raises ModelError, UsageError."""
    from limelight.api import mixer_of
    from limelight.models.registry import load_director, load_remixer, load_separator

    if models.model and (mix.separator or mix.director):
        raise UsageError("--model remixes in one step, in place of a separator and a director; give it alone")
    if models.model:
        return mixer_of(None, None, load_remixer(models.model, device=models.device), style=style)
    chosen = tracks or (load_separator(mix.separator, offline=offline) if mix.separator else None)
    return mixer_of(chosen, load_director(mix.director) if mix.director else None, None, style=style)


def _tell(result: Highlighted, *, quiet: bool, as_json: bool, page: Path | None) -> None:
    """The result on stdout, the talk on stderr."""
    from limelight.cli.summary import summary
    from limelight.report.facts import result_facts

    if as_json:
        print_utf8(json.dumps(result_facts(result, page=page), indent=1))
        return
    if not quiet:
        console.print(summary(result, page=page))
    if quiet or not (console.is_terminal and sys.stdout.isatty()):  # else the summary's first line has said it
        typer.echo(str(result.dest))


def _write_text(source: Path, target: Path, text: str, *, force: bool) -> None:
    """Beside, then renamed."""
    from limelight.media.target import check_place, whole_or_absent

    check_place(source, target, overwrite=force)
    with whole_or_absent(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
