"""Takes of action: blasts, things that crash, fights and chases, whose hits fall on the onsets of the effects.

What falls or lunges is under way before its hit, as things are; the hit is in the picture whose time it is. between
hits everything moves as busily as the effects are loud.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from limelight.types import Vector
from research.painted.bursts import LASTS_SECONDS, Hit, paint_burst
from research.painted.camera import shaken
from research.painted.canvas import Canvas, Colour, Size, disc, polygon, scaled, stroke
from research.painted.figure import draw_dress, draw_figure, lunging, running, standing, struck
from research.painted.places import draw_hills, draw_room, draw_street
from research.painted.sky import BRIGHTNESS, Place, Rainfall
from research.painted.storyboard import Subject, Take
from research.painted.timing import CURVE_RATE, Burst, Onset, Timing

FALL_SECONDS, LUNGE_SECONDS, RECOIL_SECONDS = 0.5, 0.22, 0.35
WOOD = (0.72, 0.44, 0.24)
FAINTEST = 0.12  # onsets weaker than this move nothing
BURSTS: dict[Subject, tuple[Burst, ...]] = {
    "blast": ("fire", "fire", "sparks"),
    "crash": ("pieces", "dust", "sparks"),
    "fight": ("dust", "sparks"),
    "chase": ("fire", "pieces", "sparks", "dust"),
}


class Action:
    """One take, ready to be painted at any instant."""

    def __init__(self, take: Take, timing: Timing, size: Size) -> None:
        rng, place_rng = np.random.default_rng(take.seed), np.random.default_rng(take.place_seed)
        self._subject, self._light, self._size = take.subject, take.light, size
        self._place = _draw_place(place_rng, take, size)
        self._ground = min(0.95, self._place.horizon + float(rng.uniform(0.1, 0.2))) * size.height
        self._onsets = tuple(
            onset
            for onset in timing.hits
            if take.start_seconds - LASTS_SECONDS < onset.time_seconds < take.end_seconds + 1
            and onset.strength > FAINTEST
        )
        self._hits = [self._hit(take.seed, onset) for onset in self._onsets]
        self._pan = _travelled(timing, rng, take.subject) * size.height  # [T] points
        drawn = float(rng.uniform(0.35, 0.75))
        self._tall = (take.closeness or drawn) * size.height
        light = max(BRIGHTNESS[take.light], 0.5)  # seen against the night
        self._dresses = [draw_dress(rng, light=light) for _ in range(3)]
        if take.people:
            self._dresses = [draw_dress(np.random.default_rng(seed), light=light) for seed in take.people]
        self._colours = [scaled(tuple(rng.uniform(0.1, 0.9, 3)), light) for _ in range(4)]
        self._phase, self._poles = float(rng.random()), int(rng.choice([0, 0, 1, 2]))
        self._movers = rng.uniform((0, 0.4, 0.04), (6, 1.3, 0.11), (3, 3)).tolist()  # phase, speed, radius
        self._rainfall = Rainfall(rng, chance=0.0, wanted=take.weather)

    def paint(self, time_seconds: float) -> Canvas:
        """[H, W, 3] at an instant."""
        pan = float(np.interp(time_seconds * CURVE_RATE, np.arange(len(self._pan)), self._pan))
        canvas = self._place.painted(self._size, pan)
        {"blast": self._bystanders, "crash": self._crash, "fight": self._fight, "chase": self._chase}[self._subject](
            canvas, time_seconds, pan
        )
        for hit in self._hits:
            drift = self._drift(hit, time_seconds)
            paint_burst(canvas, replace(hit, x=hit.x + drift), time_seconds)
        self._rainfall.paint(canvas, time_seconds)
        return shaken(canvas, self._onsets, time_seconds)

    def _hit(self, seed: int, onset: Onset) -> Hit:
        rng = np.random.default_rng([seed, round(1000 * onset.time_seconds)])  # nothing else depends on it
        kinds = BURSTS[self._subject]
        burst = kinds[int(rng.integers(len(kinds)))]
        height, width = self._size
        x = width * float(rng.uniform(0.44, 0.56) if self._subject == "fight" else rng.uniform(0.15, 0.85))
        y = self._ground - height * float(rng.uniform(0.03, 0.3 if burst in ("fire", "sparks") else 0.08))
        if self._subject == "fight":
            y = self._ground - 0.3 * height
        wood = scaled(WOOD, max(BRIGHTNESS[self._light], 0.5)) if onset.burst else None
        if onset.burst:
            burst, x = onset.burst, onset.across * width
        size = (0.35 + 0.9 * onset.strength) * (0.65 if self._subject == "fight" else 1.0)
        return Hit(onset.time_seconds, x, y, self._ground, size, burst, int(rng.integers(2**31)), wood)

    def _drift(self, hit: Hit, time_seconds: float) -> float:
        """How far what was hit has slid, as the camera travels on."""
        at = np.array([hit.time_seconds, time_seconds]) * CURVE_RATE
        before, now = np.interp(at, np.arange(len(self._pan)), self._pan)
        return float(before - now)

    def _bystanders(self, canvas: Canvas, time_seconds: float, pan: float) -> None:
        """People who run from it, and back."""
        for number, (phase, speed, _) in enumerate(self._movers[:2]):
            x = (0.3 + 0.4 * number) * self._size.width + 0.4 * self._size.width * np.sin(
                0.8 * speed * time_seconds + phase
            )
            facing = 1 if np.cos(0.8 * speed * time_seconds + phase) > 0 else -1
            posture = running(time_seconds * 2.2 * speed + phase)
            draw_figure(canvas, posture, (x, self._ground), 0.6 * self._tall, self._dresses[number], facing=facing)

    def _crash(self, canvas: Canvas, time_seconds: float, pan: float) -> None:
        """Balls and boxes that roll about, and one that falls to each hit."""
        height, width = self._size
        for number, (phase, speed, radius) in enumerate(self._movers):
            x = width * (0.5 + 0.48 * np.sin(1.3 * speed * time_seconds + phase))
            bounce = 0.3 * height * abs(np.sin(2.1 * speed * time_seconds + phase))
            self._thing(canvas, x, self._ground - radius * height - bounce, radius * height, number, 3 * time_seconds)
        for number, hit in enumerate(self._hits):
            self._fall(canvas, hit, number, time_seconds)

    def _fall(self, canvas: Canvas, hit: Hit, number: int, time_seconds: float) -> None:
        """A thing on its way down to where it hits."""
        left, height = (hit.time_seconds - time_seconds) / FALL_SECONDS, self._size.height
        if 0 < left <= 1:
            half = 0.09 * hit.size * height
            y = hit.y - half - (height + 2 * half) * (1 - (1 - left) ** 2)
            self._thing(canvas, hit.x + self._drift(hit, time_seconds), y, half, number, 5 * left, hit.colour)

    def _thing(
        self, canvas: Canvas, x: float, y: float, half: float, number: int, angle: float, colour: Colour | None = None
    ) -> None:
        colour = colour or self._colours[number % 4]
        if number % 2:
            disc(canvas, x, y, half, scaled(colour, 0.7))
            disc(canvas, x - 0.25 * half, y - 0.3 * half, 0.6 * half, colour)
            return
        corners = (
            np.array([(np.cos(angle + k * np.pi / 2), np.sin(angle + k * np.pi / 2)) for k in range(4)]) * 1.3 * half
        )
        polygon(canvas, np.add(corners, (x, y)), scaled(colour, 0.5))
        polygon(canvas, np.add(0.8 * corners, (x, y)), colour)

    def _fight(self, canvas: Canvas, time_seconds: float, pan: float) -> None:
        """Two who step about; at each hit one strikes and the other is thrown back."""
        width, ready = self._size.width, standing().toward(lunging(), 0.35)
        postures, places = [ready, ready], [0.0, 0.0]
        for hit in self._hits:
            away = time_seconds - hit.time_seconds
            blow = np.clip(1 + away / LUNGE_SECONDS, 0, 1) if away < 0 else np.exp(-away / RECOIL_SECONDS)
            if blow > 0.05:
                striker = hit.seed % 2
                postures[striker] = postures[striker].toward(lunging(), float(blow))
                places[striker] += 0.25 * float(blow)
                if away >= 0:
                    postures[1 - striker] = postures[1 - striker].toward(struck(), float(blow))
                    places[1 - striker] -= 0.3 * float(blow)
        for k, side in enumerate((-1, 1)):
            step = 0.08 * np.sin(2.1 * time_seconds + 3 * k) + places[k] - 0.32
            x = width / 2 + side * -step * self._tall
            feet = (x, self._ground + 0.02 * self._size.height * np.sin(3.3 * time_seconds + k))
            draw_figure(canvas, postures[k], feet, 1.1 * self._tall, self._dresses[k], facing=-side)

    def _chase(self, canvas: Canvas, time_seconds: float, pan: float) -> None:
        """One who runs, one who follows; poles fly by before them, and things fall where it is known that they do."""
        height, width = self._size
        strides = pan / height * 1.1 + self._phase
        for number, (hit, onset) in enumerate(zip(self._hits, self._onsets, strict=True)):
            if onset.burst == "pieces":
                self._fall(canvas, hit, number, time_seconds)
        for k, at in enumerate((0.68, 0.24)[: len(self._dresses)]):
            x = width * (at + 0.06 * np.sin(0.7 * time_seconds + 2 * k))
            draw_figure(canvas, running(strides + 0.3 * k), (x, self._ground), self._tall, self._dresses[k])
        for k in range(self._poles):
            x = width - (1.5 * pan + k * 1.3 * width) % (2.6 * width) + 0.3 * width
            stroke(canvas, ((x, -5), (x, height + 5)), 0.03 * height, scaled(self._colours[k], 0.25))


def _draw_place(rng: np.random.Generator, take: Take, size: Size) -> Place:
    if take.light == "indoors":
        return draw_room(rng, take.light, size)
    return (draw_street if rng.random() < 0.6 else draw_hills)(rng, take.light, size)


def _travelled(timing: Timing, rng: np.random.Generator, subject: Subject) -> Vector:
    """How far the camera has gone at each hundredth of a second, picture heights: quicker while effects are loud."""
    quiet, loud = {"chase": (0.6, 1.6), "fight": (0.0, 0.08), "crash": (0.0, 0.25), "blast": (0.0, 0.15)}[subject]
    side = float(rng.choice([-1, 1])) if subject != "chase" else 1.0
    speed = quiet + (loud - quiet) * timing.effects_level
    return np.asarray(np.cumsum(speed) / CURVE_RATE * side * float(rng.uniform(0.6, 1.2)))
