"""How much a model can gain at most by looking: the best guess of a scene's balance, by what is known of the scene.

    which sources are heard                the kind only by its prior                  without the picture
    … and the balance of the bad mix       recipes give something away                 by ear
    … and the kind                         what a perfect eye would say                with the picture
    … and what is shown                    narration over a landscape looks like a landscape

The best guess (least squares, in dB) is the mean over all other scenes of which the same is known. The bad mix's balance
is compared through a Gaussian. The error is guess minus truth for each stem, less their mean: one gain for all is no
error. For MAG, the true stems are set to the guessed balance and compared with the target at equal loudness. The stems
are taken as known, so a real model, which has to separate them, gains less.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain, resample
from limelight.dataset.clips import CLIPS, SCENE, read_clip_sound, read_stems
from limelight.dataset.manifest import Entry
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import InputError
from limelight.metrics import papers as metrics
from limelight.types import STEMS, Samples, Vector

ALIKE_DB = 2.0  # bandwidth: two balances nearer than this are much the same


@dataclass(frozen=True)
class Knowledge:
    """What a guess may be based on, besides who is heard."""

    name: str
    kind: bool = False
    shown: bool = False
    balance: bool = False  # of the bad mix


WITHOUT = Knowledge("who is heard")
BY_EAR = Knowledge("+ the bad mix's balance", balance=True)
WITH = Knowledge("+ the kind of scene", kind=True)
BOTH = Knowledge("+ both", kind=True, balance=True)
SHOWN = Knowledge("+ what is shown", shown=True)
SHOWN_BY_EAR = Knowledge("+ what is shown, and the balance", shown=True, balance=True)
ALL = (WITHOUT, BY_EAR, SHOWN, WITH, SHOWN_BY_EAR, BOTH)


@dataclass(frozen=True)
class Observed:
    """One scene of a data set, in levels; silent stems are NaN."""

    name: str
    kind: str
    shown: str
    target_lufs: NDArray[np.float64]  # [K]
    changes_db: NDArray[np.float64]  # [K]

    @property
    def sources(self) -> tuple[bool, ...]:
        """Who is heard."""
        return tuple(np.isfinite(self.target_lufs).tolist())

    @property
    def truth_db(self) -> Vector:
        """The good balance: levels less their mean."""
        return centred(self.target_lufs)

    @property
    def given_db(self) -> Vector:
        """The bad one."""
        return centred(self.target_lufs + self.changes_db)


def observe(folder: Path, entries: Sequence[Entry]) -> list[Observed]:
    """The scenes of a data set. Raises InputError where there are none."""
    found = []
    for entry in entries:
        path = folder / CLIPS / entry.name / SCENE
        if path.is_file():
            scene = json.loads(path.read_text(encoding="utf-8"))
            levels = [entry.loudness_lufs[stem] for stem in STEMS]
            target = np.array([np.nan if lufs is None else lufs for lufs in levels])
            shown = f"{scene['shown']}, off screen" if scene["off_screen"] else scene["shown"]
            # Whether somebody speaks off screen is seen where somebody else is seen not to speak.
            shown = shown if scene["shown"] == "talk" else scene["shown"]
            found.append(
                Observed(entry.name, entry.kind, shown, target, np.array([entry.changes_db[stem] for stem in STEMS]))
            )
    if not found:
        raise InputError(f"Wanted scenes in {folder}, found none; build them with `python -m research.scenes build`.")
    return found


def guess_errors_db(scenes: Sequence[Observed], knowledge: Knowledge) -> NDArray[np.float64]:
    """Best guess of each scene's balance, out of the others, minus the truth, [scenes, K]; NaN where silent."""
    truth = np.stack([scene.truth_db for scene in scenes])  # [S, K]
    given = np.stack([scene.given_db for scene in scenes])
    keys = [_key(scene, knowledge) for scene in scenes]
    errors = np.full(truth.shape, np.nan)
    for n, key in enumerate(keys):
        same = np.array([other == key for other in keys])
        same[n] = False
        heard = np.isfinite(truth[n])
        errors[n, heard] = _guess(truth, given, n, same, heard, knowledge) - truth[n, heard]
    return errors


def centred(levels: Vector) -> Vector:
    """Levels less the mean of those that are there."""
    return np.asarray(levels - np.nanmean(levels))


def mean_error_db(errors: NDArray[np.float64]) -> float:
    """Mean absolute error over stems and scenes, in dB."""
    return float(np.nanmean(np.abs(errors)))


def _guess(
    truth: Vector, given: Vector, n: int, same: NDArray[np.bool_], heard: NDArray[np.bool_], knowledge: Knowledge
) -> Vector:
    if not same.any():
        return np.asarray(given[n, heard])  # nothing to go by: leave it as it is
    weights = np.ones(int(same.sum()))
    if knowledge.balance:
        apart = np.square(given[same][:, heard] - given[n, heard]).sum(axis=1) / ALIKE_DB**2 / 2
        weights = np.exp(-(apart - apart.min()))
    return np.asarray(weights @ truth[same][:, heard] / weights.sum())


def _key(scene: Observed, knowledge: Knowledge) -> tuple[object, ...]:
    return (scene.sources, scene.kind if knowledge.kind else "", scene.shown if knowledge.shown else "")


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
    scenes = observe(folder, entries)
    chosen = np.unique(np.linspace(0, len(scenes) - 1, min(listened, len(scenes))).round().astype(int))
    errors = {knowing.name: guess_errors_db(scenes, knowing) for knowing in ALL}
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
            name: {kind: mean_error_db(rows[mask]) for kind, mask in _by_kind(of_all).items()}
            for name, rows in errors.items()
        },
    )


def table(found: Headroom) -> str:
    """Lines for a terminal: MAG × 100 and, after it, the error in dB."""
    kinds = list(found.clips)
    wide = max(map(len, found.mag))
    heads = [f"{kind} ({found.clips[kind]})" for kind in kinds]
    lines = [f"{'known: level-matched MAG × 100, error in dB':{wide}}", " " * wide + "".join(f"{h:>18}" for h in heads)]
    for name in (DO_NOTHING, *(knowing.name for knowing in ALL)):
        cells = (f"{100 * found.mag[name].get(k, np.nan):8.2f} {found.error_db[name][k]:6.2f} dB" for k in kinds)
        lines.append(f"{name:{wide}}" + "".join(f"{cell:>18}" for cell in cells))
    lines += ["", *(_gain_line(found, *pair) for pair in PAIRS)]
    return "\n".join(lines)


PAIRS = (
    (WITHOUT.name, WITH.name, "a perfect eye, against the prior"),
    (BY_EAR.name, BOTH.name, "a perfect eye, beside a good ear"),
    (BY_EAR.name, SHOWN_BY_EAR.name, "only what is shown, beside a good ear"),
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
