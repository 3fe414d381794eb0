"""What the players of a piece can play over its chords: one function for each role, all from a drawn seed.

A role is called once for every section. Its generator depends on the player and the section's letter only, so that a
section that comes back brings its figures back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from research.synthetic.harmony import Chord, Key, Note, Span, voicing


@dataclass(frozen=True)
class Stage:
    """What a player knows of a section."""

    key: Key
    spans: tuple[Span, ...]
    beats: int  # of a bar
    division: int  # of a beat
    centre: int  # MIDI key around which to play
    energy: float  # 0–1

    @property
    def start_beats(self) -> float:
        """Where the section begins."""
        return self.spans[0].start_beats

    @property
    def bars(self) -> int:
        """Whole bars."""
        return round((self.spans[-1].end_beats - self.start_beats) / self.beats)

    def chord_at(self, beat: float) -> Chord:
        """The chord that sounds."""
        return next((span.chord for span in self.spans if beat < span.end_beats - 1e-6), self.spans[-1].chord)


@dataclass(frozen=True)
class Figure:
    """Onsets and lengths within a bar, in beats, with a number for each: a step, or a place in a chord."""

    strokes: tuple[tuple[float, float, int], ...]


def draw_figure(rng: np.random.Generator, stage: Stage, density: float, reach: int) -> Figure:
    """A rhythm of one bar on the grid, beats likelier than what lies between, with numbers −reach…reach."""
    cells = stage.beats * stage.division
    chances = np.where(np.arange(cells) % stage.division == 0, 0.35 + 0.6 * density, 0.85 * density**1.5)
    onsets = np.flatnonzero(rng.random(cells) < chances)
    if len(onsets) == 0:
        onsets = np.array([0])
    ends = np.append(onsets[1:], cells)
    legato = rng.uniform(0.4, 1.0)
    numbers = np.rint(rng.normal(0, reach / 2, len(onsets))).clip(-reach, reach)
    return Figure(
        tuple(
            (float(on / stage.division), float((end - on) * legato / stage.division), int(number))
            for on, end, number in zip(onsets, ends, numbers, strict=True)
        )
    )


def pad(rng: np.random.Generator, stage: Stage) -> list[Note]:
    """Held chords, now and then struck again halfway."""
    voices, again = int(rng.integers(3, 6)), rng.random() < 0.25
    notes = []
    for span in stage.spans:
        pieces = 2 if again else 1
        for piece in range(pieces):
            length = span.length_beats / pieces
            pitches = voicing(stage.key, span.chord, stage.centre, voices)
            notes += [_note(stage, span.start_beats + piece * length, length * 0.98, pitch, 0.6) for pitch in pitches]
    return notes


def stabs(rng: np.random.Generator, stage: Stage) -> list[Note]:
    """Short chords in a figure: brass, pizzicato, off-beat guitar."""
    figure, short = draw_figure(rng, stage, rng.uniform(0.1, 0.7), 1), rng.uniform(0.15, 0.5)
    voices = int(rng.integers(2, 5))
    return [
        _note(stage, beat, min(length, short), pitch, 0.85)
        for beat, length, _ in _bars(stage, figure)
        for pitch in voicing(stage.key, stage.chord_at(beat), stage.centre, voices)
    ]


def strum(rng: np.random.Generator, stage: Stage) -> list[Note]:
    """A guitar's down and up strokes: the strings follow each other."""
    figure, spread = draw_figure(rng, stage, rng.uniform(0.3, 0.9), 1), rng.uniform(0.01, 0.06)
    notes = []
    for beat, length, number in _bars(stage, figure):
        strings = voicing(stage.key, stage.chord_at(beat), stage.centre, 5)
        for place, pitch in enumerate(strings if number >= 0 else reversed(strings)):
            notes.append(_note(stage, beat + place * spread, length, pitch, 0.7 if number >= 0 else 0.55))
    return notes


def arpeggio(rng: np.random.Generator, stage: Stage) -> list[Note]:
    """Broken chords: up, down, there and back, Alberti, or any order."""
    tones = int(rng.integers(3, 7))
    orders = (
        list(range(tones)),
        list(reversed(range(tones))),
        [*range(tones), *range(tones - 2, 0, -1)],
        [0, 2, 1, 2],
        list(rng.permutation(tones)),
    )
    order = orders[rng.integers(len(orders))]
    step = 1 / stage.division if rng.random() < 0.7 else 1.0
    ringing = float(rng.choice((0.9, 0.9, 2.0, 4.0)))
    notes = []
    for place, beat in enumerate(np.arange(stage.start_beats, stage.spans[-1].end_beats - 1e-6, step)):
        pitches = voicing(stage.key, stage.chord_at(float(beat)), stage.centre, tones)
        accent = 0.75 if place % stage.division == 0 else 0.6
        notes.append(
            _note(stage, float(beat), step * ringing, pitches[order[place % len(order)] % len(pitches)], accent)
        )
    return notes


def bass(rng: np.random.Generator, stage: Stage) -> list[Note]:
    """Roots held or repeated, root and fifth, a walk, or a figure of its own."""
    manner = str(rng.choice(("held", "pulse", "fifths", "walk", "figure", "figure")))
    figure = {
        "pulse": Figure(
            tuple((b / stage.division, 0.8 / stage.division, 0) for b in range(stage.beats * stage.division))
        ),
        "fifths": Figure(tuple((float(b), 0.8, 4 * (b % 2)) for b in range(stage.beats))),
        "walk": Figure(tuple((float(b), 0.95, (0, 2, 4, 5, 6, 7)[b % 6]) for b in range(stage.beats))),
        "held": Figure(((0.0, stage.beats * 0.97, 0),)),
    }.get(manner) or draw_figure(rng, stage, rng.uniform(0.2, 0.8), 1)
    leaps = {-1: -3, 1: 7} if manner == "figure" else {}
    notes = []
    for beat, length, number in _bars(stage, figure):
        root = stage.key.degree_near(stage.centre - 6)
        root += (stage.chord_at(beat).root - root) % 7
        notes.append(_note(stage, beat, length, stage.key.pitch(root + leaps.get(number, number)), 0.8))
    return notes


def melody(rng: np.random.Generator, stage: Stage) -> list[Note]:
    """Two or three motifs in a phrase that repeats them, drawn to the chord on the beat and kept near the centre."""
    density = float(rng.uniform(0.15, 0.75))
    motifs = {letter: draw_figure(rng, stage, density, 3) for letter in "ABC"}
    form = str(rng.choice(("AABA", "ABAC", "AAAB", "ABAB", "ABCB")))
    rests, home = float(rng.uniform(0, 0.25)), stage.key.degree_near(stage.centre)
    degree, notes = home, []
    for bar in range(stage.bars):
        for onset, length, step in motifs[form[bar % 4]].strokes:
            beat = stage.start_beats + bar * stage.beats + onset
            degree = int(np.clip(degree + step, home - 6, home + 7))
            if onset == int(onset):
                degree = stage.chord_at(beat).nearest(degree)
            if rng.random() >= rests:
                notes.append(_note(stage, beat, length, stage.key.pitch(degree), 0.8))
    return notes


def counter(rng: np.random.Generator, stage: Stage) -> list[Note]:
    """Long tones that move by the smallest step to the next chord."""
    degree, notes = stage.key.degree_near(stage.centre), []
    for span in stage.spans:
        degree = span.chord.nearest(degree + int(rng.integers(-1, 2)))
        notes.append(_note(stage, span.start_beats, span.length_beats * 0.95, stage.key.pitch(degree), 0.6))
    return notes


def ostinato(rng: np.random.Generator, stage: Stage) -> list[Note]:
    """One figure again and again, which the chords pass by or take along."""
    figure, follows = draw_figure(rng, stage, rng.uniform(0.4, 0.95), 4), rng.random() < 0.5
    home = stage.key.degree_near(stage.centre)
    home -= home % 7
    return [
        _note(stage, beat, length, stage.key.pitch(home + number + follows * stage.chord_at(beat).root), 0.7)
        for beat, length, number in _bars(stage, figure)
    ]


def drone(rng: np.random.Generator, stage: Stage) -> list[Note]:
    """The tonic, with or without its fifth, throughout."""
    length = stage.spans[-1].end_beats - stage.start_beats
    home = stage.key.degree_near(stage.centre)
    home -= home % 7
    return [
        _note(stage, stage.start_beats, length, stage.key.pitch(home + up), 0.55)
        for up in ((0, 4) if rng.random() < 0.5 else (0,))
    ]


def sparse(rng: np.random.Generator, stage: Stage) -> list[Note]:
    """Single tones of the chord, far apart and over several octaves."""
    beat, notes = stage.start_beats, []
    gap = float(rng.uniform(1, 5))
    while beat < stage.spans[-1].end_beats:
        pitches = voicing(stage.key, stage.chord_at(beat), stage.centre + int(rng.integers(-12, 13)), 3)
        notes.append(_note(stage, beat, rng.uniform(1, 6), int(rng.choice(pitches)), rng.uniform(0.3, 0.8)))
        beat += round(rng.exponential(gap) * stage.division + 1) / stage.division
    return notes


ROLES: dict[str, Callable[[np.random.Generator, Stage], list[Note]]] = {
    role.__name__: role
    for role in (pad, stabs, strum, arpeggio, bass, melody, counter, ostinato, drone, sparse)
}  # fmt: skip


def _bars(stage: Stage, figure: Figure) -> list[tuple[float, float, int]]:
    return [
        (stage.start_beats + bar * stage.beats + onset, length, number)
        for bar in range(stage.bars)
        for onset, length, number in figure.strokes
    ]


def _note(stage: Stage, beat: float, length: float, pitch: int, loudness: float) -> Note:
    """A note whose velocity follows the section's energy; pitches beyond the keyboard are folded into it."""
    while pitch > 108:
        pitch -= 12
    while pitch < 24:
        pitch += 12
    return Note(
        beat, max(float(length), 0.05), int(pitch), round(1 + 126 * min(loudness * (0.4 + 0.75 * stage.energy), 1.0))
    )
