"""A face in face coordinates: relief, skin, eyes, brows, beard and glasses once for a take, the mouth for every picture.

(u, v): u to the right, v downwards, the face about 1 wide to either side and from −1.3 (crown) to 1.3 (chin). The
relief is a sum of smooth bumps that light falls on. Detectors look for what a lit face has: eyes darker than forehead
and cheeks, a bright ridge of the nose, a dark mouth. Eyes are painted open and shut; a blink mixes the two. The mouth is
opened by the jaw and shaped by the vowel. Hair is what is seen behind a head and what lies before the forehead.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike

from research.painted.camera import Lamps, lit
from research.painted.canvas import Canvas, Mask, Size, between, gradient, mixed, noise, scaled, smoothstep, tinted
from research.painted.person import Hair, Person, Pose

LEFT, RIGHT, TOP, BOTTOM = -1.5, 1.5, -1.75, 1.65  # of what is painted
EYE_LINE, EYE_APART, EYE_HALF = -0.085, 0.40, 0.215
MOUTH_LINE = 0.755
CROWN, CHIN = -1.32, 1.30


@dataclass(frozen=True)
class FaceGrid:
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

    def within(self, part: tuple[slice, slice]) -> FaceGrid:
        """The same, for a part of the texture."""
        return FaceGrid(self.u[part], self.v[part], self.per_unit)


def face_grid(per_unit: float) -> FaceGrid:
    """A texture of the whole head."""
    height, width = round((BOTTOM - TOP) * per_unit), round((RIGHT - LEFT) * per_unit)
    v, u = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(per_unit)
    return FaceGrid(u + np.float32(LEFT), v + np.float32(TOP), per_unit)


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


def relief(grid: FaceGrid, person: Person) -> Mask:
    """How far the face stands out."""
    u, v, both = grid.u, grid.v, np.abs(grid.u)
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


def paint_skin(grid: FaceGrid, person: Person, lamps: Lamps) -> Canvas:
    """Skin with its reds and shadows, lit; lips only as a tone, the mouth is painted for every picture."""
    u, v, both = grid.u, grid.v, np.abs(grid.u)
    skin, deep = np.asarray(person.skin, np.float32), scaled(person.deep, 0.72)
    albedo = np.broadcast_to(skin, (*u.shape, 3))
    blush = 0.24 * bump(both, v, (0.52, 0.36), (0.26, 0.20)) + 0.14 * bump(u, v, (0, 0.42), (0.16, 0.12))
    albedo = mixed(albedo, person.deep, blush)
    shade = 0.48 * bump(both, v, (EYE_APART, -0.13), (0.25, 0.11))
    shade += 0.60 * bump(both, v, (0.085 * person.nose, 0.475), (0.05, 0.022))
    shade += 0.25 * bump(u, v, (0, 0.545), (0.13, 0.05)) + 0.22 * bump(u, v, (0, 0.99), (0.2, 0.05))
    shade += 0.25 * person.age * bump(both, v, (0.40, 0.08), (0.16, 0.05))  # bags under the eyes
    albedo = mixed(albedo, deep, np.minimum(shade, 1))
    albedo = mixed(albedo, scaled(person.hair, 1.1), _beard(grid, person))
    soft = np.asarray(cv2.GaussianBlur(relief(grid, person), (0, 0), max(0.013 * grid.per_unit, 0.5)), np.float32)
    return lit(soft, albedo, lamps, per_unit=grid.per_unit, gloss=0.12)


def _beard(grid: FaceGrid, person: Person) -> Mask:
    if person.beard == 0:
        return np.zeros_like(grid.u)
    u, v, both = grid.u, grid.v, np.abs(grid.u)
    line = 0.42 + 0.35 * np.exp(-((u / 0.42) ** 2))  # lower in the middle
    cheeks = smoothstep(0.0, 0.22, v - line + 0.55 * smoothstep(0.62, 0.9, both))
    bare = smoothstep(0.9, 1.25, np.hypot(u / 0.36, (v - MOUTH_LINE) / 0.15))
    amount = cheeks * bare
    if person.moustache:
        amount = np.maximum(amount, bump(both, v, (0.14, 0.60), (0.20, 0.055)))
    return np.asarray(0.85 * person.beard * np.minimum(amount, 1), np.float32)


def paint_eyes(face: Canvas, grid: FaceGrid, person: Person, lamps: Lamps, *, shut: bool) -> None:
    """Both eyes with their brows, into the face; shut ones are a lid and a lash."""
    for side in (-1, 1):
        at = side * EYE_APART
        part = grid.part(at - 0.40, at + 0.40, EYE_LINE - 0.42, EYE_LINE + 0.30)
        face[part] = _eye(face[part], grid.within(part), person, lamps, (side, shut))
    if person.glasses:
        _glasses(face, grid)


def _eye(face: Canvas, grid: FaceGrid, person: Person, lamps: Lamps, which: tuple[int, bool]) -> Canvas:
    side, shut = which
    x, y = side * grid.u - EYE_APART, grid.v - EYE_LINE + 0.06 * (side * grid.u - EYE_APART)
    arch = np.maximum(1 - (x / EYE_HALF) ** 2, 0).astype(np.float32)
    top, bottom = (0.05 * arch if shut else -0.118 * arch**0.75), 0.062 * arch
    edge, light = grid.edge, 0.25 + 0.75 * max(lamps.key)
    if not shut:
        opened = smoothstep(-edge, edge, y - top) * smoothstep(edge, -edge, y - bottom) * (arch > 0)
        face = mixed(face, _eyeball(x, y, top, person) * light, opened)
    wide = smoothstep(EYE_HALF + 0.03, EYE_HALF - 0.03, np.abs(x))
    thin = max(0.016, 0.4 / grid.per_unit)
    lash = np.exp(-(((y - top + 0.008) / thin) ** 2)) * wide
    crease = np.exp(-(((y + 0.165 * arch + 0.01) / thin) ** 2)) * (arch > 0.05)
    face = mixed(face, scaled(person.deep, 0.5 * light), 0.4 * crease)
    face = mixed(face, (0.08, 0.05, 0.045), 0.92 * lash)
    line = y + 0.25 + 0.085 * np.maximum(1 - ((x - 0.06) / 0.34) ** 2, 0) - 0.03 * x
    thick = max((0.034 * person.brows), 0.5 / grid.per_unit) * smoothstep(0.34, 0.0, x) + 0.008
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


def _glasses(face: Canvas, grid: FaceGrid) -> None:
    u, v = np.abs(grid.u), grid.v
    rim = np.abs(np.hypot((u - EYE_APART) / 1.12, v - EYE_LINE - 0.02) - 0.27)
    bridge = np.maximum(np.abs(v - EYE_LINE), u - 0.12)
    arm = np.maximum(np.abs(v - EYE_LINE + 0.02), 0.70 - u)
    line = np.minimum(np.minimum(rim, bridge), arm)
    half = max(0.018, 0.45 / grid.per_unit)
    face[:] = mixed(face, (0.06, 0.05, 0.05), 0.9 * smoothstep(half + grid.edge, half, line))


MOUTH_LEFT, MOUTH_RIGHT, MOUTH_TOP, MOUTH_BOTTOM = -0.5, 0.5, 0.48, 1.16  # what a mouth may cover
GAP = 0.26  # of a jaw wide open


def paint_mouth(face: Canvas, grid: FaceGrid, person: Person, pose: Pose, *, light: float) -> Canvas:
    """The mouth's part of a face [h, w, 3], its points at `grid`, `light` falling on it (1 is a bright day)."""
    u, v, edge = grid.u, grid.v, grid.edge
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
    return mixed(face, light * _hollow(grid, top, half, pose.jaw), inside)


def _hollow(grid: FaceGrid, top: Mask, half: float, jaw: float) -> Canvas:
    """What is seen between the lips: the upper teeth, the tongue, else the dark."""
    u, v = grid.u, grid.v
    teeth = smoothstep(0.075, 0.055, v - top) * smoothstep(0.85 * half, 0.6 * half, np.abs(u)) * min(1.0, 5 * jaw)
    tongue = 0.7 * bump(u, v - top, (0, 0.9 * GAP * jaw), (0.6 * half, 0.3 * GAP * jaw + 0.01))
    dark = np.broadcast_to(np.array([0.15, 0.04, 0.04], np.float32), (*u.shape, 3))
    return mixed(mixed(dark, (0.55, 0.22, 0.22), tongue), (0.85, 0.80, 0.74), teeth)


# Half width and height of what is seen behind, and how far down it reaches.
BEHIND: dict[Hair, tuple[float, float, float]] = {
    "short": (1.02, 1.16, 0.1),
    "bob": (1.15, 1.24, 1.0),
    "long": (1.17, 1.24, 1.6),
    "bald": (0.0, 0.0, 0.0),
    "bun": (1.03, 1.2, 0.3),
    "curls": (1.28, 1.36, 0.75),
}


def paint_hair(rng: np.random.Generator, grid: FaceGrid, person: Person, lamps: Lamps) -> Canvas:
    """Strands that follow the head, with a band of light across them."""
    u, v = grid.u, grid.v
    size = Size(*u.shape)
    curly = person.style == "curls"
    cell = (0.12, 0.12) if curly else (0.05, 1.8)
    strands = noise(rng, size, cell=(cell[0] * grid.per_unit, cell[1] * grid.per_unit), octaves=3)
    bend = np.asarray(u * (1 + 0.35 * v), np.float32)
    at = ((bend - u.min()) * grid.per_unit).astype(np.float32)
    rows = ((v - v.min()) * grid.per_unit).astype(np.float32)
    strands = np.asarray(cv2.remap(strands, at, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)
    side = float(lamps.key_from[0])
    band = np.exp(-(((v + 1.0 + 0.2 * np.cos(2 * u)) / 0.28) ** 2)) * (0.6 + 0.4 * np.tanh(2 * side * u + 0.5))
    light = (0.45 + 0.9 * band) * (0.55 + 0.75 * strands)
    key = np.asarray(lamps.key, np.float32) + np.asarray(lamps.ambient, np.float32)
    return tinted(person.hair, light) * key + tinted(scaled(lamps.key, 0.07), band * strands)


def hair_behind(rng: np.random.Generator, grid: FaceGrid, person: Person, lamps: Lamps) -> tuple[Canvas, Mask]:
    """What is seen behind the head, and where."""
    u, v = grid.u, grid.v
    wide, high, down = BEHIND[person.style]
    if wide == 0:
        return np.zeros((*u.shape, 3), np.float32), np.zeros_like(u)
    edge = grid.edge
    if person.style == "curls":
        wide, high = 1.18, 1.28
        edge = 0.08
    around = np.hypot(u / wide, (np.minimum(v, 0.10) + 0.30) / high)
    cover = smoothstep(1 + edge, 1 - edge, around) * smoothstep(down + 0.03, down - 0.03, v + 0.12 * np.cos(2.6 * u))
    if person.style == "bun":
        cover = np.maximum(cover, smoothstep(0.34 + edge, 0.34 - edge, np.hypot(u, v + 1.45)))
    return paint_hair(rng, grid, person, lamps) * np.float32(0.6), cover


def fringe_cover(grid: FaceGrid, person: Person) -> Mask:
    """Where hair lies before the face: a fringe with a parting, and the sides."""
    if person.style == "bald":
        return np.zeros_like(grid.u)
    u, v, edge = grid.u, grid.v, 2 * grid.edge
    parting = 0.34 * (1 if person.width > 0.98 else -1)
    long = person.style in ("bob", "long")
    fringe = -0.66 - 0.16 * np.cos(1.7 * (u + parting)) + 0.46 * np.maximum(np.abs(u + parting) - 0.05, 0) ** 2.2
    if not long:
        fringe = -0.80 - 0.10 * np.cos(3.0 * u + parting) + 0.30 * np.abs(u) ** 2.5
    sides = (
        np.abs(u)
        - (0.84 if long else 0.90)
        + 0.13 * smoothstep(0.0, 1.1, v)
        + (0 if long else -2 * np.maximum(v + 0.1, 0))
    )
    covered = 0.06 * np.logaddexp((fringe - v) / 0.06, -np.minimum(-sides, 6) / 0.06)  # one or the other, rounded
    head = (
        np.hypot(u / 1.06, (np.minimum(v, 0.1) + 0.28) / 1.16)
        if not long
        else np.hypot(u / 1.13, (np.minimum(v, 0.1) + 0.3) / 1.22)
    )
    inside = smoothstep(1 + grid.edge, 1 - grid.edge, head)
    return smoothstep(-edge, edge, covered) * inside * smoothstep(1.08, 1.0, v)
