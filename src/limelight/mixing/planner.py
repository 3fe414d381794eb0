"""From a soundtrack and cues to a mix plan.

hear → gains per token → curves at 10 Hz → smooth, by shots → the user's strength and offsets → loudness → reasons
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from limelight.dsp.gains import db_to_gain
from limelight.dsp.k_weighting import k_weight_response
from limelight.dsp.layouts import channel_weights
from limelight.dsp.loudness import integrated_from_block_powers
from limelight.mixing import headroom
from limelight.mixing.controls import Controls
from limelight.mixing.hearing import Passage, hear, squared_magnitude
from limelight.mixing.lines import Array, Lines
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
from limelight.mixing.smoothing import smooth
from limelight.mixing.survey import Survey
from limelight.runtime.card import ModelCard
from limelight.runtime.model import Heard, Model
from limelight.signals import STEMS, Cues, Samples, Shot, Vector

CHASES = 8
LARGEST_CHASE_DB = 3.0


@dataclass(frozen=True)
class Sketch:
    """What one hearing of the whole soundtrack leaves behind, per token of the director."""

    times_seconds: Vector  # [L]
    gains_db: Vector  # [K, L], as the model proposes
    by_ear_db: Vector | None  # [K, L], as it would without the picture; None where it does not look
    powers: Vector  # [K, K, L], weighted powers of the stems and between them
    amplitudes: Vector  # [K, L], Σ_f |X| of the stems: as high as a peak can be, and a click's is

    def mix_powers(self, gains_db: Vector) -> Vector:
        """Of the mix under gains [K, L]: Σ_kj g_k g_j P_kj, [L]."""
        gains = db_to_gain(gains_db)
        return np.asarray(np.maximum(np.einsum("kt,jt,kjt->t", gains, gains, self.powers), 0))

    def peaks_ratio(self, gains_db: Vector) -> Vector:
        """How much higher the peaks become under gains [K, L]: Σ_k g_k A_k / Σ_k A_k, [L]."""
        whole = np.maximum(self.amplitudes.sum(axis=0), 1e-20)
        return np.asarray(np.einsum("kt,kt->t", db_to_gain(gains_db), self.amplitudes) / whole)

    def change_lu(self, gains_db: Vector, passed: Vector | float = 1.0) -> float:
        """How much louder gains [K, L], and a limiter that lets through a share of the power [L], make the whole.

        0 where nothing is to be heard.

        Compared at equal power: a mix turned far down would fall under the meter's absolute gate, and come back out of
        it with the make-up gain.
        """
        before, after = self.mix_powers(np.zeros_like(gains_db)), self.mix_powers(gains_db) * passed
        if not before.any() or not after.any():
            return 0.0
        lift = before.mean() / after.mean()
        change = integrated_from_block_powers(after * lift) - integrated_from_block_powers(before)
        return float(change - 10 * np.log10(lift)) if np.isfinite(change) else 0.0

    def stem_levels_lufs(self, start_seconds: float, end_seconds: float) -> Vector:
        """Mean loudness of each stem within a stretch, [K]; −100 for nothing."""
        inside = (self.times_seconds >= start_seconds) & (self.times_seconds < end_seconds)
        power = np.einsum("kkt->kt", self.powers)[:, inside].mean(axis=1) if inside.any() else np.zeros(len(STEMS))
        return -0.691 + 10 * np.log10(power + 1e-10)


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


def listen_through(
    blocks: Iterable[Samples],
    surveyed: Survey,
    cues: Cues,
    model: Model,
    source: PlannedSource,
    *,
    keep: KeptMasks | None = None,
) -> Sketch:
    """Hears everything once; what is kept grows by a few hundred bytes a second."""
    card = model.card
    weights, lines = _power_weights(card, source.layout), Lines.of(card)
    passages = hear(
        blocks,
        model,
        sample_rate=source.sample_rate,
        layout=source.layout,
        mono_lufs=round(surveyed.downmix_lufs, 2),  # as the plan will say it, so that its masks can be heard again
        direct=_Director(model, cues),
    )
    if keep:
        passages = keep.keep(passages)
    per_token = card.steps_per_token
    kept: list[tuple[Array, Array, Array]] = []
    for passage in passages:  # one at least, also of nothing
        powers, amplitudes = _stem_powers(passage, weights, lines), _stem_amplitudes(passage, lines)
        kept.append((passage.gains_db.T, _per_token(powers, per_token), _per_token(amplitudes, per_token)))
    gains, *others = (np.concatenate(parts, axis=-1).astype(np.float64) for parts in zip(*kept, strict=True))
    times = (np.arange(gains.shape[1], dtype=np.float64) + 0.5) * card.token_seconds - 0.5 * card.hop / card.sample_rate
    K = len(STEMS)
    return Sketch(times, gains[:K], gains[K:] if len(gains) > K else None, *others)


class _Director:
    """What the model decides in a window, with the cues of that window (none, where it never learnt to look).

    Of a model that looks both: the gains with the picture, and behind them those by ear alone, [L, 2 K].
    """

    def __init__(self, model: Model, cues: Cues) -> None:
        self._model = model
        self._looks = looks = model.card.uses_picture and cues.names == model.card.cue_names
        self._cues = cues.values if looks else np.zeros((0, len(model.card.cue_names)), np.float32)
        self._shown = np.ones(len(self._cues), bool)
        if looks and "picture" in cues.names:
            self._shown = cues.column("picture") > 0

    def __call__(self, start_seconds: float, heard: Heard, levels_db: Array) -> Array:
        end_seconds = start_seconds + len(heard.latent) * self._model.card.token_seconds
        rows = np.arange(len(self._cues))
        rows = rows[(rows + 1 > start_seconds) & (rows < end_seconds)]
        rows = rows[self._shown[rows]]
        seconds = (rows + 0.5 - start_seconds).astype(np.float32)
        gains = self._model.direct(heard.latent, levels_db, self._cues[rows], seconds)
        if not self._looks:
            return gains
        by_ear = self._model.direct(heard.latent, levels_db, self._cues[:0], seconds[:0]) if len(rows) else gains
        return np.concatenate([gains, by_ear], axis=1)


def _power_weights(card: ModelCard, layout: str) -> Array:
    """[C, F]: BS.1770's weights of channels and frequencies, and what makes |STFT|² a mean square."""
    hertz = np.arange(card.n_fft // 2 + 1) * card.sample_rate / card.n_fft
    frequency = k_weight_response(hertz) * 4 / card.n_fft**2
    return np.asarray(channel_weights(layout)[:, None] * frequency, np.float32)


def _stem_powers(passage: Passage, weights: Array, lines: Lines) -> Array:
    """[K, K, T]: power of each stem and between each two, all channels together."""
    masks = passage.masks
    K, T, N = masks.shape
    power = np.zeros((T, N), np.float32)
    for channel, weight in zip(passage.spectra, weights, strict=True):
        power += lines.sums(weight * squared_magnitude(channel.T))
    between = np.zeros((K, K, T), np.float32)
    for k in range(K):
        weighted = masks[k] * power
        for j in range(k, K):
            between[k, j] = between[j, k] = np.einsum("tn,tn->t", weighted, masks[j])
    return between


def _stem_amplitudes(passage: Passage, lines: Lines) -> Array:
    """[K, T]: magnitudes of each stem, all bins and channels together."""
    power = squared_magnitude(passage.spectra[0].T)
    for channel in passage.spectra[1:]:
        power += squared_magnitude(channel.T)
    return np.asarray(np.einsum("ktn,tn->kt", passage.masks, lines.sums(np.sqrt(power, out=power))))


def _per_token(values: Array, per_token: int) -> Array:
    """Means over the steps of each token, [..., T] to [..., L]; silence behind the end."""
    missing = -values.shape[-1] % per_token
    padded = np.concatenate([values, np.zeros((*values.shape[:-1], missing), np.float32)], axis=-1)
    return np.asarray(padded.reshape(*values.shape[:-1], -1, per_token).mean(axis=-1))


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
