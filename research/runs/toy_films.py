"""Six short films with known stems for the road, one of them too short to be of use.

`python -m research.runs.toy_films FOLDER` writes FOLDER/films/NAME.mkv (sound in FLAC, the picture changes its colour half way
through), FOLDER/stems/NAME/*.flac, which sum to the sound, and FOLDER/splits.csv: three films to train on, one to validate, one
to test.
"""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np

from limelight.media.audio_files import write_sound
from limelight.types import STEMS

RATE, FRAMES_PER_SECOND, SIZE = 48_000, 8, (64, 48)
SECONDS = {"alley": 4.5, "bridge": 4.5, "cellar": 4.5, "dunes": 4.5, "estate": 4.5, "flash": 0.8}
SPLITS = dict.fromkeys(SECONDS, "train") | {"dunes": "validation", "estate": "test"}


def stems_of(seconds: float, seed: int) -> dict[str, np.ndarray]:
    """Syllables of a buzz, a chord, and slow noise; [1, N] each, on the steps of 24 bits."""
    rng, t = np.random.default_rng(seed), np.arange(round(seconds * RATE)) / RATE
    syllables = (np.sin(2 * np.pi * 2.5 * t + seed) > 0) * sum(
        np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 12)
    )
    chord = sum(np.sin(2 * np.pi * pitch * (1 + seed / 40) * t) for pitch in (220, 277, 330))
    noise = np.repeat(rng.standard_normal(len(t) // 40 + 1), 40)[: len(t)]
    parts = zip(STEMS, (0.05 * syllables, 0.03 * chord, 0.05 * noise), strict=True)
    return {stem: np.round(part * 2**23).astype(np.float32)[None] / 2**23 for stem, part in parts}


def write_film(path: Path, sound: np.ndarray, seconds: float, seed: int) -> None:
    """Pictures of two colours, and the sound without loss."""
    rng = np.random.default_rng(seed)
    colours = rng.integers(0, 256, (2, 3))
    with av.open(str(path), "w") as film:
        picture = film.add_stream("mpeg4", rate=FRAMES_PER_SECOND)
        picture.width, picture.height, picture.pix_fmt = *SIZE, "yuv420p"
        track = film.add_stream("flac", rate=RATE, layout="mono")
        track.format = "s32"
        count = round(seconds * FRAMES_PER_SECOND)
        for number in range(count):
            image = np.full((SIZE[1], SIZE[0], 3), colours[2 * number // count], np.uint8)
            image[10:30, 2 * (number % 20) : 2 * (number % 20) + 20] = 255
            film.mux(picture.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        film.mux(picture.encode())
        frame = av.AudioFrame.from_ndarray(np.round(sound * 2.0**31).astype(np.int32), format="s32", layout="mono")
        frame.sample_rate = RATE
        film.mux(track.encode(frame))
        film.mux([packet for packet in track.encode() if packet.size])  # FLAC's last one holds nothing but its header


def main(folder: Path) -> None:
    """Everything; what is there is made again."""
    (folder / "films").mkdir(parents=True, exist_ok=True)
    for seed, (name, seconds) in enumerate(SECONDS.items()):
        stems = stems_of(seconds, seed)
        write_film(folder / "films" / f"{name}.mkv", sum(stems.values()), seconds, seed)  # type: ignore[arg-type]
        for stem, samples in stems.items():
            place = folder / "stems" / name / f"{stem}.flac"
            place.parent.mkdir(parents=True, exist_ok=True)
            write_sound(place, [samples], sample_rate=RATE, layout="mono", overwrite=True)
    lines = ["file,split", *(f"{name}.mkv,{split}" for name, split in SPLITS.items())]
    (folder / "splits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
