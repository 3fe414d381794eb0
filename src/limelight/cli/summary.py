"""What a command prints: what came of a film, what the picture shows, which models there are, versions.

The summary of a film for a person, and its record for a program, tell the same facts.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Mapping, Sequence
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
from limelight.mixing.plan import finite_or_none
from limelight.models.registry import Listed
from limelight.report.facts import (
    StemChange,
    decided,
    delivery_facts,
    left_as_it_was,
    picture_in_words,
    stem_changes,
    target_met,
    time_in_words,
)
from limelight.report.words import decibels, plain
from limelight.types import Cues

_COLOURS = {"speech": "dodger_blue1", "music": "dark_orange", "effects": "green3"}
_MOST_LINES = 8  # of any one kind
_MOST_REASONS = 3


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


def reasons(result: Highlighted) -> list[str]:
    """Why the stems were moved, or that nothing needed mending: the longest reasons of the film first."""
    if said := left_as_it_was(result):
        return [said]
    lasting: dict[str, float] = {}
    for shot in result.plan.shots:
        lasting[decided(shot)] = lasting.get(decided(shot), 0.0) + shot.end_seconds - shot.start_seconds
    return sorted(lasting, key=lambda said: -round(lasting[said], 3))[:_MOST_REASONS]


def as_json(result: Highlighted, *, page: Path | None = None) -> dict[str, object]:
    """The facts of the summary for a program: finite numbers (null for silence), keys that stay."""
    before, written = result.plan.loudness, result.written
    return {
        "source": plain(result.source.path, limit=5000),
        "dest": plain(result.dest, limit=5000),
        "duration_seconds": _finite(result.source.duration_seconds),
        "container": written.container,
        "codec": written.codec,
        "bit_rate": written.bit_rate,
        "loudness_before_lufs": _finite(before.before_lufs),
        "loudness_after_lufs": _finite(result.loudness_after_lufs),
        "true_peak_before_dbtp": _finite(before.true_peak_before_dbtp),
        "true_peak_after_dbtp": _finite(result.true_peak_after_dbtp),
        "loudness_range_before_lu": _finite(before.range_before_lu),
        "loudness_range_after_lu": _finite(result.levels.range_lu),
        "dialogue_before_lufs": _finite(before.dialogue_before_lufs),
        "dialogue_after_lufs": _finite(result.levels.dialogue_lufs),
        "speech_share": _finite(result.levels.speech_share),
        "target_met": target_met(result),
        "style": plain(result.plan.style["name"]) if result.plan.style else None,
        "tracks": None
        if result.plan.source.tracks is None
        else [one.model_dump() for one in result.plan.source.tracks],
        "gains_db": {
            stem: {"mean": _finite(gain.mean_db), "min": _finite(gain.min_db), "max": _finite(gain.max_db)}
            for stem, gain in stem_changes(result.plan).items()
        },
        "makeup_db": _finite(result.plan.makeup_db),
        "copied": [plain(words) for words in written.copied],
        "left_out": [plain(words) for words in written.left_out],
        "notes": [plain(note) for note in result.notes],
        "verified": {
            "picture_packets": written.verified.picture_packets,
            "sound_samples": written.verified.sound_samples,
            "start_drift_samples": written.verified.start_drift_samples,
            "sha256": {plain(words): digest for words, digest in written.verified.sha256.items()},
        },
        "model": {"name": plain(result.plan.model.name), "sha256": plain(result.plan.model.sha256)},
        "director": plain(result.plan.director.name) if result.plan.director else None,
        "left_as_it_was": result.plan.changes_nothing,
        "sound_copied": written.sound_copied,
        "why": [plain(said) for said in reasons(result)],
        "seconds": _rounded(result.stage_seconds),
        "report": plain(page, limit=5000) if page else None,
    }


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


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else finite_or_none(value)


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {stage: round(spent, 3) for stage, spent in seconds.items()}


def models_text(listed: Iterable[Listed]) -> str:
    """One paragraph a model."""
    return "\n\n".join(_paragraph(one) for one in listed)


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
