"""Small films for batches, each with other bytes."""

from __future__ import annotations

from pathlib import Path

from films import Film, make_film

SETTINGS = {"separator": "lite", "speech_db": 3.0}  # so that something is changed, soon


def make_films(folder: Path, count: int, *, first: int = 0, seconds: float = 1.0) -> list[Path]:
    """Films with a small picture, one soundtrack each of its own seed."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(first, first + count):
        film = Film(container="mkv", sound="flac", seconds=seconds, size=(32, 32), seed=100 + number)
        made.append(make_film(film, folder / f"film{number:03d}.mkv"))
    return made


def make_sound(path: Path, *, seed: int = 1, seconds: float = 1.0) -> Path:
    """A film without a picture: the quickest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    container = path.suffix[1:]
    sound = {"wav": "pcm_s16le", "flac": "flac", "mka": "flac", "mkv": "flac"}[container]
    return make_film(Film(container=container, picture=None, sound=sound, seconds=seconds, seed=seed), path)
