"""How loud the stems of a scene are, together, and what a bad mix does to them.

Three kinds of levels: as real films have them (`limelight.dataset.film_levels`, the three together), DnR v3's priors, and wide
apart. Four kinds of mixes: as they are, the papers' recipe, the released script's, gains that move.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal
from sounds import SAMPLE_RATE
from styles import slow_curve

from limelight.dataset.film_levels import draw_levels

Vector = NDArray[np.float64]
STEMS = ("speech", "music", "effects")
DNR_LUFS = {"speech": (-27.0, 4.0), "music": (-32.0, 6.0), "effects": (-32.0, 6.0)}
STEPS_DB = (6.0, 9.0, 12.0)
_K = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
BLOCK = SAMPLE_RATE // 10


def block_powers(x: NDArray[np.float32]) -> Vector:
    """K-weighted mean squares of 100 ms of mono sounds […, N] → […, T]."""
    weighted = signal.sosfilt(_K, x, axis=-1)
    count = x.shape[-1] // BLOCK
    return np.square(weighted[..., : count * BLOCK]).reshape(*x.shape[:-1], count, BLOCK).mean(-1)


def integrated_lufs(powers: Vector) -> float:
    """BS.1770's gated loudness of block powers [T]; −∞ is silence."""
    momentary = np.convolve(powers, np.ones(4) / 4, mode="valid")
    loud = momentary[momentary > 10 ** ((-70 + 0.691) / 10)]
    if loud.size:
        loud = loud[loud > loud.mean() / 10]
    return -0.691 + 10 * np.log10(loud.mean()) if loud.size else -np.inf


def film_levels(rng: np.random.Generator) -> Vector:
    """LUFS of speech, music, effects of a clip of some film, drawn together; −∞ is not heard."""
    return np.array(list(draw_levels(rng).by_stem().values()))


def dnr_levels(rng: np.random.Generator) -> Vector:
    """Every stem is there, as in DnR v3."""
    return np.array([rng.normal(*DNR_LUFS[stem]) for stem in STEMS])


def wide_levels(rng: np.random.Generator) -> Vector:
    """Stems up to 24 LU apart, each absent in a third of the scenes, one alone in some."""
    levels = rng.uniform(-45, -21, 3)
    gone = rng.random(3) < 0.35
    gone[int(rng.integers(3))] = False
    return np.where(gone, -np.inf, levels)


def paper_gains_db(rng: np.random.Generator, lufs: Vector) -> Vector:
    """The loudest stem down, the other two up, one step for all."""
    step = float(rng.choice(STEPS_DB))
    return np.where(np.arange(3) == int(np.argmax(lufs)), -step, step)


def released_gains_db(rng: np.random.Generator, lufs: Vector) -> Vector:
    """The loudest and one other down, the third up, every step drawn by itself."""
    raised = int(rng.choice([k for k in range(3) if k != int(np.argmax(lufs))]))
    steps = rng.choice(STEPS_DB, 3)
    return np.where(np.arange(3) == raised, steps, -steps)


def moving_gains_db(rng: np.random.Generator, samples: int, speech_active: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gains [3, N] that move: ducking under speech, fades in or out, or a hand on the faders."""
    kind = rng.choice(["ducking", "fade", "hand"])
    gains = np.zeros((3, samples), np.float32)
    if kind == "ducking":
        gains[1:] = -float(rng.uniform(4, 15)) * speech_active
        return gains + rng.normal(0, 4, (3, 1)).astype(np.float32)
    if kind == "fade":
        k = int(rng.integers(3))
        start, end = np.sort(rng.uniform(-0.3, 1.3, 2)) * samples
        ramp = np.clip((np.arange(samples) - start) / max(1.0, end - start), 0, 1)
        gains[k] = -float(rng.uniform(10, 45)) * (ramp if rng.random() < 0.5 else 1 - ramp)
        return gains
    for k in range(3):
        gains[k] = float(rng.uniform(3, 9)) * slow_curve(rng, samples, float(rng.uniform(1.5, 5)))
    return gains
