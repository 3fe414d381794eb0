"""export, import: a plan to an editor and back; a trained network to one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limelight.cli.console import console
from limelight.cli.context import command_context, print_utf8, progress_bar
from limelight.cli.options import AsJson, Force, Quiet, SeparatorName, Verbose
from limelight.errors import UsageError

if TYPE_CHECKING:
    from limelight.timelines.hand_over import HandedOver

NETWORK = "onnx"
PLANS, NETWORKS = "Of plans", "Of networks"


def export(
    source: Annotated[Path, typer.Argument(help="A plan, or a training run.", metavar="PLAN|RUN")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder, or for a network the .onnx file.")],
    to: Annotated[
        list[str] | None,
        typer.Option(
            help="premiere, fcpxml, otio, reaper, audition or csv; may be repeated. Of a run: onnx.", metavar="EDITOR"
        ),
    ] = None,
    film: Annotated[
        Path | None,
        typer.Option(help="The plan's film; default that of its name beside the plan.", rich_help_panel=PLANS),
    ] = None,
    baked: Annotated[
        bool, typer.Option("--baked", help="The gains in the stems, the timeline flat.", rich_help_panel=PLANS)
    ] = False,
    force: Force = False,
    separator: SeparatorName = None,
    last: Annotated[
        bool, typer.Option("--last", help="The latest checkpoint, not the best one.", rich_help_panel=NETWORKS)
    ] = False,
    seconds: Annotated[
        float | None, typer.Option(help="How much it hears at once; default 10.", min=1, rich_help_panel=NETWORKS)
    ] = None,
    name: Annotated[str | None, typer.Option(help="Default the file's.", rich_help_panel=NETWORKS)] = None,
    licence: Annotated[str | None, typer.Option(help="Default that of the data.", rich_help_panel=NETWORKS)] = None,
    training_data: Annotated[
        str | None, typer.Option(help="In a sentence; default the number of clips.", rich_help_panel=NETWORKS)
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Hand a plan over to an editor: stems and a timeline with keyframes. Or write a trained network as one ONNX file."""
    of_plans = {"--film": film, "--baked": baked, "--force": force, "--separator": separator, "--json": as_json}
    of_networks = {"--last": last, "--seconds": seconds, "--name": name, "--licence": licence}
    of_networks |= {"--training-data": training_data}
    is_network = to == [NETWORK] or (not to and source.suffix.lower() != ".json")
    with command_context(verbose=verbose, small_heap=not is_network):
        _check_flags(of_plans if is_network else of_networks, is_network=is_network)
        if is_network:
            from limelight.cli.train import write_network

            known = {"name": name, "licence": licence, "training_data": training_data}
            write_network(source, output, last=last, seconds=10.0 if seconds is None else seconds, **known)
            typer.echo(str(output))
            return
        if not to or NETWORK in to:
            raise UsageError(
                f"{source} is a plan; say for which editor: --to premiere, fcpxml, otio, reaper, audition, csv"
            )
        _hand_over(source, output, to, film, separator, baked=baked, force=force, as_json=as_json, quiet=quiet)


def _check_flags(unfit: dict[str, Any], *, is_network: bool) -> None:
    """Raises UsageError for a flag of the other kind."""
    if given := next((flag for flag, value in unfit.items() if value), None):
        kinds = ("a plan", "a network") if is_network else ("a network", "a plan")
        raise UsageError(f"{given} is for the export of {kinds[0]}, this is one of {kinds[1]}; leave it out")


def _hand_over(
    plan_file: Path,
    folder: Path,
    to: list[str],
    film: Path | None,
    separator: str | None,
    *,
    baked: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    from limelight.mixing.plan import read_plan
    from limelight.models.registry import load_separator
    from limelight.timelines import hand_over

    plan = hand_over.check_stems(read_plan(plan_file))
    if separator and plan.source.tracks:
        raise UsageError("the plan was made of known tracks, and nothing is separated; leave --separator out")
    with progress_bar(quiet=quiet) as bar:
        done = hand_over.export(
            plan,
            hand_over.film_of(plan, plan_file, film),
            folder,
            to,
            separator=load_separator(separator) if separator else None,
            baked=baked,
            overwrite=force,
            progress=bar,
        )
    if as_json:
        print_utf8(json.dumps(_facts(done), indent=1))
        return
    if not quiet:
        console.print(_summary(done), markup=False)
    for path in (*done.timelines, *done.stems):
        typer.echo(str(path))


def _facts(done: HandedOver) -> dict[str, Any]:
    rate, start = done.frames.rate, done.frames.start_frame
    return {
        "timelines": [str(path) for path in done.timelines],
        "stems": [str(path) for path in done.stems],
        "keyframes": done.keyframes,
        "frames_per_second": float(rate.per_second),
        "drop_frame": rate.drop,
        "start_timecode": rate.time_code(start),
        "variable_frame_rate": done.frames.is_variable,
        "loudness_lufs": _finite(done.loudness_lufs),
        "true_peak_dbtp": _finite(done.true_peak_dbtp),
        "notes": list(done.notes),
    }


def _finite(value: float) -> float | None:
    from limelight.mixing.plan import finite_or_none

    return finite_or_none(value)


def _summary(done: HandedOver) -> str:
    rate = done.frames.rate
    counted = f"{float(rate.per_second):.3f}".rstrip("0").rstrip(".")
    code = rate.time_code(done.frames.start_frame)
    lines = [
        f"{done.keyframes} keyframes at {counted} frames a second{', drop frame' if rate.drop else ''}, from {code}"
    ]
    return "\n".join([*lines, *(f"note: {note}" for note in done.notes)])


def import_(
    timeline: Annotated[Path, typer.Argument(help="A project of Reaper (.rpp) or a table (.csv).", metavar="TIMELINE")],
    plan_file: Annotated[Path, typer.Option("--plan", help="The plan that it was exported from.", metavar="PLAN")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The new plan; default stdout.")] = None,
    force: Force = False,
    verbose: Verbose = False,
) -> None:
    """Read moved keyframes back into a plan, for `limelight render`."""
    with command_context(verbose=verbose):
        from limelight.media.container import check_readable
        from limelight.media.target import check_place, whole_or_absent
        from limelight.mixing.plan import plan_text, read_plan
        from limelight.timelines.hand_over import import_timeline

        plan = read_plan(plan_file)
        check_readable(timeline)
        if output:
            check_place(timeline, output, overwrite=force)
        text = plan_text(import_timeline(timeline, plan))
        if output is None:
            print_utf8(text)
            return
        with whole_or_absent(output, overwrite=force) as temporary:
            temporary.write_text(text, encoding="utf-8")
        typer.echo(str(output))


import_.__name__ = "import"  # as the command is called; Python keeps the word to itself
