"""A balance becomes gain curves: levels, and music and effects that step back while somebody speaks.

    speech    ──────▂▆█▇▅▇█▆▂─────────────
    e(t)      ______/‾‾‾‾‾‾‾‾‾‾\\__________    1 / attack up, held over breaths, 1 / release down
    stem k    L_k − depth_k · e(t)             in dB, ten points a second

A side-chain compressor with a hold, driven by the speech's own activity; then one gain brings the whole to its loudness.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.audio.layouts import db_to_gain, interpolate_gain
from limelight.audio.loudness import BLOCKS_PER_SECOND, integrated_from_block_powers
from limelight.dataset.degrade import Stems
from limelight.dataset.levels import StemLevels
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.types import STEMS, Vector
from research.scenes.rules import Balance

HOLD_SECONDS = 0.5  # a breath is no reason to come back


def envelope(speaks: NDArray[np.bool_], *, attack_seconds: float, release_seconds: float) -> Vector:
    """How far the rest has stepped back, 0…1, every 100 ms: [T] → [T]. A clip that begins with speech begins ducked."""
    up, down = (1 / (seconds * BLOCKS_PER_SECOND) for seconds in (attack_seconds, release_seconds))
    hold = round(HOLD_SECONDS * BLOCKS_PER_SECOND)
    out = np.zeros(len(speaks))
    e, silent = float(speaks.size > 0 and speaks[0]), 0
    for t, now in enumerate(speaks):
        silent = 0 if now else silent + 1
        if now:
            e = min(1.0, e + up)
        elif silent > hold:
            e = max(0.0, e - down)
        out[t] = e
    return out


def mixing_curves(balance: Balance, dry: StemLevels) -> Vector:
    """The gain of every stem, [K, T] in dB, rounded to 0.01, that turns dry stems into the scene's mix."""
    levels = [dry.loudness_lufs[stem] for stem in STEMS]
    lift = np.array(
        [wish - have if np.isfinite(have) else 0.0 for wish, have in zip(balance.levels_lufs, levels, strict=True)]
    )
    e = envelope(dry.active("speech"), attack_seconds=balance.attack_seconds, release_seconds=balance.release_seconds)
    curves = lift[:, None] - np.array(balance.depths_db)[:, None] * e
    # The stems are independent: their powers add.
    loudness = integrated_from_block_powers((dry.powers * db_to_gain(curves) ** 2).sum(axis=0))
    return np.round(curves + (balance.mix_lufs - loudness if np.isfinite(loudness) else 0.0), 2)


def moved(stems: Stems, curves_db: Vector) -> Stems:
    """Stems [K, C, N] along their curves [K, T]."""
    times = (np.arange(curves_db.shape[1]) + 0.5) / BLOCKS_PER_SECOND
    at = np.arange(stems.shape[2]) / SAMPLE_RATE
    gains = np.stack([interpolate_gain(times, curve, at) for curve in curves_db])
    return (stems * gains[:, None]).astype(np.float32)
