"""A mouth at one instant: lips, teeth and the dark between, opened by the jaw and shaped by the vowel."""

from __future__ import annotations

import numpy as np

from research.painted.acting import Pose
from research.painted.canvas import Canvas, Mask, mixed, scaled, smoothstep, tinted
from research.painted.face import MOUTH_LINE, Ground, bump
from research.painted.person import Person

LEFT, RIGHT, TOP, BOTTOM = -0.5, 0.5, 0.48, 1.16  # what a mouth may cover
GAP = 0.26  # of a jaw wide open


def paint_mouth(face: Canvas, ground: Ground, person: Person, pose: Pose, *, light: float) -> Canvas:
    """The mouth's part of a face [h, w, 3], its points at `ground`, `light` falling on it (1 is a bright day)."""
    u, v, edge = ground.u, ground.v, ground.edge
    half = 0.325 * person.mouth_width * (1 - 0.26 * pose.lips) * (1 - 0.08 * pose.jaw)
    gap = 0.012 + GAP * pose.jaw * (1 + 0.15 * pose.lips)
    centre = MOUTH_LINE * person.mouth_height - 0.015 * pose.jaw
    arch = np.sqrt(np.maximum(1 - (u / half) ** 2, 0))
    corner = 0.05 * (u / half) ** 2 * (1.1 - pose.lips)
    top, bottom = centre - corner - 0.28 * gap * arch, centre - corner + 0.72 * gap * arch
    cupid = 0.072 * arch**0.9 * (1 - 0.20 * np.exp(-((u / 0.05) ** 2))) + 0.012
    wide = smoothstep(half + edge, half - edge, np.abs(u))
    upper = smoothstep(-edge, edge, v - top + cupid) * smoothstep(edge, -edge, v - top) * wide
    lower = smoothstep(-edge, edge, v - bottom) * smoothstep(edge, -edge, v - bottom - 0.1 * arch**0.8 - 0.005) * wide
    inside = smoothstep(-edge, edge, v - top) * smoothstep(edge, -edge, v - bottom) * wide
    shine = 0.30 * bump(u, v, (0.05, centre + 0.72 * gap + 0.045), (0.12, 0.018))
    face = mixed(face, scaled(person.lips, 0.78 * light), 0.9 * upper)
    face = mixed(face, tinted(person.lips, light * (1.08 + shine)), 0.9 * lower)
    return mixed(face, light * _hollow(ground, top, half, pose.jaw), inside)


def _hollow(ground: Ground, top: Mask, half: float, jaw: float) -> Canvas:
    """What is seen between the lips: the upper teeth, the tongue, else the dark."""
    u, v = ground.u, ground.v
    teeth = smoothstep(0.075, 0.055, v - top) * smoothstep(0.85 * half, 0.6 * half, np.abs(u)) * min(1.0, 5 * jaw)
    tongue = 0.7 * bump(u, v - top, (0, 0.9 * GAP * jaw), (0.6 * half, 0.3 * GAP * jaw + 0.01))
    dark = np.broadcast_to(np.array([0.15, 0.04, 0.04], np.float32), (*u.shape, 3))
    return mixed(mixed(dark, (0.55, 0.22, 0.22), tongue), (0.85, 0.80, 0.74), teeth)
