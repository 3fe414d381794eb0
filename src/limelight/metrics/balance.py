"""How far the balance of stems is off: fitted gains, artefacts, errors of balance.

What gains on true stems explain of a signal: least squares, with one gain a stem, or gains that move.

    still     y ≈ Σ_k g_k s_k
    moving    y ≈ Σ_k g_k(t) s_k,   g_k(t) on straight lines between points 100 ms apart

          g_t ╲    ╱ g_t+1      within a segment a gain is (1 − u) g_t + u g_t+1, u from 0 to 1
               ╲  ╱             so only neighbours meet in the normal equations:
                ╲╱
                ╱╲              ⎡ D₀ U₀       ⎤
               ╱  ╲             ⎢ U₀ᵀ D₁ U₁   ⎥      blocks [K, K], solved from the front to the back
              ╱    ╲            ⎣    U₁ᵀ D₂ … ⎦

Ten points a second are as many as a mix plan has: what a plan can do is explained, what no plan can do is left over. Ours
alone; the papers have no such figure. A little is added to the diagonal, so that a silent stem has gain 0 and two equal
stems share: what is explained is short of the best by 90 dB or more.

What does not belong in an output; and the controls that know the truth, upper bounds that no method is.

    SI-SDR       10 log₁₀ ( ‖α t‖² / ‖α t − y‖² ),  α = ⟨y, t⟩ / ‖t‖²       Le Roux et al., ICASSP 2019; no mean is removed
    artefacts    the same against Σ_k g_k(t) s_k, the best that gains on the true stems make of y (`stem_gains`)

The first punishes a wrong balance like noise. The second does not mind balance: a mix of clean stems at any gains, also
moving ones, has no artefacts; leakage between stems, smearing, distortion and noise are left over. Higher is better. No
figure leaves ± 100 dB: beyond is rounding. NaN where the target is silent: there is nothing to compare. An output of
silence scores −100 dB, so that nobody wins by it.

    one gain            lowers MAG, and nothing of the level-matched figures: level is all it can move
    gains on stems      x + Σ_k (g_k(t) − 1) s_k with the gains that come nearest the target, as a plan is rendered. On true
                        stems ≈ the target; on separated ones what is left is the separator's

How far the balance of an output is from the target's, by the target's true stems; level is no part of it. Ours alone.

    gain error      the one gain of each stem in the output, by least squares, against that in the target; less the mean
                    over the stems, since one gain for all changes no balance. Mean of the absolute values, in dB.
    gain change     the same gains of an output whose input was right already: mean of the absolute values, in dB.
    balance error   speech-to-background ratio over time, K-weighted as loudness is (BS.1770): the output's against the
                    target's wherever the target has both. Mean of the absolute differences, in LU.
    decided error   gains [K, T] in dB that were decided, their mean over time, against the right ones; less the mean over
                    the stems. The decision judged apart from the separation.
    decided change  mean absolute gain over stems and time, in dB: of a mix that was right, all of it is harm.

Stems are [K, N], speech first, and sum to the target. NaN where there is no balance: fewer than two stems are heard, or
never speech and anything else together. An output of silence is as far off as can be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain, gain_to_db
from limelight.audio.loudness import block_powers, power_to_lufs, sliding_powers
from limelight.metrics.papers import SAMPLE_RATE, Analysed, Signal, level_matched, validate

Array = NDArray[np.float64]
Sound = NDArray[np.floating]

POINTS_PER_SECOND = 10
RIDGE = 1e-9  # of the stems' mean power


def validate_stems(signal: Sound, stems: Sound) -> None:
    """Raises ValueError where stems [K, …, N] are not those of a signal […, N], or are not finite."""
    if stems.ndim != signal.ndim + 1 or stems.shape[1:] != signal.shape or not stems.size:
        raise ValueError(f"stems [K, …, N] must fit their signal […, N], got {stems.shape} and {signal.shape}")
    if not (np.isfinite(stems).all() and np.isfinite(signal).all()):
        raise ValueError("metrics need finite samples, found NaN or infinity")


def still_gains(signal: Sound, stems: Sound) -> Array:
    """The one gain for each stem [K, …, N] that explains a signal […, N] best, amplitude ratios, [K]."""
    validate_stems(signal, stems)
    flat = stems.reshape(len(stems), -1).astype(np.float64)
    between = flat @ flat.T  # [K, K]
    return np.asarray(np.linalg.solve(between + _ridge(between), flat @ signal.ravel().astype(np.float64)))


def moving_gains(signal: Sound, stems: Sound, *, sample_rate: int, points_per_second: int = POINTS_PER_SECOND) -> Array:
    """Gains of stems [K, …, N] that explain a signal […, N] best, at 0, 0.1, 0.2 … seconds, amplitude ratios, [K, T]."""
    validate_stems(signal, stems)
    size = sample_rate // points_per_second
    return _Equations.of(_segments(stems, size), _segments(signal[None], size)[0], size).solved().T


def moved(stems: Sound, gains: Array, *, sample_rate: int) -> Array:
    """Stems [K, …, N] under gains [K, T] of `moving_gains`, [K, …, N]."""
    size = sample_rate // POINTS_PER_SECOND
    at = np.arange(stems.shape[-1]) / size
    points = np.arange(gains.shape[1])
    curves = np.stack([np.interp(at, points, curve) for curve in gains])  # [K, N]
    return np.asarray(stems * curves.reshape(len(stems), *(1,) * (stems.ndim - 2), -1))


def in_decibels(gains: Array, *, floor_db: float) -> Array:
    """Levels of amplitude ratios; what is turned over or gone is at the floor or above it by its size."""
    return np.asarray(gain_to_db(np.maximum(np.abs(gains), db_to_gain(floor_db))))


def _segments(stems: Sound, size: int) -> Array:
    """[K, …, N] cut into segments of `size`, its channels side by side, silence behind the end: [K, segments, C · size]."""
    K, N = len(stems), stems.shape[-1]
    count = max(1, -(-N // size))
    padded = np.zeros((K, stems[0].size // N, count * size))
    padded[:, :, :N] = stems.reshape(K, -1, N)
    return np.ascontiguousarray(padded.reshape(K, -1, count, size).swapaxes(1, 2)).reshape(K, count, -1)


@dataclass(frozen=True, repr=False)
class _Equations:
    """The normal equations of moving gains."""

    diagonal: Array  # [T, K, K], of the gains at one point
    across: Array  # [T − 1, K, K], of those at one point with those at the next
    right: Array  # [T, K]

    @classmethod
    def of(cls, stems: Array, goal: Array, size: int) -> _Equations:
        """From stems [K, segments, C · size] and what they are to explain, [segments, C · size]."""
        K, count, wide = stems.shape
        later = np.tile(np.arange(size) / size, wide // size)
        earlier = 1 - later
        diagonal, across, right = np.zeros((count + 1, K, K)), np.empty((count, K, K)), np.zeros((count + 1, K))
        for k in range(K):
            towards = stems[k] * goal
            right[:-1, k] += towards @ earlier
            right[1:, k] += towards @ later
            for j in range(k, K):
                product = stems[k] * stems[j]
                diagonal[:-1, k, j] += product @ (earlier * earlier)
                diagonal[1:, k, j] += product @ (later * later)
                across[:, k, j] = across[:, j, k] = product @ (earlier * later)
                diagonal[:, j, k] = diagonal[:, k, j]
        return cls(diagonal + _ridge(diagonal.mean(axis=0)), across, right)

    def solved(self) -> Array:
        """The gains [T, K]: points are eliminated from the front, then filled in from the back."""
        blocks, sides = self.diagonal.copy(), self.right.copy()
        for t, across in enumerate(self.across):
            carried = np.linalg.solve(blocks[t], np.column_stack([across, sides[t]]))  # [K, K + 1]
            blocks[t + 1] -= across.T @ carried[:, :-1]
            sides[t + 1] -= across.T @ carried[:, -1]
        found = np.empty_like(sides)
        found[-1] = np.linalg.solve(blocks[-1], sides[-1])
        for t in reversed(range(len(self.across))):
            found[t] = np.linalg.solve(blocks[t], sides[t] - self.across[t] @ found[t + 1])
        return found


def _ridge(between: Array) -> Array:
    """What is added to the diagonal; never nothing."""
    K = len(between)
    return np.asarray(np.eye(K) * (RIDGE * np.trace(between) / K + 1e-30))


LIMIT_DB = 100.0


def si_sdr_db(output: Signal, target: Signal) -> float:
    """Scale-invariant signal-to-distortion ratio of the output, both [N]."""
    validate(output, target)
    y, t = output.astype(np.float64), target.astype(np.float64)
    power = float(t @ t)
    return ratio_db(y @ t / power * t, y) if power else float("nan")


def artefacts_db(output: Signal, stems: NDArray[np.floating]) -> float:
    """The output [N] against its best explanation by moving gains on the true stems [K, N]."""
    validate_stems(output, stems)
    gains = moving_gains(output, stems, sample_rate=SAMPLE_RATE)
    return artefacts_of_parts_db(moved(stems, gains, sample_rate=SAMPLE_RATE), output, stems)


def artefacts_of_parts_db(parts: NDArray[np.floating], output: Signal, stems: NDArray[np.floating]) -> float:
    """The same, of an output that was explained already by parts [K, N]."""
    return ratio_db(parts.sum(axis=0), output) if stems.any() else float("nan")


def ratio_db(explained: Signal, output: Signal) -> float:
    """Power of what is explained of an output [N] over what is not."""
    wanted = float(np.square(explained, dtype=np.float64).sum())
    left = float(np.square(output - explained, dtype=np.float64).sum())
    if wanted == 0:
        return -LIMIT_DB
    least = 10 ** (-LIMIT_DB / 10)
    return float(np.clip(10 * np.log10(max(wanted, least * left) / max(left, least * wanted)), -LIMIT_DB, LIMIT_DB))


RANGE_DB = 30.0
ROUNDS = 30
EVERY = 4  # frames; one gain needs no more


def best_gain(source: Sound, target: Sound) -> float:
    """The one gain that brings MAG of mono signals [N] lowest, by golden-section search in dB."""
    return best_gain_of(Analysed(source), Analysed(target))


def best_gain_of(source: Analysed, target: Analysed) -> float:
    """The same, of signals that were looked at already."""
    a, b = (signal.magnitudes[:, ::EVERY] for signal in (source, target))
    low, high = -RANGE_DB, RANGE_DB
    golden = (5**0.5 - 1) / 2
    for _ in range(ROUNDS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if np.abs(a * 10 ** (left / 20) - b).mean() < np.abs(a * 10 ** (right / 20) - b).mean():
            high = right
        else:
            low = left
    return float(10 ** ((low + high) / 40))


def best_remix(source: Sound, target: Sound, stems: Sound, *, sample_rate: int) -> Sound:
    """A mix [C, N] with its stems [K, C, N] moved as near to the target as ten gains a second bring them."""
    changes = moving_gains(target - source, stems, sample_rate=sample_rate)  # g − 1: where there is no sound, no change
    return np.asarray(source + moved(stems, changes, sample_rate=sample_rate).sum(axis=0), np.float32)


AnyArray = NDArray[np.floating]

UNHEARD_DB = -30.0  # against the whole
LARGEST_DB = 40.0  # a stem that is gone is this far off, not infinitely
WINDOW_BLOCKS = 10  # a second


def gain_error_db(output: Signal, target: Signal, stems: NDArray[np.floating]) -> float:
    """Mean absolute error of the stems' gains relative to each other."""
    validate(output, target)
    heard = audible(stems)
    if heard.sum() < 2:
        return float("nan")
    levels = [in_decibels(still_gains(signal, stems), floor_db=-LARGEST_DB)[heard] for signal in (output, target)]
    if not output.any():  # all stems are gone alike, which is no balance
        return LARGEST_DB
    errors = levels[0] - levels[1]
    return float(np.abs(errors - errors.mean()).mean())


def gain_change_db(output: Signal, good: Signal, stems: NDArray[np.floating]) -> float:
    """Mean absolute gain of the stems in what was made of a good mix, at the loudness of that mix."""
    heard = audible(stems)
    if not heard.any():
        return float("nan")
    gains = still_gains(level_matched(output, good), stems)
    return float(np.abs(in_decibels(gains, floor_db=-LARGEST_DB)[heard]).mean())


def balance_error_lu(output: Signal, target: Signal, stems: NDArray[np.floating]) -> float:
    """Mean absolute error of the speech-to-background ratio over time."""
    validate(output, target)
    spoken = moved(stems, moving_gains(output, stems, sample_rate=SAMPLE_RATE), sample_rate=SAMPLE_RATE)[0]
    return balance_error_of_parts_lu(spoken, output - spoken, stems[0], target - stems[0])


def balance_error_of_parts_lu(
    speech: Signal, background: Signal, true_speech: Signal, true_background: Signal
) -> float:
    """The same, of an output and a target that were taken apart already, each [N]."""
    have = np.stack([_powers(part) for part in (speech, background)])  # [2, T]
    wish = np.stack([_powers(part) for part in (true_speech, true_background)])
    if not wish.size:
        return float("nan")
    there = (wish > 10 ** (UNHEARD_DB / 10) * wish.sum(axis=0).mean()).all(axis=0)
    if not there.any():
        return float("nan")
    if not have.any():
        return LARGEST_DB
    return float(np.abs(_ratio_lu(have[:, there]) - _ratio_lu(wish[:, there])).mean())


def audible(stems: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which stems [K, N] are heard: not further behind all of them together than `UNHEARD_DB`, and not silent."""
    powers = np.square(stems, dtype=np.float64).mean(axis=1)
    return np.asarray((powers > 10 ** (UNHEARD_DB / 10) * powers.sum()) & (powers > 0))


def _powers(part: Signal) -> AnyArray:
    """K-weighted power over each second, ten a second, [T]."""
    blocks = block_powers(part[None].astype(np.float32), SAMPLE_RATE, layout="mono")
    return sliding_powers(blocks, min(WINDOW_BLOCKS, max(1, len(blocks))))


def _ratio_lu(powers: AnyArray) -> AnyArray:
    """Speech over background, [2, T] → [T], within ± LARGEST_DB."""
    levels = power_to_lufs(powers + 1e-20)
    return np.asarray(np.clip(levels[0] - levels[1], -LARGEST_DB, LARGEST_DB))


SILENT_PEAK = 1e-4  # −80 dBFS


def there(stems: AnyArray) -> NDArray[np.bool_]:
    """Which stems [K, …, N] are there at all, however far behind."""
    return np.asarray(np.abs(stems).reshape(len(stems), -1).max(axis=1, initial=0) > SILENT_PEAK)


def decided_error_db(gains_db: AnyArray, right_db: AnyArray, present: NDArray[np.bool_]) -> float:
    """How far gains [K, T] are from the right ones [K, T′], for the stems that are present [K]."""
    if present.sum() < 2:
        return float("nan")
    error = (gains_db.mean(axis=1) - right_db.mean(axis=1))[present]
    return float(np.abs(error - error.mean()).mean())


def decided_change_db(gains_db: AnyArray, present: NDArray[np.bool_]) -> float:
    """How much gains [K, T] change, for the stems that are present [K]."""
    return float(np.abs(gains_db[present]).mean()) if present.any() else float("nan")
