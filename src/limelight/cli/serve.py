"""serve: the page, on this machine alone."""

from __future__ import annotations

import os
import secrets
import sys
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limelight.cli.console import console
from limelight.cli.context import command_context
from limelight.cli.options import DirectorName, Quiet, SeparatorName, Verbose
from limelight.errors import InputError, OutputError, UsageError

if TYPE_CHECKING:
    import socket

PORT = 8760
LOOPBACK = "127.0.0.1"


def serve(
    films: Annotated[
        list[Path] | None, typer.Argument(help="Films to open, and folders to choose films from.", metavar="FILMS")
    ] = None,
    port: Annotated[int, typer.Option(help="0: any that is free.", min=0, max=65535)] = PORT,
    work: Annotated[
        Path | None, typer.Option(help="Where stems and results lie; default in your cache folder.", metavar="FOLDER")
    ] = None,
    jobs: Annotated[int, typer.Option(help="How many films are worked on at once.", min=1, max=64)] = 1,
    no_token: Annotated[bool, typer.Option("--no-token", help="Let every program of this machine in.")] = False,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    study: Annotated[
        Path | None,
        typer.Option(help="A folder of `study make`: taken at /study/, answers are kept beside it.", metavar="FOLDER"),
    ] = None,
    separator: SeparatorName = None,
    director: DirectorName = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """A page to hear, see and edit what is done to a film, and to render it. It answers to this machine alone."""
    with command_context(verbose=verbose):
        try:
            import uvicorn

            from limelight.server.app import make_app
        except ModuleNotFoundError as error:
            raise UsageError(
                f"the page needs {error.name}; install the extra: pip install -e '.[page]' in a clone of Limelight"
            ) from error
        from limelight.server.films import Films
        from limelight.server.guard import Guard

        chosen = [_existing(path) for path in films or [Path()]]
        with _socket(port) as listening:
            number = listening.getsockname()[1]
            token = None if no_token else secrets.token_urlsafe(32)
            folders = [path if path.is_dir() else path.parent for path in chosen]
            known = Films(work or default_work(), folders, jobs=jobs, separator=separator, director=director)
            try:
                for path in chosen:
                    if path.is_file():
                        known.open(path)
                rest = f"?token={token}" if token else ""
                address = f"http://{LOOPBACK}:{number}/{rest}"
                app = make_app(known, study=_existing(study) if study else None)
                typer.echo(address)
                if study:
                    typer.echo(f"http://{LOOPBACK}:{number}/study/{rest}")
                sys.stdout.flush()
                if not quiet:
                    console.print(f"the page works in {known.work}; Ctrl-C ends it", markup=False)
                if open_browser:
                    webbrowser.open(address)
                guarded = Guard(app, token=token, port=number)
                settings = uvicorn.Config(guarded, log_level="info" if verbose else "error", server_header=False)
                with suppress(KeyboardInterrupt):  # the usual end of a server
                    uvicorn.Server(settings).run(sockets=[listening])
            finally:
                known.close()


def default_work() -> Path:
    """The user's cache folder: LIMELIGHT_PAGE, else the system's custom."""
    if named := os.environ.get("LIMELIGHT_PAGE"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "limelight" / "page"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/limelight/page"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "limelight" / "page"


def _existing(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"cannot open {path}: there is no such file or folder; check the path")
    return path.resolve()


def _socket(port: int) -> socket.socket:
    """Bound before anything is done; of the loopback address alone. Raises OutputError where the port is taken."""
    import socket

    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((LOOPBACK, port))
        made.listen(128)  # whoever has read the address may ask at once
    except OSError as error:
        made.close()
        raise OutputError(
            f"wanted the port {port}, it is taken ({error.strerror}); give another with --port, or 0 for any"
        ) from error
    return made
