"""Draws a piece of music, endlessly varied and the same for the same generator: key, chords, form, players, and every note.

The aim is not beauty but breadth: a separator must not take any register, density or timbre for the mark of music.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from research.synthetic.harmony import (
    CHANNELS,
    DRUM_CHANNEL,
    Bend,
    Chord,
    Control,
    Key,
    Note,
    Part,
    Score,
    Span,
    Tempo,
    draw_key,
    draw_progression,
)
from research.synthetic.parts import ROLES, Stage
from research.synthetic.styles import (
    CEILING,
    CEILINGS,
    FAMILIES,
    KITS,
    Chair,
    Style,
    draw_chairs,
    draw_groove,
    draw_style,
    play_groove,
)

METRES = ((4, 2), (4, 4), (3, 2), (2, 3), (4, 3), (5, 2))  # beats of a bar, divisions of a beat; (2, 3) is 6/8
METRE_WEIGHTS = (0.35, 0.25, 0.17, 0.12, 0.07, 0.04)
VOLUME, PAN, EXPRESSION, VIBRATO, SUSTAIN, REVERB, CHORUS = 7, 10, 11, 1, 64, 91, 93
PEDALLED = frozenset((*range(8), 11, 46))


@dataclass(frozen=True)
class Section:
    """A stretch of the form; sections of one letter share their chords and figures."""

    letter: str
    start_beats: float
    spans: tuple[Span, ...]
    energy: float
    playing: frozenset[int]  # places of the players
    key: Key


@dataclass(frozen=True)
class Piece:
    """What all players share."""

    style: Style
    beats: int
    division: int
    swing: float  # 0–1 of the way from straight to triplets
    looseness_beats: float  # spread of the players' timing
    seed: int
    sections: tuple[Section, ...]


def draw_score(rng: np.random.Generator, *, seconds: float, sung: bool = False) -> Score:
    """A piece of about so many seconds; a sung one has a wordless voice at the front."""
    style = draw_style(rng)
    chairs = draw_chairs(rng, style, sung=sung)
    bpm = float(rng.uniform(*style.tempo))
    beats, division = METRES[rng.choice(len(METRES), p=METRE_WEIGHTS)]
    sections = _draw_form(rng, style, len(chairs), beats, seconds * bpm / 60)
    swing = float(rng.uniform(0.5, 1)) if division == 2 and rng.random() < style.swing_chance else 0.0
    looseness = float(rng.uniform(0, 0.022)) * bpm / 60
    piece = Piece(style, beats, division, swing, looseness, int(rng.integers(2**31)), sections)
    channels = [channel for channel in range(CHANNELS) if channel != DRUM_CHANNEL]
    parts = [_perform(rng, piece, chair, place, channels[place]) for place, chair in enumerate(chairs)]
    if style.kits and rng.random() < style.drum_chance:
        parts.append(_drum(rng, piece))
    return Score(style.name + (", sung" if sung else ""), _draw_tempi(rng, sections, bpm), tuple(parts))


def _draw_form(
    rng: np.random.Generator, style: Style, players: int, beats: int, wished_beats: float
) -> tuple[Section, ...]:
    """Sections in a song's order until the wished length, each letter with chords, players and energy of its own."""
    key, letters = draw_key(rng), str(rng.choice(("ABABCB", "AABA", "ABAC", "AAB", "ABCD", "AB")))
    chords = {letter: draw_progression(rng, style.richness) for letter in "ABCD"}
    pace = int(rng.choice((1, 1, 1, 2))) * beats * (0.5 if beats == 4 and rng.random() < 0.15 else 1.0)
    energies = {letter: float(rng.uniform(*style.energy)) for letter in "ABCD"}
    sections: list[Section] = []
    start = 0.0
    while start < wished_beats:
        letter = letters[len(sections) % len(letters)]
        spans = _spans(chords[letter], start, pace, beats)
        energy = float(np.clip(energies[letter] + rng.normal(0, 0.08), 0.1, 1))
        if sections and rng.random() < 0.08:
            key = replace(key, tonic=48 + (key.tonic - 48 + int(rng.choice((1, 2, 5, 7)))) % 12)
        chance = 0.55 + 0.45 * energy
        playing = frozenset(place for place in range(-1, players) if rng.random() < chance) - (
            {-1} if energy < 0.25 else set()
        )
        sections.append(
            Section(letter, start, spans, energy, playing if playing - {-1} else frozenset(range(players)), key)
        )
        start = spans[-1].end_beats
    return tuple(sections)


def _spans(chords: tuple[Chord, ...], start: float, pace: float, beats: int) -> tuple[Span, ...]:
    """The progression, twice over where it is shorter than four bars, filled up to whole bars."""
    rounds = chords * (2 if len(chords) * pace < 4 * beats else 1)
    rounds += (rounds[-1],) * int(len(rounds) * pace % beats / pace)
    return tuple(Span(start + place * pace, pace, chord) for place, chord in enumerate(rounds))


def _draw_tempi(rng: np.random.Generator, sections: tuple[Section, ...], bpm: float) -> tuple[Tempo, ...]:
    """One tempo throughout; or one for each section; or one that breathes with every chord, and slows down at the end."""
    freedom = float(rng.choice((0.0, 0.02, 0.06), p=(0.5, 0.3, 0.2)))
    tempi = [Tempo(0.0, bpm)]
    for section in sections:
        spans = section.spans if freedom > 0.05 else section.spans[:1]
        tempi += [Tempo(span.start_beats, bpm * float(np.exp(rng.normal(0, freedom)))) for span in spans]
    last = sections[-1].spans[-1]
    if rng.random() < 0.3:
        tempi += [Tempo(last.start_beats + last.length_beats * k / 4, bpm * (0.95 - 0.09 * k)) for k in range(4)]
    return tuple(tempi)


def _perform(rng: np.random.Generator, piece: Piece, chair: Chair, place: int, channel: int) -> Part:
    """All sections of one player, with the player's own place in the room, touch and timing."""
    program = int(rng.choice(FAMILIES[chair.family]))
    ceiling = CEILINGS.get(program, CEILING)
    centre = int(np.clip(chair.centre + rng.integers(-7, 8), 36, ceiling - 10))
    notes: list[Note] = []
    for section in piece.sections:
        if place in section.playing:
            stage = Stage(section.key, section.spans, piece.beats, piece.division, centre, section.energy)
            figures = np.random.default_rng([piece.seed, place, ord(section.letter)])
            notes += [_under(ceiling, note) for note in ROLES[chair.role](figures, stage)]
    controls = (*_placement(rng, chair.role), *_touch(rng, piece, chair.role, program))
    bends = _scoops(rng, notes) if chair.role == "melody" and rng.random() < 0.3 else ()
    return Part(chair.role, channel, program, _humanised(rng, piece, notes), controls, bends)


def _under(ceiling: int, note: Note) -> Note:
    """The note, as many octaves down as its instrument needs."""
    return replace(note, pitch=note.pitch - 12 * max(0, math.ceil((note.pitch - ceiling) / 12)))


def _drum(rng: np.random.Generator, piece: Piece) -> Part:
    kit = KITS[str(rng.choice(piece.style.kits))]
    density = float(rng.uniform(0, 1))
    grooves = {letter: draw_groove(rng, piece.beats, piece.division, density) for letter in "ABCD"}
    notes: list[Note] = []
    for section in piece.sections:
        if -1 in section.playing or len(piece.sections) == 1:
            bars = round((section.spans[-1].end_beats - section.start_beats) / piece.beats)
            notes += play_groove(rng, grooves[section.letter], section.start_beats, bars, piece.beats, section.energy)
    return Part("drums", DRUM_CHANNEL, kit, _humanised(rng, piece, notes), _placement(rng, "drums"))


def _placement(rng: np.random.Generator, role: str) -> tuple[Control, ...]:
    """Volume, place and room of a channel; what leads is louder."""
    softest, loudest = {"melody": (80, 122), "drums": (62, 122), "bass": (45, 92), "drone": (40, 84)}.get(
        role, (58, 104)
    )
    volume = int(rng.integers(softest, loudest))
    settings = {VOLUME: volume, PAN: int(rng.integers(24, 104)), REVERB: int(rng.integers(0, 100))}
    settings[CHORUS] = int(rng.integers(0, 80)) if rng.random() < 0.4 else 0
    return tuple(Control(0.0, number, value) for number, value in settings.items())


def _touch(rng: np.random.Generator, piece: Piece, role: str, program: int) -> list[Control]:
    """The pedal, changed with every chord; swells of what is held; vibrato of what leads."""
    controls: list[Control] = []
    pedalled = program in PEDALLED and rng.random() < 0.6
    swelling = role in ("pad", "counter", "drone") and rng.random() < 0.5
    for section in piece.sections:
        for span in section.spans:
            if pedalled:
                controls += [Control(span.start_beats, SUSTAIN, 0), Control(span.start_beats + 0.06, SUSTAIN, 127)]
            if swelling:
                low, high = sorted(int(value) for value in rng.integers(60, 128, 2))
                steps = np.sin(np.linspace(0, np.pi, 9)[:-1])
                for step, height in enumerate(steps):
                    beat = span.start_beats + span.length_beats * step / len(steps)
                    controls.append(Control(beat, EXPRESSION, round(low + (high - low) * float(height))))
    if role == "melody" and rng.random() < 0.5:
        controls.append(Control(0.0, VIBRATO, int(rng.integers(10, 90))))
    return controls


def _scoops(rng: np.random.Generator, notes: list[Note]) -> tuple[Bend, ...]:
    """Some notes begin up to a semitone low and slide to their pitch."""
    bends = []
    for note in notes:
        if rng.random() < 0.35:
            depth = float(rng.uniform(500, 4096))
            length = min(0.25, note.length_beats / 2)
            bends += [Bend(note.start_beats + length * k / 6, -round(depth * (1 - k / 6))) for k in range(7)]
    return tuple(bends)


def _humanised(rng: np.random.Generator, piece: Piece, notes: list[Note]) -> tuple[Note, ...]:
    """Off-beats swung, onsets and velocities spread; a key struck again is released first."""
    played = []
    for note in notes:
        off_beat = abs(note.start_beats % 1 - 0.5) < 0.01
        start = note.start_beats + piece.swing / 6 * off_beat + float(rng.normal(0, piece.looseness_beats))
        velocity = int(np.clip(note.velocity + rng.normal(0, 6), 1, 127))
        played.append(replace(note, start_beats=max(start, 0.0), velocity=velocity))
    return _released(sorted(played, key=lambda note: (note.pitch, note.start_beats)))


def _released(notes: list[Note]) -> tuple[Note, ...]:
    """Ends every note where its key is struck next; `notes` by key, then time. Strokes closer than 0.02 beats are one."""
    kept: list[Note] = []
    for note in notes:
        if kept and kept[-1].pitch == note.pitch:
            gap = note.start_beats - kept[-1].start_beats
            if gap < 0.02:
                continue
            kept[-1] = replace(kept[-1], length_beats=min(kept[-1].length_beats, gap))
        kept.append(note)
    return tuple(sorted(kept, key=lambda note: note.start_beats))


def instruments(score: Score) -> str:
    """Programs by role, for the manifest."""
    return " ".join(f"{role}×{n}" if n > 1 else role for role, n in Counter(part.role for part in score.parts).items())
