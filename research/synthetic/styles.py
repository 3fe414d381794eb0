"""Styles of music: which players on which General MIDI instruments, how fast, how loud, and with what drums.

Drum parts are drawn step by step on the metre's own grid, on the General MIDI percussion map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from research.synthetic.harmony import Note

# General MIDI programs, counted from 0.
FAMILIES: dict[str, tuple[int, ...]] = {
    "piano": (0, 0, 0, 1, 2, 3, 4, 5, 6, 7),
    "bells": (8, 9, 10, 11, 12, 13, 14, 15),
    "organ": (16, 17, 18, 19, 20, 21, 22, 23),
    "plucked": (24, 25, 24, 25, 26, 46, 104, 105, 106, 107, 108, 15),
    "electric guitar": (26, 27, 28, 29, 30, 31),
    "bass": (32, 33, 34, 35, 36, 37, 38, 39),
    "low strings": (42, 43, 32, 58, 70),
    "strings": (40, 41, 42, 48, 48, 49, 50, 51, 44),
    "ensemble": (48, 49, 50, 51, 61, 62, 63, 52, 89),
    "pizzicato": (45, 45, 46, 12, 108),
    "voices": (52, 53, 54, 85, 91),
    "brass": (56, 57, 58, 59, 60, 61, 62, 63),
    "winds": (64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 109, 110, 111, 21, 22),
    "leads": (80, 81, 82, 83, 84, 85, 86, 87),
    "pads": (88, 89, 90, 91, 92, 93, 94, 95, 48, 52),
    "effects": (96, 97, 98, 99, 100, 101, 102, 103),
    "struck": (47, 112, 113, 114, 115, 116, 117, 118, 11, 12),
}
# The highest key that sounds, measured on FluidR3: above it the sound font has no samples and a player would be silent.
CEILING = 96
CEILINGS = {**dict.fromkeys((28, 31, 33, 34, 35, 36, 37, 65, 69, 70), 84), 67: 72, 58: 70, 43: 56}
FAMILIES["any"] = tuple(range(112))
FAMILIES["solo"] = FAMILIES["piano"] + FAMILIES["winds"] + FAMILIES["strings"] + FAMILIES["brass"] + FAMILIES["leads"]


@dataclass(frozen=True)
class Chair:
    """A player that a style may have."""

    role: str  # of parts.ROLES
    family: str
    chance: float = 1.0
    centre: int = 62  # MIDI key around which it plays


@dataclass(frozen=True)
class Style:
    """A kind of music."""

    name: str
    weight: float
    tempo: tuple[float, float]  # beats per minute
    chairs: tuple[Chair, ...]
    kits: tuple[str, ...] = ()  # none: no drums
    drum_chance: float = 1.0
    energy: tuple[float, float] = (0.35, 0.95)
    richness: float = 0.3  # chance of a chord beyond the triad
    swing_chance: float = 0.05


C = Chair
STYLES = (
    Style("alone", 1.5, (55, 140), (C("melody", "solo", centre=70), C("counter", "solo", 0.2, 58)), energy=(0.2, 0.9)),
    Style(
        "keyboard alone", 1.5, (60, 160),
        (C("arpeggio", "piano", 0.7, 52), C("melody", "piano", 0.8, 74),
         C("pad", "piano", 0.4, 60), C("bass", "piano", 0.6, 45)),
        energy=(0.15, 0.9), richness=0.4,
    ),
    Style("organ", 0.6, (55, 110), (C("pad", "organ", 1, 60), C("melody", "organ", 0.8, 74),
    C("bass", "organ", 0.7, 43))),
    Style(
        "folk", 1.3, (70, 150),
        (C("arpeggio", "plucked", 0.6, 58), C("strum", "plucked", 0.6, 58),
         C("melody", "winds", 0.7, 74), C("bass", "bass", 0.5, 43)),
        ("brush", "standard"), 0.3,
    ),
    Style(
        "orchestra", 1.8, (60, 150),
        (C("pad", "ensemble", 0.9, 60), C("melody", "strings", 0.7, 74),
         C("counter", "brass", 0.6, 55), C("stabs", "brass", 0.4, 60),
         C("ostinato", "strings", 0.5, 67), C("bass", "low strings", 0.8, 40),
         C("arpeggio", "winds", 0.3, 76), C("pad", "voices", 0.3, 64)),
        ("orchestra",), 0.5, (0.3, 1.0),
    ),
    Style(
        "tension", 1.2, (60, 170),
        (C("ostinato", "low strings", 0.9, 43), C("drone", "pads", 0.6, 40),
         C("pad", "strings", 0.6, 64), C("stabs", "brass", 0.5, 52),
         C("sparse", "struck", 0.4, 60), C("sparse", "effects", 0.4, 60)),
        ("orchestra", "power", "808"), 0.4, (0.3, 1.0),
    ),
    Style(
        "ambient", 1.5, (60, 90),
        (C("pad", "pads", 0.9, 60), C("drone", "pads", 0.5, 42),
         C("sparse", "bells", 0.6, 76), C("sparse", "any", 0.5, 66),
         C("counter", "voices", 0.4, 66), C("arpeggio", "effects", 0.3, 66)),
        energy=(0.15, 0.6), richness=0.6,
    ),
    Style(
        "pizzicato comedy", 0.8, (90, 160),
        (C("stabs", "pizzicato", 1, 62), C("bass", "pizzicato", 0.8, 45),
         C("melody", "winds", 0.8, 70), C("melody", "bells", 0.4, 80)),
        ("brush", "standard"), 0.25,
    ),
    Style(
        "rock", 1.5, (90, 180),
        (C("strum", "electric guitar", 0.9, 52), C("ostinato", "electric guitar", 0.5, 50), C("bass", "bass", 1, 40),
         C("melody", "electric guitar", 0.6, 72), C("pad", "organ", 0.3, 62)),
        ("standard", "room", "power"), 0.95, (0.5, 1.0), 0.2,
    ),
    Style(
        "pop", 1.5, (75, 135),
        (C("pad", "pads", 0.6, 60), C("stabs", "piano", 0.6, 62),
         C("arpeggio", "plucked", 0.5, 62), C("bass", "bass", 1, 40),
         C("melody", "leads", 0.4, 72), C("melody", "winds", 0.4, 72), C("pad", "strings", 0.4, 66)),
        ("standard", "room", "electronic"), 0.9,
    ),
    Style(
        "electronic", 1.5, (95, 180),
        (C("ostinato", "leads", 0.8, 64), C("bass", "bass", 1, 38),
         C("pad", "pads", 0.7, 60), C("arpeggio", "leads", 0.6, 70),
         C("stabs", "leads", 0.4, 64)),
        ("electronic", "808"), 0.9, (0.45, 1.0),
    ),
    Style(
        "jazz", 1.2, (70, 180),
        (C("stabs", "piano", 0.7, 60), C("bass", "bass", 1, 41),
         C("melody", "winds", 0.6, 70), C("melody", "brass", 0.4, 68),
         C("strum", "plucked", 0.3, 58)),
        ("jazz", "brush"), 0.8, (0.3, 0.8), 0.85, 0.7,
    ),
    Style(
        "march", 0.6, (95, 140),
        (C("melody", "brass", 1, 67), C("stabs", "brass", 0.8, 58),
         C("bass", "low strings", 0.9, 40), C("counter", "winds", 0.6, 76)),
        ("orchestra", "standard"), 0.8, (0.5, 1.0), 0.1,
    ),
    Style(
        "chamber", 1.0, (60, 140),
        (C("melody", "strings", 1, 74), C("counter", "strings", 0.8, 62),
         C("arpeggio", "piano", 0.5, 58), C("bass", "low strings", 0.7, 43),
         C("counter", "winds", 0.4, 68)),
        energy=(0.2, 0.85),
    ),
    Style("choir", 0.6, (55, 110), (C("pad", "voices", 1, 62), C("melody", "voices", 0.7, 70),
    C("drone", "organ", 0.3, 45)), energy=(0.2, 0.9)),
    Style(
        "anything", 2.0, (60, 180),
        (C("pad", "any", 0.6, 60), C("melody", "any", 0.7, 72),
         C("arpeggio", "any", 0.5, 64), C("bass", "any", 0.6, 41),
         C("ostinato", "any", 0.4, 62), C("stabs", "any", 0.3, 60),
         C("sparse", "any", 0.3, 66), C("sparse", "struck", 0.2, 60)),
        ("standard", "room", "power", "electronic", "808", "jazz", "brush", "orchestra"), 0.5, (0.2, 1.0), 0.5, 0.15,
    ),
)  # fmt: skip
SINGER = Chair("melody", "voices", 1.0, 67)


def draw_style(rng: np.random.Generator) -> Style:
    """By weight."""
    weights = np.array([style.weight for style in STYLES])
    return STYLES[rng.choice(len(STYLES), p=weights / weights.sum())]


def draw_chairs(rng: np.random.Generator, style: Style, *, sung: bool) -> list[Chair]:
    """Who plays: at least one; a sung piece has a voice at the front and no other melody."""
    chosen = [chair for chair in style.chairs if rng.random() < chair.chance] or [style.chairs[0]]
    if not sung:
        return chosen
    return [SINGER, *(chair for chair in chosen if chair.role != "melody")]


KITS = {"standard": 0, "room": 8, "power": 16, "electronic": 24, "808": 25, "jazz": 32, "brush": 40, "orchestra": 48}
KICKS, SNARES, CRASHES, TOMS = (35, 36), (38, 40, 37, 39), (49, 57, 55, 52), (50, 48, 47, 45, 43, 41)
TIMEKEEPERS = (42, 42, 46, 51, 59, 54, 70, 82, 69, 44)
HAND_DRUMS = (60, 61, 62, 63, 64, 65, 66, 67, 68, 75, 76, 77, 73, 74, 56)
FILL_CHANCE = 0.6


@dataclass(frozen=True)
class Groove:
    """One bar of each instrument: the chance (0–1) and the loudness (0–1) of a stroke at every step of the grid."""

    steps_per_beat: int
    strokes: dict[int, tuple[tuple[int, float], ...]]  # MIDI key → (step, loudness)


def draw_groove(rng: np.random.Generator, beats: int, division: int, density: float) -> Groove:
    """A rock, march, four-on-the-floor, hand-drum or broken pattern for one bar."""
    steps = beats * division
    style = str(rng.choice(("backbeat", "backbeat", "floor", "march", "hands", "broken")))
    strokes: dict[int, list[tuple[int, float]]] = {}
    if style == "hands":
        for key in rng.choice(HAND_DRUMS, size=int(rng.integers(2, 5)), replace=False):
            strokes[int(key)] = _scattered(rng, steps, 0.2 + 0.4 * density)
        return _groove(division, strokes)
    kick, snare, keeper = (int(rng.choice(keys)) for keys in (KICKS, SNARES, TIMEKEEPERS))
    on_beats = range(0, steps, division)
    strokes[kick] = [(step, 1.0) for step in on_beats if style == "floor" or step % (2 * division) == 0]
    strokes[snare] = [(step, 0.95) for step in on_beats if step % (2 * division) == division]
    if style == "march":
        strokes[snare] = [(step, 0.9 if step % division == 0 else 0.5) for step in range(steps) if rng.random() < 0.75]
    if style == "broken":
        strokes[snare] = _scattered(rng, steps, 0.25)
    strokes[kick] += _scattered(rng, steps, 0.18 * density)
    every = int(rng.choice((1, 1, 2, division)))
    strokes[keeper] = [(step, 0.8 if step % division == 0 else 0.55) for step in range(0, steps, every)]
    if density > 0.6:
        strokes[int(rng.choice(HAND_DRUMS))] = _scattered(rng, steps, 0.2)
    return _groove(division, strokes)


def play_groove(
    rng: np.random.Generator, groove: Groove, start_beats: float, bars: int, beats: int, energy: float
) -> list[Note]:
    """The groove for some bars, a crash at their start and a fill at their end as the dice fall."""
    notes = [_stroke(rng, int(rng.choice(CRASHES)), start_beats, 0.9 * energy)] if rng.random() < energy * 0.6 else []
    fill_from = bars * beats - (int(rng.integers(1, 3)) if rng.random() < FILL_CHANCE * energy else 0)
    for bar in range(bars):
        for key, strokes in groove.strokes.items():
            for step, loudness in strokes:
                beat = bar * beats + step / groove.steps_per_beat
                if beat < fill_from and rng.random() < 0.97:
                    notes.append(_stroke(rng, key, start_beats + beat, loudness * (0.55 + 0.45 * energy)))
    return notes + _fill(rng, groove, start_beats + fill_from, start_beats + bars * beats, energy)


def _fill(rng: np.random.Generator, groove: Groove, start: float, end: float, energy: float) -> list[Note]:
    beats = np.arange(start, end - 1e-6, 1 / groove.steps_per_beat)
    drums = sorted(rng.choice((38, *TOMS), size=len(beats)), reverse=True)
    return [_stroke(rng, int(key), float(beat), 0.6 + 0.4 * energy) for beat, key in zip(beats, drums, strict=True)]


def _scattered(rng: np.random.Generator, steps: int, chance: float) -> list[tuple[int, float]]:
    return [(step, float(rng.uniform(0.4, 0.9))) for step in range(steps) if rng.random() < chance]


def _groove(division: int, strokes: dict[int, list[tuple[int, float]]]) -> Groove:
    return Groove(division, {key: tuple(sorted(dict(line).items())) for key, line in strokes.items()})


def _stroke(rng: np.random.Generator, key: int, beat: float, loudness: float) -> Note:
    velocity = int(np.clip(rng.normal(118 * loudness, 6), 8, 127))
    return Note(beat, 0.2, key, velocity)
