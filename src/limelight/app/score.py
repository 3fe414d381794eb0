"""How far one soundtrack is from another: every metric that needs no network, for two sound or video files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.dsp.resample import ResampleStream
from limelight.errors import InputError
from limelight.evaluation import metrics
from limelight.media.listen import listen
from limelight.media.probe import choose_soundtrack, probe

LARGEST_LENGTH_GAP_SECONDS = 0.5
NAMES = ("mag", "env", "w_dis", "mag_level_matched", "env_level_matched")


def score_files(output: Path, target: Path) -> dict[str, float]:
    """The metrics by name, × 100 as in the papers. Raises InputError where the lengths do not belong together."""
    found, wished = mono(output), mono(target)
    if abs(len(found) - len(wished)) > LARGEST_LENGTH_GAP_SECONDS * metrics.SAMPLE_RATE:
        raise InputError(
            f"Wanted two soundtracks of one length, {output.name} lasts {len(found) / metrics.SAMPLE_RATE:.2f} s and "
            f"{target.name} {len(wished) / metrics.SAMPLE_RATE:.2f} s; compare a result with the target it was made for."
        )
    n = min(len(found), len(wished))
    return {name: 100 * value for name, value in all_metrics(found[:n], wished[:n]).items()}


def all_metrics(output: NDArray[np.float32], target: NDArray[np.float32]) -> dict[str, float]:
    """Raw values by name, of mono signals at 44.1 kHz."""
    matched = metrics.level_matched(output, target)
    return {
        "mag": metrics.mag(output, target),
        "env": metrics.env(output, target),
        "w_dis": metrics.w_dis(output, target),
        "mag_level_matched": metrics.mag(matched, target),
        "env_level_matched": metrics.env(matched, target),
    }


def mono(path: Path) -> NDArray[np.float32]:
    """A file's soundtrack as the metrics want it: the mean of its channels at 44.1 kHz, [N]."""
    info = probe(path)
    track = choose_soundtrack(info, None)
    resampler = ResampleStream(track.sample_rate, metrics.SAMPLE_RATE, 1)
    parts = [resampler.push(block.mean(axis=0, keepdims=True)) for block in listen(info, track)]
    return np.asarray(np.concatenate([*parts, resampler.finish()], axis=1)[0])


def score_table(scores: dict[str, float], before: dict[str, float] | None) -> str:
    """A line per metric; with the input's, how much of its distance is gone."""
    lines = []
    for name in NAMES:
        line = f"{name:20} {scores[name]:8.2f}"
        if before:
            change = 100 * (scores[name] / before[name] - 1) if before[name] else 0.0
            line += f"   input {before[name]:8.2f}   {change:+.0f} %".replace("-", "−")
        lines.append(line)
    return "\n".join(lines)
