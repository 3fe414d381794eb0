"""The commands that the pages on tracks, styles and delivery tell are commands: each option is known, each value is taken."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from limelight.cli.main import app, with_command
from limelight.media.formats import NewTrack
from limelight.mixing.controls import Controls
from limelight.mixing.track_roles import read_stem
from limelight.models.directors.style import load_style

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("tracks", "styles", "delivery")
TOLD = [
    (page, line.partition(">")[0])
    for page in PAGES
    for block in re.findall(
        r"^```\w*\n(.*?)^```", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    for line in block.splitlines()
    if line.startswith("limelight ")
]


def test_there_are_commands_on_each_page():
    assert {page for page, _ in TOLD} == set(PAGES)
    assert len(TOLD) >= 18


@pytest.mark.parametrize(("page", "line"), TOLD)
def test_a_command_that_is_told_is_one(page, line):
    name, *words = with_command(shlex.split(line)[1:])
    told = get_command(app).get_command(None, name).make_context(name, words).params
    if told.get("style") and told["style"] != "mine.toml":
        assert load_style(told["style"])
    for stem in told.get("stem") or ():
        assert read_stem(stem)
    Controls(loudness=told.get("loudness") or "keep")
    NewTrack(codec=told.get("audio_codec"))
