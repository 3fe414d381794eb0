"""From a soundtrack and cues to a mix plan.

hear → gains per token → curves at 10 Hz → smooth, by shots → the user's strength and offsets → loudness → reasons
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict

import numpy as np

from limelight.dsp.gains import db_to_gain
from limelight.mixing import headroom
from limelight.mixing.controls import Controls
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
from limelight.mixing.sketch import Sketch, listen_through
from limelight.mixing.smoothing import smooth
from limelight.mixing.survey import Survey
from limelight.runtime.model import Model
from limelight.signals import STEMS, Cues, Samples, Shot, Vector

CHASES = 8
LARGEST_CHASE_DB = 3.0


def make_plan(
    blocks: Iterable[Samples],
    surveyed: Survey,
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


def _makeup_db(sketch: Sketch, gains_db: Vector, surveyed: Survey, controls: Controls) -> float:
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
    sketch: Sketch, gains_db: Vector, surveyed: Survey, makeup_db: float, ceiling_dbtp: float
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
