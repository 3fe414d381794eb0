"""How far the balance of an output is from the target's, by the target's true stems; level is no part of it. Ours alone.

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

import numpy as np
from numpy.typing import NDArray

from limelight.audio.loudness import block_powers, power_to_lufs, sliding_powers
from limelight.metrics.papers import SAMPLE_RATE, Signal, level_matched, validate
from limelight.metrics.stem_gains import in_decibels, moved, moving_gains, still_gains

Array = NDArray[np.floating]

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


def _powers(part: Signal) -> Array:
    """K-weighted power over each second, ten a second, [T]."""
    blocks = block_powers(part[None].astype(np.float32), SAMPLE_RATE, layout="mono")
    return sliding_powers(blocks, min(WINDOW_BLOCKS, max(1, len(blocks))))


def _ratio_lu(powers: Array) -> Array:
    """Speech over background, [2, T] → [T], within ± LARGEST_DB."""
    levels = power_to_lufs(powers + 1e-20)
    return np.asarray(np.clip(levels[0] - levels[1], -LARGEST_DB, LARGEST_DB))


SILENT_PEAK = 1e-4  # −80 dBFS


def there(stems: Array) -> NDArray[np.bool_]:
    """Which stems [K, …, N] are there at all, however far behind."""
    return np.asarray(np.abs(stems).reshape(len(stems), -1).max(axis=1, initial=0) > SILENT_PEAK)


def decided_error_db(gains_db: Array, right_db: Array, present: NDArray[np.bool_]) -> float:
    """How far gains [K, T] are from the right ones [K, T′], for the stems that are present [K]."""
    if present.sum() < 2:
        return float("nan")
    error = (gains_db.mean(axis=1) - right_db.mean(axis=1))[present]
    return float(np.abs(error - error.mean()).mean())


def decided_change_db(gains_db: Array, present: NDArray[np.bool_]) -> float:
    """How much gains [K, T] change, for the stems that are present [K]."""
    return float(np.abs(gains_db[present]).mean()) if present.any() else float("nan")
