"""Voices: a speaker is drawn as a plain record, then speaks through eSpeak NG or Flite, called as programs.

eSpeak NG brings a hundred languages and many voices, all of them formant-synthesised; Flite brings four recorded English
speakers. A speaker's size stretches the spectrum, pitch and formants together, as a longer or shorter throat would.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.resample import resample
from limelight.errors import InputError

ESPEAK_RATE, FLITE_RATE = 22_050, 16_000  # Hz
FLITE_VOICES = ("kal16", "awb", "rms", "slt")
FLITE_SHARE, ENGLISH_SHARE = 0.35, 0.3
FALLBACK_VARIANTS = (*(f"m{k}" for k in range(1, 8)), *(f"f{k}" for k in range(1, 6)), "croak", "whisper")
MUTE = {"chr-US-Qaaa-x-west", "kl"}  # eSpeak NG 1.51 lists them, and says nothing or stops
SILENCE_DB, FRAME_SECONDS, MARGIN_SECONDS = -45.0, 0.01, 0.03
SPEAK_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Speaker:
    """Who speaks, and how."""

    program: str  # espeak-ng or flite
    voice: str
    language: str
    pitch: float  # eSpeak: 20–90; Flite: mean fundamental in Hz
    pace: float  # eSpeak: words per minute; Flite: how much longer all sounds are
    liveliness_percent: int  # range of the pitch; 100 is the voice's own
    size: float  # how much longer the throat; 1 is the voice's own

    @property
    def sample_rate(self) -> int:
        """Hz, of what the program gives."""
        return ESPEAK_RATE if self.program == "espeak-ng" else FLITE_RATE

    def command(self, text: str, into: Path) -> list[str]:
        """The command that writes a text as a WAV file."""
        if self.program == "flite":
            settings = ["--setf", f"duration_stretch={self.pace:.3f}", "--setf", f"int_f0_target_mean={self.pitch:.1f}"]
            return ["flite", "-voice", self.voice, *settings, "-t", text, "-o", str(into)]
        marked = f'<prosody range="{self.liveliness_percent}%">{text}</prosody>'
        how = ["-p", f"{self.pitch:.0f}", "-s", f"{self.pace:.0f}"]
        return ["espeak-ng", "-v", self.voice, *how, "-m", "-w", str(into), marked]


def draw_speaker(rng: np.random.Generator, languages: tuple[str, ...], variants: tuple[str, ...]) -> Speaker:
    """A third are Flite's; of eSpeak's speakers nearly a third speak English and the others any language."""
    size = float(np.exp(rng.normal(0, 0.06)))
    if rng.random() < FLITE_SHARE:
        pitch, pace = float(rng.uniform(80, 240)), float(rng.uniform(0.75, 1.4))
        size = float(np.exp(rng.normal(0, 0.1)))
        return Speaker("flite", FLITE_VOICES[rng.integers(len(FLITE_VOICES))], "en", pitch, pace, 100, size)
    english = [language for language in languages if language.split("-")[0] == "en"]
    others = [language for language in languages if language not in english]
    pool = (english or others) if rng.random() < ENGLISH_SHARE else (others or english)
    language, variant = pool[rng.integers(len(pool))], variants[rng.integers(len(variants))]
    pitch, pace = float(rng.uniform(20, 90)), float(rng.uniform(110, 220))
    return Speaker("espeak-ng", f"{language}+{variant}", language, pitch, pace, int(rng.integers(50, 200)), size)


def speak(speaker: Speaker, text: str) -> NDArray[np.float32]:
    """The text spoken, full scale ±1, without silence at its ends, [N]. Raises InputError where the program fails."""
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder, "speech.wav")
        done = subprocess.run(
            speaker.command(text, into), capture_output=True, check=False, timeout=SPEAK_TIMEOUT_SECONDS
        )
        if done.returncode or not into.is_file():
            said = " ".join(done.stderr.decode(errors="replace").split())[-200:]
            raise InputError(f"{speaker.program} could not speak as {speaker.voice}: {said or 'it wrote nothing'}.")
        samples = _read_wave(into)
    if speaker.size != 1 and samples.size:
        samples = resample(samples[None], speaker.sample_rate, round(speaker.sample_rate * speaker.size))[0]
    return trimmed(samples, speaker.sample_rate)


def trimmed(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """A sound [N] from its first to its last frame within 45 dB of the loudest, with 30 ms on either side."""
    frame = round(FRAME_SECONDS * sample_rate)
    framed = samples[: len(samples) // frame * frame].reshape(-1, frame)
    power = np.mean(np.square(framed, dtype=np.float64), axis=1)
    heard = np.flatnonzero(power > power.max(initial=0.0) * 10 ** (SILENCE_DB / 10))
    if len(heard) == 0:
        return samples[:0]
    margin = round(MARGIN_SECONDS * sample_rate)
    return samples[max(0, heard[0] * frame - margin) : (heard[-1] + 1) * frame + margin]


@cache
def espeak_languages() -> tuple[str, ...]:
    """Codes of the languages that are installed, in order."""
    return tuple(sorted({line.split()[1] for line in _listing("--voices")} - MUTE))


@cache
def espeak_variants() -> tuple[str, ...]:
    """Names of the voice variants that are installed, in order."""
    names = {word[3:] for line in _listing("--voices=variant") for word in line.split() if word.startswith("!v/")}
    return tuple(sorted(names)) or FALLBACK_VARIANTS


def _listing(option: str) -> list[str]:
    done = subprocess.run(["espeak-ng", option], capture_output=True, check=True, timeout=SPEAK_TIMEOUT_SECONDS)
    return done.stdout.decode(errors="replace").splitlines()[1:]


def _read_wave(path: Path) -> NDArray[np.float32]:
    """A mono WAV file of 16 bits, [N]. The standard module is enough here: both programs write nothing else."""
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return samples.astype(np.float32) / np.float32(32768)
