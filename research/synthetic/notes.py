"""What a drawn piece of music is made of: notes and controllers by beat, gathered by player into a score."""

from __future__ import annotations

from dataclasses import dataclass

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
