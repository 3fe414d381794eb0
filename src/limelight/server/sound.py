"""A film's stems on the disk, in pieces that a browser fetches and plays: made once, read by ranges of bytes.

    chunks ──► speech, music, effects, rest ──► stereo ──► pieces of five seconds ──► sound.bin   FLAC after FLAC
                                                                                 └──► sound.json  where each begins

The four sum to the soundtrack: the rest is what no stem holds (what lies above the separator's band, and rounding).
A stem of a piece is scaled by a power of two to fill 16 bits, so that the error of a piece lies 98 dB under its own peak
whatever its level, and stems above full scale do not clip; one that is silent takes no bytes.

The page multiplies stems by gains sample by sample; the renderer weighs spectra. Both are the same but for what a window's
overlap does to a gain that moves: the weight of a frame's gain at distance d from its centre is

    w(d) = 2 · hop / n_fft · cos²(π d / n_fft),  |d| < n_fft / 2          (√Hann twice, overlapped and added)

so the page interpolates the frames' gains with it, and needs to be told hop and n_fft.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import stereo_matrix
from limelight.media.formats import SoundFormat, choose_sound_format
from limelight.media.mux import SoundEncoder
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.mixing.chunks import cut
from limelight.mixing.render import ChunkSource, weighted
from limelight.mixing.separation import Array, SeparatedChunk
from limelight.models.card import Card
from limelight.types import STEMS, Samples, SoundtrackInfo, StemFeatures

PIECE_SECONDS = 5.0
PARTS = (*STEMS, "rest")
WAVES_PER_SECOND = 50
SOUND, INDEX, FEATURES, WAVES = "sound.bin", "sound.json", "features.f32", "waves.u8"
_SILENT = 2.0**-16  # −96 dB: what the rest is where the separator hears the whole band


@dataclass(frozen=True)
class SoundIndex:
    """Where the pieces lie, and what a player must know to play them as they will be rendered."""

    sample_rate: int
    channels: int  # 1 or 2; more than two are mixed down
    samples: int
    piece_samples: int
    hop_seconds: float  # of the separator's frames
    window_seconds: float
    row_seconds: float  # of the features
    first_row_seconds: float  # the middle of the first
    limit_margin_db: float  # how far under its ceiling the renderer's limiter works, for the encoder's sake
    # each piece: for each of PARTS [first byte, bytes, scale]; no bytes are silence
    pieces: list[list[tuple[int, int, float]]]


def write_sound(
    folder: Path,
    blocks: Iterable[Samples],
    source: ChunkSource,
    card: Card,
    track: SoundtrackInfo,
    heard: StemFeatures,
    *,
    limit_margin_db: float = 0.0,
) -> SoundIndex:
    """Writes a film's sound, its waves and its features into a folder. Raises OutputError."""
    pieces: list[list[tuple[int, int, float]]] = []
    waves: list[NDArray[np.uint8]] = []
    rate, samples = track.sample_rate, 0
    matrix = stereo_matrix(track.layout) if track.channels > 2 else np.eye(track.channels, dtype=np.float32)
    form, layout = _form(track, len(matrix))
    size = round(PIECE_SECONDS * rate)
    with whole_or_absent(folder / SOUND) as temporary, naming_write_errors(folder), temporary.open("wb") as file:
        for piece in _pieces(_parts(blocks, source, card, rate), matrix, size):
            samples += piece.shape[2]
            waves.append(_waves(piece, rate))
            pieces.append([_add(file, part, form, rate, layout) for part in piece])
    times = heard.times_seconds
    index = SoundIndex(
        sample_rate=rate,
        channels=len(matrix),
        samples=samples,
        piece_samples=size,
        hop_seconds=card.hop / card.sample_rate,
        window_seconds=card.n_fft / card.sample_rate,
        row_seconds=float(times[1] - times[0]) if len(times) > 1 else 1.0,
        first_row_seconds=float(times[0]) if len(times) else 0.0,
        limit_margin_db=limit_margin_db,
        pieces=pieces,
    )
    _write(folder / WAVES, np.concatenate(waves).tobytes() if waves else b"")
    _write(folder / FEATURES, features_bytes(heard))
    _write(folder / INDEX, json.dumps(asdict(index)).encode())
    return index


def features_bytes(heard: StemFeatures) -> bytes:
    """Rows of eight 32-bit floats: the powers ss, sm, se, mm, me, ee, the presence of speech (−1: not known), and 0."""
    first, second = np.triu_indices(len(STEMS))
    presence = np.where(np.isfinite(heard.presence), heard.presence, -1.0)
    rows = np.concatenate([heard.powers[first, second], presence[None], np.zeros((1, len(presence)))])  # [8, T]
    return np.ascontiguousarray(rows.T, np.float32).tobytes()


def _parts(blocks: Iterable[Samples], source: ChunkSource, card: Card, rate: int) -> Iterator[NDArray[np.float32]]:
    """Speech, music, effects and the rest, [4, C, n]; their sum is the original."""
    alone = np.eye(len(STEMS), dtype=np.float32)[:, :, None]

    def weigh(chunk: SeparatedChunk) -> Sequence[Array]:
        return [np.repeat(one, chunk.steps, axis=1) for one in alone]

    for original, stems in weighted(blocks, source, weigh, card, rate):
        yield np.concatenate([stems, (original - stems.sum(axis=0))[None]])


def _pieces(
    parts: Iterable[NDArray[np.float32]], matrix: NDArray[np.float32], size: int
) -> Iterator[NDArray[np.float32]]:
    """[4, C, n] mixed to one or two channels, in pieces of `size` samples, the last one shorter."""
    flat = ((matrix @ block).reshape(-1, block.shape[2]) for block in parts)
    for piece in cut(flat, size):
        yield piece.reshape(len(PARTS), len(matrix), -1)


def _add(file: BinaryIO, part: Samples, form: SoundFormat, rate: int, layout: str) -> tuple[int, int, float]:
    first = file.tell()
    peak = float(np.abs(part).max(initial=0.0))
    if peak < _SILENT:
        return first, 0, 1.0
    scale = 2.0 ** math.ceil(math.log2(peak * 1.0001))
    return first, file.write(_flac(part / np.float32(scale), form, rate, layout)), scale


def _form(track: SoundtrackInfo, channels: int) -> tuple[SoundFormat, str]:
    layout = "mono" if channels == 1 else "stereo"
    narrow = SoundtrackInfo(0, "flac", track.sample_rate, layout, channels, None, None, is_default=True)
    return choose_sound_format(narrow, "flac", sample_format="s16"), layout


def _flac(part: Samples, form: SoundFormat, rate: int, layout: str) -> bytes:
    memory = io.BytesIO()
    with av.open(memory, "w", format="flac") as output:
        encoder = SoundEncoder(output, form, sample_rate=rate, layout=layout)
        encoder.stream.codec_context.options = {"compression_level": "2"}
        output.mux(encoder.encode(part))
        output.mux(encoder.finish())
    return memory.getvalue()


def _waves(piece: NDArray[np.float32], rate: int) -> NDArray[np.uint8]:
    """The highest sample of every fiftieth of a second, [n, K], as the root of its share of full scale."""
    high = np.abs(piece[: len(STEMS)]).max(axis=1)  # [K, n]
    edges = np.unique((np.arange(math.ceil(high.shape[1] * WAVES_PER_SECOND / rate)) * rate) // WAVES_PER_SECOND)
    peaks = np.maximum.reduceat(high, edges, axis=1) if len(edges) else high[:, :0]
    return np.asarray(np.rint(255 * np.sqrt(np.minimum(peaks, 1))).T, np.uint8)


def _write(path: Path, data: bytes) -> None:
    with whole_or_absent(path) as temporary, naming_write_errors(path):
        temporary.write_bytes(data)
