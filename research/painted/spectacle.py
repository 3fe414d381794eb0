"""Takes of scenery that people made: a dance in coloured light, titles, stills in a slow zoom."""

from __future__ import annotations

import cv2
import numpy as np

from research.painted.canvas import Canvas, Colour, Size, between, glow, scaled, shifted, smoothstep, soft
from research.painted.figure import Posture, draw_dancing, draw_dress, draw_figure
from research.painted.indoors import draw_room, draw_studio
from research.painted.outdoors import draw_hills, draw_street, draw_wood
from research.painted.storyboard import LIGHTS, Take
from research.painted.timing import Timing, curve_at

SYLLABLES = ("la", "mo", "ri", "ten", "sha", "vel", "or", "un", "kes", "dar", "el", "to", "ni", "bra", "sol", "ma")
FONTS = (cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SIMPLEX)
BEAT_SECONDS = 0.18  # how long it takes into a posture


class Dance:
    """Bodies that take a new posture on every beat, under lights that come and go with the music."""

    def __init__(self, take: Take, timing: Timing, size: Size) -> None:
        rng, place = np.random.default_rng(take.seed), np.random.default_rng(take.place_seed)
        self._timing, self._size = timing, size
        self._ground = draw_studio(place, take.light, size).painted(size, float(rng.uniform(0, size.width)))
        self._ground[round(0.8 * size.height) :] *= 0.55
        self._beats = np.array([beat.time_seconds for beat in timing.beats if beat.strength > 0.15])
        self._count = int(rng.integers(1, 6))
        self._tall = float(rng.uniform(0.45, 0.8)) * size.height / (1 + 0.06 * self._count)
        self._dresses = [draw_dress(rng, light=0.9) for _ in range(self._count)]
        self._postures = [draw_dancing(rng) for _ in range(8)]
        self._together = bool(rng.random() < 0.6)
        self._lamps: list[Colour] = [scaled(tuple(rng.uniform(0.1, 1.0, 3)), 0.6) for _ in range(3)]
        self._steps = rng.integers(0, 1000, self._count)

    def paint(self, time_seconds: float) -> Canvas:
        """[H, W, 3] at an instant."""
        height, width = self._size
        canvas = self._ground.copy()
        loud = curve_at(self._timing.music, time_seconds)
        beat = int(np.searchsorted(self._beats, time_seconds, side="right"))
        since = time_seconds - (self._beats[beat - 1] if beat else 0.0)
        for k, lamp in enumerate(self._lamps):
            x = width * (0.5 + 0.4 * np.sin(0.5 * time_seconds + 2.1 * k))
            pulse = 0.35 + 0.45 * loud * float(np.exp(-since / 0.4)) * ((beat + k) % 3 == 0)
            glow(canvas, x, 0.3 * height, 0.45 * height, lamp, pulse)
        for k in range(self._count):
            x = width * (0.5 + (k - (self._count - 1) / 2) * 0.8 / max(self._count, 2)) + 0.04 * width * np.sin(
                0.6 * time_seconds + k
            )
            number = beat if self._together else beat + int(self._steps[k])
            posture = self._posture(number, since).toward(_swaying(time_seconds + k), 0.15)
            draw_figure(canvas, posture, (x, 0.88 * height), self._tall, self._dresses[k], facing=1 if k % 2 else -1)
        return canvas

    def _posture(self, beat: int, since: float) -> Posture:
        before, now = (self._postures[(5 * n + n // 8) % 8] for n in (beat - 1, beat))
        return before.toward(now, float(smoothstep(0, BEAT_SECONDS, since)))


class Titles:
    """Words that come and go, or credits that roll, on a plain or a soft ground."""

    def __init__(self, take: Take, timing: Timing, size: Size) -> None:
        rng = np.random.default_rng(take.seed)
        draws = (draw_studio, draw_hills, draw_wood)
        scape = draws[int(rng.integers(3))](rng, take.light, size)
        self._ground = soft(scape.painted(size, 0.0), 0.05 * size.height) * np.float32(rng.choice([0.0, 0.25, 0.7]))
        self._start_seconds, self._end_seconds, self._size = take.start_seconds, take.end_seconds, size
        self._rolls = rng.random() < 0.35
        lines = int(rng.integers(8, 16)) if self._rolls else int(rng.integers(1, 4))
        self._words = [_words(rng) for _ in range(lines)]
        self._font = FONTS[int(rng.integers(len(FONTS)))]
        bright = float(self._ground.mean()) < 0.45
        self._ink = between((1, 1, 1), tuple(rng.random(3)), 0.3) if bright else scaled(tuple(rng.random(3)), 0.15)
        self._scale = size.height / 180 * float(rng.uniform(0.35, 0.55) if lines > 2 else rng.uniform(0.5, 1.0))

    def paint(self, time_seconds: float) -> Canvas:
        """[H, W, 3] at an instant."""
        since, left = time_seconds - self._start_seconds, self._end_seconds - time_seconds
        height, step = self._size.height, 46 * self._scale
        if self._rolls:
            top, shown = height * (0.9 - 0.16 * since), 1.0
        else:
            top = (height - step * (len(self._words) - 1)) / 2 + 0.3 * step
            shown = float(smoothstep(0.1, 0.9, since) * smoothstep(0, 0.6, left))
        layer = np.zeros(self._size, np.uint8)
        for k, words in enumerate(self._words):
            scale = min(self._scale, self._scale * 0.85 * self._size.width / self._wide(words))
            x = (self._size.width - self._wide(words) * scale / self._scale) / 2
            cv2.putText(
                layer, words, (round(x), round(top + k * step)), self._font, scale, 255, 1 + (scale > 0.7), cv2.LINE_AA
            )
        amount = layer.astype(np.float32)[..., None] * np.float32(shown / 255)
        return self._ground * (1 - amount) + np.asarray(self._ink, np.float32) * amount

    def _wide(self, words: str) -> float:
        return float(cv2.getTextSize(words, self._font, self._scale, 1)[0][0])


class Stills:
    """One unmoving view, and a camera that slowly comes nearer or slides along it."""

    def __init__(self, take: Take, timing: Timing, size: Size) -> None:
        rng = np.random.default_rng(take.seed)
        draws = (draw_hills, draw_hills, draw_street, draw_street, draw_room, draw_wood)
        larger = Size(round(1.3 * size.height), round(1.3 * size.width))
        scape = draws[int(rng.integers(len(draws)))](rng, LIGHTS[int(rng.integers(4))], larger)
        self._view, self._size = scape.painted(larger, float(rng.uniform(0, size.width))), size
        self._slide = rng.uniform(-0.015, 0.015, 2) * size.height
        self._zoom = float(rng.choice([0.0, 0.02, -0.02]))
        self._start_seconds = take.start_seconds

    def paint(self, time_seconds: float) -> Canvas:
        """[H, W, 3] at an instant."""
        since = time_seconds - self._start_seconds
        margin = np.array([self._size.width, self._size.height]) * 0.15
        dx, dy = self._slide * since - margin
        canvas = shifted(self._view, float(dx), float(dy), size=self._size)
        return shifted(canvas, 0, 0, zoom=1.1 + self._zoom * since)


def _words(rng: np.random.Generator) -> str:
    """A line of words in no language."""
    words = ("".join(rng.choice(SYLLABLES, int(rng.integers(1, 4)))) for _ in range(int(rng.integers(1, 4))))
    return " ".join(word.capitalize() for word in words)


def _swaying(phase: float) -> Posture:
    swing = np.sin(2 * phase)
    return Posture(np.array([0.2 * swing, 0.6 * swing, 0.4, -0.6 * swing, 0.4, 0.2 * swing, -0.2, -0.2 * swing, -0.2]))
