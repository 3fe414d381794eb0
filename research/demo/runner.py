"""The runner: limbs from a running cycle, drawn as one dark figure."""

from dataclasses import dataclass

import numpy as np

from research.demo.canvas import Canvas, polygon, smoothstep, stroke
from research.demo.story import ACTION, STRIDES_PER_SECOND

LEAP_SECONDS = 18.88


def _joint(at: tuple[float, float], angle: float, length: float) -> tuple[float, float]:
    """The end of a limb; angle 0 hangs down, positive swings forward (right)."""
    return at[0] + length * np.sin(angle), at[1] + length * np.cos(angle)


@dataclass(frozen=True)
class Body:
    """The runner's limbs as paths, in units of his height, hips at (0, 0), y downwards."""

    legs: tuple[tuple[tuple[float, float], ...], ...]
    arms: tuple[tuple[tuple[float, float], ...], ...]
    neck: tuple[float, float]
    head: tuple[float, float]

    @property
    def lowest(self) -> float:
        return max(point[1] for leg in self.legs for point in leg)


def body_at(time_seconds: float) -> Body:
    """Running, or stretched out in the leap. A foot lands whenever half a turn of the phase is complete."""
    phase = np.pi * STRIDES_PER_SECOND * (time_seconds - ACTION.start_seconds)
    air = float(smoothstep(0.0, 0.15, np.float64(time_seconds - LEAP_SECONDS)))
    lean = 0.26 + 0.08 * np.sin(2 * phase)
    neck = _joint((0, 0), np.pi - lean, 0.31)
    legs, arms = [], []
    for side in (0, np.pi):
        swing = np.cos(phase + side + 0.35)
        thigh = (1 - air) * (0.22 + 0.88 * swing) + air * (1.15 if side else -0.75)
        flex = (1 - air) * (0.20 + 0.72 * (1 - np.sin(phase + side + 0.35))) + air * (0.35 if side else 0.9)
        knee = _joint((0, 0), thigh, 0.255)
        ankle = _joint(knee, thigh - flex, 0.25)
        legs.append(((0.0, 0.0), knee, ankle, _joint(ankle, thigh - flex + 1.25, 0.085)))
        shoulder = _joint((0, 0), np.pi - lean, 0.28)
        upper = (1 - air) * (-0.10 - 0.85 * swing) + air * (2.4 if side else -1.3)
        elbow = _joint(shoulder, upper, 0.16)
        arms.append((shoulder, elbow, _joint(elbow, upper + (1.35 if air < 0.5 else 0.3), 0.16)))
    return Body(tuple(legs), tuple(arms), neck, _joint(neck, np.pi - lean - 0.15, 0.085))


def draw_figure(
    canvas: Canvas, body: Body, place: tuple[float, float], size: float, colour: tuple[float, float, float]
) -> None:
    def at(path: object) -> np.ndarray:
        return np.asarray(path) * size + place

    for leg in (body.legs[1], body.legs[0]):
        stroke(canvas, at(leg[:3]), 0.105 * size, colour, end=0.055 * size)
        stroke(canvas, at(leg[2:]), 0.055 * size, colour, end=0.035 * size)
    stroke(canvas, at(body.arms[1]), 0.066 * size, colour, end=0.042 * size)
    nx, ny = body.neck
    coat = (
        (nx - 0.085, ny + 0.02),
        (nx + 0.06, ny),
        (nx + 0.085, ny + 0.08),
        (0.105, -0.02),
        (0.06, 0.09),
        (-0.12, 0.15),
        (-0.17, 0.10),
        (-0.10, -0.04),
    )
    polygon(canvas, at(coat), colour)
    stroke(canvas, at((body.neck, body.head)), 0.075 * size, colour)
    stroke(canvas, at((body.head, (body.head[0] + 0.012, body.head[1] - 0.03))), 0.125 * size, colour, end=0.118 * size)
    stroke(canvas, at(body.arms[0]), 0.070 * size, colour, end=0.045 * size)
