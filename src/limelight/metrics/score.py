"""How far one soundtrack is from another: every metric that needs no network, for two sound or video files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.resample import ResampleStream
from limelight.errors import InputError
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.metrics import papers as metrics
from limelight.metrics.analysed import Analysed, papers_metrics
from limelight.metrics.artefacts import si_sdr_db
from limelight.metrics.registry import BY_NAME, with_stems
from limelight.report.words import number
from limelight.types import STEMS

LARGEST_LENGTH_GAP_SECONDS = 0.5
STEM_SUFFIXES = (".wav", ".flac", ".m4a", ".mp3", ".ogg", ".opus")

Mono = NDArray[np.float32]


def score_files(output: Path, target: Path, *, stems: Path | None = None) -> dict[str, float]:
    """The metrics by name, as they are printed: × 100 where the papers do so, dB where the name says it.

    stems: a folder with speech, music and effects of the target; more metrics are known with them. NaN is a figure that
    there is none of. Raises InputError where the lengths do not belong together, or a stem is missing.
    """
    found, wished = mono(output), mono(target)
    parts = [mono(path) for path in _stem_files(stems)] if stems else []
    for path, sound in ((target, wished), *((stems, part) for part in parts)):
        _check_length(output, found, path or target, sound)
    n = min(map(len, (found, wished, *parts)))
    raw = every_metric(found[:n], wished[:n], np.stack([part[:n] for part in parts]) if parts else None)
    return {name: BY_NAME[name].shown(value) for name, value in raw.items()}


def every_metric(output: Mono, target: Mono, stems: Mono | None = None) -> dict[str, float]:
    """Raw values by name, of mono signals [N] at 44.1 kHz and, where they are known, the target's stems [K, N]."""
    scores = all_metrics(output, target)
    scores |= {"env_pooled": scores["env"], "si_sdr_db": si_sdr_db(output, target)}  # one clip is a batch of one
    return scores | (with_stems(output, target, stems) if stems is not None else {})


def all_metrics(output: Mono, target: Mono) -> dict[str, float]:
    """The papers' metrics by name, raw, and those at equal loudness; mono signals at 44.1 kHz."""
    return papers_metrics(Analysed(output), Analysed(target))


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
        if before:
            line += f"   input {number(before[name], 2):>8}   {_change(name, value, before[name])}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def _change(name: str, after: float, before: float) -> str:
    if BY_NAME[name].unit != "× 100":
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
