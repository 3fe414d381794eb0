"""What a mixer would notice in a scene, in numbers, and the few moves that there are: gain curves that only want a weight.

    facts    how much is spoken; speech against the rest while spoken; music against effects; what moves, what leaks
    moves    speech      speech up, the rest down                      all the time
             music       music up, effects down                        all the time
             duck        the rest down while somebody speaks
             even        speech up where it is softer than it mostly is, down where it is louder
             tame        effects down where they leap out of their own median
    gains    Σ_m w_m · move_m [K, T] in dB

Facts know nothing of absolute level: a mix that is turned down as a whole is the same mix. Everything comes from a separator's
public features, so it is there for any separator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.types import STEMS, StemFeatures, Vector

SPEECH, MUSIC, EFFECTS = range(len(STEMS))
SPEAKS = 0.5  # presence over this is speech
FACTS = (
    "spoken",  # share of the time
    "sure",  # mean presence while spoken
    "over_spoken",  # speech over the rest while spoken, LU
    "over_scene",  # speech over the rest throughout
    "music_scene",  # music over effects throughout
    "music_spoken",
    "rest_spoken",  # the rest while spoken over the rest while not, LU; below 0 it is ducked
    "leak",  # the speech stem while nobody speaks over the rest
    "speech_moves",  # standard deviation of speech while spoken, LU
    "rest_moves",
    "effects_leap",  # 95 % over the median, LU
    "mix_moves",
    "masked",  # share of the spoken time in which speech lies under the rest
    "weak",  # share of the time in which presence is neither clear
)
MOVES = ("speech", "music", "duck", "even", "tame")
RANGE_LU = 30.0  # facts in LU are kept within
QUIET_LUFS = -90.0
FOLLOW_SECONDS, LEAP_SECONDS, DUCK_SECONDS = 3.0, 0.3, 0.4
EVEN_DB, LEAP_LU, TAME_DB = 8.0, 6.0, 9.0
Rows = NDArray[np.bool_]


def facts_of(heard: StemFeatures, rows: Rows) -> Vector:
    """The facts of some rows [T], in the order of FACTS; levels in tens of LU."""
    spoken = rows & (heard.presence > SPEAKS)
    quiet = rows & ~spoken
    said = heard.presence[rows]
    speech, rest, mix = (_levels(heard, stems, rows) for stems in (STEMS[:1], STEMS[1:], STEMS))
    effects = _levels(heard, STEMS[2:], rows)
    while_spoken = spoken[rows]
    values = {
        "spoken": float(while_spoken.mean()) if len(said) else 0.0,
        "sure": float(heard.presence[spoken].mean()) if spoken.any() else 0.0,
        "over_spoken": _over(heard, spoken, STEMS[:1], STEMS[1:], -RANGE_LU) / 10,
        "over_scene": _over(heard, rows, STEMS[:1], STEMS[1:], -RANGE_LU) / 10,
        "music_scene": _over(heard, rows, STEMS[1:2], STEMS[2:], 0.0) / 10,
        "music_spoken": _over(heard, spoken, STEMS[1:2], STEMS[2:], 0.0) / 10,
        "rest_spoken": _between(heard, spoken, quiet) / 10,
        "leak": _over(heard, quiet, STEMS[:1], STEMS[1:], -RANGE_LU) / 10,
        "speech_moves": _deviation(speech[while_spoken]) / 10,
        "rest_moves": _deviation(rest) / 10,
        "effects_leap": float(np.quantile(effects, 0.95) - np.median(effects)) / 10 if len(effects) else 0.0,
        "mix_moves": _deviation(mix) / 10,
        "masked": float((speech < rest)[while_spoken].mean()) if while_spoken.any() else 0.0,
        "weak": float(((said > 0.15) & (said < 0.85)).mean()) if len(said) else 0.0,
    }
    return np.array([values[name] for name in FACTS])


def moves_of(heard: StemFeatures, rows: Rows) -> Vector:
    """The moves over some rows, [M, K, t] in dB for a weight of 1; those on speech are nothing where nobody speaks."""
    count = int(rows.sum())
    moves = np.zeros((len(MOVES), len(STEMS), count))
    if not count:
        return moves
    step = _step_seconds(heard)
    spoken = (heard.presence[rows] > SPEAKS).astype(np.float64)
    moves[0] = np.array([0.5, -0.5, -0.5])[:, None] * bool(spoken.any())
    moves[1] = np.array([0.0, 0.5, -0.5])[:, None]
    moves[2, 1:] = -smoothed(spoken, DUCK_SECONDS / step)
    moves[3, SPEECH] = _evening(_levels(heard, STEMS[:1], rows), spoken, FOLLOW_SECONDS / step)
    effects = _levels(heard, STEMS[2:], rows, smooth_steps=LEAP_SECONDS / step)
    moves[4, EFFECTS] = -np.clip(effects - np.median(effects) - LEAP_LU, 0, TAME_DB)
    return moves


def _evening(levels: Vector, spoken: Vector, steps: float) -> Vector:
    """How far speech lies under its own mean while spoken, [t] in dB, within EVEN_DB."""
    if spoken.sum() < 2:
        return np.zeros_like(levels)
    powers = 10 ** (levels / 10)
    local = smoothed(powers * spoken, steps) / np.maximum(smoothed(spoken, steps), 1e-3)
    mean = float((powers * spoken).sum() / spoken.sum())
    missing = 10 * np.log10(mean + 1e-10) - 10 * np.log10(local + 1e-10)
    near = np.minimum(1.0, smoothed(spoken, steps) / 0.1)  # far from any word nothing is known
    return np.clip(missing, -EVEN_DB, EVEN_DB) * near


def smoothed(values: Vector, steps: float) -> Vector:
    """Hann-weighted means over so many steps around each; the ends go on as they are. [T] → [T]."""
    reach = max(1, round(steps / 2))
    kernel = np.hanning(2 * reach + 3)[1:-1]
    return np.asarray(np.convolve(np.pad(values, reach, mode="edge"), kernel / kernel.sum(), mode="valid"))


def _levels(heard: StemFeatures, stems: tuple[str, ...], rows: Rows, *, smooth_steps: float = 5.0) -> Vector:
    """Loudness over time of some stems together, [t] in LUFS, over about 0.4 s."""
    chosen = [STEMS.index(stem) for stem in stems]
    power = heard.powers[np.ix_(chosen, chosen)].sum(axis=(0, 1))[rows]
    if not len(power):
        return np.zeros(0)
    return np.maximum(-0.691 + 10 * np.log10(np.maximum(smoothed(power, smooth_steps), 1e-12)), QUIET_LUFS)


def _over(heard: StemFeatures, rows: Rows, stems: tuple[str, ...], others: tuple[str, ...], missing: float) -> float:
    """Loudness of some stems over others, within RANGE_LU."""
    if not rows.any():
        return missing
    return float(np.clip(heard.loudness_lufs(stems, rows) - heard.loudness_lufs(others, rows), -RANGE_LU, RANGE_LU))


def _between(heard: StemFeatures, rows: Rows, others: Rows) -> float:
    """Loudness of music and effects in some rows over that in others."""
    if not rows.any() or not others.any():
        return 0.0
    over = heard.loudness_lufs(STEMS[1:], rows) - heard.loudness_lufs(STEMS[1:], others)
    return float(np.clip(over, -RANGE_LU, RANGE_LU))


def _deviation(levels: Vector) -> float:
    """Of what is within 30 LU of the loudest."""
    near = levels[levels > levels.max(initial=QUIET_LUFS) - RANGE_LU]
    return float(near.std()) if len(near) else 0.0


def _step_seconds(heard: StemFeatures) -> float:
    times = heard.times_seconds
    return float(times[1] - times[0]) if len(times) > 1 else 0.1
