"""Soundtracks, plans and short ways to hear and render them, for the tests of mixing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from audio.sounds import cut, noise, programme, sine
from fakes import FakeModel

from limelight.audio.convert import channel_names, downmix_weights
from limelight.mixing.controls import Controls
from limelight.mixing.features import features_of, measure_audio
from limelight.mixing.plan import MixPlan, PlannedControls, PlannedLoudness, PlannedModel, PlannedShot, PlannedSource
from limelight.mixing.planner import make_plan
from limelight.mixing.render import ChunkSource, render, stems
from limelight.mixing.separation import SeparatedChunk, separate
from limelight.types import STEMS, Cues, Shot
from limelight.vision.cues import CUE_NAMES
from limelight.vision.encoder import without_picture

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
TONES_HERTZ = (300.0, 2000.0, 6000.0)  # one in the middle of each region of `fakes.by_region`


def tone(stem: str, seconds: float, sample_rate: int, *, db: float = -20.0, channels: int = 1) -> np.ndarray:
    """A sine that `by_region` hears as one stem, [C, N]."""
    wave = sine(TONES_HERTZ[STEMS.index(stem)], seconds, sample_rate, db=db)
    return np.tile(wave, (channels, 1))


def scene(channels: int = 1, seconds: float = 3.0, sample_rate: int = 48_000, *, level: float = 0.1) -> np.ndarray:
    """Quiet enough for every gain in these tests to pass under the limiter."""
    return (level * programme(channels, seconds, sample_rate)).astype(np.float32)


def filmed(seconds: float, *cuts: float, values: np.ndarray | None = None) -> Cues:
    """Cues with shots between cuts."""
    edges = [0.0, *cuts, seconds]
    shots = tuple(Shot(a, b, {"camera focus": f"shot {i}; sharp"}) for i, (a, b) in enumerate(pairwise(edges)))
    if values is None:
        values = np.ones((int(np.ceil(seconds)), len(CUE_NAMES)), np.float32)
    return Cues(CUE_NAMES, values, shots)


def low_passed(channels: int, seconds: float, sample_rate: int, *, below_hertz: float, seed: int = 0) -> np.ndarray:
    """Noise without anything above a frequency, fading in and out, [C, N]."""
    samples = round(seconds * sample_rate)
    spectrum = np.fft.rfft(noise(channels, samples, seed=seed))
    hertz = np.fft.rfftfreq(samples, 1 / sample_rate)
    spectrum *= 1 / (1 + np.exp((hertz - 0.9 * below_hertz) / (0.01 * below_hertz)))
    fade = np.minimum(1, np.arange(samples) / (0.05 * sample_rate))
    return (np.fft.irfft(spectrum, samples) * fade * fade[::-1]).astype(np.float32)


def source_of(samples: np.ndarray, sample_rate: int = 48_000) -> PlannedSource:
    return PlannedSource(
        name="film.mp4",
        duration_seconds=samples.shape[1] / sample_rate,
        sample_rate=sample_rate,
        layout=LAYOUTS[len(samples)],
        audio_stream=0,
    )


def planned(
    samples: np.ndarray,
    gains_db: Sequence[float] | np.ndarray,
    *,
    sample_rate: int = 48_000,
    makeup_db: float = 0.0,
    true_peak_dbtp: float | None = None,
) -> MixPlan:
    """A plan by hand: gains [K], or curves [K, T]."""
    curves = np.array(gains_db, np.float64).reshape(len(STEMS), -1)
    return MixPlan(
        source=source_of(samples, sample_rate),
        model=PlannedModel(name="fake", sha256="0"),
        controls=PlannedControls(
            strength=1.0, speech_db=0, music_db=0, effects_db=0, loudness="keep", true_peak_dbtp=true_peak_dbtp
        ),
        loudness=PlannedLoudness(
            before_lufs=None, predicted_after_lufs=None, true_peak_before_dbtp=None, downmix_lufs=-27.0
        ),
        makeup_db=makeup_db,
        gains_db={stem: curve.tolist() for stem, curve in zip(STEMS, curves, strict=True)},
        shots=[
            PlannedShot(
                start_seconds=0,
                end_seconds=1,
                cues={"camera focus": 'close-up "quoted": []'},
                gains_db=dict.fromkeys(STEMS, 0.0),
                reason="left alone",
            )
        ],
    )


def chunks_of(model: FakeModel, layout: str, *, sample_rate: int = 48_000, mono_lufs: float = -27.0) -> ChunkSource:
    """How blocks become separated chunks."""
    return partial(
        separate,
        separator=model.separator,
        sample_rate=sample_rate,
        downmix=downmix_weights(layout),
        mono_lufs=mono_lufs,
    )


def decided(
    samples: np.ndarray,
    model: FakeModel,
    controls: Controls | None = None,
    *,
    sample_rate: int = 48_000,
    cues: Cues | None = None,
) -> MixPlan:
    """The plan that a model makes of a soundtrack."""
    source = source_of(samples, sample_rate)
    blocks = cut(samples, [4096])
    measured = measure_audio(blocks, sample_rate=sample_rate, layout=source.layout)
    seen = without_picture(source.duration_seconds) if cues is None else cues
    chunks = chunks_of(model, source.layout, sample_rate=sample_rate, mono_lufs=measured.downmix_lufs)
    heard = features_of(chunks(blocks), model.card, layout=source.layout)
    return make_plan(heard, measured, seen, model.director, controls or Controls(), source, separator=model.card)


def rendered(
    samples: np.ndarray,
    plan: MixPlan,
    model: FakeModel,
    *,
    sizes: Sequence[int] = (4096,),
    true_peak_dbtp: float | None = None,
) -> np.ndarray:
    """The whole mix, [C, N]."""
    lufs = plan.loudness.downmix_lufs
    chunks = chunks_of(
        model, plan.source.layout, sample_rate=plan.source.sample_rate, mono_lufs=-np.inf if lufs is None else lufs
    )
    blocks = cut(samples, list(sizes))
    return joined(render(blocks, plan, chunks, model.card, true_peak_dbtp=true_peak_dbtp), len(samples))


def separated(samples: np.ndarray, model: FakeModel, *, sample_rate: int = 48_000) -> np.ndarray:
    """The stems, [K, C, N]."""
    chunks = chunks_of(model, LAYOUTS[len(samples)], sample_rate=sample_rate)
    pieces = stems(cut(samples, [4096]), chunks, model.card, sample_rate=sample_rate)
    return np.concatenate([np.zeros((len(STEMS), len(samples), 0), np.float32), *pieces], axis=2)


def separated_chunks(
    blocks: Iterable[np.ndarray],
    model: FakeModel,
    *,
    sample_rate: int = 48_000,
    layout: str = "mono",
    mono_lufs: float = -27.0,
) -> list[SeparatedChunk]:
    """All of them, in order."""
    return list(chunks_of(model, layout, sample_rate=sample_rate, mono_lufs=mono_lufs)(blocks))


def joined(blocks: Iterable[np.ndarray], channels: int) -> np.ndarray:
    return np.concatenate([np.zeros((channels, 0), np.float32), *blocks], axis=1)


def level_db(samples: np.ndarray) -> float:
    """Root mean square in dB under full scale."""
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-30))


def lfe_index(layout: str) -> int:
    return channel_names(layout).index("LFE")
