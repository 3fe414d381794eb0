"""From what was heard and seen to a mix plan, with a reason for every shot: what was seen, what was heard, what was done.

    features, cues ──► director ──► gains ──► curves at 10 Hz, smooth within shots ──► the user's strength and offsets
                                                 ──► loudness ──► reasons

Gains move as a hand on a fader would: smooth within a shot, quick at a cut.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from limelight.audio.convert import db_to_gain
from limelight.audio.loudness import dialogue_lufs
from limelight.errors import ModelError
from limelight.mixing import features as measurements
from limelight.mixing.controls import Controls
from limelight.mixing.features import (
    AUDIBLE_LUFS,
    NOTICEABLE_DB,
    SPEAKS,
    Measurements,
    change_lu,
    mix_powers,
    passed_power,
    peaks_ratio,
)
from limelight.mixing.passages import within_range
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
from limelight.models.card import Card
from limelight.models.directors.style import Style
from limelight.models.protocols import Director
from limelight.types import STEMS, Cues, Decision, Shot, StemFeatures, Vector

ALONE = "left alone"


def reason(shot: Shot, levels_lufs: Mapping[str, float], gains_db: Mapping[str, float], said: str | None = None) -> str:
    """For example: "close-up; speech lies 8 LU under the rest while somebody speaks: speech +7.5 dB, music −7.5 dB".

    `said`: the director's reason for the scene; how the stems stood to each other where it gives none.
    """
    seen = shot.words.get("camera focus", "").split(";")[0].strip()
    parts = [part for part in (seen, said or balance(levels_lufs)) if part]
    return f"{'; '.join(parts)}: {moves(levels_lufs, gains_db)}"


def balance(levels_lufs: Mapping[str, float]) -> str:
    """How the stems stood to each other, the loudest first."""
    heard = sorted((stem for stem in STEMS if levels_lufs[stem] > AUDIBLE_LUFS), key=lambda stem: -levels_lufs[stem])
    if not heard:
        return "hardly a sound"
    if len(heard) == 1:
        return f"only {heard[0]} to be heard"
    loudest = heard[0]
    under = [f"{stem} {levels_lufs[loudest] - levels_lufs[stem]:.0f} dB under {loudest}" for stem in heard[1:]]
    return ", ".join(under)


def moves(levels_lufs: Mapping[str, float], gains_db: Mapping[str, float]) -> str:
    """What is done to the stems that are there; "left alone" where it cannot be noticed."""
    moved = [
        f"{stem} {gains_db[stem]:+.1f} dB".replace("-", "−")
        for stem in STEMS
        if abs(gains_db[stem]) >= NOTICEABLE_DB and levels_lufs[stem] > AUDIBLE_LUFS
    ]
    return ", ".join(moved) or ALONE


CHASES = 8
LARGEST_CHASE_DB = 3.0
INAUDIBLE_DB = 0.1  # gains below this throughout are none
WITHIN_SECONDS = 1.0  # σ of the smoothing inside a shot
ACROSS = 0.2  # how much the other side of a cut still counts
RAMP_SECONDS = 0.3  # the quickest move
LARGEST_DB = 15.0


def make_plan(
    heard: StemFeatures,
    measured: Measurements,
    seen: Cues,
    director: Director,
    controls: Controls,
    source: PlannedSource,
    *,
    separator: Card,
    style: Style | None = None,
) -> MixPlan:
    """Decides the gains of a soundtrack's stems. Raises ModelError where the director's answer is none.

    style: what the director was told, for the record; the range that it sets is kept here, whoever directs.
    """
    decision = _checked(director.decide(heard, seen), heard, director.card.name)
    if style is not None and style.range_lu is not None:
        decision = within_range(decision, heard, style.range_lu)
    # A container may say less than there is.
    seconds = max(source.duration_seconds, measured.samples / source.sample_rate)
    times = np.arange(math.ceil(seconds / STEP_SECONDS - 1e-6) + 1, dtype=np.float64) * STEP_SECONDS
    curves = _curves(decision.gains_db, heard, times, seen, controls)
    at_rows = np.stack([np.interp(heard.times_seconds, times, curve) for curve in curves])
    spoken = heard.presence > SPEAKS
    makeup_db = _makeup_db(heard, at_rows, measured, controls)
    louder_lu = change_lu(heard, at_rows, _passed(heard, at_rows, measured, makeup_db, controls.ceiling_dbtp))
    return MixPlan(
        source=source,
        model=PlannedModel(name=separator.name, sha256=separator.fingerprint),
        director=PlannedModel(name=director.card.name, sha256=director.card.fingerprint),
        controls=PlannedControls(**asdict(controls)),
        loudness=PlannedLoudness(
            before_lufs=finite_or_none(measured.loudness_lufs),
            predicted_after_lufs=finite_or_none(measured.loudness_lufs + louder_lu + makeup_db),
            true_peak_before_dbtp=finite_or_none(measured.true_peak_dbtp),
            downmix_lufs=finite_or_none(measured.downmix_lufs),
            range_before_lu=round(measured.range_lu, 2),
            dialogue_before_lufs=finite_or_none(dialogue_lufs(mix_powers(heard, np.zeros_like(at_rows)), spoken)),
            speech_share=round(float(spoken.mean()), 3) if np.isfinite(heard.presence).any() else None,
        ),
        style=style.record if style is not None else None,
        speech_presence=_presence(heard, times),
        makeup_db=makeup_db,
        gains_db={stem: curve.tolist() for stem, curve in zip(STEMS, curves, strict=True)},
        shots=[_planned_shot(shot, curves, times, heard, decision) for shot in seen.shots],
    )


def _presence(heard: StemFeatures, times: Vector) -> list[float] | None:
    """At the curves' points; none where the separator cannot tell."""
    if not len(heard.presence) or not np.isfinite(heard.presence).all():
        return None
    return [round(float(value), 2) for value in np.clip(np.interp(times, heard.times_seconds, heard.presence), 0, 1)]


def _checked(decision: Decision, heard: StemFeatures, name: str) -> Decision:
    wished = (len(STEMS), len(heard.times_seconds))
    if decision.gains_db.shape != wished or not np.isfinite(decision.gains_db).all():
        raise ModelError(
            f"Wanted gains of shape {wished} from the director {name}, got {decision.gains_db.shape} or no numbers; "
            "use another director."
        )
    return decision


def _curves(gains_db: Vector, heard: StemFeatures, times: Vector, seen: Cues, controls: Controls) -> Vector:
    """Gains of rows [K, T] to curves, smooth, as strong as the user wants them; what nobody would hear is nothing."""
    proposed = np.stack([np.interp(times, heard.times_seconds, curve) for curve in gains_db])
    cuts = np.array([shot.start_seconds for shot in seen.shots[1:]])
    curves = smooth(proposed, cuts, step_seconds=STEP_SECONDS) * controls.strength + controls.offsets_db[:, None]
    if np.abs(curves).max() < INAUDIBLE_DB:
        return np.zeros_like(curves)
    return np.asarray(np.round(curves, 2) + 0.0)  # no −0.0


def _makeup_db(heard: StemFeatures, gains_db: Vector, measured: Measurements, controls: Controls) -> float:
    """One gain for all: back to the original's loudness, or on to the target, and what the limiter takes on top.

    The limiter takes more the more it is given; a few rounds settle it. It is not chased further than LARGEST_CHASE_DB:
    louder than that is only flatter.
    """
    if not np.isfinite(measured.loudness_lufs):
        return 0.0
    target, spoken = controls.target, heard.presence > SPEAKS
    if target is None and not gains_db.any():  # the original, which is not limited either
        return 0.0
    share = float(spoken.mean())
    gated = target is not None and target.gated_at(share)
    before = dialogue_lufs(mix_powers(heard, np.zeros_like(gains_db)), spoken) if gated else measured.loudness_lufs

    def louder(passed: Vector | float = 1.0) -> float:
        if gated:
            return dialogue_lufs(mix_powers(heard, gains_db) * passed, spoken) - before
        return change_lu(heard, gains_db, passed)

    missing = 0.0 if target is None else target.lufs_at(share) - before
    alone = makeup = missing - louder()
    for _ in range(CHASES):
        passed = _passed(heard, gains_db, measured, makeup, controls.ceiling_dbtp)
        makeup = min(missing - louder(passed), alone + LARGEST_CHASE_DB)
    if target is None and abs(makeup) < INAUDIBLE_DB:  # stretches that were left alone stay as they are
        return 0.0
    return round(float(np.clip(makeup, -60, 60)), 2) + 0.0


def _passed(
    heard: StemFeatures, gains_db: Vector, measured: Measurements, makeup_db: float, ceiling_dbtp: float
) -> Vector | float:
    """Share of the mix's power that the limiter will let through, by row [T]."""
    peaks = measured.peaks.astype(np.float64)
    if not len(peaks) or (makeup_db == 0 and not gains_db.any()):
        return 1.0
    count = len(heard.times_seconds)
    between = (heard.times_seconds[1:] + heard.times_seconds[:-1]) / 2
    higher = peaks_ratio(heard, gains_db) * db_to_gain(makeup_db)  # [T]
    seconds = (np.arange(len(peaks)) + 0.5) * measurements.STEP_SECONDS
    rows = np.searchsorted(between, seconds)
    return passed_power(peaks * higher[rows], rows, count, ceiling_dbtp=ceiling_dbtp)


def _planned_shot(shot: Shot, curves: Vector, times: Vector, heard: StemFeatures, decision: Decision) -> PlannedShot:
    inside = (times >= shot.start_seconds) & (times < shot.end_seconds)
    if not inside.any():
        inside = np.arange(len(times)) == np.argmin(np.abs(times - shot.start_seconds))
    gains = {stem: round(gain, 2) for stem, gain in zip(STEMS, curves[:, inside].mean(axis=1).tolist(), strict=True)}
    rows = (heard.times_seconds >= shot.start_seconds) & (heard.times_seconds < shot.end_seconds)
    levels = {stem: heard.loudness_lufs((stem,), rows) for stem in STEMS}
    middle = (shot.start_seconds + shot.end_seconds) / 2
    scene = next((one for one in decision.scenes if one.start_seconds <= middle < one.end_seconds), None)
    presence = heard.presence[rows]
    return PlannedShot(
        start_seconds=round(shot.start_seconds, 3),
        end_seconds=round(shot.end_seconds, 3),
        cues=dict(shot.words),
        gains_db=gains,
        heard_lufs={stem: round(level, 1) for stem, level in levels.items()},
        speech_present=round(float(presence.mean()), 3) if len(presence) and np.isfinite(presence).all() else None,
        confidence=None if scene is None else round(scene.confidence, 3),
        reason=reason(shot, levels, gains, None if scene is None else scene.reason),
    )


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
