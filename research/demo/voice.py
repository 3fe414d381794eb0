"""The presenter: flite's voice "slt" (Carnegie Mellon), given air above 8 kHz and a small room.

The synthesiser speaks at 16 kHz. Real speech does not end at 8 kHz, so breath is added: noise above 7 kHz that follows
the loudness of the band below, stronger in sibilants, and overtones from bending the upper band.
"""

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from research.demo.acoustics import Sound, coloured, filtered, in_room, place, read_sound, run, seconds, silence, slope
from research.demo.story import LANDSCAPE, LINES, SAMPLE_RATE, Line

SIBILANTS = {"s": 1.0, "z": 0.7, "sh": 0.7, "ch": 0.8, "jh": 0.6, "t": 0.6, "f": 0.5, "th": 0.4, "k": 0.3, "hh": 0.3}

# How wide the jaw opens and how round the lips are, 0…1, for flite's phones (those missing are half closed).
JAW = {"aa": 1.0, "ae": 0.9, "ah": 0.75, "ao": 0.9, "aw": 0.95, "ax": 0.5, "ay": 0.95, "eh": 0.7, "er": 0.45,
       "ey": 0.6, "ih": 0.45, "iy": 0.35, "ow": 0.7, "oy": 0.8, "uh": 0.4, "uw": 0.3, "hh": 0.5, "l": 0.4, "r": 0.35,
       "pau": 0.0, "m": 0.0, "b": 0.0, "p": 0.0, "f": 0.12, "v": 0.12, "w": 0.2, "s": 0.15, "z": 0.15, "n": 0.25,
       "ng": 0.3, "t": 0.2, "d": 0.25, "k": 0.3, "g": 0.3, "y": 0.3, "sh": 0.2, "ch": 0.2, "th": 0.25,
       "dh": 0.25}  # fmt: skip
ROUND = {"uw": 1.0, "ow": 0.9, "w": 1.0, "ao": 0.7, "oy": 0.7, "uh": 0.7, "sh": 0.6, "ch": 0.6, "r": 0.5, "er": 0.4,
         "aw": 0.4, "iy": -0.7, "ey": -0.5, "ih": -0.3, "eh": -0.3, "ae": -0.4, "s": -0.3, "z": -0.3}  # fmt: skip


@dataclass(frozen=True)
class Phone:
    """One speech sound and when it ends, counted from the beginning of its line."""

    name: str
    end_seconds: float


@dataclass(frozen=True)
class Spoken:
    """A line as it was said: the sound [N] at SAMPLE_RATE and its phones."""

    line: Line
    sound: Sound
    phones: tuple[Phone, ...]


@cache
def spoken_lines() -> tuple[Spoken, ...]:
    """Every line of the story, said once."""
    return tuple(_say(line) for line in LINES)


def _say(line: Line) -> Spoken:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        shape = {
            "duration_stretch": line.pace,
            "int_f0_target_mean": line.pitch_hz,
            "int_f0_target_stddev": line.lilt_hz,
        }
        options = [word for name, value in shape.items() for word in ("--setf", f"{name}={value}")]
        said = run(["flite", "-voice", "slt", *options, "-psdur", "-t", line.text, "-o", str(path)])
        sound = read_sound(path)[0]
    pairs = (word.split(":") for word in said.split())
    return Spoken(line, sound, tuple(Phone(name, float(end)) for name, end in pairs))


def _sibilance(spoken: Spoken) -> Sound:
    """How much breath each sample carries, [N], softened over 15 ms."""
    times = np.arange(len(spoken.sound)) / SAMPLE_RATE
    ends = [phone.end_seconds for phone in spoken.phones]
    strength = np.array([SIBILANTS.get(phone.name, 0.12) for phone in spoken.phones] + [0.0])
    window = np.hanning(seconds(0.03))
    return np.convolve(strength[np.searchsorted(ends, times)], window / window.sum(), "same").astype(np.float32)


def _with_air(spoken: Spoken) -> Sound:
    sound, rng = spoken.sound, np.random.default_rng(len(spoken.sound))
    upper = filtered(sound, lambda hz: 1 / (1 + (3500 / np.maximum(hz, 1)) ** 8))
    window = np.hanning(seconds(0.012))
    envelope = np.sqrt(np.convolve(upper**2, window / window.sum(), "same").clip(0))
    breath = coloured(rng, len(sound), lambda hz: slope(-5, 20, 17_000)(hz) / (1 + (7300 / np.maximum(hz, 1)) ** 16))
    overtones = filtered(np.abs(upper), lambda hz: 1 / (1 + (7500 / np.maximum(hz, 1)) ** 16))
    return sound + 0.55 * (0.25 + _sibilance(spoken)) * envelope * breath + 0.8 * overtones


def _polished(sound: Sound) -> Sound:
    """A presenter's microphone: less rumble and chest, more presence, gentle compression over 80 ms."""

    def tone(hz: Sound) -> Sound:
        hz = np.maximum(hz, 1.0)
        presence, chest, rumble = 1 / (1 + (2000 / hz) ** 4), 1 / (1 + (hz / 330) ** 4), 1 / (1 + (95 / hz) ** 6)
        return (1 + presence - 0.45 * chest) * rumble

    sound = filtered(sound, tone)
    window = np.hanning(seconds(0.16))
    level = np.sqrt(np.convolve(sound**2, window / window.sum(), "same").clip(0)) + 0.02
    return (sound * (level / level.max()) ** -0.4).astype(np.float32)


def speech_stem() -> Sound:
    """All lines at their times, [2, N]; the last one is told from closer, in a larger silence."""
    stem = silence()
    for number, spoken in enumerate(spoken_lines()):
        off_screen = spoken.line.start_seconds > LANDSCAPE.start_seconds
        decay, wet = (0.9, 0.22) if off_screen else (0.28, 0.25)
        voice = in_room(_polished(_with_air(spoken)), decay_seconds=decay, wet=wet, seed=number)
        place(stem, voice, spoken.line.start_seconds)
    return stem


def mouth(time_seconds: float) -> tuple[float, float]:
    """How far the jaw is open (0…1) and how round the lips are (−1 spread … 1 round) at an instant."""
    steps = time_seconds + np.linspace(-0.05, 0.04, 7)
    shapes = np.array([_shape(step) for step in steps])
    jaw, lips = np.average(shapes, axis=0, weights=np.hanning(9)[1:-1])
    return float(jaw), float(lips)


def _shape(time_seconds: float) -> tuple[float, float]:
    for spoken in spoken_lines():
        since = time_seconds - spoken.line.start_seconds
        if 0 <= since < spoken.phones[-1].end_seconds:
            name = next(phone.name for phone in spoken.phones if since < phone.end_seconds)
            return JAW.get(name, 0.4), ROUND.get(name, 0.0)
    return 0.0, 0.0
