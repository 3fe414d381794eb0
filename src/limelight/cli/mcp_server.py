"""mcp: Limelight for agents, by the Model Context Protocol, within folders that the user names.

    agent ── inspect, plan, read_plan, edit_plan, render, highlight, export_stems ──► this server ──► api.py
             names of files; nothing outside the folders, neither read nor written

Every tool answers with facts as JSON; our errors come back as their one line, `CODE: …`, so an agent can mend its call.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limelight.cli.context import command_context
from limelight.cli.options import Verbose
from limelight.errors import InputError, LimelightError, UsageError

if TYPE_CHECKING:
    from mcp.server import MCPServer

INSTRUCTIONS = (
    "Limelight rebalances speech, music and effects of a film. Usual order: inspect, plan, read_plan, perhaps edit_plan, "
    "render. Gains are in dB. A plan that changes nothing means that the mix is good already: tell the user so."
)


def mcp(
    folders: Annotated[list[Path], typer.Argument(help="Folders that agents may read and write.", metavar="FOLDERS")],
    verbose: Verbose = False,
) -> None:
    """A server for agents (Model Context Protocol, on stdin and stdout), bounded to the named folders."""
    with command_context(verbose=verbose):
        server(Workspace.of(folders)).run("stdio")


@dataclass(frozen=True)
class Workspace:
    """The folders that may be touched."""

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, folders: list[Path]) -> Workspace:
        """Raises UsageError for what is no folder."""
        for folder in folders:
            if not folder.is_dir():
                raise UsageError(f"wanted a folder for agents, {folder} is none; make it first")
        return cls(tuple(folder.resolve() for folder in folders))

    def path(self, name: str) -> Path:
        """A file within the folders, links followed; a relative name is of the first. Raises InputError."""
        path = (self.folders[0] / Path(name)).resolve()
        if not any(path.is_relative_to(folder) for folder in self.folders):
            allowed = ", ".join(map(str, self.folders))
            raise InputError(
                f"wanted {name}, which lies outside {allowed}; name a file within, or start with more folders"
            )
        return path


def server(workspace: Workspace) -> MCPServer:
    """The server with its tools. Raises UsageError where the extra is not installed."""
    try:
        from mcp.server import MCPServer
        from mcp.types import ToolAnnotations
    except ImportError as error:
        raise UsageError("wanted an MCP server, found no package mcp; in a clone: pip install '.[mcp]'") from error
    made = MCPServer("limelight", instructions=INSTRUCTIONS)
    for tool in _tools(workspace):
        reads = tool.__name__ in ("inspect", "read_plan")
        made.tool(annotations=ToolAnnotations(read_only_hint=reads, open_world_hint=False))(tool)
    return made


def _tools(workspace: Workspace) -> tuple[Callable[..., Any], ...]:
    """The tools as functions; their docstrings are what an agent reads."""

    def inspect(film: str) -> dict[str, Any]:
        """What the picture of a film shows: shots in words, and the cues (0…1) of every second by name."""
        from limelight import api
        from limelight.cli.summary import inspection_json

        with _told():
            return inspection_json(api.inspect_video(workspace.path(film)))

    def plan(
        film: str, plan_file: str, strength: float = 1.0, loudness: str = "keep", overwrite: bool = False
    ) -> dict[str, Any]:
        """Decide the mix of a film and write the plan as JSON. strength: 0 (original) to 1; loudness: keep, youtube,
        podcast, ebu, atsc, netflix or LUFS. Answers with the shots and reasons."""
        from limelight import api
        from limelight.media.target import check_place
        from limelight.mixing.controls import Controls

        with _told():
            source, target = workspace.path(film), workspace.path(plan_file)
            check_place(source, target, overwrite=overwrite)
            made = api.plan_video(source, controls=Controls(strength=strength, loudness=loudness))
            return _keep(made, target)

    def read_plan(plan_file: str) -> dict[str, Any]:
        """The shots of a plan: times, mean gains in dB, reasons; and whether it changes anything."""
        with _told():
            return _facts(_read(workspace.path(plan_file)))

    def edit_plan(
        plan_file: str, stem: str, add_db: float, start_seconds: float = 0.0, end_seconds: float | None = None
    ) -> dict[str, Any]:
        """Add so many dB to one stem's gain curve (speech, music or effects) of a plan, from start to end in seconds."""
        with _told():
            path = workspace.path(plan_file)
            return _keep(_edited(_read(path), stem, add_db, start_seconds, end_seconds), path)

    def render(film: str, plan_file: str, output: str, overwrite: bool = False) -> dict[str, Any]:
        """Write the film with the mix of a plan. The picture is copied."""
        from limelight import api
        from limelight.mixing.job import track_files
        from limelight.report.facts import result_facts

        with _told():
            source, target = workspace.path(film), workspace.path(output)
            made = _read(workspace.path(plan_file))
            for stem in track_files(made.source, source):
                workspace.path(str(stem))
            return result_facts(api.render_video(source, made, target, overwrite=overwrite))

    def highlight(film: str, output: str, strength: float = 1.0, overwrite: bool = False) -> dict[str, Any]:
        """Plan and render in one step; for a film that is taken as it comes."""
        from limelight import api
        from limelight.mixing.controls import Controls
        from limelight.report.facts import result_facts

        with _told():
            source, target = workspace.path(film), workspace.path(output)
            return result_facts(api.highlight_video(source, target, controls=Controls(strength), overwrite=overwrite))

    def export_stems(film: str, folder: str, overwrite: bool = False) -> list[str]:
        """Write speech.wav, music.wav and effects.wav, which sum to the film's sound, into a folder, for an editor."""
        from limelight import api

        with _told():
            made = api.separate_video(workspace.path(film), workspace.path(folder), overwrite=overwrite)
            return [str(path) for path in made]

    return (inspect, plan, read_plan, edit_plan, render, highlight, export_stems)


@contextmanager
def _told() -> Iterator[None]:
    """Our errors as the one line that the command line prints."""
    from mcp.server.mcpserver.exceptions import ToolError

    try:
        yield
    except LimelightError as error:
        raise ToolError(f"{error.code}: {error}") from error


def _read(path: Path) -> Any:
    from limelight.mixing.plan import read_plan

    return read_plan(path)


def _keep(made: Any, target: Path) -> dict[str, Any]:
    """Writes a plan, whole or not at all."""
    from limelight.media.target import whole_or_absent
    from limelight.mixing.plan import plan_text

    with whole_or_absent(target) as temporary:
        temporary.write_text(plan_text(made), encoding="utf-8")
    return {"plan_file": str(target)} | _facts(made)


def _facts(plan: Any) -> dict[str, Any]:
    shots = [json.loads(shot.model_dump_json(exclude={"cues"})) for shot in plan.shots]
    return {"changes_nothing": plan.changes_nothing, "makeup_db": plan.makeup_db, "shots": shots}


def _edited(plan: Any, stem: str, add_db: float, start_seconds: float, end_seconds: float | None) -> Any:
    """A plan with a stem's curve moved in a stretch of time; checked as any plan is. Raises UsageError, PlanError."""
    from limelight.mixing.plan import MixPlan

    if stem not in plan.gains_db:
        raise UsageError(
            f"wanted to move {stem!r}, the plan has {', '.join(plan.gains_db) or 'no stems'}; name one of them"
        )
    end, step = math.inf if end_seconds is None else end_seconds, plan.step_seconds
    curve = [gain + add_db * (start_seconds <= k * step < end) for k, gain in enumerate(plan.gains_db[stem])]
    values = plan.model_dump() | {"gains_db": {**plan.gains_db, stem: curve}}
    try:
        return MixPlan.model_validate(values)
    except ValueError as error:
        raise UsageError(f"wanted {stem} {add_db:+g} dB, which makes no plan ({error}); take less") from error
