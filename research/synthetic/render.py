"""Scores to sound with FluidSynth and the FluidR3 General MIDI sound font, both called as a program."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.errors import InputError
from research.synthetic.midi import midi_bytes
from research.synthetic.notes import Score

SAMPLE_RATE = 48_000
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")  # where Debian and Ubuntu put it
LEVEL_DB, PEAK_DB = -20.0, -1.0
RENDER_TIMEOUT_SECONDS = 600


@dataclass(frozen=True)
class Studio:
    """The room and the mixing desk of one piece; None is a dry channel."""

    reverb: tuple[float, float, float] | None  # size, damping, level: 0–1 each
    chorus: tuple[float, float, float] | None  # level, speed in Hz, depth in ms

    @property
    def options(self) -> list[str]:
        """For FluidSynth's command line."""
        settings: dict[str, float] = {
            "reverb.active": self.reverb is not None,
            "chorus.active": self.chorus is not None,
        }
        if self.reverb:
            settings |= dict(zip(("reverb.room-size", "reverb.damp", "reverb.level"), self.reverb, strict=True))
        if self.chorus:
            settings |= dict(zip(("chorus.level", "chorus.speed", "chorus.depth"), self.chorus, strict=True))
        return [word for name, value in settings.items() for word in ("-o", f"synth.{name}={float(value):g}")]


def draw_studio(rng: np.random.Generator) -> Studio:
    """Dry for every fourth piece, else any room; chorus for every third."""
    reverb = (rng.uniform(0.05, 0.95), rng.uniform(0, 0.9), rng.uniform(0.1, 0.9)) if rng.random() < 0.75 else None
    chorus = (rng.uniform(0.3, 2.0), rng.uniform(0.1, 1.5), rng.uniform(2, 12)) if rng.random() < 0.33 else None
    return Studio(reverb, chorus)


def render(score: Score, studio: Studio, sound_font: Path = SOUND_FONT) -> NDArray[np.float32]:
    """The piece at 48 kHz, mono [N], levelled. Raises InputError where FluidSynth gives no sound."""
    with tempfile.TemporaryDirectory() as folder:
        midi, raw = Path(folder, "score.mid"), Path(folder, "score.raw")
        midi.write_bytes(midi_bytes(score))
        command = ["fluidsynth", "-n", "-i", "-q", "-r", str(SAMPLE_RATE), "-g", "0.3", "-T", "raw", "-O", "float"]
        command += ["-E", "little", "-o", "synth.dynamic-sample-loading=1", *studio.options]
        command += ["-F", str(raw), str(sound_font), str(midi)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=RENDER_TIMEOUT_SECONDS)
        if done.returncode or not raw.is_file():
            said = " ".join(done.stderr.decode(errors="replace").split())[-200:]
            raise InputError(f"fluidsynth could not render a {score.style} score: {said or 'it wrote nothing'}.")
        stereo = np.fromfile(raw, "<f4").reshape(-1, 2)
    return levelled(stereo.mean(axis=1))


def levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """A sound [N] at −20 dBFS RMS, or less where its peak would rise above −1 dBFS; silence stays."""
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0:
        return samples
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    gain = min(10 ** (LEVEL_DB / 20) / rms, 10 ** (PEAK_DB / 20) / peak)
    return np.asarray(samples * np.float32(gain), np.float32)
