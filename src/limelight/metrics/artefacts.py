"""What does not belong in an output; and the controls that know the truth, upper bounds that no method is.

    SI-SDR       10 log₁₀ ( ‖α t‖² / ‖α t − y‖² ),  α = ⟨y, t⟩ / ‖t‖²       Le Roux et al., ICASSP 2019; no mean is removed
    artefacts    the same against Σ_k g_k(t) s_k, the best that gains on the true stems make of y (`stem_gains`)

The first punishes a wrong balance like noise. The second does not mind balance: a mix of clean stems at any gains, also
moving ones, has no artefacts; leakage between stems, smearing, distortion and noise are left over. Higher is better. No
figure leaves ± 100 dB: beyond is rounding. NaN where the target is silent: there is nothing to compare. An output of
silence scores −100 dB, so that nobody wins by it.

    one gain            lowers MAG, and nothing of the level-matched figures: level is all it can move
    gains on stems      x + Σ_k (g_k(t) − 1) s_k with the gains that come nearest the target, as a plan is rendered. On true
                        stems ≈ the target; on separated ones what is left is the separator's
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.metrics.papers import SAMPLE_RATE, Analysed, Signal, validate
from limelight.metrics.stem_gains import moved, moving_gains, validate_stems

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


Sound = NDArray[np.floating]

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
