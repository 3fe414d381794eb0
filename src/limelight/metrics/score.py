"""How far one soundtrack is from another, for two sound or video files: every registered metric that they can answer."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import ResampleStream
from limelight.errors import InputError
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.metrics import papers as metrics
from limelight.metrics.registry import BY_NAME, HUNDREDTHS, measure
from limelight.report.words import number
from limelight.types import STEMS

LARGEST_LENGTH_GAP_SECONDS = 0.5
LEAST_CHANGE = 0.005  # of what it was: less is as before
STEM_SUFFIXES = (".wav", ".flac", ".m4a", ".mp3", ".ogg", ".opus")

Mono = NDArray[np.float32]


def score_files(
    output: Path, target: Path, *, mixture: Path | None = None, stems: Path | None = None
) -> dict[str, float]:
    """The metrics by name, as they are printed: × 100 where the papers do so, dB where the name says it.

    mixture: what the output was made from; stems: a folder with speech, music and effects of the target. More metrics are
    known with them. NaN is a figure that there is none of. Raises InputError where the lengths do not belong together, or
    a stem is missing.
    """
    found, wished = mono(output), mono(target)
    before = mono(mixture) if mixture else None
    parts = [mono(path) for path in _stem_files(stems)] if stems else []
    named = [(target, wished), *((stems or target, part) for part in parts)]
    named += [(mixture, before)] if mixture and before is not None else []
    for path, sound in named:
        _check_length(output, found, path, sound)
    n = min(len(found), *(len(sound) for _, sound in named))
    raw = measure(
        found[:n],
        wished[:n],
        mixture=None if before is None else before[:n],
        stems=np.stack([part[:n] for part in parts]) if parts else None,
    )
    return {name: BY_NAME[name].shown(value) for name, value in raw.items()}


def mono(path: Path) -> Mono:
    """A file's soundtrack as the metrics want it: the mean of its channels at 44.1 kHz, [N]."""
    info = probe(path)
    track = choose_soundtrack(info, None)
    resampler = ResampleStream(track.sample_rate, metrics.SAMPLE_RATE, 1)
    parts = [resampler.push(block.mean(axis=0, keepdims=True)) for block in read_audio(info, track)]
    return np.asarray(np.concatenate([*parts, resampler.finish()], axis=1)[0])


def for_json(scores: dict[str, float]) -> dict[str, float | None]:
    """JSON has no NaN: what there is no figure of is null."""
    return {name: value if math.isfinite(value) else None for name, value in scores.items()}


def score_table(scores: dict[str, float], before: dict[str, float] | None) -> str:
    """A line per metric; with the input's, how much of its distance is gone, or by how many dB it is better."""
    lines = []
    for name, value in scores.items():
        line = f"{name:20} {number(value, 2):>8}"
        if before and name in before:
            line += f"   input {number(before[name], 2):>8}   {_change(name, value, before[name])}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def in_words(scores: dict[str, float], before: dict[str, float]) -> str:
    """What is nearer to the truth than the input was, and what is farther from it: one plain line."""
    better: list[str] = []
    worse: list[str] = []
    for name, value in scores.items():
        change = value - before.get(name, math.nan)
        if not math.isfinite(change) or abs(change) < LEAST_CHANGE * abs(before[name]):
            continue
        side = better if (change > 0) == BY_NAME[name].higher_is_better else worse
        side.append(f"{BY_NAME[name].title} ({_change(name, value, before[name])})")
    return f"Better than the input: {', '.join(better) or 'nothing'}. Worse: {', '.join(worse) or 'nothing'}."


def _change(name: str, after: float, before: float) -> str:
    if BY_NAME[name].unit != HUNDREDTHS:
        return f"{number(after - before, 1, sign=True)} {BY_NAME[name].unit}"
    return f"{number(100 * (after / before - 1) if before else 0.0, 0, sign=True)} %"


def _stem_files(folder: Path) -> list[Path]:
    """One file for each stem. Raises InputError."""
    found = []
    for stem in STEMS:
        there = [path for suffix in STEM_SUFFIXES if (path := folder / f"{stem}{suffix}").is_file()]
        if not there:
            raise InputError(
                f"Wanted the target's stems in {folder}, there is no {stem} ({', '.join(STEM_SUFFIXES)}); "
                "put speech, music and effects there, or leave --stems out."
            )
        found.append(there[0])
    return found


def _check_length(output: Path, found: Mono, other: Path, sound: Mono) -> None:
    if abs(len(found) - len(sound)) > LARGEST_LENGTH_GAP_SECONDS * metrics.SAMPLE_RATE:
        raise InputError(
            f"Wanted two soundtracks of one length, {output.name} lasts {len(found) / metrics.SAMPLE_RATE:.2f} s and "
            f"{other.name} {len(sound) / metrics.SAMPLE_RATE:.2f} s; compare a result with the target it was made for."
        )
