"""evaluate: methods, controls and models on a data set; tables, a page, and which differences are real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from limelight.cli.console import console
from limelight.cli.context import command_context, progress_bar
from limelight.cli.muddy import Workers
from limelight.cli.options import AsJson, Quiet, Ray, Verbose

DEFAULT = "lite"


def evaluate(
    dataset: Annotated[
        Path,
        typer.Argument(help="A folder that `muddy build` or `join` made, or a sound library.", metavar="DATASET"),
    ],
    into: Annotated[
        Path, typer.Option(help="Where results and tables go; what is there already is not measured again.")
    ],
    models: Annotated[
        str,
        typer.Option(
            help="With commas: SEPARATOR[+DIRECTOR], a remixer's file, separate-and-level[-film][:SEPARATOR]."
        ),
    ] = DEFAULT,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    count: Annotated[
        int | None,
        typer.Option(
            help="So many clips, evenly spread; default all. Of a library: mixtures of each kind; default 200.", min=1
        ),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Where a library's decoded sounds are kept; default in --into.")
    ] = None,
    by_cue: Annotated[
        bool, typer.Option("--by-cue", help="Also models that look with each kind of cue from another clip.")
    ] = False,
    tagger: Annotated[
        str, typer.Option(help="Also KLD: passt, ast, or an AST model's name or folder (extra eval).")
    ] = "",
    embedder: Annotated[
        str, typer.Option(help="Also ΔIB: pe-av, imagebind (not for commercial use), or a PE-AV model; wants --frames.")
    ] = "",
    examples: Annotated[int, typer.Option(help="Clips to look at on the page.", min=0)] = 3,
    compare: Annotated[
        tuple[str, str] | None, typer.Option(help="Only compare two rows of the table, by their names.", metavar="A B")
    ] = None,
    against: Annotated[Path | None, typer.Option(help="With --compare: another run's folder, where B is.")] = None,
    trivial: Annotated[
        bool | None,
        typer.Option("--trivial/--no-trivial", help="Pairs that teach nothing too; default as the data set was built."),
    ] = None,
    finished: Annotated[
        bool,
        typer.Option(
            "--finished",
            help="DATASET is a film or a folder of finished films: how much is left as it was, what is changed.",
        ),
    ] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="Also results.parquet (needs pyarrow).")] = False,
    workers: Workers = None,
    ray: Ray = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Measure models on clips whose truth is known, beside controls and oracles; or on finished films, which should be left
    alone. Run it again after a stop: it goes on."""
    with command_context(verbose=verbose):
        if compare:
            from limelight.metrics.sentences import comparison_text

            typer.echo(comparison_text(into, *compare, against=against))
            return
        if finished:
            _finished(dataset, into, models, as_json=as_json, quiet=quiet)
            return
        from limelight.batch.engine import engine_of
        from limelight.metrics.evaluate import Request, evaluate
        from limelight.metrics.goals import for_programs
        from limelight.metrics.pretrained import MetricNetworks
        from limelight.metrics.sentences import in_short

        asked = Request(
            dataset=dataset,
            into=into,
            models=tuple(name.strip() for name in models.split(",") if name.strip()),
            split=split,
            count=count,
            examples=examples,
            parquet=parquet,
            networks=MetricNetworks(tagger, embedder),
            workers=workers,
            by_cue=by_cue,
            trivial=trivial,
            cache=cache,
        )
        with progress_bar(quiet=quiet) as bar:
            made = evaluate(
                asked,
                engine=engine_of(ray, None) if ray else None,
                progress=lambda done, total: bar("evaluate", done, total),
                sampling=lambda done, total: bar("sample", done, total),
            )
        told = json.dumps(for_programs(made.found), indent=1) if as_json else "\n".join(map(str, made.written))
        typer.echo(told)
        if not quiet:
            for sentence in (*in_short(made.found), "what the figures mean: docs/judge.md"):
                console.print(sentence, markup=False)
        made.run.check()


def _finished(films: Path, into: Path, model: str, *, as_json: bool, quiet: bool) -> None:
    """Films that are good by definition. Raises SomeFailed where some could not be measured."""
    from limelight.errors import UsageError
    from limelight.metrics.finished import evaluate_finished
    from limelight.metrics.finished_page import sentences

    if "," in model:
        raise UsageError(f"--finished measures one model at a time, found {model!r}; run it once for each.")
    with progress_bar(quiet=quiet) as bar:
        found = evaluate_finished([films], into, model=model, progress=lambda done, total: bar("evaluate", done, total))
    typer.echo(json.dumps(found.for_programs(), indent=1) if as_json else "\n".join(map(str, found.written)))
    if not quiet:
        for sentence in (*sentences(found), "what the figures mean: docs/judge.md"):
            console.print(sentence, markup=False)
    found.check()
