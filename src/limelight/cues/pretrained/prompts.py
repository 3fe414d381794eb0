"""What is asked about a picture: the six cues in two styles, from `prompts.toml`, where the reasons stand too."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from pathlib import Path

from limelight.cues.catalogue import KINDS

PROMPTS = Path(__file__).with_name("prompts.toml")


class Style(StrEnum):
    """How the questions are put."""

    minimal = "minimal"
    focused = "focused"


def read_prompts(style: Style = Style.focused) -> dict[str, str]:
    """Kind of cue to question, in the order of the catalogue."""
    questions = tomllib.loads(PROMPTS.read_text(encoding="utf-8"))[style]
    return {kind: str(questions[kind]) for kind in KINDS}
