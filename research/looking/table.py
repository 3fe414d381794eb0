"""What looking at a film costs, and what is missed, when fewer pictures are decoded: one table a film.

    python -m research.looking.table FILM…

Truth is what `PictureStatistics` says of eight pictures a second. Seconds are processor time; everything runs in turn in one
process, so that they can be compared. A cut is found within a quarter of a second.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from numpy.typing import NDArray

from limelight.media.probe import probe
from limelight.media.sample_frames import index_pictures, sample_frames
from limelight.types import Cues, SourceInfo
from limelight.vision.encoder import PictureStatistics
from limelight.vision.watch import Look, where_to_look

Answer = TypeVar("Answer")
AT_REST = (
    "face_present",
    "face_height",
    "face_centred",
    "face_count",
    "key",
    "contrast",
    "shadows",
    "highlights",
    "warmth",
)
AT_REST += ("saturation", "sharpness", "centre_focus", "detail", "greenery", "sky", "skin", "text")
MOVING = ("stillness", "motion", "moving_share", "camera", "zoom", "sustained_motion", "mouth")
SUDDEN = ("flicker", "impact", "flash")
GROUPS = {"at rest": AT_REST, "moving": MOVING, "sudden": SUDDEN, "cutting": ("pace", "since_cut")}
NEAR_SECONDS = 0.26


@dataclass(frozen=True)
class Row:
    """One way of looking."""

    name: str
    decoding_seconds: float
    seconds: float
    pictures: int
    cues: Cues


def timed(run: Callable[[], Answer]) -> tuple[Answer, float]:
    began = time.process_time()
    return run(), time.process_time() - began


def decode_all(path: Path) -> int:
    """As a player does, on two threads."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 2
        return sum(1 for _ in container.decode(video=0))


def looked(name: str, info: SourceInfo, look: Look | None, planning_seconds: float = 0.0) -> Row:
    stretches = look.stretches if look else None
    pictures, decoding = timed(lambda: sum(1 for _ in sample_frames(info, within=stretches)))
    encoder = PictureStatistics(sampled=look is not None)
    cues, seconds = timed(
        lambda: encoder.encode(sample_frames(info, within=stretches), duration_seconds=info.duration_seconds)
    )
    return Row(name, planning_seconds + decoding, planning_seconds + seconds, pictures, cues)


def rows_of(path: Path) -> list[Row]:
    info = probe(path)
    _, whole = timed(lambda: decode_all(path))
    index, indexing = timed(lambda: index_pictures(info))
    look, planning = timed(lambda: where_to_look(info))
    every = looked("eight a second", info, None)
    keys = tuple(sorted(index.times_seconds[index.is_key & (index.times_seconds >= 0)].tolist()))
    return [
        Row("all decoded, nothing looked at", whole, whole, 0, every.cues),
        every,
        looked("key pictures and one behind each", info, Look(keys, ()), indexing),
        looked("watch", info, look, planning),
    ]


def cuts(cues: Cues) -> NDArray[np.float64]:
    return np.array([shot.start_seconds for shot in cues.shots[1:]])


def near(some: NDArray[np.float64], others: NDArray[np.float64]) -> int:
    return sum(bool(len(others)) and bool(np.abs(others - cut).min() <= NEAR_SECONDS) for cut in some)


def say(*words: str) -> None:
    sys.stdout.write("".join(words) + "\n")
    sys.stdout.flush()


def printed(path: Path) -> None:
    rows = rows_of(path)
    true = rows[1].cues
    say(f"\n{path.name}, {probe(path).duration_seconds:.0f} s\n")
    say("| looking | decoding, s | with measuring, s | pictures | cuts found | cuts true | ", " | ".join(GROUPS), " |")
    say("|---" * (6 + len(GROUPS)) + "|")
    for row in rows:
        wrong = [np.abs(row.cues.named(names) - true.named(names)).mean() for names in GROUPS.values()]
        mine, theirs = cuts(row.cues), cuts(true)
        found = f"{near(theirs, mine)} of {len(theirs)} | {near(mine, theirs)} of {len(mine)}"
        shown = f"{found} | " + " | ".join(f"{error:.3f}" for error in wrong)
        if not row.pictures:
            shown = " | ".join("–" * (2 + len(GROUPS)))
        say(f"| {row.name} | {row.decoding_seconds:.1f} | {row.seconds:.1f} | {row.pictures} | {shown} |")


if __name__ == "__main__":
    for film in sys.argv[1:]:
        printed(Path(film))
