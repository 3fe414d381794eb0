"""Drum parts on the General MIDI percussion map, drawn step by step on the metre's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from research.synthetic.notes import Note

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
