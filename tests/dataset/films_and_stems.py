"""Small films whose stems are known: the film's sound is the sum of what lies beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from dataset.stems import make_stems
from film_sound import sound_of
from films import Film, make_film

from limelight.media.audio_files import write_sound
from limelight.types import STEMS

RATE = 48_000


def film_with_stems(folder: Path, name: str, *, seconds: float = 4.5, seed: int = 1) -> Path:
    """FOLDER/films/NAME.mkv with sound in FLAC, and FOLDER/stems/NAME/*.flac that sum to it."""
    film = Film("mkv", sound="flac", seconds=seconds, seed=seed, layout="mono", amplitude=0.2)
    path = folder / "films" / f"{name}.mkv"
    path.parent.mkdir(parents=True, exist_ok=True)
    make_film(film, path)
    speech, music, _ = make_stems(seconds, seed=seed)
    stems = {"speech": speech, "music": music, "effects": sound_of(film) - speech - music}
    for stem in STEMS:
        place = folder / "stems" / name / f"{stem}.flac"
        place.parent.mkdir(parents=True, exist_ok=True)
        write_sound(place, [stems[stem].astype(np.float32)], sample_rate=RATE, layout="mono")
    return path


def everything_in(folder: Path) -> dict[str, bytes]:
    """All files of a folder but those of a page, by their paths."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
