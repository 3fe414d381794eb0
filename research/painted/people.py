"""A take of people: one or two heads before a place out of focus, one of them speaking or none."""

from __future__ import annotations

import numpy as np

from research.painted.acting import draw_temper, pose_at
from research.painted.canvas import Canvas, Size, shifted, soft
from research.painted.head import BOX, Head, Placed
from research.painted.indoors import draw_room, draw_studio
from research.painted.lamps import draw_lamps
from research.painted.layers import Scape
from research.painted.outdoors import draw_hills, draw_street, draw_wood
from research.painted.person import draw_person
from research.painted.storyboard import Light, Take
from research.painted.timing import Timing

INDOORS, OUTDOORS = (draw_room, draw_studio), (draw_hills, draw_street, draw_wood, draw_studio)


class People:
    """The take, ready to be painted at any instant."""

    def __init__(self, take: Take, timing: Timing, size: Size) -> None:
        rng, place = np.random.default_rng(take.seed), np.random.default_rng(take.place_seed)
        lamps = draw_lamps(place, take.light)
        self._timing = timing
        self._start_seconds = take.start_seconds
        self._zoom = float(rng.choice([0.0, 0.0, 0.004, 0.012]))  # per second: a slow push in
        blur = float(rng.uniform(0.008, 0.03)) * size.height * (0.4 + take.closeness)
        self._behind = soft(_place(place, take.light, size).painted(size, float(rng.uniform(0, size.width))), blur)
        per_unit = take.closeness * size.height / BOX
        self._seats = _seats(rng, take, size, per_unit)
        below = (size.height - min(seat.y for seat in self._seats)) / per_unit + 0.5
        self._heads = [Head(rng, draw_person(seed), lamps, per_unit=per_unit, below=below) for seed in take.people]
        self._tempers = [
            draw_temper(rng, take.start_seconds, take.end_seconds, speaks=number == take.speaking)
            for number in range(len(take.people))
        ]

    def paint(self, time_seconds: float) -> Canvas:
        """[H, W, 3] at an instant."""
        poses = [pose_at(temper, self._timing, time_seconds) for temper in self._tempers]
        canvas = shifted(self._behind, -6 * poses[0].turn, -3 * poses[0].nod, zoom=1.03)
        for head, seat, pose in zip(self._heads, self._seats, poses, strict=True):
            head.paint(canvas, seat, pose)
        zoom = 1 + self._zoom * (time_seconds - self._start_seconds)
        return canvas if zoom == 1 else shifted(canvas, 0, 0, zoom=zoom)


def _place(rng: np.random.Generator, light: Light, size: Size) -> Scape:
    draws = INDOORS if light == "indoors" else OUTDOORS
    return draws[int(rng.integers(len(draws)))](rng, light, size)


def _seats(rng: np.random.Generator, take: Take, size: Size, per_unit: float) -> list[Placed]:
    """Where the heads are: near the upper third, side by side where there are two."""
    middle, down = size.width / 2, size.height * float(rng.uniform(0.42, 0.54))
    down = max(down, 1.15 * per_unit)  # at most the hair is cut off
    if len(take.people) == 1:
        return [Placed(middle + float(rng.uniform(-0.18, 0.18)) * size.width, down, per_unit)]
    apart = max(0.2 * size.width, 1.3 * per_unit)
    return [
        Placed(middle + side * apart, down + float(rng.normal(0, 0.02)) * size.height, per_unit) for side in (-1, 1)
    ]
