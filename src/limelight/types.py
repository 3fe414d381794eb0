"""What flows between the rooms: small frozen records, units in their names.

Shapes use one alphabet throughout the package:
B batch, C channels, N samples, F frequency bins, T time steps, K stems (speech, music, effects), D width.

One clock: time 0 is the instant of the first shown picture, or of the first sample where that comes earlier or there
is no picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]  # [C, N], full scale is ±1
Vector = NDArray[np.float64]

STEMS = ("speech", "music", "effects")
SILENT_LUFS = -100.0


@dataclass(frozen=True)
class SoundtrackInfo:
    """One sound stream of a source."""

    stream_index: int
    codec: str
    sample_rate: int  # Hz
    layout: str  # FFmpeg's name: "mono", "stereo", "5.1", …
    channels: int
    bit_rate: int | None  # bits per second, where the container tells
    language: str | None
    is_default: bool
    title: str = ""  # that somebody gave it
    is_aside: bool = False  # a commentary, a description for the blind, a dub: its disposition says so


@dataclass(frozen=True)
class PictureInfo:
    """The main moving picture of a source (never a cover image)."""

    stream_index: int
    codec: str
    width: int
    height: int
    frames_per_second: float  # average; use times, never counts
    rotation_degrees: int


@dataclass(frozen=True)
class SourceInfo:
    """What a file holds, found without decoding more than its head."""

    path: Path
    container: str  # our short name: "mp4", "mov", "mkv", "webm", "ts", "wav", "flac", …
    duration_seconds: float
    size_bytes: int
    picture: PictureInfo | None
    soundtracks: tuple[SoundtrackInfo, ...]
    others: tuple[str, ...] = ()  # further streams in words: "subtitle (srt, eng)", "attachment (ttf)"
    tags: Mapping[str, str] = field(default_factory=dict)
    written_ns: int | None = None  # when the file was last written, by the clock of its file system

    def __post_init__(self) -> None:
        if self.duration_seconds < 0:
            raise ValueError(f"a duration cannot be negative, got {self.duration_seconds}")


@dataclass(frozen=True)
class Picture:
    """One picture of a film, scaled down and turned upright."""

    time_seconds: float
    image: NDArray[np.uint8]  # [H, W, 3], RGB

    def __repr__(self) -> str:
        return f"Picture({self.time_seconds:.3f} s, {'×'.join(map(str, self.image.shape))})"


@dataclass(frozen=True)
class Shot:
    """A stretch of film between two cuts, and what can be said of it."""

    start_seconds: float
    end_seconds: float
    words: Mapping[str, str]  # the six kinds of cue → a phrase that carries its numbers

    def __post_init__(self) -> None:
        if not 0 <= self.start_seconds < self.end_seconds:
            raise ValueError(f"a shot must last: {self.start_seconds} to {self.end_seconds} s")

    @property
    def duration_seconds(self) -> float:
        return self.end_seconds - self.start_seconds


@dataclass(frozen=True)
class Cues:
    """What the picture says: one row of numbers a second, and the same in words for each shot.

    `values` [T, D] lie in 0…1 where they are measured (the scale of each column is documented where it is computed);
    where they are an embedding, each row has length 1, or is zeros where nothing is shown or said.
    Row t describes the second from t to t + 1.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]  # [T, D]
    shots: tuple[Shot, ...]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise ValueError(f"{len(self.names)} cues are named, the values are {self.values.shape}")

    def column(self, name: str) -> NDArray[np.float32]:
        """One cue over time, [T]."""
        return self.values[:, self.names.index(name)]

    def named(self, names: Sequence[str]) -> NDArray[np.float32]:
        """These cues in this order, [T, len(names)]: what a model's card asks for, out of whatever the encoder knows.

        Raises KeyError, with the names, for cues that the encoder does not know.
        """
        if unknown := [name for name in names if name not in self.names]:
            raise KeyError(*unknown)
        return self.values[:, [self.names.index(name) for name in names]]

    def __repr__(self) -> str:
        return f"Cues(T={self.values.shape[0]}, D={self.values.shape[1]}, {len(self.shots)} shots)"


@dataclass(frozen=True)
class StemFeatures:
    """What a separator makes known of a soundtrack, whoever the separator is. A row every 85 ms.

    Powers are K-weighted (BS.1770) mean squares of all channels; `powers[j, k]` is the power between two stems, so that the
    power of any remix is known: Σ_jk g_j g_k P_jk.
    """

    times_seconds: Vector  # [T], middles of the rows
    powers: Vector  # [K, K, T]
    amplitudes: Vector  # [K, T], Σ_f |X| of each stem: how high its peaks can be
    presence: Vector  # [T], 0…1: how likely somebody speaks; NaN where the separator cannot tell

    @property
    def levels_lufs(self) -> Vector:
        """Loudness of each stem over time, [K, T]; −100 for nothing."""
        power = np.einsum("kkt->kt", self.powers)
        return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-10)))

    @property
    def confidence(self) -> Vector:
        """How sure the separator is of what it calls each stem, [K, T], 0…1; 1 where it calls nothing so.

        By masks' own account: Σ M² P / Σ M P, since P_kj = Σ M_k M_j P and masks sum to one. A line that is given to speech
        with 0.7 is right by seven tenths, if the masks are calibrated. Stems that were known are sure, but for chance likeness.
        """
        own, called = np.einsum("kkt->kt", self.powers), self.powers.sum(axis=1)
        return np.where(called > 0, np.clip(own / np.maximum(called, 1e-30), 0, 1), 1.0)

    def loudness_lufs(self, stems: Sequence[str], rows: NDArray[np.bool_]) -> float:
        """Loudness of some stems together over some rows [T]; −100 for nothing."""
        chosen = [STEMS.index(stem) for stem in stems]
        if not rows.any():
            return SILENT_LUFS
        power = float(self.powers[np.ix_(chosen, chosen)][:, :, rows].sum(axis=(0, 1)).mean())
        return -0.691 + 10 * math.log10(max(power, 1e-10))


@dataclass(frozen=True)
class Scene:
    """A stretch of film for which one thing was decided, and why."""

    start_seconds: float
    end_seconds: float
    reason: str
    confidence: float  # 0…1, that the change helps; 1 where nothing is changed


@dataclass(frozen=True)
class Decision:
    """What a director wants: a gain curve for each stem, at the times of the features it was given."""

    gains_db: Vector  # [K, T]
    scenes: tuple[Scene, ...] = ()


@dataclass(frozen=True)
class Chunk:
    """A piece of a soundtrack as a model hears it.

    For a separator of T steps it holds n_fft + (T − 1) · hop samples: step t is centred at sample n_fft / 2 + t · hop, so that
    every frame of its transform is whole.
    """

    samples: Samples  # [C, N], at the card's sample rate
    start_seconds: float  # of the first step
    downmix: NDArray[np.float32]  # [C], weights of the mono downmix

    @property
    def mono(self) -> NDArray[np.float32]:
        """The downmix, [N]."""
        return np.asarray(self.downmix @ self.samples, np.float32)


@dataclass(frozen=True)
class Separation:
    """A chunk taken apart: masks for all channels, or the stems themselves."""

    presence: NDArray[np.float32]  # [T], 0…1: how likely somebody speaks; NaN where it cannot be told
    masks: NDArray[np.float32] | None = None  # [K, T, L], one a band of the card; they sum to 1 over K
    stems: Samples | None = None  # [K, C, N]; they sum to the chunk
