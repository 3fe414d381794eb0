"""From a soundtrack and cues to a mix plan.

hear → gains per token → curves at 10 Hz → smooth, by shots → the user's strength and offsets → loudness → reasons

Gains that move as a hand on a fader would: smooth within a shot, quick at a cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from limelight.audio.layouts import db_to_gain
from limelight.mixing import loudness_plan as headroom
from limelight.mixing.controls import Controls
from limelight.mixing.features import Sketch, listen_through
from limelight.mixing.loudness_plan import Measurements
from limelight.mixing.masks import KeptMasks
from limelight.mixing.plan import (
    STEP_SECONDS,
    MixPlan,
    PlannedControls,
    PlannedLoudness,
    PlannedModel,
    PlannedShot,
    PlannedSource,
    finite_or_none,
)
from limelight.mixing.reasons import reason
from limelight.models.separator import Model
from limelight.types import STEMS, Cues, Samples, Shot, Vector

CHASES = 8
LARGEST_CHASE_DB = 3.0


def make_plan(
    blocks: Iterable[Samples],
    surveyed: Measurements,
    cues: Cues,
    model: Model,
    controls: Controls,
    source: PlannedSource,
    *,
    keep: KeptMasks | None = None,
) -> MixPlan:
    """Decides the gains of a soundtrack [C, n]…, heard through a model, beside what the picture says.

    keep: where the masks are put by, for rendering.
    """
    sketch = listen_through(blocks, surveyed, cues, model, source, keep=keep)
    # A container may say less than there is.
    seconds = max(source.duration_seconds, surveyed.samples / source.sample_rate)
    times = np.arange(math.ceil(seconds / STEP_SECONDS - 1e-6) + 1, dtype=np.float64) * STEP_SECONDS
    curves = _curves(sketch.gains_db, sketch, times, cues, controls)
    by_ear = None if sketch.by_ear_db is None else _curves(sketch.by_ear_db, sketch, times, cues, controls)
    at_tokens = np.stack([np.interp(sketch.times_seconds, times, curve) for curve in curves])
    makeup_db = _makeup_db(sketch, at_tokens, surveyed, controls)
    change_lu = sketch.change_lu(at_tokens, _passed(sketch, at_tokens, surveyed, makeup_db, controls.true_peak_dbtp))
    return MixPlan(
        source=source,
        model=PlannedModel(name=model.card.name, sha256=model.card.fingerprint),
        controls=PlannedControls(**asdict(controls)),
        loudness=PlannedLoudness(
            before_lufs=finite_or_none(surveyed.loudness_lufs),
            predicted_after_lufs=finite_or_none(surveyed.loudness_lufs + change_lu + makeup_db),
            true_peak_before_dbtp=finite_or_none(surveyed.true_peak_dbtp),
            downmix_lufs=finite_or_none(surveyed.downmix_lufs),
        ),
        makeup_db=makeup_db,
        turns_seconds=list(sketch.turns_seconds),
        gains_db={stem: curve.tolist() for stem, curve in zip(STEMS, curves, strict=True)},
        shots=[_planned_shot(shot, curves, by_ear, times, sketch) for shot in cues.shots],
    )


def _curves(gains_db: Vector, sketch: Sketch, times: Vector, cues: Cues, controls: Controls) -> Vector:
    """Gains of tokens [K, L] to curves [K, T], smooth, as strong as the user wants them."""
    proposed = np.stack([np.interp(times, sketch.times_seconds, curve) for curve in gains_db])
    cuts = np.array([shot.start_seconds for shot in cues.shots[1:]])
    curves = smooth(proposed, cuts, step_seconds=STEP_SECONDS) * controls.strength + controls.offsets_db[:, None]
    return np.asarray(np.round(curves, 2) + 0.0)  # no −0.0


def _makeup_db(sketch: Sketch, gains_db: Vector, surveyed: Measurements, controls: Controls) -> float:
    """One gain for all: back to the original's loudness, or on to the target, and what the limiter takes on top.

    The limiter takes more the more it is given; a few rounds settle it. It is not chased further than LARGEST_CHASE_DB:
    louder than that is only flatter.
    """
    if not np.isfinite(surveyed.loudness_lufs):
        return 0.0
    target = controls.target_lufs
    if target is None and not gains_db.any():  # the original, which is not limited either
        return 0.0
    missing = 0.0 if target is None else target - surveyed.loudness_lufs
    alone = makeup = missing - sketch.change_lu(gains_db)
    for _ in range(CHASES):
        passed = _passed(sketch, gains_db, surveyed, makeup, controls.true_peak_dbtp)
        makeup = min(missing - sketch.change_lu(gains_db, passed), alone + LARGEST_CHASE_DB)
    return round(float(np.clip(makeup, -60, 60)), 2) + 0.0


def _passed(
    sketch: Sketch, gains_db: Vector, surveyed: Measurements, makeup_db: float, ceiling_dbtp: float
) -> Vector | float:
    """Share of the mix's power that the limiter will let through, per token [L]."""
    peaks = surveyed.peaks.astype(np.float64)
    if not len(peaks) or (makeup_db == 0 and not gains_db.any()):
        return 1.0
    count = len(sketch.times_seconds)
    between = (sketch.times_seconds[1:] + sketch.times_seconds[:-1]) / 2
    higher = sketch.peaks_ratio(gains_db) * db_to_gain(makeup_db)  # [L]
    seconds = (np.arange(len(peaks)) + 0.5) * headroom.STEP_SECONDS
    tokens = np.searchsorted(between, seconds)
    return headroom.passed_power(peaks * higher[tokens], tokens, count, ceiling_dbtp=ceiling_dbtp)


def _planned_shot(shot: Shot, curves: Vector, by_ear: Vector | None, times: Vector, sketch: Sketch) -> PlannedShot:
    inside = (times >= shot.start_seconds) & (times < shot.end_seconds)
    if not inside.any():
        inside = np.arange(len(times)) == np.argmin(np.abs(times - shot.start_seconds))
    gains = _means(curves[:, inside])
    heard = None if by_ear is None or not shot.words else _means(by_ear[:, inside])
    levels = dict(zip(STEMS, sketch.stem_levels_lufs(shot.start_seconds, shot.end_seconds).tolist(), strict=True))
    return PlannedShot(
        start_seconds=round(shot.start_seconds, 3),
        end_seconds=round(shot.end_seconds, 3),
        cues=dict(shot.words),
        gains_db=gains,
        by_ear_db=heard,
        reason=reason(shot, levels, gains, heard),
    )


def _means(curves: Vector) -> dict[str, float]:
    return {stem: round(gain, 2) for stem, gain in zip(STEMS, curves.mean(axis=1).tolist(), strict=True)}


WITHIN_SECONDS = 1.0  # σ of the smoothing inside a shot
ACROSS = 0.2  # how much the other side of a cut still counts
RAMP_SECONDS = 0.3  # the quickest move
LARGEST_DB = 15.0


def smooth(curves_db: Vector, cuts_seconds: Vector, *, step_seconds: float) -> Vector:
    """Curves [K, T] in dB, Gaussian within shots, then a short moving average, never over LARGEST_DB.

    Constant curves stay as they are, and a smoothed curve never leaves the range of the one it came from.
    """
    curves_db = np.clip(curves_db, -LARGEST_DB, LARGEST_DB)
    steps = curves_db.shape[1]
    shot = np.searchsorted(cuts_seconds, np.arange(steps) * step_seconds, side="right")  # [T]
    sigma = WITHIN_SECONDS / step_seconds
    reach = min(round(3 * sigma), steps - 1)
    total, weight = np.zeros_like(curves_db), np.zeros(steps)
    for offset in range(-reach, reach + 1):
        here = slice(max(0, -offset), steps - max(0, offset))
        there = slice(max(0, offset), steps + min(0, offset))
        w = np.exp(-0.5 * (offset / sigma) ** 2) * np.where(shot[here] == shot[there], 1.0, ACROSS)
        total[:, here] += w * curves_db[:, there]
        weight[here] += w
    return _moving_average(total / weight, max(1, round(RAMP_SECONDS / step_seconds)))


def _moving_average(curves: Vector, width: int) -> Vector:
    if curves.shape[1] <= 1 or width <= 1:
        return curves
    ahead = width // 2
    padded = np.pad(curves, ((0, 0), (ahead, width - 1 - ahead)), mode="edge")
    return np.asarray(sliding_window_view(padded, width, axis=1).mean(axis=2))
