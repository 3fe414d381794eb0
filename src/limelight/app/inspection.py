"""What the picture says, for people and for programs."""

from __future__ import annotations

from typing import Any

from limelight.signals import Cues


def clock(seconds: float) -> str:
    """h:mm:ss.s, without hours that are not there."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


def inspection_text(cues: Cues) -> str:
    """One paragraph per shot."""
    paragraphs = []
    for number, shot in enumerate(cues.shots, 1):
        lines = [f"shot {number}  {clock(shot.start_seconds)} – {clock(shot.end_seconds)}"]
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
