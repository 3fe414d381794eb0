"""Stems with known truth, and takes without a storyboard."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from research.painted.storyboard import Grading, Storyboard, Take
from research.painted.timing import SAMPLE_RATE, Timing, timing_of

PLAIN = Grading(
    exposure=1, warmth=0, contrast=1, saturation=1, grain=0, vignette=0, bars=0, handheld=0, quality=20
)  # fmt: skip


def envelope(seconds: float, *, rate_hz: float = 3.0, until: float = 1e9) -> np.ndarray:
    """Syllables: 0…1 and back at `rate_hz`, silent from `until` seconds on. [N]"""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.5 - 0.5 * np.cos(2 * np.pi * rate_hz * time)) * (time < until)


def speech(seconds: float, *, until: float = 1e9) -> np.ndarray:
    """A buzz of 150 Hz with overtones to 3 kHz, under the envelope. [N]"""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    buzz = sum(np.sin(2 * np.pi * 150 * k * time + k * k) / k for k in range(1, 20))
    return 0.1 * buzz * envelope(seconds, until=until)


def bangs(seconds: float, at: tuple[float, ...]) -> np.ndarray:
    """Bursts of noise that begin at once and die in a tenth of a second. [N]"""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(5).standard_normal(len(time))
    return 0.2 * noise * sum((time >= t) * np.exp(-np.maximum(time - t, 0) / 0.03) for t in at)


def stems(
    seconds: float = 4.0,
    *,
    talks: bool = True,
    until: float = 1e9,
    hits: tuple[float, ...] = (),
    beats: tuple[float, ...] = (),
) -> np.ndarray:
    """Speech, music, effects: [3, N]."""
    silent = np.zeros(round(seconds * SAMPLE_RATE))
    parts = (
        speech(seconds, until=until) if talks else silent,
        bangs(seconds, beats) if beats else silent,
        bangs(seconds, hits) if hits else silent,
    )
    return np.stack(parts).astype(np.float32)


@lru_cache(maxsize=64)
def timing(seconds: float = 4.0, **sounds: object) -> Timing:
    """What follows from such stems."""
    return timing_of(stems(seconds, **sounds))  # type: ignore[arg-type]


def take(subject: str, seed: int = 3, *, seconds: float = 4.0, light: str = "day", **more: object) -> Take:
    """One take that lasts from 0 s on; a person speaks unless told otherwise."""
    told: dict[str, object] = {"people": (seed,), "speaking": 0, "closeness": 0.5} if subject == "person" else {}
    return Take(0.0, seconds, subject, light, seed, seed, **(told | more))  # type: ignore[arg-type]


def board(*takes: Take, grading: Grading = PLAIN) -> Storyboard:
    """A storyboard of these takes."""
    return Storyboard("talk", False, takes[-1].end_seconds, takes, grading)
