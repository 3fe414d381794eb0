"""Lines of a manifest for tests."""

from __future__ import annotations

from typing import Any

from limelight.dataset.manifest import Entry, Source

FILM = Source("a.mp4", "film", "film-a", "a" * 64, "CC0 1.0", 3.5)


def entry(name: str = "a-0000", **changes: Any) -> Entry:
    values: dict[str, Any] = {
        "name": name,
        "split": "train",
        "kind": "film",
        "seconds": 10.0,
        "sample_rate": 48_000,
        "layout": "mono",
        "sources": (FILM,),
        "separator": "known",
        "recipe": "paper",
        "fault": "static gains",
        "step_db": 6.0,
        "invertible": True,
        "trivial": None,
        "changes_db": {"speech": -6.0, "music": 6.0, "effects": 6.0},
        "loudness_lufs": {"speech": -25.0, "music": -30.0, "effects": None, "target": -24.0, "input": -24.5},
        "scale_db": 0.0,
        "starts_on_cut": True,
        "cuts_seconds": (2.0, 4.5),
        "files": {f"{sound}.flac": f"{name} {sound}" for sound in ("input", "target", "speech", "music", "effects")},
    }
    return Entry(**(values | changes))
