"""What a piece of music is made of: notes and controllers by beat, and the keys, chords and progressions behind them.

Pitches of a key are counted in scale degrees: degree 0 is the tonic, 7 the tonic an octave up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DRUM_CHANNEL = 9  # General MIDI keeps it for percussion
CHANNELS = 16


@dataclass(frozen=True)
class Note:
    """One struck note."""

    start_beats: float
    length_beats: float
    pitch: int  # MIDI key, 60 is middle C
    velocity: int  # 1–127


@dataclass(frozen=True)
class Control:
    """A controller set to a value, 0–127."""

    start_beats: float
    number: int
    value: int


@dataclass(frozen=True)
class Bend:
    """The pitch wheel, −8192–8191 for two semitones down and up."""

    start_beats: float
    value: int


@dataclass(frozen=True)
class Tempo:
    """The tempo from a beat on."""

    start_beats: float
    beats_per_minute: float


@dataclass(frozen=True)
class Part:
    """All that one player plays."""

    role: str
    channel: int
    program: int  # General MIDI, 0–127; on the drum channel the kit
    notes: tuple[Note, ...]
    controls: tuple[Control, ...] = ()
    bends: tuple[Bend, ...] = ()


@dataclass(frozen=True)
class Score:
    """A piece."""

    style: str
    tempi: tuple[Tempo, ...]
    parts: tuple[Part, ...]

    @property
    def length_beats(self) -> float:
        """Where the last note ends."""
        return max((note.start_beats + note.length_beats for part in self.parts for note in part.notes), default=0.0)


MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "double harmonic": (0, 1, 4, 5, 7, 8, 11),
}
MODE_WEIGHTS = (0.3, 0.25, 0.1, 0.04, 0.1, 0.08, 0.06, 0.04, 0.03)
# Roots of well-worn progressions.
PATTERNS = (
    (0, 4, 5, 3), (5, 3, 0, 4), (0, 3, 4, 0), (0, 5, 3, 4), (0, 5, 1, 4), (1, 4, 0, 0), (0, 2, 3, 4), (0, 6, 5, 4),
    (0, 3, 0, 4), (0, 6, 3, 0), (0, 4, 5, 2, 3, 0, 3, 4), (0, 3, 6, 2, 5, 1, 4, 0), (0, 0, 3, 0, 4, 3, 0, 4), (0, 0),
    (0, 1), (0, 3), (0, 6), (5, 4, 3, 4), (0, 2, 5, 3), (3, 4, 2, 5),
)  # fmt: skip
COLOURS = {
    "triad": (0, 2, 4),
    "seventh": (0, 2, 4, 6),
    "ninth": (0, 2, 4, 6, 8),
    "suspended fourth": (0, 3, 4),
    "suspended second": (0, 1, 4),
    "power": (0, 4, 7),
    "added ninth": (0, 2, 4, 8),
}


@dataclass(frozen=True)
class Key:
    """A tonic (MIDI key) and its scale in semitones above."""

    tonic: int
    scale: tuple[int, ...]

    def pitch(self, degree: int) -> int:
        """The MIDI key of a degree."""
        octave, step = divmod(degree, len(self.scale))
        return self.tonic + 12 * octave + self.scale[step]

    def degree_near(self, pitch: int) -> int:
        """The degree about as high as a MIDI key."""
        return round((pitch - self.tonic) * len(self.scale) / 12)


@dataclass(frozen=True)
class Chord:
    """A root and the steps above it, in degrees."""

    root: int
    steps: tuple[int, ...]

    @property
    def degrees(self) -> tuple[int, ...]:
        """Its tones, in degrees."""
        return tuple(self.root + step for step in self.steps)

    def nearest(self, degree: int) -> int:
        """The tone of the chord, in any octave, that is nearest to a degree."""
        return min(
            (degree + away for away in (0, -1, 1, -2, 2, -3, 3)),
            key=lambda near: (not self.holds(near), abs(near - degree)),
        )

    def holds(self, degree: int) -> bool:
        """Whether a degree, in any octave, is a tone of the chord."""
        return any((degree - tone) % 7 == 0 for tone in self.degrees)


@dataclass(frozen=True)
class Span:
    """A chord and the beats for which it sounds."""

    start_beats: float
    length_beats: float
    chord: Chord

    @property
    def end_beats(self) -> float:
        """Where the next begins."""
        return self.start_beats + self.length_beats


def draw_key(rng: np.random.Generator) -> Key:
    """Any tonic, major and minor most often."""
    mode = str(rng.choice(list(MODES), p=np.array(MODE_WEIGHTS) / sum(MODE_WEIGHTS)))
    return Key(48 + int(rng.integers(12)), MODES[mode])


def draw_progression(rng: np.random.Generator, richness: float) -> tuple[Chord, ...]:
    """A well-worn pattern, or a walk through the scale; `richness` 0–1 is how often a chord is more than a triad."""
    if rng.random() < 0.6:
        roots = list(PATTERNS[rng.integers(len(PATTERNS))])
    else:
        roots = [int(rng.choice((0, 0, 5, 3)))]
        for _ in range(int(rng.choice((3, 3, 5, 7)))):
            roots.append((roots[-1] + int(rng.choice((1, 2, 3, 3, 4, 4, 5, 6)))) % 7)
    colours = list(COLOURS.values())
    return tuple(
        Chord(root, colours[rng.integers(1, len(colours))] if rng.random() < richness else COLOURS["triad"])
        for root in roots
    )


def voicing(key: Key, chord: Chord, centre: int, voices: int) -> list[int]:
    """MIDI keys of a chord around a pitch, close, lowest first; tones repeat in the next octave for more voices."""
    around = key.degree_near(centre)
    tones = [degree for degree in range(around - 7, around + 15) if chord.holds(degree)]
    nearest = sorted(tones, key=lambda degree: abs(degree - around))[:voices]
    return [key.pitch(degree) for degree in sorted(nearest)]
