"""What is the same in two films, read by PyAV alone: packets, pictures, and everything that is said about them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition, Stream
from film_sound import lag_and_likeness

from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio

OF_THE_FILE = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "handler_name", "vendor_id"}
QUIET_DB = -90.0
SILENCE = 1e-7


def opened(path: Path) -> InputContainer:
    return av.open(f"file:{path}", metadata_errors="surrogateescape", options={"max_pixels": "35389440"})


def heard(path: Path, track: int | None = None) -> np.ndarray:
    """The whole soundtrack as Limelight hears it, [C, N]."""
    info = probe(path)
    return np.concatenate(list(read_audio(info, choose_soundtrack(info, track))), axis=1)


def packet_hashes(path: Path, *, but_soundtrack: int) -> list[tuple[str, str]]:
    """Kind and SHA-256 of every stream that is copied: all but covers, timed data and one soundtrack."""
    with opened(path) as container:
        kept = [stream for stream in container.streams if stream.index != but_soundtrack and _moves(stream)]
        hashes = {stream.index: hashlib.sha256() for stream in kept}
        for packet in container.demux(kept) if kept else ():
            data = bytes(packet)
            if data and data != b"\0\0":  # MP4's pause between two subtitles
                hashes[packet.stream_index].update(data)
        return [(stream.type, hashes[stream.index].hexdigest()) for stream in kept]


def picture_hash(path: Path) -> tuple[int, str]:
    """How many pictures are shown, and the SHA-256 of all their points."""
    digest, count = hashlib.sha256(), 0
    with opened(path) as container:
        for frame in container.decode(video=0):
            digest.update(frame.to_ndarray().tobytes())
            count += 1
    return count, digest.hexdigest()


def extras(path: Path) -> dict[str, object]:
    """Tags, chapters, and of each stream its kind, language, disposition and title."""
    with opened(path) as container:
        return {
            "tags": {key.lower(): value for key, value in container.metadata.items() if key.lower() not in OF_THE_FILE},
            "chapters": [chapter["metadata"].get("title") for chapter in container.chapters()],
            "streams": [
                (stream.type, stream.language, stream.disposition, stream.metadata.get("title"))
                for stream in container.streams
                if _moves(stream)
            ],
            "attachments": [bytes(stream.data) for stream in container.streams if stream.type == "attachment"],
        }


def chapter_starts(path: Path) -> list[float]:
    """In seconds after the first picture."""
    with opened(path) as container:
        first = min(p.pts * p.time_base for p in container.demux(video=0) if p.size and p.pts is not None)
        return [float(chapter["start"] * chapter["time_base"] - first) for chapter in container.chapters()]


def _moves(stream: Stream) -> bool:
    return stream.type in ("video", "audio", "subtitle") and not stream.disposition & Disposition.attached_pic


def lag(before: np.ndarray, after: np.ndarray) -> int:
    """The largest shift of any channel that sounds, in samples."""
    sounding = [row for row in range(len(before)) if np.abs(before[row]).max(initial=0) > SILENCE and row != 3]
    lags, _ = lag_and_likeness(before[sounding], after[sounding])  # channel 3 of 5.1 is a low rumble
    return max(map(abs, lags), default=0)


def difference_db(before: np.ndarray, after: np.ndarray) -> float:
    """The power of the difference, in dB of full scale; −200 for none at all."""
    count = min(before.shape[1], after.shape[1])
    rest = before[:, :count].astype(np.float64) - after[:, :count]
    return 10 * float(np.log10(np.mean(rest**2) + 1e-20)) if count else -200.0
