"""Recordings of several soundtracks, as OBS and game recorders make them, with known truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition
from film_frames import picture_frame, sound_frame
from film_sound import noise
from films import Film
from voices import RATE, chords, voice

FORMATS = {"mkv": "matroska", "ts": "mpegts"}


@dataclass(frozen=True)
class Track:
    """One soundtrack: its sound [C, N] at 48 kHz, and what is said of it."""

    sound: np.ndarray
    title: str = ""
    language: str = "eng"
    disposition: int = 0  # of av.stream.Disposition
    sample_rate: int = RATE


def level(sound: np.ndarray, lufs: float, *, stereo: bool = False) -> np.ndarray:
    """A mono sound at about a loudness, as [1, N] or the same on both sides, [2, N]."""
    from limelight.audio.loudness import integrated_loudness

    found = integrated_loudness(sound[None], RATE, layout="mono")
    made = (sound * 10 ** ((lufs - found) / 20)).astype(np.float32)[None]
    return np.repeat(made, 2, axis=0) if stereo else made


def pauses(sound: np.ndarray, spoken: Sequence[tuple[float, float]]) -> np.ndarray:
    """A voice that is heard in some stretches only (seconds)."""
    time = np.arange(len(sound)) / RATE
    return sound * np.any([(time >= a) & (time < b) for a, b in spoken], axis=0)


def obs_tracks(seconds: float = 24.0) -> list[Track]:
    """Microphone (mono), game, music (stereo) and chat, at levels that somebody forgot to set."""
    half = seconds / 2
    mic = pauses(voice(seconds, seed=7), [(0, 0.4 * seconds), (half, 0.9 * seconds)])
    chat = pauses(voice(seconds, seed=2), [(0.4 * seconds, half)])
    game = noise(seconds, RATE, 1, seed=3)[0] * np.repeat(
        np.random.default_rng(4).uniform(0.3, 1, round(seconds * 4)), RATE // 4
    )
    return [
        Track(level(mic, -34.0), "Mic/Aux"),
        Track(level(game, -22.0, stereo=True), "Game"),
        Track(level(chords(seconds), -26.0, stereo=True), "Music"),
        Track(level(chat, -40.0, stereo=True), "Discord chat"),
    ]


def recording(
    path: Path,
    tracks: Sequence[Track],
    *,
    codec: str = "aac",
    picture: str = "libx264",
    rate: Fraction | int = 5,
    dropped: Sequence[int] = (),
    time_code: str = "",
) -> Path:
    """A small film with these soundtracks, the first of them its default; rate: pictures a second, less those dropped."""
    container = path.suffix[1:]
    seconds = max((track.sound.shape[1] for track in tracks), default=2 * RATE) / RATE
    film = Film(container=container, seconds=seconds, frames_per_second=Fraction(rate))
    with av.open(str(path), "w", format=FORMATS.get(container, container)) as output:
        video = output.add_stream(picture, rate=rate, options={"preset": "ultrafast"} if picture == "libx264" else {})
        video.width, video.height, video.pix_fmt = *film.size, "yuv420p"
        if time_code:
            video.metadata["timecode"] = time_code
        sounds = [_add(output, track, codec, first=not place) for place, track in enumerate(tracks)]
        for index in range(round(seconds * rate)):
            if index not in dropped:
                output.mux(video.encode(picture_frame(film, index, Fraction(index) / rate)))
            for stream, track in zip(sounds, tracks, strict=True):
                _encode(output, stream, track, (Fraction(index) / rate, Fraction(index + 1) / rate))
        for stream in [video, *sounds]:
            output.mux(stream.encode(None))
    return path


def _add(output, track: Track, codec: str, *, first: bool):
    stream = output.add_stream(codec, rate=track.sample_rate)
    stream.layout = "mono" if len(track.sound) == 1 else "stereo"
    stream.codec_context.time_base = Fraction(1, track.sample_rate)
    if codec not in ("flac", "alac", "pcm_s16le"):
        stream.bit_rate = 160_000
    stream.metadata["language"] = track.language
    if track.title:
        stream.metadata["title"] = track.title
        stream.metadata["handler_name"] = track.title
    stream.disposition = Disposition(track.disposition) | (Disposition.default if first else Disposition(0))
    return stream


def _encode(output, stream, track: Track, seconds: tuple[Fraction, Fraction]) -> None:
    """What is heard between two times."""
    first, end = (round(time * track.sample_rate) for time in seconds)
    sound = track.sound[:, first:end]
    if sound.shape[1]:
        layout = "mono" if len(sound) == 1 else "stereo"
        output.mux(stream.encode(sound_frame(sound, track.sample_rate, layout, Fraction(first, track.sample_rate))))


def at_rate(track: Track, rate: int) -> Track:
    """The same track at another rate."""
    from limelight.audio.convert import resample

    return replace(track, sound=resample(track.sound, RATE, rate), sample_rate=rate)
