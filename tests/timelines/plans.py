"""Films with their plans, made by hand: what is handed over is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from fakes import FakeDirector, FakeSeparator

from limelight.media.probe import choose_soundtrack, probe
from limelight.mixing.job import Job, Scratch
from limelight.mixing.mixers import StemMixer
from limelight.mixing.plan import MixPlan
from limelight.types import STEMS

STEP_SECONDS = 0.1


def fade(seconds: float, *, db: float, at: float, over: float) -> np.ndarray:
    """0 dB, then a smooth way to some gain, as planners make them: points at every step."""
    times = np.arange(int(seconds / STEP_SECONDS) + 1) * STEP_SECONDS
    share = np.clip((times - at) / over, 0, 1)
    return db * share**2 * (3 - 2 * share)


def plan_of(film: Path, curves: np.ndarray | None = None, **changes: object) -> MixPlan:
    """A plan for the fake separator; curves [K, T]."""
    info = probe(film)
    track = choose_soundtrack(info)
    if curves is None:
        length = info.duration_seconds
        moves = ((4.0, 0.8), (-7.0, 1.0), (-5.0, 0.6))
        curves = np.array([fade(length, db=db, at=at, over=1.5) for db, at in moves])
    values: dict[str, object] = {
        "source": {
            "name": film.name,
            "duration_seconds": info.duration_seconds,
            "sample_rate": track.sample_rate,
            "layout": track.layout,
            "audio_stream": info.soundtracks.index(track),
            "inverted": False,
        },
        "model": {"name": "fake", "sha256": FakeSeparator().card.fingerprint},
        "controls": {"strength": 1.0, "speech_db": 0.0, "music_db": 0.0, "effects_db": 0.0, "loudness": "keep"},
        "loudness": {
            "before_lufs": -20.0,
            "predicted_after_lufs": -20.0,
            "true_peak_before_dbtp": -9.0,
            "downmix_lufs": -20.0,
        },
        "makeup_db": 1.5,
        "gains_db": dict(zip(STEMS, np.asarray(curves).tolist(), strict=True)),
        "shots": [
            shot(0.0, 1.0, 'nobody speaks & "all" is <quiet>'),
            shot(1.0, 2.5, "speech lies 5 LU under the rest"),
        ],
    }
    return MixPlan.model_validate(values | changes)


def shot(start: float, end: float, reason: str) -> dict[str, object]:
    means = dict.fromkeys(STEMS, 0.0)
    cues = {"tone": "dark"}
    return {"start_seconds": start, "end_seconds": end, "cues": cues, "gains_db": means, "reason": reason}


def rendered(film: Path, plan: MixPlan) -> np.ndarray:
    """What `limelight render` writes, before it is encoded, [C, N]."""
    with Scratch() as scratch:
        job = Job.of(film, audio_stream=plan.source.audio_stream)
        job.scratch = scratch
        blocks = list(StemMixer(FakeSeparator(), FakeDirector()).blocks(job, plan))
    return np.concatenate(blocks, axis=1).astype(np.float64)


def apart_db(one: np.ndarray, other: np.ndarray) -> float:
    """Power of what is between two sounds under that of the first, in dB; silence behind the shorter."""
    length = max(one.shape[1], other.shape[1])
    one, other = (np.pad(sound, ((0, 0), (0, length - sound.shape[1]))) for sound in (one, other))
    return float(10 * np.log10(np.sum((one - other) ** 2) / np.sum(one**2) + 1e-20))
