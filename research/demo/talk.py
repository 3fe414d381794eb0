"""The talk: a presenter in close-up, before a softly lit room.

The head is a small shader: every part is a function of face coordinates (u, v), where the face is about 1 wide on
either side of its middle and v grows downwards. Light comes from a height field made of smooth bumps; turning the head
moves a point by how far it stands out, which is what makes the drawing look solid.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from research.demo.acting import Pose, pose_at
from research.demo.canvas import Canvas, Mask, gradient, grid, mixed, noise, rgb, shifted, smoothstep
from research.demo.room import room_behind
from research.demo.story import HEIGHT, WIDTH

SCALE = 196.0  # pixels for one unit of face
CENTRE = (600.0, 372.0)


def direction(x: float, y: float, z: float) -> NDArray[np.float32]:
    """A unit vector: right, down, towards the viewer."""
    return (np.array([x, y, z]) / np.sqrt(x * x + y * y + z * z)).astype(np.float32)


KEY_LIGHT = direction(0.56, -0.42, 0.71)  # from the lamp: right, above, before the face
COOL_LIGHT = direction(-0.85, -0.10, 0.50)  # from the window

SKIN, SKIN_DEEP, LIPS, HAIR = rgb("e6a883"), rgb("b5664c"), rgb("b4504c"), rgb("2e1c17")


def _bump(u: Mask, v: Mask, at: tuple[float, float], size: tuple[float, float]) -> Mask:
    return np.exp(-(((u - at[0]) / size[0]) ** 2) - ((v - at[1]) / size[1]) ** 2)


def _both(u: Mask, v: Mask, at: tuple[float, float], size: tuple[float, float]) -> Mask:
    """The same bump at both sides of the face."""
    return _bump(np.abs(u), v, at, size)


def _half_width(v: Mask, jaw: float) -> Mask:
    """The outline of the face: how wide it is at each height."""
    chin = 1.30 + 0.10 * jaw
    crown = -1.32
    middle = 0.5 * (chin + crown)
    along = np.clip((v - middle) / (0.5 * (chin - crown)), -1, 1)
    oval = np.sqrt(np.maximum(1 - np.abs(along) ** 2.3, 0))
    return 0.96 * oval * (1 - 0.18 * smoothstep(0.10, 1.25, v)) - 0.1 * (np.abs(along) >= 1)


def _relief(u: Mask, v: Mask, around: Mask, jaw: float) -> Mask:
    """How far the face stands out, [H, W]; `around` is u before the features turned."""
    wide = np.maximum(_half_width(v, jaw), 1e-3) + 0.015
    z = 0.95 * np.sqrt(np.maximum(1 - (around / wide) ** 2, 0.0)) * np.minimum(wide, 0.95) ** 0.6
    z += 0.13 * _bump(u, v, (0, 0.16), (0.13, 0.34)) + 0.15 * _bump(u, v, (0, 0.37), (0.15, 0.13))  # nose
    z += 0.05 * _both(u, v, (0.15, 0.42), (0.09, 0.08))  # nostrils' wings
    z -= 0.12 * _both(u, v, (0.40, -0.10), (0.24, 0.15))  # eye sockets
    z += 0.05 * _both(u, v, (0.42, -0.33), (0.28, 0.12))  # brows
    z += 0.08 * _both(u, v, (0.50, 0.32), (0.28, 0.22))  # cheeks
    z += 0.05 * _bump(u, v, (0, 0.76 + 0.05 * jaw), (0.34, 0.18))  # mouth
    z += 0.07 * _bump(u, v, (0, 1.12 + 0.12 * jaw), (0.26, 0.18))  # chin
    return z - 0.02 * _bump(u, v, (0, 0.96 + 0.10 * jaw), (0.26, 0.08))


def _lit(z: Mask, albedo: Canvas, gloss: Mask) -> Canvas:
    """Two soft lights, a little light through the skin, a highlight."""
    dz_dv, dz_du = (d * np.float32(SCALE) for d in np.gradient(z))
    normal = np.stack([-dz_du, -dz_dv, np.ones_like(z)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    key, cool = normal @ KEY_LIGHT, normal @ COOL_LIGHT
    warm = smoothstep(-0.45, 1.0, key)[..., None] * np.array([1.08, 0.96, 0.82], np.float32)
    blue = smoothstep(0.0, 1.0, cool)[..., None] * np.array([0.16, 0.24, 0.36], np.float32)
    through = np.exp(-((key - 0.05) ** 2) / 0.05)[..., None] * np.array([0.10, 0.02, 0.01], np.float32)
    shine = np.maximum(normal @ direction(*np.add(KEY_LIGHT, (0, 0, 1))), 0) ** 28
    return albedo * (0.22 + 0.85 * warm + blue + through) + (gloss * shine)[..., None] * np.array(
        [0.34, 0.29, 0.24], np.float32
    )


def _skin(u: Mask, v: Mask, z: Mask, pose: Pose) -> Canvas:
    albedo = np.broadcast_to(np.asarray(SKIN, np.float32), (*u.shape, 3))
    blush = 0.26 * _both(u, v, (0.52, 0.36), (0.26, 0.20)) + 0.16 * _bump(u, v, (0, 0.42), (0.16, 0.12))
    shade = 0.42 * _both(u, v, (0.40, -0.13), (0.24, 0.10)) + 0.60 * _both(u, v, (0.085, 0.475), (0.05, 0.022))
    shade += 0.22 * _bump(u, v, (0, 0.545), (0.12, 0.05)) + 0.22 * _bump(u, v, (0, 0.99 + 0.1 * pose.jaw), (0.2, 0.05))
    albedo = mixed(
        mixed(albedo, np.array(SKIN_DEEP) * (1.1, 0.9, 0.9), blush), np.array(SKIN_DEEP) * 0.75, np.minimum(shade, 1)
    )
    return _lit(cv2.GaussianBlur(z, (0, 0), 2.5), albedo, np.full_like(u, 0.5))


def _mouth(face: Canvas, u: Mask, v: Mask, pose: Pose, edge: float) -> Canvas:
    """Lips, teeth and the dark between, opened by the jaw and shaped by the vowel."""
    half = 0.325 * (1 - 0.26 * pose.round_lips) * (1 - 0.08 * pose.jaw)
    gap = 0.012 + 0.20 * pose.jaw * (1 + 0.15 * pose.round_lips)
    centre = 0.755 - 0.015 * pose.jaw
    arch = np.sqrt(np.maximum(1 - (u / half) ** 2, 0))
    corner = 0.05 * (u / half) ** 2 * (1.1 - pose.round_lips)  # a smile lifts the corners
    top, bottom = centre - corner - 0.28 * gap * arch, centre - corner + 0.72 * gap * arch
    cupid = 0.072 * (arch**0.9) * (1 - 0.20 * np.exp(-((u / 0.05) ** 2))) + 0.012
    upper = smoothstep(-edge, edge, v - top + cupid) * smoothstep(edge, -edge, v - top)
    lower = smoothstep(-edge, edge, v - bottom) * smoothstep(edge, -edge, v - bottom - 0.100 * arch**0.8 - 0.005)
    inside = smoothstep(-edge, edge, v - top) * smoothstep(edge, -edge, v - bottom)
    wide = smoothstep(half + edge, half - edge, np.abs(u))
    dark = np.array([0.16, 0.035, 0.04])
    teeth = (
        smoothstep(top + 0.075, top + 0.055, v)
        * smoothstep(0.85 * half, 0.6 * half, np.abs(u))
        * min(1.0, 6 * pose.jaw)
    )
    tongue = _bump(u, v, (0, centre + 0.62 * gap), (0.6 * half, 0.3 * gap + 0.01))
    hollow = mixed(
        mixed(np.broadcast_to(dark, face.shape), np.array([0.62, 0.24, 0.24]), 0.7 * tongue),
        np.array([0.93, 0.88, 0.80]),
        teeth,
    )
    lip = np.array(LIPS, np.float32)
    shine = 0.30 * _bump(u, v, (0.05, centre + 0.72 * gap + 0.045), (0.12, 0.018))
    face = mixed(face, lip * 0.78, 0.9 * upper * wide)
    face = mixed(face, lip * (1.08 + shine[..., None]), 0.9 * lower * wide)
    return mixed(face, hollow, inside * wide)


def _eye(face: Canvas, u: Mask, v: Mask, side: int, pose: Pose, edge: float) -> Canvas:
    """One eye: white, iris, pupil and spark behind lids that follow two arcs; lash, crease and brow."""
    x, y = side * u - 0.40, v + 0.085
    half = 0.215
    arch = np.maximum(1 - (x / half) ** 2, 0)
    top, bottom = -0.118 * arch**0.75 * (1 - pose.lids) + 0.05 * pose.lids * arch, 0.062 * arch
    slant = -0.06 * x
    opened = smoothstep(-edge, edge, y - slant - top) * smoothstep(edge, -edge, y - slant - bottom) * (arch > 0)
    gaze = side * u - 0.40 - side * 0.35 * pose.turn
    far = np.hypot(gaze, y + 0.022)
    iris = gradient(((0.0, "16100c"), (0.05, "16100c"), (0.056, "7a5230"), (0.090, "5c3a20"), (0.108, "24150c")), far)
    white = np.array([0.93, 0.89, 0.86]) * (0.72 + 0.28 * smoothstep(0.0, 0.10, y - slant - top))[..., None]
    ball = mixed(white, iris, smoothstep(0.112 + edge, 0.112 - edge, far))
    spark = np.exp(-(((u - side * 0.40 - 0.035) / 0.022) ** 2) - ((y + 0.06) / 0.022) ** 2)
    ball = ball * (0.5 + 0.5 * smoothstep(0.0, 0.05, y - slant - top))[..., None] + spark[..., None]
    face = mixed(face, ball, opened)
    lash = np.exp(-(((y - slant - top + 0.008) / 0.016) ** 2)) * smoothstep(half + 0.03, half - 0.03, np.abs(x))
    crease = np.exp(-(((y - slant + 0.165 * arch + 0.01) / 0.014) ** 2)) * (arch > 0.05) * (1 - 0.5 * pose.lids)
    under = np.exp(-(((y - slant - bottom) / 0.010) ** 2)) * (arch > 0)
    face = mixed(face, np.array([0.10, 0.05, 0.045]), 0.92 * lash)
    face = mixed(mixed(face, np.array(SKIN_DEEP) * 0.55, 0.45 * crease), np.array(SKIN_DEEP) * 0.5, 0.35 * under)
    line = y + 0.215 + 0.055 * pose.brows + 0.085 * np.maximum(1 - ((x - 0.06) / 0.34) ** 2, 0) - 0.03 * x
    thick = 0.034 * smoothstep(0.34, 0.0, x) + 0.006
    brow = np.exp(-((line / thick) ** 2)) * smoothstep(0.30, 0.22, np.abs(x - 0.01))
    return mixed(face, np.array(HAIR) * 1.1, 0.88 * brow)


@cache
def _strands() -> Mask:
    """Fine lines along the hair, wider than the head."""
    fine = noise(HEIGHT, WIDTH, cell=(7, 400), octaves=2, seed=21)
    return 0.6 * fine + 0.4 * noise(HEIGHT, WIDTH, cell=(40, 500), octaves=2, seed=22)


def _hair_colour(u: Mask, v: Mask) -> Canvas:
    """Dark brown, with a band of light around the crown and warm edges on the lamp's side."""
    radius = np.hypot(u, v + 0.35)
    band = np.exp(-(((radius - 1.12 - 0.05 * np.sin(3 * u)) / 0.16) ** 2)) * smoothstep(0.5, -0.9, v)
    along = (u + 0.34 * smoothstep(-0.3, -1.4, v)) / (
        0.55 + 0.65 * smoothstep(-1.5, 0.2, v)
    )  # locks fall from the parting
    strands = cv2.remap(
        _strands(),
        (WIDTH * (0.5 + 0.4 * along)).astype(np.float32),
        (HEIGHT * (0.5 + 0.25 * v)).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    light = (
        0.25
        + 0.5 * band * (0.6 + 0.4 * np.tanh(2 * u + 0.8))
        + 0.7 * smoothstep(0.75, 1.25, u)
        + 0.2 * smoothstep(-0.9, -1.25, u)
    )
    warm = np.array(HAIR) * 1.5 + (light * (0.5 + 0.8 * strands))[..., None] * np.array([0.30, 0.17, 0.10])
    return warm.astype(np.float32)


def _window(canvas: Canvas, left: float, right: float, top: float) -> tuple[slice, slice]:
    """The part of the canvas between these face coordinates, down to its lower edge."""
    columns = (int(max(CENTRE[0] + side * SCALE, 0)) for side in (left, right))
    return slice(int(max(CENTRE[1] + top * SCALE, 0)), canvas.shape[0]), slice(*columns)


def _place(part: tuple[slice, slice], pose: Pose) -> tuple[Mask, Mask]:
    """Head coordinates of the pixels of a part: moved and tilted with the head, not yet turned."""
    x, y = (axis[part] for axis in grid())
    dx, dy = (x - CENTRE[0] - 20 * pose.turn) / SCALE, (y - CENTRE[1] - 14 * pose.nod) / SCALE
    cos, sin = np.float32(np.cos(pose.tilt)), np.float32(np.sin(pose.tilt))
    return cos * dx + sin * dy, cos * dy - sin * dx


def _head(canvas: Canvas, pose: Pose) -> None:
    """From back to front: hair behind, body, face, features, fringe."""
    edge = 1.2 / SCALE
    part = _window(canvas, -1.45, 1.45, -1.75)
    u, v = _place(part, pose)
    hair = _hair_colour(u, v)
    bob = np.hypot(u / (1.12 + 0.07 * smoothstep(0, 1, v)), (np.minimum(v, 0.10) + 0.30) / 1.24)
    bob = smoothstep(1 + edge, 1 - edge, bob) * smoothstep(1.10, 1.04, v + 0.12 * np.cos(2.6 * u))
    canvas[part] = mixed(canvas[part], hair * 0.45, bob)
    _body(canvas, pose)
    inner = _window(canvas, -1.08, 1.08, -1.3)
    _face(canvas, inner, pose)
    fringe = -0.66 - 0.16 * np.cos(1.7 * (u + 0.34)) + 0.46 * np.maximum(np.abs(u + 0.34) - 0.05, 0) ** 2.2
    sides = np.abs(u) - 0.84 + 0.13 * smoothstep(0.0, 1.1, v)
    covered = 0.06 * np.logaddexp((fringe - v) / 0.06, sides / 0.06)  # one or the other, their corner rounded
    locks = smoothstep(-edge * 2, edge * 2, covered)
    canvas[part] = mixed(canvas[part], hair, locks * bob)


def _around(u: Mask, v: Mask, at: tuple[float, float], reach: tuple[float, float]) -> tuple[slice, slice]:
    """The rows and columns that hold a part of the face."""
    inside = (np.abs(u - at[0]) < reach[0]) & (np.abs(v - at[1]) < reach[1])
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _face(canvas: Canvas, part: tuple[slice, slice], pose: Pose) -> None:
    """Skin, eyes and mouth. Turning moves what stands out: the round head first, its features with it."""
    edge = 1.2 / SCALE
    hu, hv = _place(part, pose)
    out = np.sqrt(np.maximum(1 - (hu / 1.05) ** 2 - ((hv - 0.05) / 1.5) ** 2, 0))
    u, v = hu - 0.9 * pose.turn * out, hv - 0.7 * pose.nod * out
    around = hu - 0.25 * pose.turn * out
    face = _skin(u, v, _relief(u, v, around, pose.jaw), pose)
    for side in (-1, 1):
        near = _around(u, v, (side * 0.40, -0.20), (0.42, 0.34))
        face[near] = _eye(face[near], u[near], v[near], side, pose, edge)
    near = _around(u, v, (0.0, 0.80), (0.48, 0.34))
    face[near] = _mouth(face[near], u[near], v[near], pose, edge)
    inside = smoothstep(-edge, edge, _half_width(v, pose.jaw) - np.abs(around))
    hair_shade = 0.40 * smoothstep(-0.35, -0.75, hv - 0.25 * hu**2) + 0.35 * smoothstep(0.64, 0.86, np.abs(hu))
    canvas[part] = mixed(canvas[part], face * (1 - hair_shade)[..., None], inside)


def _body(canvas: Canvas, pose: Pose) -> None:
    """Neck in the chin's shadow, shoulders in a dark green coat with a collar."""
    part = _window(canvas, -4, 4, 0.7)
    edge = 1.2 / SCALE
    u, v = _place(part, Pose(0.4 * pose.turn, 0.2 * pose.nod, 0.15 * pose.tilt, 0, 0, 0, 0))
    wide = 0.42 + 0.30 * smoothstep(1.45, 2.0, v) ** 2
    neck = smoothstep(wide + edge, wide - edge, np.abs(u)) * smoothstep(0.7, 0.8, v)
    shade = 0.34 + 0.52 * smoothstep(1.2, 1.9, v + 0.3 * u) + 0.16 * u
    round_off = np.sqrt(np.maximum(1 - (u / 0.70) ** 2, 0.05))
    skin = np.array(SKIN, np.float32) * (shade * round_off)[..., None] * np.array([1.0, 0.88, 0.80], np.float32)
    here = mixed(canvas[part], skin, neck)
    slope = 1.34 + 0.13 * np.abs(u) ** 1.8
    opening = slope + 1.25 * np.maximum(0.52 - np.abs(u), 0)
    folds = 0.85 + 0.22 * np.sin(4 * u + 2.2 * v) * np.exp(-((np.abs(u) - 1.2) ** 2))
    cloth = np.array(rgb("2b5247"), np.float32) * (folds * (0.50 + 0.55 * smoothstep(-2.4, 1.8, u)))[..., None]
    lapel = 0.24 * np.maximum(1 - np.abs(u) / 0.95, 0) ** 0.6
    collar = smoothstep(edge, -edge, v - opening - lapel)
    cloth = mixed(cloth, 1.5 * cloth, collar)
    rim = np.exp(-(((v - slope) / 0.04) ** 2)) * smoothstep(0.3, 1.6, u)
    cloth += rim[..., None] * np.array([0.50, 0.33, 0.18], np.float32)
    canvas[part] = mixed(here, cloth, smoothstep(-edge, edge, v - opening))


def draw(time_seconds: float) -> Canvas:
    """The talk at an instant, [HEIGHT, WIDTH, 3]."""
    pose = pose_at(time_seconds)
    zoom = 1.06 + 0.0035 * time_seconds
    room = shifted(room_behind(), -10 * pose.turn, -5 * pose.nod, zoom=zoom)
    flicker = 1 + 0.012 * np.sin(7 * time_seconds) * np.sin(2.1 * time_seconds)
    canvas = room * np.float32(flicker)
    _head(canvas, pose)
    return canvas
