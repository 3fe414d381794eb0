"""What people really do wrong, as gain curves over time: ten points a second, one curve a stem, in dB.

A good mix already holds the right moves; each fault takes them back or adds what should not be there. `step` (6, 9 or
12 dB) is how far a curve goes at most. With a(t) the speech's activity, 0…1, smoothed over 0.4 s:

    bed never ducks     music  + step · a(t)                         the ducking taken back
    ducks too late      music  + step · (a(t) − a(t − delay))        loud into the first words, low after the last
    effects jump out    effects + step · bumps at their own peaks
    speech drifts off   speech  0 … −step, a slow walk
    all squashed        every stem: −(1 − 1/ratio) · (L(t) − L̄)      what a compressor on the sum would do
    even loudness       stem k: L̄ − L_k(t)                            generated video: everything equally loud

L is loudness over a window, L̄ its mean over the audible. Minus a curve undoes it. The list is ours.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from limelight.dataset.levels import ACTIVE_LU, StemLevels, floored_lufs, smoothed
from limelight.types import STEMS, Vector

Draw = Callable[[np.random.Generator, StemLevels, float], Vector]  # → [K, T] in dB
SPEECH, MUSIC, EFFECTS = range(len(STEMS))


def applicable(levels: StemLevels) -> tuple[str, ...]:
    """The faults that these stems can suffer: nothing drifts, jumps or fails to duck that is not there."""
    heard = set(levels.audible)
    needs = {
        "music never ducks": {"speech", "music"},
        "music ducks too late": {"speech", "music"},
        "effects jump out": {"effects"},
        "speech drifts off": {"speech"},
        "everything squashed": set(),
        "even loudness": set(),
    }
    fits = [name for name in FAULTS if needs[name] <= heard]
    if not np.diff(levels.active("speech")).any():  # nobody begins or ends, so nothing can be late
        fits = [name for name in fits if name != "music ducks too late"]
    # One stem alone cannot be out of balance; it can only be squashed.
    return tuple(fits if len(heard) > 1 else [name for name in fits if name == "everything squashed"])


def never_ducks(rng: np.random.Generator, levels: StemLevels, step_db: float) -> Vector:
    """The music bed stays where it was before the talking began, and a little louder."""
    curves = _flat(levels)
    curves[MUSIC] = step_db * (_activity(levels) * 0.75 + 0.25 * rng.random())
    return curves


def ducks_late(rng: np.random.Generator, levels: StemLevels, step_db: float) -> Vector:
    """The ducking comes, and goes, half a second to one and a half too late."""
    curves = _flat(levels)
    delay = int(rng.integers(5, 16))
    spoken = _activity(levels)
    late = np.concatenate([np.full(delay, spoken[0]), spoken])[: spoken.size]
    curves[MUSIC] = step_db * (spoken - late)
    return curves


def effects_jump(rng: np.random.Generator, levels: StemLevels, step_db: float) -> Vector:
    """One to four of the effects' own loudest moments leap out for half a second to a second."""
    curves = _flat(levels)
    remaining = levels.over_time("effects", 0.3).copy()
    time = np.arange(remaining.size)
    for _ in range(int(rng.integers(1, 5))):
        at, half_width = int(np.argmax(remaining)), float(rng.integers(4, 9))
        away = np.clip(np.abs(time - at) / half_width, 0, 1)
        curves[EFFECTS] = np.maximum(curves[EFFECTS], step_db * np.cos(np.pi / 2 * away) ** 2)
        remaining[away < 1] = -np.inf
    return curves


def speech_drifts(rng: np.random.Generator, levels: StemLevels, step_db: float) -> Vector:
    """The speaker turns from the microphone and comes back: a walk between nought and −step, a turn every 2 to 4 s."""
    curves = _flat(levels)
    length = curves.shape[1]
    turns = np.concatenate([[0], np.cumsum(rng.integers(20, 41, length // 20 + 2))])
    depths = -step_db * rng.random(turns.size)
    depths[int(rng.integers(0, 2)) :: 2] = -step_db * (0.7 + 0.3 * rng.random())  # every other turn is a real one
    curves[SPEECH] = smoothed(np.interp(np.arange(length), turns, depths), 1.0)
    return curves


def squashed(rng: np.random.Generator, levels: StemLevels, step_db: float) -> Vector:
    """One compressor over the sum: what is soft comes up, what is loud comes down, by a ratio of 3 to 10."""
    ratio = float(rng.uniform(3, 10))
    loudness = floored_lufs(smoothed(levels.powers.sum(axis=0), 0.4))
    # Digital silence is left alone: no compressor raises what is not there.
    heard = loudness > loudness.max() - 3 * ACTIVE_LU
    curve = np.where(heard, -(1 - 1 / ratio) * (loudness - loudness[heard].mean()), 0.0)
    return np.tile(np.clip(smoothed(curve, 0.2), -step_db, step_db), (len(STEMS), 1))


def even_loudness(rng: np.random.Generator, levels: StemLevels, step_db: float) -> Vector:
    """Every stem as loud as every other, all the time, but for what `step` does not reach."""
    curves = _flat(levels)
    window = float(rng.uniform(2, 4))
    goal = np.mean([levels.loudness_lufs[stem] for stem in levels.audible])
    for stem in levels.audible:
        loudness = levels.over_time(stem, window)
        wished = np.where(loudness > levels.loudness_lufs[stem] - 2 * ACTIVE_LU, goal - loudness, 0.0)
        curves[STEMS.index(stem)] = smoothed(np.clip(wished, -step_db, step_db), 0.5)
    return curves


FAULTS: dict[str, Draw] = {
    "music never ducks": never_ducks,
    "music ducks too late": ducks_late,
    "effects jump out": effects_jump,
    "speech drifts off": speech_drifts,
    "everything squashed": squashed,
    "even loudness": even_loudness,
}


def _flat(levels: StemLevels) -> Vector:
    return np.zeros_like(levels.powers)


def _activity(levels: StemLevels) -> Vector:
    """a(t) of the speech, [T] in 0…1."""
    return smoothed(levels.active("speech").astype(np.float64), 0.4)
