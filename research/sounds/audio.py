"""Decoding, measuring and storing one sound. Lossy sources keep their bytes; the rest becomes Opus at 48 kHz."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray

OPUS_RATE = 48_000
KEPT_AS_THEY_ARE = frozenset([".ogg", ".oga", ".opus", ".mp3"])
RAW_FORMATS = {".g722": "g722", ".gsm": "gsm"}  # without a header: FFmpeg must be told
BITS_PER_SECOND = {1: 96_000, 2: 128_000}
CLIPPED = 0.999  # of full scale
FLOOR_DB = -120.0
DAMAGED_PACKETS = 2  # at most

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Sound:
    """A decoded sound, [C, N], full scale ±1."""

    samples: Samples
    sample_rate: int

    @property
    def seconds(self) -> float:
        return float(self.samples.shape[1] / self.sample_rate)


@dataclass(frozen=True)
class Figures:
    """What a sound is like, for a first check without ears."""

    seconds: float
    sample_rate: int
    channels: int
    peak_dbfs: float
    rms_dbfs: float
    clipped: float  # share of the samples

    @classmethod
    def of(cls, sound: Sound) -> Figures:
        size = np.abs(sound.samples)
        rms = float(np.sqrt(np.mean(np.square(sound.samples, dtype=np.float64))))
        clipped = float(np.mean(size >= CLIPPED))
        return cls(sound.seconds, sound.sample_rate, len(size), _db(float(size.max())), _db(rms), clipped)


def decode(data: bytes, suffix: str) -> Sound:
    """All samples of a sound file's bytes, the first two channels of them.

    A packet that cannot be decoded is passed over. Raises ValueError where there are more than a few, or no sound at all.
    """
    planes, sample_rate, damaged = [], 0, 0
    with av.open(io.BytesIO(data), "r", format=RAW_FORMATS.get(suffix)) as container:
        resampler = av.AudioResampler(format="fltp")
        for packet in container.demux(audio=0):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                damaged += 1
                continue
            for frame in frames:
                sample_rate = frame.sample_rate
                planes += [part.to_ndarray() for part in resampler.resample(frame)]
    if not planes or damaged > DAMAGED_PACKETS:
        raise ValueError(f"{len(planes)} pieces could be decoded, {damaged} could not")
    return Sound(np.concatenate(planes, axis=1)[:2].astype(np.float32), sample_rate)


def resample(sound: Sound, sample_rate: int) -> Sound:
    """The same sound at another rate, in soxr's high quality."""
    if sound.sample_rate == sample_rate:
        return sound
    return Sound(soxr.resample(sound.samples.T, sound.sample_rate, sample_rate).T, sample_rate)


def encode_opus(sound: Sound, path: Path) -> None:
    """Writes Opus at 48 kHz; what would go over full scale is brought down as a whole."""
    samples = resample(sound, OPUS_RATE).samples
    samples = samples / max(1.0, float(np.abs(samples).max()))
    with av.open(str(path), "w", format="ogg") as container:
        layout = "mono" if len(samples) == 1 else "stereo"
        stream = container.add_stream("libopus", rate=OPUS_RATE, layout=layout)
        stream.bit_rate = BITS_PER_SECOND[len(samples)]
        interleaved = np.ascontiguousarray(samples.T, dtype=np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
        frame.sample_rate = OPUS_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _db(value: float) -> float:
    return max(FLOOR_DB, 20 * float(np.log10(max(value, 1e-9))))
