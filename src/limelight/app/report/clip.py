"""The sound of a film to be heard on the page: all of it or one minute, as stereo, before and after equally loud.

    block [C, n] ──stereo──► 48 kHz ──kept inside the excerpt──► [2, N] ──softer by the match──► AAC in MP4

Louder sounds better, whatever was done; so the louder of the two is played softer until both have the same integrated
loudness over the excerpt (BS.1770).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import av
import numpy as np

from limelight.app.report.words import clock_time
from limelight.dsp.gains import db_to_gain
from limelight.dsp.layouts import stereo_matrix
from limelight.dsp.loudness import LoudnessMeter
from limelight.dsp.resample import ResampleStream
from limelight.media.encode import SoundEncoder
from limelight.media.formats import MUXERS, choose_sound_format
from limelight.mixing.plan import MixPlan
from limelight.mixing.remix import CHANGE_STEP_SECONDS, Remixed
from limelight.signals import Samples, SoundtrackInfo, Vector

RATE = 48_000  # Hz
BIT_RATE = 96_000  # bit/s
WHOLE_UP_TO_SECONDS = 180.0
EXCERPT_SECONDS = 60.0
_CEILING = 0.97  # of full scale, so that the codec does not clip


@dataclass(frozen=True)
class Excerpt:
    """The part of a film that is heard."""

    start_seconds: float
    end_seconds: float
    is_whole: bool
    chosen_for: str = "where the stems are moved most"

    def __str__(self) -> str:
        if self.is_whole:
            return "the whole film"
        return f"{clock_time(self.start_seconds)} to {clock_time(self.end_seconds)}, {self.chosen_for}"


@dataclass(frozen=True)
class Match:
    """What is done to the two clips so that they can be compared."""

    before_db: float
    after_db: float


def choose_excerpt(plan: MixPlan | Remixed, duration_seconds: float) -> Excerpt:
    """The whole film up to three minutes, else the minute in which the stems are moved, or the sound changed, most."""
    if duration_seconds <= WHOLE_UP_TO_SECONDS:
        return Excerpt(0.0, duration_seconds, is_whole=True)
    if isinstance(plan, Remixed):
        start = _busiest(plan.changed, CHANGE_STEP_SECONDS, duration_seconds)
        return Excerpt(start, start + EXCERPT_SECONDS, is_whole=False, chosen_for="where most is changed")
    start = _busiest(np.abs(plan.curves_db).sum(axis=0), plan.step_seconds, duration_seconds)
    return Excerpt(start, start + EXCERPT_SECONDS, is_whole=False)


def _busiest(amounts: Vector, step_seconds: float, duration_seconds: float) -> float:
    """Where the minute begins in which the amounts [T] sum to most."""
    sums = np.concatenate([[0.0], np.cumsum(amounts)])
    width = min(len(sums) - 1, max(1, round(EXCERPT_SECONDS / step_seconds)))
    start = float(np.argmax(sums[width:] - sums[:-width])) * step_seconds
    return min(start, duration_seconds - EXCERPT_SECONDS)


class Recorder:
    """Keeps an excerpt of a soundtrack as stereo at 48 kHz."""

    def __init__(self, excerpt: Excerpt, track: SoundtrackInfo) -> None:
        self._start = round(excerpt.start_seconds * track.sample_rate)
        self._end = round(excerpt.end_seconds * track.sample_rate)
        self._matrix = stereo_matrix(track.layout)
        self._resample = ResampleStream(track.sample_rate, RATE, 2)
        self._kept = [np.zeros((2, 0), np.float32)]
        self._seen = 0

    def push(self, block: Samples) -> None:
        """Take [C, n]."""
        low, high = (min(max(edge - self._seen, 0), block.shape[1]) for edge in (self._start, self._end))
        if high > low:
            self._kept.append(self._resample.push(self._matrix @ block[:, low:high]))
        self._seen += block.shape[1]

    def finish(self) -> Samples:
        """[2, N]."""
        self._kept.append(self._resample.finish())
        return np.concatenate(self._kept, axis=1)


def match_loudness(before: Samples, after: Samples) -> Match:
    """Gains ≤ 0 dB that make two clips [2, N] equally loud and keep both within full scale."""
    loud = [_loudness_lufs(clip) for clip in (before, after)]
    apart = loud[1] - loud[0] if np.isfinite(loud).all() else 0.0
    gains = [min(0.0, apart), min(0.0, -apart)]
    peaks = [
        float(db_to_gain(gain)) * max(float(clip.max(initial=0)), -float(clip.min(initial=0)))
        for gain, clip in zip(gains, (before, after), strict=True)
    ]
    room = min(0.0, 20 * float(np.log10(_CEILING / max(*peaks, 1e-9))))
    return Match(gains[0] + room, gains[1] + room)


def _loudness_lufs(clip: Samples) -> float:
    meter = LoudnessMeter(RATE, "stereo")
    for block in _seconds(clip):
        meter.push(block)
    return meter.finish().integrated_lufs


def _seconds(clip: Samples) -> Iterator[Samples]:
    """In pieces, so that nothing as large as a clip is held twice."""
    return (clip[:, start : start + RATE] for start in range(0, clip.shape[1], RATE))


def clip_bytes(clip: Samples, gain_db: float) -> bytes:
    """A clip [2, N] at 48 kHz as an M4A file of about 96 kb/s, so many dB softer."""
    track = SoundtrackInfo(0, "aac", RATE, "stereo", 2, bit_rate=None, language=None, is_default=True)
    form = replace(choose_sound_format(track, "m4a", sample_format="fltp"), bit_rate=BIT_RATE)
    gain = np.float32(db_to_gain(gain_db))
    memory = io.BytesIO()
    with av.open(memory, "w", format=MUXERS["m4a"]) as output:
        encoder = SoundEncoder(output, form, sample_rate=RATE, layout="stereo")
        encoder.stream.codec_context.options = {"aac_coder": "fast"}  # a third of the time, 0.7 dB more noise
        for block in _seconds(clip):
            output.mux(encoder.encode(block * gain))
        output.mux(encoder.finish())
    return memory.getvalue()
