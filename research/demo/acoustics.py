"""Instruments of sound: noise, rooms, panning, levels, and the programs that the demo is made with.

Stereo is [2, N] at SAMPLE_RATE.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from research.demo.story import SAMPLE_RATE, SAMPLES

Sound = NDArray[np.float32]
PACKAGES = {"flite": "flite", "fluidsynth": "fluidsynth"}  # program → Debian package


class ToolMissingError(RuntimeError):
    """A command that the demo is made with is not installed."""


def run(command: list[str]) -> str:
    """Run a command and return what it printed; name the Debian package if the command is missing."""
    if shutil.which(command[0]) is None:
        package = PACKAGES[command[0]]
        raise ToolMissingError(f"the demo is made with {command[0]}, which is not here: apt-get install {package}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def sound_font() -> Path | None:
    """The FluidR3 General MIDI sound font (MIT licence), where Debian's fluid-soundfont-gm puts it."""
    path = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
    return path if path.exists() else None


def seconds(count: float) -> int:
    """Samples in so many seconds."""
    return round(count * SAMPLE_RATE)


def clock(count: int) -> Sound:
    """Time in seconds of each of `count` samples, [N]."""
    return np.arange(count, dtype=np.float32) / SAMPLE_RATE


def coloured(rng: np.random.Generator, count: int, gain: Callable[[Sound], Sound]) -> Sound:
    """Noise [N] of RMS 1 whose spectrum follows `gain`, a function of frequency in Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    noise = np.fft.irfft(spectrum * gain(np.fft.rfftfreq(count, 1 / SAMPLE_RATE)), count)
    return (noise / (np.sqrt(np.mean(noise**2)) + 1e-12)).astype(np.float32)


def bell(centre_hz: float, octaves: float) -> Callable[[Sound], Sound]:
    """A band around a centre, Gaussian over octaves."""
    return lambda hz: np.exp(-0.5 * (np.log2(np.maximum(hz, 1.0) / centre_hz) / octaves) ** 2)


def slope(db_per_octave: float, low_hz: float = 30.0, high_hz: float = 20_000.0) -> Callable[[Sound], Sound]:
    """A straight slope around 1 kHz, ended at both sides."""

    def gain(hz: Sound) -> Sound:
        tilt = (np.maximum(hz, 10.0) / 1000) ** (db_per_octave / 6.02)
        return tilt / (1 + (low_hz / np.maximum(hz, 1.0)) ** 4) / (1 + (hz / high_hz) ** 8)

    return gain


def filtered(sound: Sound, gain: Callable[[Sound], Sound]) -> Sound:
    """Zero-phase filtering of [..., N] by a function of frequency."""
    count = sound.shape[-1]
    hz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    return np.fft.irfft(np.fft.rfft(sound) * gain(hz), count).astype(np.float32)


def swept(rng: np.random.Generator, centre_hz: Sound, octaves: float) -> Sound:
    """Noise [N] whose band moves with `centre_hz` [N]: a bank of fixed bands, faded into each other."""
    bands = 60.0 * 2.0 ** np.arange(0, 8.25, 0.5)
    total = np.zeros(len(centre_hz), np.float32)
    for band in bands:
        weight = np.exp(-0.5 * (np.log2(centre_hz / band) / octaves) ** 2)
        total += weight * coloured(rng, len(centre_hz), bell(band, 0.35))
    return total


def wander(rng: np.random.Generator, count: int, changes_per_second: float) -> Sound:
    """A slow random curve in 0…1, [N]: random points joined by cosines."""
    points = rng.random(int(count / SAMPLE_RATE * changes_per_second) + 3)
    at = clock(count) * changes_per_second
    left = at.astype(int)
    blend = 0.5 - 0.5 * np.cos(np.pi * (at - left))
    return (points[left] * (1 - blend) + points[left + 1] * blend).astype(np.float32)


def in_room(sound: Sound, *, decay_seconds: float, wet: float, seed: int) -> Sound:
    """Add the reverberation of a room, different at each ear; [N] or [2, N] in, [2, N + tail] out.

    The room is a sparse train of early reflections and exponentially dying noise that loses its treble.
    """
    rng = np.random.default_rng(seed)
    tail = seconds(1.2 * decay_seconds)
    dry = np.broadcast_to(sound, (2, sound.shape[-1]))
    time = clock(tail)
    room = np.stack([coloured(rng, tail, slope(-2.0, 220, 9000)) for _ in range(2)])
    room *= 10 ** (-3 * time / decay_seconds) * np.minimum(time / 0.012, 1)
    for ear in room:
        ear[(rng.uniform(0.003, 0.03, 7) * SAMPLE_RATE).astype(int)] += rng.choice([-1, 1], 7) * rng.uniform(1, 3, 7)
    room *= wet / np.sqrt(np.sum(room**2, axis=1, keepdims=True))
    count = dry.shape[1] + tail
    echo = np.fft.irfft(np.fft.rfft(dry, count) * np.fft.rfft(room, count), count)
    echo[:, : dry.shape[1]] += dry
    return echo.astype(np.float32)


def panned(sound: Sound, pan: float) -> Sound:
    """Place mono [N] between left −1 and right +1 at constant power, [2, N]."""
    angle = (np.clip(pan, -1, 1) + 1) * np.pi / 4
    return np.stack([np.cos(angle) * sound, np.sin(angle) * sound]).astype(np.float32)


def place(track: Sound, sound: Sound, start_seconds: float, gain: float = 1.0) -> None:
    """Add stereo `sound` into `track` from an instant on; what falls outside is cut."""
    start = seconds(start_seconds)
    skipped = max(0, -start)
    piece = sound[:, skipped : track.shape[1] - start]
    track[:, start + skipped : start + skipped + piece.shape[1]] += gain * piece


def silence() -> Sound:
    """An empty stem as long as the film, [2, N]."""
    return np.zeros((2, SAMPLES), np.float32)


def read_sound(path: Path) -> Sound:
    """Decode the first sound stream of a file to stereo or mono at SAMPLE_RATE, [C, N]."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        to_float = av.AudioResampler(format="fltp")
        frames = [f.to_ndarray() for frame in container.decode(audio=0) for f in to_float.resample(frame)]
    sound = np.concatenate(frames, axis=1)
    return (
        sound if rate == SAMPLE_RATE else soxr.resample(sound.T, rate, SAMPLE_RATE, quality="VHQ").T.astype(np.float32)
    )


def loudness(sound: Sound) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP, by FFmpeg's `ebur128`."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=SAMPLE_RATE, format="fltp", layout="stereo", time_base=f"1/{SAMPLE_RATE}")
    meter, sink = graph.add("ebur128", "metadata=1:peak=true:video=0"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound, np.float32), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts = SAMPLE_RATE, 0
    graph.push(frame)
    graph.push(None)
    said: dict[str, str] = {}
    while True:
        try:
            said |= graph.pull().metadata  # a last block under 100 ms says nothing
        except av.error.EOFError:
            peak = 20 * np.log10(max(float(said["lavfi.r128.true_peak"]), 1e-6))
            return float(said["lavfi.r128.I"]), float(peak)
