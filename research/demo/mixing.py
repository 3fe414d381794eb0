"""From three raw stems to the well mixed truth, and from the truth to the bad mix.

Both are gains per stretch, faded over TRANSITION_SECONDS:

    truth_k  = s · g_k(t) · p(t) · raw_k      g brings stem k to its level in each stretch, p holds the common peaks,
                                              s is one number that brings the film to MIX_LUFS
    degraded_k = c · d_k(t) · truth_k          d is the stretch's `degrade_db`, c one number (same loudness, no clipping)

so a mixer that undoes d (up to one number) has found the truth.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from research.demo.acoustics import Sound, loudness, seconds
from research.demo.effects import effects_stem
from research.demo.music import music_stem
from research.demo.story import (
    DEGRADED_PEAK_DBFS,
    DURATION_SECONDS,
    MIX_LUFS,
    SAMPLES,
    STEMS,
    STRETCHES,
    TRANSITION_SECONDS,
    TRUTH_PEAK_DBTP,
    Stretch,
)
from research.demo.voice import speech_stem

SILENT_LUFS = -69.0  # ebur128 says −70 where nothing is above the absolute gate
Stems = Mapping[str, Sound]


def within(sound: Sound, stretch: Stretch) -> Sound:
    """The part of [2, N] that plays in a stretch."""
    return sound[:, seconds(stretch.start_seconds) : seconds(stretch.end_seconds)]


def amplitude(db: float | Sound) -> float | Sound:
    """Decibels to a factor."""
    return 10 ** (db / 20)


def total(stems: Stems) -> Sound:
    """The mix, [2, N]."""
    return sum(stems[name] for name in STEMS)


def gain_curve(db_of: Mapping[str, float]) -> Sound:
    """A factor for each sample, [N]: one value per stretch (by its name), straight in dB across each border."""
    half = TRANSITION_SECONDS / 2
    times, values = [], []
    for stretch in STRETCHES:
        times += [stretch.start_seconds + half, stretch.end_seconds - half]
        values += [db_of[stretch.name]] * 2
    at = np.linspace(0, DURATION_SECONDS, SAMPLES, endpoint=False)
    return amplitude(np.interp(at, times, values)).astype(np.float32)


def _levelled(name: str, raw: Sound) -> Sound:
    """One stem at the level that each stretch asks for."""
    gains_db = {}
    for stretch in STRETCHES:
        found = loudness(within(raw, stretch))[0]
        gains_db[stretch.name] = (
            stretch.level_lufs[name] - found if found > SILENT_LUFS and name in stretch.level_lufs else 0.0
        )
    return raw * gain_curve(gains_db)


def _peak_curve(mix: Sound, ceiling: float) -> Sound:
    """A common gain [N] ≤ 1 that keeps |mix| under `ceiling`: the worst of 10 ms around, smoothed over as much."""
    width = seconds(0.01)
    blocks = np.pad(np.abs(mix).max(axis=0), (0, -SAMPLES % width)).reshape(-1, width).max(axis=1)
    wanted = np.minimum(1, ceiling / np.maximum(blocks, 1e-9))
    padded = np.pad(wanted, 2, mode="edge")
    worst = np.min([padded[k : k + len(wanted)] for k in range(5)], axis=0)
    soft = np.convolve(np.pad(worst, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
    centres = (np.arange(len(soft)) + 0.5) * width
    return np.interp(np.arange(SAMPLES), centres, soft).astype(np.float32)


def well_mixed(raw: Stems) -> dict[str, Sound]:
    """The truth: levels by the story, MIX_LUFS over all, true peak under TRUTH_PEAK_DBTP."""
    stems = {name: _levelled(name, raw[name]) for name in STEMS}
    for _ in range(3):  # holding peaks costs a little loudness, which is given back and held again
        scale = amplitude(MIX_LUFS - loudness(total(stems))[0])
        held = scale * _peak_curve(scale * total(stems), amplitude(TRUTH_PEAK_DBTP - 0.7))
        stems = {name: stem * held for name, stem in stems.items()}
    return stems


def degraded(truth: Stems) -> dict[str, Sound]:
    """The bad mix: each stretch's leader pushed under the others, then one number
    that gives the film its loudness back, so that only the balance is wrong, without clipping."""
    stems = {}
    for name in STEMS:
        stems[name] = truth[name] * gain_curve({stretch.name: stretch.degrade_db[name] for stretch in STRETCHES})
    louder = amplitude(MIX_LUFS - loudness(total(stems))[0])
    scale = min(louder, amplitude(DEGRADED_PEAK_DBFS) / np.abs(total(stems)).max())
    return {name: stem * scale for name, stem in stems.items()}


def levels(stems: Stems) -> dict[tuple[str, str], float]:
    """Loudness in LUFS of each stem and of "mix" in each stretch and in the whole "film"; silence is left out."""
    found = {}
    for name, sound in {**stems, "mix": total(stems)}.items():
        parts = {stretch.name: within(sound, stretch) for stretch in STRETCHES} | {"film": sound}
        measured = {part: loudness(piece)[0] for part, piece in parts.items()}
        found |= {(name, part): value for part, value in measured.items() if value > SILENT_LUFS}
    return found


def raw_stems() -> dict[str, Sound]:
    """Speech, music and effects, each [2, N]."""
    return {"speech": speech_stem(), "music": music_stem(), "effects": effects_stem()}
