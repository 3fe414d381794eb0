"""What one hearing of a whole soundtrack leaves behind: a few hundred bytes a second, from which a plan is decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from limelight.audio.k_weighting import k_weight_response
from limelight.audio.layouts import channel_weights, db_to_gain
from limelight.audio.loudness import integrated_from_block_powers
from limelight.mixing.loudness_plan import Measurements
from limelight.mixing.masks import KeptMasks
from limelight.mixing.plan import PlannedSource
from limelight.mixing.separation import Array, Lines, Passage, hear, squared_magnitude, turns_of
from limelight.models.card import ModelCard
from limelight.models.separator import Heard, Model
from limelight.types import STEMS, Cues, Samples, Vector


@dataclass(frozen=True)
class Sketch:
    """What one hearing of the whole soundtrack leaves behind, per token of the director."""

    times_seconds: Vector  # [L]
    gains_db: Vector  # [K, L], as the model proposes
    by_ear_db: Vector | None  # [K, L], as it would without the picture; None where it does not look
    powers: Vector  # [K, K, L], weighted powers of the stems and between them
    amplitudes: Vector  # [K, L], Σ_f |X| of the stems: as high as a peak can be, and a click's is
    turns_seconds: tuple[float, ...] = ()  # where the model heard anew

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


def listen_through(
    blocks: Iterable[Samples],
    surveyed: Measurements,
    cues: Cues,
    model: Model,
    source: PlannedSource,
    *,
    keep: KeptMasks | None = None,
) -> Sketch:
    """Hears everything once; what is kept grows by a few hundred bytes a second."""
    card = model.card
    weights, lines = _power_weights(card, source.layout), Lines.of(card)
    director = _Director(model, cues)
    passages = hear(
        blocks,
        model,
        sample_rate=source.sample_rate,
        layout=source.layout,
        mono_lufs=round(surveyed.downmix_lufs, 2),  # as the plan will say it, so that its masks can be heard again
        direct=director,
        turns_seconds=director.turns,
    )
    if keep:
        passages = keep.keep(passages)
    per_token = card.steps_per_token
    kept: list[tuple[Array, Array, Array]] = []
    for passage in passages:  # one at least, also of nothing
        between = _per_token(_stem_powers(passage, weights, lines), per_token)
        kept.append((passage.gains_db.T, between, _per_token(_stem_amplitudes(passage, lines), per_token)))
    gains, powers, amplitudes = (np.concatenate(parts, axis=-1).astype(np.float64) for parts in zip(*kept, strict=True))
    times = (np.arange(gains.shape[1], dtype=np.float64) + 0.5) * card.token_seconds - 0.5 * card.hop / card.sample_rate
    K = len(STEMS)
    return Sketch(times, gains[:K], gains[K:] if len(gains) > K else None, powers, amplitudes, director.turns)


class _Director:
    """What the model decides in a window, with the cues of that window (none, where it never learnt to look).

    Of a model that looks both: the gains with the picture, and behind them those by ear alone, [L, 2 K].
    """

    def __init__(self, model: Model, cues: Cues) -> None:
        self._model = model
        self._looks = looks = model.card.uses_picture and cues.names == model.card.cue_names
        self._cues = cues.values if looks else np.zeros((0, len(model.card.cue_names)), np.float32)
        self._shown = np.ones(len(self._cues), bool)
        self.turns = turns_of(cues) if looks else ()
        if looks and "picture" in cues.names:
            self._shown = cues.column("picture") > 0

    def __call__(self, start_seconds: float, heard: Heard, levels_db: Array) -> Array:
        end_seconds = start_seconds + len(heard.latent) * self._model.card.token_seconds
        rows = np.arange(len(self._cues))
        rows = rows[(rows + 1 > start_seconds) & (rows < end_seconds)]
        here = np.searchsorted(self.turns, (start_seconds + end_seconds) / 2)
        rows = rows[np.searchsorted(self.turns, rows + 0.5) == here]  # a second with a turn in it belongs to one side
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
