"""From the stems of a scene to curves in time that a picture can follow.

    speech  → how far a mouth is open, how round its lips are         energy and centroid between 200 Hz and 3 kHz
    effects → when something hits, and how busy it is in between      sudden rise over eight bands of an octave
    music   → beats to move to, and how loud it plays                 the same, less sudden

Onsets are spectral flux in decibels (Dixon 2006), with a floor under the loudest moment of the stem; everything is
relative to the stem itself, so that a stem and a louder copy of it move the picture alike. No beat is tracked: what moves
to the music moves on its onsets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from limelight.types import STEMS, Vector

Burst = Literal["fire", "pieces", "sparks", "dust", "lightning"]

SAMPLE_RATE = 48_000
CURVE_RATE = 100  # values per second
HOP, WINDOW = SAMPLE_RATE // CURVE_RATE, 1024  # samples
SILENT_DB = -75.0  # full scale; below it a stem says nothing
RANGE_DB = 50.0  # below the loudest moment
VOICED_HZ = (200.0, 3000.0)
EDGES_HZ = (0.0, 90.0, 180.0, 350.0, 700.0, 1400.0, 2800.0, 5600.0, 24_000.0)
HIT_RISE_DB, HIT_APART_SECONDS = 6.0, 0.3
BEAT_RISE_DB, BEAT_APART_SECONDS = 2.5, 0.22


@dataclass(frozen=True)
class Onset:
    """Something begins: when, and how strong it is, 0…1; what bursts and where, if that is known and not to be drawn."""

    time_seconds: float
    strength: float
    burst: Burst | None = None
    across: float = 0.5  # of a known burst: 0 left … 1 right


@dataclass(frozen=True)
class Timing:
    """What the picture follows; curves [T] at CURVE_RATE values per second, the first at 0 s."""

    mouth: Vector  # 0 closed … 1 wide open
    lips: Vector  # −1 spread … 1 round
    effects_level: Vector  # how loud the effects are, 0…1
    music_level: Vector  # how loud it plays, 0…1
    hits: tuple[Onset, ...]  # of the effects
    beats: tuple[Onset, ...]  # of the music

    @property
    def seconds(self) -> float:
        """How long the sound lasts."""
        return len(self.mouth) / CURVE_RATE


def timing_of(stems: NDArray[np.float32]) -> Timing:
    """The curves and onsets of stems [K, N] at 48 kHz, in the order of STEMS; silence gives a picture at rest.

    Raises ValueError where there are not K stems of a few hundredths of a second at least.
    """
    if stems.ndim != 2 or stems.shape[0] != len(STEMS) or stems.shape[1] < WINDOW:
        raise ValueError(f"wanted stems [{len(STEMS)}, N] with N ≥ {WINDOW}, got {stems.shape}")
    speech, music, effects = (_spectra(stem) for stem in stems)
    return Timing(
        mouth=_mouth(speech),
        lips=_lips(speech),
        effects_level=_loudness(effects),
        music_level=_loudness(music),
        hits=_onsets(effects, HIT_RISE_DB, HIT_APART_SECONDS),
        beats=_onsets(music, BEAT_RISE_DB, BEAT_APART_SECONDS),
    )


def curve_at(curve: Vector, time_seconds: float) -> float:
    """A curve of Timing at an instant, held beyond its ends."""
    at = time_seconds * CURVE_RATE
    return float(np.interp(at, np.arange(len(curve)), curve))


def _spectra(stem: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power spectra [T, F] around every hundredth of a second."""
    padded = np.pad(stem, (WINDOW // 2, WINDOW))
    frames = sliding_window_view(padded, WINDOW)[::HOP][: -(-len(stem) // HOP)]  # [T, WINDOW]
    window = np.hanning(WINDOW).astype(np.float32) / np.float32(WINDOW / 2)
    spectrum = np.fft.rfft(frames * window, axis=1)
    return (spectrum.real**2 + spectrum.imag**2).astype(np.float32)


def _bin(hertz: float) -> int:
    return round(hertz * WINDOW / SAMPLE_RATE)


def _is_silent(power: NDArray[np.float32]) -> bool:
    return bool(power.sum(axis=1).max() < 10 ** (SILENT_DB / 10))


def _smooth(curve: Vector, seconds: float) -> Vector:
    half = max(1, round(seconds * CURVE_RATE))
    window = np.hanning(2 * half + 1)
    return np.asarray(np.convolve(np.pad(curve, half, mode="edge"), window / window.sum(), "valid"))


def _mouth(power: NDArray[np.float32]) -> Vector:
    """Opening by loudness of the voiced band: closed 22 dB below a loud vowel, wide open at one."""
    if _is_silent(power):
        return np.zeros(len(power))
    band = 10 * np.log10(power[:, _bin(VOICED_HZ[0]) : _bin(VOICED_HZ[1])].sum(axis=1).astype(np.float64) + 1e-12)
    loud = float(np.percentile(band[band > band.max() - 25], 90))
    return _smooth(np.clip((band - (loud - 22)) / 22, 0, 1) ** 1.6, 0.03)


def _lips(power: NDArray[np.float32]) -> Vector:
    """Round where the energy of the voiced band lies low (oo), spread where it lies high (ee)."""
    band = power[:, _bin(VOICED_HZ[0]) : _bin(VOICED_HZ[1])].astype(np.float64)
    hertz = np.linspace(*VOICED_HZ, band.shape[1])
    centroid = (band @ hertz + 1e-9 * 700) / (band.sum(axis=1) + 1e-9)
    return _smooth(np.clip(np.log2(700 / np.maximum(centroid, 100)), -1, 1), 0.05)


def _loudness(power: NDArray[np.float32]) -> Vector:
    """Level over 0.1 s: 0 at 30 dB below the stem's loudest, 1 at it."""
    if _is_silent(power):
        return np.zeros(len(power))
    level = 10 * np.log10(_smooth(power.sum(axis=1).astype(np.float64), 0.1) + 1e-12)
    return np.asarray(np.clip((level - level.max() + 30) / 30, 0, 1))


def _onsets(power: NDArray[np.float32], rise_db: float, apart_seconds: float) -> tuple[Onset, ...]:
    """Where the bands rise together by `rise_db` on average within 40 ms, strongest first taken, then put in order."""
    if _is_silent(power):
        return ()
    edges = np.array([_bin(hertz) for hertz in EDGES_HZ[:-1]])
    bands = 10 * np.log10(np.add.reduceat(power, edges, axis=1).astype(np.float64) + 1e-12)  # [T, 8]
    level = 10 * np.log10(power.sum(axis=1).astype(np.float64) + 1e-12)
    bands = np.maximum(bands, level.max() - RANGE_DB)
    before, after = (
        np.pad(bands, ((3, 0), (0, 0)), mode="edge")[: len(bands)],
        np.pad(bands, ((0, 1), (0, 0)), mode="edge")[1:],
    )
    flux = np.clip(after - before, 0, 30).mean(axis=1)  # [T]
    apart = round(apart_seconds * CURVE_RATE)
    taken: list[int] = []
    for t in np.argsort(-flux, kind="stable"):
        if flux[t] < rise_db:
            break
        if all(abs(int(t) - other) >= apart for other in taken):
            taken.append(int(t))
    peak = np.array([level[t : t + 8].max() for t in sorted(taken)]) - level.max()
    return tuple(
        Onset(t / CURVE_RATE, float(np.clip(1 + low / 24, 0, 1) * np.clip(0.4 + flux[t] / (4 * rise_db), 0, 1)))
        for t, low in zip(sorted(taken), peak, strict=True)
    )
