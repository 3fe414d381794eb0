"""Listening once more, to the source and to the file that was written: what the page shows and plays of each.

    block [C, n] ─┬─► peak and root mean square in so many columns
                  ├─► loudness, ten powers a second (BS.1770)
                  └─stereo──► 48 kHz ──kept inside the excerpt──► [2, N] ──softer by the match──► AAC in MP4

One pass in constant memory, but for what is heard: the whole film, or one minute of a long one. Louder sounds better,
whatever was done; so the louder of the two is played softer until both have the same integrated loudness.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import av
import numpy as np

from limelight.audio.convert import ResampleStream, db_to_gain, stereo_matrix
from limelight.audio.loudness import BLOCKS_PER_SECOND, LoudnessMeter, integrated_from_block_powers
from limelight.media.formats import MUXERS, choose_sound_format
from limelight.media.mux import SoundEncoder
from limelight.media.probe import choose_soundtrack
from limelight.media.read_audio import read_audio
from limelight.mixing.one_step import CHANGE_STEP_SECONDS
from limelight.mixing.plan import MixPlan
from limelight.models.separators.tracks import Tracks
from limelight.report.words import clock_time
from limelight.types import Samples, SoundtrackInfo, SourceInfo, Vector

MOST_COLUMNS = 1200


@dataclass(frozen=True)
class Envelope:
    """Column k of K covers the samples from k · N / K to (k + 1) · N / K."""

    peak: Vector  # [K], the highest |x| of all channels
    rms: Vector  # [K], of the loudest channel: empty surround channels would make every film look quiet


class EnvelopeMeter:
    """Measures [C, N] of about so many samples; what comes after them counts to the last column."""

    def __init__(self, samples: int, channels: int) -> None:
        self._total = max(1, samples)
        self._columns = min(MOST_COLUMNS, self._total)
        self._peak = np.zeros(self._columns)
        self._power = np.zeros((channels, self._columns))
        self._count = np.zeros(self._columns)
        self._seen = 0

    def push(self, block: Samples) -> None:
        """Take [C, n]."""
        n = block.shape[1]
        if n == 0:
            return
        first, last = self._column(self._seen), self._column(self._seen + n - 1)
        columns = np.arange(first, last + 1)
        edges = np.maximum(-(-columns * self._total // self._columns) - self._seen, 0)  # where each begins in the block
        self._peak[columns] = np.maximum(self._peak[columns], np.maximum.reduceat(np.abs(block).max(axis=0), edges))
        self._power[:, columns] += np.add.reduceat(np.square(block, dtype=np.float64), edges, axis=1)
        self._count[columns] += np.diff(np.append(edges, n))
        self._seen += n

    def finish(self) -> Envelope:
        """What was measured; columns that nothing fell into are silent."""
        return Envelope(self._peak, np.sqrt(self._power.max(axis=0) / np.maximum(self._count, 1)))

    def _column(self, sample: int) -> int:
        return min(self._columns - 1, sample * self._columns // self._total)


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
class LoudnessMatch:
    """What is done to the two clips so that they can be compared."""

    before_db: float
    after_db: float


def choose_excerpt(plan: MixPlan, duration_seconds: float) -> Excerpt:
    """The whole film up to three minutes, else the minute in which the stems are moved, or the sound changed, most."""
    if duration_seconds <= WHOLE_UP_TO_SECONDS:
        return Excerpt(0.0, duration_seconds, is_whole=True)
    if plan.changed is not None:
        start = _busiest(np.array(plan.changed), CHANGE_STEP_SECONDS, duration_seconds)
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


def match_loudness(before: Samples, after: Samples) -> LoudnessMatch:
    """Gains ≤ 0 dB that make two clips [2, N] equally loud and keep both within full scale."""
    loud = [_loudness_lufs(clip) for clip in (before, after)]
    apart = loud[1] - loud[0] if np.isfinite(loud).all() else 0.0
    gains = [min(0.0, apart), min(0.0, -apart)]
    peaks = [
        float(db_to_gain(gain)) * max(float(clip.max(initial=0)), -float(clip.min(initial=0)))
        for gain, clip in zip(gains, (before, after), strict=True)
    ]
    room = min(0.0, 20 * float(np.log10(_CEILING / max(*peaks, 1e-9))))
    return LoudnessMatch(gains[0] + room, gains[1] + room)


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


@dataclass(frozen=True)
class SoundtrackView:
    """What one pass over a soundtrack leaves."""

    envelope: Envelope
    clip: Samples  # [2, N] at 48 kHz, of the excerpt
    block_powers: Vector  # [T], K-weighted, ten a second (BS.1770)


def view_soundtrack(
    info: SourceInfo, track: SoundtrackInfo, excerpt: Excerpt, duration_seconds: float, *, tracks: Tracks | None = None
) -> SoundtrackView:
    """One pass, in constant memory but for the excerpt. tracks: those whose sum the soundtrack is, where they are known."""
    meter = EnvelopeMeter(round(duration_seconds * track.sample_rate), track.channels)
    recorder = Recorder(excerpt, track)
    loudness = LoudnessMeter(track.sample_rate, track.layout)
    for block in tracks.blocks() if tracks else read_audio(info, track):
        meter.push(block)
        recorder.push(block)
        loudness.push(block)
    return SoundtrackView(meter.finish(), recorder.finish(), loudness.finish().block_powers)


def loudness_between(view: SoundtrackView, start_seconds: float, end_seconds: float) -> float:
    """Integrated loudness of a stretch in LUFS; −∞ for silence and for less than 0.4 s."""
    first, last = (round(seconds * BLOCKS_PER_SECOND) for seconds in (start_seconds, end_seconds))
    return integrated_from_block_powers(view.block_powers[first:last])


def new_soundtrack(written: SourceInfo, stream_index: int | None) -> SoundtrackInfo:
    """The soundtrack of a written file that is new; the film's own where that is not known."""
    new = (track for track in written.soundtracks if track.stream_index == stream_index)
    return next(new, None) or choose_soundtrack(written)
