"""What an agent can do by MCP, and what it cannot: leave its folders."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import anyio
import pytest
from fakes import FakeSeparator
from films import Film, film_path

from limelight import api
from limelight.cli.mcp_server import Workspace, server
from limelight.errors import InputError, UsageError

pytestmark = pytest.mark.skipif(find_spec("mcp") is None, reason="needs the extra `mcp`")
TOOLS = {"inspect", "plan", "read_plan", "edit_plan", "render", "highlight", "export_stems"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "films").mkdir()
    shutil.copy(film_path(Film(seconds=1.0)), tmp_path / "films" / "film.mp4")
    (tmp_path / "secret.mp4").write_bytes(b"")
    separator = FakeSeparator()
    monkeypatch.setattr(api, "load_separator", lambda *_given, **_more: separator)
    return tmp_path / "films"


def call(folder: Path, *calls: tuple[str, dict[str, object]]) -> list[object]:
    """The answers of some tools, in order; of a refused call its line."""

    import mcp

    async def talk() -> list[object]:
        async with mcp.Client(server(Workspace.of([folder]))) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
            return [await client.call_tool(name, given) for name, given in calls]

    answers = anyio.run(talk)
    return [answer.content[0].text if answer.is_error else json.loads(answer.content[0].text) for answer in answers]


def test_an_agent_plans_edits_and_renders(folder: Path) -> None:
    planned, edited, read, rendered = call(
        folder,
        ("plan", {"film": "film.mp4", "plan_file": "plan.json"}),
        ("edit_plan", {"plan_file": "plan.json", "stem": "music", "add_db": -6.0}),
        ("read_plan", {"plan_file": "plan.json"}),
        ("render", {"film": "film.mp4", "plan_file": "plan.json", "output": "out.mp4"}),
    )
    assert planned["changes_nothing"]  # noise alone: nobody speaks
    assert not edited["changes_nothing"]
    assert read["shots"] == edited["shots"]
    assert json.loads((folder / "plan.json").read_text())["gains_db"]["music"][0] == -6.0
    assert rendered["gains_db"]["music"]["mean"] == pytest.approx(-6.0, abs=0.1)
    assert Path(rendered["dest"]) == (folder / "out.mp4").resolve()


def test_nothing_outside_the_folders_is_touched(folder: Path) -> None:
    before = sorted(folder.parent.rglob("*"))
    (folder / "way-out").symlink_to(folder.parent)
    said = call(
        folder,
        ("highlight", {"film": "../secret.mp4", "output": "out.mp4"}),
        ("highlight", {"film": "film.mp4", "output": str(folder.parent / "out.mp4")}),
        ("export_stems", {"film": "way-out/secret.mp4", "folder": "stems"}),
    )
    assert all("E_INPUT" in one and "outside" in one for one in said)
    (folder / "way-out").unlink()
    assert sorted(folder.parent.rglob("*")) == before


def test_what_is_asked_wrongly_is_refused_in_one_line(folder: Path) -> None:
    said = call(folder, ("plan", {"film": "film.mp4", "plan_file": "p.json", "strength": 3.0}))
    assert "E_USAGE" in said[0]
    assert not (folder / "p.json").exists()
    with pytest.raises(UsageError, match="is none"):
        Workspace.of([folder / "nowhere"])
    with pytest.raises(InputError, match="outside"):
        Workspace.of([folder]).path("/etc/passwd")
