"""The people and films of the measurements, read from the arrays that `extract.py` wrote; AUC with an interval over groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limelight.vision.face_tracks import FaceTrack
from limelight.vision.synchrony import LipCurve, SpeechCurve, lip_curves

Vector = NDArray[np.float64]
Array = NDArray[Any]

ROUNDS = 2000  # of the bootstrap
TALKERS = ("grid_", "maui_", "opendubbing_", "whitehouse_")


@dataclass(frozen=True)
class Talk:
    """A film of somebody who talks: the tallest mouth, and the sound."""

    name: str
    lips: LipCurve
    others: tuple[LipCurve, ...]  # further mouths in the picture
    mixture: SpeechCurve
    speech: SpeechCurve  # DeepFilterNet3's
    voice: Vector  # Silero's probability, one every 32 ms

    @property
    def person(self) -> str:
        return self.name if self.name.startswith("grid_") else self.name.split("_")[0]


def read(path: Path) -> dict[str, Array]:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def talks(cache: Path) -> list[Talk]:
    """Those films of the cache in which somebody talks to the camera."""
    return [_talk(path) for path in sorted(cache.glob("*.npz")) if path.stem.startswith(TALKERS)]


def tracks_of(rows: Array) -> list[FaceTrack]:
    return [FaceTrack(*rows[rows[:, 0] == number, 1:].T) for number in np.unique(rows[:, 0])]


def _talk(path: Path) -> Talk:
    arrays = read(path)
    # The mouth that talks to the camera is the one that is seen longest and largest.
    tracks = sorted(tracks_of(arrays["faces"]), key=lambda track: -len(track.x) * float(np.median(track.height)))
    curves = lip_curves(tracks)
    levels = (SpeechCurve(arrays["mixture_db"]), SpeechCurve(arrays["speech_db"]))
    return Talk(path.stem, curves[0], curves[1:], *levels, arrays["voice"])


def auc(own: Sequence[float] | Vector, other: Sequence[float] | Vector) -> float:
    """How often a value of `own` is larger than one of `other`."""
    one, two = np.asarray(own)[:, None], np.asarray(other)
    return float((one > two).mean() + 0.5 * (one == two).mean())


def over_groups(scores: Mapping[str, tuple[Sequence[float], Sequence[float]]], *, seed: int = 0) -> str:
    """Mean of the groups' AUC with a 95 % bootstrap interval over groups; and all values pooled."""
    each = np.array([auc(*pair) for pair in scores.values()])
    random = np.random.default_rng(seed)
    means = each[random.integers(0, len(each), (ROUNDS, len(each)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    pooled = auc(np.concatenate([a for a, _ in scores.values()]), np.concatenate([b for _, b in scores.values()]))
    return f"{each.mean():.2f} ({low:.2f}–{high:.2f}) | {pooled:.2f} | {len(each)} | {sum(len(a) for a, _ in scores.values())}"
