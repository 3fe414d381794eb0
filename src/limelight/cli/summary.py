"""What a command prints: what came of a film, what the picture shows, which models there are, versions.

The summary of a film for a person, and its record for a program, tell the same facts.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import av
import numpy
import onnxruntime
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from limelight.api import Highlighted
from limelight.models.registry import Listed
from limelight.report.facts import (
    StemChange,
    delivery_facts,
    picture_in_words,
    reasons,
    stem_changes,
    time_in_words,
)
from limelight.report.words import decibels, plain
from limelight.runtime import PROVIDERS, devices
from limelight.types import Cues

_COLOURS = {"speech": "dodger_blue1", "music": "dark_orange", "effects": "green3"}
_MOST_LINES = 8  # of any one kind


def summary(result: Highlighted, *, page: Path | None = None) -> RenderableType:
    """The closing summary on the terminal."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=False)
    for stem, gain in stem_changes(result.plan).items():
        table.add_row(Text(stem, _COLOURS[stem]), _stem_line(gain))
    if not result.plan.has_stems:
        table.add_row("sound", f"remixed by {plain(result.plan.model.name)} in one step, without stems")
    if abs(result.plan.makeup_db) >= 0.05:
        table.add_row("whole mix", decibels(result.plan.makeup_db))
    for label, said in delivery_facts(result).items():
        table.add_row(label, said)
    table.add_row("picture", picture_in_words(result))
    for label, lines in _kept(result).items():
        table.add_row(label, Text(lines))
    for said in reasons(result):
        table.add_row("why", Text(plain(said)))
    for note in result.notes[:_MOST_LINES]:
        table.add_row(Text("note", "yellow"), Text(plain(note)))
    table.add_row("time", time_in_words(result))
    if page:
        table.add_row("report", Text(plain(page, limit=5000)))
    return Group(Text(plain(result.dest), "bold"), table)


def _stem_line(gain: StemChange) -> Text:
    line = Text(str(gain), "dim" if gain.left_alone else "")
    if not gain.left_alone and gain.range_in_words:
        line.append(f"  {gain.range_in_words}", "dim")
    return line


def _kept(result: Highlighted) -> dict[str, str]:
    """What was copied and what was not; only what there is."""
    lists = {"copied": result.written.copied, "left out": result.written.left_out}
    return {label: _in_one(words) for label, words in lists.items() if words}


def _in_one(words: Sequence[str]) -> str:
    more = len(words) - _MOST_LINES
    return "; ".join(plain(word) for word in words[:_MOST_LINES]) + (f"; and {more} more" if more > 0 else "")


def models_text(listed: Iterable[Listed]) -> str:
    """One paragraph a model; then the devices that they can run on here."""
    found = ", ".join(f"{device} ({PROVIDERS[device]})" for device in devices())
    return "\n\n".join([*(_paragraph(one) for one in listed), f"devices (--device): {found}"])


def _paragraph(one: Listed) -> str:
    parts = ", ".join(f"{part.replace('_', ' ')} {count / 1e6:.2f}" for part, count in one.parts.items())
    size = f"{one.parameters / 1e6:.2f} M parameters{f' ({parts})' if parts else ''}, " if one.parameters else ""
    lines = [
        f"{one.name} ({one.kind}): {size}{one.sample_rate} Hz",
        f"  backbone: {one.backbone}",
        f"  head: {one.head}",
        f"  context: {one.context}; weights for it: {one.context_weights}",
        f"  licence: {one.licence}",
        *([f"  trained on: {one.card['training_data']}"] if one.card else []),
        f"  weights: {one.weights}",
        *([f"  measured: {one.measured}"] if one.measured else []),
    ]
    return "\n".join(lines)


def clock(seconds: float) -> str:
    """h:mm:ss.s, without hours that are not there."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


def inspection_text(cues: Cues) -> str:
    """One paragraph per shot."""
    paragraphs = []
    for place, shot in enumerate(cues.shots, 1):
        lines = [f"shot {place}  {clock(shot.start_seconds)} – {clock(shot.end_seconds)}"]
        lines += [f"  {kind}: {words}" for kind, words in shot.words.items()]
        paragraphs.append("\n".join(lines))
    return "\n\n".join(paragraphs)


def inspection_json(cues: Cues) -> dict[str, Any]:
    """Shots in words, and the numbers (0…1) of every second by name."""
    return {
        "shots": [
            {"start_seconds": shot.start_seconds, "end_seconds": shot.end_seconds, "cues": dict(shot.words)}
            for shot in cues.shots
        ],
        "seconds": {name: [round(float(value), 4) for value in cues.values[:, d]] for d, name in enumerate(cues.names)},
    }


def versions() -> str:
    """One line each."""
    ffmpeg = ".".join(str(part) for part in av.library_versions["libavformat"])
    return "\n".join(
        [
            f"limelight {version('limelight-audio')}",
            f"python {platform.python_version()} on {platform.system()} {platform.machine()}",
            f"av {av.__version__} (libavformat {ffmpeg}), onnxruntime {onnxruntime.__version__}, numpy {numpy.__version__}",
        ]
    )
