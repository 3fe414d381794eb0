"""What looking can gain at most, in the papers' own figure and in dB: oracles with and without the picture, by kind.

Each oracle sets the true stems to the balance that it expects; the result is compared with the target at equal loudness
(level-matched MAG), since one gain for all says nothing about balance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.layouts import db_to_gain
from limelight.audio.resample import resample
from limelight.dataset.clips import read_clip_sound, read_stems
from limelight.dataset.manifest import Entry
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.metrics import papers as metrics
from limelight.types import Samples
from research.scenes import headroom as oracles
from research.scenes.headroom import Observed

DO_NOTHING = "do nothing"


@dataclass(frozen=True)
class Headroom:
    """Level-matched MAG (raw) and error of the gains in dB, by what is known, then by kind ("all" first)."""

    clips: dict[str, int]
    mag: dict[str, dict[str, float]]
    error_db: dict[str, dict[str, float]]

    def gained(self, without: str, having: str, kind: str = "all") -> float:
        """Share of the MAG without that is gone with."""
        return 1 - self.mag[having][kind] / self.mag[without][kind]


def measure_headroom(
    folder: Path,
    entries: Sequence[Entry],
    *,
    listened: int,
    progress: Callable[[float, float], None] | None = None,
) -> Headroom:
    """Guesses are made over all scenes; MAG is measured on so many of them, evenly spread. Raises InputError."""
    scenes = oracles.observe(folder, entries)
    chosen = np.unique(np.linspace(0, len(scenes) - 1, min(listened, len(scenes))).round().astype(int))
    errors = {knowing.name: oracles.guess_errors_db(scenes, knowing) for knowing in oracles.ALL}
    errors[DO_NOTHING] = np.stack([scene.given_db - scene.truth_db for scene in scenes])
    mags: dict[str, list[float]] = {name: [] for name in errors}
    for done, n in enumerate(chosen, 1):
        for name, value in _mags(folder, scenes[n], {name: rows[n] for name, rows in errors.items()}).items():
            mags[name].append(value)
        if progress:
            progress(done, len(chosen))
    of_chosen, of_all = [scenes[n].kind for n in chosen], [scene.kind for scene in scenes]
    return Headroom(
        clips={kind: int(mask.sum()) for kind, mask in _by_kind(of_all).items()},
        mag={name: _means(np.array(values), of_chosen) for name, values in mags.items()},
        error_db={
            name: {kind: oracles.mean_error_db(rows[mask]) for kind, mask in _by_kind(of_all).items()}
            for name, rows in errors.items()
        },
    )


def table(found: Headroom) -> str:
    """Lines for a terminal: MAG × 100 and, after it, the error in dB."""
    kinds = list(found.clips)
    wide = max(map(len, found.mag))
    heads = [f"{kind} ({found.clips[kind]})" for kind in kinds]
    lines = [f"{'known: level-matched MAG × 100, error in dB':{wide}}", " " * wide + "".join(f"{h:>18}" for h in heads)]
    for name in (DO_NOTHING, *(knowing.name for knowing in oracles.ALL)):
        cells = (f"{100 * found.mag[name].get(k, np.nan):8.2f} {found.error_db[name][k]:6.2f} dB" for k in kinds)
        lines.append(f"{name:{wide}}" + "".join(f"{cell:>18}" for cell in cells))
    lines += ["", *(_gain_line(found, *pair) for pair in PAIRS)]
    return "\n".join(lines)


PAIRS = (
    (oracles.WITHOUT.name, oracles.WITH.name, "a perfect eye, against the prior"),
    (oracles.BY_EAR.name, oracles.BOTH.name, "a perfect eye, beside a good ear"),
    (oracles.BY_EAR.name, oracles.SHOWN_BY_EAR.name, "only what is shown, beside a good ear"),
)


def _gain_line(found: Headroom, without: str, having: str, words: str) -> str:
    fewer_db = found.error_db[without]["all"] - found.error_db[having]["all"]
    return f"{words}: MAG −{100 * found.gained(without, having):.0f} %, error −{fewer_db:.1f} dB"


def _mags(folder: Path, scene: Observed, errors_db: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    stems = _at_rate(read_stems(folder, scene.name).mean(axis=1))  # [K, N]
    target = stems.sum(axis=0)
    goal = metrics.magnitudes(target)
    given = _at_rate(read_clip_sound(folder, scene.name, "input").mean(axis=0, keepdims=True))[0]
    mags = {DO_NOTHING: _distance(given, target, goal)}
    for name, error in errors_db.items():
        if name != DO_NOTHING:
            gains = db_to_gain(np.nan_to_num(error))
            mags[name] = _distance(gains @ stems, target, goal)
    return mags


def _at_rate(samples: Samples) -> Samples:
    return resample(np.asarray(samples, np.float32), SAMPLE_RATE, metrics.SAMPLE_RATE)


def _distance(output: NDArray[np.floating], target: NDArray[np.floating], goal: NDArray[np.float64]) -> float:
    """Level-matched MAG, the target's magnitudes computed once."""
    return float(np.mean(np.abs(metrics.magnitudes(metrics.level_matched(output, target)) - goal)))


def _by_kind(kinds: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    of = np.array(kinds)
    return {"all": np.ones(len(of), bool)} | {kind: of == kind for kind in sorted(set(kinds))}


def _means(values: NDArray[np.float64], kinds: Sequence[str]) -> dict[str, float]:
    return {kind: float(values[mask].mean()) for kind, mask in _by_kind(kinds).items()}
