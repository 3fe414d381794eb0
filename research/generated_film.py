"""A film as video generators make them: every sound equally loud, whatever the picture is about.

`python -m research.generated_film OUT.mp4` draws twelve seconds in two shots, a talking face and then a landscape, under a
voice, a chord that never rests, and a storm, each at the same loudness. The voice speaks in the first shot only. With `--stems
FOLDER` the three sounds are written beside it. Everything is drawn and computed here; nothing is fetched.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import av
import numpy as np
import typer
from numpy.typing import NDArray

from limelight.audio.loudness import integrated_loudness
from limelight.media.audio_files import write_sound
from limelight.types import STEMS

Floats = NDArray[np.float64]
RATE, FRAMES_PER_SECOND, SIZE = 48_000, 25, (320, 180)
SECONDS, CUT_SECONDS = 12.0, 7.0
EACH_LUFS = -23.0
BLOCK = 1024
VOWELS_HZ = ((700, 1200, 2600), (300, 2200, 3000), (450, 800, 2500), (500, 1700, 2500))


def syllable(rng: np.random.Generator) -> Floats:
    """A vowel of 0.15 to 0.3 s: a buzz with falling pitch behind three formants; every fourth is a pause."""
    length = int(rng.uniform(0.15, 0.3) * RATE)
    if rng.random() < 0.25:
        return np.zeros(length)
    pitch = rng.uniform(110, 160) * np.linspace(1.1, 0.9, length)
    harmonics = np.arange(1, 30)[:, None]
    hertz = harmonics * pitch.mean()
    weights = sum(1 / (1 + ((hertz - at) / 120) ** 2) / (1 + k) for k, at in enumerate(VOWELS_HZ[rng.integers(4)]))
    return np.hanning(length) * (weights * np.sin(harmonics * 2 * np.pi * np.cumsum(pitch) / RATE)).sum(axis=0)


def voice(seconds: float, rng: np.random.Generator) -> Floats:
    """Syllables, one after the other."""
    made: list[Floats] = []
    while sum(map(len, made)) < seconds * RATE:
        made.append(syllable(rng))
    return np.concatenate(made)[: int(seconds * RATE)]


def chord(seconds: float) -> Floats:
    """A triad with overtones that never rests."""
    time = np.arange(int(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * 196 * part * time) / part for part in (1, 1.25, 1.5, 2, 2.5, 3))  # type: ignore[return-value]


def storm(seconds: float, rng: np.random.Generator) -> Floats:
    """Noise whose highs come and go."""
    white = rng.standard_normal(int(seconds * RATE))
    spectrum = np.fft.rfft(white)
    hertz = np.fft.rfftfreq(len(white), 1 / RATE)
    gusts = 1 + 0.5 * np.sin(2 * np.pi * 0.3 * np.arange(len(white)) / RATE)
    return np.fft.irfft(spectrum / (1 + (hertz / 1500) ** 2), len(white)) * gusts


def stems() -> NDArray[np.float32]:
    """Speech, music, effects [3, N]: each as loud as the others, and speech in the first shot only."""
    rng = np.random.default_rng(7)
    spoken = np.pad(voice(CUT_SECONDS, rng), (0, round((SECONDS - CUT_SECONDS) * RATE)))
    parts = np.stack([spoken, chord(SECONDS), storm(SECONDS, rng)]).astype(np.float32)
    loud = [integrated_loudness(part[None], RATE, layout="mono") for part in parts]
    return parts * np.float32(10) ** ((EACH_LUFS - np.float32(loud)) / 20)[:, None]


def picture(seconds: float, open_mouth: float) -> NDArray[np.uint8]:
    """A face whose mouth follows the voice; after the cut hills that pass by. [H, W, 3]."""
    width, height = SIZE
    y, x = np.mgrid[:height, :width]
    if seconds >= CUT_SECONDS:
        hills = height * (0.6 + 0.1 * np.sin((x + 30 * seconds) / 40))
        return np.where((y > hills)[..., None], (60, 110, 50), (140, 180, 220)).astype(np.uint8)
    image = np.full((height, width, 3), (70, 60, 80), np.uint8)
    image[((x - 160) / 45) ** 2 + ((y - 90) / 62) ** 2 < 1] = (224, 180, 150)
    for eye in (143, 177):
        image[((x - eye) / 7) ** 2 + ((y - 75) / 4) ** 2 < 1] = (40, 30, 30)
    image[((x - 160) / 16) ** 2 + ((y - 118) / (2 + 10 * open_mouth)) ** 2 < 1] = (120, 40, 50)
    return image


def write_film(path: Path, parts: NDArray[np.float32]) -> None:
    """H.264 and AAC in MP4."""
    sound, voiced = parts.sum(axis=0), np.abs(parts[STEMS.index("speech")])
    with av.open(str(path), "w") as film:
        shown = film.add_stream("libx264", rate=FRAMES_PER_SECOND, options={"preset": "ultrafast"})
        shown.width, shown.height, shown.pix_fmt = *SIZE, "yuv420p"
        heard = film.add_stream("aac", rate=RATE, layout="mono")
        for number in range(round(SECONDS * FRAMES_PER_SECOND)):
            at = number / FRAMES_PER_SECOND
            open_mouth = min(1.0, 8 * float(voiced[round(at * RATE) :][: RATE // FRAMES_PER_SECOND].mean()))
            film.mux(shown.encode(av.VideoFrame.from_ndarray(picture(at, open_mouth), format="rgb24")))
        film.mux(shown.encode())
        for first in range(0, len(sound), BLOCK):
            frame = av.AudioFrame.from_ndarray(sound[None, first : first + BLOCK], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, first, Fraction(1, RATE)
            film.mux(heard.encode(frame))
        film.mux(heard.encode(None))


def main(
    out: Path, stems_to: Annotated[Path | None, typer.Option("--stems", help="Where the three sounds go.")] = None
) -> None:
    """Writes the film, and its stems where they are wanted."""
    parts = stems()
    write_film(out, parts)
    if stems_to:
        stems_to.mkdir(parents=True, exist_ok=True)
        for name, part in zip(STEMS, parts, strict=True):
            write_sound(stems_to / f"{name}.wav", [part[None]], sample_rate=RATE, layout="mono", overwrite=True)


if __name__ == "__main__":
    typer.run(main)
