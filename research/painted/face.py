"""A face, painted once for a take: relief, skin, eyes, brows, beard, glasses, in face coordinates.

(u, v): u to the right, v downwards, the face about 1 wide to either side and from −1.3 (crown) to 1.3 (chin). The
relief is a sum of smooth bumps that light falls on. The cascades look for what a lit face has: eyes darker than
forehead and cheeks, a bright ridge of the nose, a dark mouth. Eyes are painted open and shut; a blink mixes the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike

from research.painted.canvas import Canvas, Mask, between, gradient, mixed, scaled, smoothstep, tinted
from research.painted.lamps import Lamps, lit
from research.painted.person import Person

LEFT, RIGHT, TOP, BOTTOM = -1.5, 1.5, -1.75, 1.65  # of what is painted
EYE_LINE, EYE_APART, EYE_HALF = -0.085, 0.40, 0.215
MOUTH_LINE = 0.755
CROWN, CHIN = -1.32, 1.30


@dataclass(frozen=True)
class Ground:
    """The face coordinates of a texture's points."""

    u: Mask
    v: Mask
    per_unit: float  # texture points for one unit of face

    @property
    def edge(self) -> float:
        """Half the width of a smooth edge: about one point."""
        return 1.1 / self.per_unit

    def part(self, left: float, right: float, top: float, bottom: float) -> tuple[slice, slice]:
        """The rows and columns between these coordinates."""
        rows = (round((v - TOP) * self.per_unit) for v in (top, bottom))
        columns = (round((u - LEFT) * self.per_unit) for u in (left, right))
        return slice(*rows), slice(*columns)

    def within(self, part: tuple[slice, slice]) -> Ground:
        """The same, for a part of the texture."""
        return Ground(self.u[part], self.v[part], self.per_unit)


def ground_of(per_unit: float) -> Ground:
    """A texture of the whole head."""
    height, width = round((BOTTOM - TOP) * per_unit), round((RIGHT - LEFT) * per_unit)
    v, u = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(per_unit)
    return Ground(u + np.float32(LEFT), v + np.float32(TOP), per_unit)


def bump(u: ArrayLike, v: ArrayLike, at: tuple[float, float], size: tuple[float, float]) -> Mask:
    """A smooth hill of height 1."""
    across, down = np.subtract(u, at[0]) / size[0], np.subtract(v, at[1]) / size[1]
    return np.asarray(np.exp(-(across**2) - down**2), np.float32)


def half_width(v: Mask, person: Person) -> Mask:
    """The outline of the face: how wide it is at each height."""
    middle, reach = 0.5 * (CHIN + CROWN), 0.5 * (CHIN - CROWN)
    along = np.clip((v - middle) / reach, -1, 1)
    oval = np.sqrt(np.maximum(1 - np.abs(along) ** 2.3, 0))
    jaw = 1 - person.taper * smoothstep(0.10, 1.25, v)
    return np.asarray(0.96 * person.width * oval * jaw - 0.1 * (np.abs(along) >= 1), np.float32)


def relief(ground: Ground, person: Person) -> Mask:
    """How far the face stands out."""
    u, v, both = ground.u, ground.v, np.abs(ground.u)
    wide = np.maximum(half_width(v, person), 1e-3) + 0.015
    z = 0.95 * np.sqrt(np.maximum(1 - (u / wide) ** 2, 0.0)) * np.minimum(wide, 0.95) ** 0.6
    nose = person.nose
    z += nose * (0.13 * bump(u, v, (0, 0.16), (0.13 * nose, 0.34)) + 0.15 * bump(u, v, (0, 0.37), (0.15 * nose, 0.13)))
    z += 0.05 * bump(both, v, (0.15, 0.42), (0.09, 0.08))  # nostrils' wings
    z -= 0.12 * bump(both, v, (EYE_APART, -0.10), (0.24, 0.15))  # eye sockets
    z += 0.05 * bump(both, v, (0.42, -0.33), (0.28, 0.12))  # brows
    z += 0.08 * bump(both, v, (0.50, 0.32), (0.28, 0.22))  # cheeks
    z += 0.05 * bump(u, v, (0, MOUTH_LINE), (0.34, 0.18)) + 0.07 * bump(u, v, (0, 1.12), (0.26, 0.18))  # lips, chin
    z -= 0.04 * person.age * bump(both, v + 0.5 * (both - 0.4), (0.40, 0.55), (0.05, 0.25))  # lines beside the mouth
    return np.asarray(z - 0.02 * bump(u, v, (0, 0.96), (0.26, 0.08)), np.float32)


def paint_skin(ground: Ground, person: Person, lamps: Lamps) -> Canvas:
    """Skin with its reds and shadows, lit; lips only as a tone, the mouth is painted for every picture."""
    u, v, both = ground.u, ground.v, np.abs(ground.u)
    skin, deep = np.asarray(person.skin, np.float32), scaled(person.deep, 0.72)
    albedo = np.broadcast_to(skin, (*u.shape, 3))
    blush = 0.24 * bump(both, v, (0.52, 0.36), (0.26, 0.20)) + 0.14 * bump(u, v, (0, 0.42), (0.16, 0.12))
    albedo = mixed(albedo, person.deep, blush)
    shade = 0.48 * bump(both, v, (EYE_APART, -0.13), (0.25, 0.11))
    shade += 0.60 * bump(both, v, (0.085 * person.nose, 0.475), (0.05, 0.022))
    shade += 0.25 * bump(u, v, (0, 0.545), (0.13, 0.05)) + 0.22 * bump(u, v, (0, 0.99), (0.2, 0.05))
    shade += 0.25 * person.age * bump(both, v, (0.40, 0.08), (0.16, 0.05))  # bags under the eyes
    albedo = mixed(albedo, deep, np.minimum(shade, 1))
    albedo = mixed(albedo, scaled(person.hair, 1.1), _beard(ground, person))
    soft = np.asarray(cv2.GaussianBlur(relief(ground, person), (0, 0), max(0.013 * ground.per_unit, 0.5)), np.float32)
    return lit(soft, albedo, lamps, per_unit=ground.per_unit, gloss=0.12)


def _beard(ground: Ground, person: Person) -> Mask:
    if person.beard == 0:
        return np.zeros_like(ground.u)
    u, v, both = ground.u, ground.v, np.abs(ground.u)
    line = 0.42 + 0.35 * np.exp(-((u / 0.42) ** 2))  # lower in the middle
    cheeks = smoothstep(0.0, 0.22, v - line + 0.55 * smoothstep(0.62, 0.9, both))
    bare = smoothstep(0.9, 1.25, np.hypot(u / 0.36, (v - MOUTH_LINE) / 0.15))
    amount = cheeks * bare
    if person.moustache:
        amount = np.maximum(amount, bump(both, v, (0.14, 0.60), (0.20, 0.055)))
    return np.asarray(0.85 * person.beard * np.minimum(amount, 1), np.float32)


def paint_eyes(face: Canvas, ground: Ground, person: Person, lamps: Lamps, *, shut: bool) -> None:
    """Both eyes with their brows, into the face; shut ones are a lid and a lash."""
    for side in (-1, 1):
        at = side * EYE_APART
        part = ground.part(at - 0.40, at + 0.40, EYE_LINE - 0.42, EYE_LINE + 0.30)
        face[part] = _eye(face[part], ground.within(part), person, lamps, (side, shut))
    if person.glasses:
        _glasses(face, ground)


def _eye(face: Canvas, ground: Ground, person: Person, lamps: Lamps, which: tuple[int, bool]) -> Canvas:
    side, shut = which
    x, y = side * ground.u - EYE_APART, ground.v - EYE_LINE + 0.06 * (side * ground.u - EYE_APART)
    arch = np.maximum(1 - (x / EYE_HALF) ** 2, 0).astype(np.float32)
    top, bottom = (0.05 * arch if shut else -0.118 * arch**0.75), 0.062 * arch
    edge, light = ground.edge, 0.25 + 0.75 * max(lamps.key)
    if not shut:
        opened = smoothstep(-edge, edge, y - top) * smoothstep(edge, -edge, y - bottom) * (arch > 0)
        face = mixed(face, _eyeball(x, y, top, person) * light, opened)
    wide = smoothstep(EYE_HALF + 0.03, EYE_HALF - 0.03, np.abs(x))
    thin = max(0.016, 0.4 / ground.per_unit)
    lash = np.exp(-(((y - top + 0.008) / thin) ** 2)) * wide
    crease = np.exp(-(((y + 0.165 * arch + 0.01) / thin) ** 2)) * (arch > 0.05)
    face = mixed(face, scaled(person.deep, 0.5 * light), 0.4 * crease)
    face = mixed(face, (0.08, 0.05, 0.045), 0.92 * lash)
    line = y + 0.25 + 0.085 * np.maximum(1 - ((x - 0.06) / 0.34) ** 2, 0) - 0.03 * x
    thick = max((0.034 * person.brows), 0.5 / ground.per_unit) * smoothstep(0.34, 0.0, x) + 0.008
    brow = np.exp(-((line / thick) ** 2)) * smoothstep(0.32, 0.22, np.abs(x - 0.01))
    return mixed(face, scaled(between(person.hair, (0.1, 0.06, 0.05), 0.4), light), 0.88 * brow)


def _eyeball(x: Mask, y: Mask, top: Mask, person: Person) -> Canvas:
    """White, iris, pupil and a spark."""
    far = np.hypot(x, y + 0.022)
    rim, black = scaled(person.eyes, 0.45), (0.05, 0.04, 0.04)
    iris = gradient(
        ((0.0, black), (0.05, black), (0.06, person.eyes), (0.09, scaled(person.eyes, 0.8)), (0.11, rim)), far
    )
    white = tinted((0.90, 0.87, 0.84), 0.65 + 0.3 * smoothstep(0.0, 0.10, y - top))
    ball = mixed(white, iris, smoothstep(0.122, 0.104, far))
    ball *= (0.55 + 0.45 * smoothstep(0.0, 0.06, y - top))[..., None]
    return ball + bump(x, y, (0.035, -0.05), (0.025, 0.025))[..., None]


def _glasses(face: Canvas, ground: Ground) -> None:
    u, v = np.abs(ground.u), ground.v
    rim = np.abs(np.hypot((u - EYE_APART) / 1.12, v - EYE_LINE - 0.02) - 0.27)
    bridge = np.maximum(np.abs(v - EYE_LINE), u - 0.12)
    arm = np.maximum(np.abs(v - EYE_LINE + 0.02), 0.70 - u)
    line = np.minimum(np.minimum(rim, bridge), arm)
    half = max(0.018, 0.45 / ground.per_unit)
    face[:] = mixed(face, (0.06, 0.05, 0.05), 0.9 * smoothstep(half + ground.edge, half, line))
