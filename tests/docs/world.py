"""The folder that the docs' commands are run in: small films and sets under the names that the docs use."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import av
import numpy as np
from films import Film, film_path
from recordings import Track, obs_tracks, recording
from voices import RATE, noise, voice

from limelight.dataset.films import BuildSettings
from limelight.media.audio_files import write_sound

FILMS = ("holiday.mp4", "film.mp4", "talk.mp4")
SECONDS = 2.0
CLIP_SECONDS = BuildSettings().clip_seconds


def furnish(folder: Path, text: str) -> None:
    """Puts there whatever the text of a page names; what its commands make themselves is not there before."""
    for name in FILMS:
        if name in text:
            shutil.copy(talk(), folder / name)
    for name, make in MAKERS.items():
        if name in text:
            make(folder / name)


@cache
def talk() -> Path:
    """A film in which a voice lies under noise: what the rule mends. Made once."""
    bare, made = film_path(Film(seconds=SECONDS, size=(160, 90))), Path(mkdtemp()) / "talk.mp4"
    said = 0.25 * voice(SECONDS) + noise(SECONDS)
    with av.open(str(bare)) as source, av.open(str(made), "w") as target:
        picture = target.add_stream_from_template(source.streams.video[0])
        sound = target.add_stream("aac", rate=RATE, layout="stereo")
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = picture
                target.mux(packet)
        for at in range(0, said.size, 1024):
            frame = av.AudioFrame.from_ndarray(np.repeat(said[None, at : at + 1024], 2, 0), "fltp", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            target.mux(sound.encode(frame))
        target.mux(sound.encode(None))
    return made


def _films(folder: Path) -> None:
    """Three films that share nothing, each a clip of a data set long: a voice under noise, so two stems are heard."""
    folder.mkdir(exist_ok=True)
    for seed in range(3):
        sound = voice(CLIP_SECONDS, seed=seed) + noise(CLIP_SECONDS, seed=seed)
        recording(folder / f"{seed}.mp4", [Track(sound[None])])


def _stream(path: Path) -> None:
    recording(path, obs_tracks(4.0))


def _voice(path: Path) -> None:
    write_sound(path, [obs_tracks(1.0)[0].sound], sample_rate=RATE, layout="mono")


def _bed(path: Path) -> None:
    write_sound(path, [obs_tracks(3.0)[2].sound], sample_rate=RATE, layout="stereo")


MAKERS: dict[str, Callable[[Path], None]] = {
    "films/": _films,
    "stream.mkv": _stream,
    "voice.wav": _voice,
    "bed.flac": _bed,
}
